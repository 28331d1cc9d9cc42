//! People sign in at their organisation's OpenID provider, and see of a passport what they have rights to.
//!
//! OpenID Connect Core 1.0 with the authorization code flow, as RFC 9700 (Best Current Practice for OAuth 2.0 Security) asks:
//!
//! 1. PKCE with `S256` (RFC 7636), and a provider that says it does not know it is refused: `provider.rs`
//! 2. one redirect URI, the same to the letter in both requests (§2.1): `Desk::redirect_uri`
//! 3. no open redirect (§4.11): `return` is a passport's or evidence's own path and is written anew: `back.rs`
//! 4. `state` binds the answer to the browser that asked (§4.7), in a sealed cookie for ten minutes: `begin.rs`
//! 5. `iss` of the answer is checked where it came or was announced (RFC 9207), against mix-up (§4.4): `callback.rs`
//! 6. the ID token's issuer, audience, `nonce` and times (Core §3.1.3.7): `access::identify`, with the issuer's keys as they are now
//! 7. the access token as every other: `access::verify`; one that is or has to be bound to a key (RFC 9449) is nothing for a browser
//! 8. the browser gets neither token: only who signed in, sealed, for as long as the access token would have lived
//! 9. endpoints are TLS, but on a developer's loopback interface; no redirect of theirs is followed: `web::Outward`

mod back;
mod begin;
mod callback;
mod page;
mod provider;
mod sign_out;

use std::sync::Arc;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Cookie, Keyring, Platform, SignIn, Site};

use provider::Directory;

/// What is remembered of a sign-in that was begun.
const BEGUN: Cookie = Cookie {
    name: "sign-in",
    path: "/v1/sign-in",
};

/// What the function works with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Desk {
    sign_in: Option<Arc<SignIn>>,
    keyring: Arc<Keyring>,
    site: Arc<Site>,
    directory: Arc<Directory>,
}

impl Desk {
    /// The one of a platform.
    #[must_use]
    pub fn of(platform: &Platform) -> Self {
        Self::new(
            platform.sign_in.clone(),
            platform.keyring.clone(),
            platform.site.clone(),
        )
    }

    /// As the environment describes it: `TOKEN_ISSUERS`, `SIGN_IN` and the key of the cookies ([`SignIn::from_env`]),
    /// `CARRIER_ORIGIN`. It needs no table.
    ///
    /// # Errors
    /// A sentence naming what is missing or wrong.
    pub async fn from_env() -> Result<Self, String> {
        let issuers = web::issuers_from_env()?;
        let sign_in = SignIn::from_env(&issuers).await?;
        let site = Arc::new(Site::from_env()?);
        let keyring = Arc::new(Keyring::new(issuers));
        Ok(Self::new(sign_in, keyring, site))
    }

    fn new(sign_in: Option<Arc<SignIn>>, keyring: Arc<Keyring>, site: Arc<Site>) -> Self {
        Self {
            sign_in,
            keyring,
            site,
            directory: Arc::default(),
        }
    }

    /// Where providers send people back to, to the letter.
    fn redirect_uri(&self) -> String {
        format!("{}/v1/sign-in/callback", self.site.origin())
    }
}

/// The routes of this function.
#[must_use]
pub fn routes() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(begin::begin))
        .routes(routes!(callback::callback))
        .routes(routes!(sign_out::sign_out))
}

/// The same, to be served.
pub fn router(desk: Desk) -> Router {
    routes().split_for_parts().0.with_state(desk)
}
