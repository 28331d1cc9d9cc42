//! The Lambda function `allocator`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let platform = web::Platform::from_env().await?;
    let (routes, _) = allocator::routes().split_for_parts();
    web::run(web::partners(routes, platform, None)).await
}
