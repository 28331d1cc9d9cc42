//! What everybody reads: how often a unit was scanned on a day, as one event of the log of reads that says nothing of who scanned
//! (ledger.md §1.5).

use aws_sdk_dynamodb::types::AttributeValue;
use identity::UnitId;
use ledger::{EventId, PublicReadsDraft, Timestamp};
use passport::{Class, date, day_of};
use serde::{Deserialize, Serialize};

use crate::change::{Guard, Row, random};
use crate::commit::CommitError;
use crate::journal::{EventItem, chain_rows};
use crate::sealing::with_random;
use crate::store::{decode, shard};
use crate::{Store, StoreError, Subject, Table};

/// Days that have still to be told are spread over this many partitions.
const SHARDS: u8 = 8;
/// Most that are listed of each.
const MOST: i32 = 1_000;

/// A unit and a day on which it was scanned, of which the log of reads has still to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScannedDay {
    /// The unit.
    pub unit: UnitId,
    /// The day, from 1970-01-01.
    pub day: i32,
}

#[derive(Serialize, Deserialize)]
struct ScannedItem {
    pk: String,
    sk: String,
    v: u8,
}

fn partition(shard: u8) -> String {
    format!("SCANNED#{shard}")
}

impl ScannedDay {
    /// The row that asks for the day to be told: put with its first count.
    pub(crate) fn row(&self, guard: Guard) -> Result<Row, StoreError> {
        let unit = self.unit.to_string();
        let item = ScannedItem {
            pk: partition(shard(&unit, SHARDS)),
            sk: format!("{}#{unit}", date(self.day)),
            v: 1,
        };
        Row::put(Table::Signals, &item, guard)
    }

    fn of(item: &ScannedItem) -> Option<Self> {
        let (day, unit) = item.sk.split_once('#')?;
        Some(Self {
            unit: UnitId::parse(unit).ok()?,
            day: day_of(day)?,
        })
    }
}

impl Store {
    /// Days before this one that have still to be told, the oldest first of each of 8 shards.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn scanned_days(&self, before: i32) -> Result<Vec<ScannedDay>, StoreError> {
        let mut days = Vec::new();
        for shard in 0..SHARDS {
            let answer = self
                .dynamodb()
                .query()
                .table_name(self.table(Table::Signals))
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND sk < :sk")
                .expression_attribute_values(":pk", AttributeValue::S(partition(shard)))
                .expression_attribute_values(":sk", AttributeValue::S(date(before)))
                .limit(MOST)
                .send()
                .await
                .map_err(StoreError::unavailable)?;
            for item in answer.items.unwrap_or_default() {
                let item: ScannedItem = decode(item)?;
                let day = ScannedDay::of(&item);
                days.push(day.ok_or_else(|| StoreError::damaged(format!("`{}`", item.sk)))?);
            }
        }
        Ok(days)
    }

    /// Tells of a day that is over: its event, and that nothing asks for it any more, in one transaction. `false` where it was told
    /// before: the event of a day stands at the day, once.
    ///
    /// # Errors
    /// [`StoreError`]; the day is still to be told.
    pub async fn tell_public_reads(
        &self,
        log: &str,
        day: &ScannedDay,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let subject = Subject::Unit(day.unit);
        let key = self.data_key_for_change(&subject).await?;
        let place = date(day.day);
        let draft = PublicReadsDraft {
            log: log.to_owned(),
            event_id: EventId::new(now, &random::<10>()?),
            at: now,
            subject: subject.to_string(),
            day: place.clone(),
            count: self.sightings_on(day).await?,
        };
        let sealed = with_random(|random| draft.seal(random))?.map_err(StoreError::damaged)?;
        let chain = format!("{}{subject}", crate::log::READS);
        let mut rows = chain_rows(&chain, &place, &sealed, (Class::Internal, None), &key.key)?;
        rows.extend(key.row());
        rows.push(day.row(Guard::Gone)?);
        match self.write(rows).await {
            Ok(()) => Ok(true),
            Err(CommitError::Store(error)) => Err(error),
            Err(error) => {
                let told: Option<EventItem> = self.get(Table::Ledger, &chain, Some(&place)).await?;
                match told {
                    Some(_) => self.no_longer_to_tell(day).await.map(|()| false),
                    None => Err(StoreError::unavailable(error)),
                }
            }
        }
    }

    async fn no_longer_to_tell(&self, day: &ScannedDay) -> Result<(), StoreError> {
        match self.write(vec![day.row(Guard::Gone)?]).await {
            Ok(()) | Err(CommitError::Exists) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
            Err(error) => Err(StoreError::unavailable(error)),
        }
    }
}
