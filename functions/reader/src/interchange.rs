//! Passports in the formats of others.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
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
    #[schema(value_type = Vec<web::described::LostMember>)]
    losses: Vec<Loss>,
}

/// Read a passport in a format of others, with its losses.
///
/// Exactly what the caller may see, in the format, and what of it the format could not carry, member by member. The formats
/// are described at `/docs/formats`; `json-ld` is the platform's own form as JSON-LD, without losses. The document alone:
/// `GET /v1/dpps/{dppId}` with the format's profile, or `application/ld+json`, in `Accept`.
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
    let other = Other::named(&name).ok_or_else(|| {
        Problem::not_found(format!("there is no such format; there are {}", names()))
    })?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let Exported { document, losses } = other.of(&platform, &caller, &loaded, &headers).await?;
    let (format, profile) = match other {
        Other::Format(form) => (form.format.id.as_str(), platform.site.profile(&form.name())),
        Other::JsonLd => (exchange::JSON_LD, COMPACTED.to_owned()),
    };
    let body = Export {
        format,
        profile,
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
        let (header, view) = loaded.passport(platform, caller, headers).await?;
        Ok(export(self.format, variant, &header, &view))
    }
}

/// A representation that is not the platform's own JSON.
#[derive(Clone, Copy)]
pub(crate) enum Other {
    /// A format of others.
    Format(Form),
    /// Our own form as linked data.
    JsonLd,
}

const JSON_LD: &str = "application/ld+json";
/// The profile of a compacted document (JSON-LD 1.1, §6.1).
const COMPACTED: &str = "http://www.w3.org/ns/json-ld#compacted";

impl Other {
    fn named(name: &str) -> Option<Self> {
        match name {
            exchange::JSON_LD => Some(Self::JsonLd),
            name => Form::named(name).map(Self::Format),
        }
    }

    /// What the caller may see, in this representation.
    async fn of(
        self,
        platform: &Platform,
        caller: &Caller,
        loaded: &Loaded,
        headers: &HeaderMap,
    ) -> Result<Exported, Problem> {
        match self {
            Self::Format(form) => form.of(platform, caller, loaded, headers).await,
            Self::JsonLd => {
                let (header, view) = loaded.passport(platform, caller, headers).await?;
                Ok(Exported {
                    document: exchange::json_ld(&platform.site.origin(), &header, view),
                    losses: Vec::new(),
                })
            }
        }
    }
}

/// The representation that `Accept` likes best, where it is not the platform's own.
///
/// # Errors
/// 406 where it names profiles only and none of them is known.
pub(crate) fn asked(platform: &Platform, headers: &HeaderMap) -> Result<Option<Other>, Problem> {
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
                    Some(form) => return Ok(Some(Other::Format(form))),
                    None => unknown = Some(profile),
                }
            }
            (JSON_LD, _) => return Ok(Some(Other::JsonLd)),
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

/// Read the JSON-LD context.
///
/// What the members of a passport mean to whoever reads it as linked data (`Accept: application/ld+json`): each attribute is a
/// term whose address leads to its description.
#[utoipa::path(
    get, path = "/v1/context.jsonld", operation_id = "readContext", tag = "documentation",
    responses((status = 200, description = "The context (JSON-LD 1.1)", body = Object, content_type = "application/ld+json"))
)]
pub(crate) async fn context(State(platform): State<Platform>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, JSON_LD),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        // Processors in browsers load it from other sites' pages.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    let context = exchange::context(&platform.site.origin());
    (headers, context.to_string()).into_response()
}

/// Answers the document alone; how many losses it has is told in a header.
pub(crate) async fn answer(
    platform: &Platform,
    caller: &Caller,
    id: Uuid,
    other: Other,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let loaded = Loaded::find(platform, caller, id).await?;
    let tag = loaded.tag(caller);
    let tag = ETag {
        view: match other {
            Other::Format(form) => format!("{}-{}", tag.view, form.name()),
            Other::JsonLd => format!("{}-ld", tag.view),
        },
        ..tag
    };
    // A restricted view is never answered 304: that would be a read without its record.
    if loaded.only_public(caller) && tag.known_to(headers) {
        let tag = [(header::ETAG, tag.to_string())];
        return Ok((StatusCode::NOT_MODIFIED, tag, VARY).into_response());
    }
    let exported = other.of(platform, caller, &loaded, headers).await?;
    let told = match other {
        Other::Format(form) => {
            let profile = platform.site.profile(&form.name());
            vec![
                (
                    header::CONTENT_TYPE,
                    format!("application/json; profile=\"{profile}\""),
                ),
                (header::LINK, format!("<{profile}>; rel=\"profile\"")),
                (LOSSES, exported.losses.len().to_string()),
            ]
        }
        Other::JsonLd => vec![(header::CONTENT_TYPE, JSON_LD.to_owned())],
    };
    let tag = [(header::ETAG, tag.to_string())];
    // A text as it is would bring a content type of its own.
    let body = Body::from(exported.document.to_string());
    Ok((cache(&loaded, caller), tag, AppendHeaders(told), body).into_response())
}

/// How many losses an export has; `/v1/dpps/{dppId}/exports/{format}` names them.
const LOSSES: HeaderName = HeaderName::from_static("interchange-losses");
const VARY: [(HeaderName, &str); 1] = [(header::VARY, "Accept, Authorization")];

fn cache(loaded: &Loaded, caller: &Caller) -> [(HeaderName, &'static str); 2] {
    let cache = match loaded.only_public(caller) {
        true => "public, max-age=0, must-revalidate",
        false => "private, no-store",
    };
    let [vary] = VARY;
    [(header::CACHE_CONTROL, cache), vary]
}

fn names() -> String {
    let formats = formats().map(|format| format.id.as_str());
    let names: Vec<&str> = formats.chain([exchange::JSON_LD]).collect();
    names.join(", ")
}

fn profiles(platform: &Platform) -> String {
    let profiles: Vec<String> = formats()
        .map(|format| platform.site.profile(&format.id))
        .collect();
    profiles.join(", ")
}
