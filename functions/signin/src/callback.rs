//! The way back from the provider.

use access::{Claims, Expected};
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use serde::Deserialize;
use web::{Provider, Query, SESSION, SignIn, Unverified, language};

use crate::back::Back;
use crate::begin::Begun;
use crate::page::{self, Fault};
use crate::provider::{ProviderError, Tokens};
use crate::{BEGUN, Desk};

/// What the provider sends along (RFC 6749 §4.1.2, RFC 9207 §2). What comes twice refuses the whole.
#[derive(Debug, Deserialize)]
pub(crate) struct Answered {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// Come back from signing in.
///
/// Where a provider sends people back to. The browser keeps who signed in, sealed, for as long as the access token lives; it
/// counts for reading pages and for nothing else.
#[utoipa::path(
    get, path = "/v1/sign-in/callback", operation_id = "signInCallback", tag = "signin", security(()),
    params(("code" = Option<String>, Query, description = "The authorization code"), ("state" = Option<String>, Query, description = "What was sent along"), ("iss" = Option<String>, Query, description = "The issuer (RFC 9207)"), ("error" = Option<String>, Query, description = "Why there is no code")),
    responses((status = 303, description = "To the page that the sign-in was begun on"), (status = "default", description = "A page that says why not", body = String, content_type = "text/html"))
)]
pub(crate) async fn callback(
    State(desk): State<Desk>,
    RawQuery(raw): RawQuery,
    answered: Result<Query<Answered>, web::Problem>,
    headers: HeaderMap,
) -> Response {
    let language = language(raw.as_deref(), &headers);
    let Some(sign_in) = desk.sign_in.as_deref() else {
        return page::fault(Fault::NotSetUp, Back::Start, language);
    };
    let begun = BEGUN
        .read::<Begun>(&headers, &sign_in.seal, &desk.site)
        .await;
    let mut response = match begun {
        Err(_) => page::fault(Fault::Unavailable, Back::Start, language),
        Ok((_, None)) => page::fault(Fault::Failed, Back::Start, language),
        Ok((_, Some(begun))) => {
            let back = Back::of(Some(&begun.back)).unwrap_or(Back::Start);
            let answered = answered.ok().map(|Query(answered)| answered);
            match finish(&desk, sign_in, &begun, back, answered).await {
                Ok(response) => response,
                Err(fault) => page::fault(fault, back, language),
            }
        }
    };
    // Good for one answer, whatever it was.
    let forget = BEGUN.forget(&desk.site);
    response.headers_mut().append(SET_COOKIE, forget);
    response
}

async fn finish<'s>(
    desk: &Desk,
    sign_in: &'s SignIn,
    begun: &Begun,
    back: Back,
    answered: Option<Answered>,
) -> Result<Response, Fault<'s>> {
    let answered = answered.ok_or(Fault::Failed)?;
    let mut providers = sign_in.providers.iter();
    let provider = providers
        .find(|provider| provider.issuer == begun.issuer)
        .ok_or(Fault::Failed)?;
    if answered.state.as_ref() != Some(&begun.state) {
        return Err(Fault::Failed);
    }
    let directory = &desk.directory;
    let unreachable = |_| Fault::Unreachable(provider);
    let metadata = directory.metadata(provider).await.map_err(unreachable)?;
    // RFC 9207 §2.4: another issuer's answer is not for this sign-in.
    let is_its = match &answered.iss {
        Some(issuer) => *issuer == provider.issuer,
        None => !metadata.announces_issuer(),
    };
    let code = match (answered.code, answered.error) {
        (Some(code), None) if is_its => code,
        _ => return Err(Fault::Failed),
    };
    let tokens = directory
        .exchange(&metadata, provider, &desk.redirect_uri(), code, begun)
        .await
        .map_err(|error| match error {
            ProviderError::Unreachable(_) => Fault::Unreachable(provider),
            ProviderError::Refused(_) => Fault::Failed,
        })?;
    let claims = checked(desk, provider, begun, &tokens).await?;
    let cookie = SESSION.set(&claims, claims.expires, &sign_in.seal, &desk.site);
    let cookie = cookie.await.map_err(|_| Fault::Unavailable)?;
    Ok(page::lead(&back.path(), [cookie]))
}

/// Who signed in: as the ID token says that it was this sign-in, and the access token what for.
async fn checked<'s>(
    desk: &Desk,
    provider: &'s Provider,
    begun: &Begun,
    tokens: &Tokens,
) -> Result<Claims, Fault<'s>> {
    let expected = Expected {
        issuer: &begun.issuer,
        client: &provider.client_id,
        nonce: &begun.nonce,
    };
    let refused = |which: &'static str| {
        move |fault: Unverified| {
            // For whoever set the provider up: a person cannot mend it.
            tracing::warn!(%fault, which, issuer = begun.issuer, "a provider's token was refused");
            match fault {
                Unverified::Refused(_) => Fault::Refused,
                Unverified::NoKeys => Fault::Unreachable(provider),
            }
        }
    };
    let keyring = &desk.keyring;
    let identified = keyring.identify(&tokens.id_token, expected).await;
    identified.map_err(refused("id token"))?;
    let claims = keyring.verify(&tokens.access_token).await;
    let claims = claims.map_err(refused("access token"))?;
    let held = keyring.issuers().held(&claims, None);
    held.map_err(Unverified::from)
        .map_err(refused("access token"))?;
    match claims.issuer == begun.issuer {
        true => Ok(claims),
        false => Err(Fault::Refused),
    }
}
