//! Tokens of the organisations that the platform checks itself with.

use access::{SYNTHETIC_AUDIENCE, SYNTHETIC_ISSUER, SYNTHETIC_KEY, SYNTHETIC_LIFETIME};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use storage::SigningKey;
use uuid::Uuid;

use crate::Failure;

/// Signs tokens of these organisations.
#[derive(Debug)]
pub struct Tokens {
    key: SigningKey,
}

impl Tokens {
    /// With a key that nothing else is signed with.
    #[must_use]
    pub const fn new(key: SigningKey) -> Self {
        Self { key }
    }

    /// The entry of `TOKEN_ISSUERS` by which a stage trusts it.
    #[must_use]
    pub fn issuer(&self) -> Value {
        access::synthetic_issuer(self.key.public())
    }

    /// A token of one role of an organisation (RFC 9068), good for a quarter of an hour.
    ///
    /// # Errors
    /// [`Failure`] where the key does not sign.
    pub async fn token(&self, role: &str, organisation: &str) -> Result<String, Failure> {
        let now = web::now().as_second();
        let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": SYNTHETIC_KEY});
        let claims = json!({
            "iss": SYNTHETIC_ISSUER, "aud": SYNTHETIC_AUDIENCE, "sub": format!("{role}@{organisation}"), "client_id": "probe",
            "org": organisation, "roles": [role], "iat": now, "nbf": now, "exp": now + SYNTHETIC_LIFETIME,
            "jti": Uuid::new_v4(),
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        let signature = self.key.sign(message.as_bytes()).await?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
