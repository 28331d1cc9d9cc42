//! Who asked for access, who was given rights, and who read what.

use axum::Json;
use axum::extract::State;
use ledger::{EventId, Timestamp};
use passport::catalogue;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::{Direction, RecordedRead, Subject};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Counted, Partner, Path, Platform, Problem, Query};

use crate::view::known;

/// Most entries of one page, and how many where nothing is asked for.
const PAGE: u16 = 100;
const SUSPENDED: &str = "access-suspended";

/// Where a page begins, and how long it is.
#[derive(Deserialize)]
pub(crate) struct Paged<T> {
    pub(crate) cursor: Option<T>,
    limit: Option<u16>,
}

impl<T> Paged<T> {
    pub(crate) const fn new(cursor: Option<T>, limit: Option<u16>) -> Self {
        Self { cursor, limit }
    }

    /// How many entries the page has.
    pub(crate) fn limit(&self) -> Result<u16, Problem> {
        match self.limit {
            None => Ok(PAGE),
            Some(limit) if (1..=PAGE).contains(&limit) => Ok(limit),
            Some(limit) => Err(Problem::malformed(format!(
                "expected 1 to {PAGE} in `limit`, found `{limit}`"
            ))),
        }
    }
}

/// One more than the page has was read: where there is one, another page follows the last that is shown.
pub(crate) fn page<T, C>(
    mut read: Vec<T>,
    limit: u16,
    id: impl Fn(&T) -> C,
) -> (Vec<T>, Option<C>) {
    let limit = usize::from(limit);
    let more = read.len() > limit;
    read.truncate(limit);
    let next = read.last().filter(|_| more).map(id);
    (read, next)
}

/// Requests for access.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessRequests {
    /// The newest first.
    requests: Vec<web::AccessRequest>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<Uuid>,
}

/// List requests for access.
///
/// Those of the calling organisation; for authorities, auditors and the platform's operator, all, with those that are overdue.
#[utoipa::path(
    get, path = "/v1/access-requests", operation_id = "listAccessRequests", tag = "reader", security(("bearer" = [])),
    params(("cursor" = Option<Uuid>, Query, description = "`nextCursor` of the page before"), ("limit" = Option<u16>, Query, description = "The most to answer, at most 100")),
    responses((status = 200, description = "The requests", body = AccessRequests), (status = "default", response = Problem))
)]
pub(crate) async fn access_requests(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Query(query): Query<Paged<Uuid>>,
) -> Result<Counted<Json<AccessRequests>>, Problem> {
    let principal = caller.partner()?;
    let limit = query.limit()?;
    let of = (!access::oversees(principal)).then_some(principal.organisation.as_str());
    let read = platform
        .store
        .access_requests(of, query.cursor, limit + 1)
        .await?;
    let (requests, next_cursor) = page(read, limit, |request| request.id);
    Ok(Counted::of(
        requests.len(),
        Json(AccessRequests {
            requests: requests.into_iter().map(web::AccessRequest::from).collect(),
            next_cursor,
        }),
    ))
}

/// Read a request for access.
#[utoipa::path(
    get, path = "/v1/access-requests/{id}", operation_id = "readAccessRequest", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The request")),
    responses((status = 200, description = "The request", body = web::AccessRequest), (status = "default", response = Problem))
)]
pub(crate) async fn access_request(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<Uuid>,
) -> Result<Json<web::AccessRequest>, Problem> {
    let principal = caller.partner()?;
    let request = platform.store.access_request(id).await?;
    let request = request
        .filter(|request| caller.acts_for(&request.organisation) || access::oversees(principal));
    let request = request.map(web::AccessRequest::from).map(Json);
    request.ok_or_else(|| Problem::not_found("there is no such request for access for you"))
}

/// Which grants.
#[derive(Deserialize)]
pub(crate) struct Which {
    direction: Option<String>,
    cursor: Option<Uuid>,
    limit: Option<u16>,
}

/// Grants.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Grants {
    /// The newest first.
    grants: Vec<web::Grant>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<Uuid>,
}

/// Which list, as it is asked for.
pub(crate) fn direction(asked: Option<&str>) -> Result<Direction, Problem> {
    match asked {
        None | Some("given") => Ok(Direction::Given),
        Some("received") => Ok(Direction::Received),
        Some(_) => Err(Problem::malformed(
            "expected `given` or `received` in `direction`",
        )),
    }
}

/// List grants.
///
/// What the calling organisation gave, or what it was given.
#[utoipa::path(
    get, path = "/v1/grants", operation_id = "listGrants", tag = "reader", security(("bearer" = [])),
    params(("direction" = Option<String>, Query, description = "`given` (the default) or `received`"), ("cursor" = Option<Uuid>, Query, description = "`nextCursor` of the page before"), ("limit" = Option<u16>, Query, description = "The most to answer, at most 100")),
    responses((status = 200, description = "The grants", body = Grants), (status = "default", response = Problem))
)]
pub(crate) async fn grants(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Query(query): Query<Which>,
) -> Result<Counted<Json<Grants>>, Problem> {
    let direction = direction(query.direction.as_deref())?;
    let paged = Paged::new(query.cursor, query.limit);
    let limit = paged.limit()?;
    let organisation = &caller.partner()?.organisation;
    let store = &platform.store;
    let read = store
        .grants(direction, organisation, paged.cursor, limit + 1)
        .await?;
    let (grants, next_cursor) = page(read, limit, |given| given.grant.id);
    Ok(Counted::of(
        grants.len(),
        Json(Grants {
            grants: grants.into_iter().map(web::Grant::from).collect(),
            next_cursor,
        }),
    ))
}

/// Restricted reads of a passport.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Accesses {
    /// The newest first.
    accesses: Vec<Access>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    next_cursor: Option<String>,
}

/// One restricted read, recorded before anything left.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Access {
    /// Its event in the log of reads.
    #[schema(value_type = String)]
    event_id: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The organisation that read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    organisation: Option<String>,
    /// Its roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    role: Option<String>,
    /// A reference to the person or client, the same for each of its reads of this passport, that names nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reference: Option<String>,
    /// What for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    purpose: Option<String>,
    /// The rules by which it was permitted.
    basis: Value,
    /// The access classes that left.
    classes: Value,
    /// The attributes that left, where not all of the classes.
    pointers: Value,
}

impl From<RecordedRead> for Access {
    fn from(RecordedRead { id, opened }: RecordedRead) -> Self {
        let mut other = opened.other;
        let mut list = |name: &str| {
            other
                .remove(name)
                .unwrap_or_else(|| Value::Array(Vec::new()))
        };
        let (basis, classes, pointers) = (list("basis"), list("classes"), list("pointers"));
        let (organisation, role, reference) = match opened.actor {
            Some(actor) => (
                Some(actor.organisation),
                Some(actor.role),
                Some(actor.reference),
            ),
            None => (None, None, None),
        };
        Self {
            event_id: id.to_string(),
            at: opened.at,
            organisation,
            role,
            reference,
            purpose: opened.reason,
            basis,
            classes,
            pointers,
        }
    }
}

/// Read who read a passport.
///
/// Every read of what is not public, for whoever is responsible and for auditors: who, in which role, what for, by which rule, and
/// which classes. A read that could not be recorded was answered 503, and nothing left.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/accesses", operation_id = "listAccesses", tag = "reader", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before"), ("limit" = Option<u16>, Query, description = "The most to answer, at most 100")),
    responses((status = 200, description = "The reads", body = Accesses), (status = "default", response = Problem))
)]
pub(crate) async fn accesses(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    Query(query): Query<Paged<String>>,
) -> Result<Counted<Json<Accesses>>, Problem> {
    let id = platform.passport_id(&id)?;
    let limit = query.limit()?;
    let before = query
        .cursor
        .as_deref()
        .map(str::parse::<EventId>)
        .transpose();
    let before =
        before.map_err(|_| Problem::malformed("`cursor` is no `nextCursor` of this list"))?;
    let record = known(&platform, &caller, id).await?;
    if !access::sees_accesses(caller.partner()?, &record.head.standing()) {
        return Err(Problem::forbidden(
            "who read a passport is told to whoever is responsible for it, and to auditors",
        ));
    }
    let subject = Subject::Passport(id);
    let read = platform
        .store
        .recorded_reads(&subject, before, limit + 1)
        .await?;
    let (mut reads, mut next) = page(read, limit, |read| read.id.to_string());
    // Whoever is responsible now is told of its own time, and auditors of all.
    if caller.answers_for(&record.head)
        && let Some(before) = record.head.tenures.last()
    {
        let began = platform.store.event_id(&subject, before.seq + 1).await?;
        let count = reads.len();
        reads.retain(|read| began.is_none_or(|began| read.id > began));
        next = next.filter(|_| reads.len() == count);
    }
    Ok(Counted::of(
        reads.len(),
        Json(Accesses {
            accesses: reads.into_iter().map(Access::from).collect(),
            next_cursor: next,
        }),
    ))
}

/// What of an organisation is suspended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Suspensions {
    /// Those that stand, the earliest first.
    suspensions: Vec<SuspensionThatStands>,
}

/// One suspension. Whose it is stands nowhere: a person or client is kept as a salted digest.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SuspensionThatStands {
    /// Its id: what it is lifted by.
    id: Uuid,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Whether it is of the whole organisation, and not of one person or client.
    whole: bool,
}

/// List suspensions.
///
/// What of an organisation is suspended now, for whoever operates the platform and for the organisation itself; why is in the
/// organisation's events.
#[utoipa::path(
    get, path = "/v1/organisations/{organisation}/suspensions", operation_id = "listSuspensions", tag = "reader", security(("bearer" = [])),
    params(("organisation" = String, Path, description = "The organisation")),
    responses((status = 200, description = "The suspensions", body = Suspensions), (status = "default", response = Problem))
)]
pub(crate) async fn suspensions(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(organisation): Path<String>,
) -> Result<Counted<Json<Suspensions>>, Problem> {
    let unknown = || Problem::not_found("there is no such organisation for you");
    let event_type = catalogue()
        .event_type(SUSPENDED)
        .ok_or_else(|| Problem::internal(format!("`{SUSPENDED}` is no event type")))?;
    let standing = access::Standing::from(&organisation);
    // Whoever may suspend sees what is.
    access::may_raise(
        caller.partner()?,
        SUSPENDED,
        event_type.permits(),
        &standing,
    )
    .map_err(|_| unknown())?;
    let member = platform.store.member(&organisation).await?;
    let stand = member.ok_or_else(unknown)?.rights.suspensions;
    let suspensions = stand.into_iter().map(|suspension| SuspensionThatStands {
        id: suspension.id,
        since: Timestamp::from_millisecond(suspension.since.saturating_mul(1_000)),
        whole: suspension.person.is_none(),
    });
    let suspensions: Vec<_> = suspensions.collect();
    Ok(Counted::of(
        suspensions.len(),
        Json(Suspensions { suspensions }),
    ))
}
