//! The audit log: what happened is an entry of a public Merkle log, which anybody can check and nobody learns from.

use std::collections::BTreeSet;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ledger::{Sha256, TlogProof};
use serde_json::{Value, json};
use storage::Log;
use tests::{Answer, Function, Stage, text};

/// A proof as it is answered: the C2SP proof, the leaf, and what it opens.
fn opened(answer: &Value) -> (TlogProof, Vec<u8>, ledger::OpenedEvent) {
    assert_eq!(answer["format"], "battery-passport-proof/1");
    let proof = TlogProof::from_str(&text(answer, "proof")).unwrap();
    let leaf = STANDARD.decode(text(answer, "leaf")).unwrap();
    let disclosures: Vec<String> = serde_json::from_value(answer["disclosures"].clone()).unwrap();
    let event = ledger::open(&leaf, &disclosures).unwrap();
    (proof, leaf, event)
}

#[tokio::test]
async fn a_change_is_an_entry_of_the_log_and_its_receipt_demands_that_it_is() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let change = json!({
        "type": "correction", "reason": "serial number misread",
        "changes": {"identification": {"serialNumber": "EV-CORRECTED"}},
    });
    let changed = maker.event(&passport, &change).await.expect(201);
    let receipt = changed.header("audit-receipt").to_owned();
    let (id, hash) = receipt.split_once(':').unwrap();
    stage.sequenced(Log::Changes).await;

    let policy = stage.policy(Log::Changes).await;
    let path = format!("/v1/dpps/{passport}/events/{id}/proof");
    let (proof, leaf, event) = opened(&maker.get(&path).await.expect(200).json());
    let hash = Sha256::from_str(hash).unwrap();
    assert_eq!(Sha256::of_leaf(&leaf), hash);
    let trusted = proof.verify(&hash, &policy).unwrap();
    assert_eq!(
        trusted.checkpoint.origin(),
        format!("{}/log", stage.running.log_host)
    );
    assert_eq!(event.reason.as_deref(), Some("serial number misread"));
    assert_eq!(event.changes[0].after, Some(json!("EV-CORRECTED")));

    let by_number = format!("/v1/dpps/{passport}/events/2/proof");
    let (same, ..) = opened(&maker.get(&by_number).await.expect(200).json());
    assert_eq!(same, proof);

    let mut other = leaf;
    other[20] ^= 1;
    assert!(proof.verify(&Sha256::of_leaf(&other), &policy).is_err());
}

#[tokio::test]
async fn whoever_may_see_less_proves_the_same_and_opens_less() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    stage.sequenced(Log::Changes).await;
    let events = format!("/v1/dpps/{}/events", battery.passport);
    let policy = stage.policy(Log::Changes).await;
    let maker = stage.partner("economic-operator", &battery.organisation);
    let public = stage.public();
    let listed = public.get(&events).await.expect(200).json();
    let placed = listed["events"].as_array().unwrap();
    assert!(!placed.is_empty());
    for event in placed {
        let path = format!("{events}/{}/proof", text(event, "eventId"));
        let (theirs, leaf, less) = opened(&public.get(&path).await.expect(200).json());
        let (own, same, more) = opened(&maker.get(&path).await.expect(200).json());
        assert_eq!((theirs.index, &leaf), (own.index, &same));
        theirs.verify(&Sha256::of_leaf(&leaf), &policy).unwrap();
        assert!(less.chain.is_none() && more.chain.is_some());
    }
    // Who is not told of an event is not told of its proof, nor how many there are.
    let all = maker.get(&events).await.expect(200).json();
    let hidden = all["events"].as_array().unwrap().iter().find(|event| {
        let known = placed.iter().any(|one| one["eventId"] == event["eventId"]);
        !known
    });
    let hidden = text(hidden.unwrap(), "eventId");
    for name in [hidden.as_str(), "1", "2", "no-event"] {
        let path = format!("{events}/{name}/proof");
        let _ = public.get(&path).await.expect(404);
    }
}

#[tokio::test]
async fn every_event_is_an_entry_once_and_units_models_and_batches_have_their_proofs() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let maker = stage.partner("economic-operator", &battery.organisation);
    let model = maker.beneath(&battery.passport, "model").await;
    let batch = maker.beneath(&battery.passport, "batch").await;
    stage.sequenced(Log::Changes).await;
    let log = stage.whole_log(Log::Changes).await;
    let hashes: BTreeSet<Sha256> = log.entries.iter().map(|it| Sha256::of_leaf(it)).collect();
    assert_eq!(hashes.len(), log.entries.len());
    let policy = stage.policy(Log::Changes).await;
    for subject in [
        format!("/v1/units/{}", battery.unit),
        model,
        batch,
        format!("/v1/dpps/{}", battery.passport),
    ] {
        let listed = maker
            .get(&format!("{subject}/events"))
            .await
            .expect(200)
            .json();
        let listed = listed["events"].as_array().unwrap().clone();
        assert!(!listed.is_empty(), "{subject}");
        for event in listed {
            let hash = Sha256::from_str(&text(&event, "hash")).unwrap();
            assert!(hashes.contains(&hash), "{subject}");
            let path = format!("{subject}/events/{}/proof", text(&event, "eventId"));
            let (proof, ..) = opened(&maker.get(&path).await.expect(200).json());
            proof.verify(&hash, &policy).unwrap();
        }
    }
}

/// What a stranger must not learn: (1) no leaf says anything but its time and digests; (2) no file holds a word of any record.
#[tokio::test]
async fn a_stranger_learns_nothing_from_the_whole_log() {
    let stage = Stage::start().await;
    let seeded = stage.lived_in().await;
    let battery = &seeded.batteries[0];
    for log in Log::ALL {
        stage.sequenced(log).await;
        let files = stage.whole_log(log).await;
        assert!(!files.entries.is_empty(), "{log}");
        for entry in &files.entries {
            let leaf: Value = serde_json::from_slice(entry).unwrap();
            let members: Vec<&String> = leaf.as_object().unwrap().keys().collect();
            assert_eq!(members, ["_sd", "at", "eventId", "log", "v"]);
            assert_eq!(leaf["log"], files.checkpoint.origin());
        }
        let mut secrets: Vec<String> = [
            "waste",
            "voltwerk",
            "\"seq\"",
            "\"prev\"",
            "\"reason\"",
            "U#",
            "P#",
        ]
        .map(str::to_owned)
        .into();
        for battery in &seeded.batteries {
            secrets.extend([
                battery.unit.to_string(),
                battery.passport.clone(),
                battery.organisation.clone(),
            ]);
        }
        for (path, bytes) in &files.files {
            let shown = String::from_utf8_lossy(bytes);
            // Among random bytes two in a row are found by chance, and mean nothing.
            let is_random = path.starts_with("tile/") && !path.starts_with("tile/entries/");
            let meant = |secret: &&String| !is_random || secret.len() > 4;
            for secret in secrets.iter().filter(meant) {
                assert!(!shown.contains(secret.as_str()), "`{path}` says `{secret}`");
            }
        }
    }
    // A public proof opens what everybody is told of this one event, and neither its place in the chain nor another event.
    let public = stage.public();
    let events = format!("/v1/dpps/{}/events", battery.passport);
    let listed = public.get(&events).await.expect(200).json();
    let path = format!("{events}/{}/proof", text(&listed["events"][0], "eventId"));
    let proof = public.get(&path).await.expect(200);
    let said: String = disclosed(&proof).join("\n");
    let unit = battery.unit.to_string();
    for secret in ["waste", "\"seq\"", "\"prev\"", "\"subject\"", unit.as_str()] {
        assert!(!said.contains(secret), "{said}");
    }
}

/// Disclosures, decoded.
fn disclosed(proof: &Answer) -> Vec<String> {
    let proof = proof.json();
    let texts = proof["disclosures"].as_array().unwrap();
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    texts
        .iter()
        .map(|text| String::from_utf8(engine.decode(text.as_str().unwrap()).unwrap()).unwrap())
        .collect()
}

#[tokio::test]
async fn any_number_of_sequencers_take_every_event_once() {
    let stage = Stage::start().await;
    stage.running.stop_sequencing();
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let sequencers: Vec<_> = (0..4).map(|_| stage.sequencer()).collect();
    let writing = async {
        for round in 0..12 {
            let change = json!({
                "type": "correction", "reason": "misread",
                "changes": {"identification": {"serialNumber": format!("EV-{round}")}},
            });
            let _ = maker.event(&passport, &change).await.expect(201);
        }
    };
    let taking = async |sequencer: &sequencer::Sequencer| {
        for _ in 0..10 {
            // One that comes second may find a file half written by the first: the embedded bucket is a folder.
            let _ = sequencer.run(Log::Changes).await;
        }
    };
    let [one, two, three, four] = sequencers.as_slice() else {
        unreachable!()
    };
    tokio::join!(
        writing,
        taking(one),
        taking(two),
        taking(three),
        taking(four)
    );
    stage.sequenced(Log::Changes).await;
    let log = stage.whole_log(Log::Changes).await;
    let listed = maker.get(&format!("/v1/dpps/{passport}/events")).await;
    let listed = listed.expect(200).json();
    let hashes: Vec<String> = log
        .entries
        .iter()
        .map(|it| Sha256::of_leaf(it).to_string())
        .collect();
    let mut places = Vec::new();
    for event in listed["events"].as_array().unwrap() {
        let hash = text(event, "hash");
        let found: Vec<usize> = (0..hashes.len()).filter(|at| hashes[*at] == hash).collect();
        assert_eq!(found.len(), 1, "{event}");
        places.extend(found);
    }
    assert_eq!(places.len(), 13);
    assert!(places.is_sorted(), "{places:?}");
}

#[tokio::test]
async fn what_is_read_with_rights_is_in_the_log_of_reads() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let authority = stage.partner("market-surveillance", "authority");
    let path = format!("/v1/dpps/{}", seeded.batteries[0].passport);
    let _ = authority.get(&path).await.expect(200);
    stage.sequenced(Log::Reads).await;
    let before = stage.whole_log(Log::Reads).await.checkpoint.size();
    let _ = authority.get(&path).await.expect(200);
    let _ = stage.public().get(&path).await.expect(200);
    stage.sequenced(Log::Reads).await;
    let after = stage.whole_log(Log::Reads).await;
    assert_eq!(after.checkpoint.size(), before + 1);
    assert_eq!(
        after.checkpoint.origin(),
        format!("{}/access", stage.running.log_host)
    );
}

#[tokio::test]
async fn what_is_no_file_of_the_log_is_not_there() {
    let stage = Stage::start().await;
    for path in [
        "checkpoint/",
        "tile/0/000/..",
        "tile/0/001.p/300",
        "secret",
        "../../html/en",
    ] {
        assert_eq!(stage.log_file(Log::Changes, path).await, None, "{path}");
    }
}

#[tokio::test]
async fn a_key_is_changed_and_what_the_one_before_signed_still_verifies() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    stage.sequenced(Log::Changes).await;
    let before = stage.policy(Log::Changes).await;
    let path = format!("/v1/dpps/{passport}/events/1/proof");
    let (old, leaf, _) = opened(&maker.get(&path).await.expect(200).json());
    let change = json!({"type": "correction", "reason": "misread", "changes": {"identification": {"serialNumber": "EV-2"}}});
    let _ = maker.event(&passport, &change).await.expect(201);
    let sequencer = stage.sequencer_with_key(&stage.data().join("next-log-key"));
    let round = sequencer.run(Log::Changes).await.unwrap();
    assert_eq!((round.taken, round.published), (1, 1));

    let keys = stage.log_file(Log::Changes, "keys").await.unwrap();
    let keys = String::from_utf8(keys).unwrap();
    let listed: Vec<&str> = keys.lines().collect();
    let present = sequencer.verifier_key(Log::Changes).unwrap().to_string();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0], present);
    let after = stage.policy(Log::Changes).await;
    let (new, ..) = opened(&maker.get(&path).await.expect(200).json());
    let hash = Sha256::of_leaf(&leaf);
    let _ = new.verify(&hash, &after).unwrap();
    let _ = old.verify(&hash, &before).unwrap();
    assert!(new.verify(&hash, &before).is_err());
    let both: ledger::Policy = format!("log {}\nlog {}\nquorum none\n", listed[0], listed[1])
        .parse()
        .unwrap();
    for proof in [&old, &new] {
        let _ = proof.verify(&hash, &both).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_takes_in_what_is_pending_whatever_rang() {
    let binaries = tests::built(&["sequencer"]).await;
    let stage = Stage::start().await;
    stage.running.stop_sequencing();
    let (_, passport) = stage.maker().draft().await;
    let environment = stage.function_environment();
    let mut function = Function::start(&binaries.join("sequencer"), &environment).await;
    for event in [
        include_str!("../../events/sequencer-stream.json"),
        include_str!("../../events/sequencer-scheduled.json"),
        include_str!("../../events/sequencer-ledger-changed.json"),
    ] {
        let event = serde_json::from_str(&event.replace("${DPP}", &passport)).unwrap();
        let sizes = function.invoke(event).await;
        let size = stage.whole_log(Log::Changes).await.checkpoint.size();
        assert_eq!(sizes["log"], size);
    }
}
