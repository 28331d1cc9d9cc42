//! A change happens wholly, with its audit event, or not at all; retrying is always safe.

use serde_json::{Value, json};
use tests::{Stage, text};

const PHOTO: &[u8] = b"not really a photo, but bytes all the same";

#[tokio::test]
async fn a_change_leaves_its_event_with_who_why_and_before_and_after() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let event = json!({
        "type": "correction", "reason": "serial number misread",
        "changes": {"identification": {"serialNumber": "EV-CORRECTED"}},
    });
    let changed = maker.event(&passport, &event).await.expect(201);
    let receipt = changed.header("audit-receipt").to_owned();
    let history = maker
        .get(&format!("/v1/dpps/{passport}/events?verify=true"))
        .await
        .expect(200)
        .json();
    let events = history["events"].as_array().unwrap();
    assert_eq!(events.len(), 2, "{history:#}");
    let last = &events[1];
    assert_eq!(last["type"], "correction");
    assert_eq!(last["reason"], "serial number misread");
    assert_eq!(last["actor"]["organisation"], "voltwerk");
    assert_eq!(last["actor"]["role"], "economic-operator");
    assert_eq!(last["seq"], 2);
    assert_eq!(last["prev"], events[0]["hash"]);
    let change = &last["changes"][0];
    assert_eq!(change["pointer"], "/identification/serialNumber");
    assert_eq!(change["op"], "replace");
    assert_eq!(change["after"], "EV-CORRECTED");
    assert_eq!(
        receipt,
        format!("{}:{}", text(last, "eventId"), text(last, "hash"))
    );
    assert_eq!(
        history["chain"],
        json!({"holds": true, "events": 2, "head": last["hash"]})
    );
}

#[tokio::test]
async fn the_same_request_again_is_one_change_and_the_same_answer() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}/events");
    let event = json!({"type": "correction", "reason": "misread", "changes": {"identification": {"serialNumber": "EV-2"}}});
    let headers = [("idempotency-key", "same-key")];
    let first = maker
        .call("POST", &path, &headers, Some(&event))
        .await
        .expect(201);
    let again = maker
        .call("POST", &path, &headers, Some(&event))
        .await
        .expect(201);
    assert_eq!(first.header("audit-receipt"), again.header("audit-receipt"));
    assert!(!first.header("audit-receipt").is_empty());
    let other = json!({"type": "correction", "reason": "another", "changes": {"identification": {"serialNumber": "EV-3"}}});
    let reused = maker
        .call("POST", &path, &headers, Some(&other))
        .await
        .expect(422);
    assert!(text(&reused.json(), "type").ends_with("idempotency-key-reused"));
    let missing = maker
        .call("POST", &path, &[], Some(&event))
        .await
        .expect(400);
    assert!(text(&missing.json(), "type").ends_with("missing-idempotency-key"));
    let events = maker.get(&path).await.expect(200).json();
    assert_eq!(events["events"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn of_two_that_read_the_same_version_one_is_refused() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (unit, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}");
    let tag = maker.get(&path).await.expect(200).header("etag").to_owned();
    let patch = |serial: &str| json!({"identification": {"serialNumber": serial}});
    let headers = [
        ("dpp-event-type", "correction"),
        ("dpp-reason", "misread"),
        ("if-match", tag.as_str()),
    ];
    let _ = maker
        .call("PATCH", &path, &headers, Some(&patch("EV-A")))
        .await
        .expect(200);
    let late = maker
        .call("PATCH", &path, &headers, Some(&patch("EV-B")))
        .await
        .expect(412);
    assert!(text(&late.json(), "detail").contains("If-Match"));
    let model = format!("/v1/models/{}", unit.model);
    let change = json!({"type": "correction", "reason": "x", "changes": {}});
    let _ = maker
        .call("PATCH", &model, &[], Some(&change))
        .await
        .expect(428);
}

#[tokio::test]
async fn a_patch_that_changes_nothing_writes_nothing() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}");
    let before = maker.get(&path).await.expect(200).json();
    let patch =
        json!({"identification": {"serialNumber": before["identification"]["serialNumber"]}});
    let headers = [
        ("dpp-event-type", "correction"),
        ("dpp-reason", "nothing%20new"),
    ];
    let answer = maker
        .call("PATCH", &path, &headers, Some(&patch))
        .await
        .expect(200);
    assert_eq!(answer.header("audit-receipt"), "");
    let events = maker
        .get(&format!("{path}/events"))
        .await
        .expect(200)
        .json();
    assert_eq!(events["events"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_model_correction_shows_on_its_units_at_once_and_rewrites_none() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (unit, passport) = maker.draft().await;
    let model = format!("/v1/models/{}", unit.model);
    let read = maker.get(&model).await.expect(200);
    let tag = read.header("etag").to_owned();
    let change = json!({
        "type": "correction", "reason": "data sheet", "changes": {"performance": {"ratedCapacity": {"value": 201.5, "unit": "A.h"}}},
    });
    let _ = maker
        .call("PATCH", &model, &[("if-match", &tag)], Some(&change))
        .await
        .expect(200);
    let shown = maker
        .get(&format!("/v1/dpps/{passport}"))
        .await
        .expect(200)
        .json();
    assert_eq!(shown["performance"]["ratedCapacity"]["value"], 201.5);
    let versions = maker
        .get(&format!("/v1/dpps/{passport}/versions"))
        .await
        .expect(200)
        .json();
    assert_eq!(versions["versions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn evidence_is_locked_once_its_bytes_fit_and_comes_back_whole() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    for class in [1, 4] {
        let id = maker.evidence(PHOTO, class).await;
        let answer = maker.get(&format!("/v1/evidence/{id}")).await.expect(200);
        assert_eq!(answer.text.as_bytes(), PHOTO);
        assert_eq!(answer.header("content-type"), "image/png");
        let other = stage.partner("economic-operator", "hausspeicher");
        let _ = other.get(&format!("/v1/evidence/{id}")).await.expect(404);
        let again = maker
            .post(&format!("/v1/evidence/{id}/confirmation"), &json!({}))
            .await
            .expect(200);
        assert_eq!(again.json()["state"], "confirmed");
    }
}

#[tokio::test]
async fn evidence_that_is_not_what_was_announced_is_refused() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let announced = maker.announce(PHOTO, 4).await.expect(201).json();
    let id = text(&announced, "id");
    let confirmation = format!("/v1/evidence/{id}/confirmation");
    let missing = maker.post(&confirmation, &json!({})).await.expect(409);
    assert!(
        missing.text.contains("no bytes were uploaded"),
        "{}",
        missing.text
    );
    // Other bytes of the same length, and more of them, past the checks of the upload address.
    let mut forged = PHOTO.to_vec();
    forged[0] ^= 1;
    let longer = [PHOTO, b"!"].concat();
    for (bytes, why) in [(forged, "hash to"), (longer, "were announced")] {
        stage
            .put_into_intake(&format!("voltwerk/{id}"), bytes)
            .await;
        let refused = maker.post(&confirmation, &json!({})).await.expect(409);
        assert!(refused.text.contains(why), "{}", refused.text);
    }
    let (_, passport) = maker.draft().await;
    let event = json!({"type": "document-added", "reason": "x", "evidence": [id]});
    let _ = maker.event(&passport, &event).await.expect(409);
    let _ = maker.get(&format!("/v1/evidence/{id}")).await.expect(404);
    // The announced bytes are still taken.
    let _ = maker.upload(&announced, PHOTO).await.expect(200);
    let _ = maker.post(&confirmation, &json!({})).await.expect(200);
}

#[tokio::test]
async fn an_order_gives_each_unit_its_own_label_and_is_answered_again() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let model = maker.model().await;
    let body = json!({"model": model, "count": 120, "reason": "order 7"});
    let headers = [("idempotency-key", "order-7")];
    let order = maker
        .call("POST", "/v1/units", &headers, Some(&body))
        .await
        .expect(201)
        .json();
    let again = maker
        .call("POST", "/v1/units", &headers, Some(&body))
        .await
        .expect(201)
        .json();
    assert_eq!(order, again);
    let units = order["units"].as_array().unwrap();
    let ids: std::collections::BTreeSet<String> =
        units.iter().map(|unit| text(unit, "unit")).collect();
    assert_eq!(ids.len(), 120);
    for unit in [&units[0], &units[119]] {
        let path = format!("/{}/{}", text(unit, "unit"), text(unit, "label"));
        let scan = stage.public().get(&path).await.expect(200).json();
        assert_eq!(scan["notices"]["label"], "current");
    }
    for count in [json!(0), json!(10_001), json!("many"), json!(1.5)] {
        let body = json!({"model": model, "count": count, "reason": "order"});
        let _ = maker.post("/v1/units", &body).await.expect(400);
    }
}

#[tokio::test]
async fn nothing_is_lost_when_the_platform_is_stopped_and_started() {
    let stage = Stage::start().await;
    let (unit, passport, before) = {
        let maker = stage.maker();
        let (unit, passport) = maker.draft().await;
        let before = maker
            .get(&format!("/v1/dpps/{passport}/events"))
            .await
            .expect(200)
            .json();
        (unit, passport, before)
    };
    let data = stage.stop();
    let stage = Stage::on(data).await;
    let maker = stage.maker();
    let after = maker
        .get(&format!("/v1/dpps/{passport}/events"))
        .await
        .expect(200)
        .json();
    assert_eq!(before, after);
    let _ = stage
        .public()
        .get(&format!("/{}/{}", unit.unit, unit.label))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_folder_is_used_by_one_platform_at_a_time() {
    let stage = Stage::start().await;
    let options = local::Options {
        host: None,
        listen: "127.0.0.1:0".parse().unwrap(),
        data: stage.data().to_owned(),
        recycling_reversal_days: 30,
        edge: true,
        limits: None,
        provider: "127.0.0.1:9001".parse().unwrap(),
    };
    let refused = local::start(&options).await.unwrap_err().to_string();
    assert!(refused.contains("in use"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_the_same_moment_all_happen_one_after_the_other() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let serials: Vec<Value> = (0..8)
        .map(|number| {
            json!({
                "type": "correction", "reason": "race",
                "changes": {"identification": {"serialNumber": format!("EV-{number}")}},
            })
        })
        .collect();
    let answers =
        futures_util::future::join_all(serials.iter().map(|event| maker.event(&passport, event)))
            .await;
    for answer in answers {
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    let history = maker
        .get(&format!("/v1/dpps/{passport}/events?verify=true"))
        .await
        .expect(200)
        .json();
    assert_eq!(history["chain"]["holds"], true);
    assert_eq!(history["chain"]["events"], 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_many_times_at_once_is_one_change() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}/events");
    let event = json!({"type": "correction", "reason": "race", "changes": {"identification": {"serialNumber": "EV-R"}}});
    let headers = [("idempotency-key", "one-key")];
    let calls = (0..8).map(|_| maker.call("POST", &path, &headers, Some(&event)));
    let answers = futures_util::future::join_all(calls).await;
    let receipts: std::collections::BTreeSet<&str> = answers
        .iter()
        .map(|answer| answer.header("audit-receipt"))
        .collect();
    assert!(answers.iter().all(|answer| answer.status == 201));
    assert_eq!(receipts.len(), 1, "{receipts:?}");
    let history = maker.get(&path).await.expect(200).json();
    assert_eq!(history["events"].as_array().unwrap().len(), 2);
}

/// Each kind of thing is created once, and the retry is told of the same thing.
#[tokio::test]
async fn a_repeated_creation_is_the_same_creation() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    for (path, body) in [
        (
            "/v1/models",
            json!({"category": "lmt", "reason": "x", "data": {}}),
        ),
        (
            "/v1/batches",
            json!({"model": unit.model, "reason": "x", "data": {}}),
        ),
        ("/v1/dpps", json!({"uniqueProductIdentifier": unit.unit})),
    ] {
        let headers = [("idempotency-key", path), ("dpp-reason", "x")];
        let first = maker
            .call("POST", path, &headers, Some(&body))
            .await
            .expect(201);
        let again = maker
            .call("POST", path, &headers, Some(&body))
            .await
            .expect(201);
        assert_eq!(first.text, again.text, "{path}");
        assert_eq!(first.header("audit-receipt"), again.header("audit-receipt"));
    }
    let second = maker.passport(&unit.unit, &json!({})).await;
    assert_eq!(second.status, 409, "{}", second.text);
}

/// The same key on another label is another request; the same one many times at once is one change.
#[tokio::test(flavor = "multi_thread")]
async fn a_labels_revocation_is_its_own_request() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    let labels = format!("/v1/units/{}/labels", unit.unit);
    let reason = json!({"reason": "spare"});
    let second = text(
        &maker.post(&labels, &reason).await.expect(201).json(),
        "label",
    );
    let headers = [("idempotency-key", "one-key")];
    for label in [&unit.label, &second] {
        let path = format!("{labels}/{label}/revocation");
        let calls = (0..6).map(|_| maker.call("POST", &path, &headers, Some(&reason)));
        for answer in futures_util::future::join_all(calls).await {
            let revoked = answer.expect(200).json();
            assert_eq!(
                (&revoked["label"], &revoked["state"]),
                (&json!(label), &json!("revoked"))
            );
        }
    }
    let history = maker
        .get(&format!("/v1/units/{}/events", unit.unit))
        .await
        .expect(200)
        .json();
    assert_eq!(history["events"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_one_model_at_the_same_moment_are_all_taken() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let model = maker.model().await;
    let body = json!({"model": model, "count": 2, "reason": "order"});
    let orders =
        futures_util::future::join_all((0..6).map(|_| maker.post("/v1/units", &body))).await;
    let ids: std::collections::BTreeSet<String> = orders
        .into_iter()
        .map(|order| text(&order.expect(201).json(), "order"))
        .collect();
    assert_eq!(ids.len(), 6);
}

#[tokio::test]
async fn another_reason_under_the_same_key_is_another_request() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}");
    let patch = json!({"identification": {"serialNumber": "EV-2"}});
    let send = async |reason: &str| {
        let headers = [
            ("idempotency-key", "one-key"),
            ("dpp-event-type", "correction"),
            ("dpp-reason", reason),
        ];
        maker.call("PATCH", &path, &headers, Some(&patch)).await
    };
    let first = send("misread").await.expect(200);
    let again = send("misread").await.expect(200);
    assert_eq!(first.header("audit-receipt"), again.header("audit-receipt"));
    let _ = send("another%20reason").await.expect(422);
}

#[tokio::test]
async fn a_withdrawn_draft_makes_room_for_another_and_a_passport_does_not() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (unit, passport) = maker.draft().await;
    let taken = maker.passport(&unit.unit, &json!({})).await.expect(409);
    assert!(taken.text.contains(&passport), "{}", taken.text);
    let path = format!("/v1/dpps/{passport}");
    let headers = [("dpp-reason", "typed%20for%20the%20wrong%20unit")];
    let _ = maker
        .call("DELETE", &path, &headers, None)
        .await
        .expect(200);
    let second = maker.passport(&unit.unit, &json!({})).await.expect(201);
    let found = maker
        .get(&format!("/v1/dppsByProductId/{}", unit.unit))
        .await
        .expect(200);
    let second = text(&second.json(), "id");
    assert!(found.text.contains(&second));
    // The withdrawn one is closed, and never again the unit's.
    let correction = json!({"type": "correction", "reason": "x", "changes": {"identification": {"serialNumber": "EV-9"}}});
    let _ = maker.event(&passport, &correction).await.expect(409);
    let record = maker
        .get(&format!("/v1/units/{}", unit.unit))
        .await
        .expect(200);
    assert_eq!(text(&record.json(), "passport"), second);
}

/// What a market's passport must have is not taken away again.
#[tokio::test]
async fn a_passport_in_force_keeps_its_mandatory_values() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    let event = json!({
        "type": "correction", "reason": "x",
        "changes": {"identification": {"manufacturingDate": null}},
    });
    let refused = owner
        .event(&battery.passport, &event)
        .await
        .expect(422)
        .json();
    assert_eq!(
        refused["faults"][0]["pointer"],
        "/identification/manufacturingDate"
    );
    assert_eq!(refused["faults"][0]["rule"], "missing");
}

/// A request that changed nothing was answered all the same: again later, it undoes nothing.
#[tokio::test]
async fn a_repeated_request_that_changed_nothing_undoes_nothing() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}/events");
    let serial = |serial: &str| json!({"type": "correction", "reason": "x", "changes": {"identification": {"serialNumber": serial}}});
    let _ = maker.event(&passport, &serial("EV-1")).await.expect(201);
    let headers = [("idempotency-key", "one-key")];
    let first = maker
        .call("POST", &path, &headers, Some(&serial("EV-1")))
        .await
        .expect(201);
    assert_eq!(first.header("audit-receipt"), "");
    let _ = maker.event(&passport, &serial("EV-2")).await.expect(201);
    let _ = maker
        .call("POST", &path, &headers, Some(&serial("EV-1")))
        .await
        .expect(201);
    let read = maker
        .get(&format!("/v1/dpps/{passport}"))
        .await
        .expect(200)
        .json();
    assert_eq!(read["identification"]["serialNumber"], "EV-2");
    let _ = maker
        .call("POST", &path, &headers, Some(&serial("EV-3")))
        .await
        .expect(422);
}

/// A passport is created once, beside whatever happens to its unit at the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_passport_is_created_beside_other_changes_of_its_unit() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await.unit;
    let labels = format!("/v1/units/{unit}/labels");
    let reason = json!({"reason": "spare"});
    let issue = futures_util::future::join_all((0..6).map(|_| maker.post(&labels, &reason)));
    let item = json!({});
    let create = maker.passport(&unit, &item);
    let (issued, created) = futures_util::future::join(issue, create).await;
    assert_eq!(created.status, 201, "{}", created.text);
    assert!(issued.iter().all(|label| label.status == 201));
}

/// A chain is checked up to the head that was read; what is written meanwhile breaks nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_holds_while_it_grows() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}/events?verify=true");
    let events: Vec<Value> = (0..20)
        .map(|number| json!({"type": "correction", "reason": "x", "changes": {"identification": {"serialNumber": format!("EV-{number}")}}}))
        .collect();
    let write = async {
        for event in &events {
            let _ = maker.event(&passport, event).await.expect(201);
        }
    };
    let read = async {
        for _ in 0..40 {
            let history = maker.get(&path).await.expect(200).json();
            assert_eq!(history["chain"]["holds"], true, "{}", history["chain"]);
        }
    };
    futures_util::future::join(write, read).await;
}
