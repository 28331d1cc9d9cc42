//! Passports and what happens to them.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use identity::UnitId;
use passport::{Category, Level};
use serde_json::{Map, Value};
use storage::{Change, CommitError, Earlier, Facts, RecordStatus, Subject, SubjectChange};
use uuid::Uuid;
use web::{
    Body, Caller, Decision, Idempotency, Partner, Path, Platform, Precondition, Problem, Profiled,
    Provenance, Query, Represented, now,
};

use crate::change::{Changed, RecordChange, answer, repeat, visible_record};
use crate::interchange;
use crate::rules::{changed_classes, may_write, set_battery_status};
use crate::validation::Proposal;

/// Create a passport (EN 18222 `CreateDPP`).
///
/// The body is the compressed EN 18223 form: `uniqueProductIdentifier` names the unit, every other member is a group of
/// attributes of this one battery; with `representation=full` they come as `elements`. The rest of the header is derived: it
/// may be sent along where it says what will be derived, in any case of letters, and is refused where it says anything else.
/// The reason comes in a header. Nobody else knows of a draft; once its battery is on the market, its history is told from the
/// first value on, in the classes that each may read.
///
/// With a profile of `/docs/formats` in `Content-Type`, the body is a document of that format, with `application/ld+json`
/// what the platform gives out as that: what it says of the battery is taken over, `import` names what was not, and why. The
/// unit is the one that `DPP-Unit` names, else the document itself.
#[utoipa::path(
    post, path = "/v1/dpps", operation_id = "createDPP", tag = "updater", security(("bearer" = [])),
    params(("representation" = Option<String>, Query, description = "The form of the body: `compressed` (the default) or `full`"), ("DPP-Reason" = String, Header, description = "Why; percent-encoded UTF-8"), ("DPP-Unit" = Option<String>, Header, description = "The unit, or its URL, where the body is of another format"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe")),
    request_body(content = web::described::NewPassport, example = json!({"uniqueProductIdentifier": "https://id.example.eu/32XZAJ4P21M1MZ0N3RQA", "identification": {"serialNumber": "EV-000001"}})),
    responses((status = 201, description = "The passport is written, as a draft", body = interchange::Created), (status = "default", response = Problem))
)]
pub(crate) async fn create(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Query(query): Query<Represented>,
    headers: HeaderMap,
    Profiled { body, foreign }: Profiled,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let (mut document, mut hash) = (body.json, body.hash);
    let (unit, category, report) = match foreign {
        None => {
            document = query.representation.compressed(&platform.site, document)?;
            without_derived(&mut document, &draft_header(principal))?;
            (named_unit(&platform, &mut document).await?, None, None)
        }
        Some(foreign) => {
            let brought = interchange::brought(&platform, &foreign, document, Level::Item)?;
            let unit = unit_of(&platform, &headers, brought.product.as_deref()).await?;
            // The unit is a part of what is asked, wherever it is named.
            hash = ledger::Sha256::of(format!("{hash} {unit}").as_bytes());
            document = brought.values;
            (unit, Some(brought.category), Some(brought.report))
        }
    };
    let idempotency = Idempotency::optional(&headers, "POST /v1/dpps", principal, hash)?;
    let creation = Creation {
        platform: &platform,
        caller: &caller,
        provenance: Provenance::of_headers(&headers, Some("passport-created"))?,
        idempotency: &idempotency,
        id: Uuid::new_v4(),
        unit,
        category,
        document,
    };
    let response = idempotency.decide(&platform.store, &creation).await?;
    interchange::reported(response, report).await
}

/// A passport that is to be.
struct Creation<'a> {
    platform: &'a Platform,
    caller: &'a Caller,
    provenance: Provenance,
    idempotency: &'a Idempotency,
    id: Uuid,
    unit: UnitId,
    /// The category that the document is for, where it says so.
    category: Option<Category>,
    document: Map<String, Value>,
}

impl Decision for Creation<'_> {
    type Done = Response;

    async fn attempt(&self) -> Result<Option<Response>, Problem> {
        let Self {
            platform,
            caller,
            provenance,
            unit,
            ..
        } = self;
        let store = &platform.store;
        let principal = caller.partner()?;
        let unit_record = visible_record(platform, caller, &Subject::Unit(*unit)).await?;
        let role = access::may_raise(
            principal,
            &provenance.event_type.id,
            provenance.event_type.permits(),
            &unit_record.head.standing(),
        )?;
        let mut unit_facts = unit_record.head.facts.clone();
        let Facts::Unit {
            carrier_host,
            model,
            batch,
            passport,
            ..
        } = &mut unit_facts
        else {
            return Err(Problem::internal("a unit without a unit's facts"));
        };
        if let Some(earlier) = passport.replace(self.id) {
            replaceable(platform, *unit, earlier).await?;
        }
        let model_record = visible_record(platform, caller, &Subject::Model(*model)).await?;
        let (_, category) = crate::rules::level_and_category(&model_record.head.facts);
        if let Some(said) = self.category.filter(|said| *said != category) {
            return Err(Problem::conflict(format!(
                "the document is of a battery of the category `{said}`, the unit's model is `{category}`"
            )));
        }
        let facts = Facts::Passport {
            unit: *unit,
            carrier_host: carrier_host.clone(),
            model: *model,
            batch: *batch,
            category,
            status: RecordStatus::Draft,
            placed_on_market_at: None,
            operator: None,
            recalls: Vec::new(),
            life: Box::default(),
            catalogue: passport::catalogue().newest().id.clone(),
        };
        let own = unit_record.head.standing();
        may_write(
            provenance.event_type,
            Level::Item,
            access::writable(principal, &own),
            &self.document,
        )?;
        let at = now();
        let mut document = self.document.clone();
        if let Some(status) = provenance.event_type.sets_battery_status() {
            set_battery_status(&mut document, status, at);
        }
        let warnings = Proposal {
            platform,
            caller,
            classes: access::reading(Some(principal), &own).classes,
            contributor: None,
            event_type: provenance.event_type,
            at,
            earlier: None,
            facts: &facts,
            before: &Map::new(),
            after: &document,
        }
        .checked()
        .await?;
        let classes = changed_classes(&Map::new(), Some(&document));
        let event = provenance.event(store, principal, role, classes).await?;
        let location = format!("/v1/dpps/{}", self.id);
        let change = Change::new(
            vec![
                SubjectChange {
                    subject: Subject::Passport(self.id),
                    before: None,
                    organisation: unit_record.head.organisation.clone(),
                    facts,
                    document: Some(document),
                    event: event.clone(),
                    labels: Vec::new(),
                },
                SubjectChange {
                    subject: Subject::Unit(*unit),
                    organisation: unit_record.head.organisation.clone(),
                    before: Some(unit_record),
                    facts: unit_facts,
                    document: None,
                    event,
                    labels: Vec::new(),
                },
            ],
            self.idempotency.row(StatusCode::CREATED, &location),
        );
        match store.commit(&platform.site.log(), change, at).await {
            Ok(receipts) => Ok(receipts.first().map(|receipt| {
                let proof = Some(receipt.to_string());
                answer(
                    platform,
                    StatusCode::CREATED,
                    &location,
                    &receipt.head,
                    caller,
                    proof,
                    warnings,
                )
            })),
            Err(CommitError::Answered(earlier)) => self.repeat(earlier).await.map(Some),
            Err(CommitError::Stale) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn repeat(&self, earlier: Earlier) -> Result<Response, Problem> {
        repeat(self.platform, self.caller, &earlier).await
    }
}

/// A unit has one passport; only a draft that was withdrawn before its battery reached the market makes room for another.
async fn replaceable(platform: &Platform, unit: UnitId, passport: Uuid) -> Result<(), Problem> {
    let record = platform.store.record(&Subject::Passport(passport)).await?;
    if record.is_some_and(|record| record.head.facts.is_withdrawn()) {
        return Ok(());
    }
    Err(Problem::conflict(format!(
        "unit `{unit}` has a passport already: {}",
        platform.site.passport_identifier(passport)
    )))
}

/// Change a passport (EN 18222 `UpdateDPPById`).
///
/// The body is an RFC 7396 merge patch of the groups, with `representation=full` as `elements`; event type, reason and
/// evidence come in headers. All or nothing.
#[utoipa::path(
    patch, path = "/v1/dpps/{dppId}", operation_id = "updateDPPById", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("representation" = Option<String>, Query, description = "The form of the body: `compressed` (the default) or `full`"), ("DPP-Event-Type" = String, Header, description = "An event type of the catalogue"), ("DPP-Reason" = String, Header, description = "Why; percent-encoded UTF-8"), ("DPP-Evidence" = Option<String>, Header, description = "Evidence ids, comma-separated"), ("If-Match" = Option<String>, Header, description = "The `ETag` it was read with")),
    request_body(content = web::described::PassportChange, example = json!({"condition": {"stateOfCharge": {"value": 54, "unit": "%", "measuredAt": "2027-06-01T08:00:00Z"}}})),
    responses((status = 200, description = "The change is written", body = Changed), (status = "default", response = Problem))
)]
pub(crate) async fn change(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    Query(query): Query<Represented>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let id = platform.passport_id(&id)?;
    let mut patch = query.representation.compressed(&platform.site, body.json)?;
    without_derived(&mut patch, &standing_header(&platform, id))?;
    let location = format!("/v1/dpps/{id}");
    let idempotency =
        Idempotency::optional(&headers, &format!("PATCH {location}"), principal, body.hash)?;
    RecordChange {
        platform: &platform,
        caller: &caller,
        subject: Subject::Passport(id),
        provenance: Provenance::of_headers(&headers, None)?,
        patch: Some(patch),
        transfer: None,
        contribution: None,
        precondition: Precondition::of(&headers),
        idempotency,
        location,
        status: StatusCode::OK,
    }
    .make()
    .await
}

/// Archive a passport (EN 18222 `DeleteDPPById`).
///
/// It is withdrawn from use and kept: nothing is destroyed.
#[utoipa::path(
    delete, path = "/v1/dpps/{dppId}", operation_id = "deleteDPPById", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("DPP-Reason" = String, Header, description = "Why; percent-encoded UTF-8")),
    responses((status = 200, description = "The passport is archived", body = Changed), (status = "default", response = Problem))
)]
pub(crate) async fn archive(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let id = platform.passport_id(&id)?;
    let location = format!("/v1/dpps/{id}");
    let nothing = ledger::Sha256::of(b"");
    let idempotency =
        Idempotency::optional(&headers, &format!("DELETE {location}"), principal, nothing)?;
    RecordChange {
        platform: &platform,
        caller: &caller,
        subject: Subject::Passport(id),
        provenance: Provenance::of_headers(&headers, Some("passport-archived"))?,
        patch: None,
        transfer: None,
        contribution: None,
        precondition: Precondition::of(&headers),
        idempotency,
        location,
        status: StatusCode::OK,
    }
    .make()
    .await
}

/// Record what happened to a battery.
///
/// A lifecycle event with its type, reason, evidence and, where it has any, the values it changed (`changes`, an RFC 7396
/// merge patch).
#[utoipa::path(
    post, path = "/v1/dpps/{dppId}/events", operation_id = "raiseEvent", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::LifecycleEvent, example = json!({"type": "repair", "occurredAt": "2027-06-01T08:00:00Z", "reason": "contactor exchanged", "evidence": ["5a0c2c0e-6f3e-4f5e-9a1c-2f5a1f0d8a11"]})),
    responses((status = 201, description = "The event is written", body = Changed), (status = "default", response = Problem))
)]
pub(crate) async fn raise_event(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let id = platform.passport_id(&id)?;
    let route = format!("POST /v1/dpps/{id}/events");
    let patch = match body.json.get("changes") {
        Some(_) => Some(web::member(&body.json, "changes")?.clone()),
        None => None,
    };
    RecordChange {
        platform: &platform,
        caller: &caller,
        subject: Subject::Passport(id),
        provenance: Provenance::of_body(&body.json, None, &["changes"])?,
        patch,
        transfer: None,
        contribution: None,
        precondition: Precondition::of(&headers),
        idempotency: Idempotency::required(&headers, &route, principal, body.hash)?,
        location: format!("/v1/dpps/{id}"),
        status: StatusCode::CREATED,
    }
    .make()
    .await
}

/// Members of the EN 18223 header that are derived and so cannot be typed in, by every name they go by.
const DERIVED: [&str; 9] = [
    "digitalProductPassportId",
    "granularity",
    "dppSchemaVersion",
    "dppStatus",
    "lastUpdated",
    "lastUpdate",
    "economicOperatorId",
    "facilityId",
    "contentSpecificationIds",
];

/// Refuses what is derived.
pub(crate) fn refuse_derived<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<(), Problem> {
    let derived: Vec<String> = names
        .into_iter()
        .filter(|name| DERIVED.contains(name) || *name == PRODUCT)
        .map(|name| format!("`{name}`"))
        .collect();
    if derived.is_empty() {
        return Ok(());
    }
    Err(Problem::malformed(format!(
        "derived, so leave it out: {}",
        derived.join(", ")
    )))
}

const PRODUCT: &str = "uniqueProductIdentifier";

/// What a new passport's header will say.
fn draft_header(principal: &access::Principal) -> [(&'static str, String); 4] {
    [
        ("granularity", Level::Item.to_string()),
        ("dppSchemaVersion", passport::SCHEMA_VERSION.to_owned()),
        ("dppStatus", "inactive".to_owned()),
        ("economicOperatorId", principal.organisation.clone()),
    ]
}

/// What the header of a passport says for good.
fn standing_header(platform: &Platform, id: Uuid) -> [(&'static str, String); 3] {
    [
        ("granularity", Level::Item.to_string()),
        ("dppSchemaVersion", passport::SCHEMA_VERSION.to_owned()),
        (
            "digitalProductPassportId",
            platform.site.passport_identifier(id),
        ),
    ]
}

/// Takes out the derived members that say what is derived anyway, words in any case of letters; refuses the others.
fn without_derived(
    document: &mut Map<String, Value>,
    derived: &[(&'static str, String)],
) -> Result<(), Problem> {
    for (name, expected) in derived {
        let said = document.get(*name).and_then(Value::as_str);
        if said.is_some_and(|said| said.eq_ignore_ascii_case(expected)) {
            document.shift_remove(*name);
        }
    }
    let left = DERIVED
        .into_iter()
        .filter(|name| document.contains_key(*name));
    refuse_derived(left)
}

/// The unit that a document of another format goes to: the one a header names, else the one the document names, if it is ours.
async fn unit_of(
    platform: &Platform,
    headers: &HeaderMap,
    product: Option<&str>,
) -> Result<UnitId, Problem> {
    let named = headers.get("dpp-unit").and_then(|unit| unit.to_str().ok());
    let named = named
        .or(product)
        .ok_or_else(|| Problem::malformed("expected the unit's URL, or its id, in `DPP-Unit`"))?;
    platform.unit_id(named).await
}

/// Takes the unit out of the payload and leaves the groups.
async fn named_unit(
    platform: &Platform,
    document: &mut Map<String, Value>,
) -> Result<UnitId, Problem> {
    let named = document
        .shift_remove(PRODUCT)
        .and_then(|value| value.as_str().map(str::to_owned))
        .ok_or_else(|| {
            Problem::malformed("expected the unit's URL, or its id, in `uniqueProductIdentifier`")
        })?;
    platform.unit_id(&named).await
}
