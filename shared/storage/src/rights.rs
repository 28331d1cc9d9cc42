//! Rights that come and go: what was asked for and decided, what was given, and what became of it.
//!
//! What counts stands in the heads it is of ([`Facts`]), so that no right changes without an event. The rows here list it: for who
//! asked, who decides, who gave and who was given.

use access::{Grant, Purpose, Right, Role, Scope};
use ledger::Timestamp;
use passport::Class;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::change::{Guard, Row};
use crate::store::decode;
use crate::{
    Change, CommitError, EventInput, Facts, Store, StoreError, Subject, SubjectChange, Table,
};

/// The partition of every request for access.
const REQUESTS: &str = "ASKED";

/// The event type of a recognised interest.
const GRANTED: &str = "access-granted";

/// A request to recognise a legitimate interest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessRequest {
    /// Its id, a UUIDv7.
    pub id: Uuid,
    /// Who asks.
    pub organisation: String,
    /// A purpose of `purposes.toml`.
    pub purpose: String,
    /// The version of the rules by which it is decided.
    pub rules: String,
    /// What it rests on.
    pub evidence: Vec<Uuid>,
    /// When it was made.
    pub requested_at: Timestamp,
    /// By when it is to be decided.
    pub deadline: Timestamp,
    /// What was decided, once it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// What was decided of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Whether the interest is recognised.
    pub granted: bool,
    /// The organisation that decided; `platform` where the rules alone did.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// Until when it is recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When and why it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revoked>,
}

/// That a right was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revoked {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// A grant, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Given {
    /// The grant.
    pub grant: Grant,
    /// When it was given.
    pub given_at: Timestamp,
    /// That it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Revoked>,
}

#[derive(Serialize, Deserialize)]
struct Listed<T> {
    pk: String,
    sk: String,
    v: u8,
    #[serde(flatten)]
    what: T,
}

/// Which list of grants, or of contributions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// What an organisation gave.
    Given,
    /// What it was given.
    Received,
}

impl Direction {
    fn partition(self, organisation: &str) -> String {
        match self {
            Self::Given => format!("GRANTS-BY#{organisation}"),
            Self::Received => format!("GRANTS-TO#{organisation}"),
        }
    }
}

fn requests_of(organisation: Option<&str>) -> String {
    match organisation {
        Some(organisation) => format!("{REQUESTS}#{organisation}"),
        None => REQUESTS.to_owned(),
    }
}

/// The rows of one thing that is in more than one list.
pub(crate) fn listed<T: Serialize, const N: usize>(
    partitions: [String; N],
    id: Uuid,
    what: &T,
) -> Result<Vec<Row>, StoreError> {
    let row = |pk| {
        let item = Listed {
            pk,
            sk: id.to_string(),
            v: 1,
            what,
        };
        // The head that changes with it has the condition.
        Row::put(Table::Records, &item, Guard::Covered)
    };
    partitions.into_iter().map(row).collect()
}

impl Change {
    /// Lists a request for access, or what became of it, with this change.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written.
    pub fn with_access_request(mut self, request: &AccessRequest) -> Result<Self, StoreError> {
        let lists = [None, Some(request.organisation.as_str())].map(requests_of);
        self.rows.extend(listed(lists, request.id, request)?);
        let purpose = Purpose::named(&request.purpose);
        let roles = purpose.map_or(&[][..], |purpose| &purpose.rules.decided_by);
        for evidence in &request.evidence {
            for role in roles {
                self.open_evidence(&evidence.to_string(), &to_role(role))?;
            }
        }
        Ok(self)
    }

    /// Lists a grant, or what became of it, with this change.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written.
    pub fn with_grant(mut self, given: &Given) -> Result<Self, StoreError> {
        let lists = [
            Direction::Given.partition(&given.grant.by),
            Direction::Received.partition(&given.grant.to),
        ];
        self.rows.extend(listed(lists, given.grant.id, given)?);
        Ok(self)
    }
}

impl AccessRequest {
    /// The grant that it comes to, where it was granted.
    #[must_use]
    pub fn grant(&self) -> Option<Grant> {
        let decision = self.decision.as_ref()?;
        Some(Grant {
            id: self.id,
            to: self.organisation.clone(),
            by: decision.by.clone(),
            of: Scope::Everything,
            right: Right::Interest(self.purpose.clone()),
            purpose: self.purpose.clone(),
            until: decision.until?.as_second(),
        })
    }

    /// The head of who asked, with what was granted in it; `None` where it holds too many rights, or is no organisation.
    #[must_use]
    pub fn recognised(&self, facts: &Facts, now: Timestamp) -> Option<Facts> {
        let mut facts = facts.clone();
        let Facts::Organisation { rights, .. } = &mut facts else {
            return None;
        };
        rights.hold(self.grant()?, now.as_second()).then_some(facts)
    }
}

/// Whoever has a role, where evidence is opened to it. No organisation's id has a space.
fn to_role(role: &str) -> String {
    format!("role {role}")
}

impl Store {
    /// Whether evidence was brought to whoever has one of these roles, to decide on it.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn is_evidence_open_to_roles(
        &self,
        id: Uuid,
        roles: &[Role],
    ) -> Result<bool, StoreError> {
        for role in roles {
            let decides = Purpose::all().any(|purpose| purpose.is_decided_by(&[*role]));
            if decides && self.is_evidence_open(id, &to_role(role.as_str())).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Recognises an interest that was decided without a caller: by the rules alone, or by who runs the platform. `false` where
    /// another change came between, or there is nobody to recognise it of.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub async fn recognise(
        &self,
        log: &str,
        decided: &AccessRequest,
        person: &str,
        now: Timestamp,
    ) -> Result<bool, CommitError> {
        let subject = Subject::Organisation(decided.organisation.clone());
        let Some(before) = self.open_for_change(&subject).await? else {
            return Ok(false);
        };
        let (Some(decision), Some(facts)) = (
            &decided.decision,
            decided.recognised(&before.head.facts, now),
        ) else {
            return Ok(false);
        };
        let event = EventInput {
            event_type: GRANTED.to_owned(),
            role: "platform-operator".to_owned(),
            organisation: decision.by.clone(),
            person: person.to_owned(),
            reason: decision.reason.clone(),
            notes: None,
            occurred_at: None,
            evidence: Vec::new(),
            audience: Class::Authority,
            readings: None,
            erases: None,
        };
        let change = SubjectChange {
            organisation: before.head.organisation.clone(),
            subject,
            facts,
            before: Some(before),
            document: None,
            event,
            labels: Vec::new(),
        };
        let change = Change::new(vec![change], None).with_access_request(decided)?;
        match self.commit(log, change, now).await {
            Ok(_) => Ok(true),
            Err(CommitError::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A request for access.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or the item is damaged.
    pub async fn access_request(&self, id: Uuid) -> Result<Option<AccessRequest>, StoreError> {
        let sk = id.to_string();
        let item: Option<Listed<AccessRequest>> =
            self.get(Table::Records, REQUESTS, Some(&sk)).await?;
        Ok(item.map(|item| item.what))
    }

    /// Requests for access, the newest first, of one organisation or of all: at most `limit`, those before the one with the id
    /// `before`.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn access_requests(
        &self,
        organisation: Option<&str>,
        before: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<AccessRequest>, StoreError> {
        self.newest(&requests_of(organisation), before, limit).await
    }

    /// A grant that an organisation gave or was given.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or the item is damaged.
    pub async fn grant(
        &self,
        direction: Direction,
        organisation: &str,
        id: Uuid,
    ) -> Result<Option<Given>, StoreError> {
        let (pk, sk) = (direction.partition(organisation), id.to_string());
        let item: Option<Listed<Given>> = self.get(Table::Records, &pk, Some(&sk)).await?;
        Ok(item.map(|item| item.what))
    }

    /// The grants that an organisation gave or was given, the newest first: at most `limit`, those before the one with the id
    /// `before`.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn grants(
        &self,
        direction: Direction,
        organisation: &str,
        before: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<Given>, StoreError> {
        let pk = direction.partition(organisation);
        self.newest(&pk, before, limit).await
    }

    /// The newest of a list whose sort keys are UUIDv7.
    pub(crate) async fn newest<T: DeserializeOwned>(
        &self,
        pk: &str,
        before: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<T>, StoreError> {
        let before = before.map(|id| id.to_string());
        let items = self.newest_items(Table::Records, pk, before.as_deref(), limit);
        let items = items.await?.into_iter();
        items
            .map(|item| decode::<Listed<T>>(item).map(|item| item.what))
            .collect()
    }
}
