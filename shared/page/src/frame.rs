//! What is around every page: its head, its style, the choice of a language.

use std::sync::LazyLock;

use axum::http::HeaderValue;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use web::Language;

use crate::Writing;

const STYLE: &str = include_str!("page.css");

/// Only the one style sheet, by its hash; a form leads nowhere but here; and nothing else.
pub static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = ledger::Sha256::of(STYLE.as_bytes()).to_base64();
    HeaderValue::from_str(&format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ))
    .unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// A whole page.
#[must_use]
pub fn frame(writing: Writing, title: &str, content: Markup) -> Markup {
    let Writing { texts, language } = writing;
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
