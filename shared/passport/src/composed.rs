//! One document of several levels, of which no value is copied.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{Class, catalogue};

/// Attributes by group, each as the last of several documents has it: what [`compose`](crate::compose) makes, borrowed. What
/// stands in place of a group and is no object is left out, and so is a group without attributes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Composed<'d>(Vec<Group<'d>>);

/// The attributes of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<'d> {
    id: &'d str,
    attributes: Vec<(&'d str, &'d Value)>,
}

impl<'d> Composed<'d> {
    /// Of documents: a value of a later one wins.
    #[must_use]
    pub fn of(documents: impl IntoIterator<Item = &'d Map<String, Value>>) -> Self {
        let mut composed = Self::default();
        for (id, values) in documents.into_iter().flatten() {
            if let Value::Object(values) = values
                && !values.is_empty()
            {
                composed.take(id, values);
            }
        }
        composed
    }

    fn take(&mut self, id: &'d str, values: &'d Map<String, Value>) {
        match self.0.iter_mut().find(|group| group.id == id) {
            Some(group) => group.take(values),
            None => {
                let attributes = values.iter().map(|(id, value)| (id.as_str(), value));
                let attributes = attributes.collect();
                self.0.push(Group { id, attributes });
            }
        }
    }

    /// Whether no attribute has a value.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of an attribute.
    #[must_use]
    pub fn get(&self, group: &str, id: &str) -> Option<&'d Value> {
        self.group(group)?.get(id)
    }

    /// The attributes of a group.
    #[must_use]
    pub fn group(&self, id: &str) -> Option<&Group<'d>> {
        self.0.iter().find(|group| group.id == id)
    }

    /// What there is of a class.
    #[must_use]
    pub fn of_class(&self, class: Class) -> Self {
        let groups = self.0.iter().filter_map(|group| {
            let is_of_class = |(id, _): &(&str, &Value)| {
                let attribute = catalogue().attribute(group.id, id);
                attribute.is_some_and(|attribute| attribute.class == class)
            };
            let attributes: Vec<_> = group
                .attributes
                .iter()
                .copied()
                .filter(is_of_class)
                .collect();
            let id = group.id;
            (!attributes.is_empty()).then_some(Group { id, attributes })
        });
        Self(groups.collect())
    }

    /// Without the groups of these names.
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|group| !names.contains(&group.id));
        self
    }
}

impl<'d> Group<'d> {
    fn take(&mut self, values: &'d Map<String, Value>) {
        for (id, value) in values {
            let mut known = self.attributes.iter_mut();
            match known.find(|(known, _)| known == id) {
                Some((_, place)) => *place = value,
                None => self.attributes.push((id.as_str(), value)),
            }
        }
    }

    /// The value of an attribute.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&'d Value> {
        let mut attributes = self.attributes.iter();
        let (_, value) = attributes.find(|(known, _)| *known == id)?;
        Some(value)
    }
}

/// As the document it stands for.
impl Serialize for Composed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|group| (group.id, group)))
    }
}

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.attributes.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{Compressed, Header, compose, compressed};

    /// Names of groups and attributes: some the catalogue has, one the header has, some nobody has.
    fn document() -> impl Strategy<Value = Map<String, Value>> {
        let name = prop::sample::select(vec!["manufacturingPlace", "mass", "modelName", "odd"]);
        let value = prop_oneof![
            any::<u8>().prop_map(Value::from),
            Just(json!({"facility": "4012345000016"})),
        ];
        let group = prop::sample::select(vec!["identification", "performance", "dppStatus", "odd"]);
        let attribute = (group, name, value);
        prop::collection::vec(attribute, 0..12).prop_map(|attributes| {
            let mut document = Map::new();
            for (group, name, value) in attributes {
                crate::document::set(&mut document, group, Some(name), Some(value));
            }
            document
        })
    }

    proptest! {
        #[test]
        fn nothing_is_lost_without_a_copy(model in document(), batch in document(), item in document()) {
            let copied = compose(&model, &batch, &item);
            let composed = Composed::of([&model, &batch, &item]);
            prop_assert_eq!(serde_json::to_value(&composed).unwrap(), Value::Object(copied.clone()));
            prop_assert_eq!(composed.is_empty(), copied.is_empty());
            for (group, values) in &copied {
                for (id, value) in values.as_object().unwrap() {
                    prop_assert_eq!(composed.get(group, id), Some(value));
                }
            }
            let [passport, product, at, operator, catalogue] = ["p", "u", "t", "o", "c"].map(str::to_owned);
            let header = Header::item(passport, product, "active", at, operator, catalogue);
            let written = serde_json::to_string(&Compressed::of(header.clone(), composed)).unwrap();
            prop_assert_eq!(written, compressed(&header, copied).to_string());
        }
    }

    #[test]
    fn what_is_no_group_is_left_out() {
        let document = json!({"odd": 7, "identification": {}, "performance": {"a": 1}});
        let composed = Composed::of([document.as_object().unwrap()]);
        let left = serde_json::to_value(&composed).unwrap();
        assert_eq!(left, json!({"performance": {"a": 1}}));
    }
}
