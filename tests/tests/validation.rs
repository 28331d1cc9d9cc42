//! What an expert would refuse is refused, and what an expert would wonder about is said.

use serde_json::{Value, json};
use tests::{Partner, Stage, text};

const PHOTO: &[u8] = b"the new management system, on the bench";

/// The faults of a refused request: pointer and rule of each.
fn faults(answer: tests::Answer) -> Vec<(String, String)> {
    let body = answer.expect(422).json();
    let faults = body["faults"].as_array().unwrap().iter();
    faults
        .map(|fault| (text(fault, "pointer"), text(fault, "rule")))
        .collect()
}

fn one(pointer: &str, rule: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), rule.to_owned())]
}

/// A battery on the market, with cycles and a charge as last measured.
async fn on_the_market(stage: &Stage) -> (String, Partner<'_>, Partner<'_>) {
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let maker = stage.partner("economic-operator", &battery.organisation);
    let garage = stage.partner("service-provider", "garage-nord");
    (battery.passport.clone(), maker, garage)
}

fn change(event_type: &str, condition: Value) -> Value {
    json!({"type": event_type, "reason": "as read from the pack", "changes": {"condition": condition}})
}

fn cycles(value: u32, measured_at: &str) -> Value {
    json!({"cycleCount": {"value": value, "measuredAt": measured_at}})
}

#[tokio::test]
async fn a_counter_falls_by_correction_or_with_a_new_management_system_only() {
    let stage = Stage::start().await;
    let (passport, maker, garage) = on_the_market(&stage).await;
    let path = format!("/v1/dpps/{passport}");
    let before = maker.get(&path).await.expect(200).json();
    assert_eq!(before["condition"]["cycleCount"]["value"], 9);

    let fell = change("measurement", cycles(8, "2026-11-02T08:00:00Z"));
    let refused = garage.event(&passport, &fell).await;
    assert_eq!(
        faults(refused),
        one("/condition/cycleCount/value", "counter-falls")
    );
    assert_eq!(maker.get(&path).await.expect(200).json(), before);

    let corrected = change("correction", cycles(8, "2026-11-02T08:00:00Z"));
    let _ = maker.event(&passport, &corrected).await.expect(201);

    let mut replaced = json!({"type": "bms-replaced", "reason": "processor failed"});
    let _ = garage.event(&passport, &replaced).await.expect(400);
    replaced["evidence"] = json!([garage.evidence(PHOTO, 4).await]);
    let _ = garage.event(&passport, &replaced).await.expect(201);
    let after = maker.get(&path).await.expect(200).json();
    for counter in ["cycleCount", "energyThroughput"] {
        assert!(after["condition"].get(counter).is_none(), "{counter}");
    }
    assert_eq!(
        after["condition"]["stateOfCharge"],
        before["condition"]["stateOfCharge"]
    );

    // History keeps the old ones, and the next measurement starts anew.
    let events = maker
        .get(&format!("{path}/events"))
        .await
        .expect(200)
        .json();
    let last = events["events"].as_array().unwrap().last().unwrap().clone();
    let gone: Vec<&Value> = last["changes"].as_array().unwrap().iter().collect();
    assert!(
        gone.iter()
            .any(|change| change["pointer"] == "/condition/cycleCount"
                && change["op"] == "remove"
                && change["before"]["value"] == 8)
    );
    let late = json!({"reason": "found in the old system's memory", "readings": [
        {"pointer": "/condition/cycleCount", "value": 9, "measuredAt": "2026-11-20T08:00:00Z"},
    ]});
    let _ = garage
        .post(&format!("{path}/readings"), &late)
        .await
        .expect(201);
    let after = maker.get(&path).await.expect(200).json();
    assert!(
        after["condition"].get("cycleCount").is_none(),
        "a reading of the earlier epoch"
    );
    let first = change(
        "measurement",
        json!({"cycleCount": {"value": 1, "measuredAt": web::now()}}),
    );
    let _ = garage.event(&passport, &first).await.expect(201);
}

#[tokio::test]
async fn a_value_is_neither_from_the_future_nor_from_the_past() {
    let stage = Stage::start().await;
    let (passport, maker, garage) = on_the_market(&stage).await;
    for (measured_at, rule) in [
        ("2999-01-01T00:00:00Z", "in-the-future"),
        ("2026-10-01T00:00:00Z", "late-reading"),
    ] {
        let event = change("measurement", cycles(10, measured_at));
        let refused = garage.event(&passport, &event).await;
        assert_eq!(
            faults(refused),
            one("/condition/cycleCount/measuredAt", rule)
        );
    }
    let event = change("correction", cycles(9, "2026-08-01T00:00:00Z"));
    let refused = maker.event(&passport, &event).await;
    assert_eq!(
        faults(refused),
        one("/condition/cycleCount/measuredAt", "before-manufacture")
    );
    let event = change("correction", cycles(9, "2026-10-01T00:00:00Z"));
    let _ = maker.event(&passport, &event).await.expect(201);
}

#[tokio::test]
async fn a_battery_is_made_before_it_is_placed_on_the_market_and_that_before_its_use() {
    let stage = Stage::start().await;
    let (passport, maker, _) = on_the_market(&stage).await;
    for (id, value, rule) in [
        ("manufacturingDate", "2026-10", "out-of-order"),
        ("putIntoServiceDate", "2026-09-20", "out-of-order"),
        ("putIntoServiceDate", "2999-01-01", "in-the-future"),
    ] {
        let event = json!({"type": "correction", "reason": "misread", "changes": {"identification": {id: value}}});
        let refused = maker.event(&passport, &event).await;
        assert!(
            faults(refused).contains(&(format!("/identification/{id}"), rule.to_owned())),
            "{id} {value}"
        );
    }
}

#[tokio::test]
async fn more_than_was_rated_is_written_and_said() {
    let stage = Stage::start().await;
    let (passport, _, garage) = on_the_market(&stage).await;
    let share = |value: f64, at: &str| {
        change(
            "measurement",
            json!({"stateOfCertifiedEnergy": {"value": value, "unit": "%", "measuredAt": at}}),
        )
    };
    let fine = garage
        .event(&passport, &share(99.0, "2026-11-20T08:00:00Z"))
        .await
        .expect(201);
    assert!(fine.json().get("warnings").is_none(), "{}", fine.text);
    let odd = garage
        .event(&passport, &share(101.5, "2026-11-21T08:00:00Z"))
        .await
        .expect(201)
        .json();
    let warning = &odd["warnings"][0];
    assert_eq!(odd["warnings"].as_array().unwrap().len(), 1, "{odd}");
    assert_eq!(warning["pointer"], "/condition/stateOfCertifiedEnergy");
    assert_eq!(warning["rule"], "above-limit");
    // Beside a value of the model.
    let power =
        json!({"power": {"value": 999_999, "unit": "W", "measuredAt": "2026-11-21T08:00:00Z"}});
    let odd = garage
        .event(&passport, &change("measurement", power))
        .await
        .expect(201)
        .json();
    assert!(
        text(&odd["warnings"][0], "expected").contains("`/performance/originalPower`"),
        "{odd}"
    );
}

#[tokio::test]
async fn a_document_names_evidence_that_is_there() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let model = |evidence: &str| {
        let declaration = json!({"title": "Declaration", "evidence": evidence});
        json!({"category": "ev", "reason": "released", "data": {"conformity": {
            "declarationOfConformity": declaration, "testReports": [declaration],
        }}})
    };
    let unknown = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
    let foreign = stage
        .partner("economic-operator", "hausspeicher")
        .evidence(PHOTO, 1)
        .await;
    let announced = text(
        &maker
            .announce(b"not uploaded yet", 1)
            .await
            .expect(201)
            .json(),
        "id",
    );
    let everywhere = vec![
        (
            "/conformity/declarationOfConformity/evidence".to_owned(),
            "unknown-evidence".to_owned(),
        ),
        (
            "/conformity/testReports/0/evidence".to_owned(),
            "unknown-evidence".to_owned(),
        ),
    ];
    for id in [unknown, &foreign, &announced] {
        let refused = maker.post("/v1/models", &model(id)).await;
        assert_eq!(faults(refused), everywhere, "{id}");
    }
    let own = maker.evidence(PHOTO, 1).await;
    let made = maker.post("/v1/models", &model(&own)).await.expect(201);
    // What a record names already may stay, whatever became of it.
    let path = text(&made.json(), "location");
    let patch = json!({"type": "correction", "reason": "clearer", "changes": {"conformity": {
        "declarationOfConformity": {"title": "Declaration of conformity", "evidence": own},
    }}});
    let headers = [("if-match", made.header("etag"))];
    let _ = maker
        .call("PATCH", &path, &headers, Some(&patch))
        .await
        .expect(200);
}

#[tokio::test]
async fn numbers_with_check_digits_and_closed_lists_are_checked() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let body = json!({"category": "ev", "reason": "released", "data": {
        "identification": {
            "manufacturerIdentifier": "https://id.gs1.org/417/9521234000007",
            "manufacturingPlace": {"country": "UK"},
            "manufacturerContact": {"email": "nobody"},
        },
        "materials": {"hazardousSubstances": [{"name": "Nickel", "cas": "7440-02-1"}]},
        "conformity": {"extinguishingAgent": {"xx": "Water"}},
    }});
    let mut found = faults(maker.post("/v1/models", &body).await);
    found.sort();
    let expected = [
        ("/conformity/extinguishingAgent/xx", "not-permitted"),
        ("/identification/manufacturerContact/email", "bad-email"),
        ("/identification/manufacturerIdentifier", "bad-check-digit"),
        (
            "/identification/manufacturingPlace/country",
            "not-permitted",
        ),
        ("/materials/hazardousSubstances/0/cas", "bad-check-digit"),
    ];
    assert_eq!(
        found,
        expected.map(|(pointer, rule)| (pointer.to_owned(), rule.to_owned()))
    );
}

#[tokio::test]
async fn each_category_has_its_own_attributes() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let data = json!({"performance": {"exhaustionThreshold": {"value": 70, "unit": "%"}}});
    for (category, fine) in [
        ("ev", true),
        ("lmt", false),
        ("industrial", false),
        ("stationary", false),
    ] {
        let body = json!({"category": category, "reason": "released", "data": data});
        let answer = maker.post("/v1/models", &body).await;
        match fine {
            true => drop(answer.expect(201)),
            false => assert_eq!(
                faults(answer),
                one("/performance/exhaustionThreshold", "not-to-be-filled"),
                "{category}"
            ),
        }
    }
}
