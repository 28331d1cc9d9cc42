//! How long a measured value says what a battery is like now.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::life::{WASTE, battery_status};
use crate::reading::current;
use crate::{Attribute, Category, Class, catalogue, newest_form};

/// How old values of some attributes may be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freshness {
    /// Days after which a value counts as stale.
    pub days: u16,
    /// The attributes, by pointer.
    pub attributes: Vec<String>,
    /// The battery categories it is asked of.
    pub categories: Vec<Category>,
    /// The law it follows from; the number of days is ours.
    pub source: String,
}

/// `freshness.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FreshnessFile {
    pub(crate) freshness: Vec<Freshness>,
}

impl Freshness {
    fn span(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.days))
    }
}

/// A value that was measured too long ago.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stale {
    /// The attribute.
    pub pointer: String,
    /// Whom it is for.
    pub class: Class,
    /// When it was measured.
    pub measured_at: Timestamp,
    /// Since when it counts as stale.
    pub stale_since: Timestamp,
    /// How many days a value of it is fresh.
    pub fresh_for_days: u16,
    /// The law it follows from.
    pub source: String,
}

/// The values of a battery of this category that are stale at that moment, by attribute in the order they are shown. Waste is
/// measured no more: of it nothing is stale.
#[must_use]
pub fn stale(document: &Map<String, Value>, category: Category, now: Timestamp) -> Vec<Stale> {
    let document = &newest_form(document.clone());
    let is_waste = battery_status(document) == Some(WASTE);
    let attributes = catalogue().attributes().filter(|_| !is_waste);
    let stale = attributes.filter_map(|attribute| {
        let freshness = catalogue().freshness(attribute, category)?;
        let measured_at = current(document, attribute)?.at;
        let stale_since = measured_at.saturating_add(freshness.span()).ok()?;
        (stale_since < now).then(|| Stale {
            pointer: attribute.pointer(),
            class: attribute.class,
            measured_at,
            stale_since,
            fresh_for_days: freshness.days,
            source: freshness.source.clone(),
        })
    });
    stale.collect()
}

pub(crate) fn of<'c>(
    entries: &'c [Freshness],
    attribute: &Attribute,
    category: Category,
) -> Option<&'c Freshness> {
    let pointer = attribute.pointer();
    entries
        .iter()
        .find(|entry| entry.categories.contains(&category) && entry.attributes.contains(&pointer))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn document(status: &str) -> Map<String, Value> {
        let at = "2027-01-01T00:00:00Z";
        let document = json!({"condition": {
            "stateOfCharge": {"value": 54, "unit": "%", "measuredAt": at},
            "cycleCount": {"value": 12, "measuredAt": at},
            "ratedCapacity": {"value": 90, "unit": "A.h", "measuredAt": at},
            "batteryStatus": {"value": status, "measuredAt": at},
        }});
        document.as_object().unwrap().clone()
    }

    fn pointers(status: &str, category: Category, now: &str) -> Vec<String> {
        let stale = stale(&document(status), category, now.parse().unwrap());
        stale.into_iter().map(|one| one.pointer).collect()
    }

    #[test]
    fn a_value_is_stale_when_its_span_has_passed_and_not_before() {
        let of_a_car = |now| pointers("original", Category::Ev, now);
        assert!(of_a_car("2027-01-08T00:00:00Z").is_empty());
        assert_eq!(
            of_a_car("2027-01-08T00:00:00.001Z"),
            ["/condition/stateOfCharge"]
        );
        // Neither the status nor the values of Article 10(1) ever are.
        assert_eq!(
            of_a_car("2037-01-01T00:00:00Z"),
            ["/condition/cycleCount", "/condition/stateOfCharge"]
        );
    }

    #[test]
    fn only_batteries_that_the_law_gives_a_management_system_have_to_be_fresh() {
        let late = "2037-01-01T00:00:00Z";
        assert!(pointers("original", Category::Industrial, late).is_empty());
        assert!(pointers("waste", Category::Ev, late).is_empty());
        assert!(!pointers("repurposed", Category::Stationary, late).is_empty());
    }

    #[test]
    fn every_entry_names_attributes_that_are_measured_and_each_once() {
        let mut seen = BTreeSet::new();
        for entry in catalogue().freshnesses() {
            for pointer in &entry.attributes {
                let attribute = catalogue().by_pointer(pointer).unwrap();
                assert!(
                    attribute.dynamic && attribute.written_by("measurement"),
                    "{pointer}"
                );
                assert!(!attribute.in_value_set(), "{pointer}");
                assert!(seen.insert(pointer), "{pointer}");
            }
        }
        // Whatever a battery management system measures is in the list.
        for attribute in catalogue().attributes() {
            let measured = attribute.dynamic && attribute.written_by("measurement");
            if measured && !attribute.in_value_set() {
                assert!(
                    seen.contains(&attribute.pointer()),
                    "{}",
                    attribute.pointer()
                );
            }
        }
    }
}
