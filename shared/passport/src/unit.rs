//! Units as people write them.

use serde::Deserialize;

use crate::Translated;

/// How a unit is written for people.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Unit {
    /// With a symbol, the same in every language.
    Symbol {
        /// The symbol.
        symbol: String,
        /// How large values are written.
        large: Option<Large>,
    },
    /// With words.
    Words {
        /// Beside one.
        one: Translated,
        /// Beside any other number.
        many: Translated,
    },
}

/// A larger symbol for large values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Large {
    /// From this value on.
    pub from: u32,
    /// The larger symbol.
    pub symbol: String,
    /// How many places the decimal point moves.
    pub power_of_ten: usize,
}

impl Unit {
    /// The symbol, or the word in `en`, `de` or `fr`; English for any other language.
    #[must_use]
    pub fn name(&self, language: &str, singular: bool) -> &str {
        match self {
            Self::Symbol { symbol, .. } => symbol,
            Self::Words { one, .. } if singular => one.get(language),
            Self::Words { many, .. } => many.get(language),
        }
    }

    /// How a value of this size is written, where it is large.
    #[must_use]
    pub fn large(&self, value: f64) -> Option<&Large> {
        match self {
            Self::Symbol { large, .. } => large
                .as_ref()
                .filter(|large| value.abs() >= f64::from(large.from)),
            Self::Words { .. } => None,
        }
    }
}
