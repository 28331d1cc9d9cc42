//! Counts of scans and the alarms they raised. Nothing here names a person, a device or an address, and all of it expires.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use identity::{LabelId, UnitId};
use ledger::Timestamp;
use passport::{Count, Sighting, SignalKind, date};
use serde::{Deserialize, Serialize};

use crate::change::Guard;
use crate::public_reads::ScannedDay;
use crate::store::{Item, decode, encode, key};
use crate::{Store, StoreError, Subject, Table};

/// Counters that are added to at once: a transaction has 100 items, one of them is the batch's, and each counter may be of a day of
/// its own that is to be told.
pub const COUNTERS_AT_ONCE: usize = 45;
/// Thirteen months: long enough to know what is usual.
const KEPT_DAYS: i64 = 396;
/// A batch is not delivered again after that.
const BATCH_DAYS: i64 = 14;
const SECONDS_A_DAY: i64 = 24 * 60 * 60;
/// Most counters of a unit that are read, the newest: a year of daily scans in a dozen countries.
const MOST_COUNTERS: i32 = 5_000;
/// Most alarms of an organisation that are listed, the newest.
const MOST_ALARMS: i32 = 200;
/// How often a conflict with another batch is tried again.
const ATTEMPTS: u32 = 6;
/// The largest scan log that is read, as it lies in the bucket.
const LOG_LIMIT: i64 = 32 << 20;

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counter {
    /// The unit.
    pub unit: UnitId,
    /// The day, from 1970-01-01.
    pub day: i32,
    /// What was known of the label.
    pub sighting: Sighting,
    /// The label; none where it was never issued.
    pub label: Option<LabelId>,
    /// Where it was scanned.
    pub country: String,
}

/// A signal that chance no longer explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// The unit.
    pub unit: UnitId,
    /// What makes the label a potential suspect.
    pub kind: SignalKind,
    /// The label; none where it was never issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The day, from 1970-01-01.
    pub day: i32,
    /// Scans on it, when the alarm was raised.
    pub scans: u64,
    /// From how many scans on it is one.
    pub threshold: u64,
}

#[derive(Serialize, Deserialize)]
struct CounterItem {
    day: i32,
    sighting: Sighting,
    #[serde(default)]
    label: Option<String>,
    country: String,
    scans: u64,
}

#[derive(Serialize, Deserialize)]
struct BatchItem {
    pk: String,
    sk: String,
    v: u8,
    expires: i64,
}

#[derive(Serialize, Deserialize)]
struct AlarmItem {
    pk: String,
    sk: String,
    v: u8,
    expires: i64,
    #[serde(flatten)]
    alarm: Alarm,
}

fn alarms_of(organisation: &str) -> String {
    format!("A#{organisation}")
}

fn expiry(day: i32) -> i64 {
    (i64::from(day) + KEPT_DAYS) * SECONDS_A_DAY
}

impl Store {
    /// Adds to counters what a part of a batch brought, at most [`COUNTERS_AT_ONCE`] of them, together with the row that says so:
    /// a part that is delivered again is not counted again (`false`).
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the part was counted.
    pub async fn add_sightings(
        &self,
        batch: &str,
        part: usize,
        counters: &[(Counter, u64)],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = BatchItem {
            pk: format!("B#{batch}"),
            sk: format!("{part:06}"),
            v: 1,
            expires: now.as_millisecond() / 1000 + BATCH_DAYS * SECONDS_A_DAY,
        };
        let once = Put::builder()
            .table_name(self.table(Table::Signals))
            .set_item(Some(encode(&row)?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(StoreError::unavailable)?;
        let mut actions = vec![TransactWriteItem::builder().put(once).build()];
        for (counter, scans) in counters {
            actions.push(self.addition(counter, *scans)?);
        }
        let days = counters.iter().map(|(counter, _)| ScannedDay {
            unit: counter.unit,
            day: counter.day,
        });
        for day in days.collect::<BTreeSet<_>>() {
            actions.push(self.action(&day.row(Guard::Covered)?)?);
        }
        for attempt in 0..ATTEMPTS {
            let sent = self
                .dynamodb()
                .transact_write_items()
                .set_transact_items(Some(actions.clone()))
                .send()
                .await;
            let Err(error) = sent else {
                return Ok(true);
            };
            let error = error.into_service_error();
            match first_reason(&error).as_deref() {
                Some("ConditionalCheckFailed") => return Ok(false),
                Some(_) => tokio::time::sleep(crate::commit::pause(attempt)?).await,
                None => return Err(StoreError::unavailable(error)),
            }
        }
        Err(StoreError::Unavailable(
            "the counters are busy: try again".to_owned(),
        ))
    }

    fn addition(&self, counter: &Counter, scans: u64) -> Result<TransactWriteItem, StoreError> {
        let label = counter.label.map(|label| label.to_string());
        let place = format!(
            "{}#{}#{}#{}",
            date(counter.day),
            counter.sighting.as_str(),
            label.as_deref().unwrap_or("-"),
            counter.country
        );
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let number = |number: i64| AttributeValue::N(number.to_string());
        // `day` is reserved.
        let set =
            "SET v = :v, #day = :day, sighting = :sighting, country = :country, expires = :expires";
        let update = Update::builder()
            .table_name(self.table(Table::Signals))
            .set_key(Some(key(
                &Subject::Unit(counter.unit).to_string(),
                Some(&place),
            )))
            .expression_attribute_names("#day", "day")
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":day", number(counter.day.into()))
            .expression_attribute_values(":sighting", text(counter.sighting.as_str()))
            .expression_attribute_values(":country", text(&counter.country))
            .expression_attribute_values(":expires", number(expiry(counter.day)))
            .expression_attribute_values(":scans", AttributeValue::N(scans.to_string()));
        let update = match &label {
            Some(label) => update
                .update_expression(format!("{set}, label = :label ADD scans :scans"))
                .expression_attribute_values(":label", text(label)),
            None => update.update_expression(format!("{set} ADD scans :scans")),
        };
        let update = update.build().map_err(StoreError::unavailable)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// How often the labels of a unit were scanned.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn sightings(&self, unit: UnitId) -> Result<Vec<Count>, StoreError> {
        let partition = Subject::Unit(unit).to_string();
        let items = self.newest_signals(&partition, MOST_COUNTERS).await?;
        items.into_iter().map(counted).collect()
    }

    /// How often they were scanned on a day.
    pub(crate) async fn sightings_on(&self, day: &ScannedDay) -> Result<u64, StoreError> {
        let partition = Subject::Unit(day.unit).to_string();
        let begins = format!("{}#", date(day.day));
        let items = self
            .query(Table::Signals, &partition, &begins, true)
            .await?;
        items.into_iter().map(|item| Ok(counted(item)?.scans)).sum()
    }

    /// Raises an alarm for an organisation; `false` where it was raised before.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn raise_alarm(&self, organisation: &str, alarm: &Alarm) -> Result<bool, StoreError> {
        let item = AlarmItem {
            pk: alarms_of(organisation),
            sk: format!(
                "{}#{}#{}#{}",
                date(alarm.day),
                alarm.unit,
                alarm.kind.as_str(),
                alarm.label.as_deref().unwrap_or("-")
            ),
            v: 1,
            expires: expiry(alarm.day),
            alarm: alarm.clone(),
        };
        self.put_new(Table::Signals, encode(&item)?).await
    }

    /// The alarms of batteries that an organisation was responsible for then, newest first.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn alarms(&self, organisation: &str) -> Result<Vec<Alarm>, StoreError> {
        let items = self
            .newest_signals(&alarms_of(organisation), MOST_ALARMS)
            .await?;
        let alarms = items.into_iter();
        alarms
            .map(|item| decode::<AlarmItem>(item).map(|item| item.alarm))
            .collect()
    }

    async fn newest_signals(&self, partition: &str, most: i32) -> Result<Vec<Item>, StoreError> {
        let answer = self
            .dynamodb()
            .query()
            .table_name(self.table(Table::Signals))
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(most)
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        Ok(answer.items.unwrap_or_default())
    }

    /// A log of scans as it was delivered; `None` where there is none (any more) or it is too large to be one.
    ///
    /// # Errors
    /// [`StoreError`] where the bucket does not answer.
    pub async fn scan_log(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let bucket = &self.buckets().scan_logs;
        let Some(object) = self.found(bucket, name, None).await? else {
            return Ok(None);
        };
        if object
            .content_length
            .is_none_or(|length| length > LOG_LIMIT)
        {
            return Ok(None);
        }
        let bytes = object.body.collect().await;
        let bytes = bytes.map_err(StoreError::unavailable)?;
        Ok(Some(bytes.to_vec()))
    }
}

fn counted(item: Item) -> Result<Count, StoreError> {
    let item: CounterItem = decode(item)?;
    Ok(Count {
        day: item.day,
        label: item.label,
        sighting: item.sighting,
        country: item.country,
        scans: item.scans,
    })
}

/// The first reason why a transaction was cancelled; `None` where it was not, or for something that does not pass.
fn first_reason(error: &TransactWriteItemsError) -> Option<String> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        return None;
    };
    let reasons = cancelled.cancellation_reasons().iter();
    let mut codes = reasons.filter_map(|reason| reason.code());
    let code = codes.find(|code| *code != "None")?;
    let passing = [
        "ConditionalCheckFailed",
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    ];
    passing.contains(&code).then(|| code.to_owned())
}
