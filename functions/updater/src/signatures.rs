//! Signatures that operators make with keys of their own.
//!
//! A signature changes nothing of a record and proves itself: it leaves no event.

use axum::extract::State;
use axum::http::StatusCode;
use storage::Subject;
use web::{Body, Caller, Partner, Path, Platform, Problem, required_text};

use crate::products::product_id;

/// Sign a version of a passport.
///
/// For the operator that is responsible for the version and has registered a key of its own. What is to be signed is the `statement` of
/// `GET …/versions/{n}/signature`, as canonical JSON (RFC 8785). It is verified before it is taken, and stays for good; the same again is
/// answered the same.
#[utoipa::path(
    put, path = "/v1/dpps/{dppId}/versions/{n}/signature", operation_id = "signVersion", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("n" = u64, Path, description = "The public version, from 1")),
    request_body(content = web::described::NewSignature),
    responses((status = 204, description = "The signature is published"), (status = "default", response = Problem))
)]
pub(crate) async fn of_passport(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, version)): Path<(String, u64)>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let subject = Subject::Passport(platform.passport_id(&id)?);
    sign(&platform, &caller, &subject, version, &body).await
}

/// Sign a version of a model.
///
/// As `signVersion`; what is to be signed is in `readModelVersionSignature`.
#[utoipa::path(
    put, path = "/v1/models/{id}/versions/{n}/signature", operation_id = "signModelVersion", tag = "updater", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model"), ("n" = u64, Path, description = "The public version, from 1")),
    request_body(content = web::described::NewSignature),
    responses((status = 204, description = "The signature is published"), (status = "default", response = Problem))
)]
pub(crate) async fn of_model(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, version)): Path<(String, u64)>,
    body: Body,
) -> Result<StatusCode, Problem> {
    sign(
        &platform,
        &caller,
        &Subject::Model(product_id(&id)?),
        version,
        &body,
    )
    .await
}

/// Sign a version of a batch.
///
/// As `signVersion`; what is to be signed is in `readBatchVersionSignature`.
#[utoipa::path(
    put, path = "/v1/batches/{id}/versions/{n}/signature", operation_id = "signBatchVersion", tag = "updater", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch"), ("n" = u64, Path, description = "The public version, from 1")),
    request_body(content = web::described::NewSignature),
    responses((status = 204, description = "The signature is published"), (status = "default", response = Problem))
)]
pub(crate) async fn of_batch(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, version)): Path<(String, u64)>,
    body: Body,
) -> Result<StatusCode, Problem> {
    sign(
        &platform,
        &caller,
        &Subject::Batch(product_id(&id)?),
        version,
        &body,
    )
    .await
}

async fn sign(
    platform: &Platform,
    caller: &Caller,
    subject: &Subject,
    version: u64,
    body: &Body,
) -> Result<StatusCode, Problem> {
    // Who: the operator that the version names. Nobody else learns whether there is one.
    let store = &platform.store;
    let view = store.signed_view(subject, version).await?;
    let view = view
        .filter(|view| caller.signs_for(&view.statement.operator))
        .ok_or_else(|| {
            Problem::not_found("there is no such version that your organisation signs, or not yet: ask again in some seconds")
        })?;
    // What.
    let signature = required_text(&body.json, "signature")?;
    if let Some(taken) = &view.signature {
        return repeated(taken, signature);
    }
    let own = store.organisation(&view.statement.operator).await?;
    let key = own
        .and_then(|organisation| organisation.signing_key)
        .ok_or_else(|| Problem::conflict("your organisation has registered no key of its own"))?;
    view.statement
        .verify(signature, &key)
        .map_err(|fault| Problem::malformed(format!("`signature` is not taken: {fault}")))?;
    // Write.
    match store.sign_view(subject, view, signature.to_owned()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        // Somebody was faster.
        false => match store.signed_view(subject, version).await? {
            Some(view) => repeated(view.signature.as_deref().unwrap_or_default(), signature),
            None => Err(Problem::internal("a signed version that is gone")),
        },
    }
}

fn repeated(taken: &str, signature: &str) -> Result<StatusCode, Problem> {
    match taken == signature {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::conflict(
            "this version is signed already, and a signature stays for good",
        )),
    }
}
