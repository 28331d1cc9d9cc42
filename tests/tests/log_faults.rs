//! What becomes of the log where its sequencer ends anywhere, and where somebody changes what is stored: nothing is lost, doubled or
//! reordered; nothing false is signed; and what was changed is named.

use std::sync::atomic::Ordering;

use aws_sdk_dynamodb::types::AttributeValue;
use ledger::Sha256;
use serde_json::{Value, json};
use storage::Log;
use tests::{Death, Stage, text};

/// More calls than a round makes; where it made fewer, it ended by itself.
const MOST_CALLS: usize = 200;

fn correction(number: usize) -> Value {
    json!({
        "type": "correction", "reason": "misread",
        "changes": {"identification": {"serialNumber": format!("EV-{number}")}},
    })
}

/// Where the events of a passport are in the log: each once, in their order.
async fn places(stage: &Stage, passport: &str) -> Vec<usize> {
    let log = stage.whole_log(Log::Changes).await;
    let hashes: Vec<String> = log
        .entries
        .iter()
        .map(|it| Sha256::of_leaf(it).to_string())
        .collect();
    let path = format!("/v1/dpps/{passport}/events");
    let listed = stage.maker().get(&path).await.expect(200).json();
    let events = listed["events"].as_array().unwrap().clone();
    let mut places = Vec::new();
    for event in &events {
        let hash = text(event, "hash");
        let found: Vec<usize> = (0..hashes.len()).filter(|at| hashes[*at] == hash).collect();
        assert_eq!(found.len(), 1, "{event}");
        places.extend(found);
    }
    assert!(places.is_sorted(), "{places:?}");
    places
}

async fn stopped_everywhere(death: Death) {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    stage.sequenced(Log::Changes).await;
    let mut number = 0;
    loop {
        assert!(number < MOST_CALLS);
        let change = correction(number);
        let _ = maker.event(&passport, &change).await.expect(201);
        let (sequencer, calls) = stage.mortal_sequencer(number, death).await;
        let ended = sequencer.run(Log::Changes).await;
        let survived = calls.load(Ordering::SeqCst) <= number;
        assert_eq!(ended.is_ok(), survived, "{number}: {ended:?}");
        number += 1;
        if survived {
            break;
        }
        // The next one takes up what is left, wherever that is.
        stage.sequenced(Log::Changes).await;
    }
    // A round of one event is more than these many calls.
    assert!(number > 30, "{number}");
    assert_eq!(places(&stage, &passport).await.len(), number + 1);
}

#[tokio::test]
async fn a_sequencer_stopped_before_any_of_its_calls_loses_nothing() {
    stopped_everywhere(Death::Unsent).await;
}

#[tokio::test]
async fn a_sequencer_stopped_after_any_of_its_calls_doubles_nothing() {
    stopped_everywhere(Death::Unheard).await;
}

fn key(pk: &str, sk: &str) -> std::collections::HashMap<String, AttributeValue> {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    [("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))].into()
}

#[tokio::test]
async fn an_event_that_was_changed_before_it_is_in_the_log_stops_the_log_and_is_named() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    stage.sequenced(Log::Changes).await;
    let before = stage.whole_log(Log::Changes).await.checkpoint;
    let _ = maker.event(&passport, &correction(1)).await.expect(201);
    let (table, dynamodb) = (format!("{}-ledger", local::PREFIX), stage.dynamodb());
    let place = key(&format!("P#{passport}"), "0000000002");
    let get = dynamodb.get_item().table_name(&table);
    let item = get.set_key(Some(place)).send().await.unwrap().item.unwrap();
    let mut changed = item.clone();
    let mut leaf = item["leaf"].as_b().unwrap().clone().into_inner();
    leaf[40] ^= 1;
    changed.insert("leaf".to_owned(), AttributeValue::B(leaf.into()));
    let put = async |item| {
        let put = dynamodb.put_item().table_name(&table);
        let _ = put.set_item(Some(item)).send().await.unwrap();
    };
    put(changed).await;
    let refused = stage.sequencer().run(Log::Changes).await.unwrap_err();
    let named = format!("the event `0000000002` of `P#{passport}` is not the one that was written");
    assert!(refused.to_string().contains(&named), "{refused}");
    assert_eq!(stage.whole_log(Log::Changes).await.checkpoint, before);
    put(item).await;
    stage.sequenced(Log::Changes).await;
    assert_eq!(places(&stage, &passport).await.len(), 2);
}

#[tokio::test]
async fn a_head_that_was_put_back_is_not_signed() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    stage.sequenced(Log::Changes).await;
    let (table, dynamodb) = (format!("{}-log", local::PREFIX), stage.dynamodb());
    let get = dynamodb.get_item().table_name(&table);
    let get = get.set_key(Some(key("HEAD#log", "0")));
    let old = get.send().await.unwrap().item.unwrap();
    let _ = maker.event(&passport, &correction(1)).await.expect(201);
    stage.sequenced(Log::Changes).await;
    let signed = stage.whole_log(Log::Changes).await.checkpoint;
    let put = dynamodb.put_item().table_name(&table);
    let _ = put.set_item(Some(old)).send().await.unwrap();
    let refused = stage.sequencer().run(Log::Changes).await.unwrap_err();
    assert!(
        refused.to_string().contains("nothing is signed"),
        "{refused}"
    );
    // Nor with another event in place of the one that was taken in.
    let _ = maker.event(&passport, &correction(2)).await.expect(201);
    let refused = stage.sequencer().run(Log::Changes).await.unwrap_err();
    assert!(
        refused.to_string().contains("nothing is signed"),
        "{refused}"
    );
    assert_eq!(stage.whole_log(Log::Changes).await.checkpoint, signed);
}

#[tokio::test]
async fn a_tile_that_was_changed_is_named_and_nothing_is_built_on_it() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    stage.sequenced(Log::Changes).await;
    for (number, folder) in ["tile/0", "tile/entries"].into_iter().enumerate() {
        let log = stage.whole_log(Log::Changes).await;
        let size = log.checkpoint.size();
        let path = format!("{folder}/000.p/{size}");
        let whole = log.files[&path].clone();
        let mut changed = whole.clone();
        let last = changed.len() - 1;
        changed[last] ^= 1;
        let key = format!("v1/log/{path}");
        stage.put_into("public", &key, changed).await;
        let _ = maker
            .event(&passport, &correction(number))
            .await
            .expect(201);
        let refused = stage.sequencer().run(Log::Changes).await.unwrap_err();
        assert!(refused.to_string().contains("log fault"), "{refused}");
        assert!(refused.to_string().contains("000.p"), "{refused}");
        stage.put_into("public", &key, whole).await;
        stage.sequenced(Log::Changes).await;
        assert_eq!(
            stage.whole_log(Log::Changes).await.checkpoint.size(),
            size + 1
        );
    }
}

#[tokio::test]
async fn an_old_checkpoint_in_place_of_the_newest_is_replaced_again() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    stage.sequenced(Log::Changes).await;
    let old = stage.log_file(Log::Changes, "checkpoint").await.unwrap();
    let _ = maker.event(&passport, &correction(1)).await.expect(201);
    stage.sequenced(Log::Changes).await;
    let newest = stage.log_file(Log::Changes, "checkpoint").await;
    stage.put_into("public", "v1/log/checkpoint", old).await;
    stage.sequenced(Log::Changes).await;
    assert_eq!(stage.log_file(Log::Changes, "checkpoint").await, newest);
}
