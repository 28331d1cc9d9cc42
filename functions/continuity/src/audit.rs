//! Holding everything that is stored against the chains and the logs.

mod former;
mod log;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use futures_util::future::try_join_all;
use ledger::{EvidenceReference, VerifierKey};
use storage::{
    Bucket, Erasure, EvidenceError, EvidenceState, Finding, Log, LogEntry, Store, StoreError,
    Subject, Table,
};
use uuid::Uuid;

use crate::Failure;
use crate::everything::{each_item, each_object};
use former::former;
use log::{BookKept, FIRST_NOT_SERVED, archive, batches, files};

/// Chains that are read at once.
const UNDER_WAY: usize = 8;
/// What begins the chain of a subject's restricted reads.
const READS: &str = "A#";
/// After how long a sequencer that failed has gone on.
const SEQUENCED_AGAIN: Duration = Duration::from_secs(12);

/// What an audit came to.
#[derive(Debug, Default)]
pub struct Audit {
    /// Subjects whose records were held against their events.
    pub subjects: usize,
    /// Events, restricted reads among them.
    pub events: usize,
    /// Versions.
    pub versions: usize,
    /// Pieces of evidence whose bytes were hashed.
    pub evidence: usize,
    /// Entries of each log.
    pub entries: BTreeMap<String, u64>,
    /// Events that logs of other platforms took in, and prove.
    pub brought_along: usize,
    /// Events that no log has taken in yet.
    pub pending: usize,
    /// Everything that is not as it was written.
    pub findings: Vec<Finding>,
}

/// Reads everything that is stored and names whatever is not as it was written: in the ledger, in what events disclose, in
/// versions, heads, labels and evidence, in the logs' tiles, bundles and checkpoints, and in the archive.
///
/// `keys` are the keys that checkpoints may be signed with, as they are known from elsewhere.
///
/// Nothing is stopped for it. Where something seems wrong it looks once more, and names only what it found both times: what was
/// being written the first time is whole by the second.
///
/// # Errors
/// [`Failure`] where the store does not answer. What is wrong with what it holds is no error but a [`Finding`].
pub async fn audit(store: &Store, keys: &[VerifierKey]) -> Result<Audit, Failure> {
    let first = look(store, keys).await?;
    if first.findings.is_empty() {
        return Ok(first);
    }
    // A log's first checkpoint is kept, and then served: by a sequencer that failed between the two, only when it goes on.
    if first.findings.iter().any(|it| it.what == FIRST_NOT_SERVED) {
        tokio::time::sleep(SEQUENCED_AGAIN).await;
    }
    let mut audit = look(store, keys).await?;
    audit.findings.retain(|it| first.findings.contains(it));
    Ok(audit)
}

async fn look(store: &Store, keys: &[VerifierKey]) -> Result<Audit, Failure> {
    let mut audit = Audit::default();
    let mut cited = Vec::new();
    let mut events = Events::new();
    let mut unexplained = Vec::new();
    let Survey { chains, pieces } = survey(store, &mut audit).await?;
    for chains in chains.chunks(UNDER_WAY) {
        let audited = try_join_all(chains.iter().map(|chain| chain_of(store, chain))).await?;
        for (chain, audited) in chains.iter().zip(audited) {
            audit.subjects += usize::from(!chain.starts_with(READS));
            audit.events += audited.events.len();
            audit.versions += audited.versions;
            audit.findings.extend(audited.findings);
            cited.extend(audited.evidence);
            unexplained.extend(audited.unexplained);
            let entries = audited.events.into_iter();
            events.extend(entries.map(|it| ((it.chain.clone(), it.place.clone()), it)));
        }
    }
    evidence(store, &mut audit, pieces, cited).await?;
    explained(store, &mut audit, unexplained).await?;
    let mut taken = BookKept::read(store).await?;
    for log in Log::ALL {
        let files = files(store, &mut audit, log, keys).await?;
        let batches = batches(store, &mut audit, log, &files.entries, &events).await?;
        archive(&mut audit, log, &files, &batches, keys);
        taken.hold(&mut audit, log, &files.entries, batches.size, &events);
    }
    former(store, &mut audit, &taken, &events, keys).await?;
    for place in events.keys() {
        if taken.pending.contains(place) {
            audit.pending += 1;
        } else if !taken.indexes.contains_key(place) && !taken.former.contains_key(place) {
            let (chain, place) = place;
            finds(
                &mut audit,
                format!("ledger `{chain}` `{place}`"),
                "it is in no log, and not to be taken in",
            );
        }
    }
    audit
        .findings
        .sort_by(|one, other| one.place.cmp(&other.place));
    Ok(audit)
}

/// Every event, by its chain and its place there.
type Events = HashMap<(String, String), LogEntry>;

fn finds(audit: &mut Audit, place: impl Into<String>, what: impl Into<String>) {
    audit.findings.push(Finding {
        place: place.into(),
        what: what.into(),
    });
}

async fn chain_of(store: &Store, chain: &str) -> Result<storage::Audited, Failure> {
    let reads = chain.strip_prefix(READS);
    let Ok(subject) = reads.unwrap_or(chain).parse::<Subject>() else {
        return Ok(storage::Audited::default());
    };
    Ok(match reads {
        Some(_) => store.audit_reads(&subject).await?,
        None => store.audit(&subject).await?,
    })
}

/// What there is to be looked at.
struct Survey {
    /// Every subject that has a head or events, and every chain of reads.
    chains: Vec<String>,
    /// Pieces of evidence.
    pieces: BTreeSet<Uuid>,
}

async fn survey(store: &Store, audit: &mut Audit) -> Result<Survey, Failure> {
    let mut chains = BTreeSet::new();
    let mut disclosed = BTreeSet::new();
    let mut pieces = BTreeSet::new();
    each_item(store, Table::Records, |item| {
        let (partition, sk) = item.place();
        if sk == "0#HEAD" {
            chains.insert(partition.to_owned());
        } else if let Some(chain) = partition.strip_prefix("D#") {
            disclosed.insert(chain.to_owned());
        } else if let (Some(id), "0#EVIDENCE") = (partition.strip_prefix("E#"), sk) {
            pieces.extend(id.parse::<Uuid>().ok());
        }
        Ok(())
    })
    .await?;
    each_item(store, Table::Ledger, |item| {
        chains.insert(item.place().0.to_owned());
        Ok(())
    })
    .await?;
    for chain in disclosed.difference(&chains) {
        finds(
            audit,
            format!("ledger `{chain}`"),
            "all of its events are missing",
        );
    }
    Ok(Survey {
        chains: chains.into_iter().collect(),
        pieces,
    })
}

/// Whether values that no event of their own chain erased were erased by one that an older backup does not hold, as the archive says.
async fn explained(
    store: &Store,
    audit: &mut Audit,
    unexplained: Vec<(String, String)>,
) -> Result<(), Failure> {
    if unexplained.is_empty() {
        return Ok(());
    }
    let mut erased = BTreeSet::new();
    each_object(store, Bucket::Archive, Erasure::folder(), |_, object| {
        erased.extend(Erasure::read(&object.bytes)?.explains());
        Ok(())
    })
    .await?;
    for (place, what) in unexplained {
        if !erased.contains(&what) {
            let what = "something of it was erased, and no event says so";
            finds(audit, place, what);
        }
    }
    Ok(())
}

/// Whether the bytes of every confirmed piece are those that were confirmed, and every piece is there that an event names.
async fn evidence(
    store: &Store,
    audit: &mut Audit,
    pieces: BTreeSet<Uuid>,
    cited: Vec<EvidenceReference>,
) -> Result<(), Failure> {
    let mut known = BTreeMap::new();
    for id in pieces {
        let place = format!("evidence `{id}`");
        let Some(evidence) = store.evidence(id).await? else {
            continue;
        };
        known.insert(
            id.to_string(),
            (evidence.sha256, evidence.media_type.clone()),
        );
        if evidence.id != id {
            finds(audit, &place, "it is another piece");
        }
        if evidence.state != EvidenceState::Confirmed {
            continue;
        }
        audit.evidence += 1;
        match store.evidence_bytes(&evidence).await {
            Ok(bytes) if bytes.len() as u64 == evidence.size => {}
            Ok(_) => finds(audit, place, "it is not as long as its record says"),
            Err(EvidenceError::Store(error @ StoreError::Unavailable(_))) => {
                return Err(error.into());
            }
            Err(error) => finds(audit, place, error.to_string()),
        }
    }
    for cited in cited {
        let place = format!("evidence `{}`", cited.id);
        match known.get(&cited.id) {
            Some((hash, media_type))
                if (*hash, media_type) == (cited.sha256, &cited.media_type) => {}
            Some(_) => finds(audit, place, "its record is not what an event says of it"),
            None => finds(audit, place, "it is missing"),
        }
    }
    Ok(())
}
