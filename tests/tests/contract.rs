//! The built functions, fed with Lambda events through a Runtime API, answer as the local listener does.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tests::{Answer, Function, Partner, Stage, text};

const FUNCTIONS: [&str; 5] = ["resolver", "reader", "updater", "allocator", "signin"];

/// The part of an answer that has to be the same on both sides: not the correlation id of a problem.
fn comparable(status: u64, media_type: &str, location: &str, body: &str) -> Value {
    let mut body: Value = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
    if media_type == "application/problem+json" {
        body["message"] = json!(null);
    }
    json!({"status": status, "mediaType": media_type, "location": location, "body": body})
}

fn of_lambda(answer: &Value) -> Value {
    let header = |name: &str| {
        let single = answer["headers"][name].as_str();
        let multiple = answer["multiValueHeaders"][name][0].as_str();
        single.or(multiple).unwrap_or_default().to_owned()
    };
    let body = answer["body"].as_str().unwrap_or_default();
    let body = match answer["isBase64Encoded"].as_bool() {
        Some(true) => String::from_utf8_lossy(&BASE64.decode(body).unwrap()).into_owned(),
        _ => body.to_owned(),
    };
    comparable(
        answer["statusCode"].as_u64().unwrap(),
        &header("content-type"),
        &header("location"),
        &body,
    )
}

fn of_listener(answer: &Answer) -> Value {
    comparable(
        answer.status.into(),
        answer.header("content-type"),
        answer.header("location"),
        &answer.text,
    )
}

/// The same request on the listener.
async fn on_listener(event: &Value, caller: &Partner<'_>) -> Answer {
    let rest = event["httpMethod"].is_string();
    let (method, path) = if rest {
        (&event["httpMethod"], text(event, "path"))
    } else {
        (
            &event["requestContext"]["http"]["method"],
            text(event, "rawPath"),
        )
    };
    let query: Vec<String> = event["queryStringParameters"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap()))
        .collect();
    let path = if query.is_empty() {
        path
    } else {
        format!("{path}?{}", query.join("&"))
    };
    let headers: Vec<(&str, &str)> = event["headers"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| *name != "host")
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let body: Option<Value> = event["body"]
        .as_str()
        .map(|body| serde_json::from_str(body).unwrap());
    // `json()` would set the media type a second time.
    let headers: Vec<(&str, &str)> = match body {
        Some(_) => headers
            .into_iter()
            .filter(|(name, _)| *name != "content-type")
            .collect(),
        None => headers,
    };
    caller
        .call(method.as_str().unwrap(), &path, &headers, body.as_ref())
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_answer_as_the_listener_does() {
    let binaries = tests::built(&FUNCTIONS).await;
    let stage = Stage::bare().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let maker = stage.partner("economic-operator", &battery.organisation);
    let unit = maker
        .get(&format!("/v1/units/{}", battery.unit))
        .await
        .expect(200)
        .json();
    let filled = |event: &str| {
        let dpp_uri = format!("{}/p/{}", stage.origin, battery.passport)
            .replace(':', "%3A")
            .replace('/', "%2F");
        event
            .replace("${UNIT}", &battery.unit)
            .replace("${LABEL}", &battery.label)
            .replace("${OLD_LABEL}", &battery.first_label)
            .replace("${DPP}", &battery.passport)
            .replace("${DPP_URI}", &dpp_uri)
            .replace("${MODEL}", unit["model"].as_str().unwrap())
            .replace("${ORDER}", unit["order"].as_str().unwrap())
            .replace("${TOKEN}", maker.token.as_ref().unwrap())
            .replace("${HOST}", &stage.running.address.to_string())
    };
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../events");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for name in FUNCTIONS {
        let mut function =
            Function::start(&binaries.join(name), &stage.function_environment()).await;
        let own = files.iter().filter(|file| {
            file.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with(&format!("{name}-"))
        });
        let mut count = 0;
        for file in own {
            let event: Value =
                serde_json::from_str(&filled(&std::fs::read_to_string(file).unwrap())).unwrap();
            let mut sent = event.clone();
            // Byte for byte what the other side will send: the second of the two is a retry.
            if let Some(body) = event["body"].as_str() {
                let body: Value = serde_json::from_str(body).unwrap();
                sent["body"] = json!(body.to_string());
            }
            let function_answer = of_lambda(&function.invoke(sent).await);
            let listener_answer = of_listener(&on_listener(&event, &stage.public()).await);
            assert_eq!(function_answer, listener_answer, "{}", file.display());
            count += 1;
        }
        assert!(count >= 5, "{name} has {count} sample events");
    }
}
