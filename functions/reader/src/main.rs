//! The Lambda function `reader`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let platform = web::Platform::from_env().await?;
    web::run(reader::routes().split_for_parts().0.with_state(platform)).await
}
