//! Takes events into the Merkle logs, writes their tiles and signs their checkpoints (ledger.md §1.3).
//!
//! A round, in this order, which was model-checked (`shared/ledger/tests/sequencer_model.rs`): (a) where the log stands is read; (b) the
//! last batch is finished: which entry each event became is written, its pending row goes; (c) what is pending is read, strongly
//! consistent; (d) only events whose predecessor is in the log, or before them in this batch, are taken, each with the hash it
//! was written with; (e) head and batch are written in one transaction, on the condition that nobody moved the head: this alone
//! decides the order; (f) bundles and tiles are written once, (g) then the checkpoint is signed, cosigned by whoever witnesses, kept and served.
//!
//! Any number may run at once, and any of them may end anywhere: whoever comes next goes on from what stands in the table.

mod doorbell;
mod keys;
mod publish;
mod take;
mod witnesses;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ledger::{
    CheckpointError, KeyError, NoteError, ProofError, SignatureType, TileError, VerifierKey,
};
use storage::{Log, SigningKey, Store, StoreError};
use web::Site;

pub use doorbell::tampered;
pub use witnesses::Witnesses;

/// Takes events into the logs. Cheap to clone.
#[derive(Clone)]
pub struct Sequencer {
    store: Store,
    site: Arc<Site>,
    key: Arc<SigningKey>,
    witnesses: Witnesses,
    /// The last batch of each log that this process saw finished: it need not be finished again.
    finished: Arc<Mutex<HashMap<Log, u64>>>,
}

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Events taken in.
    pub taken: u64,
    /// Entries that a new checkpoint covers and the one before did not.
    pub published: u64,
    /// The size of the log.
    pub size: u64,
}

/// Why a round was not made. Nothing is lost: what is pending stays so.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Tables, buckets or the key.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A tile that is missing or is not what its name says.
    #[error("log fault: {0}")]
    Tile(#[from] TileError),
    /// A note that is none, or was not signed by any key of this log.
    #[error("log fault: {0}")]
    Note(#[from] NoteError),
    /// The served checkpoint is none, or not this log's.
    #[error("log fault: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The log's name or key cannot stand in a note.
    #[error("log fault: {0}")]
    Key(#[from] KeyError),
    /// There is no such proof.
    #[error("log fault: {0}")]
    Proof(#[from] ProofError),
    /// A witness cosigned another history: somebody else signs with the log's key, or its record was changed.
    #[error(
        "log fault: a fork: the witness `{witness}` cosigned another history of `{log}` than that of {size} entries: nothing is served"
    )]
    Fork {
        /// Which log.
        log: Log,
        /// Who knows another history.
        witness: String,
        /// Entries of the checkpoint that it was asked to cosign.
        size: u64,
    },
    /// What stands in the table is not what was signed before: it was put back, or changed.
    #[error("log fault: the log `{log}` has {expected}, but {found}: nothing is signed")]
    Fault {
        /// Which log.
        log: Log,
        /// What was expected, and where.
        expected: String,
        /// What was found.
        found: String,
    },
}

impl Sequencer {
    /// A sequencer over a store, without witnesses.
    #[must_use]
    pub fn new(store: Store, site: Arc<Site>, key: Arc<SigningKey>) -> Self {
        Self {
            store,
            site,
            key,
            witnesses: Witnesses::default(),
            finished: Arc::default(),
        }
    }

    /// The same, whose checkpoints these witnesses are asked to cosign.
    #[must_use]
    pub fn with_witnesses(self, witnesses: Witnesses) -> Self {
        Self { witnesses, ..self }
    }

    /// As the environment of a Lambda function describes it: the store's variables, `CARRIER_ORIGIN`, `LOG_KEY_ID` and `WITNESSES`
    /// ([`Witnesses::from_env`]).
    ///
    /// # Errors
    /// A sentence naming what is missing or wrong.
    pub async fn from_env() -> Result<Self, String> {
        let site = Site::from_env()?;
        let sentence = |error: StoreError| error.to_string();
        let store = Store::from_env().await.map_err(sentence)?;
        let key = SigningKey::from_env("LOG_KEY").await.map_err(sentence)?;
        let sequencer = Self::new(store, Arc::new(site), Arc::new(key));
        Ok(sequencer.with_witnesses(Witnesses::from_env()?))
    }

    /// The key that a log's checkpoints verify with: `<origin>+<key id>+<base64>` (C2SP signed-note).
    ///
    /// # Errors
    /// [`Failure::Key`] where the origin cannot name a key.
    pub fn verifier_key(&self, log: Log) -> Result<VerifierKey, Failure> {
        let origin = self.site.log_origin(log);
        let key = VerifierKey::new(&origin, SignatureType::Ed25519, self.key.public())?;
        Ok(key)
    }

    /// Rounds until nothing is pending that can be taken.
    ///
    /// # Errors
    /// [`Failure`] of the round that was not made.
    pub async fn run(&self, log: Log) -> Result<Round, Failure> {
        let mut all = Round::default();
        loop {
            let round = self.round(log).await?;
            all.taken += round.taken;
            all.published += round.published;
            all.size = round.size;
            if round.taken == 0 && round.published == 0 {
                return Ok(all);
            }
        }
    }

    /// One round.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn round(&self, log: Log) -> Result<Round, Failure> {
        let head = self.store.log_head(log).await?;
        self.finish(log, head.batch).await?;
        let taken = self.take(log, &head).await?;
        let head = match taken {
            0 => head,
            _ => {
                let moved = self.store.log_head(log).await?;
                self.finish(log, moved.batch).await?;
                moved
            }
        };
        let published = self.publish(log, &head).await?;
        Ok(Round {
            taken,
            published,
            size: head.frontier.size(),
        })
    }

    /// Finishes a batch, unless this process did before.
    async fn finish(&self, log: Log, number: u64) -> Result<(), Failure> {
        if number == 0 || self.is_finished(log, number) {
            return Ok(());
        }
        let batch = self.batch(log, number).await?;
        self.store.finish_batch(log, &batch).await?;
        let mut finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        finished.insert(log, number);
        Ok(())
    }

    fn is_finished(&self, log: Log, number: u64) -> bool {
        let finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        finished.get(&log) == Some(&number)
    }

    /// So many entries were signed. A head with fewer was put back, by a restore or by somebody's hand; one that was read before
    /// somebody else moved it was not.
    async fn not_put_back(&self, log: Log, signed: u64) -> Result<(), Failure> {
        let size = self.store.log_head(log).await?.frontier.size();
        if signed <= size {
            return Ok(());
        }
        Err(Failure::Fault {
            log,
            expected: format!("{signed} entries in a checkpoint that was signed"),
            found: format!("its head has {size}"),
        })
    }

    /// No larger log was signed, unless the head is that large by now.
    async fn none_larger(&self, log: Log, size: u64) -> Result<(), Failure> {
        match self.store.larger_checkpoint(log, size).await? {
            Some(signed) => self.not_put_back(log, signed).await,
            None => Ok(()),
        }
    }

    async fn batch(&self, log: Log, number: u64) -> Result<storage::LogBatch, Failure> {
        let batch = self.store.log_batch(log, number).await?;
        batch.ok_or_else(|| Failure::Fault {
            log,
            expected: format!("a batch {number}"),
            found: "there is none".to_owned(),
        })
    }
}
