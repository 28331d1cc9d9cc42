//! Identifiers from elsewhere: each reserved once, for good, by a conditional put in the transaction that links it.

use identity::Alias;
use ledger::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::{Guard, Row};
use crate::store::decode;
use crate::{Change, Store, StoreError, Subject, Table};

/// The sort key of the row that an identifier is looked up by.
const RESERVED: &str = "ALIAS";
/// The sort keys of the rows that list a subject's identifiers.
const LISTED: &str = "ALIAS#";

/// An identifier that was linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkedAlias {
    /// Its canonical form.
    pub alias: String,
    /// Since when.
    pub linked_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct ReservedItem {
    pk: String,
    sk: String,
    v: u8,
    subject: String,
}

#[derive(Serialize, Deserialize)]
struct ListedItem {
    pk: String,
    sk: String,
    v: u8,
    #[serde(flatten)]
    linked: LinkedAlias,
}

fn partition(alias: &Alias) -> String {
    format!("A#{alias}")
}

impl Change {
    /// Links an identifier with a subject of this change; [`crate::CommitError::Exists`] where it is linked already, with whatever.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written.
    pub fn link(
        mut self,
        alias: &Alias,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let reserved = ReservedItem {
            pk: partition(alias),
            sk: RESERVED.to_owned(),
            v: 1,
            subject: subject.to_string(),
        };
        let listed = ListedItem {
            pk: subject.to_string(),
            sk: format!("{LISTED}{alias}"),
            v: 1,
            linked: LinkedAlias {
                alias: alias.to_string(),
                linked_at: now,
            },
        };
        self.rows
            .push(Row::put(Table::Records, &reserved, Guard::New)?);
        self.rows
            .push(Row::put(Table::Records, &listed, Guard::Covered)?);
        Ok(self)
    }
}

impl Store {
    /// What an identifier from elsewhere names; `None` where nobody linked it.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or the item is damaged.
    pub async fn named_by(&self, alias: &Alias) -> Result<Option<Subject>, StoreError> {
        let item: Option<ReservedItem> = self
            .get(Table::Records, &partition(alias), Some(RESERVED))
            .await?;
        item.map(|item| item.subject.parse().map_err(StoreError::damaged))
            .transpose()
    }

    /// The identifiers that were linked with a subject.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn aliases(&self, subject: &Subject) -> Result<Vec<LinkedAlias>, StoreError> {
        self.query(Table::Records, &subject.to_string(), LISTED, true)
            .await?
            .into_iter()
            .map(|item| decode::<ListedItem>(item).map(|item| item.linked))
            .collect()
    }
}
