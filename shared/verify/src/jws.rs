//! Detached signatures (RFC 7515 appendix F), and the keys they are of (RFC 7517, RFC 8037).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier;
use serde::Deserialize;
use serde_json::Value;

use crate::hash::Hash;
use crate::report::Fault;

/// What the signatures are of: whoever signs something else with the same key does not sign this.
const TYPE: &str = "battery-passport-view+jws";
/// Bytes of an Ed25519 key and of each P-256 coordinate.
const COORDINATE: usize = 32;

/// The public keys that somebody trusts.
pub(crate) struct Keys(Vec<Key>);

struct Key {
    /// RFC 7638: so that no key can go by the name of another.
    thumbprint: String,
    public: Public,
}

enum Public {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(Box<p256::ecdsa::VerifyingKey>),
}

/// A key as it is written; whatever else it says of itself is not looked at.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
    /// Certificates, the signer's own first.
    x5c: Option<Vec<String>>,
    /// Extensions that a reader has to understand.
    crit: Option<Value>,
    b64: Option<Value>,
}

/// A signature that fits.
pub(crate) struct Signed {
    pub(crate) algorithm: String,
    pub(crate) thumbprint: String,
    /// Whether it brings a certificate along.
    pub(crate) certified: bool,
}

impl Keys {
    /// Reads files that each hold a JWK or a set of them. A key of a set that is of another kind counts for nothing (RFC 7517 §5).
    pub(crate) fn read(files: &[&[u8]]) -> Result<Self, Fault> {
        let mut keys = Vec::new();
        for (number, file) in (1_usize..).zip(files) {
            let place = format!("key file {number}");
            let not = |error: serde_json::Error| {
                Fault::unchecked(&place, format!("it cannot be read: {error}"))
            };
            let written: Value = serde_json::from_slice(file).map_err(not)?;
            let several = match written.get("keys") {
                Some(Value::Array(several)) => several.as_slice(),
                _ => std::slice::from_ref(&written),
            };
            let known: Vec<Key> = several.iter().filter_map(Key::read).collect();
            if known.is_empty() {
                let what = "it holds no public key on Ed25519 or P-256 (JWK)";
                return Err(Fault::unchecked(place, what));
            }
            keys.extend(known);
        }
        Ok(Self(keys))
    }

    /// Holds a detached signature against what it is said to be of.
    pub(crate) fn check(&self, place: &str, jws: &str, payload: &[u8]) -> Result<Signed, Fault> {
        let unchecked = |what: &str| Fault::unchecked(place, what);
        let parts: Vec<&str> = jws.split('.').collect();
        let [protected, "", signature] = parts.as_slice() else {
            return Err(unchecked(
                "it is no detached JWS: expected `<header>..<signature>`",
            ));
        };
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let header = decoded(protected);
        let header: Header = header
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| unchecked("its header is no JSON with `alg`, `kid` and `typ`"))?;
        if header.crit.is_some() || header.b64.is_some() {
            return Err(unchecked("it asks for extensions that are not known here"));
        }
        if header.typ != TYPE {
            let fault = unchecked("it is a signature of something else");
            return Err(fault.expected(TYPE).found(header.typ));
        }
        let key = self.0.iter().find(|key| key.thumbprint == header.kid);
        let key = key.ok_or_else(|| {
            unchecked("it is of none of the keys that you trust").found(&header.kid)
        })?;
        let bytes = decoded(signature).ok_or_else(|| unchecked("it is no base64url"))?;
        let signed = format!("{protected}.{}", URL_SAFE_NO_PAD.encode(payload));
        match key.public.fits(&header.alg, signed.as_bytes(), &bytes) {
            None => {
                let fault = unchecked("its algorithm is not the one of its key");
                Err(fault.expected(key.public.algorithm()).found(header.alg))
            }
            Some(false) => Err(Fault::lie(
                place,
                "the key did not sign this: the signature does not fit the statement",
            )),
            Some(true) => Ok(Signed {
                algorithm: header.alg,
                thumbprint: header.kid,
                certified: header.x5c.is_some_and(|chain| !chain.is_empty()),
            }),
        }
    }
}

impl Key {
    fn read(written: &Value) -> Option<Self> {
        let jwk = Jwk::deserialize(written).ok()?;
        let (public, members) = match (jwk.kty.as_str(), jwk.crv.as_deref()?) {
            ("OKP", "Ed25519") => {
                let key = ed25519_dalek::VerifyingKey::from_bytes(&coordinate(jwk.x.as_ref()?)?);
                let x = jwk.x?;
                (
                    Public::Ed25519(key.ok()?),
                    format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#),
                )
            }
            ("EC", "P-256") => {
                let (x, y) = (jwk.x?, jwk.y?);
                let point = [&[4][..], &coordinate(&x)?, &coordinate(&y)?].concat();
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?;
                (
                    Public::P256(Box::new(key)),
                    format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#),
                )
            }
            _ => return None,
        };
        let thumbprint = Hash::digest(&members);
        Some(Self { thumbprint, public })
    }
}

/// In the one way there is: so it can stand in a thumbprint as it is.
fn coordinate(text: &String) -> Option<[u8; COORDINATE]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

impl Public {
    const fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "EdDSA",
            Self::P256(_) => "ES256",
        }
    }

    /// `None` where the algorithm is not this key's.
    fn fits(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
        if algorithm != self.algorithm() {
            return None;
        }
        Some(match self {
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Self::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        })
    }
}
