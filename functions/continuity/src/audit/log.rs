//! The logs, held against the ledger, and their files against themselves and the archive.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ledger::{Checkpoint, Frontier, Level, Note, Sha256, Tile, VerifierKey, decode_entries};
use storage::{Bucket, Log, LogFolder, Logged, Store, StoreError, Table};

use super::{Audit, Events, READS, finds};
use crate::Failure;
use crate::everything::{each_item, each_object};

/// What the logs' own bookkeeping says: which entry each event became, and what has still to be taken in.
#[derive(Default)]
pub(super) struct BookKept {
    pub(super) indexes: HashMap<(String, String), u64>,
    pub(super) pending: BTreeSet<(String, String)>,
    /// Those that are entries of another platform's logs.
    pub(super) former: HashMap<(String, String), Logged>,
}

impl BookKept {
    pub(super) async fn read(store: &Store) -> Result<Self, Failure> {
        let mut kept = Self::default();
        each_item(store, Table::Log, |item| {
            let (pk, sk) = item.place();
            if let (Some(chain), Some(index)) = (pk.strip_prefix("LEAF#"), item.number("index")) {
                let place = (chain.to_owned(), sk.to_owned());
                match item.text("former") {
                    None => {
                        kept.indexes.insert(place, index);
                    }
                    Some(host) => {
                        let folder = LogFolder::former(Log::of(chain), host);
                        kept.former.insert(place, Logged { folder, index });
                    }
                }
            } else if pk.starts_with("PENDING#") {
                let text = |name| item.text(name).unwrap_or_default().to_owned();
                kept.pending.insert((text("subject"), text("place")));
            }
            Ok(())
        })
        .await?;
        Ok(kept)
    }

    /// Holds a log's entries against the ledger, both ways.
    pub(super) fn hold(
        &mut self,
        audit: &mut Audit,
        log: Log,
        entries: &[Sha256],
        size: u64,
        events: &Events,
    ) {
        let of_log = |chain: &str| chain.starts_with(READS) == (log == Log::Reads);
        let mut unheld: BTreeMap<u64, Sha256> = (0..).zip(entries.iter().copied()).collect();
        let indexes = self.indexes.iter();
        for ((chain, place), index) in indexes.filter(|((chain, _), _)| of_log(chain)) {
            let name = format!("ledger `{chain}` `{place}`");
            let entry = usize::try_from(*index)
                .ok()
                .and_then(|index| entries.get(index));
            let event = events.get(&(chain.clone(), place.clone()));
            match (event, entry) {
                (None, _) => finds(
                    audit,
                    name,
                    format!("it is entry {index} of `{log}`, and missing"),
                ),
                // A batch that was taken in and is not published yet.
                (Some(_), None) if *index < size => audit.pending += 1,
                (Some(_), None) => finds(
                    audit,
                    name,
                    format!("entry {index} of `{log}`, which it is to be, is not there"),
                ),
                (Some(event), Some(entry)) => {
                    if event.hash != *entry {
                        finds(
                            audit,
                            name,
                            format!("it is not what entry {index} of `{log}` is"),
                        );
                    }
                    unheld.remove(index);
                }
            }
        }
        // A batch that was not finished has no rows of this kind yet.
        let hashes: BTreeSet<Sha256> = events.values().map(|event| event.hash).collect();
        for (index, hash) in unheld {
            if !hashes.contains(&hash) {
                finds(
                    audit,
                    format!("`{log}` entry {index}"),
                    "no event of the ledger is this entry",
                );
            }
        }
        audit.entries.insert(log.to_string(), entries.len() as u64);
    }
}

/// What a log's batches took in, published or not.
#[derive(Default)]
pub(super) struct Taken {
    /// Entries that its head has.
    pub(super) size: u64,
    /// Those that its batches name, in order.
    entries: Vec<Sha256>,
}

/// Holds where a log stands, and what each batch took in, against its entries.
pub(super) async fn batches(
    store: &Store,
    audit: &mut Audit,
    log: Log,
    entries: &[Sha256],
    events: &Events,
) -> Result<Taken, Failure> {
    let place = format!("log `HEAD#{log}`");
    let head = match store.log_head(log).await {
        Err(StoreError::Damaged(why)) => {
            finds(audit, place, why);
            return Ok(Taken {
                size: entries.len() as u64,
                entries: Vec::new(),
            });
        }
        head => head?,
    };
    let mut taken = Taken {
        size: head.frontier.size(),
        entries: Vec::new(),
    };
    let mut frontier = Frontier::default();
    for number in 1..=head.batch {
        let batch_place = format!("log `BATCH#{log}#{number:012}`");
        let batch = match store.log_batch(log, number).await {
            Ok(Some(batch)) => batch,
            Ok(None) => {
                finds(audit, batch_place, "it is missing");
                return Ok(taken);
            }
            Err(error @ StoreError::Unavailable(_)) => return Err(error.into()),
            Err(_) => {
                finds(audit, batch_place, "it cannot be read");
                return Ok(taken);
            }
        };
        let mut indexed = (frontier.size()..).zip(&batch.entries);
        let fits = indexed.all(|(index, entry)| {
            let published = usize::try_from(index)
                .ok()
                .and_then(|index| entries.get(index));
            let event = events.get(&(entry.chain.clone(), entry.place.clone()));
            published.is_none_or(|published| *published == entry.hash) && event == Some(entry)
        });
        if batch.start != frontier.size() || !fits {
            finds(audit, batch_place, "it is not what was taken in then");
        }
        for entry in &batch.entries {
            frontier.push(entry.hash);
            taken.entries.push(entry.hash);
        }
    }
    if frontier.size() != head.frontier.size() || frontier.root() != head.frontier.root() {
        finds(audit, &place, "it does not stand where its batches end");
    }
    if head.frontier.size() < entries.len() as u64 {
        finds(
            audit,
            &place,
            "it was put back: more is published than was taken in",
        );
    }
    Ok(taken)
}

/// What is wrong with a log whose first checkpoint is kept and not served.
pub(super) const FIRST_NOT_SERVED: &str = "the first one is kept, and none is served";

/// A log's files.
#[derive(Default)]
pub(super) struct Files {
    /// The hashes of the entries that its checkpoint covers.
    pub(super) entries: Vec<Sha256>,
    served: BTreeMap<String, Vec<u8>>,
    kept: BTreeMap<String, Vec<u8>>,
}

/// Verifies a log's files with the verifier that shares no code with who wrote them.
pub(super) async fn files(
    store: &Store,
    audit: &mut Audit,
    log: Log,
    keys: &[VerifierKey],
) -> Result<Files, Failure> {
    let served = read(store, Bucket::Public, &format!("v1/{log}/")).await?;
    let kept = read(store, Bucket::Archive, &format!("{log}/")).await?;
    let Some(size) = served.get("checkpoint").and_then(|note| size(note)) else {
        let signed = kept.keys().filter(|path| path.starts_with("checkpoints/"));
        let wrong = match (served.contains_key("checkpoint"), signed.count()) {
            // Files without any checkpoint are those of a log whose first one is being made.
            (false, 0) => None,
            (false, 1) => Some(FIRST_NOT_SERVED),
            _ => Some("it is missing, or cannot be read"),
        };
        if let Some(wrong) = wrong {
            finds(audit, format!("`{log}` checkpoint"), wrong);
        }
        return Ok(Files::default());
    };
    let texts = keys.iter().map(|key| key.to_string().parse());
    let trust = verify::Trust::keys(texts.collect::<Result<Vec<_>, _>>()?);
    let mut files = |path: &str| Ok(served.get(path).cloned());
    if let Some(fault) = verify::log(&mut files, None, &trust).fault {
        finds(audit, format!("`{log}` {}", fault.place), fault.what);
    }
    let mut entries = Vec::new();
    for index in 0..size.div_ceil(256) {
        let Some(bundle) = Tile::new(Level::Entries, index, size) else {
            break;
        };
        let bytes = served.get(&bundle.to_string());
        let Some(Ok(found)) = bytes.map(|bytes| decode_entries(bytes)) else {
            break;
        };
        entries.extend(found.iter().map(|entry| Sha256::of_leaf(entry)));
    }
    let newest = format!("checkpoints/{size:020}");
    if !kept.contains_key(&newest) {
        finds(audit, format!("archive `{log}/{newest}`"), "it is missing");
    }
    Ok(Files {
        entries,
        served,
        kept,
    })
}

/// Every full tile in the archive is the one that is served, and every checkpoint there is one of this log: of what is served, or of
/// what was taken in and is served next.
pub(super) fn archive(
    audit: &mut Audit,
    log: Log,
    files: &Files,
    taken: &Taken,
    keys: &[VerifierKey],
) {
    let Files {
        entries,
        served,
        kept,
    } = files;
    let mut frontier = Frontier::default();
    let mut rest = entries
        .iter()
        .chain(taken.entries.iter().skip(entries.len()));
    for (path, bytes) in kept {
        let place = format!("archive `{log}/{path}`");
        let Some(number) = path.strip_prefix("checkpoints/") else {
            if served.get(path).is_some_and(|served| served != bytes) {
                finds(audit, place, "it is not the file that is served");
            }
            continue;
        };
        let note = str::from_utf8(bytes)
            .ok()
            .and_then(|text| text.parse::<Note>().ok());
        let opened = note.and_then(|note| {
            let mut keys = keys.iter();
            keys.find_map(|key| Checkpoint::open(&note, key).ok())
        });
        let Some(checkpoint) = opened else {
            finds(audit, place, "no key of the log signed it");
            continue;
        };
        while frontier.size() < checkpoint.size()
            && let Some(hash) = rest.next()
        {
            frontier.push(*hash);
        }
        let named = number.parse() == Ok(checkpoint.size());
        let holds = frontier.size() == checkpoint.size() && frontier.root() == *checkpoint.root();
        if !named || !holds {
            finds(audit, place, "it is no checkpoint of this log");
        }
    }
    for tile in (0..entries.len() as u64 / 256).flat_map(|index| {
        let tile = |level| Tile::new(level, index, entries.len() as u64);
        [tile(Level::Entries), tile(Level::Hashes(0))]
    }) {
        let path = tile.map(|tile| tile.to_string()).unwrap_or_default();
        if !kept.contains_key(&path) {
            finds(audit, format!("archive `{log}/{path}`"), "it is missing");
        }
    }
}

/// The size that a checkpoint says, unverified.
fn size(note: &[u8]) -> Option<u64> {
    str::from_utf8(note).ok()?.lines().nth(1)?.parse().ok()
}

/// What is in a bucket below a prefix.
async fn read(
    store: &Store,
    bucket: Bucket,
    prefix: &str,
) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut files = BTreeMap::new();
    each_object(store, bucket, prefix, |name, object| {
        let path = name.strip_prefix(prefix).unwrap_or(name);
        files.insert(path.to_owned(), object.bytes);
        Ok(())
    })
    .await?;
    Ok(files)
}
