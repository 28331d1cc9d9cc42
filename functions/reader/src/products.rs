//! Models and batches.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use storage::{Facts, Record, Subject};
use uuid::Uuid;
use web::{Caller, ETag, Partner, Path, Platform, Problem};

use crate::answer::Product;
use crate::view::{opened, record_read};

/// Read a model.
#[utoipa::path(
    get, path = "/v1/models/{id}", operation_id = "readModel", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model")),
    responses((status = 200, description = "The model, with its attributes in `data`", body = Product), (status = "default", response = Problem))
)]
pub(crate) async fn show_model(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    show(&platform, &caller, &id, Subject::Model, &headers).await
}

/// Read a batch.
#[utoipa::path(
    get, path = "/v1/batches/{id}", operation_id = "readBatch", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch")),
    responses((status = 200, description = "The batch, with its attributes in `data`", body = Product), (status = "default", response = Problem))
)]
pub(crate) async fn show_batch(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    show(&platform, &caller, &id, Subject::Batch, &headers).await
}

/// Products are shown to their own organisation; others meet them through the passports of their units.
pub(crate) async fn own_product(
    platform: &Platform,
    caller: &Caller,
    id: &str,
    subject: impl Fn(Uuid) -> Subject,
) -> Result<(Uuid, Record), Problem> {
    let id = Uuid::parse_str(id).map_err(|_| Problem::malformed("expected a UUID in the path"))?;
    let record = platform
        .store
        .record(&subject(id))
        .await?
        .filter(|record| caller.acts_for(&record.head.organisation))
        .ok_or_else(|| Problem::not_found("there is no such product of your organisation"))?;
    Ok((id, record))
}

async fn show(
    platform: &Platform,
    caller: &Caller,
    id: &str,
    subject: impl Fn(Uuid) -> Subject,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let (id, record) = own_product(platform, caller, id, subject).await?;
    let reading = caller.reading(&record.head);
    let revision = record.head.revision(caller.sight(&record.head));
    let mut tag = ETag {
        model: 0,
        batch: 0,
        passport: 0,
        view: reading.view.to_owned(),
    };
    let (category, model) = match record.head.facts {
        Facts::Model { category, .. } => {
            tag.model = revision;
            (category, id)
        }
        Facts::Batch {
            model, category, ..
        } => {
            tag.batch = revision;
            (category, model)
        }
        _ => return Err(Problem::internal("a product without a product's facts")),
    };
    let data = opened(platform, caller, &record, category).await?;
    record_read(platform, caller, headers, &record).await?;
    let body = Product {
        id,
        model,
        category,
        catalogue: &record.head.facts.catalogue().id,
        version: record.head.version,
        updated_at: record.head.last_at,
        data,
    };
    Ok(([(header::ETAG, tag.to_string())], Json(body)).into_response())
}
