//! Single elements of a passport.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use passport::{ElementPath, Full, Step};
use serde_json::Value;
use web::{Caller, Path, Platform, Problem, Query, Representation, Represented};

use crate::passports::answered;
use crate::view::Loaded;

/// Read an element of a passport (EN 18222 `ReadDataElement`).
///
/// The path is RFC 9535 JSONPath over what this caller may see of the passport in its compressed form, header included. A
/// path to one place is answered with the element there, any other with a list. A path has at most 500 bytes, finds at most
/// 1,000 elements, and takes no regular expressions.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/elements/{elementIdPath}", operation_id = "readDataElement", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("elementIdPath" = String, Path, description = "JSONPath, percent-encoded, for example `$.performance.ratedCapacity.value`"), ("representation" = Option<String>, Query, description = "`compressed` (the default) or `full`")),
    responses((status = 200, description = "The element, or a list of the elements", body = web::described::ReadElement), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, path)): Path<(String, String)>,
    Query(query): Query<Represented>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = platform.passport_id(&id)?;
    let path = ElementPath::parse(&path).map_err(|fault| Problem::bad_path(&fault))?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let header = loaded.present_header(&platform, &caller);
    let view = loaded.unrecorded(&platform, &caller).await?;
    let passport = passport::compressed(&header, view);
    let origin = platform.site.origin();
    let full = Full { site: &origin };
    let found = path.find(&passport);
    let found = found.map_err(|fault| Problem::bad_path(&fault))?;
    // That there is nothing is an answer too.
    let read: BTreeSet<String> = found.iter().map(|(steps, _)| attribute(steps)).collect();
    let read = read.into_iter().collect();
    loaded
        .record_read(&platform, &caller, &headers, read)
        .await?;
    let mut found: Vec<Value> = found
        .into_iter()
        .map(|(steps, value)| match query.representation {
            Representation::Compressed => value.clone(),
            Representation::Full => full.element(&steps, value),
        })
        .collect();
    let body = match path.steps() {
        _ if found.is_empty() => {
            return Err(Problem::not_found(
                "the path leads to nothing that you may see",
            ));
        }
        Some(_) => found.swap_remove(0),
        None => Value::Array(found),
    };
    let public = loaded.only_public(&caller);
    Ok(answered(body, Some(&loaded.tag(&caller)), public))
}

/// The pointer of the attribute, or of the member of the header, that an element is in or is.
fn attribute(steps: &[Step]) -> String {
    let names = steps.iter().map_while(|step| match step {
        Step::Name(name) => Some(format!("/{name}")),
        Step::Index(_) => None,
    });
    names.take(2).collect()
}
