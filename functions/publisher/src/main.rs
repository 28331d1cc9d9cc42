//! The Lambda function `publisher`: hears the ledger's stream, and sweeps every minute.

mod cloudfront;

use std::time::{Duration, Instant};

use lambda_http::lambda_runtime::{Context, LambdaEvent, run, service_fn};
use publisher::{Publisher, StreamEvent};
use serde_json::{Value, json};

/// What a sweep leaves of its time, for what it is at.
const REST: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::log_as_json();
    let publisher = Publisher::from_env(cloudfront::invalidation().await).await?;
    run(service_fn(|event: LambdaEvent<Value>| {
        answer(&publisher, event)
    }))
    .await
}

async fn answer(
    publisher: &Publisher,
    LambdaEvent { payload, context }: LambdaEvent<Value>,
) -> Result<Value, lambda_http::Error> {
    if payload.get("Records").is_some() {
        let event: StreamEvent = serde_json::from_value(payload)?;
        return Ok(json!(publisher.heard(&event).await));
    }
    let swept = publisher.sweep(until(&context)).await?;
    tracing::info!(swept.done, swept.failed, "swept");
    match swept.failed {
        0 => Ok(json!({"done": swept.done})),
        failed => Err(format!("{failed} pieces of work could not be done").into()),
    }
}

fn until(context: &Context) -> Instant {
    let now = u64::try_from(web::now().as_millisecond()).unwrap_or_default();
    let left = Duration::from_millis(context.deadline.saturating_sub(now));
    Instant::now() + left.saturating_sub(REST)
}
