//! A token issuer of the local platform's own, reached by the command line only, never over HTTP.

use std::path::{Path, PathBuf};

use access::Issuers;
use aws_lc_rs::signature::KeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use storage::SigningKey;

use crate::holder::{Holder, key_pair};
use crate::organisations;
use crate::platform::Failure;

/// The `iss` claim.
pub(crate) const ISSUER: &str = "https://issuer.local.invalid";
/// The `aud` claim: this platform.
const AUDIENCE: &str = "battery-passport";
const KEY_ID: &str = "local-1";
const LIFETIME_SECONDS: i64 = 3_600;
const ID_LIFETIME_SECONDS: i64 = 60;
/// The platform as a client of this issuer.
pub(crate) const CLIENT: &str = "local";

/// Signs tokens with a key made on first start.
pub struct Issuer {
    key: EncodingKey,
    public_key: String,
    /// Whose tokens the platform checks itself with.
    synthetic: SigningKey,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").finish_non_exhaustive()
    }
}

/// The key of the tokens that the platform checks itself with (`passport access probe`).
#[must_use]
pub fn probe_key(data: &Path) -> PathBuf {
    data.join("probe-key")
}

/// Who wants a token.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// The role.
    pub role: String,
    /// The organisation.
    pub organisation: String,
    /// The person or client; a name for the role where none is given.
    pub person: Option<String>,
}

impl Issuer {
    /// The issuer of a data folder.
    ///
    /// # Errors
    /// [`Failure`] where the key cannot be read or made.
    pub fn open(data: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(data)?;
        let (pair, bytes) = key_pair(&data.join("issuer-key"))?;
        Ok(Self {
            key: EncodingKey::from_ed_der(&bytes),
            public_key: URL_SAFE_NO_PAD.encode(pair.public_key()),
            synthetic: SigningKey::file(&probe_key(data))?,
        })
    }

    /// What the functions are configured to trust (`TOKEN_ISSUERS`).
    #[must_use]
    pub fn configuration(&self) -> String {
        json!([{
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "maxLifetimeSeconds": LIFETIME_SECONDS,
            "jwks": {"keys": [{
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                "kid": KEY_ID, "x": self.public_key,
            }]},
        }, access::synthetic_issuer(self.synthetic.public())])
        .to_string()
    }

    /// The same, read.
    ///
    /// # Errors
    /// [`Failure`] where it is not valid.
    pub fn trusted(&self) -> Result<Issuers, Failure> {
        Ok(Issuers::from_json(&self.configuration())?)
    }

    /// A token, good for an hour.
    ///
    /// # Errors
    /// [`Failure`] naming the registered organisations or roles.
    pub fn token(&self, request: &TokenRequest) -> Result<String, Failure> {
        self.signed("at+jwt", &self.claims(request)?)
    }

    /// The same, bound to the key of its holder (RFC 9449 §6.1).
    ///
    /// # Errors
    /// [`Failure`] naming the registered organisations or roles.
    pub fn bound_token(&self, request: &TokenRequest, holder: &Holder) -> Result<String, Failure> {
        let mut claims = self.claims(request)?;
        if let Some(claims) = claims.as_object_mut() {
            claims.insert("cnf".to_owned(), json!({"jkt": holder.thumbprint()}));
        }
        self.signed("at+jwt", &claims)
    }

    /// What an access token says.
    ///
    /// # Errors
    /// [`Failure`] naming the registered organisations or roles.
    pub fn claims(&self, request: &TokenRequest) -> Result<Value, Failure> {
        request.checked()?;
        let now = jiff::Timestamp::now().as_second();
        Ok(json!({
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": request.person(),
            "client_id": CLIENT,
            "org": request.organisation,
            "roles": [request.role],
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_SECONDS,
            "jti": uuid::Uuid::new_v4(),
        }))
    }

    /// An ID token (OpenID Connect Core 1.0 §2) of a sign-in with this nonce.
    pub(crate) fn id_token(&self, request: &TokenRequest, nonce: &str) -> Result<String, Failure> {
        let now = jiff::Timestamp::now().as_second();
        let claims = json!({
            "iss": ISSUER,
            "aud": CLIENT,
            "sub": request.person(),
            "nonce": nonce,
            "iat": now,
            "exp": now + ID_LIFETIME_SECONDS,
        });
        self.signed("JWT", &claims)
    }

    fn signed(&self, typ: &str, claims: &Value) -> Result<String, Failure> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        header.kid = Some(KEY_ID.to_owned());
        Ok(encode(&header, claims, &self.key)?)
    }
}

impl TokenRequest {
    /// Who acts.
    fn person(&self) -> String {
        let usual = || format!("{}@{}", self.role, self.organisation);
        self.person.clone().unwrap_or_else(usual)
    }

    /// Whether the organisation is registered, and in this role.
    ///
    /// # Errors
    /// [`Failure`] naming the registered organisations or roles.
    pub(crate) fn checked(&self) -> Result<(), Failure> {
        let request = self;
        let known = organisations::all();
        let names = |names: Vec<&str>| names.join(", ");
        let organisation = known
            .iter()
            .find(|organisation| organisation.id == request.organisation)
            .ok_or_else(|| {
                let all = known
                    .iter()
                    .map(|organisation| organisation.id.as_str())
                    .collect();
                Failure::new(format!(
                    "`{}` is not registered; registered are {}",
                    request.organisation,
                    names(all)
                ))
            })?;
        if !organisation.roles.contains(&request.role) {
            let all = organisation.roles.iter().map(String::as_str).collect();
            return Err(Failure::new(format!(
                "`{}` is not registered as `{}`, but as {}",
                request.organisation,
                request.role,
                names(all)
            )));
        }
        Ok(())
    }
}
