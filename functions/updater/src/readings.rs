//! Readings of a battery: many values of one moment each, with the instrument that took them, in one event.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ledger::Timestamp;
use passport::{Class, Fault, Given, Known, Level, Plan, Received, catalogue};
use serde_json::{Map, Value};
use storage::{
    Change, Earlier, EventInput, OpenRecord, Range, Readings, Store, Subject, SubjectChange,
};
use web::{
    Body, Decision, Idempotency, Partner, Path, Platform, Precondition, Problem, Provenance, now,
};

use crate::change::{Changed, RecordChange, check_precondition, visible_record};
use crate::rules::{level_and_category, may_write};
use crate::validation::{composed, refuse};

/// Most readings of one request.
const MOST: usize = 2_000;
/// Most readings that are known already within the time that late ones of one attribute span.
const MOST_KNOWN: usize = 50_000;
/// The longest `instrument` or `conditions`, in characters.
const TEXT_LIMIT: usize = 500;
const MEASUREMENT: &str = "measurement";
const CORRECTION: &str = "correction";

/// Record readings of a battery.
///
/// Up to 2,000 values of dynamic attributes, each with the moment it was measured at, in any order, as one event:
/// `measurement`, or `correction` where `type` says so. All enter the attribute's series; the newest of an attribute
/// becomes its current value, a late one never does. What is known already is nothing new. A correction puts right what is
/// known of the same moment.
#[utoipa::path(
    post, path = "/v1/dpps/{dppId}/readings", operation_id = "recordReadings", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying"), ("If-Match" = Option<String>, Header, description = "The `ETag` it was read with")),
    request_body(content = web::described::NewReadings, example = json!({"reason": "daily upload", "instrument": "battery management system 4.2", "conditions": "parked, 21 Cel", "readings": [{"pointer": "/condition/stateOfCharge", "value": 54, "unit": "%", "measuredAt": "2027-06-01T08:00:00Z"}, {"pointer": "/condition/cycleCount", "value": 112, "measuredAt": "2027-06-01T08:00:00Z"}]})),
    responses((status = 201, description = "The readings are recorded", body = Changed), (status = "default", response = Problem))
)]
pub(crate) async fn record(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let id = platform.passport_id(&id)?;
    let route = format!("POST /v1/dpps/{id}/readings");
    let event_type = match body.json.get("type").and_then(Value::as_str) {
        Some(CORRECTION) => CORRECTION,
        _ => MEASUREMENT,
    };
    let members = ["instrument", "conditions", "readings"];
    let measured = Measured {
        change: RecordChange {
            platform: &platform,
            caller: &caller,
            subject: Subject::Passport(id),
            provenance: Provenance::of_body(&body.json, Some(event_type), &members)?,
            patch: None,
            transfer: None,
            contribution: None,
            precondition: Precondition::of(&headers),
            idempotency: Idempotency::required(&headers, &route, principal, body.hash)?,
            location: format!("/v1/dpps/{id}"),
            status: StatusCode::CREATED,
        },
        instrument: short_text(&body.json, "instrument")?,
        conditions: short_text(&body.json, "conditions")?,
        list: list(&body.json)?,
    };
    let idempotency = &measured.change.idempotency;
    idempotency.decide(&platform.store, &measured).await
}

fn short_text(json: &Map<String, Value>, name: &str) -> Result<Option<String>, Problem> {
    let Some(value) = json.get(name) else {
        return Ok(None);
    };
    let text = value.as_str().map(str::trim).unwrap_or_default();
    if text.is_empty() || text.chars().count() > TEXT_LIMIT || !passport::is_plain_text(text) {
        return Err(Problem::malformed(format!(
            "expected a text in `{name}`, of at most {TEXT_LIMIT} characters, none of them a control or invisible one"
        )));
    }
    Ok(Some(text.to_owned()))
}

fn list(json: &Map<String, Value>) -> Result<&[Value], Problem> {
    let list = json.get("readings").and_then(Value::as_array);
    match list.map(Vec::as_slice) {
        Some(list) if list.len() > MOST => Err(Problem::too_large(format!(
            "{} readings, {MOST} are the most: send more in further requests",
            list.len()
        ))),
        Some(list) if !list.is_empty() => Ok(list),
        _ => Err(Problem::malformed(
            "expected a list of at least one reading in `readings`",
        )),
    }
}

/// Readings on their way into a passport.
struct Measured<'a> {
    change: RecordChange<'a>,
    instrument: Option<String>,
    conditions: Option<String>,
    list: &'a [Value],
}

impl Decision for Measured<'_> {
    type Done = Response;

    async fn attempt(&self) -> Result<Option<Response>, Problem> {
        let RecordChange {
            platform,
            caller,
            subject,
            provenance,
            precondition,
            ..
        } = &self.change;
        let store = &platform.store;
        let principal = caller.partner()?;
        let record = visible_record(platform, caller, subject).await?;
        if let Some(precondition) = precondition {
            check_precondition(precondition, caller, &record)?;
        }
        let role = self.change.may(principal, &record)?;
        let at = now();
        let given = self.received(&record, at)?;
        let (plan, warnings) = self.plan(store, &record, &given, at).await?;
        if plan.new.is_empty() {
            return self.change.unchanged(&record).await.map(Some);
        }
        let classes: Vec<Class> = plan.new.iter().map(|one| one.attribute.class).collect();
        let event = provenance.event(store, principal, role, classes).await?;
        let event = EventInput {
            audience: self.change.audience(&record.head, event.audience),
            readings: Some(Readings {
                instrument: self.instrument.clone(),
                conditions: self.conditions.clone(),
                list: plan.new,
            }),
            erases: None,
            ..event
        };
        let change = Change::new(
            vec![SubjectChange {
                subject: subject.clone(),
                organisation: record.head.organisation.clone(),
                facts: record.head.facts.clone(),
                document: Some(plan.document),
                before: Some(record),
                event,
                labels: Vec::new(),
            }],
            self.change
                .idempotency
                .row(self.change.status, &self.change.location),
        );
        self.change.commit(change, at, warnings).await
    }

    async fn repeat(&self, earlier: Earlier) -> Result<Response, Problem> {
        self.change.repeat(earlier).await
    }
}

impl Measured<'_> {
    /// The readings, each alone without fault, of attributes that the caller may write with this event.
    fn received(&self, record: &OpenRecord, at: Timestamp) -> Result<Vec<Given>, Problem> {
        let (_, category) = level_and_category(&record.head.facts);
        let guidance = catalogue().active_guidance();
        let edition = record.head.facts.catalogue();
        let received = Received::read(self.list, (edition, category), guidance, at.into());
        let principal = self.change.caller.partner()?;
        let writable = access::writable(principal, &record.head.standing());
        let event_type = self.change.provenance.event_type;
        may_write(event_type, Level::Item, writable, &received.named)?;
        refuse(received.faults)?;
        Ok(received.given)
    }

    /// What is new and what becomes current, held against the series and the rules of the document; and what is odd about it.
    async fn plan(
        &self,
        store: &Store,
        record: &OpenRecord,
        given: &[Given],
        at: Timestamp,
    ) -> Result<(Plan, Vec<Fault>), Problem> {
        let corrects = self.change.provenance.event_type.corrects();
        let known = known(store, record, given).await?;
        let facts = &record.head.facts;
        let since = facts.counters_since().map(Into::into);
        let plan = Plan::of(&record.document, given, &known, corrects, since)
            .map_err(Problem::contradicts)?;
        let proposal = self.change.proposal(record, facts, &plan.document, at);
        let found = proposal.findings().await?;
        let mut faults = plan.told(found.faults);
        if plan.late(given).next().is_some() {
            let composed = composed(self.change.platform, facts, &plan.document).await?;
            faults.extend(passport::before_manufacture(&composed, plan.late(given)));
        }
        if !corrects {
            let falls = passport::falling(&record.document, given, &known, since);
            let places: Vec<String> = falls.iter().map(|fall| fall.pointer.clone()).collect();
            faults.retain(|fault| !places.contains(&fault.pointer));
            faults.extend(falls);
        }
        refuse(faults)?;
        let warnings = plan.told(found.warnings);
        Ok((plan, warnings))
    }
}

/// What the series holds of each attribute: its newest reading, those between the first and the last of the given ones, and
/// those next to a counter's. Where the newest is older than what is given, nothing else has to be read.
async fn known(store: &Store, record: &OpenRecord, given: &[Given]) -> Result<Vec<Known>, Problem> {
    let mut known = Vec::new();
    for (attribute, from, to) in passport::spans(given) {
        let newest = Range {
            from: Timestamp::from_millisecond(i64::MIN),
            to: Timestamp::from_millisecond(i64::MAX),
            newest_first: true,
            limit: 1,
        };
        let newest = store.series(&record.subject, attribute, newest).await?;
        let all_newer = newest.iter().all(|newest| newest.at < from.into());
        known.extend(newest);
        if all_newer {
            continue;
        }
        let range = Range {
            from: from.into(),
            to: to.into(),
            newest_first: false,
            limit: MOST_KNOWN,
        };
        let series = store.series(&record.subject, attribute, range).await?;
        if series.len() == MOST_KNOWN {
            return Err(Problem::too_large(format!(
                "{MOST_KNOWN} readings of {} are known between the first and the last of these: send those of a shorter time at once",
                attribute.pointer()
            )));
        }
        known.extend(series);
        if attribute.counter {
            // A counter is held against what stands next to these readings, on either side.
            let before = Range {
                from: Timestamp::from_millisecond(i64::MIN),
                to: range.from.minus(Duration::from_millis(1)),
                newest_first: true,
                limit: 1,
            };
            let after = Range {
                from: range.to.next(),
                to: Timestamp::from_millisecond(i64::MAX),
                newest_first: false,
                limit: 1,
            };
            for beside in [before, after] {
                known.extend(store.series(&record.subject, attribute, beside).await?);
            }
        }
    }
    let known = known.into_iter().map(|stored| Known {
        reading: stored.reading,
        event: stored.event_id.to_string(),
    });
    Ok(known.collect())
}
