//! What is done with a stranger's bytes, and what has to hold whatever they are. Each function is a fuzz target.

use passport::{
    Category, Level, Limits, ParseFault, catalogue, merge_patch as merge, parse_json, validate,
};
use serde_json::{Map, Value};

/// The document parser: what it takes, it takes again as it wrote it, within every limit.
pub fn parse(bytes: &[u8]) {
    let limits = Limits::default();
    match parse_json(bytes, &limits) {
        Ok(value) => {
            assert!(depth(&value) <= limits.depth);
            let written = value.to_string();
            match parse_json(written.as_bytes(), &limits) {
                Ok(again) => assert_eq!(again, value),
                // Escapes may make the text longer than what it was read from.
                Err(fault) => assert!(matches!(fault, ParseFault::TooLong { .. }), "{fault}"),
            }
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// A document and a merge patch, in a list: the patch applied twice is the patch applied once, leaves no `null` of its own,
/// and whatever comes of it is validated with a place and a reason for every fault.
pub fn merge_patch(bytes: &[u8]) {
    let Ok(Value::Array(two)) = parse_json(bytes, &Limits::default()) else {
        return;
    };
    let [Value::Object(document), Value::Object(patch)] = two.as_slice() else {
        return;
    };
    let merged = merge(document, patch);
    assert_eq!(merge(&merged, patch), merged);
    for (name, change) in patch {
        assert!(!change.is_null() || !merged.contains_key(name));
    }
    let _ = passport::touched(patch);
    let _ = passport::delta(document, &merged);
    for level in [Level::Model, Level::Batch, Level::Item] {
        for category in Category::ALL {
            faults_are_told(level, category, &merged);
        }
    }
}

fn faults_are_told(level: Level, category: Category, document: &Map<String, Value>) {
    for fault in validate(level, category, catalogue().active_guidance(), document) {
        assert!(
            fault.pointer.starts_with('/') && !fault.rule.is_empty() && !fault.expected.is_empty()
        );
    }
}

/// Every importer: what it lets in, the catalogue lets in.
pub fn import(bytes: &[u8]) {
    let Ok(foreign) = parse_json(bytes, &exchange::limits()) else {
        return;
    };
    if let Value::Object(members) = &foreign {
        let _ = exchange::Source::of(members);
    }
    let guidance = catalogue().active_guidance();
    let formats = exchange::formats().map(exchange::Source::Format);
    for source in formats.chain([exchange::Source::JsonLd]) {
        for category in Category::ALL.map(Some).into_iter().chain([None]) {
            let Ok(imported) = source.import(&foreign, category, guidance) else {
                continue;
            };
            for (level, document) in [
                (Level::Model, &imported.model),
                (Level::Item, &imported.item),
            ] {
                assert_eq!(validate(level, imported.category, guidance, document), []);
            }
        }
    }
}
