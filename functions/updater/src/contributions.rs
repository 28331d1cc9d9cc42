//! A supplier brings data of somebody else's record. Nothing of it counts until whoever is responsible accepts it.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use passport::{Fault, catalogue};
use serde_json::{Map, Value, json};
use storage::{
    Change, Closing, CommitError, Contributed, Contribution, ContributionState, Earlier,
    OpenRecord, Subject, SubjectChange,
};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    Body, Caller, Decision, Idempotency, Partner, Path, Platform, Problem, Provenance, now, written,
};

use crate::acceptance::ACCEPTED;
use crate::rights_change::{Listed, Outcome, RightsChange, id_in, in_its_state, unknown};
use crate::rules::level_and_category;
use crate::validation::{Proposal, refuse};

/// Most contributions to one record that wait for a decision.
const MOST_OPEN: usize = 50;

/// Data for a record of another organisation.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "it describes what is sent")]
pub(crate) struct NewContribution {
    /// The record, one of: `model`, `batch` or `passport` with an id.
    subject: NewContributionSubject,
    /// An RFC 7396 merge patch of the record's data by group that sets values and takes none away.
    #[schema(value_type = Object)]
    changes: Value,
    /// Why.
    #[serde(flatten)]
    why: web::described::Why,
}

/// The record that a contribution is for: one of these.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "it describes what is sent")]
pub(crate) struct NewContributionSubject {
    /// A model.
    #[schema(nullable = false)]
    model: Option<Uuid>,
    /// A batch.
    #[schema(nullable = false)]
    batch: Option<Uuid>,
    /// A passport.
    #[schema(nullable = false)]
    passport: Option<Uuid>,
}

/// Submit data.
///
/// For a supplier that whoever is responsible for the record gave the right `contribution`. The values are held against the catalogue
/// at once, and become the record's where they are accepted. Nobody but the two learns of them, and the evidence for them can be read
/// by whoever decides. At most 50 contributions to one record wait at a time.
#[utoipa::path(
    post, path = "/v1/contributions", operation_id = "submitContribution", tag = "updater", security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = NewContribution, example = json!({"subject": {"model": "0192e4a1-7c7e-7b5e-8f57-3f4b0c9d2e11"}, "changes": {"performance": {"ratedCapacity": {"value": 230, "unit": "A.h"}}}, "reason": "cell data sheet, revision 4", "evidence": ["5a0c2c0e-6f3e-4f5e-9a1c-2f5a1f0d8a11"]})),
    responses((status = 201, description = "It waits for a decision", body = web::Contribution), (status = "default", response = Problem))
)]
pub(crate) async fn submit(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let route = "POST /v1/contributions";
    let idempotency = Idempotency::required(&headers, route, caller.partner()?, body.hash)?;
    let id = Uuid::now_v7();
    let others = ["subject", "changes"];
    let provenance = Provenance::of_body(&body.json, Some("contribution-submitted"), &others)?;
    let changes = web::member(&body.json, "changes")?.clone();
    if passport::attributes(&changes).is_empty() {
        return Err(Problem::malformed(
            "expected at least one attribute in `changes`",
        ));
    }
    let submission = Submission {
        platform: &platform,
        caller: &caller,
        subject: subject(&body.json)?,
        reason: provenance.reason().to_owned(),
        provenance: provenance.noting(&format!("contribution {id}")),
        idempotency,
        changes,
        id,
    };
    let idempotency = &submission.idempotency;
    idempotency.decide(&platform.store, &submission).await
}

fn subject(json: &Map<String, Value>) -> Result<Subject, Problem> {
    let expected = || {
        Problem::malformed(
            "expected one of `model`, `batch` and `passport` with a UUID in `subject`",
        )
    };
    let mut members = web::member(json, "subject")?.iter();
    let (Some((kind, Value::String(id))), None) = (members.next(), members.next()) else {
        return Err(expected());
    };
    let id = Uuid::parse_str(id).map_err(|_| expected())?;
    match kind.as_str() {
        "model" => Ok(Subject::Model(id)),
        "batch" => Ok(Subject::Batch(id)),
        "passport" => Ok(Subject::Passport(id)),
        _ => Err(expected()),
    }
}

/// A contribution to be.
struct Submission<'a> {
    platform: &'a Platform,
    caller: &'a Caller,
    subject: Subject,
    provenance: Provenance,
    reason: String,
    idempotency: Idempotency,
    changes: Map<String, Value>,
    id: Uuid,
}

impl Submission<'_> {
    /// The record, for a supplier that was asked for data of it. For everybody else it is as if it were not there, also where its
    /// battery is on the market.
    async fn record(&self) -> Result<OpenRecord, Problem> {
        let principal = self.caller.partner()?;
        let record = self.platform.store.open_for_change(&self.subject).await?;
        record
            .filter(|record| access::contributes(principal, &record.head.standing()))
            .ok_or_else(unknown)
    }

    /// Refuses what cannot be taken now.
    async fn can_be_taken(&self, record: &OpenRecord) -> Result<(), Problem> {
        in_its_state(&self.provenance, std::slice::from_ref(record))?;
        if record.head.facts.is_withdrawn() {
            return Err(Problem::conflict(
                "this draft was withdrawn before its battery reached the market: there is nothing to contribute to",
            ));
        }
        let (store, to) = (&self.platform.store, &record.head.organisation);
        if store.open_contributions(&self.subject, to).await? >= MOST_OPEN {
            return Err(Problem::conflict(format!(
                "{MOST_OPEN} contributions to this record wait for a decision already: withdraw one first, or wait"
            )));
        }
        refuse(self.faults(record).await?)
    }

    async fn faults(&self, record: &OpenRecord) -> Result<Vec<Fault>, Problem> {
        let accepted = catalogue()
            .event_type(ACCEPTED)
            .ok_or_else(|| Problem::internal(format!("`{ACCEPTED}` is no event type")))?;
        let proposal = Proposal {
            platform: self.platform,
            caller: self.caller,
            classes: self.caller.reading(&record.head).classes,
            contributor: None,
            event_type: accepted,
            at: now(),
            earlier: None,
            facts: &record.head.facts,
            before: &Map::new(),
            after: &self.changes,
        };
        let mut faults = proposal.faults_alone().await?;
        let (level, _) = level_and_category(&record.head.facts);
        let touched = passport::touched(&self.changes).into_iter();
        let others = touched.map(|one| one.attribute).filter(|attribute| {
            attribute.allows(level)
                && attribute.derived.is_none()
                && !attribute.written_by(ACCEPTED)
        });
        faults.extend(others.map(|attribute| Fault {
            pointer: attribute.pointer(),
            rule: "not-by-contribution".to_owned(),
            expected: "no value: whoever is responsible says this itself".to_owned(),
            found: "a value".to_owned(),
            source: Some(attribute.source.clone()),
        }));
        Ok(faults)
    }

    fn contribution(&self, record: &OpenRecord) -> Result<Contribution, Problem> {
        Ok(Contribution {
            id: self.id,
            subject: self.subject.clone(),
            by: self.caller.partner()?.organisation.clone(),
            to: record.head.organisation.clone(),
            submitted_at: now(),
            state: ContributionState::Open,
            closed_at: None,
            content: Some(Contributed {
                changes: self.changes.clone(),
                catalogue: record.head.facts.catalogue().id.clone(),
                reason: self.reason.clone(),
                evidence: self.provenance.evidence().to_vec(),
                decision: None,
            }),
        })
    }
}

impl Decision for Submission<'_> {
    type Done = Response;

    async fn attempt(&self) -> Result<Option<Response>, Problem> {
        let store = &self.platform.store;
        let principal = self.caller.partner()?;
        let record = self.record().await?;
        let event_type = self.provenance.event_type;
        let standing = record.head.standing();
        let role = access::may_raise(principal, &event_type.id, event_type.permits(), &standing)?;
        self.can_be_taken(&record).await?;
        let contribution = self.contribution(&record)?;
        let nothing = std::iter::empty();
        let event = self.provenance.event(store, principal, role, nothing);
        let subject = SubjectChange {
            subject: self.subject.clone(),
            organisation: record.head.organisation.clone(),
            facts: record.head.facts.clone(),
            event: event.await?,
            before: Some(record),
            document: None,
            labels: Vec::new(),
        };
        let location = location(self.id);
        let request = self.idempotency.row(StatusCode::CREATED, &location);
        let change = Change::new(vec![subject], request);
        let change = store.with_contribution(change, &contribution).await?;
        match store.commit(&self.platform.site.log(), change, now()).await {
            Ok(receipts) => {
                let receipt = receipts.first().map(ToString::to_string);
                let body = told(contribution);
                Ok(Some(written(StatusCode::CREATED, &location, receipt, body)))
            }
            Err(CommitError::Answered(earlier)) => self.repeat(earlier).await.map(Some),
            Err(CommitError::Stale) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn repeat(&self, earlier: Earlier) -> Result<Response, Problem> {
        let status = StatusCode::from_u16(earlier.status).map_err(Problem::internal)?;
        let body = read(self.platform, self.caller, earlier.location.clone()).await?;
        Ok(written(status, &earlier.location, earlier.receipt, body))
    }
}

fn location(id: Uuid) -> String {
    format!("/v1/contributions/{id}")
}

fn told(contribution: Contribution) -> Value {
    json!(web::Contribution::from(contribution))
}

async fn read(platform: &Platform, caller: &Caller, location: String) -> Result<Value, Problem> {
    let id = id_in(&location, "contributions")?;
    let (contribution, _) = web::contribution(platform, caller, id).await?;
    Ok(told(contribution))
}

/// Reject a contribution.
///
/// Whoever is responsible for the record takes nothing of it. The reason is told to who submitted it.
#[utoipa::path(
    post, path = "/v1/contributions/{id}/rejection", operation_id = "rejectContribution", tag = "updater", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The contribution"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "of another cell than the one we use"})),
    responses((status = 200, description = "It is rejected", body = web::Contribution), (status = "default", response = Problem))
)]
pub(crate) async fn reject(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let rejected = ContributionState::Rejected;
    close(&platform, &caller, id, (&headers, &body), rejected).await
}

/// Withdraw a contribution.
///
/// Whoever submitted it takes it back, as long as nobody has decided.
#[utoipa::path(
    post, path = "/v1/contributions/{id}/withdrawal", operation_id = "withdrawContribution", tag = "updater", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The contribution"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "a newer data sheet is out"})),
    responses((status = 200, description = "It is withdrawn", body = web::Contribution), (status = "default", response = Problem))
)]
pub(crate) async fn withdraw(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let withdrawn = ContributionState::Withdrawn;
    close(&platform, &caller, id, (&headers, &body), withdrawn).await
}

async fn close(
    platform: &Platform,
    caller: &Caller,
    id: Uuid,
    (headers, body): (&HeaderMap, &Body),
    state: ContributionState,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let (how, event_type) = match state {
        ContributionState::Withdrawn => ("withdrawal", "contribution-withdrawn"),
        _ => ("rejection", "contribution-rejected"),
    };
    let (contribution, _) = web::contribution(platform, caller, id).await?;
    let own = caller.acts_for(&contribution.by);
    match (own, state == ContributionState::Withdrawn) {
        (true, false) => return Err(not_for_contributor()),
        (false, true) => {
            return Err(Problem::forbidden(
                "a contribution is withdrawn by who submitted it: reject it, with a reason",
            ));
        }
        _ => {}
    }
    let provenance = Provenance::of_body(&body.json, Some(event_type), &[])?;
    let route = format!("POST /v1/contributions/{id}/{how}");
    let closing = Closing {
        by: principal.organisation.clone(),
        reason: provenance.reason().to_owned(),
        pointers: Vec::new(),
    };
    RightsChange {
        platform,
        caller,
        provenance: provenance.noting(&format!("contribution {id}")),
        idempotency: Idempotency::required(headers, &route, principal, body.hash)?,
        subjects: vec![contribution.subject.clone()],
        as_read: Listed::Contribution(Box::new(contribution.clone())),
        status: StatusCode::OK,
        work: |records: &[OpenRecord]| {
            waits(&contribution)?;
            let heads = records.iter().map(|record| &record.head);
            // Who took the record over decides on nothing that was sent to who had it.
            if !own
                && heads
                    .clone()
                    .any(|head| head.organisation != contribution.to)
            {
                return Err(web::no_such_contribution());
            }
            let closed = contribution.closed(state, now(), closing.clone());
            Ok(Outcome {
                facts: heads.map(|head| head.facts.clone()).collect(),
                location: location(id),
                body: told(closed.clone()),
                listed: Listed::Contribution(Box::new(closed)),
            })
        },
        read: |location| read(platform, caller, location),
    }
    .make()
    .await
}

/// Nobody decides on what it brought itself.
pub(crate) fn not_for_contributor() -> Problem {
    Problem::forbidden(
        "whoever is responsible for the record decides on a contribution: you may withdraw yours",
    )
}

/// Refuses what was decided already, or says nothing any more.
pub(crate) fn waits(contribution: &Contribution) -> Result<(), Problem> {
    match (contribution.state, &contribution.content) {
        (ContributionState::Open, Some(_)) => Ok(()),
        (ContributionState::Open, None) => Err(Problem::conflict(
            "what it says was erased with the record: there is nothing left to decide",
        )),
        (state, _) => Err(Problem::conflict(format!(
            "it was {} already",
            state.as_str()
        ))),
    }
}
