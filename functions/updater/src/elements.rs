//! Single elements of a passport.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use passport::{ElementPath, Step, catalogue, element_patch};
use serde_json::Value;
use storage::{Earlier, Subject};
use web::{
    AnyBody, Decision, Idempotency, Partner, Path, Platform, Precondition, Problem, Provenance,
    Query, Represented,
};

use crate::change::{Changed, RecordChange, repeat, visible_record};
use crate::passports::refuse_derived;
use crate::rules::level_and_category;

/// Change an element of a passport (EN 18222 `UpdateDataElement`).
///
/// The path is RFC 9535 JSONPath to one place in the values of this one battery; the body is an RFC 7396 merge patch of what
/// stands there: an object adds to it, `null` takes it away, anything else takes its place. A list is recorded as changed
/// whole. Event type, reason and evidence come in headers. All or nothing.
#[utoipa::path(
    patch, path = "/v1/dpps/{dppId}/elements/{elementIdPath}", operation_id = "updateDataElement", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("elementIdPath" = String, Path, description = "JSONPath to one place, percent-encoded, for example `$.identification.serialNumber`"), ("representation" = Option<String>, Query, description = "The form of the body: `compressed` (the default) or `full`"), ("DPP-Event-Type" = String, Header, description = "An event type of the catalogue"), ("DPP-Reason" = String, Header, description = "Why; percent-encoded UTF-8"), ("DPP-Evidence" = Option<String>, Header, description = "Evidence ids, comma-separated"), ("If-Match" = Option<String>, Header, description = "The `ETag` it was read with")),
    request_body(content = web::described::NewElement, example = json!("EV-000002")),
    responses((status = 200, description = "The change is written", body = Changed), (status = "default", response = Problem))
)]
pub(crate) async fn change(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, path)): Path<(String, String)>,
    Query(query): Query<Represented>,
    headers: HeaderMap,
    body: AnyBody,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let id = platform.passport_id(&id)?;
    let location = format!("/v1/dpps/{id}");
    let route = format!("PATCH {location}/elements/{path}");
    let path = ElementPath::parse(&path).map_err(|fault| Problem::bad_path(&fault))?;
    let steps = match path.steps() {
        Some(steps @ [Step::Name(first), ..]) => {
            refuse_derived([first.as_str()])?;
            steps.to_vec()
        }
        _ => {
            return Err(Problem::malformed(
                "expected a path that leads to one element of one group",
            ));
        }
    };
    let change = ElementChange {
        change: RecordChange {
            platform: &platform,
            caller: &caller,
            subject: Subject::Passport(id),
            provenance: Provenance::of_headers(&headers, None)?,
            patch: None,
            transfer: None,
            contribution: None,
            precondition: Precondition::of(&headers),
            idempotency: Idempotency::optional(&headers, &route, principal, body.hash)?,
            location,
            status: StatusCode::OK,
        },
        steps,
        value: query.representation.value(&platform.site, body.json)?,
    };
    let idempotency = &change.change.idempotency;
    idempotency.decide(&platform.store, &change).await
}

/// A change of one element: what it is as a patch of the document depends on the list it may stand in.
struct ElementChange<'a> {
    change: RecordChange<'a>,
    steps: Vec<Step>,
    value: Value,
}

impl Decision for ElementChange<'_> {
    type Done = Response;

    async fn attempt(&self) -> Result<Option<Response>, Problem> {
        let RecordChange {
            platform,
            caller,
            subject,
            ..
        } = &self.change;
        let record = visible_record(platform, caller, subject).await?;
        // Only over what the caller may see: whether there is anything else is told by no answer.
        let classes = caller.reading(&record.head).classes;
        let (_, category) = level_and_category(&record.head.facts);
        let guidance = catalogue().active_guidance();
        let seen = passport::view(record.document.clone(), classes, guidance, category);
        let patch = element_patch(&seen, &self.steps, &self.value).ok_or_else(|| {
            Problem::not_found(
                "the path leads to no element of this battery's own values that you may see",
            )
        })?;
        let change = RecordChange {
            patch: Some(patch),
            ..self.change.clone()
        };
        change.attempt_on(record).await
    }

    async fn repeat(&self, earlier: Earlier) -> Result<Response, Problem> {
        repeat(self.change.platform, self.change.caller, &earlier).await
    }
}
