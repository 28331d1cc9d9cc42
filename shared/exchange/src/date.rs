//! Days, months, times and lengths of time, as formats write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use crate::decimal::Decimal;
use crate::form::Converted;

/// How exact a format writes a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DateForm {
    Month,
    Day,
    Time,
}

impl DateForm {
    /// Ours is a month, a day or a time; each begins like the shorter ones.
    pub(crate) fn write(self, ours: &str) -> Converted {
        let day = match ours.len() {
            7 => format!("{ours}-01"),
            _ => ours.get(..10).unwrap_or(ours).to_owned(),
        };
        let (written, note) = match (self, ours.len()) {
            (Self::Day, 7) => (
                day,
                "the format asks for a day: the first stands for the month",
            ),
            (Self::Day, 11..) => (day, "the format has days only"),
            (Self::Month, 8..) => (
                ours.get(..7).unwrap_or(ours).to_owned(),
                "the format has months only",
            ),
            (Self::Time, ..=10) => (
                format!("{day}T00:00:00Z"),
                "the format asks for a time: the beginning stands for the whole",
            ),
            _ => return Value::from(ours).into(),
        };
        Converted::noted(Value::from(written), note)
    }
}

/// A day or, of `length` 7, a month.
pub(crate) fn date_in(theirs: &str, length: usize) -> Result<Converted, String> {
    let refused = || format!("`{}` is no date", shortened(theirs));
    let (kept, left) = match theirs.get(..length) {
        Some(kept) => (kept, theirs.get(length..).unwrap_or_default()),
        None => return Err(refused()),
    };
    let day = match length {
        7 => format!("{kept}-01"),
        _ => kept.to_owned(),
    };
    let day: Date = day.parse().map_err(|_| refused())?;
    if day.to_string().get(..length) != Some(kept) {
        return Err(refused());
    }
    Ok(match left {
        "" => Value::from(kept).into(),
        _ => Converted::noted(
            Value::from(kept),
            "more exact than the catalogue has it: the rest is left",
        ),
    })
}

/// A time in UTC; one that names no zone is taken as UTC.
pub(crate) fn time_in(theirs: &str) -> Result<Converted, String> {
    if let Ok(time) = theirs.parse::<Timestamp>() {
        return Ok(Value::from(time.to_string()).into());
    }
    let refused = |_| format!("`{}` is no time", shortened(theirs));
    let local: DateTime = theirs.parse().map_err(refused)?;
    let time = TimeZone::UTC.to_timestamp(local).map_err(refused)?;
    Ok(Converted::noted(
        Value::from(time.to_string()),
        "its time zone is not told: taken as UTC",
    ))
}

/// Whole months of an ISO 8601 duration of years and months.
pub(crate) fn months(theirs: &str) -> Result<Decimal, String> {
    let refused = || format!("`{}` is no length in years and months", shortened(theirs));
    let mut rest = theirs.strip_prefix('P').ok_or_else(refused)?;
    let mut months: u32 = 0;
    for (letter, each) in [('Y', 12_u32), ('M', 1)] {
        if let Some((count, after)) = rest.split_once(letter) {
            let count: u32 = count.parse().map_err(|_| refused())?;
            months = count
                .checked_mul(each)
                .and_then(|more| months.checked_add(more))
                .ok_or_else(refused)?;
            rest = after;
        }
    }
    match rest {
        "" if theirs.len() > 1 => Decimal::of(&months.into()).ok_or_else(refused),
        _ => Err(refused()),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
