//! Every version stays as it was, each with its event, its hash and its tag; and what changed between any two is told.

use serde_json::{Value, json};
use tests::{Answer, Partner, Stage, text};

/// Corrects one attribute of a subject.
async fn correct(partner: &Partner<'_>, path: &str, changes: Value) {
    let tag = partner
        .get(path)
        .await
        .expect(200)
        .header("etag")
        .to_owned();
    let body = json!({"type": "correction", "reason": "read again", "changes": changes});
    let headers = [("if-match", tag.as_str())];
    let _ = partner
        .call("PATCH", path, &headers, Some(&body))
        .await
        .expect(200);
}

fn serial(text: &str) -> Value {
    json!({"identification": {"serialNumber": text}})
}

#[tokio::test]
async fn versions_of_a_model_and_a_batch_stay_as_they_were() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let model = maker.model().await;
    let batch = json!({"model": model, "reason": "lot 1", "data": {"identification": {"batchNumber": "L-1"}}});
    let batch = text(
        &maker.post("/v1/batches", &batch).await.expect(201).json(),
        "id",
    );
    for (path, group, attribute, values) in [
        (
            format!("/v1/models/{model}"),
            "identification",
            "modelName",
            ["Tour 60", "Tour 61"],
        ),
        (
            format!("/v1/batches/{batch}"),
            "identification",
            "batchNumber",
            ["L-2", "L-3"],
        ),
    ] {
        for value in values {
            correct(&maker, &path, json!({group: {attribute: value}})).await;
        }
        let list = maker
            .get(&format!("{path}/versions"))
            .await
            .expect(200)
            .json();
        let list = list["versions"].as_array().unwrap();
        assert_eq!(list.len(), 3);
        let events = maker
            .get(&format!("{path}/events"))
            .await
            .expect(200)
            .json();
        for (number, (version, event)) in
            (1..).zip(list.iter().zip(events["events"].as_array().unwrap()))
        {
            let answer = maker
                .get(&format!("{path}/versions/{number}"))
                .await
                .expect(200);
            assert_eq!(answer.header("etag"), version["etag"]);
            assert_eq!(answer.header("cache-control"), "private, no-store");
            let read = answer.json();
            assert_eq!(read["version"], number);
            assert_eq!(read["eventId"], event["eventId"]);
            assert_eq!(read["eventHash"], event["hash"]);
            if number > 1 {
                assert_eq!(read["data"][group][attribute], values[number - 2]);
            }
        }
        let current = maker.get(&path).await.expect(200).json();
        let last = maker
            .get(&format!("{path}/versions/3"))
            .await
            .expect(200)
            .json();
        assert_eq!(last["data"], current["data"]);
        let delta = maker
            .get(&format!("{path}/versions/2..3"))
            .await
            .expect(200)
            .json();
        assert_eq!(
            delta["changes"],
            json!([{"pointer": format!("/{group}/{attribute}"), "class": 1, "op": "replace", "before": values[0], "after": values[1]}])
        );
        let other = stage.partner("economic-operator", "hausspeicher");
        let _ = other.get(&format!("{path}/versions/1")).await.expect(404);
        let _ = stage
            .public()
            .get(&format!("{path}/versions/1"))
            .await
            .expect(401);
    }
}

#[tokio::test]
async fn what_changed_between_any_two_versions_is_told_in_both_directions() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}");
    let records = json!([{"title": "Test bench", "url": "https://a.example/bench.pdf"}]);
    let event =
        |changes: Value| json!({"type": "correction", "reason": "read again", "changes": changes});
    for changes in [
        serial("EV-2"),
        json!({"internal": {"qualityRecords": records}}),
        json!({"identification": {"serialNumber": null}}),
    ] {
        let _ = maker.event(&passport, &event(changes)).await.expect(201);
    }
    let between = async |range: &str| -> Vec<Value> {
        let delta = maker
            .get(&format!("{path}/versions/{range}"))
            .await
            .expect(200)
            .json();
        delta["changes"].as_array().unwrap().clone()
    };
    let first = maker
        .get(&format!("{path}/versions/1"))
        .await
        .expect(200)
        .json();
    let old = first["data"]["identification"]["serialNumber"].clone();
    let forth = between("1..4").await;
    let back = between("4..1").await;
    assert_eq!(forth.len(), 2);
    assert!(forth.contains(&json!({"pointer": "/identification/serialNumber", "class": 1, "op": "remove", "before": old})));
    assert!(forth.contains(
        &json!({"pointer": "/internal/qualityRecords", "class": 0, "op": "add", "after": records})
    ));
    assert!(back.contains(
        &json!({"pointer": "/identification/serialNumber", "class": 1, "op": "add", "after": old})
    ));
    assert!(back.contains(
        &json!({"pointer": "/internal/qualityRecords", "class": 0, "op": "remove", "before": records})
    ));
    assert!(between("2..2").await.is_empty());
    for (range, status) in [
        ("0", 404),
        ("5", 404),
        ("1..5", 404),
        ("0..1", 404),
        ("99999999999999999999", 400),
        ("x", 400),
        ("1..", 400),
        ("1...3", 400),
        ("+1", 400),
        ("-1", 400),
        ("1..2..3", 400),
        ("1,2", 400),
    ] {
        let _ = maker
            .get(&format!("{path}/versions/{range}"))
            .await
            .expect(status);
    }
}

/// Everybody counts what it sees, and is told of nothing else by any number, tag or change.
#[tokio::test]
async fn versions_and_their_differences_hold_only_what_their_reader_may_see() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let path = format!("/v1/dpps/{}", battery.passport);
    let read = async |partner: &Partner<'_>, which: &str| -> Answer {
        partner.get(&format!("{path}/versions{which}")).await
    };
    let (public, maker) = (
        stage.public(),
        stage.partner("economic-operator", &battery.organisation),
    );
    let seen = read(&public, "").await.expect(200).json();
    let all = read(&maker, "").await.expect(200).json();
    let count = |list: &Value| list["versions"].as_array().unwrap().len();
    assert!(
        count(&seen) < count(&all),
        "the example has restricted changes"
    );
    let last = count(&seen);
    let version = read(&public, &format!("/{last}")).await.expect(200);
    assert!(version.header("cache-control").contains("immutable"));
    let tag = version.header("etag").to_owned();
    let again = public
        .call(
            "GET",
            &format!("{path}/versions/{last}"),
            &[("if-none-match", &tag)],
            None,
        )
        .await;
    assert_eq!(again.status, 304);
    let delta = read(&public, &format!("/1..{last}"))
        .await
        .expect(200)
        .json();
    for change in delta["changes"].as_array().unwrap() {
        assert_eq!(change["class"], 1);
    }
    let beyond = read(&public, &format!("/{}", last + 1)).await.expect(404);
    assert!(beyond.text.contains(&format!("1 to {last}")));
    // A restricted change moves nothing that the public has.
    let note = json!({"type": "correction", "reason": "x", "changes": {"internal": {"note": "nobody else's"}}});
    let _ = maker.event(&battery.passport, &note).await.expect(201);
    let after = read(&public, "").await.expect(200).json();
    assert_eq!(after, seen);
    // What is restricted is not read without its record, nor from somebody's cache.
    let reads = format!("A#P#{}", battery.passport);
    let before = stage.ledger_items(&reads).await;
    let restricted = read(&maker, "/1..2").await.expect(200);
    assert_eq!(restricted.header("cache-control"), "private, no-store");
    assert_eq!(stage.ledger_items(&reads).await, before + 2);
}

#[tokio::test]
async fn a_correction_of_a_model_shows_on_all_its_units_at_once_and_not_in_their_past() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let model = maker.model().await;
    let order = json!({"model": model, "count": 3, "reason": "order 1"});
    let order = maker.post("/v1/units", &order).await.expect(201).json();
    let mut passports = Vec::new();
    for unit in order["units"].as_array().unwrap() {
        let created = maker
            .passport(&text(unit, "unit"), &tests::sample_item())
            .await
            .expect(201);
        passports.push(text(&created.json(), "id"));
    }
    let capacity = |passport: Answer| {
        passport.expect(200).json()["performance"]["ratedCapacity"]["value"].clone()
    };
    let old = capacity(maker.get(&format!("/v1/dpps/{}", passports[0])).await);
    let newest = maker
        .get(&format!("/v1/dpps/{}", passports[2]))
        .await
        .expect(200);
    let before = text(&newest.json(), "lastUpdated");
    correct(
        &maker,
        &format!("/v1/models/{model}"),
        json!({"performance": {"ratedCapacity": {"value": 201.5, "unit": "A.h"}}}),
    )
    .await;
    for passport in &passports {
        assert_eq!(
            capacity(maker.get(&format!("/v1/dpps/{passport}")).await),
            201.5
        );
        let now = maker.get(&format!("/v1/dpps/{passport}")).await;
        assert!(text(&now.expect(200).json(), "lastUpdated") > before);
        let then = format!("/v1/dppsByIdAndDate/{passport}?date={before}");
        let then = maker.get(&then).await;
        assert!(text(&then.json(), "lastUpdated") <= before);
        assert_eq!(capacity(then), old);
        let versions = maker
            .get(&format!("/v1/dpps/{passport}/versions"))
            .await
            .expect(200)
            .json();
        assert_eq!(versions["versions"].as_array().unwrap().len(), 1);
    }
}
