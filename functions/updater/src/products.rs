//! Models and batches: product-level data that units share.

use access::Standing;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use passport::{Category, Level, catalogue};
use serde_json::{Map, Value};
use storage::{Change, CommitError, Facts, Subject, SubjectChange};
use uuid::Uuid;
use web::{
    Body, Caller, Idempotency, Partner, Path, Platform, Precondition, Problem, Profiled,
    Provenance, member, now,
};

use crate::change::{Changed, RecordChange, answer, repeat, visible_record};
use crate::interchange::{self, Brought};
use crate::rules::{changed_classes, level_and_category, may_write};
use crate::validation::Proposal;

/// Create a model.
///
/// `data` holds its attributes by group, as the catalogue describes them.
///
/// With a profile of `/docs/formats` in `Content-Type`, the body is a document of that format, with `application/ld+json`
/// what the platform gives out as that, and the reason comes in `DPP-Reason`: what it says of the model is taken over,
/// `import` names what was not, and why.
#[utoipa::path(
    post, path = "/v1/models", operation_id = "createModel", tag = "updater", security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying"), ("DPP-Reason" = Option<String>, Header, description = "Why, where the body is of another format; percent-encoded UTF-8")),
    request_body(content = web::described::NewModel, example = json!({"category": "ev", "reason": "type released for series production", "data": {"performance": {"ratedCapacity": {"value": 230, "unit": "A.h"}}}})),
    responses((status = 201, description = "The model is written", body = interchange::Created), (status = "default", response = Problem))
)]
pub(crate) async fn create_model(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    headers: HeaderMap,
    Profiled { body, foreign }: Profiled,
) -> Result<Response, Problem> {
    let (category, provenance, document, report) = match foreign {
        None => {
            let members = ["category", "data"];
            let provenance = Provenance::of_body(&body.json, Some(MODEL_CREATED), &members)?;
            let document = member(&body.json, "data")?.clone();
            (named_category(&body.json)?, provenance, document, None)
        }
        Some(foreign) => {
            let brought = interchange::brought(&platform, &foreign, body.json, Level::Model)?;
            let provenance = Provenance::of_headers(&headers, Some(MODEL_CREATED))?;
            let Brought {
                category,
                values,
                report,
                ..
            } = brought;
            (category, provenance, values, Some(report))
        }
    };
    let id = Uuid::new_v4();
    let response = Creation {
        platform: &platform,
        caller: &caller,
        idempotency: Idempotency::required(
            &headers,
            "POST /v1/models",
            caller.partner()?,
            body.hash,
        )?,
        provenance,
        document,
        location: format!("/v1/models/{id}"),
        subject: Subject::Model(id),
        facts: Facts::Model {
            category,
            catalogue: catalogue().newest().id.clone(),
            gtins: Vec::new(),
            grants: Vec::new(),
            custody: None,
        },
    }
    .make()
    .await?;
    interchange::reported(response, report).await
}

/// The event types that a model and a batch begin with.
const MODEL_CREATED: &str = "model-created";
const BATCH_CREATED: &str = "batch-created";

fn named_category(json: &Map<String, Value>) -> Result<Category, Problem> {
    json.get("category")
        .and_then(|category| serde_json::from_value(category.clone()).ok())
        .ok_or_else(|| {
            Problem::malformed("expected ev, lmt, industrial or stationary in `category`")
        })
}

/// Create a batch of a model.
///
/// `data` holds what its units share beyond the model.
#[utoipa::path(
    post, path = "/v1/batches", operation_id = "createBatch", tag = "updater", security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::NewBatch, example = json!({"model": "0b0e8d2c-4a0f-4c8a-9a51-5e0a4c1f7c11", "reason": "cell lot 2027-03", "data": {}})),
    responses((status = 201, description = "The batch is written", body = Changed), (status = "default", response = Problem))
)]
pub(crate) async fn create_batch(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let model = web::required_uuid(&body.json, "model")?;
    let record = visible_record(&platform, &caller, &Subject::Model(model)).await?;
    let Facts::Model { category, .. } = record.head.facts else {
        return Err(Problem::internal("a model without a model's facts"));
    };
    let id = Uuid::new_v4();
    Creation {
        platform: &platform,
        caller: &caller,
        idempotency: Idempotency::required(
            &headers,
            "POST /v1/batches",
            caller.partner()?,
            body.hash,
        )?,
        provenance: Provenance::of_body(&body.json, Some(BATCH_CREATED), &["model", "data"])?,
        document: member(&body.json, "data")?.clone(),
        location: format!("/v1/batches/{id}"),
        subject: Subject::Batch(id),
        facts: Facts::Batch {
            model,
            category,
            catalogue: catalogue().newest().id.clone(),
            lots: Vec::new(),
            grants: Vec::new(),
        },
    }
    .make()
    .await
}

/// Change a model.
///
/// `changes` is an RFC 7396 merge patch. It shows on every unit of the model at once.
#[utoipa::path(
    patch, path = "/v1/models/{id}", operation_id = "changeModel", tag = "updater", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model"), ("If-Match" = String, Header, description = "The `ETag` it was read with")),
    request_body(content = web::described::ProductChange, example = json!({"type": "correction", "reason": "typing error in the data sheet", "changes": {"performance": {"ratedCapacity": {"value": 229, "unit": "A.h"}}}})),
    responses((status = 200, description = "The change is written", body = Changed), (status = "default", response = Problem))
)]
pub(crate) async fn change_model(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let id = product_id(&id)?;
    change_product(
        &platform,
        &caller,
        Subject::Model(id),
        format!("/v1/models/{id}"),
        &headers,
        &body,
    )
    .await
}

/// Change a batch.
///
/// `changes` is an RFC 7396 merge patch. It shows on every unit of the batch at once.
#[utoipa::path(
    patch, path = "/v1/batches/{id}", operation_id = "changeBatch", tag = "updater", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch"), ("If-Match" = String, Header, description = "The `ETag` it was read with")),
    request_body(content = web::described::ProductChange, example = json!({"type": "correction", "reason": "typing error", "changes": {}})),
    responses((status = 200, description = "The change is written", body = Changed), (status = "default", response = Problem))
)]
pub(crate) async fn change_batch(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let id = product_id(&id)?;
    change_product(
        &platform,
        &caller,
        Subject::Batch(id),
        format!("/v1/batches/{id}"),
        &headers,
        &body,
    )
    .await
}

async fn change_product(
    platform: &Platform,
    caller: &Caller,
    subject: Subject,
    location: String,
    headers: &HeaderMap,
    body: &Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let precondition = Precondition::of(headers).ok_or_else(Problem::precondition_required)?;
    let idempotency =
        Idempotency::optional(headers, &format!("PATCH {location}"), principal, body.hash)?;
    RecordChange {
        platform,
        caller,
        subject,
        provenance: Provenance::of_body(&body.json, None, &["changes"])?,
        patch: Some(member(&body.json, "changes")?.clone()),
        transfer: None,
        contribution: None,
        precondition: Some(precondition),
        idempotency,
        location,
        status: StatusCode::OK,
    }
    .make()
    .await
}

/// A new model or batch.
struct Creation<'a> {
    platform: &'a Platform,
    caller: &'a Caller,
    idempotency: Idempotency,
    provenance: Provenance,
    document: Map<String, Value>,
    location: String,
    subject: Subject,
    facts: Facts,
}

impl Creation<'_> {
    async fn make(self) -> Result<Response, Problem> {
        let store = &self.platform.store;
        let principal = self.caller.partner()?;
        let Self {
            idempotency,
            provenance,
            document,
            ..
        } = self;
        if let Some(earlier) = idempotency.earlier(store).await? {
            return repeat(self.platform, self.caller, &earlier).await;
        }
        let (event_type, own) = (
            provenance.event_type,
            Standing::from(&principal.organisation),
        );
        let role = access::may_raise(principal, &event_type.id, event_type.permits(), &own)?;
        let (level, _) = level_and_category(&self.facts);
        may_write(
            event_type,
            level,
            access::writable(principal, &own),
            &document,
        )?;
        let at = now();
        let warnings = Proposal {
            platform: self.platform,
            caller: self.caller,
            classes: access::reading(Some(principal), &own).classes,
            contributor: None,
            event_type,
            at,
            earlier: None,
            facts: &self.facts,
            before: &Map::new(),
            after: &document,
        }
        .checked()
        .await?;
        let classes = changed_classes(&Map::new(), Some(&document));
        let event = provenance.event(store, principal, role, classes).await?;
        let change = Change::new(
            vec![SubjectChange {
                subject: self.subject.clone(),
                before: None,
                organisation: principal.organisation.clone(),
                facts: self.facts,
                document: Some(document),
                event,
                labels: Vec::new(),
            }],
            idempotency.row(StatusCode::CREATED, &self.location),
        );
        match store.commit(&self.platform.site.log(), change, at).await {
            Ok(receipts) => receipts
                .first()
                .map(|receipt| {
                    answer(
                        self.platform,
                        StatusCode::CREATED,
                        &self.location,
                        &receipt.head,
                        self.caller,
                        Some(receipt.to_string()),
                        warnings,
                    )
                })
                .ok_or_else(|| Problem::internal("a change without its receipt")),
            Err(CommitError::Answered(earlier)) => {
                repeat(self.platform, self.caller, &earlier).await
            }
            Err(error) => Err(error.into()),
        }
    }
}

pub(crate) fn product_id(text: &str) -> Result<Uuid, Problem> {
    Uuid::parse_str(text).map_err(|_| Problem::malformed("expected a UUID in the path"))
}
