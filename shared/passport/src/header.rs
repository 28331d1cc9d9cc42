//! The header of EN 18223 and its compressed form.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Composed, Level};

/// The version of the catalogue's form, as EN 18223 `dppSchemaVersion` gives it.
pub const SCHEMA_VERSION: &str = "EN18223:2026";

/// The members of the header, in their order.
pub const HEADER: [&str; 9] = [
    "digitalProductPassportId",
    "uniqueProductIdentifier",
    "granularity",
    "dppSchemaVersion",
    "dppStatus",
    "lastUpdated",
    "economicOperatorId",
    "facilityId",
    "contentSpecificationIds",
];

/// What EN 18223 puts before the data elements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// The passport's URI.
    pub digital_product_passport_id: String,
    /// The unit's URL, as it stands on the battery (EN 18219).
    pub unique_product_identifier: String,
    /// The level the record describes.
    pub granularity: Level,
    /// The form of the data.
    pub dpp_schema_version: String,
    /// `active`, `inactive`, `archived` or `invalid`.
    pub dpp_status: String,
    /// RFC 3339.
    pub last_updated: String,
    /// The responsible economic operator.
    pub economic_operator_id: String,
    /// The plant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility_id: Option<String>,
    /// The version of the attribute catalogue that the values follow, by its address.
    pub content_specification_ids: Vec<String>,
}

impl Header {
    /// The header of one battery's passport.
    #[must_use]
    pub fn item(
        passport: String,
        product: String,
        status: &str,
        last_updated: String,
        operator: String,
        catalogue: String,
    ) -> Self {
        Self {
            digital_product_passport_id: passport,
            unique_product_identifier: product,
            granularity: Level::Item,
            dpp_schema_version: SCHEMA_VERSION.to_owned(),
            dpp_status: status.to_owned(),
            last_updated,
            economic_operator_id: operator,
            facility_id: None,
            content_specification_ids: vec![catalogue],
        }
    }
}

/// Whether a header member is a time.
pub(crate) fn is_time(member: &str) -> bool {
    member == "lastUpdated"
}

impl Header {
    /// The members as JSON. `facilityId` is what the view itself says: the plant of the place of manufacture.
    pub(crate) fn members(&self, view: &Map<String, Value>) -> Map<String, Value> {
        let mut header = self.clone();
        if header.facility_id.is_none() {
            let place = view.get("identification");
            header.facility_id = place.and_then(|values| plant(values.get(PLACE)?));
        }
        match serde_json::to_value(&header) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        }
    }
}

/// The attribute that says where the battery was made.
const PLACE: &str = "manufacturingPlace";

/// The identifier of the plant that made the battery (Annex VI Part A(3)); public.
fn plant(place: &Value) -> Option<String> {
    Some(place.get("facility")?.as_str()?.to_owned())
}

/// The compressed form of EN 18223: header members, then one member per group.
#[must_use]
pub fn compressed(header: &Header, view: Map<String, Value>) -> Value {
    let mut body = header.members(&view);
    for (group, values) in view {
        body.entry(group).or_insert(values);
    }
    Value::Object(body)
}

/// The compressed form of EN 18223, to be written at once: as [`compressed`] makes it.
#[derive(Debug, Serialize)]
pub struct Compressed<'d> {
    #[serde(flatten)]
    header: Header,
    #[serde(flatten)]
    groups: Composed<'d>,
}

impl<'d> Compressed<'d> {
    /// Of a view.
    #[must_use]
    pub fn of(mut header: Header, view: Composed<'d>) -> Self {
        if header.facility_id.is_none() {
            header.facility_id = view.get("identification", PLACE).and_then(plant);
        }
        let groups = view.without(&HEADER);
        Self { header, groups }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn compressed_form_has_the_header_beside_the_groups() {
        let header = Header::item(
            "https://id.example.eu/p/0b7c".to_owned(),
            "https://id.example.eu/32XZAJ4P21M1MZ0N3RQA".to_owned(),
            "active",
            "2027-02-18T00:00:00Z".to_owned(),
            "operator-1".to_owned(),
            "https://id.example.eu/v1/catalogue/1.1".to_owned(),
        );
        let view = json!({"performance": {"nominalVoltage": {"value": 400, "unit": "V"}}});
        assert_eq!(
            compressed(&header, view.as_object().unwrap().clone()),
            json!({
                "digitalProductPassportId": "https://id.example.eu/p/0b7c",
                "uniqueProductIdentifier": "https://id.example.eu/32XZAJ4P21M1MZ0N3RQA",
                "granularity": "item",
                "dppSchemaVersion": "EN18223:2026",
                "dppStatus": "active",
                "lastUpdated": "2027-02-18T00:00:00Z",
                "economicOperatorId": "operator-1",
                "contentSpecificationIds": ["https://id.example.eu/v1/catalogue/1.1"],
                "performance": {"nominalVoltage": {"value": 400, "unit": "V"}},
            })
        );
    }

    #[test]
    fn the_facility_is_the_plant_of_the_place_of_manufacture() {
        let header = Header::item(
            "p".to_owned(),
            "u".to_owned(),
            "active",
            "t".to_owned(),
            "o".to_owned(),
            "c".to_owned(),
        );
        let place = json!({"manufacturingPlace": {"country": "DE", "facility": "4012345000016"}});
        let view = json!({"identification": place});
        let body = compressed(&header, view.as_object().unwrap().clone());
        assert_eq!(body.get("facilityId"), Some(&json!("4012345000016")));
        assert_eq!(compressed(&header, Map::new()).get("facilityId"), None);
    }

    #[test]
    fn a_group_cannot_pose_as_a_header_member() {
        let header = Header::item(
            "p".to_owned(),
            "u".to_owned(),
            "active",
            "t".to_owned(),
            "o".to_owned(),
            "c".to_owned(),
        );
        let view = json!({"dppStatus": {"forged": true}});
        let body = compressed(&header, view.as_object().unwrap().clone());
        assert_eq!(body.get("dppStatus"), Some(&json!("active")));
    }
}
