//! What a supplier brought becomes the record's: a change like any other, together with the end of the contribution.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value};
use storage::{Closing, Contribution, ContributionState, OpenRecord, Subject};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Body, Idempotency, Partner, Path, Platform, Precondition, Problem, Provenance, now};

use crate::change::{Changed, RecordChange, repeat};
use crate::contributions::{not_for_contributor, waits};

/// The event type of it.
pub(crate) const ACCEPTED: &str = "contribution-accepted";

/// What is accepted of a contribution.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "it describes what is sent")]
pub(crate) struct NewAcceptance {
    /// The attributes that are accepted, as JSON Pointers; all of them where it is absent.
    #[schema(nullable = false, min_items = 1)]
    pointers: Option<Vec<String>>,
    /// Why.
    #[serde(flatten)]
    why: web::described::Why,
}

/// Accept a contribution.
///
/// Its values, or those of the attributes in `pointers`, become the record's, held against everything else that the record says. What
/// is not accepted is not the record's; the contribution is closed with it.
#[utoipa::path(
    post, path = "/v1/contributions/{id}/acceptance", operation_id = "acceptContribution", tag = "updater", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The contribution"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = NewAcceptance, example = json!({"reason": "checked against our own measurements", "pointers": ["/performance/ratedCapacity"]})),
    responses((status = 200, description = "The values are the record's", body = Changed), (status = "default", response = Problem))
)]
pub(crate) async fn accept(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let (contribution, record) = web::contribution(&platform, &caller, id).await?;
    if caller.acts_for(&contribution.by) {
        return Err(not_for_contributor());
    }
    let provenance = Provenance::of_body(&body.json, Some(ACCEPTED), &["pointers"])?;
    let pointers = pointers(&body.json)?;
    let route = format!("POST /v1/contributions/{id}/acceptance");
    let idempotency = Idempotency::required(&headers, &route, principal, body.hash)?;
    let Some(content) = &contribution.content else {
        return match idempotency.earlier(&platform.store).await? {
            Some(earlier) => repeat(&platform, &caller, &earlier).await,
            None => waits(&contribution).and(Err(web::no_such_contribution())),
        };
    };
    let (pointers, values) = chosen(&content.changes, pointers)?;
    let follows = &record.head.facts.catalogue().id;
    let closing = Closing {
        by: principal.organisation.clone(),
        reason: provenance.reason().to_owned(),
        pointers,
    };
    RecordChange {
        platform: &platform,
        caller: &caller,
        subject: contribution.subject.clone(),
        provenance: provenance.noting(&format!("contribution {id}")),
        patch: Some(passport::migrate(values, &content.catalogue, follows)),
        transfer: None,
        precondition: Precondition::of(&headers),
        idempotency,
        location: location(&contribution.subject)?,
        status: StatusCode::OK,
        contribution: Some(Acceptance {
            accepted: contribution.closed(ContributionState::Accepted, now(), closing),
            as_read: contribution,
        }),
    }
    .make()
    .await
}

/// The acceptance of a contribution, beside the change of the record.
#[derive(Clone)]
pub(crate) struct Acceptance {
    /// As it was read: what is decided on it counts only as long as it stands.
    as_read: Contribution,
    pub(crate) accepted: Contribution,
}

impl Acceptance {
    /// Who brought the values.
    pub(crate) fn by(&self) -> &str {
        &self.as_read.by
    }

    /// Refuses what was decided meanwhile, once the record was read, of which the head changes with every contribution to it.
    pub(crate) async fn fits(
        &self,
        platform: &Platform,
        record: &OpenRecord,
    ) -> Result<(), Problem> {
        waits(&self.as_read)?;
        // Who took the record over decides on nothing that was sent to who had it.
        if record.head.organisation != self.as_read.to {
            return Err(web::no_such_contribution());
        }
        let now = platform.store.contribution(self.as_read.id).await?;
        match now.is_some_and(|(now, _)| now == self.as_read) {
            true => Ok(()),
            false => Err(Problem::conflict(
                "it changed at the same moment: read it again and decide again",
            )),
        }
    }
}

fn location(subject: &Subject) -> Result<String, Problem> {
    match subject {
        Subject::Model(id) => Ok(format!("/v1/models/{id}")),
        Subject::Batch(id) => Ok(format!("/v1/batches/{id}")),
        Subject::Passport(id) => Ok(format!("/v1/dpps/{id}")),
        Subject::Unit(_) | Subject::Organisation(_) => {
            Err(Problem::internal(format!("a contribution to `{subject}`")))
        }
    }
}

/// The attributes that are named; `None` for all.
fn pointers(json: &Map<String, Value>) -> Result<Option<BTreeSet<String>>, Problem> {
    let expected = || Problem::malformed("expected a list of JSON Pointers in `pointers`");
    let Some(pointers) = json.get("pointers") else {
        return Ok(None);
    };
    let pointers = pointers.as_array().filter(|list| !list.is_empty());
    let pointers = pointers.ok_or_else(expected)?.iter();
    let pointers = pointers.map(|pointer| pointer.as_str().map(str::to_owned));
    pointers
        .collect::<Option<_>>()
        .map(Some)
        .ok_or_else(expected)
}

/// Which attributes of a contribution are accepted, and their values.
fn chosen(
    changes: &Map<String, Value>,
    pointers: Option<BTreeSet<String>>,
) -> Result<(Vec<String>, Map<String, Value>), Problem> {
    let mut brought = passport::attributes(changes);
    if let Some(pointers) = pointers {
        let others = pointers.iter().filter(|it| !brought.contains_key(*it));
        let others: Vec<&str> = others.map(String::as_str).collect();
        if !others.is_empty() {
            return Err(Problem::malformed(format!(
                "the contribution has no value of {}: name in `pointers` attributes of it",
                others.join(", ")
            )));
        }
        brought.retain(|pointer, _| pointers.contains(pointer));
    }
    let mut values = Map::new();
    for (pointer, value) in &brought {
        passport::put(&mut values, pointer, Some(value.clone()));
    }
    Ok((brought.into_keys().collect(), values))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn brought() -> Map<String, Value> {
        let changes = json!({"performance": {"ratedCapacity": {"value": 1, "unit": "A.h"}, "nominalVoltage": {"value": 4, "unit": "V"}}});
        changes.as_object().cloned().unwrap()
    }

    #[test]
    fn what_is_named_is_accepted_and_all_of_it_where_nothing_is() {
        let (all, values) = chosen(&brought(), None).unwrap();
        assert_eq!(
            all,
            ["/performance/nominalVoltage", "/performance/ratedCapacity"]
        );
        assert_eq!(Value::from(values), Value::from(brought()));
        let one = BTreeSet::from(["/performance/ratedCapacity".to_owned()]);
        let (one, values) = chosen(&brought(), Some(one)).unwrap();
        assert_eq!(one, ["/performance/ratedCapacity"]);
        assert_eq!(
            Value::from(values),
            json!({"performance": {"ratedCapacity": {"value": 1, "unit": "A.h"}}})
        );
    }

    #[test]
    fn what_was_not_brought_is_not_accepted() {
        for pointer in ["/performance/power", "/performance", "", "x"] {
            let pointers = Some(BTreeSet::from([pointer.to_owned()]));
            assert!(chosen(&brought(), pointers).is_err(), "{pointer}");
        }
        for list in [json!([]), json!("x"), json!([1]), json!(null)] {
            let body = json!({"pointers": list});
            assert!(pointers(body.as_object().unwrap()).is_err(), "{body}");
        }
    }
}
