//! Request bodies: size and depth limited before parsing, no duplicate members, no number that would not survive.

use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use ledger::{Sha256, Timestamp};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::Problem;

/// The largest body any route takes, in bytes.
pub const BODY_LIMIT: usize = 256 << 10;

/// A JSON object.
#[derive(Debug, Clone)]
pub struct Body {
    /// Its members.
    pub json: Map<String, Value>,
    /// SHA-256 of the bytes, for idempotency.
    pub hash: Sha256,
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let AnyBody { json, hash } = AnyBody::from_request(request, state).await?;
        match json {
            Value::Object(json) => Ok(Self { json, hash }),
            _ => Err(Problem::malformed("expected a JSON object")),
        }
    }
}

/// Any JSON value.
#[derive(Debug, Clone)]
pub struct AnyBody {
    /// The value.
    pub json: Value,
    /// SHA-256 of the bytes, for idempotency.
    pub hash: Sha256,
}

impl<S: Send + Sync> FromRequest<S> for AnyBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let media_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .map(|value| value.trim().to_ascii_lowercase())
            .unwrap_or_default();
        let json = ["application/json", "application/merge-patch+json"];
        if !json.contains(&media_type.as_str()) {
            return Err(Problem::media_type(format!(
                "expected `Content-Type: application/json`, found `{media_type}`"
            )));
        }
        if crate::profile::profile_of(request.headers()).is_some() {
            return Err(Problem::media_type(
                "this route takes the platform's own form only: leave out `profile`",
            ));
        }
        let bytes = axum::body::to_bytes(request.into_body(), BODY_LIMIT)
            .await
            .map_err(|_| {
                Problem::too_large(format!(
                    "a body has at most {BODY_LIMIT} bytes; send less at a time"
                ))
            })?;
        let json = passport::parse_json(&bytes, &passport::Limits::default())
            .map_err(|fault| Problem::malformed(fault.to_string()))?;
        Ok(Self {
            json,
            hash: Sha256::of(&bytes),
        })
    }
}

/// A member of an object that must be an object itself.
///
/// # Errors
/// 400 naming the member.
pub fn member<'a>(
    json: &'a Map<String, Value>,
    name: &str,
) -> Result<&'a Map<String, Value>, Problem> {
    json.get(name)
        .and_then(Value::as_object)
        .ok_or_else(|| Problem::malformed(format!("expected an object in `{name}`")))
}

/// A member that must be a text with something in it.
///
/// # Errors
/// 400 naming the member.
pub fn required_text<'a>(json: &'a Map<String, Value>, name: &str) -> Result<&'a str, Problem> {
    json.get(name)
        .and_then(Value::as_str)
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Problem::malformed(format!("expected a text in `{name}`")))
}

/// A member that is a time (RFC 3339), where it is there.
///
/// # Errors
/// 400 naming the member.
pub fn optional_time(json: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(value) = json.get(name) else {
        return Ok(None);
    };
    let time = value.as_str().and_then(crate::time);
    time.map(Some)
        .ok_or_else(|| Problem::malformed(format!("expected a time (RFC 3339) in `{name}`")))
}

/// A member that must be a UUID.
///
/// # Errors
/// 400 naming the member.
pub fn required_uuid(json: &Map<String, Value>, name: &str) -> Result<Uuid, Problem> {
    let text = required_text(json, name)?;
    Uuid::parse_str(text)
        .map_err(|_| Problem::malformed(format!("expected a UUID in `{name}`, found `{text}`")))
}
