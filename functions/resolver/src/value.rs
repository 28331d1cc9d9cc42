//! One value of a passport, as a person reads it.

use maud::{Markup, html};
use passport::{Field, Type, catalogue};
use serde_json::Value;
use web::Language;

use crate::text::Texts;

/// How values are written: in which language, with which words.
#[derive(Clone, Copy)]
pub(crate) struct Writing {
    pub(crate) texts: &'static Texts,
    pub(crate) language: Language,
}

impl Writing {
    /// A value of that type. What does not fit its type is written as plain JSON, escaped like all else.
    pub(crate) fn value(self, ty: &Type, value: &Value) -> Markup {
        let value = current(value);
        match (ty, value) {
            (Type::Quantity { unit, .. }, value) => self.quantity(unit, value),
            (Type::Date, Value::String(text)) => time(text, self.texts.notation.date(text)),
            (Type::YearMonth, Value::String(text)) => {
                time(text, self.texts.notation.year_month(text))
            }
            (Type::LocalizedText { .. }, Value::Object(texts)) => {
                let text = texts
                    .get(self.language.code())
                    .or_else(|| texts.get("en"))
                    .or_else(|| texts.values().next());
                html! { (text.and_then(Value::as_str).unwrap_or_default()) }
            }
            (Type::Code { values }, Value::String(code)) => {
                let label = values.iter().find(|known| known.id == *code);
                html! { (label.map_or(code.as_str(), |known| known.label.get(self.language.code()))) }
            }
            (Type::Boolean, Value::Bool(yes)) => html! {
                (if *yes { &self.texts.yes } else { &self.texts.no })
            },
            (Type::Url, Value::String(url)) => link(url, url),
            (Type::Document, Value::Object(document)) => {
                let text = |name: &str| document.get(name).and_then(Value::as_str);
                let title = text("title").unwrap_or_default();
                match text("url") {
                    Some(url) => link(url, title),
                    None => html! { (title) },
                }
            }
            (Type::Record { fields }, Value::Object(_)) => self.record(fields, value),
            (Type::List { of, .. }, Value::Array(items)) => html! {
                ul { @for item in items { li { (self.value(of, item)) } } }
            },
            (_, Value::Number(number)) => html! { (self.texts.notation.number(number)) },
            (_, Value::String(text)) => html! { (text) },
            (_, other) => html! { (other) },
        }
    }

    fn quantity(self, code: &str, value: &Value) -> Markup {
        let Value::Number(number) = value.get("value").unwrap_or(value) else {
            return html! { (value) };
        };
        let notation = &self.texts.notation;
        let size = number.as_f64().unwrap_or_default();
        let unit = catalogue().unit(code);
        let (number, name) = match unit.and_then(|unit| unit.large(size)) {
            Some(large) => (
                notation.number_of_power(number, large.power_of_ten),
                large.symbol.as_str(),
            ),
            None => (
                notation.number(number),
                unit.map_or(code, |unit| {
                    unit.name(self.language.code(), notation.is_singular(size))
                }),
            ),
        };
        html! { (number) "\u{a0}" (name) }
    }

    fn record(self, fields: &[Field], value: &Value) -> Markup {
        html! {
            @for (field, value) in fields.iter().filter_map(|field| Some((field, value.get(&field.id)?))) {
                span.field { span.name { (field.label.get(self.language.code())) (self.texts.notation.colon) } (self.value(&field.ty, value)) }
            }
        }
    }
}

/// The value of a dynamic attribute stands beside the time it was measured.
fn current(value: &Value) -> &Value {
    match value {
        Value::Object(members)
            if members.contains_key("measuredAt") && !members.contains_key("unit") =>
        {
            members.get("value").unwrap_or(value)
        }
        _ => value,
    }
}

/// A date, a month or a time, with its form for machines.
pub(crate) fn time(text: &str, written: Option<String>) -> Markup {
    html! {
        @if let Some(written) = written { time datetime=(text) { (written) } }
        @else { (text) }
    }
}

/// Only `https` becomes a link; validation lets nothing else in.
fn link(url: &str, text: &str) -> Markup {
    html! {
        @if url.starts_with("https://") { a href=(url) rel="noopener nofollow ugc" { (text) } }
        @else { (text) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::text::texts;

    fn written(language: Language, pointer: &str, value: &Value) -> String {
        let writing = Writing {
            texts: texts(language),
            language,
        };
        let attribute = catalogue().by_pointer(pointer).unwrap();
        writing.value(&attribute.ty, value).into_string()
    }

    fn in_every_language(pointer: &str, value: &Value) -> [String; 3] {
        Language::ALL.map(|language| written(language, pointer, value))
    }

    #[test]
    fn quantities_have_numbers_and_units_of_the_language() {
        let watts = |value: f64| json!({"value": value, "unit": "W"});
        let power = "/performance/originalPower";
        assert_eq!(
            written(Language::De, power, &watts(210_000.0)),
            "210\u{a0}kW"
        );
        assert_eq!(
            written(Language::De, power, &watts(9_999.5)),
            "9999,5\u{a0}W"
        );
        let warranty = |value: u32| json!({"value": value, "unit": "mo"});
        assert_eq!(
            in_every_language("/identification/commercialWarranty", &warranty(96)),
            ["96\u{a0}months", "96\u{a0}Monate", "96\u{a0}mois"]
        );
        assert_eq!(
            in_every_language("/identification/commercialWarranty", &warranty(1)),
            ["1\u{a0}month", "1\u{a0}Monat", "1\u{a0}mois"]
        );
    }

    #[test]
    fn dates_say_the_same_to_machines() {
        assert_eq!(
            written(
                Language::Fr,
                "/identification/manufacturingDate",
                &json!("2026-09")
            ),
            "<time datetime=\"2026-09\">septembre 2026</time>"
        );
    }

    #[test]
    fn what_does_not_fit_its_type_is_written_as_it_is() {
        for value in [json!("<b>"), json!([1]), json!({"a": 1}), json!(null)] {
            for attribute in catalogue().attributes() {
                let text = written(Language::En, &attribute.pointer(), &value);
                assert!(!text.contains("<b>"), "{text}");
            }
        }
    }
}
