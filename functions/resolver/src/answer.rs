//! HTML or JSON, with what caches need to know.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::Markup;
use passport::Header;
use serde_json::{Map, Value, json};
use web::{ETag, Language, Problem, best, language};

use crate::Resolver;
use crate::page;
use crate::scan::{Found, LabelNotice, RecordNotice};

const JSON: &str = "application/json";
const HTML: &str = "text/html";

/// Which representation, in which language.
pub(crate) struct Asked {
    /// `None` where nothing we have is acceptable.
    media_type: Option<&'static str>,
    pub(crate) language: Language,
}

impl Asked {
    pub(crate) fn of(query: Option<&str>, headers: &HeaderMap) -> Self {
        Self {
            media_type: best(headers, &[JSON, HTML]),
            language: language(query, headers),
        }
    }

    pub(crate) fn is_page(&self) -> bool {
        self.media_type == Some(HTML)
    }
}

/// The answer for a unit that exists.
pub(crate) fn found(
    resolver: &Resolver,
    mut found: Found,
    asked: &Asked,
    headers: &HeaderMap,
) -> Response {
    let Some(media_type) = asked.media_type else {
        return Problem::not_acceptable("a scan is answered as text/html or application/json")
            .into_response();
    };
    let tag = tag(&found, media_type, asked.language);
    // What is gone is never "as you know it".
    let unchanged = found.record != RecordNotice::Recycled && tag.known_to(headers);
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let status = match found.record {
            RecordNotice::Recycled => StatusCode::GONE,
            _ => StatusCode::OK,
        };
        let body = match media_type {
            HTML => page::found(&resolver.site, &found, asked.language).into_string(),
            _ => {
                let document = std::mem::take(&mut found.document);
                json_body(resolver, &found, document).to_string()
            }
        };
        (status, body).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type(media_type));
    if let Ok(tag) = tag.to_string().parse() {
        headers.insert(header::ETAG, tag);
    }
    cached(headers);
    if let Ok(tags) = cache_tags(&found).parse() {
        headers.insert(HeaderName::from_static("cache-tag"), tags);
    }
    secure(headers, asked.language);
    response
}

/// The page of somebody who has no code at hand.
pub(crate) fn start(asked: &Asked) -> Response {
    let mut response = written(StatusCode::OK, page::start(asked.language), asked.language);
    cached(response.headers_mut());
    response
}

/// The answer where there is no unit: a page for a person, a problem document for a program.
pub(crate) fn problem(problem: &Problem, asked: &Asked, typed: &str) -> Response {
    if !asked.is_page() {
        return problem.clone().into_response();
    }
    let page = page::problem(problem, typed, asked.language);
    let mut response = written(problem.status(), page, asked.language);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn written(status: StatusCode, page: Markup, language: Language) -> Response {
    let mut response = (status, page.into_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type(HTML));
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

fn content_type(media_type: &str) -> HeaderValue {
    match media_type {
        HTML => HeaderValue::from_static("text/html; charset=utf-8"),
        _ => HeaderValue::from_static(JSON),
    }
}

/// No script, no frame, nothing from elsewhere; open to any site's own scripts, since everything here is public.
pub(crate) fn secure(headers: &mut HeaderMap, language: Language) {
    headers.insert(header::CONTENT_SECURITY_POLICY, page::POLICY.clone());
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=63072000; includeSubDomains"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(language.code()),
    );
}

/// What the public can notice, and nothing else: revisions of public parts, the label's state, the representation.
fn tag(found: &Found, media_type: &str, language: Language) -> ETag {
    let label = match &found.label {
        LabelNotice::None => "unit",
        LabelNotice::Current => "current",
        LabelNotice::Replaced(_) => "replaced",
        LabelNotice::Revoked(_) => "revoked",
        LabelNotice::NeverIssued => "unknown",
        LabelNotice::Unreadable => "unreadable",
    };
    let record = match found.record {
        RecordNotice::InForce => "active",
        RecordNotice::NotYetOnMarket => "allocated",
        RecordNotice::Archived => "archived",
        RecordNotice::RecyclingRecorded => "recycling-recorded",
        RecordNotice::Recycled => "recycled",
    };
    let kind = if media_type == HTML {
        language.code()
    } else {
        "json"
    };
    // Moves with every change of the public part and of what header and notices say of it, the end of a recall included.
    let updated = found
        .passport
        .as_ref()
        .filter(|_| found.is_shown())
        .and_then(|passport| passport.updated_at)
        .map_or(0, ledger::Timestamp::as_millisecond);
    let (model, batch) = found.product_revisions;
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

/// One invalidation by model reaches a million units.
fn cache_tags(found: &Found) -> String {
    let unit = format!("unit:{}", found.unit);
    [&[unit][..], &found.product_tags].concat().join(",")
}

fn json_body(resolver: &Resolver, found: &Found, document: Document) -> Value {
    let product = resolver.site.product_identifier(found.unit);
    let notices = json!({
        "label": found.label.code(),
        "labelChanged": found.label.day(),
        "record": match found.record {
            RecordNotice::InForce => "in-force",
            RecordNotice::NotYetOnMarket => "not-yet-on-the-market",
            RecordNotice::Archived => "archived",
            RecordNotice::RecyclingRecorded => "recycling-recorded",
            RecordNotice::Recycled => "recycled",
        },
        "finalOn": found.final_on(),
        "recalled": found.recalled(),
    });
    let Some(passport) = found.passport.as_ref().filter(|_| found.is_shown()) else {
        return json!({"uniqueProductIdentifier": product, "notices": notices});
    };
    let status = match found.record {
        RecordNotice::InForce => "active",
        _ => "archived",
    };
    let header = Header::item(
        resolver.site.passport_identifier(passport.passport),
        product,
        status,
        passport
            .updated_at
            .map(|at| at.to_string())
            .unwrap_or_default(),
        passport.organisation.clone(),
        // What is scanned is shown in the newest form.
        resolver
            .site
            .catalogue_identifier(&passport::catalogue().newest().id),
    );
    let mut body = passport::compressed(&header, document);
    if let Some(body) = body.as_object_mut() {
        body.insert("notices".to_owned(), notices);
    }
    body
}

impl LabelNotice {
    fn code(&self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Current => Some("current"),
            Self::Replaced(_) => Some("replaced"),
            Self::Revoked(_) => Some("revoked"),
            Self::NeverIssued => Some("never-issued-for-this-unit"),
            Self::Unreadable => Some("unreadable"),
        }
    }

    fn day(&self) -> Option<&str> {
        match self {
            Self::Replaced(day) | Self::Revoked(day) => Some(day),
            _ => None,
        }
    }
}

/// An object of EN 18223 groups.
pub(crate) type Document = Map<String, Value>;
