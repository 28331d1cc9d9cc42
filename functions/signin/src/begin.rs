//! The way to the provider.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use oauth2::CsrfToken;
use serde::{Deserialize, Serialize};
use web::{Language, Provider, Query, SignIn, language, now};

use crate::back::Back;
use crate::page::{self, Fault};
use crate::{BEGUN, Desk};

/// How long somebody has to sign in, in seconds.
const PATIENCE: i64 = 600;

/// What is remembered of a sign-in until the provider answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// The issuer that was chosen.
    pub(crate) issuer: String,
    /// What has to come back.
    pub(crate) state: String,
    /// What the ID token has to say.
    pub(crate) nonce: String,
    /// What the code's challenge was made of (RFC 7636 §4.1).
    pub(crate) verifier: String,
    /// Where to go on.
    pub(crate) back: String,
}

/// What is asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(rename = "return")]
    to: Option<String>,
    provider: Option<String>,
}

/// Sign in.
///
/// Leads a person to the OpenID provider of their organisation, or to a choice where there are several. For browsers: a program
/// sends the token of its organisation.
#[utoipa::path(
    get, path = "/v1/sign-in", operation_id = "signIn", tag = "signin", security(()),
    params(("return" = Option<String>, Query, description = "Where to go on: the path of a passport or of a piece of evidence", example = "/v1/dpps/1b4e28ba-2fa1-41d2-883f-0016d3cca427"), ("provider" = Option<String>, Query, description = "The issuer to sign in at, where there are several"), ("lang" = Option<String>, Query, description = "The language of the page")),
    responses((status = 200, description = "A page to choose a provider", body = String, content_type = "text/html"), (status = 303, description = "To the provider"), (status = "default", description = "A page that says why not", body = String, content_type = "text/html"))
)]
pub(crate) async fn begin(
    State(desk): State<Desk>,
    RawQuery(raw): RawQuery,
    asked: Result<Query<Asked>, web::Problem>,
    headers: HeaderMap,
) -> Response {
    let language = language(raw.as_deref(), &headers);
    let refused = |fault: Fault<'_>, back: Back| page::fault(fault, back, language);
    let Ok(Query(asked)) = asked else {
        return refused(Fault::Failed, Back::Start);
    };
    let Some(back) = Back::of(asked.to.as_deref()) else {
        return refused(Fault::Failed, Back::Start);
    };
    let Some(sign_in) = desk.sign_in.as_deref() else {
        return refused(Fault::NotSetUp, back);
    };
    let provider = match (&asked.provider, sign_in.providers.as_slice()) {
        (None, [only]) => only,
        (None, several) => return page::choice(several, back, language),
        (Some(issuer), several) => match several.iter().find(|one| one.issuer == *issuer) {
            Some(provider) => provider,
            None => return refused(Fault::Failed, back),
        },
    };
    match lead(&desk, sign_in, provider, back, language).await {
        Ok(response) => response,
        Err(fault) => refused(fault, back),
    }
}

async fn lead<'p>(
    desk: &Desk,
    sign_in: &SignIn,
    provider: &'p Provider,
    back: Back,
    language: Language,
) -> Result<Response, Fault<'p>> {
    let unreachable = |_| Fault::Unreachable(provider);
    let metadata = desk
        .directory
        .metadata(provider)
        .await
        .map_err(unreachable)?;
    let way = metadata
        .way(provider, &desk.redirect_uri(), language)
        .map_err(unreachable)?;
    let begun = Begun {
        issuer: provider.issuer.clone(),
        state: way.state,
        nonce: way.nonce,
        verifier: way.verifier,
        back: back.path(),
    };
    let expires = now().as_second() + PATIENCE;
    let cookie = BEGUN.set(&begun, expires, &sign_in.seal, &desk.site).await;
    let cookie = cookie.map_err(|_| Fault::Unavailable)?;
    Ok(page::lead(&way.address, [cookie]))
}

/// A value that nobody guesses.
pub(crate) fn unguessable() -> String {
    CsrfToken::new_random().into_secret()
}

/// The status of a page that says that something was not as it has to be.
pub(crate) const REFUSED: StatusCode = StatusCode::BAD_REQUEST;
