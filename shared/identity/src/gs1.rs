//! GS1 keys a carrier may hold.

use std::fmt;

use crate::id::{IdError, UnitId};

/// The text is not that GS1 key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Gs1Error {
    /// Not fourteen digits.
    #[error("a GTIN has 14 digits")]
    GtinLength,
    /// The check digit does not fit.
    #[error("the GTIN's check digit does not fit: expected {expected}")]
    GtinCheck {
        /// What it would have to be.
        expected: u8,
    },
    /// Not a company prefix of 6 to 10 digits and a unit id.
    #[error("a GIAI here is a GS1 company prefix of 6 to 10 digits followed by a unit id")]
    Giai,
    /// The unit in it is wrong.
    #[error("in the GIAI: {0}")]
    Unit(#[from] IdError),
}

/// A Global Trade Item Number, as fourteen digits (AI 01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gtin(u64);

impl Gtin {
    /// Reads fourteen digits and checks the last (GS1 General Specifications §7.9: weights 3 and 1 from the right).
    ///
    /// # Errors
    /// [`Gs1Error`].
    pub fn parse(text: &str) -> Result<Self, Gs1Error> {
        if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Gs1Error::GtinLength);
        }
        let number: u64 = text.parse().map_err(|_| Gs1Error::GtinLength)?;
        let expected = check_digit(number / 10);
        if number % 10 != u64::from(expected) {
            return Err(Gs1Error::GtinCheck { expected });
        }
        Ok(Self(number))
    }
}

impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014}", self.0)
    }
}

fn check_digit(mut body: u64) -> u8 {
    let (mut sum, mut weight) = (0, 3);
    while body > 0 {
        sum += body % 10 * weight;
        weight = 4 - weight;
        body /= 10;
    }
    u8::try_from((10 - sum % 10) % 10).unwrap_or_default()
}

/// A Global Individual Asset Identifier (AI 8004): a company prefix and the unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Giai {
    prefix: String,
    unit: UnitId,
}

impl Giai {
    /// A GIAI of a company prefix of 6 to 10 digits: with a unit it has at most 30 characters.
    ///
    /// # Errors
    /// [`Gs1Error::Giai`].
    pub fn new(prefix: &str, unit: UnitId) -> Result<Self, Gs1Error> {
        if !(6..=10).contains(&prefix.len()) || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Gs1Error::Giai);
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            unit,
        })
    }

    /// Reads prefix and unit.
    ///
    /// # Errors
    /// [`Gs1Error`].
    pub fn parse(text: &str) -> Result<Self, Gs1Error> {
        let at = text
            .len()
            .checked_sub(UnitId::LENGTH)
            .ok_or(Gs1Error::Giai)?;
        let (prefix, unit) = text.split_at_checked(at).ok_or(Gs1Error::Giai)?;
        Self::new(prefix, UnitId::parse(unit)?)
    }

    /// The battery.
    #[must_use]
    pub const fn unit(&self) -> UnitId {
        self.unit
    }
}

impl fmt::Display for Giai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digit_is_that_of_the_general_specifications() {
        assert_eq!(
            Gtin::parse("09521234000013").unwrap().to_string(),
            "09521234000013"
        );
        assert_eq!(
            Gtin::parse("09521234000014"),
            Err(Gs1Error::GtinCheck { expected: 3 })
        );
        assert_eq!(Gtin::parse("9521234000013"), Err(Gs1Error::GtinLength));
    }
}
