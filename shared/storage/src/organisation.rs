//! Organisations: who may act at all.

use ledger::Timestamp;
use passport::Class;
use serde::{Deserialize, Serialize};

use crate::change::{Guard, Row};
use crate::record::{HEAD, HeadItem, sort_key};
use crate::store::decode;
use crate::{
    Change, CommitError, EventInput, Facts, Receipt, Store, StoreError, Subject, SubjectChange,
    Table,
};

/// Who registers an organisation, and why.
#[derive(Debug, Clone)]
pub struct Registrar {
    /// The platform operator's organisation.
    pub organisation: String,
    /// The person at the tool; stored only as a keyed reference.
    pub person: String,
    /// Why.
    pub reason: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct OrganisationItem {
    pk: String,
    sk: String,
    v: u8,
    pub(crate) organisation: access::Organisation,
}

pub(crate) const ORGANISATION: &str = "0#ORGANISATION";
/// The event type of a registration; its notes are the record.
pub(crate) const REGISTERED: &str = "organisation-registered";
/// How often a registration is tried again when another of the same organisation comes between.
const ATTEMPTS: u32 = 4;

/// An organisation, as it may act at present.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its record.
    pub organisation: access::Organisation,
    /// What it was given, and what was taken from it.
    pub rights: access::Rights,
}

impl Store {
    /// An organisation's record and what it was given and lost, as they are now.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn member(&self, id: &str) -> Result<Option<Member>, StoreError> {
        let pk = Subject::Organisation(id.to_owned()).to_string();
        let mut organisation = None;
        let mut rights = access::Rights::default();
        for item in self.query(Table::Records, &pk, "0#", true).await? {
            match sort_key(&item) {
                ORGANISATION => organisation = Some(decode::<OrganisationItem>(item)?.organisation),
                HEAD => {
                    if let Facts::Organisation { rights: held, .. } =
                        decode::<HeadItem>(item)?.head.facts
                    {
                        rights = held;
                    }
                }
                _ => {}
            }
        }
        Ok(organisation.map(|organisation| Member {
            organisation,
            rights,
        }))
    }

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

    /// Registers an organisation or renews its record, with an event in the organisation's own chain; `None` where the
    /// record says just this already. For the operator's tool, never behind HTTP.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub async fn register_organisation(
        &self,
        log: &str,
        organisation: access::Organisation,
        by: &Registrar,
        now: Timestamp,
    ) -> Result<Option<Receipt>, CommitError> {
        for _ in 0..ATTEMPTS {
            if self.organisation(&organisation.id).await?.as_ref() == Some(&organisation) {
                return Ok(None);
            }
            match self.register(log, organisation.clone(), by, now).await {
                Err(CommitError::Stale | CommitError::Exists) => {}
                done => return done,
            }
        }
        Err(CommitError::Busy)
    }

    async fn register(
        &self,
        log: &str,
        organisation: access::Organisation,
        by: &Registrar,
        now: Timestamp,
    ) -> Result<Option<Receipt>, CommitError> {
        let subject = Subject::Organisation(organisation.id.clone());
        let before = self.open_for_change(&subject).await?;
        let registered = SubjectChange {
            subject: subject.clone(),
            organisation: organisation.id.clone(),
            // Custody and rights are moved by events of their own.
            facts: match &before {
                Some(record) => record.head.facts.clone(),
                None => Facts::Organisation {
                    custody: None,
                    rights: access::Rights::default(),
                },
            },
            before,
            document: None,
            event: EventInput {
                event_type: REGISTERED.to_owned(),
                role: "platform-operator".to_owned(),
                organisation: by.organisation.clone(),
                person: by.person.clone(),
                reason: by.reason.clone(),
                notes: Some(serde_json::to_string(&organisation).map_err(StoreError::damaged)?),
                occurred_at: None,
                evidence: Vec::new(),
                audience: Class::Internal,
                readings: None,
                erases: None,
            },
            labels: Vec::new(),
        };
        let mut change = Change::new(vec![registered], None);
        if let Some(host) = &organisation.carrier_host {
            let reserved = self.reserved(host, &organisation.id, now).await?;
            change.rows.extend(reserved);
        }
        if let Some(key) = &organisation.signing_key {
            change
                .rows
                .push(crate::view::key_row(&organisation.id, key)?);
        }
        let item = OrganisationItem {
            pk: subject.to_string(),
            sk: ORGANISATION.to_owned(),
            v: 1,
            organisation,
        };
        change
            .rows
            .push(Row::put(Table::Records, &item, Guard::Covered)?);
        Ok(self.commit(log, change, now).await?.into_iter().next())
    }
}
