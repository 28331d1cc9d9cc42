//! Placing a battery on the market: with everything the guidance asks for, or with gaps that two persons stand behind.

use serde_json::{Value, json};
use tests::{Partner, Stage, sample_batch, sample_item, sample_model, text};

const GAP: &str = "/identification/mass";

/// A draft whose model lacks a mandatory value.
async fn lacking(maker: &Partner<'_>) -> String {
    drafted(maker, &["mass"]).await
}

/// A complete draft, but for these members of its model's identification.
async fn drafted(maker: &Partner<'_>, without: &[&str]) -> String {
    let mut data = sample_model();
    let identification = data["identification"].as_object_mut().unwrap();
    for member in without {
        assert!(identification.remove(*member).is_some());
    }
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

/// Whoever stands behind a gap is somebody else than those who declared it, whoever asked last.
#[tokio::test]
async fn nobody_approves_a_gap_of_its_own_nor_takes_an_approved_one_back_alone() {
    let stage = Stage::start().await;
    let first = stage.person("economic-operator", "voltwerk", "person-1");
    let second = stage.person("economic-operator", "voltwerk", "person-2");
    let third = stage.person("economic-operator", "voltwerk", "person-3");
    let passport = drafted(&first, &["mass", "commercialWarranty"]).await;
    let of = |event: &str| json!({"type": event, "reason": "x"});
    let _ = second.event(&passport, &gap(GAP)).await.expect(201);
    let empty = first.event(&passport, &of("gap-declared")).await;
    assert!(empty.expect(400).text.contains("changes"));
    let mut more = gap(GAP);
    more["changes"]["declarations"]["gaps"][0]["justification"] = json!("scales broken");
    let _ = first.event(&passport, &more).await.expect(201);
    for declared in [&first, &second] {
        let _ = declared
            .event(&passport, &of("gap-approved"))
            .await
            .expect(403);
    }
    let _ = third
        .event(&passport, &of("gap-approved"))
        .await
        .expect(201);
    let placed = first.event(&passport, &of("placed-on-market")).await;
    let warnings = placed.expect(201).json()["warnings"].clone();
    // What nobody decided is told, and asks for nothing.
    assert_eq!(warnings[0]["pointer"], "/identification/commercialWarranty");
    assert_eq!(warnings[0]["rule"], "undecided");

    let path = format!("/v1/dpps/{passport}/completeness");
    let authority = stage.partner("market-surveillance", "authority");
    let gap_of = async |reader: &Partner<'_>| {
        let told = reader.get(&path).await.expect(200).json();
        let points = told["points"].as_array().unwrap().clone();
        let gap = points.into_iter().find(|point| point["pointer"] == GAP);
        (told["complete"].clone(), gap.unwrap()["state"].clone())
    };
    for reader in [&first, &authority] {
        assert_eq!(gap_of(reader).await, (json!(true), json!("gap-approved")));
    }
    let none =
        json!({"type": "gap-declared", "reason": "x", "changes": {"declarations": {"gaps": []}}});
    let refused = first.event(&passport, &none).await.expect(422).json();
    assert_eq!(refused["faults"][0]["pointer"], GAP);
    // With the value it is closed.
    let model = first.beneath(&passport, "model").await;
    let weighed = json!({"type": "correction", "reason": "weighed", "changes": {"identification": {"mass": {"value": 401, "unit": "kg"}}}});
    let _ = first.change_product(&model, &weighed).await.expect(200);
    let _ = first.event(&passport, &none).await.expect(201);
    assert_eq!(gap_of(&first).await, (json!(true), json!("present")));
}

/// What contradicts each other across levels is met by the rules before anybody else meets it.
#[tokio::test]
async fn a_battery_is_held_against_what_all_its_levels_say_when_it_is_placed() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let passport = drafted(&maker, &[]).await;
    let nickel = |kind: &str, value: u8| json!({"type": "correction", "reason": "x", "changes": {"circularity": {kind: {"value": value, "unit": "%"}}}});
    let _ = maker
        .event(&passport, &nickel("postConsumerCobalt", 30))
        .await
        .expect(201);
    let batch = maker.beneath(&passport, "batch").await;
    let more = nickel("preConsumerCobalt", 90);
    let _ = maker.change_product(&batch, &more).await.expect(200);
    let place = json!({"type": "placed-on-market", "reason": "delivered"});
    let refused = maker.event(&passport, &place).await.expect(422).json();
    assert_eq!(refused["faults"][0]["rule"], "sum-too-large", "{refused}");
}

/// An empty list says nothing, unless it says that there is none.
#[tokio::test]
async fn an_empty_list_is_no_value() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let passport = drafted(&maker, &[]).await;
    let place = json!({"type": "placed-on-market", "reason": "delivered"});
    let _ = maker.event(&passport, &place).await.expect(201);
    let model = maker.beneath(&passport, "model").await;
    let emptied = json!({"type": "correction", "reason": "x", "changes": {
        "conformity": {"testReports": []},
        "materials": {"detailedComposition": [], "hazardousSubstances": []},
        "circularity": {"dismantling": {"manuals": []}},
    }});
    let refused = maker
        .change_product(&model, &emptied)
        .await
        .expect(422)
        .json();
    let mut faults: Vec<String> = refused["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| format!("{} {}", text(fault, "pointer"), text(fault, "rule")))
        .collect();
    faults.sort();
    assert_eq!(
        faults,
        [
            "/circularity/dismantling/manuals empty",
            "/conformity/testReports empty",
            "/materials/detailedComposition empty",
        ]
    );
}

/// A correction of a batch may contradict a battery that is on the market: its owner is told.
#[tokio::test]
async fn what_levels_say_against_each_other_is_told_with_completeness() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let passport = drafted(&maker, &[]).await;
    let cobalt = |kind: &str, value: u8| json!({"type": "correction", "reason": "x", "changes": {"circularity": {kind: {"value": value, "unit": "%"}}}});
    let _ = maker
        .event(&passport, &cobalt("postConsumerCobalt", 30))
        .await
        .expect(201);
    let place = json!({"type": "placed-on-market", "reason": "delivered"});
    let _ = maker.event(&passport, &place).await.expect(201);
    let path = format!("/v1/dpps/{passport}/completeness");
    let before = maker.get(&path).await.expect(200).json();
    assert_eq!(before["contradictions"], json!([]));
    let batch = maker.beneath(&passport, "batch").await;
    let more = cobalt("preConsumerCobalt", 90);
    let _ = maker.change_product(&batch, &more).await.expect(200);
    let after = maker.get(&path).await.expect(200).json();
    assert_eq!(
        after["contradictions"][0]["rule"], "sum-too-large",
        "{after}"
    );
}
