//! Whoever is responsible opens more to another organisation, or lets it act in its place, for a purpose and a time.

use access::{Grant, Right, Scope};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ledger::Timestamp;
use passport::{Class, Classes};
use serde_json::{Map, Value, json};
use storage::{Direction, Facts, Given, OpenRecord, Revoked, Subject};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Body, Caller, Idempotency, Partner, Path, Platform, Problem, Provenance, now};

use crate::access_requests::too_many_rights;
use crate::rights_change::{Listed, Outcome, RightsChange, id_in};

/// Most grants of one model or batch.
const MOST_OF_PRODUCT: usize = 50;
/// Most grants of one passport: all of them end in one transaction where its responsibility passes on.
const MOST_OF_PASSPORT: usize = 20;
/// The longest that a grant counts, in seconds: five years.
const LONGEST: i64 = 5 * 366 * 24 * 60 * 60;
/// The longest purpose, in characters.
const PURPOSE_LIMIT: usize = 200;

/// A right for another organisation.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what is sent")]
pub(crate) struct NewGrant {
    /// The organisation that is given the right.
    to: String,
    /// Of which records, one of: `passport`, `batch` or `model` with an id, or `organisation` with the caller's own.
    of: web::described::GrantOf,
    /// `reading`: it reads the classes in `classes`. `delegation`: it acts in the caller's place (Article 77(4)), on evidence.
    /// `contribution`: a supplier submits data, of which the caller decides; it reads nothing more.
    right: String,
    /// Access classes, 0 and 2 to 4, for `reading`.
    #[schema(nullable = false)]
    classes: Option<Vec<u8>>,
    /// What for; at most 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    purpose: String,
    /// Until when (RFC 3339), at most five years from now.
    #[schema(format = DateTime)]
    until: String,
    /// Why, in a sentence; at most 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// The ids of the evidence for it: the written authorisation, for `delegation`.
    #[schema(nullable = false, max_items = 20)]
    evidence: Option<Vec<Uuid>>,
}

/// Grant rights.
///
/// Whoever is responsible for a record opens classes of it to another organisation, authorises it to act in its place, or asks a
/// supplier for data: of one passport, a batch, a model, or everything it is responsible for. It counts from the next request on, until its time, until it
/// is withdrawn, or until somebody else becomes responsible.
#[utoipa::path(
    post, path = "/v1/grants", operation_id = "grantRights", tag = "updater", security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = NewGrant, example = json!({"to": "certlab", "of": {"model": "0192e4a1-7c7e-7b5e-8f57-3f4b0c9d2e11"}, "right": "reading", "classes": [0, 2], "purpose": "type approval test", "until": "2027-06-30T00:00:00Z", "reason": "commissioned in writing"})),
    responses((status = 201, description = "The right is given", body = web::Grant), (status = "default", response = Problem))
)]
pub(crate) async fn give(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let others = ["to", "of", "right", "classes", "purpose", "until"];
    let provenance = Provenance::of_body(&body.json, Some("grant-given"), &others)?;
    let idempotency = Idempotency::required(&headers, "POST /v1/grants", principal, body.hash)?;
    let by = principal.organisation.clone();
    let to = web::required_text(&body.json, "to")?.to_owned();
    if to == by {
        return Err(Problem::malformed(
            "your organisation needs no grant of its own: name another in `to`",
        ));
    }
    caller.of_one_kind_with(&to)?;
    let (of, subject) = of(&body.json, &by)?;
    let right = right(&body.json)?;
    if right == Right::Delegation && provenance.evidence().is_empty() {
        return Err(Problem::malformed(
            "`delegation` needs `evidence`: the authorisation in writing (Article 77(4))",
        ));
    }
    let grant = Grant {
        id: Uuid::now_v7(),
        to: to.clone(),
        by,
        of,
        right,
        purpose: purpose(&body.json)?,
        until: until(&body.json)?.as_second(),
    };
    if platform.store.member(&to).await?.is_none() {
        return Err(Problem::conflict(
            "no organisation is registered by the name in `to`",
        ));
    }
    let mut subjects = vec![subject];
    if !matches!(grant.of, Scope::Passport(_)) {
        subjects.push(Subject::Organisation(to));
    }
    let given = Given {
        grant,
        given_at: now(),
        withdrawn: None,
    };
    RightsChange {
        platform: &platform,
        caller: &caller,
        provenance,
        idempotency,
        subjects,
        as_read: Listed::Nothing,
        status: StatusCode::CREATED,
        work: |records: &[OpenRecord]| {
            let grant = &given.grant;
            let facts = records.iter().map(|record| match &record.subject {
                // Whose records they all are keeps nothing of it but the event.
                Subject::Organisation(id) if *id == grant.by => Ok(record.head.facts.clone()),
                _ => with(&record.head.facts, grant),
            });
            Ok(Outcome {
                facts: facts.collect::<Result<_, _>>()?,
                listed: Listed::Grant(given.clone()),
                location: format!("/v1/grants/{}", grant.id),
                body: json!(web::Grant::from(given.clone())),
            })
        },
        read: |location| read(&platform, &caller, location),
    }
    .make()
    .await
}

async fn read(platform: &Platform, caller: &Caller, location: String) -> Result<Value, Problem> {
    let id = id_in(&location, "grants")?;
    let by = &caller.partner()?.organisation;
    let given = platform.store.grant(Direction::Given, by, id).await?;
    given
        .map(|given| json!(web::Grant::from(given)))
        .ok_or_else(no_such_grant)
}

fn no_such_grant() -> Problem {
    Problem::not_found("there is no such grant of yours")
}

/// The records that a grant is of, and the one whose owner gives it.
fn of(json: &Map<String, Value>, own: &str) -> Result<(Scope, Subject), Problem> {
    let expected = "expected one of `passport`, `batch` and `model` with a UUID, or `organisation` with your own, in `of`";
    let of = web::member(json, "of")?;
    let mut members = of.iter();
    let (Some((kind, Value::String(named))), None) = (members.next(), members.next()) else {
        return Err(Problem::malformed(expected));
    };
    let id = || Uuid::parse_str(named).map_err(|_| Problem::malformed(expected));
    match kind.as_str() {
        "passport" => Ok((Scope::Passport(id()?), Subject::Passport(id()?))),
        "batch" => Ok((Scope::Batch(id()?), Subject::Batch(id()?))),
        "model" => Ok((Scope::Model(id()?), Subject::Model(id()?))),
        "organisation" if named == own => Ok((
            Scope::Organisation(named.clone()),
            Subject::Organisation(named.clone()),
        )),
        _ => Err(Problem::malformed(expected)),
    }
}

fn right(json: &Map<String, Value>) -> Result<Right, Problem> {
    let classes = json.get("classes");
    match (web::required_text(json, "right")?, classes) {
        ("delegation", None) => Ok(Right::Delegation),
        ("contribution", None) => Ok(Right::Contribution),
        ("contribution", Some(_)) => Err(Problem::malformed(
            "`contribution` opens nothing to read: leave out `classes`",
        )),
        ("delegation", Some(_)) => Err(Problem::malformed(
            "`delegation` opens everything: leave out `classes`",
        )),
        ("reading", Some(Value::Array(numbers))) if !numbers.is_empty() => {
            let class = |number: &Value| {
                let number = u8::try_from(number.as_u64()?).ok()?;
                Class::from_number(number).filter(|class| *class != Class::Public)
            };
            let classes: Option<Classes> = numbers.iter().map(class).collect();
            classes.map(Right::Reading).ok_or_else(|| {
                Problem::malformed(
                    "expected access classes, 0 and 2 to 4, in `classes`: 1 is open to everybody",
                )
            })
        }
        ("reading", _) => Err(Problem::malformed(
            "expected a list of access classes, 0 and 2 to 4, in `classes`",
        )),
        _ => Err(Problem::malformed(
            "expected `reading`, `delegation` or `contribution` in `right`",
        )),
    }
}

fn purpose(json: &Map<String, Value>) -> Result<String, Problem> {
    let purpose = web::required_text(json, "purpose")?;
    match purpose.chars().count() <= PURPOSE_LIMIT && passport::is_plain_text(purpose) {
        true => Ok(purpose.to_owned()),
        false => Err(Problem::malformed(format!(
            "`purpose` has at most {PURPOSE_LIMIT} characters and no control or invisible ones"
        ))),
    }
}

fn until(json: &Map<String, Value>) -> Result<Timestamp, Problem> {
    let now = now().as_second();
    web::optional_time(json, "until")?
        .filter(|until| (now + 1..=now + LONGEST).contains(&until.as_second()))
        .ok_or_else(|| {
            Problem::malformed("expected a time to come, at most five years from now, in `until`")
        })
}

/// The head with a grant in it. Those that are over make room.
fn with(facts: &Facts, grant: &Grant) -> Result<Facts, Problem> {
    let mut facts = facts.clone();
    let now = now().as_second();
    let room = match &mut facts {
        Facts::Organisation { rights, .. } => rights.hold(grant.clone(), now),
        Facts::Model { grants, .. } | Facts::Batch { grants, .. } => {
            held(grants, grant, now, MOST_OF_PRODUCT)
        }
        Facts::Passport { life, .. } => held(&mut life.grants, grant, now, MOST_OF_PASSPORT),
        Facts::Unit { .. } => false,
    };
    room.then_some(facts).ok_or_else(|| match grant.of {
        Scope::Passport(_) => Problem::conflict(format!(
            "{MOST_OF_PASSPORT} rights to this passport are given already: withdraw one first"
        )),
        _ => too_many_rights(&grant.to),
    })
}

fn held(grants: &mut Vec<Grant>, grant: &Grant, now: i64, most: usize) -> bool {
    grants.retain(|grant| grant.in_force(now));
    let room = grants.len() < most;
    grants.extend(room.then(|| grant.clone()));
    room
}

/// The grants of a passport that end with the responsibility of who gave them, as the lists tell it from now on.
pub(crate) async fn ended(
    platform: &Platform,
    facts: &Facts,
    at: Timestamp,
) -> Result<Vec<Given>, Problem> {
    let Facts::Passport { life, .. } = facts else {
        return Ok(Vec::new());
    };
    let mut ended = Vec::new();
    for Grant { by, id, .. } in &life.grants {
        let given = platform.store.grant(Direction::Given, by, *id).await?;
        ended.extend(
            given
                .filter(|it| it.withdrawn.is_none())
                .map(|given| Given {
                    withdrawn: Some(Revoked {
                        at,
                        reason: "the responsibility for the passport passed on".to_owned(),
                    }),
                    ..given
                }),
        );
    }
    Ok(ended)
}

/// Withdraw rights.
///
/// What was granted counts no longer, from the next request on.
#[utoipa::path(
    post, path = "/v1/grants/{id}/withdrawal", operation_id = "withdrawRights", tag = "updater", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The grant"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "the test is done"})),
    responses((status = 200, description = "The right is withdrawn", body = web::Grant), (status = "default", response = Problem))
)]
pub(crate) async fn withdraw(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let provenance = Provenance::of_body(&body.json, Some("grant-withdrawn"), &[])?;
    let route = format!("POST /v1/grants/{id}/withdrawal");
    let idempotency = Idempotency::required(&headers, &route, principal, body.hash)?;
    let by = &principal.organisation;
    let given = platform.store.grant(Direction::Given, by, id).await?;
    let given = given.ok_or_else(no_such_grant)?;
    let to = &given.grant.to;
    let subject = match given.grant.of.clone() {
        Scope::Passport(id) => Subject::Passport(id),
        Scope::Batch(id) => Subject::Batch(id),
        Scope::Model(id) => Subject::Model(id),
        Scope::Organisation(id) => Subject::Organisation(id),
        Scope::Everything => return Err(no_such_grant()),
    };
    let mut subjects = vec![subject];
    // Where the giver moved here since, who was given it may not be here.
    if !matches!(given.grant.of, Scope::Passport(_)) && platform.store.member(to).await?.is_some() {
        subjects.push(Subject::Organisation(to.clone()));
    }
    let withdrawn = Given {
        withdrawn: Some(Revoked {
            at: now(),
            reason: provenance.reason().to_owned(),
        }),
        ..given.clone()
    };
    RightsChange {
        platform: &platform,
        caller: &caller,
        provenance,
        idempotency,
        subjects,
        as_read: Listed::Grant(given.clone()),
        status: StatusCode::OK,
        work: |records: &[OpenRecord]| {
            if given.withdrawn.is_some() {
                return Err(Problem::conflict("it was withdrawn already"));
            }
            let facts = records.iter().map(|record| without(&record.head.facts, id));
            Ok(Outcome {
                facts: facts.collect(),
                listed: Listed::Grant(withdrawn.clone()),
                location: format!("/v1/grants/{id}"),
                body: json!(web::Grant::from(withdrawn.clone())),
            })
        },
        read: |location| read(&platform, &caller, location),
    }
    .make()
    .await
}

fn without(facts: &Facts, id: Uuid) -> Facts {
    let mut facts = facts.clone();
    match &mut facts {
        Facts::Organisation { rights, .. } => rights.grants.retain(|grant| grant.id != id),
        Facts::Model { grants, .. } | Facts::Batch { grants, .. } => {
            grants.retain(|grant| grant.id != id)
        }
        Facts::Passport { life, .. } => life.grants.retain(|grant| grant.id != id),
        Facts::Unit { .. } => {}
    }
    facts
}
