//! JSON Schemas of what is written and read, for anybody.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ledger::Sha256;
use passport::{Category, Form, Guidance, catalogue};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Path, Platform, Problem, Query};

/// The JSON Schemas there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Schemas {
    /// Each with its address.
    schemas: Vec<Listed>,
}

/// One JSON Schema.
#[derive(Debug, Serialize, ToSchema)]
struct Listed {
    /// Its address, which is its `$id` too.
    url: String,
    /// What it describes.
    title: String,
    /// The battery category.
    #[schema(value_type = String)]
    category: Category,
    /// `model`, `batch`, `item`, `new-passport`, or access classes as `1-2-4`, with `-complete` where everything mandatory has to be there.
    form: String,
}

/// Which version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Version {
    guidance: Option<String>,
}

/// A catalogue changes with a release of this program.
pub(crate) const CACHED: &str = "public, max-age=300";

/// List the JSON Schemas.
///
/// Of every category: the data of a model, batch and item as they are written, and the passport as each access class reads it.
#[utoipa::path(
    get, path = "/v1/schemas", operation_id = "listSchemas", tag = "reader",
    responses((status = 200, description = "The schemas with their addresses", body = Schemas), (status = "default", response = Problem))
)]
pub(crate) async fn list(State(platform): State<Platform>) -> Response {
    let schemas = Category::ALL
        .into_iter()
        .flat_map(|category| Form::listed().map(move |form| (category, form)))
        .map(|(category, form)| Listed {
            url: address(&platform, category, form, None),
            title: form.title(category),
            category,
            form: form.to_string(),
        })
        .collect();
    ([(header::CACHE_CONTROL, CACHED)], Json(Schemas { schemas })).into_response()
}

/// Read a JSON Schema.
///
/// JSON Schema 2020-12, made from the attribute catalogue. What it cannot say is in its `$comment`; `x-` members tell access
/// class, level, obligation and legal source of each attribute.
#[utoipa::path(
    get, path = "/v1/schemas/{category}/{form}", operation_id = "readSchema", tag = "reader",
    params(
        ("category" = String, Path, description = "`ev`, `lmt`, `industrial` or `stationary`"),
        ("form" = String, Path, description = "`model`, `batch`, `item`, `new-passport`, or the access classes of a passport as `1-2-4`, with `-complete` where everything mandatory has to be there"),
        ("guidance" = Option<String>, Query, description = "The version of the Commission's guidance; the one in force here unless it is named"),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag` the caller has"),
    ),
    responses((status = 200, description = "The schema", body = Object, content_type = "application/schema+json"), (status = 304, description = "Not changed"), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    Path((category, form)): Path<(String, String)>,
    Query(version): Query<Version>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let category: Category = named(&category)?;
    let form: Form = named(&form)?;
    let guidance = guidance(version.guidance.as_deref())?;
    let id = address(&platform, category, form, version.guidance.as_deref());
    let text = passport::schema(catalogue(), category, guidance, form, &id).to_string();
    Ok(kept(&headers, "application/schema+json", text))
}

/// What changes with a release only; 304 for who has it.
pub(crate) fn kept(headers: &HeaderMap, media_type: &'static str, text: String) -> Response {
    let tag = format!("\"{}\"", Sha256::of(text.as_bytes()));
    let described = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, CACHED.to_owned()),
    ];
    if web::known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, described).into_response();
    }
    (described, [(header::CONTENT_TYPE, media_type)], text).into_response()
}

fn named<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Problem> {
    text.parse()
        .map_err(|unknown: T::Err| Problem::not_found(unknown.to_string()))
}

/// The guidance that `?guidance=` names; without it the one in force.
pub(crate) fn guidance(version: Option<&str>) -> Result<&'static Guidance, Problem> {
    let Some(version) = version else {
        return Ok(catalogue().active_guidance());
    };
    catalogue().guidance(version).ok_or_else(|| {
        let known: Vec<&str> = catalogue()
            .guidances()
            .map(|guidance| guidance.version.as_str())
            .collect();
        Problem::malformed(format!(
            "there is no such version in `guidance`: expected one of {}",
            known.join(", ")
        ))
    })
}

/// The address of a schema: without a version it follows the guidance in force.
fn address(platform: &Platform, category: Category, form: Form, version: Option<&str>) -> String {
    let version = version.map_or_else(String::new, |version| format!("?guidance={version}"));
    format!(
        "{}/v1/schemas/{category}/{form}{version}",
        platform.site.origin()
    )
}
