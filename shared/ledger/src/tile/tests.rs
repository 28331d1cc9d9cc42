use proptest::prelude::*;

use super::*;

#[test]
fn paths_are_those_of_the_specification() {
    for (path, level, index, width) in [
        ("tile/0/x001/x234/067", Level::Hashes(0), 1_234_067, 256),
        (
            "tile/0/x001/x234/067.p/112",
            Level::Hashes(0),
            1_234_067,
            112,
        ),
        ("tile/entries/000", Level::Entries, 0, 256),
        ("tile/entries/x001/000.p/1", Level::Entries, 1_000, 1),
        ("tile/63/999", Level::Hashes(63), 999, 256),
        (
            "tile/1/x018/x446/x744/x073/x709/x551/615",
            Level::Hashes(1),
            u64::MAX,
            256,
        ),
    ] {
        let tile = Tile {
            level,
            index,
            width,
        };
        assert_eq!(tile.to_string(), path);
        assert_eq!(path.parse(), Ok(tile));
    }
}

#[test]
fn another_way_to_write_a_path_is_refused() {
    for wrong in [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/+01",
        "tile/00/000",
        "tile/64/000",
        "tile/256/000",
        "tile/data/000",
        "tile/-1/000",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/01",
        "tile/0/000.p/+1",
        "tile/0/000.p/",
        "tile/0/000.p/1/",
        "tile/0/../000",
        "tile/1/x018/x446/x744/x073/x709/x551/616",
    ] {
        assert_eq!(wrong.parse::<Tile>(), Err(NotATile), "{wrong}");
    }
}

#[test]
fn a_tile_is_as_wide_as_the_log_has_it() {
    let width = |level, index, size| Tile::new(level, index, size).map(|it| it.width());
    for level in [Level::Entries, Level::Hashes(0)] {
        assert_eq!(width(level, 273, 70_000), Some(112));
        assert_eq!(width(level, 272, 70_000), Some(256));
        assert_eq!(width(level, 274, 70_000), None);
        assert_eq!(width(level, 0, 0), None);
        assert_eq!(width(level, u64::MAX, u64::MAX), None);
    }
    assert_eq!(width(Level::Hashes(1), 1, 70_000), Some(17));
    assert_eq!(width(Level::Hashes(2), 0, 70_000), Some(1));
    assert_eq!(width(Level::Hashes(3), 0, 70_000), None);
    assert_eq!(width(Level::Hashes(7), 0, u64::MAX), Some(255));
    assert_eq!(width(Level::Hashes(8), 0, u64::MAX), None);
    assert_eq!(width(Level::Hashes(255), 0, u64::MAX), None);
}

#[test]
fn an_entry_has_at_most_a_uint16_of_bytes() {
    let longest = vec![7; LONGEST_ENTRY];
    let bytes = encode_entries(&[longest.as_slice(), b""]).unwrap();
    assert_eq!(decode_entries(&bytes).unwrap(), [longest.as_slice(), b""]);
    let too_long = encode_entries(&[vec![7; LONGEST_ENTRY + 1]]);
    assert_eq!(too_long, Err(TileError::EntryTooLong(65_536)));
}

#[test]
fn a_bundle_that_is_cut_off_says_where() {
    let said = |bytes: &[u8]| decode_entries(bytes).unwrap_err().to_string();
    let first = "entry 0 of the bundle should have 2 bytes more, 1 are left";
    assert_eq!(said(&[0]), first);
    let second = "entry 1 of the bundle should have 3 bytes more, 2 are left";
    assert_eq!(said(&[0, 1, 65, 0, 3, 66, 67]), second);
}

#[test]
fn a_full_tile_stands_in_for_its_partial_forms() {
    let partial: Tile = "tile/0/000.p/3".parse().unwrap();
    let bytes: Vec<u8> = (0..8_192)
        .map(|it| u8::try_from(it / 32).unwrap())
        .collect();
    let hashes = partial.hashes(&Tiles::from([(partial, bytes)])).unwrap();
    assert_eq!(hashes, [[0; 32], [1; 32], [2; 32]].map(Sha256::from_bytes));
    assert_eq!(partial.full().to_string(), "tile/0/000");

    let short = Tiles::from([(partial, vec![0; 95])]);
    let said = partial.hashes(&short).unwrap_err().to_string();
    assert_eq!(said, "`tile/0/000.p/3`: expected a length of 96, found 95");
    let uneven = Tiles::from([(partial, vec![0; 97])]);
    assert!(partial.hashes(&uneven).is_err());
    let said = partial.hashes(&Tiles::new()).unwrap_err().to_string();
    assert_eq!(said, "`tile/0/000.p/3` is missing");
}

proptest! {
    #[test]
    fn a_path_reads_back(level in prop::option::of(0_u8..64), index: u64, shift in 0..64, width in 1..=TILE_WIDTH) {
        let level = level.map_or(Level::Entries, Level::Hashes);
        let tile = Tile { level, index: index >> shift, width };
        prop_assert_eq!(tile.to_string().parse(), Ok(tile));
    }

    #[test]
    fn no_text_makes_it_panic_and_a_tile_has_one_text(path in "tile/([0-9]{1,3}|entries)(/x?[0-9]{2,4}){0,8}(\\.p/[0-9]{1,3})?|\\PC{0,20}") {
        if let Ok(tile) = path.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), path);
        }
    }

    #[test]
    fn a_bundle_reads_back(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..300)) {
        let bytes = encode_entries(&entries).unwrap();
        prop_assert_eq!(decode_entries(&bytes).unwrap(), entries);
    }

    #[test]
    fn no_bytes_make_a_bundle_panic_and_what_is_read_has_those_bytes(bytes in prop::collection::vec(0_u8..4, 0..40)) {
        if let Ok(entries) = decode_entries(&bytes) {
            prop_assert_eq!(encode_entries(&entries).unwrap(), bytes);
        }
    }
}
