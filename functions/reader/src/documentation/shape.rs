//! The shape of an answer: what a JSON Schema of the OpenAPI document says of its members.

use maud::{Markup, html};
use serde_json::Value;

use super::operations::members;
use super::prose::{listed, text, words};

/// How deep members within members are written out; deeper the type alone is named.
const DEPTH: u8 = 3;

/// A schema, with its references followed.
#[derive(Clone, Copy)]
pub(super) struct Shape<'d> {
    document: &'d Value,
    schema: &'d Value,
    depth: u8,
}

impl<'d> Shape<'d> {
    pub(super) fn of(document: &'d Value, schema: &'d Value) -> Self {
        Self {
            document,
            schema,
            depth: 0,
        }
        .followed()
    }

    fn inner(self, schema: &'d Value) -> Self {
        Self {
            schema,
            depth: self.depth + 1,
            ..self
        }
        .followed()
    }

    /// The schema that a `$ref` names, or the one that is not `null` of an optional member.
    fn followed(self) -> Self {
        let target = match self.schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')),
            None => self
                .schema
                .get("oneOf")
                .and_then(Value::as_array)
                .and_then(|choices| choices.iter().find(|one| text(one, "/type") != "null")),
        };
        match target {
            Some(schema) if self.depth <= DEPTH => Self {
                schema,
                depth: self.depth + 1,
                ..self
            }
            .followed(),
            _ => self,
        }
    }

    /// The members, each with its type and description; nothing where there are none.
    pub(super) fn members(self) -> Markup {
        let shown = match self.schema.get("items") {
            Some(items) => self.inner(items),
            None => self,
        };
        let properties: Vec<(&String, &Value)> = members(shown.schema, "/properties").collect();
        html! {
            @if !properties.is_empty() && shown.depth <= DEPTH * 2 {
                ul.members {
                    @for (name, schema) in properties {
                        li {
                            code { (name) } " "
                            (shown.inner(schema).summary(schema))
                            (shown.inner(schema).members())
                        }
                    }
                }
            }
        }
    }

    /// The type in words, and what the member itself, else its type, says of it.
    fn summary(self, member: &Value) -> Markup {
        let description = [member, self.schema]
            .into_iter()
            .map(|schema| text(schema, "/description"))
            .find(|description| !description.is_empty())
            .unwrap_or_default();
        let words_of = self.schema.get("enum").and_then(Value::as_array);
        html! {
            span.note { (self.kind()) }
            @if !description.is_empty() { ": " (words(description)) }
            @if let Some(choices) = words_of {
                " One of " (listed(choices.iter().filter_map(Value::as_str))) "."
            }
        }
    }

    fn kind(self) -> String {
        let kind = match self.schema.get("type") {
            Some(Value::Array(kinds)) => kinds
                .iter()
                .filter_map(Value::as_str)
                .find(|kind| *kind != "null")
                .unwrap_or("any"),
            Some(Value::String(kind)) => kind,
            _ => "any",
        };
        let nullable = matches!(self.schema.get("type"), Some(Value::Array(kinds)) if kinds.iter().any(|kind| kind == "null"));
        let or_null = if nullable { " or null" } else { "" };
        match (kind, self.schema.get("items"), text(self.schema, "/format")) {
            ("array", Some(items), _) => format!("list of {}", self.inner(items).kind()),
            (kind, _, "uuid") => format!("{kind} (UUID){or_null}"),
            (kind, _, "date-time") => format!("{kind} (RFC 3339){or_null}"),
            (kind, _, _) => format!("{kind}{or_null}"),
        }
    }
}
