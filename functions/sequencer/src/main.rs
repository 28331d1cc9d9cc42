//! The Lambda function `sequencer`: the stream of pending rows rings, and every minute it looks by itself. It also hears of whoever
//! changes the ledger.

use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use sequencer::{Sequencer, tampered};
use serde_json::{Value, json};
use storage::Log;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::log_as_json();
    let sequencer = Sequencer::from_env().await?;
    run(service_fn(|event: LambdaEvent<Value>| {
        for item in tampered(&event.payload) {
            tracing::error!(item, "the ledger was changed");
        }
        sequenced(&sequencer)
    }))
    .await
}

async fn sequenced(sequencer: &Sequencer) -> Result<Value, lambda_http::Error> {
    let mut sizes = serde_json::Map::new();
    let mut failures = Vec::new();
    for log in Log::ALL {
        match sequencer.run(log).await {
            Ok(round) => {
                tracing::info!(%log, round.taken, round.published, round.size, "sequenced");
                sizes.insert(log.name().to_owned(), json!(round.size));
            }
            Err(error) => {
                tracing::error!(%log, %error, "the log stands still");
                failures.push(format!("{log}: {error}"));
            }
        }
    }
    match failures.as_slice() {
        [] => Ok(sizes.into()),
        failures => Err(failures.join("; ").into()),
    }
}
