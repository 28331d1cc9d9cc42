//! The attribute catalogue, group by group.

use std::collections::BTreeSet;

use maud::{Markup, html};
use passport::{Attribute, Category, Cell, Guidance, Obligation, catalogue};

use super::prose::{listed, words};
use super::{roles, value};

/// What one attribute says of all categories that say the same.
type Asked = (Cell<'static>, Vec<Category>);

pub(super) fn introduction() -> Markup {
    let guidance = catalogue().active_guidance();
    html! {
        p { a href="/docs" { "Operations, problems, roles, event types" } " · " a href="/openapi.json" { "OpenAPI 3.1" } }
        p {
            "What may stand in a passport. A document is " code { "{\"<group>\": {\"<attribute>\": <value>}}" }
            "; the pointer of an attribute is its place in it, and faults name it. Each attribute is given in the data of its "
            "level: the model, the batch, or the one battery (item). A level named after it may give it too, and the finer "
            "one counts."
        }
        p {
            "Whether it is to be filled is what the Commission's guidance on data points by category says, version "
            (guidance.version) " of " (guidance.issued)
            @if let Some(reference) = &guidance.reference { " (" (reference) ")" }
            ". Mandatory attributes have to be there before a battery is placed on the market. What is pending or not to be "
            "filled cannot be given and is shown nowhere. A dash: the guidance does not list it, and it may be given. Another "
            "version stands below where it says otherwise; unverified: that cell of its table was not obtained, and the "
            "last version whose cell is known decides what is closed."
        }
        p {
            "Categories: "
            @for (index, category) in Category::ALL.into_iter().enumerate() {
                @if index > 0 { ", " }
                code { (category) } " (" (category.label("en")) ")"
            }
            "."
        }
        p {
            "A record names the version of this catalogue that it follows, and stays valid under it until the event "
            a href="/docs#event-migrated" { code { "migrated" } }
            " moves it to the newest. Shown here is version " (catalogue().newest().id) "."
        }
        dl {
            @for edition in catalogue().editions() {
                dt { (edition.id) ", " (edition.date) }
                dd {
                    (edition.changed.en)
                    @for moved in &edition.migrations {
                        " " code { (moved.from) }
                        @if moved.to != moved.from { " became " code { (moved.to) } }
                        @if let Some(field) = &moved.into_field { " became a record; what it was is its field " code { (field) } }
                        "."
                    }
                }
            }
        }
        nav aria-label="Contents" {
            ul {
                li { a href="#DigitalProductPassport" { "The passport and its header" } }
                @for group in catalogue().groups() { li { a href={ "#" (group) } { code { (group) } } } }
            }
        }
    }
}

/// The members of the EN 18223 header, which the platform derives.
const HEADER: [(&str, &str); 9] = [
    ("digitalProductPassportId", "The URI of the passport."),
    (
        "uniqueProductIdentifier",
        "The URL of the unit, as its label carries it (EN 18219).",
    ),
    (
        "granularity",
        "What the passport is of: always item, the one battery.",
    ),
    ("dppSchemaVersion", "The form of the data."),
    ("dppStatus", "active, inactive, archived or invalid."),
    (
        "lastUpdated",
        "When anything last changed that the reader may see.",
    ),
    ("economicOperatorId", "The responsible economic operator."),
    (
        "facilityId",
        "The plant, where the place of manufacture names it.",
    ),
    (
        "contentSpecificationIds",
        "The version of this catalogue that the values follow, by its address.",
    ),
];

fn header() -> Markup {
    html! {
        section id="DigitalProductPassport" {
            h2 { "The passport and its header" }
            p {
                "A passport (in JSON-LD a " code { "DigitalProductPassport" } ") has before its groups the header of EN 18223. The "
                "platform derives it; it is never typed in."
            }
            dl { @for (name, meaning) in HEADER { dt id=(name) { code { (name) } } dd { (meaning) } } }
            p id="evidence" {
                "A document is named by its " code { "url" } " or, where it is kept here, by its " code { "evidence" }
                ": the id under which " code { "GET /v1/evidence/{id}" } " reads it."
            }
        }
    }
}

pub(super) fn table() -> Markup {
    html! {
        (header())
        @for group in catalogue().groups() {
            @let writers = usual_writers(group);
            section id=(group) {
                h2 { code { (group) } }
                p.note { "Written by the event types " (events(&writers)) ", where nothing else is said." }
                table.attributes {
                    thead { tr {
                        th scope="col" { "Attribute" }
                        th scope="col" { "Value" }
                        th scope="col" { "Level" }
                        th scope="col" { "Class" }
                        th scope="col" { "To be filled" }
                        th scope="col" { "Source" }
                    } }
                    tbody { @for attribute in catalogue().group(group) { (row(attribute, &writers)) } }
                }
            }
        }
    }
}

fn row(attribute: &'static Attribute, usual: &[String]) -> Markup {
    let pointer = attribute.pointer();
    html! {
        tr id=(pointer) {
            th scope="row" {
                (attribute.label.en) br; code { "/" (attribute.group) "/" wbr; (attribute.id) }
                p.note { (attribute.explanation.en) }
                (elsewhere(attribute))
            }
            td data-label="Value" {
                @if let Some(member) = &attribute.derived {
                    p { "Filled by the platform from " code { (member) } "; never written." }
                } @else {
                    div id=[value::anchor(attribute)] { (value::form(attribute)) }
                    @if let Some(example) = value::example(attribute) { pre { code { (example) } } }
                    (fresh(attribute))
                    @if attribute.written_by != usual { p.note { "Written by " (events(&attribute.written_by)) "." } }
                }
            }
            td data-label="Level" {
                (attribute.level)
                @for level in &attribute.also { ", " (level) }
            }
            td data-label="Class" { (roles::class(attribute.class)) }
            td data-label="To be filled" { (asked(attribute)) }
            td data-label="Source" {
                (attribute.source)
                @if let Some(point) = attribute.point { br; span.note { "data point " (point) } }
                @if let Some(point) = attribute.part_of { br; span.note { "part of data point " (point) } }
                @if attribute.since != catalogue().first().id { br; span.note { "since version " (attribute.since) " of the catalogue" } }
                @if !attribute.din.is_empty() { br; span.note { "DIN DKE SPEC 99100: " (attribute.din.join(", ")) } }
            }
        }
    }
}

/// What it is called in the formats of others.
fn elsewhere(attribute: &'static Attribute) -> Markup {
    html! {
        @for format in exchange::formats() {
            @let names: BTreeSet<(String, Option<String>)> = format.places()
                .filter(|place| place.attribute.is_some_and(|other| std::ptr::eq(other, attribute)))
                .map(|place| (place.at, place.chosen_by))
                .collect();
            @if !names.is_empty() {
                p.note {
                    a href={ "/docs/formats#" (format.id) } { (format.name) } ": "
                    @for (index, (name, chosen)) in names.iter().enumerate() {
                        @if index > 0 { ", " }
                        code { (name) }
                        @if let Some(chosen) = chosen { " (the element with " code { (chosen) } ")" }
                    }
                }
            }
        }
    }
}

/// The event types that may write most attributes of a group.
fn usual_writers(group: &str) -> Vec<String> {
    let lists: Vec<&Vec<String>> = catalogue()
        .group(group)
        .filter(|attribute| attribute.derived.is_none())
        .map(|attribute| &attribute.written_by)
        .collect();
    let times = |list: &&&Vec<String>| lists.iter().filter(|other| **other == **list).count();
    lists
        .iter()
        .max_by_key(times)
        .map(|list| (*list).clone())
        .unwrap_or_default()
}

fn events(ids: &[String]) -> Markup {
    html! {
        @for (index, id) in ids.iter().enumerate() {
            @if index > 0 { ", " }
            a href={ "/docs#event-" (id) } { code { (id) } }
        }
    }
}

/// How long a value is fresh, and of which categories that is asked.
fn fresh(attribute: &'static Attribute) -> Markup {
    let asked = |category: &Category| catalogue().freshness(attribute, *category).is_some();
    let categories = Category::ALL.into_iter().filter(asked);
    let freshness = Category::ALL
        .into_iter()
        .find_map(|category| catalogue().freshness(attribute, category));
    html! {
        @if let Some(freshness) = freshness {
            p.note {
                "Counts as stale " (freshness.days) " days after it was measured ("
                (listed(categories.map(|category| category.as_str()))) "; the span is this platform's, after "
                (freshness.source) ")."
            }
        }
    }
}

/// What the active guidance says, and any other version where it says otherwise.
fn asked(attribute: &'static Attribute) -> Markup {
    let active = catalogue().active_guidance();
    let said = said_by(active, attribute);
    html! {
        (cells(&said))
        @for other in catalogue().guidances().filter(|other| other.version != active.version) {
            @let otherwise = said_by(other, attribute);
            @if otherwise != said { p.note { "Guidance " (other.version) ":" } (cells(&otherwise)) }
        }
    }
}

/// What a version says, categories that are asked the same taken together.
fn said_by(guidance: &Guidance, attribute: &'static Attribute) -> Vec<Asked> {
    let mut cells: Vec<Asked> = Vec::new();
    for category in Category::ALL {
        let cell = attribute.cell(guidance, category);
        match cells.iter_mut().find(|(known, _)| *known == cell) {
            Some((_, categories)) => categories.push(category),
            None => cells.push((cell, vec![category])),
        }
    }
    cells
}

fn cells(said: &[Asked]) -> Markup {
    html! {
        @for (cell, categories) in said {
            p {
                @if said.len() > 1 { (listed(categories.iter().map(|category| category.as_str()))) ": " }
                @match cell {
                    Cell::Unlisted => "—",
                    Cell::Known(Obligation::Conditional { condition, .. }) => { "conditional, " (words(condition)) }
                    cell => { (cell.as_str().replace('-', " ")) }
                }
            }
        }
    }
}
