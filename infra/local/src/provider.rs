//! An OpenID provider of this machine: whoever comes is the person that was named at the command line, for as long as that
//! command runs. Authorization code flow with PKCE, as a real one; only the question who somebody is was answered before.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::issuer::{CLIENT, ISSUER, Issuer, TokenRequest};
use crate::platform::Failure;
use crate::{DEFAULT_DATA, DEFAULT_ORIGIN, DEFAULT_PROVIDER};

const METADATA: &str = "/.well-known/openid-configuration";
/// How long a code is good.
const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// The command that starts the provider of a platform at `origin` over a data folder.
pub(crate) fn command(data: &Path, origin: &str, address: SocketAddr) -> String {
    let mut command = "cargo run -- sign-in --role economic-operator --org voltwerk".to_owned();
    let data = data.display().to_string();
    for (flag, value, usual) in [
        ("data", data, DEFAULT_DATA),
        ("platform", origin.to_owned(), DEFAULT_ORIGIN),
        ("listen", address.to_string(), DEFAULT_PROVIDER),
    ] {
        if value != usual {
            command.push_str(&format!(" --{flag} {value}"));
        }
    }
    command
}

/// What the functions are configured with (`SIGN_IN`), so that people sign in at a provider at that address, which that command
/// starts.
#[must_use]
pub fn sign_in_configuration(address: SocketAddr, command: &str) -> String {
    json!([{
        "issuer": ISSUER,
        "clientId": CLIENT,
        "name": "This machine",
        "discovery": format!("http://{address}{METADATA}"),
        "startedBy": command,
    }])
    .to_string()
}

/// The provider.
#[derive(Debug)]
pub struct Provider {
    /// Where it listens.
    pub address: SocketAddr,
    /// The origin of the platform that people come from.
    pub platform: String,
    /// Whoever comes.
    pub who: TokenRequest,
    issuer: Issuer,
    codes: Mutex<HashMap<String, Code>>,
}

/// What a code was given for.
#[derive(Debug)]
struct Code {
    redirect_uri: String,
    challenge: String,
    nonce: String,
    since: Instant,
}

/// What the authorization endpoint is asked (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core 1.0 §3.1.2.1).
#[derive(Debug, Deserialize)]
struct Asked {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    scope: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
}

/// What the token endpoint is asked (RFC 6749 §4.1.3, RFC 7636 §4.5).
#[derive(Debug, Deserialize)]
struct Exchange {
    grant_type: String,
    client_id: String,
    redirect_uri: String,
    code: String,
    code_verifier: String,
}

impl Provider {
    /// One at a loopback address that signs in whoever comes from the platform as `who`.
    ///
    /// # Errors
    /// [`Failure`] where the address can be reached from elsewhere, or `who` is not registered.
    pub fn new(
        issuer: Issuer,
        who: TokenRequest,
        address: SocketAddr,
        platform: &str,
    ) -> Result<Self, Failure> {
        if !address.ip().is_loopback() {
            let text = format!("{address} can be reached from other machines: expected 127.0.0.1");
            return Err(Failure::new(text));
        }
        who.checked()?;
        Ok(Self {
            address,
            platform: platform.trim_end_matches('/').to_owned(),
            who,
            issuer,
            codes: Mutex::default(),
        })
    }

    fn codes(&self) -> std::sync::MutexGuard<'_, HashMap<String, Code>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one place it sends people back to.
    fn redirect_uri(&self) -> String {
        format!("{}/v1/sign-in/callback", self.platform)
    }

    /// The tokens of a code, which is good once.
    fn exchange(&self, exchange: &Exchange) -> Result<Value, &'static str> {
        if exchange.grant_type != "authorization_code" {
            return Err("unsupported_grant_type");
        }
        let code = self.codes().remove(&exchange.code);
        let challenge = digest::digest(&digest::SHA256, exchange.code_verifier.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(challenge);
        let code = code.filter(|code| {
            code.since.elapsed() < CODE_LIFETIME
                && code.redirect_uri == exchange.redirect_uri
                && exchange.client_id == CLIENT
                && code.challenge == challenge
        });
        let code = code.ok_or("invalid_grant")?;
        let access = self.issuer.token(&self.who).map_err(|_| "server_error")?;
        let id = self.issuer.id_token(&self.who, &code.nonce);
        Ok(json!({
            "access_token": access, "token_type": "Bearer", "expires_in": 3_600,
            "id_token": id.map_err(|_| "server_error")?,
        }))
    }
}

/// Serves it for as long as connections come.
pub async fn serve_provider(listener: TcpListener, provider: Provider) {
    let app = Router::new()
        .route(METADATA, get(metadata))
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .layer(map_response(async |mut response: Response| {
            let no_store = HeaderValue::from_static("no-store");
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, no_store);
            response
        }))
        .with_state(Arc::new(provider));
    if let Err(error) = axum::serve(listener, app).await {
        tracing::error!(%error, "listener ended");
    }
}

async fn metadata(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let here = format!("http://{}", provider.address);
    Json(json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{here}/authorize"),
        "token_endpoint": format!("{here}/token"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn authorize(State(provider): State<Arc<Provider>>, Query(asked): Query<Asked>) -> Response {
    // Nobody is led to an address that was not agreed on.
    if asked.client_id != CLIENT || asked.redirect_uri != provider.redirect_uri() {
        let text = format!(
            "people come here from {0} and go back there; `--platform` names another",
            provider.platform
        );
        return (StatusCode::BAD_REQUEST, text).into_response();
    }
    let is_openid = asked.scope.split(' ').any(|scope| scope == "openid");
    let is_pkce = asked.code_challenge_method == "S256" && asked.code_challenge.len() == 43;
    let answer = match asked.response_type.as_str() {
        "code" if is_openid && is_pkce => {
            let code = Uuid::new_v4().to_string();
            let given = Code {
                redirect_uri: asked.redirect_uri.clone(),
                challenge: asked.code_challenge,
                nonce: asked.nonce,
                since: Instant::now(),
            };
            provider.codes().insert(code.clone(), given);
            ("code", code)
        }
        _ => ("error", "invalid_request".to_owned()),
    };
    let back = Url::parse_with_params(
        &asked.redirect_uri,
        [
            (answer.0, answer.1.as_str()),
            ("state", &asked.state),
            ("iss", ISSUER),
        ],
    );
    match back {
        Ok(back) => Redirect::to(back.as_str()).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

async fn token(State(provider): State<Arc<Provider>>, Form(asked): Form<Exchange>) -> Response {
    match provider.exchange(&asked) {
        Ok(tokens) => Json(tokens).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response(),
    }
}
