//! Who resolves labels: this platform, or another resolver that custody was moved to.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use identity::Host;
use serde_json::{Value, json};
use storage::{Custody, OpenRecord, Subject};
use uuid::Uuid;
use web::{Body, Caller, Idempotency, Partner, Path, Platform, Problem, Provenance, now};

use crate::identity_change::{IdentityChange, Outcome};
use crate::units::unit_id;

/// Move custody of a unit.
///
/// From then on its labels lead to the resolver in `resolver`, at the same path and with the same query (307); `null` takes
/// custody back. The unit's own custody counts before its model's, and that before its operator's.
#[utoipa::path(
    post, path = "/v1/units/{unitId}/custody", operation_id = "moveUnitCustody", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::MovedCustody, example = json!({"resolver": "https://id.backup.example", "reason": "sold to an operator with a resolver of its own"})),
    responses((status = 200, description = "Who has custody now", body = web::described::CustodyNow), (status = "default", response = Problem))
)]
pub(crate) async fn of_unit(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(unit): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let unit = unit_id(&unit)?;
    let path = format!("/v1/units/{unit}/custody");
    moved(
        &platform,
        &caller,
        &headers,
        &body,
        Subject::Unit(unit),
        path,
    )
    .await
}

/// Move custody of a model.
///
/// As of a unit, for every battery of the model at once.
#[utoipa::path(
    post, path = "/v1/models/{id}/custody", operation_id = "moveModelCustody", tag = "allocator", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::MovedCustody, example = json!({"resolver": "https://id.backup.example", "reason": "product line sold"})),
    responses((status = 200, description = "Who has custody now", body = web::described::CustodyNow), (status = "default", response = Problem))
)]
pub(crate) async fn of_model(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let path = format!("/v1/models/{id}/custody");
    moved(
        &platform,
        &caller,
        &headers,
        &body,
        Subject::Model(id),
        path,
    )
    .await
}

/// Move custody of an operator.
///
/// As of a unit, for every battery of an economic operator at once. Where the operator can no longer act, after an insolvency, the
/// platform's operator moves it.
#[utoipa::path(
    post, path = "/v1/organisations/{organisation}/custody", operation_id = "moveOperatorCustody", tag = "allocator", security(("bearer" = [])),
    params(("organisation" = String, Path, description = "The organisation"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::MovedCustody, example = json!({"resolver": "https://id.backup.example", "reason": "insolvency; the back-up provider takes over"})),
    responses((status = 200, description = "Who has custody now", body = web::described::CustodyNow), (status = "default", response = Problem))
)]
pub(crate) async fn of_organisation(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(organisation): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let path = format!("/v1/organisations/{organisation}/custody");
    let subject = Subject::Organisation(organisation);
    moved(&platform, &caller, &headers, &body, subject, path).await
}

async fn moved(
    platform: &Platform,
    caller: &Caller,
    headers: &HeaderMap,
    body: &Body,
    subject: Subject,
    path: String,
) -> Result<Response, Problem> {
    let resolver = asked(platform, body).await?;
    let provenance = Provenance::of_body(&body.json, Some("custody-moved"), &["resolver"])?;
    let route = format!("POST {path}");
    IdentityChange {
        platform,
        caller,
        subject,
        provenance,
        idempotency: Idempotency::required(headers, &route, caller.partner()?, body.hash)?,
        location: path,
        status: StatusCode::OK,
        body: json!({"resolver": resolver}),
        work: |record: &OpenRecord| {
            let facts = record.head.facts.clone();
            let custody = resolver.clone().map(|resolver| Custody {
                resolver,
                since: now(),
            });
            Ok(Outcome {
                facts: facts.in_custody(custody),
                alias: None,
            })
        },
    }
    .make()
    .await
}

/// The resolver that labels are to lead to: `https://` and a host that is none of this platform's or its operators' own, which
/// would lead in circles.
async fn asked(platform: &Platform, body: &Body) -> Result<Option<String>, Problem> {
    let expected = "expected `https://` and the domain name of another resolver in `resolver`, or null to take custody back";
    let text = match body.json.get("resolver") {
        Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        _ => return Err(Problem::malformed(expected)),
    };
    let host = text
        .strip_prefix("https://")
        .map(|host| host.strip_suffix('/').unwrap_or(host))
        .and_then(|host| Host::parse(host).ok())
        .filter(|host| host.is_domain_name() && *host != platform.site.host)
        .ok_or_else(|| Problem::malformed(expected))?;
    if platform.store.carrier_host(&host).await?.is_some() {
        return Err(Problem::malformed(format!(
            "`{host}` is in the carriers of batteries and leads here itself: {expected}"
        )));
    }
    Ok(Some(format!("https://{host}")))
}
