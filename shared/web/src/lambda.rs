//! Starting a function.

use axum::Router;
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
    lambda_http::run(router.fallback(nothing_here)).await
}

async fn nothing_here() -> Problem {
    Problem::not_found("no such route: see /docs")
}
