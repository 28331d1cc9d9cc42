use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::note::VerifierKey;
use crate::report::Verdict;
use crate::testing::{LOG, Log, Written, key_text, leaf};

type Stored = BTreeMap<String, Vec<u8>>;

fn trust() -> Trust {
    Trust::keys([key_text(LOG, 1).parse::<VerifierKey>().unwrap()])
}

fn check(stored: &Stored, older: Option<&str>) -> Report {
    let mut files = |path: &str| Ok(stored.get(path).cloned());
    log(&mut files, older, &trust())
}

/// A log of leaves that say nothing.
fn of(size: u64) -> Log {
    let event = |millisecond| Written {
        leaf: leaf(millisecond, &[]),
        disclosures: Vec::new(),
    };
    Log::of(&(0..size).map(event).collect::<Vec<_>>())
}

fn fault(stored: &Stored) -> Fault {
    check(stored, None).fault.unwrap()
}

#[test]
fn logs_of_every_shape_add_up() {
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 700] {
        let report = check(&of(size).files(), None);
        assert_eq!(report.verdict(), Verdict::Proved, "{size}: {report}");
    }
}

/// 65,536 entries fill a tile of level 1, and one more begins the next.
#[test]
fn a_log_of_three_levels_adds_up_and_its_upper_tiles_are_read() {
    let log = of(65_537);
    let mut stored = log.files();
    assert!(stored.contains_key("tile/2/000.p/1"));
    let older = log.checkpoint(3_000);
    let report = check(&stored, Some(&older));
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    assert!(
        report
            .proved
            .iter()
            .any(|sentence| sentence.starts_with("Since the older checkpoint with 3000 entries"))
    );
    stored.get_mut("tile/2/000.p/1").unwrap()[0] ^= 1;
    let told = fault(&stored);
    assert_eq!(told.place, "tile/2/000.p/1");
    assert_eq!(
        told.what,
        "its hash 0 is another than that of tile/1/000 (entries 0 to 65535)"
    );
    stored.get_mut("tile/2/000.p/1").unwrap()[0] ^= 1;
    stored.get_mut("tile/1/000").unwrap()[32 * 7] ^= 1;
    let told = fault(&stored);
    assert_eq!(
        told.what,
        "its hash 7 is another than that of tile/0/007 (entries 1792 to 2047)"
    );
}

#[test]
fn a_changed_entry_is_named_with_what_it_was() {
    let log = of(600);
    let mut stored = log.files();
    let bundle = stored.get_mut("tile/entries/001").unwrap();
    let at = bundle
        .windows(4)
        .position(|window| window == b"752c")
        .unwrap();
    bundle[at] = b'1';
    let told = fault(&stored);
    assert_eq!(told.verdict, Verdict::Refuted);
    assert_eq!(told.place, "tile/entries/001, entry 300 of the log");
    assert_eq!(
        told.what,
        "not as it was when the root was signed, which tile/0/001 comes to"
    );
    assert_eq!(told.expected.unwrap(), log.hashes()[300].to_string());
}

#[test]
fn a_changed_tile_is_named() {
    let log = of(600);
    for (path, below) in [
        ("tile/0/000", "tile/entries/000, entry 5 of the log"),
        (
            "tile/0/002.p/88",
            "tile/entries/002.p/88, entry 517 of the log",
        ),
    ] {
        let mut stored = log.files();
        stored.get_mut(path).unwrap()[5 * 32 + 1] ^= 4;
        let told = fault(&stored);
        assert_eq!(
            (told.verdict, told.place.as_str()),
            (Verdict::Refuted, path)
        );
        assert_eq!(
            told.what,
            format!("its hash 5 is another than that of {below}")
        );
    }
    let mut stored = log.files();
    stored.get_mut("tile/1/000.p/2").unwrap()[40] ^= 4;
    assert_eq!(
        fault(&stored).what,
        "its hash 1 is another than that of tile/0/001 (entries 256 to 511)"
    );
}

/// Whoever changes an entry and its tile alike is betrayed by the tile above.
#[test]
fn an_entry_changed_together_with_its_tile_is_named_by_the_tile_above() {
    let (good, mut log) = (of(600), of(600));
    log.leaves[300] = leaf(30_000, &[]);
    let lying = log.files();
    let mut stored = good.files();
    for path in ["tile/entries/001", "tile/0/001"] {
        stored.insert(path.to_owned(), lying[path].clone());
    }
    let told = fault(&stored);
    assert_eq!(told.place, "tile/0/001 (entries 256 to 511)");
    assert_eq!(
        told.what,
        "not as it was when the root was signed, which tile/1/000.p/2 comes to"
    );

    // And if that is changed too, by the root.
    stored.insert("tile/1/000.p/2".to_owned(), lying["tile/1/000.p/2"].clone());
    let told = fault(&stored);
    assert_eq!(told.place, "checkpoint");
    assert_eq!(
        told.what,
        "all entries and tiles fit each other, but do not come to the root that was signed"
    );
}

#[test]
fn two_lies_leave_open_which_is_one_but_not_that_there_is_one() {
    let mut stored = of(600).files();
    stored.get_mut("tile/0/000").unwrap()[1] ^= 4;
    let last = stored.get_mut("tile/entries/002.p/88").unwrap();
    let at = last
        .windows(4)
        .position(|window| window == b"7601")
        .unwrap();
    last[at + 3] = b'f';
    let told = fault(&stored);
    assert_eq!(
        (told.verdict, told.place.as_str()),
        (Verdict::Refuted, "tile/0/000")
    );
    assert!(told.what.ends_with("do not fit, and neither is proved"));
}

#[test]
fn what_is_missing_cut_off_or_too_long_is_named() {
    let good = of(600).files();
    for path in good.keys() {
        let mut stored = good.clone();
        stored.remove(path);
        let told = fault(&stored);
        assert_eq!(
            (told.verdict, told.place.as_str(), told.what.as_str()),
            (Verdict::Unchecked, path.as_str(), "it is missing")
        );
        let mut stored = good.clone();
        stored.get_mut(path).unwrap().pop();
        let told = fault(&stored);
        assert_eq!(told.place, *path);
        let mut stored = good.clone();
        stored.get_mut(path).unwrap().push(0);
        let told = fault(&stored);
        assert_eq!(told.place, *path);
    }
}

#[test]
fn a_full_tile_may_have_taken_the_place_of_a_partial_one() {
    let (then, now) = (of(300), of(600));
    let mut stored = now.files();
    stored.insert("checkpoint".to_owned(), then.checkpoint(300).into_bytes());
    stored.insert(
        "tile/1/000.p/1".to_owned(),
        then.files()["tile/1/000.p/1"].clone(),
    );
    let report = check(&stored, None);
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
}

#[test]
fn entries_swapped_removed_or_doubled_are_noticed() {
    let good = of(20);
    let lie = |spoil: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut log = of(20);
        spoil(&mut log.leaves);
        let mut stored = log.files();
        stored.insert("checkpoint".to_owned(), good.checkpoint(20).into_bytes());
        check(&stored, None)
    };
    assert_eq!(lie(&|leaves| leaves.swap(3, 4)).verdict(), Verdict::Refuted);
    assert_eq!(
        lie(&|leaves| leaves[7] = leaves[6].clone()).verdict(),
        Verdict::Refuted
    );
    // One that is gone leaves a file of another width.
    let removed = lie(&|leaves| {
        let _ = leaves.remove(7);
    });
    assert_eq!(removed.verdict(), Verdict::Unchecked);
}

/// A root may be true to entries that should never have been written.
#[test]
fn entries_that_are_no_events_of_this_log_are_named() {
    let told = |spoil: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut log = of(20);
        spoil(&mut log.leaves);
        fault(&log.files()).to_string()
    };
    assert!(told(&|leaves| leaves[7] = leaves[6].clone()).starts_with(
        "tile/entries/000.p/20, entry 7 of the log: its id is that of an earlier entry"
    ));
    assert!(
        told(&|leaves| leaves[7] = b"{}".to_vec())
            .starts_with("tile/entries/000.p/20, entry 7 of the log: this is no event")
    );
    let elsewhere = |leaf: &[u8]| {
        String::from_utf8_lossy(leaf)
            .replace(LOG, "id.example.it/log")
            .into_bytes()
    };
    assert!(told(&|leaves| leaves[7] = elsewhere(&leaves[7])).contains("it names another log"));
    let day = |leaf: &[u8], day: &str| {
        String::from_utf8_lossy(leaf)
            .replace("01-15", day)
            .into_bytes()
    };
    assert!(
        told(&|leaves| leaves[7] = day(&leaves[7], "01-13"))
            .contains("written more than a day before")
    );
    let mut log = of(20);
    log.leaves[7] = day(&log.leaves[7], "01-16");
    assert_eq!(check(&log.files(), None).verdict(), Verdict::Proved);
}

#[test]
fn a_log_that_shrank_or_was_written_anew_does_not_follow_its_older_checkpoint() {
    let log = of(300);
    for size in [0, 1, 255, 256, 257, 300] {
        assert_eq!(
            check(&log.files(), Some(&log.checkpoint(size))).verdict(),
            Verdict::Proved,
            "{size}"
        );
    }
    let older = of(301).checkpoint(301);
    let told = check(&log.files(), Some(&older)).fault.unwrap().to_string();
    assert_eq!(
        told,
        "checkpoint: the log has fewer entries than it had; expected 301 or more; found 300"
    );
    let mut anew = of(300);
    anew.leaves[3] = leaf(400, &[]);
    let report = check(&anew.files(), Some(&log.checkpoint(200)));
    assert_eq!(report.verdict(), Verdict::Refuted);
    assert!(
        report
            .fault
            .unwrap()
            .what
            .starts_with("the first 200 entries are others")
    );
    assert_eq!(
        check(&anew.files(), Some("nothing")).verdict(),
        Verdict::Unchecked
    );
}

#[test]
fn what_cannot_be_read_is_told_with_its_reason() {
    let mut files = |_: &str| Err("the disk is gone".to_owned());
    let told = log(&mut files, None, &trust()).fault.unwrap();
    assert_eq!(
        (told.verdict, told.to_string()),
        (
            Verdict::Unchecked,
            "checkpoint: it cannot be read: the disk is gone".to_owned()
        )
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_flipped_bit_anywhere_is_noticed_in_its_file(size in 1..600_u64, file: prop::sample::Index, place: prop::sample::Index, bit in 0..8_u32) {
        let mut stored = of(size).files();
        let path = file.get(&stored.keys().cloned().collect::<Vec<_>>()).clone();
        let bytes = stored.get_mut(&path).unwrap();
        let at = place.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let report = check(&stored, None);
        prop_assert_ne!(report.verdict(), Verdict::Proved);
        prop_assert!(report.fault.unwrap().place.starts_with(&path));
    }
}
