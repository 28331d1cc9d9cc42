//! Evidence: announced with its hash, uploaded, confirmed.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ledger::Sha256;
use passport::{Class, catalogue};
use serde_json::{Map, Value, json};
use storage::{CommitError, EVIDENCE_LIMIT, Evidence, EvidenceState};
use uuid::Uuid;
use web::{
    Body, Caller, Idempotency, Partner, Path, Platform, Problem, now, required_text, written,
};

/// Announce evidence.
///
/// Answers with an address for one `PUT` of the bytes within 15 minutes, with the headers it names. The same request
/// again gives a fresh address.
#[utoipa::path(
    post, path = "/v1/evidence", operation_id = "announceEvidence", tags = ["updater", "evidence"], security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::NewEvidence, example = json!({"title": "Photo of the exchanged contactor", "mediaType": "image/jpeg", "size": 48211, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "class": 4})),
    responses((status = 201, description = "Where and with which headers to upload the bytes", body = web::described::AnnouncedEvidence), (status = "default", response = Problem))
)]
pub(crate) async fn announce(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let idempotency = Idempotency::required(&headers, "POST /v1/evidence", principal, body.hash)?;
    let mut evidence = read(&body.json, &principal.organisation)?;
    let location = format!("/v1/evidence/{}", evidence.id);
    let request = idempotency.row(StatusCode::CREATED, &location);
    match platform
        .store
        .announce_evidence(&evidence, request, now())
        .await
    {
        Ok(()) => {}
        Err(CommitError::Answered(earlier)) => {
            let id = earlier.location.rsplit('/').next().unwrap_or_default();
            evidence = own(&platform, &caller, id).await?;
        }
        Err(error) => return Err(error.into()),
    }
    let upload = platform.store.upload_address(&evidence).await?;
    let headers: Map<String, Value> = upload
        .headers
        .into_iter()
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    let location = format!("/v1/evidence/{}", evidence.id);
    let body = json!({
        "id": evidence.id,
        "state": evidence.state,
        "upload": {"method": "PUT", "url": upload.url, "headers": headers},
        "confirmation": format!("{location}/confirmation"),
    });
    Ok(written(StatusCode::CREATED, &location, None, body))
}

/// Confirm uploaded evidence.
///
/// The bytes are checked against the announced hash and size, sealed unless public, and written once into the locked
/// bucket. Safe to repeat.
#[utoipa::path(
    post, path = "/v1/evidence/{id}/confirmation", operation_id = "confirmEvidence", tags = ["updater", "evidence"], security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The evidence")),
    responses((status = 200, description = "The evidence as it is kept", body = web::described::KeptEvidence), (status = "default", response = Problem))
)]
pub(crate) async fn confirm(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Evidence>, Problem> {
    caller.partner()?;
    let evidence = own(&platform, &caller, &id).await?;
    Ok(Json(platform.store.confirm_evidence(&evidence).await?))
}

async fn own(platform: &Platform, caller: &Caller, id: &str) -> Result<Evidence, Problem> {
    let unknown = || Problem::not_found("your organisation announced no such evidence");
    let id = Uuid::parse_str(id).map_err(|_| unknown())?;
    platform
        .store
        .evidence(id)
        .await?
        .filter(|evidence| caller.acts_for(&evidence.organisation))
        .ok_or_else(unknown)
}

fn read(json: &Map<String, Value>, organisation: &str) -> Result<Evidence, Problem> {
    let title = required_text(json, "title")?;
    let media_type = required_text(json, "mediaType")?;
    if title.chars().count() > 200 || !passport::is_plain_text(title) {
        return Err(Problem::malformed(
            "`title` has at most 200 characters and no control or invisible ones",
        ));
    }
    let token = |part: &str| {
        !part.is_empty()
            && part.len() <= 64
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    if !media_type
        .split_once('/')
        .is_some_and(|(family, kind)| token(family) && token(kind))
    {
        return Err(Problem::malformed(format!(
            "`{media_type}` is not a media type such as `image/jpeg`"
        )));
    }
    let kind = json.get("kind").map(|kind| shown(kind, media_type));
    let kind = kind.transpose()?;
    let sha256: Sha256 = required_text(json, "sha256")?
        .parse()
        .map_err(|_| Problem::malformed("expected 64 hexadecimal digits in `sha256`"))?;
    let size = json
        .get("size")
        .and_then(Value::as_u64)
        .filter(|size| (1..=EVIDENCE_LIMIT).contains(size))
        .ok_or_else(|| {
            Problem::malformed(format!(
                "expected the number of bytes, 1 to {EVIDENCE_LIMIT}, in `size`"
            ))
        })?;
    let class = match json.get("class") {
        None => Class::Internal,
        Some(number) => number
            .as_u64()
            .and_then(|number| u8::try_from(number).ok())
            .and_then(Class::from_number)
            .ok_or_else(|| Problem::malformed("expected an access class, 0 to 4, in `class`"))?,
    };
    Ok(Evidence {
        id: Uuid::new_v4(),
        organisation: organisation.to_owned(),
        title: title.to_owned(),
        sha256,
        size,
        media_type: media_type.to_owned(),
        kind,
        class,
        announced_at: now(),
        state: EvidenceState::Announced,
        version: None,
    })
}

/// What the evidence shows: a kind of the catalogue that comes in this media type.
fn shown(kind: &Value, media_type: &str) -> Result<String, Problem> {
    let known = kind
        .as_str()
        .and_then(|kind| catalogue().evidence_kind(kind))
        .ok_or_else(|| {
            let kinds: Vec<String> = catalogue()
                .evidence_kinds()
                .map(|kind| format!("`{}`", kind.id))
                .collect();
            Problem::malformed(format!("expected one of {} in `kind`", kinds.join(", ")))
        })?;
    match known.comes_as(media_type) {
        true => Ok(known.id.clone()),
        false => Err(Problem::malformed(format!(
            "`{}` comes as {}, not as `{media_type}`",
            known.id,
            known.media.join(", ")
        ))),
    }
}
