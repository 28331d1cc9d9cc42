//! Identifiers from elsewhere: GS1 keys, DIDs, identification links, an organisation's own serial numbers.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use identity::{Alias, DigitalLink};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::{Facts, LinkedAlias, OpenRecord, Subject};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    Body, Caller, Counted, Idempotency, Partner, Path, Platform, Problem, Provenance, Query, Slice,
};

use crate::identity_change::{IdentityChange, Outcome};
use crate::units::unit_id;

/// The members of a request that name an identifier: one of them.
const MEMBERS: [&str; 2] = ["alias", "serialNumber"];

/// The identifiers of a unit, model or batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Aliases {
    /// In their canonical form, since when they are linked.
    #[schema(value_type = Vec<web::described::UnitAlias>)]
    aliases: Vec<LinkedAlias>,
    /// Sent as `cursor` it asks for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// Link an identifier with a unit.
///
/// Another identifier of the battery: a GS1 Digital Link (GTIN of its model and serial number, or a GIAI), a DID, or an
/// identification link (IEC 61406-1) in `alias`; a serial number of your own, unique within your organisation, in
/// `serialNumber`. Each names one battery, for good. A GS1 key has to begin with a company prefix of your organisation, and leads
/// to the battery from when it is on the market.
#[utoipa::path(
    post, path = "/v1/units/{unitId}/aliases", operation_id = "linkUnitAlias", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::NewAlias, example = json!({"alias": "https://id.example.eu/01/09521234000013/21/SN-4711", "reason": "serial number engraved at the end of the line"})),
    responses((status = 201, description = "The identifier, in its canonical form", body = web::described::Linked), (status = "default", response = Problem))
)]
pub(crate) async fn link_unit(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(unit): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let unit = unit_id(&unit)?;
    let path = format!("/v1/units/{unit}/aliases");
    link(
        &platform,
        &caller,
        &headers,
        &body,
        Subject::Unit(unit),
        path,
    )
    .await
}

/// Link a GTIN with a model.
///
/// Its trade item number as a GS1 Digital Link. From then on the GTIN leads everybody to what is public of the model, and unit ids
/// and serial numbers can follow it.
#[utoipa::path(
    post, path = "/v1/models/{id}/aliases", operation_id = "linkModelAlias", tag = "allocator", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::NewAlias, example = json!({"alias": "https://id.example.eu/01/09521234000013", "reason": "GTIN assigned"})),
    responses((status = 201, description = "The identifier, in its canonical form", body = web::described::Linked), (status = "default", response = Problem))
)]
pub(crate) async fn link_model(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let path = format!("/v1/models/{id}/aliases");
    link(
        &platform,
        &caller,
        &headers,
        &body,
        Subject::Model(id),
        path,
    )
    .await
}

/// Link a lot number with a batch.
///
/// GTIN of its model and lot number as a GS1 Digital Link, which leads everybody to what is public of the batch.
#[utoipa::path(
    post, path = "/v1/batches/{id}/aliases", operation_id = "linkBatchAlias", tag = "allocator", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::NewAlias, example = json!({"alias": "https://id.example.eu/01/09521234000013/10/2027-03", "reason": "lot number printed on the cartons"})),
    responses((status = 201, description = "The identifier, in its canonical form", body = web::described::Linked), (status = "default", response = Problem))
)]
pub(crate) async fn link_batch(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let path = format!("/v1/batches/{id}/aliases");
    link(
        &platform,
        &caller,
        &headers,
        &body,
        Subject::Batch(id),
        path,
    )
    .await
}

/// List the identifiers of a unit.
///
/// For the responsible organisation.
#[utoipa::path(
    get, path = "/v1/units/{unitId}/aliases", operation_id = "listUnitAliases", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("limit" = Option<u16>, Query, description = Slice::LIMIT), ("cursor" = Option<String>, Query, description = Slice::CURSOR)),
    responses((status = 200, description = "What it is also known by", body = Aliases), (status = "default", response = Problem))
)]
pub(crate) async fn of_unit(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(unit): Path<String>,
    Query(page): Query<Page>,
) -> Result<Counted<Json<Aliases>>, Problem> {
    list(&platform, &caller, &page, Subject::Unit(unit_id(&unit)?)).await
}

/// List the identifiers of a model.
///
/// For the responsible organisation.
#[utoipa::path(
    get, path = "/v1/models/{id}/aliases", operation_id = "listModelAliases", tag = "allocator", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model"), ("limit" = Option<u16>, Query, description = Slice::LIMIT), ("cursor" = Option<String>, Query, description = Slice::CURSOR)),
    responses((status = 200, description = "What it is also known by", body = Aliases), (status = "default", response = Problem))
)]
pub(crate) async fn of_model(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<Uuid>,
    Query(page): Query<Page>,
) -> Result<Counted<Json<Aliases>>, Problem> {
    list(&platform, &caller, &page, Subject::Model(id)).await
}

/// List the identifiers of a batch.
///
/// For the responsible organisation.
#[utoipa::path(
    get, path = "/v1/batches/{id}/aliases", operation_id = "listBatchAliases", tag = "allocator", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch"), ("limit" = Option<u16>, Query, description = Slice::LIMIT), ("cursor" = Option<String>, Query, description = Slice::CURSOR)),
    responses((status = 200, description = "What it is also known by", body = Aliases), (status = "default", response = Problem))
)]
pub(crate) async fn of_batch(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<Uuid>,
    Query(page): Query<Page>,
) -> Result<Counted<Json<Aliases>>, Problem> {
    list(&platform, &caller, &page, Subject::Batch(id)).await
}

/// Which page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    limit: Option<String>,
    cursor: Option<String>,
}

async fn list(
    platform: &Platform,
    caller: &Caller,
    page: &Page,
    subject: Subject,
) -> Result<Counted<Json<Aliases>>, Problem> {
    let slice = Slice::of(page.limit.as_deref(), page.cursor.as_deref())?;
    let record = platform.store.open_for_change(&subject).await?;
    record
        .filter(|record| caller.answers_for(&record.head))
        .ok_or_else(crate::identity_change::unknown)?;
    let (aliases, next) = slice.cut(platform.store.aliases(&subject).await?);
    let results = aliases.len();
    Ok(Counted::of(results, Json(Aliases { aliases, next })))
}

async fn link(
    platform: &Platform,
    caller: &Caller,
    headers: &HeaderMap,
    body: &Body,
    subject: Subject,
    path: String,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let alias = asked(body, &principal.organisation)?;
    let organisation = platform
        .organisation(&principal.organisation)
        .await?
        .ok_or_else(|| Problem::internal("a caller without its organisation"))?;
    let model = match &subject {
        Subject::Model(_) => None,
        subject => Some(gtins(platform, subject).await?),
    };
    let provenance = Provenance::of_body(&body.json, Some("alias-linked"), &MEMBERS)?;
    let route = format!("POST {path}");
    IdentityChange {
        platform,
        caller,
        subject: subject.clone(),
        provenance,
        idempotency: Idempotency::required(headers, &route, principal, body.hash)?,
        location: path,
        status: StatusCode::CREATED,
        body: json!({"alias": alias.to_string()}),
        work: |record: &OpenRecord| {
            fits(&alias, &subject, &organisation, model.as_deref())?;
            Ok(Outcome {
                facts: linked(&record.head.facts, &alias),
                alias: Some(alias.clone()),
            })
        },
    }
    .make()
    .await
}

/// The identifier that the body names.
fn asked(body: &Body, organisation: &str) -> Result<Alias, Problem> {
    let [alias, serial] = MEMBERS.map(|name| body.json.get(name).and_then(Value::as_str));
    match (alias, serial) {
        (Some(text), None) => {
            Alias::parse(text).map_err(|error| Problem::malformed(format!("in `alias`: {error}")))
        }
        (None, Some(number)) => Alias::serial_number(organisation, number)
            .map_err(|error| Problem::malformed(format!("in `serialNumber`: {error}"))),
        _ => Err(Problem::malformed(
            "expected one identifier: a text in `alias` or in `serialNumber`",
        )),
    }
}

/// The trade item numbers of the model beneath a unit or batch.
async fn gtins(platform: &Platform, subject: &Subject) -> Result<Vec<String>, Problem> {
    let unknown = crate::identity_change::unknown;
    let record = platform
        .store
        .open_for_change(subject)
        .await?
        .ok_or_else(unknown)?;
    let (Facts::Unit { model, .. } | Facts::Batch { model, .. }) = record.head.facts else {
        return Err(unknown());
    };
    let model = platform
        .store
        .open_for_change(&Subject::Model(model))
        .await?;
    Ok(match model.map(|model| model.head.facts) {
        Some(Facts::Model { gtins, .. }) => gtins,
        _ => Vec::new(),
    })
}

/// Whether an identifier can name such a subject and is this organisation's to give.
fn fits(
    alias: &Alias,
    subject: &Subject,
    organisation: &access::Organisation,
    gtins: Option<&[String]>,
) -> Result<(), Problem> {
    let conflict = |sentence: &str| Err(Problem::conflict(sentence));
    let Alias::Gs1(link) = alias else {
        return match subject {
            Subject::Unit(_) => Ok(()),
            _ => conflict("a model or batch is known by its GS1 key alone"),
        };
    };
    if *link != link.identifying() {
        return conflict("a serial number stands right after its GTIN, a lot without a variant");
    }
    if !organisation
        .gs1_prefixes
        .iter()
        .any(|prefix| link.has_prefix(prefix))
    {
        return conflict(
            "this GS1 key begins with none of your organisation's company prefixes: ask the platform's operator to register yours",
        );
    }
    let DigitalLink::TradeItem {
        gtin, lot, serial, ..
    } = link
    else {
        return match subject {
            Subject::Unit(_) => Ok(()),
            _ => conflict("a GIAI names a single battery"),
        };
    };
    let level = match subject {
        Subject::Model(_) => lot.is_none() && serial.is_none(),
        Subject::Batch(_) => lot.is_some(),
        _ => serial.is_some(),
    };
    if !level {
        return conflict(
            "a model is known by a GTIN, a batch by GTIN and lot (AI 10), a unit by GTIN and serial number (AI 21)",
        );
    }
    if link.unit().is_some() {
        return conflict("a unit id follows its model's GTIN by itself: it need not be linked");
    }
    match gtins {
        Some(gtins) if !gtins.contains(&gtin.to_string()) => conflict(
            "this GTIN is not linked with the model: link it with `POST /v1/models/{id}/aliases` first",
        ),
        _ => Ok(()),
    }
}

/// What the head knows afterwards: a scan checks the keys of model and batch without looking them up.
fn linked(facts: &Facts, alias: &Alias) -> Facts {
    let mut facts = facts.clone();
    match (&mut facts, alias) {
        (Facts::Model { gtins, .. }, Alias::Gs1(DigitalLink::TradeItem { gtin, .. })) => {
            gtins.push(gtin.to_string());
        }
        (Facts::Batch { lots, .. }, Alias::Gs1(link)) => lots.push(link.to_string()),
        _ => {}
    }
    facts
}
