//! A record keeps the version of the catalogue it was written under until it is moved to a newer one, and what was written
//! before stays as it was.

use passport::{Class, catalogue};
use serde_json::{Value, json};
use storage::{Change, EventInput, Subject, SubjectChange};
use tests::{Stage, text};

const AT: &str = "2026-11-01T18:00:00Z";

/// The example e-bike's passport as the platform left it when version 1.0 was the newest.
async fn written_under_the_first_version(stage: &Stage) -> (String, String) {
    let battery = stage.seeded().await.batteries[1].clone();
    let store = &stage.running.store;
    let subject = Subject::Passport(battery.passport.parse().unwrap());
    let before = store.open_for_change(&subject).await.unwrap().unwrap();
    let mut facts = before.head.facts.clone();
    facts.follow(catalogue().first());
    let mut document = before.document.clone();
    let condition = document["condition"].as_object_mut().unwrap();
    condition.remove("currentSelfDischargeRate").unwrap();
    condition.insert(
        "selfDischargeRate".to_owned(),
        json!({"value": 2.1, "unit": "%/mo", "measuredAt": AT}),
    );
    condition.insert(
        "internalResistance".to_owned(),
        json!({"value": 0.11, "unit": "Ohm", "measuredAt": AT}),
    );
    let event = EventInput {
        event_type: "correction".to_owned(),
        role: "economic-operator".to_owned(),
        organisation: battery.organisation.clone(),
        person: "test".to_owned(),
        reason: "as it was then".to_owned(),
        notes: None,
        occurred_at: None,
        evidence: Vec::new(),
        audience: Class::Individual,
        readings: None,
        erases: None,
    };
    let change = Change::new(
        vec![SubjectChange {
            subject,
            organisation: before.head.organisation.clone(),
            facts,
            before: Some(before),
            document: Some(document),
            event,
            labels: Vec::new(),
        }],
        None,
    );
    let log = format!("{}/log", stage.running.address);
    store.commit(&log, change, web::now()).await.unwrap();
    (battery.passport, battery.organisation)
}

fn measured(condition: Value) -> Value {
    json!({"type": "measurement", "reason": "service", "changes": {"condition": condition}})
}

#[tokio::test]
async fn an_old_record_stays_valid_and_is_moved_by_an_event() {
    let stage = Stage::start().await;
    let (passport, organisation) = written_under_the_first_version(&stage).await;
    let owner = stage.partner("economic-operator", &organisation);
    let garage = stage.partner("service-provider", "garage-nord");
    let path = format!("/v1/dpps/{passport}");

    // Under its own version it is changed in its own form, and in no other.
    let rate = |at: &str| json!({"value": 2.4, "unit": "%/mo", "measuredAt": at});
    let old = measured(json!({"selfDischargeRate": rate("2026-11-10T08:00:00Z")}));
    let _ = garage.event(&passport, &old).await.expect(201);
    let new = measured(json!({"currentSelfDischargeRate": rate("2026-11-11T08:00:00Z")}));
    let refused = garage.event(&passport, &new).await.expect(422).json();
    let fault = &refused["faults"][0];
    assert_eq!(fault["rule"], "unknown-attribute");
    assert!(text(fault, "expected").contains("version 1.0"), "{fault}");

    // Beside its model, which follows the newest, it is shown in the form of that.
    let shown = owner.get(&path).await.expect(200).json();
    let resistance = json!({"pack": {"value": 0.11, "unit": "Ohm"}});
    assert_eq!(
        shown["condition"]["internalResistance"]["value"],
        resistance
    );
    assert_eq!(shown["condition"]["currentSelfDischargeRate"]["value"], 2.4);
    assert!(shown["condition"].get("selfDischargeRate").is_none());
    let named = |version: &str| json!([format!("{}/v1/catalogue/{version}", stage.origin)]);
    assert_eq!(shown["contentSpecificationIds"], named("1.1"));
    // So it is where the past is composed.
    let now = format!("/v1/dppsByIdAndDate/{passport}?date=2999-01-01T00:00:00Z");
    assert_eq!(owner.get(&now).await.expect(200).json(), shown);

    let versions = owner
        .get(&format!("{path}/versions"))
        .await
        .expect(200)
        .json();
    let last = versions["versions"].as_array().unwrap().len();
    let stored = owner
        .get(&format!("{path}/versions/{last}"))
        .await
        .expect(200)
        .text;
    assert!(
        stored.contains("\"selfDischargeRate\"") && !stored.contains("\"pack\""),
        "{stored}"
    );
    assert!(stored.contains("\"catalogue\":\"1.0\""), "{stored}");

    // Only who is responsible moves it, with a reason, and only once.
    let event = json!({"type": "migrated", "reason": "catalogue 1.1"});
    let _ = garage.event(&passport, &event).await.expect(403);
    let _ = owner
        .event(&passport, &json!({"type": "migrated"}))
        .await
        .expect(400);
    let _ = owner.event(&passport, &event).await.expect(201);
    let again = owner.event(&passport, &event).await.expect(409).json();
    assert!(text(&again, "detail").contains("1.1"), "{again}");

    let events = owner
        .get(&format!("{path}/events?verify=true"))
        .await
        .expect(200)
        .json();
    let moved = events["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(moved["type"], "migrated");
    let mut changes: Vec<(String, String)> = moved["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (text(change, "pointer"), text(change, "op")))
        .collect();
    changes.sort();
    assert_eq!(
        changes,
        [
            ("/condition/currentSelfDischargeRate", "add"),
            ("/condition/internalResistance", "replace"),
            ("/condition/selfDischargeRate", "remove"),
        ]
        .map(|(pointer, op)| (pointer.to_owned(), op.to_owned()))
    );
    assert_eq!(events["chain"]["holds"], true);
    assert_eq!(
        owner.get(&path).await.expect(200).json()["condition"],
        shown["condition"]
    );

    // What was written before stays as it was, and the new form is what counts from now on.
    let after = owner
        .get(&format!("{path}/versions/{last}"))
        .await
        .expect(200)
        .text;
    assert_eq!(after, stored);
    let _ = garage.event(&passport, &new).await.expect(201);
    let _ = garage.event(&passport, &old).await.expect(422);
}
