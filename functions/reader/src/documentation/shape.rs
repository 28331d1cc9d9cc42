//! The shape of a body: what a JSON Schema of the OpenAPI document says of its members.

use maud::{Markup, html};
use serde_json::Value;

use super::operations::{elements, members};
use super::prose::{listed, text, words};

/// How deep members within members are written out; deeper the type alone is named.
const DEPTH: u8 = 4;

/// Where the JSON Schemas of the catalogue are read, which the document refers to.
const SCHEMAS: &str = "/v1/schemas/";

/// A schema, with its references followed.
#[derive(Clone, Copy)]
pub(super) struct Shape<'d> {
    document: &'d Value,
    schema: &'d Value,
    depth: u8,
    /// Whether it says which members must be there: so of what is sent.
    sent: bool,
}

/// A member of an object.
struct Member<'d> {
    name: &'d String,
    schema: &'d Value,
    required: bool,
}

impl<'d> Shape<'d> {
    /// What is answered.
    pub(super) fn answered(document: &'d Value, schema: &'d Value) -> Self {
        Self::of(document, schema, false)
    }

    /// What is sent.
    pub(super) fn sent(document: &'d Value, schema: &'d Value) -> Self {
        Self::of(document, schema, true)
    }

    fn of(document: &'d Value, schema: &'d Value, sent: bool) -> Self {
        Self {
            document,
            schema,
            depth: 0,
            sent,
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
            None => match self.choices().as_slice() {
                [only] => Some(*only),
                _ => None,
            },
        };
        match target {
            Some(schema) => Self { schema, ..self }.followed(),
            None => self,
        }
    }

    /// What it is one of, `null` aside.
    fn choices(self) -> Vec<&'d Value> {
        let choices = elements(self.schema, "/oneOf");
        choices.filter(|one| text(one, "/type") != "null").collect()
    }

    /// What it is, in words, and its members.
    pub(super) fn whole(self) -> Markup {
        html! {
            p { (self.summary(self.schema)) }
            (self.members())
        }
    }

    /// The members, each with its type and description; nothing where there are none.
    pub(super) fn members(self) -> Markup {
        let shown = match self.schema.get("items") {
            Some(items) => self.inner(items),
            None => self,
        };
        if shown.depth > DEPTH {
            return html! {};
        }
        let properties = shown.properties();
        let choices = shown.choices();
        html! {
            @if choices.len() > 1 {
                ul.members {
                    @for choice in choices {
                        li { (shown.inner(choice).summary(choice)) (shown.inner(choice).members()) }
                    }
                }
            }
            @if !properties.is_empty() {
                ul.members {
                    @for Member { name, schema, required } in properties {
                        li {
                            code { (name) } " "
                            (shown.inner(schema).described(schema, required))
                            (shown.inner(schema).members())
                        }
                    }
                }
            }
        }
    }

    /// Those of every part it is made of. Of what is sent, what belongs to this body alone comes before what is common to many.
    fn properties(self) -> Vec<Member<'d>> {
        let is_required =
            |name: &str| self.sent && elements(self.schema, "/required").any(|one| one == name);
        let own = members(self.schema, "/properties").map(|(name, schema)| Member {
            name,
            schema,
            required: is_required(name),
        });
        let mut parts: Vec<Self> = elements(self.schema, "/allOf")
            .map(|part| self.inner(part))
            .collect();
        if self.sent {
            parts.reverse();
        }
        own.chain(parts.into_iter().flat_map(Self::properties))
            .collect()
    }

    fn summary(self, member: &Value) -> Markup {
        self.described(member, false)
    }

    /// The type in words, and what the member itself, else its type, says of it.
    fn described(self, member: &Value, required: bool) -> Markup {
        let description = [member, self.schema]
            .into_iter()
            .map(|schema| text(schema, "/description"))
            .find(|description| !description.is_empty())
            .unwrap_or_default();
        let words_of = self.schema.get("enum").and_then(Value::as_array);
        let schemas: Vec<&str> = elements(self.schema, "/anyOf")
            .chain(elements(self.schema, "/allOf"))
            .flat_map(|part| elements(self.inner(part).schema, "/anyOf").chain([part]))
            .filter_map(|one| text(one, "/$ref").strip_prefix(SCHEMAS))
            .collect();
        html! {
            span.note { (self.kind()) @if required { ", required" } }
            @if !description.is_empty() { ": " (words(description)) }
            @if let Some(choices) = words_of {
                " One of " (listed(choices.iter().filter_map(Value::as_str))) "."
            }
            @if !schemas.is_empty() {
                " ("
                @for (index, schema) in schemas.into_iter().enumerate() {
                    @if index > 0 { ", " }
                    a href={ (SCHEMAS) (schema) } { (schema) }
                }
                ")"
            }
        }
    }

    fn kind(self) -> String {
        let kinds: Vec<&str> = match self.schema.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(kind)) => vec![kind],
            _ => Vec::new(),
        };
        let named: Vec<&str> = kinds
            .iter()
            .copied()
            .filter(|kind| *kind != "null")
            .collect();
        let or_null = match kinds.len() > named.len() {
            true => " or null",
            false => "",
        };
        let kind = match named.as_slice() {
            [kind] => kind,
            [] if self.schema.get("allOf").is_some() => "object",
            [] if !self.choices().is_empty() => return "one of these".to_owned(),
            _ => return "any value".to_owned(),
        };
        match (kind, self.schema.get("items"), text(self.schema, "/format")) {
            ("array", Some(items), _) => format!("list of {}", self.inner(items).kind()),
            (kind, _, "uuid") => format!("{kind} (UUID){or_null}"),
            (kind, _, "date-time") => format!("{kind} (RFC 3339){or_null}"),
            (kind, _, "date") => format!("{kind} (day){or_null}"),
            (kind, _, _) => format!("{kind}{or_null}"),
        }
    }
}
