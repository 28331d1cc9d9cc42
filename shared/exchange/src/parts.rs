//! Records that a format writes as one text: `Lithium (CAS 7439-93-2), 4.2 %; Graphite`.

use passport::{Field, Type};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::decimal::Decimal;

/// How a record, or a list of them, is one text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parts {
    /// What stands between two records of a list.
    #[serde(default)]
    between: String,
    /// The field that a text of one part is; the first where it is not said.
    alone: Option<String>,
    /// The fields in their order.
    of: Vec<Part>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    field: String,
    #[serde(default)]
    before: String,
    #[serde(default)]
    after: String,
}

impl Parts {
    /// Refuses parts that the type does not have.
    pub(crate) fn fit(&self, ty: &Type) -> Result<(), String> {
        let fields = record(ty).ok_or("parts are for records and lists of them")?;
        for part in &self.of {
            match field(fields, &part.field).map(|field| &field.ty) {
                Some(Type::Text { .. } | Type::Code { .. } | Type::Quantity { .. }) => {}
                Some(other) => {
                    return Err(format!("`{}` is a {}: no part", part.field, other.name()));
                }
                None => return Err(format!("no field `{}`", part.field)),
            }
        }
        Ok(())
    }

    pub(crate) fn write(&self, ty: &Type, value: &Value) -> Result<String, String> {
        let text = match (ty, value) {
            (Type::List { .. }, Value::Array(elements)) => {
                let texts: Vec<String> = elements.iter().map(|one| self.write_one(one)).collect();
                texts.join(&self.between)
            }
            (_, value) => self.write_one(value),
        };
        match text.is_empty() {
            true => Err("none of it has a place in the format's text".to_owned()),
            false => Ok(text),
        }
    }

    fn write_one(&self, record: &Value) -> String {
        let mut text = String::new();
        for part in &self.of {
            let written = match record.get(&part.field) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Object(quantity)) => match quantity.get("value") {
                    Some(number) => number.to_string(),
                    None => continue,
                },
                _ => continue,
            };
            if text.is_empty() {
                text = written;
            } else {
                text = format!("{text}{}{written}{}", part.before, part.after);
            }
        }
        text
    }

    pub(crate) fn read(&self, ty: &Type, text: &str) -> Result<Value, String> {
        let fields = record(ty).ok_or("no record")?;
        if !matches!(ty, Type::List { .. }) {
            return Ok(self.read_one(fields, text));
        }
        Ok(text
            .split(self.between.as_str())
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(|text| self.read_one(fields, text))
            .collect())
    }

    /// From the end: each part whose mark is found is cut off, what is left is the first.
    fn read_one(&self, fields: &[Field], text: &str) -> Value {
        let mut rest = text;
        let mut found = Map::new();
        let Some((first, later)) = self.of.split_first() else {
            return Value::Null;
        };
        for part in later.iter().rev() {
            if let Some((before, value)) = part.cut(fields, rest) {
                found.insert(part.field.clone(), value);
                rest = before;
            }
        }
        let name = match &self.alone {
            Some(alone) if found.is_empty() => alone,
            _ => &first.field,
        };
        found.insert(name.clone(), Value::from(rest));
        found.into()
    }
}

impl Part {
    fn cut<'t>(&self, fields: &[Field], text: &'t str) -> Option<(&'t str, Value)> {
        let (before, value) = text
            .strip_suffix(self.after.as_str())?
            .rsplit_once(self.before.as_str())?;
        if before.is_empty() || value.is_empty() {
            return None;
        }
        let value = match &field(fields, &self.field)?.ty {
            Type::Quantity { unit, .. } => {
                let number = Decimal::of(&value.parse().ok()?)?.value()?;
                json!({"value": number, "unit": unit})
            }
            Type::Code { values } => {
                values.iter().find(|one| one.id == value)?;
                Value::from(value)
            }
            _ => Value::from(value),
        };
        Some((before, value))
    }
}

fn record(ty: &Type) -> Option<&[Field]> {
    match ty {
        Type::Record { fields } => Some(fields),
        Type::List { of, .. } => match of.as_ref() {
            Type::Record { fields } => Some(fields),
            _ => None,
        },
        _ => None,
    }
}

fn field<'f>(fields: &'f [Field], id: &str) -> Option<&'f Field> {
    fields.iter().find(|field| field.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use passport::catalogue;

    fn ty(pointer: &str) -> &'static Type {
        &catalogue().by_pointer(pointer).unwrap().ty
    }

    #[test]
    fn a_list_of_records_is_one_text_and_back() {
        let parts: Parts = toml::from_str(
            "between = '; '\nof = [{ field = 'name' }, { field = 'cas', before = ' (CAS ', after = ')' }, { field = 'share', before = ', ', after = ' %' }]",
        )
        .unwrap();
        let ty = ty("/materials/criticalRawMaterials");
        parts.fit(ty).unwrap();
        let value = json!([
            {"name": "Lithium", "cas": "7439-93-2", "share": {"value": 4.2, "unit": "%"}},
            {"name": "Graphite"},
            {"name": "Cobalt", "share": {"value": 3, "unit": "%"}},
        ]);
        let text = parts.write(ty, &value).unwrap();
        assert_eq!(
            text,
            "Lithium (CAS 7439-93-2), 4.2 %; Graphite; Cobalt, 3 %"
        );
        assert_eq!(parts.read(ty, &text).unwrap(), value);
    }

    #[test]
    fn a_text_of_one_part_is_the_part_that_may_stand_alone() {
        let parts: Parts = toml::from_str(
            "alone = 'country'\nof = [{ field = 'city' }, { field = 'country', before = ', ' }]",
        )
        .unwrap();
        let ty = ty("/identification/manufacturingPlace");
        for value in [
            json!({"country": "DE"}),
            json!({"country": "DE", "city": "Kiel"}),
        ] {
            let text = parts.write(ty, &value).unwrap();
            assert_eq!(parts.read(ty, &text).unwrap(), value, "{text}");
        }
    }
}
