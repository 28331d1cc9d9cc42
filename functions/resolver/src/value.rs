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
            (Type::Quantity { unit, .. }, value) => quantity(unit, value),
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
            (_, Value::String(text)) => html! { (text) },
            (_, other) => html! { (other) },
        }
    }

    fn record(self, fields: &[Field], value: &Value) -> Markup {
        html! {
            @for (field, value) in fields.iter().filter_map(|field| Some((field, value.get(&field.id)?))) {
                span.field { span.name { (field.label.get(self.language.code())) ": " } (self.value(&field.ty, value)) }
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

fn quantity(unit: &str, value: &Value) -> Markup {
    let display = catalogue().unit(unit).unwrap_or(unit);
    let number = value.get("value").unwrap_or(value);
    html! { (number) "\u{a0}" (display) }
}

/// Only `https` becomes a link; validation lets nothing else in.
fn link(url: &str, text: &str) -> Markup {
    html! {
        @if url.starts_with("https://") { a href=(url) rel="noopener nofollow ugc" { (text) } }
        @else { (text) }
    }
}
