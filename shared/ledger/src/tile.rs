//! Tiles and entry bundles of C2SP tlog-tiles: their names, and what lies in them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::decimal;
use crate::id::Sha256;

/// Hashes of a full tile, and entries of a full bundle.
pub const TILE_WIDTH: u16 = 256;
/// Levels of hashes between a tile and the one above it.
pub(crate) const TILE_HEIGHT: u32 = 8;
/// Levels a tree of 64 bits can have.
pub(crate) const LEVELS: u8 = 8;
/// What an entry may have: its length stands before it as a uint16.
pub const LONGEST_ENTRY: usize = 65_535;

/// One static file of a log: a tile of hashes, or a bundle of entries; its text is the file's path.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    level: Level,
    index: u64,
    width: u16,
}

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// The entries themselves.
    Entries,
    /// Hashes: at level 0 those of leaves, above it those of full tiles of the level below.
    Hashes(u8),
}

/// Files that were read, or are to be written. A full tile may stand in for one of its partial forms.
pub type Tiles = BTreeMap<Tile, Vec<u8>>;

impl Tile {
    /// A tile as it is in a log of `size` entries; none if it would be empty.
    #[must_use]
    pub fn new(level: Level, index: u64, size: u64) -> Option<Self> {
        let height = match level {
            Level::Entries => 0,
            Level::Hashes(level) => u32::from(level) * TILE_HEIGHT,
        };
        let row = size.checked_shr(height)?;
        let left = row.checked_sub(index.checked_mul(u64::from(TILE_WIDTH))?)?;
        let width = u16::try_from(left).map_or(TILE_WIDTH, |left| left.min(TILE_WIDTH));
        (width > 0).then_some(Self {
            level,
            index,
            width,
        })
    }

    /// Entries or hashes.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Its place within the level, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds, 1 to 256.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// A full tile never changes again.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The tile it becomes, and that may be read in its stead once the partial one is gone.
    #[must_use]
    pub const fn full(self) -> Self {
        Self {
            width: TILE_WIDTH,
            ..self
        }
    }

    /// Its hashes.
    pub(crate) fn hashes(self, tiles: &Tiles) -> Result<Vec<Sha256>, TileError> {
        let bytes = tiles.get(&self).ok_or(TileError::Missing(self))?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        let width = usize::from(self.width);
        match hashes.get(..width) {
            Some(hashes) if rest.is_empty() => Ok(hashes
                .iter()
                .map(|hash| Sha256::from_bytes(*hash))
                .collect()),
            _ => Err(TileError::Length {
                tile: self,
                expected: width * 32,
                found: bytes.len(),
            }),
        }
    }

    /// Its entries.
    pub(crate) fn entries(self, tiles: &Tiles) -> Result<Vec<&[u8]>, TileError> {
        let bytes = tiles.get(&self).ok_or(TileError::Missing(self))?;
        let entries = decode_entries(bytes).map_err(|fault| TileError::Bundle(self, fault))?;
        let width = usize::from(self.width);
        match entries.get(..width) {
            Some(entries) => Ok(entries.to_vec()),
            None => Err(TileError::Length {
                tile: self,
                expected: width,
                found: entries.len(),
            }),
        }
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Level::Entries => f.write_str("tile/entries")?,
            Level::Hashes(level) => write!(f, "tile/{level}")?,
        }
        let mut groups = vec![self.index % 1_000];
        let mut rest = self.index / 1_000;
        while rest > 0 {
            groups.push(rest % 1_000);
            rest /= 1_000;
        }
        for (after, group) in groups.iter().enumerate().rev() {
            let more = if after > 0 { "x" } else { "" };
            write!(f, "/{more}{group:03}")?;
        }
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

impl fmt::Debug for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not the path of a tile or an entry bundle.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected a path such as `tile/0/x001/x234/067`, `tile/1/000.p/17` or `tile/entries/000`")]
pub struct NotATile;

impl FromStr for Tile {
    type Err = NotATile;

    /// One text per tile: what would be written otherwise is refused.
    fn from_str(path: &str) -> Result<Self, NotATile> {
        parse(path)
            .filter(|tile| tile.to_string() == path)
            .ok_or(NotATile)
    }
}

fn parse(path: &str) -> Option<Tile> {
    let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let level = match level {
        "entries" => Level::Entries,
        level => Level::Hashes(u8::try_from(decimal(level)?).ok().filter(|it| *it < 64)?),
    };
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => (index, u16::try_from(decimal(width)?).ok()?),
        None => (rest, TILE_WIDTH),
    };
    let index = index.split('/').try_fold(0_u64, |index, group| {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let group = digits.parse::<u16>().ok().filter(|it| *it < 1_000)?;
        index.checked_mul(1_000)?.checked_add(u64::from(group))
    })?;
    (1..=TILE_WIDTH).contains(&width).then_some(Tile {
        level,
        index,
        width,
    })
}

/// Why nothing can be made of the files of a log.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TileError {
    /// It was not handed in.
    #[error("`{0}` is missing")]
    Missing(Tile),
    /// It is not as long as its name says; in bytes, or in entries of a bundle.
    #[error("`{tile}`: expected a length of {expected}, found {found}")]
    Length {
        /// Which.
        tile: Tile,
        /// What its name says.
        expected: usize,
        /// What was found.
        found: usize,
    },
    /// An entry bundle that cannot be read.
    #[error("`{0}`: {1}")]
    Bundle(Tile, BundleError),
    /// An entry whose hash is not the one in the tree.
    #[error("`{tile}`: entry {index} of the log is not the leaf that is in the tree")]
    OtherLeaf {
        /// Which bundle.
        tile: Tile,
        /// Its index in the log.
        index: u64,
    },
    /// An entry to be appended that is too long.
    #[error("an entry has at most 65535 bytes, found {0}")]
    EntryTooLong(usize),
    /// More leaves than a log can have.
    #[error("a log has at most {} entries", crate::LARGEST_SIZE)]
    LogTooLarge,
}

/// Why the bytes are no entry bundle.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("entry {entry} of the bundle should have {expected} bytes more, {found} are left")]
pub struct BundleError {
    entry: usize,
    expected: usize,
    found: usize,
}

/// A bundle's bytes: before each entry its length, as a big-endian uint16.
///
/// # Errors
/// [`TileError::EntryTooLong`] for an entry of more than 65,535 bytes.
pub fn encode_entries<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, TileError> {
    let mut bytes = Vec::new();
    for entry in entries.iter().map(AsRef::as_ref) {
        let length =
            u16::try_from(entry.len()).map_err(|_| TileError::EntryTooLong(entry.len()))?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// The entries of a bundle's bytes.
///
/// # Errors
/// [`BundleError`] if an entry is cut off.
pub fn decode_entries(mut bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let cut_off = |expected, found: &[u8]| BundleError {
            entry: entries.len(),
            expected,
            found: found.len(),
        };
        let (length, rest) = bytes
            .split_first_chunk::<2>()
            .ok_or_else(|| cut_off(2, bytes))?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, rest) = rest
            .split_at_checked(length)
            .ok_or_else(|| cut_off(length, rest))?;
        entries.push(entry);
        bytes = rest;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests;
