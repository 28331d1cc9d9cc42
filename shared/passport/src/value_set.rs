//! The values of Article 10(1) of a moment: when a battery is placed on the market, and when its status changes.

use serde_json::{Map, Value};

use crate::{Attribute, catalogue};

/// The point of Annex XIII that has these values kept.
const POINT: &str = "Annex XIII 4(a)";

impl Attribute {
    /// Whether it is one of the parameters whose values are kept at these moments (Annex XIII 4(a)).
    #[must_use]
    pub fn in_value_set(&self) -> bool {
        self.source.starts_with(POINT)
    }
}

/// What of a document belongs to a set.
#[must_use]
pub fn value_set(mut document: Map<String, Value>) -> Map<String, Value> {
    document.retain(|group, values| {
        let Value::Object(attributes) = values else {
            return false;
        };
        attributes.retain(|id, _| {
            let attribute = catalogue().attribute(group, id);
            attribute.is_some_and(Attribute::in_value_set)
        });
        !attributes.is_empty()
    });
    document
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_set_has_points_51_to_60_and_nothing_else() {
        let kept: Vec<u8> = catalogue()
            .attributes()
            .filter(|attribute| attribute.in_value_set())
            .filter_map(|attribute| attribute.point)
            .collect();
        assert_eq!(kept, (51..=60).collect::<Vec<u8>>());
        let document = json!({
            "identification": {"serialNumber": "EV-1"},
            "condition": {"ratedCapacity": 1, "stateOfCharge": 2, "batteryStatus": 3},
        });
        let set = value_set(document.as_object().unwrap().clone());
        assert_eq!(
            Value::Object(set),
            json!({"condition": {"ratedCapacity": 1}})
        );
    }

    #[test]
    fn every_move_of_a_status_within_a_passport_keeps_a_set() {
        for event_type in catalogue().event_types() {
            let moves = event_type.sets_battery_status().is_some() && !event_type.starts_record();
            // A record that is taken back out of its end is placed nowhere.
            let places = event_type.sets_record_status() == Some("active")
                && event_type.allowed_from("draft", None);
            if moves || places {
                assert!(event_type.value_set, "{}", event_type.id);
            }
        }
    }
}
