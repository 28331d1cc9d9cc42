//! Checkpoints of C2SP tlog-checkpoint: what a log says of itself, in the text of a note.

use std::fmt;
use std::str::FromStr;

use crate::decimal;
use crate::id::Sha256;
use crate::key::{VerifierKey, is_key_name};
use crate::note::{Note, SignatureError};

/// A log's size and root; its text is what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Sha256,
    extensions: Vec<String>,
}

/// Why a note is not the log's checkpoint.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CheckpointError {
    /// A line of the text is not what it must be.
    #[error("line {line} of the checkpoint: expected {expected}, found `{found}`")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// It is another log's.
    #[error("expected a checkpoint of `{expected}`, found one of `{found}`")]
    Origin {
        /// Whose it should be.
        expected: String,
        /// Whose it is.
        found: String,
    },
    /// Nobody signed it with the log's key.
    #[error("expected a signature of `{0}`, found none")]
    NotSigned(String),
    /// The log's signature is of something else.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Checkpoint {
    /// A log's checkpoint, without extension lines. The origin is a name a key could have.
    #[must_use]
    pub fn new(origin: &str, size: u64, root: Sha256) -> Option<Self> {
        is_key_name(origin).then(|| Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions: Vec::new(),
        })
    }

    /// The checkpoint that the key's owner signed, about itself.
    ///
    /// # Errors
    /// [`CheckpointError`] if it is no checkpoint, of another log, or not signed by that key.
    pub fn open(note: &Note, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let signed = note.signed_by(key)?;
        signed.ok_or_else(|| CheckpointError::NotSigned(key.to_string()))?;
        let checkpoint: Self = note.text().parse()?;
        if checkpoint.origin == key.name() {
            return Ok(checkpoint);
        }
        Err(CheckpointError::Origin {
            expected: key.name().to_owned(),
            found: checkpoint.origin,
        })
    }

    /// Which log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root hash of the tree of them.
    #[must_use]
    pub const fn root(&self) -> &Sha256 {
        &self.root
    }

    /// Further lines, of which C2SP says that nobody can audit them.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}\n{}\n{}",
            self.origin,
            self.size,
            self.root.to_base64()
        )?;
        self.extensions
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let mut next = || lines.next().unwrap_or_default();
        let wrong = |line, expected, found: &str| CheckpointError::Line {
            line,
            expected,
            found: found.to_owned(),
        };
        let (origin, size, root) = (next(), next(), next());
        if origin.is_empty() {
            return Err(wrong(1, "the log's origin", origin));
        }
        let size = decimal(size)
            .ok_or_else(|| wrong(2, "a decimal number without leading zeroes", size))?;
        let root =
            Sha256::from_base64(root).ok_or_else(|| wrong(3, "a SHA-256 hash in base64", root))?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if let Some(empty) = extensions.iter().position(String::is_empty) {
            return Err(wrong(4 + empty, "an extension line that is not empty", ""));
        }
        if !text.ends_with('\n') {
            let last = 3 + extensions.len();
            return Err(wrong(last, "a line end", "the end of the text"));
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::note::tests::{LOG, log_key, signed};

    const TEXT: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_example_of_the_specification_is_read() {
        let checkpoint: Checkpoint = TEXT.parse().unwrap();
        assert_eq!(checkpoint.origin(), "example.com/behind-the-sofa");
        assert_eq!(checkpoint.size(), 20_852_163);
        assert_eq!(checkpoint.to_string(), TEXT);
    }

    #[test]
    fn each_line_that_is_wrong_is_named() {
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        let said = |text: String| text.parse::<Checkpoint>().unwrap_err().to_string();
        for (text, line) in [
            (String::new(), 1),
            (format!("\n1\n{root}\n"), 1),
            ("a".to_owned(), 2),
            (format!("a\n01\n{root}\n"), 2),
            (format!("a\n+1\n{root}\n"), 2),
            (format!("a\n-1\n{root}\n"), 2),
            (format!("a\n18446744073709551616\n{root}\n"), 2),
            ("a\n1\n".to_owned(), 3),
            ("a\n1\nAAAA\n".to_owned(), 3),
            (format!("a\n1\n{root} \n"), 3),
            (format!("a\n1\n{root}"), 3),
            (format!("a\n1\n{root}\nx\n\ny\n"), 5),
        ] {
            assert!(
                said(text.clone()).starts_with(&format!("line {line} ")),
                "{text:?}"
            );
        }
    }

    #[test]
    fn only_the_logs_own_signature_of_its_own_checkpoint_opens_it() {
        let root = Sha256::of_leaf(b"");
        let ours = Checkpoint::new(LOG, 1, root).unwrap();
        let note = signed(&ours.to_string());
        assert_eq!(Checkpoint::open(&note, &log_key()).unwrap(), ours);

        let other = Checkpoint::new("example.com/other", 1, root).unwrap();
        let other = Checkpoint::open(&signed(&other.to_string()), &log_key()).unwrap_err();
        assert!(matches!(other, CheckpointError::Origin { .. }));

        let unsigned = Note::new(ours.to_string()).unwrap();
        let unsigned = Checkpoint::open(&unsigned, &log_key()).unwrap_err();
        assert!(matches!(unsigned, CheckpointError::NotSigned(_)));

        let edited = note
            .to_string()
            .replacen("\n1\n", "\n2\n", 1)
            .parse()
            .unwrap();
        let edited = Checkpoint::open(&edited, &log_key()).unwrap_err();
        assert!(matches!(edited, CheckpointError::Signature(_)));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_is_read_has_that_text(text in "\\PC{0,9}\n[0-9+-]{0,21}\n[A-Za-z0-9+/=]{42,45}\n?(\\PC{0,5}\n)?") {
            if let Ok(checkpoint) = text.parse::<Checkpoint>() {
                prop_assert_eq!(checkpoint.to_string(), text);
            }
        }

        #[test]
        fn a_checkpoint_reads_back(size: u64, root: [u8; 32]) {
            let checkpoint = Checkpoint::new("example.com/log", size, Sha256::from_bytes(root)).unwrap();
            prop_assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint));
        }
    }
}
