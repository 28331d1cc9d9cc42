//! What an operator signs of what everybody sees: a small statement about one version of one part, with a detached signature
//! (RFC 7515 appendix F) that any JOSE library checks.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::canonical::{NotCanonical, canonical};
use crate::id::{EventId, Sha256, Timestamp};
use crate::view_key::ViewKey;

/// Format of a statement, in it: whoever signs it signs nothing else.
const FORMAT: &str = "battery-passport-view/1";
/// What the signatures are of (RFC 7515 §4.1.9).
const TYPE: &str = "battery-passport-view+jws";
/// The longest signature that is taken: a qualified seal brings its certificates along.
const LONGEST: usize = 16 << 10;

/// One version of the values of one access class, as its event committed to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewStatement {
    /// Whose values.
    pub subject: String,
    /// The access class; 1 is what everybody sees.
    pub class: u8,
    /// How often the values of this class had changed: versions as those count who see no more.
    pub version: u64,
    /// The commitment to them.
    pub commitment: Sha256,
    /// The event that brought them.
    pub event_id: EventId,
    /// Its leaf hash.
    pub event_hash: Sha256,
    /// The economic operator that everybody was told of.
    pub operator: String,
    /// When the event was written.
    pub at: Timestamp,
}

/// What a key is to sign, and the header that says how.
#[derive(Debug)]
pub struct ToSign {
    protected: String,
    message: String,
}

/// A signature that is not taken. The texts say what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewFault {
    /// Not three parts with an empty one between, not base64url, or too long.
    #[error(
        "expected a detached JWS `<header>..<signature>` in base64url without padding, of {LONGEST} bytes at most"
    )]
    Form,
    /// Its header says something else than is understood.
    #[error("expected `{expected}` in the header's `{member}`, found `{found}`")]
    Header {
        /// Which member.
        member: &'static str,
        /// What it has to be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// It asks for extensions.
    #[error("expected no `crit` and no `b64` in the header")]
    Extension,
    /// It does not fit.
    #[error(
        "the signature does not fit the statement as canonical JSON (RFC 8785) under the registered key"
    )]
    Signature,
}

impl ViewStatement {
    /// As it is shown.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut members = Map::from_iter([("format".to_owned(), json!(FORMAT))]);
        if let Value::Object(said) = json!(self) {
            members.extend(said);
        }
        Value::Object(members)
    }

    /// The payload of the signature: its canonical form.
    fn payload(&self) -> Result<String, NotCanonical> {
        Ok(URL_SAFE_NO_PAD.encode(canonical(&self.to_json())?))
    }

    /// What a key has to sign.
    ///
    /// # Errors
    /// [`NotCanonical`] for a version beyond 2^53.
    pub fn to_sign(&self, key: &ViewKey) -> Result<ToSign, NotCanonical> {
        let header = json!({"alg": key.algorithm(), "kid": key.thumbprint(), "typ": TYPE});
        let protected = URL_SAFE_NO_PAD.encode(canonical(&header)?);
        let message = format!("{protected}.{}", self.payload()?);
        Ok(ToSign { protected, message })
    }

    /// Whether a detached signature is one of this statement under the key.
    ///
    /// # Errors
    /// [`ViewFault`].
    pub fn verify(&self, jws: &str, key: &ViewKey) -> Result<(), ViewFault> {
        let parts: Vec<&str> = jws.split('.').collect();
        let (protected, signature) = match parts.as_slice() {
            [protected, "", signature] if jws.len() <= LONGEST => (*protected, *signature),
            _ => return Err(ViewFault::Form),
        };
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| ViewFault::Form);
        let signature = decoded(signature)?;
        let header: Map<String, Value> =
            serde_json::from_slice(&decoded(protected)?).map_err(|_| ViewFault::Form)?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(ViewFault::Extension);
        }
        for (member, expected) in [
            ("typ", TYPE.to_owned()),
            ("kid", key.thumbprint()),
            ("alg", key.algorithm().to_owned()),
        ] {
            let found = header.get(member).and_then(Value::as_str);
            if found != Some(expected.as_str()) {
                return Err(ViewFault::Header {
                    member,
                    expected,
                    found: found.unwrap_or("nothing").to_owned(),
                });
            }
        }
        let payload = self.payload().map_err(|_| ViewFault::Signature)?;
        let message = format!("{protected}.{payload}");
        match key.fits(message.as_bytes(), &signature) {
            true => Ok(()),
            false => Err(ViewFault::Signature),
        }
    }
}

impl ToSign {
    /// The bytes to sign (RFC 7515 §5.1).
    #[must_use]
    pub fn message(&self) -> &[u8] {
        self.message.as_bytes()
    }

    /// The detached signature.
    #[must_use]
    pub fn signed(&self, signature: &[u8]) -> String {
        format!("{}..{}", self.protected, URL_SAFE_NO_PAD.encode(signature))
    }
}

#[cfg(test)]
mod tests;
