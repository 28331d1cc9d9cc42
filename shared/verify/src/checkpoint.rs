//! Checkpoints: what a log signs about itself (C2SP tlog-checkpoint).

use crate::hash::Hash;
use crate::note::Note;

/// The head of a log's tree.
#[derive(Debug)]
pub(crate) struct Checkpoint<'n> {
    /// Which log.
    pub(crate) origin: &'n str,
    /// How many entries.
    pub(crate) size: u64,
    /// The root of the tree of all of them.
    pub(crate) root: Hash,
    /// With who signed it.
    pub(crate) note: Note<'n>,
}

impl<'n> Checkpoint<'n> {
    /// # Errors
    /// What is not as a checkpoint has to be.
    pub(crate) fn read(text: &'n str) -> Result<Self, &'static str> {
        let note = Note::read(text)?;
        let mut lines = note.text.strip_suffix('\n').unwrap_or_default().split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty());
        let origin = origin.ok_or("its first line is empty, expected the log's origin")?;
        let size = lines.next().and_then(decimal);
        let size = size.ok_or("its second line is not the number of entries")?;
        let root = lines.next().and_then(Hash::from_base64);
        let root = root.ok_or("its third line is no root hash in base64")?;
        if lines.any(str::is_empty) {
            return Err("one of its lines is empty");
        }
        Ok(Self {
            origin,
            size,
            root,
            note,
        })
    }
}

/// A number without leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

    fn read(text: &str) -> Result<u64, &'static str> {
        let note = format!("{text}\n\n— a eDA4Z28v\n");
        Checkpoint::read(&note).map(|checkpoint| checkpoint.size)
    }

    #[test]
    fn only_a_checkpoint_is_one() {
        assert_eq!(
            read(&format!("example.com/log\n20852163\n{ROOT}")),
            Ok(20_852_163)
        );
        assert_eq!(
            read(&format!("example.com/log\n0\n{ROOT}\nextension")),
            Ok(0)
        );
        for wrong in [
            format!("\n1\n{ROOT}"),
            format!("example.com/log\n01\n{ROOT}"),
            format!("example.com/log\n+1\n{ROOT}"),
            format!("example.com/log\n18446744073709551616\n{ROOT}"),
            format!("example.com/log\n1\n{ROOT}="),
            "example.com/log\n1".to_owned(),
            format!("example.com/log\n1\n{ROOT}\n\nextension"),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }
}
