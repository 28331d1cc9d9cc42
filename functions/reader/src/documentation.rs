//! What a partner reads before it builds: the OpenAPI document, and pages made from it, from the catalogue, from the roles
//! and from the kinds of problems. The pages say nothing of their own, and load nothing from elsewhere.

mod attributes;
mod event_types;
mod formats;
mod life;
mod operations;
mod problems;
mod prose;
mod roles;
mod shape;
mod value;

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use self::operations::Operations;
use self::prose::{prose, text};

/// The reviewed snapshot: what every function offers. A test compares it with the code.
const OPENAPI: &str = include_str!("../openapi.json");

/// The pages never change while the program runs.
static PAGE: LazyLock<String> = LazyLock::new(|| {
    let document = serde_json::from_str(OPENAPI).unwrap_or_default();
    page_of(&document).into_string()
});
static ATTRIBUTES: LazyLock<String> = LazyLock::new(|| {
    frame(
        "Attributes",
        attributes::introduction(),
        attributes::table(),
    )
    .into_string()
});

static FORMATS: LazyLock<String> =
    LazyLock::new(|| frame("Formats", formats::introduction(), formats::sections()).into_string());

/// Read this document as a program does.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "readOpenApi", tag = "documentation",
    responses((status = 200, description = "The OpenAPI 3.1 document", body = Object))
)]
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// Read this document as a page.
///
/// With every kind of problem, role, access class and event type beside the operations.
#[utoipa::path(
    get, path = "/docs", operation_id = "readDocumentation", tag = "documentation",
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
pub(crate) async fn page() -> Response {
    answer(&PAGE)
}

/// Read the attribute catalogue as a page.
///
/// Every attribute with its pointer, form, level, access class, obligation and legal source.
#[utoipa::path(
    get, path = "/docs/attributes", operation_id = "readAttributes", tag = "documentation",
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
pub(crate) async fn attributes() -> Response {
    answer(&ATTRIBUTES)
}

/// Read the interchange formats as a page.
///
/// Each format with its profile, its forms, and what each of its members is here.
#[utoipa::path(
    get, path = "/docs/formats", operation_id = "readFormats", tag = "documentation",
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
pub(crate) async fn formats() -> Response {
    answer(&FORMATS)
}

fn answer(page: &'static str) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response()
}

fn page_of(document: &Value) -> Markup {
    let operations = Operations::of(document);
    let introduction = html! {
        p { a href="/openapi.json" { "The same for programs (OpenAPI 3.1)" } " · " a href="/docs/attributes" { "Attributes" } " (" a href="/v1/catalogue" { "as data" } ") · " a href="/v1/schemas" { "JSON Schemas" } " · " a href="/docs/formats" { "Formats" } }
        (contents(&operations))
        section id="introduction" {
            h2 { "Introduction" }
            (prose(text(document, "/info/description")))
        }
        section id="tokens" {
            h2 { "Tokens" }
            (prose(text(document, "/components/securitySchemes/bearer/description")))
        }
    };
    let rest = html! {
        section id="operations" { h2 { "Operations" } (operations.sections()) }
        (problems::section())
        (roles::sections())
        (life::section())
        (event_types::section())
    };
    frame(text(document, "/info/title"), introduction, rest)
}

/// Each part with its place on the page.
const PARTS: [(&str, &str); 8] = [
    ("introduction", "Introduction"),
    ("tokens", "Tokens"),
    ("operations", "Operations"),
    (problems::PLACE, "Problems"),
    (roles::PLACE, "Roles"),
    (roles::CLASSES_PLACE, "Access classes"),
    (life::PLACE, "The life of a battery"),
    (event_types::PLACE, "Event types"),
];

fn contents(operations: &Operations) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                @for (place, title) in PARTS {
                    li {
                        a href={ "#" (place) } { (title) }
                        @if place == "operations" { (operations.contents()) }
                    }
                }
                li { a href="/docs/attributes" { "Attributes" } }
                li { a href="/docs/formats" { "Formats" } }
            }
        }
    }
}

fn frame(title: &str, introduction: Markup, rest: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(include_str!("documentation.css"))) }
            }
            body {
                header { h1 { (title) } }
                main { (introduction) (rest) }
            }
        }
    }
}
