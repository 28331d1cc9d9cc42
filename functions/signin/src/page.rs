//! The pages of signing in: few words, no script, nothing from elsewhere.

use axum::http::header::{self, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use page::{Writing, footer, frame};
use web::{Language, Provider};

use crate::back::Back;
use crate::begin::REFUSED;

/// Why somebody is not signed in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault<'p> {
    /// No provider is configured.
    NotSetUp,
    /// The provider does not answer.
    Unreachable(&'p Provider),
    /// This platform cannot just now.
    Unavailable,
    /// It was cancelled, came too late, or is another browser's.
    Failed,
    /// The provider's tokens do not count here.
    Refused,
}

/// The page that says so, and how to begin anew.
pub(crate) fn fault(fault: Fault<'_>, back: Back, language: Language) -> Response {
    let writing = Writing::of(language);
    let texts = &writing.texts.rights;
    let (status, title, sentence) = match fault {
        Fault::NotSetUp => (
            StatusCode::NOT_FOUND,
            &texts.not_set_up_title,
            &texts.not_set_up,
        ),
        Fault::Unreachable(_) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            (status, &texts.unreachable_title, &texts.unreachable)
        }
        Fault::Unavailable => {
            let texts = writing.texts;
            let status = StatusCode::SERVICE_UNAVAILABLE;
            (status, &texts.failed_title, &texts.failed)
        }
        Fault::Failed => (REFUSED, &texts.failed_title, &texts.failed),
        Fault::Refused => (
            StatusCode::FORBIDDEN,
            &texts.failed_title,
            &texts.not_registered,
        ),
    };
    let command = match fault {
        Fault::Unreachable(provider) => provider.started_by.as_deref(),
        _ => None,
    };
    let again = !matches!(fault, Fault::NotSetUp);
    let content = html! {
        p.notice role="status" { (sentence) }
        @if let Some(command) = command {
            p { (texts.started_by) (writing.texts.notation.colon) }
            p.id { code { (command) } }
        }
        @if again { p { a href=(address(back, None, language)) { (texts.again) } } }
        @if back != Back::Start { p { a href=(back.path()) { (texts.back) } } }
    };
    written(status, title, content, back, writing)
}

/// The page where there are several providers.
pub(crate) fn choice(providers: &[Provider], back: Back, language: Language) -> Response {
    let writing = Writing::of(language);
    let content = html! {
        ul { @for provider in providers {
            li { a href=(address(back, Some(provider), language)) { (provider.name) } }
        } }
    };
    let title = &writing.texts.rights.choose;
    written(StatusCode::OK, title, content, back, writing)
}

/// Where somebody signs in to come back there.
fn address(back: Back, provider: Option<&Provider>, language: Language) -> String {
    let mut query = vec![
        ("return", back.path()),
        ("lang", language.code().to_owned()),
    ];
    query.extend(provider.map(|provider| ("provider", provider.issuer.clone())));
    format!("/v1/sign-in?{}", encoded(&query))
}

fn encoded(query: &[(&str, String)]) -> String {
    let mut address = oauth2::url::form_urlencoded::Serializer::new(String::new());
    address.extend_pairs(query).finish()
}

fn written(
    status: StatusCode,
    title: &str,
    content: Markup,
    back: Back,
    writing: Writing,
) -> Response {
    let query = encoded(&[("return", back.path())]);
    let page = frame(
        writing,
        title,
        html! {
            header { p.kind { (writing.texts.title) } h1 { (title) } }
            main { (content) }
            (footer(writing, &query, Markup::default()))
        },
    );
    let mut response = (status, page.into_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    page::secure(headers, writing.language);
    secret(headers);
    response
}

/// On to another address.
pub(crate) fn lead(address: &str, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(address) = HeaderValue::from_str(address) {
        headers.insert(LOCATION, address);
    }
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    secret(headers);
    response
}

/// Kept by nobody.
fn secret(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::VARY,
        HeaderValue::from_static("Accept-Language, Cookie"),
    );
}
