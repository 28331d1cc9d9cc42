use serde_json::json;
use verify::Verdict;

use super::*;

fn vector(name: &str) -> Vec<u8> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/verify/vectors"
    );
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(vector(name)).unwrap()
}

fn asked(trust: &str, names: &[&str]) -> Report {
    let files: BTreeMap<&str, String> = names
        .iter()
        .map(|name| (*name, STANDARD.encode(vector(name))))
        .collect();
    answer(&json!({"trust": trust, "files": files}).to_string())
}

#[test]
fn files_are_known_by_what_is_in_them() {
    let tiles = [
        "log/checkpoint",
        "log/tile/0/000.p/3",
        "log/tile/entries/000.p/3",
    ];
    for names in [
        &["event.proof.json"][..],
        &["event.tlog-proof", "event.leaf"],
        &["event.proof.json", "version.json"],
        &["chain.json"],
        &["operator-keys.json", "views.json"],
        &tiles,
    ] {
        for trust in [
            text("key"),
            text("policy"),
            text("policy").replace('\n', "\r\n"),
        ] {
            let report = asked(&trust, names);
            assert_eq!(report.verdict(), Verdict::Proved, "{names:?}: {report}");
        }
    }
}

#[test]
fn what_is_missing_or_not_known_is_told() {
    for (names, told) in [
        (&[][..], "the files: expected a proof file"),
        (&["key"], "the files: expected a proof file"),
        (&["version.json"], "the version: choose the proof file"),
        (&["views.json"], "the views: choose the public keys"),
        (
            &["views.json", "operator-keys.json", "event.leaf"],
            "the files: expected a proof file",
        ),
        (
            &["event.tlog-proof"],
            "the proof: a bare proof needs the event's leaf",
        ),
        (
            &["chain.json", "event.proof.json"],
            "the files: expected a proof file",
        ),
    ] {
        let report = asked(&text("key"), names);
        assert_eq!(report.verdict(), Verdict::Unchecked);
        assert!(
            report.fault.unwrap().to_string().starts_with(told),
            "{told}"
        );
    }
    let proof = &["event.proof.json"];
    assert!(
        asked("", proof)
            .to_string()
            .contains("the key of a log, none was given")
    );
    assert!(
        asked("a key", proof)
            .to_string()
            .contains("the key or policy: line 1")
    );
    assert!(
        asked("key", proof)
            .to_string()
            .contains("the key or policy: `key` has not three parts")
    );
    assert!(
        answer("{}")
            .to_string()
            .starts_with("NOT CHECKED: the request: missing field")
    );
}
