//! What operators signed of what everybody sees, and the public keys they signed with.
//!
//! What is to be signed is written down once for each public version, oldest first, together with its signature; where an operator
//! signs itself, without one until it brings it. Neither is ever changed or deleted.

use ledger::{ViewKey, ViewStatement};
use passport::Class;
use serde::{Deserialize, Serialize};

use crate::change::{Guard, Row};
use crate::journal::{EventItem, commits_to_public, place};
use crate::store::{decode, encode};
use crate::{PartReference, Record, Store, StoreError, Subject, Table, VersionEntry};

/// A public version with what its operator signs of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedView {
    /// What is signed.
    pub statement: ViewStatement,
    /// The detached signature; none where the operator signs itself and has not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The version of the subject that holds the values.
    pub(crate) version: u64,
    /// The place of the event in the subject's chain.
    pub(crate) seq: u64,
}

impl SignedView {
    /// The place of the event in the subject's chain.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The part that holds the values.
    #[must_use]
    pub const fn part(&self) -> PartReference {
        PartReference {
            class: Class::Public,
            revision: self.statement.version,
            version: self.version,
            commitment: self.statement.commitment,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ViewItem {
    pk: String,
    pub(crate) sk: String,
    v: u8,
    #[serde(flatten)]
    pub(crate) view: SignedView,
}

#[derive(Serialize, Deserialize)]
struct KeyItem {
    pk: String,
    sk: String,
    v: u8,
    key: ViewKey,
}

pub(crate) fn signed(subject: &Subject) -> String {
    format!("SIGNED#{subject}")
}

fn keys(organisation: &str) -> String {
    format!("KEYS#{organisation}")
}

fn key_item(organisation: &str, key: &ViewKey) -> KeyItem {
    KeyItem {
        pk: keys(organisation),
        sk: key.thumbprint(),
        v: 1,
        key: key.clone(),
    }
}

fn view_item(subject: &Subject, view: SignedView) -> ViewItem {
    ViewItem {
        pk: signed(subject),
        sk: place(view.statement.version),
        v: 1,
        view,
    }
}

/// The row of an operator's public key, which stays when another takes its place.
pub(crate) fn key_row(organisation: &str, key: &ViewKey) -> Result<Row, StoreError> {
    Row::put(Table::Records, &key_item(organisation, key), Guard::Covered)
}

impl Store {
    /// What is signed of the public version with this number, from 1; `None` where it is not written down yet.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or the item is damaged.
    pub async fn signed_view(
        &self,
        subject: &Subject,
        version: u64,
    ) -> Result<Option<SignedView>, StoreError> {
        let (pk, sk) = (signed(subject), place(version));
        let item: Option<ViewItem> = self.get(Table::Records, &pk, Some(&sk)).await?;
        Ok(item.map(|item| item.view))
    }

    /// The public versions of a record that nothing is written down of yet, oldest first, without signatures.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn unsigned_views(&self, record: &Record) -> Result<Vec<SignedView>, StoreError> {
        let mut found = Vec::new();
        let mut newest = record.head.part(Class::Public).cloned();
        // They are written down in their order: before one that is there, all are.
        while let Some(part) = newest {
            let known = self.signed_view(&record.subject, part.revision).await?;
            if known.is_some() {
                break;
            }
            let entry = self.version_entry(&record.subject, part.version).await?;
            found.push(to_sign(record, &entry, &part));
            newest = match part.version {
                0 | 1 => None,
                version => {
                    let before = self.version_entry(&record.subject, version - 1).await?;
                    let mut parts = before.parts.into_iter();
                    parts.find(|part| part.class == Class::Public)
                }
            };
        }
        found.reverse();
        Ok(found)
    }

    async fn version_entry(
        &self,
        subject: &Subject,
        version: u64,
    ) -> Result<VersionEntry, StoreError> {
        let entry = self.version(subject, version).await?;
        entry.ok_or_else(|| StoreError::Damaged(format!("`{subject}` lacks version {version}")))
    }

    /// Writes down what is signed of a public version, where nobody did; the first to do so counts.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn keep_view(&self, subject: &Subject, view: SignedView) -> Result<(), StoreError> {
        let item = encode(&view_item(subject, view))?;
        self.put_new(Table::Records, item).await.map(drop)
    }

    /// Adds the signature that an operator brought; `false` where there is one already.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn sign_view(
        &self,
        subject: &Subject,
        view: SignedView,
        signature: String,
    ) -> Result<bool, StoreError> {
        let view = SignedView {
            signature: Some(signature),
            ..view
        };
        let sent = self
            .dynamodb()
            .put_item()
            .table_name(self.table(Table::Records))
            .set_item(Some(encode(&view_item(subject, view))?))
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(signature)")
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(true);
        };
        let error = error.into_service_error();
        match error.is_conditional_check_failed_exception() {
            true => Ok(false),
            false => Err(StoreError::unavailable(error)),
        }
    }

    /// The leaf of the event that brought a public version, and the one disclosure that commits it to the values; `None` where it
    /// has none that lasts.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer or an item is damaged.
    pub async fn committing_event(
        &self,
        subject: &Subject,
        view: &SignedView,
    ) -> Result<Option<(Vec<u8>, String)>, StoreError> {
        let (pk, place) = (subject.to_string(), place(view.seq));
        let event = self.query(Table::Ledger, &pk, &place, true).await?;
        let Some(event) = event.into_iter().next() else {
            return Err(StoreError::Damaged(format!("`{pk}` lacks event {place}")));
        };
        let event: EventItem = decode(event)?;
        let mut lasting = event.lasting.into_iter().map(|(_, text)| text);
        let said = lasting.find(|text| commits_to_public(text));
        Ok(said.map(|said| (event.leaf, said)))
    }

    /// Every public key an operator signed with, or registered to.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn operator_keys(&self, organisation: &str) -> Result<Vec<ViewKey>, StoreError> {
        let pk = keys(organisation);
        let items = self.query(Table::Records, &pk, "", true).await?;
        items
            .into_iter()
            .map(|item| decode::<KeyItem>(item).map(|item| item.key))
            .collect()
    }

    /// Keeps an operator's public key for good.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn keep_operator_key(
        &self,
        organisation: &str,
        key: &ViewKey,
    ) -> Result<(), StoreError> {
        let item = encode(&key_item(organisation, key))?;
        self.put_new(Table::Records, item).await.map(drop)
    }
}

fn to_sign(record: &Record, entry: &VersionEntry, part: &PartReference) -> SignedView {
    SignedView {
        statement: ViewStatement {
            subject: record.subject.to_string(),
            class: Class::Public.number(),
            version: part.revision,
            commitment: part.commitment,
            event_id: entry.event_id,
            event_hash: entry.event_hash,
            operator: record.head.operator_after(entry.seq).to_owned(),
            at: entry.at,
        },
        signature: None,
        version: entry.version,
        seq: entry.seq,
    }
}
