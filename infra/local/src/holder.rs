//! Who holds a token that is bound to a key (RFC 9449), on a developer's machine.

use std::path::Path;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::Sha256;
use serde_json::{Value, json};

use crate::platform::Failure;

/// A client with a key of its own.
pub struct Holder(Ed25519KeyPair);

impl std::fmt::Debug for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Holder").field(&self.thumbprint()).finish()
    }
}

impl Holder {
    /// The holder whose key lies in a file; it is made where there is none.
    ///
    /// # Errors
    /// [`Failure`] where the key cannot be read or made.
    pub fn open(file: &Path) -> Result<Self, Failure> {
        Ok(Self(key_pair(file)?.0))
    }

    /// Its public key (RFC 8037 §2).
    #[must_use]
    pub fn key(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "x": x})
    }

    /// The thumbprint that tokens name it by.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        access::thumbprint(&self.key()).unwrap_or_default()
    }

    /// A proof for one request with a token: good once, and for a minute (RFC 9449 §4.2).
    #[must_use]
    pub fn proof(&self, method: &str, url: &str, token: &str) -> String {
        self.signed(&self.proof_header(), &self.proof_claims(method, url, token))
    }

    /// The header of its proofs.
    #[must_use]
    pub fn proof_header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": self.key()})
    }

    /// The claims of a proof for one request with a token.
    #[must_use]
    pub fn proof_claims(&self, method: &str, url: &str, token: &str) -> Value {
        let target = url.split(['?', '#']).next();
        let hash = Sha256::of(token.as_bytes());
        json!({
            "jti": uuid::Uuid::new_v4(),
            "htm": method,
            "htu": target,
            "iat": jiff::Timestamp::now().as_second(),
            "ath": URL_SAFE_NO_PAD.encode(hash.as_bytes()),
        })
    }

    /// A JWT that it signs.
    #[must_use]
    pub fn signed(&self, header: &Value, claims: &Value) -> String {
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.0.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The key in a file, made where there is none, and its bytes (PKCS #8).
pub(crate) fn key_pair(file: &Path) -> Result<(Ed25519KeyPair, Vec<u8>), Failure> {
    if !file.exists() {
        let pair = Ed25519KeyPair::generate()?;
        std::fs::write(file, pair.to_pkcs8v1()?)?;
    }
    let bytes = std::fs::read(file)?;
    let pair = Ed25519KeyPair::from_pkcs8(&bytes)
        .map_err(|error| Failure::new(format!("`{}`: {error}", file.display())))?;
    Ok((pair, bytes))
}
