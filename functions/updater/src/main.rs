//! The Lambda function `updater`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let platform = web::Platform::from_env().await?;
    web::run(updater::routes().split_for_parts().0.with_state(platform)).await
}
