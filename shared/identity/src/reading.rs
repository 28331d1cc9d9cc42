//! What did the person mean?

use serde::Serialize;

use crate::Carrier;
use crate::code;
use crate::id::{self, IdError, LabelId, UnitId, is_separator};

/// A typed or scanned text, read: what it is, where its typo probably is, what was probably meant.
///
/// A correction is offered, never taken: after two wrong characters a one-character correction is often another id
/// altogether, so whoever shows one checks that it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What it looks like.
    pub kind: ReadingKind,
    /// Whether it can be one.
    pub valid: bool,
    /// The canonical id, where the text is valid; of a carrier the unit's.
    pub canonical: Option<String>,
    /// The label of a carrier.
    pub label: Option<String>,
    /// What is wrong.
    pub fault: Option<String>,
    /// Where, from 0, in the characters without separators.
    pub position: Option<usize>,
    /// What was probably meant.
    pub suggestions: Vec<String>,
}

/// What a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadingKind {
    /// A unit id.
    Unit,
    /// A label id.
    Label,
    /// A carrier URL.
    Carrier,
    /// An identifier from elsewhere that was linked with a unit.
    Alias,
    /// None of them.
    Unknown,
}

impl Reading {
    /// Reads a text of any length and any characters.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.len() > id::TEXT_LIMIT {
            return Self::faulty(
                ReadingKind::Unknown,
                format!("{} bytes are more than any id or carrier has", text.len()),
            );
        }
        if text.contains('/') {
            return Self::of_carrier(text);
        }
        let length = text
            .chars()
            .filter(|character| !is_separator(*character))
            .count();
        let kind = if length.abs_diff(LabelId::LENGTH) < length.abs_diff(UnitId::LENGTH) {
            ReadingKind::Label
        } else {
            ReadingKind::Unit
        };
        Self::of_id(text, kind)
    }

    fn of_carrier(text: &str) -> Self {
        match Carrier::parse(text) {
            Ok(carrier) => Self {
                kind: ReadingKind::Carrier,
                valid: true,
                canonical: Some(carrier.unit.to_string()),
                label: carrier.label.map(|label| label.to_string()),
                fault: None,
                position: None,
                suggestions: Vec::new(),
            },
            Err(error) => Self::faulty(ReadingKind::Carrier, error.to_string()),
        }
    }

    fn of_id(text: &str, kind: ReadingKind) -> Self {
        let (length, parsed) = match kind {
            ReadingKind::Label => (
                LabelId::LENGTH,
                LabelId::parse(text).map(|id| id.to_string()),
            ),
            _ => (UnitId::LENGTH, UnitId::parse(text).map(|id| id.to_string())),
        };
        let error = match parsed {
            Ok(canonical) => {
                return Self {
                    kind,
                    valid: true,
                    canonical: Some(canonical),
                    label: None,
                    fault: None,
                    position: None,
                    suggestions: Vec::new(),
                };
            }
            Err(error) => error,
        };
        let mut reading = Self::faulty(kind, error.to_string());
        if matches!(error, IdError::Length { .. }) {
            return reading;
        }
        let (symbols, unreadable) = readable_symbols(text);
        let meant = if unreadable.is_empty() {
            code::corrected(&symbols).map(|(position, word)| (Some(position), word))
        } else {
            code::filled(&symbols, &unreadable).map(|word| (unreadable.first().copied(), word))
        };
        if let Some((position, word)) = meant {
            reading.position = position;
            reading.suggestions.push(match length {
                LabelId::LENGTH => LabelId::from_symbols(&word).to_string(),
                _ => UnitId::from_symbols(&word).to_string(),
            });
        }
        reading
    }

    const fn faulty(kind: ReadingKind, fault: String) -> Self {
        Self {
            kind,
            valid: false,
            canonical: None,
            label: None,
            fault: Some(fault),
            position: None,
            suggestions: Vec::new(),
        }
    }
}

/// The symbols of a text, and the positions of characters that no id has: unreadable, marked `?` or mistyped.
fn readable_symbols(text: &str) -> (Vec<u8>, Vec<usize>) {
    let characters = text.chars().filter(|character| !is_separator(*character));
    let mut unreadable = Vec::new();
    let symbols = characters
        .enumerate()
        .map(|(position, character)| {
            code::symbol(character).unwrap_or_else(|| {
                unreadable.push(position);
                0
            })
        })
        .collect();
    (symbols, unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_typo_is_found_and_a_correction_offered() {
        let reading = Reading::of("32XZ-AJ4P-21M1-MZ0N-3RQB");
        assert!(!reading.valid && reading.canonical.is_none());
        assert_eq!(reading.position, Some(19));
        assert_eq!(reading.suggestions, ["32XZAJ4P21M1MZ0N3RQA"]);
    }

    #[test]
    fn unreadable_characters_are_filled_in() {
        assert_eq!(
            Reading::of("3?XZAJ4P21M1MZ0N3R?A").suggestions,
            ["32XZAJ4P21M1MZ0N3RQA"]
        );
        assert!(Reading::of("3?XZA?4P21M1MZ0N3R?A").suggestions.is_empty());
    }

    #[test]
    fn a_whole_carrier_is_understood() {
        let reading = Reading::of("https://ID.EXAMPLE.EU/32XZAJ4P21M1MZ0N3RQA");
        assert_eq!(reading.canonical.as_deref(), Some("32XZAJ4P21M1MZ0N3RQA"));
        assert!(Reading::of("https://example.eu/").fault.is_some());
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_put_right(random: [u8; 18], position in 0_usize..20, delta in 1_u8..32) {
            let id = UnitId::from_random(random);
            let mut text = id.to_string().into_bytes();
            let symbol = code::symbol(char::from(text[position])).unwrap();
            text[position] = code::character(symbol ^ delta);
            let reading = Reading::of(std::str::from_utf8(&text).unwrap());
            prop_assert_eq!(reading.suggestions, [id.to_string()]);
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = Reading::of(&text);
        }
    }
}
