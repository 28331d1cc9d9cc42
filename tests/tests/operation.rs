//! What an operator relies on: nothing that was accepted is left half done, and who may act is a record with a history.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use ledger::Timestamp;
use passport::Class;
use serde_json::{Value, json};
use storage::{Change, EventInput, Order, Subject, SubjectChange};
use tests::{Function, Stage, Unit};

/// An order as a function leaves it that dies right after the transaction: recorded, its units not there.
async fn cut_off_order(stage: &Stage, model: &str, at: Timestamp) -> Order {
    let store = &stage.running.store;
    let subject = Subject::Model(model.parse().unwrap());
    let before = store.open_for_change(&subject).await.unwrap().unwrap();
    let event = EventInput {
        event_type: "unit-allocated".to_owned(),
        role: "economic-operator".to_owned(),
        organisation: "voltwerk".to_owned(),
        person: "test".to_owned(),
        reason: "order 9".to_owned(),
        notes: None,
        occurred_at: None,
        evidence: Vec::new(),
        audience: Class::Public,
        readings: None,
        erases: None,
    };
    let change = Change::new(
        vec![SubjectChange {
            subject,
            organisation: before.head.organisation.clone(),
            facts: before.head.facts.clone(),
            before: Some(before),
            document: None,
            event,
            labels: Vec::new(),
        }],
        None,
    );
    let model = model.parse().unwrap();
    let mut order = Order::new("voltwerk".to_owned(), model, None, 120, 2, false, at).unwrap();
    let log = format!("{}/log", stage.running.address);
    store
        .commit_order(&log, change, &mut order, web::now())
        .await
        .unwrap();
    order
}

/// A scan never finishes an order, so it shows who did.
async fn resolves(stage: &Stage, order: &Order) -> bool {
    for (unit, labels) in [&order.units[0], &order.units[119]] {
        let scan = stage.public().get(&format!("/{unit}/{}", labels[1])).await;
        if scan.status != 200 {
            assert_eq!(scan.status, 404);
            return false;
        }
    }
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_was_cut_off_is_completed_by_the_next_start() {
    let stage = Stage::start().await;
    let model = stage.maker().model().await;
    let order = cut_off_order(&stage, &model, web::now()).await;
    assert!(!resolves(&stage, &order).await);
    let labels = format!("/v1/orders/{}/labels", order.id);
    let _ = stage.maker().get(&labels).await.expect(409);
    let stage = Stage::on(stage.stop()).await;
    for _ in 0..100 {
        if resolves(&stage, &order).await {
            let state = stage.maker().get(&format!("/v1/orders/{}", order.id)).await;
            assert_eq!(state.expect(200).json()["state"], "complete");
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the order was not completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweep_completes_old_orders_and_leaves_young_ones_to_their_request() {
    let binaries = tests::built(&["order-sweep"]).await;
    let stage = Stage::start().await;
    let model = stage.maker().model().await;
    let old = web::now().minus(Duration::from_secs(60));
    let old = cut_off_order(&stage, &model, old).await;
    let young = cut_off_order(&stage, &model, web::now()).await;
    let environment = stage.function_environment();
    let mut sweep = Function::start(&binaries.join("order-sweep"), &environment).await;
    let event: Value =
        serde_json::from_str(include_str!("../../events/order-sweep-scheduled.json")).unwrap();
    assert_eq!(sweep.invoke(event.clone()).await, json!({"finished": 1}));
    assert!(resolves(&stage, &old).await);
    assert!(!resolves(&stage, &young).await);
    assert_eq!(sweep.invoke(event).await, json!({"finished": 0}));
}

fn passport(binaries: &Path, arguments: &[&str], environment: &[(&str, String)]) -> Output {
    Command::new(binaries.join("passport"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_whose_verification_ends_may_act_no_longer() {
    let binaries = tests::built(&["passport"]).await;
    let stage = Stage::start().await;
    let workshop = stage.partner("service-provider", "garage-nord");
    let Unit { unit, .. } = stage.maker().unit().await;
    let path = format!("/v1/units/{unit}");
    let _ = workshop.get(&path).await.expect(200);
    let events = stage.ledger_items("O#garage-nord").await;
    let mut record = json!({
        "id": "garage-nord", "name": "Garage Nord (example)",
        "operatorIdentifier": "https://id.gs1.org/417/9521234000020",
        "roles": ["service-provider"], "issuer": "https://issuer.local.invalid",
        "verifiedBy": "registrar", "verifiedUntil": 1,
    });
    let file = stage.data().join("organisation.json");
    let register = |record: &Value| {
        std::fs::write(&file, record.to_string()).unwrap();
        let file = file.to_string_lossy();
        let arguments = [
            "register-organisation",
            &file,
            "--reason",
            "yearly check",
            "--person",
            "registrar",
        ];
        passport(&binaries, &arguments, &stage.function_environment())
    };
    assert!(register(&record).status.success());
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let refused = workshop.get(&path).await.expect(403);
    assert!(refused.text.contains("expired"), "{}", refused.text);
    let again = register(&record);
    assert!(String::from_utf8_lossy(&again.stdout).contains("nothing was written"));
    record["verifiedUntil"] = json!(4_102_444_800_u64);
    assert!(register(&record).status.success());
    assert_eq!(stage.ledger_items("O#garage-nord").await, events + 2);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let _ = workshop.get(&path).await.expect(200);
    record["roles"] = json!(["king"]);
    record["verifiedBy"] = json!("");
    record["carrierHost"] = json!(stage.origin.trim_start_matches("http://"));
    let refused = register(&record);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        said.contains("`king` is not a role")
            && said.contains("`verifiedBy`")
            && said.contains("the stage's own"),
        "{said}"
    );
    assert_eq!(stage.ledger_items("O#garage-nord").await, events + 2);
}
