//! The Lambda function `updater`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let platform = web::Platform::from_env().await?;
    let (routes, _) = updater::routes().split_for_parts();
    web::run(web::partners(routes, platform, None)).await
}
