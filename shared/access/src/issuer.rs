//! Token issuers and their keys.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// Smallest RSA modulus, in bytes (2048 bits).
const RSA_BYTES: usize = 256;
/// Bytes of an Ed25519 key and of each P-256 coordinate.
const CURVE_BYTES: usize = 32;
/// The longest an issuer's tokens may live, in seconds.
const LONGEST_LIFETIME: i64 = 3_600;

/// The issuers whose tokens count.
#[derive(Debug, Clone, Default)]
pub struct Issuers(Vec<Issuer>);

/// One issuer.
#[derive(Clone)]
pub struct Issuer {
    pub(crate) name: String,
    pub(crate) audience: String,
    pub(crate) max_lifetime: i64,
    pub(crate) keys: Vec<Key>,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A key, with the only algorithm it verifies.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

/// The configuration of issuers is not usable.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigurationFault(String);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IssuerEntry {
    issuer: String,
    audience: String,
    max_lifetime_seconds: i64,
    jwks: KeySet,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<KeyEntry>,
}

#[derive(Deserialize)]
struct KeyEntry {
    kty: String,
    kid: String,
    alg: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    /// Private parts, and symmetric keys: they have no place in a configuration.
    d: Option<serde::de::IgnoredAny>,
    p: Option<serde::de::IgnoredAny>,
    q: Option<serde::de::IgnoredAny>,
    k: Option<serde::de::IgnoredAny>,
}

impl Issuers {
    /// Reads `[{"issuer", "audience", "maxLifetimeSeconds", "jwks": {"keys": […]}}]`. Keys are public: Ed25519 (`EdDSA`),
    /// P-256 (`ES256`) or RSA of 2048 bits and more (`RS256`), each with `kid` and `alg`. Lifetimes are 1 to 3,600 seconds.
    ///
    /// # Errors
    /// [`ConfigurationFault`] naming what is wrong.
    pub fn from_json(text: &str) -> Result<Self, ConfigurationFault> {
        let entries: Vec<IssuerEntry> =
            serde_json::from_str(text).map_err(|error| ConfigurationFault(error.to_string()))?;
        let issuers: Vec<Issuer> = entries
            .into_iter()
            .map(IssuerEntry::checked)
            .collect::<Result<_, _>>()?;
        for (index, issuer) in issuers.iter().enumerate() {
            if issuers
                .iter()
                .take(index)
                .any(|other| other.name == issuer.name)
            {
                return Err(ConfigurationFault(format!(
                    "issuer `{}` comes twice",
                    issuer.name
                )));
            }
        }
        Ok(Self(issuers))
    }

    /// Whether tokens of the issuer of exactly that name count.
    #[must_use]
    pub fn trust(&self, name: &str) -> bool {
        self.named(name).is_some()
    }

    /// The issuer of exactly that name.
    pub(crate) fn named(&self, name: &str) -> Option<&Issuer> {
        self.0.iter().find(|issuer| issuer.name == name)
    }
}

impl IssuerEntry {
    fn checked(self) -> Result<Issuer, ConfigurationFault> {
        let fault = |what: &str| {
            Err(ConfigurationFault(format!(
                "issuer `{}` {what}",
                self.issuer
            )))
        };
        if self.issuer.is_empty() || self.audience.is_empty() {
            return fault("needs `issuer` and `audience`");
        }
        if !(1..=LONGEST_LIFETIME).contains(&self.max_lifetime_seconds) {
            return fault("needs `maxLifetimeSeconds` of 1 to 3600");
        }
        if self.jwks.keys.is_empty() {
            return fault("has no key");
        }
        let mut keys: Vec<Key> = Vec::new();
        for entry in self.jwks.keys {
            let id = entry.kid.clone();
            let key = entry
                .checked()
                .ok_or_else(|| ConfigurationFault(format!("key `{id}` is not one of Ed25519 with EdDSA, P-256 with ES256, RSA of 2048 bits or more with RS256, public, for signatures")))?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(ConfigurationFault(format!("key id `{id}` comes twice")));
            }
            keys.push(key);
        }
        Ok(Issuer {
            name: self.issuer,
            audience: self.audience,
            max_lifetime: self.max_lifetime_seconds,
            keys,
        })
    }
}

impl KeyEntry {
    /// The key, where type, curve, algorithm, use and size agree.
    fn checked(self) -> Option<Key> {
        if self.usage.is_some_and(|usage| usage != "sig") {
            return None;
        }
        if self.key_ops.is_some_and(|ops| ops != ["verify"]) {
            return None;
        }
        let private = [self.d, self.p, self.q, self.k];
        if self.kid.is_empty() || private.iter().any(Option::is_some) {
            return None;
        }
        let (algorithm, key) = match (self.kty.as_str(), self.crv.as_deref(), self.alg.as_str()) {
            ("OKP", Some("Ed25519"), "EdDSA") => {
                let x = coordinate(self.x)?;
                (Algorithm::EdDSA, DecodingKey::from_ed_components(&x).ok()?)
            }
            ("EC", Some("P-256"), "ES256") => {
                let (x, y) = (coordinate(self.x)?, coordinate(self.y)?);
                (
                    Algorithm::ES256,
                    DecodingKey::from_ec_components(&x, &y).ok()?,
                )
            }
            ("RSA", None, "RS256") => {
                let n = modulus(self.n)?;
                let e = self.e.filter(|e| e == "AQAB")?;
                (
                    Algorithm::RS256,
                    DecodingKey::from_rsa_components(&n, &e).ok()?,
                )
            }
            _ => return None,
        };
        Some(Key {
            id: self.kid,
            algorithm,
            key,
        })
    }
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
