//! Orders of unit ids: one transaction records them all, the unit items follow.

use identity::{Host, LabelId, UnitId};
use ledger::{Sha256, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::change::{Guard, Receipt, Row, random};
use crate::commit::CommitError;
use crate::compression::{compress, expand};
use crate::record::{HEAD, HeadItem};
use crate::store::{decode, key};
use crate::unit::Label;
use crate::{Change, Facts, Head, Store, StoreError, Subject, Table, Work};

/// Items of one transaction: each unit has a head, its labels and a row of the index.
const ITEMS_PER_TRANSACTION: usize = 100;

/// An order of 1 to 10,000 units.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its id.
    pub id: Uuid,
    /// Who ordered.
    pub organisation: String,
    /// For which model.
    pub model: Uuid,
    /// For which batch.
    pub batch: Option<Uuid>,
    /// When.
    pub at: Timestamp,
    /// Whether its labels may go on batteries for sale.
    pub market: bool,
    /// The orderer's own host in the carriers, where it has one.
    pub carrier_host: Option<Host>,
    /// The ids, each with its first labels.
    pub units: Vec<(UnitId, Vec<LabelId>)>,
    /// How far it is.
    pub state: OrderState,
    /// Hash of the event that recorded it: what each unit's own chain begins with.
    pub event_hash: Option<Sha256>,
}

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderState {
    /// Recorded; not every unit can be resolved yet.
    Pending,
    /// Every unit exists.
    Complete,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderItem {
    pk: String,
    sk: String,
    v: u8,
    organisation: String,
    model: Uuid,
    batch: Option<Uuid>,
    at: Timestamp,
    market: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    carrier_host: Option<Host>,
    #[serde(with = "serde_bytes")]
    units: Vec<u8>,
    state: OrderState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<OrderEvent>,
}

/// Where the order's event stands: its hash is known only once the event is sealed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderEvent {
    subject: String,
    seq: u64,
}

/// Names an order that is not complete: written with it, deleted when it is done.
#[derive(Serialize, Deserialize)]
struct PendingItem {
    pk: String,
    sk: String,
    v: u8,
}

const ORDER: &str = "0#ORDER";
const PENDING: &str = "ORDERS#PENDING";

fn partition(id: Uuid) -> String {
    format!("ORDER#{id}")
}

impl Order {
    /// A new order with freshly drawn ids, each with so many labels.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the random source fails.
    pub fn new(
        organisation: String,
        model: Uuid,
        batch: Option<Uuid>,
        count: usize,
        labels_per_unit: usize,
        market: bool,
        at: Timestamp,
    ) -> Result<Self, StoreError> {
        let units = (0..count)
            .map(|_| {
                let labels = (0..labels_per_unit).map(|_| Ok(LabelId::from_random(random()?)));
                Ok((
                    UnitId::from_random(random()?),
                    labels.collect::<Result<_, StoreError>>()?,
                ))
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Self {
            id: Uuid::new_v4(),
            organisation,
            model,
            batch,
            at,
            market,
            carrier_host: None,
            units,
            state: OrderState::Pending,
            event_hash: None,
        })
    }

    /// Every label with its unit, in the order's sequence.
    pub fn labels(&self) -> impl Iterator<Item = (UnitId, LabelId)> + '_ {
        let units = self.units.iter();
        units.flat_map(|(unit, labels)| labels.iter().map(|label| (*unit, *label)))
    }

    /// The subject whose chain tells of the order: the batch, or else the model.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.batch
            .map_or(Subject::Model(self.model), Subject::Batch)
    }

    fn row(&self, seq: u64) -> Result<Row, StoreError> {
        let packed = compress(&serde_json::to_vec(&self.units).map_err(StoreError::damaged)?)?;
        let item = OrderItem {
            pk: partition(self.id),
            sk: ORDER.to_owned(),
            v: 1,
            organisation: self.organisation.clone(),
            model: self.model,
            batch: self.batch,
            at: self.at,
            market: self.market,
            carrier_host: self.carrier_host.clone(),
            units: packed,
            state: self.state,
            event: Some(OrderEvent {
                subject: self.subject().to_string(),
                seq,
            }),
        };
        Row::put(Table::Records, &item, Guard::New)
    }

    fn pending_row(&self) -> Result<Row, StoreError> {
        let item = PendingItem {
            pk: PENDING.to_owned(),
            sk: self.id.to_string(),
            v: 1,
        };
        Row::put(Table::Records, &item, Guard::New)
    }

    fn unit_rows(
        &self,
        unit: UnitId,
        labels: &[LabelId],
        event_hash: Sha256,
    ) -> Result<Vec<Row>, StoreError> {
        let subject = Subject::Unit(unit);
        let head = HeadItem {
            pk: subject.to_string(),
            sk: HEAD.to_owned(),
            v: 1,
            head: Head {
                organisation: self.organisation.clone(),
                seq: 0,
                version: 0,
                event_hash,
                last_at: self.at,
                parts: Vec::new(),
                key: 1,
                facts: Facts::Unit {
                    carrier_host: self.carrier_host.clone(),
                    model: self.model,
                    batch: self.batch,
                    order: Some(self.id),
                    allocated_at: self.at,
                    passport: None,
                    next: None,
                    custody: None,
                },
                public_at: Some(self.at),
                tenures: Vec::new(),
            },
        };
        let head = Row::put(Table::Records, &head, Guard::New);
        let index = crate::index::unit_row(unit, self.model, self.batch);
        let labels = labels.iter().map(|label| {
            let label = Label::issued(*label, self.at, self.market);
            Row::put(Table::Records, &label.item(&subject), Guard::New)
        });
        [head, index].into_iter().chain(labels).collect()
    }
}

impl Store {
    /// Records an order: the order itself, the event in `change` (whose only subject is [`Order::subject`]) and the row of
    /// the request, in one transaction.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub async fn commit_order(
        &self,
        log: &str,
        mut change: Change,
        order: &mut Order,
        now: Timestamp,
    ) -> Result<Receipt, CommitError> {
        let seq = change
            .subjects
            .first()
            .and_then(|subject| subject.before.as_ref())
            .map_or(0, |record| record.head.seq)
            + 1;
        change.rows.extend([
            order.row(seq)?,
            order.pending_row()?,
            Work::Order(order.id).row(order.id)?,
        ]);
        let receipts = self.commit(log, change, now).await?;
        let receipt = receipts
            .into_iter()
            .next()
            .ok_or_else(|| StoreError::damaged("an order without its event"))?;
        order.event_hash = Some(receipt.hash);
        Ok(receipt)
    }

    /// Puts the items of every unit of an order that has none yet, and marks the order complete. Safe to run again, and
    /// by several at once.
    ///
    /// # Errors
    /// [`StoreError`]; what was put stays, and the next run goes on from there.
    pub async fn finish_order(&self, order: &mut Order) -> Result<(), StoreError> {
        let event_hash = order
            .event_hash
            .ok_or_else(|| StoreError::damaged("an order without its event"))?;
        if order.state == OrderState::Complete {
            return self.no_longer_pending(order.id).await;
        }
        let labels = order.units.first().map_or(0, |(_, labels)| labels.len());
        let at_once = (ITEMS_PER_TRANSACTION / (2 + labels)).max(1);
        for units in order.units.chunks(at_once) {
            let mut rows = Vec::with_capacity(ITEMS_PER_TRANSACTION);
            for (unit, labels) in units {
                rows.extend(order.unit_rows(*unit, labels, event_hash)?);
            }
            match self.write(rows.clone()).await {
                Ok(()) => {}
                Err(CommitError::Exists | CommitError::Busy) => self.put_each(rows).await?,
                Err(CommitError::Store(error)) => return Err(error),
                Err(error) => return Err(StoreError::unavailable(error)),
            }
        }
        self.dynamodb()
            .update_item()
            .table_name(self.table(Table::Records))
            .set_key(Some(key(&partition(order.id), Some(ORDER))))
            .update_expression("SET #state = :complete")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(
                ":complete",
                aws_sdk_dynamodb::types::AttributeValue::S("complete".to_owned()),
            )
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        order.state = OrderState::Complete;
        self.no_longer_pending(order.id).await
    }

    async fn no_longer_pending(&self, order: Uuid) -> Result<(), StoreError> {
        self.dynamodb()
            .delete_item()
            .table_name(self.table(Table::Records))
            .set_key(Some(key(PENDING, Some(&order.to_string()))))
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        Ok(())
    }

    /// The orders that are not complete yet.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn pending_orders(&self) -> Result<Vec<Uuid>, StoreError> {
        let items = self.query(Table::Records, PENDING, "", true).await?;
        items
            .into_iter()
            .map(|item| {
                let item: PendingItem = decode(item)?;
                Uuid::parse_str(&item.sk).map_err(StoreError::damaged)
            })
            .collect()
    }

    async fn put_each(&self, rows: Vec<Row>) -> Result<(), StoreError> {
        for row in rows {
            self.put_new(row.table, row.item).await?;
        }
        Ok(())
    }

    /// An order by its id.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or the item is damaged.
    pub async fn order(&self, id: Uuid) -> Result<Option<Order>, StoreError> {
        let Some(item) = self
            .get::<OrderItem>(Table::Records, &partition(id), Some(ORDER))
            .await?
        else {
            return Ok(None);
        };
        let event_hash = match &item.event {
            Some(event) => self.event_hash(&event.subject, event.seq).await?,
            None => None,
        };
        Ok(Some(Order {
            id,
            organisation: item.organisation,
            model: item.model,
            batch: item.batch,
            at: item.at,
            market: item.market,
            carrier_host: item.carrier_host,
            units: expand(&item.units)?,
            state: item.state,
            event_hash,
        }))
    }

    async fn event_hash(&self, subject: &str, seq: u64) -> Result<Option<Sha256>, StoreError> {
        let event: Option<crate::journal::EventItem> = self
            .get(Table::Ledger, subject, Some(&format!("{seq:010}")))
            .await?;
        Ok(event.map(|event| event.hash))
    }
}
