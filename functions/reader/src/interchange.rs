//! Passports in the formats of others.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use exchange::{Exported, Format, Loss, Variant, export, format, formats};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Caller, ETag, Path, Platform, Problem, Wanted, wanted};

use crate::view::Loaded;

/// A passport in a format of others, with what the format could not say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Export {
    /// The format.
    format: &'static str,
    /// Its profile (RFC 6906).
    profile: String,
    /// The passport, as far as the caller may see it.
    #[schema(value_type = Object)]
    document: Value,
    /// What the format could not carry, and what it asks for that nothing fills: `pointer`, `what` and `reason` of each.
    #[schema(value_type = Vec<Object>)]
    losses: Vec<Loss>,
}

/// Read a passport in a format of others, with its losses.
///
/// Exactly what the caller may see, in the format, and what of it the format could not carry, member by member. The formats
/// are described at `/docs/formats`. The document alone: `GET /v1/dpps/{dppId}` with the format's profile in `Accept`.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/exports/{format}", operation_id = "exportDPP", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("format" = String, Path, description = "The format's id, or that of one of its forms", example = "batterypass-ready-1.0")),
    responses((status = 200, description = "The document and its losses", body = Export), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = platform.passport_id(&id)?;
    let form = Form::named(&name).ok_or_else(|| {
        Problem::not_found(format!("there is no such format; there are {}", names()))
    })?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let Exported { document, losses } = form.of(&platform, &caller, &loaded, &headers).await?;
    let body = Export {
        format: form.format.id.as_str(),
        profile: platform.site.profile(&form.name()),
        document,
        losses,
    };
    Ok((cache(&loaded, &caller), Json(body)).into_response())
}

/// A form of a format.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    format: &'static Format,
    variant: Option<&'static Variant>,
}

impl Form {
    fn named(name: &str) -> Option<Self> {
        let (format, variant) = format(name)?;
        Some(Self { format, variant })
    }

    fn name(self) -> String {
        match self.variant {
            Some(variant) => format!("{}-{}", self.format.id, variant.id),
            None => self.format.id.clone(),
        }
    }

    /// What the caller may see, in this form.
    async fn of(
        self,
        platform: &Platform,
        caller: &Caller,
        loaded: &Loaded,
        headers: &HeaderMap,
    ) -> Result<Exported, Problem> {
        let category = loaded.category;
        let variant = self.format.form(self.variant, category).map_err(|other| {
            Problem::not_acceptable(format!(
                "`{}` is for batteries of the category `{other}`, this one is `{category}`",
                self.name()
            ))
        })?;
        let view = loaded.document(platform, caller, headers).await?;
        let updated_at = loaded.updated_at(platform, caller).await?;
        let header = loaded.header(platform, updated_at);
        Ok(export(self.format, variant, &header, &view))
    }
}

/// The form that `Accept` likes best, where it is not the platform's own.
///
/// # Errors
/// 406 where it names profiles only and none of them is known.
pub(crate) fn asked(platform: &Platform, headers: &HeaderMap) -> Result<Option<Form>, Problem> {
    let mut unknown = None;
    for Wanted {
        media_type,
        profile,
    } in wanted(headers)
    {
        match (media_type.as_str(), profile) {
            ("application/json", Some(profile)) => {
                let name = platform.site.format_of(&profile);
                match name.and_then(Form::named) {
                    Some(form) => return Ok(Some(form)),
                    None => unknown = Some(profile),
                }
            }
            ("application/json" | "application/*" | "*/*", None) => return Ok(None),
            _ => {}
        }
    }
    let Some(profile) = unknown else {
        return Ok(None);
    };
    Err(Problem::not_acceptable(format!(
        "the profile `{profile}` is not known here; there are {}",
        profiles(platform)
    )))
}

/// Answers the document alone; how many losses it has is told in a header.
pub(crate) async fn answer(
    platform: &Platform,
    caller: &Caller,
    id: Uuid,
    form: Form,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let loaded = Loaded::find(platform, caller, id).await?;
    let tag = loaded.tag(caller);
    let tag = ETag {
        view: format!("{}-{}", tag.view, form.name()),
        ..tag
    };
    // A restricted view is never answered 304: that would be a read without its record.
    if loaded.reading(caller).classes.only_public() && tag.known_to(headers) {
        let tag = [(header::ETAG, tag.to_string())];
        return Ok((StatusCode::NOT_MODIFIED, tag, VARY).into_response());
    }
    let Exported { document, losses } = form.of(platform, caller, &loaded, headers).await?;
    let profile = platform.site.profile(&form.name());
    let told = [
        (header::ETAG, tag.to_string()),
        (
            header::CONTENT_TYPE,
            format!("application/json; profile=\"{profile}\""),
        ),
        (header::LINK, format!("<{profile}>; rel=\"profile\"")),
        (LOSSES, losses.len().to_string()),
    ];
    Ok((cache(&loaded, caller), told, document.to_string()).into_response())
}

/// How many losses an export has; `/v1/dpps/{dppId}/exports/{format}` names them.
const LOSSES: HeaderName = HeaderName::from_static("interchange-losses");
const VARY: [(HeaderName, &str); 1] = [(header::VARY, "Accept, Authorization")];

fn cache(loaded: &Loaded, caller: &Caller) -> [(HeaderName, &'static str); 2] {
    let cache = match loaded.reading(caller).classes.only_public() {
        true => "public, max-age=0, must-revalidate",
        false => "private, no-store",
    };
    let [vary] = VARY;
    [(header::CACHE_CONTROL, cache), vary]
}

fn names() -> String {
    let names: Vec<&str> = formats().map(|format| format.id.as_str()).collect();
    names.join(", ")
}

fn profiles(platform: &Platform) -> String {
    let profiles: Vec<String> = formats()
        .map(|format| platform.site.profile(&format.id))
        .collect();
    profiles.join(", ")
}
