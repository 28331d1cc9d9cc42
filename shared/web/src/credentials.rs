//! The token that a request carries, and the proof that comes with it.

use access::{Asked, Claims, ProofFault};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::{Platform, Problem, now};

/// The header with the proof (RFC 9449 §4.1).
const PROOF: &str = "dpop";

/// What the `Authorization` header holds (RFC 6750 §2.1, RFC 9449 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credentials<'r> {
    Bearer { token: &'r str },
    Bound { token: &'r str, proof: &'r str },
}

impl<'r> Credentials<'r> {
    /// `None` where nobody says who they are. A proof without the scheme that needs it is left unread (RFC 9449 §7.2).
    fn of(headers: &'r HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(value) = one(headers, AUTHORIZATION.as_str())? else {
            return Ok(None);
        };
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            return Ok(Some(Self::Bearer { token }));
        }
        if !scheme.eq_ignore_ascii_case("dpop") {
            return Err(Problem::refused_token(
                "expected `Authorization: Bearer <token>` or `Authorization: DPoP <token>`",
            ));
        }
        match one(headers, PROOF)? {
            Some(proof) => Ok(Some(Self::Bound { token, proof })),
            None => Err(Problem::refused_proof(
                "send a proof in `DPoP` with `Authorization: DPoP <token>` (RFC 9449)",
            )),
        }
    }
}

/// A header that comes once, or not at all.
fn one<'r>(headers: &'r HeaderMap, name: &str) -> Result<Option<&'r str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let (first, second) = (values.next(), values.next());
    match (first.map(|value| value.to_str()), second) {
        (None, _) => Ok(None),
        (Some(Ok(text)), None) => Ok(Some(text)),
        _ if name == PROOF => Err(Problem::refused_proof("send one `DPoP` header, in ASCII")),
        _ => Err(Problem::refused_token(
            "send one `Authorization` header, in ASCII",
        )),
    }
}

/// The claims of the token that a request carries, which whoever sent it may use; `None` where it carries none.
///
/// # Errors
/// 401 where the token or its proof does not count, 503 where that cannot be told.
pub(crate) async fn claims(parts: &Parts, platform: &Platform) -> Result<Option<Claims>, Problem> {
    let (token, proof) = match Credentials::of(&parts.headers)? {
        None => return Ok(None),
        Some(Credentials::Bearer { token }) => (token, None),
        Some(Credentials::Bound { token, proof }) => (token, Some(proof)),
    };
    let claims = platform.keyring.verify(token).await?;
    let issuers = platform.keyring.issuers();
    let Some(proof) = proof else {
        issuers.held(&claims, None)?;
        return Ok(Some(claims));
    };
    let targets = targets(parts, &claims, platform).await?;
    let asked = Asked {
        method: parts.method.as_str(),
        targets: &targets,
        token,
    };
    let proof = access::proof(proof, asked, now().as_second())?;
    issuers.held(&claims, Some(&proof.thumbprint))?;
    // Last, so that only holders of good tokens leave anything behind.
    match platform.store.first_use(&proof).await? {
        true => Ok(Some(claims)),
        false => Err(Problem::refused_proof(
            "the proof came before: make a new one, with a fresh `jti`, for each request",
        )),
    }
}

/// What the target of a request is called: at the host of the stage, and at the operator's own.
async fn targets(
    parts: &Parts,
    claims: &Claims,
    platform: &Platform,
) -> Result<Vec<String>, Problem> {
    let own = platform.carrier_host(&claims.organisation).await?;
    let hosts = [None, own.as_ref()];
    let path = parts.uri.path();
    let target = |host| format!("{}{path}", platform.site.carrier_origin(host));
    Ok(hosts.into_iter().map(target).collect())
}

impl From<ProofFault> for Problem {
    fn from(fault: ProofFault) -> Self {
        Self::refused_proof(fault.to_string())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(headers: &[(&'static str, &'static str)]) -> Result<Option<(String, String)>, u16> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        match Credentials::of(&map) {
            Ok(found) => Ok(found.map(|found| match found {
                Credentials::Bearer { token } => (token.to_owned(), String::new()),
                Credentials::Bound { token, proof } => (token.to_owned(), proof.to_owned()),
            })),
            Err(problem) => Err(problem.status().as_u16()),
        }
    }

    #[test]
    fn a_request_says_who_it_is_of_once_and_in_one_way() {
        let found = |token: &str, proof: &str| Ok(Some((token.to_owned(), proof.to_owned())));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[("dpop", "p")]), Ok(None));
        for (headers, expected) in [
            (&[("authorization", "Bearer t")][..], found("t", "")),
            (
                &[("authorization", "bearer t"), ("dpop", "p")],
                found("t", ""),
            ),
            (
                &[("authorization", "DPoP t"), ("dpop", "p")],
                found("t", "p"),
            ),
            (
                &[("authorization", "dpop t"), ("DPoP", "p")],
                found("t", "p"),
            ),
            (&[("authorization", "Bearer")], found("", "")),
            (&[("authorization", "DPoP t")], Err(401)),
            (
                &[("authorization", "DPoP t"), ("dpop", "p"), ("dpop", "p")],
                Err(401),
            ),
            (
                &[("authorization", "Bearer t"), ("authorization", "DPoP t")],
                Err(401),
            ),
            (&[("authorization", "Basic t")], Err(401)),
            (&[("authorization", "")], Err(401)),
            (&[("authorization", "Bearer t\u{e9}")], Err(401)),
        ] {
            assert_eq!(read(headers), expected, "{headers:?}");
        }
    }
}
