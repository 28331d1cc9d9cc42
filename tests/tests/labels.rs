//! What becomes of a label: it moves along the table and in no other way, and its scan says plainly where it stands.

use serde_json::{Value, json};
use tests::{Partner, Stage, text};

/// The routes that move a label, with the member of the answer's state that each leads to from `issued`.
const MOVES: [(&str, &str); 4] = [
    ("application", "applied"),
    ("revocation", "revoked"),
    ("destruction", "destroyed"),
    ("suspicion", "suspected"),
];

fn reason() -> Value {
    json!({"reason": "as agreed"})
}

async fn new_label(maker: &Partner<'_>, unit: &str) -> String {
    let labels = format!("/v1/units/{unit}/labels");
    let issued = maker.post(&labels, &reason()).await.expect(201).json();
    text(&issued, "label")
}

async fn notice(stage: &Stage, unit: &str, label: &str) -> (Value, Value, String) {
    let path = format!("/{unit}/{label}?lang=en");
    let notices = stage.public().get(&path).await.expect(200).json()["notices"].clone();
    let page = stage.public().browse(&path).await.expect(200).text;
    (
        notices["label"].clone(),
        notices["labelChanged"].clone(),
        page,
    )
}

/// Each state, its code, and the words that only its page has.
#[tokio::test]
async fn every_state_of_a_label_is_told_plainly_and_with_its_day() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await.unit;
    let today = web::now().to_string();
    let today = today.get(..10).unwrap();
    let told = [
        ("application", "current", None),
        ("revocation", "revoked", Some("This label was revoked on")),
        (
            "destruction",
            "destroyed",
            Some("This label was destroyed on"),
        ),
        (
            "suspicion",
            "suspected",
            Some("copies of this label may be in circulation"),
        ),
    ];
    let sentences: Vec<&str> = told.iter().filter_map(|(_, _, words)| *words).collect();
    for (route, code, words) in told {
        let label = new_label(&maker, &unit).await;
        let (before, day, page) = notice(&stage, &unit, &label).await;
        assert_eq!((&before, &day), (&json!("current"), &json!(null)));
        assert!(sentences.iter().all(|words| !page.contains(words)));
        let path = format!("/v1/units/{unit}/labels/{label}/{route}");
        let _ = maker.post(&path, &reason()).await.expect(200);
        let (after, day, page) = notice(&stage, &unit, &label).await;
        assert_eq!(after, code);
        match words {
            None => assert_eq!(day, json!(null)),
            Some(words) => {
                assert!(day == today, "{day}");
                assert!(page.contains(words) && page.contains(today), "{page}");
            }
        }
        // Nobody is told that anything is a fake.
        for word in ["fake", "forge", "counterfeit"] {
            assert!(!page.to_lowercase().contains(word), "{route}: {word}");
        }
    }
}

/// From every state every move is tried: what the table has is done, everything else refused with what became of the label.
#[tokio::test]
async fn a_label_moves_along_the_table_and_in_no_other_way() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await.unit;
    let at = |label: &str, route: &str| format!("/v1/units/{unit}/labels/{label}/{route}");
    let allowed = |state: &str, route: &str| match route {
        "application" => state == "issued",
        "suspicion" => ["issued", "applied"].contains(&state),
        "revocation" => ["issued", "applied", "suspected"].contains(&state),
        _ => ["issued", "applied", "suspected", "revoked"].contains(&state),
    };
    for (first, state) in MOVES {
        for (second, next) in MOVES {
            let label = new_label(&maker, &unit).await;
            let _ = maker.post(&at(&label, first), &reason()).await.expect(200);
            let answer = maker.post(&at(&label, second), &reason()).await;
            if allowed(state, second) {
                assert_eq!(answer.expect(200).json()["state"], next);
                continue;
            }
            let refused = answer.expect(409).json();
            let detail = text(&refused, "detail");
            assert!(detail.contains(state), "{first}, {second}: {detail}");
        }
        let label = new_label(&maker, &unit).await;
        let _ = maker.post(&at(&label, first), &reason()).await.expect(200);
        let cleared = maker.post(&at(&label, "clearance"), &reason()).await;
        match state {
            "suspected" => assert_eq!(cleared.expect(200).json()["state"], "issued"),
            _ => assert_eq!(cleared.status, 409, "{state}"),
        }
    }
}

#[tokio::test]
async fn a_suspicion_that_proved_wrong_leads_back_to_where_the_label_was() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let label = format!("/v1/units/{}/labels/{}", battery.unit, battery.label);
    let scan = format!("/{}/{}", battery.unit, battery.label);
    let sound = stage.public().get(&scan).await.expect(200);
    let suspicion = format!("{label}/suspicion");
    let suspected = maker.post(&suspicion, &reason()).await.expect(200).json();
    assert_eq!(suspected["before"], "applied");
    let warned = stage.public().get(&scan).await.expect(200);
    assert_ne!(warned.header("etag"), sound.header("etag"));
    // The battery is the right one all the same, and its passport is shown.
    assert!(warned.json()["identification"].is_object());
    let cleared = maker.post(&format!("{label}/clearance"), &reason()).await;
    assert_eq!(cleared.expect(200).json()["state"], "applied");
    let again = stage.public().get(&scan).await.expect(200);
    assert_eq!(again.header("etag"), sound.header("etag"));
    assert_eq!(again.text, sound.text);
}

/// The event of each change says who, why, on what evidence, and which label went from where to where.
#[tokio::test]
async fn every_change_of_a_label_is_one_event_with_reason_and_evidence() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    let label = format!("/v1/units/{}/labels/{}", unit.unit, unit.label);
    let report = maker.proof("applied-label-photo").await;
    let events = format!("/v1/units/{}/events", unit.unit);
    let count = async || {
        let history = maker.get(&events).await.expect(200).json();
        history["events"].as_array().unwrap().clone()
    };
    let before = count().await.len();
    let body = json!({"reason": "put on at the end of the line", "evidence": [report]});
    let applied = maker.post(&format!("{label}/application"), &body).await;
    assert!(!applied.expect(200).header("audit-receipt").is_empty());
    let after = count().await;
    assert_eq!(after.len(), before + 1);
    let event = after.last().unwrap();
    assert_eq!(event["type"], "label-applied");
    assert_eq!(event["reason"], "put on at the end of the line");
    assert_eq!(event["evidence"][0]["kind"], "applied-label-photo");
    assert_eq!(
        event["changes"],
        json!([{
            "pointer": format!("/labels/{}", unit.label), "op": "replace",
            "before": {"state": "issued"}, "after": {"state": "applied"},
        }])
    );
    let verified = maker
        .get(&format!("{events}?verify=true"))
        .await
        .expect(200);
    assert_eq!(verified.json()["chain"]["holds"], true);
    // A refused change leaves nothing.
    let _ = maker
        .post(&format!("{label}/application"), &reason())
        .await
        .expect(409);
    assert_eq!(count().await.len(), before + 1);
}

#[tokio::test]
async fn the_chain_of_a_unit_that_nothing_happened_to_begins_with_its_order() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await.unit;
    let events = format!("/v1/units/{unit}/events?verify=true");
    let whole = maker.get(&events).await.expect(200).json()["chain"].clone();
    assert_eq!(
        (&whole["holds"], &whole["events"]),
        (&json!(true), &json!(0))
    );
    let other = ledger::Sha256::of(b"elsewhere").to_string();
    let head = format!("U#{unit}");
    stage.set_record(&head, "0#HEAD", "eventHash", &other).await;
    let forged = maker.get(&events).await.expect(200).json()["chain"].clone();
    assert_eq!(forged["holds"], false);
}

#[tokio::test]
async fn evidence_is_of_a_known_kind_and_comes_as_such() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let sha256 = ledger::Sha256::of(b"x");
    let announce = async |kind: &str, media_type: &str| {
        let body = json!({"title": "x", "mediaType": media_type, "size": 1, "sha256": sha256, "kind": kind});
        maker.post("/v1/evidence", &body).await
    };
    let refused = announce("selfie", "image/png").await.expect(400).json();
    assert!(text(&refused, "detail").contains("`print-grade-report`"));
    let refused = announce("damaged-label-photo", "application/pdf").await;
    let refused = refused.expect(400).json();
    assert!(text(&refused, "detail").contains("image/"), "{refused}");
    let _ = announce("print-grade-report", "application/pdf")
        .await
        .expect(201);
}

/// A label that others have is not theirs to change, and no answer tells whether there is such a unit.
#[tokio::test]
async fn nobody_else_changes_a_label() {
    let stage = Stage::start().await;
    let unit = stage.maker().unit().await;
    let none = "32XZAJ4P21M1MZ0N3RQA";
    let strangers = [
        stage.partner("economic-operator", "hausspeicher"),
        stage.partner("service-provider", "garage-nord"),
        stage.partner("market-surveillance", "authority"),
        stage.partner("auditor", "auditors"),
    ];
    for stranger in &strangers {
        for route in [
            "application",
            "revocation",
            "destruction",
            "suspicion",
            "clearance",
            "approval",
            "refusal",
        ] {
            let answers = [&unit.unit, none].map(|unit_id| {
                let path = format!("/v1/units/{unit_id}/labels/{}/{route}", unit.label);
                async move { stranger.post(&path, &reason()).await.expect(404).json() }
            });
            let [theirs, nobodys] = answers;
            assert_eq!(theirs.await["detail"], nobodys.await["detail"], "{route}");
        }
    }
    let path = format!("/v1/units/{}/labels/{}/suspicion", unit.unit, unit.label);
    let _ = stage.public().post(&path, &reason()).await.expect(401);
}
