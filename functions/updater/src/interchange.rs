//! Documents of other formats, brought in.

use axum::body::Body as Bytes;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use exchange::{Imported, Loss, Source, Taken, formats};
use passport::{Category, Level, catalogue};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use web::{Foreign, Platform, Problem};

use crate::change::Changed;

/// What came of a document of another format.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Report {
    /// The format.
    format: &'static str,
    /// The members that were taken over: `from` a place of the document `to` an attribute.
    #[schema(value_type = Vec<web::described::TakenMember>)]
    taken: Vec<Taken>,
    /// Those that were not, or not exactly: `pointer`, `what` and `reason` of each.
    #[schema(value_type = Vec<web::described::LostMember>)]
    losses: Vec<Loss>,
}

/// A record that was created, with what came of the document it was made from.
#[derive(Debug, ToSchema)]
#[allow(
    dead_code,
    reason = "describes an answer that is put together by `reported`"
)]
pub(crate) struct Created {
    /// The record.
    #[serde(flatten)]
    changed: Changed,
    /// What came of the document, where one of another format was sent.
    #[schema(nullable = false)]
    import: Option<Report>,
}

/// A document of another format as values of one level.
pub(crate) struct Brought {
    pub(crate) category: Category,
    pub(crate) values: Map<String, Value>,
    /// The product identifier that it names, as it stands there.
    pub(crate) product: Option<String>,
    pub(crate) report: Report,
}

/// Reads a document in the form that it was sent in.
///
/// # Errors
/// 415 where the profile is not known, 400 where nothing of the document can be taken.
pub(crate) fn brought(
    platform: &Platform,
    foreign: &Foreign,
    document: Map<String, Value>,
    level: Level,
) -> Result<Brought, Problem> {
    let source = match foreign {
        Foreign::JsonLd => Source::JsonLd,
        Foreign::Profile(profile) => {
            let named = platform.site.format_of(profile);
            let format = named.and_then(exchange::format).map(|(format, _)| format);
            Source::Format(format.ok_or_else(|| unknown(platform, profile))?)
        }
    };
    let guidance = catalogue().active_guidance();
    let Imported {
        category,
        model,
        item,
        mut header,
        taken,
        losses,
    } = source
        .import(&Value::Object(document), None, guidance)
        .map_err(|fault| Problem::malformed(fault.to_string()))?
        .only(level);
    let product = header.shift_remove("uniqueProductIdentifier");
    Ok(Brought {
        category,
        values: match level {
            Level::Model => model,
            _ => item,
        },
        product: product.and_then(|product| product.as_str().map(str::to_owned)),
        report: Report {
            format: source.id(),
            taken,
            losses,
        },
    })
}

fn unknown(platform: &Platform, profile: &str) -> Problem {
    let known: Vec<String> = formats()
        .map(|format| platform.site.profile(&format.id))
        .collect();
    Problem::media_type(format!(
        "the profile `{profile}` is not known here; there are {}",
        known.join(", ")
    ))
}

/// The answer to a write with the report of the import beside it.
pub(crate) async fn reported(
    response: Response,
    report: Option<Report>,
) -> Result<Response, Problem> {
    let Some(report) = report.filter(|_| response.status().is_success()) else {
        return Ok(response);
    };
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, web::BODY_LIMIT)
        .await
        .map_err(Problem::internal)?;
    let mut answer: Map<String, Value> =
        serde_json::from_slice(&bytes).map_err(Problem::internal)?;
    parts
        .headers
        .insert(LOSSES, HeaderValue::from(report.losses.len()));
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    let report = serde_json::to_value(report).map_err(Problem::internal)?;
    answer.insert("import".to_owned(), report);
    let body = serde_json::to_vec(&answer).map_err(Problem::internal)?;
    Ok(Response::from_parts(parts, Bytes::from(body)))
}

/// How many losses an import had.
const LOSSES: HeaderName = HeaderName::from_static("interchange-losses");
