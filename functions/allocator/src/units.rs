//! The identity record of a unit.

use axum::Json;
use axum::extract::State;
use identity::UnitId;
use ledger::Timestamp;
use serde::Serialize;
use storage::{Facts, Label, Scan};
use utoipa::ToSchema;
use uuid::Uuid;
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

/// The identity record of a unit. From `organisation` on it is for the responsible organisation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdentityRecord {
    /// The unit's id.
    #[schema(value_type = String)]
    unit: UnitId,
    /// Its unique product identifier: the address that names it.
    unique_product_identifier: String,
    /// Its labels, and what became of them.
    #[schema(value_type = Vec<web::described::UnitLabel>)]
    labels: Vec<Label>,
    /// Its passport: for the responsible organisation from the first draft on, for everybody else from when it was placed on the
    /// market, and then for good; null before that.
    #[schema(required = true)]
    passport: Option<Uuid>,
    /// The responsible organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    organisation: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    model: Option<Uuid>,
    /// The batch, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    batch: Option<Option<Uuid>>,
    /// The order that the id came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    order: Option<Uuid>,
    /// When the id was allocated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    allocated_at: Option<Timestamp>,
}

/// Read a unit's identity record.
///
/// Its labels and what became of them, and its passport: from the first draft on for the responsible organisation, which is shown
/// model, batch and order too; for everybody else from when it was placed on the market.
#[utoipa::path(
    get, path = "/v1/units/{unitId}", operation_id = "readUnit", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "20 characters; read tolerantly")),
    responses((status = 200, description = "The unit and its labels", body = IdentityRecord), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    caller: Caller,
    Path(unit): Path<String>,
) -> Result<Json<IdentityRecord>, Problem> {
    caller.partner()?;
    let unit = unit_id(&unit)?;
    let scan = platform
        .store
        .scan(unit)
        .await?
        .ok_or_else(|| Problem::not_found("this unit was never allocated"))?;
    Ok(Json(identity_record(&platform, &caller, unit, scan)))
}

fn identity_record(
    platform: &Platform,
    caller: &Caller,
    unit: UnitId,
    scan: Scan,
) -> IdentityRecord {
    let responsible = caller.answers_for(&scan.head);
    let on_market = scan
        .passport
        .filter(|passport| responsible || passport.placed_on_market_at.is_some());
    let organisation = caller.partner().ok().map(|one| one.organisation.as_str());
    let labels = scan.labels.into_iter();
    let labels = labels.filter_map(|label| label.shown_to(organisation, responsible));
    let labels = labels.collect();
    let own = scan.head.facts.carrier_host();
    let record = IdentityRecord {
        unit,
        unique_product_identifier: platform.site.product_identifier(own, unit),
        labels,
        passport: on_market.map(|passport| passport.passport),
        organisation: None,
        model: None,
        batch: None,
        order: None,
        allocated_at: None,
    };
    match scan.head.facts {
        Facts::Unit {
            model,
            batch,
            order,
            allocated_at,
            ..
        } if responsible => IdentityRecord {
            organisation: Some(scan.head.organisation),
            model: Some(model),
            batch: Some(batch),
            order,
            allocated_at: Some(allocated_at),
            ..record
        },
        _ => record,
    }
}
