//! Hostile documents are refused, each for what it is, and change nothing.

use serde_json::json;
use tests::{Answer, Partner, Stage, text};

/// A model and a battery's passport, with all that can be read of them.
struct Record<'a> {
    maker: Partner<'a>,
    paths: Vec<String>,
}

impl Record<'_> {
    async fn state(&self) -> Vec<(String, String)> {
        let mut state = Vec::new();
        for path in &self.paths {
            let answer = self.maker.get(path).await.expect(200);
            state.push((answer.header("etag").to_owned(), answer.text));
        }
        state
    }
}

async fn send(
    stage: &Stage,
    maker: &Partner<'_>,
    method: &str,
    path: &str,
    body: Vec<u8>,
) -> Option<Answer> {
    let request = stage
        .client
        .request(method.parse().unwrap(), format!("{}{path}", stage.origin))
        .bearer_auth(maker.token.as_ref().unwrap())
        .header("content-type", "application/json")
        .header("idempotency-key", uuid::Uuid::new_v4().to_string())
        .header("if-match", "*")
        .header("dpp-event-type", "correction")
        .header("dpp-reason", "x")
        .body(body);
    // A server may close the connection instead of reading what it will refuse.
    let response = request.send().await.ok()?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.ok()?.to_vec();
    Some(Answer {
        status,
        headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
        length: bytes.len(),
        bytes,
    })
}

/// Each with a value of the model's name in it (`%`), and the status it must be refused with.
fn hostile() -> Vec<(&'static str, Vec<u8>, u16)> {
    let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    let list = |length: usize| format!("[{}1]", "1,".repeat(length - 1));
    let members = |count: usize| {
        let members: Vec<String> = (0..count).map(|number| format!("\"{number}\":1")).collect();
        format!("{{{}}}", members.join(","))
    };
    let mut values: Vec<(&str, Vec<u8>, u16)> = vec![
        ("a member twice", br#"{"en":"a","en":"b"}"#.to_vec(), 400),
        (
            "a member twice, once escaped",
            br#"{"en":"a","\u0065n":"b"}"#.to_vec(),
            400,
        ),
        ("a high surrogate alone", br#""\ud800""#.to_vec(), 400),
        ("a low surrogate alone", br#""\udc00x""#.to_vec(), 400),
        (
            "surrogates the wrong way round",
            br#""\ude00\ud83d""#.to_vec(),
            400,
        ),
        (
            "a surrogate alone in a name",
            br#"{"\ud800":1}"#.to_vec(),
            400,
        ),
        ("a surrogate in UTF-8", b"\"\xed\xa0\x80\"".to_vec(), 400),
        ("not UTF-8", b"\"\xff\xfe\"".to_vec(), 400),
        ("overlong UTF-8", b"\"\xc0\xaf\"".to_vec(), 400),
        ("a line feed as it is", b"\"a\nb\"".to_vec(), 400),
        ("past 2^53", b"9007199254740993".to_vec(), 400),
        ("past -2^53", b"-9007199254740993".to_vec(), 400),
        ("past 64 bits", b"18446744073709551616".to_vec(), 400),
        ("1e308", b"1e308".to_vec(), 400),
        ("infinite by its exponent", b"1e400".to_vec(), 400),
        ("a thousand digits", "9".repeat(1000).into_bytes(), 400),
        ("NaN", b"NaN".to_vec(), 400),
        ("Infinity", b"Infinity".to_vec(), 400),
        ("-Infinity", b"-Infinity".to_vec(), 400),
        ("hexadecimal", b"0x10".to_vec(), 400),
        ("a leading zero", b"01".to_vec(), 400),
        ("a comment", b"1/*x*/".to_vec(), 400),
        ("a last comma", b"[1,]".to_vec(), 400),
        ("single quotes", b"'x'".to_vec(), 400),
        (
            "a string of 100,000",
            format!("\"{}\"", "x".repeat(100_000)).into_bytes(),
            400,
        ),
        (
            "a string of 1 MB",
            format!("\"{}\"", "x".repeat(1 << 20)).into_bytes(),
            413,
        ),
        (
            "a name of 100,000",
            format!("{{\"{}\":1}}", "x".repeat(100_000)).into_bytes(),
            400,
        ),
        ("a list of 10,000", list(10_000).into_bytes(), 422),
        ("a list of 10,001", list(10_001).into_bytes(), 400),
        ("10,001 members", members(10_001).into_bytes(), 400),
        ("20 deep", nested(20).into_bytes(), 422),
        ("200 deep", nested(200).into_bytes(), 400),
        ("20,000 deep", nested(20_000).into_bytes(), 400),
        ("40,000 lists deep", "[".repeat(40_000).into_bytes(), 400),
        (
            "a prototype",
            br#"{"__proto__":{"polluted":true}}"#.to_vec(),
            422,
        ),
        (
            "a constructor",
            br#"{"constructor":{"prototype":{"polluted":true}}}"#.to_vec(),
            422,
        ),
        ("U+0000", br#""a\u0000b""#.to_vec(), 422),
        ("text that turns round", br#""a\u202eb""#.to_vec(), 422),
        ("a noncharacter", br#""a\ufffeb""#.to_vec(), 422),
    ];
    let bytes = values
        .iter()
        .map(|(_, bytes, _)| bytes.len())
        .sum::<usize>();
    assert!(bytes > 1 << 20);
    values.sort_by_key(|(_, bytes, _)| bytes.len());
    values
}

fn around(before: &str, value: &[u8], after: &str) -> Vec<u8> {
    [before.as_bytes(), value, after.as_bytes()].concat()
}

#[tokio::test]
async fn a_refused_document_changes_nothing() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (unit, passport) = maker.draft().await;
    let (model, dpp) = (
        format!("/v1/models/{}", unit.model),
        format!("/v1/dpps/{passport}"),
    );
    let paths = [&model, &dpp]
        .map(|path| ["", "/versions", "/events?verify=true"].map(|more| format!("{path}{more}")));
    let record = Record {
        maker: stage.maker(),
        paths: paths.concat(),
    };
    let before = record.state().await;
    let changes = r#"{"type":"correction","reason":"x","changes":{"identification":{"modelName":"#;
    let item = r#"{"type":"correction","reason":"x","changes":{"identification":{"serialNumber":"#;
    let requests = [
        ("PATCH", model.clone(), changes, "}}}"),
        (
            "PATCH",
            dpp.clone(),
            r#"{"identification":{"serialNumber":"#,
            "}}",
        ),
        ("POST", format!("{dpp}/events"), item, "}}}"),
        (
            "POST",
            "/v1/models".to_owned(),
            r#"{"category":"ev","reason":"x","data":{"identification":{"modelName":"#,
            "}}}",
        ),
    ];
    for (name, value, status) in hostile() {
        for (method, path, start, end) in &requests {
            let answer = send(&stage, &maker, method, path, around(start, &value, end)).await;
            let Some(answer) = answer else {
                assert_eq!(status, 413, "{name}");
                continue;
            };
            assert_eq!(
                answer.status, status,
                "{name}, {method} {path}: {}",
                answer.text
            );
            let problem = answer.json();
            assert_eq!(answer.header("content-type"), "application/problem+json");
            assert!(!text(&problem, "detail").is_empty());
            let place = if *path == model || path == "/v1/models" {
                "/identification/modelName"
            } else {
                "/identification/serialNumber"
            };
            if status == 422 {
                let faults = problem["faults"].as_array().unwrap();
                assert!(!faults.is_empty());
                assert!(
                    faults
                        .iter()
                        .all(|fault| text(fault, "pointer").starts_with(place)),
                    "{name}: {problem}"
                );
            }
            assert!(answer.length < 4_000, "{name}: {} bytes", answer.length);
        }
    }
    assert_eq!(record.state().await, before);
}

/// What is wrong with the whole text, and names that other languages trip over in every place of a body.
#[tokio::test]
async fn hostile_bodies_and_names_change_nothing() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let dpp = format!("/v1/dpps/{passport}");
    let paths = ["", "/versions", "/events?verify=true"].map(|more| format!("{dpp}{more}"));
    let record = Record {
        maker: stage.maker(),
        paths: paths.into(),
    };
    let before = record.state().await;
    let whole: [(&[u8], u16); 12] = [
        (b"", 400),
        (b"null", 400),
        (b"[]", 400),
        (b"\"{}\"", 400),
        (b"{}{}", 400),
        (b"{} x", 400),
        (b"\xef\xbb\xbf{}", 400),
        (b"\xff\xfe{\0}\0", 400),
        (b"{\"reason\":\"x\"", 400),
        (b"{\"__proto__\":{\"type\":\"correction\",\"reason\":\"x\"}}", 400),
        (b"{\"type\":\"__proto__\",\"reason\":\"x\"}", 400),
        (b"{\"type\":\"correction\",\"reason\":\"x\",\"changes\":{\"__proto__\":{\"a\":1},\"toString\":{\"b\":1}}}", 422),
    ];
    for (body, status) in whole {
        let answer = send(
            &stage,
            &maker,
            "POST",
            &format!("{dpp}/events"),
            body.to_vec(),
        )
        .await
        .unwrap();
        assert_eq!(
            answer.status,
            status,
            "{}: {}",
            String::from_utf8_lossy(body),
            answer.text
        );
    }
    let names = [
        "__proto__",
        "constructor",
        "prototype",
        "toString",
        "hasOwnProperty",
        "",
        "a/b~c",
        "$ref",
        "\u{0}",
    ];
    for name in names {
        for changes in [
            json!({ name: {"x": 1} }),
            json!({"condition": { name: 1 }}),
            json!({"condition": {"stateOfCharge": { name: 1, "value": 50, "unit": "%", "measuredAt": "2026-11-01T08:00:00Z" }}}),
        ] {
            let event = json!({"type": "correction", "reason": "x", "changes": changes});
            let problem = maker.event(&passport, &event).await.expect(422).json();
            let escaped = name.replace('~', "~0").replace('/', "~1");
            let faults = problem["faults"].as_array().unwrap();
            assert_eq!(faults.len(), 1, "{problem}");
            assert!(
                text(&faults[0], "pointer").ends_with(&format!("/{escaped}")),
                "{problem}"
            );
        }
    }
    assert_eq!(record.state().await, before);
}
