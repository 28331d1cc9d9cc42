//! Requests for access, grants, claims and suspensions, as they are answered.

use access::{Purpose, Right, Scope};
use ledger::Timestamp;
use serde::Serialize;
use storage::{Given, Revoked};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::now;

/// A request to recognise a legitimate interest (Article 77(2)(c) of Regulation (EU) 2023/1542).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessRequest {
    /// Its id.
    id: Uuid,
    /// Who asks.
    organisation: String,
    /// What for.
    purpose: String,
    /// The version of the rules by which it is decided.
    rules: String,
    /// `open`, `overdue`, `granted`, `refused`, `revoked` or `expired`.
    status: &'static str,
    /// What it rests on: ids of evidence.
    evidence: Vec<Uuid>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    requested_at: Timestamp,
    /// By when it is to be decided.
    #[schema(value_type = String, format = DateTime)]
    deadline: Timestamp,
    /// The roles that decide; none where the rules alone do.
    decided_by: &'static [String],
    /// What was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    decision: Option<Decision>,
}

/// What was decided of a request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Decision {
    /// Whether the interest is recognised.
    granted: bool,
    /// The organisation that decided; `platform` where the rules alone did.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Why.
    reason: String,
    /// Until when it is recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    until: Option<Timestamp>,
    /// When and why it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    revoked: Option<TakenBack>,
}

/// When and why a right was taken back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TakenBack {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Why.
    reason: String,
}

impl From<Revoked> for TakenBack {
    fn from(Revoked { at, reason }: Revoked) -> Self {
        Self { at, reason }
    }
}

impl From<storage::AccessRequest> for AccessRequest {
    fn from(request: storage::AccessRequest) -> Self {
        let now = now();
        let status = match &request.decision {
            None if request.deadline < now => "overdue",
            None => "open",
            Some(decision) if !decision.granted => "refused",
            Some(decision) if decision.revoked.is_some() => "revoked",
            Some(decision) if decision.until.is_some_and(|until| until <= now) => "expired",
            Some(_) => "granted",
        };
        let rules = Purpose::named(&request.purpose).map(|purpose| purpose.rules);
        Self {
            id: request.id,
            organisation: request.organisation,
            purpose: request.purpose,
            rules: request.rules,
            status,
            evidence: request.evidence,
            requested_at: request.requested_at,
            deadline: request.deadline,
            decided_by: rules.map_or(&[], |rules| &rules.decided_by),
            decision: request.decision.map(|decision| Decision {
                granted: decision.granted,
                by: decision.by,
                at: decision.at,
                reason: decision.reason,
                until: decision.until,
                revoked: decision.revoked.map(TakenBack::from),
            }),
        }
    }
}

/// A right that an organisation gave another.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Its id.
    id: Uuid,
    /// Who gave it.
    by: String,
    /// Who was given it.
    to: String,
    /// Of which records.
    of: Of,
    /// `delegation`, `reading` or `contribution`.
    right: &'static str,
    /// The access classes that it opens, where it is for reading.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<u8>, required = false)]
    classes: Vec<u8>,
    /// What for.
    purpose: String,
    /// When it was given.
    #[schema(value_type = String, format = DateTime)]
    given_at: Timestamp,
    /// Until when it counts.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// `in-force`, `withdrawn` or `expired`.
    status: &'static str,
    /// When and why it was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    withdrawn: Option<TakenBack>,
}

/// The records that a grant is of: one of these.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Of {
    /// One passport.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    passport: Option<Uuid>,
    /// A batch and its passports.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    batch: Option<Uuid>,
    /// A model, its batches and passports.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    model: Option<Uuid>,
    /// Everything that the organisation is responsible for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    organisation: Option<String>,
}

impl From<Scope> for Of {
    fn from(scope: Scope) -> Self {
        let mut of = Self::default();
        match scope {
            Scope::Everything => {}
            Scope::Organisation(id) => of.organisation = Some(id),
            Scope::Model(id) => of.model = Some(id),
            Scope::Batch(id) => of.batch = Some(id),
            Scope::Passport(id) => of.passport = Some(id),
        }
        of
    }
}

impl From<Given> for Grant {
    fn from(given: Given) -> Self {
        let Given {
            grant,
            given_at,
            withdrawn,
        } = given;
        let (right, classes) = match grant.right {
            Right::Delegation => ("delegation", Vec::new()),
            Right::Reading(classes) => (
                "reading",
                classes.iter().map(passport::Class::number).collect(),
            ),
            Right::Contribution => ("contribution", Vec::new()),
            Right::Interest(_) => ("interest", Vec::new()),
        };
        let until = Timestamp::from_millisecond(grant.until.saturating_mul(1_000));
        let status = match (&withdrawn, until <= now()) {
            (Some(_), _) => "withdrawn",
            (None, true) => "expired",
            (None, false) => "in-force",
        };
        Self {
            id: grant.id,
            by: grant.by,
            to: grant.to,
            of: grant.of.into(),
            right,
            classes,
            purpose: grant.purpose,
            given_at,
            until,
            status,
            withdrawn: withdrawn.map(TakenBack::from),
        }
    }
}
