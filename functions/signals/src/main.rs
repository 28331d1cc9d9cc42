//! The Lambda function `signals`: counts the scans of a CloudFront log as soon as it lies in its bucket, and on a schedule tells of days
//! that are over.

use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use storage::{Log, Store};
use web::Site;

/// What rang.
#[derive(Deserialize)]
#[serde(untagged)]
enum Event {
    /// `Object Created` of Amazon S3, as EventBridge has it.
    Created { detail: Detail },
    /// Its schedule.
    Scheduled(IgnoredAny),
}

#[derive(Deserialize)]
struct Detail {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::log_as_json();
    let store = Store::from_env().await?;
    let site = Site::from_env()?;
    run(service_fn(|event: LambdaEvent<Event>| {
        answered(&store, &site, event.payload)
    }))
    .await
}

async fn answered(store: &Store, site: &Site, event: Event) -> Result<Value, lambda_http::Error> {
    match event {
        Event::Created { detail } => counted(store, detail.object.key).await,
        Event::Scheduled(_) => {
            let log = site.log_origin(Log::Reads);
            let told = signals::tell_days(store, &log, web::now()).await?;
            tracing::info!(told.days, told.failed, "days told");
            Ok(json!({"days": told.days, "failed": told.failed}))
        }
    }
}

async fn counted(store: &Store, name: String) -> Result<Value, lambda_http::Error> {
    let now = web::now();
    let Some(bytes) = store.scan_log(&name).await? else {
        tracing::error!(name, "no scan log that can be read");
        return Ok(json!({"scans": 0}));
    };
    let log = signals::read(&bytes, passport::day_at(now.as_millisecond()))?;
    if log.unread > 0 {
        tracing::error!(name, log.unread, "lines of a scan log could not be read");
    }
    let counted = signals::count(store, &name, log.seen, now).await?;
    tracing::info!(
        counted.scans,
        counted.again,
        counted.alarms,
        "scans counted"
    );
    Ok(json!({"scans": counted.scans, "again": counted.again, "alarms": counted.alarms}))
}
