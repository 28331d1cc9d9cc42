//! The Lambda function `allocator`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let platform = web::Platform::from_env().await?;
    web::run(allocator::routes().split_for_parts().0.with_state(platform)).await
}
