//! One value of a passport, as a person reads it.

use maud::{Markup, html};
use passport::{Field, Named, Translated, Type, Unit, catalogue, words};
use serde_json::{Map, Number, Value};
use web::Language;

use crate::{Texts, names, texts};

/// How values are written: in which language, with which words.
#[derive(Debug, Clone, Copy)]
pub struct Writing {
    /// The page's own words.
    pub texts: &'static Texts,
    /// The reader's language.
    pub language: Language,
}

impl Writing {
    /// In a language.
    #[must_use]
    pub fn of(language: Language) -> Self {
        Self {
            texts: texts(language),
            language,
        }
    }

    /// A text of the catalogue: in the reader's language, else in English, which then says so.
    #[must_use]
    pub fn words(self, text: &Translated) -> Markup {
        match text.known_in(self.language.code()) {
            Some(text) => html! { (text) },
            None => self.foreign("en", &text.en),
        }
    }

    /// A text in another language, which stands beside it.
    fn foreign(self, code: &str, text: &str) -> Markup {
        html! {
            span lang=(code) { (text) } " "
            span.name { "(" (names::language(code, self.language)) ")" }
        }
    }

    /// A value of that type. What does not fit its type is written as plain JSON, escaped like all else.
    #[must_use]
    pub fn value(self, ty: &Type, value: &Value) -> Markup {
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
                match label {
                    Some(known) => self.words(&known.label),
                    None => html! { (code) },
                }
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
            (Type::Record { fields }, Value::Object(_)) => self.fields(fields, value),
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
        match code == self.language.code() {
            true => html! { (text) },
            false => self.foreign(code, text),
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
            None => (notation.number(number), self.unit(code, unit, number)),
        };
        html! { (number) "\u{a0}" (name) }
    }

    /// A unit as it is written beside a number.
    fn unit<'a>(self, code: &'a str, unit: Option<&'a Unit>, number: &Number) -> &'a str {
        let unit = match unit {
            None => return code,
            Some(Unit::Symbol { symbol, .. }) => return symbol,
            Some(unit) => unit,
        };
        let plural = self.texts.notation.plural(number);
        words(self.language.code())
            .and_then(|words| words.unit(code, plural))
            .unwrap_or_else(|| unit.name(self.language.code(), plural == "one"))
    }

    /// Members of a record, each with its name.
    pub(crate) fn fields<'a>(
        self,
        fields: impl IntoIterator<Item = &'a Field>,
        value: &Value,
    ) -> Markup {
        html! {
            @for (field, value) in fields.into_iter().filter_map(|field| Some((field, value.get(&field.id)?))) {
                span.field { span.name { (self.words(&field.label)) (self.texts.notation.colon) } (self.value(&field.ty, value)) }
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
#[must_use]
pub fn time(text: &str, written: Option<String>) -> Markup {
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

    fn written(language: Language, pointer: &str, value: &Value) -> String {
        let attribute = catalogue().by_pointer(pointer).unwrap();
        Writing::of(language)
            .value(&attribute.ty, value)
            .into_string()
    }

    fn in_three_languages(pointer: &str, value: &Value) -> [String; 3] {
        [Language::EN, Language::DE, Language::FR].map(|language| written(language, pointer, value))
    }

    #[test]
    fn quantities_have_numbers_and_units_of_the_language() {
        let watts = |value: f64| json!({"value": value, "unit": "W"});
        let power = "/performance/originalPower";
        assert_eq!(
            written(Language::DE, power, &watts(210_000.0)),
            "210\u{a0}kW"
        );
        assert_eq!(
            written(Language::DE, power, &watts(9_999.5)),
            "9999,5\u{a0}W"
        );
        let warranty = |value: u32| json!({"value": value, "unit": "mo"});
        assert_eq!(
            in_three_languages("/identification/commercialWarranty", &warranty(96)),
            ["96\u{a0}months", "96\u{a0}Monate", "96\u{a0}mois"]
        );
        assert_eq!(
            in_three_languages("/identification/commercialWarranty", &warranty(1)),
            ["1\u{a0}month", "1\u{a0}Monat", "1\u{a0}mois"]
        );
    }

    #[test]
    fn words_for_units_have_the_plural_of_the_language() {
        let warranty = |code: &str, value: f64| {
            let language = Language::of(code).unwrap();
            let value = json!({"value": value, "unit": "mo"});
            written(language, "/identification/commercialWarranty", &value)
        };
        assert_eq!(warranty("pl", 96.0), "96\u{a0}miesięcy");
        assert_eq!(warranty("pl", 22.0), "22\u{a0}miesiące");
        assert_eq!(warranty("cs", 1.5), "1,5\u{a0}měsíce");
        assert_eq!(warranty("mt", 2.0), "2\u{a0}xahrejn");
        assert_eq!(warranty("hu", 96.0), "96\u{a0}hónap");
    }

    #[test]
    fn what_is_not_translated_says_that_it_is_in_english() {
        let agent = catalogue()
            .by_pointer("/conformity/extinguishingAgent")
            .unwrap();
        let polish = Writing::of(Language::of("pl").unwrap());
        assert_eq!(polish.words(&agent.label).into_string(), "Środek gaśniczy");
        let explanation = polish.words(&agent.explanation).into_string();
        assert!(
            explanation.starts_with("<span lang=\"en\">What to put out"),
            "{explanation}"
        );
        assert!(explanation.ends_with("(angielski)</span>"), "{explanation}");
    }

    #[test]
    fn dates_say_the_same_to_machines() {
        assert_eq!(
            written(
                Language::FR,
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
            in_three_languages(agent, &text),
            [
                "Water",
                "<span lang=\"en\">Water</span> <span class=\"name\">(Englisch)</span>",
                "<span lang=\"en\">Water</span> <span class=\"name\">(anglais)</span>"
            ]
        );
        assert!(written(Language::EN, agent, &json!({"pl": "Woda"})).contains("(Polish)"));
    }

    #[test]
    fn countries_have_names_and_addresses_can_be_written_to() {
        let place = written(
            Language::DE,
            "/identification/manufacturingPlace",
            &json!({"country": "SE"}),
        );
        assert!(place.contains("Schweden"), "{place}");
        let contact = |email: &str| {
            written(
                Language::EN,
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
                let text = written(Language::EN, &attribute.pointer(), &value);
                assert!(!text.contains("<b>"), "{text}");
            }
        }
    }
}
