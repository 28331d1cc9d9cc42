//! What the scans of a label can tell whoever is responsible for its battery: *potential suspects*, and when to look at them.
//!
//! A scan is only counted: label, day, country and what was known of the label then. A single copy of a label is not found by
//! counting (two scans a year more are within what chance brings); many copies are, and so is a label that should not be there at
//! all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::{self, Date};
use serde::{Deserialize, Serialize};

use crate::LabelState;

/// How likely a battery's ordinary scans may raise an alarm within a year.
const FALSE_ALARMS_A_YEAR: f64 = 1e-6;
const DAYS_A_YEAR: f64 = 365.0;
/// Scans a year of a battery of which nothing else is known yet: they weigh as much as a year of watching it.
const USUAL: f64 = 12.0;
/// Scans a year that may be expected of a label which should not be there: read off an old photo, tried out by somebody.
const STRAY: f64 = 2.0;
/// Scans a day beyond which a battery is no livelier: `exp` of more would be nothing.
const MOST_A_DAY: f64 = 500.0;
/// The country of a scan that came from nobody knows where (user-assigned in ISO 3166-1).
pub const NOWHERE: &str = "ZZ";
const FIRST_DAY: Date = civil::date(1970, 1, 1);
const DATE_LENGTH: usize = "1970-01-01".len();
/// Far beyond any day that is counted, and within what a date can be.
const MOST_DAYS: i32 = 500_000;
/// Days within which a label is in one place.
const NEAR: i32 = 7;

/// The day of a moment, in milliseconds since 1970, counted from 1970-01-01.
#[must_use]
pub fn day_at(milliseconds: i64) -> i32 {
    let days = milliseconds.div_euclid(24 * 60 * 60 * 1000);
    i32::try_from(days).unwrap_or(i32::MAX)
}

/// The day that a date names: `2027-02-18`; `None` for any other text.
#[must_use]
pub fn day_of(date: &str) -> Option<i32> {
    let date: Date = date.parse().ok().filter(|_| date.len() == DATE_LENGTH)?;
    date.since(FIRST_DAY).ok().map(|span| span.get_days())
}

/// The date of a day.
#[must_use]
pub fn date(day: i32) -> String {
    let date = FIRST_DAY.saturating_add(Span::new().days(day.clamp(-MOST_DAYS, MOST_DAYS)));
    date.to_string()
}

/// What was known of a label, and of its battery, when the label was scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sighting {
    /// Nothing spoke against it.
    InForce,
    /// Another label had taken its place.
    Replaced,
    /// The responsible organisation had warned of it.
    Suspected,
    /// It had been withdrawn.
    Revoked,
    /// It had been destroyed.
    Destroyed,
    /// It was never issued for the unit.
    NeverIssued,
    /// The battery was not on the market yet.
    NotYetOnTheMarket,
    /// The battery had been recycled.
    Recycled,
}

impl Sighting {
    /// What is noticed of a scan: `label` is the state of the label, `None` where there is no such label of the unit.
    #[must_use]
    pub fn of(label: Option<LabelState>, on_market: bool, recycled: bool) -> Self {
        match label.filter(|state| state.was_issued()) {
            None => Self::NeverIssued,
            Some(_) if recycled => Self::Recycled,
            Some(_) if !on_market => Self::NotYetOnTheMarket,
            Some(LabelState::Revoked) => Self::Revoked,
            Some(LabelState::Destroyed) => Self::Destroyed,
            Some(LabelState::Replaced) => Self::Replaced,
            Some(LabelState::Suspected) => Self::Suspected,
            Some(_) => Self::InForce,
        }
    }

    /// Whether a single scan is already a potential suspect.
    #[must_use]
    pub const fn is_suspect(self) -> bool {
        !matches!(self, Self::InForce | Self::Replaced | Self::Suspected)
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in-force",
            Self::Replaced => "replaced",
            Self::Suspected => "suspected",
            Self::Revoked => "revoked",
            Self::Destroyed => "destroyed",
            Self::NeverIssued => "never-issued",
            Self::NotYetOnTheMarket => "not-yet-on-the-market",
            Self::Recycled => "recycled",
        }
    }
}

/// How often a label was scanned in a country on a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count {
    /// The day, from 1970-01-01.
    pub day: i32,
    /// The label; `None` where it was never issued: whoever makes ids up fills no table.
    pub label: Option<String>,
    /// What was known of it then.
    pub sighting: Sighting,
    /// ISO 3166-1, or [`NOWHERE`].
    pub country: String,
    /// How often.
    pub scans: u64,
}

/// What makes a label a potential suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignalKind {
    /// It was never issued for the unit.
    NeverIssued,
    /// It had been withdrawn.
    Revoked,
    /// It had been destroyed.
    Destroyed,
    /// The battery had been recycled.
    Recycled,
    /// The battery was not on the market yet.
    NotYetOnTheMarket,
    /// More scans on a day than chance brings.
    TooOften,
    /// In more than one country within a week.
    ManyPlaces,
}

impl SignalKind {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NeverIssued => "never-issued",
            Self::Revoked => "revoked",
            Self::Destroyed => "destroyed",
            Self::Recycled => "recycled",
            Self::NotYetOnTheMarket => "not-yet-on-the-market",
            Self::TooOften => "too-often",
            Self::ManyPlaces => "many-places",
        }
    }

    const fn of(sighting: Sighting) -> Option<Self> {
        match sighting {
            Sighting::InForce | Sighting::Replaced | Sighting::Suspected => None,
            Sighting::Revoked => Some(Self::Revoked),
            Sighting::Destroyed => Some(Self::Destroyed),
            Sighting::NeverIssued => Some(Self::NeverIssued),
            Sighting::NotYetOnTheMarket => Some(Self::NotYetOnTheMarket),
            Sighting::Recycled => Some(Self::Recycled),
        }
    }
}

/// A potential suspect: what was noticed of a label on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// What makes it one.
    pub kind: SignalKind,
    /// The label.
    pub label: Option<String>,
    /// The day; the last one of several.
    pub day: i32,
    /// Scans by country.
    pub countries: BTreeMap<String, u64>,
    /// From how many scans a day on it is an alarm; `None` where no number of them is.
    pub threshold: Option<u64>,
}

impl Signal {
    /// How often it was scanned.
    #[must_use]
    pub fn scans(&self) -> u64 {
        self.countries.values().sum()
    }

    /// Whether chance can no longer explain it.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        self.threshold.is_some_and(|least| self.scans() >= least)
    }
}

/// From how many scans on one day on chance cannot explain them in a battery that is scanned so often a year: a Poisson process
/// reaches that number, on any day of a year, with less than one in a million.
#[must_use]
pub fn threshold(scans_a_year: f64) -> u64 {
    let mean = (scans_a_year / DAYS_A_YEAR).clamp(0.0, MOST_A_DAY);
    let mut least = 1;
    while DAYS_A_YEAR * at_least(least, mean) >= FALSE_ALARMS_A_YEAR {
        least += 1;
    }
    least
}

/// The probability that a Poisson variable of this mean reaches a number: the tail is summed, since one minus the rest would lose
/// what there is of it.
fn at_least(number: u64, mean: f64) -> f64 {
    let mut term = (-mean).exp();
    for factor in 1..=number {
        term *= mean / factor as f64;
    }
    let (mut sum, mut next) = (0.0, number);
    // Beyond the mean the terms fall faster than a geometric series.
    while next as f64 <= mean || term > sum * f64::EPSILON {
        sum += term;
        next += 1;
        term *= mean / next as f64;
    }
    sum
}

/// How often a year a battery is scanned, as far as it was watched before a day: at first what batteries in general are.
#[must_use]
pub fn usual_rate(counts: &[Count], before: i32) -> f64 {
    let earlier = counts
        .iter()
        .filter(|count| count.day < before && !count.sighting.is_suspect());
    let first = earlier.clone().map(|count| count.day).min();
    let watched = first.map_or(0.0, |first| f64::from(before - first));
    let scans: u64 = earlier.map(|count| count.scans).sum();
    (USUAL + scans as f64) / (DAYS_A_YEAR + watched) * DAYS_A_YEAR
}

/// Every potential suspect among the scans of a unit, newest first.
#[must_use]
pub fn signals(counts: &[Count]) -> Vec<Signal> {
    let mut found: Vec<Signal> = Vec::new();
    for (label, day) in days(counts) {
        let here = |count: &&Count| count.label == label && count.day == day;
        found.extend(should_not_be(counts.iter().filter(here), &label, day));
        let seen = countries(
            counts
                .iter()
                .filter(here)
                .filter(|one| !one.sighting.is_suspect()),
        );
        let often = Signal {
            kind: SignalKind::TooOften,
            label: label.clone(),
            day,
            countries: seen,
            threshold: Some(threshold(usual_rate(counts, day))),
        };
        found.extend(Some(often).filter(Signal::is_alarm));
        found.extend(many_places(counts, &label, day));
    }
    found.sort_by(|a, b| b.day.cmp(&a.day).then(a.kind.cmp(&b.kind)));
    found
}

/// Each label with each day on which it was scanned.
fn days(counts: &[Count]) -> BTreeSet<(Option<String>, i32)> {
    let days = counts.iter().map(|count| (count.label.clone(), count.day));
    days.collect()
}

/// What of a day speaks for itself.
fn should_not_be<'a>(
    counts: impl Iterator<Item = &'a Count>,
    label: &Option<String>,
    day: i32,
) -> Vec<Signal> {
    let mut kinds: BTreeMap<SignalKind, Vec<&Count>> = BTreeMap::new();
    for count in counts {
        if let Some(kind) = SignalKind::of(count.sighting) {
            kinds.entry(kind).or_default().push(count);
        }
    }
    let signal = |(kind, counts): (SignalKind, Vec<&Count>)| Signal {
        kind,
        label: label.clone(),
        day,
        countries: countries(counts.into_iter()),
        // Whoever makes batteries scans them before they are sold: data quality at the start, no crime.
        threshold: (kind != SignalKind::NotYetOnTheMarket).then(|| threshold(STRAY)),
    };
    kinds.into_iter().map(signal).collect()
}

/// In more than one country within a week. People travel, so it is never an alarm by itself.
fn many_places(counts: &[Count], label: &Option<String>, day: i32) -> Option<Signal> {
    let within = |count: &&Count| {
        count.label == *label
            && !count.sighting.is_suspect()
            && (day - NEAR < count.day && count.day <= day)
            && count.country != NOWHERE
    };
    let countries = countries(counts.iter().filter(within));
    let today = counts.iter().filter(within).any(|count| count.day == day);
    (today && countries.len() > 1).then(|| Signal {
        kind: SignalKind::ManyPlaces,
        label: label.clone(),
        day,
        countries,
        threshold: None,
    })
}

fn countries<'a>(counts: impl Iterator<Item = &'a Count>) -> BTreeMap<String, u64> {
    let mut countries = BTreeMap::new();
    for count in counts {
        *countries.entry(count.country.clone()).or_default() += count.scans;
    }
    countries
}

#[cfg(test)]
mod tests;
