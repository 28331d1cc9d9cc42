//! A process that ends before or after any of its calls of tables and buckets, and answers that are lost: whoever asked asks again,
//! and nothing is lost, doubled or reordered.

use serde_json::{Value, json};
use storage::Log;
use tests::{Answer, Death, Partner, Stage, text};
use uuid::Uuid;

/// More calls than any request makes; where it made fewer, its process ended by itself.
const MOST_CALLS: usize = 100;
/// No change makes fewer: who asks, what is there, the transaction.
const FEWEST_CALLS: usize = 3;

/// What a client asks for until it is answered, each time the same.
struct Request {
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl Request {
    fn new(path: impl Into<String>, body: Value) -> Self {
        Self {
            path: path.into(),
            headers: vec![("idempotency-key", Uuid::new_v4().to_string())],
            body,
        }
    }

    async fn send(&self, to: &Partner<'_>) -> Answer {
        let headers = self.headers.iter();
        let headers: Vec<(&str, &str)> = headers.map(|(name, it)| (*name, it.as_str())).collect();
        to.call("POST", &self.path, &headers, Some(&self.body))
            .await
    }
}

/// Lets every call that a request makes be the last of its process, or one whose answer is lost. Then its client asks again, and a
/// process that lives answers. One answer for each request that `ask` made.
async fn asked_again(stage: &Stage, mut ask: impl AsyncFnMut() -> Request) -> Vec<Answer> {
    let maker = stage.maker();
    let mut answers = Vec::new();
    for death in Death::ALL {
        let mut last = 0;
        loop {
            assert!(last < MOST_CALLS);
            let request = ask().await;
            let mortal = stage.mortal_platform(last, death).await;
            let first = request.send(&maker.at(&mortal.origin)).await;
            let again = request.send(&maker).await;
            assert!(
                matches!(again.status, 200 | 201),
                "{last} {death:?}: {again:?}"
            );
            let answered = matches!(first.status, 200..=202);
            match answered {
                true => assert_eq!(first.header("audit-receipt"), again.header("audit-receipt")),
                // Nobody is told that it was done who cannot know, nor that it is his fault.
                false => assert_eq!(first.status, 503, "{last} {death:?}: {first:?}"),
            }
            // The answer of a call is asked for again by whoever made it.
            assert!(answered || death != Death::AnswerLost, "{last}: {first:?}");
            answers.push(again);
            if mortal.was_spared() {
                assert!(answered);
                break;
            }
            last += 1;
        }
        assert!(last >= FEWEST_CALLS, "{last} {death:?}");
    }
    answers
}

/// That each answer's receipt is of one event of this record, and these are all it has beside the `before` first ones; the chain
/// holds.
async fn each_happened_once(stage: &Stage, record: &str, before: usize, answers: &[Answer]) {
    let maker = stage.maker();
    let history = maker.get(&format!("{record}/events?verify=true")).await;
    let history = history.expect(200).json();
    assert_eq!(history["chain"]["holds"], true, "{history}");
    let events = history["events"].as_array().unwrap().iter();
    let receipts =
        events.map(|event| format!("{}:{}", text(event, "eventId"), text(event, "hash")));
    let answered = answers.iter().map(|answer| answer.header("audit-receipt"));
    assert_eq!(
        receipts.skip(before).collect::<Vec<_>>(),
        answered.collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_change_of_values_happens_once_wherever_its_process_ends() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let passport = format!("/v1/dpps/{passport}");
    let proof = maker.evidence(b"photo of the type plate", 4).await;
    let mut number = 0;
    let answers = asked_again(&stage, async || {
        number += 1;
        let change = json!({
            "type": "correction", "reason": "misread", "evidence": [proof],
            "changes": {"identification": {"serialNumber": format!("EV-{number}")}},
        });
        Request::new(format!("{passport}/events"), change)
    })
    .await;
    each_happened_once(&stage, &passport, 1, &answers).await;
    let versions = maker.get(&format!("{passport}/versions")).await.expect(200);
    let versions = versions.json()["versions"].as_array().unwrap().len();
    assert_eq!(versions, answers.len() + 1);
    let read = maker.get(&passport).await.expect(200).json();
    let serial = &read["identification"]["serialNumber"];
    assert_eq!(*serial, json!(format!("EV-{}", answers.len())));
    stage.hold_together(Log::Changes).await;
}

#[tokio::test]
async fn a_passport_is_born_once_wherever_its_process_ends() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let order = json!({"model": maker.model().await, "count": 100, "reason": "order 1"});
    let order = maker.post("/v1/units", &order).await.expect(201).json();
    let units = order["units"].as_array().unwrap();
    let mut left = units.iter();
    let answers = asked_again(&stage, async || {
        let mut body = tests::sample_item();
        body["uniqueProductIdentifier"] = left.next().unwrap()["unit"].clone();
        let mut request = Request::new("/v1/dpps", body);
        let why = ("dpp-reason", "end-of-line test passed".to_owned());
        request.headers.push(why);
        request
    })
    .await;
    for (answer, unit) in answers.iter().zip(units) {
        let passport = text(&answer.json(), "location");
        each_happened_once(&stage, &passport, 0, std::slice::from_ref(answer)).await;
        let unit = text(unit, "unit");
        let found = maker.get(&format!("/v1/dppsByProductId/{unit}")).await;
        assert!(found.expect(200).text.contains(&text(&answer.json(), "id")));
        let unit = maker.get(&format!("/v1/units/{unit}/events")).await;
        let unit = unit.expect(200).json();
        assert_eq!(unit["events"].as_array().unwrap().len(), 1, "{unit}");
    }
    stage.hold_together(Log::Changes).await;
}

#[tokio::test]
async fn a_further_life_begins_once_wherever_its_process_ends() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let batch =
        json!({"model": maker.model().await, "reason": "series", "data": tests::sample_batch()});
    let batch = maker.post("/v1/batches", &batch).await.expect(201).json();
    let order = json!({"batch": batch["id"], "count": 100, "reason": "order 1"});
    let order = maker.post("/v1/units", &order).await.expect(201).json();
    let mut units = order["units"].as_array().unwrap().iter();
    let mut number = 0;
    let mut old = Vec::new();
    let answers = asked_again(&stage, async || {
        let unit = text(units.next().unwrap(), "unit");
        let passport = maker.passport(&unit, &tests::sample_item()).await;
        let passport = text(&passport.expect(201).json(), "id");
        let placed = json!({"type": "placed-on-market", "reason": "sold"});
        let _ = maker.event(&passport, &placed).await.expect(201);
        number += 1;
        let mut item = tests::sample_item();
        item["identification"]["serialNumber"] = json!(format!("SECOND-{number}"));
        let body = maker.further_life("reused", json!({"data": item})).await;
        let path = format!("/v1/dpps/{passport}");
        old.push(path.clone());
        Request::new(format!("{path}/successors"), body)
    })
    .await;
    for (answer, old) in answers.iter().zip(&old) {
        let successors = answer.json()["successors"].as_array().unwrap().clone();
        assert_eq!(successors.len(), 1);
        let next = format!("/v1/dpps/{}", text(&successors[0], "id"));
        each_happened_once(&stage, &next, 0, std::slice::from_ref(answer)).await;
        let history = maker.get(&format!("{old}/events?verify=true")).await;
        let history = history.expect(200).json();
        assert_eq!(history["chain"]["holds"], true);
        let events = history["events"].as_array().unwrap();
        let begun = events
            .iter()
            .filter(|event| event["type"] == "reused")
            .count();
        assert_eq!((events.len(), begun), (3, 1), "{history}");
    }
    stage.hold_together(Log::Changes).await;
}

#[tokio::test]
async fn unit_ids_are_ordered_once_wherever_their_process_ends() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let model = maker.model().await;
    let answers = asked_again(&stage, async || {
        let order = json!({"model": model, "count": 2, "reason": "order 1"});
        Request::new("/v1/units", order)
    })
    .await;
    each_happened_once(&stage, &format!("/v1/models/{model}"), 1, &answers).await;
    let mut known = std::collections::BTreeSet::new();
    for answer in &answers {
        for unit in answer.json()["units"].as_array().unwrap() {
            let unit = text(unit, "unit");
            let _ = maker.get(&format!("/v1/units/{unit}")).await.expect(200);
            known.insert(format!("U#{unit}"));
        }
    }
    assert_eq!(known.len(), 2 * answers.len());
    for item in stage.table("records").await {
        let record = item["pk"].as_s().unwrap();
        assert!(
            !record.starts_with("U#") || known.contains(record),
            "{record}"
        );
    }
    stage.hold_together(Log::Changes).await;
}

#[tokio::test]
async fn evidence_is_confirmed_once_wherever_its_process_ends() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let bytes = b"what was photographed";
    let answers = asked_again(&stage, async || {
        let announced = maker.announce(bytes, 4).await.expect(201).json();
        let _ = maker.upload(&announced, bytes).await.expect(200);
        let id = text(&announced, "id");
        Request::new(format!("/v1/evidence/{id}/confirmation"), json!({}))
    })
    .await;
    for answer in &answers {
        let confirmed = answer.json();
        assert_eq!(confirmed["state"], "confirmed");
        let read = maker
            .get(&format!("/v1/evidence/{}", text(&confirmed, "id")))
            .await;
        assert_eq!(read.expect(200).bytes, bytes);
    }
    let s3 = stage.s3();
    let kept = s3
        .list_objects_v2()
        .bucket("evidence")
        .send()
        .await
        .unwrap();
    // The same bytes for the same class are kept once.
    assert_eq!(kept.contents().len(), 1);
    stage.hold_together(Log::Reads).await;
}

#[tokio::test]
async fn what_is_read_with_rights_never_leaves_before_its_event_is_written() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let passport = &seeded.batteries[0].passport;
    let authority = stage.partner("market-surveillance", "authority");
    let maker = stage.partner("economic-operator", &seeded.batteries[0].organisation);
    let model = maker.beneath(passport, "model").await;
    let of_passport = format!("A#P#{passport}");
    let of_model = model.replace("/v1/models/", "A#M#");
    for (suffix, events) in [
        ("", &of_passport),
        ("/events", &of_passport),
        ("/chain", &of_passport),
        ("/versions/1/parts/2?level=model", &of_model),
    ] {
        let path = format!("/v1/dpps/{passport}{suffix}");
        for death in Death::ALL {
            let mut last = 0;
            loop {
                assert!(last < MOST_CALLS);
                let before = stage.ledger_items(events).await;
                let mortal = stage.mortal_platform(last, death).await;
                let read = authority.at(&mortal.origin).get(&path).await;
                let written = stage.ledger_items(events).await - before;
                match read.status {
                    200 => assert_eq!(written, 1, "{path} {last} {death:?}"),
                    503 => assert!(
                        matches!(written, 0 | 1),
                        "{written} {path} {last} {death:?}"
                    ),
                    status => panic!("{status} {path} {last} {death:?}"),
                }
                assert!(read.status == 200 || death != Death::AnswerLost, "{read:?}");
                if mortal.was_spared() {
                    assert_eq!(read.status, 200);
                    break;
                }
                last += 1;
            }
            assert!(last >= FEWEST_CALLS, "{last} {death:?}");
        }
    }
    stage.hold_together(Log::Reads).await;
}
