//! The series of dynamic attributes: every reading a subject ever got, beside its versions.
//!
//! An event packs what it brings of one attribute into items that span at most [`SPAN`], found by their last moment. So a
//! range is one query that begins at its start and ends [`SPAN`] after its end. Two readings of one moment are settled by
//! the later event: nothing is rewritten.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use ledger::{EventId, ReadingsCommitment, SealedEvent, Sha256, Timestamp};
use passport::{Attribute, AttributeChange, Class, Reading, catalogue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::change::{EventInput, Guard, Row};
use crate::compression::{compress, expand};
use crate::record::sort_key;
use crate::sealing::DataKey;
use crate::store::{Item, decode};
use crate::{Store, StoreError, Subject, Table};

/// The longest time between the first and the last reading of one item: a quarter of a year.
const SPAN: Duration = Duration::from_secs(92 * 24 * 60 * 60);
/// Most items of one page of a query.
const PAGE: usize = 1_000;
/// Least items: the newest reading is settled by the items after it.
const FEW: usize = 16;

/// The readings an event brings beside the values it changes.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    /// What measured.
    pub instrument: Option<String>,
    /// Under which conditions.
    pub conditions: Option<String>,
    /// The readings, no moment of an attribute twice.
    pub list: Vec<Reading>,
}

impl Readings {
    /// What the event is bound to, by class.
    pub(crate) fn commitments(&self) -> Result<Vec<ReadingsCommitment>, StoreError> {
        let mut by_class: BTreeMap<Class, Vec<&Reading>> = BTreeMap::new();
        for reading in &self.list {
            let class = by_class.entry(reading.attribute.class).or_default();
            class.push(reading);
        }
        let commitments = by_class.into_iter().map(|(class, mut readings)| {
            readings.sort_by_key(|reading| (reading.attribute.pointer(), reading.at));
            let times = readings.iter().map(|reading| moment(reading));
            let (from, to) = (times.clone().min(), times.max());
            let readings: Vec<Value> = readings.iter().map(|reading| as_given(reading)).collect();
            let mut said = json!({"readings": readings});
            for (name, text) in [
                ("instrument", &self.instrument),
                ("conditions", &self.conditions),
            ] {
                if let (Some(said), Some(text)) = (said.as_object_mut(), text) {
                    said.insert(name.to_owned(), json!(text));
                }
            }
            let canonical = ledger::canonical(&said).map_err(StoreError::damaged)?;
            let none = || StoreError::damaged("a class without readings");
            Ok(ReadingsCommitment {
                class: class.number(),
                count: readings.len(),
                from: from.ok_or_else(none)?,
                to: to.ok_or_else(none)?,
                sha256: Sha256::of(&canonical),
            })
        });
        commitments.collect()
    }
}

/// The reading as it was given: its value, and where it belongs.
fn as_given(reading: &Reading) -> Value {
    let mut given = Map::from_iter([("pointer".to_owned(), json!(reading.attribute.pointer()))]);
    if let Some(members) = reading.value.as_object() {
        given.extend(members.clone());
    }
    Value::Object(given)
}

/// A reading as it stands in the series.
#[derive(Debug, Clone)]
pub struct StoredReading {
    /// What it says.
    pub reading: Reading,
    /// When it was measured.
    pub at: Timestamp,
    /// What measured.
    pub instrument: Option<String>,
    /// Under which conditions.
    pub conditions: Option<String>,
    /// The event that brought it.
    pub event_id: EventId,
    /// Its type.
    pub event_type: String,
    /// The role that brought it.
    pub role: String,
    /// Who may know of that event.
    pub audience: Class,
}

/// Which readings of an attribute are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// The earliest.
    pub from: Timestamp,
    /// The latest.
    pub to: Timestamp,
    /// Whether the newest come first.
    pub newest_first: bool,
    /// Most readings.
    pub limit: usize,
}

#[derive(Serialize, Deserialize)]
struct SeriesItem {
    pk: String,
    sk: String,
    v: u8,
    class: Class,
    seq: u64,
    #[serde(with = "serde_bytes")]
    body: Vec<u8>,
}

/// What one event said of one attribute within [`SPAN`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Packed {
    event_id: EventId,
    event_type: String,
    role: String,
    audience: Class,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instrument: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conditions: Option<String>,
    /// By time. Without a value: what was known of that moment was withdrawn.
    entries: Vec<(Timestamp, Option<Value>)>,
}

fn partition(subject: &Subject) -> String {
    format!("R#{subject}")
}

fn begin(attribute: &Attribute, at: Timestamp) -> String {
    format!("{}/{}#{at}", attribute.group, attribute.id)
}

/// Sorts after every item of that moment.
fn end(attribute: &Attribute, at: Timestamp) -> String {
    format!("{}~", begin(attribute, at))
}

fn moment(reading: &Reading) -> Timestamp {
    reading.at.into()
}

/// That much later.
fn later(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond().saturating_add(span()))
}

fn span() -> i64 {
    i64::try_from(SPAN.as_millis()).unwrap_or(i64::MAX)
}

/// The rows of everything an event says of dynamic attributes: the readings it brings, and every value it set.
pub(crate) fn rows(
    subject: &Subject,
    event: &EventInput,
    changes: &[AttributeChange],
    sealed: &SealedEvent,
    seq: u64,
    key: &DataKey,
) -> Result<Vec<Row>, StoreError> {
    let pk = partition(subject);
    let readings = event.readings.as_ref();
    let mut rows = Vec::new();
    for (pointer, entries) in entries(event, changes) {
        let Some(attribute) = catalogue().by_pointer(&pointer) else {
            continue;
        };
        let entries: Vec<_> = entries.into_iter().collect();
        for entries in within_span(&entries) {
            let Some((last, _)) = entries.last() else {
                continue;
            };
            let packed = Packed {
                event_id: sealed.event_id,
                event_type: event.event_type.clone(),
                role: event.role.clone(),
                audience: event.audience,
                instrument: readings.and_then(|readings| readings.instrument.clone()),
                conditions: readings.and_then(|readings| readings.conditions.clone()),
                entries: entries.to_vec(),
            };
            let sk = format!("{}#{seq:010}", begin(attribute, *last));
            let clear = serde_json::to_vec(&packed).map_err(StoreError::damaged)?;
            let item = SeriesItem {
                v: 1,
                class: attribute.class,
                seq,
                body: key.seal(&compress(&clear)?, &format!("{pk}|{sk}"))?,
                pk: pk.clone(),
                sk,
            };
            rows.push(Row::put(Table::Records, &item, Guard::New)?);
        }
    }
    Ok(rows)
}

/// What is said of each moment of each attribute.
type Entries = BTreeMap<String, BTreeMap<Timestamp, Option<Value>>>;

fn entries(event: &EventInput, changes: &[AttributeChange]) -> Entries {
    let mut entries = Entries::new();
    let mut say = |reading: Reading, there: bool| {
        let of_attribute = entries.entry(reading.attribute.pointer()).or_default();
        of_attribute.insert(moment(&reading), there.then_some(reading.value));
    };
    for change in changes {
        let Some(attribute) = catalogue().by_pointer(&change.pointer) else {
            continue;
        };
        let reading = |value: &Option<Value>| Reading::of(attribute, value.as_ref()?);
        // What a correction puts another value in the place of was never so.
        if event.readings.is_none()
            && corrects(&event.event_type)
            && let Some(before) = reading(&change.before)
        {
            say(before, false);
        }
        if let Some(after) = reading(&change.after) {
            say(after, true);
        }
    }
    for reading in event.readings.iter().flat_map(|readings| &readings.list) {
        say(reading.clone(), true);
    }
    entries
}

fn corrects(event_type: &str) -> bool {
    catalogue()
        .event_type(event_type)
        .is_some_and(passport::EventType::corrects)
}

type Entry = (Timestamp, Option<Value>);

/// Cuts entries, which come by time, so that no piece spans more than [`SPAN`].
fn within_span(entries: &[Entry]) -> Vec<&[Entry]> {
    let mut pieces = Vec::new();
    let mut rest = entries;
    while let Some((first, _)) = rest.first() {
        let until = later(*first);
        let count = rest.partition_point(|(at, _)| *at <= until);
        let (piece, more) = rest.split_at(count);
        pieces.push(piece);
        rest = more;
    }
    pieces
}

impl Store {
    /// The readings of an attribute within a range, in its order; of one moment only what the latest event said.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer or an item is damaged.
    pub async fn series(
        &self,
        subject: &Subject,
        attribute: &'static Attribute,
        range: Range,
    ) -> Result<Vec<StoredReading>, StoreError> {
        let Some(key) = self.data_key(subject).await? else {
            return Ok(Vec::new());
        };
        let mut found = Found {
            attribute,
            range,
            moments: BTreeMap::new(),
        };
        let mut start = None;
        loop {
            let page = self.series_page(subject, attribute, range, start).await?;
            let last = page.items.last().map(|item| last_moment(sort_key(item)));
            for item in page.items {
                found.take(subject, &key, decode(item)?)?;
            }
            start = page.next;
            if start.is_none() {
                return Ok(found.readings(None));
            }
            if let Some(last) = last {
                let readings = found.readings(Some(last?));
                if readings.len() >= range.limit {
                    return Ok(readings);
                }
            }
        }
    }

    async fn series_page(
        &self,
        subject: &Subject,
        attribute: &Attribute,
        range: Range,
        start: Option<Item>,
    ) -> Result<Page, StoreError> {
        let text = AttributeValue::S;
        // From the oldest on a reading counts only once no later item can hold an earlier one, so that few are no shorter way.
        let limit = match range.newest_first {
            true => range.limit.clamp(FEW, PAGE),
            false => PAGE,
        };
        let page = self
            .dynamodb()
            .query()
            .table_name(self.table(Table::Records))
            .consistent_read(true)
            .scan_index_forward(!range.newest_first)
            .limit(limit.try_into().unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .key_condition_expression("pk = :pk AND sk BETWEEN :begin AND :end")
            .expression_attribute_values(":pk", text(partition(subject)))
            .expression_attribute_values(":begin", text(begin(attribute, range.from)))
            .expression_attribute_values(":end", text(end(attribute, later(range.to))))
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        Ok(Page {
            items: page.items.unwrap_or_default(),
            next: page.last_evaluated_key,
        })
    }
}

struct Page {
    items: Vec<Item>,
    next: Option<Item>,
}

/// The last moment of an item, as its sort key has it.
fn last_moment(sk: &str) -> Result<Timestamp, StoreError> {
    let mut parts = sk.split('#');
    parts
        .nth(1)
        .and_then(|at| at.parse().ok())
        .ok_or_else(|| StoreError::damaged(format!("`{sk}` is no item of a series")))
}

/// What was read of a series so far: of each moment, the latest event and what it said.
struct Found {
    attribute: &'static Attribute,
    range: Range,
    moments: BTreeMap<Timestamp, (u64, Option<StoredReading>)>,
}

impl Found {
    fn take(
        &mut self,
        subject: &Subject,
        key: &DataKey,
        item: SeriesItem,
    ) -> Result<(), StoreError> {
        let place = format!("{}|{}", partition(subject), item.sk);
        let Some(clear) = key.open_unless_erased(&item.body, &place)? else {
            return Ok(());
        };
        let packed: Packed = expand(&clear)?;
        let Packed { entries, .. } = &packed;
        for (at, value) in entries {
            let earlier = self.moments.get(at).is_some_and(|(seq, _)| *seq > item.seq);
            if earlier || !(self.range.from..=self.range.to).contains(at) {
                continue;
            }
            let reading = value
                .as_ref()
                .and_then(|value| Reading::of(self.attribute, value));
            let reading = reading.map(|reading| StoredReading {
                reading,
                at: *at,
                instrument: packed.instrument.clone(),
                conditions: packed.conditions.clone(),
                event_id: packed.event_id,
                event_type: packed.event_type.clone(),
                role: packed.role.clone(),
                audience: packed.audience,
            });
            self.moments.insert(*at, (item.seq, reading));
        }
        Ok(())
    }

    /// The readings in order, as many as are asked for. Where more items follow one with the moment `last`, only those that
    /// none of them can come before.
    fn readings(&self, last: Option<Timestamp>) -> Vec<StoredReading> {
        let settled = |at: Timestamp| match (last, self.range.newest_first) {
            (None, _) => true,
            (Some(last), true) => at > last,
            (Some(last), false) => later(at) < last,
        };
        let moments = self.moments.iter();
        let readings = moments.filter(|(at, _)| settled(**at));
        let readings = readings.filter_map(|(_, (_, reading))| reading.clone());
        match self.range.newest_first {
            true => readings.rev().take(self.range.limit).collect(),
            false => readings.take(self.range.limit).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
