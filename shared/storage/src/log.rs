//! The Merkle logs' own bookkeeping: what has still to be taken in, where a log stands, what each batch took, and which entry an
//! event became (ledger.md §1.3).

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, Put, PutRequest, TransactWriteItem, WriteRequest,
};
use futures_util::future::try_join_all;
use ledger::{EventId, Frontier, Sha256, Timestamp};
use serde::{Deserialize, Serialize};

use crate::change::{Guard, Row};
use crate::compression::{compress, expand};
use crate::journal::EventItem;
use crate::store::{Item, decode, encode, key, shard};
use crate::{Erasure, Store, StoreError, Subject, Table};

/// Pending rows are spread over this many partitions.
const PENDING_SHARDS: u8 = 16;
/// Items that one `BatchWriteItem` takes.
const WRITES_AT_ONCE: usize = 25;
/// Items that one `BatchGetItem` takes.
const READS_AT_ONCE: usize = 100;
/// Batches of items under way at once.
const UNDER_WAY: usize = 16;
/// What begins the chain of a subject's restricted reads.
pub(crate) const READS: &str = "A#";

/// A Merkle log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Log {
    /// Of what changed.
    Changes,
    /// Of who read what needs rights.
    Reads,
}

impl Log {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Changes, Self::Reads];

    /// The last part of its origin and of its address: `<host>/log`, `/v1/log/checkpoint`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Changes => "log",
            Self::Reads => "access",
        }
    }

    /// The log that a chain's events belong to.
    #[must_use]
    pub fn of(chain: &str) -> Self {
        match chain.starts_with(READS) {
            true => Self::Reads,
            false => Self::Changes,
        }
    }

    fn head(self) -> String {
        format!("HEAD#{}", self.name())
    }

    fn batch(self, number: u64) -> String {
        format!("BATCH#{}#{number:012}", self.name())
    }

    fn pending(self, shard: u8) -> String {
        format!("PENDING#{}#{shard}", self.name())
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a log's files lie.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogFolder {
    log: Log,
    former: Option<String>,
}

impl LogFolder {
    /// Where that lies which was brought along of the log of another platform, whose logs are named for this host.
    #[must_use]
    pub fn former(log: Log, host: &str) -> Self {
        Self {
            log,
            former: Some(host.to_owned()),
        }
    }

    /// The log.
    #[must_use]
    pub const fn log(&self) -> Log {
        self.log
    }

    /// The host that it is named for, where it is the log of another platform.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.former.as_deref()
    }
}

impl From<Log> for LogFolder {
    fn from(log: Log) -> Self {
        Self { log, former: None }
    }
}

impl fmt::Display for LogFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.former {
            Some(host) => write!(f, "{}/former/{host}", self.log),
            None => write!(f, "{}", self.log),
        }
    }
}

/// The entry of a log that an event became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Which log.
    pub folder: LogFolder,
    /// Its index there.
    pub index: u64,
}

/// An event by where it stands, and its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its id.
    pub event_id: EventId,
    /// Its leaf hash.
    pub hash: Sha256,
    /// Its chain: a subject, or `A#` and a subject of whose data it is a read.
    pub chain: String,
    /// Its place there.
    pub place: String,
}

impl LogEntry {
    /// Its number in its subject's chain, from 1; `None` for a read, which stands in no chain.
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        u64::from_str(&self.place)
            .ok()
            .filter(|_| Log::of(&self.chain) == Log::Changes)
    }

    /// What stands before it in its chain; `None` where nothing has to.
    #[must_use]
    pub fn predecessor(&self) -> Option<(String, String)> {
        let before = self.seq()?.checked_sub(1).filter(|before| *before > 0)?;
        Some((self.chain.clone(), crate::journal::place(before)))
    }

    fn shard(&self) -> u8 {
        shard(&self.chain, PENDING_SHARDS)
    }
}

/// Where a log stands: moved by [`Store::assign`] alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogHead {
    /// Batches so far.
    pub batch: u64,
    /// Every entry so far, folded: its size and root are the log's.
    pub frontier: Frontier,
}

/// What one batch took in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBatch {
    /// Its number, from 1.
    pub number: u64,
    /// The index of its first entry.
    pub start: u64,
    /// Its entries, in order.
    pub entries: Vec<LogEntry>,
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

/// Conditions name its size and batch: neither `size` nor `batch` may be named in one.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeadItem {
    pk: String,
    sk: String,
    v: u8,
    log_size: u64,
    log_batch: u64,
    at: Timestamp,
    frontier: Frontier,
}

#[derive(Serialize, Deserialize)]
struct BatchItem {
    pk: String,
    sk: String,
    v: u8,
    start: u64,
    #[serde(with = "serde_bytes")]
    body: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct IndexItem {
    pk: String,
    sk: String,
    v: u8,
    index: u64,
    /// Whose log, where that is another platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former: Option<String>,
}

/// The sort key of items that are alone in their partition.
const ALONE: &str = "0";

fn index_partition(chain: &str) -> String {
    format!("LEAF#{chain}")
}

/// The row that brings an event into its log.
pub(crate) fn pending_row(
    event_id: EventId,
    hash: Sha256,
    chain: &str,
    place: &str,
) -> Result<Row, StoreError> {
    let item = PendingItem {
        pk: Log::of(chain).pending(shard(chain, PENDING_SHARDS)),
        sk: event_id.to_string(),
        v: 1,
        hash,
        subject: chain.to_owned(),
        place: place.to_owned(),
    };
    Row::put(Table::Log, &item, Guard::New)
}

impl Store {
    /// Where a log stands: nowhere yet where nobody took anything in.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or the item is damaged.
    pub async fn log_head(&self, log: Log) -> Result<LogHead, StoreError> {
        let item: Option<HeadItem> = self.get(Table::Log, &log.head(), Some(ALONE)).await?;
        let Some(item) = item else {
            return Ok(LogHead::default());
        };
        if item.log_size != item.frontier.size() {
            let head = log.head();
            return Err(StoreError::damaged(format!("`{head}` has two sizes")));
        }
        Ok(LogHead {
            batch: item.log_batch,
            frontier: item.frontier,
        })
    }

    /// What a batch took in; `None` where there is no such batch.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or the item is damaged.
    pub async fn log_batch(&self, log: Log, number: u64) -> Result<Option<LogBatch>, StoreError> {
        let item: Option<BatchItem> = self
            .get(Table::Log, &log.batch(number), Some(ALONE))
            .await?;
        let Some(item) = item else {
            return Ok(None);
        };
        Ok(Some(LogBatch {
            number,
            start: item.start,
            entries: expand(&item.body)?,
        }))
    }

    /// What has still to be taken in, the oldest first, at most `most` of each of 16 shards; strongly consistent.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn pending(&self, log: Log, most: usize) -> Result<Vec<LogEntry>, StoreError> {
        let shards = (0..PENDING_SHARDS).map(async |shard| self.pending_of(log, shard, most).await);
        let mut pending: Vec<LogEntry> =
            try_join_all(shards).await?.into_iter().flatten().collect();
        pending.sort_unstable_by_key(|entry| entry.event_id);
        Ok(pending)
    }

    async fn pending_of(
        &self,
        log: Log,
        shard: u8,
        most: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let answer = self
            .dynamodb()
            .query()
            .table_name(self.table(Table::Log))
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(log.pending(shard)))
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        let items = answer.items.unwrap_or_default().into_iter();
        items
            .map(|item| {
                let item: PendingItem = decode(item)?;
                Ok(LogEntry {
                    event_id: item.sk.parse().map_err(StoreError::damaged)?,
                    hash: item.hash,
                    chain: item.subject,
                    place: item.place,
                })
            })
            .collect()
    }

    /// The entries that events became, of those that are in a log, in no order.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn log_indexes(
        &self,
        places: &[(String, String)],
    ) -> Result<Vec<((String, String), Logged)>, StoreError> {
        let keys = places
            .iter()
            .map(|(chain, place)| key(&index_partition(chain), Some(place)));
        let items = self.read_all(Table::Log, keys.collect()).await?;
        items
            .into_iter()
            .map(|item| {
                let item: IndexItem = decode(item)?;
                let chain = item.pk.strip_prefix("LEAF#").unwrap_or_default();
                let logged = Logged {
                    folder: LogFolder {
                        log: Log::of(chain),
                        former: item.former,
                    },
                    index: item.index,
                };
                Ok(((chain.to_owned(), item.sk), logged))
            })
            .collect()
    }

    /// The entry that an event of a subject became; `None` while it is pending.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or the item is damaged.
    pub async fn log_index(
        &self,
        subject: &Subject,
        seq: u64,
    ) -> Result<Option<Logged>, StoreError> {
        let place = (subject.to_string(), crate::journal::place(seq));
        let found = self.log_indexes(&[place]).await?;
        Ok(found.into_iter().next().map(|(_, logged)| logged))
    }

    /// The last of these events of a subject that is an entry below `size`, or one of a former log, of the last hundred: its number,
    /// and the entry it became.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn last_logged(
        &self,
        subject: &Subject,
        numbers: RangeInclusive<u64>,
        size: u64,
    ) -> Result<Option<(u64, Logged)>, StoreError> {
        let chain = subject.to_string();
        let places = numbers.rev().take(READS_AT_ONCE);
        let places = places.map(|seq| (chain.clone(), crate::journal::place(seq)));
        let found = self.log_indexes(&places.collect::<Vec<_>>()).await?;
        let covered = |logged: &Logged| logged.folder.host().is_some() || logged.index < size;
        let covered = found.into_iter().filter(|(_, logged)| covered(logged));
        let Some(((_, place), logged)) = covered.max_by(|one, other| one.0.cmp(&other.0)) else {
            return Ok(None);
        };
        Ok(Some((place.parse().map_err(StoreError::damaged)?, logged)))
    }

    /// The leaves of entries, in their order, and what the events among them erased.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming the first event that is not there or has another hash than when it was written.
    pub async fn leaves(
        &self,
        entries: &[LogEntry],
    ) -> Result<(Vec<Vec<u8>>, Vec<Erasure>), StoreError> {
        let keys = entries
            .iter()
            .map(|entry| key(&entry.chain, Some(&entry.place)));
        let items = self.read_all(Table::Ledger, keys.collect()).await?;
        let mut leaves = std::collections::HashMap::with_capacity(items.len());
        let mut erasures = Vec::new();
        for item in items {
            let item: EventItem = decode(item)?;
            if let Some(erased) = item.erased {
                erasures.push(Erasure::new(&item.pk, item.event_id, erased));
            }
            leaves.insert((item.pk, item.sk), item.leaf);
        }
        let leaves = entries
            .iter()
            .map(|entry| {
                let place = (entry.chain.clone(), entry.place.clone());
                let leaf = leaves.remove(&place);
                leaf.filter(|leaf| Sha256::of_leaf(leaf) == entry.hash)
                    .ok_or_else(|| {
                        let LogEntry { chain, place, .. } = entry;
                        StoreError::Damaged(format!(
                            "the event `{place}` of `{chain}` is not the one that was written"
                        ))
                    })
            })
            .collect::<Result<_, _>>()?;
        Ok((leaves, erasures))
    }

    async fn read_all(&self, table: Table, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::with_capacity(keys.len());
        for round in keys.chunks(READS_AT_ONCE * UNDER_WAY) {
            let batches = round.chunks(READS_AT_ONCE);
            let batches = batches.map(|keys| self.batch(table, keys.to_vec(), true));
            items.extend(try_join_all(batches).await?.into_iter().flatten());
        }
        Ok(items)
    }

    /// Takes a batch in: moves the head from `before` and writes what was taken, both or neither. This is the one moment at which
    /// the order of a log is decided. `false` where somebody else moved it first.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn assign(
        &self,
        log: Log,
        before: &LogHead,
        after: &LogHead,
        entries: &[LogEntry],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let head = HeadItem {
            pk: log.head(),
            sk: ALONE.to_owned(),
            v: 1,
            log_size: after.frontier.size(),
            log_batch: after.batch,
            at,
            frontier: after.frontier.clone(),
        };
        let entries = serde_json::to_vec(entries).map_err(StoreError::damaged)?;
        let batch = BatchItem {
            pk: log.batch(after.batch),
            sk: ALONE.to_owned(),
            v: 1,
            start: before.frontier.size(),
            body: compress(&entries)?,
        };
        let moved = Put::builder()
            .table_name(self.table(Table::Log))
            .set_item(Some(encode(&head)?));
        let moved = match before.batch {
            0 => moved.condition_expression("attribute_not_exists(pk)"),
            number => moved
                .condition_expression("logBatch = :batch AND logSize = :size")
                .expression_attribute_values(":batch", AttributeValue::N(number.to_string()))
                .expression_attribute_values(
                    ":size",
                    AttributeValue::N(before.frontier.size().to_string()),
                ),
        };
        let taken = Put::builder()
            .table_name(self.table(Table::Log))
            .set_item(Some(encode(&batch)?))
            .condition_expression("attribute_not_exists(pk)");
        let mut actions = Vec::new();
        for put in [moved, taken] {
            let put = put.build().map_err(StoreError::unavailable)?;
            actions.push(TransactWriteItem::builder().put(put).build());
        }
        let sent = self
            .dynamodb()
            .transact_write_items()
            .set_transact_items(Some(actions))
            .send()
            .await;
        match sent.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error) {
            Ok(_) => Ok(true),
            // Somebody else's, or ours of which the answer was lost: whoever reads the head next goes on from there.
            Err(TransactWriteItemsError::TransactionCanceledException(_)) => Ok(false),
            Err(error) => Err(StoreError::unavailable(error)),
        }
    }

    /// Writes which entry each event of a batch became, then lets go of its pending rows. Both can be done over and over.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer; some may be done.
    pub async fn finish_batch(&self, log: Log, batch: &LogBatch) -> Result<(), StoreError> {
        let numbered = batch.entries.iter().zip(batch.start..);
        let mut indexes = Vec::with_capacity(batch.entries.len());
        for (entry, index) in numbered {
            let item = IndexItem {
                pk: index_partition(&entry.chain),
                sk: entry.place.clone(),
                v: 1,
                index,
                former: None,
            };
            let put = PutRequest::builder().set_item(Some(encode(&item)?));
            let put = put.build().map_err(StoreError::unavailable)?;
            indexes.push(WriteRequest::builder().put_request(put).build());
        }
        self.write_all(Table::Log, indexes).await?;
        let mut pending = Vec::with_capacity(batch.entries.len());
        for entry in &batch.entries {
            let sk = entry.event_id.to_string();
            let key = key(&log.pending(entry.shard()), Some(&sk));
            let delete = DeleteRequest::builder().set_key(Some(key));
            let delete = delete.build().map_err(StoreError::unavailable)?;
            pending.push(WriteRequest::builder().delete_request(delete).build());
        }
        self.write_all(Table::Log, pending).await
    }

    pub(crate) async fn write_all(
        &self,
        table: Table,
        writes: Vec<WriteRequest>,
    ) -> Result<(), StoreError> {
        for round in writes.chunks(WRITES_AT_ONCE * UNDER_WAY) {
            let batches = round.chunks(WRITES_AT_ONCE);
            try_join_all(batches.map(|writes| self.write_batch(table, writes.to_vec()))).await?;
        }
        Ok(())
    }

    async fn write_batch(&self, table: Table, writes: Vec<WriteRequest>) -> Result<(), StoreError> {
        let table = self.table(table);
        let sent = self
            .dynamodb()
            .batch_write_item()
            .request_items(&table, writes)
            .send();
        let answer = sent.await.map_err(StoreError::unavailable)?;
        match answer
            .unprocessed_items
            .is_some_and(|left| !left.is_empty())
        {
            true => Err(StoreError::Unavailable("the table is throttled".to_owned())),
            false => Ok(()),
        }
    }
}
