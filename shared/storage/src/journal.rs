//! What was written about a subject: its events, what they disclose, and its versions.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use ledger::{
    Audience, Erased, EventId, PartSalts, SealedEvent, Sha256, Timestamp, read_disclosure,
};
use passport::Class;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::change::{Disclosures, Guard, Row};
use crate::compression::{compress, expand};
use crate::log::pending_row;
use crate::record::{PartItem, version_part_key};
use crate::sealing::DataKey;
use crate::store::decode;
use crate::{Facts, PartReference, Record, Sight, Store, StoreError, Subject, Table};

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

/// The values of a part of a version, with the salts that it was committed to with.
#[derive(Debug, Clone)]
pub struct VersionValues {
    /// The values.
    pub document: Map<String, Value>,
    /// Their salts.
    pub salts: PartSalts,
    /// The salted digests of values that were erased, by pointer.
    pub erased: BTreeMap<String, String>,
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
    /// For whom there is a disclosure item.
    #[serde(default)]
    pub(crate) opens: Vec<Audience>,
    /// What it discloses for good: its place in the chain, and what it commits the public values to. Whatever else it discloses can be
    /// erased.
    #[serde(default)]
    pub(crate) lasting: Vec<(Audience, String)>,
    /// What it erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) erased: Option<Erased>,
    #[serde(with = "serde_bytes")]
    pub(crate) leaf: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DisclosureItem {
    pub(crate) pk: String,
    pub(crate) sk: String,
    pub(crate) v: u8,
    pub(crate) audience: Audience,
    #[serde(with = "serde_bytes")]
    pub(crate) body: Vec<u8>,
}

impl DisclosureItem {
    /// The event that discloses it.
    pub(crate) fn seq(&self) -> Option<u64> {
        self.sk.split('#').next()?.parse().ok()
    }

    /// Its texts; `None` where the key that sealed them was erased.
    pub(crate) fn texts(&self, key: &DataKey) -> Result<Option<Vec<String>>, StoreError> {
        let clear = key.open_unless_erased(&self.body, &self.bound_to())?;
        clear.map(|clear| expand(&clear)).transpose()
    }

    /// With these texts in their place.
    pub(crate) fn sealing(self, texts: &[String], key: &DataKey) -> Result<Self, StoreError> {
        let clear = serde_json::to_vec(texts).map_err(StoreError::damaged)?;
        let body = key.seal(&compress(&clear)?, &self.bound_to())?;
        Ok(Self { body, ..self })
    }

    /// The place that its seal binds it to.
    pub(crate) fn bound_to(&self) -> String {
        format!("{}|{}", self.pk, self.sk)
    }
}

/// No chain is longer: as many digits as its places have.
const LAST: u64 = 9_999_999_999;

pub(crate) fn disclosure_partition(chain: &str) -> String {
    format!("D#{chain}")
}

/// Where an event stands in its chain: sorts as its number does.
pub(crate) fn place(seq: u64) -> String {
    format!("{seq:010}")
}

/// The rows of an event in a subject's chain.
pub(crate) fn rows(
    subject: &Subject,
    seq: u64,
    sealed: &SealedEvent,
    (audience, erased): (Class, Option<Erased>),
    key: &DataKey,
) -> Result<Vec<Row>, StoreError> {
    chain_rows(
        &subject.to_string(),
        &place(seq),
        sealed,
        (audience, erased),
        key,
    )
}

/// The rows of an event at `place` in the partition `chain`: the leaf, its disclosures, and the pending row that brings it
/// into the Merkle log.
pub(crate) fn chain_rows(
    chain: &str,
    place: &str,
    sealed: &SealedEvent,
    (audience, erased): (Class, Option<Erased>),
    key: &DataKey,
) -> Result<Vec<Row>, StoreError> {
    let (lasting, disclosures) = apart(&sealed.disclosures);
    let event = EventItem {
        pk: chain.to_owned(),
        sk: place.to_owned(),
        v: 1,
        event_id: sealed.event_id,
        audience,
        hash: sealed.hash,
        opens: disclosures.keys().copied().collect(),
        lasting,
        erased,
        leaf: sealed.bytes.clone(),
    };
    let mut rows = vec![
        Row::put(Table::Ledger, &event, Guard::New)?,
        pending_row(sealed.event_id, sealed.hash, chain, place)?,
    ];
    rows.extend(disclosure_rows(chain, place, &disclosures, key)?);
    Ok(rows)
}

/// What is never erased, apart from what can be.
fn apart(disclosures: &Disclosures) -> (Vec<(Audience, String)>, Disclosures) {
    let mut lasting = Vec::new();
    let mut others = Disclosures::new();
    for (audience, texts) in disclosures {
        for text in texts {
            match *audience == Audience::Chain || commits_to_public(text) {
                true => lasting.push((*audience, text.clone())),
                false => others.entry(*audience).or_default().push(text.clone()),
            }
        }
    }
    (lasting, others)
}

/// Whether a disclosure is the commitment to the public values.
pub(crate) fn commits_to_public(disclosure: &str) -> bool {
    read_disclosure(disclosure).is_some_and(|(name, value)| {
        name == "commitment" && value.get("class") == Some(&Class::Public.number().into())
    })
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
            let item = DisclosureItem {
                pk: pk.clone(),
                sk: format!("{place}#{audience}"),
                v: 1,
                audience: *audience,
                body: Vec::new(),
            };
            Row::put(Table::Records, &item.sealing(texts, key)?, Guard::New)
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
        self.events_within(record, sight, chain, from..=LAST).await
    }

    /// The id of the event with this number in a subject's chain.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer or the item is damaged.
    pub async fn event_id(
        &self,
        subject: &Subject,
        seq: u64,
    ) -> Result<Option<ledger::EventId>, StoreError> {
        let (pk, sk) = (subject.to_string(), place(seq));
        let item = self.get::<EventItem>(Table::Ledger, &pk, Some(&sk));
        Ok(item.await?.map(|item| item.event_id))
    }

    /// [`Store::events`] of a part of the chain.
    ///
    /// # Errors
    /// As [`Store::events`].
    pub async fn events_within(
        &self,
        record: &Record,
        sight: impl Into<Sight<'_>>,
        chain: bool,
        numbers: RangeInclusive<u64>,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let from = place(*numbers.start());
        let to = place(*numbers.end().min(&LAST));
        let (subject, head, sight) = (&record.subject, &record.head, sight.into());
        let opens = |seq, audience| match audience {
            Audience::Chain => chain,
            Audience::Class(number) => {
                Class::from_number(number).is_some_and(|class| head.shows_event(seq, class, sight))
            }
        };
        let partition = subject.to_string();
        let within = (from.as_str(), to.as_str());
        let items = self
            .query_between(Table::Ledger, &partition, within)
            .await?;
        let mut events: Vec<StoredEvent> = Vec::new();
        for item in items {
            let item: EventItem = decode(item)?;
            let seq = item.sk.parse().map_err(StoreError::damaged)?;
            if chain || head.shows_event(seq, item.audience, sight) {
                let lasting = item.lasting.into_iter();
                let lasting = lasting.filter(|(audience, _)| opens(seq, *audience));
                events.push(StoredEvent {
                    seq,
                    event_id: item.event_id,
                    bytes: item.leaf,
                    hash: item.hash,
                    audience: item.audience,
                    disclosures: lasting.map(|(_, text)| text).collect(),
                });
            }
        }
        let Some(key) = self.data_key(subject).await? else {
            return Ok(events);
        };
        let pk = disclosure_partition(&partition);
        // Their keys go on with `#` and an audience.
        let to = format!("{to}$");
        let within = (from.as_str(), to.as_str());
        for item in self.query_between(Table::Records, &pk, within).await? {
            let item: DisclosureItem = decode(item)?;
            let Some(seq) = item.seq() else {
                continue;
            };
            if !opens(seq, item.audience) {
                continue;
            }
            let event = events.binary_search_by_key(&seq, |event| event.seq);
            if let Some(event) = event.ok().and_then(|index| events.get_mut(index)) {
                let texts = item.texts(&key)?;
                event.disclosures.extend(texts.into_iter().flatten());
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

    /// A part of a version with the salts that its commitment was made with, for somebody who sees it; `None` for anybody else,
    /// since a salt is as secret as its value, and where the key was erased.
    ///
    /// # Errors
    /// [`StoreError`] where the part is missing or does not open.
    pub async fn version_part(
        &self,
        record: &Record,
        part: &PartReference,
        sight: impl Into<Sight<'_>>,
    ) -> Result<Option<VersionValues>, StoreError> {
        if !record.head.shows(part, sight.into()) {
            return Ok(None);
        }
        let item = self.part_item(&record.subject, part).await?;
        let opened = self.open_part(&record.subject, &item).await?;
        Ok(opened.map(|opened| VersionValues {
            document: opened.document,
            salts: opened.salts,
            erased: item.erased,
        }))
    }

    async fn part_item(
        &self,
        subject: &Subject,
        part: &PartReference,
    ) -> Result<PartItem, StoreError> {
        let (pk, sk) = (
            subject.to_string(),
            version_part_key(part.version, part.class),
        );
        let item = self.get(Table::Records, &pk, Some(&sk)).await?;
        item.ok_or_else(|| StoreError::Damaged(format!("`{subject}` lacks `{sk}`")))
    }

    /// The values of one version that somebody sees, whoever is responsible by now, and the pointers of those that were erased.
    ///
    /// # Errors
    /// [`StoreError`] where a part is missing or does not open.
    pub async fn version_document(
        &self,
        record: &Record,
        entry: &VersionEntry,
        sight: impl Into<Sight<'_>>,
    ) -> Result<(Map<String, Value>, BTreeSet<String>), StoreError> {
        let (subject, sight) = (&record.subject, sight.into());
        let mut parts = Vec::new();
        for part in entry
            .parts
            .iter()
            .filter(|part| record.head.shows(part, sight))
        {
            parts.push(self.part_item(subject, part).await?);
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
                key: record.head.key,
                tenures: record.head.tenures.clone(),
            },
            parts,
        };
        let erased = version.parts.iter().flat_map(|part| part.erased.keys());
        let erased = erased.cloned().collect();
        Ok((self.document(&version, sight).await?, erased))
    }
}
