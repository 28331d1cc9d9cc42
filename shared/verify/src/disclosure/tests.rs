use super::*;
use crate::testing::{Written, disclosure};

fn open(written: &Written, disclosures: &[String]) -> Result<Opened, Fault> {
    let leaf = Leaf::read("event 1", &written.leaf).unwrap();
    Opened::read("event 1", &leaf, disclosures)
}

#[test]
fn every_kind_is_told_in_plain_words() {
    let hash = "ab".repeat(32);
    let said = [
        ("type", json!("repair")),
        (
            "actor",
            json!({"role": "service-provider", "organisation": "garage", "reference": "00ff"}),
        ),
        ("chain", json!({"subject": "P#1", "seq": 3, "prev": hash})),
        (
            "commitment",
            json!({"class": 4, "before": null, "after": hash}),
        ),
        (
            "evidence",
            json!({"id": "photo", "mediaType": "image/png", "sha256": hash}),
        ),
        (
            "/condition/stateOfHealth",
            json!({"op": "replace", "before": 97, "after": 96}),
        ),
        ("/condition/note", json!({"op": "add", "after": null})),
        ("/condition/count", json!({"op": "remove", "before": 7})),
        ("purpose", json!("recycling")),
    ];
    let written = Written::new(1, &said);
    let opened = open(&written, &written.disclosures).unwrap();
    let told: Vec<String> = opened.said.iter().map(Said::sentence).collect();
    assert_eq!(
        told,
        [
            "It says what happened: \"repair\".".to_owned(),
            "It says who acted: the organisation \"garage\" as \"service-provider\" (person or client \"00ff\").".to_owned(),
            format!("It is event 3 of \"P#1\", and follows the event with the hash \"{hash}\"."),
            format!("It says that the values of access class 4 were those with the commitment none before and \"{hash}\" after."),
            format!("It names as evidence the file \"photo\" (\"image/png\") with the SHA-256 \"{hash}\"."),
            "It says that `/condition/stateOfHealth`, which was 97, became 96.".to_owned(),
            "It says that `/condition/note` came to be null.".to_owned(),
            "It says that `/condition/count`, which was 7, was removed.".to_owned(),
            "It says of `purpose`: \"recycling\".".to_owned(),
        ]
    );
    assert_eq!((opened.closed, opened.event_type()), (1, Some("repair")));
    assert_eq!(open(&written, &[]).unwrap().closed, 10);
}

#[test]
fn a_disclosure_of_another_event_is_named() {
    let (one, other) = (
        Written::new(1, &[("type", json!("a"))]),
        Written::new(2, &[("type", json!("b"))]),
    );
    let texts = [one.disclosures.clone(), other.disclosures].concat();
    let fault = open(&one, &texts).unwrap_err();
    assert_eq!(fault.place, "event 1, disclosure 2");
    assert!(fault.what.contains("does not belong to this event"));
    let twice = [one.disclosures.clone(), one.disclosures.clone()].concat();
    assert_eq!(
        open(&one, &twice).unwrap_err().what,
        "it stands there twice"
    );
}

#[test]
fn a_writer_cannot_say_two_things_of_one() {
    let hash = "ab".repeat(32);
    let commitment = |class: u8| {
        (
            "commitment",
            json!({"class": class, "before": null, "after": hash}),
        )
    };
    for (said, fits) in [
        ([("reason", json!("a")), ("reason", json!("b"))], false),
        ([commitment(1), commitment(2)], true),
        (
            [
                (
                    "commitment",
                    json!({"class": 1, "before": hash, "after": null}),
                ),
                commitment(1),
            ],
            false,
        ),
        (
            [
                ("evidence", json!({"id": "a"})),
                ("evidence", json!({"id": "b"})),
            ],
            true,
        ),
    ] {
        let written = Written::new(1, &said);
        assert_eq!(
            open(&written, &written.disclosures).is_ok(),
            fits,
            "{said:?}"
        );
    }
}

#[test]
fn what_decides_has_exactly_the_known_form() {
    let hash = "ab".repeat(32);
    for (name, value) in [
        ("chain", json!({"subject": "P#1", "seq": 1})),
        ("chain", json!({"subject": "P#1", "seq": 0, "prev": null})),
        ("chain", json!({"subject": "P#1", "seq": 1.5, "prev": null})),
        ("chain", json!({"subject": "P#1", "seq": 1, "prev": "abc"})),
        (
            "chain",
            json!({"subject": "P#1", "seq": 1, "prev": hash.to_uppercase()}),
        ),
        (
            "chain",
            json!({"subject": "P#1", "seq": 1, "prev": null, "next": null}),
        ),
        ("commitment", json!({"class": 1, "before": null})),
        ("commitment", json!([])),
        ("/a", json!("a value")),
        ("/a", json!({"op": "add", "before": 1})),
        ("/a", json!({"op": "remove", "after": 1, "before": 2})),
        ("/a", json!({"op": "replace", "after": 1})),
        ("/a", json!({"op": "swap", "before": 1, "after": 1})),
        ("/a", json!({"op": "add", "after": 1, "pointer": "/b"})),
    ] {
        let written = Written::new(1, &[(name, value.clone())]);
        let fault = open(&written, &written.disclosures).unwrap_err();
        assert!(
            fault.what.ends_with("has another form than is known"),
            "{name} {value}: {fault}"
        );
    }
}

#[test]
fn only_the_canonical_form_is_a_disclosure() {
    let good = disclosure("/a", &json!({"op": "add", "after": 1}));
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(&good).unwrap()).unwrap();
    assert!(read(&good).is_some());
    for wrong in [
        text.replace("\"op\"", "\"after\":2,\"op\""),
        text.replace(":1", ": 1"),
        text.replace(":1", ":1.0"),
        text.replace(":1", ":9007199254740993"),
        text.replacen('"', "\"A", 1),
        text.replace("\"/a\"", "7"),
        text.replace("]", ",1]"),
        format!("{text} "),
        "{}".to_owned(),
    ] {
        assert_ne!(wrong, text);
        assert!(read(&URL_SAFE_NO_PAD.encode(&wrong)).is_none(), "{wrong}");
    }
    assert!(read(&format!("{good}=")).is_none());
}

#[test]
fn a_value_that_would_be_rounded_has_no_disclosure() {
    let salt = URL_SAFE_NO_PAD.encode([7; 16]);
    for (value, exact) in [
        (json!(9_007_199_254_740_992_u64), true),
        (json!(9_007_199_254_740_993_u64), false),
        (json!({"deep": [i64::MIN]}), false),
        (json!(1e16), false),
        (json!([1.5, -0.25, 1e-7]), true),
    ] {
        assert_eq!(disclose(&salt, "/a", &value).is_some(), exact, "{value}");
    }
    assert_eq!(disclose("short", "/a", &json!(1)), None);
}
