//! The operations of the OpenAPI document, by what people do.

use maud::{Markup, html};
use serde_json::Value;

use super::prose::{prose, text, words};
use super::shape::Shape;

/// Operations under the tags that the document describes, in its order.
pub(super) struct Operations<'d> {
    document: &'d Value,
    groups: Vec<Group<'d>>,
}

struct Group<'d> {
    tag: &'d Value,
    operations: Vec<Operation<'d>>,
}

struct Operation<'d> {
    path: &'d str,
    method: &'d str,
    is: &'d Value,
}

impl<'d> Operations<'d> {
    /// An operation belongs to the last of its tags; the others name the function that serves it.
    pub(super) fn of(document: &'d Value) -> Self {
        let all: Vec<Operation> = members(document, "/paths")
            .flat_map(|(path, item)| {
                members(item, "").map(move |(method, is)| Operation { path, method, is })
            })
            .collect();
        let group = |tag: &'d Value| Group {
            tag,
            operations: all
                .iter()
                .filter(|operation| operation.tag() == text(tag, "/name"))
                .map(|&Operation { path, method, is }| Operation { path, method, is })
                .collect(),
        };
        Self {
            document,
            groups: elements(document, "/tags").map(group).collect(),
        }
    }

    pub(super) fn contents(&self) -> Markup {
        html! {
            ul {
                @for group in &self.groups {
                    li {
                        a href={ "#" (group.place()) } { (text(group.tag, "/x-displayName")) }
                        ul.operations {
                            @for operation in &group.operations {
                                li { a href={ "#" (operation.id()) } { (words(operation.title())) } }
                            }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn sections(&self) -> Markup {
        html! {
            @for group in &self.groups {
                h3 id=(group.place()) { (text(group.tag, "/x-displayName")) }
                p { (words(text(group.tag, "/description"))) }
                @for operation in &group.operations { (self.section(operation)) }
            }
        }
    }

    fn section(&self, operation: &Operation) -> Markup {
        let parameters: Vec<&Value> = elements(operation.is, "/parameters").collect();
        let body = operation
            .is
            .pointer("/requestBody/content/application~1json");
        let example = body
            .and_then(|body| body.get("example"))
            .and_then(|example| serde_json::to_string_pretty(example).ok());
        html! {
            section.operation id=(operation.id()) {
                h4 { a href={ "#" (operation.id()) } { (words(operation.title())) } }
                p.route { span.method { (operation.method.to_uppercase()) } " " code { (operation.path) } }
                (prose(text(operation.is, "/description")))
                p.note { (operation.token()) }
                @if !parameters.is_empty() {
                    h5 { "Parameters" }
                    dl {
                        @for parameter in parameters {
                            div {
                                dt { code { (text(parameter, "/name")) } " " span.note { (place(parameter)) } }
                                dd { (words(text(parameter, "/description"))) }
                            }
                        }
                    }
                }
                @if let Some(schema) = body.and_then(|body| body.get("schema")) {
                    h5 { "Body" }
                    (Shape::sent(self.document, schema).whole())
                }
                @if let Some(example) = example { h5 { "For example" } pre { code { (example) } } }
                h5 { "Answers" }
                dl {
                    @for (status, response) in members(operation.is, "/responses") {
                        div { dt { (status_words(status)) } dd { (self.response(status, response, operation.first_with_its_body(status))) } }
                    }
                }
            }
        }
    }

    fn response(&self, status: &str, response: &Value, first: bool) -> Markup {
        if status == "default" {
            return html! { "One of the " a href={ "#" (super::problems::PLACE) } { "problems" } };
        }
        let types: Vec<(&String, &Value)> = members(response, "/content").collect();
        html! {
            (words(text(response, "/description")))
            @if !types.is_empty() {
                " " span.note { "(" @for (index, (name, _)) in types.iter().enumerate() { @if index > 0 { ", " } (name) } ")" }
            }
            @for (_, content) in types.iter().filter(|(name, _)| name.as_str() == "application/json") {
                @if let Some(schema) = content.get("schema") {
                    @if first { (Shape::answered(self.document, schema).members()) } @else { "; the same members" }
                }
            }
        }
    }
}

impl Group<'_> {
    fn place(&self) -> String {
        format!("operations-{}", text(self.tag, "/name"))
    }
}

impl Operation<'_> {
    fn tag(&self) -> &str {
        elements(self.is, "/tags")
            .last()
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn id(&self) -> &str {
        text(self.is, "/operationId")
    }

    fn title(&self) -> &str {
        text(self.is, "/summary").trim_end_matches('.')
    }

    /// Whether no status before this one is answered with the same body, which is then written out once.
    fn first_with_its_body(&self, status: &str) -> bool {
        let body = |response: &'_ Value| {
            response
                .pointer("/content/application~1json/schema/$ref")
                .cloned()
        };
        let mut before =
            members(self.is, "/responses").take_while(|(earlier, _)| *earlier != status);
        let this = self
            .is
            .get("responses")
            .and_then(|all| body(all.get(status)?));
        this.is_none() || before.all(|(_, response)| body(response) != this)
    }

    /// Whether it takes a token; one empty requirement among others makes it optional.
    fn token(&self) -> Markup {
        let requirements: Vec<&Value> = elements(self.is, "/security").collect();
        let optional = requirements
            .iter()
            .any(|one| one.as_object().is_some_and(serde_json::Map::is_empty));
        html! {
            @if requirements.is_empty() { "Open to everybody; takes no token." }
            @else if optional { "Open to everybody; with a " a href="#tokens" { "token" } " it may show more." }
            @else { "Needs a " a href="#tokens" { "token" } "." }
        }
    }
}

fn status_words(status: &str) -> Markup {
    html! { @if status == "default" { "otherwise" } @else { code { (status) } } }
}

/// Where a parameter stands, and whether it may be left out.
fn place(parameter: &Value) -> String {
    let place = text(parameter, "/in");
    match parameter.get("required").and_then(Value::as_bool) {
        Some(true) => format!("{place}, required"),
        _ => place.to_owned(),
    }
}

/// The members of the object at a pointer.
pub(super) fn members<'a>(
    value: &'a Value,
    pointer: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    value
        .pointer(pointer)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// The elements of the list at a pointer.
pub(super) fn elements<'a>(
    value: &'a Value,
    pointer: &str,
) -> impl Iterator<Item = &'a Value> + use<'a> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}
