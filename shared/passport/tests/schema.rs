//! The generated JSON Schemas hold what they promise, by the `jsonschema` crate.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

use std::collections::BTreeSet;

use jsonschema::Validator;
use passport::{
    Category, Class, Classes, Form, Guidance, Header, Level, Obligation, assess, catalogue,
    compose, compressed, schema, validate, view, visible,
};
use serde_json::{Map, Value, json};

const EXAMPLES: [&str; 3] = [
    include_str!("../../../infra/local/examples/ev.json"),
    include_str!("../../../infra/local/examples/lmt.json"),
    include_str!("../../../infra/local/examples/home-store.json"),
];

fn guidance() -> &'static Guidance {
    catalogue().active_guidance()
}

fn of(category: Category, form: Form) -> Value {
    let id = format!("https://id.example.eu/v1/schemas/{category}/{form}");
    schema(catalogue(), category, guidance(), form, &id)
}

fn validator(category: Category, form: Form) -> Validator {
    jsonschema::validator_for(&of(category, form)).unwrap()
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

#[track_caller]
fn holds(validator: &Validator, value: &Value) {
    let faults: Vec<String> = validator
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// A passport with these data as somebody with these classes reads it.
fn read(data: &Map<String, Value>, classes: Classes, category: Category) -> Value {
    let mut header = Header::item(
        "https://id.example.eu/p/0b0e8d2c-4a0f-4c8a-9a51-5e0a4c1f7c11".to_owned(),
        "https://id.example.eu/32XZAJ4P21M1MZ0N3RQA".to_owned(),
        "active",
        "2027-02-18T00:00:00.123Z".to_owned(),
        "voltwerk".to_owned(),
        "https://id.example.eu/v1/catalogue/1.1".to_owned(),
    );
    header.facility_id = Some("https://id.gs1.org/414/9521234000013".to_owned());
    let data = view(data.clone(), classes, guidance(), category);
    compressed(&header, data)
}

#[test]
fn the_example_batteries_are_valid_as_written_and_as_read() {
    for example in EXAMPLES {
        let example: Value = serde_json::from_str(example).unwrap();
        let category: Category = example["category"].as_str().unwrap().parse().unwrap();
        let levels = [
            (Level::Model, &example["model"]["data"]),
            (Level::Batch, &example["batch"]["data"]),
            (Level::Item, &example["item"]),
        ];
        let mut composed = Map::new();
        for (level, data) in levels {
            let data = object(data);
            assert_eq!(validate(level, category, guidance(), &data), []);
            holds(&validator(category, Form::Data(level)), &json!(data));
            composed = compose(&composed, &data, &Map::new());
        }
        let mut new = example["item"].clone();
        new["uniqueProductIdentifier"] = json!("32XZAJ4P21M1MZ0N3RQA");
        holds(&validator(category, Form::NewPassport), &new);
        for form in Form::listed() {
            let Form::Passport { classes, complete } = form else {
                continue;
            };
            let answer = read(&composed, classes, category);
            let missing = assess(&composed, category, guidance())
                .into_iter()
                .any(|one| one.is_missing() && classes.contains(one.class));
            let validator = validator(category, form);
            match complete && missing {
                true => assert!(!validator.is_valid(&answer), "{form}"),
                false => holds(&validator, &answer),
            }
        }
    }
}

#[test]
fn every_schema_keeps_the_rules_of_its_dialect() {
    for category in Category::ALL {
        for form in Form::listed() {
            let schema = of(category, form);
            jsonschema::meta::validate(&schema).unwrap();
            assert!(schema["$id"].as_str().unwrap().ends_with(&form.to_string()));
            assert!(!schema["title"].as_str().unwrap().is_empty());
        }
    }
}

/// Exactly the attributes of the classes, each described; nothing that is derived or that the guidance closes.
#[test]
fn a_schema_has_the_attributes_of_its_classes_and_no_other() {
    for category in Category::ALL {
        for class in Class::ALL {
            let classes = Classes::from_iter([class]);
            let complete = true;
            let schema = of(category, Form::Passport { classes, complete });
            for attribute in catalogue().attributes() {
                let pointer = attribute.pointer();
                let group = &schema["properties"][&attribute.group];
                let described = &group["properties"][&attribute.id];
                let there = attribute.class == class
                    && attribute.derived.is_none()
                    && visible(attribute, guidance(), category);
                assert_eq!(
                    described.is_object(),
                    there,
                    "{category} {class:?} {pointer}"
                );
                if !there {
                    continue;
                }
                assert_eq!(described["title"], attribute.label.en);
                assert_eq!(described["x-source"], attribute.source);
                assert_eq!(described["x-class"], class.number());
                let required = group["required"].as_array().unwrap();
                let mandatory =
                    attribute.obligation(guidance(), category) == Some(&Obligation::Mandatory);
                assert_eq!(
                    required.contains(&json!(attribute.id)),
                    mandatory,
                    "{category} {pointer}"
                );
            }
        }
    }
}

/// What the header has is what its schema has, so neither can go its own way.
#[test]
fn the_header_is_described_member_by_member() {
    let classes = Classes::NONE;
    let complete = false;
    let schema = of(Category::Ev, Form::Passport { classes, complete });
    let members = schema["properties"].as_object().unwrap().keys();
    // What the platform says of a record that has come to its end.
    let described: BTreeSet<&String> = members.filter(|name| *name != "notices").collect();
    let answer = read(&Map::new(), classes, Category::Ev);
    assert_eq!(described, answer.as_object().unwrap().keys().collect());
}

#[test]
fn a_passport_without_its_header_or_with_more_is_not_valid() {
    let complete = false;
    let classes = Classes::PUBLIC;
    let validator = validator(Category::Ev, Form::Passport { classes, complete });
    let good = read(&Map::new(), classes, Category::Ev);
    holds(&validator, &good);
    for name in good
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| *name != "facilityId")
    {
        let mut without = good.clone();
        without.as_object_mut().unwrap().remove(name);
        assert!(!validator.is_valid(&without), "{name}");
    }
    for (name, value) in [
        ("dppStatus", json!("Active")),
        ("lastUpdated", json!("yesterday")),
        ("granularity", json!("cell")),
        ("__proto__", json!({})),
        ("condition", json!({})),
    ] {
        let mut with = good.clone();
        with[name] = value;
        assert!(!validator.is_valid(&with), "{name}");
    }
}
