//! Proofs from tiles: which of them have to be read, and the proof they give.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::id::Sha256;
use crate::tile::{Level, TILE_HEIGHT, Tile, TileError, Tiles};
use crate::tree::{ProofError, root_of_row, root_of_subtrees};

/// What a proof is made of: the roots of these ranges of leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofPlan {
    size: u64,
    ranges: Vec<Range<u64>>,
}

/// A complete subtree of 2^height leaves, the `index`-th of its height.
struct Subtree {
    height: u32,
    index: u64,
}

impl ProofPlan {
    /// That a leaf is at an index, from 0, of the tree of `size` leaves: PATH(index, D\[size\]) of RFC 6962 §2.1.1.
    ///
    /// # Errors
    /// [`ProofError::NoSuchLeaf`].
    pub fn inclusion(index: u64, size: u64) -> Result<Self, ProofError> {
        if index >= size {
            return Err(ProofError::NoSuchLeaf { index, size });
        }
        let mut ranges = Vec::new();
        let mut within = 0..size;
        while let Some((left, right)) = halves(&within) {
            let (way, sibling) = if left.contains(&index) {
                (left, right)
            } else {
                (right, left)
            };
            ranges.push(sibling);
            within = way;
        }
        ranges.reverse();
        Ok(Self { size, ranges })
    }

    /// That the tree of `old` leaves became that of `new` leaves: PROOF(old, D\[new\]) of RFC 6962 §2.1.2.
    ///
    /// # Errors
    /// [`ProofError::Shrunk`].
    pub fn consistency(old: u64, new: u64) -> Result<Self, ProofError> {
        if old > new {
            return Err(ProofError::Shrunk { old, new });
        }
        let mut ranges = Vec::new();
        let mut within = 0..new;
        while old > 0 && old < within.end {
            let Some((left, right)) = halves(&within) else {
                break;
            };
            let (way, sibling) = if old <= left.end {
                (left, right)
            } else {
                (right, left)
            };
            ranges.push(sibling);
            within = way;
        }
        // The whole old tree is known to whoever asks.
        if within.start > 0 {
            ranges.push(within);
        }
        ranges.reverse();
        Ok(Self { size: new, ranges })
    }

    /// The tiles that have to be read, each once.
    #[must_use]
    pub fn tiles(&self) -> Vec<Tile> {
        let subtrees = self.ranges.iter().flat_map(subtrees);
        let tiles: BTreeSet<Tile> = subtrees
            .filter_map(|subtree| Some(subtree.place(self.size)?.0))
            .collect();
        tiles.into_iter().collect()
    }

    /// The proof, unchecked: hold it against the checkpoint it is for, as the tiles may have been changed by others.
    ///
    /// # Errors
    /// [`TileError`] for a tile that is missing or too short.
    pub fn prove(&self, tiles: &Tiles) -> Result<Vec<Sha256>, TileError> {
        self.ranges
            .iter()
            .map(|range| {
                let roots: Result<Vec<Sha256>, TileError> = subtrees(range)
                    .iter()
                    .map(|subtree| subtree.root(self.size, tiles))
                    .collect();
                Ok(root_of_subtrees(&roots?))
            })
            .collect()
    }
}

/// RFC 6962 §2.1 splits a tree at the largest power of two below its number of leaves.
fn halves(range: &Range<u64>) -> Option<(Range<u64>, Range<u64>)> {
    let last = range.end.checked_sub(range.start)?.checked_sub(1)?;
    let middle = range.start + (1 << last.checked_ilog2()?);
    Some((range.start..middle, middle..range.end))
}

/// The complete subtrees of a range that came from [`halves`], so that each begins at a multiple of its leaves.
fn subtrees(range: &Range<u64>) -> Vec<Subtree> {
    let mut subtrees = Vec::new();
    let mut start = range.start;
    while let Some(height) = range.end.saturating_sub(start).checked_ilog2() {
        let index = start >> height;
        subtrees.push(Subtree { height, index });
        start += 1 << height;
    }
    subtrees
}

impl Subtree {
    /// The tile in whose hashes it lies, and which of them.
    fn place(&self, size: u64) -> Option<(Tile, Range<usize>)> {
        let level = u8::try_from(self.height / TILE_HEIGHT).ok()?;
        let inner = self.height % TILE_HEIGHT;
        let in_tile = TILE_HEIGHT - inner;
        let tile = Tile::new(Level::Hashes(level), self.index >> in_tile, size)?;
        let first = usize::try_from((self.index & ((1 << in_tile) - 1)) << inner).ok()?;
        Some((tile, first..first + (1 << inner)))
    }

    fn root(&self, size: u64, tiles: &Tiles) -> Result<Sha256, TileError> {
        let (tile, row) = self.place(size).ok_or(TileError::LogTooLarge)?;
        let hashes = tile.hashes(tiles)?;
        let row = hashes.get(row).ok_or(TileError::Missing(tile))?;
        Ok(root_of_row(row))
    }
}

#[cfg(test)]
mod tests;
