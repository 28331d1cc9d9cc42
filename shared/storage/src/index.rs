//! Which units are of a model, and which models there are: what has to be published anew when something they share changes.
//!
//! A model's units are spread over 64 partitions: an order writes 10,000 rows at once, a refresh reads a million, and one partition
//! takes 1,000 writes and gives 3,000 reads a second. Each is also a piece of work of its own, taken up by whoever is free.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use identity::UnitId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::change::{Guard, Row};
use crate::store::decode;
use crate::{Facts, Store, StoreError, Subject, Table};

/// Into how many partitions a model's units are spread.
pub const UNIT_SHARDS: u8 = 64;

const MODELS: &str = "I#MODELS";

#[derive(Serialize, Deserialize)]
struct UnitItem {
    pk: String,
    sk: String,
    v: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    batch: Option<Uuid>,
}

#[derive(Serialize, Deserialize)]
struct ModelItem {
    pk: String,
    sk: String,
    v: u8,
}

fn partition(model: Uuid, shard: u8) -> String {
    format!("I#{model}#{shard}")
}

/// The first characters of a unit id are random.
fn shard(unit: UnitId) -> u8 {
    let text = unit.to_string();
    let sum = text
        .bytes()
        .take(4)
        .fold(0_u8, |sum, byte| sum.wrapping_mul(37).wrapping_add(byte));
    sum % UNIT_SHARDS
}

/// The row of a unit.
pub(crate) fn unit_row(unit: UnitId, model: Uuid, batch: Option<Uuid>) -> Result<Row, StoreError> {
    let item = UnitItem {
        pk: partition(model, shard(unit)),
        sk: unit.to_string(),
        v: 1,
        batch,
    };
    Row::put(Table::Records, &item, Guard::New)
}

/// The row of a subject that begins.
pub(crate) fn row(subject: &Subject, facts: &Facts) -> Result<Option<Row>, StoreError> {
    match (subject, facts) {
        (Subject::Unit(unit), Facts::Unit { model, batch, .. }) => {
            unit_row(*unit, *model, *batch).map(Some)
        }
        (Subject::Model(model), _) => {
            let item = ModelItem {
                pk: MODELS.to_owned(),
                sk: model.to_string(),
                v: 1,
            };
            Row::put(Table::Records, &item, Guard::New).map(Some)
        }
        _ => Ok(None),
    }
}

impl Store {
    /// Every model.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn models(&self) -> Result<Vec<Uuid>, StoreError> {
        let items = self.query(Table::Records, MODELS, "", true).await?;
        items
            .into_iter()
            .map(|item| {
                Uuid::parse_str(&decode::<ModelItem>(item)?.sk).map_err(StoreError::damaged)
            })
            .collect()
    }

    /// The next units in one shard of a model's index, each with its batch: at most `limit`, those after `after`.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn units_of(
        &self,
        model: Uuid,
        shard: u8,
        after: Option<UnitId>,
        limit: i32,
    ) -> Result<Vec<(UnitId, Option<Uuid>)>, StoreError> {
        let text = |text: String| AttributeValue::S(text);
        let after = after.map_or_else(|| "0".to_owned(), |unit| unit.to_string());
        let values = HashMap::from([
            (":pk".to_owned(), text(partition(model, shard))),
            (":after".to_owned(), text(after)),
        ]);
        let page = self
            .dynamodb()
            .query()
            .table_name(self.table(Table::Records))
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk > :after")
            .set_expression_attribute_values(Some(values))
            .limit(limit)
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        page.items
            .unwrap_or_default()
            .into_iter()
            .map(|item| {
                let item: UnitItem = decode(item)?;
                let unit = UnitId::parse(&item.sk).map_err(StoreError::damaged)?;
                Ok((unit, item.batch))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_spread_evenly() {
        let mut counts = [0_u32; UNIT_SHARDS as usize];
        let mut state = 1_u64;
        for _ in 0..6_400 {
            let random = [(); 18].map(|()| {
                state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
                state.to_be_bytes()[0]
            });
            counts[usize::from(shard(UnitId::from_random(random)))] += 1;
        }
        assert!(
            counts.iter().all(|count| (40..200).contains(count)),
            "{counts:?}"
        );
    }
}
