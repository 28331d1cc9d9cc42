//! Taking everything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use ledger::{Sha256, Timestamp};
use storage::{Bucket, Log, LogNote, Store, Table};

use crate::Failure;
use crate::everything::{each_item, each_object};
use crate::folder::{FORMAT, Folder, Lines, Manifest, OBJECTS, ObjectLine, SECRETS, Secret};

/// How often it is begun anew where something changed meanwhile.
const ATTEMPTS: u32 = 5;
/// What it waits after the first attempt, twice that after the second, and so on: a log needs a moment to take in what changed.
const PAUSE: Duration = Duration::from_millis(500);

/// A backup that was taken.
#[derive(Debug, Clone)]
pub struct Backup {
    /// What it holds.
    pub manifest: Manifest,
    /// SHA-256 of its manifest: who notes it down elsewhere can tell any other.
    pub digest: Sha256,
}

/// What a backup takes along that is not in the store.
#[derive(Clone, Default)]
pub struct Beside {
    /// See [`Manifest::settings`].
    pub settings: BTreeMap<String, String>,
    /// Keys that no table holds; none where a key service keeps them.
    pub secrets: Vec<Secret>,
}

/// Takes everything that lasts: all tables, evidence, the archive and what is published, as it is stored, so that sealed values
/// stay sealed; and apart from it, in the folder `keys`, the wrapped keys that open them. Both folders have to be empty.
///
/// Nothing is stopped for it. Where something changed meanwhile it is begun anew, so that what is taken belongs together.
///
/// # Errors
/// [`Failure`]; what was written until then is no backup, since its manifest comes last.
pub async fn backup(
    store: &Store,
    beside: &Beside,
    to: &Path,
    keys: &Path,
    now: Timestamp,
) -> Result<Backup, Failure> {
    let (folder, keys) = (Folder::new(to)?, Folder::new(keys)?);
    let attempt = async || {
        let before = State::of(store, |_| true).await?;
        let logs = Logs::of(store).await?;
        let mut taken = Vec::new();
        for table in Table::ALL {
            if table != Table::Keys {
                taken.push(take_table(store, &folder, table).await?);
            }
        }
        let wrapped = take_table(store, &keys, Table::Keys).await?;
        let secrets = write_secrets(&keys, &beside.secrets)?;
        taken.push(take_objects(store, &folder).await?);
        let same = State::of(store, |_| true).await? == before && Logs::of(store).await? == logs;
        Ok(match same {
            true => Attempt::Taken((logs.sizes, taken, wrapped, secrets)),
            false => Attempt::Disturbed,
        })
    };
    let (logs, files, wrapped, secrets) = attempts([&folder, &keys], attempt).await?;
    let manifest = |files| Manifest {
        format: FORMAT.to_owned(),
        taken_at: now,
        organisation: None,
        settings: beside.settings.clone(),
        logs: logs.clone(),
        files,
    };
    keys.seal(&manifest([wrapped, secrets].into()))?;
    let manifest = manifest(files.into_iter().collect());
    let digest = folder.seal(&manifest)?;
    Ok(Backup { manifest, digest })
}

/// What came of an attempt.
pub(crate) enum Attempt<T> {
    /// It was taken, and nothing of it changed meanwhile.
    Taken(T),
    /// Something changed.
    Disturbed,
    /// Something is in no log yet.
    NotLogged,
}

/// Takes something anew until nothing changes meanwhile. Where it was not taken nothing of it is left in the folders.
pub(crate) async fn attempts<T>(
    folders: [&Folder; 2],
    mut attempt: impl AsyncFnMut() -> Result<Attempt<T>, Failure>,
) -> Result<T, Failure> {
    let mut failure = Failure::Unquiet;
    for number in 1..=ATTEMPTS {
        failure = match attempt().await {
            Ok(Attempt::Taken(taken)) => return Ok(taken),
            Ok(Attempt::Disturbed) => Failure::Unquiet,
            Ok(Attempt::NotLogged) => Failure::NotLogged,
            Err(error) => {
                clear(folders)?;
                return Err(error);
            }
        };
        clear(folders)?;
        if number < ATTEMPTS {
            tokio::time::sleep(PAUSE * number).await;
        }
    }
    Err(failure)
}

fn clear(folders: [&Folder; 2]) -> Result<(), Failure> {
    folders.into_iter().try_for_each(Folder::clear)
}

pub(crate) fn table_file(table: Table) -> String {
    format!("tables/{}.jsonl", table.suffix())
}

/// Where everything stands that is changed together.
#[derive(PartialEq)]
pub(crate) struct State {
    /// Every subject's newest event.
    pub(crate) heads: BTreeMap<String, u64>,
    /// Events, restricted reads among them.
    events: u64,
    /// What no log has let go of yet: a batch is written down before.
    pub(crate) pending: BTreeSet<(String, String)>,
}

impl State {
    /// Of these chains.
    pub(crate) async fn of(store: &Store, is_of: impl Fn(&str) -> bool) -> Result<Self, Failure> {
        let mut state = Self {
            heads: BTreeMap::new(),
            events: 0,
            pending: BTreeSet::new(),
        };
        each_item(store, Table::Records, |item| {
            if let ((subject, "0#HEAD"), Some(seq)) = (item.place(), item.number("seq"))
                && is_of(subject)
            {
                state.heads.insert(subject.to_owned(), seq);
            }
            Ok(())
        })
        .await?;
        each_item(store, Table::Ledger, |item| {
            state.events += u64::from(is_of(item.place().0));
            Ok(())
        })
        .await?;
        each_item(store, Table::Log, |item| {
            let (pk, sk) = item.place();
            if pk.starts_with("PENDING#") && item.text("subject").is_some_and(&is_of) {
                state.pending.insert((pk.to_owned(), sk.to_owned()));
            }
            Ok(())
        })
        .await?;
        Ok(state)
    }
}

/// Where the logs stand.
#[derive(PartialEq)]
struct Logs {
    /// Entries of each.
    sizes: BTreeMap<String, u64>,
    /// What each serves.
    served: Vec<Option<String>>,
}

impl Logs {
    async fn of(store: &Store) -> Result<Self, Failure> {
        let (mut sizes, mut served) = (BTreeMap::new(), Vec::new());
        for log in Log::ALL {
            let head = store.log_head(log).await?;
            sizes.insert(log.to_string(), head.frontier.size());
            let note = store.served(log, LogNote::Checkpoint).await?;
            served.push(note.map(|it| it.text));
        }
        Ok(Self { sizes, served })
    }
}

/// A file of lines, with its name.
pub(crate) type Taken = (String, Lines);

async fn take_table(store: &Store, folder: &Folder, table: Table) -> Result<Taken, Failure> {
    let mut lines = folder.writer(&table_file(table))?;
    each_item(store, table, |item| lines.line(&item)).await?;
    lines.done()
}

pub(crate) fn write_secrets(keys: &Folder, secrets: &[Secret]) -> Result<Taken, Failure> {
    let mut lines = keys.writer(SECRETS)?;
    for secret in secrets {
        lines.line(secret)?;
    }
    lines.done()
}

async fn take_objects(store: &Store, folder: &Folder) -> Result<Taken, Failure> {
    let mut lines = folder.writer(OBJECTS)?;
    for bucket in Bucket::ALL {
        each_object(store, bucket, "", |name, object| {
            lines.line(&ObjectLine {
                bucket,
                name: name.to_owned(),
                headers: object.headers,
                sha256: folder.keep(&object.bytes)?,
            })
        })
        .await?;
    }
    lines.done()
}
