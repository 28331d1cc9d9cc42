//! The witness that stands in an account of its own on AWS: here behind a port of its own, with its own key and table.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use ledger::VerifierKey;
use sequencer::Witnesses;
use storage::{SigningKey, WitnessMemory};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use witness::Witness;

use crate::platform::Failure;

/// A witness that is up; it stops with this.
#[derive(Debug)]
pub struct Witnessing {
    /// What its cosignatures verify with.
    pub key: VerifierKey,
    /// Where it takes checkpoints: its submission prefix.
    pub url: String,
    server: JoinHandle<()>,
}

impl Witnessing {
    /// Starts one that knows these logs, with the key and the table of a data folder. Into it goes a policy for each
    /// log that trusts it and this witness, `policy` and `policy-access`, for `passport verify --policy`: a policy takes a key once (C2SP
    /// tlog-policy), and both logs have the same.
    pub(crate) async fn start(
        name: &str,
        logs: Vec<VerifierKey>,
        memory: WitnessMemory,
        data: &Path,
    ) -> Result<Self, Failure> {
        let key = SigningKey::file(&data.join("witness-key"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let origins: Vec<String> = logs.iter().map(|log| format!("log {log}\n")).collect();
        let witness = Witness::new(name, Arc::new(key), memory, logs)?;
        let key = witness.verifier_key().clone();
        let policy = format!("witness own {key} {url}\ngroup one 1 own\nquorum one\n");
        for (origin, file) in origins.iter().zip(["policy", "policy-access"]) {
            std::fs::write(data.join(file), format!("{origin}{policy}"))?;
        }
        let app = web::finished(witness::router(witness));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the witness ended");
            }
        });
        Ok(Self { key, url, server })
    }

    /// As `WITNESSES` would name it.
    #[must_use]
    pub fn named(&self) -> String {
        format!("{} {}", self.key, self.url)
    }

    /// Whom the sequencer asks: those of `WITNESSES` where it is set, or else this one.
    ///
    /// # Errors
    /// [`Failure`] where `WITNESSES` names none.
    pub fn witnesses(&self) -> Result<Witnesses, Failure> {
        let text = std::env::var("WITNESSES").unwrap_or_else(|_| self.named());
        text.parse().map_err(Failure::new)
    }
}

impl Drop for Witnessing {
    fn drop(&mut self) {
        self.server.abort();
    }
}
