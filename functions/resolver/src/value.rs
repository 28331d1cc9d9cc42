//! One value of a passport, as a person reads it.

use maud::{Markup, html};
use passport::{Field, Named, Type, catalogue};
use serde_json::{Map, Value};
use web::Language;

use crate::names;
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
            (Type::LocalizedText { .. }, Value::Object(texts)) => self.localized(texts),
            (Type::Code { values }, Value::String(code)) => {
                let label = values.iter().find(|known| known.id == *code);
                html! { (label.map_or(code.as_str(), |known| known.label.get(self.language.code()))) }
            }
            (Type::Boolean, Value::Bool(yes)) => html! {
                (if *yes { &self.texts.yes } else { &self.texts.no })
            },
            (
                Type::Text {
                    names: Some(named), ..
                },
                Value::String(text),
            ) => match named {
                Named::Country => html! { (names::country(text, self.language)) },
                Named::Email => mail(text),
                Named::Cas | Named::Identifier => html! { (text) },
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

    /// The text in the reader's language, else in English, else in any; what language it is in then stands beside it.
    fn localized(self, texts: &Map<String, Value>) -> Markup {
        let found = [self.language.code(), "en"]
            .into_iter()
            .find_map(|code| texts.get_key_value(code))
            .or_else(|| texts.iter().next());
        let Some((code, text)) = found else {
            return Markup::default();
        };
        let text = text.as_str().unwrap_or_default();
        html! {
            @if code == self.language.code() { (text) }
            @else {
                span lang=(code) { (text) } " "
                span.name { "(" (names::language(code, self.language)) ")" }
            }
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

/// Only a plain address becomes a link: a question mark in one would add headers to the letter.
fn mail(text: &str) -> Markup {
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
    };
    let is_address = text
        .split_once('@')
        .is_some_and(|(local, host)| plain(local) && plain(host));
    html! {
        @if is_address { a href={ "mailto:" (text) } { (text) } }
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
    fn a_text_in_another_language_says_in_which() {
        let agent = "/conformity/extinguishingAgent";
        let text = json!({"pl": "Woda", "en": "Water"});
        assert_eq!(
            in_every_language(agent, &text),
            [
                "Water",
                "<span lang=\"en\">Water</span> <span class=\"name\">(Englisch)</span>",
                "<span lang=\"en\">Water</span> <span class=\"name\">(anglais)</span>"
            ]
        );
        assert!(written(Language::En, agent, &json!({"pl": "Woda"})).contains("(Polish)"));
    }

    #[test]
    fn countries_have_names_and_addresses_can_be_written_to() {
        let place = written(
            Language::De,
            "/identification/manufacturingPlace",
            &json!({"country": "SE"}),
        );
        assert!(place.contains("Schweden"), "{place}");
        let contact = |email: &str| {
            written(
                Language::En,
                "/identification/manufacturerContact",
                &json!({"email": email}),
            )
        };
        assert!(contact("a.b@c.example").contains("href=\"mailto:a.b@c.example\""));
        for text in ["a@b?cc=c@d.example", "nobody", "@", "a@b@c", "a b@c"] {
            assert!(!contact(text).contains("mailto"), "{text}");
        }
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
