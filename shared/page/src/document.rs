//! The values of a passport: what stands first (`summary.toml`), then every other attribute.

use maud::{Markup, html};
use passport::{Attribute, Composed};
use serde_json::Value;

use crate::summary::{self, Drawn};
use crate::{Writing, chart};

/// A group of so few attributes stands open.
const FEW: usize = 4;

/// What the manufacturer calls the model.
#[must_use]
pub fn headline<'d>(document: &Composed<'d>) -> Option<&'d str> {
    document.get("identification", "modelName")?.as_str()
}

/// What is needed at once.
#[must_use]
pub fn at_once(document: &Composed<'_>, writing: Writing) -> Markup {
    html! {
        @for section in summary::sections() {
            @let present = section.present(document);
            @if let (Some(title), false) = (writing.texts.summary.get(&section.title), present.is_empty()) {
                section.summary.(section.title) id=(section.title) { h2 { (title) } (list(&present, section.drawn, writing)) }
            }
        }
    }
}

/// Every other attribute of the view, in the catalogue's order; a long group is opened by whoever wants it.
#[must_use]
pub fn groups(document: &Composed<'_>, writing: Writing) -> Markup {
    html! {
        @for (group, attributes) in summary::further() {
            @let present = present(group, attributes, document);
            @if let (Some(title), false) = (writing.texts.groups.get(*group), present.is_empty()) {
                details.group open[present.len() <= FEW] {
                    summary { h2 { (title) } span.count { (present.len()) } }
                    (list(&present, None, writing))
                }
            }
        }
    }
}

/// Names and values. What a name means stands folded behind it: there for whoever asks, on a phone too.
fn list(
    present: &[(&'static Attribute, &Value)],
    drawn: Option<Drawn>,
    writing: Writing,
) -> Markup {
    html! {
        dl {
            @for (attribute, value) in present {
                div {
                    dt {
                        details {
                            summary { (writing.words(&attribute.label)) }
                            (writing.words(&attribute.explanation))
                        }
                    }
                    dd { (drawing(attribute, value, drawn, writing)) }
                }
            }
        }
    }
}

fn drawing(attribute: &Attribute, value: &Value, drawn: Option<Drawn>, writing: Writing) -> Markup {
    let drawing = match drawn {
        Some(Drawn::Donut) => chart::donut(attribute, value, writing),
        Some(Drawn::Bars) => chart::bar(attribute, value, writing),
        None => None,
    };
    drawing.unwrap_or_else(|| writing.value(&attribute.ty, value))
}

/// What the document has of these attributes of a group.
fn present<'a>(
    group: &str,
    attributes: &[&'static Attribute],
    document: &Composed<'a>,
) -> Vec<(&'static Attribute, &'a Value)> {
    let Some(values) = document.group(group) else {
        return Vec::new();
    };
    let of_each = attributes.iter();
    of_each
        .filter_map(|attribute| Some((*attribute, values.get(&attribute.id)?)))
        .collect()
}
