//! Evidence, downloaded.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use passport::Class;
use storage::{EvidenceState, ReadRecord, Subject};
use uuid::Uuid;
use web::{Caller, Path, Platform, Problem, now};

/// Download evidence.
///
/// The bytes as they were uploaded, checked against their hash, for the organisation that brought them.
#[utoipa::path(
    get, path = "/v1/evidence/{id}", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The evidence")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = "default", body = web::ProblemBody, content_type = "application/problem+json"))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let unknown = || Problem::not_found("there is no such evidence for you");
    let id = Uuid::parse_str(&id).map_err(|_| unknown())?;
    let evidence = platform
        .store
        .evidence(id)
        .await?
        .filter(|evidence| {
            evidence.state == EvidenceState::Confirmed && caller.acts_for(&evidence.organisation)
        })
        .ok_or_else(unknown)?;
    if evidence.class != Class::Public {
        let read = ReadRecord {
            subject: Subject::Organisation(evidence.organisation.clone()),
            role: principal
                .roles
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(","),
            organisation: principal.organisation.clone(),
            person: principal.subject.clone(),
            purpose: format!("evidence {id}"),
            classes: [evidence.class].into_iter().collect(),
            commitments: Vec::new(),
            request_id: Uuid::now_v7().to_string(),
        };
        let recorded = platform
            .store
            .record_read(&platform.site.log(), read, now())
            .await;
        recorded.map_err(Problem::unavailable)?;
    }
    let bytes = platform.store.evidence_bytes(&evidence).await?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    let media_type = HeaderValue::from_str(&evidence.media_type).map_err(Problem::internal)?;
    headers.insert(header::CONTENT_TYPE, media_type);
    // Uploaded by somebody else: never run in this origin.
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    Ok(response)
}
