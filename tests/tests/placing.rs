//! Placing a battery on the market: with everything the guidance asks for, or with gaps that two persons stand behind.

use serde_json::{Value, json};
use tests::{Partner, Stage, sample_batch, sample_item, sample_model, text};

const GAP: &str = "/identification/mass";

/// A draft whose model lacks a mandatory value.
async fn lacking(maker: &Partner<'_>) -> String {
    let mut data = sample_model();
    let identification = data["identification"].as_object_mut().unwrap();
    assert!(identification.remove("mass").is_some());
    let body = json!({"category": "ev", "reason": "type released", "data": data});
    let model = maker.post("/v1/models", &body).await.expect(201).json();
    let batch = json!({"model": model["id"], "reason": "cell lot", "data": sample_batch()});
    let batch = maker.post("/v1/batches", &batch).await.expect(201).json();
    let order = json!({"batch": batch["id"], "count": 1, "reason": "order 1"});
    let order = maker.post("/v1/units", &order).await.expect(201).json();
    let unit = text(&order["units"][0], "unit");
    let passport = maker.passport(&unit, &sample_item()).await.expect(201);
    text(&passport.json(), "id")
}

fn gap(attribute: &str) -> Value {
    json!({
        "type": "gap-declared", "reason": "scales out of calibration",
        "changes": {"declarations": {"gaps": [{"attribute": attribute, "justification": "weighed next week"}]}},
    })
}

#[tokio::test]
async fn a_gap_needs_two_persons_and_stays_visible_to_authorities() {
    let stage = Stage::start().await;
    let first = stage.person("economic-operator", "voltwerk", "person-1");
    let second = stage.person("economic-operator", "voltwerk", "person-2");
    let passport = lacking(&first).await;
    let place = json!({"type": "placed-on-market", "reason": "delivered"});
    let approve = json!({"type": "gap-approved", "reason": "seen and agreed"});
    let refused = first.event(&passport, &place).await.expect(422).json();
    let faults = refused["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 1, "{refused}");
    assert_eq!(faults[0]["pointer"], GAP);

    let _ = first.event(&passport, &approve).await.expect(409);
    let _ = first.event(&passport, &gap(GAP)).await.expect(201);
    let _ = first.event(&passport, &place).await.expect(422);
    let own = first.event(&passport, &approve).await.expect(403).json();
    assert!(text(&own, "detail").contains("another person"), "{own}");
    let _ = second.event(&passport, &approve).await.expect(201);
    let _ = second.event(&passport, &approve).await.expect(409);
    let _ = first.event(&passport, &place).await.expect(201);

    let path = format!("/v1/dpps/{passport}");
    let authority = stage.partner("market-surveillance", "authority");
    let seen = authority.get(&path).await.expect(200).json();
    assert_eq!(seen["declarations"]["gaps"][0]["attribute"], GAP, "{seen}");
    let workshop = stage.partner("service-provider", "garage-nord");
    for other in [workshop, stage.public()] {
        let seen = other.get(&path).await.expect(200).text;
        assert!(!seen.contains("declarations"), "{seen}");
    }
    let events = authority
        .get(&format!("{path}/events"))
        .await
        .expect(200)
        .text;
    assert!(events.contains("gap-declared") && events.contains("gap-approved"));
    let events = stage
        .public()
        .get(&format!("{path}/events"))
        .await
        .expect(200)
        .text;
    assert!(!events.contains("gap-"), "{events}");
}

#[tokio::test]
async fn a_gap_declared_anew_is_to_be_approved_anew() {
    let stage = Stage::start().await;
    let first = stage.person("economic-operator", "voltwerk", "person-1");
    let second = stage.person("economic-operator", "voltwerk", "person-2");
    let passport = lacking(&first).await;
    let approve = json!({"type": "gap-approved", "reason": "seen and agreed"});
    let place = json!({"type": "placed-on-market", "reason": "delivered"});
    let _ = first.event(&passport, &gap(GAP)).await.expect(201);
    let _ = second.event(&passport, &approve).await.expect(201);
    let _ = second
        .event(&passport, &gap("/performance/ratedCapacity"))
        .await
        .expect(201);
    let _ = first.event(&passport, &place).await.expect(422);
    let _ = first.event(&passport, &approve).await.expect(201);
    let faults = first.event(&passport, &place).await.expect(422).json();
    assert_eq!(faults["faults"][0]["pointer"], GAP, "{faults}");
}

/// A recall is never refused for what the passport lacks.
#[tokio::test]
async fn a_battery_is_recalled_whatever_its_passport_lacks() {
    let stage = Stage::start().await;
    let first = stage.person("economic-operator", "voltwerk", "person-1");
    let second = stage.person("economic-operator", "voltwerk", "person-2");
    let passport = lacking(&first).await;
    let of = |event: &str| json!({"type": event, "reason": "x"});
    let _ = first.event(&passport, &gap(GAP)).await.expect(201);
    let _ = second
        .event(&passport, &of("gap-approved"))
        .await
        .expect(201);
    let _ = first
        .event(&passport, &of("placed-on-market"))
        .await
        .expect(201);
    let mut again = gap(GAP);
    again["changes"]["declarations"]["gaps"][0]["justification"] = json!("scales broken");
    let _ = first.event(&passport, &again).await.expect(201);
    let _ = first.event(&passport, &of("recall")).await.expect(201);
}

#[tokio::test]
async fn nothing_but_a_mandatory_value_is_a_gap_and_nobody_else_declares_one() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let passport = lacking(&maker).await;
    let wrong = maker
        .event(&passport, &gap("/identification/commercialWarranty"))
        .await
        .expect(422)
        .json();
    assert_eq!(
        wrong["faults"][0]["pointer"],
        "/declarations/gaps/0/attribute"
    );
    assert_eq!(wrong["faults"][0]["rule"], "not-mandatory");
    let mut correction = gap(GAP);
    correction["type"] = json!("correction");
    let _ = maker.event(&passport, &correction).await.expect(403);
    let workshop = stage.partner("service-provider", "garage-nord");
    let _ = workshop.event(&passport, &gap(GAP)).await.expect(404);
}

#[tokio::test]
async fn a_mandatory_value_of_a_model_is_corrected_never_taken_away() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let model = maker.model().await;
    let path = format!("/v1/models/{model}");
    let tag = maker.get(&path).await.expect(200).header("etag").to_owned();
    let change = |data: Value| json!({"type": "correction", "reason": "misprint", "changes": data});
    let headers = [("if-match", tag.as_str())];
    let without = change(json!({"identification": {"mass": null, "commercialWarranty": null}}));
    let refused = maker
        .call("PATCH", &path, &headers, Some(&without))
        .await
        .expect(422)
        .json();
    let faults = refused["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 1, "{refused}");
    assert_eq!(
        (&faults[0]["pointer"], &faults[0]["rule"]),
        (&json!(GAP), &json!("missing"))
    );
    let other = change(
        json!({"identification": {"mass": {"value": 401, "unit": "kg"}, "commercialWarranty": null}}),
    );
    let _ = maker
        .call("PATCH", &path, &headers, Some(&other))
        .await
        .expect(200);
}
