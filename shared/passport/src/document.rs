//! Documents: `{group: {attribute: value}}`, their changes and their parts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::parse::escaped;
use crate::{Attribute, Class, Type, catalogue};

/// What happened to an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// It was not there before.
    Add,
    /// It is not there any more.
    Remove,
    /// It has another value.
    Replace,
}

impl Op {
    /// The word it goes by on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Replace => "replace",
        }
    }
}

/// The change of one attribute, never of a part of its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributeChange {
    /// `/group/attribute` (RFC 6901).
    pub pointer: String,
    /// Whom the attribute is for.
    pub class: Class,
    /// What happened.
    pub op: Op,
    /// The value before.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "present")]
    pub before: Option<Value>,
    /// The value after.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "present")]
    pub after: Option<Value>,
}

/// A `null` that is there is a value; only an absent member is none.
mod present {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    pub(super) fn serialize<S: Serializer>(
        value: &Option<Value>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Value>, D::Error> {
        Value::deserialize(deserializer).map(Some)
    }
}

/// Applies a merge patch (RFC 7396): members replace, objects merge, `null` deletes.
#[must_use]
pub fn merge_patch(
    document: &Map<String, Value>,
    patch: &Map<String, Value>,
) -> Map<String, Value> {
    let mut merged = document.clone();
    merge_members(&mut merged, patch);
    merged
}

fn merge_members(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, change) in patch {
        match change {
            Value::Null => {
                target.shift_remove(name);
            }
            Value::Object(members) => {
                let place = target.entry(name.clone()).or_insert(Value::Null);
                if !place.is_object() {
                    *place = Value::Object(Map::new());
                }
                if let Value::Object(place) = place {
                    merge_members(place, members);
                }
            }
            other => {
                target.insert(name.clone(), other.clone());
            }
        }
    }
}

/// A value with a merge patch applied that may be no object.
pub(crate) fn merged(value: &Value, change: &Value) -> Value {
    match change {
        Value::Object(members) => {
            let empty = Map::new();
            let target = value.as_object().unwrap_or(&empty);
            Value::Object(merge_patch(target, members))
        }
        other => other.clone(),
    }
}

/// An attribute that a merge patch names.
#[derive(Debug, Clone, Copy)]
pub struct Touched {
    /// The attribute.
    pub attribute: &'static Attribute,
    /// Whether the patch takes its value away.
    pub removed: bool,
}

/// The attributes a merge patch names, whether or not the document has them: what a caller may change is decided on these,
/// so that no answer tells what is there. A group that is removed, or replaced by what is no group, stands for all its
/// attributes.
#[must_use]
pub fn touched(patch: &Map<String, Value>) -> Vec<Touched> {
    let mut touched = Vec::new();
    for (group, change) in patch {
        match change {
            Value::Object(attributes) => {
                let known = attributes.iter().filter_map(|(id, value)| {
                    let attribute = catalogue().attribute(group, id)?;
                    let removed = value.is_null();
                    Some(Touched { attribute, removed })
                });
                touched.extend(known);
            }
            _ => touched.extend(catalogue().group(group).map(|attribute| Touched {
                attribute,
                removed: true,
            })),
        }
    }
    touched
}

/// Where a value stands: in a group, or, in a document that is not valid, in place of one.
type Place<'d> = (&'d str, Option<&'d str>);

fn places(document: &Map<String, Value>) -> impl Iterator<Item = (Place<'_>, &Value)> {
    document.iter().flat_map(|(group, values)| {
        let (attributes, other) = match values {
            Value::Object(attributes) => (Some(attributes), None),
            other => (None, Some(((group.as_str(), None), other))),
        };
        attributes
            .into_iter()
            .flatten()
            .map(move |(id, value)| ((group.as_str(), Some(id.as_str())), value))
            .chain(other)
    })
}

fn pointer((group, id): Place<'_>) -> String {
    match id {
        Some(id) => format!("/{}/{}", escaped(group), escaped(id)),
        None => format!("/{}", escaped(group)),
    }
}

fn class((group, id): Place<'_>) -> Class {
    id.and_then(|id| catalogue().attribute(group, id))
        .map_or(Class::Internal, |attribute| attribute.class)
}

fn value_at<'d>(document: &'d Map<String, Value>, (group, id): Place<'_>) -> Option<&'d Value> {
    let values = document.get(group)?;
    match (id, values) {
        (Some(id), Value::Object(attributes)) => attributes.get(id),
        (None, other) if !other.is_object() => Some(other),
        _ => None,
    }
}

/// The attributes of a document by their pointers.
#[must_use]
pub fn attributes(document: &Map<String, Value>) -> BTreeMap<String, Value> {
    places(document)
        .map(|(place, value)| (pointer(place), value.clone()))
        .collect()
}

/// What changed, attribute by attribute: first what is gone or different, then what is new.
#[must_use]
pub fn delta(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<AttributeChange> {
    let gone_or_different = places(before).filter_map(|(place, old)| {
        let new = value_at(after, place);
        (new != Some(old)).then(|| AttributeChange {
            pointer: pointer(place),
            class: class(place),
            op: new.map_or(Op::Remove, |_| Op::Replace),
            before: Some(old.clone()),
            after: new.cloned(),
        })
    });
    let added = places(after)
        .filter(|(place, _)| value_at(before, *place).is_none())
        .map(|(place, new)| AttributeChange {
            pointer: pointer(place),
            class: class(place),
            op: Op::Add,
            before: None,
            after: Some(new.clone()),
        });
    gone_or_different.chain(added).collect()
}

/// Applies the changes that [`delta`] found: `apply(before, delta(before, after))` has the attributes of `after`.
#[must_use]
pub fn apply(document: &Map<String, Value>, changes: &[AttributeChange]) -> Map<String, Value> {
    let mut result = document.clone();
    for change in changes {
        put(&mut result, &change.pointer, change.after.clone());
    }
    result
}

/// The group and, within it, the attribute that a pointer names.
fn named(pointer: &str) -> Option<(String, Option<String>)> {
    let mut tokens = pointer
        .split('/')
        .skip(1)
        .map(|token| token.replace("~1", "/").replace("~0", "~"));
    Some((tokens.next()?, tokens.next()))
}

/// Puts a value where the pointer of an attribute leads, or takes it away.
pub fn put(document: &mut Map<String, Value>, pointer: &str, value: Option<Value>) {
    if let Some((group, id)) = named(pointer) {
        set(document, &group, id.as_deref(), value);
    }
}

/// The value that the pointer of an attribute leads to.
pub(crate) fn at_pointer<'d>(document: &'d Map<String, Value>, pointer: &str) -> Option<&'d Value> {
    let (group, id) = named(pointer)?;
    value_at(document, (&group, id.as_deref()))
}

pub(crate) fn set(
    document: &mut Map<String, Value>,
    group: &str,
    id: Option<&str>,
    value: Option<Value>,
) {
    let Some(id) = id else {
        match value {
            Some(value) => document.insert(group.to_owned(), value),
            None => document.shift_remove(group),
        };
        return;
    };
    let values = document.entry(group.to_owned()).or_insert(Value::Null);
    if !values.is_object() {
        *values = Value::Object(Map::new());
    }
    let Value::Object(attributes) = values else {
        return;
    };
    match value {
        Some(value) => attributes.insert(id.to_owned(), value),
        None => attributes.shift_remove(id),
    };
    if attributes.is_empty() {
        document.shift_remove(group);
    }
}

/// The evidence a document names, each with the pointer to where: documents as `{"title": "…", "evidence": "<UUID>"}`.
#[must_use]
pub fn evidence_named(document: &Map<String, Value>) -> Vec<(&str, String)> {
    let mut named = Vec::new();
    for (place @ (group, id), value) in places(document) {
        if let Some(attribute) = id.and_then(|id| catalogue().attribute(group, id)) {
            let value = match attribute.dynamic {
                true => value.get("value").unwrap_or(value),
                false => value,
            };
            collect_evidence(&attribute.ty, value, &pointer(place), &mut named);
        }
    }
    named
}

fn collect_evidence<'d>(
    ty: &Type,
    value: &'d Value,
    pointer: &str,
    named: &mut Vec<(&'d str, String)>,
) {
    match ty {
        Type::Document => {
            let evidence = value.get("evidence").and_then(Value::as_str);
            named.extend(evidence.map(|id| (id, format!("{pointer}/evidence"))));
        }
        Type::Record { fields } => {
            for field in fields {
                if let Some(value) = value.get(&field.id) {
                    collect_evidence(&field.ty, value, &format!("{pointer}/{}", field.id), named);
                }
            }
        }
        Type::List { of, .. } => {
            for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                collect_evidence(of, value, &format!("{pointer}/{index}"), named);
            }
        }
        _ => {}
    }
}

/// The parts of a document, one per class that has a value. What no attribute describes is [`Class::Internal`].
#[must_use]
pub fn split(document: &Map<String, Value>) -> BTreeMap<Class, Map<String, Value>> {
    let mut parts: BTreeMap<Class, Map<String, Value>> = BTreeMap::new();
    for (place @ (group, id), value) in places(document) {
        let part = parts.entry(class(place)).or_default();
        set(part, group, id, Some(value.clone()));
    }
    parts
}

/// One document of three levels, attribute by attribute: a value of the battery wins over its batch's, and that over its
/// model's.
#[must_use]
pub fn compose(
    model: &Map<String, Value>,
    batch: &Map<String, Value>,
    item: &Map<String, Value>,
) -> Map<String, Value> {
    let mut composed = model.clone();
    for ((group, id), value) in places(batch).chain(places(item)) {
        set(&mut composed, group, id, Some(value.clone()));
    }
    composed
}

#[cfg(test)]
mod tests;
