//! `add-checkpoint` of C2SP tlog-witness v1.0.0: what a log sends to have a checkpoint cosigned, what a witness makes of it, and
//! what the log makes of the answer.
//!
//! A witness remembers one checkpoint of each log, the last it cosigned, and cosigns only what grew from it. So no two whom it
//! cosigned for can have been shown histories that differ.

use std::fmt;
use std::str::FromStr;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::decimal;
use crate::id::Sha256;
use crate::key::VerifierKey;
use crate::note::{Note, NoteError, NoteSignature};
use crate::tree::{ProofError, verify_consistency};

/// More lines no client may send.
const MOST_HASHES: usize = 63;

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the log believes the witness cosigned last; 0 for none.
    pub old: u64,
    /// That the tree of that size became the checkpoint's (RFC 6962 §2.1.2).
    pub proof: Vec<Sha256>,
    /// The checkpoint, signed by the log.
    pub checkpoint: Note,
}

/// Why a text is no request.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AddCheckpointError {
    /// A line is not what it must be.
    #[error("line {line} of the request: expected {expected}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What it must be.
        expected: &'static str,
    },
    /// What follows the empty line is no note.
    #[error("the request's checkpoint: {0}")]
    Note(#[from] NoteError),
}

/// What a witness last cosigned of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// How many entries the log had.
    pub size: u64,
    /// The root of the tree of them.
    pub root: Sha256,
}

/// A request whose checkpoint a known log signed, to be held against what was cosigned of that log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    old: u64,
    proof: Vec<Sha256>,
    checkpoint: Checkpoint,
}

/// Why a witness does not cosign.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// The note's text is no checkpoint.
    #[error(transparent)]
    NoCheckpoint(CheckpointError),
    /// No log that the witness knows.
    #[error("no log `{0}` is known here")]
    UnknownLog(String),
    /// Not signed by any of the log's keys, or not validly by one of them.
    #[error("expected a signature by a key of `{origin}`{}", because(.fault))]
    NotSigned {
        /// Which log.
        origin: String,
        /// What is wrong with the one there is.
        fault: Option<String>,
    },
    /// The checkpoint is smaller than what it is said to follow.
    #[error("expected an old size of at most {size}, found {old}")]
    Shrunk {
        /// The request's old size.
        old: u64,
        /// The checkpoint's.
        size: u64,
    },
    /// The request begins elsewhere than the witness stands.
    #[error("{size} entries were cosigned last")]
    Elsewhere {
        /// Where it stands.
        size: u64,
    },
    /// Two trees of one size.
    #[error("of {size} entries the root {expected} was cosigned, found {found}")]
    OtherRoot {
        /// Entries of both.
        size: u64,
        /// The root that was cosigned.
        expected: Sha256,
        /// The checkpoint's.
        found: Sha256,
    },
    /// What was cosigned did not grow into this, or that was not proved.
    #[error(transparent)]
    NotConsistent(ProofError),
}

fn because(fault: &Option<String>) -> String {
    fault
        .as_ref()
        .map_or_else(String::new, |it| format!(": {it}"))
}

impl AddCheckpoint {
    /// Checks that a log signed the checkpoint about itself, with one of its keys; those of unknown keys are ignored.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn open(self, logs: &[VerifierKey]) -> Result<Submitted, Refusal> {
        let checkpoint: Checkpoint = self
            .checkpoint
            .text()
            .parse()
            .map_err(Refusal::NoCheckpoint)?;
        let origin = checkpoint.origin();
        let mut keys = logs.iter().filter(|key| key.name() == origin).peekable();
        if keys.peek().is_none() {
            return Err(Refusal::UnknownLog(origin.to_owned()));
        }
        let not_signed = |fault| Refusal::NotSigned {
            origin: origin.to_owned(),
            fault,
        };
        let mut signed = false;
        for key in keys {
            let by_key = self.checkpoint.signed_by(key);
            signed |= by_key
                .map_err(|it| not_signed(Some(it.to_string())))?
                .is_some();
        }
        if !signed {
            return Err(not_signed(None));
        }
        let (old, size) = (self.old, checkpoint.size());
        if old > size {
            return Err(Refusal::Shrunk { old, size });
        }
        Ok(Submitted {
            old,
            proof: self.proof,
            checkpoint,
        })
    }
}

impl Submitted {
    /// What the log says of itself.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// What the witness has cosigned if it cosigns this: record that first, on the condition that the last is still the last.
    ///
    /// # Errors
    /// [`Refusal`] where this did not grow from what was cosigned last.
    pub fn after(&self, last: &Cosigned) -> Result<Cosigned, Refusal> {
        if self.old != last.size {
            return Err(Refusal::Elsewhere { size: last.size });
        }
        let next = Cosigned {
            size: self.checkpoint.size(),
            root: *self.checkpoint.root(),
        };
        if next.size == last.size && next.root != last.root {
            return Err(Refusal::OtherRoot {
                size: last.size,
                expected: last.root,
                found: next.root,
            });
        }
        verify_consistency(
            (last.size, &last.root),
            (next.size, &next.root),
            &self.proof,
        )
        .map_err(Refusal::NotConsistent)?;
        Ok(next)
    }
}

impl Default for Cosigned {
    /// Nothing yet: every log began empty.
    fn default() -> Self {
        Self {
            size: 0,
            root: Sha256::of(b""),
        }
    }
}

impl Refusal {
    /// The media type of the body that tells where the witness stands.
    pub const SIZE_TYPE: &str = "text/x.tlog.size";

    /// The status of the answer. Of two roots of one size v1.0.0 says 409, too, but without a size to go on from.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::NoCheckpoint(_) | Self::Shrunk { .. } => 400,
            Self::NotSigned { .. } => 403,
            Self::UnknownLog(_) => 404,
            Self::Elsewhere { .. } | Self::OtherRoot { .. } => 409,
            Self::NotConsistent(_) => 422,
        }
    }

    /// The body of type [`Self::SIZE_TYPE`], where that is what is answered.
    #[must_use]
    pub fn size_line(&self) -> Option<String> {
        match self {
            Self::Elsewhere { size } => Some(format!("{size}\n")),
            _ => None,
        }
    }

    /// Whether the log signed two histories that cannot both be its own, or cannot prove that they are one.
    #[must_use]
    pub const fn is_fork(&self) -> bool {
        matches!(self, Self::OtherRoot { .. } | Self::NotConsistent(_))
    }
}

/// What a witness's answer means to the log that asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It cosigned: the line to add to the checkpoint, checked.
    Cosigned(NoteSignature),
    /// It stands elsewhere; from there it can be asked again.
    StandsAt(u64),
    /// It cosigned another history of this log: one of the two is a fork.
    Fork,
    /// It did not cosign, which proves nothing.
    Nothing(String),
}

impl Answer {
    /// Reads an answer to the request `asked` of the witness whose key is `witness`. Nothing in it holds but what that key signed.
    #[must_use]
    pub fn read(
        asked: &AddCheckpoint,
        witness: &VerifierKey,
        (status, media_type, body): (u16, Option<&str>, &str),
    ) -> Self {
        let size = || body.strip_suffix('\n').and_then(decimal);
        match (status, media_type) {
            (200, _) => cosigned(&asked.checkpoint, witness, body),
            // That it stands where it was asked from says that the roots differ.
            (409, Some(Refusal::SIZE_TYPE)) => match size() {
                Some(size) if size != asked.old => Self::StandsAt(size),
                Some(_) => Self::Fork,
                None => Self::Nothing("the answer 409 without a size".to_owned()),
            },
            (409 | 422, _) => Self::Fork,
            (status, _) => Self::Nothing(format!("the answer {status}")),
        }
    }
}

fn cosigned(note: &Note, witness: &VerifierKey, body: &str) -> Answer {
    let lines = body.lines().map(NoteSignature::from_str);
    let mut by_witness = lines
        .filter_map(Result::ok)
        .filter(|it| it.name() == witness.name() && it.key_id() == witness.id());
    let Some(line) = by_witness.next() else {
        return Answer::Nothing(format!("no cosignature of `{witness}`"));
    };
    match note.clone().with_signature(line.clone()).signed_by(witness) {
        Ok(_) => Answer::Cosigned(line),
        Err(error) => Answer::Nothing(error.to_string()),
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(f, "{}", hash.to_base64())?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for AddCheckpoint {
    type Err = AddCheckpointError;

    fn from_str(text: &str) -> Result<Self, AddCheckpointError> {
        let wrong = |line, expected| AddCheckpointError::Line { line, expected };
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| wrong(1, "lines, an empty line and a checkpoint"))?;
        let mut lines = (1..).zip(head.split('\n'));
        let old = lines.next().and_then(|(_, line)| line.strip_prefix("old "));
        let old = old
            .and_then(decimal)
            .ok_or_else(|| wrong(1, "`old` and a size without leading zeroes"))?;
        let mut proof = Vec::new();
        for (line, text) in lines {
            if proof.len() == MOST_HASHES {
                return Err(wrong(line, "an empty line after 63 hashes"));
            }
            let hash = Sha256::from_base64(text);
            proof.push(hash.ok_or_else(|| wrong(line, "a SHA-256 hash in base64"))?);
        }
        Ok(Self {
            old,
            proof,
            checkpoint: checkpoint.parse()?,
        })
    }
}

#[cfg(test)]
mod tests;
