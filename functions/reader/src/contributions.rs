//! What suppliers brought: for who brought it, and for whoever decides.

use axum::Json;
use axum::extract::State;
use passport::{Class, Classes};
use serde::{Deserialize, Serialize};
use storage::Direction;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Contribution, Counted, Partner, Path, Platform, Problem, Query};

use crate::rights::{Paged, direction, page};
use crate::view::{Read, leave_read_event};

/// Which contributions.
#[derive(Deserialize)]
pub(crate) struct Which {
    direction: Option<String>,
    organisation: Option<String>,
    cursor: Option<Uuid>,
    limit: Option<u16>,
}

/// Contributions.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contributions {
    /// The newest first, without what they say.
    contributions: Vec<Contribution>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<Uuid>,
}

/// List contributions.
///
/// What the calling organisation submitted, or what it was sent; or what an organisation was sent that authorised it to act in its place.
#[utoipa::path(
    get, path = "/v1/contributions", operation_id = "listContributions", tag = "reader", security(("bearer" = [])),
    params(("direction" = Option<String>, Query, description = "`given` (the default) or `received`"), ("organisation" = Option<String>, Query, description = "With `received`: who it was sent to, where that is another organisation, in whose place the calling one acts"), ("cursor" = Option<Uuid>, Query, description = "`nextCursor` of the page before"), ("limit" = Option<u16>, Query, description = "The most to answer, at most 100")),
    responses((status = 200, description = "The contributions", body = Contributions), (status = "default", response = Problem))
)]
pub(crate) async fn list(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Query(query): Query<Which>,
) -> Result<Counted<Json<Contributions>>, Problem> {
    let direction = direction(query.direction.as_deref())?;
    let paged = Paged::new(query.cursor, query.limit);
    let limit = paged.limit()?;
    let principal = caller.partner()?;
    let of = match (direction, &query.organisation) {
        (Direction::Received, Some(other)) => other,
        (Direction::Given, Some(_)) => {
            return Err(Problem::malformed(
                "`organisation` goes with `direction=received`: what others submitted is theirs",
            ));
        }
        (_, None) => &principal.organisation,
    };
    // What one was sent is internal to it: for the roles that read that of their own, or in the place of who authorised them.
    let standing = access::Standing::from(of);
    let internal = access::reading(Some(principal), &standing).classes;
    let decides = internal.contains(Class::Internal) && caller.answers(&standing);
    if direction == Direction::Received && !decides {
        let none = Contributions {
            contributions: Vec::new(),
            next_cursor: None,
        };
        return Ok(Counted::of(0, Json(none)));
    }
    let read = platform
        .store
        .contributions(direction, of, paged.cursor, limit + 1);
    let (contributions, next_cursor) = page(read.await?, limit, |contribution| contribution.id);
    let contributions: Vec<Contribution> =
        contributions.into_iter().map(Contribution::from).collect();
    Ok(Counted::of(
        contributions.len(),
        Json(Contributions {
            contributions,
            next_cursor,
        }),
    ))
}

/// Read a contribution.
///
/// Wholly, with its values, for who submitted it and for whoever decides, who leaves a record of the read. For everybody else it does
/// not exist.
#[utoipa::path(
    get, path = "/v1/contributions/{id}", operation_id = "readContribution", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The contribution")),
    responses((status = 200, description = "The contribution", body = Contribution), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<Uuid>,
) -> Result<Json<Contribution>, Problem> {
    let (contribution, record) = web::contribution(&platform, &caller, id).await?;
    let changes = contribution.content.as_ref().map(|it| &it.changes);
    // Who brought the values reads no more than it wrote.
    if let Some(changes) = changes.filter(|_| !caller.acts_for(&contribution.by)) {
        let read = Read {
            subject: record.subject.clone(),
            standings: vec![record.head.standing()],
            purpose: &format!("contribution {id}"),
            classes: Classes::NONE.with(Class::Internal),
            pointers: passport::attributes(changes).into_keys().collect(),
            commitments: Vec::new(),
        };
        leave_read_event(&platform, caller.partner()?, read).await?;
    }
    Ok(Json(Contribution::with_values(contribution)))
}
