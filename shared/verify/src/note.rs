//! Signed notes and verifier keys (C2SP signed-note, tlog-cosignature).

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

/// Most signatures of a note that are looked at; the specification asks for 16 at least.
const MOST_SIGNATURES: usize = 64;

/// How a key signs; the value is the signature type of signed-note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ed25519 over the note's text.
    Plain = 1,
    /// A timestamped Ed25519 cosignature (tlog-cosignature).
    Cosignature = 4,
}

/// A key that signs notes: `name+id+base64(type || key)`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) key: VerifyingKey,
    id: [u8; 4],
    text: String,
}

/// The text is no verifier key that is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAKey(String);

impl fmt::Display for NotAKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: expected a key such as `id.example.eu/log+5e1f0a2b+A…`",
            self.0
        )
    }
}

impl std::error::Error for NotAKey {}

impl FromStr for VerifierKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let not = |why: &str| NotAKey(format!("`{text}` {why}"));
        // The base64 may hold a plus, the name none.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(not("has not three parts with a plus between them"));
        };
        if !is_name(name) {
            return Err(not("begins with no key name"));
        }
        let bytes = STANDARD
            .decode(key)
            .map_err(|_| not("ends with no base64"))?;
        let (kind, key) = bytes.split_first().ok_or_else(|| not("holds no key"))?;
        let kind = match kind {
            1 => Kind::Plain,
            4 => Kind::Cosignature,
            _ => return Err(not("is of a type that is not known here; only Ed25519 is")),
        };
        let key = key
            .try_into()
            .ok()
            .and_then(|key| VerifyingKey::from_bytes(key).ok())
            .filter(|key| !key.is_weak())
            .ok_or_else(|| not("holds no Ed25519 key"))?;
        let computed = key_id(name, kind, &key);
        if hex::encode(computed) != id {
            return Err(not(&format!(
                "has not the id of its key, {}",
                hex::encode(computed)
            )));
        }
        Ok(Self {
            name: name.to_owned(),
            kind,
            key,
            id: computed,
            text: text.to_owned(),
        })
    }
}

/// The whole key, to be compared with what is published elsewhere.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SHA-256(name || 0x0A || type || key)[:4].
fn key_id(name: &str, kind: Kind, key: &VerifyingKey) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', kind as u8]);
    let [a, b, c, d, ..]: [u8; 32] = hash.chain_update(key.as_bytes()).finalize().into();
    [a, b, c, d]
}

fn is_name(name: &str) -> bool {
    let foreign = |sign: char| sign.is_whitespace() || sign.is_control() || sign == '+';
    !name.is_empty() && !name.contains(foreign)
}

/// A note's text, and who is said to have signed it.
#[derive(Debug)]
pub(crate) struct Note<'n> {
    /// With its last newline.
    pub(crate) text: &'n str,
    lines: Vec<Line<'n>>,
}

#[derive(Debug)]
struct Line<'n> {
    name: &'n str,
    id: [u8; 4],
    signature: Vec<u8>,
}

/// What a known key's signature says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    /// The key's name and id are not among the signatures.
    Not,
    /// They are, but the signature is of something else.
    Falsely,
    /// They are, and the signature holds.
    Truly {
        /// Seconds since 1970; only a cosignature has it.
        time: Option<u64>,
    },
}

impl<'n> Note<'n> {
    /// # Errors
    /// What is not as a signed note has to be.
    pub(crate) fn read(note: &'n str) -> Result<Self, &'static str> {
        if note.chars().any(|sign| sign < ' ' && sign != '\n') {
            return Err("it holds a control character");
        }
        let (text, signatures) = note.rsplit_once("\n\n").ok_or("it has no signature")?;
        let text = note.get(..=text.len()).ok_or("it has no text")?;
        let signatures = signatures
            .strip_suffix('\n')
            .ok_or("its last line has no end")?;
        let lines: Vec<Line<'_>> = signatures
            .split('\n')
            .take(MOST_SIGNATURES.saturating_add(1))
            .map(|line| Line::read(line).ok_or("a line after its text is no signature"))
            .collect::<Result<_, _>>()?;
        if lines.len() > MOST_SIGNATURES {
            return Err("it has more than 64 signatures");
        }
        Ok(Self { text, lines })
    }

    /// Whether `key` signed it. A signature by its name and id that does not hold outweighs one that does.
    pub(crate) fn signed_by(&self, key: &VerifierKey) -> Signed {
        let mut signed = Signed::Not;
        let of_key = |line: &&Line<'_>| line.name == key.name && line.id == key.id;
        for line in self.lines.iter().filter(of_key) {
            match line.holds(self.text, key) {
                None => return Signed::Falsely,
                Some(time) => signed = Signed::Truly { time },
            }
        }
        signed
    }
}

impl<'n> Line<'n> {
    fn read(line: &'n str) -> Option<Self> {
        let (name, signature) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = STANDARD.decode(signature).ok()?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        (is_name(name) && !signature.is_empty()).then(|| Self {
            name,
            id: *id,
            signature: signature.to_vec(),
        })
    }

    /// The time of the signature where there is one; `None` where it does not hold.
    fn holds(&self, text: &str, key: &VerifierKey) -> Option<Option<u64>> {
        let verify = |message: &[u8], signature: &[u8]| {
            let signature = Signature::from_slice(signature).ok()?;
            key.key.verify_strict(message, &signature).ok()
        };
        match key.kind {
            Kind::Plain => verify(text.as_bytes(), &self.signature).map(|()| None),
            Kind::Cosignature => {
                let (time, signature) = self.signature.split_first_chunk::<8>()?;
                let time = u64::from_be_bytes(*time);
                let message = format!("cosignature/v1\ntime {time}\n{text}");
                verify(message.as_bytes(), signature).map(|()| Some(time))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    /// The example of Go's `golang.org/x/mod/sumdb/note`.
    #[test]
    fn the_example_of_gos_library_holds() {
        let key: VerifierKey = KEY.parse().unwrap();
        assert_eq!(
            Note::read(NOTE).unwrap().signed_by(&key),
            Signed::Truly { time: None }
        );
        let other = NOTE.replace("your problem is", "my problem is");
        assert_eq!(Note::read(&other).unwrap().signed_by(&key), Signed::Falsely);
        let other = NOTE.replace("PeterNeumann", "EnochRoot");
        assert_eq!(Note::read(&other).unwrap().signed_by(&key), Signed::Not);
    }

    #[test]
    fn one_false_signature_outweighs_a_true_one() {
        let key: VerifierKey = KEY.parse().unwrap();
        let line = NOTE.lines().last().unwrap();
        let false_line = line.replace("BwJnAM=", "BwJnAA=");
        for lines in [
            format!("{line}\n{false_line}\n"),
            format!("{false_line}\n{line}\n"),
        ] {
            let note = NOTE.replace(&format!("{line}\n"), &lines);
            assert_eq!(Note::read(&note).unwrap().signed_by(&key), Signed::Falsely);
        }
    }

    #[test]
    fn a_key_has_one_text() {
        assert_eq!(KEY.parse::<VerifierKey>().unwrap().to_string(), KEY);
        for wrong in [
            "",
            "PeterNeumann",
            "PeterNeumann+c74f20a3",
            &KEY.replace("c74f20a3", "c74f20a4"),
            &KEY.replace("c74f20a3", "C74F20A3"),
            &KEY.replace("PeterNeumann", "Peter Neumann"),
            &KEY.replace("PeterNeumann", ""),
            &KEY.replace("ARpc", "Bhpc"),
            &KEY.replace("10TW", "10T"),
        ] {
            assert!(wrong.parse::<VerifierKey>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_note_is_told() {
        let many = "— PeterNeumann x08go/ZJ\n".repeat(65);
        for (text, why) in [
            ("text\n", "it has no signature"),
            ("text\n\n— a eDA4Z28v", "its last line has no end"),
            (
                "text\n\n- a eDA4Z28v\n",
                "a line after its text is no signature",
            ),
            (
                "text\n\n— a eDA4Z\n",
                "a line after its text is no signature",
            ),
            ("te\txt\n\n— a eDA4Z28v\n", "it holds a control character"),
            (&format!("text\n\n{many}"), "it has more than 64 signatures"),
        ] {
            assert_eq!(Note::read(text).unwrap_err(), why, "{text}");
        }
    }
}
