use proptest::prelude::*;

use super::*;
use crate::id::Sha256;
use crate::note::tests::{LOG, cosignature, log_key, signed, witness_key};

/// The example of C2SP tlog-policy: two of X1 to X3 and one of Y4 to Y6.
fn example() -> String {
    let witnesses = |letter: char, seeds: std::ops::Range<u8>| -> String {
        let line = |seed| format!("witness {letter}{seed} {}\n", witness_key(seed));
        seeds.map(line).collect()
    };
    format!(
        "# Whom we trust\nlog {} https://{LOG}\n\n{}  group X-witnesses 2 X1 X2 X3\n\n{}group\tY-witnesses any Y4 Y5 Y6\n\
         group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n",
        log_key(),
        witnesses('X', 1..4),
        witnesses('Y', 4..7),
    )
}

fn checkpoint() -> String {
    let checkpoint = Checkpoint::new(LOG, 7, Sha256::of(b""));
    checkpoint.unwrap().to_string()
}

fn cosigned(seeds: &[u8]) -> Note {
    let text = checkpoint();
    seeds.iter().fold(signed(&text), |note, seed| {
        note.with_signature(cosignature(*seed, 1_700_000_000 + u64::from(*seed), &text))
    })
}

#[test]
fn exactly_the_quorums_of_the_example_are_trusted() {
    let policy: Policy = example().parse().unwrap();
    for set in 0_u8..64 {
        let seeds: Vec<u8> = (1..7).filter(|seed| set >> (seed - 1) & 1 == 1).collect();
        let enough = (set & 0b000_111).count_ones() >= 2 && set & 0b111_000 != 0;
        let result = policy.check(&cosigned(&seeds));
        assert_eq!(result.is_ok(), enough, "{seeds:?}");
        match result {
            Ok(trusted) => {
                assert_eq!(trusted.checkpoint.size(), 7);
                assert_eq!(trusted.log, log_key());
                let times: Vec<u64> = seeds
                    .iter()
                    .map(|it| 1_700_000_000 + u64::from(*it))
                    .collect();
                let found: Vec<u64> = trusted.witnesses.iter().map(|(_, time)| *time).collect();
                assert_eq!(found, times);
            }
            Err(fault) => assert!(matches!(fault, PolicyFault::Quorum { .. })),
        }
    }
    let few = policy.check(&cosigned(&[2])).unwrap_err().to_string();
    assert_eq!(few, "the quorum `X-and-Y` was not reached: cosigned by X2");
}

#[test]
fn a_false_cosignature_has_the_checkpoint_refused() {
    let policy: Policy = example().parse().unwrap();
    let note = cosigned(&[1, 2, 4]).with_signature(cosignature(3, 1, "another\n1\n\n"));
    assert!(matches!(
        policy.check(&note),
        Err(PolicyFault::Signature(_))
    ));
}

#[test]
fn only_a_log_of_the_policy_is_trusted() {
    let policy: Policy = "quorum none".parse().unwrap();
    assert_eq!(
        policy.check(&cosigned(&[])),
        Err(PolicyFault::NoLog(LOG.to_owned()))
    );
    let policy: Policy = format!("log {}\nquorum none\n", log_key()).parse().unwrap();
    assert!(policy.check(&cosigned(&[])).is_ok());
    let other = checkpoint().replace(LOG, "example.com/other");
    assert!(matches!(
        policy.check(&signed(&other)),
        Err(PolicyFault::NoLog(_))
    ));
    let unsigned = Note::new(checkpoint()).unwrap();
    assert!(matches!(
        policy.check(&unsigned),
        Err(PolicyFault::NoLog(_))
    ));
}

#[test]
fn a_single_witness_can_be_the_quorum() {
    let policy = format!(
        "log {}\nwitness w {} https://w.example\nquorum w",
        log_key(),
        witness_key(1)
    );
    let policy: Policy = policy.parse().unwrap();
    assert_eq!(
        policy.witnesses()[0].url.as_deref(),
        Some("https://w.example")
    );
    assert!(policy.check(&cosigned(&[1])).is_ok());
    let none = policy.check(&cosigned(&[2])).unwrap_err().to_string();
    assert_eq!(
        none,
        "the quorum `w` was not reached: no witness of the policy cosigned"
    );
}

#[test]
fn each_line_that_is_wrong_is_named() {
    let (log, one, two) = (log_key(), witness_key(1), witness_key(2));
    for (policy, line) in [
        (String::new(), 1),
        (format!("log {log}\n"), 2),
        (format!("log {log}\nlog {log}\nquorum none"), 2),
        (format!("log {one}\nquorum none"), 1),
        (format!("witness a {log}\nquorum none"), 1),
        ("log nonsense\nquorum none".to_owned(), 1),
        (format!("witness none {one}\nquorum none"), 1),
        (format!("witness a {one}\nwitness a {two}\nquorum none"), 2),
        (format!("witness a {one}\nwitness b {one}\nquorum none"), 2),
        (format!("witness a {one}\ngroup g 2 a\nquorum none"), 2),
        (format!("witness a {one}\ngroup g 0 a\nquorum none"), 2),
        (format!("witness a {one}\ngroup g 01 a\nquorum none"), 2),
        (format!("witness a {one}\ngroup g some a\nquorum none"), 2),
        (format!("witness a {one}\ngroup g all\nquorum none"), 2),
        (format!("witness a {one}\ngroup g all a a\nquorum none"), 2),
        (
            format!("witness a {one}\ngroup g all a\ngroup h all a\nquorum none"),
            3,
        ),
        (format!("witness a {one}\ngroup a all a\nquorum none"), 2),
        ("group g all g\nquorum none".to_owned(), 1),
        (format!("group g all a\nwitness a {one}\nquorum none"), 1),
        ("group g all none\nquorum none".to_owned(), 1),
        (format!("quorum a\nwitness a {one}\n"), 1),
        ("quorum none\nquorum none".to_owned(), 2),
        ("quorum none\r\n".to_owned(), 1),
        ("quorum none extra".to_owned(), 1),
        ("# fine\n\nlogs\nquorum none".to_owned(), 3),
    ] {
        assert_eq!(policy.parse::<Policy>().unwrap_err().line, line, "{policy}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(lines in prop::collection::vec("(log|witness|group|quorum|#)?[ \t]\\PC{0,9}( (all|any|[0-9]))?( [a-c]){0,3}", 0..5)) {
        let _ = lines.join("\n").parse::<Policy>();
    }
}
