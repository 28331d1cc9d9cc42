//! What an auditor takes home: a subject's chain, a version's values, any two checkpoints; each is checked by a verifier that shares no
//! code with what writes, and opens nothing that its reader may not see.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passport::{Class, catalogue};
use serde_json::{Value, json};
use storage::Log;
use tests::{Answer, Partner, Stage};
use verify::{Report, Trust, Verdict};

async fn trust(stage: &Stage) -> Trust {
    let key = stage.verifier_key(Log::Changes).await.to_string();
    Trust::keys([key.parse().unwrap()])
}

/// The address that `Link` leads to.
fn linked(answer: &Answer, relation: &str) -> Option<String> {
    let (address, rel) = answer.header("link").split_once(">; ")?;
    assert_eq!(rel, format!("rel=\"{relation}\""));
    Some(address.trim_start_matches('<').to_owned())
}

/// Every file of a chain.
async fn exported(partner: &Partner<'_>, subject: &str) -> Vec<String> {
    let mut files = Vec::new();
    let mut next = Some(format!("{subject}/chain"));
    while let Some(path) = next {
        let file = partner.get(&path).await.expect(200);
        assert_eq!(file.header("cache-control"), "private, no-store");
        next = linked(&file, "next");
        files.push(file.text);
    }
    files
}

/// What the disclosures of a chain say, by name.
fn disclosed(files: &[String]) -> Vec<(String, Value)> {
    let mut said = Vec::new();
    for file in files {
        let file: Value = serde_json::from_str(file).unwrap();
        for event in file["events"].as_array().unwrap() {
            for text in event["disclosures"].as_array().unwrap() {
                let bytes = URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap();
                let parts: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
                said.push((parts[1].as_str().unwrap().to_owned(), parts[2].clone()));
            }
        }
    }
    said
}

fn class_of(pointer: &str) -> Class {
    catalogue().by_pointer(pointer).unwrap().class
}

#[tokio::test]
async fn the_chain_of_every_subject_is_exported_and_verifies_offline() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let maker = stage.partner("economic-operator", &battery.organisation);
    let model = maker.beneath(&battery.passport, "model").await;
    let batch = maker.beneath(&battery.passport, "batch").await;
    let passport = format!("/v1/dpps/{}", battery.passport);
    // What is not in the log yet is in the chain, without a proof.
    stage.sequenced(Log::Changes).await;
    let waste = json!({"type": "became-waste", "reason": "worn out"});
    let _ = maker.event(&battery.passport, &waste).await.expect(201);
    let trust = trust(&stage).await;
    for subject in [
        format!("/v1/units/{}", battery.unit),
        model,
        batch,
        passport.clone(),
    ] {
        let listed = maker.get(&format!("{subject}/events")).await.expect(200);
        let listed = listed.json()["events"].as_array().unwrap().len();
        let files = exported(&maker, &subject).await;
        let report = verify::chain(&files, &trust);
        assert_eq!(report.verdict(), Verdict::Proved, "{subject}: {report}");
        let told = format!("is whole from event 1 to event {listed}:");
        assert!(report.proved[0].contains(&told), "{subject}: {report}");
        let open = report.to_string().contains("they came without a proof");
        assert_eq!(open, subject == passport, "{report}");
        // Of each file one event has a proof, to which the others are bound.
        assert_eq!(files.join("").matches("\"proof\":").count(), 1);
    }
    let of_model = exported(&maker, &passport).await;
    let by_level = maker.get(&format!("{passport}/chain?level=model")).await;
    assert_ne!(of_model, [by_level.expect(200).text]);
}

#[tokio::test]
async fn a_long_chain_is_exported_in_files_that_verify_together() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    for number in 0..250 {
        let change = json!({
            "type": "correction", "reason": "misread",
            "changes": {"identification": {"serialNumber": format!("EV-{number}")}},
        });
        let _ = maker.event(&passport, &change).await.expect(201);
    }
    stage.sequenced(Log::Changes).await;
    let files = exported(&maker, &format!("/v1/dpps/{passport}")).await;
    assert_eq!(files.len(), 2);
    let trust = trust(&stage).await;
    let report = verify::chain(&files, &trust);
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    assert!(
        report.proved[0].contains("from event 1 to event 251:"),
        "{report}"
    );
    assert_eq!(
        verify::chain(&files[1..], &trust).verdict(),
        Verdict::Refuted
    );
    for (from, status) in [
        ("0", 200),
        ("252", 200),
        ("18446744073709551615", 200),
        ("-1", 400),
    ] {
        let path = format!("/v1/dpps/{passport}/chain?from={from}");
        let _ = maker.get(&path).await.expect(status);
    }
}

#[tokio::test]
async fn who_may_not_see_a_whole_chain_gets_none_and_an_auditor_gets_it_without_values() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let passport = format!("/v1/dpps/{}", battery.passport);
    stage.sequenced(Log::Changes).await;
    let trust = trust(&stage).await;
    let chain = format!("{passport}/chain");
    let _ = stage.public().get(&chain).await.expect(401);
    for (role, organisation) in [
        ("service-provider", "garage-nord"),
        ("economic-operator", "hausspeicher"),
        ("recycler", "recyclo"),
    ] {
        let partner = stage.partner(role, organisation);
        let refused = partner.get(&chain).await.expect(403);
        assert!(!refused.text.contains("leaf"), "{}", refused.text);
        let unit = format!("/v1/units/{}/chain", battery.unit);
        assert!(matches!(partner.get(&unit).await.status, 403 | 404));
    }
    for (role, organisation, classes) in [
        ("auditor", "auditors", &[1_u8][..]),
        ("market-surveillance", "authority", &[1, 2, 3]),
        ("economic-operator", &battery.organisation, &[0, 1, 2, 3, 4]),
    ] {
        let partner = stage.partner(role, organisation);
        let reads = format!("A#P#{}", battery.passport);
        let before = stage.ledger_items(&reads).await;
        let files = exported(&partner, &passport).await;
        // Places in a chain are more than everybody sees, so that even who sees no other value leaves its trace.
        assert_eq!(stage.ledger_items(&reads).await, before + 1, "{role}");
        let report = verify::chain(&files, &trust);
        assert_eq!(report.verdict(), Verdict::Proved, "{role}: {report}");
        let mut seen = BTreeSet::new();
        for (name, value) in disclosed(&files) {
            let class = match name.as_str() {
                "commitment" => u8::try_from(value["class"].as_u64().unwrap()).unwrap(),
                name if name.starts_with('/') => class_of(name).number(),
                _ => continue,
            };
            assert!(classes.contains(&class), "{role}: {name} {value}");
            seen.insert(class);
        }
        // In the history of the battery itself there is nothing of classes 2 and 3, which are its model's.
        assert!(seen.len() > 1 || classes.len() < 5, "{role}: {seen:?}");
    }
}

#[tokio::test]
async fn the_values_of_a_version_are_held_against_the_event_that_brought_them() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let passport = format!("/v1/dpps/{}", battery.passport);
    let maker = stage.partner("economic-operator", &battery.organisation);
    let change = json!({
        "type": "correction", "reason": "misread",
        "changes": {"identification": {"serialNumber": "EV-CORRECTED"}},
    });
    let _ = maker.event(&battery.passport, &change).await.expect(201);
    stage.sequenced(Log::Changes).await;
    let trust = trust(&stage).await;
    let public = stage.public();
    let mut parts = 0;
    for (reader, level) in [
        (&maker, "item"),
        (&maker, "model"),
        (&maker, "batch"),
        (&public, "item"),
    ] {
        let listed = reader
            .get(&format!("{passport}/versions?level={level}"))
            .await;
        let listed = listed.expect(200).json();
        for version in listed["versions"].as_array().unwrap() {
            for (class, commitment) in version["commitments"].as_object().unwrap() {
                let number = &version["version"];
                let path = format!("{passport}/versions/{number}/parts/{class}?level={level}");
                let part = reader.get(&path).await.expect(200);
                let event = linked(&part, "related").unwrap();
                let proof = reader.get(&event).await.expect(200).text;
                let report = verify::version(part.text.as_bytes(), proof.as_bytes(), &trust);
                assert_eq!(report.verdict(), Verdict::Proved, "{path}: {report}");
                // Nothing of it can be another value.
                let spoilt = part.text.replacen("\"value\":", "\"value\":1", 1);
                let spoilt = spoilt.replacen("EV-", "VE-", 1);
                if spoilt != part.text {
                    let report = verify::version(spoilt.as_bytes(), proof.as_bytes(), &trust);
                    assert_ne!(report.verdict(), Verdict::Proved, "{path}");
                }
                assert!(proof.len() > 100 && commitment.as_str().unwrap().len() == 64);
                parts += 1;
            }
        }
    }
    assert!(parts > 10, "{parts}");
    let _ = maker
        .get(&format!("{passport}/versions/1/parts/5"))
        .await
        .expect(400);
    let _ = maker
        .get(&format!("{passport}/versions/99/parts/1"))
        .await
        .expect(404);
    for (product, path) in [
        ("model", "/versions/1/parts/1"),
        ("batch", "/versions/1/parts/1"),
    ] {
        let product = maker.beneath(&battery.passport, product).await;
        let part = maker.get(&format!("{product}{path}")).await.expect(200);
        let proof = maker
            .get(&linked(&part, "related").unwrap())
            .await
            .expect(200);
        let report = verify::version(part.text.as_bytes(), proof.text.as_bytes(), &trust);
        assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    }
}

/// A salt beside the public digest would let its holder guess the value.
#[tokio::test]
async fn nobody_gets_a_salt_of_a_class_that_it_may_not_read() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let passport = format!("/v1/dpps/{}", battery.passport);
    for (role, organisation, readable) in [
        (None, "", &[1_u8][..]),
        (Some("auditor"), "auditors", &[1]),
        (Some("supplier"), "cellmaker", &[1]),
        (Some("economic-operator"), "hausspeicher", &[1]),
        (Some("service-provider"), "garage-nord", &[1, 2, 4]),
        (Some("market-surveillance"), "authority", &[1, 2, 3]),
        (
            Some("economic-operator"),
            &battery.organisation,
            &[0, 1, 2, 3, 4],
        ),
    ] {
        let partner = match role {
            Some(role) => stage.partner(role, organisation),
            None => stage.public(),
        };
        let mut opened = 0;
        for class in 0..=4_u8 {
            let reads = format!("A#P#{}", battery.passport);
            let before = stage.ledger_items(&reads).await;
            let path = format!("{passport}/versions/1/parts/{class}");
            let answer = partner.get(&path).await;
            let left = stage.ledger_items(&reads).await - before;
            if !readable.contains(&class) {
                assert_eq!((answer.status, left), (403, 0), "{role:?} {class}");
                assert!(!answer.text.contains("salts") && linked(&answer, "related").is_none());
                continue;
            }
            if answer.status == 404 {
                continue;
            }
            let part = answer.expect(200).json();
            assert_eq!(left, i32::from(class != 1), "{role:?} {class}");
            for pointer in part["salts"].as_object().unwrap().keys() {
                assert_eq!(class_of(pointer).number(), class, "{role:?}");
                opened += 1;
            }
        }
        assert!(opened > 0, "{role:?}");
    }
    // Where the passport is not to be known there is nothing of its versions either.
    let (_, draft) = stage.maker().draft().await;
    for path in ["versions/1/parts/1", "chain"] {
        let path = format!("/v1/dpps/{draft}/{path}");
        let _ = stage
            .partner("market-surveillance", "authority")
            .get(&path)
            .await
            .expect(404);
    }
}

/// Verifies from a log's files over HTTP, asking for each that the verifier wants.
async fn from_files(stage: &Stage, check: impl Fn(&mut dyn verify::Files) -> Report) -> Report {
    let mut files: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
    loop {
        let mut missed = Vec::new();
        let report = check(&mut |path: &str| {
            let known = files.get(path).cloned();
            if known.is_none() {
                missed.push(path.to_owned());
            }
            Ok(known.flatten())
        });
        if missed.is_empty() {
            return report;
        }
        for path in missed {
            let file = stage.log_file(Log::Changes, &path).await;
            files.insert(path, file);
        }
    }
}

#[tokio::test]
async fn between_any_two_published_checkpoints_it_is_proved_that_the_log_only_grew() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let mut sizes = Vec::new();
    for number in 0..6 {
        let change = json!({
            "type": "correction", "reason": "misread",
            "changes": {"identification": {"serialNumber": format!("EV-{number}")}},
        });
        let _ = maker.event(&passport, &change).await.expect(201);
        stage.sequenced(Log::Changes).await;
        sizes.push(stage.whole_log(Log::Changes).await.checkpoint.size());
    }
    let trust = trust(&stage).await;
    let mut notes = Vec::new();
    for size in &sizes {
        let note = stage
            .log_file(Log::Changes, &format!("checkpoints/{size}"))
            .await;
        notes.push(String::from_utf8(note.unwrap()).unwrap());
    }
    let newest = stage.log_file(Log::Changes, "checkpoint").await.unwrap();
    assert_eq!(newest, notes.last().unwrap().as_bytes());
    for (at, older) in notes.iter().enumerate() {
        for newer in &notes[at..] {
            let check = |files: &mut dyn verify::Files| verify::grown(files, older, newer, &trust);
            let report = from_files(&stage, check).await;
            assert_eq!(report.verdict(), Verdict::Proved, "{report}");
        }
    }
    let check = |files: &mut dyn verify::Files| verify::grown(files, &notes[3], &notes[1], &trust);
    assert_eq!(from_files(&stage, check).await.verdict(), Verdict::Refuted);
    assert_eq!(stage.log_file(Log::Changes, "checkpoints/999").await, None);
}
