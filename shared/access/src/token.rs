//! Access tokens: JWTs after RFC 9068, checked strictly before and after the signature.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::jws::Jws;
use crate::{Issuer, KeySet};

/// How far clocks may differ, in seconds.
pub(crate) const LEEWAY: i64 = 30;
/// Characters of a SHA-256 thumbprint in base64url.
const THUMBPRINT: usize = 43;

/// The claims every token needs, and what each says. Any other is ignored but `nbf`, which is honoured,
/// and `cnf`, which binds the token to a key (RFC 9449 §6).
pub const CLAIMS: [(&str, &str); 9] = [
    ("iss", "the issuer, one that is registered here"),
    ("aud", "the audience that the issuer is registered with"),
    ("sub", "the person or client that acts"),
    ("client_id", "the client that the token was issued to"),
    ("org", "the organisation it acts for, exactly one"),
    (
        "roles",
        "a list of roles, each one that the organisation is registered for",
    ),
    ("exp", "when it expires, in seconds since 1970"),
    (
        "iat",
        "when it was issued; it may not live longer than its issuer is registered for",
    ),
    ("jti", "its own id"),
];

/// What a valid token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
    /// `client_id`.
    pub client: String,
    /// `org`.
    pub organisation: String,
    /// `roles`.
    pub roles: Vec<String>,
    /// `exp`, in seconds since 1970.
    pub expires: i64,
    /// The thumbprint of the key that it is bound to (`cnf.jkt`, RFC 9449 §6.1); `None` for a bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<String>,
}

/// A token that does not count. The texts say what to do, and nothing about keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Too long, not three parts, not strict base64url, not JSON, or with a header no access token has.
    #[error("the token is malformed")]
    Malformed,
    /// `typ` is not `at+jwt`.
    #[error("the token is not an access token (`typ` must be `at+jwt`)")]
    WrongType,
    /// Its issuer is not configured.
    #[error("the token's issuer is not trusted here")]
    UnknownIssuer,
    /// No key of the issuer has this `kid` and algorithm.
    #[error("the token names no key of its issuer")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the token's signature does not fit")]
    BadSignature,
    /// It is for another audience.
    #[error("the token is for somebody else (`aud`)")]
    WrongAudience,
    /// It has expired.
    #[error("the token has expired: get a new one")]
    Expired,
    /// It is not valid yet.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It lives longer than its issuer may let it.
    #[error("the token's lifetime is longer than allowed")]
    TooLongLived,
    /// A claim of RFC 9068 is missing or of another type.
    #[error("the token lacks a claim it needs: {}", CLAIMS.map(|(name, _)| name).join(", "))]
    MissingClaim,
    /// It is bound in a way that cannot be checked here.
    #[error("the token is bound in a way that is not known here (`cnf` may hold `jkt` alone)")]
    UnknownBinding,
    /// A bound token came as a bearer token.
    #[error(
        "the token is bound to a key: send it as `Authorization: DPoP <token>`, with a proof in `DPoP`"
    )]
    Bound,
    /// A bearer token came with a proof.
    #[error(
        "the token is bound to no key: send it as `Authorization: Bearer <token>`, or get one with DPoP"
    )]
    Unbound,
    /// The proof is of another key.
    #[error("the token is bound to another key than the one of the proof")]
    OtherKey,
    /// One of its roles counts only where the token is bound to a key.
    #[error("the token's role needs a token that is bound to a key: get one with DPoP (RFC 9449)")]
    BindingNeeded,
}

/// Checks a token of an issuer against its keys as they are now; `now` in seconds since 1970. Whether whoever sent it may use it
/// is [`crate::Issuers::held`].
///
/// (1) size and form; (2) header; (3) type; (4) issuer, by its exact name; (5) key and its one algorithm; (6) signature;
/// (7) audience, times, lifetime and required claims; (8) what it is bound to.
///
/// # Errors
/// [`TokenFault`]; after [`TokenFault::UnknownKey`] it may be of a key that the issuer took since its keys were read.
pub fn verify(token: &str, issuer: &Issuer, keys: &KeySet, now: i64) -> Result<Claims, TokenFault> {
    let is_access_token = |typ: Option<&str>| {
        typ.is_some_and(|typ| {
            typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
        })
    };
    let token = authentic(token, issuer, keys, is_access_token)?;
    // (7)
    current(&token, issuer, now)?;
    Ok(Claims {
        issuer: issuer.name.clone(),
        subject: text(&token, "sub")?.to_owned(),
        client: text(&token, "client_id")?.to_owned(),
        organisation: text(&token, "org")?.to_owned(),
        roles: roles(&token)?,
        expires: seconds(&token, "exp")?,
        bound_to: binding(&token)?,
    })
}

/// A token of that type, signed by the issuer: (1) to (6) of [`verify`].
pub(crate) fn authentic<'t>(
    token: &'t str,
    issuer: &Issuer,
    keys: &KeySet,
    is_type: impl Fn(Option<&str>) -> bool,
) -> Result<Jws<'t>, TokenFault> {
    // (1), (2)
    let token = Jws::parse(token).ok_or(TokenFault::Malformed)?;
    if token.header.contains_key("jwk") {
        return Err(TokenFault::Malformed);
    }
    // (3)
    if !is_type(token.header("typ")) {
        return Err(TokenFault::WrongType);
    }
    // (4)
    if text(&token, "iss")? != issuer.name {
        return Err(TokenFault::UnknownIssuer);
    }
    // (5)
    let id = token.header("kid").ok_or(TokenFault::UnknownKey)?;
    let algorithm = token.header("alg").unwrap_or_default();
    let key = keys.key(id, algorithm).ok_or(TokenFault::UnknownKey)?;
    // (6)
    match token.is_signed_by(key) {
        true => Ok(token),
        false => Err(TokenFault::BadSignature),
    }
}

fn current(token: &Jws<'_>, issuer: &Issuer, now: i64) -> Result<(), TokenFault> {
    let ours = match token.claims.get("aud") {
        Some(Value::String(one)) => *one == issuer.audience,
        Some(Value::Array(several)) if several.iter().all(Value::is_string) => {
            several.iter().any(|one| *one == issuer.audience.as_str())
        }
        _ => return Err(TokenFault::MissingClaim),
    };
    if !ours {
        return Err(TokenFault::WrongAudience);
    }
    let (expires, issued) = (seconds(token, "exp")?, seconds(token, "iat")?);
    text(token, "jti")?;
    // A token that expires before it was issued was never good.
    if expires.saturating_add(LEEWAY) <= now || expires <= issued {
        return Err(TokenFault::Expired);
    }
    let not_before = match token.claims.get("nbf") {
        Some(_) => seconds(token, "nbf")?,
        None => issued,
    };
    if not_before.max(issued) > now.saturating_add(LEEWAY) {
        return Err(TokenFault::NotYetValid);
    }
    if expires.saturating_sub(issued) > issuer.max_lifetime {
        return Err(TokenFault::TooLongLived);
    }
    Ok(())
}

pub(crate) fn text<'a>(token: &'a Jws<'_>, name: &str) -> Result<&'a str, TokenFault> {
    token.claim(name).ok_or(TokenFault::MissingClaim)
}

pub(crate) fn seconds(token: &Jws<'_>, name: &str) -> Result<i64, TokenFault> {
    token.seconds(name).ok_or(TokenFault::MissingClaim)
}

fn roles(token: &Jws<'_>) -> Result<Vec<String>, TokenFault> {
    let roles = token.claims.get("roles").and_then(Value::as_array);
    let roles = roles.filter(|roles| !roles.is_empty());
    let named = |role: &Value| role.as_str().map(str::to_owned);
    roles
        .and_then(|roles| roles.iter().map(named).collect())
        .ok_or(TokenFault::MissingClaim)
}

/// What the token is bound to: a key by its thumbprint, or nothing (RFC 7800 §3.1: who cannot check a binding refuses it).
fn binding(token: &Jws<'_>) -> Result<Option<String>, TokenFault> {
    let Some(confirmation) = token.claims.get("cnf") else {
        return Ok(None);
    };
    let members = confirmation.as_object().filter(|it| it.len() == 1);
    let thumbprint = members.and_then(|it| it.get("jkt")?.as_str());
    match thumbprint.filter(|it| it.len() == THUMBPRINT) {
        Some(thumbprint) => Ok(Some(thumbprint.to_owned())),
        None => Err(TokenFault::UnknownBinding),
    }
}

#[cfg(test)]
mod claim_tests;
#[cfg(test)]
mod form_tests;
#[cfg(test)]
mod key_tests;
#[cfg(test)]
pub(crate) mod signing;
