//! A further life (Article 77(7), first subparagraph): a new passport, linked to the one or the several before it.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use identity::{LabelId, UnitId};
use passport::Fault;
use serde::Serialize;
use serde_json::{Map, Value};
use storage::{CommitError, Earlier, Facts, Head, MAX_SUBJECTS, Subject, fill_random};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    Body, Decision, Idempotency, Partner, Path, Platform, Problem, Provenance, now, written,
};

use crate::succession::{Next, Product, Succession};

/// Members of the request beside type, reason, evidence and time.
const MEMBERS: [&str; 6] = [
    "publicReason",
    "predecessors",
    "units",
    "model",
    "batch",
    "data",
];

/// Start a further life.
///
/// `type` is `reused`, `repurposed` or `remanufactured`. One-to-one the battery keeps its unit id and gets a further label. With
/// `units` (a list of `{"data": …}`) it is split into so many new units, with `predecessors` it is merged with those into one new
/// unit. Each new passport is a draft with `data`, of the same model or of your own `model` or `batch`; `publicReason` stands in
/// its public history, so it says nothing of the battery's past. The passports before stay in force until a successor is placed on
/// the market. One transaction touches 12 subjects at most; where much data make it too large, give the rest to the drafts.
#[utoipa::path(
    post, path = "/v1/dpps/{dppId}/successors", operation_id = "startSuccessors", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::NewSuccessors, example = json!({"type": "repurposed", "reason": "second life as a stationary store", "publicReason": "type released, series 3", "evidence": ["5a0c2c0e-6f3e-4f5e-9a1c-2f5a1f0d8a11"], "data": {"identification": {"serialNumber": "SL-000001"}}})),
    responses((status = 201, description = "The successors, as drafts", body = Successors), (status = "default", response = Problem))
)]
pub(crate) async fn start(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let passport = platform.passport_id(&id)?;
    let route = format!("POST /v1/dpps/{passport}/successors");
    let idempotency = Idempotency::required(&headers, &route, caller.partner()?, body.hash)?;
    let provenance = Provenance::of_body(&body.json, None, &MEMBERS)?;
    if provenance.event_type.starts_successor().is_none() {
        return Err(Problem::malformed(format!(
            "`{}` starts no further life: expected `reused`, `repurposed` or `remanufactured` in `type`",
            provenance.event_type.id
        )));
    }
    let predecessors = predecessors(&body.json, passport)?;
    let request = Request {
        succession: Succession {
            platform: &platform,
            caller: &caller,
            public_reason: public_reason(&body.json)?,
            product: product(&body.json)?,
            next: next(&body.json, predecessors.len() > 1)?,
            predecessors,
            provenance,
        },
        passport,
        idempotency: &idempotency,
    };
    let subjects = request.succession.subjects();
    if subjects > MAX_SUBJECTS {
        return Err(Problem::malformed(format!(
            "this would change {subjects} passports and units at once, {MAX_SUBJECTS} are the most: do it in several steps"
        )));
    }
    idempotency.decide(&platform.store, &request).await
}

struct Request<'a> {
    succession: Succession<'a>,
    passport: Uuid,
    idempotency: &'a Idempotency,
}

impl Decision for Request<'_> {
    type Done = Response;

    async fn attempt(&self) -> Result<Option<Response>, Problem> {
        let platform = self.succession.platform;
        let begun: Vec<String> = self.succession.next.iter().map(Next::name).collect();
        // What was begun stands in the fragment, so that a repeated request is answered with the same.
        let location = format!("/v1/dpps/{}/lineage#{}", self.passport, begun.join(","));
        let request = self.idempotency.row(StatusCode::CREATED, &location);
        let at = now();
        let change = self.succession.change(request, at).await?;
        match platform
            .store
            .commit(&platform.site.log(), change, at)
            .await
        {
            Ok(receipts) => {
                let receipt = receipts.first().map(ToString::to_string);
                let warnings = self.succession.other_battery().into_iter().collect();
                self.answer(StatusCode::CREATED, &location, receipt, warnings)
                    .await
                    .map(Some)
            }
            Err(CommitError::Answered(earlier)) => self.repeat(earlier).await.map(Some),
            Err(CommitError::Stale) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn repeat(&self, earlier: Earlier) -> Result<Response, Problem> {
        let status = StatusCode::from_u16(earlier.status).map_err(Problem::internal)?;
        self.answer(status, &earlier.location, earlier.receipt, Vec::new())
            .await
    }
}

impl Request<'_> {
    /// The successors that the location names, as they are now.
    async fn answer(
        &self,
        status: StatusCode,
        location: &str,
        receipt: Option<String>,
        warnings: Vec<Fault>,
    ) -> Result<Response, Problem> {
        let (platform, caller) = (self.succession.platform, self.succession.caller);
        let (location, begun) = location.split_once('#').unwrap_or((location, ""));
        let mut successors = Vec::new();
        for id in begun.split(',').filter_map(|id| Uuid::parse_str(id).ok()) {
            let head = platform.store.record(&Subject::Passport(id)).await?;
            let head = head.map(|record| record.head);
            if let Some(head) = head.filter(|head| caller.answers_for(head)) {
                successors.push(successor(platform, id, &head).await?);
            }
        }
        Ok(written(
            status,
            location,
            receipt,
            Successors {
                successors,
                warnings,
            },
        ))
    }
}

/// The passports that were started.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Successors {
    /// Each with its unit, and with the label to put on it.
    successors: Vec<Successor>,
    /// What is odd about them and yet may be so. A repeated request is answered without it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>, required = false)]
    warnings: Vec<Fault>,
}

/// A passport of a further life.
#[derive(Debug, Serialize, ToSchema)]
struct Successor {
    /// Its id.
    id: Uuid,
    /// Where it is read.
    location: String,
    /// Its battery: the same, or a new unit.
    #[schema(value_type = String)]
    unit: UnitId,
    /// The label to put on the battery for it.
    #[schema(value_type = String, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<LabelId>,
    /// What the label's symbol holds.
    carrier: String,
}

async fn successor(platform: &Platform, id: Uuid, head: &Head) -> Result<Successor, Problem> {
    let Facts::Passport {
        unit, carrier_host, ..
    } = &head.facts
    else {
        return Err(Problem::internal("a successor that is no passport"));
    };
    let label = crate::succession::newest_label(&platform.store.labels(*unit).await?);
    Ok(Successor {
        id,
        location: format!("/v1/dpps/{id}"),
        unit: *unit,
        label,
        carrier: platform
            .site
            .carrier(carrier_host.as_ref(), *unit, label)
            .url(),
    })
}

/// The passport in the path and those it is merged with.
fn predecessors(json: &Map<String, Value>, first: Uuid) -> Result<Vec<Uuid>, Problem> {
    let mut all = vec![first];
    let others = match json.get("predecessors") {
        None => &Vec::new(),
        Some(Value::Array(others)) => others,
        Some(_) => {
            return Err(Problem::malformed(
                "expected a list of passports' UUIDs in `predecessors`",
            ));
        }
    };
    for other in others {
        let id = other.as_str().and_then(|text| Uuid::parse_str(text).ok());
        match id {
            Some(id) if !all.contains(&id) => all.push(id),
            Some(id) => {
                return Err(Problem::malformed(format!(
                    "`{id}` comes twice among the predecessors"
                )));
            }
            None => {
                return Err(Problem::malformed(
                    "expected a passport's UUID in each of `predecessors`",
                ));
            }
        }
    }
    Ok(all)
}

fn next(json: &Map<String, Value>, merged: bool) -> Result<Vec<Next>, Problem> {
    let data = match json.get("data") {
        Some(_) => web::member(json, "data")?.clone(),
        None => Map::new(),
    };
    let Some(units) = json.get("units") else {
        let unit = match merged {
            true => Some(UnitId::from_random(random()?)),
            false => None,
        };
        return Ok(vec![Next::new(unit, data)?]);
    };
    if merged || json.contains_key("data") {
        return Err(Problem::malformed(
            "give `units` to split, or `predecessors` and `data` to merge, or `data` alone; not several of them",
        ));
    }
    let units = units
        .as_array()
        .filter(|units| units.len() > 1)
        .ok_or_else(|| {
            Problem::malformed(
                "expected a list of at least two new units in `units`, each `{\"data\": {…}}`",
            )
        })?;
    units
        .iter()
        .map(|unit| {
            let data = match unit.as_object() {
                Some(unit) if unit.keys().all(|name| name == "data") => unit.get("data"),
                _ => {
                    return Err(Problem::malformed(
                        "expected `{\"data\": {…}}` in each of `units`",
                    ));
                }
            };
            let data = match data {
                None => Map::new(),
                Some(Value::Object(data)) => data.clone(),
                Some(_) => {
                    return Err(Problem::malformed(
                        "expected an object in `data` of each of `units`",
                    ));
                }
            };
            Next::new(Some(UnitId::from_random(random()?)), data)
        })
        .collect()
}

fn product(json: &Map<String, Value>) -> Result<Product, Problem> {
    match (json.contains_key("model"), json.contains_key("batch")) {
        (true, true) => Err(Problem::malformed(
            "give `batch` or `model`, not both: a batch has its model",
        )),
        (true, false) => web::required_uuid(json, "model").map(Product::Model),
        (false, true) => web::required_uuid(json, "batch").map(Product::Batch),
        (false, false) => Ok(Product::Carried),
    }
}

/// Read by everybody in the new passport's history, and so no place for what the request's own reason says.
fn public_reason(json: &Map<String, Value>) -> Result<String, Problem> {
    const LONGEST: usize = 2_000;
    let reason = web::required_text(json, "publicReason")?;
    if reason.chars().count() > LONGEST || !passport::is_plain_text(reason) {
        return Err(Problem::malformed(format!(
            "`publicReason` has at most {LONGEST} characters and no control or invisible ones"
        )));
    }
    Ok(reason.to_owned())
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    fill_random(&mut bytes)?;
    Ok(bytes)
}
