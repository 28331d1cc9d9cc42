//! Who is asking for a page.

use access::Claims;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};

use crate::{Caller, Platform, Problem, SESSION, best};

/// Whether a page is liked better than data.
#[must_use]
pub fn prefers_page(headers: &HeaderMap) -> bool {
    const HTML: &str = "text/html";
    best(headers, &["application/json", "application/ld+json", HTML]) == Some(HTML)
}

/// Whether a browser asks before anybody wants to read: that would be a read in somebody's name that was none.
fn is_ahead(headers: &HeaderMap) -> bool {
    let purposes = ["sec-purpose", "purpose"].into_iter();
    let mut purposes = purposes.filter_map(|name| headers.get(name)?.to_str().ok());
    purposes.any(|purpose| purpose.contains("prefetch"))
}

/// Somebody with a token, as any [`Caller`]; a person who signed in; or anybody.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Who it is.
    pub caller: Caller,
    /// What became of the sign-in.
    pub session: Session,
}

/// What a visitor's session cookie comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// There is none, or a token counts instead.
    None,
    /// It holds.
    Open,
    /// It is no longer good, or never was.
    Ended,
    /// Its organisation's record does not bear it out.
    Refused,
}

impl FromRequestParts<Platform> for Visitor {
    type Rejection = Problem;

    /// A session counts for reading pages only: whatever else it is sent along with comes from the public, so that no other site
    /// can make a browser write, and no program takes a cookie for a token.
    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, Problem> {
        let anybody = |session| Self {
            caller: Caller::Public,
            session,
        };
        if parts.headers.contains_key(AUTHORIZATION) {
            let caller = Caller::from_request_parts(parts, platform).await?;
            return Ok(Self {
                caller,
                session: Session::None,
            });
        }
        let reads = matches!(parts.method, Method::GET | Method::HEAD) && !is_ahead(&parts.headers);
        let sign_in = platform.sign_in.as_ref();
        let Some(sign_in) = sign_in.filter(|_| reads && prefers_page(&parts.headers)) else {
            return Ok(anybody(Session::None));
        };
        let (came, claims) = SESSION
            .read::<Claims>(&parts.headers, &sign_in.seal, &platform.site)
            .await?;
        // A session is held as a bearer token is.
        let issuers = platform.keyring.issuers();
        let trusted = claims.filter(|claims| issuers.held(claims, None).is_ok());
        let Some(claims) = trusted else {
            return Ok(anybody(if came { Session::Ended } else { Session::None }));
        };
        match Caller::of(&claims, platform).await {
            Ok(caller) => {
                crate::limited::admit(parts, platform, &caller).await?;
                Ok(Self {
                    caller,
                    session: Session::Open,
                })
            }
            Err(problem) if problem.status().is_client_error() => Ok(anybody(Session::Refused)),
            Err(problem) => Err(problem),
        }
    }
}
