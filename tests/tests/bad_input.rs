//! Bad input gets a clear problem document and changes nothing.

use serde_json::{Value, json};
use tests::{Answer, Stage, text};

fn is_problem(answer: &Answer) -> Value {
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{}",
        answer.text
    );
    let body = answer.json();
    assert_eq!(body["status"], answer.status);
    for member in ["type", "title", "detail", "statusCode"] {
        assert!(!text(&body, member).is_empty(), "{member}");
    }
    assert_eq!(body["message"][0]["messageType"], "Error");
    body
}

#[tokio::test]
async fn resolver_and_allocator() {
    let stage = Stage::start().await;
    let long = "A".repeat(6_000);
    for path in [
        "/x",
        "/%00",
        "/%FF%FE",
        "/32XZ/..%2f..",
        "/32XZAJ4P21M1MZ0N3RQAA",
        &format!("/{long}"),
    ] {
        let _ = is_problem(&stage.public().get(path).await.expect(400));
    }
    let maker = stage.maker();
    for path in ["/v1/units/x", "/v1/units/32XZAJ4P21M1MZ0N3RQB"] {
        let _ = is_problem(&maker.get(path).await.expect(400));
    }
    let _ = is_problem(
        &maker
            .get("/v1/units/32XZAJ4P21M1MZ0N3RQA")
            .await
            .expect(404),
    );
    let _ = is_problem(&maker.get("/v1/orders/not-a-uuid").await.expect(404));
    let _ = is_problem(&maker.get("/v1/nothing-here").await.expect(404));
    let body = json!({"model": "1b4e28ba-2fa1-41d2-883f-0016d3cca427", "count": 1, "reason": "x"});
    let _ = is_problem(&maker.post("/v1/units", &body).await.expect(404));
    let typo = stage
        .public()
        .get("/v1/identifiers/32XZAJ4P21M1MZ0N3RQB")
        .await
        .expect(200)
        .json();
    assert_eq!(typo["valid"], false);
    let suggested = typo["suggestions"].as_array().unwrap();
    assert!(
        suggested
            .iter()
            .any(|suggestion| suggestion["canonical"] == "32XZAJ4P21M1MZ0N3RQA"),
        "{typo}"
    );
    assert!(
        suggested
            .iter()
            .all(|suggestion| suggestion["exists"] == false)
    );
}

/// What every route that takes a body refuses, before anything else is looked at.
#[tokio::test]
async fn bodies() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let events = format!("/v1/dpps/{passport}/events");
    let before = maker.get(&events).await.expect(200).text;
    let deep = format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200));
    let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(10 << 20));
    let cases: [(&str, &str, u16); 8] = [
        ("application/json", "{", 400),
        ("application/json", "[]", 400),
        ("application/json", "{\"a\":1,\"a\":2}", 400),
        ("application/json", "{\"a\":9007199254740993}", 400),
        ("application/json", &deep, 400),
        ("application/json", &huge, 413),
        ("text/plain", "{}", 415),
        ("application/xml", "<a/>", 415),
    ];
    for path in [
        "/v1/units",
        "/v1/models",
        "/v1/dpps",
        "/v1/evidence",
        &events,
    ] {
        for (media_type, body, status) in &cases {
            let answer = stage
                .client
                .post(format!("{}{path}", stage.origin))
                .bearer_auth(maker.token.as_ref().unwrap())
                .header("idempotency-key", uuid::Uuid::new_v4().to_string())
                .header("dpp-reason", "x")
                .header("content-type", *media_type)
                .body((*body).to_owned())
                .send()
                .await;
            // A server may close the connection instead of reading ten megabytes it will refuse.
            let Ok(answer) = answer else {
                assert_eq!(*status, 413);
                continue;
            };
            assert_eq!(
                answer.status().as_u16(),
                *status,
                "{path} {media_type} {}",
                &body[..body.len().min(40)]
            );
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["status"], *status);
        }
    }
    assert_eq!(maker.get(&events).await.expect(200).text, before);
}

#[tokio::test]
async fn updater_names_every_fault_at_once() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let data = json!({
        "performance": {"ratedCapacity": {"value": 230, "unit": "kW.h"}, "noSuchThing": 1},
        "nowhere": {"a": 1},
        "identification": {"serialNumber": "this belongs to the unit"},
    });
    let body = json!({"category": "ev", "reason": "x", "data": data});
    let problem = is_problem(&maker.post("/v1/models", &body).await.expect(422));
    let pointers: Vec<String> = problem["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| text(fault, "pointer"))
        .collect();
    for expected in [
        "/performance/ratedCapacity",
        "/performance/noSuchThing",
        "/nowhere",
        "/identification/serialNumber",
    ] {
        assert!(
            pointers.iter().any(|pointer| pointer.starts_with(expected)),
            "{expected} not in {pointers:?}"
        );
    }
    for (body, wanted) in [
        (json!({"category": "ev", "data": {}}), "reason"),
        (
            json!({"category": "toy", "reason": "x", "data": {}}),
            "category",
        ),
        (json!({"category": "ev", "reason": "x"}), "data"),
    ] {
        let problem = is_problem(&maker.post("/v1/models", &body).await.expect(400));
        assert!(text(&problem, "detail").contains(wanted), "{problem}");
    }
    let (_, passport) = maker.draft().await;
    for (event, status) in [
        (json!({"reason": "x"}), 400),
        (json!({"type": "invented", "reason": "x"}), 400),
        (json!({"type": "correction"}), 400),
        (json!({"type": "repair", "reason": "x"}), 400),
        (
            json!({"type": "correction", "reason": "x", "evidence": ["nope"]}),
            400,
        ),
        (
            json!({"type": "correction", "reason": "x", "evidence": [passport]}),
            409,
        ),
        (
            json!({"type": "correction", "reason": "x", "occurredAt": "2999-01-01T00:00:00Z"}),
            400,
        ),
        (json!({"type": "model-created", "reason": "x"}), 409),
        (
            json!({"type": "correction", "reason": "x", "changes": 7}),
            400,
        ),
        (
            json!({"type": "correction", "reason": "bidi \u{202e} text"}),
            400,
        ),
    ] {
        let answer = maker.event(&passport, &event).await;
        assert_eq!(answer.status, status, "{event}: {}", answer.text);
        let _ = is_problem(&answer);
    }
    let events = maker
        .get(&format!("/v1/dpps/{passport}/events"))
        .await
        .expect(200)
        .json();
    assert_eq!(events["events"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn reader() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    for (path, status) in [
        ("/v1/dpps/x".to_owned(), 400),
        ("/v1/dpps/https%3A%2F%2Felsewhere%2Fp%2F1".to_owned(), 400),
        ("/v1/dppsByProductId/x".to_owned(), 400),
        ("/v1/dppsByProductId/32XZAJ4P21M1MZ0N3RQA".to_owned(), 404),
        (format!("/v1/dpps/{passport}/versions/0"), 404),
        (format!("/v1/dpps/{passport}/versions/99"), 404),
        (format!("/v1/dpps/{passport}/versions/x"), 404),
        ("/v1/models/x".to_owned(), 400),
        ("/v1/evidence/x".to_owned(), 404),
    ] {
        let answer = maker.get(&path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        let _ = is_problem(&answer);
    }
}
