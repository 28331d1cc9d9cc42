//! How people sign in: at which providers, and the session that their browser keeps.

use std::sync::Arc;

use access::Issuers;
use serde::Deserialize;
use storage::CookieSeal;

use crate::Cookie;

/// Who signed in: the claims of the access token, for as long as it would have lived, and never the token itself. It opens
/// pages and nothing else ([`crate::Visitor`]).
pub const SESSION: Cookie = Cookie {
    name: "session",
    path: "/v1",
};

/// An OpenID provider, whose issuer is one of `TOKEN_ISSUERS`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provider {
    /// Its issuer, exactly.
    pub issuer: String,
    /// The client that this platform is registered as: public, with PKCE, and with `https://HOST/v1/sign-in/callback` as its one
    /// redirect URI.
    pub client_id: String,
    /// What people call it.
    pub name: String,
    /// What is asked for; `openid` stands among it.
    #[serde(default = "openid")]
    pub scope: String,
    /// The resource that the access token is to be for (RFC 8707), where the provider wants to be told.
    #[serde(default)]
    pub resource: Option<String>,
    /// Where its metadata are read; without it beneath the issuer (OpenID Connect Discovery 1.0 §4).
    #[serde(default)]
    pub discovery: Option<String>,
    /// The command that starts it, on a developer's machine.
    #[serde(default)]
    pub started_by: Option<String>,
}

fn openid() -> String {
    "openid".to_owned()
}

impl Provider {
    /// Where its metadata are read.
    #[must_use]
    pub fn metadata(&self) -> String {
        let issuer = self.issuer.trim_end_matches('/');
        let beneath = || format!("{issuer}/.well-known/openid-configuration");
        self.discovery.clone().unwrap_or_else(beneath)
    }
}

/// Where people sign in, and what seals what their browsers keep.
#[derive(Debug)]
pub struct SignIn {
    /// The providers, at least one.
    pub providers: Vec<Provider>,
    /// What seals their cookies.
    pub seal: CookieSeal,
}

impl SignIn {
    /// Reads `[{"issuer", "clientId", "name", "scope"?, "resource"?, "discovery"?}]`; `None` where it names nobody.
    ///
    /// # Errors
    /// A sentence naming what is wrong.
    pub fn from_json(
        text: &str,
        issuers: &Issuers,
        seal: CookieSeal,
    ) -> Result<Option<Arc<Self>>, String> {
        let providers = providers(text, issuers)?;
        let sign_in = Self { providers, seal };
        Ok(Some(sign_in)
            .filter(|sign_in| !sign_in.providers.is_empty())
            .map(Arc::new))
    }

    /// As the environment says: `SIGN_IN` (JSON) and the seal's own variable ([`CookieSeal::from_env`]).
    ///
    /// # Errors
    /// A sentence naming what is missing or wrong.
    pub async fn from_env(issuers: &Issuers) -> Result<Option<Arc<Self>>, String> {
        let text = crate::env("SIGN_IN")?;
        let seal = CookieSeal::from_env().await;
        Self::from_json(&text, issuers, seal.map_err(|error| error.to_string())?)
            .map_err(|fault| format!("`SIGN_IN`: {fault}"))
    }
}

fn providers(text: &str, issuers: &Issuers) -> Result<Vec<Provider>, String> {
    let providers: Vec<Provider> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    for (place, provider) in providers.iter().enumerate() {
        let fault = |what: &str| Err(format!("provider `{}` {what}", provider.issuer));
        if issuers.named(&provider.issuer).is_none() {
            return fault("is none of `TOKEN_ISSUERS`");
        }
        if provider.client_id.is_empty() || provider.name.trim().is_empty() {
            return fault("needs `clientId` and `name`");
        }
        if !provider.scope.split(' ').any(|scope| scope == "openid") {
            return fault("needs `openid` in `scope`");
        }
        let mut earlier = providers.iter().take(place);
        if earlier.any(|other| other.issuer == provider.issuer) {
            return fault("comes twice");
        }
    }
    Ok(providers)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUERS: &str = r#"[{"issuer": "https://login.example", "audience": "a", "maxLifetimeSeconds": 900, "jwks": {"keys": [
        {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "1", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}}]"#;

    fn read(text: &str) -> Result<Vec<Provider>, String> {
        providers(text, &Issuers::from_json(ISSUERS).unwrap())
    }

    #[test]
    fn a_provider_is_an_issuer_that_is_trusted() {
        let text = r#"[{"issuer": "https://login.example", "clientId": "c", "name": "Login"}]"#;
        let read_back = read(text).unwrap();
        let provider = read_back.first().unwrap();
        assert_eq!(provider.scope, "openid");
        let metadata = "https://login.example/.well-known/openid-configuration";
        assert_eq!(provider.metadata(), metadata);
        assert_eq!(read("[]"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let with = |more: &str| {
            format!(
                r#"{{"issuer": "https://login.example", "clientId": "c", "name": "Login"{more}}}"#
            )
        };
        let twice = format!("[{0},{0}]", with(""));
        for (text, fault) in [
            (twice.as_str(), "comes twice"),
            (
                &format!("[{}]", with(r#", "scope": "profile""#)),
                "`openid`",
            ),
            (
                &format!("[{}]", with(r#", "secret": "x""#)),
                "unknown field",
            ),
            (
                r#"[{"issuer": "https://else.example", "clientId": "c", "name": "x"}]"#,
                "none of",
            ),
            (
                r#"[{"issuer": "https://login.example", "clientId": "", "name": "x"}]"#,
                "`clientId`",
            ),
            ("{}", "expected a sequence"),
        ] {
            let found = read(text).unwrap_err();
            assert!(found.contains(fault), "{found}");
        }
    }
}
