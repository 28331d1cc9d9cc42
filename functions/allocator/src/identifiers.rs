//! What did the person mean?

use axum::Json;
use axum::extract::State;
use identity::{Reading, UnitId};
use serde_json::{Value, json};
use web::{Path, Platform, Problem};

/// Read a typed identifier.
///
/// Says whether it is valid, its canonical form, where the typo probably is and what was probably meant. A correction is
/// offered, never taken: after two errors a one-character suggestion is often wrong, so each says whether that unit exists.
#[utoipa::path(
    get, path = "/v1/identifiers/{text}", operation_id = "readIdentifier", tag = "allocator",
    params(("text" = String, Path, description = "As typed, or a whole carrier URL, percent-encoded; `?` stands for an unreadable character")),
    responses((status = 200, description = "What was read, and what was probably meant", body = Value), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    Path(text): Path<String>,
) -> Result<Json<Value>, Problem> {
    let reading = Reading::of(&text);
    let mut suggestions = Vec::new();
    for suggestion in reading.suggestions() {
        suggestions.push(json!({
            "canonical": suggestion,
            "exists": exists(&platform, suggestion).await?,
        }));
    }
    let exists = match reading.canonical() {
        Some(canonical) => exists(&platform, canonical).await?,
        None => None,
    };
    let mut body = serde_json::to_value(&reading).map_err(Problem::internal)?;
    if let Some(body) = body.as_object_mut() {
        body.insert("exists".to_owned(), json!(exists));
        body.insert("suggestions".to_owned(), Value::Array(suggestions));
    }
    Ok(Json(body))
}

/// Whether that unit was allocated; `None` for what is no unit id.
async fn exists(platform: &Platform, canonical: &str) -> Result<Option<bool>, Problem> {
    let Ok(unit) = UnitId::parse(canonical) else {
        return Ok(None);
    };
    Ok(Some(platform.store.scan(unit).await?.is_some()))
}
