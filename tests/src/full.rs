//! A battery whose passport has every attribute that may be shown to somebody, on the market.

use passport::{Attribute, Category, Level, catalogue};
use serde_json::{Map, Value, json};

use crate::{Partner, text};

#[path = "../../shared/passport/tests/generated/mod.rs"]
mod generated;

/// The levels, in the order they are created in.
pub const LEVELS: [Level; 3] = generated::LEVELS;

/// The data of a level of an electric vehicle's battery, with whatever may be there from the beginning.
#[must_use]
pub fn document(level: Level) -> Map<String, Value> {
    let mut document = generated::document(Category::Ev, level);
    for attribute in catalogue().attributes() {
        if !begins_with(level, attribute)
            && let Some(Value::Object(group)) = document.get_mut(&attribute.group)
        {
            let _ = group.shift_remove(&attribute.id);
        }
    }
    document
}

/// Whether a record may be made with the attribute in it.
fn begins_with(level: Level, attribute: &Attribute) -> bool {
    attribute.written_by(match level {
        Level::Model => "model-created",
        Level::Batch => "batch-created",
        Level::Item => "passport-created",
    })
}

/// Whether the data of a level are valid.
#[must_use]
pub fn is_valid(level: Level, document: &Value) -> bool {
    document.as_object().is_some_and(|document| {
        passport::validate(level, Category::Ev, generated::guidance(), document).is_empty()
    })
}

/// Brings a battery with these data (model, batch, item) onto the market: its unit.
///
/// # Panics
/// Where the platform refuses.
pub async fn on_the_market(
    maker: &Partner<'_>,
    [model, batch, item]: [Value; 3],
    reason: &str,
) -> String {
    let create = async |path: &str, body: Value| {
        text(&maker.post(path, &body).await.expect(201).json(), "id")
    };
    let model = json!({"category": "ev", "reason": reason, "data": model});
    let model = create("/v1/models", model).await;
    let batch = json!({"model": model, "reason": reason, "data": batch});
    let batch = create("/v1/batches", batch).await;
    let order = json!({"batch": batch, "count": 1, "reason": reason});
    let order = maker.post("/v1/units", &order).await.expect(201).json();
    let unit = text(&order["units"][0], "unit");
    let passport = maker.passport(&unit, &item).await.expect(201).json();
    let placed = json!({"type": "placed-on-market", "reason": reason});
    let _ = maker
        .event(&text(&passport, "id"), &placed)
        .await
        .expect(201);
    unit
}
