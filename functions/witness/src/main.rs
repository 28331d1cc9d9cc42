//! The Lambda function `witness`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let witness = witness::Witness::from_env().await?;
    web::run(witness::router(witness)).await
}
