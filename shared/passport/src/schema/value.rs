//! The schema of a value of a type, as [`crate::validate`] checks it.

use serde_json::{Map, Value, json};

use super::pattern;
use crate::{Attribute, Catalogue, Field, Named, Type};

type Schema = Map<String, Value>;

/// A reference to one of [`definitions`].
pub(super) fn refer(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

/// The forms of text that many attributes have.
pub(super) fn definitions() -> Value {
    let text = |says: &str, longest: usize, pattern: &str| json!({"type": "string", "maxLength": longest, "pattern": pattern, "description": says});
    json!({
        "text": {
            "type": "string",
            "pattern": "\\S",
            "not": {"pattern": pattern::not_plain()},
            "description": "Something to read, without control characters (but line feed and tab) and without what cannot be seen.",
        },
        "date": text("A day as 2027-02-18.", 10, &pattern::date()),
        "year-month": text("A month as 2027-02.", 7, pattern::YEAR_MONTH),
        "time": text("A time as 2027-06-01T08:00:00Z (RFC 3339).", 64, &pattern::time()),
        "url": text("An absolute https URL.", crate::format::URL, &pattern::https_url()),
        "uuid": text("A UUID in lower case.", 36, pattern::UUID),
        "country": {"enum": crate::names::countries(), "description": "A country by its two-letter code (ISO 3166-1)."},
        "language": {"enum": crate::names::languages(), "description": "A language by its two-letter code (ISO 639-1)."},
        "cas": text("A CAS registry number; its last digit checks the others.", 12, pattern::CAS),
        "media-type": text("A media type as application/pdf (RFC 6838).", crate::format::MEDIA_TYPE, &pattern::media_type()),
        "document": {
            "type": "object",
            "properties": {
                "title": {"$ref": "#/$defs/text", "maxLength": crate::value::TITLE},
                "url": refer("url"),
                "evidence": refer("uuid"),
                "mediaType": refer("media-type"),
            },
            "required": ["title"],
            "oneOf": [{"required": ["url"]}, {"required": ["evidence"]}],
            "additionalProperties": false,
            "description": "A document by its URL or by the evidence it was uploaded as.",
        },
    })
}

/// The value as the attribute has it on the wire: with the time it was measured at if it changes with use.
pub(super) fn attribute(attribute: &Attribute, catalogue: &Catalogue) -> Schema {
    let schema = value(&attribute.ty, catalogue);
    match (&attribute.ty, attribute.dynamic) {
        (_, false) => schema,
        (Type::Quantity { unit, min, max }, true) => {
            quantity(unit, (*min, *max), catalogue, &[measured_at()])
        }
        (_, true) => members([("value", Value::Object(schema)), measured_at()]),
    }
}

fn measured_at() -> (&'static str, Value) {
    ("measuredAt", refer("time"))
}

fn value(ty: &Type, catalogue: &Catalogue) -> Schema {
    match ty {
        Type::Text {
            names: Some(Named::Country),
            ..
        } => schema(refer("country")),
        Type::Text {
            names: Some(Named::Cas),
            ..
        } => schema(refer("cas")),
        Type::Text { max, .. } => schema(json!({"$ref": "#/$defs/text", "maxLength": max})),
        Type::LocalizedText { max } => schema(json!({
            "type": "object",
            "propertyNames": refer("language"),
            "additionalProperties": {"$ref": "#/$defs/text", "maxLength": max},
            "minProperties": 1,
        })),
        Type::Code { values } => {
            let words: Vec<&str> = values.iter().map(|one| one.id.as_str()).collect();
            schema(json!({"enum": words}))
        }
        Type::Quantity { unit, min, max } => quantity(unit, (*min, *max), catalogue, &[]),
        Type::Integer { min, max } => bounded("integer", min.map(json_of), max.map(json_of)),
        Type::Boolean => schema(json!({"type": "boolean"})),
        Type::Date | Type::YearMonth | Type::Url | Type::Document => schema(refer(ty.name())),
        Type::Record { fields } => record(fields, catalogue),
        Type::List { of, max, empty } => {
            let min = usize::from(!empty);
            schema(
                json!({"type": "array", "items": value(of, catalogue), "minItems": min, "maxItems": max}),
            )
        }
    }
}

fn quantity(
    unit: &str,
    (min, max): (Option<f64>, Option<f64>),
    catalogue: &Catalogue,
    more: &[(&str, Value)],
) -> Schema {
    let number = bounded("number", min.map(plain), max.map(plain));
    let mut unit_schema = schema(json!({"const": unit}));
    if let Some(written) = catalogue.unit(unit) {
        unit_schema.insert("x-unit".to_owned(), json!(written.name("en", false)));
    }
    members(
        [
            ("value", Value::Object(number)),
            ("unit", Value::Object(unit_schema)),
        ]
        .into_iter()
        .chain(more.iter().cloned()),
    )
}

fn record(fields: &[Field], catalogue: &Catalogue) -> Schema {
    let properties: Schema = fields
        .iter()
        .map(|field| {
            let mut property = value(&field.ty, catalogue);
            property.insert("title".to_owned(), json!(field.label.en));
            (field.id.clone(), Value::Object(property))
        })
        .collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.id.as_str())
        .collect();
    schema(json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "minProperties": 1,
    }))
}

/// An object of exactly these members.
fn members<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Schema {
    let properties: Schema = members
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    let required: Vec<&String> = properties.keys().collect();
    schema(json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    }))
}

fn bounded(kind: &str, min: Option<Value>, max: Option<Value>) -> Schema {
    let bounds = [("minimum", min), ("maximum", max)];
    std::iter::once(("type", Some(Value::from(kind))))
        .chain(bounds)
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

fn json_of(number: i64) -> Value {
    number.into()
}

/// A bound as people write it: without a fraction that says nothing.
fn plain(number: f64) -> Value {
    let text = number.to_string();
    text.parse::<i64>()
        .map_or_else(|_| number.into(), Value::from)
}

fn schema(value: Value) -> Schema {
    match value {
        Value::Object(schema) => schema,
        _ => Schema::new(),
    }
}
