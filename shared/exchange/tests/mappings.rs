//! Formats that are to come are data: parts of Battery Pass 1.2 and Catena-X 6.1.0, each shape of theirs once, go out and come
//! in by the same engine.
//!
//! Their schemas are not part of this project: where `../shared/reference` is absent that part says so and is left out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use exchange::{Format, What, export, import};
use jsonschema::error::ValidationErrorKind;
use passport::{Category, Header, catalogue, compose};
use serde_json::{Map, Value, json};

mod examples;
use examples::examples;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

fn mapping(name: &str) -> Format {
    let file = Path::new(HERE).join(format!("tests/mappings/{name}.toml"));
    std::fs::read_to_string(file).unwrap().parse().unwrap()
}

fn reference(file: &str) -> Option<Value> {
    let file = PathBuf::from(HERE)
        .join("../../../shared/reference/data")
        .join(file);
    match std::fs::read(&file) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(_) => {
            eprintln!("skipped: `{}` is not there", file.display());
            None
        }
    }
}

/// Whatever a schema says but that more is required.
fn judge(schema: &str, part: &Value) {
    let Some(schema) = reference(schema) else {
        return;
    };
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(&schema).unwrap();
    for error in validator.iter_errors(part) {
        let required = matches!(error.kind(), ValidationErrorKind::Required { .. });
        assert!(required, "{}: {error}", error.instance_path());
    }
}

/// Of an operator whose identifier both formats take.
fn header() -> Header {
    Header::item(
        "https://id.example.eu/p/5a0c2c0e-6f3e-4f5e-9a1c-2f5a1f0d8a11".to_owned(),
        "https://id.example.eu/32XZAJ4P21M1MZ0N3RQA".to_owned(),
        "active",
        "2027-06-01T08:00:00.000Z".to_owned(),
        "BPNL00000000VOLT".to_owned(),
        "https://id.example.eu/v1/catalogue/1.1".to_owned(),
    )
}

/// The examples, and an EV battery of which more is said.
fn batteries() -> Vec<(Category, Map<String, Value>)> {
    let mut batteries = examples();
    let (category, ev) = batteries[0].clone();
    let at = "2027-05-30T10:00:00+00:00";
    let address = "https://maker.example/separate-collection.png";
    let more = json!({
        "identification": {"batteryCategory": "ev"},
        "condition": {
            "negativeEvents": {
                "value": [{"date": "2027-05-04", "kind": "accident", "description": "hit from behind"}],
                "measuredAt": at,
            },
        },
        "carbonFootprint": {"perFunctionalUnit": {"value": 61.5, "unit": "kg/(kW.h)"}, "performanceClass": "B"},
        "circularity": {
            "preConsumerCobalt": {"value": 12.5, "unit": "%"},
            "postConsumerCobalt": {"value": 3, "unit": "%"},
        },
        "conformity": {"separateCollectionSymbol": {
            "marked": true,
            "image": {"title": "Separate collection", "url": address},
        }},
        "materials": {"hazardousSubstances": [
            {"name": "Cadmium", "cas": "7440-43-9", "share": {"value": 0.05, "unit": "%"}, "location": "solder"},
            {"name": "Lead", "cas": "7439-92-1"},
        ]},
    });
    let ev = compose(&ev, &Map::new(), more.as_object().unwrap());
    batteries.push((category, ev));
    batteries
}

/// Sends the batteries out and takes them in again: every leaf that is not called lost returns. Answers what went out.
fn goes_out_and_comes_back(format: &Format) -> Vec<Value> {
    let ours: BTreeSet<String> = format
        .places()
        .filter_map(|place| Some(place.attribute?.pointer()))
        .collect();
    let mut returned = BTreeSet::new();
    let mut documents = Vec::new();
    for (category, view) in batteries() {
        let exported = export(format, None, &header(), &view);
        let guidance = catalogue().active_guidance();
        let back = import(format, &exported.document, Some(category), guidance).unwrap();
        let closed = back
            .losses
            .iter()
            .filter(|loss| loss.reason.contains(": pending:"))
            .count();
        let strange = back
            .losses
            .iter()
            .filter(|loss| matches!(loss.what, What::NotUnderstood | What::NotValid));
        assert_eq!(strange.count(), closed, "{}: {:?}", format.id, back.losses);
        let back = Value::Object(compose(&back.model, &Map::new(), &back.item));
        let lost = |pointer: &str| {
            exported.losses.iter().any(|loss| {
                let rest = pointer.strip_prefix(&loss.pointer);
                loss.what == What::NotCarried
                    && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        let view = Value::Object(view);
        for attribute in &ours {
            // Told: what a record here needs has no place there.
            let refused = exported.losses.iter().any(|loss| {
                loss.pointer.starts_with(attribute)
                    && loss.reason.ends_with("no import takes the rest without it")
            });
            if refused {
                continue;
            }
            let open = passport::visible(
                catalogue().by_pointer(attribute).unwrap(),
                guidance,
                category,
            );
            for (pointer, leaf) in leaves(view.pointer(attribute), attribute) {
                if !lost(&pointer) && open {
                    let same = |found: &Value| {
                        moment(found).is_some() && moment(found) == moment(&leaf) || *found == leaf
                    };
                    assert!(
                        back.pointer(&pointer).is_some_and(same),
                        "{pointer}: {leaf}"
                    );
                    returned.insert(attribute.clone());
                }
            }
        }
        documents.push(exported.document);
    }
    let never: Vec<&str> = ours.difference(&returned).map(String::as_str).collect();
    // Closed by the guidance, not said by any battery, or in need of what the format has not.
    let expected = [
        "/carbonFootprint/perFunctionalUnit",
        "/carbonFootprint/performanceClass",
        "/condition/batteryStatus",
        "/condition/negativeEvents",
        "/identification/manufacturerAddress",
    ];
    assert!(
        never.iter().all(|pointer| expected.contains(pointer)),
        "{never:?}"
    );
    documents
}

fn moment(value: &Value) -> Option<jiff::Timestamp> {
    value.as_str()?.parse().ok()
}

fn leaves(value: Option<&Value>, pointer: &str) -> Vec<(String, Value)> {
    match value {
        None => Vec::new(),
        Some(Value::Object(members)) => members
            .iter()
            .flat_map(|(name, value)| leaves(Some(value), &format!("{pointer}/{name}")))
            .collect(),
        Some(Value::Array(elements)) => elements
            .iter()
            .enumerate()
            .flat_map(|(index, value)| leaves(Some(value), &format!("{pointer}/{index}")))
            .collect(),
        Some(leaf) => vec![(pointer.to_owned(), leaf.clone())],
    }
}

#[test]
fn battery_pass_1_2_is_data() {
    let documents = goes_out_and_comes_back(&mapping("battery-pass-1.2"));
    for document in &documents {
        for (aspect, part) in document.as_object().unwrap() {
            let version = match aspect.as_str() {
                "PerformanceAndDurability" => "1.2.1",
                _ => "1.2.0",
            };
            judge(
                &format!("batterypass/schema/{aspect}-{version}.schema.json"),
                part,
            );
        }
    }
    let place = |pointer: &str| documents[3].pointer(pointer);
    assert_eq!(
        place(
            "/PerformanceAndDurability/batteryTechicalProperties/initialInternalResistance/0/batteryComponent"
        ),
        Some(&json!("pack"))
    );
    assert_eq!(
        place("/Circularity/recycledContent"),
        Some(
            &json!([{"recycledMaterial": "Cobalt", "preConsumerShare": 12.5, "postConsumerShare": 3}])
        )
    );
}

#[test]
fn catena_x_6_1_0_is_data() {
    let documents = goes_out_and_comes_back(&mapping("catena-x-6.1.0"));
    for document in &documents {
        judge("catena-x/BatteryPass-6.1.0.schema.json", document);
    }
    let place = |pointer: &str| documents[3].pointer(pointer);
    assert_eq!(
        place("/metadata/lastModification"),
        Some(&json!("2027-06-01"))
    );
    assert_eq!(place("/metadata/status"), Some(&json!("approved")));
    assert_eq!(
        place("/sustainability/carbonFootprint/0"),
        Some(&json!({
            "type": "Climate Change Total", "lifecycle": "whole", "unit": "kg CO2 / kWh",
            "value": 61.5, "performanceClass": "B",
        }))
    );
    assert_eq!(
        place("/materials/hazardous/other/0"),
        Some(&json!({
            "materialIdentification": [{"type": "CAS", "name": "Cadmium", "id": "7440-43-9"}],
            "materialUnit": "unit:percent", "concentration": 0.05, "location": "solder",
        }))
    );
}
