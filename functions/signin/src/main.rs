//! The Lambda function `signin`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let desk = signin::Desk::from_env().await?;
    web::run(signin::router(desk)).await
}
