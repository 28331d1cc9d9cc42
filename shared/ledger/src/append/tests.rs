use proptest::prelude::*;

use super::*;

fn entries(range: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    range
        .map(|number| number.to_string().into_bytes())
        .collect()
}

/// Appends having read no more than is asked for; the files are kept as a bucket would keep them.
fn grow(bucket: &mut Tiles, size: u64, more: u64) -> Appended {
    let edge = right_edge(size).into_iter();
    let read: Tiles = edge.map(|tile| (tile, bucket[&tile].clone())).collect();
    let appended = append(size, &read, &entries(size..size + more)).unwrap();
    for (tile, bytes) in &appended.written {
        assert!(
            bucket.get(tile).is_none_or(|before| before == bytes),
            "{tile}"
        );
        bucket.insert(*tile, bytes.clone());
    }
    appended
}

/// The example of C2SP tlog-tiles.
#[test]
fn a_log_of_70_000_entries_has_the_tiles_of_the_specification() {
    let mut bucket = Tiles::new();
    grow(&mut bucket, 0, 70_000);
    let of = |wanted, full| {
        let level = bucket.keys().filter(|tile| tile.level() == wanted);
        level
            .filter(|tile| tile.is_full() == full)
            .collect::<Vec<_>>()
    };
    for level in [Level::Entries, Level::Hashes(0)] {
        assert_eq!(of(level, true).len(), 273);
        assert_eq!(of(level, false)[0].width(), 112);
    }
    assert_eq!(of(Level::Hashes(1), true).len(), 1);
    assert_eq!(of(Level::Hashes(1), false)[0].width(), 17);
    assert_eq!(of(Level::Hashes(2), false)[0].width(), 1);
    assert_eq!(bucket.len(), 2 * 274 + 2 + 1);
    let edge: Vec<String> = right_edge(70_000).iter().map(ToString::to_string).collect();
    assert_eq!(
        edge,
        [
            "tile/0/273.p/112",
            "tile/1/001.p/17",
            "tile/2/000.p/1",
            "tile/entries/273.p/112"
        ]
    );
}

#[test]
fn a_tree_of_256_has_a_full_tile_and_a_level_above() {
    let mut bucket = Tiles::new();
    grow(&mut bucket, 0, 256);
    let paths: Vec<String> = bucket.keys().map(ToString::to_string).collect();
    assert_eq!(paths, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
}

#[test]
fn nothing_appended_writes_nothing() {
    let mut bucket = Tiles::new();
    grow(&mut bucket, 0, 300);
    let appended = grow(&mut bucket, 300, 0);
    assert!(appended.written.is_empty());
    assert_eq!(appended.before, appended.after);
    assert_eq!(
        append::<&[u8]>(0, &Tiles::new(), &[]).unwrap().after,
        Frontier::default()
    );
}

#[test]
fn every_file_that_is_missing_or_cut_off_is_named() {
    let mut bucket = Tiles::new();
    grow(&mut bucket, 0, 70_000);
    let edge = right_edge(70_000).into_iter();
    let read: Tiles = edge.map(|tile| (tile, bucket[&tile].clone())).collect();
    for tile in read.keys() {
        let mut without = read.clone();
        let mut bytes = without.remove(tile).unwrap();
        let more = entries(70_000..70_001);
        assert_eq!(
            append(70_000, &without, &more),
            Err(TileError::Missing(*tile))
        );
        bytes.pop();
        without.insert(*tile, bytes);
        let said = append(70_000, &without, &more).unwrap_err().to_string();
        assert!(said.starts_with(&format!("`{tile}`: ")), "{said}");
    }
}

/// A changed hash shows in the tree it would give, a changed entry against its leaf hash.
#[test]
fn every_flipped_bit_of_what_was_read_is_noticed() {
    let mut bucket = Tiles::new();
    let known = grow(&mut bucket, 0, 517).after;
    let edge = right_edge(517).into_iter();
    let read: Tiles = edge.map(|tile| (tile, bucket[&tile].clone())).collect();
    for (tile, bytes) in &read {
        for position in 0..bytes.len() {
            let mut flipped = read.clone();
            flipped.get_mut(tile).unwrap()[position] ^= 0x10;
            let noticed =
                append(517, &flipped, &entries(517..518)).map_or(true, |it| it.before != known);
            assert!(noticed, "{tile} at {position}");
        }
    }
}

#[test]
fn what_no_log_can_hold_is_refused() {
    let long = append(0, &Tiles::new(), &[vec![0; LONGEST_ENTRY + 1]]);
    assert_eq!(long, Err(TileError::EntryTooLong(65_536)));
    let large = append(LARGEST_SIZE, &Tiles::new(), &[b""]);
    assert_eq!(large, Err(TileError::LogTooLarge));
    assert!(frontier(u64::MAX, &Tiles::new()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn in_whatever_steps_a_log_grows_its_files_are_the_same(steps in prop::collection::vec(0_u64..700, 1..6)) {
        let mut bucket = Tiles::new();
        let mut tree = Frontier::default();
        for more in steps {
            let size = tree.size();
            let appended = grow(&mut bucket, size, more);
            prop_assert_eq!(&appended.before, &tree);
            entries(size..size + more).iter().for_each(|it| tree.push(Sha256::of_leaf(it)));
            prop_assert_eq!(&appended.after, &tree);
            let again = append(size, &bucket, &entries(size..size + more)).unwrap();
            prop_assert_eq!(again, appended);
        }
        let at_once = append(0, &Tiles::new(), &entries(0..tree.size())).unwrap();
        prop_assert_eq!(at_once.after, tree);
        for (tile, bytes) in at_once.written {
            prop_assert_eq!(&bucket[&tile], &bytes);
        }
    }
}
