//! The Lambda function `auditor`: on a schedule.

use auditor::Auditor;
use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::log_as_json();
    let auditor = Auditor::from_env().await?;
    run(service_fn(|_: LambdaEvent<Value>| audited(&auditor))).await
}

async fn audited(auditor: &Auditor) -> Result<Value, lambda_http::Error> {
    let audit = auditor.audit(web::now()).await?;
    let findings = audit.findings.len();
    tracing::info!(audit.subjects, audit.events, findings, "audited");
    match findings {
        0 => Ok(json!({
            "subjects": audit.subjects, "events": audit.events, "versions": audit.versions, "evidence": audit.evidence,
            "entries": audit.entries, "pending": audit.pending,
        })),
        findings => Err(format!("{findings} findings, what is not as it was written").into()),
    }
}
