//! Whether one value is of its type.

use serde_json::{Map, Value};

use crate::check_digit::{broken_promise, is_cas};
use crate::fault::excerpt;
use crate::format::{
    is_date, is_email, is_https_url, is_media_type, is_time, is_uuid, is_year_month,
};
use crate::names::{country, language as language_name};
use crate::parse::escaped;
use crate::text::first_not_plain;
use crate::{Attribute, Fault, Field, Named, Type};

/// Longest title of a document, in characters.
pub(crate) const TITLE: usize = 200;
const MEASURED_AT: &str = "measuredAt";

/// Collects the faults of one attribute.
pub(crate) struct Checked<'f> {
    source: &'f str,
    faults: &'f mut Vec<Fault>,
}

impl<'f> Checked<'f> {
    pub(crate) fn new(source: &'f str, faults: &'f mut Vec<Fault>) -> Self {
        Self { source, faults }
    }

    fn fault(&mut self, pointer: &str, rule: &str, expected: impl Into<String>, found: &Value) {
        self.faults.push(Fault {
            pointer: pointer.to_owned(),
            rule: rule.to_owned(),
            expected: expected.into(),
            found: excerpt(found),
            source: Some(self.source.to_owned()),
        });
    }

    /// The value as the attribute has it on the wire.
    pub(crate) fn attribute(&mut self, attribute: &Attribute, value: &Value, pointer: &str) {
        match (&attribute.ty, attribute.dynamic) {
            (ty, false) => self.value(ty, value, pointer),
            (Type::Quantity { unit, min, max }, true) => {
                self.quantity(unit, (*min, *max), value, pointer, true);
            }
            (ty, true) => {
                let Some(members) =
                    self.object(value, pointer, "an object of `value` and `measuredAt`")
                else {
                    return;
                };
                self.only(members, &["value", MEASURED_AT], pointer);
                match members.get("value") {
                    Some(value) => self.value(ty, value, &format!("{pointer}/value")),
                    None => self.absent(&format!("{pointer}/value"), ty.name()),
                }
                self.measured_at(members, pointer);
            }
        }
    }

    fn value(&mut self, ty: &Type, value: &Value, pointer: &str) {
        match ty {
            Type::Text {
                names: Some(named), ..
            } if !value.is_string() => {
                self.fault(pointer, "wrong-type", named.expected(), value);
            }
            Type::Text { max, names } => {
                let before = self.faults.len();
                self.text(*max, value, pointer);
                // What is no good text names nothing.
                if let (Some(named), Some(text)) = (names, value.as_str())
                    && self.faults.len() == before
                {
                    self.named(*named, text, value, pointer);
                }
            }
            Type::LocalizedText { max } => self.localized(*max, value, pointer),
            Type::Code { values } => {
                if !values
                    .iter()
                    .any(|one| Some(one.id.as_str()) == value.as_str())
                {
                    let words: Vec<&str> = values.iter().map(|one| one.id.as_str()).collect();
                    self.fault(
                        pointer,
                        "not-permitted",
                        format!("one of {}", words.join(", ")),
                        value,
                    );
                }
            }
            Type::Quantity { unit, min, max } => {
                self.quantity(unit, (*min, *max), value, pointer, false);
            }
            Type::Integer { min, max } => self.integer(*min, *max, value, pointer),
            Type::Boolean => {
                if !value.is_boolean() {
                    self.fault(pointer, "wrong-type", "true or false", value);
                }
            }
            Type::Date => self.shaped(is_date, "bad-date", "a day as 2027-02-18", value, pointer),
            Type::YearMonth => {
                self.shaped(
                    is_year_month,
                    "bad-date",
                    "a month as 2027-02",
                    value,
                    pointer,
                );
            }
            Type::Url => self.shaped(
                is_https_url,
                "bad-url",
                "an absolute URL that begins with https://, at most 2000 characters",
                value,
                pointer,
            ),
            Type::Document => self.document(value, pointer),
            Type::Record { fields } => self.record(fields, value, pointer),
            Type::List { of, max, empty } => self.list(of, (*empty, *max), value, pointer),
        }
    }

    fn named(&mut self, named: Named, text: &str, value: &Value, pointer: &str) {
        let expected = named.expected();
        let broken = match named {
            Named::Country => country(text)
                .is_none()
                .then_some(("not-permitted", expected)),
            Named::Email => (!is_email(text)).then_some(("bad-email", expected)),
            Named::Cas => (!is_cas(text)).then_some(("bad-check-digit", expected)),
            Named::Identifier => broken_promise(text).map(|expected| ("bad-check-digit", expected)),
        };
        if let Some((rule, expected)) = broken {
            self.fault(pointer, rule, expected, value);
        }
    }

    fn object<'v>(
        &mut self,
        value: &'v Value,
        pointer: &str,
        expected: &str,
    ) -> Option<&'v Map<String, Value>> {
        let members = value.as_object();
        if members.is_none() {
            self.fault(pointer, "wrong-type", expected, value);
        }
        members
    }

    fn only(&mut self, members: &Map<String, Value>, known: &[&str], pointer: &str) {
        for (name, value) in members {
            if !known.contains(&name.as_str()) {
                let pointer = format!("{pointer}/{}", escaped(name));
                self.fault(
                    &pointer,
                    "unknown-member",
                    format!("only {}", known.join(", ")),
                    value,
                );
            }
        }
    }

    fn absent(&mut self, pointer: &str, expected: &str) {
        self.faults.push(Fault {
            pointer: pointer.to_owned(),
            rule: "missing".to_owned(),
            expected: expected.to_owned(),
            found: "nothing".to_owned(),
            source: Some(self.source.to_owned()),
        });
    }

    fn text(&mut self, max: usize, value: &Value, pointer: &str) {
        let Some(text) = value.as_str() else {
            self.fault(pointer, "wrong-type", "a text", value);
            return;
        };
        if let Some(character) = first_not_plain(text) {
            self.fault(
                pointer,
                "not-plain-text",
                "no control or invisible characters",
                &Value::String(character),
            );
        }
        if text.trim().is_empty() {
            self.fault(pointer, "empty", "a text with something in it", value);
        } else if text.chars().count() > max {
            self.fault(
                pointer,
                "too-long",
                format!("at most {max} characters"),
                value,
            );
        }
    }

    fn localized(&mut self, max: usize, value: &Value, pointer: &str) {
        let Some(texts) = self.object(
            value,
            pointer,
            "an object of texts by language, as {\"en\": \"…\"}",
        ) else {
            return;
        };
        if texts.is_empty() {
            self.fault(pointer, "empty", "a text in at least one language", value);
        }
        for (language, text) in texts {
            let pointer = format!("{pointer}/{}", escaped(language));
            if language_name(language).is_none() {
                self.fault(
                    &pointer,
                    "not-permitted",
                    "the two-letter code of a language as `en` (ISO 639-1)",
                    &Value::from(language.as_str()),
                );
            }
            self.text(max, text, &pointer);
        }
    }

    fn quantity(
        &mut self,
        unit: &str,
        (min, max): (Option<f64>, Option<f64>),
        value: &Value,
        pointer: &str,
        dynamic: bool,
    ) {
        let form = match dynamic {
            true => "an object of `value`, `unit` and `measuredAt`",
            false => "an object of `value` and `unit`",
        };
        let Some(members) = self.object(value, pointer, form) else {
            return;
        };
        let known: &[&str] = match dynamic {
            true => &["value", "unit", MEASURED_AT],
            false => &["value", "unit"],
        };
        self.only(members, known, pointer);
        let place = format!("{pointer}/unit");
        match members.get("unit") {
            Some(found) if found.as_str() != Some(unit) => {
                self.fault(&place, "wrong-unit", unit, found);
            }
            Some(_) => {}
            None => self.absent(&place, unit),
        }
        let place = format!("{pointer}/value");
        match members.get("value") {
            Some(found) => match found.as_f64() {
                Some(number) => {
                    if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) {
                        self.fault(&place, "out-of-range", range(min, max), found);
                    }
                }
                None => self.fault(&place, "wrong-type", "a number", found),
            },
            None => self.absent(&place, "a number"),
        }
        if dynamic {
            self.measured_at(members, pointer);
        }
    }

    fn measured_at(&mut self, members: &Map<String, Value>, pointer: &str) {
        let pointer = format!("{pointer}/{MEASURED_AT}");
        let expected = "a time as 2027-06-01T08:00:00Z (RFC 3339)";
        match members.get(MEASURED_AT) {
            Some(found) => self.shaped(is_time, "bad-date", expected, found, &pointer),
            None => self.absent(&pointer, expected),
        }
    }

    fn integer(&mut self, min: Option<i64>, max: Option<i64>, value: &Value, pointer: &str) {
        let Some(number) = value.as_i64() else {
            self.fault(pointer, "wrong-type", "a whole number", value);
            return;
        };
        if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) {
            self.fault(pointer, "out-of-range", range(min, max), value);
        }
    }

    fn shaped(
        &mut self,
        shape: fn(&str) -> bool,
        rule: &str,
        expected: &str,
        value: &Value,
        pointer: &str,
    ) {
        match value.as_str() {
            Some(text) if shape(text) => {}
            Some(_) => self.fault(pointer, rule, expected, value),
            None => self.fault(pointer, "wrong-type", expected, value),
        }
    }

    fn document(&mut self, value: &Value, pointer: &str) {
        let form = "an object of `title` and either `url` or `evidence`";
        let Some(members) = self.object(value, pointer, form) else {
            return;
        };
        self.only(members, &["title", "url", "evidence", "mediaType"], pointer);
        match members.get("title") {
            Some(title) => self.text(TITLE, title, &format!("{pointer}/title")),
            None => self.absent(&format!("{pointer}/title"), "a title"),
        }
        match (members.get("url"), members.get("evidence")) {
            (Some(url), None) => self.value(&Type::Url, url, &format!("{pointer}/url")),
            (None, Some(id)) => {
                let place = format!("{pointer}/evidence");
                self.shaped(
                    is_uuid,
                    "bad-reference",
                    "the id of a piece of evidence (a UUID)",
                    id,
                    &place,
                );
            }
            _ => self.fault(pointer, "wrong-type", form, value),
        }
        if let Some(media_type) = members.get("mediaType") {
            let place = format!("{pointer}/mediaType");
            self.shaped(
                is_media_type,
                "bad-media-type",
                "a media type as `application/pdf`",
                media_type,
                &place,
            );
        }
    }

    fn record(&mut self, fields: &[Field], value: &Value, pointer: &str) {
        let names: Vec<&str> = fields.iter().map(|field| field.id.as_str()).collect();
        let Some(members) = self.object(
            value,
            pointer,
            &format!("an object of {}", names.join(", ")),
        ) else {
            return;
        };
        self.only(members, &names, pointer);
        for field in fields {
            let place = format!("{pointer}/{}", field.id);
            match members.get(&field.id) {
                Some(value) => self.value(&field.ty, value, &place),
                None if field.required => self.absent(&place, field.ty.name()),
                None => {}
            }
        }
        if members.is_empty() {
            self.fault(
                pointer,
                "empty",
                format!("at least one of {}", names.join(", ")),
                value,
            );
        }
    }

    fn list(&mut self, of: &Type, (empty, max): (bool, usize), value: &Value, pointer: &str) {
        let Some(elements) = value.as_array() else {
            self.fault(pointer, "wrong-type", "a list", value);
            return;
        };
        if elements.is_empty() && !empty {
            self.fault(pointer, "empty", "at least one element", value);
        }
        if elements.len() > max {
            self.fault(
                pointer,
                "too-many",
                format!("at most {max} elements"),
                &Value::from(elements.len()),
            );
            return;
        }
        for (index, element) in elements.iter().enumerate() {
            self.value(of, element, &format!("{pointer}/{index}"));
        }
    }
}

fn range<T: std::fmt::Display>(min: Option<T>, max: Option<T>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any number".to_owned(),
    }
}
