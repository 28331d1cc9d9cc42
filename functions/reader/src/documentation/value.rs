//! The form of an attribute's value: in words, and as an example that the validation takes.

use maud::{Markup, html};
use passport::{Attribute, Category, Declares, Level, Named, Obligation, Type, catalogue};
use serde_json::{Map, Value, json};

use super::prose::words;

const MEASURED_AT: &str = "2027-06-01T08:00:00Z";

/// What may stand there, in words. Each place within the value has its anchor: terms of linked data lead to it.
pub(super) fn form(attribute: &Attribute) -> Markup {
    html! {
        (form_of(&attribute.ty, &within(attribute)))
        @if attribute.dynamic { ", with the time it was measured" }
    }
}

/// Where the value stands that its type describes: beside the time where it was measured, but for a quantity.
fn within(attribute: &Attribute) -> String {
    let place = attribute.pointer();
    match attribute.dynamic && !matches!(attribute.ty, Type::Quantity { .. }) {
        true => format!("{place}/value"),
        false => place,
    }
}

/// The anchor of a value that does not stand at its attribute's own place.
pub(super) fn anchor(attribute: &Attribute) -> Option<String> {
    Some(within(attribute)).filter(|place| *place != attribute.pointer())
}

fn form_of(ty: &Type, place: &str) -> Markup {
    match ty {
        Type::Text {
            names: Some(named @ (Named::Country | Named::Cas)),
            ..
        } => html! { (words(named.expected())) },
        Type::Text {
            max,
            names: Some(named),
        } => html! { (words(named.expected())) "; at most " (max) " characters" },
        Type::Text { max, names: None } => html! { "text, at most " (max) " characters" },
        Type::LocalizedText { max } => {
            html! { "text by language (two-letter codes), each at most " (max) " characters" }
        }
        Type::Code { values } => html! {
            "one of "
            @for (index, one) in values.iter().enumerate() {
                @if index > 0 { ", " }
                code { (one.id) } " (" (one.label.en) ")"
            }
        },
        Type::Quantity { unit, min, max } => html! {
            "quantity in " code { (unit) }
            @if let Some(name) = catalogue().unit(unit).map(|known| known.name("en", false)).filter(|name| name != unit) { " (" (name) ")" }
            (range(min.as_ref(), max.as_ref()))
        },
        Type::Integer { min, max } => {
            html! { "whole number" (range(min.as_ref(), max.as_ref())) }
        }
        Type::Boolean => html! { code { "true" } " or " code { "false" } },
        Type::Date => html! { "day" },
        Type::YearMonth => html! { "month" },
        Type::Url => html! { "absolute " code { "https" } " URL" },
        Type::Document => {
            html! { "document: a title, either a URL or the id of evidence, and the media type if known" }
        }
        Type::Record { fields } => html! {
            "object of"
            ul {
                @for field in fields {
                    @let place = format!("{place}/{}", field.id);
                    li id=(place) {
                        code { (field.id) } " " (field.label.en) ": " (form_of(&field.ty, &place))
                        @if field.required { "; required" }
                    }
                }
            }
        },
        Type::List { of, max, empty } => html! {
            "list, " (if *empty { "empty where there is none" } else { "not empty" }) ", at most " (max) ", of: " (form_of(of, place))
        },
    }
}

fn range<T: std::fmt::Display>(min: Option<&T>, max: Option<&T>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!(", {min} to {max}"),
        (Some(min), None) => format!(", at least {min}"),
        (None, Some(max)) => format!(", at most {max}"),
        (None, None) => String::new(),
    }
}

/// A value as it is written; none where the words say it all.
pub(super) fn example(attribute: &Attribute) -> Option<Value> {
    let plain = matches!(attribute.ty, Type::Text { .. } | Type::Boolean) && !attribute.dynamic;
    (!plain).then(|| written(attribute))
}

fn written(attribute: &Attribute) -> Value {
    if let Some(declares) = attribute.declares {
        return json!([{"attribute": declarable(declares, attribute.level), "justification": "…"}]);
    }
    let value = example_of(&attribute.ty);
    match (value, attribute.dynamic) {
        (Value::Object(mut quantity), true) if matches!(attribute.ty, Type::Quantity { .. }) => {
            quantity.insert("measuredAt".to_owned(), json!(MEASURED_AT));
            Value::Object(quantity)
        }
        (value, true) => json!({"value": value, "measuredAt": MEASURED_AT}),
        (value, false) => value,
    }
}

/// An attribute that may be declared like this.
fn declarable(declares: Declares, level: Level) -> Option<String> {
    let guidance = catalogue().active_guidance();
    let may_be =
        |attribute: &&Attribute| match (declares, attribute.obligation(guidance, Category::Ev)) {
            (Declares::NotApplicable, Some(Obligation::Conditional { .. })) => {
                attribute.allows(level)
            }
            (Declares::Gap, Some(Obligation::Mandatory)) => attribute.derived.is_none(),
            _ => false,
        };
    catalogue()
        .attributes()
        .find(may_be)
        .map(Attribute::pointer)
}

fn example_of(ty: &Type) -> Value {
    match ty {
        Type::Text { names, .. } => json!(match names {
            Some(Named::Country) => "DE",
            Some(Named::Email) => "passports@example.eu",
            Some(Named::Cas) => "7440-48-4",
            Some(Named::Identifier) | None => "…",
        }),
        Type::LocalizedText { .. } => json!({"en": "…", "de": "…"}),
        Type::Code { values } => json!(values.first().map(|one| &one.id)),
        Type::Quantity { unit, min, max } => {
            let value = near(min.unwrap_or(f64::MIN), max.unwrap_or(f64::MAX));
            json!({"value": value, "unit": unit})
        }
        Type::Integer { min, max } => {
            json!(12_i64.clamp(min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX)))
        }
        Type::Boolean => json!(true),
        Type::Date => json!("2027-02-18"),
        Type::YearMonth => json!("2027-02"),
        Type::Url => json!("https://example.eu/battery"),
        Type::Document => {
            json!({"title": "…", "url": "https://example.eu/document.pdf", "mediaType": "application/pdf"})
        }
        Type::Record { fields } => fields
            .iter()
            .map(|field| (field.id.clone(), example_of(&field.ty)))
            .collect::<Map<_, _>>()
            .into(),
        Type::List { of, .. } => json!([example_of(of)]),
    }
}

/// 12, or what is nearest to it.
fn near(min: f64, max: f64) -> Value {
    match 12.0_f64.clamp(min, max) {
        12.0 => json!(12),
        other => json!(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_valid_as_it_stands() {
        let guidance = catalogue().active_guidance();
        let mut shown = 0;
        for attribute in catalogue().attributes().filter(|one| one.derived.is_none()) {
            let open = |category: &Category| {
                attribute
                    .obligation(guidance, *category)
                    .is_none_or(Obligation::may_be_filled)
            };
            let Some(category) = Category::ALL.into_iter().find(open) else {
                continue;
            };
            let document = json!({&attribute.group: {&attribute.id: written(attribute)}});
            let faults = passport::validate(
                attribute.level,
                category,
                guidance,
                document.as_object().unwrap(),
            );
            assert_eq!(faults, [], "{}", attribute.pointer());
            shown += 1;
        }
        assert!(shown > 80, "{shown}");
    }
}
