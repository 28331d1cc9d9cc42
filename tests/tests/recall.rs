//! A recall is of the battery: nobody ends another's, no later life washes it away, and nothing that is wrong with a passport
//! keeps it from being recorded.

use serde_json::{Value, json};
use tests::{Partner, Stage, text};

fn event(kind: &str) -> Value {
    json!({"type": kind, "reason": "contactors may weld"})
}

async fn recalled(stage: &Stage, unit: &str) -> Value {
    let scan = stage.public().get(&format!("/{unit}")).await.expect(200);
    scan.json()["notices"]["recalled"].clone()
}

async fn ended(partner: &Partner<'_>) -> Value {
    let proof = partner.evidence(b"contactors exchanged", 1).await;
    json!({"type": "recall-ended", "reason": "contactors exchanged", "evidence": [proof]})
}

#[tokio::test]
async fn everybody_ends_its_own_recall_and_only_surveillance_another_s() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let authority = stage.partner("market-surveillance", "authority");
    let passport = battery.passport.as_str();
    let _ = authority
        .event(passport, &event("recall"))
        .await
        .expect(201);
    // A recall of its own does not make the other one the maker's.
    let _ = maker.event(passport, &event("recall")).await.expect(201);
    let twice = maker.event(passport, &event("recall")).await.expect(409);
    assert!(twice.text.contains("already"), "{}", twice.text);
    let end = ended(&maker).await;
    let _ = maker.event(passport, &end).await.expect(201);
    assert!(recalled(&stage, &battery.unit).await.is_string());
    let _ = maker.event(passport, &end).await.expect(403);
    let end = ended(&authority).await;
    let _ = authority.event(passport, &end).await.expect(201);
    assert!(recalled(&stage, &battery.unit).await.is_null());
    // Surveillance ends them all where it has none of its own.
    let _ = maker.event(passport, &event("recall")).await.expect(201);
    let end = ended(&authority).await;
    let _ = authority.event(passport, &end).await.expect(201);
    assert!(recalled(&stage, &battery.unit).await.is_null());
}

#[tokio::test]
async fn a_recall_goes_with_the_battery_into_its_next_life() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let begun = maker
        .succeed(
            &battery.passport,
            "reused",
            json!({"data": tests::sample_item()}),
        )
        .await
        .expect(201);
    let next = text(&begun.json()["successors"][0], "id");
    let authority = stage.partner("market-surveillance", "authority");
    let _ = authority
        .event(&battery.passport, &event("recall"))
        .await
        .expect(201);
    let _ = maker
        .event(&next, &event("placed-on-market"))
        .await
        .expect(201);
    assert!(recalled(&stage, &battery.unit).await.is_string());
    let end = ended(&maker).await;
    let _ = maker.event(&next, &end).await.expect(403);
    let end = ended(&authority).await;
    let _ = authority.event(&next, &end).await.expect(201);
    assert!(recalled(&stage, &battery.unit).await.is_null());
}

#[tokio::test]
async fn a_recall_of_a_life_that_is_over_is_of_those_that_follow() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let units = json!({"units": [{"data": tests::sample_item()}, {"data": tests::sample_item()}]});
    let begun = maker
        .succeed(&battery.passport, "repurposed", units)
        .await
        .expect(201)
        .json();
    let parts = begun["successors"].as_array().unwrap();
    let first = text(&parts[0], "id");
    let _ = maker
        .event(&first, &event("placed-on-market"))
        .await
        .expect(201);
    let authority = stage.partner("market-surveillance", "authority");
    let _ = authority
        .event(&battery.passport, &event("recall"))
        .await
        .expect(201);
    // One part is on the market, the other one is recalled from its first day there.
    assert!(recalled(&stage, &text(&parts[0], "unit")).await.is_string());
    let second = text(&parts[1], "id");
    let _ = maker
        .event(&second, &event("placed-on-market"))
        .await
        .expect(201);
    assert!(recalled(&stage, &text(&parts[1], "unit")).await.is_string());
    for part in [&first, &second] {
        let events = format!("/v1/dpps/{part}/events?verify=true");
        let events = authority.get(&events).await.expect(200);
        assert!(
            events.text.contains("contactors may weld"),
            "{}",
            events.text
        );
        assert_eq!(events.json()["chain"]["holds"], true);
    }
}

#[tokio::test]
async fn whoever_recalls_a_battery_ends_that_recall_whoever_has_it_by_then_and_not_before_it_began()
{
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let passport = battery.passport.as_str();
    let _ = maker.event(passport, &event("recall")).await.expect(201);
    let offer = maker.offer(passport, "second-life", "further-life").await;
    let next = stage.partner("repurposer", "second-life");
    let _ = next.accept(&offer).await.expect(200);
    let theirs = ended(&next).await;
    let _ = next.event(passport, &theirs).await.expect(403);
    let mut end = ended(&maker).await;
    end["occurredAt"] = json!("2026-11-01T08:00:00Z");
    let early = maker.event(passport, &end).await.expect(422).json();
    assert_eq!(early["faults"][0]["pointer"], "/occurredAt");
    end.as_object_mut().unwrap().remove("occurredAt");
    let _ = maker.event(passport, &end).await.expect(201);
    assert!(recalled(&stage, &battery.unit).await.is_null());
}

#[tokio::test]
async fn a_value_outweighs_a_declaration_and_keeps_nothing_from_being_recorded() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let passport = battery.passport;
    let maker = stage.partner("economic-operator", &battery.organisation);
    let declared = json!({"type": "correction", "reason": "no deep discharge is counted", "changes": {"declarations": {
        "notApplicableToBattery": [{"attribute": "/condition/cycleCount", "justification": "not counted"}],
    }, "condition": {"cycleCount": null}}});
    let _ = maker.event(&passport, &declared).await.expect(201);
    let garage = stage.partner("service-provider", "garage-nord");
    let reading = json!({"reason": "service", "readings": [
        {"pointer": "/condition/cycleCount", "value": 3, "measuredAt": web::now()},
    ]});
    let readings = format!("/v1/dpps/{passport}/readings");
    let _ = garage.post(&readings, &reading).await.expect(201);
    let path = format!("/v1/dpps/{passport}/completeness");
    let state = maker.get(&path).await.expect(200).json();
    let points = state["points"].as_array().unwrap();
    let cycles = points
        .iter()
        .find(|point| point["pointer"] == "/condition/cycleCount")
        .unwrap();
    assert_eq!(cycles["state"], "present");
    // The owner is told, and goes on; whoever may not read the declaration is not.
    let recall = maker.event(&passport, &event("recall")).await.expect(201);
    assert_eq!(recall.json()["warnings"][0]["rule"], "declared-and-given");
    let repair = garage.event(&passport, &event("maintenance")).await;
    assert!(!repair.expect(201).text.contains("declar"));
    // Declared once more it is refused, beside its value.
    let mut again = declared;
    again["changes"]["condition"] = json!({});
    again["changes"]["declarations"]["notApplicableToBattery"][0]["justification"] = json!("x");
    let refused = maker.event(&passport, &again).await.expect(422).json();
    assert_eq!(refused["faults"][0]["rule"], "declared-and-given");
}
