//! What CloudFront makes of a snapshot from the bucket.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use rquickjs::{Context, Runtime};
use serde_json::{Value, json};

/// The function's answer to a response with these headers.
fn answered(status: u16, headers: &[(&str, &str)]) -> Value {
    let headers: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!({"value": value})))
        .collect();
    let event =
        json!({"response": {"statusCode": status, "statusDescription": "OK", "headers": headers}});
    let code = format!(
        "{}\nJSON.stringify(handler({event}))",
        edge::SNAPSHOT_FUNCTION
    );
    let context = Context::full(&Runtime::new().unwrap()).unwrap();
    let text: String = context.with(|ctx| ctx.eval(code)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_snapshot_is_answered_as_the_resolver_would_have() {
    let gone = answered(
        200,
        &[
            ("content-type", "application/json"),
            ("x-amz-meta-snapshot-as-of", "2027-02-18T08:00:00.000Z"),
            ("x-amz-meta-snapshot-status", "410"),
            ("x-amz-meta-snapshot-link", "<https://id.example.eu/1>"),
            ("x-amz-meta-snapshot-digest", "ab"),
            ("x-amz-version-id", "1"),
        ],
    );
    let expected = json!({
        "statusCode": 410,
        "headers": {"content-type": {"value": "application/json"}, "link": {"value": "<https://id.example.eu/1>"}, "snapshot-as-of": {"value": "2027-02-18T08:00:00.000Z"}},
    });
    assert_eq!(gone, expected);
    let moved = answered(
        200,
        &[
            ("x-amz-meta-snapshot-status", "307"),
            (
                "x-amz-meta-snapshot-location",
                "https://id.backup.example/1",
            ),
        ],
    );
    assert_eq!(moved["statusCode"], 307);
    assert_eq!(
        moved["headers"]["location"]["value"],
        "https://id.backup.example/1"
    );
}

#[test]
fn what_the_resolver_says_and_what_did_not_change_stay_as_they_are() {
    let live = answered(200, &[("etag", "1")]);
    assert_eq!(live["statusCode"], 200);
    assert_eq!(live["headers"], json!({"etag": {"value": "1"}}));
    let unchanged = answered(304, &[("x-amz-meta-snapshot-status", "410")]);
    assert_eq!(unchanged["statusCode"], 304);
}
