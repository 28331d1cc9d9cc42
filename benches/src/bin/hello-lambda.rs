//! The smallest function: what the resolver's cold start is compared with.

use axum::Router;
use axum::routing::get;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::run(Router::new().fallback(get(|| async { "hello" }))).await
}
