//! A damaged label is replaced: who orders the new one, on what proof, and what binds it to the battery.

use local::Battery;
use serde_json::{Value, json};
use tests::{Partner, Stage, text};

fn labels(battery: &Battery) -> String {
    format!("/v1/units/{}/labels", battery.unit)
}

fn order(battery: &Battery) -> Value {
    json!({"replaces": battery.label, "reason": "scratched in a repair"})
}

async fn battery(stage: &Stage) -> Battery {
    stage.seeded().await.batteries[0].clone()
}

const SERIAL: &str = "EV-000142";

async fn code(stage: &Stage, battery: &Battery, label: &str) -> Value {
    let path = format!("/{}/{label}", battery.unit);
    stage.public().get(&path).await.expect(200).json()["notices"].clone()
}

/// The proofs that the table asks of a workshop.
async fn proofs(workshop: &Partner<'_>) -> Value {
    let damage = workshop.proof("damaged-label-photo").await;
    let serial = workshop.proof("serial-number-photo").await;
    json!([damage, serial])
}

/// Identify by a mistyped id, order, print, put on, confirm by a scan: only then the old label is replaced.
#[tokio::test]
async fn the_scan_of_the_new_label_binds_it_and_retires_the_old_one() {
    let stage = Stage::start().await;
    let battery = battery(&stage).await;
    let maker = stage.partner("economic-operator", &battery.organisation);
    let mistyped = format!("{}?", &battery.unit[..19]);
    let path = format!("/v1/identifiers/{}", mistyped.replace('?', "%3F"));
    let meant = stage.public().get(&path).await.expect(200).json();
    assert_eq!(
        meant["suggestions"],
        json!([{"canonical": battery.unit, "exists": true}])
    );
    let new = maker.post(&labels(&battery), &order(&battery)).await;
    let new = new.expect(201).json();
    assert_eq!(
        (&new["state"], &new["replaces"]),
        (&json!("issued"), &json!(battery.label))
    );
    let label = text(&new, "label");
    let printed = format!("{}/{label}", labels(&battery));
    let _ = maker.get(&printed).await.expect(200);
    assert_eq!(
        code(&stage, &battery, &battery.label).await["label"],
        "current"
    );
    let application = format!("{printed}/application");
    let scanned =
        json!({"carrier": new["carrier"], "serialNumber": "ev 000142", "reason": "put on"});
    let applied = maker.post(&application, &scanned).await.expect(200).json();
    assert_eq!(applied["state"], "applied");
    let old = code(&stage, &battery, &battery.label).await;
    assert_eq!(old["label"], "replaced");
    assert_eq!(old["labelChanged"], web::now().to_string()[..10]);
    assert_eq!(code(&stage, &battery, &label).await["label"], "current");
    let events = format!("/v1/units/{}/events", battery.unit);
    let events = maker.get(&events).await.expect(200).json();
    let event = events["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(event["type"], "label-replaced");
    let changes: Vec<String> = event["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(one, "pointer"))
        .collect();
    assert_eq!(changes.len(), 2);
    assert!(changes.contains(&format!("/labels/{label}")));
    // The one before still leads to the battery and says that it was replaced.
    assert_eq!(
        code(&stage, &battery, &battery.first_label).await["label"],
        "replaced"
    );
}

/// Both have to fit, and everything that does not is named at once.
#[tokio::test]
async fn a_scan_that_does_not_fit_binds_nothing() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let (battery, other) = (&seeded.batteries[0], &seeded.batteries[1]);
    let maker = stage.partner("economic-operator", &battery.organisation);
    let new = maker.post(&labels(battery), &order(battery)).await;
    let new = new.expect(201).json();
    let carrier = text(&new, "carrier");
    let path = format!("{}/{}/application", labels(battery), text(&new, "label"));
    let try_with = async |carrier: Option<&str>, serial: Option<&str>| {
        let mut body = json!({"reason": "put on"});
        if let Some(carrier) = carrier {
            body["carrier"] = json!(carrier);
        }
        if let Some(serial) = serial {
            body["serialNumber"] = json!(serial);
        }
        let answer = maker.post(&path, &body).await.expect(422).json();
        let faults = answer["faults"].as_array().unwrap().clone();
        faults
            .iter()
            .map(|fault| format!("{} {}", text(fault, "pointer"), text(fault, "rule")))
            .collect::<Vec<_>>()
    };
    let old = format!("{}/{}/{}", stage.origin, battery.unit, battery.label);
    let others = format!("{}/{}/{}", stage.origin, other.unit, other.label);
    let elsewhere = carrier.replace(&stage.origin, "https://id.example.eu");
    let cases = [
        (
            None,
            None,
            vec!["/carrier missing", "/serialNumber missing"],
        ),
        (
            Some(old.as_str()),
            Some(SERIAL),
            vec!["/carrier other-label"],
        ),
        (
            Some(others.as_str()),
            Some("X"),
            vec!["/carrier other-battery", "/serialNumber other-battery"],
        ),
        (
            Some(elsewhere.as_str()),
            Some(SERIAL),
            vec!["/carrier other-host"],
        ),
        (Some("smudged"), Some(SERIAL), vec!["/carrier unreadable"]),
        (Some(carrier.as_str()), None, vec!["/serialNumber missing"]),
        (
            Some(carrier.as_str()),
            Some("EV-000143"),
            vec!["/serialNumber other-battery"],
        ),
    ];
    for (carrier, serial, expected) in cases {
        assert_eq!(
            try_with(carrier, serial).await,
            expected,
            "{carrier:?} {serial:?}"
        );
    }
    assert_eq!(
        code(&stage, battery, &battery.label).await["label"],
        "current"
    );
}

/// A workshop proves what it says and waits: the label exists for nobody until the operator approves it, and then the workshop
/// prints and confirms it.
#[tokio::test]
async fn a_workshop_asks_with_proof_and_the_operator_approves() {
    let stage = Stage::start().await;
    let battery = battery(&stage).await;
    let workshop = stage.partner("service-provider", "garage-nord");
    let operator = stage.partner("economic-operator", &battery.organisation);
    let mut body = order(&battery);
    let refused = workshop.post(&labels(&battery), &body).await.expect(400);
    let detail = text(&refused.json(), "detail");
    for kind in ["damaged-label-photo", "serial-number-photo"] {
        assert!(detail.contains(kind), "{detail}");
    }
    body["evidence"] = proofs(&workshop).await;
    let asked = workshop
        .post(&labels(&battery), &body)
        .await
        .expect(202)
        .json();
    assert_eq!(
        (&asked["state"], &asked["awaiting"]["event"]),
        (&json!("requested"), &json!("label-issued"))
    );
    let label = text(&asked, "label");
    let place = format!("{}/{label}", labels(&battery));
    assert_eq!(
        code(&stage, &battery, &label).await["label"],
        "never-issued-for-this-unit"
    );
    let _ = workshop.get(&place).await.expect(409);
    let scanned = json!({"carrier": asked["carrier"], "serialNumber": SERIAL, "reason": "put on"});
    let application = format!("{place}/application");
    let _ = workshop.post(&application, &scanned).await.expect(409);
    let approval = format!("{place}/approval");
    let why = json!({"reason": "the photos show our battery"});
    // Nobody approves for the operator, whoever asked least of all.
    let _ = workshop.post(&approval, &why).await.expect(404);
    let other = stage.partner("economic-operator", "hausspeicher");
    let _ = other.post(&approval, &why).await.expect(404);
    // It decides on what it can see.
    let photo = text_of(&asked["awaiting"]["evidence"][0]);
    let _ = operator
        .get(&format!("/v1/evidence/{photo}"))
        .await
        .expect(200);
    let _ = other
        .get(&format!("/v1/evidence/{photo}"))
        .await
        .expect(404);
    let approved = operator.post(&approval, &why).await.expect(200).json();
    assert_eq!(approved["state"], "issued");
    let _ = workshop.get(&place).await.expect(200);
    let _ = other.get(&place).await.expect(404);
    let _ = other.post(&application, &scanned).await.expect(404);
    let applied = workshop
        .post(&application, &scanned)
        .await
        .expect(200)
        .json();
    assert_eq!(applied["state"], "applied");
    assert_eq!(
        code(&stage, &battery, &battery.label).await["label"],
        "replaced"
    );
    let _ = operator.post(&approval, &why).await.expect(409);
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What was refused never was a label, and only who asked and who decided knows that it was asked for.
#[tokio::test]
async fn what_was_refused_never_was_a_label() {
    let stage = Stage::start().await;
    let battery = battery(&stage).await;
    let workshop = stage.partner("service-provider", "garage-nord");
    let operator = stage.partner("economic-operator", &battery.organisation);
    let mut body = order(&battery);
    body["evidence"] = proofs(&workshop).await;
    let asked = workshop
        .post(&labels(&battery), &body)
        .await
        .expect(202)
        .json();
    let label = text(&asked, "label");
    let place = format!("{}/{label}", labels(&battery));
    let known_to = async |partner: &Partner<'_>| {
        let unit = format!("/v1/units/{}", battery.unit);
        let unit = partner.get(&unit).await.expect(200).text;
        unit.contains(&label)
    };
    let authority = stage.partner("market-surveillance", "authority");
    let why = json!({"reason": "another battery's serial number"});
    for state in ["requested", "refused"] {
        assert!(
            known_to(&workshop).await && known_to(&operator).await,
            "{state}"
        );
        assert!(!known_to(&authority).await, "{state}");
        assert_eq!(
            code(&stage, &battery, &label).await["label"],
            "never-issued-for-this-unit"
        );
        if state == "requested" {
            let refused = operator.post(&format!("{place}/refusal"), &why).await;
            assert_eq!(refused.expect(200).json()["state"], "refused");
        }
    }
    let _ = operator
        .post(&format!("{place}/approval"), &why)
        .await
        .expect(409);
    // Nor do the supervisors read of it in the unit's history: it is the operator's own.
    let events = format!("/v1/units/{}/events", battery.unit);
    let told = authority.get(&events).await.expect(200).text;
    assert!(
        !told.contains(&label) && !told.contains("garage-nord"),
        "{told}"
    );
    let own = operator.get(&events).await.expect(200).text;
    assert!(own.contains("label-requested") && own.contains("label-refused"));
}

/// A workshop's suspicion is the operator's to confirm: until then nobody is shown anything.
#[tokio::test]
async fn a_warning_is_shown_only_once_the_operator_confirmed_it() {
    let stage = Stage::start().await;
    let battery = battery(&stage).await;
    let authority = stage.partner("market-surveillance", "authority");
    let operator = stage.partner("economic-operator", &battery.organisation);
    let place = format!("{}/{}", labels(&battery), battery.label);
    let before = stage
        .public()
        .get(&format!("/{}/{}", battery.unit, battery.label))
        .await;
    let proof = authority.proof("suspicion-record").await;
    let body = json!({"reason": "the same label on two batteries", "evidence": [proof]});
    let asked = authority
        .post(&format!("{place}/suspicion"), &body)
        .await
        .expect(202)
        .json();
    assert_eq!(asked["state"], "applied");
    let after = stage
        .public()
        .get(&format!("/{}/{}", battery.unit, battery.label))
        .await;
    assert_eq!(
        (after.text.clone(), after.header("etag")),
        (before.text.clone(), before.header("etag"))
    );
    // One question at a time.
    let _ = authority
        .post(&format!("{place}/suspicion"), &body)
        .await
        .expect(409);
    let why = json!({"reason": "we found the second battery"});
    let _ = operator
        .post(&format!("{place}/approval"), &why)
        .await
        .expect(200);
    assert_eq!(
        code(&stage, &battery, &battery.label).await["label"],
        "suspected"
    );
}

/// Whoever took the battery over orders without asking; the one before no longer does.
#[tokio::test]
async fn who_took_a_battery_over_orders_its_labels() {
    let stage = Stage::start().await;
    let battery = battery(&stage).await;
    let maker = stage.partner("economic-operator", &battery.organisation);
    let next = stage.partner("economic-operator", "hausspeicher");
    let offer = maker
        .offer(&battery.passport, "hausspeicher", "takeover")
        .await;
    let _ = next.accept(&offer).await.expect(200);
    let _ = maker
        .post(&labels(&battery), &order(&battery))
        .await
        .expect(404);
    let new = next.post(&labels(&battery), &order(&battery)).await;
    let new = new.expect(201).json();
    let scanned = json!({"carrier": new["carrier"], "serialNumber": SERIAL, "reason": "put on"});
    let application = format!("{}/{}/application", labels(&battery), text(&new, "label"));
    let _ = next.post(&application, &scanned).await.expect(200);
}

/// What waits for the operator has a limit, so that nobody can bury a unit under requests.
#[tokio::test]
async fn a_unit_is_not_buried_under_requests() {
    let stage = Stage::start().await;
    let battery = battery(&stage).await;
    let workshop = stage.partner("service-provider", "garage-nord");
    let mut body = order(&battery);
    body["evidence"] = proofs(&workshop).await;
    for _ in 0..8 {
        let _ = workshop.post(&labels(&battery), &body).await.expect(202);
    }
    let refused = workshop.post(&labels(&battery), &body).await.expect(409);
    assert!(text(&refused.json(), "detail").contains("waits"));
}
