//! The page for a person whose network asked for too much.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use web::Language;

use crate::{Writing, footer, frame, secure};

/// 429, with what to do: wait, and neither sign in nor prove anything. Whoever answers with it says how long in `Retry-After`.
#[must_use]
pub fn too_many(language: Language) -> Response {
    let writing = Writing::of(language);
    let texts = writing.texts;
    let page = frame(
        writing,
        &texts.too_many_title,
        html! {
            header { p.kind { (texts.title) } h1 { (texts.too_many_title) } }
            main { p.notice role="status" { (texts.too_many) } }
            (footer(writing, "", Markup::default()))
        },
    );
    let mut response = (StatusCode::TOO_MANY_REQUESTS, page.into_string()).into_response();
    let headers = response.headers_mut();
    secure(headers, language);
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
