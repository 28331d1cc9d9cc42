use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::note::VerifierKey;
use crate::report::Verdict;
use crate::testing::{LOG, Log, Written, events, key_text, proof_file};

fn trust() -> Trust {
    Trust::keys([key_text(LOG, 1).parse::<VerifierKey>().unwrap()])
}

fn check(file: &Value) -> Report {
    proof(file.to_string().as_bytes(), None, &trust())
}

fn example() -> (Log, Vec<Written>, Value) {
    let events = events(7);
    let log = Log::of(&events);
    let file = proof_file(&log, 4, &events[4]);
    (log, events, file)
}

#[test]
fn a_proof_says_what_is_proved_and_what_is_not() {
    let (log, events, file) = example();
    let hash = Hash::leaf(&events[4].leaf);
    let root = crate::testing::root(&log.hashes());
    let before = Hash::leaf(&events[3].leaf);
    let expected = format!(
        "PROVED

What was proved:
  - This event is entry 4 of the log `id.example.eu/log`: its id is 01a3185c-5000-7707-8707-000001b77405, its hash {hash}.
  - The checkpoint of the log `id.example.eu/log` with 7 entries and the root {root} was signed by {}.
  - It was written at 2027-01-15T08:00:00.005Z, by the writer's clock.
  - It is event 5 of \"P#1b4e28ba-2fa1-41d2-883f-0016d3cca427\", and follows the event with the hash \"{before}\".
  - It says what happened: \"repair\".
  - It says that `/condition/count`, which was 5, became 6.

What was not proved:
  - That everybody is shown the same log: no witness of a policy signed this checkpoint.
  - Whose key it is: compare it with the one that the log's operator publishes elsewhere.
  - What else it says: 1 digest stayed closed, which may be of nothing at all.
  - That what it says is true: only that it was said, and not changed since.
  - That nothing came after it: no later event is looked for here.
",
        key_text(LOG, 1)
    );
    assert_eq!(check(&file).to_string(), expected);
}

#[test]
fn a_witness_is_told_with_its_time() {
    let events = events(3);
    let mut log = Log::of(&events);
    log.witnesses = vec!["w1"];
    let policy = format!(
        "log {}\nwitness w1 {}\nquorum w1\n",
        key_text(LOG, 1),
        key_text("w1", 4)
    );
    let trust = Trust::policy(&policy).unwrap();
    let report = proof(
        proof_file(&log, 1, &events[1]).to_string().as_bytes(),
        None,
        &trust,
    );
    assert_eq!(report.verdict(), Verdict::Proved);
    let told = "The witness `w1` signed at 2027-01-15T08:01:40Z that this checkpoint only adds to all it had seen of this log before.";
    assert!(
        report.proved.iter().any(|sentence| sentence == told),
        "{report}"
    );
    assert!(!report.to_string().contains("shown the same log"));
}

/// Every entry of logs of every shape, and no entry in another's place.
#[test]
fn every_entry_is_proved_in_its_own_place_only() {
    for size in [1, 2, 3, 5, 8, 13] {
        let events = events(size);
        let log = Log::of(&events);
        for index in 0..events.len() {
            let file = proof_file(&log, index, &events[index]);
            assert_eq!(check(&file).verdict(), Verdict::Proved, "{index} of {size}");
            for other in (0..events.len()).filter(|other| *other != index) {
                let report = check(&proof_file(&log, other, &events[index]));
                assert_eq!(
                    report.verdict(),
                    Verdict::Refuted,
                    "{index} as {other} of {size}"
                );
            }
        }
    }
}

#[test]
fn each_lie_is_named() {
    let (log, events, good) = example();
    let said = |spoil: &dyn Fn(&mut Value)| {
        let mut file = good.clone();
        spoil(&mut file);
        let report = check(&file);
        (report.verdict(), report.fault.unwrap().to_string())
    };
    let text = |file: &mut Value, from: &str, to: &str| {
        let proof = file["proof"].as_str().unwrap().replacen(from, to, 1);
        assert_ne!(proof, file["proof"].as_str().unwrap());
        file["proof"] = json!(proof);
    };
    let refuted = |spoil: &dyn Fn(&mut Value), beginning: &str| {
        let (verdict, fault) = said(spoil);
        assert!(
            verdict == Verdict::Refuted && fault.starts_with(beginning),
            "{fault}"
        );
    };
    refuted(
        &|file| text(file, "index 4", "index 5"),
        "the proof: the event is not entry 5",
    );
    refuted(
        &|file| text(file, "index 4", "index 7"),
        "the proof: the log has no such entry; expected an entry below 7; found 7",
    );
    refuted(
        &|file| text(file, "\n7\n", "\n8\n"),
        "the proof, its checkpoint: the signature of",
    );
    refuted(
        &|file| file["leaf"] = proof_file(&log, 4, &events[3])["leaf"].clone(),
        "the proof: the event is not entry 4",
    );
    refuted(
        &|file| file["disclosures"] = json!(events[3].disclosures),
        "the event, disclosure 1: it does not belong",
    );
    refuted(
        &|file| {
            let proof = log.proof(4);
            let line = proof.lines().nth(3).unwrap();
            file["proof"] = json!(proof.replacen(&format!("{line}\n"), "", 1));
        },
        "the proof: its path has not the length for entry 4 of 7; found 2",
    );

    let unchecked = |spoil: &dyn Fn(&mut Value), beginning: &str| {
        let (verdict, fault) = said(spoil);
        assert!(
            verdict == Verdict::Unchecked && fault.starts_with(beginning),
            "{fault}"
        );
    };
    unchecked(
        &|file| file["format"] = json!("battery-passport-proof/2"),
        "the proof file: it is of another format",
    );
    unchecked(
        &|file| file["more"] = json!(1),
        "the proof file: it cannot be read: unknown field `more`",
    );
    unchecked(
        &|file| file["leaf"] = json!("~"),
        "the proof file: its `leaf` is no base64",
    );
    unchecked(
        &|file| text(file, "@v1", "@v2"),
        "the proof: this is no proof: its first line",
    );
    unchecked(
        &|file| text(file, "index 4", "index 04"),
        "the proof: this is no proof: it has no line `index`",
    );
    unchecked(
        &|file| text(file, "— id", "— ie"),
        "the proof, its checkpoint: no key that you trust",
    );
}

#[test]
fn an_entry_of_another_log_is_none_of_this_one() {
    let mut event = events(1).remove(0);
    event.leaf = String::from_utf8(event.leaf)
        .unwrap()
        .replace(LOG, "id.example.it/log")
        .into_bytes();
    let log = Log::of(std::slice::from_ref(&event));
    let fault = check(&proof_file(&log, 0, &event)).fault.unwrap();
    assert_eq!(
        fault.to_string(),
        "the event: it names another log than the one it is in; expected id.example.eu/log; found id.example.it/log"
    );
}

#[test]
fn a_bare_proof_with_its_leaf_is_the_same_without_what_it_says() {
    let (log, events, mut file) = example();
    file["disclosures"] = json!([]);
    let bare = bare_proof(&log.proof(4), &events[4].leaf, None, &trust());
    assert_eq!(bare, check(&file));
    assert_eq!(bare.not_proved[2], "What it says: nothing of it was shown.");
    // Signed by nobody, and of no weight.
    let extra = log.proof(4).replace("index", "extra YWJj\nindex");
    assert_eq!(bare_proof(&extra, &events[4].leaf, None, &trust()), bare);
}

#[test]
fn the_holder_of_a_receipt_sees_that_it_was_kept() {
    let (_, events, file) = example();
    let with = |receipt: &str| proof(file.to_string().as_bytes(), Some(receipt), &trust());
    let receipt = format!(
        "01a3185c-5000-7707-8707-000001b77405:{}",
        Hash::leaf(&events[4].leaf)
    );
    let report = with(&receipt);
    assert_eq!(report.verdict(), Verdict::Proved);
    assert_eq!(
        report.proved.last().unwrap(),
        "It is the event of the receipt."
    );
    let other = format!(
        "01a3185c-5000-7707-8707-000001b77405:{}",
        Hash::leaf(&events[3].leaf)
    );
    for wrong in [other.as_str(), "", &receipt.to_uppercase()] {
        let fault = with(wrong).fault.unwrap();
        assert_eq!(
            (fault.verdict, fault.what.as_str()),
            (Verdict::Refuted, "it is of another event than the proof")
        );
        assert_eq!(fault.expected.as_ref(), Some(&receipt));
    }
}

/// Witnesses sign at 08:01:40.
#[test]
fn an_event_that_a_witness_saw_before_it_was_written_is_told() {
    let policy = format!(
        "log {}\nwitness w1 {}\nquorum w1\n",
        key_text(LOG, 1),
        key_text("w1", 4)
    );
    let trust = Trust::policy(&policy).unwrap();
    for (millisecond, told) in [(100_999, false), (101_000, true)] {
        let event = Written::new(millisecond, &[]);
        let mut log = Log::of(std::slice::from_ref(&event));
        log.witnesses = vec!["w1"];
        let report = proof(
            proof_file(&log, 0, &event).to_string().as_bytes(),
            None,
            &trust,
        );
        assert_eq!(report.verdict(), Verdict::Proved);
        assert_eq!(
            report.to_string().contains("one of their clocks is wrong"),
            told,
            "{report}"
        );
    }
}

/// What the platform's own writer seals is read here by the formats' texts alone.
#[test]
fn the_writers_own_vector_opens() {
    let vector: Value =
        serde_json::from_str(include_str!("../../../ledger/vectors/event.json")).unwrap();
    let leaf = vector["leaf"].as_str().unwrap().as_bytes().to_vec();
    let disclosures = vector["disclosures"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|texts| texts.as_array().unwrap());
    let disclosures = disclosures
        .map(|text| text.as_str().unwrap().to_owned())
        .collect();
    let event = Written { leaf, disclosures };
    let log = Log::of(std::slice::from_ref(&event));
    let report = check(&proof_file(&log, 0, &event));
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    let hash = vector["hash"].as_str().unwrap();
    assert!(report.proved[0].ends_with(&format!("its hash {hash}.")));
    let told =
        "It says that `/condition/stateOfHealth`, which was \"97-canary\", became \"96-canary\".";
    assert!(
        report.proved.iter().any(|sentence| sentence == told),
        "{report}"
    );
}

proptest! {
    #[test]
    fn no_flipped_bit_is_proved(place: prop::sample::Index, bit in 0..8_u32) {
        let mut bytes = example().2.to_string().into_bytes();
        let at = place.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert_ne!(proof(&bytes, None, &trust()).verdict(), Verdict::Proved);
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), place: prop::sample::Index, length in 0..40_usize) {
        prop_assert_ne!(proof(&bytes, None, &trust()).verdict(), Verdict::Proved);
        // Cut out of something good, and something else put there.
        let mut file = example().2.to_string().into_bytes();
        let at = place.index(file.len());
        let end = (at + length).min(file.len());
        file.splice(at..end, bytes);
        let _ = proof(&file, None, &trust()).to_string();
    }

    #[test]
    fn no_text_panics(text in "(c2sp.org/tlog-proof@v1\n)?(index [0-9]{1,20}\n)?([A-Za-z0-9+/=]{0,50}\n){0,5}(\n)?.{0,60}") {
        prop_assert_ne!(bare_proof(&text, b"{}", None, &trust()).verdict(), Verdict::Proved);
    }
}
