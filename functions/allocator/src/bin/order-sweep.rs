//! The Lambda function `order-sweep`, run every minute: goes on with orders whose request was cut off.

use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use serde::de::IgnoredAny;
use serde_json::json;
use storage::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::log_as_json();
    let store = Store::from_env().await?;
    run(service_fn(|_: LambdaEvent<IgnoredAny>| async {
        // Younger orders are still in the hands of the request that placed them.
        let until = web::now().minus(allocator::PATIENCE);
        let swept = allocator::sweep(&store, until).await?;
        tracing::info!(swept.finished, swept.failed, "orders swept");
        if swept.failed > 0 {
            return Err(format!("{} orders could not be completed", swept.failed).into());
        }
        Ok::<_, lambda_http::Error>(json!({"finished": swept.finished}))
    }))
    .await
}
