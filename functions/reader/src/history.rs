//! Events: what happened, when, by whom, why, on what evidence.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use identity::UnitId;
use passport::{Classes, Level};
use serde::Deserialize;
use storage::{Facts, Head, Record, StoredEvent, Subject};
use web::{Caller, Counted, Partner, Path, Platform, Problem, Query, Slice};

use crate::answer::{Chain, Event, Events, Whose};
use crate::products::own_product;
use crate::versions::whose;
use crate::view::{Loaded, record_events_read};

/// Whether the chain is to be checked, and which page is asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct EventsQuery {
    #[serde(default)]
    verify: bool,
    limit: Option<String>,
    cursor: Option<String>,
}

/// The same for the events of a passport, or of the model or batch beneath it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LevelEventsQuery {
    #[serde(default)]
    verify: bool,
    #[serde(default = "item")]
    level: Level,
    limit: Option<String>,
    cursor: Option<String>,
}

/// The level that is meant where none is named.
pub(crate) const fn item() -> Level {
    Level::Item
}

/// List the events of a passport.
///
/// Who, when, why, on what evidence, and every attribute before and after, as far as this caller may know. With
/// `verify=true` the whole chain is read and checked; the answer says up to where it holds. What a battery has from its model
/// and batch came about there: `level` leads to it.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/events", operation_id = "listEvents", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport"), ("verify" = Option<bool>, Query, description = "Check the chain"), ("level" = Option<String>, Query, description = "`item` (the default), or `model` or `batch` for what the battery has from there: for its owner and for those who read more than everybody"), ("limit" = Option<u16>, Query, description = Slice::LIMIT), ("cursor" = Option<String>, Query, description = Slice::CURSOR)),
    responses((status = 200, description = "The events, oldest first", body = Events), (status = "default", response = Problem))
)]
pub(crate) async fn events(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<LevelEventsQuery>,
    headers: HeaderMap,
) -> Result<Counted<Json<Events>>, Problem> {
    let id = platform.passport_id(&id)?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let record = loaded.of_level(&caller, query.level)?;
    let whose = whose(&record.subject);
    let asked = EventsQuery {
        verify: query.verify,
        limit: query.limit,
        cursor: query.cursor,
    };
    events_of(&platform, &caller, &headers, &record, &asked, whose).await
}

/// List the events of a unit.
///
/// Its identity and its labels: allocated, issued, replaced, revoked, and why. For the responsible organisation and, once
/// the battery is on the market, for those who supervise.
#[utoipa::path(
    get, path = "/v1/units/{unitId}/events", operation_id = "listUnitEvents", tag = "reader", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("verify" = Option<bool>, Query, description = "Check the chain"), ("limit" = Option<u16>, Query, description = Slice::LIMIT), ("cursor" = Option<String>, Query, description = Slice::CURSOR)),
    responses((status = 200, description = "Oldest first", body = Events), (status = "default", response = Problem))
)]
pub(crate) async fn unit_events(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(unit): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Counted<Json<Events>>, Problem> {
    let (unit, record) = unit_of(&platform, &caller, &unit).await?;
    events_of(
        &platform,
        &caller,
        &headers,
        &record,
        &query,
        Whose::unit(unit),
    )
    .await
}

/// A unit whose events this caller may know of.
pub(crate) async fn unit_of(
    platform: &Platform,
    caller: &Caller,
    unit: &str,
) -> Result<(UnitId, Record), Problem> {
    let unit = platform.unit_id(unit).await?;
    let unknown = || Problem::not_found("there is no such unit for you");
    let record = platform.store.record(&Subject::Unit(unit)).await?;
    let record = record.ok_or_else(unknown)?;
    if !caller.answers_for(&record.head) {
        let scan = platform.store.scan(unit).await?;
        let passport = scan.and_then(|scan| scan.passport);
        let on_market = passport.is_some_and(|passport| passport.placed_on_market_at.is_some());
        if !(on_market && caller.reading(&record.head).chain) {
            return Err(unknown());
        }
    }
    Ok((unit, record))
}

/// List the events of a model.
#[utoipa::path(
    get, path = "/v1/models/{id}/events", operation_id = "listModelEvents", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model"), ("verify" = Option<bool>, Query, description = "Check the chain"), ("limit" = Option<u16>, Query, description = Slice::LIMIT), ("cursor" = Option<String>, Query, description = Slice::CURSOR)),
    responses((status = 200, description = "Oldest first", body = Events), (status = "default", response = Problem))
)]
pub(crate) async fn model_events(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Counted<Json<Events>>, Problem> {
    let (id, record) = own_product(&platform, &caller, &id, Subject::Model).await?;
    events_of(
        &platform,
        &caller,
        &headers,
        &record,
        &query,
        Whose::product(id),
    )
    .await
}

/// List the events of a batch.
#[utoipa::path(
    get, path = "/v1/batches/{id}/events", operation_id = "listBatchEvents", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch"), ("verify" = Option<bool>, Query, description = "Check the chain"), ("limit" = Option<u16>, Query, description = Slice::LIMIT), ("cursor" = Option<String>, Query, description = Slice::CURSOR)),
    responses((status = 200, description = "Oldest first", body = Events), (status = "default", response = Problem))
)]
pub(crate) async fn batch_events(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Counted<Json<Events>>, Problem> {
    let (id, record) = own_product(&platform, &caller, &id, Subject::Batch).await?;
    events_of(
        &platform,
        &caller,
        &headers,
        &record,
        &query,
        Whose::product(id),
    )
    .await
}

async fn events_of(
    platform: &Platform,
    caller: &Caller,
    headers: &HeaderMap,
    record: &Record,
    query: &EventsQuery,
    whose: Whose,
) -> Result<Counted<Json<Events>>, Problem> {
    let slice = Slice::of(query.limit.as_deref(), query.cursor.as_deref())?;
    record_events_read(platform, caller, headers, record).await?;
    let (events, next) = slice.cut(told(platform, caller, record).await?);
    let chain = match query.verify {
        true => Some(verified(platform, record, caller.reading(&record.head).chain).await?),
        false => None,
    };
    let answer = Events {
        whose,
        events,
        next,
        chain,
    };
    Ok(Counted::of(answer.events.len(), Json(answer)))
}

/// What this caller may know of what happened, oldest first. That it was read is the matter of whoever tells it.
pub(crate) async fn told(
    platform: &Platform,
    caller: &Caller,
    record: &Record,
) -> Result<Vec<Event>, Problem> {
    let reading = caller.reading(&record.head);
    let events = platform
        .store
        .events(record, caller.sight(&record.head), reading.chain, 1)
        .await?;
    events.iter().map(event_body).collect()
}

/// Reads the whole chain and checks every link against the head. Callers without the right to the chain learn whether it
/// holds, not how long it is.
async fn verified(platform: &Platform, record: &Record, chain: bool) -> Result<Chain, Problem> {
    let head = &record.head;
    if head.seq == 0 {
        return begun(platform, head, chain).await;
    }
    let events = platform
        .store
        .events(record, Classes::default(), true, 1)
        .await?;
    // What was written since the head was read is for the next reader.
    let links = events
        .iter()
        .take_while(|event| event.seq <= head.seq)
        .map(|event| (event.bytes.as_slice(), event.disclosures.as_slice()));
    let broken = |fault: String, hidden: &str| Chain {
        holds: false,
        events: None,
        head: None,
        fault: Some(if chain { fault } else { hidden.to_owned() }),
    };
    Ok(
        match ledger::verify_chain(&record.subject.to_string(), links) {
            Ok(end) if end.seq == head.seq && end.hash == head.event_hash => Chain {
                holds: true,
                events: chain.then_some(end.seq),
                head: chain.then_some(end.hash),
                fault: None,
            },
            Ok(end) => broken(
                format!(
                    "the chain ends at event {}, the record at {}",
                    end.seq, head.seq
                ),
                "the chain and the record end at different events",
            ),
            Err(fault) => broken(fault.to_string(), "a link does not hold"),
        },
    )
}

/// A unit that nothing happened to since its id was allocated has no event of its own: it begins with that of its order, which is
/// in the chain of the model or batch.
async fn begun(platform: &Platform, head: &Head, chain: bool) -> Result<Chain, Problem> {
    let order = match head.facts {
        Facts::Unit {
            order: Some(order), ..
        } => platform.store.order(order).await?,
        _ => None,
    };
    let holds = order.and_then(|order| order.event_hash) == Some(head.event_hash);
    Ok(Chain {
        holds,
        events: chain.then_some(0),
        head: chain.then_some(head.event_hash),
        fault: (!holds).then(|| "it does not begin with the event of its order".to_owned()),
    })
}

fn event_body(event: &StoredEvent) -> Result<Event, Problem> {
    let opened = ledger::open(&event.bytes, &event.disclosures).map_err(Problem::internal)?;
    let label = opened
        .event_type
        .as_deref()
        .and_then(|id| passport::catalogue().event_type(id))
        .map(|event_type| event_type.label.clone());
    let (seq, prev) = match opened.chain {
        Some(link) => (Some(link.seq), link.prev),
        None => (None, None),
    };
    let withheld = opened.event_type.is_none();
    Ok(Event {
        event_id: event.event_id,
        at: opened.at,
        hash: event.hash,
        class: event.audience.number(),
        event_type: opened.event_type,
        label,
        actor: opened.actor,
        reason: opened.reason,
        notes: opened.notes,
        occurred_at: opened.occurred_at,
        evidence: unless_withheld(withheld, opened.evidence),
        changes: unless_withheld(withheld, opened.changes),
        commitments: unless_withheld(withheld, opened.commitments),
        readings: unless_withheld(true, opened.readings),
        erased: opened.erased,
        withheld,
        seq,
        prev,
    })
}

/// What is not told is left out, not empty.
fn unless_withheld<T>(withheld: bool, list: Vec<T>) -> Option<Vec<T>> {
    (!withheld || !list.is_empty()).then_some(list)
}
