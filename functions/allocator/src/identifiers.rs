//! What did the person mean?

use axum::Json;
use axum::extract::State;
use identity::{Alias, Reading, ReadingKind, UnitId};
use serde::Serialize;
use storage::Subject;
use utoipa::ToSchema;
use web::{Caller, Path, Platform, Problem};

/// A typed identifier, read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentifierBody {
    /// What it looks like: `unit`, `label`, `carrier`, `alias`, `unknown`.
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
/// An identifier from elsewhere that was linked with a battery (`alias`) is read as well: by anybody once the battery is on the
/// market, by the responsible organisation before that, and its own serial numbers by that organisation alone.
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
    caller: Caller,
    Path(text): Path<String>,
) -> Result<Json<IdentifierBody>, Problem> {
    let mut reading = Reading::of(&text);
    if !reading.valid
        && let Some(unit) = unit_by_alias(&platform, &caller, &text).await?
    {
        reading = Reading {
            kind: ReadingKind::Alias,
            ..Reading::of(&unit.to_string())
        };
    }
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

/// The battery that an identifier from elsewhere names, where this caller may know of it.
async fn unit_by_alias(
    platform: &Platform,
    caller: &Caller,
    text: &str,
) -> Result<Option<UnitId>, Problem> {
    let own = |caller: &Caller| {
        let organisation = &caller.partner().ok()?.organisation;
        Alias::serial_number(organisation, text).ok()
    };
    let Some(alias) = Alias::parse(text).ok().or_else(|| own(caller)) else {
        return Ok(None);
    };
    let alias = match alias {
        Alias::Gs1(link) => Alias::Gs1(link.identifying()),
        alias => alias,
    };
    let Some(Subject::Unit(unit)) = platform.store.named_by(&alias).await? else {
        return Ok(None);
    };
    let scan = platform.store.scan(unit).await?;
    let is_known = scan.is_some_and(|scan| {
        let passport = scan.passport.as_ref();
        let on_market = passport.is_some_and(|passport| passport.placed_on_market_at.is_some());
        on_market || caller.answers_for(&scan.head)
    });
    Ok(is_known.then_some(unit))
}

/// Whether that unit was allocated; `None` for what is no unit id.
async fn exists(platform: &Platform, canonical: &str) -> Result<Option<bool>, Problem> {
    let Ok(unit) = UnitId::parse(canonical) else {
        return Ok(None);
    };
    Ok(Some(platform.store.scan(unit).await?.is_some()))
}
