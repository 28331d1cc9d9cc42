use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::open::tests::{draft, random, sealed, undisclosed};
use crate::{OpenError, open};

/// Sealed once, and never to change: leaves that are written stay readable for decades.
#[test]
fn a_sealed_event_is_byte_for_byte_that_of_the_vector() {
    let vector: Value = serde_json::from_str(include_str!("../../vectors/event.json")).unwrap();
    let event = sealed(3, Some(Sha256::of(b"before")));
    let ours = json!({
        "leaf": String::from_utf8(event.bytes).unwrap(),
        "hash": event.hash,
        "disclosures": event.disclosures,
    });
    assert_eq!(ours, vector, "{ours:#}");
}

#[test]
fn what_would_not_open_again_is_not_sealed() {
    let seal = |spoil: &dyn Fn(&mut EventDraft)| {
        let mut draft = draft(3, None);
        spoil(&mut draft);
        draft.seal(&mut random()).unwrap_err()
    };
    let repeated = seal(&|draft| draft.changes.push(draft.changes[0].clone()));
    assert!(
        matches!(&repeated, SealError::Repeated(name) if name == "/condition/stateOfHealth"),
        "{repeated}"
    );
    let repeated = seal(&|draft| draft.commitments.push(draft.commitments[0].clone()));
    assert!(matches!(repeated, SealError::Repeated(_)), "{repeated}");
    let repeated = seal(&|draft| draft.readings = vec![readings(4, draft), readings(4, draft)]);
    assert!(
        matches!(&repeated, SealError::Repeated(name) if name == "readings 4"),
        "{repeated}"
    );
    let unreadable = seal(&|draft| draft.readings = vec![readings(5, draft)]);
    assert!(matches!(unreadable, SealError::UnknownClass(5)));
    let disguised = seal(&|draft| draft.changes[0].pointer = "actor".to_owned());
    assert!(
        matches!(disguised, SealError::NotAPointer(_)),
        "{disguised}"
    );
    let unreadable = seal(&|draft| draft.changes[0].class = 5);
    assert!(matches!(unreadable, SealError::UnknownClass(5)));
    let rounded = seal(&|draft| draft.changes[0].after = Some(json!(u64::MAX)));
    assert!(matches!(rounded, SealError::NotCanonical(_)));
}

fn readings(class: u8, draft: &EventDraft) -> ReadingsCommitment {
    ReadingsCommitment {
        class,
        count: 17,
        from: draft.at,
        to: draft.at,
        sha256: Sha256::of(b"series"),
    }
}

fn with_changes(count: usize) -> EventDraft {
    let mut draft = draft(3, None);
    let change = draft.changes[0].clone();
    draft.changes = (0..count)
        .map(|number| AttributeChange {
            pointer: format!("/attribute/{number}"),
            ..change.clone()
        })
        .collect();
    draft
}

#[test]
fn a_thousand_disclosures_fit_a_leaf_and_one_more_is_refused() {
    let others = 8;
    let most = with_changes(MOST_DISCLOSURES - others);
    let event = most.seal(&mut random()).unwrap();
    assert!(event.bytes.len() <= LEAF_LIMIT);
    assert_eq!(
        event.disclosures.values().flatten().count(),
        MOST_DISCLOSURES
    );
    let refused = with_changes(MOST_DISCLOSURES - others + 1).seal(&mut random());
    assert!(matches!(refused, Err(SealError::TooManyDisclosures(1_001))));
    let long = EventDraft {
        log: "l".repeat(LEAF_LIMIT),
        ..draft(3, None)
    };
    let refused = long.seal(&mut random()).unwrap_err();
    assert!(matches!(refused, SealError::TooLong(bytes) if bytes > LEAF_LIMIT));
}

#[test]
fn a_read_event_opens_to_the_internal_class_only_and_says_who_read_what() {
    let EventDraft {
        log,
        event_id,
        at,
        subject,
        actor,
        ..
    } = draft(3, None);
    let read = ReadEventDraft {
        log,
        event_id,
        at,
        subject: subject.clone(),
        actor: actor.clone(),
        purpose: "purpose-canary".to_owned(),
        basis: vec!["basis-canary".to_owned()],
        classes: vec![1, 2, 4],
        pointers: vec!["/pointer-canary".to_owned()],
        commitments: vec![Sha256::of(b"part")],
        request_id: "request-canary".to_owned(),
    };
    let event = read.seal(&mut random()).unwrap();
    let audiences: Vec<&Audience> = event.disclosures.keys().collect();
    assert_eq!(audiences, [&Audience::Class(0)]);
    let leaf = String::from_utf8(event.bytes.clone()).unwrap();
    assert!(
        !leaf.contains("canary") && !leaf.contains(&subject),
        "{leaf}"
    );
    let opened = open(&event.bytes, &event.disclosures[&Audience::Class(0)]).unwrap();
    assert_eq!(opened.event_type.as_deref(), Some("restricted-read"));
    assert_eq!(opened.actor, Some(actor));
    assert_eq!(opened.reason.as_deref(), Some("purpose-canary"));
    let other = json!({
        "subject": subject, "classes": [1, 2, 4], "pointers": ["/pointer-canary"],
        "commitments": [Sha256::of(b"part")], "requestId": "request-canary", "basis": ["basis-canary"],
    });
    assert_eq!(Value::Object(opened.other), other);
}

#[test]
fn public_reads_say_day_and_count_and_nothing_of_who_read() {
    let EventDraft {
        log, event_id, at, ..
    } = draft(3, None);
    let reads = PublicReadsDraft {
        log,
        event_id,
        at,
        subject: "U#subject-canary".to_owned(),
        day: "2027-02-18".to_owned(),
        count: 7,
    };
    let event = reads.seal(&mut random()).unwrap();
    let audiences: Vec<&Audience> = event.disclosures.keys().collect();
    assert_eq!(audiences, [&Audience::Class(0)]);
    let leaf = String::from_utf8(event.bytes.clone()).unwrap();
    assert!(
        !leaf.contains("canary") && !leaf.contains("02-18"),
        "{leaf}"
    );
    let opened = open(&event.bytes, &event.disclosures[&Audience::Class(0)]).unwrap();
    assert_eq!(opened.event_type.as_deref(), Some("public-reads"));
    assert!(opened.actor.is_none() && opened.reason.is_none());
    let other = json!({"subject": "U#subject-canary", "day": "2027-02-18", "count": 7});
    assert_eq!(Value::Object(opened.other), other);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53)..=1 << 53).prop_map(Value::from),
        // A float without a fraction reads back as an integer.
        (-1e6..1e6_f64)
            .prop_filter("has a fraction", |number| number.fract() != 0.0)
            .prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(".{0,6}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_change() -> impl Strategy<Value = (u8, Option<Value>, Option<Value>)> {
    (0..=4_u8, option::of(any_value()), option::of(any_value()))
}

prop_compose! {
    fn any_draft()(
        seq in 1..1_000_000_u64,
        prev in option::of(any::<u64>()),
        notes in option::of("canary-.{0,20}"),
        reason in "canary-.{0,20}",
        occurred in option::of(0..4_000_000_000_000_i64),
        audience in 0..=4_u8,
        evidence in btree_map("[a-z]{1,6}", 0..=4_u8, 0..3),
        commitments in btree_map(0..=4_u8, (option::of(any::<u64>()), option::of(any::<u64>())), 0..5),
        changes in btree_map("/canary[a-z/]{0,10}", any_change(), 0..12),
        readings in btree_map(0..=4_u8, (1..2_000_usize, any::<u64>()), 0..3),
    ) -> EventDraft {
        let hash = |number: u64| Sha256::of(&number.to_be_bytes());
        let base = draft(seq, prev.map(hash));
        EventDraft {
            notes,
            reason,
            occurred_at: occurred.map(Timestamp::from_millisecond),
            audience,
            evidence: evidence
                .into_iter()
                .map(|(id, class)| EvidenceReference {
                    id,
                    class,
                    ..base.evidence[0].clone()
                })
                .collect(),
            commitments: commitments
                .into_iter()
                .map(|(class, (before, after))| CommitmentChange {
                    class,
                    before: before.map(hash),
                    after: after.map(hash),
                })
                .collect(),
            changes: changes
                .into_iter()
                .map(|(pointer, (class, before, after))| AttributeChange {
                    pointer,
                    class,
                    op: "replace".to_owned(),
                    before,
                    after,
                })
                .collect(),
            readings: readings
                .into_iter()
                .map(|(class, (count, sha256))| ReadingsCommitment {
                    class,
                    count,
                    from: base.at,
                    to: base.at.next(),
                    sha256: hash(sha256),
                })
                .collect(),
            ..base
        }
    }
}

fn all(event: &SealedEvent) -> Vec<String> {
    event.disclosures.values().flatten().cloned().collect()
}

proptest! {
    #[test]
    fn opening_all_gives_the_draft_back(draft in any_draft()) {
        let event = draft.clone().seal(&mut random()).unwrap();
        let opened = open(&event.bytes, &all(&event)).unwrap();
        let link = opened.chain.unwrap();
        prop_assert_eq!((link.subject, link.seq, link.prev), (draft.subject, draft.seq, draft.prev));
        prop_assert_eq!((opened.log, opened.event_id, opened.at), (draft.log, draft.event_id, draft.at));
        prop_assert_eq!(opened.event_type, Some(draft.event_type));
        prop_assert_eq!(opened.actor, Some(draft.actor));
        prop_assert_eq!(opened.reason, Some(draft.reason));
        prop_assert_eq!(opened.notes, draft.notes);
        prop_assert_eq!(opened.occurred_at, draft.occurred_at);
        prop_assert_eq!(opened.evidence, undisclosed(draft.evidence));
        prop_assert_eq!(opened.commitments, draft.commitments);
        prop_assert_eq!(opened.readings, draft.readings);
        let undisclosed = |change: AttributeChange| AttributeChange { class: 0, ..change };
        let changes: Vec<_> = draft.changes.into_iter().map(undisclosed).collect();
        prop_assert_eq!(opened.changes, changes);
    }

    #[test]
    fn each_audience_opens_its_own_changes_and_no_others(draft in any_draft()) {
        let event = draft.clone().seal(&mut random()).unwrap();
        for class in 0..=4 {
            let texts = event.disclosures.get(&Audience::Class(class)).cloned().unwrap_or_default();
            let opened = open(&event.bytes, &texts).unwrap();
            let pointers = |changes: &[AttributeChange]| -> Vec<String> {
                changes.iter().map(|change| change.pointer.clone()).collect()
            };
            let own: Vec<AttributeChange> =
                draft.changes.iter().filter(|change| change.class == class).cloned().collect();
            prop_assert_eq!(pointers(&opened.changes), pointers(&own));
            prop_assert!(opened.commitments.iter().all(|change| change.class == class));
            prop_assert!(opened.readings.iter().all(|readings| readings.class == class));
            prop_assert_eq!(opened.reason.is_some(), class == draft.audience);
            prop_assert!(opened.chain.is_none());
        }
    }

    #[test]
    fn any_disclosures_may_be_missing(draft in any_draft(), keep: u64) {
        let event = draft.seal(&mut random()).unwrap();
        let kept: Vec<String> = all(&event)
            .into_iter()
            .enumerate()
            .filter(|(index, _)| keep >> (index % 64) & 1 == 1)
            .map(|(_, text)| text)
            .collect();
        let opened = open(&event.bytes, &kept).unwrap();
        prop_assert_eq!(opened.hash, event.hash);
    }

    #[test]
    fn a_leaf_says_nothing_and_its_size_little(draft in any_draft()) {
        let subject = draft.subject.clone();
        let event = draft.seal(&mut random()).unwrap();
        let leaf = String::from_utf8(event.bytes.clone()).unwrap();
        prop_assert!(!leaf.contains("canary") && !leaf.contains(&subject));
        let leaf: Value = serde_json::from_str(&leaf).unwrap();
        let count = leaf["_sd"].as_array().unwrap().len();
        prop_assert!(count.is_power_of_two() && count >= FEWEST_DIGESTS);
        prop_assert!(count >= all(&event).len());
    }

    #[test]
    fn a_changed_character_of_a_disclosure_is_noticed(
        draft in any_draft(),
        which: prop::sample::Index,
        place: prop::sample::Index,
        character in "[A-Za-z0-9_-]",
    ) {
        let event = draft.seal(&mut random()).unwrap();
        let mut texts = all(&event);
        let index = which.index(texts.len());
        let at = place.index(texts[index].len());
        prop_assume!(texts[index][at..=at] != character);
        texts[index].replace_range(at..=at, &character);
        prop_assert_eq!(open(&event.bytes, &texts).unwrap_err(), OpenError::Foreign(index));
    }

    #[test]
    fn a_changed_bit_of_a_leaf_is_noticed(draft in any_draft(), place: prop::sample::Index, bit in 0..8_u32) {
        let event = draft.seal(&mut random()).unwrap();
        let mut bytes = event.bytes.clone();
        bytes[place.index(event.bytes.len())] ^= 1 << bit;
        if let Ok(opened) = open(&bytes, &[]) {
            prop_assert_ne!(opened.hash, event.hash);
        }
    }

    #[test]
    fn a_strangers_text_opens_nothing(bytes in vec(any::<u8>(), 0..200), texts in vec(".{0,40}", 0..4)) {
        prop_assert!(open(&bytes, &texts).is_err());
        let event = sealed(3, None);
        prop_assert_eq!(open(&event.bytes, &texts).is_ok(), texts.is_empty());
    }
}
