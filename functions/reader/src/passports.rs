//! Passports.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use storage::Facts;
use uuid::Uuid;
use web::{Caller, Path, Platform, Problem};

use crate::view::Loaded;

/// Read a passport (EN 18222 `ReadDPPById`).
///
/// The compressed EN 18223 form, with exactly the attributes the caller may see. Without a token: the public view.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}", operation_id = "readDPPById", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("If-None-Match" = Option<String>, Header, description = "An `ETag` the caller has")),
    responses((status = 200, description = "The passport, as far as the caller may see it", body = web::ReadPassport), (status = 304, description = "Not changed in what this caller may see"), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = platform.passport_id(&id)?;
    answer(&platform, &caller, id, &headers).await
}

/// Read the passport in force of a product (EN 18222 `ReadDPPByProductId`).
#[utoipa::path(
    get, path = "/v1/dppsByProductId/{productId}", operation_id = "readDPPByProductId", tag = "reader", security((), ("bearer" = [])),
    params(("productId" = String, Path, description = "The unique product identifier percent-encoded, or the unit id")),
    responses((status = 200, description = "The passport, as far as the caller may see it", body = web::ReadPassport), (status = "default", response = Problem))
)]
pub(crate) async fn by_product(
    State(platform): State<Platform>,
    caller: Caller,
    Path(product): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let unit = platform.unit_id(&product)?;
    let scan = platform
        .store
        .scan(unit)
        .await?
        .ok_or_else(|| Problem::not_found("this unit was never allocated"))?;
    match scan.head.facts {
        Facts::Unit {
            passport: Some(passport),
            ..
        } => answer(&platform, &caller, passport, &headers).await,
        _ => Err(Problem::not_found("there is no such passport for you")),
    }
}

async fn answer(
    platform: &Platform,
    caller: &Caller,
    id: Uuid,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let loaded = Loaded::find(platform, caller, id).await?;
    let tag = loaded.tag(caller);
    // A restricted view is never answered 304: that would be a read without its record.
    if loaded.reading(caller).only_public() && tag.known_to(headers) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag.to_string())]).into_response());
    }
    let document = loaded.document(platform, caller, headers).await?;
    let updated_at = loaded.updated_at(platform, caller).await?;
    let body: Value = passport::compressed(&loaded.header(platform, updated_at), document);
    let cache = if loaded.reading(caller).only_public() {
        "public, max-age=0, must-revalidate"
    } else {
        "private, no-store"
    };
    Ok((
        [
            (header::ETAG, tag.to_string()),
            (header::CACHE_CONTROL, cache.to_owned()),
            (header::VARY, "Accept, Authorization".to_owned()),
        ],
        Json(body),
    )
        .into_response())
}
