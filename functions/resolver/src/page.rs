//! The page a person sees: no script, nothing from elsewhere, readable on a phone.

use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use passport::{Attribute, catalogue};
use serde_json::Value;
use web::{Language, Problem};

use crate::answer::Document;
use crate::scan::{Found, LabelNotice, RecordNotice};
use crate::summary;
use crate::text::{Texts, texts};
use crate::value::{self, Writing};

const STYLE: &str = include_str!("page.css");
/// A group of so few attributes stands open.
const FEW: usize = 4;

/// Only the one style sheet, by its hash, and nothing else.
pub(crate) static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = ledger::Sha256::of(STYLE.as_bytes()).to_base64();
    HeaderValue::from_str(&format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ))
    .unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// The page of a unit.
pub(crate) fn found(found: &Found, language: Language) -> Markup {
    let texts = texts(language);
    let record = match found.record {
        RecordNotice::InForce => None,
        RecordNotice::NotYetOnMarket => Some(&texts.not_yet_on_market),
        RecordNotice::Archived => Some(&texts.archived),
        RecordNotice::Recycled => Some(&texts.recycled),
    };
    let category = found
        .category
        .map(|category| category.label(language.code()));
    frame(
        texts,
        language,
        &texts.title,
        html! {
            header {
                p.kind { (texts.title) @if let Some(category) = category { " · " (category) } }
                h1 { (headline(&found.document).unwrap_or(&texts.unit)) }
                p.id { (found.unit.grouped()) }
            }
            main {
                (label_notice(&found.label, texts))
                @if let Some(sentence) = record { p.notice role="status" { (sentence) } }
                (at_once(&found.document, texts, language))
                (groups(&found.document, texts, language))
                @if let (Some(passport), false) = (&found.passport, found.document.is_empty()) {
                    section {
                        h2 { (texts.restricted_title) }
                        p { (texts.restricted) }
                        p.id { "/v1/dpps/" (passport.passport) }
                    }
                }
            }
            footer {
                @if let Some(at) = found.passport.as_ref().filter(|_| !found.document.is_empty()).and_then(|passport| passport.updated_at) {
                    p { (texts.updated) (texts.notation.colon) (value::time(&at.to_string(), texts.notation.time(&at.to_string()))) }
                }
                (languages(texts, language))
            }
        },
    )
}

/// What there is to say about the label.
fn label_notice(label: &LabelNotice, texts: &Texts) -> Markup {
    let (sentence, day) = match label {
        LabelNotice::None | LabelNotice::Current => return Markup::default(),
        LabelNotice::Replaced(day) => (&texts.label_replaced, day.as_str()),
        LabelNotice::Revoked(day) => (&texts.label_revoked, day.as_str()),
        LabelNotice::NeverIssued => (&texts.label_never_issued, ""),
        LabelNotice::Unreadable => (&texts.label_unreadable, ""),
    };
    let (before, after) = sentence.split_once("{day}").unwrap_or((sentence, ""));
    html! {
        p.notice role="status" { (before) (value::time(day, texts.notation.date(day))) (after) }
    }
}

/// The page where there is no unit to show.
pub(crate) fn problem(problem: &Problem, typed: &str, language: Language) -> Markup {
    let texts = texts(language);
    let (title, sentence) = match problem.status() {
        StatusCode::NOT_FOUND => (&texts.unknown_title, &texts.unknown),
        StatusCode::BAD_REQUEST => (&texts.malformed_title, &texts.malformed),
        _ => (&texts.failed_title, &texts.failed),
    };
    let typed: String = typed.chars().take(60).collect();
    frame(
        texts,
        language,
        title,
        html! {
            header { p.kind { (texts.title) } h1 { (title) } p.id { (typed) } }
            main { p.notice role="status" { (sentence) } }
            footer { (languages(texts, language)) }
        },
    )
}

fn frame(texts: &Texts, language: Language, title: &str, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) @if title != texts.title { " · " (texts.title) } }
                style { (PreEscaped(STYLE)) }
            }
            body { (content) }
        }
    }
}

fn languages(texts: &Texts, current: Language) -> Markup {
    html! {
        nav aria-label=(texts.language) {
            @for language in Language::ALL {
                @if language == current { b { (language.name()) } }
                @else { a href={ "?lang=" (language.code()) } hreflang=(language.code()) lang=(language.code()) { (language.name()) } }
            }
        }
    }
}

/// What the manufacturer calls the model.
fn headline(document: &Document) -> Option<&str> {
    document.get("identification")?.get("modelName")?.as_str()
}

/// What is needed at once.
fn at_once(document: &Document, texts: &'static Texts, language: Language) -> Markup {
    html! {
        @for section in summary::sections() {
            @let present = section.present(document);
            @if let (Some(title), false) = (texts.summary.get(&section.title), present.is_empty()) {
                section.summary.(section.title) { h2 { (title) } (list(&present, texts, language)) }
            }
        }
    }
}

/// Every other attribute of the view, in the catalogue's order; a long group is opened by whoever wants it.
fn groups(document: &Document, texts: &'static Texts, language: Language) -> Markup {
    html! {
        @for (group, title) in catalogue().groups().filter_map(|group| Some((group, texts.groups.get(group)?))) {
            @let present = present(group, document);
            @if !present.is_empty() {
                details open[present.len() <= FEW] {
                    summary { h2 { (title) } span.count { (present.len()) } }
                    (list(&present, texts, language))
                }
            }
        }
    }
}

fn list(
    present: &[(&'static Attribute, &Value)],
    texts: &'static Texts,
    language: Language,
) -> Markup {
    let writing = Writing { texts, language };
    html! {
        dl {
            @for (attribute, value) in present {
                div {
                    dt title=(attribute.explanation.get(language.code())) { (attribute.label.get(language.code())) }
                    dd { (writing.value(&attribute.ty, value)) }
                }
            }
        }
    }
}

/// What the document has of a group and the summary does not show.
fn present<'a>(group: &str, document: &'a Document) -> Vec<(&'static Attribute, &'a Value)> {
    let Some(values) = document.get(group).and_then(Value::as_object) else {
        return Vec::new();
    };
    catalogue()
        .group(group)
        .filter(|attribute| !summary::shows(attribute))
        .filter_map(|attribute| Some((attribute, values.get(&attribute.id)?)))
        .collect()
}
