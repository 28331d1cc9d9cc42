//! Which passports came before and after: who may see it may see the battery's status, since it gives that away.

use std::collections::{BTreeSet, VecDeque};

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use identity::UnitId;
use passport::Class;
use serde::Serialize;
use storage::{Facts, Record, RecordStatus, Subject};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Caller, Counted, Partner, Path, Platform, Problem};

use crate::view::{Loaded, record_read};

/// The most passports of one answer.
const MOST: usize = 100;

/// The passports that a battery's lives are told in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lineage {
    /// Whose.
    dpp_id: Uuid,
    /// It and all that this caller may see before and after it, in generations from it outwards.
    passports: Vec<Ancestor>,
    /// Whether there are more, which begin where these end.
    more: bool,
}

/// One passport of a lineage.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Ancestor {
    /// Its id.
    dpp_id: Uuid,
    /// Its battery.
    #[schema(value_type = String)]
    unit: UnitId,
    /// Where the record stands: `draft`, `active`, `archived`, `recycled`.
    #[schema(value_type = String)]
    record: RecordStatus,
    /// The passports it follows.
    predecessors: Vec<Uuid>,
    /// Those that follow it.
    successors: Vec<Uuid>,
}

/// Read the lineage of a passport.
///
/// Every passport before and after it, over all generations, through splits and merges. For those who may read class 4 of it.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/lineage", operation_id = "readLineage", tag = "reader", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport")),
    responses((status = 200, description = "The passports, each with those before and after it", body = Lineage), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Counted<Json<Lineage>>, Problem> {
    let id = platform.passport_id(&id)?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    if !reads_lineage(&caller, &loaded.passport) {
        return Err(Problem::forbidden(
            "the lineage of a battery gives its status away: this needs the right to class 4",
        ));
    }
    let mut seen = BTreeSet::from([id]);
    let mut queue = VecDeque::from([loaded.passport]);
    let mut passports = Vec::new();
    let mut more = false;
    while let Some(record) = queue.pop_front() {
        record_read(&platform, &caller, &headers, &record).await?;
        let (
            Subject::Passport(dpp_id),
            Facts::Passport {
                unit, status, life, ..
            },
        ) = (&record.subject, &record.head.facts)
        else {
            return Err(Problem::internal("a lineage of what is no passport"));
        };
        let mut ancestor = Ancestor {
            dpp_id: *dpp_id,
            unit: *unit,
            record: *status,
            predecessors: Vec::new(),
            successors: Vec::new(),
        };
        for (ids, told) in [
            (&life.predecessors, &mut ancestor.predecessors),
            (&life.successors, &mut ancestor.successors),
        ] {
            for id in ids {
                let Some(other) = known(&platform, &caller, *id).await? else {
                    continue;
                };
                told.push(*id);
                if seen.contains(id) || !reads_lineage(&caller, &other) {
                    continue;
                }
                if seen.len() == MOST {
                    more = true;
                    continue;
                }
                seen.insert(*id);
                queue.push_back(other);
            }
        }
        passports.push(ancestor);
    }
    let results = passports.len();
    let answer = Lineage {
        dpp_id: id,
        more,
        passports,
    };
    Ok(Counted::of(results, Json(answer)))
}

fn reads_lineage(caller: &Caller, record: &Record) -> bool {
    let reading = caller.reading(&record.head);
    reading.classes.contains(Class::Individual)
}

/// A passport that this caller may know of; one that was withdrawn before it reached the market is of no lineage.
async fn known(platform: &Platform, caller: &Caller, id: Uuid) -> Result<Option<Record>, Problem> {
    let record = platform.store.record(&Subject::Passport(id)).await?;
    Ok(record.filter(|record| {
        let draft = matches!(
            record.head.facts,
            Facts::Passport {
                status: RecordStatus::Draft,
                ..
            }
        );
        let own_draft = draft && caller.answers_for(&record.head);
        own_draft || record.head.facts.is_known_to_others()
    }))
}
