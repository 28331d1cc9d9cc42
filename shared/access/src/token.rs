//! Access tokens: JWTs after RFC 9068, checked strictly before and after the signature.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use passport::{Limits, parse_json};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Issuer, Issuers};

/// The longest token, in bytes.
const TOKEN_LIMIT: usize = 8 << 10;
/// How far clocks may differ, in seconds.
pub(crate) const LEEWAY: i64 = 30;
/// Header members that would let a token choose its own key or rules.
const FORBIDDEN_HEADERS: [&str; 7] = ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"];

/// The claims every token needs, and what each says. Any other is ignored, `nbf` excepted, which is honoured.
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
}

/// Checks a token against the configured issuers; `now` in seconds since 1970.
///
/// (1) size and form; (2) header; (3) type; (4) issuer, chosen by exact name among the configured; (5) key and its one
/// algorithm; (6) signature; (7) audience, times, lifetime and required claims.
///
/// # Errors
/// [`TokenFault`].
pub fn verify(token: &str, issuers: &Issuers, now: i64) -> Result<Claims, TokenFault> {
    let is_access_token = |typ: Option<&str>| {
        typ.is_some_and(|typ| {
            typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
        })
    };
    let (claims, issuer) = authentic(token, issuers, is_access_token)?;
    // (7)
    current(&claims, issuer, now)?;
    Ok(Claims {
        issuer: issuer.name.clone(),
        subject: text(&claims, "sub")?.to_owned(),
        client: text(&claims, "client_id")?.to_owned(),
        organisation: text(&claims, "org")?.to_owned(),
        roles: roles(&claims)?,
        expires: seconds(&claims, "exp")?,
    })
}

/// The claims of a token of that type, signed by a configured issuer: (1) to (6) of [`verify`].
pub(crate) fn authentic<'i>(
    token: &str,
    issuers: &'i Issuers,
    is_type: impl Fn(Option<&str>) -> bool,
) -> Result<(Map<String, Value>, &'i Issuer), TokenFault> {
    // (1)
    if token.len() > TOKEN_LIMIT {
        return Err(TokenFault::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(TokenFault::Malformed)?;
    if payload.contains('.') || signature.is_empty() {
        return Err(TokenFault::Malformed);
    }
    decoded(signature)?;
    // (2)
    let header = object(header)?;
    if FORBIDDEN_HEADERS
        .iter()
        .any(|name| header.contains_key(*name))
    {
        return Err(TokenFault::Malformed);
    }
    // (3)
    let member = |name: &str| header.get(name).and_then(Value::as_str);
    if !is_type(member("typ")) {
        return Err(TokenFault::WrongType);
    }
    // (4)
    let claims = object(payload)?;
    let issuer = text(&claims, "iss")?;
    let issuer = issuers.named(issuer).ok_or(TokenFault::UnknownIssuer)?;
    // (5)
    let id = member("kid").ok_or(TokenFault::UnknownKey)?;
    let algorithm = member("alg").unwrap_or_default();
    let key = issuer
        .keys
        .iter()
        .find(|key| key.id == id && name(key.algorithm) == algorithm)
        .ok_or(TokenFault::UnknownKey)?;
    // (6)
    let fits = jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key.key, key.algorithm)
        .unwrap_or(false);
    match fits {
        true => Ok((claims, issuer)),
        false => Err(TokenFault::BadSignature),
    }
}

fn current(claims: &Map<String, Value>, issuer: &Issuer, now: i64) -> Result<(), TokenFault> {
    let ours = match claims.get("aud") {
        Some(Value::String(one)) => *one == issuer.audience,
        Some(Value::Array(several)) if several.iter().all(Value::is_string) => {
            several.iter().any(|one| *one == issuer.audience.as_str())
        }
        _ => return Err(TokenFault::MissingClaim),
    };
    if !ours {
        return Err(TokenFault::WrongAudience);
    }
    let (expires, issued) = (seconds(claims, "exp")?, seconds(claims, "iat")?);
    text(claims, "jti")?;
    // A token that expires before it was issued was never good.
    if expires.saturating_add(LEEWAY) <= now || expires <= issued {
        return Err(TokenFault::Expired);
    }
    let not_before = match claims.get("nbf") {
        Some(_) => seconds(claims, "nbf")?,
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

const fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::EdDSA => "EdDSA",
        Algorithm::ES256 => "ES256",
        Algorithm::RS256 => "RS256",
        _ => "",
    }
}

/// Strict base64url: no padding, no other alphabet, no trailing bits.
fn decoded(part: &str) -> Result<Vec<u8>, TokenFault> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenFault::Malformed)
}

/// A JSON object without duplicate members.
fn object(part: &str) -> Result<Map<String, Value>, TokenFault> {
    match parse_json(&decoded(part)?, &Limits::default()) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(TokenFault::Malformed),
    }
}

pub(crate) fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<&'a str, TokenFault> {
    claims
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .ok_or(TokenFault::MissingClaim)
}

/// A time; fractions are cut off.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a cast from f64 saturates, and the bounds are checked after"
)]
pub(crate) fn seconds(claims: &Map<String, Value>, name: &str) -> Result<i64, TokenFault> {
    let number = claims.get(name).ok_or(TokenFault::MissingClaim)?;
    number
        .as_i64()
        .or_else(|| number.as_f64().map(|number| number as i64))
        .ok_or(TokenFault::MissingClaim)
}

fn roles(claims: &Map<String, Value>) -> Result<Vec<String>, TokenFault> {
    claims
        .get("roles")
        .and_then(Value::as_array)
        .filter(|roles| !roles.is_empty())
        .and_then(|roles| {
            roles
                .iter()
                .map(|role| role.as_str().map(str::to_owned))
                .collect()
        })
        .ok_or(TokenFault::MissingClaim)
}

#[cfg(test)]
mod claim_tests;
#[cfg(test)]
mod form_tests;
#[cfg(test)]
mod key_tests;
#[cfg(test)]
pub(crate) mod signing;
