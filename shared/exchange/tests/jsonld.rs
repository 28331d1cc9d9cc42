//! The JSON-LD form says to a JSON-LD processor all that it says to a reader of JSON.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use std::collections::BTreeSet;

use exchange::{context, json_ld};
use oxjsonld::JsonLdParser;
use passport::{Category, catalogue};
use proptest::prelude::*;
use serde_json::{Value, json};

mod generated;
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
