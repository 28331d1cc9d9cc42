//! The page a person sees: no script, nothing from elsewhere, readable on a phone.

use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode};
use identity::{IdError, Reading, UnitId};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use passport::{Attribute, catalogue};
use serde_json::Value;
use web::{Language, Problem, Site};

use crate::answer::Document;
use crate::request::{Named, Request};
use crate::scan::{Found, LabelNotice, RecordNotice};
use crate::summary;
use crate::text::{Texts, texts};
use crate::value::{self, Writing};

const STYLE: &str = include_str!("page.css");
/// A group of so few attributes stands open.
const FEW: usize = 4;
/// Most characters of a typed text that are shown again.
const SHOWN: usize = 60;
/// Most guesses that are offered.
const SUGGESTIONS: usize = 3;

/// Only the one style sheet, by its hash; a form leads nowhere but here; and nothing else.
pub(crate) static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = ledger::Sha256::of(STYLE.as_bytes()).to_base64();
    HeaderValue::from_str(&format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ))
    .unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// The page of a unit.
pub(crate) fn found(site: &Site, found: &Found, request: &Request) -> Markup {
    let language = request.language;
    let texts = texts(language);
    let record = match found.record {
        RecordNotice::InForce => None,
        RecordNotice::NotYetOnMarket => Some(&texts.not_yet_on_market),
        RecordNotice::Archived => Some(&texts.archived),
        RecordNotice::RecyclingRecorded => None,
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
                @if let Named::Gs1(key) = &request.subject { p.id { (key.human_readable()) } }
                @if let Some(unit) = found.unit { p.id { (unit.grouped()) } }
            }
            main {
                (recall_notice(found, texts))
                @if let Some(day) = found.final_on() { (dated(&texts.recycling_recorded, &day, texts)) }
                (label_notice(&found.label, texts))
                @if let Some(sentence) = record { p.notice role="status" { (sentence) } }
                (at_once(&found.document, texts, language))
                (groups(&found.document, texts, language))
                @if let (Some(passport), false) = (&found.passport, found.document.is_empty()) {
                    section {
                        h2 { (texts.restricted_title) }
                        p { (texts.restricted) }
                        p.id { (site.origin()) "/v1/dpps/" (passport.passport) }
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

/// That the battery is recalled comes before everything else.
fn recall_notice(found: &Found, texts: &Texts) -> Markup {
    found
        .recalled()
        .map(|day| dated(&texts.recalled, &day, texts))
        .unwrap_or_default()
}

/// A sentence with a day in it.
fn dated(sentence: &str, day: &str, texts: &Texts) -> Markup {
    let (before, after) = sentence.split_once("{day}").unwrap_or((sentence, ""));
    html! {
        p.notice role="status" { (before) (value::time(day, texts.notation.date(day))) (after) }
    }
}

/// What there is to say about the label.
fn label_notice(label: &LabelNotice, texts: &Texts) -> Markup {
    let (sentence, day) = match label {
        LabelNotice::None | LabelNotice::Current => return Markup::default(),
        LabelNotice::Replaced(day) => (&texts.label_replaced, day.as_str()),
        LabelNotice::Revoked(day) => (&texts.label_revoked, day.as_str()),
        LabelNotice::Destroyed(day) => (&texts.label_destroyed, day.as_str()),
        LabelNotice::Suspected(day) => (&texts.label_suspected, day.as_str()),
        LabelNotice::NeverIssued => (&texts.label_never_issued, ""),
        LabelNotice::Unreadable => (&texts.label_unreadable, ""),
    };
    dated(sentence, day, texts)
}

/// The page where several links fit: whoever reads it chooses.
pub(crate) fn choice(links: &[(String, &str)], language: Language) -> Markup {
    let texts = texts(language);
    frame(
        texts,
        language,
        &texts.choice_title,
        html! {
            header { p.kind { (texts.title) } h1 { (texts.choice_title) } }
            main { ul { @for (href, title) in links {
                li { a href=(href) rel="noreferrer" { (title) } }
            } } }
            footer { (languages(texts, language)) }
        },
    )
}

/// The page where there is no unit to show.
pub(crate) fn problem(problem: &Problem, typed: &str, language: Language) -> Markup {
    let texts = texts(language);
    let malformed = problem.status() == StatusCode::BAD_REQUEST;
    let (title, sentence) = match problem.status() {
        StatusCode::NOT_FOUND => (&texts.unknown_title, texts.unknown.clone()),
        _ if malformed => (&texts.malformed_title, what_is_wrong(typed, texts)),
        _ => (&texts.failed_title, texts.failed.clone()),
    };
    frame(
        texts,
        language,
        title,
        html! {
            header {
                p.kind { (texts.title) }
                h1 { (title) }
                p.id { (typed.chars().take(SHOWN).collect::<String>()) }
            }
            main {
                p.notice role="status" { (sentence) }
                @if malformed { (suggestions(typed, texts, language)) }
                @if problem.status().is_client_error() { (form(typed, texts, language)) }
            }
            footer { (languages(texts, language)) }
        },
    )
}

/// The page of somebody who has no code at hand.
pub(crate) fn start(language: Language) -> Markup {
    let texts = texts(language);
    frame(
        texts,
        language,
        &texts.find_title,
        html! {
            header { p.kind { (texts.title) } h1 { (texts.find_title) } }
            main { p { (texts.find) } (form("", texts, language)) }
            footer { (languages(texts, language)) }
        },
    )
}

/// Whether characters are missing or wrong.
fn what_is_wrong(typed: &str, texts: &Texts) -> String {
    match UnitId::parse(typed) {
        _ if typed.contains('/') => texts.malformed.clone(),
        Err(IdError::Length { found, .. }) => texts
            .malformed_length
            .replace("{found}", &found.to_string()),
        Err(IdError::Character { .. } | IdError::Check) => texts.malformed_character.clone(),
        Ok(_) => texts.malformed.clone(),
    }
}

/// What was probably meant, by the check characters alone: whether there is such a unit is seen by following the link, and
/// costs no query here.
fn suggestions(typed: &str, texts: &Texts, language: Language) -> Markup {
    let reading = Reading::of(typed);
    let units: Vec<UnitId> = reading
        .suggestions
        .iter()
        .filter_map(|text| UnitId::parse(text).ok())
        .take(SUGGESTIONS)
        .collect();
    html! {
        @if !units.is_empty() {
            p { (texts.suggestion) }
            ul { @for unit in units {
                li { a.id href={ "/" (unit) "?lang=" (language.code()) } rel="nofollow" { (unit.grouped()) } }
            } }
        }
    }
}

/// By hand to the unit.
fn form(typed: &str, texts: &Texts, language: Language) -> Markup {
    html! {
        form action="/find" method="get" {
            label for="id" { (texts.find_label) }
            input #id.id name="id" value=(typed.chars().take(SHOWN).collect::<String>()) required
                maxlength=(crate::find::TYPED) autocomplete="off" autocapitalize="characters" spellcheck="false";
            input type="hidden" name="lang" value=(language.code());
            button { (texts.find_button) }
        }
    }
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
pub(crate) fn headline(document: &Document) -> Option<&str> {
    document.get("identification")?.get("modelName")?.as_str()
}

/// What is needed at once.
fn at_once(document: &Document, texts: &'static Texts, language: Language) -> Markup {
    html! {
        @for section in summary::sections() {
            @let present = section.present(document);
            @if let (Some(title), false) = (texts.summary.get(&section.title), present.is_empty()) {
                section.summary.(section.title) id=(section.title) { h2 { (title) } (list(&present, texts, language)) }
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
                details.group open[present.len() <= FEW] {
                    summary { h2 { (title) } span.count { (present.len()) } }
                    (list(&present, texts, language))
                }
            }
        }
    }
}

/// Names and values. What a name means stands folded behind it: there for whoever asks, on a phone too.
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
                    dt {
                        details {
                            summary { (attribute.label.get(language.code())) }
                            (attribute.explanation.get(language.code()))
                        }
                    }
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
