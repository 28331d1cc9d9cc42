//! What is around every page: its head, its style, the choice of a language.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use web::Language;

use crate::Writing;

const STYLE: &str = include_str!("page.css");
/// What the page for those with rights has beside it.
const OF_RIGHTS: &str = include_str!("rights.css");

/// Only the two style sheets, by their hashes; a form leads nowhere but here; and nothing else.
pub static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hashes = [STYLE, OF_RIGHTS].map(|sheet| {
        let hash = ledger::Sha256::of(sheet.as_bytes()).to_base64();
        format!("'sha256-{hash}'")
    });
    HeaderValue::from_str(&format!(
        "default-src 'none'; style-src {}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        hashes.join(" ")
    ))
    .unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// No script, no frame, nothing from elsewhere, and in which language it is.
pub fn secure(headers: &mut HeaderMap, language: Language) {
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::STRICT_TRANSPORT_SECURITY,
            "max-age=63072000; includeSubDomains",
        ),
        (header::CONTENT_LANGUAGE, language.code()),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// A whole page.
#[must_use]
pub fn frame(writing: Writing, title: &str, content: Markup) -> Markup {
    framed(writing, title, &[STYLE], content)
}

/// A whole page that shows what only some may see.
#[must_use]
pub fn frame_of_rights(writing: Writing, title: &str, content: Markup) -> Markup {
    framed(writing, title, &[STYLE, OF_RIGHTS], content)
}

fn framed(writing: Writing, title: &str, sheets: &[&str], content: Markup) -> Markup {
    let Writing { texts, language } = writing;
    html! {
        (DOCTYPE)
        html lang=(language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) @if title != texts.title { " · " (texts.title) } }
                @for sheet in sheets { style { (PreEscaped(sheet)) } }
            }
            body { (content) }
        }
    }
}

/// The end of a page: what there is to say last, and the same page in another language. `query` is what its address asks
/// beside the language.
#[must_use]
pub fn footer(writing: Writing, query: &str, last: Markup) -> Markup {
    let Writing { texts, language } = writing;
    let kept = match query {
        "" => String::new(),
        query => format!("{query}&"),
    };
    html! {
        footer {
            (last)
            details.languages {
                summary { (texts.language) (texts.notation.colon) (language.name()) }
                nav aria-label=(texts.language) {
                    @for other in Language::ALL.into_iter().filter(|other| *other != language) {
                        a href={ "?" (kept) "lang=" (other.code()) } hreflang=(other.code()) lang=(other.code()) { (other.name()) }
                    }
                }
            }
        }
    }
}
