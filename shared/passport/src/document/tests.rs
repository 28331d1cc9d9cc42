use super::*;
use serde_json::json;

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn merge_patch_as_in_rfc_7396_appendix_a() {
    let cases = [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (
            json!({"a": "b"}),
            json!({"b": "c"}),
            json!({"a": "b", "b": "c"}),
        ),
        (json!({"a": "b"}), json!({"a": null}), json!({})),
        (
            json!({"a": "b", "b": "c"}),
            json!({"a": null}),
            json!({"b": "c"}),
        ),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
        (
            json!({"a": {"b": "c"}}),
            json!({"a": {"b": "d", "c": null}}),
            json!({"a": {"b": "d"}}),
        ),
        (
            json!({"a": [{"b": "c"}]}),
            json!({"a": [1]}),
            json!({"a": [1]}),
        ),
        (
            json!({"e": null}),
            json!({"a": 1}),
            json!({"e": null, "a": 1}),
        ),
        (
            json!({"a": "foo"}),
            json!({"a": {"b": 1}}),
            json!({"a": {"b": 1}}),
        ),
        (
            json!({}),
            json!({"a": {"bb": {"ccc": null}}}),
            json!({"a": {"bb": {}}}),
        ),
    ];
    for (document, patch, expected) in cases {
        assert_eq!(
            merge_patch(&map(document.clone()), &map(patch.clone())),
            map(expected),
            "{document} with {patch}"
        );
    }
}

#[test]
fn a_change_names_the_attribute_and_never_a_leaf_of_it() {
    let before = map(json!({
        "performance": {"ratedCapacity": {"value": 230, "unit": "A.h"}, "nominalVoltage": {"value": 400, "unit": "V"}},
    }));
    let after = map(json!({
        "performance": {"ratedCapacity": {"value": 229, "unit": "A.h"}},
        "condition": {"stateOfCharge": {"value": 54, "unit": "%", "measuredAt": "2027-06-01T08:00:00Z"}},
    }));
    let changes: Vec<(String, u8, &str)> = delta(&before, &after)
        .into_iter()
        .map(|change| (change.pointer, change.class.number(), change.op.as_str()))
        .collect();
    assert_eq!(
        changes,
        [
            ("/performance/ratedCapacity".to_owned(), 1, "replace"),
            ("/performance/nominalVoltage".to_owned(), 1, "remove"),
            ("/condition/stateOfCharge".to_owned(), 4, "add"),
        ]
    );
}

#[test]
fn what_nobody_described_is_internal() {
    let document = map(
        json!({"performance": {"unheardOf": 1}, "odd": 7, "materials": {"chemistry": "na-ion"}}),
    );
    let parts = split(&document);
    assert_eq!(
        parts.keys().copied().collect::<Vec<_>>(),
        [Class::Public, Class::Internal]
    );
    assert_eq!(
        parts.get(&Class::Internal),
        Some(&map(json!({"performance": {"unheardOf": 1}, "odd": 7})))
    );
    assert_eq!(
        parts.get(&Class::Public),
        Some(&map(json!({"materials": {"chemistry": "na-ion"}})))
    );
}

#[test]
fn the_finer_level_wins_attribute_by_attribute() {
    let model =
        map(json!({"identification": {"mass": {"value": 300, "unit": "kg"}, "modelName": "A"}}));
    let batch = map(json!({"circularity": {"recoveredLead": {"value": 4, "unit": "%"}}}));
    let item = map(json!({"identification": {"mass": {"value": 301, "unit": "kg"}}}));
    assert_eq!(
        compose(&model, &batch, &item),
        map(json!({
            "identification": {"mass": {"value": 301, "unit": "kg"}, "modelName": "A"},
            "circularity": {"recoveredLead": {"value": 4, "unit": "%"}},
        }))
    );
}

#[test]
fn pointers_escape_as_rfc_6901_asks() {
    let document = map(json!({"a/b": {"c~d": 1}}));
    let pointers: Vec<String> = attributes(&document).into_keys().collect();
    assert_eq!(pointers, ["/a~1b/c~0d"]);
    let changes = delta(&Map::new(), &document);
    assert_eq!(apply(&Map::new(), &changes), document);
}

#[test]
fn a_change_to_null_survives_the_wire() {
    let change = AttributeChange {
        pointer: "/a/b".to_owned(),
        class: Class::Internal,
        op: Op::Replace,
        before: Some(Value::Null),
        after: Some(json!(1)),
    };
    let text = serde_json::to_string(&change).unwrap();
    assert_eq!(
        serde_json::from_str::<AttributeChange>(&text).unwrap(),
        change
    );
}

#[test]
fn a_patch_names_attributes_whether_or_not_they_are_there() {
    let named = |patch: Value| -> Vec<(String, bool)> {
        touched(&map(patch))
            .into_iter()
            .map(|one| (one.attribute.pointer(), one.removed))
            .collect()
    };
    assert_eq!(
        named(json!({"condition": {"stateOfCharge": {"value": 41}, "cycleCount": null}})),
        [
            ("/condition/stateOfCharge".to_owned(), false),
            ("/condition/cycleCount".to_owned(), true),
        ]
    );
    // Unknown ones are for validation to refuse.
    assert_eq!(named(json!({"condition": {"nope": 1}, "nowhere": 5})), []);
    let all: Vec<(String, bool)> = catalogue()
        .group("internal")
        .map(|attribute| (attribute.pointer(), true))
        .collect();
    assert!(!all.is_empty());
    for whole in [json!(null), json!(5), json!([])] {
        assert_eq!(named(json!({"internal": whole})), all);
    }
}
