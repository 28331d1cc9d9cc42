//! Where a log keeps what, as static files (C2SP tlog-tiles).

use crate::hash::Hash;
use crate::report::Fault;

/// Hashes of a full tile, entries of a full bundle.
pub(crate) const FULL: usize = 256;
/// Height of a tile: 2^8 hashes.
pub(crate) const HEIGHT: u32 = 8;
const HASH: usize = 32;

/// A log's files.
pub trait Files {
    /// The bytes at a path below the log's prefix, such as `tile/entries/x001/234.p/7`; `None` where there are none.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, String>;
}

impl<F: FnMut(&str) -> Result<Option<Vec<u8>>, String>> Files for F {
    fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, String> {
        self(path)
    }
}

/// Path of a tile of hashes, without its width.
pub(crate) fn tile(level: usize, index: u64) -> String {
    format!("tile/{level}/{}", numbered(index))
}

/// Path of an entry bundle, without its width.
pub(crate) fn bundle(index: u64) -> String {
    format!("tile/entries/{}", numbered(index))
}

/// 1234067 is `x001/x234/067`.
fn numbered(index: u64) -> String {
    let mut path = format!("{:03}", index % 1_000);
    let mut rest = index / 1_000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1_000);
        rest /= 1_000;
    }
    path
}

/// What a path holds.
pub(crate) struct Found {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    /// How many hashes or entries it has to hold: more than were asked for where the full one has taken its place.
    pub(crate) width: usize,
}

/// Reads a file of `width` hashes or entries. The full one may have taken the place of a partial one.
pub(crate) fn find(files: &mut dyn Files, path: String, width: usize) -> Result<Found, Fault> {
    let full = path.clone();
    let (path, wider) = match width < FULL {
        true => (format!("{path}.p/{width}"), Some(full)),
        false => (path, None),
    };
    if let Some(bytes) = get(files, &path)? {
        return Ok(Found { path, bytes, width });
    }
    if let Some(full) = wider
        && let Some(bytes) = get(files, &full)?
    {
        return Ok(Found {
            path: full,
            bytes,
            width: FULL,
        });
    }
    Err(Fault::unchecked(path, "it is missing"))
}

/// Reads a file.
pub(crate) fn get(files: &mut dyn Files, path: &str) -> Result<Option<Vec<u8>>, Fault> {
    files
        .read(path)
        .map_err(|why| Fault::unchecked(path, format!("it cannot be read: {why}")))
}

impl Found {
    /// The hashes of a tile.
    pub(crate) fn hashes(&self) -> Result<Vec<Hash>, Fault> {
        let expected = self.width.saturating_mul(HASH);
        if self.bytes.len() != expected {
            let fault = Fault::lie(&self.path, "it has not the length of a tile");
            return Err(fault
                .expected(format!("{expected} bytes"))
                .found(self.bytes.len()));
        }
        Ok(self
            .bytes
            .chunks_exact(HASH)
            .filter_map(Hash::from_bytes)
            .collect())
    }

    /// The entries of a bundle, each behind its length in two bytes.
    pub(crate) fn entries(&self) -> Result<Vec<&[u8]>, Fault> {
        let mut entries = Vec::with_capacity(self.width);
        let mut rest = self.bytes.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let Some((entry, after)) = after.split_at_checked(length) else {
                let what = format!("it ends within its entry {}", entries.len());
                return Err(Fault::lie(&self.path, what));
            };
            entries.push(entry);
            rest = after;
        }
        if !rest.is_empty() || entries.len() != self.width {
            let fault = Fault::lie(&self.path, "it has not as many entries as it has to");
            return Err(fault.expected(self.width).found(entries.len()));
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(tile(0, 1_234_067), "tile/0/x001/x234/067");
        assert_eq!(bundle(0), "tile/entries/000");
        assert_eq!(tile(7, 999), "tile/7/999");
        assert_eq!(tile(1, 1_000), "tile/1/x001/000");
        assert!(tile(1, u64::MAX).ends_with("/x551/615"));
    }

    #[test]
    fn a_bundle_holds_exactly_its_entries() {
        let found = |bytes: &[u8], width| Found {
            path: "here".to_owned(),
            bytes: bytes.to_vec(),
            width,
        };
        assert_eq!(
            found(&[0, 1, 7, 0, 0], 2).entries().unwrap(),
            [&[7_u8][..], &[]]
        );
        for wrong in [
            &[0, 1, 7][..],
            &[0, 1, 7, 0, 0, 0],
            &[0, 1, 7, 0, 0, 0, 0],
            &[0, 1, 7, 0, 1],
            &[0, 9, 7],
        ] {
            assert!(found(wrong, 2).entries().is_err(), "{wrong:?}");
        }
        assert_eq!(found(&[7; 64], 2).hashes().unwrap().len(), 2);
        assert!(found(&[7; 63], 2).hashes().is_err());
        assert!(found(&[7; 96], 2).hashes().is_err());
    }
}
