//! Erasing: what was written of a subject is gone for good, and every digest of it stays, so that nothing that was proved is shaken.
//!
//! Former values and texts are taken out of the items that hold them. The whole of a record that has ceased to exist is erased by another
//! key in the place of its own. Both are one transaction with the event that says so. What was erased is also written into the archive
//! ([`Erasure`]), which outlives a backup: whatever an older backup brings back is erased again.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use ledger::{Audience, Erased, EventId, Timestamp, digests, disclosure_digest, read_disclosure};
use passport::{Class, Classes, attributes, catalogue};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::change::{Guard, Row};
use crate::compression::compress;
use crate::journal::{DisclosureItem, disclosure_partition};
use crate::record::{OpenedPart, PartItem, part_place};
use crate::scan::public_row;
use crate::sealing::DataKey;
use crate::store::{Item, decode};
use crate::{OpenRecord, Sight, Store, StoreError, Subject, Table, Work};

/// Most items that one event takes something out of: they are written in one transaction with it. Where more hold it, another follows.
const MOST: usize = 80;
/// Format of an erasure in the archive.
const FORMAT: &str = "battery-passport-erasure/1";
const FOLDER: &str = "erasures/";

/// An erasure that was worked out, to be written with its event.
#[derive(Debug, Clone)]
pub struct Erasing {
    pub(crate) rows: Vec<Row>,
    pub(crate) erased: Erased,
    left: usize,
}

impl Erasing {
    const fn of(erased: Erased) -> Self {
        Self {
            rows: Vec::new(),
            erased,
            left: 0,
        }
    }

    /// How many disclosures and values it takes; none where everything goes with its key.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.erased.digests.len()
    }

    /// The events, of those that were named, whose reason and notes are its own to take.
    #[must_use]
    pub fn events(&self) -> &[u64] {
        &self.erased.events
    }

    /// How many items more hold what was named: another event takes it out of those.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.left
    }
}

/// Who erases.
#[derive(Debug, Clone, Copy)]
pub struct Eraser<'a> {
    /// What it sees.
    pub sight: Sight<'a>,
    /// Its organisation: what others gave as their reason stays.
    pub organisation: &'a str,
}

/// What an event erased, as the archive keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Erasure {
    format: String,
    /// Of whom.
    pub subject: String,
    /// By which event.
    pub event_id: EventId,
    /// What.
    pub erased: Erased,
}

impl Erasure {
    pub(crate) fn new(subject: &str, event_id: EventId, erased: Erased) -> Self {
        Self {
            format: FORMAT.to_owned(),
            subject: subject.to_owned(),
            event_id,
            erased,
        }
    }

    /// That the key of a subject with this number is nowhere that its record went: what stayed behind there counts as erased here.
    ///
    /// # Errors
    /// [`StoreError`] where the random source fails.
    pub fn stayed_behind(
        subject: &Subject,
        number: u32,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut random = [0; 10];
        crate::fill_random(&mut random)?;
        let erased = Erased {
            key: Some(number),
            ..Erased::default()
        };
        let event_id = EventId::new(now, &random);
        Ok(Self::new(&subject.to_string(), event_id, erased))
    }

    /// As it was written into the archive.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, StoreError> {
        let erasure: Self = serde_json::from_slice(bytes).map_err(StoreError::damaged)?;
        match erasure.format == FORMAT {
            true => Ok(erasure),
            false => Err(StoreError::damaged("an erasure of an unknown format")),
        }
    }

    /// As it is written into the archive.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StoreError> {
        serde_json::to_vec(self).map_err(StoreError::damaged)
    }

    /// What it explains: digests without their values, and a key that is another than the first.
    pub fn explains(&self) -> impl Iterator<Item = String> {
        let Erased { digests, key, .. } = &self.erased;
        let key = key.map(|number| Self::of_key(&self.subject, number));
        digests.iter().cloned().chain(key)
    }

    /// How it is said that a subject's key with this number is gone.
    pub(crate) fn of_key(subject: &str, number: u32) -> String {
        format!("{subject} key {number}")
    }

    /// Its name in the archive.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{FOLDER}{}.json", self.event_id)
    }

    /// What begins the names of all.
    #[must_use]
    pub const fn folder() -> &'static str {
        FOLDER
    }
}

impl Store {
    /// Works out what it takes to erase the former values of attributes, and the reason and notes of events, as far as somebody sees
    /// them. Values that the record has now stay, and so does what others said, and why something was erased. Out of 80 items at most.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer or an item is damaged.
    pub async fn erasing(
        &self,
        record: &OpenRecord,
        Eraser {
            sight,
            organisation,
        }: Eraser<'_>,
        values: &BTreeSet<String>,
        events: &BTreeSet<u64>,
    ) -> Result<Erasing, StoreError> {
        let mut erasing = Erasing::of(Erased {
            values: values.iter().cloned().collect(),
            ..Erased::default()
        });
        let subject = &record.subject;
        let Some(key) = self.data_key(subject).await? else {
            return Ok(erasing);
        };
        let head = &record.head;
        let present = attributes(&record.document);
        let partition = subject.to_string();
        let pk = disclosure_partition(&partition);
        let mut disclosed = Vec::new();
        let mut own = BTreeSet::new();
        for item in self.query(Table::Records, &pk, "", true).await? {
            let item: DisclosureItem = decode(item)?;
            let (Some(seq), Audience::Class(class)) = (item.seq(), item.audience) else {
                continue;
            };
            let class = Class::from_number(class);
            // What is newer than the record as it was read is another change's, which comes first.
            if seq <= head.seq && class.is_some_and(|class| head.shows_event(seq, class, sight)) {
                let texts = item.texts(&key)?.unwrap_or_default();
                if events.contains(&seq) && is_own(&texts, organisation) {
                    own.insert(seq);
                }
                disclosed.push((seq, item));
            }
        }
        for (seq, item) in disclosed {
            let doomed = |text: &str| {
                read_disclosure(text).is_some_and(|(name, value)| match name.as_str() {
                    "reason" | "notes" => own.contains(&seq),
                    name if values.contains(name) => !sets(&value, present.get(name)),
                    _ => false,
                })
            };
            erasing.take_disclosures(item, &key, doomed)?;
        }
        erasing.erased.events = own.into_iter().collect();
        let copies = self.copies(&partition).await?;
        let mut now = BTreeMap::new();
        for (class, part) in passport::split(&record.document) {
            if let Some(salts) = record.salts.get(&class) {
                let part = attributes(&part);
                now.extend(digests(&part, salts.salts()).map_err(StoreError::damaged)?);
            }
        }
        for item in self.version_parts(&partition).await? {
            let Some(version) = item.version() else {
                continue;
            };
            let own = head.part(item.class).map(|part| part.version);
            let newer = version > head.version;
            if newer || own == Some(version) || !head.shows_of(item.class, version, sight) {
                continue;
            }
            // What an owner kept from an earlier time is the record's value until it writes another.
            let mut parts = head.parts.iter();
            let kept = parts.any(|part| (part.class, part.version) == (item.class, version));
            let doomed = |pointer: &str, digest: &str| {
                let former = match now.get(pointer) {
                    Some(now) => now != digest,
                    None => !kept,
                };
                former && values.contains(pointer)
            };
            if let Some(opened) = self.open_part(subject, &item).await? {
                erasing.take_values(subject, (item, opened), &copies, &key, doomed)?;
            }
        }
        erasing.erased.digests.sort_unstable();
        erasing.erased.digests.dedup();
        Ok(erasing)
    }

    /// Works out what it takes to erase whatever not everybody may read of a record, with its key.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer or an item is damaged.
    pub async fn erasing_everything(&self, record: &OpenRecord) -> Result<Erasing, StoreError> {
        let partition = record.subject.to_string();
        let mut erasing = Erasing::of(Erased {
            key: Some(record.head.key),
            ..Erased::default()
        });
        for part in self.copies(&partition).await? {
            if part.class != Class::Public {
                let gone = Row::put(Table::Records, &part, Guard::Gone)?;
                erasing.rows.push(gone);
            }
        }
        Ok(erasing)
    }

    /// Erases again what an older backup brought back; `false` where nothing of it is there. Of what comes without its event no item
    /// says so but these.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer or an item is damaged; it can be done over.
    pub async fn erase_again(&self, erasure: &Erasure) -> Result<bool, StoreError> {
        let subject: Subject = erasure.subject.parse().map_err(StoreError::damaged)?;
        let Some(key) = self.data_key(&subject).await? else {
            return Ok(false);
        };
        if let Some(number) = erasure.erased.key {
            if key.number > number {
                return Ok(false);
            }
            let next = self.key_in_place(&subject, number + 1).await?;
            let items = next.row().map(|row| row.item).into_iter().collect();
            self.put_all(Table::Keys, items).await?;
            self.vault().forget_before(&subject, number + 1);
            return Ok(true);
        }
        let gone: BTreeSet<&str> = erasure.erased.digests.iter().map(String::as_str).collect();
        let partition = subject.to_string();
        let pk = disclosure_partition(&partition);
        let copies = self.copies(&partition).await?;
        let mut any = false;
        loop {
            let mut erasing = Erasing::of(Erased::default());
            for item in self.query(Table::Records, &pk, "", true).await? {
                let doomed = |text: &str| gone.contains(disclosure_digest(text).as_str());
                erasing.take_disclosures(decode(item)?, &key, doomed)?;
            }
            for item in self.version_parts(&partition).await? {
                if let Some(opened) = self.open_part(&subject, &item).await? {
                    let doomed = |_: &str, digest: &str| gone.contains(digest);
                    erasing.take_values(&subject, (item, opened), &copies, &key, doomed)?;
                }
            }
            any |= erasing.count() > 0;
            let left = erasing.left;
            let rows = erasing.rows.into_iter().map(|row| row.item);
            self.put_all(Table::Records, rows.collect()).await?;
            if left == 0 {
                break;
            }
        }
        if any {
            self.show_anew(&subject, erasure.event_id).await?;
        }
        Ok(any)
    }

    /// The copies of parts that are read every day.
    async fn copies(&self, partition: &str) -> Result<Vec<PartItem>, StoreError> {
        let items = self.query(Table::Records, partition, "0#PART#", true);
        items.await?.into_iter().map(decode).collect()
    }

    /// The parts of all versions.
    async fn version_parts(&self, partition: &str) -> Result<Vec<PartItem>, StoreError> {
        let items = self.query(Table::Records, partition, "V#", true).await?;
        let parts = items.into_iter().filter(|item| item.contains_key("salts"));
        parts.map(decode).collect()
    }

    /// What everybody is shown, as the record is now.
    async fn show_anew(&self, subject: &Subject, event_id: EventId) -> Result<(), StoreError> {
        let Some(record) = self.record(subject).await? else {
            return Ok(());
        };
        let public = self.document(&record, Classes::PUBLIC).await?;
        let mut rows: Vec<Row> = public_row(subject, &record.head, public)?
            .into_iter()
            .collect();
        rows.push(Work::Subject(subject.clone()).row(event_id)?);
        let items = rows.into_iter().map(|row| row.item).collect();
        self.put_all(Table::Records, items).await
    }

    async fn put_all(&self, table: Table, items: Vec<Item>) -> Result<(), StoreError> {
        let put = |item| {
            let put = PutRequest::builder().set_item(Some(item)).build();
            let put = put.map_err(StoreError::unavailable)?;
            Ok::<_, StoreError>(WriteRequest::builder().put_request(put).build())
        };
        let puts = items.into_iter().map(put).collect::<Result<_, _>>()?;
        self.write_all(table, puts).await
    }
}

/// Whether the organisation raised the event that says this, and it is none that erased something.
fn is_own(texts: &[String], organisation: &str) -> bool {
    let mut by = None;
    let mut erases = false;
    for (name, value) in texts.iter().filter_map(|text| read_disclosure(text)) {
        match name.as_str() {
            "actor" => by = value.get("organisation").cloned(),
            "type" => {
                let event_type = value.as_str().and_then(|id| catalogue().event_type(id));
                erases = event_type.is_some_and(|it| it.erases.is_some());
            }
            _ => {}
        }
    }
    !erases && by.is_some_and(|by| by == organisation)
}

/// Whether a disclosed change says nothing but that an attribute got the value that it has now.
fn sets(change: &Value, present: Option<&Value>) -> bool {
    change.get("before").is_none() && present.is_some() && change.get("after") == present
}

impl Erasing {
    /// Takes the texts that have to go out of an item.
    fn take_disclosures(
        &mut self,
        item: DisclosureItem,
        key: &DataKey,
        doomed: impl Fn(&str) -> bool,
    ) -> Result<(), StoreError> {
        let texts = item.texts(key)?.unwrap_or_default();
        let (gone, left): (Vec<_>, Vec<_>) = texts.into_iter().partition(|text| doomed(text));
        if gone.is_empty() || self.is_full() {
            self.left += usize::from(!gone.is_empty());
            return Ok(());
        }
        let gone = gone.iter().map(|text| disclosure_digest(text));
        self.erased.digests.extend(gone);
        let item = item.sealing(&left, key)?;
        self.rows
            .push(Row::put(Table::Records, &item, Guard::Covered)?);
        Ok(())
    }

    /// Takes the values that have to go, with their salts, out of a part of a version and out of its copy, where there is one.
    fn take_values(
        &mut self,
        subject: &Subject,
        (item, opened): (PartItem, OpenedPart),
        copies: &[PartItem],
        key: &DataKey,
        doomed: impl Fn(&str, &str) -> bool,
    ) -> Result<(), StoreError> {
        let OpenedPart {
            mut document,
            mut salts,
        } = opened;
        let mut gone =
            digests(&attributes(&document), salts.salts()).map_err(StoreError::damaged)?;
        gone.retain(|pointer, digest| doomed(pointer, digest));
        if gone.is_empty() || self.is_full() {
            self.left += usize::from(!gone.is_empty());
            return Ok(());
        }
        for pointer in gone.keys() {
            passport::put(&mut document, pointer, None);
            salts.forget(pointer);
        }
        self.erased.digests.extend(gone.values().cloned());
        let body = ledger::canonical(&Value::Object(document)).map_err(StoreError::damaged)?;
        let salts = serde_json::to_vec(&salts).map_err(StoreError::damaged)?;
        let place = part_place(subject, item.class, item.revision);
        let seal = |clear: &[u8]| match item.class {
            Class::Public => compress(clear),
            _ => key.seal(&compress(clear)?, &place),
        };
        let mut item = PartItem {
            body: seal(&body)?,
            salts: seal(&salts)?,
            ..item
        };
        item.erased.extend(gone);
        let of_item = |copy: &&PartItem| (copy.class, copy.revision) == (item.class, item.revision);
        for copy in copies.iter().filter(of_item) {
            let copy = PartItem {
                sk: copy.sk.clone(),
                ..item.clone()
            };
            self.rows
                .push(Row::put(Table::Records, &copy, Guard::Covered)?);
        }
        self.rows
            .push(Row::put(Table::Records, &item, Guard::Covered)?);
        Ok(())
    }

    const fn is_full(&self) -> bool {
        self.rows.len() >= MOST
    }
}
