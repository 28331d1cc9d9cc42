//! What rings. That a pending row was put says no more than that it is time; that an item of the ledger was changed or taken away
//! says that somebody tampers with it: it is written once.

use serde_json::Value;

/// The items that a stream's records say were changed or taken away, as `<partition>/<place>`. The ledger's stream hands over no others, and
/// that of pending rows none of these (`template.yaml`).
#[must_use]
pub fn tampered(event: &Value) -> Vec<String> {
    let records = event.get("Records").and_then(Value::as_array);
    let records = records.into_iter().flatten();
    let key = |record: &Value, name: &str| {
        let key = record.pointer(&format!("/dynamodb/Keys/{name}/S"));
        key.and_then(Value::as_str).unwrap_or("?").to_owned()
    };
    let happened = |record: &Value| record.get("eventName")?.as_str().map(str::to_owned);
    records
        .filter(|record| matches!(happened(record).as_deref(), Some("MODIFY" | "REMOVE")))
        .map(|record| format!("{}/{}", key(record, "pk"), key(record, "sk")))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(name: &str) -> Value {
        let keys = json!({"pk": {"S": "P#1"}, "sk": {"S": "0000000002"}});
        json!({"Records": [{"eventName": name, "dynamodb": {"Keys": keys}}]})
    }

    #[test]
    fn what_is_written_once_is_never_changed_or_taken_away() {
        for name in ["MODIFY", "REMOVE"] {
            assert_eq!(tampered(&event(name)), ["P#1/0000000002"]);
        }
        for rung in [
            event("INSERT"),
            json!({}),
            json!({"Records": [{"eventName": 1}]}),
        ] {
            assert!(tampered(&rung).is_empty());
        }
        let unnamed = json!({"Records": [{"eventName": "REMOVE"}]});
        assert_eq!(tampered(&unnamed), ["?/?"]);
    }
}
