//! The Lambda function `resolver`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let resolver = resolver::Resolver::from_env().await?;
    web::run(resolver::router(resolver)).await
}
