//! What was written about a subject: its events, what they disclose, and its versions.

use ledger::{Audience, EventId, SealedEvent, Sha256, Timestamp};
use passport::Class;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::change::{Disclosures, Guard, Row};
use crate::compression::{compress, expand};
use crate::record::{PartItem, version_part_key};
use crate::sealing::DataKey;
use crate::store::decode;
use crate::{Facts, PartReference, Record, Sight, Store, StoreError, Subject, Table};

/// Pending rows are spread over this many partitions.
const PENDING_SHARDS: u8 = 16;

/// An event as it stands in the ledger, with the disclosures its reader may open.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// Its place in the chain.
    pub seq: u64,
    /// Its id.
    pub event_id: EventId,
    /// The leaf: canonical JSON.
    pub bytes: Vec<u8>,
    /// The leaf's hash as stored.
    pub hash: Sha256,
    /// Who may know that it exists.
    pub audience: Class,
    /// What may be opened, in no particular order.
    pub disclosures: Vec<String>,
}

/// One version of a subject.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionEntry {
    /// Number, from 1.
    pub version: u64,
    /// The event that made it.
    pub seq: u64,
    /// That event's id.
    pub event_id: EventId,
    /// That event's hash.
    pub event_hash: Sha256,
    /// Since when.
    pub at: Timestamp,
    /// The part of each class.
    pub parts: Vec<PartReference>,
    /// Identity and relations then.
    pub facts: Facts,
    /// When what everybody is told had last changed then.
    #[serde(default)]
    pub(crate) public_at: Option<Timestamp>,
}

impl VersionEntry {
    /// When what everybody is told of the subject had last changed then.
    #[must_use]
    pub fn public_at(&self) -> Timestamp {
        self.public_at.unwrap_or(self.at)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct VersionItem {
    pub(crate) pk: String,
    pub(crate) sk: String,
    pub(crate) v: u8,
    #[serde(flatten)]
    pub(crate) entry: VersionEntry,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventItem {
    pub(crate) pk: String,
    pub(crate) sk: String,
    pub(crate) v: u8,
    pub(crate) event_id: EventId,
    pub(crate) audience: Class,
    pub(crate) hash: Sha256,
    #[serde(with = "serde_bytes")]
    pub(crate) leaf: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct DisclosureItem {
    pk: String,
    sk: String,
    v: u8,
    audience: Audience,
    #[serde(with = "serde_bytes")]
    body: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PendingItem {
    pk: String,
    sk: String,
    v: u8,
    hash: Sha256,
    subject: String,
    place: String,
}

fn disclosure_partition(chain: &str) -> String {
    format!("D#{chain}")
}

/// Where an event stands in its chain: sorts as its number does.
fn place(seq: u64) -> String {
    format!("{seq:010}")
}

/// The rows of an event in a subject's chain.
pub(crate) fn rows(
    subject: &Subject,
    seq: u64,
    sealed: &SealedEvent,
    audience: Class,
    key: &DataKey,
) -> Result<Vec<Row>, StoreError> {
    chain_rows(&subject.to_string(), &place(seq), sealed, audience, key)
}

/// The rows of an event at `place` in the partition `chain`: the leaf, its disclosures, and the pending row that brings it
/// into the Merkle log.
pub(crate) fn chain_rows(
    chain: &str,
    place: &str,
    sealed: &SealedEvent,
    audience: Class,
    key: &DataKey,
) -> Result<Vec<Row>, StoreError> {
    let event = EventItem {
        pk: chain.to_owned(),
        sk: place.to_owned(),
        v: 1,
        event_id: sealed.event_id,
        audience,
        hash: sealed.hash,
        leaf: sealed.bytes.clone(),
    };
    let shard = chain
        .bytes()
        .fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte))
        % PENDING_SHARDS;
    let pending = PendingItem {
        pk: format!("PENDING#{shard}"),
        sk: sealed.event_id.to_string(),
        v: 1,
        hash: sealed.hash,
        subject: chain.to_owned(),
        place: place.to_owned(),
    };
    let mut rows = vec![
        Row::put(Table::Ledger, &event, Guard::New)?,
        Row::put(Table::Log, &pending, Guard::New)?,
    ];
    rows.extend(disclosure_rows(chain, place, &sealed.disclosures, key)?);
    Ok(rows)
}

fn disclosure_rows(
    chain: &str,
    place: &str,
    disclosures: &Disclosures,
    key: &DataKey,
) -> Result<Vec<Row>, StoreError> {
    let pk = disclosure_partition(chain);
    disclosures
        .iter()
        .map(|(audience, texts)| {
            let sk = format!("{place}#{audience}");
            let clear = serde_json::to_vec(texts).map_err(StoreError::damaged)?;
            let item = DisclosureItem {
                v: 1,
                audience: *audience,
                body: key.seal(&compress(&clear)?, &format!("{pk}|{sk}"))?,
                pk: pk.clone(),
                sk,
            };
            Row::put(Table::Records, &item, Guard::New)
        })
        .collect()
}

impl Store {
    /// The events of a record that somebody with this sight may know of, from the one with the number `from`, in order, each
    /// with what it may open.
    ///
    /// `chain` opens `{subject, seq, prev}` too.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer or an item is damaged.
    pub async fn events(
        &self,
        record: &Record,
        sight: impl Into<Sight<'_>>,
        chain: bool,
        from: u64,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let from = place(from);
        let (subject, head, sight) = (&record.subject, &record.head, sight.into());
        let partition = subject.to_string();
        let items = self.query_from(Table::Ledger, &partition, &from).await?;
        let mut events: Vec<StoredEvent> = Vec::new();
        for item in items {
            let item: EventItem = decode(item)?;
            let seq = item.sk.parse().map_err(StoreError::damaged)?;
            if chain || head.shows_event(seq, item.audience, sight) {
                events.push(StoredEvent {
                    seq,
                    event_id: item.event_id,
                    bytes: item.leaf,
                    hash: item.hash,
                    audience: item.audience,
                    disclosures: Vec::new(),
                });
            }
        }
        let Some(key) = self.data_key(subject).await? else {
            return Ok(events);
        };
        let pk = disclosure_partition(&partition);
        for item in self.query_from(Table::Records, &pk, &from).await? {
            let item: DisclosureItem = decode(item)?;
            let Some(seq) = item.sk.split('#').next().and_then(|seq| seq.parse().ok()) else {
                continue;
            };
            let allowed = match item.audience {
                Audience::Chain => chain,
                Audience::Class(number) => Class::from_number(number)
                    .is_some_and(|class| head.shows_event(seq, class, sight)),
            };
            if !allowed {
                continue;
            }
            let event = events.binary_search_by_key(&seq, |event| event.seq);
            if let Some(event) = event.ok().and_then(|index| events.get_mut(index)) {
                let clear = key.open(&item.body, &format!("{pk}|{}", item.sk))?;
                let mut texts: Vec<String> = expand(&clear)?;
                event.disclosures.append(&mut texts);
            }
        }
        Ok(events)
    }

    /// All versions of a subject, oldest first, without their values.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer or an item is damaged.
    pub async fn versions(&self, subject: &Subject) -> Result<Vec<VersionEntry>, StoreError> {
        let items = self
            .query(Table::Records, &subject.to_string(), "V#", true)
            .await?;
        items
            .into_iter()
            .filter(|item| item.contains_key("eventHash"))
            .map(|item| decode::<VersionItem>(item).map(|item| item.entry))
            .collect()
    }

    /// The values of one version that somebody sees, whoever is responsible by now.
    ///
    /// # Errors
    /// [`StoreError`] where a part is missing or does not open.
    pub async fn version_document(
        &self,
        record: &Record,
        entry: &VersionEntry,
        sight: impl Into<Sight<'_>>,
    ) -> Result<Map<String, Value>, StoreError> {
        let (subject, sight) = (&record.subject, sight.into());
        let mut parts = Vec::new();
        for part in entry
            .parts
            .iter()
            .filter(|part| record.head.shows(part, sight))
        {
            let sk = version_part_key(part.version, part.class);
            let item: Option<PartItem> = self
                .get(Table::Records, &subject.to_string(), Some(&sk))
                .await?;
            parts.push(
                item.ok_or_else(|| StoreError::Damaged(format!("`{subject}` lacks `{sk}`")))?,
            );
        }
        let version = Record {
            subject: subject.clone(),
            head: crate::Head {
                organisation: String::new(),
                seq: entry.seq,
                version: entry.version,
                event_hash: entry.event_hash,
                last_at: entry.at,
                parts: entry.parts.clone(),
                facts: entry.facts.clone(),
                public_at: entry.public_at,
                tenures: record.head.tenures.clone(),
            },
            parts,
        };
        self.document(&version, sight).await
    }
}
