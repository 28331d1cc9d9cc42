//! Good values.

use std::collections::BTreeMap;

use passport::{
    Attribute, Category, Declares, Header, Level, Obligation, Type, catalogue, compose, compressed,
    validate, visible,
};
use serde_json::{Map, Value, json};

use super::{LEVELS, at, guidance};

/// Texts of every form that a text may have to have; the first that is taken stands in a sample.
const TEXTS: [&str; 8] = [
    "Zellträger, 12 mm × 4",
    "DE",
    "passport@example.eu",
    "21324-40-3",
    "09521234000013",
    "+49 89 1234567",
    "deu",
    "example",
];

/// Everything that is established at this level, for a category. Where everything has a value, nothing is declared away.
pub(crate) fn document(category: Category, level: Level) -> Map<String, Value> {
    let mut document = Map::new();
    for attribute in catalogue().attributes() {
        let there = attribute.level == level
            && attribute.derived.is_none()
            && attribute.declares.is_none()
            && visible(attribute, guidance(), category);
        if there {
            let value = sample(attribute, category);
            let one = at(&attribute.group, &attribute.id, value);
            document = compose(&document, &one, &Map::new());
        }
    }
    document
}

/// A complete passport in its compressed form.
pub(crate) fn passport(category: Category) -> Value {
    let data = LEVELS.into_iter().fold(Map::new(), |data, level| {
        compose(&data, &document(category, level), &Map::new())
    });
    let header = Header::item(
        "https://id.example.eu/p/0b0e8d2c-4a0f-4c8a-9a51-5e0a4c1f7c11".to_owned(),
        "https://id.example.eu/32XZAJ4P21M1MZ0N3RQA".to_owned(),
        "active",
        "2027-02-18T00:00:00.123Z".to_owned(),
        "voltwerk".to_owned(),
        "https://id.example.eu/v1/catalogue/1.1".to_owned(),
    );
    compressed(&header, data)
}

/// A good value of an attribute, with everything in it that may be in it.
pub(crate) fn sample(attribute: &Attribute, category: Category) -> Value {
    let value = match &attribute.ty {
        ty if attribute.declares.is_some() => declaring(attribute, category, value(ty)),
        // The category is what the record was opened for.
        Type::Code { values } if is_category(values) => json!(category),
        ty => value(ty),
    };
    let value = match (&attribute.ty, attribute.dynamic) {
        (_, false) => value,
        (Type::Quantity { .. }, true) => with_time(value),
        (_, true) => with_time(json!({ "value": value })),
    };
    with_texts_of_their_form(attribute, category, value)
}

/// The attribute that a declaration is about: the first there may be one of.
fn declaring(by: &Attribute, category: Category, mut declarations: Value) -> Value {
    let about = catalogue()
        .attributes()
        .find(|one| may_be_declared(by, one, category));
    if let Some(about) = about {
        declarations[0]["attribute"] = json!(about.pointer());
    }
    declarations
}

/// Whether one attribute may be declared by another.
pub(crate) fn may_be_declared(by: &Attribute, one: &Attribute, category: Category) -> bool {
    match (by.declares, one.obligation(guidance(), category)) {
        (Some(Declares::Gap), Some(Obligation::Mandatory)) => true,
        (Some(Declares::NotApplicable), Some(Obligation::Conditional { .. })) => {
            one.allows(by.level)
        }
        _ => false,
    }
}

fn is_category(values: &[passport::CodeValue]) -> bool {
    Category::ALL
        .iter()
        .all(|category| values.iter().any(|value| value.id == category.as_str()))
}

fn with_time(mut value: Value) -> Value {
    value["measuredAt"] = json!("2026-06-01T08:00:00Z");
    value
}

fn value(ty: &Type) -> Value {
    match ty {
        Type::Text { max, .. } => json!(TEXTS[0].chars().take(*max).collect::<String>()),
        Type::LocalizedText { .. } => {
            json!({"en": "cell support", "de": "Zellträger", "fr": "support de cellule"})
        }
        Type::Code { values } => json!(values[0].id),
        Type::Quantity { unit, min, max } => {
            json!({"value": number(*min, *max), "unit": unit})
        }
        Type::Integer { min, max } => json!(min.or(*max).unwrap_or(7)),
        Type::Boolean => json!(true),
        Type::Date => json!("2026-02-18"),
        Type::YearMonth => json!("2026-02"),
        Type::Url => json!("https://example.eu/a?b=c%20d#e"),
        Type::Document => {
            json!({"title": "Prüfbericht", "url": "https://example.eu/report.pdf", "mediaType": "application/pdf"})
        }
        Type::Record { fields } => {
            let members: BTreeMap<&String, Value> = fields
                .iter()
                .map(|field| (&field.id, value(&field.ty)))
                .collect();
            json!(members)
        }
        Type::List { of, .. } => json!([value(of)]),
    }
}

/// In the middle, where there is one.
fn number(min: Option<f64>, max: Option<f64>) -> f64 {
    match (min, max) {
        (Some(min), Some(max)) => f64::midpoint(min, max),
        (Some(min), None) => min + 1.0,
        (None, Some(max)) => max - 1.0,
        (None, None) => 1.0,
    }
}

/// Where a text has to have a form, the catalogue does not say by example: the texts are tried until one is taken.
fn with_texts_of_their_form(attribute: &Attribute, category: Category, value: Value) -> Value {
    let mut value = value;
    for text in TEXTS {
        let document = at(&attribute.group, &attribute.id, value.clone());
        for fault in validate(attribute.level, category, guidance(), &document) {
            let within = fault.pointer.strip_prefix(&attribute.pointer());
            if let Some(Value::String(place)) = within.and_then(|within| value.pointer_mut(within))
            {
                text.clone_into(place);
            }
        }
    }
    value
}
