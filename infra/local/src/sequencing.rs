//! What `sequencer` does on AWS. The first round makes up for whatever an earlier run left.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use identity::Host;
use sequencer::Sequencer;
use storage::{Log, SigningKey, Store};
use tokio::task::JoinHandle;
use web::Site;

use crate::platform::Failure;

/// How soon a change is in the log: here nothing rings, so it is looked for.
const INTERVAL: Duration = Duration::from_secs(1);
/// How soon what failed is tried again.
const PATIENCE: Duration = Duration::from_secs(10);

/// The file that stands in for the KMS key that signs checkpoints: `LOG_KEY_FILE`, or one in the data folder.
#[must_use]
pub fn log_key(data: &Path) -> PathBuf {
    std::env::var_os("LOG_KEY_FILE").map_or_else(|| data.join("log-key"), PathBuf::from)
}

/// The host in the names of the logs: `LOG_HOST`, or the one that a data folder began with.
pub(crate) fn log_host(data: &Path, host: &Host) -> Result<Host, Failure> {
    if let Ok(named) = std::env::var("LOG_HOST") {
        return Ok(Host::parse(&named)?);
    }
    let file = data.join("log-host");
    match std::fs::read_to_string(&file) {
        Ok(first) => Ok(Host::parse(first.trim())?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            std::fs::write(&file, host.to_string())?;
            Ok(host.clone())
        }
        Err(error) => Err(error.into()),
    }
}

/// The sequencer over a store, with the key of a data folder.
///
/// # Errors
/// [`Failure`] where the key file cannot be read or made.
pub fn sequencer(store: &Store, site: Site, data: &Path) -> Result<Sequencer, Failure> {
    let key = SigningKey::file(&log_key(data))?;
    Ok(Sequencer::new(store.clone(), Arc::new(site), Arc::new(key)))
}

/// A sequencer at work; it stops with this.
#[derive(Debug)]
pub(crate) struct Sequencing(JoinHandle<()>);

impl Sequencing {
    pub(crate) fn start(sequencer: Sequencer) -> Self {
        Self(tokio::spawn(sequence(sequencer)))
    }

    pub(crate) fn stop(&self) {
        self.0.abort();
    }
}

impl Drop for Sequencing {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn sequence(sequencer: Sequencer) {
    loop {
        let mut pause = INTERVAL;
        for log in Log::ALL {
            if let Err(error) = sequencer.run(log).await {
                tracing::error!(%log, %error, "the log stands still");
                pause = PATIENCE;
            }
        }
        tokio::time::sleep(pause).await;
    }
}
