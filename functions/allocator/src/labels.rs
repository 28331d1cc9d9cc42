//! Labels as things: issued, applied, replaced, revoked, destroyed, under suspicion. Each change is one event.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use identity::{LabelId, UnitId};
use storage::{Label, OpenRecord, Subject, fill_random};
use web::{Body, Caller, Idempotency, Partner, Path, Platform, Problem, Provenance};

use crate::label_change::{Asked, LabelRequest, never_issued, no_such_unit, what_became};
use crate::label_read::ReadOff;
use crate::units::unit_id;

/// Issue a label.
///
/// A further label of the unit or, with `replaces`, one in place of a damaged one: print it, put it on the battery, and confirm
/// that with `…/application`; until then the old label stays in force. Whoever is not responsible for the battery asks (202): on
/// which proof, `/docs` says of `label-issued`. The label is `requested` until the responsible organisation approves it.
#[utoipa::path(
    post, path = "/v1/units/{unitId}/labels", operation_id = "issueLabel", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::NewLabel, example = json!({"replaces": "8V4K2M0XQ7", "reason": "label scratched in a repair"})),
    responses((status = 201, description = "The new label, with the address to print", body = web::described::ChangedLabel), (status = 202, description = "It waits for the responsible organisation", body = web::described::ChangedLabel), (status = "default", response = Problem))
)]
pub(crate) async fn issue(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(unit): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let unit = unit_id(&unit)?;
    let replaces = match body.json.get("replaces") {
        Some(text) => Some(label_id(text.as_str().unwrap_or_default())?),
        None => None,
    };
    let mut random = [0; 8];
    fill_random(&mut random)?;
    let route = format!("POST /v1/units/{unit}/labels");
    LabelRequest {
        platform: &platform,
        caller: &caller,
        unit,
        label: LabelId::from_random(random),
        asked: Asked::New { replaces },
        provenance: Provenance::of_body(&body.json, Some("label-issued"), &["replaces"])?,
        idempotency: Idempotency::required(&headers, &route, caller.partner()?, body.hash)?,
    }
    .make()
    .await
}

/// Confirm that a label is on its battery.
///
/// By what was read there: the address in its symbol and the manufacturer's serial number. Both have to fit the battery (422 names
/// what does not); where the label takes the place of another both are needed, and the old label is `replaced` in the same
/// event. For the responsible organisation and for whoever asked for the label.
#[utoipa::path(
    post, path = "/v1/units/{unitId}/labels/{labelId}/application", operation_id = "applyLabel", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("labelId" = String, Path, description = "The label"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::LabelApplied, example = json!({"carrier": "https://id.example.eu/32XZAJ4P21M1MZ0N3RQA/8V4K2M0XQ7", "serialNumber": "EV60-000123", "reason": "new label put on after the repair"})),
    responses((status = 200, description = "The label as it is now", body = web::described::ChangedLabel), (status = "default", response = Problem))
)]
pub(crate) async fn apply(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(place): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let way = Way {
        name: "application",
        event_type: "label-applied",
        members: &["carrier", "serialNumber"],
    };
    let asked = Asked::Applied(ReadOff::of_body(&body.json)?);
    change(&platform, &caller, place, &headers, &body, (way, asked)).await
}

/// Revoke a label.
///
/// For a label that was lost before use, misprinted or stolen. It still leads to the unit, and says that it was revoked.
#[utoipa::path(
    post, path = "/v1/units/{unitId}/labels/{labelId}/revocation", operation_id = "revokeLabel", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("labelId" = String, Path, description = "The label"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "roll of labels lost in transport"})),
    responses((status = 200, description = "The label as it is now", body = web::described::ChangedLabel), (status = "default", response = Problem))
)]
pub(crate) async fn revoke(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(place): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let way = Way::of("revocation", "label-revoked");
    change(
        &platform,
        &caller,
        place,
        &headers,
        &body,
        (way, Asked::Move),
    )
    .await
}

/// Record that a label was destroyed.
///
/// It is not applied again; where it turns up all the same, its scan says that it was destroyed. Whoever is not responsible for the
/// battery brings a record of the destruction, and the responsible organisation approves (202).
#[utoipa::path(
    post, path = "/v1/units/{unitId}/labels/{labelId}/destruction", operation_id = "destroyLabel", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("labelId" = String, Path, description = "The label"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "misprinted roll shredded"})),
    responses((status = 200, description = "The label as it is now", body = web::described::ChangedLabel), (status = 202, description = "It waits for the responsible organisation", body = web::described::ChangedLabel), (status = "default", response = Problem))
)]
pub(crate) async fn destroy(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(place): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let way = Way::of("destruction", "label-destroyed");
    change(
        &platform,
        &caller,
        place,
        &headers,
        &body,
        (way, Asked::Move),
    )
    .await
}

/// Warn that a label may have been copied.
///
/// By the responsible organisation: from then on every scan of the label says so. Whoever else suspects it tells that organisation
/// (202), and nothing is shown unless it approves.
#[utoipa::path(
    post, path = "/v1/units/{unitId}/labels/{labelId}/suspicion", operation_id = "suspectLabel", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("labelId" = String, Path, description = "The label"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "scanned in six countries within a day"})),
    responses((status = 200, description = "The label as it is now", body = web::described::ChangedLabel), (status = 202, description = "It waits for the responsible organisation", body = web::described::ChangedLabel), (status = "default", response = Problem))
)]
pub(crate) async fn suspect(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(place): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let way = Way::of("suspicion", "label-suspected");
    change(
        &platform,
        &caller,
        place,
        &headers,
        &body,
        (way, Asked::Move),
    )
    .await
}

/// Lift a suspicion.
///
/// It proved wrong: the label is again what it was before.
#[utoipa::path(
    post, path = "/v1/units/{unitId}/labels/{labelId}/clearance", operation_id = "clearLabel", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("labelId" = String, Path, description = "The label"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "a trade fair: the scans were visitors'"})),
    responses((status = 200, description = "The label as it is now", body = web::described::ChangedLabel), (status = "default", response = Problem))
)]
pub(crate) async fn clear(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(place): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let way = Way::of("clearance", "label-cleared");
    change(
        &platform,
        &caller,
        place,
        &headers,
        &body,
        (way, Asked::Move),
    )
    .await
}

/// Approve what was asked for.
///
/// Carries out what waits with the label (`awaiting`), with its event. For the responsible organisation.
#[utoipa::path(
    post, path = "/v1/units/{unitId}/labels/{labelId}/approval", operation_id = "approveLabelChange", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("labelId" = String, Path, description = "The label"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "the photos show our battery"})),
    responses((status = 200, description = "The label as it is now", body = web::described::ChangedLabel), (status = "default", response = Problem))
)]
pub(crate) async fn approve(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(place): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let decided = (
        Way::of("approval", "label-issued"),
        Asked::Decided { approved: true },
    );
    change(&platform, &caller, place, &headers, &body, decided).await
}

/// Refuse what was asked for.
///
/// What waits with the label is dropped; a label that was only asked for is `refused`. For the responsible organisation.
#[utoipa::path(
    post, path = "/v1/units/{unitId}/labels/{labelId}/refusal", operation_id = "refuseLabelChange", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("labelId" = String, Path, description = "The label"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "the serial number in the photo is another battery's"})),
    responses((status = 200, description = "The label as it is now", body = web::described::ChangedLabel), (status = "default", response = Problem))
)]
pub(crate) async fn refuse(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(place): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let decided = (
        Way::of("refusal", "label-refused"),
        Asked::Decided { approved: false },
    );
    change(&platform, &caller, place, &headers, &body, decided).await
}

/// A route that changes a label.
struct Way {
    /// The end of its path.
    name: &'static str,
    /// The event type it stands for.
    event_type: &'static str,
    /// The members of its body beside those that every change has.
    members: &'static [&'static str],
}

impl Way {
    const fn of(name: &'static str, event_type: &'static str) -> Self {
        Self {
            name,
            event_type,
            members: &[],
        }
    }
}

async fn change(
    platform: &Platform,
    caller: &Caller,
    (unit, label): (String, String),
    headers: &HeaderMap,
    body: &Body,
    (way, asked): (Way, Asked),
) -> Result<Response, Problem> {
    let unit = unit_id(&unit)?;
    let label = label_id(&label)?;
    let route = format!("POST /v1/units/{unit}/labels/{label}/{}", way.name);
    LabelRequest {
        platform,
        caller,
        unit,
        label,
        asked,
        provenance: Provenance::of_body(&body.json, Some(way.event_type), way.members)?,
        idempotency: Idempotency::required(headers, &route, caller.partner()?, body.hash)?,
    }
    .make()
    .await
}

pub(crate) fn label_id(text: &str) -> Result<LabelId, Problem> {
    LabelId::parse(text)
        .map_err(|error| Problem::malformed(format!("this is not a label id: {error}")))
}

/// A unit of the calling organisation; for anybody else it does not exist.
async fn own_unit(
    platform: &Platform,
    caller: &Caller,
    unit: UnitId,
) -> Result<OpenRecord, Problem> {
    caller.partner()?;
    platform
        .store
        .open_for_change(&Subject::Unit(unit))
        .await?
        .filter(|record| caller.answers_for(&record.head))
        .ok_or_else(no_such_unit)
}

/// A label that the caller may print: one in force, of a unit of its organisation or asked for by it. Of any other, what became of
/// it.
pub(crate) async fn printable(
    platform: &Platform,
    caller: &Caller,
    unit: UnitId,
    wanted: LabelId,
) -> Result<Label, Problem> {
    let responsible = own_unit(platform, caller, unit).await;
    let labels = platform.store.labels(unit).await?;
    let label = labels.into_iter().find(|label| label.label == wanted);
    let ordered = label.as_ref().and_then(|label| label.ordered_by.as_deref());
    if !ordered.is_some_and(|organisation| caller.acts_for(organisation)) {
        responsible?;
    }
    let label = label.ok_or_else(never_issued)?;
    match label.state.is_in_force() {
        true => Ok(label),
        false => Err(Problem::conflict(what_became(&label))),
    }
}
