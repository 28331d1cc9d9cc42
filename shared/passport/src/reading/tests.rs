use serde_json::json;

use super::*;
use crate::delta;

fn now() -> Timestamp {
    "2027-06-01T12:00:00Z".parse().unwrap()
}

fn charge(value: impl Into<Value>, at: &str) -> Value {
    json!({"pointer": "/condition/stateOfCharge", "value": value.into(), "unit": "%", "measuredAt": at})
}

fn received(list: &[Value]) -> Received {
    let guidance = catalogue().active_guidance();
    Received::read(list, (catalogue().newest(), Category::Ev), guidance, now())
}

fn given(list: &[Value]) -> Vec<Given> {
    let received = received(list);
    assert_eq!(received.faults, []);
    received.given
}

fn document(value: Value, at: &str) -> Map<String, Value> {
    let document = json!({"condition": {
        "stateOfCharge": {"value": value, "unit": "%", "measuredAt": at},
        "cycleCount": {"value": 12, "measuredAt": at},
    }});
    document.as_object().unwrap().clone()
}

fn shown(plan: &Plan) -> &Value {
    &plan.document["condition"]["stateOfCharge"]["value"]
}

#[test]
fn every_fault_of_a_list_is_told_at_its_place() {
    let list = [
        charge(54, "2027-06-01T08:00:00Z"),
        charge(140, "2027-06-01T08:00:00Z"),
        charge(54, "2027-06-01T12:05:00.001Z"),
        charge(54, "yesterday"),
        json!({"pointer": "/condition/cycleCount", "value": 1.5, "unit": "%", "measuredAt": "2027-06-01T08:00:00Z"}),
        json!({"pointer": "/condition/mood", "value": 1}),
        json!({"pointer": "/performance/ratedCapacity", "value": 1, "unit": "A.h"}),
        json!({"value": 1}),
        json!("54 %"),
    ];
    let received = received(&list);
    let faults: Vec<(&str, &str)> = received
        .faults
        .iter()
        .map(|fault| (fault.pointer.as_str(), fault.rule.as_str()))
        .collect();
    assert_eq!(
        faults,
        [
            ("/readings/1/value", "out-of-range"),
            ("/readings/2/measuredAt", "in-the-future"),
            ("/readings/3/measuredAt", "bad-date"),
            ("/readings/4/unit", "unknown-member"),
            ("/readings/4/value", "wrong-type"),
            ("/readings/5/pointer", "unknown-attribute"),
            ("/readings/6/pointer", "not-dynamic"),
            ("/readings/7/pointer", "missing"),
            ("/readings/8", "wrong-type"),
        ]
    );
    assert_eq!(received.given.len(), 1);
    assert_eq!(received.given[0].index, 0);
    let named: Vec<&String> = received.named["condition"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(named, ["stateOfCharge", "cycleCount"]);
}

#[test]
fn only_the_newest_reading_becomes_current_whatever_the_order() {
    let before = document(json!(60), "2027-06-01T08:00:00Z");
    let list = [
        charge(54, "2027-06-01T10:00:00Z"),
        charge(48, "2027-06-01T11:00:00Z"),
        charge(57, "2027-06-01T09:00:00Z"),
    ];
    let plan = Plan::of(&before, &given(&list), &[], false, None).unwrap();
    assert_eq!(shown(&plan), 48);
    assert_eq!(plan.new.len(), 3);
    assert!(plan.new.is_sorted_by_key(|reading| reading.at));
    assert_eq!(
        plan.document["condition"]["cycleCount"],
        before["condition"]["cycleCount"]
    );
}

#[test]
fn a_late_reading_never_becomes_current() {
    let before = document(json!(60), "2027-06-01T08:00:00Z");
    let list = [charge(99, "2027-06-01T07:59:59.999Z")];
    for corrects in [false, true] {
        let plan = Plan::of(&before, &given(&list), &[], corrects, None).unwrap();
        assert_eq!(plan.document, before);
        assert_eq!(plan.new.len(), 1);
    }
}

#[test]
fn what_is_known_is_nothing_new_and_what_contradicts_it_is_a_conflict_that_names_both() {
    let before = document(json!(60), "2027-06-01T08:00:00Z");
    let known = Known {
        reading: given(&[charge(70, "2027-06-01T06:00:00Z")])[0]
            .reading
            .clone(),
        event: "event-7".to_owned(),
    };
    let same = [
        charge(60.0, "2027-06-01T08:00:00Z"),
        charge(70, "2027-06-01T06:00:00.000Z"),
    ];
    let known = [known];
    let plan = Plan::of(&before, &given(&same), &known, false, None).unwrap();
    assert!(plan.new.is_empty());
    let others = [
        charge(61, "2027-06-01T08:00:00Z"),
        charge(71, "2027-06-01T06:00:00Z"),
        charge(50, "2027-06-01T09:00:00Z"),
        charge(51, "2027-06-01T09:00:00Z"),
    ];
    let faults = Plan::of(&before, &given(&others), &known, false, None).unwrap_err();
    let places: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(places, ["/readings/0", "/readings/1", "/readings/3"]);
    assert!(faults.iter().all(|fault| fault.rule == CONFLICTING));
    assert!(faults[0].expected.contains("60"), "{:?}", faults[0]);
    assert!(faults[1].expected.contains("70") && faults[1].expected.contains("event-7"));
    assert!(faults[1].found.contains("71"));
    assert!(faults[2].expected.contains("/readings/2"));
}

#[test]
fn a_correction_puts_right_what_is_known_of_the_same_moment() {
    let before = document(json!(60), "2027-06-01T08:00:00Z");
    let right = [charge(61, "2027-06-01T08:00:00Z")];
    let plan = Plan::of(&before, &given(&right), &[], true, None).unwrap();
    assert_eq!(shown(&plan), 61);
    let twice = [
        charge(61, "2027-06-01T08:00:00Z"),
        charge(62, "2027-06-01T08:00:00Z"),
    ];
    assert!(Plan::of(&before, &given(&twice), &[], true, None).is_err());
}

#[test]
fn faults_of_the_document_are_told_of_the_reading_that_brought_them() {
    let before = document(json!(60), "2027-06-01T08:00:00Z");
    let list = [
        charge(50, "2027-06-01T09:00:00Z"),
        charge(40, "2027-06-01T10:00:00Z"),
    ];
    let plan = Plan::of(&before, &given(&list), &[], false, None).unwrap();
    let fault = |pointer: &str| Fault {
        pointer: pointer.to_owned(),
        rule: "x".to_owned(),
        expected: String::new(),
        found: String::new(),
        source: None,
    };
    let told = plan.told(vec![
        fault("/condition/stateOfCharge/value"),
        fault("/condition/stateOfChargeOfAnother"),
        fault("/condition/cycleCount"),
    ]);
    let places: Vec<&str> = told.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(
        places,
        [
            "/readings/1/value",
            "/condition/stateOfChargeOfAnother",
            "/condition/cycleCount"
        ]
    );
}

#[test]
fn a_change_may_not_go_back_in_time_unless_it_corrects() {
    let before = document(json!(60), "2027-06-01T08:00:00Z");
    let rules = |value: i64, at: &str, corrects: bool| -> Vec<String> {
        let mut after = before.clone();
        after["condition"]["stateOfCharge"] =
            json!({"value": value, "unit": "%", "measuredAt": at});
        let id = if corrects {
            "correction"
        } else {
            "measurement"
        };
        let event_type = catalogue().event_type(id).unwrap();
        let faults = moments(&delta(&before, &after), event_type, now());
        faults.into_iter().map(|fault| fault.rule).collect()
    };
    assert!(rules(61, "2027-06-01T08:00:01Z", false).is_empty());
    assert_eq!(rules(61, "2027-06-01T07:00:00Z", false), ["late-reading"]);
    assert_eq!(rules(61, "2027-06-01T08:00:00Z", false), [CONFLICTING]);
    assert!(rules(60, "2027-06-01T08:00:00.000Z", false).is_empty());
    assert!(rules(61, "2027-06-01T07:00:00Z", true).is_empty());
    for corrects in [false, true] {
        assert_eq!(
            rules(61, "2027-07-01T08:00:00Z", corrects),
            ["in-the-future"]
        );
    }
}

#[test]
fn numbers_that_canonical_json_writes_alike_are_the_same_however_deep() {
    let conditions = |temperature: Value| {
        json!({
            "pointer": "/condition/operatingConditions", "measuredAt": "2027-06-01T08:00:00Z",
            "value": {"temperature": {"value": temperature, "unit": "Cel"}},
        })
    };
    let list = [conditions(json!(20)), conditions(json!(20.0))];
    let plan = Plan::of(&Map::new(), &given(&list), &[], false, None).unwrap();
    assert_eq!(plan.new.len(), 1);
    let list = [conditions(json!(20)), conditions(json!(20.5))];
    assert!(Plan::of(&Map::new(), &given(&list), &[], false, None).is_err());
}

#[test]
fn a_counter_of_an_earlier_epoch_enters_its_series_only() {
    let cycles = |value: u32, at: &str| json!({"pointer": "/condition/cycleCount", "value": value, "measuredAt": at});
    let list = [cycles(900, "2027-06-01T07:00:00Z")];
    let since = |at: &str| Some(at.parse().unwrap());
    let plan = |since| Plan::of(&Map::new(), &given(&list), &[], false, since).unwrap();
    let old = plan(since("2027-06-01T07:00:01Z"));
    assert_eq!((old.document.len(), old.new.len()), (0, 1));
    let new = plan(since("2027-06-01T07:00:00Z"));
    assert_eq!((new.document.len(), new.new.len()), (1, 1));
}
