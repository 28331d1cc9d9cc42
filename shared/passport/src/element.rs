//! The full representation (EN 18223 Annex A): data elements that say what they are, made from the compressed form by the
//! catalogue's types, and read back into it.
//!
//! | value | element |
//! |---|---|
//! | a group, a record, a quantity, a dynamic value | `DataElementCollection` of its members |
//! | a text, code, number, date, URL | `SingleValuedDataElement` |
//! | a list | `MultiValuedDataElement`: of scalars, or of groups of elements |
//! | a text per language | `MultiLanguageDataElement` |
//! | a document | `RelatedResource` |

use serde_json::{Map, Value, json};

use crate::parse::escaped;
use crate::{Header, Step, Type, catalogue, header};

const SINGLE: &str = "SingleValuedDataElement";
const MULTI: &str = "MultiValuedDataElement";
const LANGUAGES: &str = "MultiLanguageDataElement";
const COLLECTION: &str = "DataElementCollection";
const RESOURCE: &str = "RelatedResource";

/// The kinds of element.
pub const OBJECT_TYPES: [&str; 5] = [COLLECTION, SINGLE, MULTI, LANGUAGES, RESOURCE];

/// The full representation on one site.
#[derive(Debug, Clone, Copy)]
pub struct Full<'s> {
    /// `https://HOST`: where the data dictionary (`/docs/attributes`) and evidence are read.
    pub site: &'s str,
}

/// What is no element.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at `{pointer}`: expected {expected}")]
pub struct ElementFault {
    /// Where, in the list of elements (RFC 6901).
    pub pointer: String,
    /// What was expected there.
    pub expected: &'static str,
}

/// What the catalogue knows of a value.
#[derive(Clone, Copy)]
enum Shape<'t> {
    Document,
    Group(&'t str),
    Of(&'t Type),
    /// A dynamic value: of this type, with `measuredAt`.
    Dynamic(&'t Type),
    /// A scalar of this XML Schema type.
    Scalar(&'static str),
    /// The catalogue does not say: what it is shows in the value.
    Unknown,
}

impl<'t> Shape<'t> {
    fn member(self, name: &'t str) -> Self {
        match self {
            Self::Document if catalogue().has_group(name) => Self::Group(name),
            Self::Document if header::is_time(name) => Self::Scalar("xsd:dateTime"),
            Self::Group(group) => match catalogue().attribute(group, name) {
                Some(attribute) if attribute.dynamic => Self::Dynamic(&attribute.ty),
                Some(attribute) => Self::Of(&attribute.ty),
                None => Self::Unknown,
            },
            Self::Dynamic(_) if name == "measuredAt" => Self::Scalar("xsd:dateTime"),
            Self::Of(Type::Quantity { .. }) | Self::Dynamic(Type::Quantity { .. }) => match name {
                "value" => Self::Scalar("xsd:decimal"),
                _ => Self::Unknown,
            },
            Self::Dynamic(ty) if name == "value" => Self::Of(ty),
            Self::Of(Type::Record { fields }) => fields
                .iter()
                .find(|field| field.id == name)
                .map_or(Self::Unknown, |field| Self::Of(&field.ty)),
            _ => Self::Unknown,
        }
    }

    fn item(self) -> Self {
        match self {
            Self::Of(Type::List { of, .. }) => Self::Of(of),
            _ => Self::Unknown,
        }
    }

    /// The XML Schema type of a scalar; nothing for `null`.
    fn xsd(self, value: &Value) -> Option<&'static str> {
        Some(match (value, self) {
            (Value::Null, _) => return None,
            (Value::Bool(_), _) => "xsd:boolean",
            (Value::Number(_), Self::Scalar(name)) => name,
            (Value::Number(number), _) if number.is_f64() => "xsd:decimal",
            (Value::Number(_), _) => "xsd:integer",
            (Value::String(_), Self::Scalar(name)) => name,
            (Value::String(_), Self::Of(Type::Date)) => "xsd:date",
            (Value::String(_), Self::Of(Type::YearMonth)) => "xsd:gYearMonth",
            (Value::String(_), Self::Of(Type::Url)) => "xsd:anyURI",
            _ => "xsd:string",
        })
    }
}

impl Full<'_> {
    /// A passport in the full representation: the header, and the elements of its groups.
    #[must_use]
    pub fn passport(self, header: &Header, view: Map<String, Value>) -> Value {
        let elements = self.elements(&view);
        let mut body = header.members(&view);
        body.insert("elements".to_owned(), Value::Array(elements));
        Value::Object(body)
    }

    /// The elements of a document.
    #[must_use]
    pub fn elements(self, document: &Map<String, Value>) -> Vec<Value> {
        self.members(document, Shape::Document, "")
    }

    /// The element that stands at `steps` of the compressed form.
    #[must_use]
    pub fn element(self, steps: &[Step], value: &Value) -> Value {
        let mut shape = Shape::Document;
        let mut id = "$".to_owned();
        let mut place = String::new();
        for step in steps {
            (shape, id) = match step {
                Step::Name(name) => (shape.member(name), name.clone()),
                Step::Index(index) => (shape.item(), format!("[{index}]")),
            };
            place = format!("{place}/{}", escaped(&id));
        }
        self.made(&id, value, shape, &place)
    }

    fn members(self, members: &Map<String, Value>, shape: Shape<'_>, place: &str) -> Vec<Value> {
        members
            .iter()
            .map(|(id, value)| {
                let place = format!("{place}/{}", escaped(id));
                self.made(id, value, shape.member(id), &place)
            })
            .collect()
    }

    fn made(self, id: &str, value: &Value, shape: Shape<'_>, place: &str) -> Value {
        let mut element = Map::new();
        element.insert("elementId".to_owned(), json!(id));
        let mut say = |name: &str, value: Value| element.insert(name.to_owned(), value);
        if let Some(entry) = self.dictionary(place) {
            say("dictionaryReference", json!(entry));
        }
        match value {
            Value::Object(members) => match self.special(members, shape) {
                Some((object_type, special)) => {
                    say("objectType", json!(object_type));
                    element.extend(special);
                }
                None => {
                    say("objectType", json!(COLLECTION));
                    say("elements", json!(self.members(members, shape, place)));
                }
            },
            Value::Array(items) => {
                say("objectType", json!(MULTI));
                if let Some(name) = common_type(items, shape.item()) {
                    say("valueDataType", json!(name));
                }
                let items = items.iter().enumerate();
                let items = items.map(|(at, item)| self.item(at, item, shape.item(), place));
                say("value", Value::Array(items.collect()));
            }
            scalar => {
                say("objectType", json!(SINGLE));
                if let Some(name) = shape.xsd(scalar) {
                    say("valueDataType", json!(name));
                }
                say("value", scalar.clone());
            }
        }
        Value::Object(element)
    }

    /// One value of a list: a scalar itself, an object as a group of elements, and anything else as a group of one element
    /// that is named by its place, `[0]`.
    fn item(self, at: usize, item: &Value, shape: Shape<'_>, place: &str) -> Value {
        let place = format!("{place}/{at}");
        match item {
            Value::Object(members) if self.special(members, shape).is_none() => {
                Value::Array(self.members(members, shape, &place))
            }
            Value::Object(_) | Value::Array(_) => {
                json!([self.made(&format!("[{at}]"), item, shape, &place)])
            }
            scalar => scalar.clone(),
        }
    }

    /// The members of the two kinds of element that are made from an object without being collections.
    fn special(
        self,
        members: &Map<String, Value>,
        shape: Shape<'_>,
    ) -> Option<(&'static str, Map<String, Value>)> {
        let texts: Option<Vec<(&str, &str)>> = members
            .iter()
            .map(|(name, value)| Some((name.as_str(), value.as_str()?)))
            .collect();
        let texts = texts?;
        match shape {
            Shape::Of(Type::LocalizedText { .. }) => {
                let texts = texts.iter();
                let values: Vec<Value> = texts
                    .map(|(language, text)| json!({"value": text, "language": language}))
                    .collect();
                Some((
                    LANGUAGES,
                    Map::from_iter([("value".to_owned(), json!(values))]),
                ))
            }
            Shape::Of(Type::Document) => {
                let mut resource = Map::new();
                for (name, text) in texts {
                    let (name, text) = match name {
                        "title" => ("resourceTitle", text.to_owned()),
                        "mediaType" => ("contentType", text.to_owned()),
                        "url" if !text.starts_with(&self.evidence()) => ("url", text.to_owned()),
                        "evidence" => ("url", format!("{}{text}", self.evidence())),
                        _ => return None,
                    };
                    // Both a URL and evidence: not a document, so shown member by member.
                    if resource.insert(name.to_owned(), json!(text)).is_some() {
                        return None;
                    }
                }
                Some((RESOURCE, resource))
            }
            _ => None,
        }
    }

    /// Where an attribute or a group is described.
    fn dictionary(self, place: &str) -> Option<String> {
        let group = place.strip_prefix('/')?;
        if catalogue().has_group(group) {
            return Some(format!("{}/docs/attributes#{group}", self.site));
        }
        catalogue()
            .by_pointer(place)
            .map(|_| format!("{}/docs/attributes#{place}", self.site))
    }

    fn evidence(self) -> String {
        format!("{}/v1/evidence/", self.site)
    }

    /// Elements as the document they were made from: `compressed(elements(document))` is the document.
    ///
    /// # Errors
    /// [`ElementFault`] at the first element that is none.
    pub fn compressed(self, elements: &Value) -> Result<Map<String, Value>, ElementFault> {
        self.object(elements, "")
    }

    /// One element's id and value.
    ///
    /// # Errors
    /// [`ElementFault`] where it is none.
    pub fn value(self, element: &Value) -> Result<(String, Value), ElementFault> {
        self.read(element, "")
    }

    fn object(self, elements: &Value, pointer: &str) -> Result<Map<String, Value>, ElementFault> {
        let elements = elements
            .as_array()
            .ok_or_else(|| fault(pointer, "a list of elements"))?;
        let mut members = Map::new();
        for (at, element) in elements.iter().enumerate() {
            let pointer = format!("{pointer}/{at}");
            let (id, value) = self.read(element, &pointer)?;
            if members.insert(id, value).is_some() {
                return Err(fault(
                    &pointer,
                    "an `elementId` that no other element here has",
                ));
            }
        }
        Ok(members)
    }

    fn read(self, element: &Value, pointer: &str) -> Result<(String, Value), ElementFault> {
        let text = |name: &str| element.get(name).and_then(Value::as_str);
        let id = text("elementId")
            .ok_or_else(|| fault(pointer, "an element with a text in `elementId`"))?;
        let at = |name: &str| format!("{pointer}/{name}");
        let there = |name: &str| element.get(name).ok_or_else(|| fault(&at(name), "a value"));
        let value = match text("objectType") {
            Some(SINGLE) => match there("value")? {
                Value::Object(_) | Value::Array(_) => {
                    return Err(fault(&at("value"), "a text, a number, true or false"));
                }
                scalar => scalar.clone(),
            },
            Some(MULTI) => self.list(there("value")?, &at("value"))?,
            Some(LANGUAGES) => languages(there("value")?, &at("value"))?,
            Some(COLLECTION) => Value::Object(self.object(there("elements")?, &at("elements"))?),
            Some(RESOURCE) => self.resource(element),
            _ => {
                return Err(fault(
                    &at("objectType"),
                    "one of the five kinds of element of EN 18223",
                ));
            }
        };
        Ok((id.to_owned(), value))
    }

    fn list(self, items: &Value, pointer: &str) -> Result<Value, ElementFault> {
        let items = items
            .as_array()
            .ok_or_else(|| fault(pointer, "a list of values"))?;
        let read = items.iter().enumerate().map(|(at, item)| {
            let pointer = format!("{pointer}/{at}");
            match item {
                Value::Array(group) => match group.as_slice() {
                    [element] if element.get("elementId").is_some_and(is_place) => self
                        .read(element, &format!("{pointer}/0"))
                        .map(|(_, value)| value),
                    _ => self.object(item, &pointer).map(Value::Object),
                },
                Value::Object(_) => Err(fault(&pointer, "a scalar, or a list of elements")),
                scalar => Ok(scalar.clone()),
            }
        });
        read.collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    fn resource(self, element: &Value) -> Value {
        let mut document = Map::new();
        for (from, to) in [
            ("resourceTitle", "title"),
            ("url", "url"),
            ("contentType", "mediaType"),
        ] {
            if let Some(value) = element.get(from) {
                let evidence = value
                    .as_str()
                    .and_then(|url| url.strip_prefix(&self.evidence()));
                match evidence {
                    Some(id) if from == "url" => document.insert("evidence".to_owned(), json!(id)),
                    _ => document.insert(to.to_owned(), value.clone()),
                };
            }
        }
        Value::Object(document)
    }
}

/// The type that all scalars of a list have.
fn common_type(items: &[Value], shape: Shape<'_>) -> Option<&'static str> {
    let mut types = items.iter().map(|item| match item {
        Value::Object(_) | Value::Array(_) => None,
        scalar => shape.xsd(scalar),
    });
    let first = types.next()??;
    types.all(|other| other == Some(first)).then_some(first)
}

/// Whether an element's id is a place in a list.
fn is_place(id: &Value) -> bool {
    id.as_str().is_some_and(|id| id.starts_with('['))
}

fn languages(values: &Value, pointer: &str) -> Result<Value, ElementFault> {
    let expected = "a list of objects of `value` and `language`, each language once";
    let wrong = || fault(pointer, expected);
    let mut texts = Map::new();
    for value in values.as_array().ok_or_else(wrong)? {
        let text = |name: &str| value.get(name).and_then(Value::as_str).ok_or_else(wrong);
        if texts
            .insert(text("language")?.to_owned(), json!(text("value")?))
            .is_some()
        {
            return Err(wrong());
        }
    }
    Ok(Value::Object(texts))
}

fn fault(pointer: &str, expected: &'static str) -> ElementFault {
    ElementFault {
        pointer: pointer.to_owned(),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: Full<'_> = Full {
        site: "https://id.example.eu",
    };

    #[test]
    fn every_kind_of_element_is_made_from_the_types_of_the_catalogue() {
        let document = json!({
            "identification": {"manufacturingDate": "2027-02", "mass": {"value": 450, "unit": "kg"}},
            "materials": {
                "substanceImpact": {"en": "irritant", "de": "reizend"},
                "hazardousSubstances": [{"name": "Cobalt", "share": {"value": 2.5, "unit": "%"}}],
            },
            "circularity": {"wastePrevention": [{"title": "Leaflet", "url": "https://a.example/l.pdf"}]},
        });
        let elements = json!(SITE.elements(document.as_object().unwrap()));
        let at = |pointer: &str| elements.pointer(pointer).unwrap();
        assert_eq!(at("/0/objectType"), COLLECTION);
        assert_eq!(
            at("/0/dictionaryReference"),
            "https://id.example.eu/docs/attributes#identification"
        );
        let date = at("/0/elements/0");
        assert_eq!(date["objectType"], SINGLE);
        assert_eq!(date["valueDataType"], "xsd:gYearMonth");
        assert_eq!(
            date["dictionaryReference"],
            "https://id.example.eu/docs/attributes#/identification/manufacturingDate"
        );
        assert_eq!(at("/0/elements/1/elements/0/valueDataType"), "xsd:decimal");
        assert_eq!(at("/1/elements/0/objectType"), LANGUAGES);
        assert_eq!(
            at("/1/elements/0/value/1"),
            &json!({"value": "reizend", "language": "de"})
        );
        assert_eq!(at("/1/elements/1/objectType"), MULTI);
        assert_eq!(at("/1/elements/1/value/0/0/elementId"), "name");
    }

    #[test]
    fn a_document_is_a_related_resource_and_evidence_is_read_on_this_site() {
        let group = catalogue()
            .attributes()
            .find(|attribute| attribute.ty == Type::Document && !attribute.dynamic)
            .unwrap();
        let value = json!({"title": "Report", "evidence": "5a0c2c0e-6f3e-4f5e-9a1c-2f5a1f0d8a11"});
        let steps = [
            Step::Name(group.group.clone()),
            Step::Name(group.id.clone()),
        ];
        let element = SITE.element(&steps, &value);
        assert_eq!(element["objectType"], RESOURCE);
        assert_eq!(element["resourceTitle"], "Report");
        assert_eq!(
            element["url"],
            "https://id.example.eu/v1/evidence/5a0c2c0e-6f3e-4f5e-9a1c-2f5a1f0d8a11"
        );
        assert_eq!(SITE.value(&element), Ok((group.id.clone(), value)));
    }

    #[test]
    fn what_is_no_element_is_told_where() {
        for (elements, pointer) in [
            (json!({}), ""),
            (json!([{"objectType": SINGLE, "value": 1}]), "/0"),
            (json!([{"elementId": "a", "value": 1}]), "/0/objectType"),
            (
                json!([{"elementId": "a", "objectType": SINGLE}]),
                "/0/value",
            ),
            (
                json!([{"elementId": "a", "objectType": COLLECTION, "elements": [
                    {"elementId": "b", "objectType": MULTI, "value": [{"x": 1}]},
                ]}]),
                "/0/elements/0/value/0",
            ),
            (
                json!([
                    {"elementId": "a", "objectType": SINGLE, "value": 1},
                    {"elementId": "a", "objectType": SINGLE, "value": 2},
                ]),
                "/1",
            ),
        ] {
            assert_eq!(SITE.compressed(&elements).unwrap_err().pointer, pointer);
        }
    }
}
