//! HTML or JSON, with what caches need to know.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::Markup;
use serde_json::{Map, Value};
use storage::Custody;
use web::{ETag, Language, Problem, language};

use crate::Resolver;
use crate::data;
use crate::linkset;
use crate::page;
use crate::request::{Request, View};
use crate::scan::{Found, LabelNotice, RecordNotice};

/// Who reads an answer that names no unit: a person or a program, in which language.
pub(crate) struct Reader {
    is_person: bool,
    pub(crate) language: Language,
}

impl Reader {
    pub(crate) fn of(query: Option<&str>, headers: &HeaderMap) -> Self {
        Self {
            is_person: View::accepted(headers) == Some(View::Html),
            language: language(query, headers),
        }
    }

    pub(crate) const fn is_person(&self) -> bool {
        self.is_person
    }
}

impl From<&Request> for Reader {
    fn from(request: &Request) -> Self {
        Self {
            is_person: request.view.is_spoken(),
            language: request.language,
        }
    }
}

/// The answer for a unit that exists.
pub(crate) fn found(
    resolver: &Resolver,
    found: Found,
    request: &Request,
    headers: &HeaderMap,
) -> Response {
    let tag = tag(&found, request);
    // One invalidation by model reaches a million units.
    let tags = found.tags.join(",");
    let address = request.subject_address(&resolver.site, found.carrier_host.as_ref());
    let signed = found.shown_passport().map(|passport| passport.passport);
    // What is gone is never "as you know it".
    let unchanged = found.record != RecordNotice::Recycled && tag.known_to(headers);
    let mut response = match unchanged {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => represented(resolver, &found, request),
    };
    if response.status().is_client_error() && response.status() != StatusCode::GONE {
        return response;
    }
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(request.view.content_type()),
    );
    if let Ok(tag) = tag.to_string().parse() {
        headers.insert(header::ETAG, tag);
    }
    cached(headers);
    if let Ok(tags) = tags.parse() {
        headers.insert(HeaderName::from_static("cache-tag"), tags);
    }
    linkset::announce(&resolver.site, &address, signed, request, headers);
    secure(headers, request.language);
    response
}

fn represented(resolver: &Resolver, found: &Found, request: &Request) -> Response {
    match &request.view {
        View::Link(name) => linkset::follow(&resolver.site, found, name, request),
        _ => view(resolver, found, request).into_response(),
    }
}

/// Status and body of a view.
pub(crate) fn view(resolver: &Resolver, found: &Found, request: &Request) -> (StatusCode, String) {
    let status = match found.record {
        RecordNotice::Recycled => StatusCode::GONE,
        _ => StatusCode::OK,
    };
    let body = match &request.view {
        View::Html | View::Link(_) => page::found(&resolver.site, found, request).into_string(),
        View::Linkset => linkset::document(&resolver.site, found, request).to_string(),
        View::Json | View::JsonLd => data::of(resolver, found, request),
    };
    (status, body)
}

/// Another resolver has custody: it answers at the same path. Kept by nobody, so that it can be moved back at once.
pub(crate) fn moved(custody: &Custody, request: &Request, query: Option<&str>) -> Response {
    let path = request.carrier_path();
    let place = linkset::passed_on(
        &format!("{}{path}", custody.resolver),
        query.unwrap_or_default(),
    );
    let mut response = StatusCode::TEMPORARY_REDIRECT.into_response();
    let headers = response.headers_mut();
    if let Ok(place) = HeaderValue::from_str(&place) {
        headers.insert(header::LOCATION, place);
    }
    let handler = format!(
        "<{}>; rel=\"{}handledBy\"",
        custody.resolver,
        linkset::VOCABULARY
    );
    if let Ok(handler) = HeaderValue::from_str(&handler) {
        headers.insert(header::LINK, handler);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    secure(headers, request.language);
    response
}

/// The page of somebody who has no code at hand.
pub(crate) fn start(asked: &Reader) -> Response {
    let mut response = written(StatusCode::OK, page::start(asked.language), asked.language);
    cached(response.headers_mut());
    response
}

/// The answer where there is no unit: a page for a person, a problem document for a program.
pub(crate) fn problem(problem: &Problem, asked: &Reader, typed: &str) -> Response {
    let mut response = match asked.is_person() {
        true => {
            let page = page::problem(problem, typed, asked.language);
            written(problem.status(), page, asked.language)
        }
        false => problem.clone().into_response(),
    };
    let headers = response.headers_mut();
    open(headers);
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(match problem.status() {
            // What is not there now may be there soon; whoever asks for it a thousand times a second waits that long.
            StatusCode::NOT_FOUND => "public, max-age=0, s-maxage=2",
            _ => "no-store",
        }),
    );
    response
}

fn written(status: StatusCode, page: Markup, language: Language) -> Response {
    let mut response = (status, page.into_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(View::Html.content_type()),
    );
    secure(headers, language);
    response
}

/// A minute at the edge; a day where the origin fails. What must be gone sooner is invalidated by tag.
fn cached(headers: &mut HeaderMap) {
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=0, s-maxage=60, stale-if-error=86400"),
    );
    headers.insert(
        header::VARY,
        HeaderValue::from_static("accept, accept-language"),
    );
}

/// No script, no frame, nothing from elsewhere; open to any site's own scripts, since everything here is public.
pub(crate) fn secure(headers: &mut HeaderMap, language: Language) {
    ::page::secure(headers, language);
    open(headers);
}

/// Any site's own scripts may read what is public (CORS, as GS1-Conformant Resolver 1.2.1 asks).
pub(crate) fn open(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "content-language, etag, link, location",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// What an address of the public understands.
const METHODS: &str = "GET, HEAD, OPTIONS";

/// `OPTIONS`: which methods, and for whose scripts.
pub(crate) async fn options() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    open(headers);
    for (name, value) in [
        (header::ALLOW, METHODS),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "accept, accept-language, if-none-match",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What the public can notice, and nothing else: revisions of public parts, the label's state, the representation.
fn tag(found: &Found, request: &Request) -> ETag {
    let label = match &found.label {
        LabelNotice::None => "unit",
        LabelNotice::Current => "current",
        LabelNotice::Replaced(_) => "replaced",
        LabelNotice::Revoked(_) => "revoked",
        LabelNotice::Destroyed(_) => "destroyed",
        LabelNotice::Suspected(_) => "suspected",
        LabelNotice::NeverIssued => "unknown",
        LabelNotice::Unreadable => "unreadable",
    };
    let label = format!("{label}{}", found.label.day().unwrap_or_default());
    let record = match found.record {
        RecordNotice::InForce => "active",
        RecordNotice::NotYetOnMarket => "allocated",
        RecordNotice::Archived => "archived",
        RecordNotice::RecyclingRecorded => "recycling-recorded",
        RecordNotice::Recycled => "recycled",
    };
    let kind = match &request.view {
        View::Html => request.language.code(),
        View::Link(name) => name,
        view => view.name(),
    };
    // Moves with every change of the public part and of what header and notices say of it, the end of a recall included.
    let updated = found
        .passport
        .as_ref()
        .filter(|_| found.is_shown())
        .and_then(|passport| passport.updated_at)
        .map_or(0, ledger::Timestamp::as_millisecond);
    let (model, batch) = found.product_revisions();
    let passport = match found.record {
        RecordNotice::NotYetOnMarket => 0,
        _ => found
            .passport
            .as_ref()
            .map_or(0, |passport| passport.revision),
    };
    ETag {
        model,
        batch,
        passport,
        view: format!("public-{record}-{updated}-{label}-{kind}"),
    }
}

impl LabelNotice {
    pub(crate) fn code(&self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Current => Some("current"),
            Self::Replaced(_) => Some("replaced"),
            Self::Revoked(_) => Some("revoked"),
            Self::Destroyed(_) => Some("destroyed"),
            Self::Suspected(_) => Some("suspected"),
            Self::NeverIssued => Some("never-issued-for-this-unit"),
            Self::Unreadable => Some("unreadable"),
        }
    }

    pub(crate) fn day(&self) -> Option<&str> {
        match self {
            Self::Replaced(day)
            | Self::Revoked(day)
            | Self::Destroyed(day)
            | Self::Suspected(day) => Some(day),
            _ => None,
        }
    }
}

/// An object of EN 18223 groups.
pub(crate) type Document = Map<String, Value>;
