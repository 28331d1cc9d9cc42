//! The example batteries, whole.

use passport::{Category, catalogue, compose};
use serde_json::{Map, Value};

/// Each with its category.
pub(crate) fn examples() -> Vec<(Category, Map<String, Value>)> {
    ["ev", "lmt", "home-store"].map(example).into()
}

fn example(name: &str) -> (Category, Map<String, Value>) {
    let file = format!(
        "{}/../../infra/local/examples/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let example: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let data = |level: &str| -> Map<String, Value> {
        let level = &example[level];
        let data = level.get("data").unwrap_or(level);
        data.as_object().cloned().unwrap_or_default()
    };
    let mut document = compose(&data("model"), &data("batch"), &data("item"));
    document.retain(|group, _| catalogue().has_group(group));
    let category = example["category"].as_str().unwrap().parse().unwrap();
    (category, document)
}
