//! Readings: what a dynamic attribute was at one moment (Annex XIII 4(b) and 4(d), Article 14).
//!
//! The passport shows the newest; all of them are the attribute's series. A reading says where, what and when, as the
//! attribute has it on the wire: `{"pointer": "/condition/stateOfCharge", "value": 54, "unit": "%", "measuredAt": "…"}`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::document::set;
use crate::fault::excerpt;
use crate::{
    Attribute, AttributeChange, Category, Edition, EventType, Fault, Guidance, Level, catalogue,
    validate_under,
};

/// How far the clocks of instruments may be ahead of ours.
const CLOCKS: SignedDuration = SignedDuration::from_mins(5);

/// Whether a moment is in the future by more than clocks differ.
fn is_future(at: Timestamp, now: Timestamp) -> bool {
    at.duration_since(now) > CLOCKS
}

/// The member that says when a dynamic value was measured.
pub(crate) const MEASURED_AT: &str = "measuredAt";
const POINTER: &str = "pointer";

/// The value of a dynamic attribute at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The attribute.
    pub attribute: &'static Attribute,
    /// When it was measured, to the millisecond.
    pub at: Timestamp,
    /// The value as the attribute has it on the wire, `measuredAt` included.
    pub value: Value,
}

impl Reading {
    /// A value of the attribute; `None` where the attribute is not dynamic or the value does not say when.
    #[must_use]
    pub fn of(attribute: &'static Attribute, value: &Value) -> Option<Self> {
        let at = measured_at(value).filter(|_| attribute.dynamic)?;
        let value = value.clone();
        Some(Self {
            attribute,
            at,
            value,
        })
    }

    /// The number it says, where it says one.
    pub(crate) fn number(&self) -> Option<f64> {
        self.value.get("value")?.as_f64()
    }

    /// Whether both say the same, of whatever moment.
    fn agrees(&self, value: &Value) -> bool {
        match (self.value.get("value"), value.get("value")) {
            (Some(one), Some(other)) => same(one, other),
            _ => false,
        }
    }
}

/// Whether two values are the same; `20` and `20.0` are, which canonical JSON writes alike.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let member = |(name, one): (&String, &Value)| {
                other.get(name).is_some_and(|other| same(one, other))
            };
            one.len() == other.len() && one.iter().all(member)
        }
        _ => one == other,
    }
}

/// When a dynamic value was measured, to the millisecond.
pub(crate) fn measured_at(value: &Value) -> Option<Timestamp> {
    let at: Timestamp = value.get(MEASURED_AT)?.as_str()?.parse().ok()?;
    Timestamp::from_millisecond(at.as_millisecond()).ok()
}

/// The value of an attribute in a document, with its moment.
pub(crate) fn current(
    document: &Map<String, Value>,
    attribute: &'static Attribute,
) -> Option<Reading> {
    Reading::of(attribute, attribute.value_in(document)?)
}

/// A reading of a request, and which of its list it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// Its place in the list, from 0.
    pub index: usize,
    /// What it says.
    pub reading: Reading,
}

/// Readings as they came: those that can be read, the attributes they name, and every fault.
#[derive(Debug, Default)]
pub struct Received {
    /// Without fault.
    pub given: Vec<Given>,
    /// The attributes named, in a document of one value each: what a caller may write is decided on it.
    pub named: Map<String, Value>,
    /// Every fault; pointers begin with `/readings/<index>`.
    pub faults: Vec<Fault>,
}

impl Received {
    /// Reads the list of a request about one battery of this category, whose record follows this version of the catalogue.
    #[must_use]
    pub fn read(
        list: &[Value],
        (edition, category): (&Edition, Category),
        guidance: &Guidance,
        now: Timestamp,
    ) -> Self {
        let mut received = Self::default();
        let checked = |alone: &Map<String, Value>| {
            validate_under(edition, Level::Item, category, guidance, alone)
        };
        for (index, value) in list.iter().enumerate() {
            match attribute(index, value) {
                Ok((attribute, value)) => {
                    received.take(index, attribute, value, checked, now);
                }
                Err(fault) => received.faults.push(fault),
            }
        }
        received
    }

    fn take(
        &mut self,
        index: usize,
        attribute: &'static Attribute,
        value: Value,
        checked: impl Fn(&Map<String, Value>) -> Vec<Fault>,
        now: Timestamp,
    ) {
        let group = self
            .named
            .entry(&attribute.group)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(group) = group {
            group.insert(attribute.id.clone(), Value::Bool(true));
        }
        let alone = document_of(attribute, value.clone());
        let before = self.faults.len();
        let faults = checked(&alone);
        self.faults
            .extend(faults.into_iter().map(|fault| at(index, attribute, fault)));
        let Some(reading) = Reading::of(attribute, &value) else {
            return;
        };
        if is_future(reading.at, now) {
            self.faults
                .push(future(format!("/readings/{index}"), attribute, &value, now));
        }
        if self.faults.len() == before {
            self.given.push(Given { index, reading });
        }
    }
}

fn document_of(attribute: &Attribute, value: Value) -> Map<String, Value> {
    let group = Map::from_iter([(attribute.id.clone(), value)]);
    Map::from_iter([(attribute.group.clone(), Value::Object(group))])
}

/// The attribute a reading names, and the rest of it: its value.
fn attribute(index: usize, value: &Value) -> Result<(&'static Attribute, Value), Fault> {
    let place = format!("/readings/{index}");
    let refused = |pointer: String, rule: &str, expected: &str, found: String| Fault {
        pointer,
        rule: rule.to_owned(),
        expected: expected.to_owned(),
        found,
        source: None,
    };
    let form =
        "an object of `pointer`, `value`, `unit` where the attribute has one, and `measuredAt`";
    let Value::Object(members) = value else {
        return Err(refused(place, "wrong-type", form, excerpt(value)));
    };
    let mut members = members.clone();
    let named = members.shift_remove(POINTER);
    let place = format!("{place}/{POINTER}");
    let Some(named) = named else {
        let expected = "the attribute, as `/condition/stateOfCharge`";
        return Err(refused(place, "missing", expected, "nothing".to_owned()));
    };
    let found = named
        .as_str()
        .and_then(|pointer| catalogue().by_pointer(pointer));
    match found {
        None => Err(refused(
            place,
            "unknown-attribute",
            "an attribute of the catalogue, as `/condition/stateOfCharge`",
            excerpt(&named),
        )),
        Some(attribute) if !attribute.dynamic => Err(Fault {
            source: Some(attribute.source.clone()),
            ..refused(
                place,
                "not-dynamic",
                "an attribute that changes with use",
                excerpt(&named),
            )
        }),
        Some(attribute) => Ok((attribute, Value::Object(members))),
    }
}

/// A fault of a document, told of the reading it is about.
fn at(index: usize, attribute: &Attribute, fault: Fault) -> Fault {
    let rest = fault.pointer.strip_prefix(&attribute.pointer());
    Fault {
        pointer: format!("/readings/{index}{}", rest.unwrap_or_default()),
        ..fault
    }
}

fn future(place: String, attribute: &Attribute, value: &Value, now: Timestamp) -> Fault {
    Fault {
        pointer: format!("{place}/{MEASURED_AT}"),
        rule: "in-the-future".to_owned(),
        expected: format!("a time until now, {now:.3}"),
        found: excerpt(value.get(MEASURED_AT).unwrap_or(&Value::Null)),
        source: Some(attribute.source.clone()),
    }
}

/// A value at the same moment as another one that says something else.
fn conflicting(place: String, attribute: &Attribute, there: &str, found: &Value) -> Fault {
    Fault {
        pointer: place,
        rule: CONFLICTING.to_owned(),
        expected: format!("what is known of that moment, {there}; a `correction` puts it right"),
        found: excerpt(found),
        source: Some(attribute.source.clone()),
    }
}

const CONFLICTING: &str = "conflicting-reading";

/// The attributes of readings, each with its first and last moment.
#[must_use]
pub fn spans(given: &[Given]) -> Vec<(&'static Attribute, Timestamp, Timestamp)> {
    let mut spans: BTreeMap<String, (&'static Attribute, Timestamp, Timestamp)> = BTreeMap::new();
    for Given { reading, .. } in given {
        let Reading { attribute, at, .. } = reading;
        spans
            .entry(attribute.pointer())
            .and_modify(|(_, from, to)| (*from, *to) = ((*from).min(*at), (*to).max(*at)))
            .or_insert((attribute, *at, *at));
    }
    spans.into_values().collect()
}

/// What stands in a series already.
#[derive(Debug, Clone)]
pub struct Known {
    /// What it says.
    pub reading: Reading,
    /// The event that brought it.
    pub event: String,
}

/// What readings do to a passport.
#[derive(Debug, Default)]
pub struct Plan {
    /// What enters the series, each moment of an attribute once, by attribute and time.
    pub new: Vec<Reading>,
    /// The document afterwards: where a new reading is the newest of its attribute, it is shown.
    pub document: Map<String, Value>,
    /// Which reading of the list became current, by the attribute's pointer.
    current: BTreeMap<String, usize>,
}

impl Plan {
    /// Works out what is new and what becomes current. A reading that is older than the current value, or than the newest of
    /// `known`, never does. What is known already is nothing new; what says otherwise of a known moment is refused, unless it `corrects`. A counter that was
    /// read before the counters began anew enters its series only.
    ///
    /// # Errors
    /// Every conflict; pointers begin with `/readings/<index>`.
    pub fn of(
        document: &Map<String, Value>,
        given: &[Given],
        known: &[Known],
        corrects: bool,
        counters_since: Option<Timestamp>,
    ) -> Result<Self, Vec<Fault>> {
        let by_moment: BTreeMap<(String, Timestamp), &Known> = known
            .iter()
            .map(|known| (place(&known.reading), known))
            .collect();
        let mut faults = Vec::new();
        let mut taken: BTreeMap<(String, Timestamp), &Given> = BTreeMap::new();
        for one in given {
            let reading = &one.reading;
            let pointer = format!("/readings/{}", one.index);
            let place = place(reading);
            if let Some(earlier) = taken.get(&place) {
                if !earlier.reading.agrees(&reading.value) {
                    let there = format!(
                        "{} in /readings/{}",
                        excerpt(&earlier.reading.value),
                        earlier.index
                    );
                    faults.push(conflicting(
                        pointer,
                        reading.attribute,
                        &there,
                        &reading.value,
                    ));
                }
                continue;
            }
            let shown = current(document, reading.attribute).filter(|it| it.at == reading.at);
            let there = match (by_moment.get(&place), &shown) {
                (Some(known), _) => Some((
                    &known.reading.value,
                    format!(
                        "{} from event {}",
                        excerpt(&known.reading.value),
                        known.event
                    ),
                )),
                (None, Some(shown)) => Some((
                    &shown.value,
                    format!("{}, the current value", excerpt(&shown.value)),
                )),
                (None, None) => None,
            };
            match there {
                Some((value, _)) if reading.agrees(value) => {}
                Some((_, there)) if !corrects => {
                    faults.push(conflicting(
                        pointer,
                        reading.attribute,
                        &there,
                        &reading.value,
                    ));
                }
                _ => {
                    taken.insert(place, one);
                }
            }
        }
        match faults.is_empty() {
            true => Ok(Self::shown(
                document,
                taken.values().copied(),
                known,
                counters_since,
            )),
            false => Err(faults),
        }
    }

    /// `new` comes by attribute and time, so the last of an attribute is its newest.
    fn shown<'g>(
        document: &Map<String, Value>,
        new: impl Iterator<Item = &'g Given>,
        known: &[Known],
        counters_since: Option<Timestamp>,
    ) -> Self {
        let mut plan = Self {
            document: document.clone(),
            ..Self::default()
        };
        let mut newest = BTreeMap::new();
        for given in new {
            plan.new.push(given.reading.clone());
            newest.insert(given.reading.attribute.pointer(), given);
        }
        for (pointer, Given { index, reading }) in newest {
            let attribute = reading.attribute;
            let mut of_attribute = known
                .iter()
                .filter(|known| known.reading.attribute == attribute);
            let late = current(document, attribute).is_some_and(|shown| shown.at > reading.at)
                || of_attribute.any(|known| known.reading.at > reading.at);
            let past = attribute.counter && counters_since.is_some_and(|since| reading.at < since);
            if !past && !late {
                let (group, id) = (attribute.group.as_str(), attribute.id.as_str());
                set(
                    &mut plan.document,
                    group,
                    Some(id),
                    Some(reading.value.clone()),
                );
                plan.current.insert(pointer, *index);
            }
        }
        plan
    }

    /// The readings that enter their series only.
    pub fn late<'g>(&self, given: &'g [Given]) -> impl Iterator<Item = &'g Given> {
        given
            .iter()
            .filter(|one| !self.current.values().any(|index| *index == one.index))
    }

    /// Faults of the document afterwards, told of the readings that brought them.
    #[must_use]
    pub fn told(&self, faults: Vec<Fault>) -> Vec<Fault> {
        let told = |fault: Fault| {
            let brought = self.current.iter().find_map(|(pointer, index)| {
                let rest = fault.pointer.strip_prefix(pointer)?;
                (rest.is_empty() || rest.starts_with('/'))
                    .then(|| format!("/readings/{index}{rest}"))
            });
            Fault {
                pointer: brought.unwrap_or_else(|| fault.pointer.clone()),
                ..fault
            }
        };
        faults.into_iter().map(told).collect()
    }
}

fn place(reading: &Reading) -> (String, Timestamp) {
    (reading.attribute.pointer(), reading.at)
}

/// What is wrong with the moments of changed dynamic values: none in the future, none older than what is shown, and no
/// other value of the same moment. Only an event that corrects, or that sets the value itself, may go back.
#[must_use]
pub(crate) fn moments(
    changes: &[AttributeChange],
    event_type: &EventType,
    now: Timestamp,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for change in changes {
        let attribute = catalogue().by_pointer(&change.pointer);
        let (Some(attribute), Some(value)) = (attribute, &change.after) else {
            continue;
        };
        let Some(reading) = Reading::of(attribute, value) else {
            continue;
        };
        if is_future(reading.at, now) {
            faults.push(future(change.pointer.clone(), attribute, value, now));
        }
        let may_go_back = event_type.corrects() || attribute.set_by(event_type);
        let shown = change.before.as_ref().filter(|_| !may_go_back);
        match shown.and_then(|shown| Reading::of(attribute, shown)) {
            Some(shown) if shown.at > reading.at => faults.push(Fault {
                pointer: format!("{}/{MEASURED_AT}", change.pointer),
                rule: "late-reading".to_owned(),
                expected: format!(
                    "a time after that of the value that is shown, {:.3}; an older one goes into the series with POST …/readings",
                    shown.at
                ),
                found: excerpt(value.get(MEASURED_AT).unwrap_or(&Value::Null)),
                source: Some(attribute.source.clone()),
            }),
            Some(shown) if shown.at == reading.at && !reading.agrees(&shown.value) => {
                let there = excerpt(&shown.value);
                faults.push(conflicting(change.pointer.clone(), attribute, &there, value));
            }
            _ => {}
        }
    }
    faults
}

#[cfg(test)]
mod tests;
