//! What did the person mean?

use axum::Json;
use axum::extract::State;
use identity::{Reading, ReadingKind, UnitId};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Path, Platform, Problem};

/// A typed identifier, read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentifierBody {
    /// What it looks like: `unit`, `label`, `carrier`, `unknown`.
    #[schema(value_type = String)]
    kind: ReadingKind,
    /// Whether it can be one.
    valid: bool,
    /// The canonical id, where it is valid; of a carrier the unit's.
    #[schema(required = true)]
    canonical: Option<String>,
    /// The label of a carrier.
    #[schema(required = true)]
    label: Option<String>,
    /// What is wrong.
    #[schema(required = true)]
    fault: Option<String>,
    /// Where, from 0, in the characters without separators.
    #[schema(required = true)]
    position: Option<usize>,
    /// What was probably meant.
    suggestions: Vec<Suggestion>,
    /// Whether the unit was allocated; `null` for what names none.
    #[schema(required = true)]
    exists: Option<bool>,
}

/// What was probably meant.
#[derive(Debug, Serialize, ToSchema)]
struct Suggestion {
    /// The canonical id.
    canonical: String,
    /// Whether that unit was allocated; `null` for what is no unit id.
    #[schema(required = true)]
    exists: Option<bool>,
}

/// Read a typed identifier.
///
/// Says whether it is valid, its canonical form, where the typo probably is and what was probably meant. A correction is
/// offered, never taken: after two errors a one-character suggestion is often wrong, so each says whether that unit exists.
#[utoipa::path(
    get, path = "/v1/identifiers/{text}", operation_id = "readIdentifier", tag = "allocator",
    params(("text" = String, Path, description = "As typed, or a whole carrier URL, percent-encoded; `?` stands for an unreadable character")),
    responses((status = 200, description = "What was read, and what was probably meant", body = IdentifierBody), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    Path(text): Path<String>,
) -> Result<Json<IdentifierBody>, Problem> {
    let reading = Reading::of(&text);
    let mut suggestions = Vec::new();
    for canonical in reading.suggestions {
        let exists = exists(&platform, &canonical).await?;
        suggestions.push(Suggestion { canonical, exists });
    }
    let exists = match &reading.canonical {
        Some(canonical) => exists(&platform, canonical).await?,
        None => None,
    };
    Ok(Json(IdentifierBody {
        kind: reading.kind,
        valid: reading.valid,
        canonical: reading.canonical,
        label: reading.label,
        fault: reading.fault,
        position: reading.position,
        suggestions,
        exists,
    }))
}

/// Whether that unit was allocated; `None` for what is no unit id.
async fn exists(platform: &Platform, canonical: &str) -> Result<Option<bool>, Problem> {
    let Ok(unit) = UnitId::parse(canonical) else {
        return Ok(None);
    };
    Ok(Some(platform.store.scan(unit).await?.is_some()))
}
