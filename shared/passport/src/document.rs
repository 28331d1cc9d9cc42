//! Documents: `{group: {attribute: value}}`, their changes and their parts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::parse::escaped;
use crate::{Class, Classes, catalogue};

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
        let mut tokens = change
            .pointer
            .split('/')
            .skip(1)
            .map(|token| token.replace("~1", "/").replace("~0", "~"));
        let Some(group) = tokens.next() else {
            continue;
        };
        set(
            &mut result,
            &group,
            tokens.next().as_deref(),
            change.after.clone(),
        );
    }
    result
}

fn set(document: &mut Map<String, Value>, group: &str, id: Option<&str>, value: Option<Value>) {
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

/// What of a document is in these classes.
#[must_use]
pub fn select(document: &Map<String, Value>, classes: Classes) -> Map<String, Value> {
    let mut selected = Map::new();
    for (place @ (group, id), value) in places(document) {
        if classes.contains(class(place)) {
            set(&mut selected, group, id, Some(value.clone()));
        }
    }
    selected
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
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn merge_patch_as_in_rfc_7396_appendix_a() {
        let cases = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (
                json!({"a": [{"b": "c"}]}),
                json!({"a": [1]}),
                json!({"a": [1]}),
            ),
            (
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ),
            (
                json!({"a": "foo"}),
                json!({"a": {"b": 1}}),
                json!({"a": {"b": 1}}),
            ),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ];
        for (document, patch, expected) in cases {
            assert_eq!(
                merge_patch(&map(document.clone()), &map(patch.clone())),
                map(expected),
                "{document} with {patch}"
            );
        }
    }

    #[test]
    fn a_change_names_the_attribute_and_never_a_leaf_of_it() {
        let before = map(json!({
            "performance": {"ratedCapacity": {"value": 230, "unit": "A.h"}, "nominalVoltage": {"value": 400, "unit": "V"}},
        }));
        let after = map(json!({
            "performance": {"ratedCapacity": {"value": 229, "unit": "A.h"}},
            "condition": {"stateOfCharge": {"value": 54, "unit": "%", "measuredAt": "2027-06-01T08:00:00Z"}},
        }));
        let changes: Vec<(String, u8, &str)> = delta(&before, &after)
            .into_iter()
            .map(|change| (change.pointer, change.class.number(), change.op.as_str()))
            .collect();
        assert_eq!(
            changes,
            [
                ("/performance/ratedCapacity".to_owned(), 1, "replace"),
                ("/performance/nominalVoltage".to_owned(), 1, "remove"),
                ("/condition/stateOfCharge".to_owned(), 4, "add"),
            ]
        );
    }

    #[test]
    fn what_nobody_described_is_internal() {
        let document = map(
            json!({"performance": {"unheardOf": 1}, "odd": 7, "materials": {"chemistry": "na-ion"}}),
        );
        let parts = split(&document);
        assert_eq!(
            parts.keys().copied().collect::<Vec<_>>(),
            [Class::Public, Class::Internal]
        );
        assert_eq!(
            parts.get(&Class::Internal),
            Some(&map(json!({"performance": {"unheardOf": 1}, "odd": 7})))
        );
        assert_eq!(
            select(&document, Classes::PUBLIC),
            map(json!({"materials": {"chemistry": "na-ion"}}))
        );
    }

    #[test]
    fn the_finer_level_wins_attribute_by_attribute() {
        let model = map(
            json!({"identification": {"mass": {"value": 300, "unit": "kg"}, "modelName": "A"}}),
        );
        let batch = map(json!({"circularity": {"recoveredLead": {"value": 4, "unit": "%"}}}));
        let item = map(json!({"identification": {"mass": {"value": 301, "unit": "kg"}}}));
        assert_eq!(
            compose(&model, &batch, &item),
            map(json!({
                "identification": {"mass": {"value": 301, "unit": "kg"}, "modelName": "A"},
                "circularity": {"recoveredLead": {"value": 4, "unit": "%"}},
            }))
        );
    }

    #[test]
    fn pointers_escape_as_rfc_6901_asks() {
        let document = map(json!({"a/b": {"c~d": 1}}));
        let pointers: Vec<String> = attributes(&document).into_keys().collect();
        assert_eq!(pointers, ["/a~1b/c~0d"]);
        let changes = delta(&Map::new(), &document);
        assert_eq!(apply(&Map::new(), &changes), document);
    }

    #[test]
    fn a_change_to_null_survives_the_wire() {
        let change = AttributeChange {
            pointer: "/a/b".to_owned(),
            class: Class::Internal,
            op: Op::Replace,
            before: Some(Value::Null),
            after: Some(json!(1)),
        };
        let text = serde_json::to_string(&change).unwrap();
        assert_eq!(
            serde_json::from_str::<AttributeChange>(&text).unwrap(),
            change
        );
    }
}
