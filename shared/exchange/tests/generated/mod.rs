//! Documents nobody wrote: complete or not, with every kind of value that the catalogue allows.

use passport::{Attribute, Category, Header, Type, catalogue};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

pub(crate) type Document = Map<String, Value>;

fn text() -> BoxedStrategy<Value> {
    let plain = "[A-Za-zé][A-Za-z0-9 é.-]{0,18}[a-z0-9]".prop_map(Value::from);
    let awkward = "[a-z][a-z,;:()% /~*]{0,12}[a-z]".prop_map(Value::from);
    prop_oneof![4 => plain, 1 => awkward].boxed()
}

fn url() -> BoxedStrategy<Value> {
    "https://[a-z]{1,8}\\.example/[a-z0-9/]{0,12}[a-z]"
        .prop_map(Value::from)
        .boxed()
}

fn day() -> BoxedStrategy<String> {
    (2020..2030_i32, 1..=12_u8, 1..=28_u8)
        .prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"))
        .boxed()
}

/// A moment, in every way that one may be written; often that of the header.
fn moment() -> BoxedStrategy<String> {
    let times = [
        "T08:00:00Z",
        "T08:00:00.000Z",
        "T08:00:00+00:00",
        "T08:00:00.250Z",
        "T23:59:59-00:00",
    ];
    let day = prop_oneof![day(), Just("2027-06-01".to_owned())];
    (day, prop::sample::select(times.to_vec()))
        .prop_map(|(day, time)| format!("{day}{time}"))
        .boxed()
}

/// A number as the platform keeps it: whole without a fraction.
fn number(min: f64, max: f64) -> BoxedStrategy<Value> {
    let (low, high) = (min.max(-1e6).ceil() as i64, max.min(1e6).floor() as i64);
    (low..=high, 0..4_u8, 0..1000_i64)
        .prop_map(move |(whole, digits, fraction)| {
            let fraction = format!("{fraction:03}");
            let text = format!("{whole}.{}", &fraction[..usize::from(digits.min(3))]);
            let value: f64 = text.trim_end_matches('.').parse().unwrap();
            if value.fract() == 0.0 || value > max {
                json!(whole)
            } else {
                json!(value)
            }
        })
        .boxed()
}

pub(crate) fn value(ty: &'static Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Text { names, .. } => match names {
            Some(passport::Named::Country) => prop::sample::select(vec!["DE", "FR", "PL"])
                .prop_map(Value::from)
                .boxed(),
            Some(passport::Named::Cas) => prop::sample::select(vec!["7439-93-2", "7782-42-5", "7440-48-4"])
                .prop_map(Value::from)
                .boxed(),
            Some(passport::Named::Email) => Just(json!("info@maker.example")).boxed(),
            _ => text(),
        },
        Type::LocalizedText { .. } => {
            prop::collection::btree_map(prop::sample::select(vec!["en", "de", "fr"]), text(), 1..3)
                .prop_map(|texts| json!(texts))
                .boxed()
        }
        Type::Code { values } => {
            let words: Vec<&str> = values.iter().map(|one| one.id.as_str()).collect();
            prop::sample::select(words).prop_map(Value::from).boxed()
        }
        Type::Quantity { unit, min, max } => {
            number(min.unwrap_or(-100.0), max.unwrap_or(100_000.0))
                .prop_map(move |value| json!({"value": value, "unit": unit}))
                .boxed()
        }
        Type::Integer { min, max } => (min.unwrap_or(0)..=max.unwrap_or(10_000))
            .prop_map(Value::from)
            .boxed(),
        Type::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Type::Date => day().prop_map(Value::from).boxed(),
        Type::YearMonth => day().prop_map(|day| json!(day[..7])).boxed(),
        Type::Url => url(),
        Type::Document => prop_oneof![
            4 => (text(), url()).prop_map(|(title, url)| json!({"title": title, "url": url})),
            1 => text().prop_map(|title| json!({"title": title, "evidence": "5a0c2c0e-6f3e-4f5e-9a1c-2f5a1f0d8a11"})),
        ]
        .boxed(),
        Type::Record { fields } => {
            let members: Vec<_> = fields
                .iter()
                .map(|field| (any::<bool>(), value(&field.ty)).prop_map(move |(kept, value)| {
                    (field.id.clone(), (kept || field.required).then_some(value))
                }))
                .collect();
            members
                .prop_map(|members| {
                    let kept = members.into_iter().filter_map(|(id, value)| Some((id, value?)));
                    Value::Object(kept.collect())
                })
                .prop_filter("an empty record", |record| *record != json!({}))
                .boxed()
        }
        Type::List { of, .. } => prop::collection::vec(value(of), 1..4)
            .prop_map(Value::from)
            .boxed(),
        #[allow(unreachable_patterns, reason = "kinds of value that are to come")]
        other => panic!("no generator for a {}", other.name()),
    }
}

fn attribute(attribute: &'static Attribute) -> BoxedStrategy<Value> {
    let value = value(&attribute.ty);
    if !attribute.dynamic {
        return value;
    }
    (value, moment())
        .prop_map(|(value, moment)| {
            let mut wire = match value {
                Value::Object(quantity) if quantity.contains_key("unit") => quantity,
                value => Map::from_iter([("value".to_owned(), value)]),
            };
            wire.insert("measuredAt".to_owned(), json!(moment));
            Value::Object(wire)
        })
        .boxed()
}

/// A document of a category, with a share of the attributes.
pub(crate) fn document(category: Category, share: f64) -> BoxedStrategy<Document> {
    let attributes: Vec<_> = catalogue()
        .attributes()
        .filter(|one| one.derived.is_none())
        .map(|one| {
            let value = attribute(one);
            let value = match share < 1.0 {
                true => prop::option::weighted(share, value).boxed(),
                false => value.prop_map(Some).boxed(),
            };
            value.prop_map(move |value| (one, value))
        })
        .collect();
    attributes
        .prop_map(move |values| {
            let mut document = Document::new();
            for (attribute, value) in values {
                let Some(value) = value else { continue };
                let group = document.entry(attribute.group.clone()).or_insert(json!({}));
                group[&attribute.id] = value;
            }
            let group = document.entry("identification").or_insert(json!({}));
            group["batteryCategory"] = json!(category.as_str());
            document
        })
        .boxed()
}

pub(crate) fn header() -> Header {
    Header::item(
        "https://id.example.eu/p/5a0c2c0e-6f3e-4f5e-9a1c-2f5a1f0d8a11".to_owned(),
        "https://id.example.eu/32XZAJ4P21M1MZ0N3RQA".to_owned(),
        "active",
        "2027-06-01T08:00:00Z".to_owned(),
        "operator-1".to_owned(),
        "https://id.example.eu/v1/catalogue/1.1".to_owned(),
    )
}
