//! JSON Schema 2020-12 of what is written and of what is read, made from the catalogue.
//!
//! A passport may be incomplete while it is a draft, and a reader sees only its own access classes: so nothing but the header
//! is `required`, unless a complete passport is asked for. What a schema cannot say is listed in its `$comment`.

mod form;
mod header;
mod pattern;
mod value;

use serde_json::{Map, Value, json};

pub use self::form::{Form, UnknownForm};
use crate::rule::Rule;
use crate::validate::CATEGORY_POINT;
use crate::{Attribute, Catalogue, Category, Guidance, Obligation, visible};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What no schema of ours says.
const BEYOND: &str = "Beyond this schema: no member comes twice (RFC 7493), and whole numbers stay within 9007199254740991; \
    times lie within the years that can be told; evidence that is named exists; what is declared not to apply is conditional \
    and what is declared a gap mandatory; attributes are written by the event types that may write them; and the rules across attributes in `x-rules` hold.";

/// The schema of a form for a category under a version of the guidance. `id` is the URL it is served under.
#[must_use]
pub fn schema(
    catalogue: &Catalogue,
    category: Category,
    guidance: &Guidance,
    form: Form,
    id: &str,
) -> Value {
    let asked = Asked {
        catalogue,
        category,
        guidance,
        form,
    };
    let (mut properties, mut required) = match form {
        Form::Passport { .. } => header::members(),
        Form::NewPassport => header::product(),
        Form::Data(_) => (Map::new(), Vec::new()),
    };
    for group in catalogue.groups() {
        let Some((members, is_required)) = asked.group(group) else {
            continue;
        };
        properties.insert(group.to_owned(), members);
        if is_required {
            required.push(Value::from(group));
        }
    }
    json!({
        "$schema": DIALECT,
        "$id": id,
        "title": form.title(category),
        "description": form.description(),
        "$comment": BEYOND,
        "x-guidance": guidance.version,
        "x-rules": asked.rules(),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "$defs": value::definitions(),
    })
}

/// Which schema.
struct Asked<'a> {
    catalogue: &'a Catalogue,
    category: Category,
    guidance: &'a Guidance,
    form: Form,
}

impl Asked<'_> {
    /// Whether the form has the attribute: never what the platform derives, nor what the guidance closes.
    fn has(&self, attribute: &Attribute) -> bool {
        let asked_for = match self.form {
            Form::Data(level) => attribute.allows(level),
            Form::NewPassport => attribute.allows(crate::Level::Item),
            Form::Passport { classes, .. } => classes.contains(attribute.class),
        };
        asked_for && attribute.derived.is_none() && visible(attribute, self.guidance, self.category)
    }

    fn requires(&self, attribute: &Attribute) -> bool {
        matches!(self.form, Form::Passport { complete: true, .. })
            && self.obligation(attribute) == Some(&Obligation::Mandatory)
    }

    fn obligation<'a>(&'a self, attribute: &'a Attribute) -> Option<&'a Obligation> {
        attribute.obligation(self.guidance, self.category)
    }

    /// The schema of a group, and whether it has to be there; nothing for a group without attributes.
    fn group(&self, group: &str) -> Option<(Value, bool)> {
        let attributes: Vec<&Attribute> = self
            .catalogue
            .group(group)
            .filter(|attribute| self.has(attribute))
            .collect();
        let properties: Map<String, Value> = attributes
            .iter()
            .map(|attribute| (attribute.id.clone(), self.attribute(attribute)))
            .collect();
        let required: Vec<&str> = attributes
            .iter()
            .filter(|attribute| self.requires(attribute))
            .map(|attribute| attribute.id.as_str())
            .collect();
        let is_required = !required.is_empty();
        (!properties.is_empty()).then(|| {
            let schema = json!({
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            });
            (schema, is_required)
        })
    }

    fn attribute(&self, attribute: &Attribute) -> Value {
        let mut schema = value::attribute(attribute, self.catalogue);
        if attribute.point == Some(CATEGORY_POINT) {
            schema = Map::from_iter([("const".to_owned(), json!(self.category))]);
        }
        let levels: Vec<&str> = std::iter::once(&attribute.level)
            .chain(&attribute.also)
            .map(|level| level.as_str())
            .collect();
        let obligation = self.obligation(attribute);
        let condition = match obligation {
            Some(Obligation::Conditional { condition, .. }) => Some(condition.as_str()),
            _ => None,
        };
        let annotations = [
            ("title", json!(attribute.label.en)),
            ("description", json!(attribute.explanation.en)),
            ("x-class", json!(attribute.class)),
            ("x-levels", json!(levels)),
            ("x-point", json!(attribute.point)),
            (
                "x-obligation",
                json!(attribute.cell(self.guidance, self.category).as_str()),
            ),
            ("x-condition", json!(condition)),
            ("x-source", json!(attribute.source)),
            ("x-din", json!(attribute.din)),
        ];
        for (name, annotation) in annotations {
            if !annotation.is_null() {
                schema.insert(name.to_owned(), annotation);
            }
        }
        Value::Object(schema)
    }

    /// The rules across attributes that this form has.
    fn rules(&self) -> Vec<&Rule> {
        let concerns = |rule: &&Rule| rule.attributes().any(|attribute| self.has(attribute));
        self.catalogue.rules().iter().filter(concerns).collect()
    }
}
