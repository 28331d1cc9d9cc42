//! Appending to a log: what has to be read, and what has then to be written (C2SP tlog-tiles).

use crate::id::Sha256;
use crate::tile::{
    LEVELS, LONGEST_ENTRY, Level, TILE_HEIGHT, TILE_WIDTH, Tile, TileError, Tiles, encode_entries,
};
use crate::tree::{Frontier, LARGEST_SIZE, root_of_row};

/// What became of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The tree it was: to be held against what is known of it, as the tiles may have been changed by others.
    pub before: Frontier,
    /// The tree it is now.
    pub after: Frontier,
    /// The files that are new: tiles and entry bundles, whole, the last of each level possibly partial.
    pub written: Tiles,
}

/// The files that have to be read to append to a log of `size` entries: the partial ones of its right edge.
#[must_use]
pub fn right_edge(size: u64) -> Vec<Tile> {
    (0..LEVELS)
        .map(Level::Hashes)
        .chain([Level::Entries])
        .filter_map(|level| partial(level, size))
        .collect()
}

/// The partial file at the end of a level.
fn partial(level: Level, size: u64) -> Option<Tile> {
    Tile::new(level, row_length(level, size) / u64::from(TILE_WIDTH), size)
}

/// Hashes, or entries, of a level.
fn row_length(level: Level, size: u64) -> u64 {
    match level {
        Level::Entries => size,
        Level::Hashes(level) => size
            .checked_shr(u32::from(level) * TILE_HEIGHT)
            .unwrap_or(0),
    }
}

/// The tree of a log of `size` entries, from the hashes of its [`right_edge`].
///
/// # Errors
/// [`TileError`] for a tile that is missing or too short.
pub fn frontier(size: u64, tiles: &Tiles) -> Result<Frontier, TileError> {
    let mut subtrees = Vec::new();
    for level in (0..LEVELS).rev().map(Level::Hashes) {
        let Some(tile) = partial(level, size) else {
            continue;
        };
        let hashes = tile.hashes(tiles)?;
        let mut rest = hashes.as_slice();
        // The largest complete subtrees first, as the bits of the width say.
        for height in (0..TILE_HEIGHT).rev() {
            let width = 1 << height;
            if tile.width() & width != 0 {
                let (row, after) = rest
                    .split_at_checked(usize::from(width))
                    .unwrap_or((rest, &[]));
                subtrees.push(root_of_row(row));
                rest = after;
            }
        }
    }
    Frontier::from_subtrees(size, subtrees).map_err(|_| TileError::LogTooLarge)
}

/// Appends entries to a log of `size` entries whose [`right_edge`] was read.
///
/// The same entries give the same files, so it may be done again after a failure.
///
/// # Errors
/// [`TileError`] for a file that is missing or not what its name and its leaf hashes say, and for an entry that is too long.
pub fn append<E: AsRef<[u8]>>(
    size: u64,
    tiles: &Tiles,
    entries: &[E],
) -> Result<Appended, TileError> {
    let more = u64::try_from(entries.len()).map_err(|_| TileError::LogTooLarge)?;
    let new_size = size.checked_add(more).filter(|size| *size <= LARGEST_SIZE);
    let new_size = new_size.ok_or(TileError::LogTooLarge)?;
    let before = frontier(size, tiles)?;
    let mut written = bundles(size, tiles, entries)?;

    let mut fresh: Vec<Sha256> = entries
        .iter()
        .map(|it| Sha256::of_leaf(it.as_ref()))
        .collect();
    for level in (0..LEVELS).map(Level::Hashes) {
        if fresh.is_empty() {
            break;
        }
        let mut row = match partial(level, size) {
            Some(tile) => tile.hashes(tiles)?,
            None => Vec::new(),
        };
        row.append(&mut fresh);
        for (tile, hashes) in changed(level, size, new_size, &row) {
            if tile.is_full() {
                fresh.push(root_of_row(hashes));
            }
            let bytes = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
            written.insert(tile, bytes);
        }
    }
    let edge = right_edge(new_size).into_iter().filter_map(|tile| {
        let bytes = written.get(&tile).or_else(|| tiles.get(&tile))?;
        Some((tile, bytes.clone()))
    });
    let after = frontier(new_size, &edge.collect())?;
    Ok(Appended {
        before,
        after,
        written,
    })
}

/// The files of a level that change, each with what it then holds: `row` begins where the first of them begins.
fn changed<T>(
    level: Level,
    size: u64,
    new_size: u64,
    row: &[T],
) -> impl Iterator<Item = (Tile, &[T])> {
    let first = row_length(level, size) / u64::from(TILE_WIDTH);
    (first..)
        .zip(row.chunks(usize::from(TILE_WIDTH)))
        .filter_map(move |(index, part)| Some((Tile::new(level, index, new_size)?, part)))
}

/// The entry bundles that change. What was in the last one must be what is in the tree.
fn bundles<E: AsRef<[u8]>>(size: u64, tiles: &Tiles, entries: &[E]) -> Result<Tiles, TileError> {
    let mut row: Vec<&[u8]> = Vec::new();
    if let (Some(tile), Some(leaves)) = (
        partial(Level::Entries, size),
        partial(Level::Hashes(0), size),
    ) {
        row = tile.entries(tiles)?;
        let hashes = leaves.hashes(tiles)?;
        let first = tile.index() * u64::from(TILE_WIDTH);
        for (index, (entry, hash)) in (first..).zip(row.iter().zip(&hashes)) {
            if Sha256::of_leaf(entry) != *hash {
                return Err(TileError::OtherLeaf { tile, index });
            }
        }
    }
    for entry in entries.iter().map(AsRef::as_ref) {
        if entry.len() > LONGEST_ENTRY {
            return Err(TileError::EntryTooLong(entry.len()));
        }
        row.push(entry);
    }
    if entries.is_empty() {
        return Ok(Tiles::new());
    }
    let new_size = size + u64::try_from(entries.len()).unwrap_or(0);
    changed(Level::Entries, size, new_size, &row)
        .map(|(tile, entries)| Ok((tile, encode_entries(entries)?)))
        .collect()
}

#[cfg(test)]
mod tests;
