//! Access classes: the points of Annex XIII, and an internal one.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Who a value is for: points 1-4 of Annex XIII to Regulation (EU) 2023/1542, and 0 for what only the owner sees.
///
/// On the wire it is the number. The points are not nested (Article 77(2)): a reader has a set of them, [`Classes`]. The
/// order is how restrictive a class is: 1 < 2 < 3 < 4 < 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Class {
    /// 0: the responsible operator and its delegates. What is unclassified is internal.
    Internal,
    /// Point 1: everybody.
    Public,
    /// Point 2: legitimate interest, and the Commission.
    LegitimateInterest,
    /// Point 3: notified bodies, market surveillance authorities, the Commission.
    Authority,
    /// Point 4: legitimate interest, about one battery.
    Individual,
}

/// The number names no class.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no access class: expected 0 to 4")]
pub struct NotAClass(u8);

impl Class {
    /// The class of those who may see what is of this class and of the other one too. Classes are not nested: nobody but the
    /// owner reads both points 3 and 4.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Authority, Self::Individual) | (Self::Individual, Self::Authority) => {
                Self::Internal
            }
            _ => self.max(other),
        }
    }

    /// Every class, from the least to the most restrictive.
    pub const ALL: [Self; 5] = [
        Self::Public,
        Self::LegitimateInterest,
        Self::Authority,
        Self::Individual,
        Self::Internal,
    ];

    /// The point of Annex XIII; 0 for internal.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Internal => 0,
            Self::Public => 1,
            Self::LegitimateInterest => 2,
            Self::Authority => 3,
            Self::Individual => 4,
        }
    }

    /// Whom it is for, for people.
    #[must_use]
    pub const fn readers(self) -> &'static str {
        match self {
            Self::Internal => "the responsible operator and its delegates",
            Self::Public => "everybody",
            Self::LegitimateInterest => "legitimate interest, and the Commission",
            Self::Authority => "notified bodies, market surveillance authorities, the Commission",
            Self::Individual => "legitimate interest, about one battery",
        }
    }

    /// The class of a point of Annex XIII.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.number() == number)
    }

    const fn restriction(self) -> u8 {
        match self {
            Self::Internal => 5,
            other => other.number(),
        }
    }

    const fn bit(self) -> u8 {
        1 << self.number()
    }
}

impl Ord for Class {
    fn cmp(&self, other: &Self) -> Ordering {
        self.restriction().cmp(&other.restriction())
    }
}

impl PartialOrd for Class {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl TryFrom<u8> for Class {
    type Error = NotAClass;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Self::from_number(number).ok_or(NotAClass(number))
    }
}

impl From<Class> for u8 {
    fn from(class: Class) -> Self {
        class.number()
    }
}

/// A set of classes: what somebody may see. On the wire a list of numbers.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Classes(u8);

impl Classes {
    /// What everybody may read.
    pub const PUBLIC: Self = Self(Class::Public.bit());
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Every class: what the owner sees.
    pub const ALL: Self = Self(0b1_1111);

    /// Whether the class is in the set.
    #[must_use]
    pub const fn contains(self, class: Class) -> bool {
        self.0 & class.bit() != 0
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, class: Class) -> Self {
        Self(self.0 | class.bit())
    }

    /// Those in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The classes, from the least to the most restrictive.
    pub fn iter(self) -> impl Iterator<Item = Class> {
        Class::ALL
            .into_iter()
            .filter(move |class| self.contains(*class))
    }

    /// Whether nothing beyond the public class is in the set.
    #[must_use]
    pub const fn only_public(self) -> bool {
        self.0 & !Self::PUBLIC.0 == 0
    }
}

impl FromIterator<Class> for Classes {
    fn from_iter<I: IntoIterator<Item = Class>>(classes: I) -> Self {
        classes.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Classes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Classes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Classes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Class>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_is_the_most_restrictive() {
        assert!(Class::ALL.is_sorted());
        assert_eq!(Class::ALL.into_iter().max(), Some(Class::Internal));
    }

    #[test]
    fn on_the_wire_a_class_is_its_number() {
        for class in Class::ALL {
            let text = serde_json::to_string(&class).unwrap();
            assert_eq!(text, class.number().to_string());
            assert_eq!(serde_json::from_str::<Class>(&text).unwrap(), class);
        }
        assert!(serde_json::from_str::<Class>("5").is_err());
    }

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        for bits in 0..32_u8 {
            let chosen: Vec<Class> = Class::ALL
                .into_iter()
                .filter(|class| bits >> class.number() & 1 == 1)
                .collect();
            let set: Classes = chosen.iter().copied().collect();
            assert_eq!(set.iter().collect::<Vec<_>>(), chosen);
            assert_eq!(set.is_empty(), chosen.is_empty());
            assert_eq!(
                set.only_public(),
                chosen.iter().all(|class| *class == Class::Public)
            );
            let text = serde_json::to_string(&set).unwrap();
            assert_eq!(serde_json::from_str::<Classes>(&text).unwrap(), set);
        }
    }
}
