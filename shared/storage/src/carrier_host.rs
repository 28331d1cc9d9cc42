//! Host names of operators in carriers: each reserved for one organisation, for good, since batteries carry it for decades.

use identity::Host;
use ledger::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::{Guard, Row};
use crate::store::decode;
use crate::{CommitError, Store, StoreError, Table};

/// One partition holds all of them: an operator has one or two.
const PARTITION: &str = "HOSTS";

/// A host name that batteries carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CarrierHost {
    /// The host.
    pub host: Host,
    /// Whose it is.
    pub organisation: String,
    /// Since when.
    pub since: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct HostItem {
    pk: String,
    sk: String,
    v: u8,
    #[serde(flatten)]
    reserved: CarrierHost,
}

impl Store {
    /// Every host name that was ever registered, also those whose operator has another one now: old labels still lead there.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn carrier_hosts(&self) -> Result<Vec<CarrierHost>, StoreError> {
        self.query(Table::Records, PARTITION, "", true)
            .await?
            .into_iter()
            .map(|item| decode::<HostItem>(item).map(|item| item.reserved))
            .collect()
    }

    /// Whose host name it is; `None` where nobody registered it.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or the item is damaged.
    pub async fn carrier_host(&self, host: &Host) -> Result<Option<CarrierHost>, StoreError> {
        let item: Option<HostItem> = self
            .get(Table::Records, PARTITION, Some(host.as_str()))
            .await?;
        Ok(item.map(|item| item.reserved))
    }

    /// The row that reserves a host name; none where the organisation has it already.
    ///
    /// # Errors
    /// [`CommitError::Taken`] where it is another's, else as [`Store::carrier_host`].
    pub(crate) async fn reserved(
        &self,
        host: &Host,
        organisation: &str,
        now: Timestamp,
    ) -> Result<Option<Row>, CommitError> {
        match self.carrier_host(host).await? {
            Some(reserved) if reserved.organisation == organisation => Ok(None),
            Some(reserved) => Err(CommitError::Taken(host.clone(), reserved.organisation)),
            None => {
                let item = HostItem {
                    pk: PARTITION.to_owned(),
                    sk: host.to_string(),
                    v: 1,
                    reserved: CarrierHost {
                        host: host.clone(),
                        organisation: organisation.to_owned(),
                        since: now,
                    },
                };
                Ok(Some(Row::put(Table::Records, &item, Guard::New)?))
            }
        }
    }
}
