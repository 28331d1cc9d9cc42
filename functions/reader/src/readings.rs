//! Values over time: the series of dynamic attributes.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::try_join_all;
use ledger::{EventId, Timestamp};
use passport::{Attribute, Classes, catalogue};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::{Range, StoredReading};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Caller, Counted, Partner, Path, Platform, Problem, Query};

use crate::view::Loaded;

/// Readings of one page, unless asked for otherwise.
const USUAL: usize = 100;
/// Most readings of one page.
const MOST: usize = 1_000;
const JSON: &str = "application/json";
const CSV: &str = "text/csv";

/// Which readings, and in which form.
#[derive(Debug, Deserialize)]
pub(crate) struct ReadingsQuery {
    attribute: Option<String>,
    from: Option<String>,
    to: Option<String>,
    order: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// Readings of a battery.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Readings {
    /// The passport.
    dpp_id: Uuid,
    /// In the order that was asked for.
    readings: Vec<Reading>,
    /// Where more follow: the `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// A reading.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Reading {
    /// The attribute.
    pointer: String,
    /// Its value.
    value: Value,
    /// The unit (UCUM), where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    unit: Option<Value>,
    /// When it was measured, as it was given.
    #[schema(value_type = String, format = DateTime)]
    measured_at: Value,
    /// What measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    instrument: Option<String>,
    /// Under which conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    conditions: Option<String>,
    /// The event that brought it.
    #[schema(value_type = Uuid)]
    event_id: EventId,
    /// The type of that event, for those who may know of it.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    event_type: Option<String>,
    /// The role that brought it, for those.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    role: Option<String>,
}

/// List readings of a battery.
///
/// What its dynamic attributes were over time, for those with a legitimate interest in the battery (Annex XIII 4): of one
/// attribute, several or all, within a range, newest first. Of one moment it shows what is known now; what was put right
/// stands in the events. `text/csv` gives a table.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/readings", operation_id = "listReadings", tag = "reader", security(("bearer" = [])),
    params(
        ("dppId" = String, Path, description = "The passport"),
        ("attribute" = Option<String>, Query, description = "Pointers of dynamic attributes, comma-separated; without it all of them", example = "/condition/stateOfCharge,/condition/cycleCount"),
        ("from" = Option<String>, Query, description = "The earliest moment (RFC 3339)"),
        ("to" = Option<String>, Query, description = "The latest moment (RFC 3339)"),
        ("order" = Option<String>, Query, description = "`newest-first`, as it is without it, or `oldest-first`"),
        ("limit" = Option<u16>, Query, description = "Most readings of one page, 1 to 1,000; 100 without it"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before, with the same other parameters")
    ),
    responses((status = 200, description = "A page of readings; `Link` with `rel=\"next\"` leads to the next one", content((Readings = "application/json"), (String = "text/csv"))), (status = "default", response = Problem))
)]
pub(crate) async fn list(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    Query(query): Query<ReadingsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = platform.passport_id(&id)?;
    let form = web::best(&headers, &[JSON, CSV])
        .ok_or_else(|| Problem::not_acceptable(format!("ask for {JSON} or {CSV}")))?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let asked = Asked::of(&query, &loaded, &caller)?;
    let page = asked.page(&platform, &loaded).await?;
    let read = asked.attributes.iter().map(|attribute| attribute.pointer());
    let read = read.collect();
    loaded
        .record_read(&platform, &caller, &headers, read)
        .await?;
    let classes = loaded.reading(&caller).classes;
    let readings = page.readings.into_iter().map(|one| shown(one, classes));
    let body = Readings {
        dpp_id: id,
        readings: readings.collect(),
        next: page.next,
    };
    let results = body.readings.len();
    Ok(Counted::of(results, answer(&body, form, &query)).into_response())
}

fn shown(stored: StoredReading, classes: Classes) -> Reading {
    let known = classes.contains(stored.audience);
    let member = |name: &str| stored.reading.value.get(name).cloned();
    Reading {
        pointer: stored.reading.attribute.pointer(),
        value: member("value").unwrap_or_default(),
        unit: member("unit"),
        measured_at: member("measuredAt").unwrap_or_default(),
        instrument: stored.instrument,
        conditions: stored.conditions,
        event_id: stored.event_id,
        event_type: known.then_some(stored.event_type),
        role: known.then_some(stored.role),
    }
}

/// What is asked for, checked.
struct Asked {
    /// By pointer.
    attributes: Vec<&'static Attribute>,
    from: Timestamp,
    to: Timestamp,
    newest_first: bool,
    limit: usize,
    /// The last reading of the page before.
    after: Option<Place>,
}

/// The place of a reading in the order: its moment, then its attribute.
type Place = (Timestamp, String);

struct Page {
    readings: Vec<StoredReading>,
    next: Option<String>,
}

impl Asked {
    fn of(query: &ReadingsQuery, loaded: &Loaded, caller: &Caller) -> Result<Self, Problem> {
        let newest_first = match query.order.as_deref() {
            None | Some("newest-first") => true,
            Some("oldest-first") => false,
            Some(_) => {
                return Err(Problem::malformed(
                    "expected newest-first or oldest-first in `order`",
                ));
            }
        };
        let limit = match query.limit.as_deref().map(str::parse) {
            None => USUAL,
            Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
            Some(_) => {
                return Err(Problem::malformed(format!(
                    "expected a number from 1 to {MOST} in `limit`"
                )));
            }
        };
        let attributes = attributes(query.attribute.as_deref(), loaded, caller)?;
        let after = match &query.cursor {
            None => None,
            Some(cursor) => Some(place(cursor, &attributes).ok_or_else(|| {
                Problem::malformed(
                    "`cursor` is no `next` of a page of these attributes: leave it out to begin anew",
                )
            })?),
        };
        Ok(Self {
            attributes,
            from: time("from", query.from.as_deref(), i64::MIN)?,
            to: time("to", query.to.as_deref(), i64::MAX)?,
            newest_first,
            limit,
            after,
        })
    }

    /// The readings of the page, and one more of each attribute, so that it is known whether there is another.
    async fn page(&self, platform: &Platform, loaded: &Loaded) -> Result<Page, Problem> {
        let subject = &loaded.passport.subject;
        let queries = self.attributes.iter().filter_map(|attribute| {
            let range = self.range(attribute)?;
            Some(platform.store.series(subject, attribute, range))
        });
        let mut readings: Vec<StoredReading> =
            try_join_all(queries).await?.into_iter().flatten().collect();
        match self.newest_first {
            true => readings.sort_by_key(|one| Reverse(place_of(one))),
            false => readings.sort_by_key(place_of),
        }
        let more = readings.len() > self.limit;
        readings.truncate(self.limit);
        let next = readings.last().filter(|_| more).map(cursor);
        Ok(Page { readings, next })
    }

    /// What is left of an attribute's range after the page before; `None` where nothing is.
    fn range(&self, attribute: &Attribute) -> Option<Range> {
        let (mut from, mut to) = (self.from, self.to);
        if let Some((at, last)) = &self.after {
            // Of the same moment, attributes after the last one are still to come.
            let pointer = attribute.pointer();
            let same_moment = match self.newest_first {
                true => pointer < *last,
                false => pointer > *last,
            };
            match (self.newest_first, same_moment) {
                (true, true) => to = to.min(*at),
                (true, false) => to = to.min(at.minus(std::time::Duration::from_millis(1))),
                (false, true) => from = from.max(*at),
                (false, false) => from = from.max(at.next()),
            }
        }
        (from <= to).then_some(Range {
            from,
            to,
            newest_first: self.newest_first,
            limit: self.limit + 1,
        })
    }
}

/// The attributes that are asked for, as far as this caller may read them: all it may where none is named.
fn attributes(
    named: Option<&str>,
    loaded: &Loaded,
    caller: &Caller,
) -> Result<Vec<&'static Attribute>, Problem> {
    let classes = loaded.reading(caller).classes;
    let dynamic = || dynamic(loaded);
    let mut asked = Vec::new();
    match named {
        None => asked.extend(dynamic()),
        Some(named) => {
            for pointer in named.split(',').map(str::trim) {
                let attribute = dynamic().find(|attribute| attribute.pointer() == pointer);
                asked.push(attribute.ok_or_else(|| {
                    let pointer: String = pointer.chars().take(64).collect();
                    Problem::malformed(format!(
                        "`{pointer}` is no attribute that changes with use: expected one as `/condition/stateOfCharge` in `attribute`"
                    ))
                })?);
            }
        }
    }
    let refused = |attribute: &&'static Attribute| !classes.contains(attribute.class);
    match asked.iter().copied().find(refused) {
        Some(attribute) if named.is_some() || asked.iter().all(refused) => {
            return Err(Problem::forbidden(format!(
                "readings of {} are for {} (class {}), which you may not read",
                attribute.pointer(),
                attribute.class.readers(),
                attribute.class.number()
            )));
        }
        _ => asked.retain(|attribute| !refused(attribute)),
    }
    asked.sort_by_key(|attribute| attribute.pointer());
    asked.dedup_by_key(|attribute| attribute.pointer());
    Ok(asked)
}

/// The attributes that change with use and are shown to somebody.
fn dynamic(loaded: &Loaded) -> impl Iterator<Item = &'static Attribute> {
    let guidance = catalogue().active_guidance();
    // What an earlier version of the catalogue had keeps its series.
    let all = catalogue().attributes().chain(catalogue().retired());
    all.filter(move |attribute| {
        attribute.dynamic && passport::visible(attribute, guidance, loaded.category)
    })
}

/// The newest readings of an attribute, oldest first; none where this caller may not read them. That they were read is the
/// matter of whoever shows them.
pub(crate) async fn course(
    platform: &Platform,
    caller: &Caller,
    loaded: &Loaded,
    attribute: &'static Attribute,
    most: usize,
) -> Result<Vec<StoredReading>, Problem> {
    let is_readable = loaded.reading(caller).classes.contains(attribute.class);
    let is_shown = dynamic(loaded).any(|shown| std::ptr::eq(shown, attribute));
    if !(is_readable && is_shown) {
        return Ok(Vec::new());
    }
    let range = Range {
        from: Timestamp::from_millisecond(i64::MIN),
        to: Timestamp::from_millisecond(i64::MAX),
        newest_first: true,
        limit: most,
    };
    let subject = &loaded.passport.subject;
    let mut readings = platform.store.series(subject, attribute, range).await?;
    readings.reverse();
    Ok(readings)
}

fn time(name: &str, text: Option<&str>, otherwise: i64) -> Result<Timestamp, Problem> {
    match text {
        None => Ok(Timestamp::from_millisecond(otherwise)),
        Some(text) => web::time(text).ok_or_else(|| {
            Problem::malformed(format!(
                "expected a time as 2027-06-01T08:00:00Z (RFC 3339) in `{name}`"
            ))
        }),
    }
}

fn place_of(stored: &StoredReading) -> Place {
    (stored.at, stored.reading.attribute.pointer())
}

/// A cursor says no more than `from`, `to` and `attribute` could: whoever makes one up reads nothing else with it.
fn cursor(stored: &StoredReading) -> String {
    let (at, pointer) = place_of(stored);
    URL_SAFE_NO_PAD.encode(format!("{at} {pointer}"))
}

fn place(cursor: &str, attributes: &[&Attribute]) -> Option<Place> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (at, pointer) = text.split_once(' ')?;
    let asked = attributes.iter().any(|one| one.pointer() == pointer);
    Some((at.parse().ok()?, pointer.to_owned())).filter(|_| asked)
}

fn answer(body: &Readings, form: &str, query: &ReadingsQuery) -> Response {
    let mut response = match form {
        CSV => (
            [(header::CONTENT_TYPE, "text/csv; charset=utf-8")],
            table(body),
        )
            .into_response(),
        _ => Json(body).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    headers.insert(
        header::VARY,
        HeaderValue::from_static("Accept, Authorization"),
    );
    let link = body.next.as_ref().map(|next| next_page(query, next));
    if let Some(Ok(link)) = link.map(HeaderValue::try_from) {
        headers.insert(header::LINK, link);
    }
    response
}

/// RFC 8288, relative to the request.
fn next_page(query: &ReadingsQuery, next: &str) -> String {
    let parameters = [
        ("attribute", query.attribute.as_deref()),
        ("from", query.from.as_deref()),
        ("to", query.to.as_deref()),
        ("order", query.order.as_deref()),
        ("limit", query.limit.as_deref()),
        ("cursor", Some(next)),
    ];
    let given = parameters.into_iter().filter_map(|(name, value)| {
        let value =
            percent_encoding::utf8_percent_encode(value?, percent_encoding::NON_ALPHANUMERIC);
        Some(format!("{name}={value}"))
    });
    let given: Vec<String> = given.collect();
    format!("<?{}>; rel=\"next\"", given.join("&"))
}

const COLUMNS: [&str; 9] = [
    "pointer",
    "value",
    "unit",
    "measuredAt",
    "instrument",
    "conditions",
    "eventId",
    "type",
    "role",
];

/// RFC 4180. A value that is no scalar is written as JSON.
fn table(body: &Readings) -> String {
    let mut table = COLUMNS.join(",") + "\r\n";
    for reading in &body.readings {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        let cells = [
            reading.pointer.clone(),
            text(&reading.value),
            reading.unit.as_ref().map(text).unwrap_or_default(),
            text(&reading.measured_at),
            harmless(optional(&reading.instrument)),
            harmless(optional(&reading.conditions)),
            reading.event_id.to_string(),
            optional(&reading.event_type),
            optional(&reading.role),
        ];
        let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        table += &cells.join(",");
        table += "\r\n";
    }
    table
}

fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

/// A spreadsheet takes a text that begins like this for a formula.
fn harmless(text: String) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        true => format!("'{text}"),
        false => text,
    }
}
