//! The organisations that the platform checks itself with: they act in every role, and touch nothing but what is theirs
//! (`checks-touch-nothing-real`).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// What their ids begin with.
pub const SYNTHETIC: &str = "probe-";
/// Who issues their tokens. Which key it has, each stage is told.
pub const SYNTHETIC_ISSUER: &str = "https://probe.invalid";
/// The `aud` claim of those.
pub const SYNTHETIC_AUDIENCE: &str = "battery-passport";
/// The name of its key.
pub const SYNTHETIC_KEY: &str = "probe";
/// How long one of its tokens counts, in seconds: as long as a function runs at most.
pub const SYNTHETIC_LIFETIME: i64 = 900;

/// Whether the platform checks itself with an organisation.
#[must_use]
pub fn is_synthetic(organisation: &str) -> bool {
    organisation.starts_with(SYNTHETIC)
}

/// The entry of `TOKEN_ISSUERS` by which a stage trusts that issuer, with its Ed25519 key.
#[must_use]
pub fn synthetic_issuer(public_key: &[u8; 32]) -> Value {
    json!({
        "issuer": SYNTHETIC_ISSUER,
        "audience": SYNTHETIC_AUDIENCE,
        "maxLifetimeSeconds": SYNTHETIC_LIFETIME,
        "jwks": {"keys": [{
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
            "kid": SYNTHETIC_KEY, "x": URL_SAFE_NO_PAD.encode(public_key),
        }]},
    })
}
