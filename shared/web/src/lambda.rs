//! Starting a function.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::map_response;
use axum::response::Response;
use tracing_subscriber::EnvFilter;

use crate::Problem;

/// A variable of the environment.
///
/// # Errors
/// A sentence naming it.
pub fn env(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("`{name}` is not set"))
}

/// Logs JSON lines at the level of `RUST_LOG` (default `info`).
pub fn log_as_json() {
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
        )
        .with_current_span(false)
        .with_ansi(false)
        .init();
}

/// Serves a router behind the Lambda Runtime API.
///
/// # Errors
/// Where the Runtime API ends the function.
pub async fn run(router: Router) -> Result<(), lambda_http::Error> {
    log_as_json();
    lambda_http::run(finished(router)).await
}

/// A router with an answer for everything it has no route for; what says nothing of caching is kept by nobody.
pub fn finished(router: Router) -> Router {
    router
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_this_method)
        .layer(map_response(async |mut response: Response| {
            response
                .headers_mut()
                .entry(CACHE_CONTROL)
                .or_insert(HeaderValue::from_static("no-store"));
            response
        }))
}

async fn nothing_here() -> Problem {
    Problem::not_found("no such route: see /docs")
}

async fn not_this_method() -> Problem {
    Problem::method_not_allowed()
}
