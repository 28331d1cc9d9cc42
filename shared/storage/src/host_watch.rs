//! What the watch over host names found last: one row per host, beside the reservations of hosts and never one of them.

use aws_sdk_dynamodb::types::ReturnValue;
use ledger::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::store::{decode, encode, key};
use crate::{Store, StoreError, Table};

const PARTITION: &str = "WATCH#HOSTS";

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Somebody should look at it within days.
    Warning,
    /// Labels lead astray, or will soon.
    Alarm,
}

impl Severity {
    /// `note`, `warning` or `alarm`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        }
    }
}

/// Something about a host that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFinding {
    /// What kind of thing; the playbook has a row for each.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
}

/// What was found of a host, and what the next examination compares with (`K`, the watch's own).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostWatch<K> {
    /// The host.
    pub host: String,
    /// When it was examined.
    pub at: Timestamp,
    /// What was found, gravest first.
    pub findings: Vec<HostFinding>,
    /// What is compared with next time.
    pub known: K,
}

#[derive(Serialize, Deserialize)]
struct WatchItem<K> {
    pk: String,
    sk: String,
    v: u8,
    #[serde(flatten)]
    watch: HostWatch<K>,
}

impl Store {
    /// What was found of every host that was ever examined. A row that cannot be read is left out and logged: that host is examined
    /// as if for the first time, and no other suffers.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn host_watches<K: DeserializeOwned>(&self) -> Result<Vec<HostWatch<K>>, StoreError> {
        let items = self.query(Table::Records, PARTITION, "", true).await?;
        let watches = items.into_iter().filter_map(|item| {
            let read = decode::<WatchItem<K>>(item);
            read.inspect_err(
                |error| tracing::error!(%error, "what was seen of a host cannot be read"),
            )
            .ok()
        });
        Ok(watches.map(|item| item.watch).collect())
    }

    /// Keeps what was found of a host, in the place of what was found before.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn keep_host_watch<K: Serialize>(
        &self,
        watch: HostWatch<K>,
    ) -> Result<(), StoreError> {
        let item = WatchItem {
            pk: PARTITION.to_owned(),
            sk: watch.host.clone(),
            v: 1,
            watch,
        };
        self.dynamodb()
            .put_item()
            .table_name(self.table(Table::Records))
            .set_item(Some(encode(&item)?))
            .send()
            .await
            .map(drop)
            .map_err(StoreError::unavailable)
    }

    /// Forgets what was found of a host, so that its next examination is a first sight; `false` where nothing was known of it. For
    /// the operator's tool: what is reserved stays reserved.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn forget_host_watch(&self, host: &str) -> Result<bool, StoreError> {
        let deleted = self
            .dynamodb()
            .delete_item()
            .table_name(self.table(Table::Records))
            .set_key(Some(key(PARTITION, Some(host))))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        Ok(deleted.attributes.is_some())
    }
}
