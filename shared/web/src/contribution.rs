//! Contributions: who sees them, and as what they are answered.

use ledger::Timestamp;
use passport::Class;
use serde::Serialize;
use serde_json::{Map, Value};
use storage::{Closing, Contributed, Record, Subject};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Caller, Platform, Problem};

/// Data that a supplier brought of somebody else's record.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contribution {
    /// Its id.
    id: Uuid,
    /// The record that it is of.
    subject: Of,
    /// Who brought it.
    by: String,
    /// Who was responsible for the record then.
    to: String,
    /// `open`, `accepted`, `rejected` or `withdrawn`.
    status: &'static str,
    /// When it was submitted.
    #[schema(value_type = String, format = DateTime)]
    submitted_at: Timestamp,
    /// When it was accepted, rejected or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    closed_at: Option<Timestamp>,
    /// Why it was submitted; lists are without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// The evidence for it, for whoever decides to read too; lists are without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    evidence: Option<Vec<Uuid>>,
    /// The values, by group, where the contribution itself is read. They are gone once the record was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    changes: Option<Map<String, Value>>,
    /// Why it is closed; lists are without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    decision: Option<Closed>,
}

/// The record that a contribution is of: one of these.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ContributionSubject)]
struct Of {
    /// A model.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    model: Option<Uuid>,
    /// A batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    batch: Option<Uuid>,
    /// A passport.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    passport: Option<Uuid>,
}

/// Why a contribution is closed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContributionDecision)]
struct Closed {
    /// The organisation that closed it.
    by: String,
    /// Why.
    reason: String,
    /// The attributes that were accepted, as JSON Pointers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, required = false)]
    pointers: Vec<String>,
}

impl From<Closing> for Closed {
    fn from(closing: Closing) -> Self {
        let Closing {
            by,
            reason,
            pointers,
        } = closing;
        Self {
            by,
            reason,
            pointers,
        }
    }
}

impl From<&Subject> for Of {
    fn from(subject: &Subject) -> Self {
        let mut of = Self::default();
        match subject {
            Subject::Model(id) => of.model = Some(*id),
            Subject::Batch(id) => of.batch = Some(*id),
            Subject::Passport(id) => of.passport = Some(*id),
            Subject::Unit(_) | Subject::Organisation(_) => {}
        }
        of
    }
}

impl Contribution {
    /// The same with its values, for a read that leaves an event.
    #[must_use]
    pub fn with_values(contribution: storage::Contribution) -> Self {
        let content = contribution.content.as_ref();
        let changes = content.map(|content| content.changes.clone());
        Self {
            changes,
            ..Self::from(contribution)
        }
    }
}

/// Without its values.
impl From<storage::Contribution> for Contribution {
    fn from(contribution: storage::Contribution) -> Self {
        let (reason, evidence, decision) = match contribution.content {
            Some(Contributed {
                reason,
                evidence,
                decision,
                ..
            }) => (Some(reason), Some(evidence), decision),
            None => (None, None, None),
        };
        Self {
            id: contribution.id,
            subject: Of::from(&contribution.subject),
            by: contribution.by,
            to: contribution.to,
            status: contribution.state.as_str(),
            submitted_at: contribution.submitted_at,
            closed_at: contribution.closed_at,
            reason,
            evidence,
            changes: None,
            decision: decision.map(Closed::from),
        }
    }
}

/// A contribution and the record that it is of, for who brought it and for who decides on it; for everybody else it does not exist.
///
/// It is internal to whoever was responsible when it came: who takes the record over inherits none, and who had it keeps what it was sent.
///
/// # Errors
/// 404 for whoever may not see it.
pub async fn contribution(
    platform: &Platform,
    caller: &Caller,
    id: Uuid,
) -> Result<(storage::Contribution, Record), Problem> {
    let found = platform.store.contribution(id).await?;
    let (contribution, record) = found.ok_or_else(no_such_contribution)?;
    let head = &record.head;
    let reading = caller.reading(head);
    // Who took its contribution back wants it read no more.
    let stands = contribution.state != storage::ContributionState::Withdrawn;
    let decides = stands
        && head.organisation == contribution.to
        && caller.answers_for(head)
        && reading.classes.contains(Class::Internal);
    let decided = stands && caller.acts_for(&contribution.to) && reading.formerly;
    match caller.acts_for(&contribution.by) || decides || decided {
        true => Ok((contribution, record)),
        false => Err(no_such_contribution()),
    }
}

/// The answer for whoever may not see a contribution.
#[must_use]
pub fn no_such_contribution() -> Problem {
    Problem::not_found("there is no such contribution for you")
}
