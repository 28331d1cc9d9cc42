//! What the platform's own writer writes is verified here. The two share no code: where they agree, they read the same texts.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod written;

use std::collections::BTreeMap;

use ledger::SignatureType;
use proptest::prelude::*;
use verify::Verdict;
use written::{LOG, Written, key, trust};

/// The files that the command line, the page and the README show. `WRITE_VECTORS` writes them anew.
#[test]
fn the_vectors_are_what_the_writer_writes() {
    let written = Written::new(&[2, 1]);
    let (log, witness) = (
        key(LOG, SignatureType::Ed25519).1,
        key("w1.example", SignatureType::CosignatureV1).1,
    );
    let mut vectors = BTreeMap::from([
        ("key".to_owned(), format!("{log}\n").into_bytes()),
        (
            "policy".to_owned(),
            format!("log {log}\nwitness w1 {witness}\nquorum w1\n").into_bytes(),
        ),
        (
            "event.proof.json".to_owned(),
            written.proof_file(1).into_bytes(),
        ),
        (
            "event.tlog-proof".to_owned(),
            written.proof(1).to_string().into_bytes(),
        ),
        ("event.leaf".to_owned(), written.events[1].bytes.clone()),
        (
            "receipt".to_owned(),
            format!(
                "{}:{}\n",
                written.events[1].event_id, written.events[1].hash
            )
            .into_bytes(),
        ),
        (
            "version.json".to_owned(),
            written.version_file(1).into_bytes(),
        ),
        ("views.json".to_owned(), written.views_file(1).into_bytes()),
        (
            "operator-keys.json".to_owned(),
            written::operator_keys().into_bytes(),
        ),
        (
            "chain.json".to_owned(),
            written.chain_file(&[2]).into_bytes(),
        ),
        ("grown".to_owned(), written.grown(0).into_bytes()),
        (
            "older-checkpoint".to_owned(),
            written.checkpoints[0].to_string().into_bytes(),
        ),
        (
            "log/checkpoint".to_owned(),
            written.checkpoints[1].to_string().into_bytes(),
        ),
    ]);
    vectors.extend(
        written
            .tiles
            .iter()
            .map(|(tile, bytes)| (format!("log/{tile}"), bytes.clone())),
    );
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    for (name, bytes) in vectors {
        let path = folder.join(&name);
        if std::env::var_os("WRITE_VECTORS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &bytes).unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == bytes, "{name}");
    }
}

/// Else both could be wrong alike.
#[test]
fn the_verifier_stands_on_nothing_of_the_writers() {
    let manifest = include_str!("../Cargo.toml");
    let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
    let (dependencies, _) = dependencies.split_once("[dev-dependencies]").unwrap();
    let workspace = include_str!("../../../Cargo.toml");
    let ours = workspace.lines().filter(|line| line.contains("path = \""));
    let ours: Vec<&str> = ours.filter_map(|line| line.split(' ').next()).collect();
    assert!(ours.contains(&"ledger"));
    for dependency in dependencies.lines() {
        let name = dependency.split(['.', ' ']).next().unwrap();
        assert!(!ours.contains(&name), "{name}");
    }
}

#[test]
fn a_version_of_the_writer_is_held_against_its_event() {
    let written = Written::new(&[3]);
    for (index, held) in [(1, "came to be with"), (2, "were in force until")] {
        let file = written.version_file(1);
        let report = verify::version(
            file.as_bytes(),
            written.proof_file(index).as_bytes(),
            &trust(),
        );
        assert_eq!(report.verdict(), Verdict::Proved, "{report}");
        assert!(report.proved[0].contains(held), "{report}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn every_proof_chain_and_log_of_the_writer_is_proved(
        batches in prop::collection::vec(prop_oneof![1..20_usize, 200..300_usize], 1..4),
        which: prop::sample::Index,
        then: prop::sample::Index,
    ) {
        let written = Written::new(&batches);
        let index = which.index(written.events.len());
        let report = verify::proof(written.proof_file(index).as_bytes(), None, &trust());
        prop_assert_eq!(report.verdict(), Verdict::Proved, "{}", report);

        let keys = written::operator_keys();
        let report = verify::views(written.views_file(index).as_bytes(), &[keys.as_bytes()], &trust());
        prop_assert_eq!(report.verdict(), Verdict::Proved, "{}", report);

        let report = verify::chain(&[written.chain_file(&[index])], &trust());
        prop_assert_eq!(report.verdict(), Verdict::Proved, "{}", report);

        let then = then.index(written.checkpoints.len());
        let older = written.checkpoints[then].to_string();
        let report = verify::consistency(&written.grown(then), &older, &trust());
        prop_assert_eq!(report.verdict(), Verdict::Proved, "{}", report);
        let report = written.log(Some(&older));
        prop_assert_eq!(report.verdict(), Verdict::Proved, "{}", report);
    }
}
