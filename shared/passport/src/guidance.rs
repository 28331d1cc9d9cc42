//! Battery categories, and the Commission's guidance on which data point applies to which of them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::Translated;
use crate::catalogue;
use crate::rule::at;

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
        self.names()
            .map_or(self.as_str(), |names| names.get(language))
    }

    /// What people call it.
    #[must_use]
    pub fn names(self) -> Option<&'static Translated> {
        catalogue().category_names(self)
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
        /// How a machine tells, where it can.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        when: Option<When>,
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

    /// When it is asked for, where that is a condition.
    #[must_use]
    pub fn condition(&self) -> Option<&str> {
        match self {
            Self::Conditional { condition, .. } => Some(condition),
            _ => None,
        }
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

/// How a machine tells whether a condition holds: where anything of `holds` is so; else where anything of `fails` is so, it
/// does not; else only the operator knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Any of these says that it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Sign>,
    /// Any of these says that it does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fails: Vec<Sign>,
}

/// Something that can be seen in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Sign {
    /// The battery is of one of these categories.
    Category {
        /// The categories.
        category: Vec<Category>,
    },
    /// An attribute has one of these words: as its value, or in this field of an element of its list.
    Value {
        /// The attribute's pointer.
        at: String,
        /// The field of an element.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// The words.
        is: Vec<String>,
    },
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It does.
    Holds,
    /// It does not.
    #[serde(rename = "does-not-hold")]
    Fails,
    /// The document does not say.
    Unknown,
}

impl When {
    /// Whether the condition holds for a composed document of a battery of this category.
    #[must_use]
    pub fn outcome(&self, document: &Map<String, Value>, category: Category) -> Outcome {
        let seen = |signs: &[Sign]| signs.iter().any(|sign| sign.is_seen(document, category));
        match (seen(&self.holds), seen(&self.fails)) {
            (true, _) => Outcome::Holds,
            (false, true) => Outcome::Fails,
            (false, false) => Outcome::Unknown,
        }
    }
}

impl Sign {
    fn is_seen(&self, document: &Map<String, Value>, category: Category) -> bool {
        match self {
            Self::Category { category: any } => any.contains(&category),
            Self::Value {
                at: place,
                field,
                is,
            } => {
                let named = |value: &Value| {
                    value
                        .as_str()
                        .is_some_and(|word| is.iter().any(|one| one == word))
                };
                let Some(value) = at(document, place) else {
                    return false;
                };
                match field {
                    None => named(value),
                    Some(field) => value.as_array().is_some_and(|list| {
                        list.iter().filter_map(|one| one.get(field)).any(named)
                    }),
                }
            }
        }
    }
}

/// What a version of the guidance says of an attribute for a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'g> {
    /// This.
    Known(&'g Obligation),
    /// Its data point is listed, and that cell of the table was not obtained: nobody may guess it.
    Unverified,
    /// It belongs to no data point: it may be given.
    Unlisted,
}

impl<'g> Cell<'g> {
    /// What is known.
    #[must_use]
    pub const fn known(self) -> Option<&'g Obligation> {
        match self {
            Self::Known(obligation) => Some(obligation),
            Self::Unverified | Self::Unlisted => None,
        }
    }

    /// The word it goes by on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Known(obligation) => obligation.as_str(),
            Self::Unverified => "unverified",
            Self::Unlisted => "unlisted",
        }
    }
}

/// As an obligation, with two more kinds: `unverified` and `unlisted`.
impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(obligation) => obligation.serialize(serializer),
            Self::Unverified | Self::Unlisted => {
                BTreeMap::from([("kind", self.as_str())]).serialize(serializer)
            }
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
