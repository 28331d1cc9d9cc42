//! Versions and events: what changed, when, by whom, why, on what evidence.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use passport::{Class, Classes};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use storage::{Record, StoredEvent, Subject, VersionEntry};
use web::{Caller, Partner, Path, Platform, Problem, Query};

use crate::products::own_product;
use crate::view::{Loaded, record_read, shown};

/// List the versions of a passport.
///
/// Numbered as this caller can see them: a change of nothing it may read makes no version for it.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/versions", operation_id = "listVersions", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport")),
    responses((status = 200, description = "The versions, oldest first", body = Value), (status = "default", response = Problem))
)]
pub(crate) async fn versions(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let id = platform.passport_id(&id)?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let versions = versions_of(&platform, &caller, &headers, &loaded.passport).await?;
    Ok(Json(json!({"dppId": id, "versions": versions})))
}

/// List the versions of a model.
#[utoipa::path(
    get, path = "/v1/models/{id}/versions", operation_id = "listModelVersions", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model")),
    responses((status = 200, body = Value), (status = "default", body = web::ProblemBody, content_type = "application/problem+json"))
)]
pub(crate) async fn model_versions(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let (id, record) = own_product(&platform, &caller, &id, Subject::Model).await?;
    let versions = versions_of(&platform, &caller, &headers, &record).await?;
    Ok(Json(json!({"id": id, "versions": versions})))
}

/// List the versions of a batch.
#[utoipa::path(
    get, path = "/v1/batches/{id}/versions", operation_id = "listBatchVersions", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch")),
    responses((status = 200, body = Value), (status = "default", body = web::ProblemBody, content_type = "application/problem+json"))
)]
pub(crate) async fn batch_versions(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let (id, record) = own_product(&platform, &caller, &id, Subject::Batch).await?;
    let versions = versions_of(&platform, &caller, &headers, &record).await?;
    Ok(Json(json!({"id": id, "versions": versions})))
}

async fn versions_of(
    platform: &Platform,
    caller: &Caller,
    headers: &HeaderMap,
    record: &Record,
) -> Result<Vec<Value>, Problem> {
    record_read(platform, caller, headers, record).await?;
    let classes = caller.readable(&record.head.organisation).classes;
    let versions = visible_versions(platform, record, classes).await?;
    let numbered = versions.iter().zip(1_u64..);
    Ok(numbered
        .map(|(entry, number)| version_summary(entry, number, classes))
        .collect())
}

/// Read one version of a passport.
///
/// The values of this battery as they were then; those of its model and batch are read with theirs.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/versions/{n}", operation_id = "readVersion", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport"), ("n" = u64, Path, description = "From 1, as `/versions` numbers them")),
    responses((status = 200, description = "The version, with its values in `data`", body = Value), (status = "default", response = Problem))
)]
pub(crate) async fn version(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let id = platform.passport_id(&id)?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let classes = loaded.reading(&caller).classes;
    let versions = visible_versions(&platform, &loaded.passport, classes).await?;
    let (number, entry) = number
        .parse::<usize>()
        .ok()
        .and_then(|number| Some((number, versions.get(number.checked_sub(1)?)?)))
        .ok_or_else(|| {
            Problem::not_found(format!(
                "there are versions 1 to {} for you",
                versions.len()
            ))
        })?;
    record_read(&platform, &caller, &headers, &loaded.passport).await?;
    let document = platform
        .store
        .version_document(&loaded.passport.subject, entry, classes)
        .await?;
    let mut body = version_summary(entry, number as u64, classes);
    if let Some(body) = body.as_object_mut() {
        let data = shown(&document, classes, loaded.category);
        body.insert("data".to_owned(), Value::Object(data));
    }
    Ok(Json(body))
}

/// What the chain is to be checked for.
#[derive(Debug, Deserialize)]
pub(crate) struct EventsQuery {
    #[serde(default)]
    verify: bool,
}

/// List the events of a passport.
///
/// Who, when, why, on what evidence, and every attribute before and after, as far as this caller may know. With
/// `verify=true` the whole chain is read and checked; the answer says up to where it holds.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/events", operation_id = "listEvents", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport"), ("verify" = Option<bool>, Query, description = "Check the chain")),
    responses((status = 200, description = "The events, oldest first", body = Value), (status = "default", response = Problem))
)]
pub(crate) async fn events(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let id = platform.passport_id(&id)?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let history = events_of(&platform, &caller, &headers, &loaded.passport, &query).await?;
    Ok(named("dppId", id, history))
}

/// List the events of a unit.
///
/// Its identity and its labels: allocated, issued, replaced, revoked, and why. For the responsible organisation and, once
/// the battery is on the market, for those who supervise.
#[utoipa::path(
    get, path = "/v1/units/{unitId}/events", operation_id = "listUnitEvents", tag = "reader", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("verify" = Option<bool>, Query, description = "Check the chain")),
    responses((status = 200, body = Value), (status = "default", body = web::ProblemBody, content_type = "application/problem+json"))
)]
pub(crate) async fn unit_events(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(unit): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let unit = platform.unit_id(&unit)?;
    let unknown = || Problem::not_found("there is no such unit for you");
    let record = platform
        .store
        .record(&Subject::Unit(unit))
        .await?
        .ok_or_else(unknown)?;
    if !caller.acts_for(&record.head.organisation) {
        let passport = platform
            .store
            .scan(unit)
            .await?
            .and_then(|scan| scan.passport);
        let on_market = passport.is_some_and(|passport| passport.placed_on_market_at.is_some());
        if !(on_market && caller.readable(&record.head.organisation).chain) {
            return Err(unknown());
        }
    }
    let history = events_of(&platform, &caller, &headers, &record, &query).await?;
    Ok(named("unit", unit, history))
}

/// List the events of a model.
#[utoipa::path(
    get, path = "/v1/models/{id}/events", operation_id = "listModelEvents", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model"), ("verify" = Option<bool>, Query, description = "Check the chain")),
    responses((status = 200, body = Value), (status = "default", body = web::ProblemBody, content_type = "application/problem+json"))
)]
pub(crate) async fn model_events(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let (id, record) = own_product(&platform, &caller, &id, Subject::Model).await?;
    let history = events_of(&platform, &caller, &headers, &record, &query).await?;
    Ok(named("id", id, history))
}

/// List the events of a batch.
#[utoipa::path(
    get, path = "/v1/batches/{id}/events", operation_id = "listBatchEvents", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch"), ("verify" = Option<bool>, Query, description = "Check the chain")),
    responses((status = 200, body = Value), (status = "default", body = web::ProblemBody, content_type = "application/problem+json"))
)]
pub(crate) async fn batch_events(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let (id, record) = own_product(&platform, &caller, &id, Subject::Batch).await?;
    let history = events_of(&platform, &caller, &headers, &record, &query).await?;
    Ok(named("id", id, history))
}

/// A history under the name of its subject.
fn named(name: &str, id: impl serde::Serialize, history: Map<String, Value>) -> Json<Value> {
    let mut body = Map::from_iter([(name.to_owned(), json!(id))]);
    body.extend(history);
    Json(Value::Object(body))
}

async fn events_of(
    platform: &Platform,
    caller: &Caller,
    headers: &HeaderMap,
    record: &Record,
    query: &EventsQuery,
) -> Result<Map<String, Value>, Problem> {
    record_read(platform, caller, headers, record).await?;
    let reading = caller.readable(&record.head.organisation);
    let events = platform
        .store
        .events(&record.subject, reading.classes, reading.chain)
        .await?;
    let shown = events
        .iter()
        .map(event_body)
        .collect::<Result<Vec<_>, _>>()?;
    let mut body = Map::from_iter([("events".to_owned(), Value::Array(shown))]);
    if query.verify {
        let verified = verified(platform, record, reading.chain).await?;
        body.insert("chain".to_owned(), verified);
    }
    Ok(body)
}

/// Reads the whole chain and checks every link against the head. Callers without the right to the chain learn whether it
/// holds, not how long it is.
async fn verified(platform: &Platform, record: &Record, chain: bool) -> Result<Value, Problem> {
    let events = platform
        .store
        .events(&record.subject, Classes::default(), true)
        .await?;
    let links = events
        .iter()
        .map(|event| (event.bytes.as_slice(), event.disclosures.as_slice()));
    let head = &record.head;
    Ok(
        match ledger::verify_chain(&record.subject.to_string(), links) {
            Ok(end) if end.seq == head.seq && end.hash == head.event_hash => match chain {
                true => json!({"holds": true, "events": end.seq, "head": end.hash}),
                false => json!({"holds": true}),
            },
            Ok(end) => json!({"holds": false, "fault": if chain {
                format!("the chain ends at event {}, the record at {}", end.seq, head.seq)
            } else {
                "the chain and the record end at different events".to_owned()
            }}),
            Err(fault) => json!({"holds": false, "fault": if chain {
                fault.to_string()
            } else {
                "a link does not hold".to_owned()
            }}),
        },
    )
}

/// The versions in which something changed that these classes can see.
async fn visible_versions(
    platform: &Platform,
    record: &Record,
    classes: Classes,
) -> Result<Vec<VersionEntry>, Problem> {
    let versions = platform.store.versions(&record.subject).await?;
    Ok(versions
        .into_iter()
        .filter(|entry| {
            entry
                .parts
                .iter()
                .any(|part| part.version == entry.version && classes.contains(part.class))
        })
        .collect())
}

fn version_summary(entry: &VersionEntry, number: u64, classes: Classes) -> Value {
    let commitments: Map<String, Value> = entry
        .parts
        .iter()
        .filter(|part| classes.contains(part.class))
        .map(|part| (part.class.number().to_string(), json!(part.commitment)))
        .collect();
    json!({
        "version": number,
        "at": entry.at,
        "eventId": entry.event_id,
        "eventHash": entry.event_hash,
        "commitments": commitments,
    })
}

fn event_body(event: &StoredEvent) -> Result<Value, Problem> {
    let opened = ledger::open(&event.bytes, &event.disclosures).map_err(Problem::internal)?;
    let label = opened
        .event_type
        .as_deref()
        .and_then(|id| passport::catalogue().event_type(id))
        .map(|event_type| event_type.label.clone());
    let mut body = json!({
        "eventId": event.event_id,
        "at": opened.at,
        "hash": event.hash,
        "class": Class::number(event.audience),
        "type": opened.event_type,
        "label": label,
        "actor": opened.actor,
        "reason": opened.reason,
        "notes": opened.notes,
        "occurredAt": opened.occurred_at,
        "evidence": opened.evidence,
        "changes": opened.changes,
        "commitments": opened.commitments,
    });
    if let (Some(chain), Some(body)) = (&opened.chain, body.as_object_mut()) {
        body.insert("seq".to_owned(), json!(chain.seq));
        body.insert("prev".to_owned(), json!(chain.prev));
    }
    if let Some(body) = body.as_object_mut() {
        body.retain(|_, value| !value.is_null());
        // An event this caller may know of and not open: what is not told is not empty.
        if opened.event_type.is_none() {
            body.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
            body.insert("withheld".to_owned(), json!(true));
        }
    }
    Ok(body)
}
