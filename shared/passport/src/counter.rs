//! Counters in a series: within an epoch of counting none falls, whenever its readings arrive.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::reading::current;
use crate::{Fault, Given, Known, Reading};

/// A reading of a counter among its neighbours.
struct Count<'r> {
    reading: &'r Reading,
    value: f64,
    /// Its place in the list of the request, where it came with it.
    index: Option<usize>,
}

/// The readings that make a counter fall, held against each other, what the series knows around them, and the value that is
/// shown. Of the time before the counters began anew nothing is said: how often they had done so by then is not known here.
#[must_use]
pub fn falling(
    document: &Map<String, Value>,
    given: &[Given],
    known: &[Known],
    counters_since: Option<Timestamp>,
) -> Vec<Fault> {
    let of_now = |reading: &Reading| {
        reading.attribute.counter && counters_since.is_none_or(|since| reading.at >= since)
    };
    let shown: BTreeMap<String, Reading> = given
        .iter()
        .filter_map(|one| current(document, one.reading.attribute))
        .map(|reading| (reading.attribute.pointer(), reading))
        .collect();
    let there = known.iter().map(|known| &known.reading);
    let there = there
        .chain(shown.values())
        .map(|reading| (reading, None))
        .chain(given.iter().map(|one| (&one.reading, Some(one.index))));
    let mut series: BTreeMap<String, Vec<Count<'_>>> = BTreeMap::new();
    for (reading, index) in there.filter(|(reading, _)| of_now(reading)) {
        if let Some(value) = reading.number() {
            let counts = series.entry(reading.attribute.pointer()).or_default();
            counts.push(Count {
                reading,
                value,
                index,
            });
        }
    }
    let mut faults = Vec::new();
    for counts in series.values_mut() {
        counts.sort_by_key(|count| count.reading.at);
        for pair in counts.windows(2) {
            if let [earlier, later] = pair
                && later.value < earlier.value
            {
                faults.extend(fall(earlier, later));
            }
        }
    }
    faults
}

/// Told of the later one, unless only the earlier one is of this request.
fn fall(earlier: &Count<'_>, later: &Count<'_>) -> Option<Fault> {
    let (one, other, bound) = match later.index {
        Some(_) => (later, earlier, "at least"),
        None => (earlier, later, "at most"),
    };
    Some(Fault {
        pointer: format!("/readings/{}/value", one.index?),
        rule: "counter-falls".to_owned(),
        expected: format!(
            "{bound} {}, its value at {:.3}: within an epoch of counting it never falls",
            other.value, other.reading.at
        ),
        found: one.value.to_string(),
        source: Some(one.reading.attribute.source.clone()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Category, Received, catalogue};

    fn at(minute: u32) -> Timestamp {
        format!("2027-06-01T08:{minute:02}:00Z").parse().unwrap()
    }

    fn cycles(minute: u32, value: u64) -> Value {
        json!({"pointer": "/condition/cycleCount", "value": value, "measuredAt": at(minute)})
    }

    fn given(list: &[(u32, u64)]) -> Vec<Given> {
        let list: Vec<Value> = list
            .iter()
            .map(|(minute, value)| cycles(*minute, *value))
            .collect();
        let guidance = catalogue().active_guidance();
        let received = Received::read(
            &list,
            (catalogue().newest(), Category::Ev),
            guidance,
            at(59),
        );
        assert_eq!(received.faults, []);
        received.given
    }

    fn known(list: &[(u32, u64)]) -> Vec<Known> {
        let known = given(list).into_iter().map(|one| Known {
            reading: one.reading,
            event: "event".to_owned(),
        });
        known.collect()
    }

    fn places(
        shown: (u32, u64),
        list: &[(u32, u64)],
        series: &[(u32, u64)],
        since: Option<u32>,
    ) -> Vec<String> {
        let value = json!({"value": shown.1, "measuredAt": at(shown.0)});
        let document = json!({"condition": {"cycleCount": value}});
        let faults = falling(
            document.as_object().unwrap(),
            &given(list),
            &known(series),
            since.map(at),
        );
        assert!(faults.iter().all(|fault| fault.rule == "counter-falls"));
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn no_counter_falls_within_a_request_or_against_what_is_known_around_it() {
        let none: [String; 0] = [];
        assert_eq!(
            places((1, 10), &[(2, 10), (4, 12), (3, 11)], &[], None),
            none
        );
        let falls = places((1, 10), &[(2, 10), (4, 12), (3, 9)], &[], None);
        assert_eq!(falls, ["/readings/2/value"]);
        assert_eq!(places((1, 10), &[(2, 9)], &[], None), ["/readings/0/value"]);
        let series = [(10, 20), (30, 40)];
        assert_eq!(places((30, 40), &[(20, 30)], &series, None), none);
        // Above what comes after it, and below what came before it.
        assert_eq!(
            places((30, 40), &[(20, 41)], &series, None),
            ["/readings/0/value"]
        );
        assert_eq!(
            places((30, 40), &[(20, 19)], &series, None),
            ["/readings/0/value"]
        );
    }

    #[test]
    fn a_counter_that_began_anew_is_not_held_against_what_it_was_before() {
        let none: [String; 0] = [];
        let series = [(10, 900)];
        assert_eq!(places((10, 900), &[(20, 3)], &series, Some(15)), none);
        assert_eq!(places((10, 900), &[(5, 901)], &series, Some(15)), none);
        let falls = places((10, 900), &[(20, 3), (21, 2)], &series, Some(15));
        assert_eq!(falls, ["/readings/1/value"]);
    }

    #[test]
    fn what_is_no_counter_may_fall() {
        let charge = |minute: u32, value: u64| json!({"pointer": "/condition/stateOfCharge", "value": value, "unit": "%", "measuredAt": at(minute)});
        let list = [charge(1, 90), charge(2, 20)];
        let guidance = catalogue().active_guidance();
        let received = Received::read(
            &list,
            (catalogue().newest(), Category::Ev),
            guidance,
            at(59),
        );
        assert_eq!(falling(&Map::new(), &received.given, &[], None), []);
    }
}
