//! The OpenAPI document, and a page to read it without any external component.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

/// The reviewed snapshot: what every function offers. A test compares it with the code.
const OPENAPI: &str = include_str!("../openapi.json");

/// The OpenAPI 3.1 document.
#[utoipa::path(get, path = "/openapi.json", tag = "documentation", responses((status = 200, body = Value)))]
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// The OpenAPI document as a page.
#[utoipa::path(get, path = "/docs", tag = "documentation", responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn page() -> Response {
    let document: Value = serde_json::from_str(OPENAPI).unwrap_or_default();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    (
        [(header::CONTENT_SECURITY_POLICY, policy)],
        axum::response::Html(render(&document).into_string()),
    )
        .into_response()
}

fn render(document: &Value) -> Markup {
    let title = text(document, "/info/title");
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
                h1 { (title) }
                p { (text(document, "/info/description")) }
                p { a href="/openapi.json" { "The document itself (OpenAPI 3.1)" } }
                @for (path, item) in members(document, "/paths") {
                    @for (method, operation) in item.as_object().into_iter().flatten() {
                        (operation_section(path, method, operation))
                    }
                }
            }
        }
    }
}

fn operation_section(path: &str, method: &str, operation: &Value) -> Markup {
    let example = operation
        .pointer("/requestBody/content/application~1json/example")
        .and_then(|example| serde_json::to_string_pretty(example).ok());
    let parameters = operation.get("parameters").and_then(Value::as_array);
    html! {
        section {
            h2 { span.method { (method.to_uppercase()) } " " code { (path) } }
            p { strong { (text(operation, "/summary")) } " " (text(operation, "/description")) }
            @if let Some(parameters) = parameters {
                dl {
                    @for parameter in parameters {
                        dt { code { (text(parameter, "/name")) } " " small { (text(parameter, "/in")) } }
                        dd { (text(parameter, "/description")) }
                    }
                }
            }
            @if let Some(example) = example { pre { (example) } }
            p.answers {
                "Answers: "
                @for (status, _) in members(operation, "/responses") { code { (status) } " " }
            }
        }
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn members<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value
        .pointer(pointer)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}
