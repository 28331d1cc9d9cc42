//! Decimal numbers between units, exactly or not at all.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Number, Value};

/// The greatest whole number of I-JSON (RFC 7493 §2.2).
const GREATEST: i128 = (1 << 53) - 1;
/// Digits that are tried before a quotient counts as endless.
const MOST_DIGITS: u32 = 20;

/// `mantissa × 10^exponent`, the mantissa without trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    mantissa: i128,
    exponent: i32,
}

/// How much of its base unit a unit is: `by[0] / by[1]` of `of`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unit {
    of: String,
    by: [i128; 2],
}

#[allow(
    clippy::panic,
    reason = "the file is part of the program, and a test loads it"
)]
static UNITS: LazyLock<BTreeMap<String, Unit>> =
    LazyLock::new(
        || match toml::from_str(include_str!("../formats/units.toml")) {
            Ok(units) => units,
            Err(error) => panic!("units.toml: {error}"),
        },
    );

impl Decimal {
    /// The number as it is written in JSON.
    pub(crate) fn of(number: &Number) -> Option<Self> {
        let text = number.to_string();
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse().ok()?),
            None => (text.as_str(), 0_i32),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mantissa = format!("{whole}{fraction}").parse().ok()?;
        let places = i32::try_from(fraction.len()).ok()?;
        Some(Self::normal(mantissa, exponent.checked_sub(places)?))
    }

    fn normal(mut mantissa: i128, mut exponent: i32) -> Self {
        if mantissa == 0 {
            exponent = 0;
        }
        while mantissa != 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            exponent = exponent.saturating_add(1);
        }
        Self { mantissa, exponent }
    }

    /// The same amount in another unit, where it can be written without an end.
    pub(crate) fn converted(self, from: &str, to: &str) -> Option<Self> {
        if from == to {
            return Some(self);
        }
        let (from, to) = (UNITS.get(from)?, UNITS.get(to)?);
        let [from_by, from_per] = from.by;
        let [to_by, to_per] = to.by;
        if from.of != to.of {
            return None;
        }
        self.times(from_by.checked_mul(to_per)?, from_per.checked_mul(to_by)?)
    }

    fn times(self, by: i128, per: i128) -> Option<Self> {
        let mut mantissa = self.mantissa.checked_mul(by)?;
        let mut exponent = self.exponent;
        for _ in 0..MOST_DIGITS {
            if mantissa.checked_rem(per)? == 0 {
                return Some(Self::normal(mantissa / per, exponent));
            }
            mantissa = mantissa.checked_mul(10)?;
            exponent = exponent.checked_sub(1)?;
        }
        None
    }

    pub(crate) fn is_whole(self) -> bool {
        self.exponent >= 0
    }

    pub(crate) fn as_f64(self) -> Option<f64> {
        format!("{}e{}", self.mantissa, self.exponent).parse().ok()
    }

    /// As a JSON number that says the same; a whole one without a fraction.
    pub(crate) fn value(self) -> Option<Value> {
        if self.is_whole() {
            let whole = 10_i128
                .checked_pow(u32::try_from(self.exponent).ok()?)
                .and_then(|power| self.mantissa.checked_mul(power))
                .filter(|whole| whole.abs() <= GREATEST)?;
            return Some(Value::from(i64::try_from(whole).ok()?));
        }
        let number = Number::from_f64(self.as_f64()?)?;
        (Self::of(&number) == Some(self)).then_some(Value::Number(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn converted(value: Value, from: &str, to: &str) -> Option<Value> {
        Decimal::of(value.as_number()?)?
            .converted(from, to)?
            .value()
    }

    #[test]
    fn units_convert_exactly_or_not_at_all() {
        assert_eq!(converted(json!(450), "kg", "g"), Some(json!(450_000)));
        assert_eq!(converted(json!(0.1), "kg", "g"), Some(json!(100)));
        assert_eq!(converted(json!(61.35), "kW.h", "W.h"), Some(json!(61_350)));
        assert_eq!(converted(json!(1), "g", "kg"), Some(json!(0.001)));
        assert_eq!(converted(json!(30), "mo", "a"), Some(json!(2.5)));
        assert_eq!(converted(json!(10), "mo", "a"), None);
        assert_eq!(converted(json!(1), "kg", "A.h"), None);
        assert_eq!(converted(json!(1e-7), "kg", "kg"), Some(json!(1e-7)));
        assert_eq!(converted(json!(-0.5), "Ohm", "mOhm"), Some(json!(-500)));
    }

    #[test]
    fn what_a_number_cannot_say_is_not_written() {
        let long = json!(0.123_456_789_012_345_67);
        assert_eq!(converted(long.clone(), "kg", "kg"), Some(long));
        assert_eq!(converted(json!(9_007_199_254_740_991_i64), "kg", "g"), None);
    }
}
