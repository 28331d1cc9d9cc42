//! Proof files of C2SP tlog-proof: that an entry is in a log, for whoever has the entry and trusts the keys.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::decimal;
use crate::id::Sha256;
use crate::note::{Note, NoteError};
use crate::policy::{Policy, PolicyFault, Trusted};
use crate::tree::{ProofError, verify_inclusion};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// A tree of 2^64 leaves would have as many above each.
const MOST_HASHES: usize = 64;

/// A `.tlog-proof` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Whatever else its user needs; nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// The entry's place in the log, from 0.
    pub index: u64,
    /// From the leaf's sibling up to the root's child.
    pub hashes: Vec<Sha256>,
    /// The log's signed checkpoint.
    pub checkpoint: Note,
}

/// Why a proof file proves nothing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TlogProofError {
    /// A line is not what it must be.
    #[error("line {line} of the proof: expected {expected}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What it must be.
        expected: &'static str,
    },
    /// Its checkpoint is no note.
    #[error("the proof's checkpoint: {0}")]
    Note(#[from] NoteError),
    /// Its checkpoint is not one to trust.
    #[error("the proof's checkpoint: {0}")]
    Checkpoint(#[from] PolicyFault),
    /// The checkpoint's tree does not have that leaf there.
    #[error("entry {index} of `{origin}`: {fault}")]
    Inclusion {
        /// Which log.
        origin: String,
        /// Which entry.
        index: u64,
        /// Why it is not proved.
        fault: ProofError,
    },
}

impl TlogProof {
    /// Checks, offline, that the entry with that leaf hash is in a log the policy trusts, as of a checkpoint it trusts.
    ///
    /// # Errors
    /// [`TlogProofError`] with the first thing that does not hold.
    pub fn verify(&self, leaf: &Sha256, policy: &Policy) -> Result<Trusted, TlogProofError> {
        let trusted = policy.check(&self.checkpoint)?;
        let checkpoint = &trusted.checkpoint;
        verify_inclusion(
            leaf,
            self.index,
            checkpoint.size(),
            checkpoint.root(),
            &self.hashes,
        )
        .map_err(|fault| TlogProofError::Inclusion {
            origin: checkpoint.origin().to_owned(),
            index: self.index,
            fault,
        })?;
        Ok(trusted)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", hash.to_base64())?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for TlogProof {
    type Err = TlogProofError;

    fn from_str(text: &str) -> Result<Self, TlogProofError> {
        let wrong = |line, expected| TlogProofError::Line { line, expected };
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| wrong(1, "lines, an empty line and a checkpoint"))?;
        let mut lines = (1..).zip(head.split('\n')).peekable();
        if lines.next() != Some((1, FIRST_LINE)) {
            return Err(wrong(1, "`c2sp.org/tlog-proof@v1`"));
        }
        let mut extra = None;
        if let Some((line, text)) = lines.next_if(|(_, line)| line.starts_with("extra ")) {
            let bytes = text.strip_prefix("extra ").map(|it| STANDARD.decode(it));
            let Some(Ok(bytes)) = bytes else {
                return Err(wrong(line, "`extra` and base64"));
            };
            extra = Some(bytes);
        }
        let line = 2 + usize::from(extra.is_some());
        let (_, index) = lines.next().unwrap_or((line, ""));
        let index = index.strip_prefix("index ").and_then(decimal);
        let index =
            index.ok_or_else(|| wrong(line, "`index` and a number without leading zeroes"))?;
        let mut hashes = Vec::new();
        for (line, text) in lines {
            if hashes.len() == MOST_HASHES {
                return Err(wrong(line, "an empty line after 64 hashes"));
            }
            let hash = Sha256::from_base64(text);
            hashes.push(hash.ok_or_else(|| wrong(line, "a SHA-256 hash in base64"))?);
        }
        Ok(Self {
            extra,
            index,
            hashes,
            checkpoint: checkpoint.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::note::tests::{LOG, log_key, signed};
    use crate::tree::Frontier;

    /// The third of five leaves: its sibling, the pair before, and the last leaf.
    fn proof() -> (TlogProof, Sha256, Policy) {
        let leaves: Vec<Sha256> = (0..5).map(|it| Sha256::of_leaf(&[it])).collect();
        let mut tree = Frontier::default();
        leaves.iter().for_each(|leaf| tree.push(*leaf));
        let checkpoint = Checkpoint::new(LOG, 5, tree.root()).unwrap();
        let proof = TlogProof {
            extra: None,
            index: 2,
            hashes: vec![
                leaves[3],
                Sha256::of_node(&leaves[0], &leaves[1]),
                leaves[4],
            ],
            checkpoint: signed(&checkpoint.to_string()),
        };
        let policy = format!("log {}\nquorum none\n", log_key());
        (proof, leaves[2], policy.parse().unwrap())
    }

    #[test]
    fn a_proof_holds_for_its_leaf_alone() {
        let (proof, leaf, policy) = proof();
        assert_eq!(proof.verify(&leaf, &policy).unwrap().checkpoint.size(), 5);
        let other = proof.verify(&Sha256::of_leaf(&[3]), &policy).unwrap_err();
        assert!(matches!(other, TlogProofError::Inclusion { index: 2, .. }));
        assert!(other.to_string().contains(LOG));
    }

    #[test]
    fn every_flipped_bit_of_a_proof_is_noticed() {
        let (proof, leaf, policy) = proof();
        let text = proof.to_string();
        for position in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[position] ^= 1 << bit;
                let Ok(flipped) = String::from_utf8(bytes) else {
                    continue;
                };
                let held = flipped
                    .parse::<TlogProof>()
                    .and_then(|it| it.verify(&leaf, &policy));
                assert!(held.is_err(), "{flipped}");
            }
        }
    }

    #[test]
    fn each_line_that_is_wrong_is_named() {
        let (proof, ..) = proof();
        let text = TlogProof {
            extra: Some(vec![1, 2]),
            ..proof
        }
        .to_string();
        for (from, to, line) in [
            ("@v1", "@v2", 1),
            ("extra AQI=", "extra AQI", 2),
            ("extra", "index 2\nextra", 3),
            ("index 2", "index 02", 3),
            ("index 2", "index", 3),
            ("index 2", "", 3),
            ("index 2", "index 2\nAAAA", 4),
        ] {
            let said = text
                .replacen(from, to, 1)
                .parse::<TlogProof>()
                .unwrap_err()
                .to_string();
            assert!(said.starts_with(&format!("line {line} ")), "{to}: {said}");
        }
    }

    proptest! {
        #[test]
        fn a_proof_reads_back(
            extra: Option<Vec<u8>>,
            index: u64,
            hashes in prop::collection::vec(any::<[u8; 32]>(), 0..64),
        ) {
            let (proof, ..) = proof();
            let hashes = hashes.into_iter().map(Sha256::from_bytes).collect();
            let proof = TlogProof { extra, index, hashes, ..proof };
            prop_assert_eq!(proof.to_string().parse(), Ok(proof));
        }

        #[test]
        fn no_text_makes_it_panic_and_what_is_read_has_that_text(
            head in "c2sp.org/tlog-proof@v1\n(extra [A-Za-z0-9=]{0,8}\n)?(index [0-9]{1,21}\n)?([A-Za-z0-9+/=]{43,44}\n){0,2}",
            tail in "\\PC{0,8}\n?",
        ) {
            let (proof, ..) = proof();
            for text in [format!("{head}\n{}", proof.checkpoint), format!("{head}{tail}")] {
                if let Ok(proof) = text.parse::<TlogProof>() {
                    prop_assert_eq!(proof.to_string(), text);
                }
            }
        }
    }
}
