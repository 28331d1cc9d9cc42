//! Whoever changes, deletes, swaps or puts back anything stored is told on: of every kind of item and object that a platform
//! stores, one is tampered with in every way, and the audit has to name it. What it need not notice is listed here, with the
//! reason.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use passport::Level;
use serde_json::{Value, json};
use storage::{Bucket, Log, Table};
use tests::{Stage, full, text};

type Item = HashMap<String, AttributeValue>;

/// Kinds of items that say nothing of a battery: they can be made anew from what is protected, or only order work.
const WORK: [(&str, &str); 11] = [
    ("records I#", "the index of units, made from their heads"),
    ("records PUBLISH", "what is to be published anew"),
    ("records ORDER", "the progress of an order"),
    (
        "records R#",
        "the readings' index; the readings are in their events",
    ),
    (
        "records P#* S#",
        "which version a named set is, as its event says",
    ),
    (
        "records ASKED",
        "lists who asked for access; what counts is in heads and events",
    ),
    (
        "records GRANTS-",
        "lists what was granted; what counts is in heads and events",
    ),
    ("records HOSTS", "which organisation a host is reserved for"),
    ("requests", "answers to be repeated"),
    ("signals", "counts"),
    ("log PENDING", "taken in by the next round, which checks it"),
];

/// Attributes that no event says anything of, by kind of item: `v` is the format's version.
const UNSAID: [(&str, &[&str]); 4] = [
    ("", &["v"]),
    ("records U#* 0#LABEL#", &["issuedAt", "changedAt", "market"]),
    ("records E#", &["title", "announcedAt"]),
    ("log HEAD#", &["at"]),
];

/// Where one is missing, it is made again from the version that it is of.
const SIGNED_ANEW: &str = "SIGNED#";

fn is_unsaid(kind: &str, attribute: &str) -> bool {
    let mut unsaid = UNSAID.iter().filter(|(of, _)| kind.starts_with(of));
    unsaid.any(|(_, attributes)| attributes.contains(&attribute))
}

fn is_work(kind: &str) -> bool {
    WORK.iter().any(|(work, _)| kind.starts_with(work))
}

/// What kind of item it is: names without what distinguishes one of them from another.
fn kind(table: Table, pk: &str, sk: &str) -> String {
    let general = |key: &str| {
        let parts = key.split('#').map(|part| {
            let digits = part.chars().filter(char::is_ascii_digit).count();
            if part.len() > 12 || digits > 1 {
                "*"
            } else {
                part
            }
        });
        parts.collect::<Vec<_>>().join("#")
    };
    let pk = match pk.starts_with("O#") {
        true => "O#*".to_owned(),
        false => general(pk),
    };
    format!("{} {pk} {}", table.suffix(), general(sk))
}

fn text_of(item: &Item, name: &str) -> String {
    let value = item.get(name).and_then(|value| value.as_s().ok());
    value.cloned().unwrap_or_default()
}

fn changed(value: &AttributeValue) -> AttributeValue {
    match value {
        AttributeValue::S(text) => {
            let last = if text.ends_with('0') { "1" } else { "0" };
            let kept = text.char_indices().last().map_or("", |(at, _)| &text[..at]);
            AttributeValue::S(format!("{kept}{last}"))
        }
        AttributeValue::N(number) => {
            AttributeValue::N((number.parse::<u64>().unwrap_or_default() + 1).to_string())
        }
        AttributeValue::B(bytes) => {
            let mut bytes = bytes.clone().into_inner();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            AttributeValue::B(bytes.into())
        }
        AttributeValue::L(list) if list.is_empty() => {
            AttributeValue::L(vec![AttributeValue::S("0".to_owned())])
        }
        AttributeValue::L(list) => AttributeValue::L(list.iter().skip(1).cloned().collect()),
        AttributeValue::M(map) => {
            let mut map = map.clone();
            let first = map.keys().min().cloned();
            if let Some(first) = first {
                let value = changed(&map[&first]);
                map.insert(first, value);
            }
            AttributeValue::M(map)
        }
        AttributeValue::Bool(flag) => AttributeValue::Bool(!flag),
        _ => AttributeValue::S("0".to_owned()),
    }
}

struct Tampering<'s> {
    stage: &'s Stage,
    dynamodb: aws_sdk_dynamodb::Client,
    unnoticed: Vec<String>,
    noticed: usize,
}

impl Tampering<'_> {
    async fn put(&self, table: Table, item: Item) {
        let name = format!("{}-{}", local::PREFIX, table.suffix());
        let put = self.dynamodb.put_item().table_name(name);
        put.set_item(Some(item)).send().await.unwrap();
    }

    async fn delete(&self, table: Table, item: &Item) {
        let name = format!("{}-{}", local::PREFIX, table.suffix());
        let keys = table.key_attributes().iter();
        let key = keys.map(|key| ((*key).to_owned(), item[*key].clone()));
        let delete = self.dynamodb.delete_item().table_name(name);
        delete.set_key(Some(key.collect())).send().await.unwrap();
    }

    async fn all(&self, table: Table) -> Vec<Item> {
        let name = format!("{}-{}", local::PREFIX, table.suffix());
        let scanned = self.dynamodb.scan().table_name(name).send().await.unwrap();
        scanned.items.unwrap_or_default()
    }

    /// Whether the audit notices, and names one of these.
    async fn audited(&mut self, what: String, names: &[&str]) {
        let findings = match local::audit(self.stage.data()).await {
            Ok(audit) => audit.findings,
            // What cannot even be read is named by whoever tries.
            Err(_) => {
                self.noticed += 1;
                return;
            }
        };
        let named = |finding: &storage::Finding| names.iter().any(|it| finding.place.contains(it));
        if findings.iter().any(named) {
            self.noticed += 1;
        } else {
            let found: Vec<&str> = findings.iter().map(|it| it.place.as_str()).collect();
            self.unnoticed.push(format!("{what} (found: {found:?})"));
        }
    }

    async fn items(&mut self, table: Table) {
        let mut kinds: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        for item in self.all(table).await {
            let pk = text_of(&item, "pk");
            // Models and batches are stored as passports are.
            if pk.split('#').any(|part| ["M", "B"].contains(&part)) {
                continue;
            }
            let kind = kind(table, &pk, &text_of(&item, "sk"));
            kinds.entry(kind).or_default().push(item);
        }
        for (kind, items) in kinds {
            if is_work(&kind) {
                continue;
            }
            let item = items[0].clone();
            let pk = text_of(&item, "pk");
            let subject = match pk.split_once('#') {
                // What it signed names it.
                Some(("KEYS", _)) => "SIGNED#",
                Some((_, rest)) => rest,
                None => &pk,
            };
            let names = [subject];
            if !pk.starts_with(SIGNED_ANEW) {
                self.delete(table, &item).await;
                self.audited(format!("{kind} deleted"), &names).await;
            }
            for (attribute, value) in &item {
                if ["pk", "sk"].contains(&attribute.as_str()) || is_unsaid(&kind, attribute) {
                    continue;
                }
                let mut other = item.clone();
                other.insert(attribute.clone(), changed(value));
                self.put(table, other).await;
                self.audited(format!("{kind} `{attribute}` changed"), &names)
                    .await;
            }
            let without_place = |item: &Item| {
                let mut item = item.clone();
                item.retain(|name, _| !["pk", "sk"].contains(&name.as_str()));
                item
            };
            let other = items
                .iter()
                .find(|other| without_place(other) != without_place(&item));
            if let Some(other) = other {
                let mut swapped = other.clone();
                for place in table.key_attributes() {
                    swapped.insert((*place).to_owned(), item[*place].clone());
                }
                self.put(table, swapped).await;
                self.audited(format!("{kind} swapped"), &names).await;
            }
            self.put(table, item).await;
        }
    }

    async fn objects(&mut self, bucket: Bucket, name: &str) {
        let store = &self.stage.running.store;
        let whole = store.stored_object(bucket, name).await.unwrap().unwrap();
        let mut changed = whole.clone();
        let middle = changed.bytes.len() / 2;
        changed.bytes[middle] ^= 1;
        let mut cut = whole.clone();
        cut.bytes.pop();
        let last = name.rsplit('/').next().unwrap_or_default().to_owned();
        let names = [last.as_str(), "log", "access", "evidence"];
        for (how, other) in [("changed", changed), ("truncated", cut)] {
            let put = self.stage.running.store.put_object(bucket, name, other);
            put.await.unwrap();
            self.audited(format!("{bucket:?} {name} {how}"), &names)
                .await;
        }
        let folder = format!("{bucket:?}").to_lowercase();
        let delete = self.stage.s3().delete_object().bucket(folder).key(name);
        delete.send().await.unwrap();
        self.audited(format!("{bucket:?} {name} deleted"), &names)
            .await;
        self.stage
            .running
            .store
            .put_object(bucket, name, whole)
            .await
            .unwrap();
    }
}

/// A small platform with everything: values of several classes, evidence, labels, readings, a restricted read.
async fn small() -> Stage {
    // Without an edge no snapshots are made, which come from what is stored.
    let stage = Stage::bare().await;
    let maker = stage.maker();
    let levels = [Level::Model, Level::Batch, Level::Item];
    let data = levels.map(|level| Value::Object(full::document(level)));
    let unit = full::on_the_market(&maker, data, "type released").await;
    let unit = maker.get(&format!("/v1/units/{unit}")).await.expect(200);
    let passport = text(&unit.json(), "passport");
    let evidence = maker.evidence(b"what was measured", 2).await;
    let correction = json!({
        "type": "correction", "reason": "misread", "evidence": [evidence],
        "changes": {"identification": {"serialNumber": "EV-2"}},
    });
    let _ = maker.event(&passport, &correction).await.expect(201);
    let erase = json!({
        "type": "personal-data-erased", "reason": "asked for", "evidence": [evidence],
        "erases": {"values": ["/identification/serialNumber"], "events": [1]},
    });
    let _ = maker.event(&passport, &erase).await.expect(201);
    let (_, other) = maker.draft().await;
    assert_ne!(other, passport);
    // Public versions are signed.
    let (publisher, _) = stage.own_publisher();
    let hour = Duration::from_secs(3_600);
    publisher.sweep(Instant::now() + hour).await.unwrap();
    let authority = stage.partner("market-surveillance", "authority");
    let _ = authority
        .get(&format!("/v1/dpps/{passport}"))
        .await
        .expect(200);
    for log in Log::ALL {
        stage.sequenced(log).await;
    }
    stage
}

async fn untouched(stage: &Stage) -> Tampering<'_> {
    let whole = local::audit(stage.data()).await.unwrap();
    assert_eq!(whole.findings, [], "nobody touched anything yet");
    Tampering {
        stage,
        dynamodb: stage.dynamodb(),
        unnoticed: Vec::new(),
        noticed: 0,
    }
}

impl Tampering<'_> {
    /// Everything was noticed, so often at least; and what was tampered with is whole again.
    async fn all_noticed(self, least: usize) {
        assert!(self.unnoticed.is_empty(), "{:#?}", self.unnoticed);
        assert!(self.noticed > least, "{}", self.noticed);
        let whole = local::audit(self.stage.data()).await.unwrap();
        assert_eq!(whole.findings, []);
    }
}

#[tokio::test]
async fn a_record_or_disclosure_is_named_where_it_is_changed_deleted_or_swapped() {
    let stage = small().await;
    let mut tampering = untouched(&stage).await;
    tampering.items(Table::Records).await;
    tampering.all_noticed(80).await;
}

#[tokio::test]
async fn an_event_entry_or_object_is_named_where_it_is_changed_deleted_swapped_or_truncated() {
    let stage = small().await;
    let mut tampering = untouched(&stage).await;
    for table in [Table::Ledger, Table::Log, Table::Keys] {
        tampering.items(table).await;
    }
    let store = &stage.running.store;
    let changes = size(&stage, Log::Changes).await;
    let reads = size(&stage, Log::Reads).await;
    let mut objects = vec![
        (Bucket::Public, "v1/log/checkpoint".to_owned()),
        (Bucket::Archive, format!("log/checkpoints/{changes:020}")),
        (Bucket::Archive, format!("access/checkpoints/{reads:020}")),
    ];
    for name in store.object_names(Bucket::Evidence, "").await.unwrap() {
        objects.push((Bucket::Evidence, name));
    }
    for name in store
        .object_names(Bucket::Public, "v1/log/tile/")
        .await
        .unwrap()
    {
        if name.ends_with(&format!("p/{changes}")) {
            objects.push((Bucket::Public, name));
        }
    }
    // Evidence, both levels of tiles and the bundle are among them.
    assert!(objects.len() > 5, "{objects:?}");
    for (bucket, name) in objects {
        tampering.objects(bucket, &name).await;
    }
    tampering.all_noticed(50).await;
}

async fn size(stage: &Stage, log: Log) -> u64 {
    stage
        .running
        .store
        .log_head(log)
        .await
        .unwrap()
        .frontier
        .size()
}
