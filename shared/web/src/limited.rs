//! The partners' routes within their limits: who asks for too much is answered 429.
//!
//! 1. The form of the request: [`crate::shape`].
//! 2. Without a token, the budgets of its address.
//! 3. With one, the budgets of the principal, as soon as it is known ([`admit`]): before the body is read. An address whose tokens are
//!    nobody's waits after as many as it has requests without one.
//! 4. What the answer holds is counted, and its headers say what is left (draft-ietf-httpapi-ratelimit-headers-10).
//!
//! A refused request was neither decided nor written and took no `Idempotency-Key`: the same may be sent again.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use crate::address::Address;
use crate::limiter::{Admitted, Limiter, Who};
use crate::tally::{Policy, Windows};
use crate::{Caller, Language, Platform, Problem, language, prefers_page, shape};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// The page for a person who is refused, in their language.
pub type RefusedPage = fn(Language) -> Response;

/// An answer with the number of its results, where that is not one.
#[derive(Debug)]
pub struct Counted<T> {
    results: usize,
    answer: T,
}

impl<T> Counted<T> {
    /// So many results.
    pub const fn of(results: usize, answer: T) -> Self {
        Self { results, answer }
    }
}

impl<T: IntoResponse> IntoResponse for Counted<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        response.extensions_mut().insert(Results(self.results));
        response
    }
}

#[derive(Debug, Clone, Copy)]
struct Results(usize);

/// Whom a request was counted for, once that is known.
#[derive(Debug, Clone, Default)]
struct Asked(Arc<OnceLock<Admitted>>);

/// The partners' routes over what they need. Where the platform has limits they hold here; `page` is for people who are refused.
pub fn partners(router: Router<Platform>, platform: Platform, page: Option<RefusedPage>) -> Router {
    let limited = from_fn_with_state((platform.limiter.clone(), page), limited);
    router.with_state(platform).layer(limited)
}

async fn limited(
    State((limiter, page)): State<(Option<Limiter>, Option<RefusedPage>)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    if let Err(problem) = shape::check(&parts) {
        return problem.into_response();
    }
    let Some(limiter) = limiter else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let page = page
        .filter(|_| prefers_page(&parts.headers))
        .map(|page| (page, language(parts.uri.query(), &parts.headers)));
    let has_token = parts.headers.contains_key(AUTHORIZATION);
    let address = Address::of(&parts, limiter.proof());
    let by_address = address.map(|address| match has_token {
        true => limiter.admit_token(address),
        false => limiter.admit_address(address, reads(&parts)),
    });
    if let Some(admitted) = by_address.filter(|admitted| admitted.refused.is_some()) {
        return refusal(&limiter, &admitted, page);
    }
    let asked = Asked::default();
    parts.extensions.insert(asked.clone());
    let is_read = is_read(&parts);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let known = asked.0.get().copied();
    if let Some(address) = address.filter(|_| has_token && known.is_none()) {
        limiter.stranger(address);
    }
    let Some(admitted) = known.or(by_address) else {
        return response;
    };
    if admitted.refused.is_some() {
        return refusal(&limiter, &admitted, page);
    }
    limiter.hand_over(&admitted, results(&response, is_read));
    // What anybody may read is kept by caches, for others.
    if matches!(admitted.who, Who::Principal(_)) {
        tell(&limiter, &admitted, response.headers_mut());
    }
    response
}

/// Counts the request of a caller, where its budgets allow it.
///
/// # Errors
/// 429.
pub(crate) async fn admit(
    parts: &Parts,
    platform: &Platform,
    caller: &Caller,
) -> Result<(), Problem> {
    let (Some(limiter), Caller::Partner(principal)) = (&platform.limiter, caller) else {
        return Ok(());
    };
    let Some(asked) = parts.extensions.get::<Asked>() else {
        return Ok(());
    };
    let admitted = match asked.0.get() {
        Some(admitted) => *admitted,
        None => {
            let admitted = limiter.admit(principal, reads(parts)).await;
            *asked.0.get_or_init(|| admitted)
        }
    };
    admitted
        .refused
        .map_or(Ok(()), |policy| Err(too_many(limiter, &admitted, policy)))
}

fn is_read(parts: &Parts) -> bool {
    matches!(parts.method, Method::GET | Method::HEAD)
}

/// Whether a request comes for results: a look-up by the list in its body does too.
fn reads(parts: &Parts) -> bool {
    is_read(parts) || parts.uri.path() == "/v1/dppsByProductIds"
}

fn results(response: &Response, is_read: bool) -> u64 {
    let counted = response.extensions().get::<Results>();
    let results = counted.map_or(
        usize::from(is_read && response.status().is_success()),
        |Results(results)| *results,
    );
    u64::try_from(results).unwrap_or(u64::MAX)
}

impl Policy {
    const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Results => "results",
        }
    }
}

/// Budget, window and what is left of it, in seconds.
fn of(limiter: &Limiter, admitted: &Admitted, policy: Policy) -> (u64, i64, i64) {
    let (limits, now) = (limiter.limits(), limiter.now());
    let windows = Windows::at(now, limits);
    let (quota, seconds, since) = match policy {
        Policy::Requests => (
            admitted.budgets.requests,
            limits.request_seconds,
            windows.requests,
        ),
        Policy::Results => (
            admitted.budgets.results,
            limits.result_seconds,
            windows.results,
        ),
    };
    let milliseconds = (since + seconds) * 1000 - now;
    (quota, seconds, (milliseconds + 999).div_euclid(1000))
}

fn too_many(limiter: &Limiter, admitted: &Admitted, policy: Policy) -> Problem {
    let (quota, window, left) = of(limiter, admitted, policy);
    let whose = match admitted.who {
        Who::Principal(_) => "this client of your organisation",
        Who::Address(_) => "one address without a token",
    };
    Problem::too_many(format!(
        "{whose} has {quota} {} in {window} seconds: send the same again in {left} seconds; nothing was done",
        policy.name()
    ))
}

/// The answer to who asked for too much.
fn refusal(
    limiter: &Limiter,
    admitted: &Admitted,
    page: Option<(RefusedPage, Language)>,
) -> Response {
    let policy = admitted.refused.unwrap_or(Policy::Requests);
    let mut response = match page {
        Some((page, language)) => page(language),
        None => too_many(limiter, admitted, policy).into_response(),
    };
    let headers = response.headers_mut();
    let (_, _, left) = of(limiter, admitted, policy);
    headers.insert(RETRY_AFTER, HeaderValue::from(left));
    tell(limiter, admitted, headers);
    response
}

/// Budgets, and what is left of them.
fn tell(limiter: &Limiter, admitted: &Admitted, headers: &mut HeaderMap) {
    let left = limiter.left(admitted);
    let both = [
        (Policy::Requests, left.requests),
        (Policy::Results, left.results),
    ];
    let both = both.map(|(policy, left)| {
        let (quota, window, seconds) = of(limiter, admitted, policy);
        let name = policy.name();
        (
            format!("\"{name}\";q={quota};w={window}"),
            format!("\"{name}\";r={left};t={seconds}"),
        )
    });
    let [(requests, requests_left), (results, results_left)] = both;
    for (name, value) in [
        (POLICY, format!("{requests}, {results}")),
        (LEFT, format!("{requests_left}, {results_left}")),
    ] {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
}
