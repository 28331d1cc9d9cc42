//! Battery categories, and the Commission's guidance on which data point applies to which of them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::catalogue;

/// The category of a battery that needs a passport (Article 77(1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Electric vehicle battery.
    Ev,
    /// Light means of transport battery.
    Lmt,
    /// Industrial battery over 2 kWh.
    Industrial,
    /// Industrial battery over 2 kWh for stationary energy storage.
    Stationary,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 4] = [Self::Ev, Self::Lmt, Self::Industrial, Self::Stationary];

    /// The word it goes by on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ev => "ev",
            Self::Lmt => "lmt",
            Self::Industrial => "industrial",
            Self::Stationary => "stationary",
        }
    }

    /// What people call it, in `en`, `de` or `fr`; English for any other language.
    #[must_use]
    pub fn label(self, language: &str) -> &'static str {
        catalogue()
            .category_labels(self)
            .map_or(self.as_str(), |labels| labels.get(language))
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A word that names no category.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a battery category: expected `ev`, `lmt`, `industrial` or `stationary`")]
pub struct UnknownCategory(String);

impl FromStr for Category {
    type Err = UnknownCategory;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|category| category.as_str() == text)
            .ok_or_else(|| UnknownCategory(text.chars().take(40).collect()))
    }
}

/// Whether a data point is to be filled for a category: one cell of the Commission's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Obligation {
    /// Always.
    Mandatory,
    /// Where the condition holds.
    Conditional {
        /// When it is to be filled.
        condition: String,
    },
    /// May be filled.
    Optional,
    /// Not yet: an act that says how is missing. Shown nowhere.
    Pending,
    /// Never: it does not apply, or another data point says the same. Shown nowhere.
    NotToBeFilled,
}

impl Obligation {
    /// Whether a value may be given and shown at all.
    #[must_use]
    pub const fn may_be_filled(&self) -> bool {
        !matches!(self, Self::Pending | Self::NotToBeFilled)
    }

    /// The word it goes by on the wire.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Mandatory => "mandatory",
            Self::Conditional { .. } => "conditional",
            Self::Optional => "optional",
            Self::Pending => "pending",
            Self::NotToBeFilled => "not-to-be-filled",
        }
    }
}

/// One version of the Commission's guidance "Digital Batteries Passport: data points by category" (not binding).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Guidance {
    /// Its version, for example `1.0`.
    pub version: String,
    /// The day it was issued.
    pub issued: String,
    /// The Commission's reference, where known.
    pub reference: Option<String>,
    /// Which column of the table a category reads. A category without one has no known cells.
    pub columns: BTreeMap<Category, String>,
    /// The cells that are known; no other is invented.
    pub cells: Vec<Cells>,
}

/// Cells of the table that say the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cells {
    /// The columns.
    pub columns: Vec<String>,
    /// The rows: numbers of data points.
    pub points: Vec<u8>,
    /// What they say.
    pub obligation: Obligation,
}

impl Guidance {
    /// What the guidance says of a data point (1 to 71) for a category; `None` where that is not known.
    #[must_use]
    pub fn obligation(&self, point: u8, category: Category) -> Option<&Obligation> {
        let column = self.columns.get(&category)?;
        self.cells
            .iter()
            .find(|cells| cells.points.contains(&point) && cells.columns.contains(column))
            .map(|cells| &cells.obligation)
    }
}

/// `guidance.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuidanceFile {
    pub(crate) active: String,
    pub(crate) guidance: Vec<Guidance>,
}
