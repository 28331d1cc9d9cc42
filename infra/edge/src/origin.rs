//! What the edge asks where it has no answer itself: the resolver, and the snapshots in the public bucket.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::DigitalLink;
use storage::{Published, Store};
use tower::ServiceExt;
use web::Problem;

use crate::entry::Entry;
use crate::folds::Fold;
use crate::tags::Tags;

/// When a snapshot was so.
const SNAPSHOT_AS_OF: HeaderName = HeaderName::from_static("snapshot-as-of");
/// The language of the snapshots that there always is.
const FALLBACK: &str = "en";
/// Longer than any page; more is a fault of the resolver's.
const LARGEST: usize = 8 << 20;

/// The viewer's own query, which the resolver passes on where custody moved.
const VIEWER_QUERY: HeaderName = HeaderName::from_static("viewer-query");

/// The origin group: the resolver, then the snapshots.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) resolver: Router,
    pub(crate) store: Store,
    /// Whether the resolver is to be taken for one that does not answer.
    pub(crate) is_down: Arc<AtomicBool>,
}

impl Origin {
    /// What the resolver answers to a canonical request; `earlier` where it only has to say that nothing changed.
    pub(crate) async fn ask(&self, fold: &Fold, earlier: Option<&Entry>, tags: &Tags) -> Entry {
        let path = &*fold.path;
        let asked = tags.now();
        let mut request = Request::new(Body::empty());
        let known = earlier.and_then(Entry::etag);
        let answer = match path.parse() {
            _ if self.is_down.load(Ordering::Relaxed) => {
                Problem::unavailable("the resolver is down").into_response()
            }
            Ok(uri) => {
                *request.uri_mut() = uri;
                if let Some(known) = known {
                    request.headers_mut().insert(IF_NONE_MATCH, known.clone());
                }
                let query = fold.query.as_deref().map(HeaderValue::from_str);
                if let Some(Ok(query)) = query {
                    request.headers_mut().insert(VIEWER_QUERY, query);
                }
                let Ok(answer) = self.resolver.clone().oneshot(request).await;
                answer
            }
            Err(error) => Problem::internal(error).into_response(),
        };
        if answer.status() == StatusCode::NOT_MODIFIED
            && let Some(earlier) = earlier
        {
            return earlier.refreshed(answer.headers(), asked);
        }
        read(path, answer, asked, tags).await
    }

    /// What was published of a canonical request; `None` where nothing was, or the bucket does not answer.
    pub(crate) async fn snapshot(&self, path: &str, tags: &Tags) -> Option<Entry> {
        for key in keys(path) {
            match self.store.published(&key).await {
                Ok(Some(object)) => return Some(snapshot(object, tags)),
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(%error, "no snapshot could be read");
                    return None;
                }
            }
        }
        None
    }
}

/// Under which keys a snapshot may be, the best first: in the language asked for, else in English; under the name asked for,
/// else under the unit id in it. The link of another type falls back to the page.
fn keys(path: &str) -> Vec<String> {
    let path = path.split('?').next().unwrap_or(path);
    let mut parts = path.trim_start_matches('/').splitn(3, '/');
    let (Some(view), Some(language), Some(subject)) = (parts.next(), parts.next(), parts.next())
    else {
        return Vec::new();
    };
    let view = if view == "link" { "html" } else { view };
    let unit = DigitalLink::parse(subject)
        .ok()
        .and_then(|link| link.unit())
        .map(|unit| unit.to_string());
    let mut keys = Vec::new();
    for subject in [Some(subject.to_owned()), unit].into_iter().flatten() {
        for language in [language, FALLBACK] {
            let key = format!("{view}/{language}/{subject}");
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    keys
}

/// As the resolver would have answered, and when.
fn snapshot(object: Published, tags: &Tags) -> Entry {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::CONTENT_TYPE, object.media_type),
        (header::ETAG, object.etag),
        (header::CONTENT_LANGUAGE, object.language),
        (header::CACHE_CONTROL, object.cache_control),
        (header::LOCATION, object.location),
        (header::LINK, object.link),
        (SNAPSHOT_AS_OF, object.as_of),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let status = StatusCode::from_u16(object.status).unwrap_or(StatusCode::OK);
    Entry::new(status, headers, object.body.into(), tags.now(), tags.of([]))
}

async fn read(path: &str, answer: Response, asked: u64, tags: &Tags) -> Entry {
    let (parts, body) = answer.into_parts();
    let body = match to_bytes(body, LARGEST).await {
        Ok(body) => body,
        Err(error) => {
            let (parts, _) = Problem::internal(error).into_response().into_parts();
            return Entry::new(parts.status, parts.headers, "".into(), asked, tags.of([]));
        }
    };
    // What is not there yet carries no tag; whatever comes to be under this id invalidates it.
    let own = path
        .split(['/', '?'])
        .nth(3)
        .map(|subject| format!("unit:{subject}"));
    let marks = tags.of(Entry::tags(&parts.headers).chain(own.as_deref()));
    Entry::new(parts.status, parts.headers, body, asked, marks)
}
