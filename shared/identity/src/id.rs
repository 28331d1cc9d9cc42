//! Unit and label ids.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::code;

/// Longest text that is looked at; longer ones are refused by their length alone.
pub(crate) const TEXT_LIMIT: usize = 256;

/// The text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Too few or too many characters.
    #[error("expected {expected} characters, found {found}")]
    Length {
        /// How many an id of this kind has.
        expected: usize,
        /// How many came, spaces and hyphens left out.
        found: usize,
    },
    /// A character that no id has.
    #[error(
        "character {position} is `{found}`; an id has the digits 0 to 9 and letters without I, L, O and U"
    )]
    Character {
        /// Which one, from 1, spaces and hyphens left out.
        position: usize,
        /// What it is.
        found: char,
    },
    /// The check characters do not fit the others.
    #[error("the check characters do not fit: at least one character is wrong")]
    Check,
}

/// A code word of `N` characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Word<const N: usize>([u8; N]);

impl<const N: usize> Word<N> {
    fn from_random(random: &[u8]) -> Self {
        let message: Vec<u8> = random.iter().map(|byte| byte & 31).collect();
        Self::from_symbols(&code::with_checks(&message))
    }

    fn from_symbols(symbols: &[u8]) -> Self {
        let mut characters = [b'0'; N];
        for (character, symbol) in characters.iter_mut().zip(symbols) {
            *character = code::character(*symbol);
        }
        Self(characters)
    }

    fn parse(text: &str) -> Result<Self, IdError> {
        let symbols = symbols(text, N)?;
        if !code::fits(&symbols) {
            return Err(IdError::Check);
        }
        Ok(Self::from_symbols(&symbols))
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// What a person may put between characters.
pub(crate) const fn is_separator(character: char) -> bool {
    matches!(character, ' ' | '-')
}

/// The symbols of a text, read tolerantly.
pub(crate) fn symbols(text: &str, expected: usize) -> Result<Vec<u8>, IdError> {
    let characters = || text.chars().filter(|character| !is_separator(*character));
    let found = characters().take(TEXT_LIMIT).count();
    if found != expected {
        return Err(IdError::Length { expected, found });
    }
    characters()
        .zip(1..)
        .map(|(found, position)| code::symbol(found).ok_or(IdError::Character { position, found }))
        .collect()
}

/// An id type over a word: text form, serde and parsing are the same for both.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $length:literal, $random:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Word<$length>);

        impl $name {
            /// Its number of characters.
            pub const LENGTH: usize = $length;

            /// A new id from random bytes of the operating system; the low five bits of each count.
            #[must_use]
            pub fn from_random(random: [u8; $random]) -> Self {
                Self(Word::from_random(&random))
            }

            /// Reads an id tolerantly: any case, spaces and hyphens, O as 0, I and L as 1.
            ///
            /// # Errors
            /// [`IdError`] saying what is wrong and where.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                Word::parse(text).map(Self)
            }

            /// The canonical form: upper case, no separators.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// In groups that a person can compare and type.
            #[must_use]
            pub fn grouped(&self) -> String {
                grouped(self.as_str())
            }

            pub(crate) fn from_symbols(symbols: &[u8]) -> Self {
                Self(Word::from_symbols(symbols))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }
    };
}

id! {
    /// A physical battery: opaque, immutable, never reused. Twenty characters, 90 random bits and two check characters.
    UnitId, 20, 18
}

id! {
    /// A printed data carrier of a unit. Ten characters, 40 random bits and two check characters; unique within the unit.
    LabelId, 10, 8
}

/// Groups of four from the front, the rest last: `32XZ-AJ4P-21M1-MZ0N-3RQA`, `8V4K-2M0X-Q7`.
fn grouped(text: &str) -> String {
    text.as_bytes()
        .chunks(4)
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_read_tolerantly() {
        let id = UnitId::parse("32XZAJ4P21M1MZ0N3RQA").unwrap();
        for text in [
            "32xzaj4p21m1mz0n3rqa",
            "32XZ-AJ4P-21M1-MZ0N-3RQA",
            " 32XZ AJ4P 2IML MZON 3RQA ",
        ] {
            assert_eq!(UnitId::parse(text), Ok(id), "{text}");
        }
        assert_eq!(id.grouped(), "32XZ-AJ4P-21M1-MZ0N-3RQA");
        assert_eq!(
            UnitId::parse("32XZ"),
            Err(IdError::Length {
                expected: 20,
                found: 4
            })
        );
        assert_eq!(
            UnitId::parse("32XZAJ4P21M1MZ0N3RQU"),
            Err(IdError::Character {
                position: 20,
                found: 'U'
            })
        );
        assert_eq!(UnitId::parse("32XZAJ4P21M1MZ0N3RQB"), Err(IdError::Check));
        assert!(UnitId::parse(&"A".repeat(10 << 20)).is_err());
    }

    proptest! {
        #[test]
        fn text_form_reads_back(unit: [u8; 18], label: [u8; 8]) {
            let (unit, label) = (UnitId::from_random(unit), LabelId::from_random(label));
            prop_assert_eq!(UnitId::parse(&unit.to_string()), Ok(unit));
            prop_assert_eq!(UnitId::parse(&unit.grouped().to_lowercase()), Ok(unit));
            prop_assert_eq!(LabelId::parse(label.as_str()), Ok(label));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = UnitId::parse(&text);
            let _ = LabelId::parse(&text);
        }
    }
}
