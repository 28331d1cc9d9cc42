//! The JSON-LD form says to a JSON-LD processor all that it says to a reader of JSON.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use std::collections::BTreeSet;

use exchange::{ImportFault, JSON_LD, Source, What, context, json_ld};
use oxjsonld::JsonLdParser;
use passport::{Category, Header, catalogue, compose};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

mod examples;
mod generated;
use examples::examples;
use generated::{document, header};

const SITE: &str = "https://id.example.eu";

/// Every value of a document that is a leaf.
fn leaves(value: &Value, into: &mut Vec<Value>) {
    match value {
        Value::Object(members) => members.values().for_each(|value| leaves(value, into)),
        Value::Array(elements) => elements.iter().for_each(|value| leaves(value, into)),
        leaf => into.push(leaf.clone()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_processor_finds_every_value(document in document(Category::Ev, 0.9)) {
        let mut linked = json_ld(SITE, &header(), document.clone());
        linked["@context"] = context(SITE)["@context"].clone();
        let bytes = serde_json::to_vec(&linked).unwrap();
        let quads: Vec<_> = JsonLdParser::new().for_slice(&bytes).map(Result::unwrap).collect();
        let predicates: BTreeSet<&str> = quads.iter().map(|quad| quad.predicate.as_str()).collect();
        for (group, values) in &document {
            for id in values.as_object().unwrap().keys() {
                let iri = format!("{SITE}/docs/attributes#/{group}/{id}");
                prop_assert!(predicates.contains(iri.as_str()), "{iri}");
            }
        }
        let mut said: Vec<String> = quads.iter().map(|quad| quad.object.to_string()).collect();
        said.extend(quads.iter().map(|quad| quad.subject.to_string()));
        let mut all = Vec::new();
        leaves(&Value::Object(document), &mut all);
        for leaf in all {
            let found = match &leaf {
                Value::String(text) => said.iter().any(|said| said.contains(&escaped(text))),
                Value::Number(number) => {
                    let number = number.as_f64().unwrap();
                    said.iter().any(|said| lexical(said).parse::<f64>().ok() == Some(number))
                }
                Value::Bool(flag) => said.iter().any(|said| lexical(said) == flag.to_string()),
                _ => true,
            };
            prop_assert!(found, "{leaf} is not said");
        }
    }
}

/// The text between the quotes of a literal.
fn lexical(term: &str) -> &str {
    term.split('"').nth(1).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[test]
fn attributes_that_share_a_name_are_different_terms() {
    let context = context(SITE);
    let term = |group: &str| context["@context"][group]["@context"]["ratedCapacity"]["@id"].clone();
    assert_eq!(
        term("performance"),
        json!(format!("{SITE}/docs/attributes#/performance/ratedCapacity"))
    );
    assert_ne!(term("performance"), term("condition"));
    let terms = context["@context"].as_object().unwrap();
    for attribute in catalogue().attributes().filter(|one| one.derived.is_none()) {
        assert!(terms[&attribute.group]["@context"][&attribute.id]["@id"].is_string());
    }
}

fn import(foreign: &Value) -> Result<exchange::Imported, ImportFault> {
    Source::JsonLd.import(foreign, None, catalogue().active_guidance())
}

#[test]
fn the_example_batteries_come_back_whole() {
    for (category, mut document) in examples() {
        document["identification"]["batteryCategory"] = json!(category.as_str());
        // Of a platform elsewhere.
        let linked = json_ld("https://other.example", &header(), document.clone());
        let members = linked.as_object().unwrap();
        assert_eq!(Source::of(members).unwrap().id(), JSON_LD);
        let imported = import(&linked).unwrap();
        assert_eq!(imported.category, category);
        let back = compose(&imported.model, &Map::new(), &imported.item);
        // No record begins with it: an event brings it.
        document["identification"]
            .as_object_mut()
            .unwrap()
            .remove("putIntoServiceDate");
        assert_eq!(Value::Object(back), Value::Object(document.clone()));
        let values: Vec<_> = imported
            .losses
            .iter()
            .filter(|loss| loss.what != What::Derived)
            .filter(|loss| loss.pointer != "/identification/putIntoServiceDate")
            .collect();
        assert!(values.is_empty(), "{values:?}");
        let derived: Vec<&str> = imported
            .losses
            .iter()
            .map(|loss| loss.pointer.as_str())
            .collect();
        assert!(
            derived.contains(&"/dppStatus") && derived.contains(&"/lastUpdated"),
            "{derived:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_comes_in_is_what_went_out(document in document(Category::Lmt, 0.6)) {
        let imported = import(&json_ld(SITE, &header(), document.clone())).unwrap();
        let back = compose(&imported.model, &Map::new(), &imported.item);
        for (group, values) in &document {
            for (id, value) in values.as_object().unwrap() {
                let pointer = format!("/{group}/{id}");
                let returned = back.get(group).and_then(|values| values.get(id));
                match imported.losses.iter().find(|loss| loss.pointer == pointer) {
                    Some(loss) => {
                        prop_assert!(returned.is_none(), "{pointer}");
                        prop_assert!(loss.what != What::NotUnderstood, "{loss:?}");
                    }
                    None => prop_assert_eq!(returned, Some(value), "{}", pointer),
                }
            }
        }
    }
}

#[test]
fn values_of_an_earlier_catalogue_come_in_as_of_the_newest() {
    let rate = json!({"value": 2, "unit": "%/mo", "measuredAt": "2027-06-01T08:00:00Z"});
    let view = json!({
        "identification": {"batteryCategory": "stationary"},
        "condition": {"selfDischargeRate": rate.clone()},
    });
    let header = Header {
        content_specification_ids: vec![format!("{SITE}/v1/catalogue/1.0")],
        ..header()
    };
    let imported = import(&json_ld(SITE, &header, view.as_object().unwrap().clone())).unwrap();
    assert_eq!(imported.item["condition"]["currentSelfDischargeRate"], rate);
    let taken = imported
        .taken
        .iter()
        .find(|one| one.from == "/condition/selfDischargeRate")
        .unwrap();
    assert_eq!(taken.to, "/condition/currentSelfDischargeRate");
}

#[test]
fn the_terms_of_others_are_refused_and_what_is_unknown_is_named() {
    let linked = |change: fn(&mut Value)| {
        let view = json!({"identification": {"batteryCategory": "ev", "serialNumber": "A-1"}});
        let mut linked = json_ld(SITE, &header(), view.as_object().unwrap().clone());
        change(&mut linked);
        import(&linked)
    };
    for other in [
        (|linked| linked["@context"] = json!("https://schema.org/")) as fn(&mut Value),
        |linked| linked["@context"] = json!({"serialNumber": "https://schema.org/serialNumber"}),
        |linked| linked["@context"] = json!([format!("{SITE}/v1/context.jsonld")]),
        |linked| drop(linked.as_object_mut().unwrap().remove("@context")),
    ] {
        assert_eq!(linked(other).unwrap_err(), ImportFault::OtherContext);
    }
    for other in [
        (|linked| linked["@type"] = json!("Product")) as fn(&mut Value),
        |linked| *linked = json!([linked]),
    ] {
        assert!(matches!(
            linked(other),
            Err(ImportFault::NotLinked | ImportFault::OtherContext)
        ));
    }
    let imported = linked(|linked| {
        linked["@graph"] = json!([1]);
        linked["identification"]["nickname"] = json!("x");
        linked["performance"] = json!("fast");
    })
    .unwrap();
    let unknown: Vec<&str> = imported
        .losses
        .iter()
        .filter(|loss| loss.what == What::NotUnderstood)
        .map(|loss| loss.pointer.as_str())
        .collect();
    assert_eq!(
        unknown,
        ["/identification/nickname", "/@graph", "/performance"]
    );
    assert_eq!(imported.item["identification"]["serialNumber"], "A-1");
}
