//! One error body everywhere: RFC 9457 problem details that also carry EN 18222's `statusCode` and `message[]`.

use access::{AccessFault, TokenFault};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use passport::Fault;
use serde::Serialize;
use storage::{CommitError, EvidenceError, StoreError};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{
    self, ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, RefOr, ResponseBuilder,
};
use utoipa::{ToResponse, ToSchema};

use crate::ProblemKind;
use crate::challenge::{Refused, challenges};

/// The most faults one answer names: enough for a person, and no body is answered with one many times its size.
const MOST_FAULTS: usize = 200;

/// What the caller is told. What only operators may know is logged once, here, and never sent.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: ProblemKind,
    detail: String,
    faults: Vec<Fault>,
    /// What was wrong with a token that came, for `WWW-Authenticate`.
    refused: Option<Refused>,
    /// Stands in the answer and, for what is our fault, beside its cause in the log.
    correlation_id: uuid::Uuid,
}

/// The body, as sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody {
    /// Identifies the kind of problem; leads to its description.
    pub r#type: String,
    /// The kind in words.
    pub title: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What happened this time, and what to do.
    pub detail: String,
    /// Every fault at once: JSON Pointer, rule, what was expected, what was found, the source of the rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<crate::described::BrokenRule>, required = false)]
    pub faults: Vec<Fault>,
    /// EN 18222 status code.
    pub status_code: &'static str,
    /// EN 18222 messages.
    pub message: Vec<Message>,
}

/// One EN 18222 message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Always `Error`.
    message_type: &'static str,
    /// What to tell a person.
    text: String,
    /// The kind of problem, or `fault` for one of the faults.
    code: &'static str,
    /// Names this answer in the platform's log.
    correlation_id: String,
    /// When it was answered.
    timestamp: String,
}

impl Problem {
    fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        // It may quote what came.
        const LONGEST: usize = 4_000;
        let mut detail = detail.into();
        if let Some((end, _)) = detail.char_indices().nth(LONGEST) {
            detail.truncate(end);
            detail.push('…');
        }
        Self {
            kind,
            detail,
            faults: Vec::new(),
            refused: None,
            correlation_id: uuid::Uuid::now_v7(),
        }
    }

    /// 400: it cannot be read.
    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Malformed, detail)
    }

    /// 400: a path to an element that is no JSONPath, or asks for too much.
    #[must_use]
    pub fn bad_path(fault: &passport::PathFault) -> Self {
        Self::malformed(format!("the path of the element: {fault}"))
    }

    /// 400: no event type or no reason was given, or no evidence where its type asks for it.
    #[must_use]
    pub fn missing_provenance(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::MissingProvenance, detail)
    }

    /// 400: no `Idempotency-Key`.
    #[must_use]
    pub fn missing_key() -> Self {
        Self::new(
            ProblemKind::MissingKey,
            "send `Idempotency-Key` with a fresh random value, and the same value when you retry",
        )
    }

    /// 401: nobody said who they are.
    #[must_use]
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Unauthenticated, detail)
    }

    /// 401: the token does not count.
    #[must_use]
    pub fn refused_token(detail: impl Into<String>) -> Self {
        Self {
            refused: Some(Refused::Token),
            ..Self::unauthenticated(detail)
        }
    }

    /// 401: the proof that came with the token does not count.
    #[must_use]
    pub fn refused_proof(detail: impl Into<String>) -> Self {
        Self {
            refused: Some(Refused::Proof),
            ..Self::unauthenticated(detail)
        }
    }

    /// 403, naming the class or right.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Forbidden, detail)
    }

    /// 404: it does not exist, or the caller may not know that it does.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::NotFound, detail)
    }

    /// 405; the answer's `Allow` header names the methods there are.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(
            ProblemKind::MethodNotAllowed,
            "use one of the methods that `Allow` names",
        )
    }

    /// 406.
    #[must_use]
    pub fn not_acceptable(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::NotAcceptable, detail)
    }

    /// 409: it does not fit the present state.
    #[must_use]
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Conflict, detail)
    }

    /// 409: it contradicts what is there; every contradiction at once.
    #[must_use]
    pub fn contradicts(faults: Vec<Fault>) -> Self {
        Self {
            kind: ProblemKind::Conflict,
            ..Self::not_valid(faults)
        }
    }

    /// 410: the battery was recycled.
    #[must_use]
    pub fn gone(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Gone, detail)
    }

    /// 412.
    #[must_use]
    pub fn stale(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Stale, detail)
    }

    /// 413.
    #[must_use]
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::TooLarge, detail)
    }

    /// 414.
    #[must_use]
    pub fn address_too_long(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::AddressTooLong, detail)
    }

    /// 431.
    #[must_use]
    pub fn headers_too_large(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::HeadersTooLarge, detail)
    }

    /// 415.
    #[must_use]
    pub fn media_type(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::MediaType, detail)
    }

    /// 422: rules are broken; every fault at once.
    #[must_use]
    pub fn not_valid(mut faults: Vec<Fault>) -> Self {
        let detail = match faults.len() {
            1 => "one fault; nothing was changed".to_owned(),
            count if count > MOST_FAULTS => {
                format!("{count} faults, the first {MOST_FAULTS} of them here; nothing was changed")
            }
            count => format!("{count} faults; nothing was changed"),
        };
        faults.truncate(MOST_FAULTS);
        Self {
            faults,
            ..Self::new(ProblemKind::NotValid, detail)
        }
    }

    /// 428.
    #[must_use]
    pub fn precondition_required() -> Self {
        Self::new(
            ProblemKind::PreconditionRequired,
            "read the resource first and send its `ETag` as `If-Match`, so that nobody's change is lost",
        )
    }

    /// 429; say when to come again in `Retry-After`.
    #[must_use]
    pub fn too_many(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::TooMany, detail)
    }

    /// 500; the cause is logged, not sent.
    #[must_use]
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let problem = Self::new(
            ProblemKind::Internal,
            "please report the correlation id; the same request can safely be sent again",
        );
        tracing::error!(correlation_id = %problem.correlation_id, %cause, "internal fault");
        problem
    }

    /// 503; the cause is logged, not sent.
    #[must_use]
    pub fn unavailable(cause: impl std::fmt::Display) -> Self {
        let problem = Self::new(
            ProblemKind::Unavailable,
            "the same request can safely be sent again: what it changes, it changes once",
        );
        tracing::error!(correlation_id = %problem.correlation_id, %cause, "unavailable");
        problem
    }

    /// The status it is answered with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.kind.status()
    }

    /// The sentence for the caller.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// The answer that every operation may give instead of its own.
impl ToResponse<'static> for Problem {
    fn response() -> (&'static str, RefOr<openapi::Response>) {
        let body = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(ProblemBody::name())))
            .build();
        let response = ResponseBuilder::new()
            .description("A problem: `type` leads to its description")
            .content("application/problem+json", body);
        let response = HEADERS
            .into_iter()
            .fold(response, |response, (name, meaning)| {
                let text = ObjectBuilder::new().schema_type(Type::String).build();
                let header = HeaderBuilder::new()
                    .schema(Some(text))
                    .description(Some(meaning))
                    .build();
                response.header(name, header)
            });
        ("Problem", response.build().into())
    }
}

/// What stands beside the body.
const HEADERS: [(&str, &str); 3] = [
    (
        "Retry-After",
        "With 409 of what is under way, 429 and 503: after how many seconds the same request may be sent again",
    ),
    (
        "RateLimit-Policy",
        "The budgets of who asks (draft-ietf-httpapi-ratelimit-headers-10), on every answer to a token and with 429: `\"requests\";q=1200;w=60, \"results\";q=20000;w=3600` is 1,200 requests a minute and 20,000 results an hour",
    ),
    (
        "RateLimit",
        "What is left of them: `\"requests\";r=1187;t=42, \"results\";r=19980;t=1842` is 1,187 requests for 42 seconds",
    ),
];

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kind = self.kind;
        let (status, name) = (kind.status(), kind.name());
        let correlation_id = self.correlation_id.to_string();
        let timestamp = crate::now().to_string();
        let mut message = vec![Message {
            message_type: "Error",
            text: self.detail.clone(),
            code: name,
            correlation_id: correlation_id.clone(),
            timestamp: timestamp.clone(),
        }];
        message.extend(self.faults.iter().map(|fault| Message {
            message_type: "Error",
            text: format!(
                "{}: expected {}, found {}",
                fault.pointer, fault.expected, fault.found
            ),
            code: "fault",
            correlation_id: correlation_id.clone(),
            timestamp: timestamp.clone(),
        }));
        let body = ProblemBody {
            r#type: kind.uri(),
            title: kind.title(),
            status: status.as_u16(),
            detail: self.detail,
            faults: self.faults,
            status_code: kind.status_code(),
            message,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match kind {
            ProblemKind::Unauthenticated => {
                for challenge in challenges(self.refused) {
                    headers.append(header::WWW_AUTHENTICATE, challenge);
                }
            }
            ProblemKind::Unavailable | ProblemKind::InFlight => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self::unavailable(cause),
            StoreError::TooLarge(_) => Self::too_large(format!("{error}; change less at a time")),
            StoreError::Damaged(_) | StoreError::Misconfigured(_) | StoreError::NoKeys => {
                Self::internal(error)
            }
        }
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Stale => Self::conflict(
                "somebody else changed it at the same moment: read it again and repeat",
            ),
            CommitError::Exists => Self::conflict("what you create exists already"),
            CommitError::Taken(..) => Self::conflict(error.to_string()),
            CommitError::KeyReused => Self::new(
                ProblemKind::KeyReused,
                "this `Idempotency-Key` came with another body before; use a fresh one",
            ),
            CommitError::Answered(_) | CommitError::Busy => Self::new(
                ProblemKind::InFlight,
                "send the same request again in a moment",
            ),
            CommitError::Store(error) => error.into(),
        }
    }
}

impl From<EvidenceError> for Problem {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Missing => {
                Self::conflict("no bytes were uploaded: put them to the upload address first")
            }
            EvidenceError::OtherBytes { .. } | EvidenceError::OtherSize { .. } => {
                Self::conflict(format!("{error}; upload the announced bytes"))
            }
            EvidenceError::Store(error) => error.into(),
        }
    }
}

impl From<TokenFault> for Problem {
    fn from(fault: TokenFault) -> Self {
        Self::refused_token(fault.to_string())
    }
}

impl From<AccessFault> for Problem {
    fn from(fault: AccessFault) -> Self {
        match fault {
            AccessFault::NoLonger(_) => Self::conflict(fault.to_string()),
            _ => Self::forbidden(fault.to_string()),
        }
    }
}
