//! Signed notes (C2SP signed-note) and timestamped cosignatures (C2SP tlog-cosignature).

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::key::{KeyId, SignatureType, VerifierKey, is_key_name};

/// A signature line begins with an em dash.
const DASH: &str = "\u{2014} ";
/// Beyond these a note is refused unread; Go's `sumdb/note` has the same limits.
const LONGEST: usize = 1_000_000;
const MOST_SIGNATURES: usize = 100;

/// A text and who signed it. Nothing of the text holds until a known key's signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// A signature line; its text is without the line's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    key_id: KeyId,
    bytes: Vec<u8>,
}

/// A cosigner's signature and when it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// Seconds since 1970.
    pub timestamp: u64,
    /// Ed25519 over [`Cosignature::message`].
    pub signature: [u8; 64],
}

/// That a key signed a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// When, in seconds since 1970, if it was a cosignature.
    pub timestamp: Option<u64>,
}

/// Why a text is no note.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoteError {
    /// Too long, or signed too often.
    #[error("expected a note of at most 1,000,000 bytes and 100 signatures")]
    TooLong,
    /// A character that no note has.
    #[error("expected no control characters but line ends, found {0:?}")]
    Control(char),
    /// The text does not end its last line.
    #[error("expected a text that ends with a line end")]
    Text,
    /// No blank line before signatures.
    #[error(
        "expected a text, a blank line and signature lines, the last of them with its line end"
    )]
    Form,
    /// A line that is no signature.
    #[error("expected a line `\u{2014} <key name> <base64 of key id and signature>`, found `{0}`")]
    Line(String),
}

/// A known key's signature that is not one of this text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the signature of `{name}` (key id {key_id}) is not one of this text")]
pub struct SignatureError {
    name: String,
    key_id: KeyId,
}

impl Note {
    /// A note that nobody signed yet. The bytes to sign are those of its text.
    ///
    /// # Errors
    /// [`NoteError`] for a text that no note can have.
    pub fn new(text: String) -> Result<Self, NoteError> {
        check(&text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::Text);
        }
        let signatures = Vec::new();
        Ok(Self { text, signatures })
    }

    /// What is signed, with its last line end.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its signature lines, none of them checked.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// With one signature more, in the place of one by the same key.
    #[must_use]
    pub fn with_signature(mut self, signature: NoteSignature) -> Self {
        let by_same =
            |it: &NoteSignature| (&it.name, it.key_id) == (&signature.name, signature.key_id);
        self.signatures.retain(|it| !by_same(it));
        self.signatures.push(signature);
        self
    }

    /// Whether that key signed it; none if there is no signature line of that key.
    ///
    /// # Errors
    /// [`SignatureError`] if there is one that does not verify: C2SP signed-note has the whole note refused then.
    pub fn signed_by(&self, key: &VerifierKey) -> Result<Option<Signed>, SignatureError> {
        let key_id = key.id();
        let mut latest: Option<Signed> = None;
        for line in &self.signatures {
            if line.name != key.name() || line.key_id != key_id {
                continue;
            }
            let signed = line.check(key, &self.text).ok_or_else(|| SignatureError {
                name: line.name.clone(),
                key_id,
            })?;
            if latest.is_none_or(|before| before.timestamp < signed.timestamp) {
                latest = Some(signed);
            }
        }
        Ok(latest)
    }
}

impl NoteSignature {
    /// A log's signature of a note's text.
    #[must_use]
    pub fn ed25519(key: &VerifierKey, signature: &[u8; 64]) -> Self {
        Self::by(key, signature.to_vec())
    }

    /// A witness's cosignature.
    #[must_use]
    pub fn cosignature(key: &VerifierKey, cosignature: &Cosignature) -> Self {
        Self::by(key, cosignature.to_bytes())
    }

    fn by(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self {
            name: key.name().to_owned(),
            key_id: key.id(),
            bytes,
        }
    }

    /// Name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    fn check(&self, key: &VerifierKey, text: &str) -> Option<Signed> {
        let (timestamp, message, signature) = match key.signs() {
            SignatureType::Ed25519 => {
                let signature: &[u8; 64] = self.bytes.as_slice().try_into().ok()?;
                (None, text.as_bytes().to_vec(), *signature)
            }
            SignatureType::CosignatureV1 => {
                let Cosignature {
                    timestamp,
                    signature,
                } = Cosignature::from_bytes(&self.bytes)?;
                (
                    Some(timestamp),
                    Cosignature::message(timestamp, text),
                    signature,
                )
            }
        };
        key.signed(&message, &signature)
            .then_some(Signed { timestamp })
    }
}

impl Cosignature {
    /// What a cosigner signs: `cosignature/v1`, the time in seconds since 1970, and the whole text of the checkpoint.
    #[must_use]
    pub fn message(timestamp: u64, text: &str) -> Vec<u8> {
        format!("cosignature/v1\ntime {timestamp}\n{text}").into_bytes()
    }

    fn to_bytes(self) -> Vec<u8> {
        [self.timestamp.to_be_bytes().as_slice(), &self.signature].concat()
    }

    /// A time is at most 2^63 - 1.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (timestamp, signature) = bytes.split_first_chunk::<8>()?;
        let timestamp = u64::from_be_bytes(*timestamp);
        let signature = signature.try_into().ok()?;
        i64::try_from(timestamp).is_ok().then_some(Self {
            timestamp,
            signature,
        })
    }
}

/// Short enough, and no control character but line ends.
fn check(text: &str) -> Result<(), NoteError> {
    if text.len() > LONGEST {
        return Err(NoteError::TooLong);
    }
    match text.chars().find(|it| *it < ' ' && *it != '\n') {
        Some(control) => Err(NoteError::Control(control)),
        None => Ok(()),
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|it| writeln!(f, "{it}"))
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        check(note)?;
        // The text may have blank lines: the last one ends it.
        let end = note.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, rest) = note.split_at_checked(end + 1).ok_or(NoteError::Form)?;
        let lines = rest.strip_prefix('\n').and_then(|it| it.strip_suffix('\n'));
        let lines: Vec<&str> = lines.ok_or(NoteError::Form)?.split('\n').collect();
        if lines.len() > MOST_SIGNATURES {
            return Err(NoteError::TooLong);
        }
        let signatures: Result<_, NoteError> = lines.into_iter().map(str::parse).collect();
        Ok(Self {
            text: text.to_owned(),
            signatures: signatures?,
        })
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.key_id.0.as_slice(), &self.bytes].concat();
        write!(f, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    fn from_str(line: &str) -> Result<Self, NoteError> {
        let parse = || {
            let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
            let bytes = STANDARD.decode(signature).ok()?;
            let (key_id, bytes) = bytes.split_first_chunk::<4>()?;
            (is_key_name(name) && !bytes.is_empty()).then(|| Self {
                name: name.to_owned(),
                key_id: KeyId(*key_id),
                bytes: bytes.to_vec(),
            })
        };
        parse().ok_or_else(|| NoteError::Line(line.to_owned()))
    }
}

#[cfg(test)]
pub(crate) mod tests;
