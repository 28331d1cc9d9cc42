//! Every format, both ways, over documents nobody wrote, the example batteries, and documents of others.
//!
//! Schemas and documents of others are not part of this project: where `../shared/reference` is absent these tests say so
//! and end.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use exchange::{Exported, Format, Imported, Variant, What, export, formats, import};
use jiff::Timestamp;
use passport::{Category, Level, catalogue, compose, visible};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

mod examples;
mod generated;
use examples::examples;
use generated::{Document, document, header};

fn reference(file: &str) -> Option<Value> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
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

/// Which schema holds which part of a format's document.
fn schemas(format: &Format, variant: Option<&Variant>) -> Vec<(String, String)> {
    let battery_pass_ready = |variant: &str| match variant {
        "ev" => "EV",
        "lmt" => "LMT",
        "stationary" => "StationaryIndustrial2kWh",
        "industrial" => "OtherIndustrial2kWh",
        "industrial-without-bms" => "IndustrialWithoutBMS",
        other => panic!("no schema of {other}"),
    };
    match format.id.as_str() {
        "batterypass-ready-1.0" => {
            let name = battery_pass_ready(&variant.unwrap().id);
            vec![(
                String::new(),
                format!("batterypass-ready/schema/{name}.schema.json"),
            )]
        }
        "idta-02035-1.0" => IDTA
            .into_iter()
            .map(|(aspect, version)| {
                (
                    format!("/{aspect}"),
                    format!("idta-samm/{aspect}-{version}.schema.json"),
                )
            })
            .collect(),
        other => panic!("no schema of {other}"),
    }
}

const IDTA: [(&str, &str); 8] = [
    ("DppMetadata", "1.0.0"),
    ("NameplateBattery", "1.0.0"),
    ("HandoverDocumentationBattery", "1.0.0"),
    ("CarbonFootprintBattery", "1.0.0"),
    ("TechnicalDataBattery", "1.0.1"),
    ("ProductConditionBattery", "1.0.1"),
    ("MaterialCompositionBattery", "1.0.1"),
    ("CircularityBattery", "1.0.0"),
];

/// Every form of every format for a category.
fn forms(category: Category) -> Vec<(&'static Format, Option<&'static Variant>)> {
    formats()
        .flat_map(|format| match format.variants.is_empty() {
            true => vec![(format, None)],
            false => format
                .variants
                .iter()
                .filter(|variant| variant.category == category)
                .map(|variant| (format, Some(variant)))
                .collect(),
        })
        .collect()
}

/// The members that the format's own schema misses, and whatever else it says.
fn judged(
    format: &Format,
    variant: Option<&Variant>,
    document: &Value,
) -> Option<BTreeSet<String>> {
    let mut missing = BTreeSet::new();
    for (place, schema) in schemas(format, variant) {
        let schema = reference(&schema)?;
        // An aspect that says nothing is left out.
        let Some(part) = document.pointer(&place) else {
            continue;
        };
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap();
        for error in validator.iter_errors(part) {
            match error.kind() {
                jsonschema::error::ValidationErrorKind::Required { property } => {
                    let name = property.as_str().unwrap();
                    missing.insert(format!("{place}{}/{name}", error.instance_path()));
                }
                _ => panic!("{}{}: {error}", format.id, error.instance_path()),
            }
        }
    }
    Some(missing)
}

fn required_in_vain(exported: &Exported) -> BTreeSet<String> {
    exported
        .losses
        .iter()
        .filter(|loss| loss.what == What::RequiredMissing)
        .map(|loss| loss.pointer.clone())
        .collect()
}

/// Whether anybody creating a record could write it.
fn can_be_imported(category: Category, group: &str, id: &str) -> bool {
    let attribute = catalogue().attribute(group, id).unwrap();
    let event = if attribute.allows(Level::Model) && attribute.class != passport::Class::Individual
    {
        "model-created"
    } else {
        "passport-created"
    };
    visible(attribute, catalogue().active_guidance(), category) && attribute.written_by(event)
}

/// What is not called lost comes back as it was; what comes back otherwise is called lost.
fn holds(format: &Format, variant: Option<&Variant>, category: Category, document: &Document) {
    let exported = export(format, variant, &header(), document);
    if let Some(missing) = judged(format, variant, &exported.document) {
        assert_eq!(missing, required_in_vain(&exported), "{}", format.id);
    }
    let imported = import(
        format,
        &exported.document,
        Some(category),
        catalogue().active_guidance(),
    )
    .unwrap();
    let unknown: Vec<_> = imported
        .losses
        .iter()
        .filter(|loss| loss.what == What::NotUnderstood)
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let back = compose(&imported.model, &Map::new(), &imported.item);
    for (group, values) in document {
        for (id, value) in values.as_object().unwrap() {
            let pointer = format!("/{group}/{id}");
            let named = exported.losses.iter().any(|loss| {
                loss.what == What::NotCarried
                    && (loss.pointer == pointer || loss.pointer.starts_with(&format!("{pointer}/")))
            });
            let returned = back.get(group).and_then(|values| values.get(id));
            let same = returned.is_some_and(|returned| within(value, returned));
            if named {
                assert!(
                    !same,
                    "{}: {pointer} is called lost and came back",
                    format.id
                );
            } else if can_be_imported(category, group, id) && !refused(&imported, &pointer) {
                assert!(
                    same,
                    "{}: {pointer}: {value} became {returned:?}",
                    format.id
                );
            }
        }
    }
}

/// Whether the catalogue refused a value: nobody said that the generated ones keep its rules.
fn refused(imported: &Imported, pointer: &str) -> bool {
    imported
        .losses
        .iter()
        .any(|loss| loss.what == What::NotValid && loss.reason.starts_with(&format!("`{pointer}")))
}

/// Whether all of a value came back. The derived header may have added to it, a moment may be written in more than one way.
fn within(value: &Value, returned: &Value) -> bool {
    let moment = |value: &Value| -> Timestamp { value.as_str().unwrap().parse().unwrap() };
    match (value, returned) {
        (Value::Object(before), Value::Object(after)) => before.iter().all(|(name, value)| {
            let same = |returned: &Value| match name.as_str() {
                "measuredAt" => moment(value) == moment(returned),
                _ => within(value, returned),
            };
            after.get(name).is_some_and(same)
        }),
        (value, returned) => value == returned,
    }
}

fn category() -> impl Strategy<Value = Category> {
    prop::sample::select(Category::ALL.to_vec())
}

fn category_and_document(share: f64) -> impl Strategy<Value = (Category, Document)> {
    category().prop_flat_map(move |category| (Just(category), document(category, share)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_complete_document_goes_out_and_comes_back((category, document) in category_and_document(1.0)) {
        for (format, variant) in forms(category) {
            holds(format, variant, category, &document);
        }
    }

    #[test]
    fn any_document_goes_out_and_comes_back((category, document) in category_and_document(0.4)) {
        for (format, variant) in forms(category) {
            holds(format, variant, category, &document);
        }
    }
}

#[test]
fn the_example_batteries_go_out_and_come_back() {
    for (category, document) in examples() {
        for (format, variant) in forms(category) {
            holds(format, variant, category, &document);
            // These keep the catalogue's rules, and what goes out of them still does.
            let exported = export(format, variant, &header(), &document);
            let guidance = catalogue().active_guidance();
            let back = import(format, &exported.document, Some(category), guidance).unwrap();
            let not_valid = back.losses.iter().find(|loss| loss.what == What::NotValid);
            assert_eq!(not_valid, None, "{}", format.id);
        }
    }
}

/// Every place with a value, or with an empty list or object.
fn leaves(value: &Value, pointer: String, into: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(name, value)| {
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves(value, format!("{pointer}/{name}"), into);
            })
        }
        Value::Array(elements) if !elements.is_empty() => {
            elements.iter().enumerate().for_each(|(index, value)| {
                leaves(value, format!("{pointer}/{index}"), into);
            });
        }
        Value::Null => {}
        _ => into.push(pointer),
    }
}

/// Whether it may be a unit or a key. One key is a number.
fn may_be_a_key(foreign: &Value, place: &str) -> bool {
    let word = matches!(
        foreign.pointer(place),
        Some(Value::String(_) | Value::Bool(_))
    );
    word || place.ends_with("/QuantityOfMeasureForCalculation")
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Every value of a document is taken over or named as lost. A unit or a key may be accounted for by the number or the
/// element that it belongs to.
fn nothing_is_silent(format: &Format, foreign: &Value) {
    let guidance = catalogue().active_guidance();
    let Ok(imported) = import(format, foreign, Some(Category::Ev), guidance) else {
        return;
    };
    let named: Vec<&str> = imported
        .taken
        .iter()
        .map(|one| one.from.as_str())
        .chain(imported.losses.iter().map(|loss| loss.pointer.as_str()))
        .collect();
    let mut places = Vec::new();
    leaves(foreign, String::new(), &mut places);
    for place in places {
        let accounted = named.iter().any(|named| {
            let within = place.strip_prefix(named);
            within.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                || (named.starts_with(&format!("{}/", parent(&place)))
                    && may_be_a_key(foreign, &place))
        });
        assert!(accounted, "{}: {place} is dropped silently", format.id);
    }
    let document = compose(&imported.model, &Map::new(), &imported.item);
    for (group, values) in &document {
        for id in values.as_object().unwrap().keys() {
            let pointer = format!("/{group}/{id}");
            assert!(
                imported.taken.iter().any(|one| one.to == pointer),
                "{pointer} from nowhere"
            );
        }
    }
    for (level, data) in [
        (Level::Model, &imported.model),
        (Level::Item, &imported.item),
    ] {
        let faults = passport::validate(level, imported.category, guidance, data);
        assert!(faults.is_empty(), "{faults:?}");
    }
}

/// What strangers do to a document.
#[derive(Debug, Clone)]
enum Mutation {
    Replace(Value),
    Remove,
    Add(Value),
}

fn mutation() -> impl Strategy<Value = (prop::sample::Index, Mutation)> {
    let odd = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(0.1),
        json!(""),
        json!("P"),
        json!("P99999999999M"),
        json!("2024-13-45"),
        json!("2024-02-30T00:00:00"),
        json!("\u{202e}<script>"),
        json!([]),
        json!({}),
        json!([[[1]]]),
        json!({"en": "x", "de": 1}),
        json!([{"en": "a"}, {"en": "b"}]),
        json!({"__proto__": {"x": 1}}),
        json!("é"),
    ]);
    let mutation = prop_oneof![
        4 => odd.clone().prop_map(Mutation::Replace),
        2 => Just(Mutation::Remove),
        1 => odd.prop_map(Mutation::Add),
    ];
    (any::<prop::sample::Index>(), mutation)
}

/// Every place of a document, groups and lists included.
fn places(value: &Value, pointer: String, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            places(value, format!("{pointer}/{name}"), into);
        }),
        Value::Array(elements) => elements.iter().enumerate().for_each(|(index, value)| {
            places(value, format!("{pointer}/{index}"), into);
        }),
        _ => {}
    }
    into.push(pointer);
}

fn mutated(mut document: Value, mutations: Vec<(prop::sample::Index, Mutation)>) -> Value {
    for (index, mutation) in mutations {
        let mut all = Vec::new();
        places(&document, String::new(), &mut all);
        let place = index.get(&all).clone();
        match mutation {
            Mutation::Replace(value) => *document.pointer_mut(&place).unwrap() = value,
            Mutation::Remove => {
                let name = place.rsplit_once('/').map_or("", |(_, name)| name);
                if let Some(Value::Object(parent)) = document.pointer_mut(parent(&place)) {
                    parent.remove(name);
                }
            }
            Mutation::Add(value) => match document.pointer_mut(&place) {
                Some(Value::Object(members)) => {
                    members.insert("unheard/of~".to_owned(), value);
                }
                Some(Value::Array(elements)) => elements.push(value),
                _ => {}
            },
        }
    }
    document
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_mutated_document_is_read_without_panic_and_nothing_of_it_is_dropped_silently(
        (category, document) in category_and_document(0.7),
        mutations in prop::collection::vec(mutation(), 0..12),
    ) {
        for (format, variant) in forms(category) {
            let exported = export(format, variant, &header(), &document);
            let foreign = mutated(exported.document, mutations.clone());
            if foreign.as_object().is_some_and(|members| !members.is_empty()) {
                nothing_is_silent(format, &foreign);
            }
        }
    }
}

fn understood(file: &str, foreign: &Value, least: usize) {
    let format = exchange::detect(foreign.as_object().unwrap()).unwrap();
    nothing_is_silent(format, foreign);
    let guidance = catalogue().active_guidance();
    let imported = import(format, foreign, None, guidance).unwrap();
    let unknown: Vec<_> = imported
        .losses
        .iter()
        .filter(|loss| loss.what == What::NotUnderstood)
        .collect();
    assert!(unknown.is_empty(), "{file}: {unknown:#?}");
    assert!(
        imported.taken.len() >= least,
        "{file}: {}",
        imported.taken.len()
    );
    for loss in &imported.losses {
        println!(
            "{file}: {} ({}): {}",
            loss.pointer,
            loss.what.as_str(),
            loss.reason
        );
    }
}

#[test]
fn battery_pass_ready_documents_of_others_are_understood_whole() {
    for name in ["ev", "stationary"] {
        let file = format!("batterypass-ready/samples/{name}.gefeg.json");
        let Some(foreign) = reference(&file) else {
            return;
        };
        understood(&file, &foreign, 50);
    }
}

#[test]
fn idta_documents_of_others_are_understood_whole() {
    let mut bundle = Map::new();
    for (aspect, version) in IDTA {
        let Some(sample) = reference(&format!("idta-samm/{aspect}-{version}.sample.json")) else {
            return;
        };
        bundle.insert(aspect.to_owned(), sample);
    }
    understood("idta-samm", &bundle.into(), 50);
}
