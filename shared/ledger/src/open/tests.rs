use serde_json::json;

use super::*;
use crate::disclosure::disclose;
use crate::{Audience, EventDraft, Salt, SealedEvent, canonical};

pub(crate) fn draft(seq: u64, prev: Option<Sha256>) -> EventDraft {
    let at = Timestamp::from_millisecond(1_800_000_000_000 + i64::try_from(seq).unwrap());
    EventDraft {
        log: "id.example.eu/log".to_owned(),
        event_id: EventId::new(at, &[7; 10]),
        at,
        subject: "P#1b4e28ba-2fa1-41d2-883f-0016d3cca427".to_owned(),
        seq,
        prev,
        event_type: "repair".to_owned(),
        actor: Actor {
            role: "service-provider".to_owned(),
            organisation: "garage-canary".to_owned(),
            reference: "00ff".to_owned(),
        },
        reason: "contactor-canary exchanged".to_owned(),
        notes: Some("note-canary".to_owned()),
        occurred_at: Some(at),
        evidence: vec![EvidenceReference {
            id: "evidence-canary".to_owned(),
            sha256: Sha256::of(b"photo"),
            media_type: "image/png".to_owned(),
            kind: None,
            version: None,
            class: 4,
        }],
        audience: 4,
        commitments: vec![CommitmentChange {
            class: 4,
            before: None,
            after: Some(Sha256::of(b"part")),
        }],
        changes: vec![AttributeChange {
            pointer: "/condition/stateOfHealth".to_owned(),
            class: 4,
            op: "replace".to_owned(),
            before: Some(json!("97-canary")),
            after: Some(json!("96-canary")),
        }],
        readings: Vec::new(),
        state: None,
        erased: None,
    }
}

/// The same bytes each time, long without repetition: SHA-256 of 0, 1, 2, …
pub(crate) fn random() -> impl FnMut(&mut [u8]) {
    let mut next = 0_u64;
    move |buffer| {
        for chunk in buffer.chunks_mut(32) {
            let bytes = Sha256::of(&next.to_be_bytes());
            chunk.copy_from_slice(&bytes.as_bytes()[..chunk.len()]);
            next += 1;
        }
    }
}

pub(crate) fn sealed(seq: u64, prev: Option<Sha256>) -> SealedEvent {
    draft(seq, prev).seal(&mut random()).unwrap()
}

fn all(event: &SealedEvent) -> Vec<String> {
    event.disclosures.values().flatten().cloned().collect()
}

/// Evidence as it is opened: without its class.
pub(crate) fn undisclosed(mut evidence: Vec<EvidenceReference>) -> Vec<EvidenceReference> {
    for one in &mut evidence {
        one.class = 0;
    }
    evidence
}

#[test]
fn evidence_is_opened_by_those_who_may_see_the_evidence() {
    let mut draft = draft(3, None);
    draft.audience = 1;
    draft.evidence.push(EvidenceReference {
        id: "public-declaration".to_owned(),
        class: 1,
        ..draft.evidence[0].clone()
    });
    let event = draft.seal(&mut random()).unwrap();
    let ids = |audiences: &[u8]| -> Vec<String> {
        let texts: Vec<String> = audiences
            .iter()
            .flat_map(|class| event.disclosures.get(&Audience::Class(*class)).cloned())
            .flatten()
            .collect();
        let opened = open(&event.bytes, &texts).unwrap();
        opened.evidence.into_iter().map(|one| one.id).collect()
    };
    assert_eq!(ids(&[1]), ["public-declaration"]);
    assert_eq!(ids(&[1, 4]), ["evidence-canary", "public-declaration"]);
}

#[test]
fn evidence_in_one_list_still_opens() {
    let evidence = draft(3, None).evidence;
    let (bytes, texts) = forged(&[("evidence", json!(evidence))]);
    assert_eq!(
        open(&bytes, &texts).unwrap().evidence,
        undisclosed(evidence)
    );
}

#[test]
fn opening_everything_gives_the_draft_back() {
    let event = sealed(3, Some(Sha256::of(b"before")));
    let opened = open(&event.bytes, &all(&event)).unwrap();
    let draft = draft(3, Some(Sha256::of(b"before")));
    let link = opened.chain.unwrap();
    assert_eq!(
        (link.seq, link.prev, link.subject),
        (3, draft.prev, draft.subject)
    );
    assert_eq!(opened.event_type, Some(draft.event_type));
    assert_eq!(opened.actor, Some(draft.actor));
    assert_eq!(opened.reason, Some(draft.reason));
    assert_eq!(opened.notes, draft.notes);
    assert_eq!(opened.occurred_at, draft.occurred_at);
    assert_eq!(opened.evidence, undisclosed(draft.evidence));
    assert_eq!(opened.commitments, draft.commitments);
    assert_eq!(opened.changes.len(), 1);
    assert_eq!(opened.changes[0].after, draft.changes[0].after);
    assert_eq!(opened.hash, event.hash);
}

#[test]
fn a_leaf_says_nothing_but_time_and_digests() {
    let event = sealed(3, None);
    let leaf: Value = serde_json::from_slice(&event.bytes).unwrap();
    let mut members: Vec<&String> = leaf.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["_sd", "at", "eventId", "log", "v"]);
    assert!(!String::from_utf8(event.bytes).unwrap().contains("canary"));
    let count = leaf["_sd"].as_array().unwrap().len();
    assert!(count.is_power_of_two() && count >= 8, "{count}");
}

#[test]
fn each_disclosure_goes_to_its_audience() {
    let event = sealed(3, None);
    assert_eq!(event.disclosures[&Audience::Chain].len(), 1);
    let opened = open(&event.bytes, &event.disclosures[&Audience::Class(4)]).unwrap();
    assert!(opened.chain.is_none());
    assert_eq!(opened.changes.len(), 1);
}

#[test]
fn foreign_repeated_and_malformed_disclosures_are_refused() {
    let (event, other) = (sealed(3, None), sealed(4, None));
    let mut texts = all(&event);
    texts.push(all(&other).pop().unwrap());
    assert_eq!(
        open(&event.bytes, &texts).unwrap_err(),
        OpenError::Foreign(texts.len() - 1)
    );
    let twice = vec![texts[0].clone(), texts[0].clone()];
    assert_eq!(
        open(&event.bytes, &twice).unwrap_err(),
        OpenError::Repeated(1)
    );
}

#[test]
fn any_changed_byte_is_noticed() {
    let event = sealed(3, None);
    let texts = all(&event);
    for (index, text) in texts.iter().enumerate() {
        for position in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
            let mut changed = texts.clone();
            changed[index] = String::from_utf8(bytes).unwrap();
            assert!(open(&event.bytes, &changed).is_err(), "{index} {position}");
        }
    }
    for position in 0..event.bytes.len() {
        let mut changed = event.bytes.clone();
        changed[position] ^= 1;
        assert_ne!(Sha256::of_leaf(&changed), event.hash);
    }
}

/// A leaf whose disclosures are these names and values.
fn forged(said: &[(&str, Value)]) -> (Vec<u8>, Vec<String>) {
    let texts: Vec<String> = said
        .iter()
        .enumerate()
        .map(|(index, (name, value))| {
            let salt = Salt([u8::try_from(index).unwrap(); 16]);
            disclose(&salt, name, value).unwrap()
        })
        .collect();
    let mut digests: Vec<String> = texts.iter().map(|text| digest(text)).collect();
    digests.sort();
    (leaf(json!(digests)), texts)
}

fn leaf(digests: Value) -> Vec<u8> {
    let mut leaf: Value = serde_json::from_slice(&sealed(3, None).bytes).unwrap();
    leaf["_sd"] = digests;
    canonical(&leaf).unwrap()
}

#[test]
fn a_writer_cannot_say_two_things_of_one() {
    let (bytes, texts) = forged(&[("reason", json!("one")), ("reason", json!("other"))]);
    assert_eq!(open(&bytes, &texts).unwrap_err(), OpenError::SaidTwice(1));
    let change = json!({"op": "add", "after": 1});
    let (bytes, texts) = forged(&[
        ("/a", change.clone()),
        ("/b", change.clone()),
        ("/a", change),
    ]);
    assert_eq!(open(&bytes, &texts).unwrap_err(), OpenError::SaidTwice(2));
    let commitment = |class: u8| {
        (
            COMMITMENT,
            json!({"class": class, "before": null, "after": null}),
        )
    };
    let (bytes, texts) = forged(&[commitment(1), commitment(2)]);
    assert_eq!(open(&bytes, &texts).unwrap().commitments.len(), 2);
    let (bytes, texts) = forged(&[commitment(2), commitment(2)]);
    assert_eq!(open(&bytes, &texts).unwrap_err(), OpenError::SaidTwice(1));
}

#[test]
fn disclosures_of_another_shape_are_refused() {
    let change = json!({"op": "add", "after": 1});
    for (name, value) in [
        ("type", Value::Null),
        ("type", json!(7)),
        ("chain", Value::Null),
        (
            "chain",
            json!({"subject": "P#1", "seq": 1, "prev": null, "next": null}),
        ),
        ("chain", json!({"subject": "P#1", "seq": -1, "prev": null})),
        ("/a", json!("a value")),
        ("/a", json!({"op": "add", "after": 1, "pointer": "/b"})),
        ("/a", json!({"op": "add", "after": 1, "class": 1})),
        (
            COMMITMENT,
            json!({"class": 1, "before": "abc", "after": null}),
        ),
        ("occurredAt", json!("yesterday")),
        ("evidence", json!({})),
    ] {
        let (bytes, texts) = forged(&[("/good", change.clone()), (name, value.clone())]);
        let refused = open(&bytes, &texts).unwrap_err();
        assert_eq!(refused, OpenError::Malformed(1), "{name} {value}");
    }
}

#[test]
fn a_null_that_is_there_is_not_a_value_that_is_missing() {
    let (bytes, texts) = forged(&[("/a", json!({"op": "replace", "before": null}))]);
    let opened = open(&bytes, &texts).unwrap();
    assert_eq!(opened.changes[0].before, Some(Value::Null));
    assert_eq!(opened.changes[0].after, None);
}

#[test]
fn only_a_leaf_is_a_leaf() {
    let good = String::from_utf8(sealed(3, None).bytes).unwrap();
    assert!(open(good.as_bytes(), &[]).is_ok());
    let zero = "A".repeat(43);
    let spoilt = [
        good.replace("\"v\":1", "\"v\":2"),
        good.replace("\"v\":1", "\"v\":1,\"w\":1"),
        good.replace("\"v\":1", "\"v\":1,\"v\":1"),
        good.replace("\"log\"", "\"Log\""),
        format!("{good}{{}}"),
        good[..good.len() - 1].to_owned(),
        String::from_utf8(leaf(json!([zero, zero]))).unwrap(),
        String::from_utf8(leaf(json!(["B".repeat(42) + "A", zero]))).unwrap(),
        String::from_utf8(leaf(json!(["A".repeat(42)]))).unwrap(),
        String::from_utf8(leaf(json!(["A".repeat(42) + "B"]))).unwrap(),
    ];
    for text in spoilt {
        let refused = open(text.as_bytes(), &[]);
        assert!(matches!(refused, Err(OpenError::NotALeaf(_))), "{text}");
    }
}

#[test]
fn more_disclosures_than_an_event_can_have_are_not_read() {
    let event = sealed(3, None);
    let texts = vec![String::new(); MOST_DISCLOSURES + 1];
    let refused = open(&event.bytes, &texts).unwrap_err();
    assert_eq!(refused, OpenError::TooMany(MOST_DISCLOSURES + 1));
}
