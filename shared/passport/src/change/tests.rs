use serde_json::{Map, Value, json};

use super::{Occasion, restart_counters, validate_change};
use crate::{Fault, Type, catalogue};

const NOW: &str = "2027-06-01T12:00:00Z";

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// The faults of a change by an event of this type, of a battery placed on the market on that day.
fn faults(event_type: &str, placed: Option<&str>, before: Value, after: Value) -> Vec<Fault> {
    let (before, after) = (object(before), object(after));
    let occasion = Occasion {
        event_type: catalogue().event_type(event_type).unwrap(),
        now: NOW.parse().unwrap(),
        placed_on_market_at: placed.map(|at| at.parse().unwrap()),
        counters_since: None,
        composed: &after,
    };
    validate_change(&before, &after, &occasion)
}

fn rules(event_type: &str, before: Value, after: Value) -> Vec<(String, String)> {
    faults(event_type, None, before, after)
        .into_iter()
        .map(|fault| (fault.pointer, fault.rule))
        .collect()
}

fn condition(id: &str, value: Value) -> Value {
    json!({"condition": {id: value}})
}

fn one(pointer: &str, rule: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), rule.to_owned())]
}

#[test]
fn a_counter_never_falls_but_by_correction_or_a_new_epoch() {
    let counters: Vec<_> = catalogue().attributes().filter(|one| one.counter).collect();
    assert_eq!(counters.len(), 9);
    for attribute in counters {
        let at = |number: u32, day: u32| {
            let measured = format!("2027-05-{day:02}T08:00:00Z");
            let value = match &attribute.ty {
                Type::Quantity { unit, .. } => {
                    json!({"value": number, "unit": unit, "measuredAt": measured})
                }
                _ => json!({"value": number, "measuredAt": measured}),
            };
            condition(&attribute.id, value)
        };
        let fell = rules("measurement", at(12, 1), at(11, 2));
        assert_eq!(
            fell,
            one(&format!("{}/value", attribute.pointer()), "counter-falls")
        );
        for (event_type, before, after) in [
            ("measurement", at(12, 1), at(12, 2)),
            ("measurement", at(12, 1), at(13, 2)),
            ("measurement", json!({}), at(3, 2)),
            ("correction", at(12, 1), at(11, 2)),
            ("bms-replaced", at(12, 1), at(0, 2)),
        ] {
            assert_eq!(rules(event_type, before, after), [], "{event_type}");
        }
    }
    let fault = faults(
        "measurement",
        None,
        condition(
            "cycleCount",
            json!({"value": 12, "measuredAt": "2027-05-31T08:00:00Z"}),
        ),
        condition("cycleCount", json!({"value": 11, "measuredAt": NOW})),
    );
    assert!(fault[0].expected.contains("at least 12"), "{fault:?}");
    assert!(
        fault[0].expected.contains("`correction` or `bms-replaced`"),
        "{fault:?}"
    );
    assert_eq!(fault[0].found, "11");
}

#[test]
fn what_is_no_counter_falls() {
    let at = |value: u32, day: u32| {
        let measured = format!("2027-05-{day:02}T08:00:00Z");
        condition(
            "stateOfCharge",
            json!({"value": value, "unit": "%", "measuredAt": measured}),
        )
    };
    assert_eq!(rules("measurement", at(90, 1), at(10, 2)), []);
}

#[test]
fn a_new_epoch_leaves_only_the_counters_it_brings() {
    let cycles = |value: u32| json!({"value": value, "measuredAt": "2027-05-01T08:00:00Z"});
    let before = object(json!({"condition": {
        "cycleCount": cycles(900), "deepDischargeCount": cycles(2), "stateOfCharge": 1,
    }}));
    let mut brought = before.clone();
    brought["condition"]["cycleCount"] = cycles(0);
    let after = "2027-05-02T00:00:00Z".parse().unwrap();
    assert_eq!(
        Value::Object(restart_counters(&before, brought, after)),
        json!({"condition": {"cycleCount": cycles(0), "stateOfCharge": 1}})
    );
    let only_counters = object(condition("cycleCount", cycles(900)));
    let restarted = |at| restart_counters(&only_counters, only_counters.clone(), at);
    assert!(restarted(after).is_empty());
    // What was counted since belongs to the new one already.
    assert_eq!(
        restarted("2027-04-30T00:00:00Z".parse().unwrap()),
        only_counters
    );
}

#[test]
fn a_value_is_measured_neither_in_the_future_nor_before_the_battery_was_made() {
    let pointer = "/condition/stateOfCharge/measuredAt";
    let at = |measured: &str| {
        json!({
            "identification": {"manufacturingDate": "2027-02"},
            "condition": {"stateOfCharge": {"value": 5, "unit": "%", "measuredAt": measured}},
        })
    };
    let made = json!({"identification": {"manufacturingDate": "2027-02"}});
    for (measured, expected) in [
        ("2027-06-01T12:05:00Z", vec![]),
        ("2027-06-01T14:05:00+02:00", vec![]),
        ("2027-06-01T12:05:01Z", one(pointer, "in-the-future")),
        ("2027-02-01T00:00:00Z", vec![]),
        ("2027-01-31T11:00:00Z", vec![]),
        ("2027-01-31T09:00:00Z", one(pointer, "before-manufacture")),
    ] {
        assert_eq!(
            rules("measurement", made.clone(), at(measured)),
            expected,
            "{measured}"
        );
        // What did not change is not held against the clock again.
        assert_eq!(
            rules("measurement", at(measured), at(measured)),
            [],
            "{measured}"
        );
    }
}

#[test]
fn an_older_value_does_not_replace_the_present_one() {
    let at = |measured: &str, value: u32| {
        condition(
            "stateOfCharge",
            json!({"value": value, "unit": "%", "measuredAt": measured}),
        )
    };
    let current = at("2027-05-02T08:00:00Z", 50);
    let older = at("2027-05-02T09:59:59+02:00", 60);
    let fault = faults("measurement", None, current.clone(), older.clone());
    assert_eq!(fault.len(), 1);
    assert_eq!(fault[0].rule, "late-reading");
    assert!(fault[0].expected.contains("POST …/readings"));
    assert_eq!(rules("correction", current.clone(), older), []);
    let same = at("2027-05-02T10:00:00+02:00", 50);
    assert_eq!(rules("measurement", current.clone(), same), []);
    let newer = at("2027-05-02T10:00:00.001+02:00", 60);
    assert_eq!(rules("measurement", current, newer), []);
}

#[test]
fn a_counter_of_an_earlier_epoch_is_not_the_present_one() {
    let after = object(condition(
        "cycleCount",
        json!({"value": 3, "measuredAt": "2027-05-02T08:00:00Z"}),
    ));
    let found = |event_type: &str, since: &str| -> Vec<String> {
        let occasion = Occasion {
            event_type: catalogue().event_type(event_type).unwrap(),
            now: NOW.parse().unwrap(),
            placed_on_market_at: None,
            counters_since: Some(since.parse().unwrap()),
            composed: &after,
        };
        let faults = validate_change(&Map::new(), &after, &occasion);
        faults.into_iter().map(|fault| fault.rule).collect()
    };
    assert!(found("measurement", "2027-05-02T08:00:00Z").is_empty());
    assert_eq!(
        found("measurement", "2027-05-02T08:00:01Z"),
        ["late-reading"]
    );
    assert!(found("correction", "2027-05-02T08:00:01Z").is_empty());
}

#[test]
fn what_an_event_sets_itself_may_have_happened_before() {
    let status =
        |word: &str, at: &str| condition("batteryStatus", json!({"value": word, "measuredAt": at}));
    let (before, after) = (
        status("original", "2027-05-02T08:00:00Z"),
        status("waste", "2027-05-01T08:00:00Z"),
    );
    assert_eq!(rules("became-waste", before.clone(), after.clone()), []);
    let pointer = "/condition/batteryStatus/measuredAt";
    assert_eq!(
        rules("status-change", before, after),
        one(pointer, "late-reading")
    );
}

/// The day before which a battery is not put into service is that of what came last.
#[test]
fn the_day_that_is_told_is_that_of_what_happened_then() {
    let dates = |made: &str| json!({"identification": {"manufacturingDate": made, "putIntoServiceDate": "2027-02-01"}});
    let expected = |placed: Option<&str>, made: &str| {
        let before = json!({"identification": {"manufacturingDate": made}});
        let faults = faults("put-into-service", placed, before, dates(made));
        faults
            .iter()
            .map(|fault| fault.expected.clone())
            .collect::<String>()
    };
    let day = "2027-03-10T12:00:00Z";
    let made = "not before 2027-04-01, when the battery was made";
    assert_eq!(expected(None, "2027-04"), made);
    let placed = "not before 2027-03-10, when the battery was placed on the market";
    assert_eq!(expected(Some(day), "2027-01"), placed);
    let both = "not before 2027-03-01, when the battery was made and placed on the market";
    assert_eq!(expected(Some("2027-03-01T12:00:00Z"), "2027-03"), both);
}

#[test]
fn a_battery_is_made_then_placed_on_the_market_then_put_into_service() {
    let dates = |made: &str, served: Option<&str>| {
        let mut document = json!({"identification": {"manufacturingDate": made}});
        if let Some(served) = served {
            document["identification"]["putIntoServiceDate"] = json!(served);
        }
        document
    };
    let made = "/identification/manufacturingDate";
    let served = "/identification/putIntoServiceDate";
    let placed = Some("2027-03-10T08:00:00Z");
    for (event_type, placed, before, after, expected) in [
        (
            "passport-created",
            None,
            json!({}),
            dates("2027-06", None),
            vec![],
        ),
        (
            "passport-created",
            None,
            json!({}),
            dates("2027-07", None),
            one(made, "in-the-future"),
        ),
        (
            "placed-on-market",
            placed,
            dates("2027-03", None),
            dates("2027-03", None),
            vec![],
        ),
        (
            "placed-on-market",
            placed,
            dates("2027-04", None),
            dates("2027-04", None),
            one(made, "out-of-order"),
        ),
        (
            "correction",
            placed,
            dates("2027-02", None),
            dates("2027-04", None),
            one(made, "out-of-order"),
        ),
        // Something else may change in a record whose dates were never in order.
        (
            "measurement",
            placed,
            dates("2027-04", None),
            dates("2027-04", None),
            vec![],
        ),
        (
            "put-into-service",
            placed,
            dates("2027-02", None),
            dates("2027-02", Some("2027-03-10")),
            vec![],
        ),
        (
            "put-into-service",
            placed,
            dates("2027-02", None),
            dates("2027-02", Some("2027-03-08")),
            one(served, "out-of-order"),
        ),
        (
            "put-into-service",
            placed,
            dates("2027-02", None),
            dates("2027-02", Some("2027-06-03")),
            one(served, "in-the-future"),
        ),
        (
            "correction",
            placed,
            dates("2027-02", Some("2027-05-01")),
            dates("2027-02", Some("2027-02-20")),
            one(served, "out-of-order"),
        ),
        (
            "correction",
            None,
            dates("2027-01", Some("2027-02-01")),
            dates("2027-03", Some("2027-02-01")),
            one(served, "out-of-order"),
        ),
    ] {
        let found: Vec<(String, String)> = faults(event_type, placed, before, after.clone())
            .into_iter()
            .map(|fault| (fault.pointer, fault.rule))
            .collect();
        assert_eq!(found, expected, "{event_type} {after}");
    }
}

#[test]
fn the_named_dates_are_attributes() {
    for pointer in [
        &catalogue().dates().manufactured,
        &catalogue().dates().put_into_service,
    ] {
        assert!(catalogue().by_pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn what_is_not_valid_is_left_to_validation() {
    for odd in [
        json!(null),
        json!(3),
        json!([]),
        json!({"value": {}, "measuredAt": 4}),
    ] {
        for attribute in catalogue().attributes() {
            let document = json!({&attribute.group: {&attribute.id: odd}});
            assert_eq!(rules("measurement", document.clone(), document.clone()), []);
            let _ = rules("measurement", json!({}), document);
        }
    }
}
