//! A supplier may only contribute: what it brings waits for whoever is responsible, and nobody else learns of it.

use serde_json::{Value, json};
use tests::{Answer, Partner, Stage, text};
use uuid::Uuid;

const CONTRIBUTIONS: &str = "/v1/contributions";

/// A supplier that is asked for data of a model, by its maker.
struct Asked<'s> {
    stage: &'s Stage,
    maker: Partner<'s>,
    supplier: Partner<'s>,
    model: String,
    passport: String,
    grant: String,
}

impl<'s> Asked<'s> {
    async fn on(stage: &'s Stage) -> Self {
        let maker = stage.maker();
        let (unit, passport) = maker.draft().await;
        let grant = grant(&maker, json!({"model": unit.model})).await;
        Self {
            stage,
            maker,
            supplier: stage.partner("supplier", "cellmaker"),
            model: unit.model,
            passport,
            grant,
        }
    }

    fn model_path(&self) -> String {
        format!("/v1/models/{}", self.model)
    }

    /// Submits these values for the model; answers where the contribution is.
    async fn submits(&self, changes: Value) -> String {
        let body = contribution(json!({"model": self.model}), changes);
        let submitted = self.supplier.post(CONTRIBUTIONS, &body).await.expect(201);
        assert!(!submitted.header("audit-receipt").is_empty());
        submitted.header("location").to_owned()
    }

    /// The model's data, for its maker.
    async fn performance(&self) -> Value {
        let model = self.maker.get(&self.model_path()).await.expect(200).json();
        model["data"]["performance"].clone()
    }
}

/// What whoever is responsible gives a supplier; answers where the grant is.
async fn grant(owner: &Partner<'_>, of: Value) -> String {
    let given = json!({
        "to": "cellmaker", "of": of, "right": "contribution", "purpose": "cell data",
        "until": "2027-12-31T00:00:00Z", "reason": "agreed in the supply contract",
    });
    let given = owner.post("/v1/grants", &given).await.expect(201);
    assert_eq!(given.json()["right"], "contribution");
    given.header("location").to_owned()
}

fn contribution(subject: Value, changes: Value) -> Value {
    json!({"subject": subject, "changes": changes, "reason": "cell data sheet, revision 4"})
}

fn capacity(value: u32) -> Value {
    json!({"performance": {"ratedCapacity": {"value": value, "unit": "A.h"}}})
}

async fn decide(partner: &Partner<'_>, path: &str, how: &str) -> Answer {
    let body = json!({"reason": "checked against our own measurements"});
    partner.post(&format!("{path}/{how}"), &body).await
}

/// What a refusal says, but for its own number and time.
fn told(answer: &Answer) -> Value {
    let mut told = answer.json();
    for member in ["correlationId", "timestamp"] {
        told["message"][0].as_object_mut().unwrap().remove(member);
    }
    told
}

#[tokio::test]
async fn what_a_supplier_brings_becomes_the_records_once_it_is_accepted() {
    let stage = Stage::start().await;
    let asked = Asked::on(&stage).await;
    let sheet = asked.supplier.evidence(b"cell data sheet", 0).await;
    let mut body = contribution(json!({"model": asked.model}), capacity(231));
    body["evidence"] = json!([sheet]);
    let before = asked.performance().await;
    let submitted = asked.supplier.post(CONTRIBUTIONS, &body).await.expect(201);
    let path = submitted.header("location").to_owned();
    let submitted = submitted.json();
    assert_eq!(
        (&submitted["status"], &submitted["subject"]),
        (&json!("open"), &json!({"model": asked.model}))
    );
    // Nothing of it counts yet.
    assert_eq!(asked.performance().await, before);
    let received = "/v1/contributions?direction=received";
    let received = asked.maker.get(received).await.expect(200).json();
    assert_eq!(received["contributions"][0]["id"], submitted["id"]);
    assert_eq!(received["contributions"][0]["changes"], Value::Null);
    // Who decides reads it, and leaves a record of that; so it does of the evidence.
    let reads = format!("A#M#{}", asked.model);
    let count = stage.ledger_items(&reads).await;
    let read = asked.maker.get(&path).await.expect(200).json();
    assert_eq!(read["changes"], capacity(231));
    assert_eq!(read["evidence"], json!([sheet]));
    assert_eq!(stage.ledger_items(&reads).await, count + 1);
    let _ = asked
        .maker
        .get(&format!("/v1/evidence/{sheet}"))
        .await
        .expect(200);

    let accepted = decide(&asked.maker, &path, "acceptance").await.expect(200);
    assert!(!accepted.header("audit-receipt").is_empty());
    assert_eq!(accepted.json()["location"], asked.model_path());
    assert_eq!(asked.performance().await["ratedCapacity"]["value"], 231);
    let own = asked.supplier.get(&path).await.expect(200).json();
    assert_eq!(own["status"], "accepted");
    assert_eq!(
        own["decision"]["pointers"],
        json!(["/performance/ratedCapacity"])
    );
    assert_eq!(own["changes"], capacity(231));

    let events = format!("{}/events", asked.model_path());
    let events = asked.maker.get(&events).await.expect(200).text;
    for said in ["contribution-submitted", "contribution-accepted"] {
        assert!(events.contains(said), "{said} {events}");
    }
    assert!(events.contains(&format!("contribution {}", text(&submitted, "id"))));
    let _ = asked.stage;
}

#[tokio::test]
async fn of_what_is_brought_a_part_can_be_accepted() {
    let stage = Stage::start().await;
    let asked = Asked::on(&stage).await;
    let before = asked.performance().await;
    let mut changes = capacity(231);
    changes["performance"]["nominalVoltage"] = json!({"value": 370, "unit": "V"});
    let path = asked.submits(changes).await;
    let acceptance = format!("{path}/acceptance");
    let part = |pointer: &str| json!({"reason": "measured", "pointers": [pointer]});
    let refused = asked
        .maker
        .post(&acceptance, &part("/performance/originalPower"))
        .await
        .expect(400)
        .json();
    assert!(text(&refused, "detail").contains("/performance/originalPower"));
    let voltage = part("/performance/nominalVoltage");
    let _ = asked.maker.post(&acceptance, &voltage).await.expect(200);
    let after = asked.performance().await;
    assert_eq!(after["nominalVoltage"]["value"], 370);
    assert_eq!(after["ratedCapacity"], before["ratedCapacity"]);
    let own = asked.supplier.get(&path).await.expect(200).json();
    assert_eq!(
        own["decision"]["pointers"],
        json!(["/performance/nominalVoltage"])
    );
}

#[tokio::test]
async fn a_contribution_is_closed_once_by_who_may_and_the_reason_is_told() {
    let stage = Stage::start().await;
    let asked = Asked::on(&stage).await;
    let path = asked.submits(capacity(231)).await;
    let _ = decide(&asked.supplier, &path, "acceptance")
        .await
        .expect(403);
    let _ = decide(&asked.supplier, &path, "rejection")
        .await
        .expect(403);
    let _ = decide(&asked.maker, &path, "withdrawal").await.expect(403);
    let body = json!({"reason": "of another cell"});
    let rejection = format!("{path}/rejection");
    let headers = [("idempotency-key", "one")];
    let rejected = asked
        .maker
        .call("POST", &rejection, &headers, Some(&body))
        .await
        .expect(200);
    assert_eq!(rejected.json()["status"], "rejected");
    let own = asked.supplier.get(&path).await.expect(200).json();
    assert_eq!(own["decision"]["reason"], "of another cell");
    // The same request again is answered as before, and everything else comes too late.
    let again = asked
        .maker
        .call("POST", &rejection, &headers, Some(&body))
        .await
        .expect(200);
    assert_eq!(
        again.header("audit-receipt"),
        rejected.header("audit-receipt")
    );
    for (partner, how) in [
        (&asked.maker, "acceptance"),
        (&asked.maker, "rejection"),
        (&asked.supplier, "withdrawal"),
    ] {
        let late = decide(partner, &path, how).await.expect(409).json();
        assert!(text(&late, "detail").contains("rejected already"), "{how}");
    }
    // Of two at once one counts.
    let path = asked.submits(capacity(232)).await;
    let both = tokio::join!(
        decide(&asked.maker, &path, "acceptance"),
        decide(&asked.maker, &path, "acceptance"),
        decide(&asked.supplier, &path, "withdrawal"),
    );
    let statuses = [both.0.status, both.1.status, both.2.status];
    let count = |wanted| statuses.iter().filter(|it| **it == wanted).count();
    assert_eq!((count(200), count(409)), (1, 2), "{statuses:?}");
    // What is withdrawn is over too.
    let path = asked.submits(capacity(233)).await;
    let withdrawn = decide(&asked.supplier, &path, "withdrawal").await;
    assert_eq!(withdrawn.expect(200).json()["status"], "withdrawn");
    let _ = asked.maker.get(&path).await.expect(404);
    let _ = asked.supplier.get(&path).await.expect(200);
    assert_ne!(asked.performance().await["ratedCapacity"]["value"], 233);
}

#[tokio::test]
async fn the_same_request_again_is_one_contribution_and_one_acceptance() {
    let stage = Stage::start().await;
    let asked = Asked::on(&stage).await;
    let body = contribution(json!({"model": asked.model}), capacity(231));
    let headers = [("idempotency-key", "again")];
    let send = || {
        asked
            .supplier
            .call("POST", CONTRIBUTIONS, &headers, Some(&body))
    };
    let (one, other) = (send().await.expect(201), send().await.expect(201));
    assert_eq!(one.text, other.text);
    assert_eq!(one.header("audit-receipt"), other.header("audit-receipt"));
    let own = asked.supplier.get(CONTRIBUTIONS).await.expect(200).json();
    assert_eq!(own["contributions"].as_array().unwrap().len(), 1);
    let acceptance = format!("{}/acceptance", one.header("location"));
    let why = json!({"reason": "checked"});
    let accept = || asked.maker.call("POST", &acceptance, &headers, Some(&why));
    let (one, other) = (accept().await.expect(200), accept().await.expect(200));
    assert_eq!(one.header("audit-receipt"), other.header("audit-receipt"));
    let without = asked.supplier.call("POST", CONTRIBUTIONS, &[], Some(&body));
    let _ = without.await.expect(400);
}

#[tokio::test]
async fn for_everybody_else_neither_record_nor_contribution_exists() {
    let stage = Stage::start().await;
    let asked = Asked::on(&stage).await;
    let path = asked.submits(capacity(231)).await;
    let never = format!("{CONTRIBUTIONS}/{}", Uuid::now_v7());
    let others = [
        stage.partner("supplier", "anodeworks"),
        stage.partner("economic-operator", "hausspeicher"),
        stage.partner("market-surveillance", "authority"),
        stage.partner("auditor", "auditors"),
        stage.partner("platform-operator", "operations"),
        // Of the maker, in a role that reads nothing of its own.
        stage.partner("service-provider", "garage-nord"),
    ];
    for somebody in &others {
        let hidden = somebody.get(&path).await.expect(404);
        let unknown = somebody.get(&never).await.expect(404);
        assert_eq!(told(&hidden), told(&unknown));
        for how in ["acceptance", "rejection", "withdrawal"] {
            let hidden = decide(somebody, &path, how).await.expect(404);
            let unknown = decide(somebody, &never, how).await.expect(404);
            assert_eq!(told(&hidden), told(&unknown), "{how}");
        }
        let list = somebody.get(CONTRIBUTIONS).await.expect(200).json();
        assert_eq!(list, json!({"contributions": []}));
    }
    let _ = stage.public().get(&path).await.expect(401);
    // Nor may it be contributed to by who was not asked, whether or not everybody knows of it.
    let seeded = stage.seeded().await;
    let on_the_market = &seeded.batteries[0].passport;
    let [other, ..] = &others;
    let never = contribution(json!({"model": Uuid::new_v4()}), capacity(1));
    let unknown = other.post(CONTRIBUTIONS, &never).await.expect(404);
    for subject in [
        json!({"model": asked.model}),
        json!({"passport": asked.passport}),
        json!({"passport": on_the_market}),
    ] {
        for somebody in &others {
            let body = contribution(subject.clone(), capacity(1));
            let refused = somebody.post(CONTRIBUTIONS, &body).await.expect(404);
            assert_eq!(told(&refused), told(&unknown));
        }
    }
    // What is asked for is of the one who asked, and of nothing else.
    let elsewhere = contribution(json!({"passport": on_the_market}), capacity(1));
    let _ = asked
        .supplier
        .post(CONTRIBUTIONS, &elsewhere)
        .await
        .expect(404);
}

#[tokio::test]
async fn what_is_brought_is_held_against_the_catalogue_and_every_fault_is_named() {
    let stage = Stage::start().await;
    let asked = Asked::on(&stage).await;
    let changes = json!({
        "performance": {
            "ratedCapacity": {"value": "much", "unit": "A.h"}, "originalPower": null, "speed": 3,
            "nominalVoltage": {"value": 380, "unit": "A"},
        },
        "wishes": {"one": 1},
        "condition": {"cycleCount": {"value": 1, "measuredAt": "2026-11-01T00:00:00Z"}},
        "carbonFootprint": {"declaration": {"title": "study", "evidence": Uuid::new_v4()}},
    });
    let body = contribution(json!({"model": asked.model}), changes);
    let refused = asked.supplier.post(CONTRIBUTIONS, &body).await.expect(422);
    let refused = refused.json();
    let faults = refused["faults"].as_array().unwrap();
    for pointer in [
        "/performance/ratedCapacity/value",
        "/performance/originalPower",
        "/performance/speed",
        "/performance/nominalVoltage/unit",
        "/wishes",
        "/condition/cycleCount",
        "/carbonFootprint/declaration/evidence",
    ] {
        let named = faults.iter().any(|fault| fault["pointer"] == pointer);
        assert!(named, "{pointer} {refused}");
    }
    // What whoever is responsible says itself.
    let status = json!({"condition": {"batteryStatus": {"value": "waste", "measuredAt": "2026-11-01T00:00:00Z"}}});
    let body = contribution(json!({"passport": asked.passport}), status);
    let refused = asked.supplier.post(CONTRIBUTIONS, &body).await.expect(422);
    assert!(
        refused.text.contains("not-by-contribution"),
        "{}",
        refused.text
    );
    for body in [
        contribution(json!({"model": asked.model}), json!({})),
        contribution(
            json!({"model": asked.model, "passport": asked.passport}),
            capacity(1),
        ),
        contribution(json!({"unit": "32XZAJ4P21M1MZ0N3RQA"}), capacity(1)),
        contribution(json!({"model": "x"}), capacity(1)),
        json!({"subject": {"model": asked.model}, "reason": "x"}),
        json!({"subject": {"model": asked.model}, "changes": capacity(1)}),
    ] {
        let _ = asked.supplier.post(CONTRIBUTIONS, &body).await.expect(400);
    }
    let none = asked.supplier.get(CONTRIBUTIONS).await.expect(200).json();
    assert_eq!(none, json!({"contributions": []}));
}

#[tokio::test]
async fn what_fits_alone_is_held_against_the_record_when_it_is_accepted() {
    let stage = Stage::start().await;
    let asked = Asked::on(&stage).await;
    // Above the record's highest voltage, of which the supplier is told nothing.
    let path = asked
        .submits(json!({"performance": {"nominalVoltage": {"value": 9000, "unit": "V"}}}))
        .await;
    let _ = decide(&asked.maker, &path, "acceptance").await.expect(422);
    let own = asked.supplier.get(&path).await.expect(200).json();
    assert_eq!(own["status"], "open");
}

#[tokio::test]
async fn a_supplier_does_nothing_else_and_reads_no_more() {
    let stage = Stage::start().await;
    let asked = Asked::on(&stage).await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    let supplier = &asked.supplier;
    let passport = format!("/v1/dpps/{}", battery.passport);
    let before = supplier.get(&passport).await.expect(200).text;
    let _ = grant(&owner, json!({"organisation": battery.organisation})).await;
    let charge = json!({"condition": {"stateOfCharge": {"value": 50, "unit": "%", "measuredAt": "2026-11-01T00:00:00Z"}}});
    let body = contribution(json!({"passport": battery.passport}), charge);
    let submitted = supplier.post(CONTRIBUTIONS, &body).await.expect(201);
    // Not even of what it brought, once that is the record's.
    let path = submitted.header("location").to_owned();
    let _ = decide(&owner, &path, "acceptance").await.expect(200);
    let after = supplier.get(&passport).await.expect(200).text;
    assert_eq!(before, after);
    let _ = supplier.get(&asked.model_path()).await.expect(404);
    let draft = format!("/v1/dpps/{}", asked.passport);
    let _ = supplier.get(&draft).await.expect(404);

    let repair = json!({"type": "repair", "reason": "x"});
    let correction = json!({"type": "correction", "reason": "x", "changes": capacity(1)});
    let own = json!({"type": "contribution-accepted", "reason": "x", "changes": capacity(1)});
    for event in [&repair, &correction, &own] {
        let refused = supplier.event(&battery.passport, event).await;
        assert!([400, 403, 409].contains(&refused.status), "{event}");
        let refused = supplier.event(&asked.passport, event).await;
        assert!([400, 404].contains(&refused.status), "{event}");
    }
    let readings = json!({"reason": "x", "readings": [{"pointer": "/condition/stateOfCharge", "value": 1, "unit": "%", "measuredAt": "2026-11-01T00:00:00Z"}]});
    let _ = supplier
        .post(&format!("{passport}/readings"), &readings)
        .await
        .expect(403);
    let headers = [("if-match", "\"1.0.0.public\"")];
    let patched = supplier
        .call("PATCH", &asked.model_path(), &headers, Some(&correction))
        .await;
    let _ = patched.expect(404);
    let headers = [("dpp-event-type", "correction"), ("dpp-reason", "x")];
    let patched = supplier
        .call("PATCH", &passport, &headers, Some(&capacity(1)))
        .await;
    let _ = patched.expect(403);
    // Nobody raises these events but by their own operations, the owner neither.
    let _ = owner.event(&battery.passport, &own).await.expect(409);
}

#[tokio::test]
async fn who_is_asked_no_longer_submits_nothing_and_keeps_what_it_brought() {
    let stage = Stage::start().await;
    let asked = Asked::on(&stage).await;
    let path = asked.submits(capacity(231)).await;
    let body = contribution(json!({"model": asked.model}), capacity(232));
    // A grant of the model is one of its passports.
    let item = json!({"condition": {"stateOfCharge": {"value": 50, "unit": "%", "measuredAt": "2026-11-01T00:00:00Z"}}});
    let of_item = contribution(json!({"passport": asked.passport}), item);
    let _ = asked
        .supplier
        .post(CONTRIBUTIONS, &of_item)
        .await
        .expect(201);
    let ended = json!({"reason": "the contract ended"});
    let withdrawal = format!("{}/withdrawal", asked.grant);
    let _ = asked.maker.post(&withdrawal, &ended).await.expect(200);
    for body in [&body, &of_item] {
        let _ = asked.supplier.post(CONTRIBUTIONS, body).await.expect(404);
    }
    let own = asked.supplier.get(&path).await.expect(200).json();
    assert_eq!(own["changes"], capacity(231));
    let _ = decide(&asked.supplier, &path, "withdrawal")
        .await
        .expect(200);

    // And one that is over.
    let soon = (web::now().as_millisecond() / 1000 + 3) * 1000;
    let soon = ledger::Timestamp::from_millisecond(soon).to_string();
    let given = json!({
        "to": "cellmaker", "of": {"model": asked.model}, "right": "contribution", "purpose": "x",
        "until": soon, "reason": "for a moment",
    });
    let _ = asked.maker.post("/v1/grants", &given).await.expect(201);
    let _ = asked.supplier.post(CONTRIBUTIONS, &body).await.expect(201);
    tokio::time::sleep(std::time::Duration::from_millis(3_500)).await;
    let _ = asked.supplier.post(CONTRIBUTIONS, &body).await.expect(404);
    let with_classes = json!({
        "to": "cellmaker", "of": {"model": asked.model}, "right": "contribution", "classes": [2],
        "purpose": "x", "until": "2027-12-31T00:00:00Z", "reason": "x",
    });
    let refused = asked.maker.post("/v1/grants", &with_classes).await;
    assert!(text(&refused.expect(400).json(), "detail").contains("`classes`"));
}

#[tokio::test]
async fn whoever_takes_a_battery_over_inherits_no_contribution() {
    let stage = Stage::start().await;
    let asked = Asked::on(&stage).await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    let _ = grant(&owner, json!({"passport": battery.passport})).await;
    let charge = json!({"condition": {"stateOfCharge": {"value": 50, "unit": "%", "measuredAt": "2026-11-01T00:00:00Z"}}});
    let body = contribution(json!({"passport": battery.passport}), charge);
    let submitted = asked.supplier.post(CONTRIBUTIONS, &body).await.expect(201);
    let path = submitted.header("location").to_owned();
    let offer = owner
        .offer(&battery.passport, "hausspeicher", "takeover")
        .await;
    let next = stage.partner("economic-operator", "hausspeicher");
    let _ = next.accept(&offer).await.expect(200);
    let _ = next.get(&path).await.expect(404);
    let _ = decide(&next, &path, "acceptance").await.expect(404);
    // Who had it keeps what it was sent, and decides on nothing any more.
    let _ = owner.get(&path).await.expect(200);
    let late = decide(&owner, &path, "acceptance").await;
    assert!([403, 404].contains(&late.status), "{}", late.text);
    let _ = decide(&asked.supplier, &path, "withdrawal")
        .await
        .expect(200);
}

#[tokio::test]
async fn an_erased_record_leaves_nothing_of_what_was_brought() {
    let stage = Stage::start().await;
    let asked = Asked::on(&stage).await;
    let note = json!({"condition": {"stateOfCharge": {"value": 50, "unit": "%", "measuredAt": "2026-11-01T00:00:00Z"}}});
    let body = contribution(json!({"passport": asked.passport}), note);
    let submitted = asked.supplier.post(CONTRIBUTIONS, &body).await.expect(201);
    let path = submitted.header("location").to_owned();
    let draft = format!("/v1/dpps/{}", asked.passport);
    let reason = [("dpp-reason", "made%20by%20mistake")];
    let withdrawn = asked.maker.call("DELETE", &draft, &reason, None).await;
    let _ = withdrawn.expect(200);
    let proof = asked.maker.evidence(b"a request", 3).await;
    let erased = json!({"type": "record-erased", "reason": "made by mistake", "evidence": [proof]});
    let _ = asked
        .maker
        .event(&asked.passport, &erased)
        .await
        .expect(201);
    for partner in [&asked.maker, &asked.supplier] {
        let left = partner.get(&path).await.expect(200).json();
        assert_eq!(
            (&left["changes"], &left["reason"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(left["status"], "open");
    }
    let _ = decide(&asked.maker, &path, "acceptance").await.expect(409);
    let _ = decide(&asked.supplier, &path, "withdrawal")
        .await
        .expect(409);
}

#[tokio::test]
async fn only_so_many_wait_at_a_time() {
    let stage = Stage::start().await;
    let asked = Asked::on(&stage).await;
    let mut last = String::new();
    for value in 1..=50 {
        last = asked.submits(capacity(value)).await;
    }
    let body = contribution(json!({"model": asked.model}), capacity(51));
    let full = asked.supplier.post(CONTRIBUTIONS, &body).await.expect(409);
    assert!(text(&full.json(), "detail").contains("50 contributions"));
    let _ = decide(&asked.maker, &last, "rejection").await.expect(200);
    let _ = asked.supplier.post(CONTRIBUTIONS, &body).await.expect(201);
    let page = format!("{CONTRIBUTIONS}?direction=received&limit=20");
    let first = asked.maker.get(&page).await.expect(200).json();
    assert_eq!(first["contributions"].as_array().unwrap().len(), 20);
    let next = format!("{page}&cursor={}", text(&first, "nextCursor"));
    let next = asked.maker.get(&next).await.expect(200).json();
    assert_ne!(
        next["contributions"][0]["id"],
        first["contributions"][0]["id"]
    );
}

#[tokio::test]
async fn who_acts_in_the_operators_place_sees_what_it_was_sent() {
    let stage = Stage::start().await;
    let asked = Asked::on(&stage).await;
    let path = asked.submits(capacity(231)).await;
    let delegate = stage.partner("economic-operator", "hausspeicher");
    let theirs = "/v1/contributions?direction=received&organisation=voltwerk";
    let none = json!({"contributions": []});
    assert_eq!(delegate.get(theirs).await.expect(200).json(), none);
    // To read what is internal is not to decide.
    let until = "2027-12-31T00:00:00Z";
    let opened = json!({
        "to": "hausspeicher", "of": {"organisation": "voltwerk"}, "right": "reading", "classes": [0], "purpose": "a test",
        "until": until, "reason": "agreed",
    });
    let _ = asked.maker.post("/v1/grants", &opened).await.expect(201);
    assert_eq!(delegate.get(theirs).await.expect(200).json(), none);
    let letter = asked.maker.evidence(b"authorisation, signed", 0).await;
    let authorised = json!({
        "to": "hausspeicher", "of": {"organisation": "voltwerk"}, "right": "delegation", "purpose": "in our place",
        "until": until, "reason": "agreed", "evidence": [letter],
    });
    let _ = asked
        .maker
        .post("/v1/grants", &authorised)
        .await
        .expect(201);
    let own = "/v1/contributions?direction=received";
    let received = asked.maker.get(own).await.expect(200).json();
    assert_eq!(delegate.get(theirs).await.expect(200).json(), received);
    assert_eq!(received["contributions"].as_array().unwrap().len(), 1);
    let _ = decide(&delegate, &path, "rejection").await.expect(200);
    // What others submitted is theirs.
    let given = "/v1/contributions?organisation=cellmaker";
    let _ = delegate.get(given).await.expect(400);
}
