//! Evidence, downloaded.

use ::page::Writing;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use passport::Class;
use storage::{EvidenceState, Subject};
use uuid::Uuid;
use web::{Caller, Path, Platform, Problem, Visitor, language, prefers_page};

use crate::page;
use crate::view::{Read, leave_read_event};

/// Download evidence.
///
/// The bytes as they were uploaded, checked against their hash, for the organisation that brought them and for one that has to
/// decide on them.
#[utoipa::path(
    get, path = "/v1/evidence/{id}", operation_id = "readEvidence", tags = ["reader", "evidence"], security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The evidence")),
    responses((status = 200, description = "The bytes, with the media type they were announced with", body = Vec<u8>, content_type = "application/octet-stream"), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    mut parts: Parts,
) -> Result<Response, Problem> {
    let visitor = Visitor::from_request_parts(&mut parts, &platform).await;
    let named = Path::<String>::from_request_parts(&mut parts, &platform).await;
    let file = match (&visitor, &named) {
        (Ok(visitor), Ok(Path(id))) => file(&platform, &visitor.caller, id).await,
        (Err(problem), _) | (_, Err(problem)) => Err(problem.clone()),
    };
    match file {
        // A person comes from the page of a passport.
        Err(problem) if prefers_page(&parts.headers) => {
            let writing = Writing::of(language(parts.uri.query(), &parts.headers));
            let visitor = visitor.ok();
            let path = named.ok().map(|Path(id)| format!("/v1/evidence/{id}"));
            let page = page::refused(
                &platform,
                &problem,
                visitor.as_ref(),
                path.as_deref(),
                writing,
            );
            Ok(page)
        }
        other => other,
    }
}

async fn file(platform: &Platform, caller: &Caller, id: &str) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let unknown = || Problem::not_found("there is no such evidence for you");
    let id = Uuid::parse_str(id).map_err(|_| unknown())?;
    let evidence = platform
        .store
        .evidence(id)
        .await?
        .filter(|evidence| evidence.state == EvidenceState::Confirmed)
        .ok_or_else(unknown)?;
    let store = &platform.store;
    let (own, roles) = (&principal.organisation, &principal.roles);
    let is_open = caller.acts_for(&evidence.organisation)
        || store.is_evidence_open(id, own).await?
        || access::oversees(principal) && store.is_evidence_open_to_roles(id, roles).await?;
    if !is_open {
        return Err(unknown());
    }
    if evidence.class != Class::Public {
        let read = Read {
            subject: Subject::Organisation(evidence.organisation.clone()),
            standings: vec![access::Standing::from(&evidence.organisation)],
            purpose: &format!("evidence {id}"),
            classes: [evidence.class].into_iter().collect(),
            pointers: Vec::new(),
            commitments: Vec::new(),
        };
        leave_read_event(platform, principal, read).await?;
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
