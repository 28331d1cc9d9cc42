//! A legitimate interest is recognised by versioned rules (Article 77(2)(c)), never as a favour of who made the battery.

use std::time::Duration;

use access::{AccessFault, MOST_OF_ONE_GIVER, MOST_RIGHTS, Purpose};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ledger::Timestamp;
use serde_json::{Value, json};
use storage::{AccessRequest, Decision, Facts, OpenRecord, Revoked, Subject};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Body, Caller, Idempotency, Partner, Path, Platform, Problem, Provenance, now};

use crate::rights_change::{Listed, Outcome, RightsChange, id_in};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A request to recognise a legitimate interest.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what is sent")]
pub(crate) struct NewAccessRequest {
    /// A purpose of the rules: `repairer`, `remanufacturer`, `second-life-operator` or `recycler`.
    purpose: String,
    /// Why, in a sentence; at most 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// The ids of the evidence for it: confirmed, and brought by the calling organisation.
    #[schema(nullable = false, max_items = 20)]
    evidence: Option<Vec<Uuid>>,
}

/// Ask for access.
///
/// Somebody with a legitimate interest (Article 77(2)(c)) asks for it to be recognised, for a purpose: `repairer`, `remanufacturer`,
/// `second-life-operator` or `recycler`. Versioned rules say who may ask, with which evidence, who decides and by when; where
/// they name nobody, they decide at once. No manufacturer has a say. Once it is recognised, points 2 and 4 of every battery
/// are open to tokens of the role that the purpose belongs to.
#[utoipa::path(
    post, path = "/v1/access-requests", operation_id = "requestAccess", tag = "updater", security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = NewAccessRequest, example = json!({"purpose": "repairer", "reason": "we repair batteries of all makes", "evidence": ["5a0c2c0e-6f3e-4f5e-9a1c-2f5a1f0d8a11"]})),
    responses((status = 201, description = "The request is made", body = web::AccessRequest), (status = "default", response = Problem))
)]
pub(crate) async fn request(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let purpose = purpose(web::required_text(&body.json, "purpose")?)?;
    let provenance = Provenance::of_body(&body.json, Some("access-requested"), &["purpose"])?;
    let idempotency =
        Idempotency::required(&headers, "POST /v1/access-requests", principal, body.hash)?;
    if !purpose.is_for(&principal.roles) {
        return Err(Problem::forbidden(format!(
            "`{}` is asked for with a token of the role {}",
            purpose.name,
            one_of(&purpose.rules.roles)
        )));
    }
    if purpose.rules.evidence && provenance.evidence().is_empty() {
        return Err(Problem::malformed(format!(
            "`{}` needs `evidence`: what shows that your organisation does this work",
            purpose.name
        )));
    }
    let organisation = principal.organisation.clone();
    let earlier = platform
        .store
        .access_requests(Some(&organisation), None, 100);
    let earlier = earlier.await?;
    let mut earlier = earlier.iter().filter(|it| it.purpose == purpose.name);
    // What somebody took back, the rules alone do not give again.
    let waits = !purpose.rules.at_once
        || earlier.clone().any(|request| {
            let decision = request.decision.as_ref();
            decision.is_some_and(|decision| decision.revoked.is_some())
        });
    let open = earlier.find(|request| request.decision.is_none() && waits);
    let id = Uuid::now_v7();
    let at = now();
    let request = AccessRequest {
        id,
        organisation: organisation.clone(),
        purpose: purpose.name.to_owned(),
        rules: access::edition().to_owned(),
        evidence: provenance.evidence().to_vec(),
        requested_at: at,
        deadline: after(at, purpose.rules.deadline_days),
        decision: None,
    };
    let answered = RightsChange {
        platform: &platform,
        caller: &caller,
        provenance,
        idempotency,
        subjects: vec![Subject::Organisation(organisation.clone())],
        as_read: match waits {
            true => Listed::NoneOpen {
                organisation: organisation.clone(),
                purpose: purpose.name,
            },
            false => Listed::Nothing,
        },
        status: StatusCode::CREATED,
        work: |records: &[OpenRecord]| {
            if let Some(open) = &open {
                return Err(Problem::conflict(format!(
                    "request {} for `{}` is open already",
                    open.id, open.purpose
                )));
            }
            Ok(Outcome {
                facts: records
                    .iter()
                    .map(|record| record.head.facts.clone())
                    .collect(),
                listed: Listed::Request(request.clone()),
                location: format!("/v1/access-requests/{id}"),
                body: told(request.clone()),
            })
        },
        read: |location| read(&platform, location),
    }
    .make()
    .await?;
    if waits {
        return Ok(answered);
    }
    by_rules(&platform, purpose, answered).await
}

fn purpose(name: &str) -> Result<Purpose, Problem> {
    Purpose::named(name).ok_or_else(|| {
        let names: Vec<String> = Purpose::all().map(|it| it.name.to_owned()).collect();
        Problem::malformed(format!("expected {} in `purpose`", one_of(&names)))
    })
}

fn one_of(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" or ")
}

fn after(at: Timestamp, days: u16) -> Timestamp {
    let days = i64::from(days) * i64::try_from(DAY.as_millis()).unwrap_or_default();
    Timestamp::from_millisecond(at.as_millisecond() + days)
}

fn told(request: AccessRequest) -> Value {
    json!(web::AccessRequest::from(request))
}

async fn read(platform: &Platform, location: String) -> Result<Value, Problem> {
    let id = id_in(&location, "access-requests")?;
    let request = platform.store.access_request(id).await?;
    request.map(told).ok_or_else(no_such_request)
}

fn no_such_request() -> Problem {
    Problem::not_found("there is no such request for access for you")
}

/// What the rules decide alone, they decide once the request is there: what came between is made up for by repeating it.
async fn by_rules(
    platform: &Platform,
    purpose: Purpose,
    answered: Response,
) -> Result<Response, Problem> {
    let store = &platform.store;
    let location = answered.headers().get(axum::http::header::LOCATION);
    let location = location
        .and_then(|it| it.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let id = id_in(&location, "access-requests")?;
    let request = store
        .access_request(id)
        .await?
        .ok_or_else(no_such_request)?;
    if request.decision.is_some() {
        return Ok(answered);
    }
    let member = store.member(&request.organisation).await?;
    let member = member.ok_or_else(no_such_request)?;
    let at = now();
    let decided = AccessRequest {
        decision: Some(Decision {
            granted: true,
            by: "platform".to_owned(),
            at,
            reason: format!(
                "rule `{}` of version {}: registered as {}",
                purpose.name,
                access::edition(),
                one_of(&purpose.rules.roles)
            ),
            until: Some(until(
                purpose,
                member.organisation.verified_until,
                None,
                at,
            )?),
            revoked: None,
        }),
        ..request
    };
    // Where somebody else's change came between, repeating the request decides it.
    let log = platform.site.log();
    store.recognise(&log, &decided, "the rules", at).await?;
    let receipt = answered.headers().get(web::AUDIT_RECEIPT);
    let receipt = receipt.and_then(|it| it.to_str().ok()).map(str::to_owned);
    let body = read(platform, location.clone()).await?;
    Ok(web::written(answered.status(), &location, receipt, body))
}

/// Until when an interest is recognised: no longer than the rules say, than who asks is verified, and than was decided.
fn until(
    purpose: Purpose,
    verified_until: Option<i64>,
    decided: Option<Timestamp>,
    at: Timestamp,
) -> Result<Timestamp, Problem> {
    let verified =
        verified_until.map(|until| Timestamp::from_millisecond(until.saturating_mul(1_000)));
    let most = after(at, purpose.rules.valid_days);
    let until = [verified, decided]
        .into_iter()
        .flatten()
        .fold(most, Ord::min);
    match until > at {
        true => Ok(until),
        false => Err(Problem::malformed("expected a time to come in `until`")),
    }
}

pub(crate) fn too_many_rights(organisation: &str) -> Problem {
    Problem::conflict(format!(
        "`{organisation}` holds {MOST_RIGHTS} rights already, or {MOST_OF_ONE_GIVER} of one giver: withdraw one first"
    ))
}

/// What is decided of a request.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what is sent")]
pub(crate) struct NewDecision {
    /// Whether the interest is recognised.
    granted: bool,
    /// Until when at most (RFC 3339); by the rules alone where absent.
    #[schema(nullable = false, format = DateTime)]
    until: Option<String>,
    /// Why, in a sentence; at most 2,000 characters. It is told to who asked.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Decide on a request for access.
///
/// For the roles that the rules of its purpose name, of another organisation than the one that asks; with a reason, which is told
/// to who asked. It counts from the next request on.
#[utoipa::path(
    post, path = "/v1/access-requests/{id}/decision", operation_id = "decideAccessRequest", tag = "updater", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The request"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = NewDecision, example = json!({"granted": true, "reason": "entry in the register of repairers checked"})),
    responses((status = 200, description = "It is decided", body = web::AccessRequest), (status = "default", response = Problem))
)]
pub(crate) async fn decide(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let granted = match body.json.get("granted") {
        Some(Value::Bool(granted)) => *granted,
        _ => return Err(Problem::malformed("expected true or false in `granted`")),
    };
    let wanted = web::optional_time(&body.json, "until")?;
    let event_type = if granted {
        "access-granted"
    } else {
        "access-refused"
    };
    let provenance = Provenance::of_body(&body.json, Some(event_type), &["granted", "until"])?;
    let reason = provenance.reason().to_owned();
    on_request(
        &platform,
        &caller,
        &headers,
        &body,
        id,
        (provenance, "decision"),
        &|request, record, by, verified| {
            if let Some(decision) = &request.decision {
                let how = if decision.granted {
                    "granted"
                } else {
                    "refused"
                };
                return Err(Problem::conflict(format!(
                    "it was {how} by `{}` already",
                    decision.by
                )));
            }
            let purpose = purpose(&request.purpose)?;
            let at = now();
            let until = granted
                .then(|| until(purpose, verified, wanted, at))
                .transpose()?;
            request.decision = Some(Decision {
                granted,
                by: by.to_owned(),
                at,
                reason: reason.clone(),
                until,
                revoked: None,
            });
            match granted {
                true => request
                    .recognised(&record.head.facts, at)
                    .ok_or_else(|| too_many_rights(&request.organisation)),
                false => Ok(record.head.facts.clone()),
            }
        },
    )
    .await
}

/// Revoke access.
///
/// A legitimate interest that was recognised is so no longer, from the next request on.
#[utoipa::path(
    post, path = "/v1/access-requests/{id}/revocation", operation_id = "revokeAccess", tag = "updater", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The request"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "struck off the register of repairers"})),
    responses((status = 200, description = "It is revoked", body = web::AccessRequest), (status = "default", response = Problem))
)]
pub(crate) async fn revoke(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let provenance = Provenance::of_body(&body.json, Some("access-revoked"), &[])?;
    let reason = provenance.reason().to_owned();
    on_request(
        &platform,
        &caller,
        &headers,
        &body,
        id,
        (provenance, "revocation"),
        &|request, record, _, _| {
            let in_force = request
                .decision
                .as_mut()
                .filter(|decision| decision.granted && decision.revoked.is_none());
            let decision = in_force.ok_or_else(|| {
                Problem::conflict("it is not in force: there is nothing to revoke")
            })?;
            decision.revoked = Some(Revoked {
                at: now(),
                reason: reason.clone(),
            });
            let mut facts = record.head.facts.clone();
            if let Facts::Organisation { rights, .. } = &mut facts {
                rights.grants.retain(|grant| grant.id != request.id);
            }
            Ok(facts)
        },
    )
    .await
}

/// What becomes of a request and of the head of who asked, decided by an organisation; until when who asked is verified.
type OnRequest<'w> = dyn Fn(&mut AccessRequest, &OpenRecord, &str, Option<i64>) -> Result<Facts, Problem>
    + Sync
    + 'w;

async fn on_request(
    platform: &Platform,
    caller: &Caller,
    headers: &HeaderMap,
    body: &Body,
    id: Uuid,
    (provenance, how): (Provenance, &str),
    work: &OnRequest<'_>,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let request = platform
        .store
        .access_request(id)
        .await?
        .ok_or_else(no_such_request)?;
    let purpose = purpose(&request.purpose)?;
    let own = caller.acts_for(&request.organisation);
    let roles = &principal.roles;
    if own || !purpose.is_decided_by(roles) {
        let sees = own || access::oversees(principal);
        return Err(match sees {
            true => Problem::from(AccessFault::NotPermitted(format!(
                "{} of another organisation",
                one_of(&purpose.rules.decided_by)
            ))),
            false => no_such_request(),
        });
    }
    let route = format!("POST /v1/access-requests/{id}/{how}");
    let idempotency = Idempotency::required(headers, &route, principal, body.hash)?;
    let member = platform
        .store
        .member(&request.organisation)
        .await?
        .ok_or_else(no_such_request)?;
    let verified = member.organisation.verified_until;
    RightsChange {
        platform,
        caller,
        provenance,
        idempotency,
        subjects: vec![Subject::Organisation(request.organisation.clone())],
        as_read: Listed::Request(request.clone()),
        status: StatusCode::OK,
        work: |records: &[OpenRecord]| {
            let record = records.first().ok_or_else(no_such_request)?;
            let mut request = request.clone();
            let facts = work(&mut request, record, &principal.organisation, verified)?;
            Ok(Outcome {
                facts: vec![facts],
                location: format!("/v1/access-requests/{id}"),
                body: told(request.clone()),
                listed: Listed::Request(request),
            })
        },
        read: |location| read(platform, location),
    }
    .make()
    .await
}
