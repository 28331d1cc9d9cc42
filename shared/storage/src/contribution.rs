//! What suppliers bring of a record that is another's: it waits, sealed under the record's key, until whoever is responsible decides.
//!
//! Every change of a contribution is an event of its subject and written with it, so that the head's condition decides who comes first.

use std::collections::BTreeSet;

use ledger::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::change::{Guard, Row};
use crate::compression::{compress, expand};
use crate::rights::listed;
use crate::sealing::DataKey;
use crate::{Change, Direction, Record, Store, StoreError, Subject, Table};

const CONTRIBUTION: &str = "0#CONTRIBUTION";

/// A contribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contribution {
    /// Its id, a UUIDv7.
    pub id: Uuid,
    /// The record that it is of.
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    pub subject: Subject,
    /// Who brought it.
    pub by: String,
    /// Who was responsible for the record then: nobody else decides on it.
    pub to: String,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// What became of it.
    pub state: ContributionState,
    /// When it was accepted, rejected or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// What it says. Lists are without it; none is left once the record was erased.
    #[serde(skip)]
    pub content: Option<Contributed>,
}

/// What became of a contribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContributionState {
    /// Nobody has decided yet.
    Open,
    /// The values, or some of them, became the record's.
    Accepted,
    /// They did not.
    Rejected,
    /// Who brought it took it back.
    Withdrawn,
}

impl ContributionState {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What a contribution says, and what was said to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contributed {
    /// Attributes by group, as a merge patch (RFC 7396) that sets and takes nothing away.
    pub changes: Map<String, Value>,
    /// The version of the catalogue in whose form they are.
    pub catalogue: String,
    /// Why it was submitted.
    pub reason: String,
    /// The evidence for it.
    pub evidence: Vec<Uuid>,
    /// What was decided, once it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Closing>,
}

/// Why a contribution is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Closing {
    /// The organisation that closed it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The attributes that were accepted, as JSON Pointers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pointers: Vec<String>,
}

/// A contribution with what it says, sealed.
#[derive(Serialize, Deserialize)]
struct ContributionItem {
    pk: String,
    sk: String,
    v: u8,
    #[serde(flatten)]
    contribution: Contribution,
    #[serde(with = "serde_bytes")]
    body: Vec<u8>,
}

fn as_text<S: Serializer>(subject: &Subject, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(subject)
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Subject, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

fn partition(id: Uuid) -> String {
    format!("CONTRIBUTION#{id}")
}

fn list(direction: Direction, organisation: &str) -> String {
    match direction {
        Direction::Given => format!("CONTRIBUTIONS#BY#{organisation}"),
        Direction::Received => format!("CONTRIBUTIONS#TO#{organisation}"),
    }
}

fn open_of(subject: &Subject) -> String {
    format!("CONTRIBUTIONS#OPEN#{subject}")
}

impl Contribution {
    /// The same, closed.
    #[must_use]
    pub fn closed(&self, state: ContributionState, at: Timestamp, closing: Closing) -> Self {
        let mut closed = self.clone();
        closed.state = state;
        closed.closed_at = Some(at);
        if let Some(content) = &mut closed.content {
            content.decision = Some(closing);
        }
        closed
    }

    /// What its seal is bound to, so that nobody opens under another state, or as another's, what was sealed.
    fn place(&self) -> String {
        let Self {
            id,
            subject,
            by,
            to,
            state,
            ..
        } = self;
        format!("CONTRIBUTION#{id}|{subject}|{by}|{to}|{}", state.as_str())
    }

    /// Its evidence, and that of the documents in it.
    fn named_evidence(&self) -> BTreeSet<Uuid> {
        let Some(content) = &self.content else {
            return BTreeSet::new();
        };
        let named = passport::evidence_named(&content.changes);
        let named = named.iter().filter_map(|(id, _)| Uuid::parse_str(id).ok());
        named.chain(content.evidence.iter().copied()).collect()
    }

    fn rows(&self, key: &DataKey) -> Result<Vec<Row>, StoreError> {
        let content = self
            .content
            .as_ref()
            .ok_or_else(|| StoreError::damaged("a contribution without what it says"))?;
        let content = serde_json::to_vec(content).map_err(StoreError::damaged)?;
        let item = ContributionItem {
            pk: partition(self.id),
            sk: CONTRIBUTION.to_owned(),
            v: 1,
            contribution: self.clone(),
            body: key.seal(&compress(&content)?, &self.place())?,
        };
        let lists = [
            list(Direction::Given, &self.by),
            list(Direction::Received, &self.to),
            open_of(&self.subject),
        ];
        let mut rows = listed(lists, self.id, self)?;
        if let Some(open) = rows.last_mut()
            && self.state != ContributionState::Open
        {
            open.guard = Guard::Gone;
        }
        // The head that changes with it has the condition.
        rows.push(Row::put(Table::Records, &item, Guard::Covered)?);
        Ok(rows)
    }
}

impl Store {
    /// Writes a contribution, or what became of it, with a change of its subject. With a new one, its evidence is opened to whoever has
    /// to decide.
    ///
    /// # Errors
    /// [`StoreError`] where the key service does not answer, or it cannot be written.
    pub async fn with_contribution(
        &self,
        mut change: Change,
        contribution: &Contribution,
    ) -> Result<Change, StoreError> {
        let key = self.data_key(&contribution.subject).await?;
        let key = key.ok_or(StoreError::NoKeys)?;
        change.rows.extend(contribution.rows(&key)?);
        if contribution.state == ContributionState::Open {
            for evidence in contribution.named_evidence() {
                change.open_evidence(&evidence.to_string(), &contribution.to)?;
            }
        }
        Ok(change)
    }

    /// A contribution with what it says, and the record that it is of.
    ///
    /// # Errors
    /// [`StoreError`] where the table or the key service does not answer, or an item is damaged.
    pub async fn contribution(
        &self,
        id: Uuid,
    ) -> Result<Option<(Contribution, Record)>, StoreError> {
        let pk = partition(id);
        let item = self.get::<ContributionItem>(Table::Records, &pk, Some(CONTRIBUTION));
        let Some(ContributionItem {
            mut contribution,
            body,
            ..
        }) = item.await?
        else {
            return Ok(None);
        };
        // Its head tells whether the key that is in memory was erased.
        let Some(record) = self.record(&contribution.subject).await? else {
            return Ok(None);
        };
        if let Some(key) = self.data_key(&contribution.subject).await? {
            let content = key.open_unless_erased(&body, &contribution.place())?;
            contribution.content = content.map(|content| expand(&content)).transpose()?;
        }
        Ok(Some((contribution, record)))
    }

    /// The contributions that an organisation submitted or was sent, without what they say, the newest first: at most `limit`, those
    /// before the one with the id `before`.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn contributions(
        &self,
        direction: Direction,
        organisation: &str,
        before: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<Contribution>, StoreError> {
        let pk = list(direction, organisation);
        self.newest(&pk, before, limit).await
    }

    /// How many contributions wait for a decision of an organisation on this record: those that were sent to who was responsible
    /// before wait for nobody.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn open_contributions(
        &self,
        subject: &Subject,
        to: &str,
    ) -> Result<usize, StoreError> {
        const MOST: u16 = 1_000;
        let open: Vec<Contribution> = self.newest(&open_of(subject), None, MOST).await?;
        Ok(open.iter().filter(|it| it.to == to).count())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key() -> DataKey {
        DataKey::new(&[7; 32]).unwrap()
    }

    fn contribution() -> Contribution {
        let evidence = Uuid::from_u128(9);
        let changes = json!({"materials": {"cathode": "secret"}, "carbonFootprint": {"declaration": {"title": "report", "evidence": Uuid::from_u128(10)}}});
        Contribution {
            id: Uuid::now_v7(),
            subject: Subject::Model(Uuid::from_u128(1)),
            by: "cellmaker".to_owned(),
            to: "voltwerk".to_owned(),
            submitted_at: Timestamp::from_millisecond(1),
            state: ContributionState::Open,
            closed_at: None,
            content: Some(Contributed {
                changes: changes.as_object().cloned().unwrap_or_default(),
                catalogue: "1.1".to_owned(),
                reason: "asked for".to_owned(),
                evidence: vec![evidence, evidence],
                decision: None,
            }),
        }
    }

    #[test]
    fn nothing_that_it_says_stands_in_its_rows() {
        let rows = contribution().rows(&key()).unwrap();
        assert_eq!(rows.len(), 4);
        let text = format!("{rows:?}");
        assert!(text.contains("cellmaker"));
        for said in ["secret", "asked for", "materials"] {
            assert!(!text.contains(said), "{said}");
        }
    }

    #[test]
    fn its_state_cannot_be_turned_back_beneath_its_seal() {
        let open = contribution();
        let sealed = key().seal(b"x", &open.place()).unwrap();
        let closing = Closing {
            by: "voltwerk".to_owned(),
            reason: "no".to_owned(),
            pointers: Vec::new(),
        };
        let closed = open.closed(ContributionState::Rejected, open.submitted_at, closing);
        assert!(key().open(&sealed, &open.place()).is_ok());
        assert!(key().open(&sealed, &closed.place()).is_err());
        // And it waits no longer.
        let rows = closed.rows(&key()).unwrap();
        let gone = rows.iter().filter(|row| matches!(row.guard, Guard::Gone));
        assert_eq!(gone.count(), 1);
    }

    #[test]
    fn each_piece_of_evidence_is_opened_once() {
        let named = contribution().named_evidence();
        assert_eq!(named, BTreeSet::from([9, 10].map(Uuid::from_u128)));
    }
}
