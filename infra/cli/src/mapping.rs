//! Turning a foreign document into ours, member by member, with nothing dropped silently.

use std::collections::BTreeSet;

use passport::{Attribute, Class, Level, Type, catalogue};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// How a foreign format maps onto the catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    member: Vec<Member>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    from: String,
    to: Option<String>,
    field: Option<String>,
    value: Option<String>,
    title: Option<String>,
    #[serde(default)]
    codes: std::collections::BTreeMap<String, String>,
    why: Option<String>,
}

/// What came of a document.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Values of the model.
    pub(crate) model: Map<String, Value>,
    /// Values of the unit.
    pub(crate) item: Map<String, Value>,
    /// Members that were taken over, with the attribute each went to.
    pub(crate) over: Vec<(String, String)>,
    /// Members that were not, with the reason.
    pub(crate) left: Vec<(String, String)>,
}

impl Mapping {
    /// The mapping of BatteryPass-Ready v1.0.
    pub(crate) fn battery_pass_ready() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("../mappings/batterypass-ready.toml"))
    }

    /// Maps the members of a document; dynamic values are dated `measured_at`.
    pub(crate) fn apply(&self, document: &Value, measured_at: &str) -> Taken {
        let mut taken = Taken::default();
        let mut known = BTreeSet::new();
        for member in &self.member {
            let Some(foreign) = at(document, &member.from) else {
                continue;
            };
            known.insert(member.from.as_str());
            match member.apply(foreign, measured_at) {
                Ok((attribute, value)) => {
                    taken.put(attribute, value);
                    taken.over.push((member.from.clone(), attribute.pointer()));
                }
                Err(why) => taken.left.push((member.from.clone(), why)),
            }
        }
        for path in leaves(document) {
            let covered = known
                .iter()
                .any(|known| path == *known || path.starts_with(&format!("{known}/")));
            if !covered {
                taken.left.push((path, "not understood yet".to_owned()));
            }
        }
        taken
    }
}

impl Member {
    fn apply(
        &self,
        foreign: &Value,
        measured_at: &str,
    ) -> Result<(&'static Attribute, Value), String> {
        let Some(to) = &self.to else {
            return Err(self.why.clone().unwrap_or_default());
        };
        let attribute = catalogue()
            .by_pointer(to)
            .ok_or_else(|| format!("the catalogue has no `{to}`"))?;
        let value = match (&self.field, &attribute.ty) {
            (None, ty) => self.value_of(ty, foreign)?,
            (Some(name), Type::Record { fields }) => {
                let field = fields
                    .iter()
                    .find(|field| field.id == *name)
                    .ok_or_else(|| format!("`{to}` has no field `{name}`"))?;
                json!({name: self.value_of(&field.ty, foreign)?})
            }
            (Some(_), _) => return Err(format!("`{to}` is no record")),
        };
        if !attribute.dynamic {
            return Ok((attribute, value));
        }
        let dated = match value {
            Value::Object(mut quantity) if quantity.contains_key("unit") => {
                quantity.insert("measuredAt".to_owned(), json!(measured_at));
                Value::Object(quantity)
            }
            value => json!({"value": value, "measuredAt": measured_at}),
        };
        Ok((attribute, dated))
    }

    fn value_of(&self, ty: &Type, foreign: &Value) -> Result<Value, String> {
        let inner = match &self.value {
            Some(name) => foreign
                .get(name)
                .ok_or_else(|| format!("it lacks `{name}`"))?,
            None => foreign,
        };
        let text = || inner.as_str().ok_or_else(|| "expected a text".to_owned());
        Ok(match ty {
            Type::Quantity { unit, .. } => {
                same_unit(unit, foreign, self.value.as_deref())?;
                let number = inner.as_f64().ok_or("expected a number")?;
                json!({"value": number, "unit": unit})
            }
            Type::Integer { .. } => json!(inner.as_i64().ok_or("expected a whole number")?),
            Type::Code { .. } => {
                let code = text()?;
                json!(
                    self.codes
                        .get(code)
                        .ok_or_else(|| format!("the code `{code}` has no counterpart"))?
                )
            }
            Type::YearMonth => json!(text()?.chars().take(7).collect::<String>()),
            Type::LocalizedText { .. } => json!({"en": text()?}),
            Type::Document => self.document(text()?),
            Type::List { of, .. } if matches!(**of, Type::Document) => {
                json!([self.document(text()?)])
            }
            Type::Text { .. } => json!(text()?),
            Type::Url => json!(text()?),
            other => return Err(format!("the catalogue wants a {} here", other.name())),
        })
    }

    fn document(&self, url: &str) -> Value {
        json!({"title": self.title.as_deref().unwrap_or("Document"), "url": url})
    }
}

/// A foreign quantity names its unit in a member of its own; it has to be ours, since nothing is converted silently.
fn same_unit(ours: &str, foreign: &Value, value: Option<&str>) -> Result<(), String> {
    let display = catalogue()
        .unit(ours)
        .map_or(ours, |unit| unit.name("en", false));
    let units = foreign
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| Some(name.as_str()) != value)
        .filter_map(|(_, unit)| unit.as_str());
    let alike = |unit: &str| {
        unit == display || unit == ours || matches!((unit, ours), ("Ohm", _) | ("A/Ah", "/h"))
    };
    match units.into_iter().find(|unit| !alike(unit)) {
        Some(unit) => Err(format!(
            "it is given in `{unit}`, the catalogue has `{display}`"
        )),
        None => Ok(()),
    }
}

impl Taken {
    fn put(&mut self, attribute: &Attribute, value: Value) {
        let document = if attribute.allows(Level::Model) && attribute.class != Class::Individual {
            &mut self.model
        } else {
            &mut self.item
        };
        let group = document
            .entry(attribute.group.clone())
            .or_insert_with(|| json!({}));
        let Some(group) = group.as_object_mut() else {
            return;
        };
        match (group.get_mut(&attribute.id), value) {
            (Some(Value::Object(present)), Value::Object(more)) => present.extend(more),
            (Some(Value::Array(present)), Value::Array(more)) => present.extend(more),
            (_, value) => {
                group.insert(attribute.id.clone(), value);
            }
        }
    }
}

fn at<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/')
        .try_fold(document, |value, name| value.get(name))
}

/// The paths of a document two levels down: its groups' members.
fn leaves(document: &Value) -> Vec<String> {
    let groups = document.as_object().into_iter().flatten();
    groups
        .flat_map(|(group, members)| match members.as_object() {
            Some(members) => members
                .keys()
                .map(|name| format!("{group}/{name}"))
                .collect(),
            None => vec![group.clone()],
        })
        .filter(|path| !has_deeper(path))
        .collect()
}

/// Members that the mapping takes apart further down.
fn has_deeper(path: &str) -> bool {
    [
        "IdentifiersAndProductData/ManufacturerInformation",
        "IdentifiersAndProductData/EconomicOperatorInformation",
        "SymbolsLabelsAndDocumentationOfConformity/ExtinguishingAgent",
    ]
    .contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        json!({
            "IdentifiersAndProductData": {
                "BatterySerialNumber": "X-1",
                "BatteryMass": {"gramKgValue": 450, "gramKg": "g"},
                "Invented": 1,
            },
            "PerformanceAndDurability": {
                "RatedCapacity": {"amperehourMiliamperehourValue": 190, "ampereHourMiliamperehour": "Ah"},
                "StateOfChargeSoC": {"percentageValue": 100, "percent": "%"},
            },
            "BatteryCarbonFootprint": {"BatteryCarbonFootprintPerFunctionalUnit": 65},
        })
    }

    #[test]
    fn every_member_is_taken_over_or_named() {
        let taken = Mapping::battery_pass_ready()
            .unwrap()
            .apply(&document(), "2026-01-01T00:00:00Z");
        assert_eq!(taken.item["identification"]["serialNumber"], "X-1");
        assert_eq!(
            taken.model["performance"]["ratedCapacity"],
            json!({"value": 190.0, "unit": "A.h"})
        );
        assert_eq!(
            taken.item["condition"]["stateOfCharge"]["measuredAt"],
            "2026-01-01T00:00:00Z"
        );
        let left: Vec<&str> = taken.left.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            left,
            [
                "IdentifiersAndProductData/BatteryMass",
                "BatteryCarbonFootprint",
                "IdentifiersAndProductData/Invented"
            ]
        );
        assert!(taken.left[0].1.contains("`g`"), "{:?}", taken.left);
        assert_eq!(taken.over.len(), 3);
    }

    #[test]
    fn every_target_is_in_the_catalogue() {
        for member in Mapping::battery_pass_ready().unwrap().member {
            match member.to {
                Some(to) => assert!(catalogue().by_pointer(&to).is_some(), "{to}"),
                None => assert!(member.why.is_some(), "{}", member.from),
            }
        }
    }
}
