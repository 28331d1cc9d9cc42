//! Signed objects in their compact form (RFC 7515 §7.1), read one way only.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passport::{Limits, parse_json};
use serde_json::{Map, Value};

use crate::key_set::PublicKey;

/// The longest one, in bytes.
pub(crate) const LONGEST: usize = 8 << 10;
/// Header members that would let an object choose its own key or rules.
const FORBIDDEN: [&str; 6] = ["jku", "x5u", "x5c", "crit", "b64", "zip"];

/// A signed object whose form is right. Nothing it says is believed before the signature fits.
pub(crate) struct Jws<'t> {
    signed: &'t str,
    signature: &'t str,
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
}

impl<'t> Jws<'t> {
    /// Three parts in strict base64url, the first two JSON objects without duplicate members, and a header with nothing that it
    /// may not choose; `None` for anything else.
    pub(crate) fn parse(text: &'t str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        if claims.contains('.') || decoded(signature)?.is_empty() {
            return None;
        }
        let header = object(header)?;
        if FORBIDDEN.iter().any(|name| header.contains_key(*name)) {
            return None;
        }
        Some(Self {
            signed,
            signature,
            header,
            claims: object(claims)?,
        })
    }

    /// A text of the header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// A text of the claims that is not empty.
    pub(crate) fn claim(&self, name: &str) -> Option<&str> {
        let claim = self.claims.get(name).and_then(Value::as_str);
        claim.filter(|text| !text.is_empty())
    }

    /// A time of the claims, in seconds since 1970; fractions are cut off.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a cast from f64 saturates, and the bounds are checked after"
    )]
    pub(crate) fn seconds(&self, name: &str) -> Option<i64> {
        let number = self.claims.get(name)?;
        let whole = number.as_i64();
        whole.or_else(|| number.as_f64().map(|number| number as i64))
    }

    /// Whether the key made the signature, by its own algorithm.
    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verifies(self.signed.as_bytes(), self.signature)
    }
}

/// Strict base64url: no padding, no other alphabet, no trailing bits.
fn decoded(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

fn object(part: &str) -> Option<Map<String, Value>> {
    match parse_json(&decoded(part)?, &Limits::default()) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}
