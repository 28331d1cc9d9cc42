//! The keys that checkpoints verify with: the present one, and those before it.

use std::str::FromStr;

use ledger::{Checkpoint, CheckpointError, Note, VerifierKey};
use storage::{Log, LogNote};

use crate::{Failure, Sequencer};

/// How often a list is written anew that others write at the same time.
const ATTEMPTS: u32 = 5;

impl Sequencer {
    /// A served checkpoint, signed by one of the log's keys.
    pub(crate) async fn opened(&self, log: Log, text: &str) -> Result<Checkpoint, Failure> {
        let note = Note::from_str(text)?;
        let present = self.verifier_key(log)?;
        match Checkpoint::open(&note, &present) {
            // From before the key was changed.
            Err(CheckpointError::NotSigned(_)) => {}
            opened => return Ok(opened?),
        }
        for key in self.keys(log).await? {
            match Checkpoint::open(&note, &key) {
                Err(CheckpointError::NotSigned(_)) => {}
                opened => return Ok(opened?),
            }
        }
        Err(CheckpointError::NotSigned(present.to_string()).into())
    }

    async fn keys(&self, log: Log) -> Result<Vec<VerifierKey>, Failure> {
        let served = self.store.served(log, LogNote::Keys).await?;
        let text = served.map(|served| served.text).unwrap_or_default();
        let keys = text.lines().map(VerifierKey::from_str);
        Ok(keys.collect::<Result<_, _>>()?)
    }

    /// Has the present key stand first in the list, before anything is signed with it.
    pub(crate) async fn introduce_key(&self, log: Log) -> Result<(), Failure> {
        let present = self.verifier_key(log)?.to_string();
        for _ in 0..ATTEMPTS {
            let served = self.store.served(log, LogNote::Keys).await?;
            let before = served.as_ref().map_or("", |served| served.text.as_str());
            if before.lines().next() == Some(&present) {
                return Ok(());
            }
            let others = before.lines().filter(|line| *line != present);
            let lines = [present.as_str()].into_iter().chain(others);
            let text = lines.map(|line| format!("{line}\n")).collect();
            let written = self.store.serve(log, LogNote::Keys, text, served.as_ref());
            if written.await? {
                return Ok(());
            }
        }
        Err(Failure::Fault {
            log,
            expected: "a list of keys with the present one".to_owned(),
            found: "others write it all the time".to_owned(),
        })
    }
}
