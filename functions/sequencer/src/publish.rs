//! Tiles, bundles and the checkpoint of what was taken in.

use std::collections::VecDeque;
use std::str::FromStr;

use futures_util::future::try_join_all;
use ledger::{
    Appended, Checkpoint, Frontier, Level, Note, NoteSignature, Tiles, append, right_edge,
};
use storage::{Log, LogBatch, LogHead, LogNote, Served};

use crate::{Failure, Sequencer};

/// Most batches that one checkpoint takes over the one before; what is more comes next.
const BATCHES: usize = 16;
/// Files written at once.
const AT_ONCE: usize = 16;

impl Sequencer {
    /// Serves a checkpoint of what was taken in; how many entries more than the one before.
    pub(crate) async fn publish(&self, log: Log, head: &LogHead) -> Result<u64, Failure> {
        let served = self.store.served(log, LogNote::Checkpoint).await?;
        let before = match &served {
            Some(served) => self.opened(log, &served.text).await?,
            None => self.checkpoint(log, &Frontier::default())?,
        };
        let (from, size) = (before.size(), head.frontier.size());
        if from == size {
            same_root(log, &before, &head.frontier)?;
            self.cosign_served(log, served.as_ref(), size).await?;
            return Ok(0);
        }
        if from > size {
            return self.not_put_back(log, from).await.map(|()| 0);
        }
        let appended = self.integrate(log, &before, head).await?;
        let after = &appended.after;
        if after.size() == size {
            same_root(log, &self.checkpoint(log, after)?, &head.frontier)?;
        }
        self.none_larger(log, after.size()).await?;
        self.write(log, &appended.written).await?;
        self.introduce_key(log).await?;
        let note = self.signed(log, after).await?;
        let note = self.cosigned(log, from, note).await?.to_string();
        let archived = self.store.archive_checkpoint(log, after.size(), note);
        // One of this size that was kept before somebody ended is as good, if it says the same.
        let note = archived.await?;
        same_root(log, &self.opened(log, &note).await?, after)?;
        let (name, over) = (LogNote::Checkpoint, served.as_ref());
        match self.store.serve(log, name, note, over).await? {
            true => Ok(after.size() - from),
            // Somebody else served one meanwhile.
            false => Ok(0),
        }
    }

    /// The tree after the next batches, and the files that are new in it.
    async fn integrate(
        &self,
        log: Log,
        before: &Checkpoint,
        head: &LogHead,
    ) -> Result<Appended, Failure> {
        let tiles = self.store.log_tiles(log, right_edge(before.size())).await?;
        let mut leaves = Vec::new();
        for batch in self.batches(log, before.size(), head.batch).await? {
            let known = before.size().saturating_sub(batch.start);
            let known = usize::try_from(known).unwrap_or(usize::MAX);
            let new = batch.entries.get(known..).unwrap_or_default();
            let (new, erasures) = self.store.leaves(new).await?;
            for erasure in &erasures {
                self.store.archive_erasure(erasure).await?;
            }
            leaves.extend(new);
        }
        let appended = append(before.size(), &tiles, &leaves)?;
        same_root(log, before, &appended.before)?;
        Ok(appended)
    }

    /// Has the witnesses that were missed cosign what is served.
    async fn cosign_served(
        &self,
        log: Log,
        served: Option<&Served>,
        size: u64,
    ) -> Result<(), Failure> {
        let Some(served) = served else {
            return Ok(());
        };
        let note = Note::from_str(&served.text)?;
        let cosigned = self.cosigned(log, size, note.clone()).await?;
        if cosigned != note {
            let (name, text) = (LogNote::Checkpoint, cosigned.to_string());
            // Where somebody else served another meanwhile, that one is asked for next.
            self.store.serve(log, name, text, Some(served)).await?;
        }
        Ok(())
    }

    /// The first batches, in order, that hold entries from the index `from` on.
    async fn batches(&self, log: Log, from: u64, last: u64) -> Result<VecDeque<LogBatch>, Failure> {
        let mut batches = VecDeque::new();
        for number in (1..=last).rev() {
            let batch = self.batch(log, number).await?;
            let is_first = batch.start <= from;
            batches.push_front(batch);
            batches.truncate(BATCHES);
            if is_first {
                break;
            }
        }
        Ok(batches)
    }

    async fn write(&self, log: Log, files: &Tiles) -> Result<(), Failure> {
        let files: Vec<_> = files.iter().collect();
        // Entries before hashes, and these from the leaves up: whoever sees a hash can ask what it is of.
        let (bundles, hashes): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|(tile, _)| tile.level() == Level::Entries);
        for files in [bundles, hashes] {
            for some in files.chunks(AT_ONCE) {
                let writes = some.iter().map(async |(tile, bytes)| {
                    let (path, full) = (tile.to_string(), tile.is_full());
                    self.store.write_log_file(log, &path, bytes, full).await
                });
                try_join_all(writes).await?;
            }
        }
        Ok(())
    }

    async fn signed(&self, log: Log, tree: &Frontier) -> Result<Note, Failure> {
        let key = self.verifier_key(log)?;
        let note = Note::new(self.checkpoint(log, tree)?.to_string())?;
        let signature = self.key.sign(note.text().as_bytes()).await?;
        let signature = <[u8; 64]>::try_from(signature.as_slice()).map_err(|_| Failure::Fault {
            log,
            expected: "a signature of 64 bytes".to_owned(),
            found: format!("the key gave {}", signature.len()),
        })?;
        let note = note.with_signature(NoteSignature::ed25519(&key, &signature));
        // What does not verify here verifies nowhere.
        Checkpoint::open(&note, &key)?;
        Ok(note)
    }

    fn checkpoint(&self, log: Log, tree: &Frontier) -> Result<Checkpoint, Failure> {
        let origin = self.site.log_origin(log);
        Checkpoint::new(&origin, tree.size(), tree.root()).ok_or(Failure::Fault {
            log,
            expected: "an origin that can name a key".to_owned(),
            found: format!("`{origin}`"),
        })
    }
}

/// A tree is that of a checkpoint, or nothing is signed that follows from it.
fn same_root(log: Log, checkpoint: &Checkpoint, tree: &Frontier) -> Result<(), Failure> {
    if *checkpoint.root() == tree.root() {
        return Ok(());
    }
    let size = tree.size();
    Err(Failure::Fault {
        log,
        expected: format!("the root {} at {size} entries", checkpoint.root()),
        found: format!("{} is what its record gives", tree.root()),
    })
}
