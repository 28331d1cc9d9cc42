//! The Lambda function `reader`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let platform = web::Platform::from_env().await?;
    let sign_in = web::SignIn::from_env(platform.keyring.issuers()).await?;
    let platform = platform.with_sign_in(sign_in);
    let (routes, _) = reader::routes().split_for_parts();
    web::run(web::partners(routes, platform, Some(page::too_many))).await
}
