//! Which passports there are of many products.

use axum::Json;
use axum::extract::State;
use futures_util::StreamExt;
use identity::UnitId;
use ledger::Sha256;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::Facts;
use utoipa::ToSchema;
use web::{AnyBody, Caller, Counted, Platform, Problem, Query};

use crate::view::known;

/// The most products one request may name.
const PRODUCTS: usize = 1_000;
/// The most passports on one page, and how many there are where the caller names no limit.
const PAGE: usize = 100;
/// How many products are looked up at a time.
const AT_ONCE: usize = 16;

/// Which page.
#[derive(Debug, Deserialize)]
pub(crate) struct PageQuery {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// The passports that there are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DppIds {
    /// The identifiers of the passports in force, in the order of their products.
    dpp_ids: Vec<String>,
    /// Sent as `cursor` with the same products it asks for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// Find the passports of products (EN 18222 `ReadDPPIdsByProductIds`).
///
/// The body is `{"productIds": […]}`, or the bare list. Products of others, unknown ones, and those whose passport the
/// caller may not know of are left out.
#[utoipa::path(
    post, path = "/v1/dppsByProductIds", operation_id = "readDPPIdsByProductIds", tag = "reader", security((), ("bearer" = [])),
    params(("limit" = Option<u32>, Query, description = "The most passports to answer, 1 to 100; 100 without it"), ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before")),
    request_body(content = web::described::ProductIds, example = json!({"productIds": ["https://id.example.eu/32XZAJ4P21M1MZ0N3RQA"]})),
    responses((status = 200, description = "The passports in force", body = DppIds), (status = "default", response = Problem))
)]
pub(crate) async fn find(
    State(platform): State<Platform>,
    caller: Caller,
    Query(query): Query<PageQuery>,
    body: AnyBody,
) -> Result<Counted<Json<DppIds>>, Problem> {
    let limit = match query.limit {
        Some(0) => return Err(Problem::malformed("expected 1 or more in `limit`")),
        limit => limit.unwrap_or(PAGE).min(PAGE),
    };
    let units = units(&platform, body.json).await?;
    let mut at = match &query.cursor {
        Some(cursor) => position(cursor, &units)?,
        None => 0,
    };
    let mut dpp_ids = Vec::new();
    while dpp_ids.len() < limit && at < units.len() {
        let next = units.iter().copied().skip(at).take(limit - dpp_ids.len());
        let lookups: Vec<_> = next
            .map(|unit| passport_of(&platform, &caller, unit))
            .collect();
        let found: Vec<_> = futures_util::stream::iter(lookups)
            .buffered(AT_ONCE)
            .collect()
            .await;
        at += found.len();
        for id in found {
            dpp_ids.extend(id?);
        }
    }
    let answer = DppIds {
        dpp_ids,
        next_cursor: (at < units.len()).then(|| cursor(at, &units)),
    };
    Ok(Counted::of(answer.dpp_ids.len(), Json(answer)))
}

/// The units that are named, each once. What names none of this site's is left out.
async fn units(platform: &Platform, body: Value) -> Result<Vec<UnitId>, Problem> {
    let form = "expected product identifiers in `productIds`: a list of 1 to 1000 texts";
    let list = match body {
        Value::Object(mut members) => members.remove("productIds").unwrap_or_default(),
        list => list,
    };
    let Value::Array(ids) = list else {
        return Err(Problem::malformed(form));
    };
    if ids.is_empty() || ids.len() > PRODUCTS || !ids.iter().all(Value::is_string) {
        return Err(Problem::malformed(form));
    }
    let mut units = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for id in ids.iter().filter_map(Value::as_str) {
        match platform.unit_id(id).await {
            Ok(unit) if seen.insert(unit) => units.push(unit),
            Err(problem) if !problem.status().is_client_error() => return Err(problem),
            _ => {}
        }
    }
    Ok(units)
}

/// The identifier of the passport in force, where this caller may know of it.
async fn passport_of(
    platform: &Platform,
    caller: &Caller,
    unit: UnitId,
) -> Result<Option<String>, Problem> {
    let Some(scan) = platform.store.scan(unit).await? else {
        return Ok(None);
    };
    let Facts::Unit {
        passport: Some(passport),
        ..
    } = scan.head.facts
    else {
        return Ok(None);
    };
    match known(platform, caller, passport).await {
        Ok(_) => Ok(Some(platform.site.passport_identifier(passport))),
        Err(problem) if problem.status().is_client_error() => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// A place in a list, tied to that list: it opens nothing that the list itself does not, and fits no other.
fn cursor(at: usize, units: &[UnitId]) -> String {
    format!("{at:04x}{}", digest(units))
}

fn position(cursor: &str, units: &[UnitId]) -> Result<usize, Problem> {
    cursor
        .split_at_checked(4)
        .filter(|(_, list)| *list == digest(units))
        .and_then(|(at, _)| usize::from_str_radix(at, 16).ok())
        .filter(|at| *at < units.len())
        .ok_or_else(|| {
            Problem::malformed("`cursor` is not one that was answered for these products")
        })
}

fn digest(units: &[UnitId]) -> String {
    let list: Vec<String> = units.iter().map(ToString::to_string).collect();
    let mut digest = Sha256::of(list.join(" ").as_bytes()).to_string();
    digest.truncate(32);
    digest
}
