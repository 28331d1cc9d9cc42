//! The page of a passport for people with rights to it: what of it they may see, a time line of what happened, the course of its
//! state of health. What it shows comes from where the JSON answers come from, so the two never differ.

mod health;
mod time_line;

use access::Principal;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use page::{Writing, footer, frame_of_rights, headline, time};
use passport::{Class, Composed};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::{Map, Value};
use storage::RecordStatus;
use uuid::Uuid;
use web::{Caller, Language, Path, Platform, Problem, Session, Visitor, language, now};

use crate::view::Loaded;

/// A passport as a page, whatever comes of it.
pub(crate) async fn passport(platform: &Platform, parts: &mut Parts) -> Response {
    let language = language(parts.uri.query(), &parts.headers);
    let writing = Writing::of(language);
    let visitor = Visitor::from_request_parts(parts, platform).await;
    let named = Path::<String>::from_request_parts(parts, platform).await;
    let id = named.and_then(|Path(id)| platform.passport_id(&id));
    let page = match (&visitor, &id) {
        (Ok(visitor), Ok(id)) => shown(platform, visitor, *id, &parts.headers, writing).await,
        (Err(problem), _) | (_, Err(problem)) => Err(problem.clone()),
    };
    match page {
        Ok(page) => written(StatusCode::OK, &page, language),
        Err(problem) => {
            let path = id.ok().map(|id| address(id, language));
            refused(
                platform,
                &problem,
                visitor.ok().as_ref(),
                path.as_deref(),
                writing,
            )
        }
    }
}

async fn shown(
    platform: &Platform,
    visitor: &Visitor,
    id: Uuid,
    headers: &HeaderMap,
    writing: Writing,
) -> Result<Markup, Problem> {
    let caller = &visitor.caller;
    let loaded = Loaded::find(platform, caller, id).await?;
    // This leaves the event of a restricted read, before anything restricted leaves.
    let document = loaded.document(platform, caller, headers).await?;
    let happened = time_line::of(platform, caller, &loaded, writing).await?;
    let health = health::of(platform, caller, &loaded, writing).await?;
    let texts = writing.texts;
    let title = headline(&Composed::of([&document])).unwrap_or(&texts.unit);
    let updated = loaded.updated_at(caller).to_string();
    let own_host = loaded.passport.head.facts.carrier_host();
    let public = platform.site.product_identifier(own_host, loaded.unit);
    let public = format!("{public}?lang={}", writing.language.code());
    Ok(frame_of_rights(
        writing,
        title,
        html! {
            header {
                p.kind { (texts.title) @if let Some(category) = loaded.category.names() { " · " (writing.words(category)) } }
                h1 { (title) }
                p.id { (loaded.unit.grouped()) }
                p { a href=(public) { (texts.rights.public_page) } }
                (who(platform, visitor, id, writing))
            }
            main {
                (notices(&loaded, writing))
                ul.on-page {
                    @if !health.0.is_empty() { li { a href="#health" { (texts.rights.health) } } }
                    @if !happened.0.is_empty() { li { a href="#events" { (texts.rights.events) } } }
                }
                (values(&loaded, caller, &document, &health, writing))
                (happened)
            }
            (footer(writing, "", html! {
                p { (texts.rights.updated) (texts.notation.colon) (time(&updated, texts.notation.time(&updated))) }
            }))
        },
    ))
}

/// Who is reading, and the way in or out.
fn who(platform: &Platform, visitor: &Visitor, id: Uuid, writing: Writing) -> Markup {
    let (texts, colon) = (&writing.texts.rights, &writing.texts.notation.colon);
    let here = address(id, writing.language);
    let way = || sign_in(platform, &here, writing.language);
    let sentence = match visitor.session {
        Session::Ended => &texts.ended,
        Session::Refused => &texts.not_registered,
        Session::None | Session::Open => &texts.everybody,
    };
    html! {
        @match &visitor.caller {
            Caller::Partner(principal) => div.who {
                p { (texts.signed_in) (colon) b { (principal.organisation) } " (" (roles(principal)) ")" }
                @if visitor.session == Session::Open {
                    form method="post" action={ "/v1/sign-out?return=" (within_query(&here)) } { button { (texts.sign_out) } }
                }
            },
            Caller::Public => {
                p.notice role="status" { (sentence) }
                @match &platform.sign_in {
                    Some(_) => p { a.button href=(way()) { (texts.sign_in) } },
                    None => p { (texts.not_set_up) },
                }
            }
        }
    }
}

fn roles(principal: &Principal) -> String {
    let roles: Vec<String> = principal.roles.iter().map(ToString::to_string).collect();
    roles.join(", ")
}

/// The page of a passport in the language that it is read in.
fn address(id: Uuid, language: Language) -> String {
    format!("/v1/dpps/{id}?lang={}", language.code())
}

/// A path as the value of a query parameter.
fn within_query(path: &str) -> PercentEncode<'_> {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-');
    utf8_percent_encode(path, KEPT)
}

/// Where somebody signs in to come back to a path: on the host that the cookie is for, whatever the page was asked under.
fn sign_in(platform: &Platform, path: &str, language: Language) -> String {
    let (origin, code) = (platform.site.origin(), language.code());
    let path = within_query(path);
    format!("{origin}/v1/sign-in?return={path}&lang={code}")
}

/// That it is recalled, closed, recycled, or not on the market yet.
fn notices(loaded: &Loaded, writing: Writing) -> Markup {
    let texts = writing.texts;
    let facts = &loaded.passport.head.facts;
    let recalled = facts.recalled_at().map(|at| at.to_string());
    let status = match loaded.status {
        RecordStatus::Draft => Some(&texts.rights.draft),
        RecordStatus::Active => None,
        RecordStatus::Archived => Some(&texts.archived),
        RecordStatus::Recycled if facts.has_ceased(now()) => Some(&texts.recycled),
        RecordStatus::Recycled => None,
    };
    let recycling = match facts {
        storage::Facts::Passport { life, .. } if !facts.has_ceased(now()) => life
            .recycling
            .as_ref()
            .map(|recycling| recycling.final_at.to_string()),
        _ => None,
    };
    html! {
        @if let Some(at) = recalled { (dated(&texts.recalled, &at, writing)) }
        @if let Some(at) = recycling { (dated(&texts.recycling_recorded, &at, writing)) }
        @if let Some(sentence) = status { p.notice role="status" { (sentence) } }
    }
}

/// A sentence with the day of a time in it.
fn dated(sentence: &str, at: &str, writing: Writing) -> Markup {
    let (before, after) = sentence.split_once("{day}").unwrap_or((sentence, ""));
    let day = at.get(..10).unwrap_or(at);
    html! {
        p.notice role="status" { (before) (time(day, writing.texts.notation.date(day))) (after) }
    }
}

/// The values, by whom they are for: first what everybody needs at once, then what there are rights for. The public ones stand
/// as on the public page.
fn values(
    loaded: &Loaded,
    caller: &Caller,
    document: &Map<String, Value>,
    health: &Markup,
    writing: Writing,
) -> Markup {
    let shown = loaded.reading(caller).shown();
    let restricted = Class::ALL
        .into_iter()
        .filter(|class| *class != Class::Public && shown.contains(*class));
    let document = Composed::of([document]);
    let of_each = restricted.filter_map(|class| {
        let values = document.of_class(class);
        (!values.is_empty()).then_some((class, values))
    });
    let of_each: Vec<_> = of_each.collect();
    let public = document.of_class(Class::Public);
    html! {
        (page::at_once(&public, writing))
        (health)
        @for (class, values) in &of_each {
            section.class data-class=(class.number()) {
                h2 { (readers(*class, writing)) }
                (page::groups(values, writing))
            }
        }
        section.class data-class="1" {
            h2 { (readers(Class::Public, writing)) }
            (page::groups(&public, writing))
        }
    }
}

/// For whom a class is.
fn readers(class: Class, writing: Writing) -> &'static str {
    let texts = writing.texts;
    match class {
        Class::Public => &texts.rights.public,
        Class::Internal => &texts.rights.internal,
        other => texts
            .readers
            .get(&other.number().to_string())
            .map_or("", String::as_str),
    }
}

/// The page where there is nothing to show to this visitor, who may sign in to come back to `path`.
pub(crate) fn refused(
    platform: &Platform,
    problem: &Problem,
    visitor: Option<&Visitor>,
    path: Option<&str>,
    writing: Writing,
) -> Response {
    let (texts, rights) = (writing.texts, &writing.texts.rights);
    let is_partner = visitor.is_some_and(|visitor| visitor.caller.partner().is_ok());
    let path = path.filter(|_| platform.sign_in.is_some() && !is_partner);
    let way = path.map(|path| sign_in(platform, path, writing.language));
    let (title, sentence) = match problem.status() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            let never = visitor.is_some_and(|visitor| visitor.session == Session::None);
            let sentence = if never {
                &rights.unknown
            } else {
                &rights.ended
            };
            (&rights.failed_title, sentence)
        }
        StatusCode::GONE => (&rights.unknown_title, &texts.recycled),
        status if status.is_client_error() => (&rights.unknown_title, &rights.unknown),
        _ => (&texts.failed_title, &texts.failed),
    };
    let page = frame_of_rights(
        writing,
        title,
        html! {
            header { p.kind { (texts.title) } h1 { (title) } }
            main {
                p.notice role="status" { (sentence) }
                @if let Some(way) = way { p { a.button href=(way) { (rights.sign_in) } } }
            }
            (footer(writing, "", Markup::default()))
        },
    );
    written(problem.status(), &page, writing.language)
}

fn written(status: StatusCode, page: &Markup, language: Language) -> Response {
    let mut response = (status, page.0.clone()).into_response();
    let headers = response.headers_mut();
    page::secure(headers, language);
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::VARY,
            "Accept, Accept-Language, Authorization, Cookie",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
