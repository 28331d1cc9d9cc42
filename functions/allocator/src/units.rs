//! The identity record of a unit.

use axum::Json;
use axum::extract::State;
use identity::UnitId;
use serde_json::{Value, json};
use storage::{Facts, Scan};
use web::{Caller, Path, Platform, Problem};

/// The unit a path names; 400 where it is malformed, saying where.
pub(crate) fn unit_id(text: &str) -> Result<UnitId, Problem> {
    UnitId::parse(text).map_err(|error| {
        Problem::malformed(format!(
            "`{}` is not a unit id: {error}; GET /v1/identifiers/{{text}} tells what was probably meant",
            text.chars().take(80).collect::<String>()
        ))
    })
}

/// Read a unit's identity record.
///
/// Its labels and what became of them and, once it is on the market, its passport. Model, batch and order are shown to the
/// responsible organisation.
#[utoipa::path(
    get, path = "/v1/units/{unitId}", operation_id = "readUnit", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "20 characters; read tolerantly")),
    responses((status = 200, description = "The unit and its labels", body = Value), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    caller: Caller,
    Path(unit): Path<String>,
) -> Result<Json<Value>, Problem> {
    caller.partner()?;
    let unit = unit_id(&unit)?;
    let scan = platform
        .store
        .scan(unit)
        .await?
        .ok_or_else(|| Problem::not_found("this unit was never allocated"))?;
    Ok(Json(identity_record(&platform, &caller, unit, &scan)))
}

fn identity_record(platform: &Platform, caller: &Caller, unit: UnitId, scan: &Scan) -> Value {
    let responsible = caller.acts_for(&scan.head.organisation);
    let on_market = scan
        .passport
        .as_ref()
        .filter(|passport| responsible || passport.placed_on_market_at.is_some());
    let mut record = json!({
        "unit": unit,
        "uniqueProductIdentifier": platform.site.product_identifier(unit),
        "labels": scan.labels,
        "passport": on_market.map(|passport| passport.passport),
    });
    if let (
        true,
        Facts::Unit {
            model,
            batch,
            order,
            allocated_at,
            ..
        },
        Some(record),
    ) = (responsible, &scan.head.facts, record.as_object_mut())
    {
        record.extend([
            ("organisation".to_owned(), json!(scan.head.organisation)),
            ("model".to_owned(), json!(model)),
            ("batch".to_owned(), json!(batch)),
            ("order".to_owned(), json!(order)),
            ("allocatedAt".to_owned(), json!(allocated_at)),
        ]);
    }
    record
}
