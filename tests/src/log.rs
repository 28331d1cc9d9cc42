//! The Merkle logs of a stage: its sequencer, and everything that everybody may read of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use ledger::{Checkpoint, Level, Note, Policy, Tile, Tiles, VerifierKey, append, decode_entries};
use storage::Log;

use crate::Stage;

/// A log as a stranger has it.
#[derive(Debug)]
pub struct LogFiles {
    /// The newest checkpoint.
    pub checkpoint: Checkpoint,
    /// Its entries, in order.
    pub entries: Vec<Vec<u8>>,
    /// Every file by its path.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Stage {
    /// A sequencer of one's own.
    #[must_use]
    pub fn sequencer(&self) -> sequencer::Sequencer {
        self.sequencer_with(self.running.witness.witnesses().unwrap())
    }

    /// One that asks these witnesses.
    #[must_use]
    pub fn sequencer_with(&self, witnesses: sequencer::Witnesses) -> sequencer::Sequencer {
        let sequencer = local::sequencer(&self.running.store, self.site(), self.data());
        sequencer.unwrap().with_witnesses(witnesses)
    }

    /// One that signs with the key in another file, and asks nobody.
    #[must_use]
    pub fn sequencer_with_key(&self, file: &Path) -> sequencer::Sequencer {
        let key = storage::SigningKey::file(file).unwrap();
        let store = self.running.store.clone();
        sequencer::Sequencer::new(store, Arc::new(self.site()), Arc::new(key))
    }

    /// Takes everything that is pending into a log, in place of the platform's own sequencer.
    pub async fn sequenced(&self, log: Log) -> sequencer::Round {
        self.running.stop_sequencing();
        self.sequencer().run(log).await.unwrap()
    }

    /// The key that a log's checkpoints verify with, as it is served.
    pub async fn verifier_key(&self, log: Log) -> VerifierKey {
        let keys = self.log_file(log, "keys").await.unwrap();
        let keys = String::from_utf8(keys).unwrap();
        VerifierKey::from_str(keys.lines().next().unwrap()).unwrap()
    }

    /// A policy that trusts that key alone.
    pub async fn policy(&self, log: Log) -> Policy {
        let key = self.verifier_key(log).await;
        format!("log {key}\nquorum none\n").parse().unwrap()
    }

    /// A file of a log, over HTTP.
    pub async fn log_file(&self, log: Log, path: &str) -> Option<Vec<u8>> {
        let address = format!("{}/v1/{log}/{path}", self.origin);
        let answer = self.client.get(address).send().await.unwrap();
        match answer.status().as_u16() {
            200 => Some(answer.bytes().await.unwrap().to_vec()),
            404 => None,
            status => panic!("{status} for `{path}`"),
        }
    }

    /// A whole log over HTTP, every file of it checked against its checkpoint.
    pub async fn whole_log(&self, log: Log) -> LogFiles {
        let key = self.verifier_key(log).await;
        let note = self.log_file(log, "checkpoint").await.unwrap();
        let note = String::from_utf8(note).unwrap();
        let checkpoint = Checkpoint::open(&Note::from_str(&note).unwrap(), &key).unwrap();
        let mut files = BTreeMap::from([("checkpoint".to_owned(), note.into_bytes())]);
        let mut entries = Vec::new();
        for index in 0..checkpoint.size().div_ceil(256) {
            let bundle = Tile::new(Level::Entries, index, checkpoint.size()).unwrap();
            let bytes = self.log_file(log, &bundle.to_string()).await.unwrap();
            entries.extend(decode_entries(&bytes).unwrap().iter().map(|it| it.to_vec()));
            files.insert(bundle.to_string(), bytes);
        }
        let appended = append(0, &Tiles::new(), &entries).unwrap();
        assert_eq!(appended.after.root(), *checkpoint.root());
        for (tile, bytes) in appended.written {
            let served = self.log_file(log, &tile.to_string()).await;
            assert_eq!(served.as_ref(), Some(&bytes), "{tile}");
            files.insert(tile.to_string(), bytes);
        }
        LogFiles {
            checkpoint,
            entries,
            files,
        }
    }
}
