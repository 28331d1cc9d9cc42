//! A change happens wholly or not at all, also where the tables conflict, fail or lose their answer.

use serde_json::{Value, json};
use tests::{Answer, Fault, Faults, Partner, Stage, text};

fn misread() -> Value {
    json!({"type": "correction", "reason": "misread", "changes": {"identification": {"serialNumber": "EV-2"}}})
}

async fn correct(maker: &Partner<'_>, passport: &str) -> Answer {
    let path = format!("/v1/dpps/{passport}/events");
    let headers = [("idempotency-key", "one-key")];
    maker.call("POST", &path, &headers, Some(&misread())).await
}

/// The receipts of the passport's events, oldest first; the chain holds.
async fn receipts(maker: &Partner<'_>, passport: &str) -> Vec<String> {
    let path = format!("/v1/dpps/{passport}/events?verify=true");
    let history = maker.get(&path).await.expect(200).json();
    assert_eq!(history["chain"]["holds"], true, "{history}");
    history["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| format!("{}:{}", text(event, "eventId"), text(event, "hash")))
        .collect()
}

async fn draft() -> (Stage, Faults, String) {
    let mut stage = Stage::start().await;
    let faults = stage.over_faulty_tables().await;
    let (_, passport) = stage.maker().draft().await;
    (stage, faults, passport)
}

#[tokio::test]
async fn a_conflict_with_another_transaction_is_tried_again() {
    let (stage, faults, passport) = draft().await;
    faults.next([Fault::Conflict; 3]);
    let maker = stage.maker();
    let answer = correct(&maker, &passport).await.expect(201);
    assert_eq!(faults.left(), 0);
    let receipts = receipts(&maker, &passport).await;
    assert_eq!(receipts.len(), 2);
    assert_eq!(answer.header("audit-receipt"), receipts[1]);
}

#[tokio::test]
async fn where_conflicts_do_not_end_nothing_is_written_and_the_retry_succeeds() {
    let (stage, faults, passport) = draft().await;
    faults.next([Fault::Conflict; 6]);
    let maker = stage.maker();
    let busy = correct(&maker, &passport).await.expect(409);
    assert!(!busy.header("retry-after").is_empty());
    assert_eq!(receipts(&maker, &passport).await.len(), 1);
    let _ = correct(&maker, &passport).await.expect(201);
    assert_eq!(receipts(&maker, &passport).await.len(), 2);
}

#[tokio::test]
async fn a_lost_answer_is_found_again_and_the_change_happened_once() {
    // At once, and where every attempt of the SDK fails after the first took effect.
    for lost in [
        &[Fault::AnswerLost][..],
        &[Fault::AnswerLost, Fault::Fails, Fault::Fails],
    ] {
        let (stage, faults, passport) = draft().await;
        faults.next(lost.iter().copied());
        let maker = stage.maker();
        let answer = correct(&maker, &passport).await.expect(201);
        assert_eq!(faults.left(), 0);
        let receipts = receipts(&maker, &passport).await;
        assert_eq!(receipts.len(), 2);
        assert_eq!(answer.header("audit-receipt"), receipts[1]);
        let again = correct(&maker, &passport).await.expect(201);
        assert_eq!(again.header("audit-receipt"), receipts[1]);
    }
}

#[tokio::test]
async fn where_the_tables_fail_nothing_is_written_and_the_retry_succeeds() {
    let (stage, faults, passport) = draft().await;
    faults.next([Fault::Fails; 3]);
    let maker = stage.maker();
    let unavailable = correct(&maker, &passport).await.expect(503);
    assert!(!unavailable.header("retry-after").is_empty());
    assert_eq!(receipts(&maker, &passport).await.len(), 1);
    let _ = correct(&maker, &passport).await.expect(201);
    assert_eq!(receipts(&maker, &passport).await.len(), 2);
}

#[tokio::test]
async fn where_a_restricted_read_cannot_be_recorded_nothing_leaves() {
    let mut stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let faults = stage.over_faulty_tables().await;
    let passport = &seeded.batteries[0].passport;
    let workshop = stage.partner("service-provider", "garage-nord");
    for suffix in ["", "/events", "/versions", "/versions/1"] {
        faults.next([Fault::Fails; 3]);
        let path = format!("/v1/dpps/{passport}{suffix}");
        let refused = workshop.get(&path).await.expect(503);
        assert_eq!(faults.left(), 0);
        assert_eq!(refused.header("content-type"), "application/problem+json");
        let _ = workshop.get(&path).await.expect(200);
    }
}
