//! Organisations: who may act at all.

use serde::{Deserialize, Serialize};

use crate::store::encode;
use crate::{Store, StoreError, Subject, Table};

#[derive(Serialize, Deserialize)]
struct OrganisationItem {
    pk: String,
    sk: String,
    v: u8,
    organisation: access::Organisation,
}

const ORGANISATION: &str = "0#ORGANISATION";

impl Store {
    /// An organisation's record.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or the item is damaged.
    pub async fn organisation(&self, id: &str) -> Result<Option<access::Organisation>, StoreError> {
        let pk = Subject::Organisation(id.to_owned()).to_string();
        let item: Option<OrganisationItem> =
            self.get(Table::Records, &pk, Some(ORGANISATION)).await?;
        Ok(item.map(|item| item.organisation))
    }

    /// Registers an organisation, or renews its record. For the operator's tool, never behind HTTP.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn register_organisation(
        &self,
        organisation: access::Organisation,
    ) -> Result<(), StoreError> {
        let item = OrganisationItem {
            pk: Subject::Organisation(organisation.id.clone()).to_string(),
            sk: ORGANISATION.to_owned(),
            v: 1,
            organisation,
        };
        self.dynamodb()
            .put_item()
            .table_name(self.table(Table::Records))
            .set_item(Some(encode(&item)?))
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        Ok(())
    }
}
