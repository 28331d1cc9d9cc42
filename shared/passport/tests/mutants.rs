//! Every constraint of the catalogue is kept: one mutant a rule and place, each refused with exactly its pointer and rule.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod generated;

use std::collections::{BTreeMap, BTreeSet};

use generated::{BEYOND_SCHEMA, LEVELS, everything, guidance, mutants};
use jsonschema::Validator;
use passport::{Category, Form, Level, assess, catalogue, schema, validate, visible};
use serde_json::{Map, Value};

fn validator(category: Category, form: Form) -> Validator {
    let schema = schema(
        catalogue(),
        category,
        guidance(),
        form,
        "https://id.example.eu/x",
    );
    jsonschema::validator_for(&schema).unwrap()
}

fn validators(category: Category) -> BTreeMap<Level, Validator> {
    LEVELS
        .into_iter()
        .map(|level| (level, validator(category, Form::Data(level))))
        .collect()
}

#[test]
fn the_generated_document_is_complete_and_valid() {
    for category in Category::ALL {
        let mut composed = Map::new();
        for level in LEVELS {
            let document = generated::document(category, level);
            assert_eq!(validate(level, category, guidance(), &document), []);
            composed = passport::compose(&composed, &document, &Map::new());
        }
        let assessed = assess(&composed, category, guidance());
        assert!(assessed.iter().all(|one| !one.is_missing()));
        let there = passport::attributes(&composed);
        for attribute in catalogue().attributes() {
            let wanted = attribute.derived.is_none()
                && attribute.declares.is_none()
                && visible(attribute, guidance(), category);
            assert_eq!(
                there.contains_key(&attribute.pointer()),
                wanted,
                "{}",
                attribute.pointer()
            );
        }
        let passport = generated::passport(category);
        for complete in [false, true] {
            let validator = validator(category, everything(complete));
            let faults: Vec<String> = validator
                .iter_errors(&passport)
                .map(|fault| fault.to_string())
                .collect();
            assert!(faults.is_empty(), "{faults:#?}");
        }
    }
}

#[test]
fn every_mutant_is_refused_where_and_why_it_must_be() {
    let mut rules = BTreeSet::new();
    for category in Category::ALL {
        let mutants = mutants(category);
        assert!(mutants.len() >= 300, "{category}: {}", mutants.len());
        let good = LEVELS.map(|level| (level, generated::document(category, level)));
        let good = BTreeMap::from(good);
        for mutant in &mutants {
            let found: Vec<(String, String)> = validate(
                mutant.level,
                category,
                guidance(),
                &mutant.of(&good[&mutant.level]),
            )
            .into_iter()
            .filter(|fault| !mutant.is_followed_by(fault))
            .map(|fault| (fault.pointer, fault.rule))
            .collect();
            let expected = [(mutant.pointer.clone(), mutant.rule.clone())];
            assert_eq!(
                found,
                expected,
                "{category} {} {}",
                mutant.level,
                Value::from(mutant.patch.clone())
            );
        }
        rules.extend(mutants.into_iter().map(|mutant| mutant.rule));
    }
    let known = [
        "bad-date",
        "bad-media-type",
        "bad-reference",
        "bad-url",
        "derived",
        "empty",
        "missing",
        "not-permitted",
        "not-plain-text",
        "not-to-be-filled",
        "other-category",
        "out-of-order",
        "out-of-range",
        "pending",
        "sum-too-large",
        "too-long",
        "too-many",
        "unknown-attribute",
        "unknown-group",
        "unknown-member",
        "wrong-level",
        "wrong-type",
        "wrong-unit",
    ];
    for rule in known {
        assert!(rules.contains(rule), "no mutant breaks `{rule}`");
    }
}

/// The schema refuses the same, at the same place or around it; what it cannot say it takes.
#[test]
fn the_schema_refuses_every_mutant_it_can_express() {
    let mut beyond = BTreeSet::new();
    for category in Category::ALL {
        let validators = validators(category);
        for mutant in mutants(category) {
            let patch = Value::Object(mutant.patch.clone());
            let places: Vec<String> = validators[&mutant.level]
                .iter_errors(&patch)
                .map(|fault| fault.instance_path().to_string())
                .collect();
            if mutant.is_beyond_schema() {
                assert!(places.is_empty(), "{mutant:?}: {places:?}");
                beyond.insert(mutant.rule);
                continue;
            }
            assert!(
                places
                    .iter()
                    .any(|place| mutant.pointer.starts_with(place.as_str())),
                "{category} {} {} {patch}: {places:?}",
                mutant.pointer,
                mutant.rule
            );
        }
    }
    assert_eq!(beyond, BEYOND_SCHEMA.map(str::to_owned).into());
}
