//! A whole log, entry by entry and tile by tile.

use std::collections::BTreeSet;

use crate::hash::Hash;
use crate::leaf::Leaf;
use crate::merkle::Edge;
use crate::report::{Fault, Report};
use crate::tiles::{self, FULL, Files, HEIGHT};
use crate::trust::{Head, Trust};

/// How far the time of an entry may be before that of an earlier one: a sequencer that stood still for a day catches up.
const MOST_BACK: i64 = 24 * 60 * 60 * 1_000;
const CHECKPOINT: &str = "checkpoint";

/// Verifies a whole log as static files: every entry, every tile and the root, from nothing but the entries; and, where an
/// older checkpoint is given, that the log only grew since.
#[must_use]
pub fn log(files: &mut dyn Files, older: Option<&str>, trust: &Trust) -> Report {
    Report::of(|report| {
        let text = tiles::get(files, CHECKPOINT)?
            .ok_or_else(|| Fault::unchecked(CHECKPOINT, "it is missing"))?;
        let text = str::from_utf8(&text)
            .map_err(|_| Fault::unchecked(CHECKPOINT, "it is no text in UTF-8"))?;
        let head = trust.check(CHECKPOINT, text)?;
        head.tell(report);
        let older = match older {
            Some(text) => Some(earlier(text, &head, trust)?),
            None => None,
        };
        let mut walk = Walk::new(
            files,
            &head,
            older.as_ref().map(|older| older.checkpoint.size),
        );
        walk.walk()?;
        walk.adds_up(head.checkpoint.root)?;
        if let Some(older) = &older {
            walk.grew_from(older)?;
        }
        walk.tell(report, older.as_ref());
        Ok(())
    })
}

/// A checkpoint that was kept from before.
fn earlier<'n>(text: &'n str, head: &Head<'_>, trust: &Trust) -> Result<Head<'n>, Fault> {
    const OLDER: &str = "the older checkpoint";
    let older = trust.check(OLDER, text)?;
    let (was, is) = (&older.checkpoint, &head.checkpoint);
    if was.origin != is.origin {
        return Err(Fault::unchecked(OLDER, "it is of another log")
            .expected(is.origin)
            .found(was.origin));
    }
    if was.size > is.size {
        let fault = Fault::lie(CHECKPOINT, "the log has fewer entries than it had");
        return Err(fault
            .expected(format!("{} or more", was.size))
            .found(is.size));
    }
    Ok(older)
}

struct Walk<'w> {
    files: &'w mut dyn Files,
    origin: &'w str,
    size: u64,
    older: Option<u64>,
    /// The tree of the entries alone.
    entries: Edge,
    /// Its root where the older checkpoint ends.
    older_root: Hash,
    /// The bundle that was read last.
    bundle: String,
    levels: Vec<Level>,
    /// The first hash on which a tile and what is below it disagree.
    disagreement: Option<Disagreement>,
    /// The first entry that is no event of this log.
    fault: Option<Fault>,
    ids: BTreeSet<u128>,
    /// First and latest time.
    times: Option<(String, String, i64)>,
}

/// A level of tiles.
#[derive(Default)]
struct Level {
    /// The tree, as the full tiles of this level have it.
    stated: Edge,
    /// Hashes that were computed for the tile that is not full yet.
    computed: Vec<Hash>,
    /// Number of that tile.
    index: u64,
}

struct Disagreement {
    level: usize,
    /// The tile, and the place in it.
    path: String,
    place: usize,
    /// What the hash is of.
    below: String,
    stated: Hash,
    computed: Hash,
}

impl<'w> Walk<'w> {
    fn new(files: &'w mut dyn Files, head: &'w Head<'_>, older: Option<u64>) -> Self {
        Self {
            files,
            origin: head.checkpoint.origin,
            size: head.checkpoint.size,
            older,
            entries: Edge::default(),
            older_root: Hash::of(b""),
            bundle: String::new(),
            levels: vec![Level::default()],
            disagreement: None,
            fault: None,
            ids: BTreeSet::new(),
            times: None,
        }
    }

    /// Reads everything there is. A file that is missing or has the wrong length ends it, unless a lie was found before.
    fn walk(&mut self) -> Result<(), Fault> {
        let ended = self.read_all();
        match (ended, &self.disagreement) {
            (Err(_), Some(disagreement)) => Err(disagreement.unsettled()),
            (ended, _) => ended,
        }
    }

    fn read_all(&mut self) -> Result<(), Fault> {
        let mut first = 0_u64;
        while first < self.size {
            let width = self.size.saturating_sub(first).min(256);
            self.bundle(first, usize::try_from(width).unwrap_or(FULL))?;
            first = first.saturating_add(width);
        }
        for level in 0..self.levels.len() {
            self.settle(level)?;
        }
        Ok(())
    }

    /// Reads the entries from number `first` on, and settles every tile that they fill.
    fn bundle(&mut self, first: u64, width: usize) -> Result<(), Fault> {
        let found = tiles::find(self.files, tiles::bundle(first / 256), width)?;
        let mut computed = Vec::with_capacity(width);
        for (number, entry) in (first..).zip(found.entries()?).take(width) {
            let hash = Hash::leaf(entry);
            computed.push(hash);
            self.entries.push(0, hash);
            if self.older == Some(number.saturating_add(1)) {
                self.older_root = self.entries.root();
            }
            if self.fault.is_none() {
                let place = format!("{}, entry {number} of the log", found.path);
                self.fault = self.event(&place, entry).err();
            }
        }
        self.bundle = found.path;
        if let Some(level) = self.levels.first_mut() {
            level.computed = computed;
        }
        let mut level = 0;
        while self
            .levels
            .get(level)
            .is_some_and(|level| level.computed.len() == FULL)
        {
            self.settle(level)?;
            level = level.saturating_add(1);
        }
        Ok(())
    }

    /// An entry is an event of this log, of its own, and not of long ago.
    fn event(&mut self, place: &str, entry: &[u8]) -> Result<(), Fault> {
        let leaf = Leaf::read(place, entry)?;
        if leaf.log != self.origin {
            let fault = Fault::lie(place, "it names another log than the one it is in");
            return Err(fault.expected(self.origin).found(leaf.log));
        }
        if !self.ids.insert(leaf.id()) {
            let fault = Fault::lie(place, "its id is that of an earlier entry");
            return Err(fault.found(leaf.event_id));
        }
        match &mut self.times {
            None => self.times = Some((leaf.at.clone(), leaf.at, leaf.millisecond)),
            Some((_, latest, millisecond)) => {
                if leaf.millisecond.saturating_add(MOST_BACK) < *millisecond {
                    let fault = Fault::lie(
                        place,
                        "it was written more than a day before an earlier entry",
                    );
                    return Err(fault
                        .expected(format!("about {latest} or later"))
                        .found(leaf.at));
                }
                if leaf.millisecond > *millisecond {
                    (*latest, *millisecond) = (leaf.at, leaf.millisecond);
                }
            }
        }
        Ok(())
    }

    /// Holds a tile against the hashes computed for it. A full one stands for one hash of the level above.
    fn settle(&mut self, number: usize) -> Result<(), Fault> {
        let Some(level) = self
            .levels
            .get_mut(number)
            .filter(|level| !level.computed.is_empty())
        else {
            return Ok(());
        };
        let width = level.computed.len();
        let found = tiles::find(self.files, tiles::tile(number, level.index), width)?;
        let hashes = found.hashes()?;
        let height = HEIGHT.saturating_mul(u32::try_from(number).unwrap_or_default());
        for (place, (stated, computed)) in hashes.iter().zip(&level.computed).enumerate() {
            level.stated.push(height, *stated);
            if stated != computed && self.disagreement.is_none() {
                let first = level.index.saturating_mul(256);
                let hash = first.saturating_add(u64::try_from(place).unwrap_or_default());
                self.disagreement = Some(Disagreement {
                    level: number,
                    path: found.path.clone(),
                    place,
                    below: below(number, hash, &self.bundle),
                    stated: *stated,
                    computed: *computed,
                });
            }
        }
        if width < FULL {
            return Ok(());
        }
        let mut subtree = Edge::default();
        level
            .computed
            .drain(..)
            .for_each(|hash| subtree.push(0, hash));
        level.index = level.index.saturating_add(1);
        let above = number.saturating_add(1);
        if self.levels.len() == above {
            self.levels.push(Level::default());
        }
        if let Some(above) = self.levels.get_mut(above) {
            above.computed.push(subtree.root());
        }
        Ok(())
    }

    /// Everything has to come to the root that was signed. Where it does not, that root also tells who lies.
    fn adds_up(&mut self, signed: Hash) -> Result<(), Fault> {
        let root = self.entries.root();
        match (&self.disagreement, root == signed) {
            (None, true) => self.fault.take().map_or(Ok(()), Err),
            (None, false) => {
                let what = "all entries and tiles fit each other, but do not come to the root that was signed";
                Err(Fault::lie(CHECKPOINT, what).expected(signed).found(root))
            }
            (Some(lie), true) => {
                let what = format!(
                    "its hash {} is another than that of {}",
                    lie.place, lie.below
                );
                Err(Fault::lie(&lie.path, what)
                    .expected(lie.computed)
                    .found(lie.stated))
            }
            (Some(lie), false) if self.stated(lie.level) == signed => {
                let what = format!(
                    "not as it was when the root was signed, which {} comes to",
                    lie.path
                );
                Err(Fault::lie(&lie.below, what)
                    .expected(lie.stated)
                    .found(lie.computed))
            }
            (Some(lie), false) => Err(lie.unsettled()),
        }
    }

    /// The root of the tree as the tiles of a level have it; what is right of them comes from the levels below.
    fn stated(&self, level: usize) -> Hash {
        let Some((of_level, below)) = self.levels.get(..=level).and_then(<[Level]>::split_last)
        else {
            return Hash::of(b"");
        };
        let mut edge = of_level.stated.clone();
        for (number, level) in below.iter().enumerate().rev() {
            let height = HEIGHT.saturating_mul(u32::try_from(number).unwrap_or_default());
            level
                .computed
                .iter()
                .for_each(|hash| edge.push(height, *hash));
        }
        edge.root()
    }

    fn grew_from(&self, older: &Head<'_>) -> Result<(), Fault> {
        let (size, root) = (older.checkpoint.size, older.checkpoint.root);
        if self.older_root == root {
            return Ok(());
        }
        let what = format!(
            "the first {size} entries are others than when the older checkpoint was signed"
        );
        Err(Fault::lie(CHECKPOINT, what)
            .expected(root)
            .found(self.older_root))
    }

    fn tell(self, report: &mut Report, older: Option<&Head<'_>>) {
        report.proves(format!(
            "All {} entries and every tile of the log `{}` come to exactly the root that was signed.",
            self.size, self.origin
        ));
        if let Some((first, latest, _)) = &self.times {
            report.proves(format!(
                "Every entry is an event of this log with an id of its own, from {first} to {latest}."
            ));
        }
        if let Some(older) = older {
            report.proves(format!(
                "Since the older checkpoint with {} entries the log only grew: nothing was changed, removed or put between.",
                older.checkpoint.size
            ));
        }
        report.leaves_open(
            "What stands in files that this checkpoint has no need of, such as older partial tiles.",
        );
        report
            .leaves_open("What the events say: that is in their disclosures, which no log holds.");
        report.leaves_open("That every event there was came into the log: who has a receipt can ask for its proof.");
    }
}

/// What a hash of a level is of. Below level 0 lie the entries, the last of them in `bundle`.
fn below(level: usize, hash: u64, bundle: &str) -> String {
    let Some(below) = level.checked_sub(1) else {
        return format!("{bundle}, entry {hash} of the log");
    };
    let entries = 256_u64.saturating_pow(u32::try_from(level).unwrap_or(u32::MAX));
    let first = hash.saturating_mul(entries);
    let last = first.saturating_add(entries).saturating_sub(1);
    format!("{} (entries {first} to {last})", tiles::tile(below, hash))
}

impl Disagreement {
    /// Neither side comes to the signed root, or not all was there to tell.
    fn unsettled(&self) -> Fault {
        let what = format!(
            "its hash {} and {} do not fit, and neither is proved",
            self.place, self.below
        );
        Fault::lie(&self.path, what)
            .expected(self.computed)
            .found(self.stated)
    }
}

#[cfg(test)]
mod tests;
