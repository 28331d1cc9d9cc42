//! Passports, whole.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use passport::{Full, Header};
use serde_json::{Map, Value};
use storage::Facts;
use uuid::Uuid;
use web::{Caller, ETag, Path, Platform, Problem, Query, Representation, Represented};

use crate::view::{Loaded, Stood};
use crate::{interchange, page};

/// Read a passport (EN 18222 `ReadDPPById`).
///
/// In the compressed EN 18223 form or, where `representation=full` asks for it, as elements that say what they are; with
/// exactly the attributes the caller may see. Without a token: the public view. Where `Accept` prefers `text/html` it is a page, with
/// the time line of events and the course of the state of health, to which people sign in (`/v1/sign-in`).
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}", operation_id = "readDPPById", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("Accept" = Option<String>, Header, description = "`application/json` for the platform's own form; `application/ld+json` for the same as JSON-LD; with a `profile` (RFC 6906) of `/docs/formats` for another format: `application/json; profile=\"https://HOST/docs/formats#batterypass-ready-1.0\"`. A form that is not the platform's own says in `Interchange-Losses` how much it could not carry"), ("representation" = Option<String>, Query, description = "`compressed` (the default) or `full`"), ("If-None-Match" = Option<String>, Header, description = "An `ETag` the caller has")),
    responses((status = 200, description = "The passport, as far as the caller may see it", content((web::described::ReadPassport = "application/json"), (String = "text/html"))), (status = 304, description = "Not changed in what this caller may see"), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    mut parts: Parts,
) -> Result<Response, Problem> {
    if web::prefers_page(&parts.headers) {
        return Ok(page::passport(&platform, &mut parts).await);
    }
    let caller = Caller::from_request_parts(&mut parts, &platform).await?;
    let Path(id) = Path::<String>::from_request_parts(&mut parts, &platform).await?;
    let Query(query) = Query::<Represented>::from_request_parts(&mut parts, &platform).await?;
    let headers = parts.headers;
    let id = platform.passport_id(&id)?;
    if let Some(other) = interchange::asked(&platform, &headers)? {
        return interchange::answer(&platform, &caller, id, other, &headers).await;
    }
    answer(&platform, &caller, id, query.representation, &headers).await
}

/// Read the passport in force of a product (EN 18222 `ReadDPPByProductId`).
#[utoipa::path(
    get, path = "/v1/dppsByProductId/{productId}", operation_id = "readDPPByProductId", tag = "reader", security((), ("bearer" = [])),
    params(("productId" = String, Path, description = "The unique product identifier percent-encoded, or the unit id"), ("representation" = Option<String>, Query, description = "`compressed` (the default) or `full`")),
    responses((status = 200, description = "The passport, as far as the caller may see it", body = web::described::ReadPassport), (status = "default", response = Problem))
)]
pub(crate) async fn by_product(
    State(platform): State<Platform>,
    caller: Caller,
    Path(product): Path<String>,
    Query(query): Query<Represented>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let unit = platform.unit_id(&product).await?;
    let scan = platform
        .store
        .scan(unit)
        .await?
        .ok_or_else(|| Problem::not_found("this unit was never allocated"))?;
    match scan.head.facts {
        Facts::Unit {
            passport: Some(passport),
            ..
        } => answer(&platform, &caller, passport, query.representation, &headers).await,
        _ => Err(Problem::not_found("there is no such passport for you")),
    }
}

async fn answer(
    platform: &Platform,
    caller: &Caller,
    id: Uuid,
    representation: Representation,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let loaded = Loaded::find(platform, caller, id).await?;
    let tag = loaded.tag(caller);
    let public = loaded.only_public(caller);
    // A restricted view is never answered 304: that would be a read without its record.
    if public && tag.known_to(headers) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag.to_string())]).into_response());
    }
    let (header, view) = loaded.passport(platform, caller, headers).await?;
    let mut body = represented(platform, representation, &header, view);
    if let (Some(body), Some(notices)) = (body.as_object_mut(), loaded.notices()) {
        body.insert("notices".to_owned(), notices);
    }
    let mut response = answered(body, Some(&tag), public);
    if public && let Ok(link) = platform.site.signatures_link(id).parse() {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

impl Loaded {
    /// The header and the values this caller may see.
    pub(crate) async fn passport(
        &self,
        platform: &Platform,
        caller: &Caller,
        headers: &HeaderMap,
    ) -> Result<(Header, Map<String, Value>), Problem> {
        let view = self.document(platform, caller, headers).await?;
        Ok((self.present_header(platform, caller), view))
    }

    /// The header of the record as it stands.
    pub(crate) fn present_header(&self, platform: &Platform, caller: &Caller) -> Header {
        let standing = Stood {
            status: self.status,
            updated_at: self.updated_at(caller),
            operator: self.passport.head.operator(),
            catalogue: self.catalogue(),
        };
        self.header(platform, &standing)
    }
}

/// A passport in the form that was asked for.
pub(crate) fn represented(
    platform: &Platform,
    representation: Representation,
    header: &Header,
    view: Map<String, Value>,
) -> Value {
    match representation {
        Representation::Compressed => passport::compressed(header, view),
        Representation::Full => Full {
            site: &platform.site.origin(),
        }
        .passport(header, view),
    }
}

/// An answer that only public views let others keep.
pub(crate) fn answered(body: Value, tag: Option<&ETag>, public: bool) -> Response {
    let cache = if public {
        "public, max-age=0, must-revalidate"
    } else {
        "private, no-store"
    };
    let tag = tag.map(|tag| [(header::ETAG, tag.to_string())]);
    (
        [
            (header::CACHE_CONTROL, cache),
            (header::VARY, "Accept, Authorization"),
        ],
        tag,
        Json(body),
    )
        .into_response()
}
