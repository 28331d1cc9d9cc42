//! The OpenAPI document of all functions together, as the code has it.

use utoipa::OpenApi;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::{Tag, TagBuilder};

/// What everything has in common. The rest comes from the functions' own routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Battery passport platform",
        description = include_str!("introduction.md")
    ),
    servers((url = "/", description = "The host this document was read from")),
    components(responses(web::Problem), schemas(web::ProblemBody))
)]
pub(crate) struct Document;

/// What people come for, in the order they do: tag, title, a sentence. An operation belongs to the last of its tags; the
/// others name the function that serves it.
const GROUPS: [(&str, &str, &str); 7] = [
    (
        "resolver",
        "Scan a label",
        "What a QR code leads to: the public part of the passport, for anybody, without a token.",
    ),
    (
        "allocator",
        "Identify and label",
        "Unit ids that are never used twice, the labels that carry them, and what somebody meant who typed one wrongly.",
    ),
    (
        "updater",
        "Record",
        "Models, batches, passports, and what happens to a battery. Every change names its event type and reason.",
    ),
    (
        "reader",
        "Read",
        "Passports and product data with exactly the attributes the caller may see, their versions, and their history.",
    ),
    (
        "evidence",
        "Evidence",
        "Files that prove what an event says: announced with their hash, uploaded, confirmed, and then kept unchanged.",
    ),
    (
        "signin",
        "Sign in",
        "How a person gets to see of a passport's page what their organisation has rights to. Programs send a token instead.",
    ),
    (
        "documentation",
        "This document",
        "What you are reading, for people and for programs.",
    ),
];

/// The OpenAPI document of every function, as the code has it.
#[must_use]
pub fn documentation() -> utoipa::openapi::OpenApi {
    let (_, mut document) = crate::router::partner_routes().split_for_parts();
    let (_, public) = resolver::routes().split_for_parts();
    document.merge(public);
    let (_, sign_in) = signin::routes().split_for_parts();
    document.merge(sign_in);
    document.tags = Some(GROUPS.into_iter().map(tag).collect());
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", bearer());
    document
}

fn tag((name, title, description): (&str, &str, &str)) -> Tag {
    let extensions = ExtensionsBuilder::new().add("x-displayName", title).build();
    TagBuilder::new()
        .name(name)
        .description(Some(description))
        .extensions(Some(extensions))
        .build()
}

fn bearer() -> SecurityScheme {
    let claims: Vec<String> = access::CLAIMS
        .iter()
        .map(|(name, meaning)| format!("- `{name}`: {meaning}"))
        .collect();
    let description = format!(
        "An access token (JWT after RFC 9068) of an issuer that is registered here, sent as `Authorization: Bearer <token>`. \
         It speaks for one organisation, in roles that this organisation is registered for; one role too many refuses the \
         whole token. Its header has `typ` `at+jwt`, `alg` and `kid`. It needs these claims:\n\n{}\n\n\
         A token that its issuer bound to a key (`cnf.jkt`, RFC 9449) is sent as `Authorization: DPoP <token>`, with a fresh \
         proof of that key in `DPoP`, signed with {}; its `htu` has this platform's own host. Issuers can be registered to \
         bind every token of certain roles.",
        claims.join("\n"),
        access::PROOF_ALGORITHMS.replace(' ', " or ")
    );
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(description))
        .build();
    SecurityScheme::Http(scheme)
}
