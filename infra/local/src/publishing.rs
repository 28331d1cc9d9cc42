//! What `publisher` does on AWS. The first round makes up for whatever an earlier run left.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use publisher::{Invalidate, LANGUAGES, Publisher, languages};
use storage::{OperatorKeys, Store};
use tokio::task::JoinHandle;
use web::Site;

use crate::platform::Failure;

/// How soon a change is published: here nothing rings, so it is looked for.
const INTERVAL: Duration = Duration::from_secs(1);
/// How soon what failed is tried again.
const PATIENCE: Duration = Duration::from_secs(10);
/// There is no end to the time a round may take.
const ROUND: Duration = Duration::from_secs(3_600);

/// The publisher of this process, which has the tables to itself. The edge is told of what is written as it is written, which is
/// sooner (`listener::edge`); to tell it once more would have it ask again for what it has. What time alone changes is in front for a
/// minute at most.
pub(crate) fn publisher(store: &Store, site: Site, data: &Path) -> Result<Publisher, Failure> {
    let invalidate: Invalidate = Box::new(|_| Box::pin(async { Ok(()) }));
    let languages = languages(LANGUAGES).map_err(Failure::new)?;
    let keys = OperatorKeys::Folder(operator_keys(data));
    Ok(Publisher::new(store, Arc::new(site), languages, invalidate, keys).alone())
}

/// The folder with the keys that stand in for KMS's and sign for operators: a file each.
#[must_use]
pub fn operator_keys(data: &Path) -> PathBuf {
    data.join("operator-keys")
}

/// A publisher at work; it stops with this.
#[derive(Debug)]
pub(crate) struct Publishing(JoinHandle<()>);

impl Publishing {
    pub(crate) fn start(publisher: Publisher) -> Self {
        Self(tokio::spawn(publish(publisher)))
    }

    pub(crate) fn stop(&self) {
        self.0.abort();
    }
}

impl Drop for Publishing {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn publish(publisher: Publisher) {
    loop {
        let failed = match publisher.sweep(Instant::now() + ROUND).await {
            Ok(swept) => swept.failed > 0,
            Err(error) => {
                tracing::error!(%error, "it could not be listed what is to be published");
                true
            }
        };
        tokio::time::sleep(if failed { PATIENCE } else { INTERVAL }).await;
    }
}
