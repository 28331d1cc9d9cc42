//! The compressed form as JSON-LD 1.1, with a context made from the catalogue.
//!
//! Attributes of different groups may share a name, so each group, record, quantity and document has a context of its own
//! (scoped to the property). Every term is the address of its description: `<site>/docs/attributes#/group/attribute`.

use passport::{Attribute, Field, HEADER, Header, Type, catalogue, compressed};
use serde::Serialize;
use serde_json::{Map, Value, json};

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

/// The context, for a site (`https://HOST`).
#[must_use]
pub fn context(site: &str) -> Value {
    let names = Names { site };
    let mut terms = names.header();
    for group in catalogue().groups() {
        let attributes = catalogue().group(group);
        let scope: Map<String, Value> = attributes
            .filter(|attribute| attribute.derived.is_none())
            .map(|attribute| (attribute.id.clone(), names.attribute(attribute)))
            .collect();
        let term = json!({"@id": names.iri(group), "@context": scope});
        terms.insert(group.to_owned(), term);
    }
    json!({"@context": terms})
}

/// Where the context of a site is.
#[must_use]
pub fn context_address(site: &str) -> String {
    format!("{site}{CONTEXT_PATH}")
}

/// What makes JSON JSON-LD: the context, and what the document is.
#[derive(Debug, Serialize)]
pub struct Linked {
    #[serde(rename = "@context")]
    context: String,
    #[serde(rename = "@type")]
    kind: &'static str,
}

impl Linked {
    /// A passport, with the context of a site.
    #[must_use]
    pub fn passport(site: &str) -> Self {
        Self {
            context: context_address(site),
            kind: TYPE,
        }
    }
}

/// A view of a passport as JSON-LD.
#[must_use]
pub fn json_ld(site: &str, header: &Header, view: Map<String, Value>) -> Value {
    let Linked { context, kind } = Linked::passport(site);
    let mut document = Map::new();
    document.insert("@context".to_owned(), context.into());
    document.insert("@type".to_owned(), kind.into());
    if let Value::Object(members) = compressed(header, view) {
        document.extend(members);
    }
    document.into()
}

/// Where the context is on every site.
pub(crate) const CONTEXT_PATH: &str = "/v1/context.jsonld";

/// What a passport is.
pub(crate) const TYPE: &str = "DigitalProductPassport";

struct Names<'s> {
    site: &'s str,
}

impl Names<'_> {
    fn iri(&self, place: &str) -> String {
        format!("{}/docs/attributes#{place}", self.site)
    }

    /// The members of the EN 18223 header. The passport's identifier is the node's own.
    fn header(&self) -> Map<String, Value> {
        let mut terms = Map::new();
        let mut term = |name: &str, term: Value| terms.insert(name.to_owned(), term);
        term("@version", json!(1.1));
        term(TYPE, json!(self.iri(TYPE)));
        for name in HEADER {
            let address = self.iri(name);
            let said = match name {
                "digitalProductPassportId" => json!("@id"),
                "uniqueProductIdentifier" => json!({"@id": address, "@type": "@id"}),
                "lastUpdated" => {
                    json!({"@id": "http://purl.org/dc/terms/modified", "@type": xsd("dateTime")})
                }
                "contentSpecificationIds" => json!({"@id": address, "@container": "@set"}),
                _ => json!(address),
            };
            term(name, said);
        }
        terms
    }

    fn attribute(&self, attribute: &Attribute) -> Value {
        let place = attribute.pointer();
        let wrapped = attribute.dynamic && !matches!(attribute.ty, Type::Quantity { .. });
        if !wrapped {
            return self.term(&attribute.ty, &place);
        }
        let value = self.term(&attribute.ty, &format!("{place}/value"));
        json!({"@id": self.iri(&place), "@context": {"value": value, "measuredAt": measured_at()}})
    }

    /// The definition of a term whose values are of this type.
    fn term(&self, ty: &Type, place: &str) -> Value {
        let mut term = Map::from_iter([("@id".to_owned(), self.iri(place).into())]);
        let mut say = |name: &str, value: Value| term.insert(name.to_owned(), value);
        match ty {
            Type::LocalizedText { .. } => say("@container", "@language".into()),
            Type::Quantity { .. } => say("@context", quantity()),
            Type::Integer { .. } => say("@type", xsd("integer")),
            Type::Boolean => say("@type", xsd("boolean")),
            Type::Date => say("@type", xsd("date")),
            Type::YearMonth => say("@type", xsd("gYearMonth")),
            Type::Url => say("@type", "@id".into()),
            Type::Document => say("@context", self.document()),
            Type::Record { fields } => say("@context", self.fields(fields, place)),
            Type::List { of, .. } => {
                if let Value::Object(inner) = self.term(of, place) {
                    term.extend(inner);
                }
                term.insert("@container".to_owned(), "@list".into())
            }
            _ => None,
        };
        term.into()
    }

    fn fields(&self, fields: &[Field], place: &str) -> Value {
        let terms = fields.iter().map(|field| {
            let place = format!("{place}/{}", field.id);
            (field.id.clone(), self.term(&field.ty, &place))
        });
        Value::Object(terms.collect())
    }

    /// A document is what its address names.
    fn document(&self) -> Value {
        json!({
            "title": "http://purl.org/dc/terms/title",
            "mediaType": "http://purl.org/dc/terms/format",
            "url": "@id",
            "evidence": self.iri("evidence"),
        })
    }
}

/// A number is a double: the form that RDF gives to a JSON number with a fraction is no valid decimal.
fn quantity() -> Value {
    json!({
        "value": {"@id": "https://schema.org/value", "@type": xsd("double")},
        "unit": "https://schema.org/unitText",
        "measuredAt": measured_at(),
    })
}

fn measured_at() -> Value {
    json!({"@id": "http://www.w3.org/ns/sosa/resultTime", "@type": xsd("dateTime")})
}

fn xsd(name: &str) -> Value {
    format!("{XSD}{name}").into()
}
