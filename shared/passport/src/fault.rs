//! What is wrong with a document, told so that it can be put right.

use serde::{Deserialize, Serialize};

/// One broken rule at one place. A validation gives every fault at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// Where: a JSON Pointer (RFC 6901) into the document.
    pub pointer: String,
    /// Which rule: `unknown-attribute`, `wrong-level`, `wrong-type`, `wrong-unit`, `out-of-range`, …
    pub rule: String,
    /// What the rule asks for.
    pub expected: String,
    /// What is there.
    pub found: String,
    /// Where the rule comes from, for example `Annex XIII 1(g)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// The beginning of a value as JSON, short enough for a message.
pub(crate) fn excerpt(value: &serde_json::Value) -> String {
    const LONGEST: usize = 80;
    let text = match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut characters = text.chars();
    let short: String = characters.by_ref().take(LONGEST).collect();
    match characters.next() {
        Some(_) => format!("{short}…"),
        None => short,
    }
}
