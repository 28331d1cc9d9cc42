//! In an emergency everything is taken from an organisation, or from one person of it, at once and everywhere.

use access::{Person, Suspension};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use storage::{Facts, OpenRecord, Subject};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Body, Idempotency, Partner, Path, Platform, Problem, Provenance, now};

use crate::rights_change::{Listed, Outcome, RightsChange, id_in};

/// Most suspensions of persons of one organisation, by itself. Whoever operates the platform has as many beyond, and the whole
/// organisation can be suspended always.
const MOST: usize = 100;
/// The longest name of a person or client, in characters.
const LONGEST_SUBJECT: usize = 255;

fn is_subject(text: &str) -> bool {
    let length = text.chars().count();
    (1..=LONGEST_SUBJECT).contains(&length) && !text.chars().any(char::is_control)
}

/// Whose access is suspended, and why.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what is sent")]
pub(crate) struct NewSuspension {
    /// The one person or client, as its tokens name it (`sub`); the whole organisation where absent. It is kept as a salted digest.
    #[schema(nullable = false, min_length = 1, max_length = 255)]
    subject: Option<String>,
    /// Why, in a sentence; at most 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// The ids of the evidence for it.
    #[schema(nullable = false, max_items = 20)]
    evidence: Option<Vec<Uuid>>,
}

/// Suspend access.
///
/// An emergency revocation: from the next request on, every token of the organisation, or of the one person in `subject`, is refused
/// everywhere, whatever its time. The platform's operator suspends whom it must; an organisation its own persons and clients.
#[utoipa::path(
    post, path = "/v1/organisations/{organisation}/suspensions", operation_id = "suspendAccess", tag = "updater", security(("bearer" = [])),
    params(("organisation" = String, Path, description = "The organisation"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = NewSuspension, example = json!({"subject": "scanner-7@garage-nord", "reason": "the device was stolen"})),
    responses((status = 201, description = "Access is suspended", body = web::described::Suspended), (status = "default", response = Problem))
)]
pub(crate) async fn suspend(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(organisation): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let provenance = Provenance::of_body(&body.json, Some("access-suspended"), &["subject"])?;
    let route = format!("POST /v1/organisations/{organisation}/suspensions");
    let idempotency = Idempotency::required(&headers, &route, principal, body.hash)?;
    let person = match body.json.get("subject") {
        None => None,
        Some(subject) => {
            let subject = subject.as_str().filter(|it| is_subject(it)).ok_or_else(|| {
                Problem::malformed(format!(
                    "expected a text of at most {LONGEST_SUBJECT} characters, exactly as its tokens name it, in `subject`"
                ))
            })?;
            let mut random = [0; 32];
            storage::fill_random(&mut random)?;
            Some(Person::new(&organisation, subject, random))
        }
    };
    if caller.acts_for(&organisation) && person.is_none() {
        return Err(Problem::forbidden(
            "an organisation suspends its own persons and clients, each by `subject`; the whole of it is suspended by whoever operates the platform",
        ));
    }
    let suspension = Suspension {
        id: Uuid::now_v7(),
        person,
        since: now().as_second(),
    };
    RightsChange {
        platform: &platform,
        caller: &caller,
        provenance,
        idempotency,
        subjects: vec![Subject::Organisation(organisation.clone())],
        as_read: Listed::Nothing,
        status: StatusCode::CREATED,
        work: |records: &[OpenRecord]| {
            let suspensions = |suspensions: &mut Vec<Suspension>| {
                let most = if caller.acts_for(&organisation) { MOST } else { 2 * MOST };
                if suspension.person.is_some() && suspensions.len() >= most {
                    return Err(Problem::conflict(format!(
                        "{most} suspensions of `{organisation}` stand already: suspend the whole of it, or lift some"
                    )));
                }
                suspensions.push(suspension.clone());
                Ok(())
            };
            let id = suspension.id;
            Ok(Outcome {
                facts: vec![changed(records, suspensions)?],
                listed: Listed::Nothing,
                location: format!("/v1/organisations/{organisation}/suspensions/{id}"),
                body: told(id, true),
            })
        },
        read: |location: String| async move { Ok(told(id_in(&location, "suspensions")?, true)) },
    }
    .make()
    .await
}

/// Restore access.
///
/// A suspension ends. For the platform's operator.
#[utoipa::path(
    post, path = "/v1/organisations/{organisation}/suspensions/{id}/lifting", operation_id = "restoreAccess", tag = "updater", security(("bearer" = [])),
    params(("organisation" = String, Path, description = "The organisation"), ("id" = Uuid, Path, description = "The suspension"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "the keys were replaced"})),
    responses((status = 200, description = "The suspension is lifted", body = web::described::Suspended), (status = "default", response = Problem))
)]
pub(crate) async fn restore(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((organisation, id)): Path<(String, Uuid)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let provenance = Provenance::of_body(&body.json, Some("access-restored"), &[])?;
    let location = format!("/v1/organisations/{organisation}/suspensions/{id}");
    let route = format!("POST {location}/lifting");
    let idempotency = Idempotency::required(&headers, &route, principal, body.hash)?;
    RightsChange {
        platform: &platform,
        caller: &caller,
        provenance,
        idempotency,
        subjects: vec![Subject::Organisation(organisation.clone())],
        as_read: Listed::Nothing,
        status: StatusCode::OK,
        work: |records: &[OpenRecord]| {
            let suspensions = |suspensions: &mut Vec<Suspension>| {
                let before = suspensions.len();
                suspensions.retain(|suspension| suspension.id != id);
                match suspensions.len() < before {
                    true => Ok(()),
                    false => Err(Problem::not_found("there is no such suspension")),
                }
            };
            Ok(Outcome {
                facts: vec![changed(records, suspensions)?],
                listed: Listed::Nothing,
                location: location.clone(),
                body: told(id, false),
            })
        },
        read: |_| async move { Ok(told(id, false)) },
    }
    .make()
    .await
}

fn changed(
    records: &[OpenRecord],
    change: impl Fn(&mut Vec<Suspension>) -> Result<(), Problem>,
) -> Result<Facts, Problem> {
    let facts = records.first().map(|record| record.head.facts.clone());
    match facts {
        Some(Facts::Organisation {
            custody,
            mut rights,
        }) => {
            change(&mut rights.suspensions)?;
            Ok(Facts::Organisation { custody, rights })
        }
        _ => Err(Problem::internal("an organisation without its facts")),
    }
}

fn told(id: Uuid, suspended: bool) -> Value {
    json!({"id": id, "suspended": suspended})
}
