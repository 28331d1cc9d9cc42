//! What this resolver says of itself.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use web::Problem;

use crate::Resolver;
use crate::linkset::{self, CONTEXT, VOCABULARY};

/// How long a description may be kept: it changes with a release at most.
const KEPT: &str = "public, max-age=3600, s-maxage=3600, stale-if-error=86400";

/// A resolver description file (GS1-Conformant Resolver 1.2.1 §5).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResolverDescription {
    /// What it is called.
    name: &'static str,
    /// The address before every GS1 key.
    resolver_root: String,
    /// The primary keys it resolves, by their application identifiers.
    supported_primary_keys: [&'static str; 2],
    /// Vocabularies of link types.
    supported_link_type: [Namespace; 1],
    /// The link types a battery can have, compact.
    link_types: Vec<&'static str>,
    /// Whether the list of all links is what an address leads to by itself: it is not, the passport is.
    link_type_default_can_be_linkset: bool,
    /// Whether `Accept-Language` counts.
    supports_language_variants: bool,
    /// Whether qualifiers are held against their key.
    #[serde(rename = "validatesAIcombinations")]
    validates_ai_combinations: bool,
    /// What turns a linkset into JSON-LD.
    context: String,
    /// How to ask for what is not here.
    documentation: String,
}

/// A vocabulary of link types.
#[derive(Debug, Serialize, ToSchema)]
struct Namespace {
    /// Its address.
    namespace: &'static str,
    /// The prefix of its compact names.
    prefix: &'static str,
}

/// Read the resolver description.
///
/// Which GS1 keys and link types this resolver knows.
#[utoipa::path(
    get, path = "/.well-known/gs1resolver", operation_id = "describeResolver", tag = "resolver",
    responses((status = 200, description = "The resolver description file", body = ResolverDescription), (status = "default", response = Problem))
)]
pub(crate) async fn resolver(State(resolver): State<Resolver>) -> Response {
    let origin = resolver.site.origin();
    let description = ResolverDescription {
        name: "Battery passport resolver",
        supported_primary_keys: ["01", "8004"],
        supported_link_type: [Namespace {
            namespace: VOCABULARY,
            prefix: "gs1:",
        }],
        link_types: linkset::link_types().collect(),
        link_type_default_can_be_linkset: false,
        supports_language_variants: true,
        validates_ai_combinations: true,
        context: format!("{origin}{CONTEXT}"),
        documentation: format!("{origin}/docs"),
        resolver_root: origin,
    };
    kept(Json(description).into_response())
}

/// Read the JSON-LD context of linksets.
///
/// With it a linkset is a graph (RFC 9264 §4.2.1): each link type an address of the GS1 Web Vocabulary.
#[utoipa::path(
    get, path = "/linkset.jsonld", operation_id = "readLinksetContext", tag = "resolver",
    responses((status = 200, description = "The context", body = serde_json::Map<String, serde_json::Value>, content_type = "application/ld+json"), (status = "default", response = Problem))
)]
pub(crate) async fn context() -> Response {
    const TERMS: &str = "http://purl.org/dc/terms/";
    let context = json!({"@context": {
        "@version": 1.1,
        "linkset": "@graph",
        "anchor": "@id",
        "href": "@id",
        "itemDescription": format!("{TERMS}description"),
        "title": format!("{TERMS}title"),
        "type": format!("{TERMS}format"),
        "hreflang": {"@id": format!("{TERMS}language"), "@container": "@set"},
    }});
    let content_type = [(CONTENT_TYPE, "application/ld+json")];
    kept((content_type, context.to_string()).into_response())
}

fn kept(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, axum::http::HeaderValue::from_static(KEPT));
    crate::answer::open(headers);
    response
}
