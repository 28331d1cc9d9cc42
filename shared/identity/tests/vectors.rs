//! The published vectors: what another implementation is held against holds here too.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that fails says so"
)]

use identity::{Carrier, ErrorCorrection, LabelId, Reading, Symbol, UnitId};
use serde_json::Value;

fn vectors(file: &str) -> Value {
    let path = format!("{}/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

#[test]
fn ids() {
    for vector in list(&vectors("ids.json")["ids"]) {
        let text = vector["text"].as_str().unwrap();
        let found = match vector["kind"].as_str().unwrap() {
            "unit" => UnitId::parse(text).ok().map(|id| id.to_string()),
            _ => LabelId::parse(text).ok().map(|id| id.to_string()),
        };
        assert_eq!(found.as_deref(), vector["canonical"].as_str(), "{vector}");
    }
}

#[test]
fn corrections() {
    for vector in list(&vectors("ids.json")["corrections"]) {
        let reading = Reading::of(vector["text"].as_str().unwrap());
        assert_eq!(reading.canonical.as_deref(), None, "{vector}");
        let meant: Vec<&str> = vector["meant"].as_str().into_iter().collect();
        assert_eq!(reading.suggestions, meant, "{vector}");
    }
}

#[test]
fn carriers() {
    for vector in list(&vectors("carriers.json")) {
        let carrier = Carrier::parse(vector["url"].as_str().unwrap()).ok();
        let url = carrier.as_ref().map(Carrier::url);
        assert_eq!(url.as_deref(), vector["canonical"].as_str(), "{vector}");
        let unit = carrier.as_ref().map(|carrier| carrier.unit.to_string());
        assert_eq!(unit.as_deref(), vector["unit"].as_str(), "{vector}");
        let label = carrier
            .and_then(|carrier| carrier.label)
            .map(|label| label.to_string());
        assert_eq!(label.as_deref(), vector["label"].as_str(), "{vector}");
    }
}

#[test]
fn symbols() {
    let path = "symbols.json";
    for vector in list(&vectors(path)) {
        let carrier = Carrier::parse(vector["url"].as_str().unwrap()).unwrap();
        let level = match vector["level"].as_str().unwrap() {
            "M" => ErrorCorrection::M,
            "H" => ErrorCorrection::H,
            _ => ErrorCorrection::Q,
        };
        let symbol = Symbol::new(&carrier, level).unwrap();
        assert_eq!(
            i64::from(symbol.version()),
            vector["version"].as_i64().unwrap(),
            "{vector}"
        );
        let rows: Vec<&str> = list(&vector["rows"])
            .map(|row| row.as_str().unwrap())
            .collect();
        assert_eq!(symbol.rows(), rows);
    }
}
