//! An answer as the edge keeps it: rendered once, in both encodings, with its lifetimes.

use std::io::Write;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::header::{
    ACCEPT_ENCODING, AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{Either, Full};

use crate::tags::{Marks, Moment};

/// CloudFront compresses from here on.
const COMPRESSED: usize = 1_000;
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
/// By these an answer is invalidated.
const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");
/// Where an answer came from.
const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// What the edge sends: ready bytes, or what the platform streams.
pub type Body = Either<Full<Bytes>, axum::body::Body>;

/// Where an answer came from, as `X-Cache` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    Hit,
    Miss,
    /// The origin said that it is as it was.
    Refreshed,
    /// The origin fails; this is what it said before.
    Stale,
    /// The origin fails; this is what was published.
    Snapshot,
    Error,
}

impl From {
    const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Hit => "Hit from edge",
            Self::Miss => "Miss from edge",
            Self::Refreshed => "RefreshHit from edge",
            Self::Stale => "Stale from edge",
            Self::Snapshot => "Snapshot from edge",
            Self::Error => "Error from edge",
        })
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) status: StatusCode,
    plain: Rendered,
    gzip: Option<Rendered>,
    etag: Option<HeaderValue>,
    lifetime: Lifetime,
    /// When the origin was asked.
    pub(crate) asked: Moment,
    marks: Marks,
    stored: Instant,
    /// Whether the origin only said that an earlier answer is as it was.
    pub(crate) is_confirmed: bool,
}

#[derive(Debug, Clone)]
struct Rendered {
    headers: HeaderMap,
    body: Bytes,
}

/// How long an answer is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Lifetime {
    fresh: Duration,
    /// Beyond that, where the origin fails.
    stale: Duration,
}

impl Lifetime {
    /// `Cache-Control` as a shared cache reads it (RFC 9111 §5.2.2, RFC 5861 §4).
    fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        let text = headers
            .get(CACHE_CONTROL)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let directives = || text.split(',').map(str::trim);
        let seconds = |name: &str| {
            let value =
                directives().find_map(|directive| directive.strip_prefix(name)?.strip_prefix('='));
            value
                .and_then(|value| value.parse().ok())
                .map_or(Duration::ZERO, Duration::from_secs)
        };
        if directives().any(|directive| matches!(directive, "no-store" | "private" | "no-cache"))
            || status.is_server_error()
        {
            return Self::default();
        }
        Self {
            fresh: seconds("s-maxage"),
            stale: seconds("stale-if-error"),
        }
    }
}

impl Entry {
    /// The tags of an answer.
    pub(crate) fn tags(headers: &HeaderMap) -> impl Iterator<Item = &str> {
        let tags = headers
            .get(CACHE_TAG)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        tags.split(',').map(str::trim).filter(|tag| !tag.is_empty())
    }

    pub(crate) fn new(
        status: StatusCode,
        mut headers: HeaderMap,
        body: Bytes,
        asked: Moment,
        marks: Marks,
    ) -> Self {
        headers.remove(CONTENT_LENGTH);
        let lifetime = Lifetime::of(status, &headers);
        let etag = headers.get(ETAG).cloned();
        let gzip = gzipped(&headers, &body);
        let plain = Rendered { headers, body };
        Self {
            status,
            plain,
            gzip,
            etag,
            lifetime,
            asked,
            marks,
            stored: Instant::now(),
            is_confirmed: false,
        }
    }

    /// The same once more, as the origin confirmed.
    pub(crate) fn refreshed(&self, headers: &HeaderMap, asked: Moment) -> Self {
        Self {
            status: self.status,
            plain: self.plain.clone(),
            gzip: self.gzip.clone(),
            etag: self.etag.clone(),
            lifetime: Lifetime::of(self.status, headers),
            asked,
            marks: self.marks.clone(),
            stored: Instant::now(),
            is_confirmed: true,
        }
    }

    /// In bytes.
    pub(crate) fn size(&self) -> usize {
        const HEADERS: usize = 1_500;
        HEADERS + self.plain.body.len() + self.gzip.as_ref().map_or(0, |gzip| gzip.body.len())
    }

    pub(crate) const fn etag(&self) -> Option<&HeaderValue> {
        self.etag.as_ref()
    }

    /// Whether no tag of it was invalidated since it was asked for.
    pub(crate) fn holds(&self) -> bool {
        self.marks.hold_since(self.asked)
    }

    /// Whether one answer may serve everybody who asks for it; a failure is everybody's too.
    pub(crate) fn is_shared(&self) -> bool {
        !self.lifetime.fresh.is_zero() || self.status.is_server_error()
    }

    /// Whether it may be kept.
    pub(crate) fn is_kept(&self) -> bool {
        !self.lifetime.fresh.is_zero() && self.holds() && self.marks.had_settled_at(self.asked)
    }

    pub(crate) fn is_fresh(&self) -> bool {
        self.stored.elapsed() < self.lifetime.fresh
    }

    pub(crate) fn is_good_enough_in_need(&self) -> bool {
        self.stored.elapsed() < self.lifetime.fresh + self.lifetime.stale
    }

    /// The answer to one request.
    pub(crate) fn response(&self, asked: &HeaderMap, from: From) -> Response<Body> {
        let rendered = match &self.gzip {
            Some(gzip) if takes_gzip(asked) => gzip,
            _ => &self.plain,
        };
        let known = self.status == StatusCode::OK && self.is_known(asked);
        let body = if known {
            Bytes::new()
        } else {
            rendered.body.clone()
        };
        let mut response = Response::new(Either::Left(Full::new(body)));
        *response.status_mut() = if known {
            StatusCode::NOT_MODIFIED
        } else {
            self.status
        };
        let headers = response.headers_mut();
        *headers = rendered.headers.clone();
        headers.insert(X_CACHE, from.header());
        if matches!(from, From::Hit | From::Stale) {
            headers.insert(AGE, self.stored.elapsed().as_secs().into());
        }
        response
    }

    /// `If-None-Match`, compared weakly (RFC 9110 §13.1.2).
    fn is_known(&self, asked: &HeaderMap) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let (Some(known), Some(own)) = (asked.get(IF_NONE_MATCH), &self.etag) else {
            return false;
        };
        let (Ok(known), Ok(own)) = (known.to_str(), own.to_str()) else {
            return false;
        };
        known.trim() == "*" || known.split(',').any(|tag| opaque(tag) == opaque(own))
    }
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let encodings = asked
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    encodings.split(',').any(|encoding| {
        let mut parts = encoding.split(';').map(str::trim);
        parts.next() == Some("gzip")
            && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// The gzip form, where it is worth it. Its `ETag` is weak, as CloudFront makes it.
fn gzipped(headers: &HeaderMap, body: &Bytes) -> Option<Rendered> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    if body.len() < COMPRESSED || !(kind.starts_with("text/") || kind.contains("json")) {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).ok()?;
    let body = encoder.finish().ok()?.into();
    let mut headers = headers.clone();
    headers.insert(CONTENT_ENCODING, GZIP);
    headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    let etag = headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    if let Some(weak) = etag
        .filter(|tag| !tag.starts_with("W/"))
        .map(|tag| format!("W/{tag}"))
        && let Ok(weak) = weak.parse()
    {
        headers.insert(ETAG, weak);
    }
    Some(Rendered { headers, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn lifetimes_are_those_of_a_shared_cache() {
        let lifetime = |status: u16, control: &str| {
            let headers = headers(&[(CACHE_CONTROL, control)]);
            let lifetime = Lifetime::of(StatusCode::from_u16(status).unwrap(), &headers);
            (lifetime.fresh.as_secs(), lifetime.stale.as_secs())
        };
        assert_eq!(
            lifetime(200, "public, max-age=0, s-maxage=60, stale-if-error=86400"),
            (60, 86_400)
        );
        assert_eq!(lifetime(410, "public,s-maxage=60"), (60, 0));
        assert_eq!(lifetime(200, "private, s-maxage=60"), (0, 0));
        assert_eq!(lifetime(404, "public, max-age=0, s-maxage=2"), (2, 0));
        assert_eq!(lifetime(503, "s-maxage=60, stale-if-error=60"), (0, 0));
        assert_eq!(lifetime(200, "max-age=60"), (0, 0));
    }

    #[test]
    fn what_the_client_knows_and_takes_is_told_apart() {
        let own = headers(&[(ETAG, "\"1.2.3.a\""), (CONTENT_TYPE, "application/json")]);
        let entry = Entry::new(
            StatusCode::OK,
            own,
            "x".repeat(2_000).into(),
            1,
            Marks::default(),
        );
        for (known, status) in [
            ("\"1.2.3.a\"", 304),
            ("W/\"1.2.3.a\"", 304),
            ("\"0\", \"1.2.3.a\"", 304),
            ("*", 304),
            ("\"1.2.3.b\"", 200),
            ("", 200),
        ] {
            let answer = entry.response(&headers(&[(IF_NONE_MATCH, known)]), From::Hit);
            assert_eq!(answer.status().as_u16(), status, "{known}");
        }
        for (taken, encoding) in [
            ("br, gzip", Some("gzip")),
            ("gzip;q=0", None),
            ("identity", None),
            ("gzip;q=0.5", Some("gzip")),
        ] {
            let answer = entry.response(&headers(&[(ACCEPT_ENCODING, taken)]), From::Hit);
            let found = answer
                .headers()
                .get(CONTENT_ENCODING)
                .map(|value| value.to_str().unwrap());
            assert_eq!(found, encoding, "{taken}");
        }
    }
}
