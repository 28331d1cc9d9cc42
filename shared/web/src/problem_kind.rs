//! Every kind of problem: what it is answered with, and what its description at `/docs` says.

use axum::http::StatusCode;

/// What is known of one kind.
struct Row {
    status: StatusCode,
    name: &'static str,
    title: &'static str,
    /// EN 18222 status code.
    status_code: &'static str,
    remedy: &'static str,
}

/// One list makes the kinds, [`ProblemKind::ALL`] and the rows, so that none of them can lack a kind.
macro_rules! kinds {
    ($($kind:ident: $status:ident, $name:literal, $title:literal, $status_code:literal, $remedy:literal;)+) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ProblemKind {
            $(#[doc = $title] $kind,)+
        }

        impl ProblemKind {
            /// Every kind, by status.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            const fn row(self) -> Row {
                match self {
                    $(Self::$kind => Row {
                        status: StatusCode::$status,
                        name: $name,
                        title: $title,
                        status_code: $status_code,
                        remedy: $remedy,
                    },)+
                }
            }
        }
    };
}

kinds! {
    Malformed: BAD_REQUEST, "malformed", "The request cannot be read", "ClientErrorBadRequest",
        "The path, a header or a member of the body is missing or has another form. Put right what `detail` names and send it again.";
    MissingProvenance: BAD_REQUEST, "missing-provenance", "A change says what happened and why", "ClientErrorBadRequest",
        "Name the event type and the reason and, where the type needs it, confirmed evidence: in the body, or in the `DPP-` headers where the body is a passport.";
    MissingKey: BAD_REQUEST, "missing-idempotency-key", "`Idempotency-Key` is missing", "ClientErrorBadRequest",
        "Send a fresh random value with each new request, and the same value when you retry it.";
    Unauthenticated: UNAUTHORIZED, "unauthenticated", "A valid token is needed", "ClientNotAuthorized",
        "Get a token of your organisation, or a new one where it has expired, and send it as `Authorization: Bearer <token>`; one that is bound to a key as `Authorization: DPoP <token>` with a fresh proof in `DPoP` (RFC 9449).";
    Forbidden: FORBIDDEN, "forbidden", "This is not yours to do", "ClientForbidden",
        "Your organisation or its roles do not allow it. `detail` names the role or right that would; the same request will not succeed without it.";
    NotFound: NOT_FOUND, "not-found", "There is nothing here for you", "ClientErrorResourceNotFound",
        "It does not exist, or you may not know that it does. Check the id, and whether you send the token of the right organisation.";
    MethodNotAllowed: METHOD_NOT_ALLOWED, "method", "This path does not take that method", "ClientMethodNotAllowed",
        "Use one of the methods that the `Allow` header names.";
    NotAcceptable: NOT_ACCEPTABLE, "not-acceptable", "No such representation", "ClientErrorBadRequest",
        "Ask in `Accept` for one of the media types that `detail` names.";
    InFlight: CONFLICT, "in-flight", "The same request is being worked on", "ClientResourceConflict",
        "Send the same request with the same `Idempotency-Key` again after `Retry-After`: it takes effect once.";
    Conflict: CONFLICT, "conflict", "It does not fit what is there", "ClientResourceConflict",
        "The record, label or evidence is not in a state that allows this. Read it again and decide again.";
    Gone: GONE, "gone", "The passport has ceased to exist", "ClientErrorResourceNotFound",
        "The battery was recycled (Article 77(8)). There is nothing more to read in public.";
    Stale: PRECONDITION_FAILED, "stale", "It changed since you read it", "ClientResourceConflict",
        "Read it again, decide again, and send the new `ETag` as `If-Match`.";
    TooLarge: PAYLOAD_TOO_LARGE, "too-large", "The body is too large", "ClientErrorBadRequest",
        "Change less at a time; files go through `POST /v1/evidence`.";
    AddressTooLong: URI_TOO_LONG, "address-too-long", "The address is too long", "ClientErrorBadRequest",
        "Ask for less at a time; long lists go into a body.";
    MediaType: UNSUPPORTED_MEDIA_TYPE, "media-type", "The body has another media type", "ClientErrorBadRequest",
        "Send JSON, and say so: `Content-Type: application/json`.";
    NotValid: UNPROCESSABLE_ENTITY, "not-valid", "The content breaks rules", "ClientErrorBadRequest",
        "`faults` has every one at once: the place as a JSON Pointer, the rule, what was expected, what was found and where the rule comes from. Nothing was changed.";
    KeyReused: UNPROCESSABLE_ENTITY, "idempotency-key-reused", "The key belongs to another request", "ClientResourceConflict",
        "The same `Idempotency-Key` came with another body before. Use a fresh key for a new request.";
    PreconditionRequired: PRECONDITION_REQUIRED, "if-match-needed", "`If-Match` is needed", "ClientErrorBadRequest",
        "Read the resource first and send its `ETag` as `If-Match`, so that nobody's change is lost.";
    TooMany: TOO_MANY_REQUESTS, "too-many", "Too many requests", "ClientErrorBadRequest",
        "Send the same again after `Retry-After`: nothing was done, and an `Idempotency-Key` is still unused. `RateLimit-Policy` has the budgets, `RateLimit` what is left of them.";
    HeadersTooLarge: REQUEST_HEADER_FIELDS_TOO_LARGE, "headers-too-large", "The headers are too large", "ClientErrorBadRequest",
        "Leave out headers that are not described here.";
    Internal: INTERNAL_SERVER_ERROR, "internal", "Something of ours is broken", "ServerInternalError",
        "Nothing was changed. Tell the platform's operator the `correlationId` in `message`.";
    Unavailable: SERVICE_UNAVAILABLE, "unavailable", "Try again in a moment", "ServerInternalError",
        "Nothing was changed. The same request can safely be sent again after `Retry-After`.";
}

impl ProblemKind {
    /// The status it is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.row().status
    }

    /// Its name in the type's URI, and its place on the page the URI leads to.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The kind in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row().title
    }

    /// EN 18222 status code.
    #[must_use]
    pub const fn status_code(self) -> &'static str {
        self.row().status_code
    }

    /// What it means for the caller, and what to do.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        self.row().remedy
    }

    /// The URI of the type: where it is described.
    #[must_use]
    pub fn uri(self) -> String {
        format!("/docs#{}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart_by_name_and_stand_by_status() {
        let names: std::collections::BTreeSet<&str> =
            ProblemKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), ProblemKind::ALL.len());
        assert!(ProblemKind::ALL.is_sorted_by_key(|kind| kind.status().as_u16()));
    }
}
