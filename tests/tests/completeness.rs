//! What a passport still lacks, and who can supply it.

use serde_json::{Value, json};
use tests::{Stage, text};

fn point(body: &Value, number: u64) -> &Value {
    let points = body["points"].as_array().unwrap();
    points
        .iter()
        .find(|point| point["point"] == number)
        .unwrap_or_else(|| panic!("no point {number} in {body}"))
}

#[tokio::test]
async fn a_draft_is_told_what_it_lacks_per_class_and_who_can_supply_it() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}/completeness");
    let body = maker.get(&path).await.expect(200).json();
    assert_eq!(
        (&body["guidance"], &body["inForce"], &body["complete"]),
        (&json!("1.0"), &json!(true), &json!(false))
    );
    assert_eq!(body["points"].as_array().unwrap().len(), 70);
    let lacking = point(&body, 8);
    assert_eq!(lacking["pointer"], "/identification/manufacturingPlace");
    assert_eq!(lacking["state"], "missing");
    assert_eq!(lacking["level"], "batch");
    let supplier = &lacking["suppliers"][0];
    assert_eq!(
        (&supplier["role"], &supplier["relation"]),
        (&json!("economic-operator"), &json!("responsible"))
    );
    assert!(
        supplier["eventTypes"]
            .as_array()
            .unwrap()
            .contains(&json!("correction"))
    );
    assert_eq!(point(&body, 17)["state"], "pending");
    assert_eq!(point(&body, 25)["state"], "closed");
    for one in body["points"].as_array().unwrap() {
        let state = text(one, "state");
        let suppliers = one["suppliers"].as_array().unwrap();
        // What may not be filled nobody supplies, and everything else somebody.
        let may_be_filled = state != "pending" && state != "closed";
        assert_eq!(suppliers.is_empty(), !may_be_filled, "{one}");
        let attribute = passport::catalogue()
            .by_pointer(&text(one, "pointer"))
            .unwrap();
        for event_type in suppliers
            .iter()
            .flat_map(|one| one["eventTypes"].as_array().unwrap())
        {
            let event_type = passport::catalogue()
                .event_type(event_type.as_str().unwrap())
                .unwrap();
            let reaches = |level, subject| attribute.allows(level) && event_type.concerns(subject);
            assert!(
                reaches(passport::Level::Model, "model")
                    || reaches(passport::Level::Batch, "batch")
                    || reaches(passport::Level::Item, "passport"),
                "{}: {one}",
                event_type.id
            );
            // What begins a record, or the one that follows, brings nothing to this one.
            assert!(!event_type.starts_record() && event_type.starts_successor().is_none());
        }
    }
    let cycles = point(&body, 68);
    assert_eq!(
        (&cycles["obligation"], &cycles["class"]),
        (&json!("conditional"), &json!(4))
    );
    assert!(cycles["condition"].is_string());
    assert!(
        cycles["suppliers"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["role"] == "service-provider")
    );
    assert_eq!(
        body["classes"]["1"]["missing"],
        json!(6),
        "{}",
        body["classes"]
    );
    let _ = stage.public().get(&path).await.expect(401);
    let _ = stage
        .partner("service-provider", "garage-nord")
        .get(&path)
        .await
        .expect(404);
}

#[tokio::test]
async fn another_version_of_the_guidance_is_told_apart_and_nothing_unknown_is_invented() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let read = async |index: usize, query: &str| {
        let battery = &seeded.batteries[index];
        let owner = stage.partner("economic-operator", &battery.organisation);
        let path = format!("/v1/dpps/{}/completeness{query}", battery.passport);
        owner.get(&path).await
    };
    for index in 0..3 {
        let body = read(index, "").await.expect(200).json();
        assert_eq!(body["complete"], true, "{body}");
        let newer = read(index, "?guidance=2.0").await.expect(200).json();
        assert_eq!(newer["inForce"], false);
        match body["category"].as_str().unwrap() {
            "lmt" => {
                assert_eq!(point(&body, 20)["obligation"], "mandatory");
                assert_eq!(point(&newer, 20)["state"], "closed");
            }
            _ => {
                assert_eq!(point(&newer, 20)["obligation"], "unverified");
                assert_eq!(point(&newer, 17)["state"], "unverified");
            }
        }
    }
    let refused = read(0, "?guidance=3.0").await.expect(400).json();
    assert!(refused["detail"].as_str().unwrap().contains("1.0, 2.0"));
}

#[tokio::test]
async fn a_caller_is_told_of_its_own_classes_only() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let path = format!("/v1/dpps/{}/completeness", seeded.batteries[0].passport);
    let authority = stage.partner("market-surveillance", "authority");
    let body = authority.get(&path).await.expect(200).json();
    let classes: Vec<&String> = body["classes"].as_object().unwrap().keys().collect();
    assert_eq!(classes, ["1", "2", "3"]);
    let whole = body.to_string();
    assert!(!whole.contains("/condition/"), "{whole}");
    assert_eq!(body["stale"], json!([]));
}

#[tokio::test]
async fn texts_that_lack_a_markets_language_are_named() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let path = |query: &str| format!("/v1/dpps/{passport}/completeness{query}");
    let body = maker.get(&path("")).await.expect(200).json();
    assert_eq!(body["untranslated"], Value::Null);
    let body = maker.get(&path("?market=DE,PL")).await.expect(200).json();
    let lacking = body["untranslated"].as_array().unwrap();
    let agent = lacking
        .iter()
        .find(|one| one["pointer"] == "/conformity/extinguishingAgent")
        .unwrap();
    assert!(
        agent["languages"]
            .as_array()
            .unwrap()
            .contains(&json!("pl")),
        "{agent}"
    );
    let refused = maker.get(&path("?market=XX")).await.expect(400).json();
    assert!(refused["detail"].as_str().unwrap().contains("AT, BE"));
}

#[tokio::test]
async fn old_measurements_are_told_as_stale() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let measured = |at: &str| {
        json!({"type": "correction", "reason": "bench", "changes": {
            "condition": {"stateOfCharge": {"value": 40, "unit": "%", "measuredAt": at}},
        }})
    };
    let path = format!("/v1/dpps/{passport}/completeness");
    let stale = |body: Value| -> bool {
        let list = body["stale"].as_array().unwrap();
        list.iter()
            .any(|one| one["pointer"] == "/condition/stateOfCharge")
    };
    let _ = maker
        .event(&passport, &measured("2026-10-01T00:00:00Z"))
        .await
        .expect(201);
    assert!(stale(maker.get(&path).await.expect(200).json()));
    let fresh = web::now().to_string();
    let _ = maker.event(&passport, &measured(&fresh)).await.expect(201);
    assert!(!stale(maker.get(&path).await.expect(200).json()));
}

#[tokio::test]
async fn a_declared_condition_is_decided() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    let little = json!({"identification": {"serialNumber": "T-1"}});
    let draft = maker.passport(&unit.unit, &little).await.expect(201);
    let passport = text(&draft.json(), "id");
    let path = format!("/v1/dpps/{passport}/completeness");
    let before = maker.get(&path).await.expect(200).json();
    assert_eq!(
        point(&before, 57)["state"],
        "undecided",
        "{}",
        point(&before, 57)
    );
    let declared = json!({"type": "correction", "reason": "assessed", "changes": {"declarations": {"notApplicableToBattery": [
        {"attribute": "/condition/roundTripEfficiency", "justification": "not measurable in this pack"},
    ]}}});
    let _ = maker.event(&passport, &declared).await.expect(201);
    let after = maker.get(&path).await.expect(200).json();
    assert_eq!(point(&after, 57)["state"], "not-applicable");
}
