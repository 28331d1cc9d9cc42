//! Which versions of a passport hold a named set of values: those when its battery was placed on the market, and when its
//! status changed (Annex XIII 4(a)). The values themselves stay where they are, in the immutable version.

use ledger::{EventId, SealedEvent, Timestamp};
use passport::{Class, catalogue};
use serde::{Deserialize, Serialize};

use crate::change::{EventInput, Guard, Row};
use crate::compression::{compress, expand};
use crate::journal::VersionItem;
use crate::record::version_key;
use crate::sealing::DataKey;
use crate::store::decode;
use crate::{Store, StoreError, Subject, Table, VersionEntry};

/// A named set: the event that made it, and the version that holds its values.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueSet {
    /// The event.
    pub event_id: EventId,
    /// Its type.
    pub event_type: String,
    /// When it happened.
    pub at: Timestamp,
    /// Who may know of it.
    pub audience: Class,
    /// The version then.
    pub version: u64,
}

/// Sealed, since an event type can tell the battery's status.
#[derive(Serialize, Deserialize)]
struct ValueSetItem {
    pk: String,
    sk: String,
    v: u8,
    #[serde(with = "serde_bytes")]
    body: Vec<u8>,
}

const BEGINS: &str = "S#";

/// The row of an event whose type keeps a set.
pub(crate) fn row(
    subject: &Subject,
    event: &EventInput,
    sealed: &SealedEvent,
    seq: u64,
    version: u64,
    key: &DataKey,
) -> Result<Option<Row>, StoreError> {
    let keeps = catalogue()
        .event_type(&event.event_type)
        .is_some_and(|event_type| event_type.value_set);
    if !keeps || !matches!(subject, Subject::Passport(_)) {
        return Ok(None);
    }
    let set = ValueSet {
        event_id: sealed.event_id,
        event_type: event.event_type.clone(),
        at: event.occurred_at.unwrap_or(sealed.at),
        audience: event.audience,
        version,
    };
    let (pk, sk) = (subject.to_string(), format!("{BEGINS}{seq:010}"));
    let clear = serde_json::to_vec(&set).map_err(StoreError::damaged)?;
    let item = ValueSetItem {
        v: 1,
        body: key.seal(&compress(&clear)?, &format!("{pk}|{sk}"))?,
        pk,
        sk,
    };
    Row::put(Table::Records, &item, Guard::New).map(Some)
}

impl Store {
    /// The named sets of a passport, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer or an item is damaged.
    pub async fn value_sets(&self, subject: &Subject) -> Result<Vec<ValueSet>, StoreError> {
        let Some(key) = self.data_key(subject).await? else {
            return Ok(Vec::new());
        };
        let pk = subject.to_string();
        let items = self.query(Table::Records, &pk, BEGINS, true).await?;
        let mut sets = Vec::with_capacity(items.len());
        for item in items {
            let item: ValueSetItem = decode(item)?;
            let clear = key.open_unless_erased(&item.body, &format!("{pk}|{}", item.sk))?;
            sets.extend(clear.map(|clear| expand(&clear)).transpose()?);
        }
        Ok(sets)
    }

    /// One version of a subject, without its values; `None` where there is no such version.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer or the item is damaged.
    pub async fn version(
        &self,
        subject: &Subject,
        number: u64,
    ) -> Result<Option<VersionEntry>, StoreError> {
        let sk = version_key(number);
        let item: Option<VersionItem> = self
            .get(Table::Records, &subject.to_string(), Some(&sk))
            .await?;
        Ok(item.map(|item| item.entry))
    }
}
