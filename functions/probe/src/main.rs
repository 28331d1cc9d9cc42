//! The Lambda function `probe`: on a schedule, and as what a release has to pass before it takes traffic (CodeDeploy).

use aws_config::BehaviorVersion;
use aws_sdk_codedeploy::types::LifecycleEventStatus;
use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use probe::{Batteries, Door, Probe, Probed, Tokens};
use serde::Deserialize;
use serde_json::{Value, json};
use storage::SigningKey;

/// What CodeDeploy asks of a function before traffic is shifted.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Release {
    deployment_id: String,
    lifecycle_event_hook_execution_id: String,
}

struct Function {
    door: Door,
    tokens: Tokens,
    /// None where nothing was made to check the platform with.
    batteries: Option<Batteries>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::log_as_json();
    let batteries = web::env("PROBE_BATTERIES")?;
    let function = Function {
        door: door().await?,
        tokens: Tokens::new(SigningKey::from_env("PROBE_KEY").await?),
        batteries: match batteries.as_str() {
            "" => None,
            batteries => Some(serde_json::from_str(batteries)?),
        },
    };
    run(service_fn(|event: LambdaEvent<Value>| {
        handled(&function, event.payload)
    }))
    .await
}

/// The front door, or the very versions that are about to take traffic.
async fn door() -> Result<Door, lambda_http::Error> {
    if let Ok(address) = std::env::var("PROBE_ADDRESS") {
        return Ok(Door::http(&address)?);
    }
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    Ok(Door::Functions {
        client: aws_sdk_lambda::Client::new(&config),
        reader: web::env("READER_VERSION")?,
        updater: web::env("UPDATER_VERSION")?,
    })
}

async fn handled(function: &Function, event: Value) -> Result<Value, lambda_http::Error> {
    match (serde_json::from_value::<Release>(event), function.probe()) {
        (Ok(release), probe) => released(probe, release).await,
        (Err(_), Some(probe)) => Ok(told(&probe.reads().await?)),
        (Err(_), None) => Ok(nothing_made()),
    }
}

impl Function {
    fn probe(&self) -> Option<Probe<'_>> {
        let (door, tokens) = (&self.door, &self.tokens);
        self.batteries.as_ref().map(|batteries| Probe {
            door,
            tokens,
            batteries,
        })
    }
}

/// Tells CodeDeploy whether the release may take traffic. What could not be found out is a no.
async fn released(probe: Option<Probe<'_>>, release: Release) -> Result<Value, lambda_http::Error> {
    let found = match probe {
        None => Ok(nothing_made()),
        Some(probe) => probe.reads_and_writes().await.map(|probed| told(&probed)),
    };
    let passed = match &found {
        Ok(found) => found["findings"] == 0,
        Err(error) => {
            tracing::error!(%error, "the release could not be checked");
            false
        }
    };
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let status = match passed {
        true => LifecycleEventStatus::Succeeded,
        false => LifecycleEventStatus::Failed,
    };
    aws_sdk_codedeploy::Client::new(&config)
        .put_lifecycle_event_hook_execution_status()
        .deployment_id(release.deployment_id)
        .lifecycle_event_hook_execution_id(release.lifecycle_event_hook_execution_id)
        .status(status)
        .send()
        .await?;
    Ok(found?)
}

fn nothing_made() -> Value {
    tracing::warn!("nothing was made to check access with: `passport access probe`");
    json!({"requests": 0, "findings": 0})
}

fn told(probed: &Probed) -> Value {
    for finding in &probed.findings {
        tracing::error!(%finding, "access fault");
    }
    let (requests, findings) = (probed.requests, probed.findings.len());
    // Where this line stays away, nobody looks (`template.yaml`).
    tracing::info!(requests, findings, "access probed");
    json!({"requests": requests, "findings": findings})
}
