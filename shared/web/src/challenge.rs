//! How an answer says that a token is needed, or what was wrong with the one that came (RFC 6750 §3, RFC 9449 §7.1).

use access::PROOF_ALGORITHMS;
use axum::http::HeaderValue;

/// What was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The token itself, or the way it was sent.
    Token,
    /// The proof that came with it.
    Proof,
}

/// The values of `WWW-Authenticate`: for both schemes, but that nobody sends a bearer token with a proof.
pub(crate) fn challenges(refused: Option<Refused>) -> impl Iterator<Item = HeaderValue> {
    let (bearer, error) = match refused {
        None => (Some("Bearer"), ""),
        Some(Refused::Token) => (
            Some(r#"Bearer error="invalid_token""#),
            r#"error="invalid_token", "#,
        ),
        Some(Refused::Proof) => (None, r#"error="invalid_dpop_proof", "#),
    };
    let bound = format!(r#"DPoP {error}algs="{PROOF_ALGORITHMS}""#);
    let challenges = bearer.map(str::to_owned).into_iter().chain([bound]);
    challenges.filter_map(|challenge| HeaderValue::try_from(challenge).ok())
}
