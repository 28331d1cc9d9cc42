//! Responsibility for a battery passes by an offer and its acceptance (Article 77(7)).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use passport::{EventType, Purpose, Relation, battery_status, catalogue};
use storage::{Facts, Offer, OpenRecord, Subject, SubjectChange};
use uuid::Uuid;
use web::{
    Body, Caller, Idempotency, Partner, Path, Platform, Precondition, Problem, Provenance, now,
};

use crate::change::{Changed, RecordChange, repeat, visible_record};
use crate::succession::live_successor;

/// Offer responsibility.
///
/// To a registered organisation, for a `purpose` of the catalogue: `takeover`, `further-life` or `waste`. Nothing changes until
/// it accepts. One offer is open at a time.
#[utoipa::path(
    post, path = "/v1/dpps/{dppId}/transfers", operation_id = "offerResponsibility", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::NewTransfer, example = json!({"to": "recyclo", "purpose": "waste", "reason": "returned by the owner, worn out"})),
    responses((status = 201, description = "The offer is open", body = Changed), (status = "default", response = Problem))
)]
pub(crate) async fn offer(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let passport = platform.passport_id(&id)?;
    let offer = Offer {
        id: Uuid::new_v4(),
        to: web::required_text(&body.json, "to")?.to_owned(),
        purpose: purpose(web::required_text(&body.json, "purpose")?)?
            .id
            .clone(),
        at: now(),
    };
    let route = format!("POST /v1/dpps/{passport}/transfers");
    let location = format!("/v1/dpps/{passport}/transfers/{}", offer.id);
    let others = ["to", "purpose"];
    RecordChange {
        platform: &platform,
        caller: &caller,
        subject: Subject::Passport(passport),
        provenance: Provenance::of_body(&body.json, Some("responsibility-offered"), &others)?,
        patch: None,
        transfer: Some(Transfer::Offer(offer)),
        contribution: None,
        precondition: Precondition::of(&headers),
        idempotency: Idempotency::required(&headers, &route, caller.partner()?, body.hash)?,
        location,
        status: StatusCode::CREATED,
    }
    .make()
    .await
}

/// Accept responsibility.
///
/// The calling organisation becomes responsible for the passport and its unit; for the purpose `waste` the battery becomes
/// waste, in the same passport. What the one before kept in classes 0 and 3 stays its own.
#[utoipa::path(
    post, path = "/v1/dpps/{dppId}/transfers/{transferId}/acceptance", operation_id = "acceptResponsibility", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport"), ("transferId" = Uuid, Path, description = "The offer"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "collected at the depot", "evidence": ["5a0c2c0e-6f3e-4f5e-9a1c-2f5a1f0d8a11"]})),
    responses((status = 200, description = "Responsibility has passed", body = Changed), (status = "default", response = Problem))
)]
pub(crate) async fn accept(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(ids): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    close(&platform, &caller, ids, &headers, &body, "acceptance").await
}

/// Reject responsibility.
#[utoipa::path(
    post, path = "/v1/dpps/{dppId}/transfers/{transferId}/rejection", operation_id = "rejectResponsibility", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport"), ("transferId" = Uuid, Path, description = "The offer"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "not a chemistry we treat"})),
    responses((status = 200, description = "The offer is closed", body = Changed), (status = "default", response = Problem))
)]
pub(crate) async fn reject(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(ids): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    close(&platform, &caller, ids, &headers, &body, "rejection").await
}

/// Withdraw an offer of responsibility.
#[utoipa::path(
    post, path = "/v1/dpps/{dppId}/transfers/{transferId}/withdrawal", operation_id = "withdrawResponsibility", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport"), ("transferId" = Uuid, Path, description = "The offer"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "offered to the wrong organisation"})),
    responses((status = 200, description = "The offer is closed", body = Changed), (status = "default", response = Problem))
)]
pub(crate) async fn withdraw(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(ids): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    close(&platform, &caller, ids, &headers, &body, "withdrawal").await
}

async fn close(
    platform: &Platform,
    caller: &Caller,
    (passport, id): (String, String),
    headers: &HeaderMap,
    body: &Body,
    how: &'static str,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let passport = platform.passport_id(&passport)?;
    let id = Uuid::parse_str(&id).map_err(|_| no_such_offer())?;
    let route = format!("POST /v1/dpps/{passport}/transfers/{id}/{how}");
    let idempotency = Idempotency::required(headers, &route, principal, body.hash)?;
    let subject = Subject::Passport(passport);
    let record = visible_record(platform, caller, &subject).await?;
    let Ok(open) = open_offer(&record, caller, id) else {
        return match idempotency.earlier(&platform.store).await? {
            Some(earlier) => repeat(platform, caller, &earlier).await,
            None => Err(no_such_offer()),
        };
    };
    let event_type = match how {
        "acceptance" => purpose(&open.purpose)?.accepted_by.as_str(),
        "rejection" => "responsibility-rejected",
        _ => "responsibility-withdrawn",
    };
    RecordChange {
        platform,
        caller,
        subject,
        provenance: Provenance::of_body(&body.json, Some(event_type), &[])?,
        patch: None,
        transfer: Some(Transfer::Close(id)),
        contribution: None,
        precondition: Precondition::of(headers),
        idempotency,
        location: format!("/v1/dpps/{passport}"),
        status: StatusCode::OK,
    }
    .make()
    .await
}

/// What a change does to the offer of responsibility.
#[derive(Clone)]
pub(crate) enum Transfer {
    /// It is made.
    Offer(Offer),
    /// It is accepted, rejected or withdrawn.
    Close(Uuid),
}

impl Transfer {
    /// Refuses what does not fit the record as it is.
    pub(crate) async fn fits(
        &self,
        platform: &Platform,
        caller: &Caller,
        record: &OpenRecord,
    ) -> Result<(), Problem> {
        match self {
            Self::Close(id) => open_offer(record, caller, *id).map(drop),
            Self::Offer(offer) => {
                let Facts::Passport { status, life, .. } = &record.head.facts else {
                    return Err(Problem::internal("an offer of what is no passport"));
                };
                if let Some(open) = &life.offer {
                    return Err(Problem::conflict(format!(
                        "responsibility is offered to `{}` already: withdraw that offer (`{}`) first",
                        open.to, open.id
                    )));
                }
                if let Some(successor) = live_successor(platform, life).await? {
                    return Err(Problem::conflict(format!(
                        "a further life begins with passport {successor}: place it on the market or withdraw it first"
                    )));
                }
                let accepting = accepting(&offer.purpose)?;
                if !accepting.allowed_from(status.as_str(), battery_status(&record.document)) {
                    return Err(Problem::conflict(format!(
                        "it could not be accepted: `{}` cannot happen to this passport now",
                        accepting.id
                    )));
                }
                may_be_offered(platform, caller, &offer.to, accepting).await
            }
        }
    }

    /// What the head knows afterwards.
    pub(crate) fn apply(
        &self,
        event_type: &EventType,
        record: &OpenRecord,
        by: &str,
        facts: &mut Facts,
    ) {
        let passes_on = record.head.organisation == record.head.operator();
        let Facts::Passport { life, operator, .. } = facts else {
            return;
        };
        let closed = life.offer.take();
        if let Self::Offer(offer) = self {
            life.offer = Some(offer.clone());
        }
        if event_type.takes_responsibility() {
            // What was opened, and the code that was handed out, were those of who was responsible.
            life.grants.clear();
            life.claim_code = None;
            if event_type.accepts_waste() {
                life.claim = None;
            }
            life.accepted_waste = event_type.accepts_waste().then(|| by.to_owned());
            let named = closed
                .and_then(|offer| purpose(&offer.purpose).ok())
                .is_some_and(|purpose| purpose.names_operator);
            // Where the public is told of somebody else than who hands over, it is told of nothing new (decision 006).
            if named && passes_on {
                *operator = Some(by.to_owned());
            }
        }
    }
}

/// The unit of a passport in force goes where responsibility for the passport goes.
pub(crate) async fn unit_handed_over(
    platform: &Platform,
    passport: &SubjectChange,
) -> Result<Option<SubjectChange>, Problem> {
    let (Subject::Passport(id), Facts::Passport { unit, .. }) =
        (&passport.subject, &passport.facts)
    else {
        return Ok(None);
    };
    let unit = Subject::Unit(*unit);
    let before = platform
        .store
        .open_for_change(&unit)
        .await?
        .ok_or_else(|| Problem::internal("a passport without its unit"))?;
    let in_force =
        matches!(&before.head.facts, Facts::Unit { passport: Some(current), .. } if current == id);
    let mut facts = before.head.facts.clone();
    if let Facts::Unit { custody, .. } = &mut facts {
        *custody = None;
    }
    Ok(in_force.then(|| SubjectChange {
        subject: unit,
        organisation: passport.organisation.clone(),
        facts,
        before: Some(before),
        document: None,
        event: passport.event.clone(),
        labels: Vec::new(),
    }))
}

/// The open offer of that id, for who made it and to whom it is made.
fn open_offer<'a>(record: &'a OpenRecord, caller: &Caller, id: Uuid) -> Result<&'a Offer, Problem> {
    let Facts::Passport { life, .. } = &record.head.facts else {
        return Err(no_such_offer());
    };
    life.offer
        .as_ref()
        .filter(|offer| offer.id == id)
        .filter(|offer| caller.acts_for(&offer.to) || caller.acts_for(&record.head.organisation))
        .ok_or_else(no_such_offer)
}

fn no_such_offer() -> Problem {
    Problem::not_found("there is no such open offer of responsibility for you")
}

fn purpose(id: &str) -> Result<&'static Purpose, Problem> {
    let mut purposes = catalogue().purposes();
    purposes.find(|purpose| purpose.id == id).ok_or_else(|| {
        let known: Vec<String> = catalogue()
            .purposes()
            .map(|purpose| format!("`{}`", purpose.id))
            .collect();
        Problem::malformed(format!("expected one of {} in `purpose`", known.join(", ")))
    })
}

fn accepting(purpose_id: &str) -> Result<&'static EventType, Problem> {
    catalogue()
        .event_type(&purpose(purpose_id)?.accepted_by)
        .ok_or_else(|| Problem::internal(format!("`{purpose_id}` is accepted by no event type")))
}

/// Responsibility is offered to who could accept it: another organisation, registered in a role that may. Who takes a
/// battery as waste may be responsible for it already: a producer that treats its own (Article 77(7)).
async fn may_be_offered(
    platform: &Platform,
    caller: &Caller,
    to: &str,
    accepting: &EventType,
) -> Result<(), Problem> {
    if caller.acts_for(to) && !accepting.accepts_waste() {
        return Err(Problem::conflict(
            "your organisation is responsible already",
        ));
    }
    caller.of_one_kind_with(to)?;
    let seconds = now().as_millisecond() / 1000;
    let organisation = platform
        .organisation(to)
        .await?
        .filter(|organisation| {
            organisation
                .verified_until
                .is_none_or(|until| until > seconds)
        })
        .ok_or_else(|| Problem::conflict("no organisation is registered by the name in `to`"))?;
    let permits = accepting.permits().iter();
    let roles: Vec<&str> = permits
        .filter(|permit| permit.relation == Relation::Offered)
        .map(|permit| permit.role.as_str())
        .collect();
    if organisation
        .roles
        .iter()
        .any(|role| roles.contains(&role.as_str()))
    {
        return Ok(());
    }
    Err(Problem::conflict(format!(
        "`{to}` could not accept: it is registered as none of {}",
        roles.join(", ")
    )))
}
