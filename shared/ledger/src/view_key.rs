//! Public keys of operators: JWKs (RFC 7517) on Ed25519 (RFC 8037) or P-256.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Digest;

/// Bytes of an Ed25519 key and of each P-256 coordinate.
const COORDINATE: usize = 32;

/// The public half of a key that signs views. Reads from a JWK, and is written as one with the members that a key is known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Jwk", into = "Jwk")]
pub enum ViewKey {
    /// Ed25519: signs `EdDSA`.
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
    /// P-256: signs `ES256`.
    P256(Box<p256::ecdsa::VerifyingKey>),
}

/// A key that signs no views.
#[derive(Debug, thiserror::Error)]
#[error(
    "expected the public half of a key on Ed25519 or P-256 as JWK: `kty`, `crv`, `x` and, for P-256, `y`"
)]
pub struct NotAViewKey;

#[derive(Serialize, Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    /// The private half has no place here.
    #[serde(default, skip_serializing)]
    d: Option<IgnoredAny>,
}

impl TryFrom<Jwk> for ViewKey {
    type Error = NotAViewKey;

    fn try_from(jwk: Jwk) -> Result<Self, NotAViewKey> {
        let coordinate = |text: &str| -> Result<[u8; COORDINATE], NotAViewKey> {
            let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAViewKey)?;
            bytes.try_into().map_err(|_| NotAViewKey)
        };
        match (jwk.kty.as_str(), jwk.crv.as_str(), &jwk.y, &jwk.d) {
            ("OKP", "Ed25519", None, None) => Self::ed25519(&coordinate(&jwk.x)?),
            ("EC", "P-256", Some(y), None) => {
                let point = [&[4][..], &coordinate(&jwk.x)?, &coordinate(y)?].concat();
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point);
                key.map(|key| Self::P256(Box::new(key)))
                    .map_err(|_| NotAViewKey)
            }
            _ => Err(NotAViewKey),
        }
    }
}

impl From<ViewKey> for Jwk {
    fn from(key: ViewKey) -> Self {
        let (x, y) = key.coordinates();
        let (kty, crv) = match key {
            ViewKey::Ed25519(_) => ("OKP", "Ed25519"),
            ViewKey::P256(_) => ("EC", "P-256"),
        };
        Self {
            kty: kty.to_owned(),
            crv: crv.to_owned(),
            x,
            y,
            d: None,
        }
    }
}

impl ViewKey {
    /// From the 32 bytes after RFC 8032.
    ///
    /// # Errors
    /// [`NotAViewKey`] for bytes that are no public key, or one that any signature fits.
    pub fn ed25519(bytes: &[u8; COORDINATE]) -> Result<Self, NotAViewKey> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| NotAViewKey)?;
        match key.is_weak() {
            true => Err(NotAViewKey),
            false => Ok(Self::Ed25519(Box::new(key))),
        }
    }

    /// The one algorithm it signs with (RFC 7518, RFC 8037).
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "EdDSA",
            Self::P256(_) => "ES256",
        }
    }

    /// Its name (RFC 7638): no other key has it.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let members = match (self, self.coordinates()) {
            (Self::P256(_), (x, Some(y))) => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            (_, (x, _)) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#),
        };
        URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(members))
    }

    /// The JWK with its name, use and algorithm: an entry of a set.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut jwk = json!(self);
        if let Some(members) = jwk.as_object_mut() {
            members.insert("kid".to_owned(), json!(self.thumbprint()));
            members.insert("use".to_owned(), json!("sig"));
            members.insert("alg".to_owned(), json!(self.algorithm()));
        }
        jwk
    }

    fn coordinates(&self) -> (String, Option<String>) {
        match self {
            Self::Ed25519(key) => (URL_SAFE_NO_PAD.encode(key.as_bytes()), None),
            Self::P256(key) => {
                let point = key.to_sec1_point(false);
                let text = |bytes: Option<&[u8]>| URL_SAFE_NO_PAD.encode(bytes.unwrap_or_default());
                (
                    text(point.x().map(AsRef::as_ref)),
                    Some(text(point.y().map(AsRef::as_ref))),
                )
            }
        }
    }

    /// Whether a signature fits a message.
    pub(crate) fn fits(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Self::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037 appendix A.2 and A.3.
    const ED25519: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// RFC 7515 appendix A.3.1.
    const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    #[test]
    fn a_key_is_known_by_its_thumbprint() {
        let key: ViewKey = serde_json::from_str(ED25519).unwrap();
        assert_eq!(
            key.thumbprint(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
        assert_eq!(key.to_json()["alg"], "EdDSA");
        assert_eq!(serde_json::to_string(&key).unwrap(), ED25519);
    }

    #[test]
    fn an_ecdsa_signature_of_the_standard_fits() {
        let key: ViewKey = serde_json::from_str(P256).unwrap();
        assert_eq!(serde_json::to_string(&key).unwrap(), P256);
        let message = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert!(key.fits(message.as_bytes(), &signature));
        assert!(!key.fits(b"another", &signature));
    }

    #[test]
    fn a_private_half_and_other_keys_are_refused() {
        let private = ED25519.replace("}", r#","d":"AAAA"}"#);
        let weak = ED25519.replace(
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            &"A".repeat(43),
        );
        let other = P256.replace("P-256", "P-384");
        let off = P256.replace("x_FE", "x_FF");
        for text in [private, weak, other, off, r#"{"kty":"RSA"}"#.to_owned()] {
            assert!(serde_json::from_str::<ViewKey>(&text).is_err(), "{text}");
        }
    }
}
