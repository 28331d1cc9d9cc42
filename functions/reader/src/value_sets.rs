//! The values of Article 10(1) when a battery was placed on the market and when its status changed.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use ledger::{EventId, Timestamp};
use passport::{Class, Classes, Translated, catalogue};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Counted, Partner, Path, Platform, Problem};

use crate::view::{Loaded, record_read, shown};

/// The named value sets of a battery.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ValueSets {
    /// The passport.
    dpp_id: Uuid,
    /// Oldest first.
    value_sets: Vec<ValueSet>,
}

/// The values of Article 10(1) as of one event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ValueSet {
    /// The event's type and, where it happened before, a number: `status-change`, `status-change-2`.
    name: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The event.
    #[schema(value_type = Uuid)]
    event_id: EventId,
    /// Its type.
    event_type: String,
    /// What people call that type, by language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = BTreeMap<String, String>, required = false)]
    label: Option<&'static Translated>,
    /// The values, by group, each with its `measuredAt`.
    #[schema(value_type = Object)]
    values: Map<String, Value>,
}

/// List the value sets of a battery.
///
/// The performance and durability parameters of Article 10(1) as they were when the battery was placed on the market and at
/// every change of its status (Annex XIII 4(a)), from the versions that were current then. A further life has a passport,
/// and so sets, of its own.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/value-sets", operation_id = "listValueSets", tag = "reader", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport")),
    responses((status = 200, description = "The sets, oldest first", body = ValueSets), (status = "default", response = Problem))
)]
pub(crate) async fn list(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Counted<Json<ValueSets>>, Problem> {
    let id = platform.passport_id(&id)?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let classes = loaded.reading(&caller).classes;
    readable(classes)?;
    let store = &platform.store;
    let subject = &loaded.passport.subject;
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    let mut value_sets = Vec::new();
    for set in store.value_sets(subject).await? {
        if !classes.contains(set.audience) {
            continue;
        }
        let entry = store.version(subject, set.version).await?;
        let entry =
            entry.ok_or_else(|| Problem::internal(format!("`{subject}` lacks {}", set.version)))?;
        let (document, _) = store
            .version_document(&loaded.passport, &entry, classes)
            .await?;
        let time = times.entry(set.event_type.clone()).or_default();
        *time += 1;
        value_sets.push(ValueSet {
            name: match time {
                1 => set.event_type.clone(),
                time => format!("{}-{time}", set.event_type),
            },
            at: set.at,
            event_id: set.event_id,
            label: catalogue().event_type(&set.event_type).map(|it| &it.label),
            event_type: set.event_type,
            values: passport::value_set(shown(document, classes, loaded.category)),
        });
    }
    record_read(&platform, &caller, &headers, &loaded.passport).await?;
    let results = value_sets.len();
    let answer = ValueSets {
        dpp_id: id,
        value_sets,
    };
    Ok(Counted::of(results, Json(answer)))
}

/// Refuses a caller that may read none of the parameters.
fn readable(classes: Classes) -> Result<(), Problem> {
    let of = catalogue()
        .attributes()
        .filter(|attribute| attribute.in_value_set());
    let of: Vec<Class> = of.map(|attribute| attribute.class).collect();
    if of.iter().any(|class| classes.contains(*class)) {
        return Ok(());
    }
    let first = of.first().copied().unwrap_or(Class::Internal);
    Err(Problem::forbidden(format!(
        "value sets are for {} (class {}), which you may not read",
        first.readers(),
        first.number()
    )))
}
