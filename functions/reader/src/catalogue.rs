//! The attribute catalogue itself, for anybody: what each of its versions has.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use passport::{Attribute, Edition, Migration, Translated, catalogue};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Path, Platform, Problem};

use crate::schemas::{CACHED, kept};

/// The versions of the catalogue and of the guidance it follows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CatalogueVersions {
    /// Oldest first; a new record follows the last.
    versions: Vec<CatalogueVersion>,
    /// What the Commission's guidance asks is told by version; one is in force here.
    guidance: Vec<GuidanceVersion>,
}

/// A version of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
struct CatalogueVersion {
    /// Its number.
    version: &'static str,
    /// Its address, as `contentSpecificationIds` names it.
    url: String,
    /// The day it was issued.
    date: &'static str,
    /// What changed, by language.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    changed: &'static Translated,
    /// What became of attributes of the version before: where each was and is, and the field of a record that it became.
    #[schema(value_type = Vec<Object>)]
    migrations: &'static [Migration],
}

/// A version of the guidance.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GuidanceVersion {
    /// Its number.
    version: &'static str,
    /// Whether it is the one that decides here.
    in_force: bool,
}

/// A version of the catalogue with its attributes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CatalogueOfVersion {
    #[serde(flatten)]
    version: CatalogueVersion,
    /// Each with its place, type, level, access class, source in law, what every version of the guidance asks of it, who may
    /// write it, and what people call it.
    #[schema(value_type = Vec<Object>)]
    attributes: Vec<&'static Attribute>,
}

/// List the versions of the attribute catalogue.
#[utoipa::path(
    get, path = "/v1/catalogue", operation_id = "listCatalogueVersions", tag = "reader",
    responses((status = 200, description = "The versions with their addresses", body = CatalogueVersions), (status = "default", response = Problem))
)]
pub(crate) async fn list(State(platform): State<Platform>) -> Response {
    let versions = catalogue().editions();
    let in_force = catalogue().active_guidance();
    let guidance = catalogue().guidances().map(|guidance| GuidanceVersion {
        version: &guidance.version,
        in_force: guidance.version == in_force.version,
    });
    let body = CatalogueVersions {
        versions: versions
            .map(|edition| described(&platform, edition))
            .collect(),
        guidance: guidance.collect(),
    };
    ([(header::CACHE_CONTROL, CACHED)], Json(body)).into_response()
}

/// Read a version of the attribute catalogue.
///
/// Every attribute a passport of this version may have. `contentSpecificationIds` of a passport leads here.
#[utoipa::path(
    get, path = "/v1/catalogue/{version}", operation_id = "readCatalogue", tag = "reader",
    params(
        ("version" = String, Path, description = "A number that `/v1/catalogue` lists"),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag` the caller has"),
    ),
    responses((status = 200, description = "The catalogue", body = CatalogueOfVersion), (status = 304, description = "Not changed"), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    Path(version): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let edition = catalogue().edition(&version).ok_or_else(|| {
        let known: Vec<&str> = catalogue().editions().map(|one| one.id.as_str()).collect();
        Problem::not_found(format!(
            "there is no such version of the catalogue: expected one of {}",
            known.join(", ")
        ))
    })?;
    let body = CatalogueOfVersion {
        version: described(&platform, edition),
        attributes: catalogue().attributes_of(edition).collect(),
    };
    let text = serde_json::to_string(&body).map_err(Problem::internal)?;
    Ok(kept(&headers, "application/json", text))
}

fn described(platform: &Platform, edition: &'static Edition) -> CatalogueVersion {
    CatalogueVersion {
        version: &edition.id,
        url: platform.site.catalogue_identifier(&edition.id),
        date: &edition.date,
        changed: &edition.changed,
        migrations: &edition.migrations,
    }
}
