//! Whether one document may follow another: counters only grow, and times are in order.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde_json::{Map, Value};

use crate::reading::{Given, MEASURED_AT, measured_at, moments};
use crate::rule::{at, quantity};
use crate::{Attribute, AttributeChange, EventType, Fault, catalogue, delta};

/// A day is not yet over, or has begun already, somewhere on earth.
const WEST: Offset = Offset::constant(-12);
const EAST: Offset = Offset::constant(14);

/// When and by which event a document changes.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The event's type.
    pub event_type: &'a EventType,
    /// The present.
    pub now: Timestamp,
    /// When the battery was placed on the market, where it was; by this event too.
    pub placed_on_market_at: Option<Timestamp>,
    /// When the counters began anew before this event, where they did.
    pub counters_since: Option<Timestamp>,
    /// What all levels say together after the change.
    pub composed: &'a Map<String, Value>,
}

/// The document in which a new counter epoch begins at that moment: without the counters that are as they were before it.
#[must_use]
pub fn restart_counters(
    before: &Map<String, Value>,
    mut after: Map<String, Value>,
    at: Timestamp,
) -> Map<String, Value> {
    for attribute in catalogue().attributes().filter(|one| one.counter) {
        let old = attribute.value_in(before);
        if let Some(Value::Object(group)) = after.get_mut(&attribute.group)
            && group.get(&attribute.id) == old
            && old
                .and_then(measured_at)
                .is_none_or(|measured| measured < at)
        {
            group.shift_remove(&attribute.id);
        }
    }
    after.retain(|_, group| group.as_object().is_none_or(|group| !group.is_empty()));
    after
}

/// Every fault of a document that is to follow another one of the same record.
#[must_use]
pub fn validate_change(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    occasion: &Occasion<'_>,
) -> Vec<Fault> {
    let changes = delta(before, after);
    let mut faults = Vec::new();
    let checked = Followed {
        occasion,
        manufactured: date_at(occasion.composed, &catalogue().dates().manufactured),
        faults: &mut faults,
    };
    checked.check(&changes);
    faults.extend(moments(&changes, occasion.event_type, occasion.now));
    faults
}

/// Readings of moments before the battery was made, as all levels together say when that was; pointers begin with
/// `/readings/<index>`.
pub fn before_manufacture<'g>(
    composed: &Map<String, Value>,
    given: impl IntoIterator<Item = &'g Given>,
) -> Vec<Fault> {
    let manufactured = date_at(composed, &catalogue().dates().manufactured);
    let early = |one: &Given| {
        let place = format!("/readings/{}", one.index);
        made_later(
            manufactured,
            one.reading.attribute,
            &one.reading.value,
            &place,
        )
    };
    given.into_iter().filter_map(early).collect()
}

/// The fault of a value that was measured before the battery was made.
fn made_later(
    manufactured: Option<Date>,
    attribute: &Attribute,
    value: &Value,
    place: &str,
) -> Option<Fault> {
    let made = manufactured?;
    let early = EAST.to_datetime(measured_at(value)?).date() < made;
    early.then(|| Fault {
        pointer: format!("{place}/{MEASURED_AT}"),
        rule: "before-manufacture".to_owned(),
        expected: format!("a time that is not before {made}, when the battery was made"),
        found: text_at(value),
        source: Some(attribute.source.clone()),
    })
}

fn text_at(value: &Value) -> String {
    let found = value.get(MEASURED_AT).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

struct Followed<'a, 'f> {
    occasion: &'a Occasion<'a>,
    /// The first day of the month in which the battery was made.
    manufactured: Option<Date>,
    faults: &'f mut Vec<Fault>,
}

impl Followed<'_, '_> {
    fn check(mut self, changes: &[AttributeChange]) {
        for change in changes {
            let (Some(attribute), Some(after)) =
                (catalogue().by_pointer(&change.pointer), &change.after)
            else {
                continue;
            };
            if attribute.dynamic {
                self.measured(attribute, after);
            }
            if let Some(before) = &change.before {
                self.counted(attribute, before, after);
            }
        }
        self.dates(changes);
    }

    fn fault(&mut self, pointer: String, rule: &str, expected: String, found: &str, source: &str) {
        self.faults.push(Fault {
            pointer,
            rule: rule.to_owned(),
            expected,
            found: found.to_owned(),
            source: Some(source.to_owned()),
        });
    }

    fn counted(&mut self, attribute: &Attribute, before: &Value, after: &Value) {
        let event_type = self.occasion.event_type;
        if !attribute.counter || event_type.corrects || event_type.restarts_counters {
            return;
        }
        if let (Some(old), Some(new)) = (quantity(before), quantity(after))
            && new < old
        {
            self.fault(
                format!("{}/value", attribute.pointer()),
                "counter-falls",
                format!(
                    "at least {old}, its present value: it falls only by {}",
                    listed(|one| one.corrects || one.restarts_counters)
                ),
                &new.to_string(),
                &attribute.source,
            );
        }
    }

    /// A changed value was not measured before the battery was made, and a counter not before the counters began anew.
    fn measured(&mut self, attribute: &Attribute, after: &Value) {
        let Some(measured) = measured_at(after) else {
            return;
        };
        let place = attribute.pointer();
        self.faults
            .extend(made_later(self.manufactured, attribute, after, &place));
        if let Some(since) = self.occasion.counters_since
            && attribute.counter
            && measured < since
            && !self.occasion.event_type.corrects
        {
            let expected = format!(
                "a time that is not before {since:.3}, when the counters began anew; an older one goes into the series with POST …/readings"
            );
            let (pointer, found) = (format!("{place}/{MEASURED_AT}"), text_at(after));
            self.fault(pointer, "late-reading", expected, &found, &attribute.source);
        }
    }

    /// Made, placed on the market, put into service, in this order, and nothing in the future.
    fn dates(&mut self, changes: &[AttributeChange]) {
        let dates = catalogue().dates();
        let changed = |pointer: &str| {
            changes
                .iter()
                .any(|change| change.pointer == pointer && change.after.is_some())
        };
        let placed = self.occasion.placed_on_market_at;
        let places = self.occasion.event_type.sets_record_status() == Some("active");
        let made_anew = changed(&dates.manufactured);
        let today = EAST.to_datetime(self.occasion.now).date();
        if let Some(made) = self.manufactured
            && (made_anew || places)
        {
            let latest = placed.map_or(today, |at| today.min(EAST.to_datetime(at).date()));
            if made > latest {
                let rule = if made > today {
                    "in-the-future"
                } else {
                    "out-of-order"
                };
                let expected = match placed {
                    Some(at) => {
                        format!("not after {at:.0}, when the battery was placed on the market")
                    }
                    None => format!("not after {today}"),
                };
                self.dated(&dates.manufactured, rule, expected);
            }
        }
        let Some(served) = date_at(self.occasion.composed, &dates.put_into_service) else {
            return;
        };
        if !(changed(&dates.put_into_service) || made_anew || places) {
            return;
        }
        if served > today {
            self.dated(
                &dates.put_into_service,
                "in-the-future",
                format!("not after {today}"),
            );
        }
        let known = [
            (self.manufactured, "made"),
            (
                placed.map(|at| WEST.to_datetime(at).date()),
                "placed on the market",
            ),
        ];
        let earliest = known.iter().filter_map(|(date, _)| *date).max();
        if let Some(earliest) = earliest.filter(|earliest| served < *earliest) {
            let happened: Vec<&str> = known
                .iter()
                .filter(|(date, _)| *date == Some(earliest))
                .map(|(_, what)| *what)
                .collect();
            let happened = happened.join(" and ");
            let expected = format!("not before {earliest}, when the battery was {happened}");
            self.dated(&dates.put_into_service, "out-of-order", expected);
        }
    }

    fn dated(&mut self, pointer: &str, rule: &str, expected: String) {
        let found = at(self.occasion.composed, pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let source = catalogue()
            .by_pointer(pointer)
            .map_or("", |attribute| attribute.source.as_str());
        self.fault(pointer.to_owned(), rule, expected, &found, source);
    }
}

/// The event types that may do something, for a message.
fn listed(may: fn(&EventType) -> bool) -> String {
    let names: Vec<String> = catalogue()
        .event_types()
        .filter(|event_type| may(event_type))
        .map(|event_type| format!("`{}`", event_type.id))
        .collect();
    names.join(" or ")
}

/// A day, or the first of a month.
fn date_at(document: &Map<String, Value>, pointer: &str) -> Option<Date> {
    let text = at(document, pointer)?.as_str()?;
    text.parse().or_else(|_| format!("{text}-01").parse()).ok()
}

#[cfg(test)]
mod tests;
