//! What is asked of a provider: its metadata, the way to it, its tokens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use access::is_safe;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AuthUrl, AuthorizationCode, Client, ClientId, CsrfToken, ExtraTokenFields, HttpRequest,
    HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use web::{Language, Outward, Provider, Unreachable, limited_body};

use crate::begin::{Begun, unguessable};

/// How long metadata are good, where the provider does not forbid it.
const FRESH: Duration = Duration::from_secs(3_600);

/// A provider did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It did not answer, or not with what providers answer.
    #[error("the provider cannot be reached: {0}")]
    Unreachable(String),
    /// It does not take the code.
    #[error("the provider refused: {0}")]
    Refused(String),
}

impl From<Unreachable> for ProviderError {
    fn from(Unreachable(cause): Unreachable) -> Self {
        Self::Unreachable(cause)
    }
}

fn unreachable(cause: impl std::fmt::Display) -> ProviderError {
    ProviderError::Unreachable(cause.to_string())
}

/// What a provider says of itself (OpenID Connect Discovery 1.0 §3).
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The way to a provider, and what has to be remembered of it.
pub(crate) struct Way {
    pub(crate) address: String,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
}

/// What comes with the access token.
#[derive(Debug, Serialize, Deserialize)]
struct WithIdToken {
    id_token: Option<String>,
}

impl ExtraTokenFields for WithIdToken {}

/// What a code is exchanged for.
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) id_token: String,
}

type OpenId = Client<
    BasicErrorResponse,
    StandardTokenResponse<WithIdToken, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

impl Metadata {
    /// Whether they are this provider's, its endpoints are safe, and it knows PKCE with S256.
    fn checked(self, provider: &Provider) -> Result<Self, ProviderError> {
        if self.issuer != provider.issuer {
            return Err(unreachable(format!("it calls itself `{}`", self.issuer)));
        }
        for endpoint in [&self.authorization_endpoint, &self.token_endpoint] {
            if !is_safe(endpoint) {
                return Err(unreachable(format!("`{endpoint}` is not `https`")));
            }
        }
        match &self.code_challenge_methods_supported {
            Some(methods) if !methods.iter().any(|method| method == "S256") => {
                Err(unreachable("it does not know PKCE with `S256`"))
            }
            _ => Ok(self),
        }
    }

    /// Whether its answers always say whose they are (RFC 9207 §3).
    pub(crate) const fn announces_issuer(&self) -> bool {
        self.authorization_response_iss_parameter_supported
    }

    /// The way to it.
    pub(crate) fn way(
        &self,
        provider: &Provider,
        redirect_uri: &str,
        language: Language,
    ) -> Result<Way, ProviderError> {
        let client = OpenId::new(ClientId::new(provider.client_id.clone()))
            .set_auth_uri(AuthUrl::new(self.authorization_endpoint.clone()).map_err(unreachable)?)
            .set_redirect_uri(RedirectUrl::new(redirect_uri.to_owned()).map_err(unreachable)?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = unguessable();
        let scopes = provider.scope.split(' ').map(str::to_owned).map(Scope::new);
        let mut request = client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .add_extra_param("nonce", nonce.clone())
            .add_extra_param("ui_locales", language.code());
        if let Some(resource) = &provider.resource {
            request = request.add_extra_param("resource", resource);
        }
        let (address, state) = request.url();
        Ok(Way {
            address: address.into(),
            state: state.into_secret(),
            nonce,
            verifier: verifier.into_secret(),
        })
    }
}

/// What is known of providers, and what asks them.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    outward: Outward,
    known: Mutex<HashMap<String, (Instant, Arc<Metadata>)>>,
}

impl Directory {
    /// What a provider says of itself, not older than an hour.
    pub(crate) async fn metadata(
        &self,
        provider: &Provider,
    ) -> Result<Arc<Metadata>, ProviderError> {
        if let Some((since, metadata)) = self.known().get(&provider.issuer)
            && since.elapsed() < FRESH
        {
            return Ok(metadata.clone());
        }
        let address = provider.metadata();
        let asked = async {
            let response = self.outward.get(&address, Outward::PATIENCE).await?;
            let control = response.headers().get(reqwest::header::CACHE_CONTROL);
            let control = control.and_then(|value| value.to_str().ok());
            let is_kept = !control.is_some_and(|control| control.contains("no-store"));
            let body = limited_body(response).await?;
            let metadata: Metadata = serde_json::from_slice(&body).map_err(unreachable)?;
            Ok((is_kept, Arc::new(metadata.checked(provider)?)))
        };
        let (is_kept, metadata) = asked.await.inspect_err(|error: &ProviderError| {
            tracing::warn!(%error, issuer = provider.issuer, "a provider's metadata could not be read");
        })?;
        if is_kept {
            let known = (Instant::now(), metadata.clone());
            self.known().insert(provider.issuer.clone(), known);
        }
        Ok(metadata)
    }

    /// Exchanges a code for tokens.
    pub(crate) async fn exchange(
        &self,
        metadata: &Metadata,
        provider: &Provider,
        redirect_uri: &str,
        code: String,
        begun: &Begun,
    ) -> Result<Tokens, ProviderError> {
        let client = OpenId::new(ClientId::new(provider.client_id.clone()))
            .set_token_uri(TokenUrl::new(metadata.token_endpoint.clone()).map_err(unreachable)?)
            .set_redirect_uri(RedirectUrl::new(redirect_uri.to_owned()).map_err(unreachable)?);
        let http = self.outward.client()?.clone();
        let send = move |request: HttpRequest| send(http.clone(), request);
        let mut request = client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(begun.verifier.clone()));
        if let Some(resource) = &provider.resource {
            request = request.add_extra_param("resource", resource);
        }
        let answer = request
            .request_async(&send)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(answer) => {
                    ProviderError::Refused(answer.to_string())
                }
                other => unreachable(other),
            });
        let answer = answer.inspect_err(|error| {
            tracing::warn!(%error, issuer = provider.issuer, "a code was not exchanged");
        })?;
        if *answer.token_type() != BasicTokenType::Bearer {
            return Err(ProviderError::Refused("no bearer token".to_owned()));
        }
        let id_token = answer.extra_fields().id_token.clone();
        Ok(Tokens {
            access_token: answer.access_token().secret().clone(),
            id_token: id_token.ok_or_else(|| ProviderError::Refused("no ID token".to_owned()))?,
        })
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Instant, Arc<Metadata>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, ProviderError> {
    let request = reqwest::Request::try_from(request).map_err(unreachable)?;
    let response = http.execute(request).await.map_err(unreachable)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut answer = HttpResponse::new(limited_body(response).await?);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> Provider {
        serde_json::from_str(
            r#"{"issuer": "https://login.example", "clientId": "passport", "name": "Login", "resource": "urn:passport"}"#,
        )
        .unwrap()
    }

    fn metadata(more: &str) -> Result<Metadata, ProviderError> {
        let text = format!(
            r#"{{"issuer": "https://login.example", "authorization_endpoint": "https://login.example/a",
                "token_endpoint": "https://login.example/t", "anything": "else"{more}}}"#
        );
        serde_json::from_str::<Metadata>(&text)
            .unwrap()
            .checked(&provider())
    }

    #[test]
    fn metadata_of_another_or_without_pkce_are_refused() {
        assert!(metadata("").is_ok());
        assert!(metadata(r#", "code_challenge_methods_supported": ["plain", "S256"]"#).is_ok());
        assert!(metadata(r#", "code_challenge_methods_supported": ["plain"]"#).is_err());
        let mut other = provider();
        other.issuer = "https://other.example".to_owned();
        let text = r#"{"issuer": "https://login.example", "authorization_endpoint": "https://a/", "token_endpoint": "https://a/"}"#;
        let metadata: Metadata = serde_json::from_str(text).unwrap();
        assert!(metadata.checked(&other).is_err());
        let plain = text.replace("https://a/", "http://a/");
        let metadata: Metadata = serde_json::from_str(&plain).unwrap();
        assert!(metadata.checked(&provider()).is_err());
    }

    #[test]
    fn the_way_says_everything_once_and_nothing_secret() {
        let metadata = metadata("").unwrap();
        let way = metadata.way(
            &provider(),
            "https://id.example/v1/sign-in/callback",
            Language::DE,
        );
        let way = way.unwrap();
        let url = reqwest::Url::parse(&way.address).unwrap();
        let named = |name: &str| {
            let found: Vec<String> = url
                .query_pairs()
                .filter(|(found, _)| found == name)
                .map(|(_, value)| value.into_owned())
                .collect();
            assert_eq!(found.len(), 1, "{name}");
            found.concat()
        };
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "passport"),
            ("redirect_uri", "https://id.example/v1/sign-in/callback"),
            ("scope", "openid"),
            ("code_challenge_method", "S256"),
            ("resource", "urn:passport"),
            ("ui_locales", "de"),
            ("state", &way.state),
            ("nonce", &way.nonce),
        ] {
            assert_eq!(named(name), value, "{name}");
        }
        assert_eq!(named("code_challenge").len(), 43);
        assert!(!way.address.contains(&way.verifier));
        assert!(way.verifier.len() >= 43 && way.state.len() >= 22 && way.nonce.len() >= 22);
    }
}
