//! What the edge asks where it has no answer itself: the resolver, and the snapshots in the public bucket.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use storage::Store;
use tower::ServiceExt;
use web::Problem;

use crate::entry::Entry;
use crate::folds::Fold;
use crate::tags::Tags;

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
        let key = path
            .split('?')
            .next()
            .unwrap_or(path)
            .trim_start_matches('/');
        let object = match self.store.published(key).await {
            Ok(object) => object?,
            Err(error) => {
                tracing::error!(%error, "no snapshot could be read");
                return None;
            }
        };
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (header::CONTENT_TYPE, object.media_type),
            (header::ETAG, object.etag),
            (header::CONTENT_LANGUAGE, object.language),
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
        Some(Entry::new(
            StatusCode::OK,
            headers,
            object.body.into(),
            tags.now(),
            tags.of([]),
        ))
    }
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
