//! What the fuzz targets of `fuzz/` hold to, on their seeds and on thousands of spoilt copies of them.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test may fail; the module is a crate of its own elsewhere"
)]

use std::path::PathBuf;

use proptest::prelude::*;
use proptest::sample::Index;

#[path = "../../../fuzz/src/lib.rs"]
mod strangers;

type Target = fn(&[u8]);

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../fuzz/seeds", name]
        .iter()
        .collect();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect()
}

/// What a text is spoilt with.
const PIECES: [&str; 16] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\u0000",
    "\\ud800",
    "null",
    "1e999",
    "9007199254740993",
    "\"__proto__\":{},",
    "\u{202e}",
    "{\"value\":1,\"unit\":\"%\"}",
    "-",
];

#[derive(Debug, Clone)]
enum Spoil {
    Byte(Index, u8),
    Insert(Index, &'static str),
    Remove(Index, usize),
    Repeat(Index, usize),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let place = any::<Index>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Spoil::Byte(at, byte)),
        (place(), prop::sample::select(PIECES.to_vec()))
            .prop_map(|(at, piece)| Spoil::Insert(at, piece)),
        (place(), 1..20_usize).prop_map(|(at, length)| Spoil::Remove(at, length)),
        (place(), 1..40_usize).prop_map(|(at, length)| Spoil::Repeat(at, length)),
    ]
}

fn spoilt(mut bytes: Vec<u8>, spoils: Vec<Spoil>) -> Vec<u8> {
    for one in spoils {
        let length = bytes.len();
        let until = |at: usize, more: usize| (at + more).min(length);
        match one {
            _ if bytes.is_empty() => {}
            Spoil::Byte(at, byte) => bytes[at.index(length)] = byte,
            Spoil::Insert(at, piece) => {
                let at = at.index(length);
                bytes.splice(at..at, piece.bytes());
            }
            Spoil::Remove(at, more) => {
                let at = at.index(length);
                bytes.drain(at..until(at, more));
            }
            Spoil::Repeat(at, more) => {
                let at = at.index(length);
                let piece = bytes[at..until(at, more)].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

fn survives(name: &str, target: Target, cases: u32) {
    let seeds = seeds(name);
    assert!(seeds.len() > 2, "{name}");
    seeds.iter().for_each(|seed| target(seed));
    let strategy = (
        prop::sample::select(seeds),
        prop::collection::vec(spoil(), 1..6),
    );
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    };
    let outcome =
        proptest::test_runner::TestRunner::new(config).run(&strategy, |(seed, spoils)| {
            target(&spoilt(seed, spoils));
            Ok(())
        });
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[test]
fn the_document_parser() {
    survives("parse", strangers::parse, 20_000);
}

#[test]
fn the_merge_patch() {
    survives("merge_patch", strangers::merge_patch, 4_000);
}

#[test]
fn every_importer() {
    survives("import", strangers::import, 2_000);
}
