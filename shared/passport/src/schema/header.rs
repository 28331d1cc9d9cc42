//! The header members of EN 18223 as a schema.

use serde_json::{Map, Value, json};

use super::value::refer;

const PRODUCT: &str = "uniqueProductIdentifier";

/// The members, and the names of those that are always there.
pub(super) fn members() -> (Map<String, Value>, Vec<Value>) {
    let text = |says: &str| json!({"type": "string", "minLength": 1, "description": says});
    let one_of = |words: &[&str], says: &str| json!({"enum": words, "description": says});
    let members = [
        (
            "digitalProductPassportId",
            text("The passport's URI: `https://HOST/p/<uuid>`."),
        ),
        (
            PRODUCT,
            text("The unit's URL, as it stands on the battery (EN 18219)."),
        ),
        (
            "granularity",
            one_of(
                &["model", "batch", "item"],
                "The level the record describes.",
            ),
        ),
        ("dppSchemaVersion", text("The form of the data.")),
        (
            "dppStatus",
            one_of(
                &["active", "inactive", "archived", "invalid"],
                "Where the record stands.",
            ),
        ),
        ("lastUpdated", refer("time")),
        (
            "economicOperatorId",
            text("The responsible economic operator."),
        ),
        ("facilityId", text("The plant.")),
        (
            "contentSpecificationIds",
            json!({"type": "array", "items": {"type": "string"}, "minItems": 1, "description": "The version of the attribute catalogue that the values follow, by its address."}),
        ),
        (
            NOTICES,
            json!({"type": "object", "description": "What is to be said of the record beside its values: that the battery was recycled; with a scan, what became of the label too."}),
        ),
    ];
    let required = members
        .iter()
        .map(|(name, _)| Value::from(*name))
        .filter(|name| !OPTIONAL.iter().any(|one| name == one))
        .collect();
    let members = members.map(|(name, schema)| (name.to_owned(), schema));
    (Map::from_iter(members), required)
}

const NOTICES: &str = "notices";
const OPTIONAL: [&str; 2] = ["facilityId", NOTICES];

/// What a new passport names.
pub(super) fn product() -> (Map<String, Value>, Vec<Value>) {
    let schema = json!({
        "type": "string", "minLength": 1,
        "description": "The unit: its URL `https://HOST/<unit id>`, or its id. The rest of the header is derived.",
    });
    (
        Map::from_iter([(PRODUCT.to_owned(), schema)]),
        vec![PRODUCT.into()],
    )
}
