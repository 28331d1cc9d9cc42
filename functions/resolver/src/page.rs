//! The page a person sees: no script, nothing from elsewhere, readable on a phone.

use std::sync::LazyLock;

use axum::http::StatusCode;
use identity::{IdError, Reading, UnitId};
use maud::{Markup, html};
use page::{Texts, Writing, footer, frame, headline, time};
use passport::{Attribute, Category, Class, catalogue, visible};
use web::{Language, Problem, Site};

use crate::request::{Named, Request, Scanned};
use crate::scan::{Found, LabelNotice, RecordNotice};

/// Most characters of a typed text that are shown again.
const SHOWN: usize = 60;
/// Most guesses that are offered.
const SUGGESTIONS: usize = 3;
/// The classes that need rights and are for others than the owner.
const CLASSES: [Class; 3] = [
    Class::LegitimateInterest,
    Class::Authority,
    Class::Individual,
];

/// The page of a unit.
pub(crate) fn found(site: &Site, found: &Found, request: &Request) -> Markup {
    let writing = Writing::of(request.language);
    let texts = writing.texts;
    let record = match found.record {
        RecordNotice::InForce => None,
        RecordNotice::NotYetOnMarket => Some(&texts.not_yet_on_market),
        RecordNotice::Archived => Some(&texts.archived),
        RecordNotice::RecyclingRecorded => None,
        RecordNotice::Recycled => Some(&texts.recycled),
    };
    let category = found.category.and_then(Category::names);
    let document = found.document();
    let shown = found.passport.as_ref().filter(|_| !document.is_empty());
    frame(
        writing,
        &texts.title,
        html! {
            header {
                p.kind { (texts.title) @if let Some(category) = category { " · " (writing.words(category)) } }
                h1 { (headline(&document).unwrap_or(&texts.unit)) }
                @if let Named::Gs1(key) = &request.subject { p.id { (key.human_readable()) } }
                @if let Some(unit) = found.unit { p.id { (unit.grouped()) } }
            }
            main {
                (copy_notice(found, texts))
                (recall_notice(found, texts))
                @if let Some(day) = found.final_on() { (dated(&texts.recycling_recorded, &day, texts)) }
                (label_notice(&found.label, texts))
                @if let Some(sentence) = record { p.notice role="status" { (sentence) } }
                (in_order(found, texts))
                (page::at_once(&document, writing))
                (page::groups(&document, writing))
                (labels(found, texts))
                @if let (Some(passport), Some(category)) = (shown, found.category) {
                    section {
                        h2 { (texts.restricted_title) }
                        (restricted(category, texts))
                        p { (texts.restricted) }
                        p { a href={ (site.origin()) "/v1/dpps/" (passport.passport) "?lang=" (request.language.code()) } { (texts.rights.sign_in) } }
                        p.id { (site.origin()) "/v1/dpps/" (passport.passport) }
                    }
                }
            }
            (footer(writing, &query(request), html! {
                @if let Some(passport) = found.shown_passport() {
                    p { a href=(site.signatures(passport.passport)) { (texts.signed_by) (texts.notation.colon) (passport.organisation) } }
                }
                @if let Some(at) = shown.and_then(|passport| passport.updated_at) {
                    p { (texts.updated) (texts.notation.colon) (time(&at.to_string(), texts.notation.time(&at.to_string()))) }
                }
            }))
        },
    )
}

/// What the address of a GS1 Digital Link asks beside the language: the label stands in no other place of it.
fn query(request: &Request) -> String {
    match (&request.subject, &request.label) {
        (Named::Gs1(_), Scanned::Label(label)) => format!("91={label}"),
        _ => String::new(),
    }
}

/// What is as it should be, in a few words each.
fn in_order(found: &Found, texts: &Texts) -> Markup {
    // Of a model there is nothing to be in order.
    if found.record != RecordNotice::InForce || found.unit.is_none() {
        return Markup::default();
    }
    html! {
        ul.state {
            li { (texts.in_force) }
            @if found.label == LabelNotice::Current { li { (texts.label_current) } }
            @if found.recalled().is_none() { li { (texts.not_recalled) } }
        }
    }
}

/// What needs rights: for whom it is, and which groups of the catalogue have such attributes. It follows from the catalogue,
/// the guidance and the category alone, so that it says nothing of this one battery.
fn restricted(category: Category, texts: &Texts) -> Markup {
    html! {
        dl {
            @for of in RESTRICTED.iter().filter(|of| of.category == category) {
                @if let Some(readers) = texts.readers.get(&of.class.number().to_string()) {
                    div { dt { (readers) } dd {
                        @for (place, title) in of.groups.iter().filter_map(|group| texts.groups.get(*group)).enumerate() {
                            @if place > 0 { ", " } (title)
                        }
                    } }
                }
            }
        }
    }
}

/// The groups of a category that have attributes of a class.
struct Restricted {
    category: Category,
    class: Class,
    groups: Vec<&'static str>,
}

static RESTRICTED: LazyLock<Vec<Restricted>> = LazyLock::new(|| {
    let of_each = Category::ALL.into_iter().flat_map(|category| {
        let of_each = CLASSES.into_iter();
        of_each.map(move |class| Restricted::of(category, class))
    });
    of_each.collect()
});

impl Restricted {
    fn of(category: Category, class: Class) -> Self {
        let guidance = catalogue().active_guidance();
        let shown = |attribute: &Attribute| {
            attribute.class == class && visible(attribute, guidance, category)
        };
        let groups = catalogue().groups();
        let groups = groups.filter(|group| catalogue().group(group).any(shown));
        Self {
            category,
            class,
            groups: groups.collect(),
        }
    }
}

/// That this is a copy, when it was so, and in which languages there are some.
fn copy_notice(found: &Found, texts: &Texts) -> Markup {
    let Some(copied) = &found.copied else {
        return Markup::default();
    };
    let at = copied.as_of.to_string();
    html! {
        p.notice role="status" {
            (texts.copy_as_of) (texts.notation.colon) (time(&at, texts.notation.time(&at))) ". " (texts.copy)
        }
        p {
            (texts.copy_languages) (texts.notation.colon)
            @for (index, language) in copied.languages.iter().enumerate() {
                @if index > 0 { ", " }
                span lang=(language.code()) { (language.name()) }
            }
        }
    }
}

/// What became of each label: a copy cannot know which one was scanned.
fn labels(found: &Found, texts: &Texts) -> Markup {
    if found.copied.is_none() || found.labels.is_empty() {
        return Markup::default();
    }
    html! {
        section {
            h2 { (texts.labels_title) }
            p { (texts.labels) }
            dl { @for (label, notice, since) in found.every_label() {
                div { dt.id { (label.grouped()) } dd { (label_state(&notice, &since, texts)) } }
            } }
        }
    }
}

fn label_state(notice: &LabelNotice, since: &str, texts: &Texts) -> Markup {
    match notice {
        LabelNotice::Current => html! {
            p { (texts.label_current) " (" (time(since, texts.notation.date(since))) ")" }
        },
        other => label_notice(other, texts),
    }
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
        p.notice role="status" { (before) (time(day, texts.notation.date(day))) (after) }
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
    let writing = Writing::of(language);
    let texts = writing.texts;
    frame(
        writing,
        &texts.choice_title,
        html! {
            header { p.kind { (texts.title) } h1 { (texts.choice_title) } }
            main { ul { @for (href, title) in links {
                li { a href=(href) rel="noreferrer" { (title) } }
            } } }
            (footer(writing, "", Markup::default()))
        },
    )
}

/// The page where there is no unit to show.
pub(crate) fn problem(problem: &Problem, typed: &str, language: Language) -> Markup {
    let writing = Writing::of(language);
    let texts = writing.texts;
    let malformed = problem.status() == StatusCode::BAD_REQUEST;
    let (title, sentence) = match problem.status() {
        StatusCode::NOT_FOUND => (&texts.unknown_title, texts.unknown.clone()),
        _ if malformed => (&texts.malformed_title, what_is_wrong(typed, texts)),
        _ => (&texts.failed_title, texts.failed.clone()),
    };
    frame(
        writing,
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
            (footer(writing, "", Markup::default()))
        },
    )
}

/// The page of somebody who has no code at hand.
pub(crate) fn start(language: Language) -> Markup {
    let writing = Writing::of(language);
    let texts = writing.texts;
    frame(
        writing,
        &texts.find_title,
        html! {
            header { p.kind { (texts.title) } h1 { (texts.find_title) } }
            main { p { (texts.find) } (form("", texts, language)) }
            (footer(writing, "", Markup::default()))
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
