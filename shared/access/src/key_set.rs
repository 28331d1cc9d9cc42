//! Public keys (RFC 7517): each verifies one algorithm, and what could not be safe is no key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use ledger::Sha256;
use passport::{Limits, parse_json};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Smallest RSA modulus, in bytes (2048 bits).
const RSA_BYTES: usize = 256;
/// Bytes of an Ed25519 key and of each P-256 coordinate.
const CURVE_BYTES: usize = 32;
/// Members of private and symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const SECRETS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The keys of an issuer that tokens may be signed with.
#[derive(Clone, Default)]
pub struct KeySet(Vec<(String, PublicKey)>);

/// A key, with the only algorithm it verifies.
#[derive(Clone)]
pub(crate) struct PublicKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

/// A set of keys that does not count. Key ids are told, keys are not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetFault {
    /// Not JSON, members that come twice, or no list of keys.
    #[error("expected `{{\"keys\": […]}}` (RFC 7517 §5)")]
    NotAKeySet,
    /// What has to be secret is there for everybody: nothing that this issuer signed can be believed.
    #[error(
        "key `{0}` holds private or shared parts: publish public keys only, and replace this one"
    )]
    Secret(String),
    /// Two keys of one name: which one is meant would be for whoever signs to choose.
    #[error("key id `{0}` comes twice")]
    Twice(String),
    /// A key of a configuration that is none.
    #[error(
        "key `{0}` is not one of Ed25519 with EdDSA, P-256 with ES256, RSA of 2048 bits or more with RS256, for signatures"
    )]
    Unusable(String),
    /// Nothing is left.
    #[error("there is no key with a `kid` that signatures can be verified with")]
    Empty,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids = self.0.iter().map(|(id, _)| id);
        f.debug_set().entries(ids).finish()
    }
}

impl KeySet {
    /// Reads what an issuer serves at its `jwks_uri`. Keys for other purposes, of other algorithms or without `kid` are left out.
    ///
    /// # Errors
    /// [`KeySetFault`] where the whole set is refused: a `kid` that comes twice, a private or symmetric key, no usable key.
    pub fn served(text: &[u8]) -> Result<Self, KeySetFault> {
        let set = parse_json(text, &Limits::default()).map_err(|_| KeySetFault::NotAKeySet)?;
        let (keys, _) = Self::sorted(&set)?;
        keys.unless_empty()
    }

    /// The set of a configuration, where every key has to be usable.
    pub(crate) fn configured(set: &Value) -> Result<Self, KeySetFault> {
        match Self::sorted(set)? {
            (_, Some(unusable)) => Err(KeySetFault::Unusable(unusable)),
            (keys, None) => keys.unless_empty(),
        }
    }

    /// The usable keys, and the id of one that is not.
    fn sorted(set: &Value) -> Result<(Self, Option<String>), KeySetFault> {
        let keys = set.get("keys").and_then(Value::as_array);
        let mut usable = Vec::new();
        let mut unusable = None;
        let mut ids = std::collections::BTreeSet::new();
        for key in keys.ok_or(KeySetFault::NotAKeySet)? {
            let key = key.as_object().ok_or(KeySetFault::NotAKeySet)?;
            let id = key.get("kid").and_then(Value::as_str).unwrap_or_default();
            if is_secret(key) {
                return Err(KeySetFault::Secret(id.to_owned()));
            }
            if !id.is_empty() && !ids.insert(id) {
                return Err(KeySetFault::Twice(id.to_owned()));
            }
            match PublicKey::of(key).filter(|_| !id.is_empty()) {
                Some(key) => usable.push((id.to_owned(), key)),
                None => unusable = Some(id.to_owned()),
            }
        }
        Ok((Self(usable), unusable))
    }

    fn unless_empty(self) -> Result<Self, KeySetFault> {
        match self.0.is_empty() {
            true => Err(KeySetFault::Empty),
            false => Ok(self),
        }
    }

    /// The key of that id, if it verifies that algorithm.
    pub(crate) fn key(&self, id: &str, algorithm: &str) -> Option<&PublicKey> {
        let mut keys = self.0.iter();
        let (_, key) = keys.find(|(known, _)| known == id)?;
        (key.algorithm() == algorithm).then_some(key)
    }
}

fn is_secret(key: &Map<String, Value>) -> bool {
    key.get("kty").is_some_and(|kty| kty == "oct")
        || SECRETS.iter().any(|name| key.contains_key(*name))
}

impl PublicKey {
    /// The key, where type, curve, algorithm, use and size agree. A key that names no algorithm has the one of its type.
    pub(crate) fn of(key: &Map<String, Value>) -> Option<Self> {
        if is_secret(key) {
            return None;
        }
        let key: Jwk = serde_json::from_value(Value::Object(key.clone())).ok()?;
        if key.usage.is_some_and(|usage| usage != "sig")
            || key.key_ops.is_some_and(|ops| ops != ["verify"])
        {
            return None;
        }
        let (algorithm, decoding) = match (key.kty.as_str(), key.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => {
                let x = coordinate(key.x)?;
                (Algorithm::EdDSA, DecodingKey::from_ed_components(&x))
            }
            ("EC", Some("P-256")) => {
                let (x, y) = (coordinate(key.x)?, coordinate(key.y)?);
                (Algorithm::ES256, DecodingKey::from_ec_components(&x, &y))
            }
            ("RSA", None) => {
                let n = modulus(key.n)?;
                let e = key.e.filter(|e| e == "AQAB")?;
                (Algorithm::RS256, DecodingKey::from_rsa_components(&n, &e))
            }
            _ => return None,
        };
        let public = Self {
            algorithm,
            key: decoding.ok()?,
        };
        let agrees = key.alg.is_none_or(|alg| alg == public.algorithm());
        agrees.then_some(public)
    }

    /// The name of its algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
    pub(crate) const fn algorithm(&self) -> &'static str {
        match self.algorithm {
            Algorithm::EdDSA => "EdDSA",
            Algorithm::ES256 => "ES256",
            _ => "RS256",
        }
    }

    /// Whether it made the signature, in base64url, of a message.
    pub(crate) fn verifies(&self, message: &[u8], signature: &str) -> bool {
        jsonwebtoken::crypto::verify(signature, message, &self.key, self.algorithm).unwrap_or(false)
    }
}

/// The SHA-256 thumbprint of an Ed25519 or P-256 key (RFC 7638 §3, RFC 8037 §2), in base64url; `None` for any other.
#[must_use]
pub fn thumbprint(key: &Value) -> Option<String> {
    let member = |name: &str| key.get(name).and_then(Value::as_str);
    // Names in lexicographic order, no white space (§3.3). What a member of a key holds needs no escaping.
    let required = match member("kty")? {
        "OKP" => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, member("x")?),
        "EC" => format!(
            r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
            member("x")?,
            member("y")?
        ),
        _ => return None,
    };
    PublicKey::of(key.as_object()?)?;
    Some(URL_SAFE_NO_PAD.encode(Sha256::of(required.as_bytes()).as_bytes()))
}

fn coordinate(text: Option<String>) -> Option<String> {
    text.filter(|text| {
        URL_SAFE_NO_PAD
            .decode(text)
            .is_ok_and(|it| it.len() == CURVE_BYTES)
    })
}

/// An odd number of 2048 bits or more. Leading zeros (RFC 7518 §6.3.1.1 forbids them) could make a short one look long.
fn modulus(text: Option<String>) -> Option<String> {
    text.filter(|text| {
        URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| {
            let bits = bytes.first().is_some_and(|first| match bytes.len() {
                RSA_BYTES => *first >= 0x80,
                length => length > RSA_BYTES && *first != 0,
            });
            bits && bytes.last().is_some_and(|last| last & 1 == 1)
        })
    })
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
