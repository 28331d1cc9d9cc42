//! Proofs that whoever sends a token holds the key it is bound to (RFC 9449, DPoP).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::Sha256;

use crate::address::target;
use crate::jws::Jws;
use crate::key_set::{PublicKey, thumbprint};
use crate::token::LEEWAY;

/// What a proof may be signed with, as answers say it (RFC 9449 §7.1).
pub const PROOF_ALGORITHMS: &str = "ES256 EdDSA";
/// For how long a proof counts, in seconds.
const FRESH: i64 = 60;

/// What a proof has to be of.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The addresses that its target goes by here, one for each host that the site answers at.
    pub targets: &'a [String],
    /// The access token that came along.
    pub token: &'a str,
}

/// A proof that fits its request. It counts once: whether it was seen before is for the caller to find out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The thumbprint of its key (RFC 7638).
    pub thumbprint: String,
    /// The hash of its `jti`.
    pub id: Sha256,
    /// From when on it would count no longer anyway, whichever way clocks differ, in seconds since 1970.
    pub expires: i64,
}

/// A proof that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// Too long, not three parts, not strict base64url, not JSON, or with a header no proof has.
    #[error("the proof is malformed")]
    Malformed,
    /// `typ` is not `dpop+jwt`.
    #[error("the proof is not one (`typ` must be `dpop+jwt`)")]
    WrongType,
    /// Its key is missing, private, or of another algorithm.
    #[error("the proof's `jwk` must be a public key, Ed25519 with `EdDSA` or P-256 with `ES256`")]
    UnusableKey,
    /// The signature does not fit.
    #[error("the proof's signature does not fit its `jwk`")]
    BadSignature,
    /// A claim of RFC 9449 §4.2 is missing or of another type.
    #[error("the proof lacks a claim it needs: jti, htm, htu, iat, ath")]
    MissingClaim,
    /// It is of another request's method.
    #[error("the proof is for another method (`htm`)")]
    OtherMethod,
    /// It is of another request's target.
    #[error("the proof is for another address (`htu`), without query and fragment")]
    OtherTarget,
    /// It is of another token.
    #[error("the proof is for another token (`ath`)")]
    OtherToken,
    /// It is older than a minute.
    #[error("the proof is too old: make a new one for each request")]
    Stale,
    /// It was made later than now.
    #[error("the proof is not valid yet: set the clock that `iat` comes from")]
    NotYetValid,
}

/// Checks a proof against the request it came with; `now` in seconds since 1970. The numbers are those of RFC 9449 §4.3, whose
/// (1), one header only, and (12b), the key of the token ([`crate::Issuers::held`]), are the caller's; no nonce is asked for (10).
///
/// # Errors
/// [`ProofFault`].
pub fn proof(proof: &str, asked: Asked<'_>, now: i64) -> Result<Proof, ProofFault> {
    // (2)
    let proof = Jws::parse(proof).ok_or(ProofFault::Malformed)?;
    let text = |name: &str| proof.claim(name).ok_or(ProofFault::MissingClaim);
    // (3)
    let (id, method, uri) = (text("jti")?, text("htm")?, text("htu")?);
    let issued = proof.seconds("iat").ok_or(ProofFault::MissingClaim)?;
    // (4)
    if !(proof.header("typ")).is_some_and(|typ| typ.eq_ignore_ascii_case("dpop+jwt")) {
        return Err(ProofFault::WrongType);
    }
    // (5), (7)
    let named = proof.header.get("jwk").ok_or(ProofFault::UnusableKey)?;
    let thumbprint = thumbprint(named).ok_or(ProofFault::UnusableKey)?;
    let key = named.as_object().and_then(PublicKey::of);
    let key = key.filter(|key| proof.header("alg") == Some(key.algorithm()));
    let key = key.ok_or(ProofFault::UnusableKey)?;
    // (6)
    if !proof.is_signed_by(&key) {
        return Err(ProofFault::BadSignature);
    }
    // (8)
    if method != asked.method {
        return Err(ProofFault::OtherMethod);
    }
    // (9)
    let uri = target(uri).ok_or(ProofFault::OtherTarget)?;
    if !(asked.targets.iter()).any(|ours| target(ours).as_ref() == Some(&uri)) {
        return Err(ProofFault::OtherTarget);
    }
    // (11)
    if issued > now.saturating_add(LEEWAY) {
        return Err(ProofFault::NotYetValid);
    }
    if issued.saturating_add(FRESH + LEEWAY) < now {
        return Err(ProofFault::Stale);
    }
    // (12a)
    let hash = Sha256::of(asked.token.as_bytes());
    if text("ath")? != URL_SAFE_NO_PAD.encode(hash.as_bytes()) {
        return Err(ProofFault::OtherToken);
    }
    Ok(Proof {
        thumbprint,
        id: Sha256::of(id.as_bytes()),
        expires: issued.saturating_add(FRESH + 2 * LEEWAY),
    })
}

#[cfg(test)]
mod tests;
