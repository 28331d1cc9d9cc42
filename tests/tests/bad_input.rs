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
    let (model, batch) = (maker.model().await, "1b4e28ba-2fa1-41d2-883f-0016d3cca427");
    for body in [
        json!({"model": model, "batch": batch, "count": 1, "reason": "x"}),
        json!({"model": model, "count": 1, "reason": "x", "evidence": [batch]}),
    ] {
        let _ = is_problem(&maker.post("/v1/units", &body).await.expect(400));
    }
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
            // Nor need it say all of why.
            let Ok(body) = answer.json::<Value>().await else {
                assert_eq!(*status, 413);
                continue;
            };
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
            json!({"type": "correction", "reason": "x", "occurredAt": 12345}),
            400,
        ),
        (
            json!({"type": "correction", "reason": "x", "notes": 5}),
            400,
        ),
        (
            json!({"type": "correction", "reason": "x", "chnages": {}}),
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
        (format!("/v1/dpps/{passport}/versions/x"), 400),
        ("/v1/models/x".to_owned(), 400),
        ("/v1/evidence/x".to_owned(), 404),
    ] {
        let answer = maker.get(&path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        let _ = is_problem(&answer);
    }
}

/// Without a token nothing is told of a body, and everything that is missing is named at once.
#[tokio::test]
async fn who_and_why_are_asked_for_first_and_wholly() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}");
    for path in ["/v1/models", "/v1/units", "/v1/dpps", "/v1/evidence"] {
        let _ = is_problem(
            &stage
                .public()
                .post(path, &json!({"nope": 1}))
                .await
                .expect(401),
        );
    }
    let nothing = maker
        .call("PATCH", &path, &[], Some(&json!({})))
        .await
        .expect(400);
    let detail = text(&is_problem(&nothing), "detail");
    assert!(
        detail.contains("`DPP-Event-Type`") && detail.contains("`DPP-Reason`"),
        "{detail}"
    );
    let wrong = json!({"type": "fix", "occurredAt": "yesterday", "evidence": ["x"], "why": 1});
    let wrong = maker.event(&passport, &wrong).await.expect(400);
    let detail = text(&is_problem(&wrong), "detail");
    for expected in ["`fix`", "`reason`", "`yesterday`", "`x`", "`why`"] {
        assert!(detail.contains(expected), "{expected} not in {detail}");
    }
    let twice = stage
        .client
        .post(format!("{}/v1/models", stage.origin))
        .bearer_auth(maker.token.as_ref().unwrap())
        .header("idempotency-key", "a")
        .header("idempotency-key", "b")
        .json(&json!({"category": "ev", "reason": "x", "data": {}}))
        .send()
        .await
        .unwrap();
    assert_eq!(twice.status(), 400);
}

/// The identifier of another host names none of our units.
#[tokio::test]
async fn another_hosts_identifier_is_not_ours() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await.unit;
    let foreign = format!("https://elsewhere.example/{unit}");
    let _ = is_problem(&maker.passport(&foreign, &json!({})).await.expect(400));
    let encoded = foreign.replace(':', "%3A").replace('/', "%2F");
    let path = format!("/v1/dppsByProductId/{encoded}");
    let _ = is_problem(&maker.get(&path).await.expect(400));
    let ours = format!("{}/{unit}", stage.origin);
    let _ = maker.passport(&ours, &json!({})).await.expect(201);
}

/// No fault of the caller's is answered as if a retry could cure it, nor with many times what it sent.
#[tokio::test]
async fn what_is_too_much_is_said_so() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    let groups: serde_json::Map<String, Value> = (0..9_999)
        .map(|number| (format!("group-{number:08}"), json!(1)))
        .collect();
    let body = json!({"category": "ev", "reason": "x", "data": groups});
    let refused = owner.post("/v1/models", &body).await.expect(422);
    assert!(
        refused.length < body.to_string().len(),
        "{} bytes",
        refused.length
    );
    assert!(text(&refused.json(), "detail").contains("9999 faults"));
    // Texts that do not compress: the event holds them as they were and as they are.
    let mut state = 1_u64;
    let mut noise = move || {
        (0..1_990)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                char::from(b'!' + u8::try_from((state >> 33) % 94).unwrap())
            })
            .collect::<String>()
    };
    let mut statuses = Vec::new();
    for day in ["2026-11-01", "2026-11-02"] {
        let events: Vec<Value> = (0..118)
            .map(|_| json!({"date": "2026-06-01", "kind": "other", "description": noise()}))
            .collect();
        let event = json!({
            "type": "maintenance", "reason": "x",
            "changes": {"condition": {"negativeEvents": {"value": events, "measuredAt": format!("{day}T08:00:00Z")}}},
        });
        let answer = owner.event(&battery.passport, &event).await;
        statuses.push((answer.status, answer.text));
    }
    assert_eq!(statuses[0].0, 201, "{}", statuses[0].1);
    assert_eq!(statuses[1].0, 413, "{}", statuses[1].1);
}

/// What compresses well is no way round the limits: whatever is taken can be read, and taken away again.
#[tokio::test]
async fn what_was_taken_can_always_be_read() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let model = format!("/v1/models/{}", maker.model().await);
    let long = "recycle ".repeat(490);
    let mut refused = 0;
    'outer: for first in b'a'..=b'z' {
        let meanings: serde_json::Map<String, Value> = (b'a'..=b'z')
            .map(|second| {
                (
                    format!("{}{}", char::from(first), char::from(second)),
                    json!(long),
                )
            })
            .collect();
        let tag = maker
            .get(&model)
            .await
            .expect(200)
            .header("etag")
            .to_owned();
        let change = json!({"type": "correction", "reason": "x", "changes": {"conformity": {"symbolMeanings": meanings}}});
        let headers = [("if-match", tag.as_str())];
        let answer = maker.call("PATCH", &model, &headers, Some(&change)).await;
        match answer.status {
            200 => {}
            413 | 422 => {
                refused = answer.status;
                break 'outer;
            }
            other => panic!("{other}: {}", answer.text),
        }
    }
    assert_ne!(refused, 0, "everything was taken");
    let tag = maker
        .get(&model)
        .await
        .expect(200)
        .header("etag")
        .to_owned();
    let _ = maker
        .get(&format!("{model}/events?verify=true"))
        .await
        .expect(200);
    let gone = json!({"type": "correction", "reason": "x", "changes": {"conformity": {"symbolMeanings": null}}});
    let headers = [("if-match", tag.as_str())];
    let _ = maker
        .call("PATCH", &model, &headers, Some(&gone))
        .await
        .expect(200);
    let _ = maker
        .get(&format!("{model}/events?verify=true"))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take() {
    let stage = Stage::start().await;
    for path in ["/v1/models", "/v1/dpps/x", "/32XZAJ4P21M1MZ0N3RQA"] {
        let answer = stage
            .public()
            .call("PUT", path, &[], None)
            .await
            .expect(405);
        assert!(!answer.header("allow").is_empty(), "{path}");
        let _ = is_problem(&answer);
    }
}

/// What says nothing of caching is kept by nobody: errors, and answers made for one caller.
#[tokio::test]
async fn restricted_answers_and_errors_are_kept_by_no_cache() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    for path in [
        format!("/v1/dpps/{}", battery.passport),
        format!("/v1/dpps/{}/versions", battery.passport),
        format!("/v1/dpps/{}/events", battery.passport),
        format!("/v1/units/{}", battery.unit),
        "/v1/nothing-here".to_owned(),
        "/32XZAJ4P21M1MZ0N3RQB".to_owned(),
    ] {
        let answer = owner.get(&path).await;
        assert!(
            answer.header("cache-control").contains("no-store"),
            "{path}"
        );
    }
    // A battery that is not there now may be there soon.
    let unknown = owner.get("/32XZAJ4P21M1MZ0N3RQA").await.expect(404);
    let kept = "public, max-age=0, s-maxage=2";
    assert_eq!(unknown.header("cache-control"), kept);
}
