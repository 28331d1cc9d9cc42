//! Orders of unit ids.

use std::time::Duration;

use access::{Principal, Standing};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use identity::{LabelId, UnitId};
use ledger::Timestamp;
use passport::Class;
use serde::Serialize;
use serde_json::Value;
use storage::{
    Change, CommitError, Earlier, EventInput, Facts, Order, OrderState, Store, StoreError,
    SubjectChange,
};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    Body, Caller, Counted, Decision, Idempotency, Partner, Path, Platform, Problem, Provenance,
    now, written,
};

/// Most units of one order.
const MOST_UNITS: u64 = 10_000;
/// Most labels of one unit, and of one order: an order is one item, and an item of the store holds 400 KB.
const MOST_LABELS_OF_UNIT: u64 = 4;
const MOST_LABELS: u64 = 30_000;
/// How long the caller waits for the units themselves before the order goes on without it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// An order of unit ids.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OrderBody {
    /// Its id.
    order: Uuid,
    /// `pending` while units are still being written, then `complete`.
    #[schema(value_type = String)]
    state: OrderState,
    /// The model.
    model: Uuid,
    /// The batch, if it was ordered for one.
    #[schema(required = true)]
    batch: Option<Uuid>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    ordered_at: Timestamp,
    /// The units.
    units: Vec<OrderedUnit>,
}

/// A unit of an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OrderedUnit {
    /// The unit's id.
    #[schema(value_type = String)]
    unit: UnitId,
    /// Its first label's id.
    #[schema(value_type = String)]
    label: LabelId,
    /// What the label's symbol holds.
    carrier: String,
    /// Its further labels, where more than one was ordered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    further_labels: Vec<OrderedLabel>,
}

/// A label of an order.
#[derive(Debug, Serialize, ToSchema)]
struct OrderedLabel {
    /// Its id.
    #[schema(value_type = String)]
    label: LabelId,
    /// What its symbol holds.
    carrier: String,
}

/// Allocate unit ids.
///
/// Orders 1 to 10,000 unit ids for a model or a batch, each with its first label or, since no symbol survives a lost corner, with
/// up to four for different sides of the battery. The order, its audit event and the row
/// of the request are written in one transaction; the units follow. 201 when all of them exist, 202 when they are still
/// being written (`GET /v1/orders/{id}` tells, and goes on with it).
#[utoipa::path(
    post, path = "/v1/units", operation_id = "orderUnits", tag = "allocator", security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::NewUnits, example = json!({"model": "0b0e8d2c-4a0f-4c8a-9a51-5e0a4c1f7c11", "count": 2, "reason": "production order 4711"})),
    responses((status = 201, body = OrderBody, description = "All units exist"), (status = 202, body = OrderBody, description = "Recorded; units follow"), (status = "default", response = Problem))
)]
pub(crate) async fn create(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let idempotency = Idempotency::required(&headers, "POST /v1/units", principal, body.hash)?;
    let provenance = Provenance::of_body(
        &body.json,
        Some("unit-allocated"),
        &["model", "batch", "count", "labelsPerUnit"],
    )?;
    let request = OrderRequest {
        platform: &platform,
        caller: &caller,
        principal,
        wanted: Wanted::read(&body)?,
        provenance,
        idempotency: &idempotency,
    };
    let (order, receipt) = idempotency.decide(&platform.store, &request).await?;
    finish(&platform, order, receipt, StatusCode::CREATED).await
}

/// An order that is asked for.
struct OrderRequest<'a> {
    platform: &'a Platform,
    caller: &'a Caller,
    principal: &'a Principal,
    wanted: Wanted,
    provenance: Provenance,
    idempotency: &'a Idempotency,
}

impl Decision for OrderRequest<'_> {
    /// The order and its receipt.
    type Done = (Order, Option<String>);

    async fn attempt(&self) -> Result<Option<Self::Done>, Problem> {
        let Self {
            platform,
            principal,
            wanted,
            provenance,
            ..
        } = self;
        let record = platform
            .store
            .open_for_change(&wanted.subject())
            .await?
            .filter(|record| self.caller.answers_for(&record.head))
            .ok_or_else(|| Problem::not_found("no such model or batch of your organisation"))?;
        let model = match &record.head.facts {
            Facts::Batch { model, .. } => *model,
            _ => wanted.model,
        };
        let role = access::may_raise(
            principal,
            &provenance.event_type.id,
            provenance.event_type.permits(),
            &record.head.standing(),
        )?;
        let event = provenance
            .event(&platform.store, principal, role, std::iter::empty())
            .await?;
        let at = now();
        let mut order = Order {
            carrier_host: platform.carrier_host(&record.head.organisation).await?,
            ..Order::new(
                record.head.organisation.clone(),
                model,
                wanted.batch,
                wanted.count,
                wanted.labels_per_unit,
                platform.site.market,
                at,
            )?
        };
        let location = format!("/v1/orders/{}", order.id);
        let change = Change::new(
            vec![SubjectChange {
                subject: wanted.subject(),
                organisation: record.head.organisation.clone(),
                facts: record.head.facts.clone(),
                before: Some(record),
                document: None,
                event: EventInput {
                    // In the history of the model or batch it tells how much is made, and for whom.
                    audience: Class::Internal,
                    notes: Some(format!(
                        "order {} of {}",
                        order.id,
                        passport::counted(wanted.count, "unit")
                    )),
                    ..event
                },
                labels: Vec::new(),
            }],
            self.idempotency.row(StatusCode::CREATED, &location),
        );
        let log = platform.site.log();
        match platform
            .store
            .commit_order(&log, change, &mut order, at)
            .await
        {
            Ok(receipt) => Ok(Some((order, Some(receipt.to_string())))),
            Err(CommitError::Answered(earlier)) => self.repeat(earlier).await.map(Some),
            Err(CommitError::Stale) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn repeat(&self, earlier: Earlier) -> Result<Self::Done, Problem> {
        let id = earlier.location.rsplit('/').next().unwrap_or_default();
        let order = order_of(self.platform, self.caller, id).await?;
        Ok((order, earlier.receipt))
    }
}

/// Read an order.
///
/// Its units, at most 10,000, with their first labels. An order that was cut off goes on here.
#[utoipa::path(
    get, path = "/v1/orders/{id}", operation_id = "readOrder", tag = "allocator", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The order")),
    responses((status = 200, body = OrderBody, description = "All units exist"), (status = 202, body = OrderBody, description = "Units still follow"), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    caller.partner()?;
    let order = order_of(&platform, &caller, &id).await?;
    let units = order.units.len();
    let answer = finish(&platform, order, None, StatusCode::OK).await?;
    Ok(Counted::of(units, answer).into_response())
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Orders it completed.
    pub finished: usize,
    /// Orders it could not complete; the log says why, and the next sweep goes on with them.
    pub failed: usize,
}

/// Goes on with every order that was cut off, those placed after `until` excepted. One that cannot be completed does not
/// stop the others. Safe to run at any time and by several at once.
///
/// # Errors
/// [`StoreError`] where the orders cannot be listed.
pub async fn sweep(store: &Store, until: Timestamp) -> Result<Swept, StoreError> {
    let mut swept = Swept::default();
    for id in store.pending_orders().await? {
        match go_on(store, id, until).await {
            Ok(finished) => swept.finished += usize::from(finished),
            Err(error) => {
                tracing::error!(order = %id, %error, "order not completed");
                swept.failed += 1;
            }
        }
    }
    Ok(swept)
}

async fn go_on(store: &Store, id: Uuid, until: Timestamp) -> Result<bool, StoreError> {
    match store.order(id).await? {
        Some(mut order) if order.at <= until => {
            store.finish_order(&mut order).await?;
            Ok(true)
        }
        Some(_) => Ok(false),
        None => Err(StoreError::Damaged(format!("order {id} is not there"))),
    }
}

struct Wanted {
    model: Uuid,
    batch: Option<Uuid>,
    count: usize,
    labels_per_unit: usize,
}

impl Wanted {
    fn read(body: &Body) -> Result<Self, Problem> {
        let count = body.json.get("count").and_then(Value::as_u64);
        let count = count
            .filter(|count| (1..=MOST_UNITS).contains(count))
            .and_then(|count| usize::try_from(count).ok())
            .ok_or_else(|| {
                Problem::malformed(format!(
                    "expected a whole number from 1 to {MOST_UNITS} in `count`"
                ))
            })?;
        let labels_per_unit = labels_per_unit(body, count)?;
        let batch = match body.json.get("batch") {
            Some(_) => Some(web::required_uuid(&body.json, "batch")?),
            None => None,
        };
        if batch.is_some() && body.json.contains_key("model") {
            return Err(Problem::malformed(
                "give `batch` or `model`, not both: a batch has its model",
            ));
        }
        let model = match batch {
            Some(_) => Uuid::nil(),
            None => web::required_uuid(&body.json, "model")?,
        };
        Ok(Self {
            model,
            batch,
            count,
            labels_per_unit,
        })
    }

    fn subject(&self) -> storage::Subject {
        match self.batch {
            Some(batch) => storage::Subject::Batch(batch),
            None => storage::Subject::Model(self.model),
        }
    }
}

fn labels_per_unit(body: &Body, units: usize) -> Result<usize, Problem> {
    let Some(labels) = body.json.get("labelsPerUnit") else {
        return Ok(1);
    };
    let labels = labels
        .as_u64()
        .filter(|labels| (1..=MOST_LABELS_OF_UNIT).contains(labels))
        .ok_or_else(|| {
            Problem::malformed(format!(
                "expected a whole number from 1 to {MOST_LABELS_OF_UNIT} in `labelsPerUnit`"
            ))
        })?;
    let labels = usize::try_from(labels).map_err(Problem::internal)?;
    let most = usize::try_from(MOST_LABELS).map_err(Problem::internal)?;
    match units * labels <= most {
        true => Ok(labels),
        false => Err(Problem::malformed(format!(
            "one order has at most {MOST_LABELS} labels, found {}: with `labelsPerUnit` {labels} order at most {} units at a time",
            units * labels,
            most / labels,
        ))),
    }
}

pub(crate) async fn order_of(
    platform: &Platform,
    caller: &Caller,
    id: &str,
) -> Result<Order, Problem> {
    let unknown = || Problem::not_found("no such order of your organisation");
    let id = Uuid::parse_str(id).map_err(|_| unknown())?;
    platform
        .store
        .order(id)
        .await?
        .filter(|order| {
            caller.answers(&Standing {
                model: Some(order.model),
                batch: order.batch,
                ..Standing::from(&order.organisation)
            })
        })
        .ok_or_else(unknown)
}

async fn finish(
    platform: &Platform,
    mut order: Order,
    receipt: Option<String>,
    complete: StatusCode,
) -> Result<Response, Problem> {
    if order.state == OrderState::Pending {
        let work = platform.store.finish_order(&mut order);
        // The order is recorded, and goes on at the next call or sweep: neither is a failure of the request.
        if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, work).await {
            tracing::error!(order = %order.id, %error, "order not completed");
        }
    }
    let status = match order.state {
        OrderState::Complete => complete,
        OrderState::Pending => StatusCode::ACCEPTED,
    };
    let units = order
        .units
        .iter()
        .map(|(unit, labels)| {
            let mut labels = labels.iter().map(|label| OrderedLabel {
                label: *label,
                carrier: platform
                    .site
                    .carrier(order.carrier_host.as_ref(), *unit, Some(*label))
                    .url(),
            });
            let first = labels
                .next()
                .ok_or_else(|| Problem::internal("a unit was ordered without a label"))?;
            Ok(OrderedUnit {
                unit: *unit,
                label: first.label,
                carrier: first.carrier,
                further_labels: labels.collect(),
            })
        })
        .collect::<Result<_, Problem>>()?;
    let body = OrderBody {
        order: order.id,
        state: order.state,
        model: order.model,
        batch: order.batch,
        ordered_at: order.at,
        units,
    };
    let location = format!("/v1/orders/{}", order.id);
    Ok(written(status, &location, receipt, body))
}
