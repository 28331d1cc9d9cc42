//! A subject's chain of events as a file: what `passport verify chain` checks, offline.

use std::ops::RangeInclusive;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ledger::TlogProof;
use passport::Level;
use serde::{Deserialize, Serialize};
use storage::{Log, Record, StoredEvent, Subject};
use utoipa::ToSchema;
use web::{Caller, Counted, Partner, Path, Platform, Problem, Query};

use crate::history::{item, unit_of};
use crate::products::own_product;
use crate::proof::{Served, inclusion};
use crate::view::{Loaded, record_events_read};

/// What the file is, for whoever opens it.
const FORMAT: &str = "battery-passport-chain/1";
/// Most events of one file.
const MOST_EVENTS: u64 = 250;
/// Bytes past which a file takes no further event: Lambda answers with 6 MB at most.
const MOST_BYTES: usize = 3 << 20;

/// Events of one subject, as they follow each other.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChainFile {
    /// `battery-passport-chain/1`.
    format: &'static str,
    /// Whose, as the events name it.
    subject: String,
    /// The oldest first, without a gap.
    events: Vec<Link>,
}

/// An event in its chain.
#[derive(Debug, Serialize, ToSchema)]
struct Link {
    /// The event's leaf as it was hashed, in base64.
    leaf: String,
    /// The disclosures this caller may open (RFC 9901 §4.2), the place in the chain among them.
    disclosures: Vec<String>,
    /// A C2SP tlog-proof, of the last event that is in the log: every event before it is bound to it by its hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    proof: Option<String>,
}

/// From which event on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FromQuery {
    #[serde(default = "first")]
    from: u64,
}

/// Of which level, and from which event on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LevelFromQuery {
    #[serde(default = "first")]
    from: u64,
    #[serde(default = "item")]
    level: Level,
}

const fn first() -> u64 {
    1
}

/// Export the chain of a passport.
///
/// A file for `passport verify chain`: every event in its order, each with its leaf and what this caller may open of it, and the proof
/// of the last one that is in the log, to which every earlier one is bound. For the owner, for those who supervise and for auditors;
/// others prove the events they may see one by one. A long chain comes in several files: `Link` leads from each to the next.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/chain", operation_id = "exportChain", tag = "reader", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport"), ("from" = Option<u64>, Query, description = "The number of the first event, 1 without it"), ("level" = Option<String>, Query, description = "`item` (the default), `model` or `batch`, as for the events")),
    responses((status = 200, description = "At most 250 events; `Link` with `rel=\"next\"` leads to those that follow", body = ChainFile), (status = "default", response = Problem))
)]
pub(crate) async fn of_passport(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    Query(query): Query<LevelFromQuery>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let id = platform.passport_id(&id)?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let record = loaded.of_level(&caller, query.level)?;
    let here = format!("{}?level={}&", uri.path(), query.level);
    export(&platform, &caller, &headers, &record, (&here, query.from)).await
}

/// Export the chain of a unit.
#[utoipa::path(
    get, path = "/v1/units/{unitId}/chain", operation_id = "exportUnitChain", tag = "reader", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("from" = Option<u64>, Query, description = "The number of the first event, 1 without it")),
    responses((status = 200, description = "At most 250 events; `Link` with `rel=\"next\"` leads to those that follow", body = ChainFile), (status = "default", response = Problem))
)]
pub(crate) async fn of_unit(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(unit): Path<String>,
    Query(query): Query<FromQuery>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let (_, record) = unit_of(&platform, &caller, &unit).await?;
    let here = format!("{}?", uri.path());
    export(&platform, &caller, &headers, &record, (&here, query.from)).await
}

/// Export the chain of a model.
#[utoipa::path(
    get, path = "/v1/models/{id}/chain", operation_id = "exportModelChain", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model"), ("from" = Option<u64>, Query, description = "The number of the first event, 1 without it")),
    responses((status = 200, description = "At most 250 events; `Link` with `rel=\"next\"` leads to those that follow", body = ChainFile), (status = "default", response = Problem))
)]
pub(crate) async fn of_model(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    Query(query): Query<FromQuery>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let (_, record) = own_product(&platform, &caller, &id, Subject::Model).await?;
    let here = format!("{}?", uri.path());
    export(&platform, &caller, &headers, &record, (&here, query.from)).await
}

/// Export the chain of a batch.
#[utoipa::path(
    get, path = "/v1/batches/{id}/chain", operation_id = "exportBatchChain", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch"), ("from" = Option<u64>, Query, description = "The number of the first event, 1 without it")),
    responses((status = 200, description = "At most 250 events; `Link` with `rel=\"next\"` leads to those that follow", body = ChainFile), (status = "default", response = Problem))
)]
pub(crate) async fn of_batch(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    Query(query): Query<FromQuery>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let (_, record) = own_product(&platform, &caller, &id, Subject::Batch).await?;
    let here = format!("{}?", uri.path());
    export(&platform, &caller, &headers, &record, (&here, query.from)).await
}

async fn export(
    platform: &Platform,
    caller: &Caller,
    headers: &HeaderMap,
    record: &Record,
    (here, from): (&str, u64),
) -> Result<Response, Problem> {
    if !caller.reading(&record.head).chain {
        return Err(Problem::forbidden(
            "the chain as a whole is for the owner, for those who supervise and for auditors: prove the events you may see one by one with `…/events/{event}/proof`",
        ));
    }
    record_events_read(platform, caller, headers, record).await?;
    let to = from.saturating_add(MOST_EVENTS - 1);
    let sight = caller.sight(&record.head);
    let store = &platform.store;
    let events = store.events_within(record, sight, true, from..=to).await?;
    let last = events.last().map_or(0, |event| event.seq);
    let mut file = ChainFile::of(&record.subject, &events);
    let told = u64::try_from(file.events.len()).map_err(Problem::internal)?;
    let end = from.saturating_add(told);
    let numbers = from..=end.saturating_sub(1);
    file.prove(platform, &record.subject, &events, numbers)
        .await?;
    let mut response = Counted::of(file.events.len(), Json(file)).into_response();
    let headers = response.headers_mut();
    let private = HeaderValue::from_static("private, no-store");
    headers.insert(header::CACHE_CONTROL, private);
    if told > 0 && end <= last.max(record.head.seq) {
        let next = format!("<{here}from={end}>; rel=\"next\"");
        let next = next.parse().map_err(Problem::internal)?;
        headers.insert(header::LINK, next);
    }
    Ok(response)
}

/// The events after which a chain left the log of another platform.
fn left(events: &[StoredEvent]) -> Result<Vec<&StoredEvent>, Problem> {
    let log = |event: &StoredEvent| {
        let leaf: NamedLog = serde_json::from_slice(&event.bytes).map_err(Problem::internal)?;
        Ok::<_, Problem>(leaf.log)
    };
    let mut left = Vec::new();
    for pair in events.windows(2) {
        if let [before, after] = pair
            && log(before)? != log(after)?
        {
            left.push(before);
        }
    }
    Ok(left)
}

/// The log that a leaf names.
#[derive(Deserialize)]
struct NamedLog {
    log: String,
}

impl ChainFile {
    /// As many of the events as fit, one at least.
    fn of(subject: &Subject, events: &[StoredEvent]) -> Self {
        let mut bytes = 0;
        let mut links = Vec::with_capacity(events.len());
        for event in events {
            let leaf = STANDARD.encode(&event.bytes);
            bytes += leaf.len() + event.disclosures.iter().map(String::len).sum::<usize>();
            if bytes > MOST_BYTES && !links.is_empty() {
                break;
            }
            links.push(Link {
                leaf,
                disclosures: event.disclosures.clone(),
                proof: None,
            });
        }
        Self {
            format: FORMAT,
            subject: subject.to_string(),
            events: links,
        }
    }

    /// Gives the last event that is in a log its proof, and the last one of each log that the chain left. One for each log is enough,
    /// since each event holds the hash of the one before; it costs two reads of tables and some tiles, where a proof for each event
    /// would cost as many and a kilobyte for each.
    async fn prove(
        &mut self,
        platform: &Platform,
        subject: &Subject,
        events: &[StoredEvent],
        numbers: RangeInclusive<u64>,
    ) -> Result<(), Problem> {
        let present = Served::read(platform, Log::Changes).await?;
        let size = present.as_ref().map_or(0, |it| it.checkpoint.size());
        let store = &platform.store;
        let Some((seq, logged)) = store.last_logged(subject, numbers, size).await? else {
            return Ok(());
        };
        let served = match logged.folder.host() {
            None => present,
            Some(_) => Served::read(platform, logged.folder).await?,
        };
        let Some(served) = served else {
            return Ok(());
        };
        let told = events.get(..self.events.len()).unwrap_or(events);
        for event in left(told)?.into_iter().filter(|event| event.seq != seq) {
            if let Some(proof) = inclusion(platform, subject, event.seq, &event.bytes).await? {
                self.give(event, events, &proof);
            }
        }
        if let Some(event) = events.iter().find(|event| event.seq == seq) {
            let proof = served
                .inclusion(platform, logged.index, &event.bytes)
                .await?;
            self.give(event, events, &proof);
        }
        Ok(())
    }

    fn give(&mut self, event: &StoredEvent, events: &[StoredEvent], proof: &TlogProof) {
        let mut links = self.events.iter_mut().zip(events);
        if let Some((link, _)) = links.find(|(_, of)| of.seq == event.seq) {
            link.proof = Some(proof.to_string());
        }
    }
}
