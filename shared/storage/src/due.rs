//! What is to be published anew.
//!
//! Whatever changes in a way that the public may see leaves a row in the very transaction that changes it, and the row goes once
//! its snapshots are made: what was missed is what is still there. A row says that something changed, not what, so that doubled,
//! late and reordered work does no harm. Long work keeps how far it is in its row, and whoever works on it holds it for a while.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use identity::UnitId;
use ledger::{Sha256, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::change::{Guard, Row};
use crate::store::{Item, decode, encode, key, shard};
use crate::{Head, Store, StoreError, Subject, Table};

/// Over how many partitions the rows are spread.
pub const DUE_SHARDS: u8 = 8;
/// For so long a piece of work belongs to whoever took it or went on with it last.
const HELD: Duration = Duration::from_secs(60);

/// Something to publish anew.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Work {
    /// What the public may see of a subject changed.
    Subject(Subject),
    /// The units of an order, as soon as they exist.
    Order(Uuid),
    /// One shard of a model's units; those of one batch only, where it is named.
    Units {
        /// The model.
        model: Uuid,
        /// Which shard of its index.
        shard: u8,
        /// Which batch.
        batch: Option<Uuid>,
    },
}

/// Work that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// What is to be done.
    pub work: Work,
    /// The last unit that was done.
    pub after: Option<UnitId>,
    /// Names the change that asks for it: a newer one begins anew.
    mark: String,
}

#[derive(Serialize, Deserialize)]
struct DueItem {
    pk: String,
    sk: String,
    v: u8,
    mark: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    done: Option<UnitId>,
}

#[derive(Serialize, Deserialize)]
struct LaterItem {
    pk: String,
    sk: String,
    v: u8,
}

#[derive(Serialize, Deserialize)]
struct FaceItem {
    pk: String,
    sk: String,
    v: u8,
    face: Sha256,
}

const FACE: &str = "0#FACE";

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject(subject) => write!(f, "{subject}"),
            Self::Order(id) => write!(f, "ORDER#{id}"),
            Self::Units {
                model,
                shard,
                batch: None,
            } => write!(f, "I#{model}#{shard}"),
            Self::Units {
                model,
                shard,
                batch: Some(batch),
            } => write!(f, "I#{model}#{shard}#{batch}"),
        }
    }
}

/// A text that names no work.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` names nothing that could be published")]
pub struct NotWork(String);

impl FromStr for Work {
    type Err = NotWork;

    fn from_str(text: &str) -> Result<Self, NotWork> {
        let fault = || NotWork(text.to_owned());
        let uuid = |text: &str| Uuid::parse_str(text).map_err(|_| fault());
        let mut parts = text.split('#');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("ORDER"), Some(id), None, None) => Ok(Self::Order(uuid(id)?)),
            (Some("I"), Some(model), Some(shard), batch) => Ok(Self::Units {
                model: uuid(model)?,
                shard: shard.parse().map_err(|_| fault())?,
                batch: batch.map(uuid).transpose()?,
            }),
            _ => text.parse().map(Self::Subject).map_err(|_| fault()),
        }
    }
}

fn partition(shard: u8) -> String {
    format!("PUBLISH#{shard}")
}

fn later(shard: u8) -> String {
    format!("PUBLISH#LATER#{shard}")
}

fn face(subject: &Subject) -> String {
    format!("PUBLISH#FACE#{subject}")
}

fn item(work: &Work, mark: String) -> DueItem {
    let sk = work.to_string();
    DueItem {
        pk: partition(shard(&sk, DUE_SHARDS)),
        sk,
        v: 1,
        mark,
        done: None,
    }
}

impl Work {
    /// The row that asks for it, in the transaction of what `mark` names.
    pub(crate) fn row(&self, mark: impl fmt::Display) -> Result<Row, StoreError> {
        Row::put(
            Table::Records,
            &item(self, mark.to_string()),
            Guard::Covered,
        )
    }

    fn key(&self) -> Item {
        let sk = self.to_string();
        key(&partition(shard(&sk, DUE_SHARDS)), Some(&sk))
    }
}

impl DueItem {
    fn due(self) -> Result<Due, StoreError> {
        Ok(Due {
            work: self.sk.parse().map_err(StoreError::damaged)?,
            after: self.done,
            mark: self.mark,
        })
    }
}

impl Head {
    /// What units' public views may take from a model, batch or organisation; the same as long as nothing of it changed.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where it cannot be written down.
    pub fn shared_face(&self) -> Result<Sha256, StoreError> {
        let part = self.part(passport::Class::Public);
        let face = serde_json::to_vec(&(&self.facts, part.map(|part| part.commitment)));
        face.map(|face| Sha256::of(&face))
            .map_err(StoreError::damaged)
    }
}

impl Store {
    /// Asks for work, also where it was asked for before.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn ask_for(&self, work: &Work) -> Result<(), StoreError> {
        let item = item(work, Uuid::new_v4().to_string());
        self.put_over(encode(&item)?).await
    }

    /// Asks for work that is due at a time of its own.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn ask_later(&self, work: &Work, at: Timestamp) -> Result<(), StoreError> {
        let name = work.to_string();
        let item = LaterItem {
            pk: later(shard(&name, DUE_SHARDS)),
            sk: format!("{at}#{name}"),
            v: 1,
        };
        self.put_over(encode(&item)?).await
    }

    /// Makes due, in one shard, what was asked for at a time that has come.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn time_has_come(&self, shard: u8, now: Timestamp) -> Result<(), StoreError> {
        let pk = later(shard);
        for item in self.query(Table::Records, &pk, "", true).await? {
            let LaterItem { sk, .. } = decode(item)?;
            let (at, work) = sk.split_once('#').unwrap_or_default();
            if at.parse::<Timestamp>().map_err(StoreError::damaged)? > now {
                // They are in the order of their times.
                return Ok(());
            }
            self.ask_for(&work.parse().map_err(StoreError::damaged)?)
                .await?;
            self.dynamodb()
                .delete_item()
                .table_name(self.table(Table::Records))
                .set_key(Some(key(&pk, Some(&sk))))
                .send()
                .await
                .map_err(StoreError::unavailable)?;
        }
        Ok(())
    }

    /// The work that is due, of one shard; also what somebody is working on.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn all_due(&self, shard: u8) -> Result<Vec<Due>, StoreError> {
        let pk = partition(shard);
        let items = self.query(Table::Records, &pk, "", true).await?;
        items
            .into_iter()
            .map(|item| decode::<DueItem>(item)?.due())
            .collect()
    }

    /// Work, where it is due.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or the item is damaged.
    pub async fn due(&self, work: &Work) -> Result<Option<Due>, StoreError> {
        let sk = work.to_string();
        let item: Option<DueItem> = self
            .get(
                Table::Records,
                &partition(shard(&sk, DUE_SHARDS)),
                Some(&sk),
            )
            .await?;
        item.map(DueItem::due).transpose()
    }

    /// Takes work for a while; `false` where somebody else has it beyond `free`, or it is no longer what is due.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn take(
        &self,
        due: &Due,
        now: Timestamp,
        free: Timestamp,
    ) -> Result<bool, StoreError> {
        let is_free = "mark = :mark AND (attribute_not_exists(held) OR held < :free)";
        let values = [
            (":free", number(free, Duration::ZERO)),
            (":held", number(now, HELD)),
        ];
        self.hold(due, "SET held = :held", is_free, values).await
    }

    /// Keeps how far work is, and goes on holding it; `false` where it is no longer what is due.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn advance(
        &self,
        due: &Due,
        after: UnitId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = [
            (":done", AttributeValue::S(after.to_string())),
            (":held", number(now, HELD)),
        ];
        self.hold(
            due,
            "SET done = :done, held = :held",
            "mark = :mark",
            values,
        )
        .await
    }

    /// Lets go of work that is not done.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn let_go(&self, due: &Due) -> Result<(), StoreError> {
        self.hold(due, "REMOVE held", "mark = :mark", [])
            .await
            .map(drop)
    }

    async fn hold<const N: usize>(
        &self,
        due: &Due,
        update: &str,
        condition: &str,
        values: [(&str, AttributeValue); N],
    ) -> Result<bool, StoreError> {
        let mark = (":mark", AttributeValue::S(due.mark.clone()));
        let values: HashMap<String, AttributeValue> = values
            .into_iter()
            .chain([mark])
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let sent = self
            .dynamodb()
            .update_item()
            .table_name(self.table(Table::Records))
            .set_key(Some(due.work.key()))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values))
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(true);
        };
        let error = error.into_service_error();
        let lost = error.is_conditional_check_failed_exception()
            || error.is_transaction_conflict_exception();
        if lost {
            Ok(false)
        } else {
            Err(StoreError::unavailable(error))
        }
    }

    /// Work is done; what asked for it anew meanwhile stays.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn done(&self, due: &Due) -> Result<(), StoreError> {
        let sent = self
            .dynamodb()
            .delete_item()
            .table_name(self.table(Table::Records))
            .set_key(Some(due.work.key()))
            .condition_expression("mark = :mark")
            .expression_attribute_values(":mark", AttributeValue::S(due.mark.clone()))
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(());
        };
        let error = error.into_service_error();
        let newer = error.is_conditional_check_failed_exception()
            || error.is_transaction_conflict_exception();
        if newer {
            Ok(())
        } else {
            Err(StoreError::unavailable(error))
        }
    }

    /// The face of a subject ([`Head::shared_face`]) that was last worked off.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or the item is damaged.
    pub async fn worked_off(&self, subject: &Subject) -> Result<Option<Sha256>, StoreError> {
        let item: Option<FaceItem> = self.get(Table::Records, &face(subject), Some(FACE)).await?;
        Ok(item.map(|item| item.face))
    }

    /// Work for a face of a subject was asked for.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn work_off(&self, subject: &Subject, of: Sha256) -> Result<(), StoreError> {
        let item = FaceItem {
            pk: face(subject),
            sk: FACE.to_owned(),
            v: 1,
            face: of,
        };
        self.put_over(encode(&item)?).await
    }

    async fn put_over(&self, item: Item) -> Result<(), StoreError> {
        self.dynamodb()
            .put_item()
            .table_name(self.table(Table::Records))
            .set_item(Some(item))
            .send()
            .await
            .map(drop)
            .map_err(StoreError::unavailable)
    }
}

fn number(now: Timestamp, more: Duration) -> AttributeValue {
    let more = i64::try_from(more.as_millis()).unwrap_or(i64::MAX);
    AttributeValue::N(now.as_millisecond().saturating_add(more).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_work_reads_back() {
        for text in [
            "U#32XZAJ4P21M1MZ0N3RQA",
            "P#1b4e28ba-2fa1-41d2-883f-0016d3cca427",
            "O#cells",
            "ORDER#1b4e28ba-2fa1-41d2-883f-0016d3cca427",
            "I#1b4e28ba-2fa1-41d2-883f-0016d3cca427#63",
            "I#1b4e28ba-2fa1-41d2-883f-0016d3cca427#0#9b4e28ba-2fa1-41d2-883f-0016d3cca427",
        ] {
            assert_eq!(text.parse::<Work>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "I#1#2",
            "ORDER#",
            "X#1",
            "I#1b4e28ba-2fa1-41d2-883f-0016d3cca427#300",
        ] {
            assert!(text.parse::<Work>().is_err(), "{text}");
        }
    }
}
