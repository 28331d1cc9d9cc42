//! What operators signed of what everybody sees, for anybody to check, and the public keys to check it with.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use passport::{Category, Classes, Level};
use serde::Serialize;
use serde_json::Value;
use storage::{Record, SignedView, Subject};
use utoipa::ToSchema;
use web::{Caller, Partner, Path, Platform, Problem, Query};

use crate::products::own_product;
use crate::proof::{self, Proof};
use crate::version_parts::VersionPart;
use crate::versions::{OfLevel, category};
use crate::view::{Loaded, shown};

/// What the file is, for whoever opens it.
const FORMAT: &str = "battery-passport-views/1";
/// For a minute: a change of the model changes what a passport is composed of.
const COMPOSED: &str = "public, max-age=60";
/// For a day, so that what ceases to exist is not kept for long by strangers.
const KEPT: &str = "public, max-age=86400";
const PRIVATE: &str = "private, no-store";

/// Public values with what their operators signed: a file for `passport verify view`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Views {
    /// `battery-passport-views/1`.
    format: &'static str,
    /// Of model, batch and passport, as far as each has public values.
    views: Vec<View>,
}

/// One version of the public values of a passport, model or batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct View {
    /// What is signed, as canonical JSON (RFC 8785): format, subject, class, version, commitment, event, operator and time.
    #[schema(value_type = Object)]
    statement: Value,
    /// A detached JWS (RFC 7515 appendix F) of the operator; null until it signed, where it signs itself.
    signature: Option<String>,
    /// The values with their salts, and the digests of those that are shown to nobody; absent where they were erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    values: Option<VersionPart>,
    /// That the event which brought the values is in the log, with its commitment to them; absent for the seconds until it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    proof: Option<Proof>,
}

/// Read the signatures of a passport's public view.
///
/// Everything the public view is composed of, each part as its responsible operator signed it: with the values, their salts, the
/// detached signature, and the proof that an event in the log committed to them. `passport verify view` checks the file offline, with the
/// operators' keys (`/v1/operators/{operatorId}/keys`) and a key of the log.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/signatures", operation_id = "readSignatures", tag = "reader", security(()),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded")),
    responses((status = 200, description = "The parts of the public view with their signatures", body = Views), (status = "default", response = Problem))
)]
pub(crate) async fn of_passport(
    State(platform): State<Platform>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = platform.passport_id(&id)?;
    // The same for everybody, whoever asks.
    let loaded = Loaded::find(&platform, &Caller::Public, id).await?;
    let mut views = Vec::new();
    let mut wanted = 0;
    for record in loaded.levels().into_iter().flatten() {
        let Some(version) = record.head.public_version() else {
            continue;
        };
        wanted += 1;
        let view = platform.store.signed_view(&record.subject, version).await?;
        if let Some(view) = view {
            views.push(opened(&platform, record, view, loaded.category).await?);
        }
    }
    if views.is_empty() && wanted > 0 {
        return Err(not_yet());
    }
    let whole = views.len() == wanted && views.iter().all(View::is_whole);
    Ok(answered(views, if whole { COMPOSED } else { PRIVATE }))
}

/// Read the signature of one version of a passport.
///
/// Counted as everybody counts: each change of what everybody may read makes one, from 1. As `…/signatures`, which has the newest.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/versions/{n}/signature", operation_id = "readVersionSignature", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("n" = u64, Path, description = "The public version, from 1"), ("level" = Option<String>, Query, description = "`item` (the default), or `model` or `batch` for what the battery has from there: for its owner and for those who read more than everybody")),
    responses((status = 200, description = "The version with its signature", body = Views), (status = "default", response = Problem))
)]
pub(crate) async fn version_of_passport(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, version)): Path<(String, u64)>,
    Query(of): Query<OfLevel>,
) -> Result<Response, Problem> {
    let id = platform.passport_id(&id)?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let public = of.level == Level::Item && loaded.passport.head.facts.is_known_to_others();
    let record = loaded.of_level(&caller, of.level)?;
    let cache = if public { KEPT } else { PRIVATE };
    one(&platform, &record, version, cache).await
}

/// Read the signature of one version of a model.
///
/// What the model's operator signs, or has to: see `signModelVersion`.
#[utoipa::path(
    get, path = "/v1/models/{id}/versions/{n}/signature", operation_id = "readModelVersionSignature", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model"), ("n" = u64, Path, description = "The public version, from 1")),
    responses((status = 200, description = "The version with its signature", body = Views), (status = "default", response = Problem))
)]
pub(crate) async fn version_of_model(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, version)): Path<(String, u64)>,
) -> Result<Response, Problem> {
    let (_, record) = own_product(&platform, &caller, &id, Subject::Model).await?;
    one(&platform, &record, version, PRIVATE).await
}

/// Read the signature of one version of a batch.
///
/// What the batch's operator signs, or has to: see `signBatchVersion`.
#[utoipa::path(
    get, path = "/v1/batches/{id}/versions/{n}/signature", operation_id = "readBatchVersionSignature", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch"), ("n" = u64, Path, description = "The public version, from 1")),
    responses((status = 200, description = "The version with its signature", body = Views), (status = "default", response = Problem))
)]
pub(crate) async fn version_of_batch(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, version)): Path<(String, u64)>,
) -> Result<Response, Problem> {
    let (_, record) = own_product(&platform, &caller, &id, Subject::Batch).await?;
    one(&platform, &record, version, PRIVATE).await
}

/// A set of keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeySet {
    /// Each a public key on Ed25519 or P-256, known by its thumbprint (RFC 7638) in `kid`.
    #[schema(value_type = Vec<Object>)]
    keys: Vec<Value>,
}

/// Read the public keys of an operator.
///
/// Every key that it ever signed public views with, also those that others have taken the place of: a JSON Web Key Set (RFC 7517).
#[utoipa::path(
    get, path = "/v1/operators/{operatorId}/keys", operation_id = "readOperatorKeys", tag = "reader", security(()),
    params(("operatorId" = String, Path, description = "The operator, as a passport's header names it")),
    responses((status = 200, description = "Its public keys", body = KeySet), (status = "default", response = Problem))
)]
pub(crate) async fn keys(
    State(platform): State<Platform>,
    Path(operator): Path<String>,
) -> Result<Response, Problem> {
    let keys = platform.store.operator_keys(&operator).await?;
    if keys.is_empty() {
        return Err(Problem::not_found("no operator of this name signs here"));
    }
    let keys = keys.iter().map(ledger::ViewKey::to_json).collect();
    let kept = [(header::CACHE_CONTROL, COMPOSED)];
    Ok((kept, Json(KeySet { keys })).into_response())
}

fn not_yet() -> Problem {
    Problem::not_found("this is not signed yet: ask again in some seconds")
}

fn answered(views: Vec<View>, cache: &'static str) -> Response {
    let views = Views {
        format: FORMAT,
        views,
    };
    ([(header::CACHE_CONTROL, cache)], Json(views)).into_response()
}

async fn one(
    platform: &Platform,
    record: &Record,
    version: u64,
    cache: &'static str,
) -> Result<Response, Problem> {
    let newest = record.head.public_version().unwrap_or_default();
    if !(1..=newest).contains(&version) {
        return Err(Problem::not_found("there is no such public version"));
    }
    let view = platform.store.signed_view(&record.subject, version).await?;
    let category = category(&record.head.facts)?;
    let view = view.ok_or_else(not_yet)?;
    let view = opened(platform, record, view, category).await?;
    let cache = if view.is_whole() { cache } else { PRIVATE };
    Ok(answered(vec![view], cache))
}

impl View {
    /// Whether nothing more will come to it.
    const fn is_whole(&self) -> bool {
        self.signature.is_some() && self.proof.is_some()
    }
}

/// A version with its values, as far as they are shown to anybody, and its proof.
async fn opened(
    platform: &Platform,
    record: &Record,
    view: SignedView,
    category: Category,
) -> Result<View, Problem> {
    let (store, subject) = (&platform.store, &record.subject);
    let proof = match store.committing_event(subject, &view).await? {
        Some((leaf, commitment)) => {
            proof::of_event(platform, subject, view.seq(), &leaf, vec![commitment]).await?
        }
        None => None,
    };
    let part = view.part();
    let values = store.version_part(record, &part, Classes::PUBLIC).await?;
    let values = values.map(|values| {
        let open = shown(values.document.clone(), Classes::PUBLIC, category);
        VersionPart::of(part.class, open, &values)
    });
    Ok(View {
        statement: view.statement.to_json(),
        signature: view.signature,
        values: values.transpose()?,
        proof,
    })
}
