//! That a log only grew between two checkpoints, from its own files: whoever kept both needs nobody to make a proof.

use crate::consistency::{NEWER, OLDER, grew, same_log, tell};
use crate::hash::Hash;
use crate::merkle::Edge;
use crate::report::{Fault, Report};
use crate::tiles::{self, FULL, Files, HEIGHT};
use crate::trust::Trust;

/// Verifies that a log only added to what `older` was signed for, up to `newer`. The proof of it is made of the log's tiles, and held
/// against both roots: no tile has to be trusted.
#[must_use]
pub fn grown(files: &mut dyn Files, older: &str, newer: &str, trust: &Trust) -> Report {
    Report::of(|report| {
        let older = trust.check(OLDER, older)?;
        let newer = trust.check(NEWER, newer)?;
        let (was, is) = (&older.checkpoint, &newer.checkpoint);
        same_log(was, is)?;
        let mut tree = Tree {
            files,
            size: is.size,
        };
        let hashes = tree.growth(was.size)?;
        grew((was.size, was.root), (is.size, is.root), &hashes)?;
        tell(report, was, &newer);
        Ok(())
    })
}

/// A log's tree, as its tiles have it.
struct Tree<'f> {
    files: &'f mut dyn Files,
    size: u64,
}

impl Tree<'_> {
    /// PROOF(older, D\[size\]) of RFC 6962 §2.1.2.
    fn growth(&mut self, older: u64) -> Result<Vec<Hash>, Fault> {
        let (mut start, mut end) = (0, self.size);
        let mut proof = Vec::new();
        while older > 0 && older != end {
            let middle = start + half(end - start);
            if older <= middle {
                proof.push(self.root(middle, end)?);
                end = middle;
            } else {
                proof.push(self.root(start, middle)?);
                start = middle;
            }
        }
        // What begins the older tree is known by its root.
        if start > 0 {
            proof.push(self.root(start, end)?);
        }
        proof.reverse();
        Ok(proof)
    }

    /// The root of the leaves of a range that the tree splits into.
    fn root(&mut self, start: u64, end: u64) -> Result<Hash, Fault> {
        let mut edge = Edge::default();
        let mut at = start;
        while let Some(height) = end.saturating_sub(at).checked_ilog2() {
            edge.push(height, self.perfect(height, at >> height)?);
            at = at.saturating_add(1 << height);
        }
        Ok(edge.root())
    }

    /// The root of the perfect subtree of 2^height leaves with this number.
    fn perfect(&mut self, height: u32, number: u64) -> Result<Hash, Fault> {
        const WIDE: u64 = 1 << HEIGHT;
        let (level, inner) = (height / HEIGHT, height % HEIGHT);
        let first = number << inner;
        let tile = first / WIDE;
        let hashes = (self.size >> (level * HEIGHT)).saturating_sub(tile.saturating_mul(WIDE));
        let width = usize::try_from(hashes).map_or(FULL, |hashes| hashes.min(FULL));
        let path = tiles::tile(usize::try_from(level).unwrap_or_default(), tile);
        let found = tiles::find(self.files, path, width)?;
        let hashes = found.hashes()?;
        let first = usize::try_from(first % WIDE).unwrap_or(FULL);
        let row = hashes.iter().skip(first).take(1 << inner);
        let mut edge = Edge::default();
        row.for_each(|hash| edge.push(0, *hash));
        Ok(edge.root())
    }
}

/// The largest power of two below a number.
const fn half(size: u64) -> u64 {
    match size.saturating_sub(1).checked_ilog2() {
        Some(height) => 1 << height,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::VerifierKey;
    use crate::report::Verdict;
    use crate::testing::{LOG, Log, events, key_text};

    fn check(log: &Log, older: &str, newer: usize, spoil: impl Fn(&str, &mut Vec<u8>)) -> Report {
        let of_size = Log {
            origin: log.origin,
            leaves: log.leaves[..newer].to_vec(),
            witnesses: Vec::new(),
        };
        let files = of_size.files();
        let mut read = |path: &str| {
            let mut bytes = files.get(path).cloned();
            if let Some(bytes) = &mut bytes {
                spoil(path, bytes);
            }
            Ok(bytes.filter(|bytes| !bytes.is_empty()))
        };
        let key: VerifierKey = key_text(LOG, 1).parse().unwrap();
        let newer = of_size.checkpoint(newer);
        grown(&mut read, older, &newer, &Trust::keys([key]))
    }

    #[test]
    fn any_two_checkpoints_of_a_log_that_only_grew_are_proved_to_be() {
        let log = Log::of(&events(600));
        for newer in [1, 2, 7, 255, 256, 257, 511, 512, 513, 600] {
            let olders = [0, 1, 2, 3, 6, 128, 200, 255, 256, 257, 300, 512, 600];
            for older in olders.into_iter().filter(|older| *older <= newer) {
                let report = check(&log, &log.checkpoint(older), newer, |_, _| {});
                assert_eq!(
                    report.verdict(),
                    Verdict::Proved,
                    "{older} {newer}: {report}"
                );
            }
        }
    }

    #[test]
    fn a_log_that_was_written_anew_is_refuted_and_so_is_one_whose_tiles_lie() {
        let log = Log::of(&events(600));
        let mut anew = Log::of(&events(600));
        anew.leaves.swap(3, 4);
        for older in [5, 256, 300, 599] {
            let report = check(&log, &anew.checkpoint(older), 600, |_, _| {});
            assert_eq!(report.verdict(), Verdict::Refuted, "{older}: {report}");
            let spoil = |_: &str, bytes: &mut Vec<u8>| bytes.iter_mut().for_each(|it| *it ^= 1);
            let report = check(&log, &log.checkpoint(older), 600, spoil);
            assert_eq!(report.verdict(), Verdict::Refuted, "{older}: {report}");
        }
        let shrunk = check(&log, &log.checkpoint(300), 256, |_, _| {});
        let told = "the log has fewer entries than it had; expected 300 or more; found 256";
        assert!(shrunk.to_string().contains(told), "{shrunk}");
    }

    #[test]
    fn a_tile_that_is_missing_is_named_and_no_lie() {
        let log = Log::of(&events(600));
        let missing = |path: &str, bytes: &mut Vec<u8>| {
            if path.starts_with("tile/0/002") {
                bytes.clear();
            }
        };
        let report = check(&log, &log.checkpoint(300), 600, missing);
        assert_eq!(report.verdict(), Verdict::Unchecked, "{report}");
        assert!(
            report
                .to_string()
                .contains("tile/0/002.p/88: it is missing"),
            "{report}"
        );
    }
}
