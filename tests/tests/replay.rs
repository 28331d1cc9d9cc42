//! Replaying a subject's events from nothing yields exactly its current document, and whoever replays notices a lie.

use std::process::{Command, Output};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use ledger::Timestamp;
use passport::{Class, Classes, Replay, catalogue, merge_patch};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use storage::{Change, EventInput, Facts, Record, RecordStatus, Store, Subject, SubjectChange};
use tests::{Partner, Stage};
use uuid::Uuid;

type Document = Map<String, Value>;

/// What the values are made of: storage keeps whatever it is given.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1e6..1e6).prop_map(|number: f64| json!(number)),
        "[a-z ~/äß]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..3)
                .prop_map(|members| json!(members)),
        ]
    })
}

/// A merge patch of a few attributes of every class: values, `null` for an attribute, `null` for a group.
fn patch() -> impl Strategy<Value = Document> {
    let known: Vec<(String, String)> = catalogue()
        .attributes()
        .map(|attribute| (attribute.group.clone(), attribute.id.clone()))
        .collect();
    let place = prop_oneof![
        20 => prop::sample::select(known),
        1 => Just(("performance".to_owned(), "unheardOf".to_owned())),
    ];
    let change = prop_oneof![5 => value(), 1 => Just(Value::Null)];
    let groups: Vec<String> = catalogue().groups().map(str::to_owned).collect();
    let gone = prop::option::weighted(0.1, prop::sample::select(groups));
    (prop::collection::vec((place, change), 0..6), gone).prop_map(|(entries, gone)| {
        let mut patch = Document::new();
        for ((group, id), value) in entries {
            let group = patch.entry(group).or_insert_with(|| json!({}));
            if let Some(group) = group.as_object_mut() {
                group.insert(id, value);
            }
        }
        patch.extend(gone.map(|group| (group, Value::Null)));
        patch
    })
}

fn facts(subject: &Subject, model: Uuid) -> Facts {
    let category = passport::Category::Ev;
    let catalogue = passport::catalogue().newest().id.clone();
    match subject {
        Subject::Model(_) => Facts::Model {
            category,
            catalogue,
            gtins: Vec::new(),
            grants: Vec::new(),
            custody: None,
        },
        Subject::Batch(_) => Facts::Batch {
            model,
            category,
            catalogue,
            lots: Vec::new(),
            grants: Vec::new(),
        },
        _ => Facts::Passport {
            unit: "32XZAJ4P21M1MZ0N3RQA".parse().unwrap(),
            carrier_host: None,
            model,
            batch: None,
            category,
            catalogue,
            status: RecordStatus::Draft,
            placed_on_market_at: None,
            operator: None,
            recalls: Vec::new(),
            life: Box::default(),
        },
    }
}

fn event() -> EventInput {
    EventInput {
        event_type: "correction".to_owned(),
        role: "economic-operator".to_owned(),
        organisation: "voltwerk".to_owned(),
        person: "clerk".to_owned(),
        reason: "a change like any other".to_owned(),
        notes: None,
        occurred_at: None,
        evidence: Vec::new(),
        audience: Class::Public,
        readings: None,
        erases: None,
    }
}

/// Changes a subject, patch by patch, and answers its document after each version.
async fn live(store: &Store, subject: &Subject, patches: &[Document]) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut now = 1_800_000_000_000;
    for patch in patches {
        now += 1;
        let before = store.open_for_change(subject).await.unwrap();
        let old = before
            .as_ref()
            .map_or_else(Map::new, |record| record.document.clone());
        let new: Document = merge_patch(&old, patch)
            .into_iter()
            .filter(|(_, group)| group.as_object().is_some_and(|group| !group.is_empty()))
            .collect();
        if before.is_some() && new == old {
            continue;
        }
        let change = SubjectChange {
            subject: subject.clone(),
            before,
            organisation: "voltwerk".to_owned(),
            facts: facts(subject, Uuid::nil()),
            document: Some(new.clone()),
            event: event(),
            labels: Vec::new(),
        };
        let change = Change::new(vec![change], None);
        let at = Timestamp::from_millisecond(now);
        store.commit("id.example.eu/log", change, at).await.unwrap();
        documents.push(new);
    }
    documents
}

/// Folds the ledger's events of a subject, and holds what they come to against every version and the current document.
async fn replay(store: &Store, record: &Record, documents: &[Document]) {
    let events = store.events(record, Classes::ALL, true, 1).await.unwrap();
    let versions = store.versions(&record.subject).await.unwrap();
    assert_eq!(events.len(), documents.len());
    let mut replay = Replay::default();
    for (event, document) in events.iter().zip(documents) {
        let opened = ledger::open(&event.bytes, &event.disclosures).unwrap();
        for change in &opened.changes {
            let (before, after) = (change.before.as_ref(), change.after.as_ref());
            replay.step(&change.pointer, before, after).unwrap();
        }
        assert_eq!(replay.document(), document, "after event {}", event.seq);
        let made = versions.iter().find(|version| version.seq == event.seq);
        if let Some(version) = made {
            assert_eq!(version.event_hash, event.hash);
            let kept = store
                .version_document(record, version, Classes::ALL)
                .await
                .unwrap();
            assert_eq!(&kept.0, document, "version {}", version.version);
        }
    }
    let current = store.document(record, Classes::ALL).await.unwrap();
    assert_eq!(replay.document(), &current);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_folded_from_nothing_are_the_document_at_every_version() {
    let stage = Stage::start().await;
    let store = stage.running.store.clone();
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let mut runner = TestRunner::new(Config::with_cases(24));
        let lives = (0..3_u8, prop::collection::vec(patch(), 1..10));
        runner
            .run(&lives, |(kind, patches)| {
                let id = Uuid::new_v4();
                let subject = match kind {
                    0 => Subject::Model(id),
                    1 => Subject::Batch(id),
                    _ => Subject::Passport(id),
                };
                runtime.block_on(async {
                    let documents = live(&store, &subject, &patches).await;
                    let record = store.record(&subject).await.unwrap().unwrap();
                    replay(&store, &record, &documents).await;
                });
                Ok(())
            })
            .unwrap();
    });
}

/// Runs `passport replay`.
async fn command(subject: &str, from: &str, token: Option<&str>) -> Output {
    let binaries = tests::built(&["passport"]).await;
    let mut command = Command::new(binaries.join("passport"));
    command
        .args(["replay", subject, "--from", from])
        .env_remove("PASSPORT_TOKEN");
    if let Some(token) = token {
        command.args(["--token", token]);
    }
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_read_a_subject_can_replay_it() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    for battery in &seeded.batteries {
        let subject = format!("dpps/{}", battery.passport);
        let owner = stage.partner("economic-operator", &battery.organisation);
        let authority = stage.partner("market-surveillance", "authority");
        for token in [owner.token.as_deref(), authority.token.as_deref(), None] {
            let output = command(&subject, &stage.origin, token).await;
            assert!(
                output.status.success(),
                "{}: {}",
                battery.name,
                said(&output)
            );
            assert!(said(&output).contains("replayed from nothing"));
        }
    }
    let maker = stage.maker();
    let model = maker.model().await;
    let path = format!("/v1/models/{model}");
    let tag = maker.get(&path).await.expect(200).header("etag").to_owned();
    let change = json!({"type": "correction", "reason": "renamed", "changes": {"identification": {"modelName": "Tour 61"}}});
    let _ = maker
        .call("PATCH", &path, &[("if-match", &tag)], Some(&change))
        .await
        .expect(200);
    let subject = format!("models/{model}");
    let output = command(&subject, &stage.origin, maker.token.as_deref()).await;
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("2 events and 2 versions"),
        "{}",
        said(&output)
    );
    let nobody = command(&subject, &stage.origin, None).await;
    assert!(!nobody.status.success() && said(&nobody).contains("401"));
    let nothing = command("units/1", &stage.origin, None).await;
    assert!(!nothing.status.success());
}

/// What a platform that lies would answer.
type Lie = fn(&str, &mut Value);

/// The stage behind an address where every answer passes through a lie.
async fn lying(stage: &Stage, lie: Lie) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let through = Arc::new((stage.client.clone(), stage.origin.clone(), lie));
    let router = Router::new().fallback(pass).with_state(through);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn pass(
    State(through): State<Arc<(reqwest::Client, String, Lie)>>,
    request: Request,
) -> impl IntoResponse {
    let (client, origin, lie) = &*through;
    let path = request.uri().to_string();
    let mut onward = client.get(format!("{origin}{path}"));
    if let Some(token) = request.headers().get(header::AUTHORIZATION) {
        onward = onward.header(header::AUTHORIZATION, token);
    }
    let answer = onward.send().await.unwrap();
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
    let mut body: Value = answer.json().await.unwrap();
    lie(&path, &mut body);
    (status, axum::Json(body))
}

fn events(path: &str, body: &mut Value, change: impl Fn(&mut Vec<Value>)) {
    if path.contains("/events") {
        change(body["events"].as_array_mut().unwrap());
    }
}

/// Each lie, and what the one who replays says of it.
const LIES: [(&str, Lie); 10] = [
    (
        "`/identification/serialNumber` is said to have been",
        |path, body| {
            events(path, body, |events| {
                events[0]["changes"]
                    .as_array_mut()
                    .unwrap()
                    .retain(|change| change["pointer"] != "/identification/serialNumber")
            });
        },
    ),
    (
        "`/identification/serialNumber` is `\"forged\"` by its events",
        |path, body| {
            events(path, body, |events| {
                events[2]["changes"][0]["after"] = json!("forged")
            });
        },
    ),
    ("was not changed as its operation says", |path, body| {
        events(path, body, |events| {
            events[1]["changes"][0]["op"] = json!("add")
        });
    }),
    ("is not number 2", |path, body| {
        events(path, body, |events| {
            events.remove(1);
        });
    }),
    ("does not follow event", |path, body| {
        events(path, body, |events| {
            events[0]["hash"] = json!("00".repeat(32))
        });
    }),
    ("were committed to otherwise before", |path, body| {
        events(path, body, |events| {
            events[1]["commitments"][0]["before"] = json!("00".repeat(32))
        });
    }),
    ("the chain ends at another event", |path, body| {
        events(path, body, |events| {
            events.pop();
        });
    }),
    (
        "the platform says that the chain does not hold",
        |path, body| {
            if path.contains("/events") {
                body["chain"]["holds"] = json!(false);
            }
        },
    ),
    ("in its newest version", |path, body| {
        if path.ends_with("/versions/3") {
            body["data"]["identification"]["serialNumber"] = json!("forged");
        }
    }),
    ("in what is served", |path, body| {
        if body.get("dppStatus").is_some() && !path.contains("/versions") {
            body["identification"]["serialNumber"] = json!("forged");
        }
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn whoever_replays_notices_what_was_tampered_with() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    for serial in ["EV-2", "EV-3"] {
        let event = json!({"type": "correction", "reason": "misread", "changes": {"identification": {"serialNumber": serial}}});
        let _ = maker.event(&passport, &event).await.expect(201);
    }
    let subject = format!("dpps/{passport}");
    let honest = lying(&stage, |_, _| {}).await;
    let output = command(&subject, &honest, maker.token.as_deref()).await;
    assert!(output.status.success(), "{}", said(&output));
    for (noticed, lie) in LIES {
        let address = lying(&stage, lie).await;
        let output = command(&subject, &address, maker.token.as_deref()).await;
        assert_eq!(
            output.status.code(),
            Some(1),
            "{noticed}: {}",
            said(&output)
        );
        assert!(
            said(&output).contains(noticed),
            "{noticed}: {}",
            said(&output)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_owner_wrote_before_it_comes_back_to_stays_and_replays() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let passport = battery.passport.as_str();
    let note = |note: Value| json!({"type": "correction", "reason": "x", "changes": {"internal": {"note": note}}});
    let _ = maker
        .event(passport, &note(json!("before")))
        .await
        .expect(201);
    let next = stage.partner("repurposer", "second-life");
    let offer = maker.offer(passport, "second-life", "further-life").await;
    let _ = next.accept(&offer).await.expect(200);
    replays(&stage, &maker, passport).await;
    let _ = next
        .event(passport, &note(json!("theirs")))
        .await
        .expect(201);
    let offer = next
        .offer(passport, &battery.organisation, "takeover")
        .await;
    let _ = maker.accept(&offer).await.expect(200);
    let path = format!("/v1/dpps/{passport}");
    let tag = maker.get(&path).await.expect(200).header("etag").to_owned();
    let refused = maker.event(passport, &note(Value::Null)).await.expect(409);
    assert!(refused.text.contains("/internal/note"), "{}", refused.text);
    // The tag it read with is the one it changes with.
    let headers = [
        ("if-match", tag.as_str()),
        ("dpp-event-type", "correction"),
        ("dpp-reason", "back"),
    ];
    let patch = json!({"internal": {"note": "back"}});
    let _ = maker
        .call("PATCH", &path, &headers, Some(&patch))
        .await
        .expect(200);
    let read = maker.get(&path).await.expect(200).json();
    assert_eq!(read["internal"]["note"], "back");
    for reader in [
        &maker,
        &next,
        &stage.partner("market-surveillance", "authority"),
        &stage.public(),
    ] {
        replays(&stage, reader, passport).await;
    }
}

/// `passport replay` finds nothing to complain of.
async fn replays(stage: &Stage, reader: &Partner<'_>, passport: &str) {
    let subject = format!("dpps/{passport}");
    let output = command(&subject, &stage.origin, reader.token.as_deref()).await;
    assert!(output.status.success(), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_with_gaps_is_replayed_around_them_and_an_erased_one_is_not() {
    let stage = Stage::without_reversal().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let passport = battery.passport.as_str();
    let subject = format!("dpps/{passport}");
    let maker = stage.partner("economic-operator", &battery.organisation);
    for number in 1..3 {
        let change = json!({
            "type": "correction", "reason": "misread",
            "changes": {"identification": {"serialNumber": format!("EV-{number}")}},
        });
        let _ = maker.event(passport, &change).await.expect(201);
    }
    let event = async |partner: &Partner<'_>, kind: &str, more: Value| {
        let evidence = partner.evidence(b"what it rests on", 4).await;
        let mut event = json!({"type": kind, "reason": "asked for", "evidence": [evidence]});
        if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
            event.extend(more);
        }
        let _ = partner.event(passport, &event).await.expect(201);
    };
    let what = json!({"erases": {"values": ["/identification/serialNumber"]}});
    event(&maker, "personal-data-erased", what).await;
    for reader in [&maker, &stage.public()] {
        let output = command(&subject, &stage.origin, reader.token.as_deref()).await;
        let said = said(&output);
        assert!(output.status.success(), "{said}");
        assert!(
            said.contains("but 1 value whose history was erased"),
            "{said}"
        );
    }
    let offer = maker.offer(passport, "recyclo", "waste").await;
    let recycler = stage.partner("recycler", "recyclo");
    let _ = recycler.accept(&offer).await.expect(200);
    for kind in ["recycled", "record-erased"] {
        event(&recycler, kind, json!({})).await;
    }
    let output = command(&subject, &stage.origin, recycler.token.as_deref()).await;
    assert!(!output.status.success());
    assert!(
        said(&output).contains("cannot be replayed"),
        "{}",
        said(&output)
    );
}
