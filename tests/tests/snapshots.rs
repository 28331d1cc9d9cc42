//! What is published for the time when nothing else answers: every public view as it is now, and nothing more.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use passport::Class;
use publisher::{Publisher, StreamEvent};
use serde_json::{Map, Value, json};
use tests::{Function, Partner, PutFault, Stage, Unit, text};

const VIEWS: [&str; 6] = [
    "html/en",
    "html/de",
    "html/fr",
    "jsonld/en",
    "linkset/en",
    "json/en",
];

async fn swept(publisher: &Publisher) {
    let swept = publisher
        .sweep(Instant::now() + Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(swept.failed, 0);
}

fn notices(published: &tests::Published) -> Value {
    published.json()["notices"].clone()
}

async fn model_of(maker: &Partner<'_>, unit: &str) -> String {
    let unit = maker.get(&format!("/v1/units/{unit}")).await.expect(200);
    text(&unit.json(), "model")
}

async fn move_custody(maker: &Partner<'_>, path: &str) {
    let body =
        json!({"resolver": "https://id.backup.example", "reason": "back-up provider takes over"});
    let _ = maker
        .post(&format!("{path}/custody"), &body)
        .await
        .expect(200);
}

#[tokio::test]
async fn every_view_is_published_soon_with_every_label_and_its_time() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries.remove(0);
    let unit = &battery.unit;
    let applied = |data: &tests::Published| data.text.contains(&battery.label);
    let data = stage
        .until_published(&format!("json/en/{unit}"), applied)
        .await;
    let live = stage
        .public()
        .get(&format!("/{unit}"))
        .await
        .expect(200)
        .json();
    let mut copy = data.json();
    let told = copy["notices"].as_object_mut().unwrap();
    let as_of = told.shift_remove("asOf").unwrap();
    let labels = told.shift_remove("labels").unwrap();
    assert_eq!(copy, live);
    assert_eq!(as_of, data.meta("snapshot-as-of"));
    let first: ledger::Timestamp = data.meta("snapshot-as-of").parse().unwrap();
    let states: BTreeSet<(String, String)> = labels
        .as_array()
        .unwrap()
        .iter()
        .map(|label| (text(label, "label"), text(label, "state")))
        .collect();
    let expected = [
        (&battery.label, "current"),
        (&battery.first_label, "replaced"),
    ];
    assert_eq!(
        states,
        expected
            .map(|(label, state)| (label.clone(), state.to_owned()))
            .into()
    );
    for view in VIEWS {
        let copy = stage.published(&format!("{view}/{unit}")).await.unwrap();
        let (kind, language) = view.split_once('/').unwrap();
        let media_type = match kind {
            "html" => "text/html; charset=utf-8",
            "json" => "application/json",
            "jsonld" => "application/ld+json",
            _ => "application/linkset+json",
        };
        assert_eq!(
            (copy.media_type.as_str(), copy.language.as_str()),
            (media_type, language)
        );
        assert_eq!(copy.cache_control, "public, max-age=0, s-maxage=10");
        assert_eq!(copy.meta("snapshot-status"), "200");
        // Two pieces of work may have published a half each.
        let own: ledger::Timestamp = copy.meta("snapshot-as-of").parse().unwrap();
        let apart = own.as_millisecond() - first.as_millisecond();
        assert!(apart.abs() < 10_000, "{apart}");
    }
    let page = stage
        .published(&format!("html/de/{unit}"))
        .await
        .unwrap()
        .text;
    let label: identity::LabelId = battery.label.parse().unwrap();
    let old: identity::LabelId = battery.first_label.parse().unwrap();
    for said in [
        "Gespeicherte Kopie, Stand: <time",
        "Etikett gültig",
        "Dieses Etikett wurde am",
        "Deutsch",
        &label.grouped(),
        &old.grouped(),
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // The live page knows nothing of copies.
    let page = stage
        .public()
        .browse(&format!("/{unit}?lang=de"))
        .await
        .expect(200)
        .text;
    assert!(
        !page.contains("Gespeicherte Kopie") && !page.contains(&old.grouped()),
        "{page}"
    );
}

fn leaves(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|value| leaves(value, into)),
        Value::Array(values) => values.iter().for_each(|value| leaves(value, into)),
        Value::String(text) if text.len() > 5 => {
            into.insert(text.clone());
        }
        Value::Number(number) if number.to_string().len() > 3 => {
            into.insert(number.to_string());
        }
        _ => {}
    }
}

#[tokio::test]
async fn no_restricted_value_is_in_any_object_of_the_bucket() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let (mut open, mut closed) = (BTreeSet::new(), BTreeSet::new());
    for battery in &seeded.batteries {
        stage
            .until_published(&format!("json/en/{}", battery.unit), |copy| {
                copy.text.contains(&battery.label)
            })
            .await;
        let owner = stage.partner("economic-operator", &battery.organisation);
        let whole = owner
            .get(&format!("/v1/dpps/{}", battery.passport))
            .await
            .expect(200)
            .json();
        let mut groups: Map<String, Value> = whole.as_object().unwrap().clone();
        // The header is no group.
        groups.retain(|_, group| group.is_object());
        for (class, document) in passport::split(&groups) {
            let into = if class == Class::Public {
                &mut open
            } else {
                &mut closed
            };
            leaves(&Value::Object(document), into);
        }
    }
    let closed: Vec<&String> = closed.difference(&open).collect();
    assert!(closed.len() > 20, "{closed:?}");
    let (publisher, _) = stage.own_publisher();
    swept(&publisher).await;
    let keys = stage.published_keys().await;
    assert_eq!(keys.len(), seeded.batteries.len() * VIEWS.len(), "{keys:?}");
    for key in keys {
        let copy = stage.published(&key).await.unwrap();
        let words: BTreeSet<&str> = copy
            .text
            .split(|sign: char| !sign.is_alphanumeric() && !"._-".contains(sign))
            .collect();
        for value in &closed {
            let is_there = match value.contains(' ') {
                true => copy.text.contains(value.as_str()),
                false => words.contains(value.as_str()),
            };
            let is_open = open.iter().any(|open| open.contains(value.as_str()));
            assert!(!is_there || is_open, "{key}: {value}");
        }
    }
}

#[tokio::test]
async fn a_draft_and_a_withdrawn_one_are_published_as_not_on_the_market_and_nothing_else() {
    let stage = Stage::start().await;
    let (publisher, _) = stage.own_publisher();
    let maker = stage.maker();
    let (Unit { unit, label, .. }, dpp) = maker.draft().await;
    let mut texts = Vec::new();
    for withdrawn in [false, true] {
        if withdrawn {
            let headers = [
                ("dpp-reason", "mistaken"),
                ("dpp-event-type", "passport-archived"),
            ];
            let path = format!("/v1/dpps/{dpp}");
            let gone = maker.call("DELETE", &path, &headers, None).await;
            assert!(gone.status < 300, "{}", gone.text);
        }
        swept(&publisher).await;
        let copy = stage.published(&format!("json/en/{unit}")).await.unwrap();
        let mut said = copy.json();
        assert_eq!(said["notices"]["record"], "not-yet-on-the-market");
        assert_eq!(said["notices"]["labels"][0]["label"], label);
        said.as_object_mut()
            .unwrap()
            .retain(|name, _| !["uniqueProductIdentifier", "notices"].contains(&name.as_str()));
        assert_eq!(said, json!({}));
        for view in VIEWS {
            texts.push(
                stage
                    .published(&format!("{view}/{unit}"))
                    .await
                    .unwrap()
                    .text,
            );
        }
    }
    for text in &texts {
        for secret in ["EV-000142", dpp.as_str(), "identification"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    // What was not changed for the public was not written again.
    assert_eq!(texts[..VIEWS.len()], texts[VIEWS.len()..]);
}

#[tokio::test]
async fn a_correction_of_the_model_and_a_recall_reach_the_batteries_and_the_edge_by_tag() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries.remove(0);
    let (publisher, tags) = stage.own_publisher();
    swept(&publisher).await;
    tags.lock().unwrap().clear();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let model = maker.beneath(&battery.passport, "model").await;
    let change = json!({"type": "correction", "reason": "misspelt", "changes": {"identification": {"modelName": "Corrected 1"}}});
    let _ = maker.change_product(&model, &change).await.expect(200);
    swept(&publisher).await;
    let model = model.rsplit('/').next().unwrap().to_owned();
    assert_eq!(*tags.lock().unwrap(), [format!("model:{model}")]);
    for view in VIEWS.iter().filter(|view| !view.starts_with("linkset")) {
        let copy = stage
            .published(&format!("{view}/{}", battery.unit))
            .await
            .unwrap();
        assert!(copy.text.contains("Corrected 1"), "{view}: {}", copy.text);
    }
    // Nothing of the model that others see changed: nothing to do.
    tags.lock().unwrap().clear();
    let _ = maker
        .post(
            "/v1/units",
            &json!({"model": model, "count": 3, "reason": "order 2"}),
        )
        .await
        .expect(201);
    let before = stage
        .published(&format!("json/en/{}", battery.unit))
        .await
        .unwrap();
    swept(&publisher).await;
    let after = stage
        .published(&format!("json/en/{}", battery.unit))
        .await
        .unwrap();
    assert_eq!((before.text, tags.lock().unwrap().len()), (after.text, 0));
    let authority = stage.partner("market-surveillance", "authority");
    let recall = json!({"type": "recall", "reason": "contactors may weld", "occurredAt": "2026-11-20T08:00:00Z"});
    let _ = authority
        .event(&battery.passport, &recall)
        .await
        .expect(201);
    swept(&publisher).await;
    assert_eq!(*tags.lock().unwrap(), [format!("unit:{}", battery.unit)]);
    let recalled = stage
        .published(&format!("json/en/{}", battery.unit))
        .await
        .unwrap();
    assert_eq!(notices(&recalled)["recalled"], "2026-11-20");
    let page = stage
        .published(&format!("html/en/{}", battery.unit))
        .await
        .unwrap()
        .text;
    assert!(page.contains("recalled since"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_was_cut_off_goes_on_where_it_was() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (publisher, _) = stage.own_publisher();
    let model = maker.model().await;
    let order = json!({"model": model, "count": 40, "reason": "order 1"});
    let order = maker.post("/v1/units", &order).await.expect(201).json();
    let units: Vec<String> = order["units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unit| text(unit, "unit"))
        .collect();
    swept(&publisher).await;
    for unit in &units {
        let copy = stage.published(&format!("json/en/{unit}")).await.unwrap();
        assert_eq!(notices(&copy)["record"], "not-yet-on-the-market");
    }
    move_custody(&maker, &format!("/v1/models/{model}")).await;
    // It dies at its hundredth put.
    let (dying, bucket) = stage.publisher_over_faulty_bucket().await;
    bucket.next([PutFault::None; 99]);
    bucket.next([PutFault::Held; 500]);
    let run =
        tokio::spawn(async move { dying.sweep(Instant::now() + Duration::from_secs(60)).await });
    bucket.holds().await;
    run.abort();
    let _ = run.await;
    let moved = async || {
        let mut moved = Vec::new();
        for unit in &units {
            let copy = stage.published(&format!("json/en/{unit}")).await.unwrap();
            if copy.meta("snapshot-status") == "307" {
                moved.push((unit.clone(), copy.meta("snapshot-as-of").to_owned()));
            }
        }
        moved
    };
    let half = moved().await;
    assert!((1..40).contains(&half.len()), "{half:?}");
    swept(&publisher).await;
    let whole = moved().await;
    assert_eq!(whole.len(), 40);
    // What was done was not done again.
    assert!(half.iter().all(|one| whole.contains(one)));
    let copy = stage
        .published(&format!("html/de/{}", units[0]))
        .await
        .unwrap();
    let place = format!("https://id.backup.example/{}", units[0]);
    assert_eq!(copy.meta("snapshot-location"), place);
    assert!(
        copy.text.contains(&format!("href=\"{place}\"")),
        "{}",
        copy.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_earlier_is_never_put_over_what_was_read_later() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let Unit { unit, label, .. } = maker.unit().await;
    let (publisher, _) = stage.own_publisher();
    swept(&publisher).await;
    let revoke = async |label: &str| {
        let path = format!("/v1/units/{unit}/labels/{label}/revocation");
        let _ = maker
            .post(&path, &json!({"reason": "misprinted"}))
            .await
            .expect(200);
    };
    let second = maker
        .post(
            &format!("/v1/units/{unit}/labels"),
            &json!({"reason": "a second one"}),
        )
        .await
        .expect(201)
        .json();
    let second = text(&second, "label");
    let (slow, bucket) = stage.publisher_over_faulty_bucket().await;
    bucket.next([PutFault::Held]);
    let run =
        tokio::spawn(async move { slow.sweep(Instant::now() + Duration::from_secs(60)).await });
    bucket.holds().await;
    // It has read; meanwhile both labels go, and that is published by another.
    revoke(&label).await;
    revoke(&second).await;
    swept(&publisher).await;
    let newest = async || {
        let mut copies = Vec::new();
        for view in VIEWS {
            copies.push(
                stage
                    .published(&format!("{view}/{unit}"))
                    .await
                    .unwrap()
                    .text,
            );
        }
        copies
    };
    let before = newest().await;
    bucket.release();
    assert_eq!(run.await.unwrap().unwrap().failed, 0);
    let states = |text: &str| -> Vec<Value> {
        let copy: Value = serde_json::from_str(text).unwrap();
        copy["notices"]["labels"]
            .as_array()
            .unwrap()
            .iter()
            .map(|label| label["state"].clone())
            .collect()
    };
    assert_eq!(states(&before[5]), ["revoked", "revoked"]);
    assert_eq!(states(&newest().await[5]), ["revoked", "revoked"]);
    assert_eq!(newest().await[..3], before[..3]);
}

fn record(sequence: usize, pk: &str) -> Value {
    json!({
        "eventID": sequence.to_string(), "eventName": "INSERT", "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": {"pk": {"S": pk}, "sk": {"S": "0000000001"}}, "SequenceNumber": sequence.to_string(), "StreamViewType": "NEW_AND_OLD_IMAGES"},
    })
}

fn stream(partitions: &[&str]) -> StreamEvent {
    let records = partitions
        .iter()
        .enumerate()
        .map(|(sequence, pk)| record(sequence, pk));
    serde_json::from_value(json!({"Records": records.collect::<Vec<_>>()})).unwrap()
}

#[tokio::test]
async fn records_of_the_stream_may_come_twice_late_and_in_any_order() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let first = maker.unit().await;
    let (publisher, _) = stage.own_publisher();
    let second = maker.unit().await;
    swept(&publisher).await;
    let new = maker
        .post(
            &format!("/v1/units/{}/labels", first.unit),
            &json!({"replaces": first.label, "reason": "scratched"}),
        )
        .await
        .expect(201);
    let [one, two] = [&first, &second].map(|unit| format!("U#{}", unit.unit));
    let heard = stream(&[&two, &one, "A#P#x", "nothing", &one, &two]);
    let key = format!("json/en/{}", first.unit);
    for _ in 0..2 {
        assert_eq!(publisher.heard(&heard).await, publisher::Outcome::default());
        let copy = stage.published(&key).await.unwrap();
        assert!(
            copy.text.contains(&text(&new.json(), "label")),
            "{}",
            copy.text
        );
    }
    // A bucket that fails: those records come again, the others do not.
    let _ = maker
        .post(
            &format!("/v1/units/{}/labels", second.unit),
            &json!({"reason": "a second one"}),
        )
        .await
        .expect(201);
    let (failing, bucket) = stage.publisher_over_faulty_bucket().await;
    bucket.next([PutFault::Fails; 100]);
    let outcome = serde_json::to_value(failing.heard(&heard).await).unwrap();
    assert_eq!(
        outcome,
        json!({"batchItemFailures": [{"itemIdentifier": "0"}, {"itemIdentifier": "5"}]})
    );
    let before = stage
        .published(&format!("json/en/{}", second.unit))
        .await
        .unwrap();
    assert_eq!(notices(&before)["labels"].as_array().unwrap().len(), 1);
    // And what no stream tells of any more, the sweep finds.
    swept(&publisher).await;
    let after = stage
        .published(&format!("json/en/{}", second.unit))
        .await
        .unwrap();
    assert_eq!(notices(&after)["labels"].as_array().unwrap().len(), 2);
}

/// Recycled by whoever accepted the waste.
async fn recycle(stage: &Stage, battery: &local::Battery) {
    let maker = stage.partner("economic-operator", &battery.organisation);
    let recycler = stage.partner("recycler", "recyclo");
    let waste = json!({"type": "became-waste", "reason": "returned by its owner"});
    let _ = maker.event(&battery.passport, &waste).await.expect(201);
    let offer = maker.offer(&battery.passport, "recyclo", "waste").await;
    let _ = recycler.accept(&offer).await.expect(200);
    let proof = recycler.evidence(b"weighing note", 4).await;
    let recycled = json!({"type": "recycled", "reason": "end of life", "evidence": [proof]});
    let _ = recycler
        .event(&battery.passport, &recycled)
        .await
        .expect(201);
}

/// A tombstone in every view and language, and nothing of Annex XIII.
async fn is_gone(stage: &Stage, unit: &str, model_name: &str) {
    for view in VIEWS {
        let copy = stage.published(&format!("{view}/{unit}")).await.unwrap();
        assert_eq!(copy.meta("snapshot-status"), "410", "{view}");
        for value in [model_name, "identification", "Made by", "ratedCapacity"] {
            assert!(!copy.text.contains(value), "{view} {value}: {}", copy.text);
        }
    }
    let copy = stage.published(&format!("json/en/{unit}")).await.unwrap();
    assert_eq!(notices(&copy)["record"], "recycled");
    assert_eq!(copy.json().as_object().unwrap().len(), 2);
}

async fn model_name(stage: &Stage, unit: &str) -> String {
    let live = stage
        .public()
        .get(&format!("/{unit}"))
        .await
        .expect(200)
        .json();
    text(&live["identification"], "modelName")
}

#[tokio::test]
async fn recycling_replaces_every_view_by_the_tombstone() {
    let stage = Stage::without_reversal().await;
    let battery = stage.seeded().await.batteries.remove(1);
    let name = model_name(&stage, &battery.unit).await;
    let key = format!("json/en/{}", battery.unit);
    stage
        .until_published(&key, |copy| copy.text.contains(&name))
        .await;
    recycle(&stage, &battery).await;
    stage
        .until_published(&key, |copy| copy.meta("snapshot-status") == "410")
        .await;
    is_gone(&stage, &battery.unit, &name).await;
}

#[tokio::test]
async fn what_becomes_final_by_time_alone_is_published_when_the_time_has_come() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries.remove(1);
    let (publisher, tags) = stage.own_publisher();
    let name = model_name(&stage, &battery.unit).await;
    recycle(&stage, &battery).await;
    // Thirty days later.
    let at = web::now().as_millisecond() + 3_000;
    let at = ledger::Timestamp::from_millisecond(at).to_string();
    stage
        .set_record(
            &format!("P#{}", battery.passport),
            "0#HEAD",
            "facts.life.recycling.finalAt",
            &at,
        )
        .await;
    stage
        .set_record(
            &format!("U#{}", battery.unit),
            &format!("0#PUBLIC#{}", battery.passport),
            "recyclingFinalAt",
            &at,
        )
        .await;
    swept(&publisher).await;
    let key = format!("json/en/{}", battery.unit);
    let copy = stage.published(&key).await.unwrap();
    assert_eq!(
        (
            notices(&copy)["record"].clone(),
            copy.meta("snapshot-status")
        ),
        (json!("recycling-recorded"), "200")
    );
    assert!(copy.text.contains(&name));
    tags.lock().unwrap().clear();
    tokio::time::sleep(Duration::from_millis(3_100)).await;
    swept(&publisher).await;
    is_gone(&stage, &battery.unit, &name).await;
    assert_eq!(*tags.lock().unwrap(), [format!("unit:{}", battery.unit)]);
}

#[tokio::test]
async fn what_an_earlier_run_left_is_published_at_the_next_start() {
    let stage = Stage::start().await;
    stage.running.stop_publishing();
    let Unit { unit, .. } = stage.maker().unit().await;
    assert!(stage.published(&format!("json/en/{unit}")).await.is_none());
    let stage = Stage::on(stage.stop()).await;
    stage
        .until_published(&format!("json/en/{unit}"), |_| true)
        .await;
}

#[tokio::test]
async fn a_battery_is_published_under_its_gs1_keys_too() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries.remove(0);
    let (publisher, _) = stage.own_publisher();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let model = model_of(&maker, &battery.unit).await;
    let link = |alias: &str| json!({"alias": alias, "reason": "known in trade by it"});
    let path = format!("/v1/models/{model}/aliases");
    let _ = maker
        .post(&path, &link("/01/09521234000013"))
        .await
        .expect(201);
    let path = format!("/v1/units/{}/aliases", battery.unit);
    let _ = maker
        .post(&path, &link("/01/09521234000013/21/SN-142"))
        .await
        .expect(201);
    swept(&publisher).await;
    for name in [
        "01/09521234000013/21/SN-142".to_owned(),
        format!("01/09521234000013/21/{}", battery.unit),
    ] {
        let live = stage
            .public()
            .get(&format!("/json/en/{name}"))
            .await
            .expect(200)
            .json();
        let copy = stage
            .published(&format!("json/en/{name}"))
            .await
            .unwrap()
            .json();
        assert_eq!(copy["identification"], live["identification"], "{name}");
        assert!(
            stage.published(&format!("html/fr/{name}")).await.is_some(),
            "{name}"
        );
    }
}

/// Resolver and tables are gone: the edge has the bucket alone.
#[tokio::test]
async fn without_resolver_and_tables_the_edge_answers_every_battery_and_says_so() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let (publisher, _) = stage.own_publisher();
    swept(&publisher).await;
    let edge = stage.edge_over_the_bucket_alone().await;
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    for battery in &seeded.batteries {
        let carrier = format!("/{}/{}", battery.unit, battery.label);
        let gs1 = format!(
            "/01/09521234000013/21/{}?91={}",
            battery.unit, battery.label
        );
        let asset = format!("/8004/9521234{}", battery.unit);
        for path in [&carrier, &gs1, &asset] {
            for (accept, language, expected, said) in [
                (browser, "de-AT,de;q=0.9", "de", "Gespeicherte Kopie, Stand"),
                (browser, "fr", "fr", "Copie enregistrée"),
                // No copy in that language: English, and it says in which there are some.
                (
                    browser,
                    "pl",
                    "en",
                    "There are stored copies in these languages",
                ),
                ("application/json", "de", "en", "\"asOf\""),
                ("application/ld+json", "", "en", "\"asOf\""),
                ("application/linkset+json", "", "en", "linkset"),
            ] {
                let headers = [("accept", accept), ("accept-language", language)];
                let answer = stage.get_from(&edge, path, &headers).await.expect(200);
                assert_eq!(answer.header("x-cache"), "Snapshot from edge");
                assert_eq!(
                    answer.header("content-language"),
                    expected,
                    "{path} {language}"
                );
                assert!(answer.header("snapshot-as-of").starts_with("20"), "{path}");
                assert!(
                    answer.text.contains(said),
                    "{path} {language}: {}",
                    answer.text
                );
            }
        }
        let link = format!("{carrier}?linkType=gs1:safetyInfo");
        let answer = stage
            .get_from(&edge, &link, &[("accept", browser)])
            .await
            .expect(200);
        assert!(
            answer.text.contains("Stored copy, as of"),
            "{}",
            answer.text
        );
    }
    let unknown = stage.get_from(&edge, "/32XZAJ4P21M1MZ0N3RQA", &[]).await;
    assert_eq!(unknown.status, 503);
}

#[tokio::test]
async fn a_tombstone_and_moved_custody_are_answered_as_such_from_the_bucket() {
    let stage = Stage::without_reversal().await;
    let mut batteries = stage.seeded().await.batteries;
    let (gone, moved) = (batteries.remove(1), batteries.remove(0));
    let (publisher, _) = stage.own_publisher();
    recycle(&stage, &gone).await;
    let maker = stage.partner("economic-operator", &moved.organisation);
    move_custody(&maker, &format!("/v1/units/{}", moved.unit)).await;
    swept(&publisher).await;
    let edge = stage.edge_over_the_bucket_alone().await;
    let html = [("accept", "text/html")];
    for headers in [&html[..], &[]] {
        let path = format!("/{}/{}", gone.unit, gone.label);
        let _ = stage.get_from(&edge, &path, headers).await.expect(410);
        let path = format!("/{}/{}", moved.unit, moved.label);
        let led = stage.get_from(&edge, &path, headers).await.expect(307);
        let place = format!("https://id.backup.example/{}", moved.unit);
        assert_eq!(led.header("location"), place);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_answers_its_stream_and_its_schedule() {
    let binaries = tests::built(&["publisher"]).await;
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries.remove(0);
    stage.running.stop_publishing();
    let mut environment = stage.function_environment();
    environment.push(("SNAPSHOT_LANGUAGES", "de".to_owned()));
    let mut function = Function::start(&binaries.join("publisher"), &environment).await;
    let event = |file: &str| -> Value {
        let filled = file
            .replace("${UNIT}", &battery.unit)
            .replace("${DPP}", &battery.passport);
        serde_json::from_str(&filled).unwrap()
    };
    let maker = stage.partner("economic-operator", &battery.organisation);
    let path = format!("/v1/units/{}/labels", battery.unit);
    let new = maker
        .post(&path, &json!({"reason": "a second one"}))
        .await
        .expect(201)
        .json();
    let heard = function
        .invoke(event(include_str!("../../events/publisher-stream.json")))
        .await;
    assert_eq!(heard, json!({"batchItemFailures": []}));
    for view in ["html/de", "html/en", "json/en"] {
        let copy = stage
            .published(&format!("{view}/{}", battery.unit))
            .await
            .unwrap();
        let label: identity::LabelId = text(&new, "label").parse().unwrap();
        assert!(
            copy.text.contains(&label.to_string()) || copy.text.contains(&label.grouped()),
            "{}",
            copy.text
        );
    }
    let swept = function
        .invoke(event(include_str!("../../events/publisher-scheduled.json")))
        .await;
    assert!(swept["done"].is_u64(), "{swept}");
    // Nothing is left.
    let swept = function
        .invoke(event(include_str!("../../events/publisher-scheduled.json")))
        .await;
    assert_eq!(swept, json!({"done": 0}));
}
