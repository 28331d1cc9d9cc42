//! How a format writes one value: the conversions, both ways. Whatever cannot be said exactly is not said, or says so.

use std::collections::BTreeMap;

use passport::Type;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::date::{DateForm, date_in, months, time_in};
use crate::decimal::Decimal;
use crate::leaf::Leaf;
use crate::parts::Parts;
use crate::path::Path;

/// The form of a value in a format. Every member left out means: as ours.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Form {
    /// Where the value stands below the member.
    pub(crate) at: Path,
    /// The member beside a number that names its unit.
    pub(crate) unit: Option<UnitMember>,
    /// The unit (UCUM) of a number that names none.
    ucum: Option<String>,
    /// Only whole numbers.
    whole: bool,
    min: Option<f64>,
    max: Option<f64>,
    /// Their word = ours.
    codes: BTreeMap<String, String>,
    /// How exact a date is.
    date: Option<DateForm>,
    /// A length of time as ISO 8601 writes it: `P96M`.
    duration: bool,
    /// How texts in several languages are written; one text where it is not said.
    languages: Option<Languages>,
    /// What an address becomes the address of.
    title: Option<String>,
    /// A record as one text.
    parts: Option<Parts>,
    /// A list has each value once only.
    pub(crate) once: bool,
    /// What a text has to look like.
    shape: Option<Shape>,
}

/// `{"gramKgValue": 450, "gramKg": "kg"}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitMember {
    /// The member's name.
    pub(crate) member: String,
    /// Their unit = ours (UCUM).
    names: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Languages {
    /// `[{"en": "…"}, {"de": "…"}]`
    List,
    /// `{"en": "…", "de": "…"}`
    Map,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Shape {
    /// An absolute address.
    Uri,
}

/// A converted value.
#[derive(Debug)]
pub(crate) struct Converted {
    pub(crate) value: Value,
    /// The unit to write beside it.
    pub(crate) unit: Option<String>,
    /// What is not exact about it.
    pub(crate) note: Option<String>,
}

/// The language of a text whose language nobody tells.
const LANGUAGE: &str = "en";

impl From<Value> for Converted {
    fn from(value: Value) -> Self {
        Self {
            value,
            unit: None,
            note: None,
        }
    }
}

impl Converted {
    pub(crate) fn noted(value: Value, note: impl Into<String>) -> Self {
        Self {
            note: Some(note.into()),
            ..value.into()
        }
    }
}

impl Form {
    /// What it takes of such a value, in words.
    pub(crate) fn takes(&self, leaf: Leaf) -> &'static str {
        match leaf {
            Leaf::Time => "the time",
            Leaf::Url | Leaf::Of(Type::Document) => "the address",
            Leaf::Of(Type::Record { .. } | Type::List { .. }) => "it as one text",
            Leaf::Of(Type::Quantity { .. } | Type::Integer { .. }) => "the number",
            Leaf::Of(Type::LocalizedText { .. }) if self.languages.is_none() => {
                "the text in one language"
            }
            Leaf::Of(Type::Date | Type::YearMonth) => "the date",
            Leaf::Of(Type::Code { .. }) => "the word",
            _ => "the text",
        }
    }

    /// Refuses a form that cannot write such a value.
    pub(crate) fn fit(&self, leaf: Leaf) -> Result<(), String> {
        match (leaf, &self.parts) {
            (Leaf::Of(ty), Some(parts)) => parts.fit(ty),
            (Leaf::Of(Type::Record { .. } | Type::List { .. }), None) => {
                Err("a record or list is mapped field by field, or in parts".to_owned())
            }
            (Leaf::Of(Type::Document), None) if self.title.is_none() => {
                Err("a document from an address needs a title".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Our value as the format writes it.
    pub(crate) fn outward(&self, leaf: Leaf, ours: &Value) -> Result<Converted, String> {
        let Leaf::Of(ty) = leaf else {
            return match leaf {
                Leaf::Time => Ok(self.date_out(text(ours)?)),
                _ => self.text_out(text(ours)?),
            };
        };
        match ty {
            _ if self.parts.is_some() => self.parts_out(ty, ours),
            Type::Quantity { unit, .. } => self.quantity_out(unit, ours),
            Type::Integer { .. } => self.integer_out(ours),
            Type::Code { .. } => self.code_out(text(ours)?),
            Type::Date | Type::YearMonth => Ok(self.date_out(text(ours)?)),
            Type::Text { .. } | Type::Url => self.text_out(text(ours)?),
            Type::LocalizedText { .. } => self.localized_out(ours),
            Type::Document => match ours.get("url").and_then(Value::as_str) {
                Some(url) => self.text_out(url),
                None => Err("it is kept here as evidence and has no public address".to_owned()),
            },
            Type::Boolean => Ok(ours.clone().into()),
            other => Err(format!("a {} has no such form", other.name())),
        }
    }

    /// The format's value as ours; `unit` is what stands in the unit's member beside it.
    pub(crate) fn inward(
        &self,
        leaf: Leaf,
        theirs: &Value,
        unit: Option<&Value>,
    ) -> Result<Converted, String> {
        let Leaf::Of(ty) = leaf else {
            return match leaf {
                Leaf::Time => time_in(text(theirs)?),
                _ => self.text_in(theirs),
            };
        };
        match ty {
            _ if self.parts.is_some() => self.parts_in(ty, theirs),
            Type::Quantity { unit: ours, .. } => self.quantity_in(ours, theirs, unit),
            Type::Integer { .. } => match number(theirs)?.value().filter(Value::is_i64) {
                Some(whole) => Ok(whole.into()),
                None => Err("expected a whole number".to_owned()),
            },
            Type::Code { .. } => self.code_in(text(theirs)?),
            Type::Date => date_in(text(theirs)?, 10),
            Type::YearMonth => date_in(text(theirs)?, 7),
            Type::Text { .. } | Type::Url => self.text_in(theirs),
            Type::LocalizedText { .. } => localized_in(theirs),
            Type::Document => {
                let title = self.title.as_deref().unwrap_or("Document");
                Ok(json!({"title": title, "url": text(theirs)?}).into())
            }
            Type::Boolean => match theirs.is_boolean() {
                true => Ok(theirs.clone().into()),
                false => Err("expected true or false".to_owned()),
            },
            other => Err(format!("a {} has no such form", other.name())),
        }
    }

    fn parts_out(&self, ty: &Type, ours: &Value) -> Result<Converted, String> {
        let parts = self.parts.as_ref().ok_or("no parts")?;
        Ok(Value::from(parts.write(ty, ours)?).into())
    }

    fn parts_in(&self, ty: &Type, theirs: &Value) -> Result<Converted, String> {
        let parts = self.parts.as_ref().ok_or("no parts")?;
        Ok(parts.read(ty, text(theirs)?)?.into())
    }

    /// Their units with ours, the one that is ours first.
    fn units<'a>(&'a self, own: &'a str) -> Vec<(Option<&'a str>, &'a str)> {
        let Some(unit) = &self.unit else {
            return vec![(None, self.ucum.as_deref().unwrap_or(own))];
        };
        let mut units: Vec<(Option<&str>, &str)> = unit
            .names
            .iter()
            .map(|(theirs, ours)| (Some(theirs.as_str()), ours.as_str()))
            .collect();
        units.sort_by_key(|(_, ours)| *ours != own);
        units
    }

    fn quantity_out(&self, own: &str, ours: &Value) -> Result<Converted, String> {
        let amount = ours.get("value").ok_or("it has no value")?;
        let amount = number(amount)?;
        let mut why = "the format has no unit for it".to_owned();
        for (theirs, unit) in self.units(own) {
            match self.number_out(amount, own, unit) {
                Ok(value) if self.duration => {
                    return Ok(Value::from(format!("P{value}M")).into());
                }
                Ok(value) => {
                    return Ok(Converted {
                        unit: theirs.map(str::to_owned),
                        ..value.into()
                    });
                }
                Err(reason) => why = reason,
            }
        }
        Err(why)
    }

    fn number_out(&self, amount: Decimal, own: &str, unit: &str) -> Result<Value, String> {
        let amount = amount
            .converted(own, unit)
            .ok_or_else(|| format!("it cannot be said exactly in `{unit}`"))?;
        self.within(amount, unit)?;
        amount
            .value()
            .ok_or_else(|| format!("it cannot be said exactly in `{unit}`"))
    }

    fn within(&self, amount: Decimal, unit: &str) -> Result<(), String> {
        if (self.whole || self.duration) && !amount.is_whole() {
            return Err(format!("the format takes whole numbers of `{unit}` only"));
        }
        let size = amount.as_f64().ok_or("no number")?;
        match (self.min, self.max) {
            (Some(min), _) if size < min => Err(format!("the format takes at least {min}")),
            (_, Some(max)) if size > max => Err(format!("the format takes at most {max}")),
            _ => Ok(()),
        }
    }

    fn quantity_in(
        &self,
        own: &str,
        theirs: &Value,
        unit: Option<&Value>,
    ) -> Result<Converted, String> {
        let amount = match self.duration {
            true => months(text(theirs)?)?,
            false => number(theirs)?,
        };
        let given = match &self.unit {
            None => self.ucum.as_deref().unwrap_or(own),
            Some(known) => {
                let unit = unit
                    .and_then(Value::as_str)
                    .ok_or_else(|| format!("`{}` does not say its unit", known.member))?;
                known
                    .names
                    .get(unit)
                    .map(String::as_str)
                    .ok_or_else(|| format!("its unit `{unit}` is not one of the format's"))?
            }
        };
        let value = amount
            .converted(given, own)
            .and_then(Decimal::value)
            .ok_or_else(|| format!("no number of `{own}` says it exactly"))?;
        Ok(json!({"value": value, "unit": own}).into())
    }

    fn integer_out(&self, ours: &Value) -> Result<Converted, String> {
        let amount = number(ours)?;
        self.within(amount, "1")?;
        Ok(ours.clone().into())
    }

    fn code_out(&self, ours: &str) -> Result<Converted, String> {
        if self.codes.is_empty() {
            return Ok(Value::from(ours).into());
        }
        self.codes
            .iter()
            .find(|(_, word)| *word == ours)
            .map(|(theirs, _)| Value::from(theirs.as_str()).into())
            .ok_or_else(|| format!("the format has no word for `{ours}`"))
    }

    fn code_in(&self, theirs: &str) -> Result<Converted, String> {
        if self.codes.is_empty() {
            return Ok(Value::from(theirs).into());
        }
        self.codes
            .get(theirs)
            .map(|ours| Value::from(ours.as_str()).into())
            .ok_or_else(|| format!("the word `{theirs}` has no counterpart"))
    }

    fn date_out(&self, ours: &str) -> Converted {
        match self.date {
            Some(form) => form.write(ours),
            None => Value::from(ours).into(),
        }
    }

    fn text_out(&self, ours: &str) -> Result<Converted, String> {
        if !self.codes.is_empty() {
            return self.code_out(ours);
        }
        if let (Some(Shape::Uri), false) = (self.shape, is_uri(ours)) {
            return Err("the format takes an absolute address only".to_owned());
        }
        Ok(match self.languages {
            None => Value::from(ours),
            Some(Languages::List) => json!([{LANGUAGE: ours}]),
            Some(Languages::Map) => json!({LANGUAGE: ours}),
        }
        .into())
    }

    /// A text of the header.
    pub(crate) fn header_out(&self, text: &str) -> Result<Converted, String> {
        match self.date {
            Some(_) => Ok(self.date_out(text)),
            None => self.code_out(text),
        }
    }

    fn text_in(&self, theirs: &Value) -> Result<Converted, String> {
        if let Some(text) = theirs.as_str() {
            return match self.codes.is_empty() {
                true => Ok(Value::from(text).into()),
                false => self.code_in(text),
            };
        }
        let texts = languages(theirs)?;
        let chosen = texts.get(LANGUAGE).or_else(|| texts.values().next());
        let value = chosen.cloned().ok_or("expected a text")?;
        match texts.len() {
            1 => Ok(value.into()),
            _ => Ok(Converted::noted(
                value,
                "of its languages one is taken: the catalogue has one text here",
            )),
        }
    }

    fn localized_out(&self, ours: &Value) -> Result<Converted, String> {
        let texts = ours.as_object().ok_or("expected texts by language")?;
        Ok(match self.languages {
            Some(Languages::Map) => ours.clone(),
            Some(Languages::List) => texts
                .iter()
                .map(|(language, text)| json!({language: text}))
                .collect(),
            None => texts
                .get(LANGUAGE)
                .or_else(|| texts.values().next())
                .cloned()
                .ok_or("it has no text")?,
        }
        .into())
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "expected a text".to_owned())
}

fn number(value: &Value) -> Result<Decimal, String> {
    value
        .as_number()
        .and_then(Decimal::of)
        .ok_or_else(|| "expected a number".to_owned())
}

/// Texts by language, of either form that formats write.
fn languages(theirs: &Value) -> Result<Map<String, Value>, String> {
    let mut texts = Map::new();
    let maps = match theirs {
        Value::Array(maps) => maps.as_slice(),
        one => std::slice::from_ref(one),
    };
    for map in maps {
        let map = map.as_object().ok_or("expected texts by language")?;
        for (language, text) in map {
            if !text.is_string() || texts.insert(language.clone(), text.clone()).is_some() {
                return Err("expected one text for each language".to_owned());
            }
        }
    }
    Ok(texts)
}

fn localized_in(theirs: &Value) -> Result<Converted, String> {
    match theirs {
        Value::String(_) => Ok(Converted::noted(
            json!({LANGUAGE: theirs}),
            "its language is not told: taken as English",
        )),
        _ => Ok(Value::Object(languages(theirs)?).into()),
    }
}

fn is_uri(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or(text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte))
}
