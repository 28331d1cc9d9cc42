//! Out again.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use web::{Query, SESSION};

use crate::Desk;
use crate::back::{Back, Return};
use crate::page;

/// Sign out.
///
/// Takes the session from the browser that sends it. At the provider somebody stays signed in for as long as it says.
#[utoipa::path(
    post, path = "/v1/sign-out", operation_id = "signOut", tag = "signin", security(()),
    params(("return" = Option<String>, Query, description = "Where to go on: the path of a passport or of a piece of evidence")),
    responses((status = 303, description = "To where it goes on"))
)]
pub(crate) async fn sign_out(
    State(desk): State<Desk>,
    to: Result<Query<Return>, web::Problem>,
    headers: HeaderMap,
) -> Response {
    let to = to.ok().and_then(|Query(asked)| asked.to);
    let back = Back::of(to.as_deref()).unwrap_or(Back::Start);
    let came = match desk.sign_in.as_deref() {
        Some(sign_in) => {
            let session = SESSION.read::<access::Claims>(&headers, &sign_in.seal, &desk.site);
            session.await.is_ok_and(|(came, _)| came)
        }
        None => false,
    };
    // Another site's form comes without the cookie (`SameSite`), and so signs nobody out.
    let forget = came.then(|| SESSION.forget(&desk.site));
    page::lead(&back.path(), forget)
}
