use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::note::VerifierKey;
use crate::report::Verdict;
use crate::testing::{LOG, Log, SUBJECT, Written, chain_file, events, key_text};

fn check(file: &Value) -> Report {
    let trust = Trust::keys([key_text(LOG, 1).parse::<VerifierKey>().unwrap()]);
    chain(&[file.to_string()], &trust)
}

/// The fault of a chain without proofs.
fn fault(events: &[Written]) -> String {
    let report = check(&chain_file(&Log::of(events), events, &[]));
    assert_eq!(report.verdict(), Verdict::Refuted, "{report}");
    report.fault.unwrap().to_string()
}

/// An event that says it is in that place.
fn placed(millisecond: u64, subject: &str, seq: u64, prev: Option<&Written>) -> Written {
    let prev = prev.map(|event| Hash::leaf(&event.leaf).to_string());
    Written::new(
        millisecond,
        &[(
            "chain",
            json!({"subject": subject, "seq": seq, "prev": prev}),
        )],
    )
}

#[test]
fn a_whole_chain_is_proved_through_its_last_event() {
    let events = events(3);
    let log = Log::of(&events);
    let report = check(&chain_file(&log, &events, &[0, 2]));
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    let head = Hash::leaf(&events[2].leaf);
    assert_eq!(
        report.proved[..5],
        [
            format!(
                "The chain of `{SUBJECT}` is whole from event 1 to event 3: none is missing, doubled, changed or out of order. \
                 Its head is {head}."
            ),
            "Event 1, 2027-01-15T08:00:00.001Z: repair, entry 0 of the log.".to_owned(),
            "Event 2, 2027-01-15T08:00:00.002Z: repair.".to_owned(),
            "Event 3, 2027-01-15T08:00:00.003Z: repair, entry 2 of the log.".to_owned(),
            format!(
                "Event 3 is in the log `{LOG}`, signed by a key that you trust, and every event before it with it, \
                 bound by its hash."
            ),
        ]
    );
    assert!(
        report.proved[5]
            .starts_with("The checkpoint of the log `id.example.eu/log` with 3 entries")
    );
    assert_eq!(report.proved.len(), 6);
    assert_eq!(report.not_proved.len(), 5);
}

#[test]
fn without_proofs_a_chain_is_only_whole() {
    let events = events(3);
    let log = Log::of(&events);
    let file = chain_file(&log, &events, &[]);
    let report = chain(&[file.to_string()], &Trust::default());
    assert_eq!(report.verdict(), Verdict::Proved);
    assert!(report.not_proved[0].starts_with("That any of it is in a log"));
    // Whoever names a key is not told that all is well without it.
    let report = check(&file);
    assert_eq!(report.verdict(), Verdict::Unchecked);
    let told = "the chain file: no event came with a proof, so no key could be held against it";
    assert_eq!(report.fault.unwrap().to_string(), told);
    let report = check(&chain_file(&log, &events, &[1]));
    let told = "That the events after event 2 are in the log: they came without a proof.";
    assert!(report.not_proved.contains(&told.to_owned()), "{report}");
}

#[test]
fn dropped_swapped_doubled_and_changed_events_are_named() {
    let whole = events(5);
    let mut dropped = whole.clone();
    dropped.remove(2);
    assert!(fault(&dropped).starts_with("event 3: it is another event of the chain than its place says; expected number 3; found number 4"));
    let mut swapped = whole.clone();
    swapped.swap(1, 2);
    assert!(fault(&swapped).starts_with("event 2: it is another event"));
    let mut doubled = whole.clone();
    doubled.insert(3, whole[2].clone());
    assert!(fault(&doubled).starts_with("event 4: it is another event"));
    for index in 0..4 {
        let mut changed = whole.clone();
        let leaf = String::from_utf8(changed[index].leaf.clone()).unwrap();
        changed[index].leaf = leaf.replace("-8707-", "-8708-").into_bytes();
        let named = format!(
            "event {}: it does not follow the event before it, or that one was changed",
            index + 2
        );
        assert!(fault(&changed).starts_with(&named));
    }
}

#[test]
fn each_lie_is_told_by_its_name() {
    let first = events(1).remove(0);
    let then = |event: Written| fault(&[first.clone(), event]);
    assert_eq!(
        then(placed(2, "P#other", 2, Some(&first))),
        format!("event 2: it belongs to another subject; expected {SUBJECT}; found P#other")
    );
    assert!(then(placed(2, SUBJECT, 2, None)).ends_with("; found none"));
    assert!(
        then(placed(0, SUBJECT, 2, Some(&first))).starts_with("event 2: its time is not after")
    );
    let mut at_once = placed(1, SUBJECT, 2, Some(&first));
    let leaf = String::from_utf8(at_once.leaf).unwrap();
    at_once.leaf = leaf.replace("-8707-", "-8708-").into_bytes();
    assert!(then(at_once).starts_with("event 2: its time is not after"));
    assert!(
        then(placed(1, SUBJECT, 2, Some(&first)))
            .starts_with("event 2: its id is that of an earlier event")
    );
    let elsewhere = named(OTHER, placed(2, SUBJECT, 2, Some(&first)));
    let back = placed(3, SUBJECT, 3, Some(&elsewhere));
    assert_eq!(
        fault(&[first.clone(), elsewhere, back]),
        format!("event 3: it names a log that its chain had left; expected {OTHER}; found {LOG}")
    );
}

const OTHER: &str = "id.example.it/log";

/// The event as it names another log.
fn named(log: &str, mut event: Written) -> Written {
    let leaf = String::from_utf8(event.leaf).unwrap();
    event.leaf = leaf.replace(LOG, log).into_bytes();
    event
}

/// Two events of one log, and two of that of the platform it moved to, with a proof in each.
fn moved() -> Value {
    let first = placed(1, SUBJECT, 1, None);
    let second = placed(2, SUBJECT, 2, Some(&first));
    let third = named(OTHER, placed(3, SUBJECT, 3, Some(&second)));
    let fourth = named(OTHER, placed(4, SUBJECT, 4, Some(&third)));
    let old = Log::of(&[first.clone(), second.clone()]);
    let new = Log {
        origin: OTHER,
        ..Log::of(&[third.clone(), fourth.clone()])
    };
    let events = [first, second, third, fourth];
    let mut file = chain_file(&old, &events, &[1]);
    file["events"][3]["proof"] = json!(new.proof(1));
    file
}

#[test]
fn a_chain_that_moved_is_whole_across_its_logs() {
    let key = |log: &str| key_text(log, 1).parse::<VerifierKey>().unwrap();
    let report = |keys: &[&str]| {
        let trust = Trust::keys(keys.iter().map(|log| key(log)));
        chain(&[moved().to_string()], &trust)
    };
    let left = format!(
        "Up to event 2 it names the log `{LOG}`, which it left then: it moved to another platform."
    );
    let both = report(&[LOG, OTHER]);
    assert_eq!(both.verdict(), Verdict::Proved, "{both}");
    assert!(both.proved.contains(&left), "{both}");
    for (event, log) in [(2, LOG), (4, OTHER)] {
        let said = format!("Event {event} is in the log `{log}`, signed by a key that you trust");
        assert!(both.proved.iter().any(|it| it.starts_with(&said)), "{both}");
    }
    assert!(!both.to_string().contains("of one growing log"), "{both}");
    // The new log alone: what was before is bound by its hash, and not more.
    let new = report(&[OTHER]);
    assert_eq!(new.verdict(), Verdict::Proved, "{new}");
    let open = format!("That the events up to event 2 were in the log `{LOG}`");
    assert!(new.to_string().contains(&open), "{new}");
    // The old log alone says nothing of what came after: anybody can write an event that names another.
    for keys in [&[LOG][..], &[], &["id.example.pl/log"]] {
        let report = report(keys);
        assert_eq!(report.verdict(), Verdict::Unchecked, "{report}");
    }
    let mut forged = moved();
    forged["events"][3].as_object_mut().unwrap().remove("proof");
    let report = chain(&[forged.to_string()], &Trust::keys([key(LOG)]));
    assert_eq!(report.verdict(), Verdict::Unchecked, "{report}");
    assert!(!report.proved.contains(&left), "{report}");
    let report = chain(&[forged.to_string()], &Trust::default());
    assert!(!report.proved.contains(&left), "{report}");
}

#[test]
fn a_key_that_is_named_is_held_against_its_log() {
    let mut file = moved();
    file["events"][1].as_object_mut().unwrap().remove("proof");
    let report = |keys: &[&str]| {
        let keys = keys
            .iter()
            .map(|log| key_text(log, 1).parse::<VerifierKey>().unwrap());
        chain(&[file.to_string()], &Trust::keys(keys))
    };
    assert_eq!(report(&[OTHER]).verdict(), Verdict::Proved);
    for keys in [&[LOG, OTHER][..], &[LOG]] {
        let told = report(keys);
        assert_eq!(told.verdict(), Verdict::Unchecked, "{told}");
    }
}

#[test]
fn a_proof_of_a_log_that_was_left_lies_no_less() {
    let mut file = moved();
    let proof = file["events"][1]["proof"].as_str().unwrap();
    file["events"][1]["proof"] = json!(proof.replace("index 1", "index 0"));
    let keys = [LOG, OTHER].map(|log| key_text(log, 1).parse::<VerifierKey>().unwrap());
    let report = chain(&[file.to_string()], &Trust::keys(keys));
    assert_eq!(report.verdict(), Verdict::Refuted, "{report}");
}

#[test]
fn what_is_not_there_cannot_be_checked() {
    let events = events(3);
    let mut file = chain_file(&Log::of(&events), &events, &[]);
    file["events"][1]["disclosures"] = json!([]);
    let report = check(&file);
    assert_eq!(report.verdict(), Verdict::Unchecked);
    assert_eq!(
        report.fault.unwrap().to_string(),
        "event 2: its place in the chain was not disclosed"
    );
    assert_eq!(report.proved.len(), 1);
    file["events"] = json!([]);
    assert_eq!(check(&file).verdict(), Verdict::Unchecked);
}

/// A chain that its log has in another order was not written as it is told.
#[test]
fn the_log_has_the_events_in_the_order_of_the_chain() {
    let events = events(3);
    let turned: Vec<Written> = events.iter().rev().cloned().collect();
    let log = Log::of(&turned);
    let mut file = chain_file(&log, &events, &[]);
    for index in 0..3 {
        file["events"][index]["proof"] = json!(log.proof(2 - index));
    }
    let fault = check(&file).fault.unwrap().to_string();
    assert_eq!(
        fault,
        "event 2: the log has it before an earlier event of the chain; expected an entry after 2; found 1"
    );
}

#[test]
fn a_log_that_tells_two_stories_is_caught() {
    let events = events(3);
    let one = Log::of(&events[..2]);
    let other = Log::of(&events[1..]);
    let mut file = chain_file(&one, &events, &[0]);
    file["events"][2]["proof"] = json!(other.proof(1));
    let fault = check(&file).fault.unwrap();
    assert_eq!(fault.place, "event 3");
    assert!(fault.what.contains("it tells two stories"));
}

proptest! {
    #[test]
    fn no_flipped_bit_is_proved(place: prop::sample::Index, bit in 0..8_u32) {
        let events = events(3);
        let mut bytes = chain_file(&Log::of(&events), &events, &[0, 1, 2]).to_string().into_bytes();
        let at = place.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let trust = Trust::keys([key_text(LOG, 1).parse::<VerifierKey>().unwrap()]);
        prop_assert_ne!(chain(&[&bytes], &trust).verdict(), Verdict::Proved);
    }
}

#[test]
fn a_long_chain_comes_in_several_files_in_their_order() {
    let events = events(5);
    let log = Log::of(&events);
    let whole = chain_file(&log, &events, &[4]);
    let part = |range: std::ops::Range<usize>| {
        let mut part = whole.clone();
        let links = whole["events"].as_array().unwrap();
        part["events"] = json!(links[range]);
        part
    };
    let check = |parts: &[&Value]| {
        let parts: Vec<String> = parts.iter().map(|part| part.to_string()).collect();
        let trust = Trust::keys([key_text(LOG, 1).parse::<VerifierKey>().unwrap()]);
        chain(&parts, &trust)
    };
    let (first, second) = (part(0..2), part(2..5));
    assert_eq!(check(&[&first, &second]), check(&[&whole]));
    assert_eq!(check(&[&whole]).verdict(), Verdict::Proved);
    for wrong in [&[&second, &first][..], &[&second], &[&first, &first]] {
        assert_eq!(check(wrong).verdict(), Verdict::Refuted);
    }
    let mut other = second.clone();
    other["subject"] = json!("P#another");
    for (wrong, told) in [
        (&[&first, &other][..], "it is of another subject"),
        (&[], "there is none"),
    ] {
        let report = check(wrong);
        assert_eq!(report.verdict(), Verdict::Unchecked);
        assert!(report.to_string().contains(told), "{report}");
    }
}
