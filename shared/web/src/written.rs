//! What a write is answered with.

use axum::Json;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::AUDIT_RECEIPT;

/// The answer to a write: where the thing can be read, the receipt of its audit event, and what it is now.
#[must_use]
pub fn written(
    status: StatusCode,
    location: &str,
    receipt: Option<String>,
    body: impl Serialize,
) -> Response {
    let mut response = (status, Json(body)).into_response();
    let headers = [
        (header::LOCATION, Some(location.to_owned())),
        (HeaderName::from_static(AUDIT_RECEIPT), receipt),
    ];
    for (name, value) in headers {
        if let Some(value) = value.and_then(|value| value.parse().ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
