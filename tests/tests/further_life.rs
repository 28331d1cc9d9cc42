//! What becomes of a battery between two lives, and of what its owners leave behind.

use serde_json::{Value, json};
use tests::{Partner, Stage, text};

fn event(kind: &str) -> Value {
    json!({"type": kind, "reason": "x"})
}

fn serial(number: &str) -> Value {
    let mut item = tests::sample_item();
    item["identification"]["serialNumber"] = json!(number);
    item
}

/// The passport that a further life begins with.
async fn begin(partner: &Partner<'_>, passport: &str, kind: &str, more: Value) -> Vec<String> {
    let begun = partner.succeed(passport, kind, more).await.expect(201);
    let successors = begun.json()["successors"].as_array().unwrap().clone();
    successors.iter().map(|one| text(one, "id")).collect()
}

#[tokio::test]
async fn a_life_that_was_begun_is_not_placed_when_the_battery_became_waste() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let old = battery.passport.as_str();
    let next = begin(&maker, old, "reused", json!({"data": serial("A")})).await;
    let _ = maker.event(old, &event("became-waste")).await.expect(201);
    let refused = maker.event(&next[0], &event("placed-on-market")).await;
    assert!(refused.expect(409).text.contains("reused"));
    let _ = maker
        .event(old, &event("prepared-for-reuse"))
        .await
        .expect(201);
    // What prepared it once does not count when it is waste again.
    let original = json!({"type": "correction", "reason": "x", "changes": {"condition": {
        "batteryStatus": {"value": "original", "measuredAt": web::now()},
    }}});
    let _ = maker.event(old, &original).await.expect(201);
    let _ = maker.event(old, &event("became-waste")).await.expect(201);
    let refused = maker.event(&next[0], &event("placed-on-market")).await;
    let _ = refused.expect(409);
    let _ = maker
        .event(old, &event("prepared-for-reuse"))
        .await
        .expect(201);
    let placed = maker.event(&next[0], &event("placed-on-market")).await;
    let _ = placed.expect(201);
}

#[tokio::test]
async fn nothing_that_a_status_decides_happened_before_it() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let old = battery.passport.as_str();
    let at = |kind: &str, at: &str| json!({"type": kind, "reason": "x", "occurredAt": at});
    let waste = at("became-waste", "2026-11-20T08:00:00Z");
    let _ = maker.event(old, &waste).await.expect(201);
    let early = at("prepared-for-reuse", "2026-11-19T08:00:00Z");
    let refused = maker.event(old, &early).await.expect(422).json();
    assert_eq!(refused["faults"][0]["pointer"], "/occurredAt");
    let prepared = at("prepared-for-reuse", "2026-11-21T08:00:00Z");
    let _ = maker.event(old, &prepared).await.expect(201);
}

#[tokio::test]
async fn every_part_of_a_battery_on_the_market_keeps_its_passport_and_its_lineage() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let units = json!({"units": [{"data": serial("A")}, {"data": serial("B")}]});
    let parts = begin(&maker, &battery.passport, "repurposed", units).await;
    let withdraw = [("dpp-reason", "wrong data")];
    let withdraw = async |passport: &str| {
        let path = format!("/v1/dpps/{passport}");
        maker.call("DELETE", &path, &withdraw, None).await
    };
    let _ = maker
        .event(&parts[0], &event("placed-on-market"))
        .await
        .expect(201);
    let refused = withdraw(&parts[1]).await.expect(409);
    assert!(refused.text.contains("archived"), "{}", refused.text);
    let _ = maker
        .event(&parts[1], &event("placed-on-market"))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_repeated_request_is_answered_with_the_life_it_began() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let proof = maker.evidence(b"tested", 4).await;
    let body = json!({"type": "reused", "reason": "x", "publicReason": "x", "evidence": [proof]});
    let path = format!("/v1/dpps/{}/successors", battery.passport);
    let key = [("idempotency-key", "life-1")];
    let first = maker
        .call("POST", &path, &key, Some(&body))
        .await
        .expect(201);
    let draft = text(&first.json()["successors"][0], "id");
    let reason = [("dpp-reason", "begun by mistake")];
    let _ = maker
        .call("DELETE", &format!("/v1/dpps/{draft}"), &reason, None)
        .await
        .expect(200);
    let _ = maker.post(&path, &body).await.expect(201);
    let again = maker
        .call("POST", &path, &key, Some(&body))
        .await
        .expect(201);
    assert_eq!(text(&again.json()["successors"][0], "id"), draft);
}

#[tokio::test]
async fn with_its_last_life_every_life_of_a_battery_is_over_for_the_public() {
    let stage = Stage::without_reversal().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let old = battery.passport.as_str();
    let units = json!({"units": [{"data": serial("A")}, {"data": serial("B")}]});
    let parts = begin(&maker, old, "repurposed", units).await;
    let recycler = stage.partner("recycler", "recyclo");
    let scan = format!("/{}/{}", battery.unit, battery.label);
    for (part, left) in [(&parts[0], 200), (&parts[1], 410)] {
        for other in &parts {
            let _ = maker.event(other, &event("placed-on-market")).await;
        }
        let offer = maker.offer(part, "recyclo", "waste").await;
        let _ = recycler.accept(&offer).await.expect(200);
        let note = recycler.evidence(b"weighing note", 4).await;
        let event = json!({"type": "recycled", "reason": "shredded", "evidence": [note]});
        let _ = recycler.event(part, &event).await.expect(201);
        // As long as a part of it is in use, the passport it came from is there to be read.
        let public = stage.public();
        for path in [
            scan.clone(),
            format!("/v1/dpps/{old}"),
            format!("/v1/dpps/{old}/versions"),
            format!("/v1/dpps/{old}/exports/batterypass-ready-1.0"),
            format!("/v1/dppsByIdAndDate/{old}?date=2999-01-01T00:00:00Z"),
        ] {
            let _ = public.get(&path).await.expect(left);
        }
    }
}

#[tokio::test]
async fn whoever_puts_a_battery_of_another_s_model_on_the_market_answers_for_it() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let offer = maker
        .offer(&battery.passport, "second-life", "further-life")
        .await;
    let next = stage.partner("repurposer", "second-life");
    let _ = next.accept(&offer).await.expect(200);
    let data = json!({"data": tests::sample_item()});
    let draft = begin(&next, &battery.passport, "repurposed", data).await;
    let place = event("placed-on-market");
    let refused = next.event(&draft[0], &place).await.expect(422).json();
    let fault = &refused["faults"][0];
    assert_eq!(fault["pointer"], "/identification/responsibleOperator");
    assert_eq!(fault["rule"], "of-another-operator");
    let named = json!({"type": "correction", "reason": "ours", "changes": {"identification": {
        "responsibleOperator": {"name": "Second Life GmbH"},
    }}});
    let _ = next.event(&draft[0], &named).await.expect(201);
    let _ = next.event(&draft[0], &place).await.expect(201);
    let scan = stage
        .public()
        .get(&format!("/{}", battery.unit))
        .await
        .expect(200)
        .json();
    assert_eq!(
        scan["identification"]["responsibleOperator"]["name"],
        "Second Life GmbH"
    );
}

/// A battery that Second Life took over from its maker, and offers to somebody else.
#[tokio::test]
async fn an_offer_opens_nothing_of_another_s_model() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let passport = battery.passport.as_str();
    let offer = maker.offer(passport, "second-life", "further-life").await;
    let next = stage.partner("repurposer", "second-life");
    let _ = next.accept(&offer).await.expect(200);
    let offer = next.offer(passport, "hausspeicher", "takeover").await;
    let other = stage.partner("economic-operator", "hausspeicher");
    let opened = other.get(&offer).await.expect(200).json();
    assert!(opened["data"]["condition"].is_object(), "{opened}");
    for theirs in ["detailedComposition", "dismantling", "partNumbers"] {
        assert!(!opened.to_string().contains(theirs), "{theirs}: {opened}");
    }
    // Nor do the labels it issues tell who has the battery.
    let labels = format!("/v1/units/{}/labels", battery.unit);
    let _ = next
        .post(&labels, &json!({"reason": "ours"}))
        .await
        .expect(201);
    let events = format!("/v1/units/{}/events", battery.unit);
    for (role, organisation) in [
        ("auditor", "auditors"),
        ("market-surveillance", "authority"),
    ] {
        let told = stage
            .partner(role, organisation)
            .get(&events)
            .await
            .expect(200);
        assert!(!told.text.contains("second-life"), "{role}: {}", told.text);
    }
}
