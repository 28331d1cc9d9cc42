//! Verifier keys of C2SP signed-note: who signs, how, and with which public key.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::Digest;

/// How a key signs; its number stands before the public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureType {
    /// Ed25519 over the note's text: what a log signs with (C2SP signed-note).
    Ed25519 = 1,
    /// Ed25519 over the text and a time: what a witness cosigns with (C2SP tlog-cosignature).
    CosignatureV1 = 4,
}

/// The first four bytes of a key's hash: tells keys of one name apart, and proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub(crate) [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A public key with its name and type; its text is `<name>+<key id>+<base64 of type and key>`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VerifierKey {
    name: String,
    signs: SignatureType,
    key: VerifyingKey,
}

/// Why a text or bytes are no verifier key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// Not three parts, or not their texts.
    #[error("expected `<name>+<8 hexadecimal digits>+<base64>`")]
    Form,
    /// A name that could not stand in a signature line.
    #[error("expected a key name without spaces and `+`, found `{0}`")]
    Name(String),
    /// A signature type that is not supported.
    #[error("expected a key of type 1 (Ed25519) or 4 (cosignature/v1), found type {0}")]
    Type(u8),
    /// Not an Ed25519 public key, or one that any signature fits.
    #[error("expected an Ed25519 public key of 32 bytes")]
    Point,
    /// The id is not that of name, type and key.
    #[error("expected the key id {expected}, found `{found}`")]
    Id {
        /// What name, type and key give.
        expected: KeyId,
        /// What stands in the text.
        found: String,
    },
}

impl VerifierKey {
    /// A key, from its 32 bytes after RFC 8032.
    ///
    /// # Errors
    /// [`KeyError`] for a name that cannot stand in a note, and for bytes that are no public key.
    pub fn new(name: &str, signs: SignatureType, key: &[u8; 32]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Name(name.to_owned()));
        }
        let key = VerifyingKey::from_bytes(key).map_err(|_| KeyError::Point)?;
        if key.is_weak() {
            return Err(KeyError::Point);
        }
        let name = name.to_owned();
        Ok(Self { name, signs, key })
    }

    /// Whose it is; that of a log is its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it signs.
    #[must_use]
    pub const fn signs(&self) -> SignatureType {
        self.signs
    }

    /// The public key's 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// SHA-256(name || 0x0A || type || public key)\[:4\].
    #[must_use]
    pub fn id(&self) -> KeyId {
        let mut hasher = sha2::Sha256::new();
        hasher.update(&self.name);
        hasher.update([b'\n', self.signs as u8]);
        hasher.update(self.key.as_bytes());
        let [one, two, three, four, ..] = <[u8; 32]>::from(hasher.finalize());
        KeyId([one, two, three, four])
    }

    /// Whether this is its Ed25519 signature of the message, strictly: one signature, one way to write it.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        self.key.verify_strict(message, &signature).is_ok()
    }
}

/// C2SP signed-note: not empty, no Unicode spaces, no plus, no control characters.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|it: char| it.is_whitespace() || it == '+' || it < ' ')
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut typed = vec![self.signs as u8];
        typed.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, self.id(), STANDARD.encode(typed))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // Base64 has a plus too.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(typed)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        let typed = STANDARD.decode(typed).map_err(|_| KeyError::Form)?;
        let signs = match typed.first() {
            Some(1) => SignatureType::Ed25519,
            Some(4) => SignatureType::CosignatureV1,
            Some(other) => return Err(KeyError::Type(*other)),
            None => return Err(KeyError::Form),
        };
        let key = typed.get(1..).and_then(|key| key.try_into().ok());
        let key = Self::new(name, signs, key.ok_or(KeyError::Point)?)?;
        let expected = key.id();
        if id == expected.to_string() {
            return Ok(key);
        }
        let found = id.to_owned();
        Err(KeyError::Id { expected, found })
    }
}

impl TryFrom<String> for VerifierKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        text.parse()
    }
}

impl From<VerifierKey> for String {
    fn from(key: VerifierKey) -> Self {
        key.to_string()
    }
}
