//! That an event stands in the log of changes: a file that anybody can check offline, in ten years, without this platform.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ledger::{Checkpoint, EventId, Note, ProofPlan, Sha256, TlogProof, verify_inclusion};
use passport::Level;
use serde::{Deserialize, Serialize};
use storage::{LogFolder, LogNote, Record, StoredEvent, Subject};
use utoipa::ToSchema;
use web::{Caller, Partner, Path, Platform, Problem, Query};

use crate::history::{item, unit_of};
use crate::products::own_product;
use crate::view::{Loaded, record_events_read};

/// What the file is, for whoever opens it.
const FORMAT: &str = "battery-passport-proof/1";

/// An event with the proof that it is an entry of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Proof {
    /// `battery-passport-proof/1`.
    format: &'static str,
    /// A C2SP tlog-proof: the entry's index, its inclusion proof, and a signed checkpoint.
    proof: String,
    /// The entry: the event's leaf as it was hashed, in base64. It says its time and the digests of its disclosures.
    leaf: String,
    /// The disclosures this caller may open (RFC 9901 §4.2): each is one of the leaf's digests, hashed with SHA-256.
    disclosures: Vec<String>,
}

/// Of which level.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LevelQuery {
    #[serde(default = "item")]
    level: Level,
}

/// Prove an event of a passport.
///
/// A file for `passport verify proof`, or for any tool that reads C2SP tlog-proof: that the event is an entry of the log whose
/// checkpoint is signed, with what this caller may open of it. 404 for the seconds until an event is in the log.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/events/{event}/proof", operation_id = "proveEvent", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport"), ("event" = String, Path, description = "The event's id, or its number for whoever may know it"), ("level" = Option<String>, Query, description = "`item` (the default), `model` or `batch`, as for the events")),
    responses((status = 200, description = "The event and its proof", body = Proof), (status = "default", response = Problem))
)]
pub(crate) async fn of_passport(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, event)): Path<(String, String)>,
    Query(query): Query<LevelQuery>,
    headers: HeaderMap,
) -> Result<Json<Proof>, Problem> {
    let id = platform.passport_id(&id)?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let record = loaded.of_level(&caller, query.level)?;
    prove(&platform, &caller, &headers, &record, &event).await
}

/// Prove an event of a unit.
#[utoipa::path(
    get, path = "/v1/units/{unitId}/events/{event}/proof", operation_id = "proveUnitEvent", tag = "reader", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("event" = String, Path, description = "The event's id, or its number for whoever may know it")),
    responses((status = 200, description = "The event and its proof", body = Proof), (status = "default", response = Problem))
)]
pub(crate) async fn of_unit(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((unit, event)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Proof>, Problem> {
    let (_, record) = unit_of(&platform, &caller, &unit).await?;
    prove(&platform, &caller, &headers, &record, &event).await
}

/// Prove an event of a model.
#[utoipa::path(
    get, path = "/v1/models/{id}/events/{event}/proof", operation_id = "proveModelEvent", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model"), ("event" = String, Path, description = "The event's id, or its number for whoever may know it")),
    responses((status = 200, description = "The event and its proof", body = Proof), (status = "default", response = Problem))
)]
pub(crate) async fn of_model(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, event)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Proof>, Problem> {
    let (_, record) = own_product(&platform, &caller, &id, Subject::Model).await?;
    prove(&platform, &caller, &headers, &record, &event).await
}

/// Prove an event of a batch.
#[utoipa::path(
    get, path = "/v1/batches/{id}/events/{event}/proof", operation_id = "proveBatchEvent", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch"), ("event" = String, Path, description = "The event's id, or its number for whoever may know it")),
    responses((status = 200, description = "The event and its proof", body = Proof), (status = "default", response = Problem))
)]
pub(crate) async fn of_batch(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, event)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Proof>, Problem> {
    let (_, record) = own_product(&platform, &caller, &id, Subject::Batch).await?;
    prove(&platform, &caller, &headers, &record, &event).await
}

async fn prove(
    platform: &Platform,
    caller: &Caller,
    headers: &HeaderMap,
    record: &Record,
    event: &str,
) -> Result<Json<Proof>, Problem> {
    record_events_read(platform, caller, headers, record).await?;
    let event = named(platform, caller, record, event).await?;
    let disclosures = event.disclosures;
    let proof = of_event(
        platform,
        &record.subject,
        event.seq,
        &event.bytes,
        disclosures,
    )
    .await?;
    proof.map(Json).ok_or_else(|| {
        Problem::not_found("the event is not in the log yet: ask again in some seconds")
    })
}

/// The proof of an event, with what is opened of it; `None` for the seconds until it is in the log.
pub(crate) async fn of_event(
    platform: &Platform,
    subject: &Subject,
    seq: u64,
    leaf: &[u8],
    disclosures: Vec<String>,
) -> Result<Option<Proof>, Problem> {
    let proof = inclusion(platform, subject, seq, leaf).await?;
    Ok(proof.map(|proof| Proof {
        format: FORMAT,
        proof: proof.to_string(),
        leaf: STANDARD.encode(leaf),
        disclosures,
    }))
}

/// The event of that id; of that number only for callers who may know how many there are.
async fn named(
    platform: &Platform,
    caller: &Caller,
    record: &Record,
    name: &str,
) -> Result<StoredEvent, Problem> {
    let chain = caller.reading(&record.head).chain;
    let sight = caller.sight(&record.head);
    let store = &platform.store;
    let seq = u64::from_str(name).ok().filter(|_| chain);
    let events = match seq {
        Some(seq) => store.events_within(record, sight, chain, seq..=seq).await?,
        None => store.events(record, sight, chain, 1).await?,
    };
    let id = EventId::from_str(name).ok();
    let mut events = events.into_iter();
    events
        .find(|event| Some(event.event_id) == id || Some(event.seq) == seq)
        .ok_or_else(|| Problem::not_found("there is no such event for you"))
}

/// That an event is an entry of its log; `None` for the seconds until it is.
pub(crate) async fn inclusion(
    platform: &Platform,
    subject: &Subject,
    seq: u64,
    leaf: &[u8],
) -> Result<Option<TlogProof>, Problem> {
    let Some(logged) = platform.store.log_index(subject, seq).await? else {
        return Ok(None);
    };
    match Served::read(platform, logged.folder).await? {
        Some(served) if logged.index < served.checkpoint.size() => {
            let proof = served.inclusion(platform, logged.index, leaf);
            proof.await.map(Some)
        }
        _ => Ok(None),
    }
}

/// What is served of a log: proofs lead to its root.
pub(crate) struct Served {
    folder: LogFolder,
    note: Note,
    /// What the note says.
    pub(crate) checkpoint: Checkpoint,
}

impl Served {
    /// `None` before the first checkpoint.
    pub(crate) async fn read(
        platform: &Platform,
        folder: impl Into<LogFolder>,
    ) -> Result<Option<Self>, Problem> {
        let folder = folder.into();
        let served = platform.store.served(folder.clone(), LogNote::Checkpoint);
        let Some(served) = served.await? else {
            return Ok(None);
        };
        let note = Note::from_str(&served.text).map_err(Problem::internal)?;
        let checkpoint = Checkpoint::from_str(note.text()).map_err(Problem::internal)?;
        Ok(Some(Self {
            folder,
            note,
            checkpoint,
        }))
    }

    /// That an event is the entry with this index.
    pub(crate) async fn inclusion(
        &self,
        platform: &Platform,
        index: u64,
        leaf: &[u8],
    ) -> Result<TlogProof, Problem> {
        let (size, root) = (self.checkpoint.size(), self.checkpoint.root());
        let plan = ProofPlan::inclusion(index, size).map_err(Problem::internal)?;
        let store = &platform.store;
        let tiles = store.log_tiles(self.folder.clone(), plan.tiles()).await?;
        let hashes = plan.prove(&tiles).map_err(Problem::internal)?;
        let leaf = Sha256::of_leaf(leaf);
        // Whoever gets a proof gets one that holds.
        verify_inclusion(&leaf, index, size, root, &hashes).map_err(Problem::internal)?;
        Ok(TlogProof {
            extra: None,
            index,
            hashes,
            checkpoint: self.note.clone(),
        })
    }
}
