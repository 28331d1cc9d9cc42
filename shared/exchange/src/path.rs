//! Places in a document, one or many: JSON Pointers with three more tokens.
//!
//! `/A/B` is a member; `/A/0` the first element; `/A/*/B` a member of every element; `/A/[kind=x]/B` a member of the elements
//! whose `kind` is `x` (more than one member: `[kind=x&count=1]`); `/A/*[kind=x]/B` the same, one after the other. A slash
//! within a name or a value is `~1`, a tilde `~0`, as in any JSON Pointer.

use std::fmt;

use passport::escaped;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Elements that one list may get; the reader of JSON allows as many.
const MOST_ELEMENTS: usize = 10_000;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Name(String),
    Index(usize),
    Each,
    Where(Choice),
    EachWhere(Choice),
}

/// Elements by some of their members: `kind=x`, `unit=kg&count=1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice(Vec<(String, Value)>);

/// Steps from the root of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Path(Vec<Token>);

/// A value that a path leads to.
#[derive(Debug)]
pub(crate) struct Found<'v> {
    pub(crate) value: &'v Value,
    /// RFC 6901.
    pub(crate) pointer: String,
    /// The element that each `*` stands for.
    pub(crate) elements: Vec<usize>,
    /// The members by which elements were chosen (RFC 6901).
    pub(crate) keys: Vec<String>,
}

impl TryFrom<String> for Path {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let rest = text
            .strip_prefix('/')
            .ok_or_else(|| format!("`{text}` does not begin with a slash"))?;
        rest.split('/')
            .map(token)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn token(text: &str) -> Result<Token, String> {
    let chosen = text.strip_suffix(']').and_then(|text| text.split_once('['));
    if let Some((each, chosen)) = chosen {
        let choice = chosen.split('&').map(|one| {
            let (key, is) = one
                .split_once('=')
                .ok_or_else(|| format!("`{text}` lacks `=`"))?;
            // A word that JSON knows is what it is there; any other is a text.
            let is = unescaped(is);
            let is = serde_json::from_str(&is).unwrap_or_else(|_| is.into());
            Ok((unescaped(key), is))
        });
        let choice = Choice(choice.collect::<Result<_, String>>()?);
        return match each {
            "" => Ok(Token::Where(choice)),
            "*" => Ok(Token::EachWhere(choice)),
            _ => Err(format!("`{text}` is no step")),
        };
    }
    Ok(match text {
        "" => return Err("a path with an empty step".to_owned()),
        "*" => Token::Each,
        text => match text.parse() {
            Ok(index) => Token::Index(index),
            Err(_) => Token::Name(unescaped(text)),
        },
    })
}

fn unescaped(text: &str) -> String {
    text.replace("~1", "/").replace("~0", "~")
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for token in &self.0 {
            match token {
                Token::Name(name) => write!(formatter, "/{}", escaped(name))?,
                Token::Index(index) => write!(formatter, "/{index}")?,
                Token::Each => formatter.write_str("/*")?,
                Token::Where(choice) => write!(formatter, "/[{choice}]")?,
                Token::EachWhere(choice) => write!(formatter, "/*[{choice}]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, is)) in self.0.iter().enumerate() {
            let and = if index > 0 { "&" } else { "" };
            match is {
                Value::String(is) => write!(formatter, "{and}{}={}", escaped(key), escaped(is))?,
                is => write!(formatter, "{and}{}={is}", escaped(key))?,
            }
        }
        Ok(())
    }
}

impl Path {
    pub(crate) fn of(tokens: Vec<Token>) -> Self {
        Self(tokens)
    }

    pub(crate) fn tokens(&self) -> &[Token] {
        &self.0
    }

    /// By what it chooses an element first.
    pub(crate) fn choice(&self) -> Option<&Choice> {
        self.0.iter().find_map(|token| match token {
            Token::Where(choice) | Token::EachWhere(choice) => Some(choice),
            _ => None,
        })
    }

    pub(crate) fn then(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).cloned().collect())
    }

    /// The place beside the last step.
    pub(crate) fn beside(&self, name: &str) -> Self {
        let mut tokens = self.0.clone();
        tokens.pop();
        tokens.push(Token::Name(name.to_owned()));
        Self(tokens)
    }

    /// The place above.
    pub(crate) fn parent(&self) -> Self {
        let mut tokens = self.0.clone();
        tokens.pop();
        Self(tokens)
    }

    /// Everything it leads to, in order.
    pub(crate) fn find<'v>(&self, document: &'v Value) -> Vec<Found<'v>> {
        let mut found = vec![Found {
            value: document,
            pointer: String::new(),
            elements: Vec::new(),
            keys: Vec::new(),
        }];
        for token in &self.0 {
            found = found.into_iter().flat_map(|at| at.step(token)).collect();
        }
        found
    }

    /// As [`Self::find`], in an object.
    pub(crate) fn find_in<'v>(&self, document: &'v Map<String, Value>) -> Vec<Found<'v>> {
        let Some((Token::Name(first), rest)) = self.0.split_first() else {
            return Vec::new();
        };
        let Some(value) = document.get(first) else {
            return Vec::new();
        };
        let mut found = Self(rest.to_vec()).find(value);
        for one in &mut found {
            one.pointer.insert_str(0, &format!("/{}", escaped(first)));
            for key in &mut one.keys {
                key.insert_str(0, &format!("/{}", escaped(first)));
            }
        }
        found
    }

    /// The place itself, made where it is not there: `Null` in a new one.
    pub(crate) fn place<'v>(
        &self,
        document: &'v mut Value,
        elements: &[usize],
    ) -> Result<&'v mut Value, String> {
        let mut elements = elements.iter();
        let mut at = document;
        for token in &self.0 {
            at = match token {
                Token::Name(name) => members(at)?.entry(name.clone()).or_insert(Value::Null),
                Token::Index(index) => element(at, *index)?,
                Token::Each => {
                    let index = elements.next().ok_or("a list that has no counterpart")?;
                    element(at, *index)?
                }
                Token::Where(choice) => choice.place(at, 0)?,
                Token::EachWhere(choice) => {
                    let index = elements.next().ok_or("a list that has no counterpart")?;
                    choice.place(at, *index)?
                }
            };
        }
        Ok(at)
    }
}

impl<'v> Found<'v> {
    fn step(self, token: &Token) -> Vec<Self> {
        match token {
            Token::Name(name) => self.member(name).into_iter().collect(),
            Token::Index(index) => self.element(*index).into_iter().collect(),
            Token::Each => (0..self.len())
                .filter_map(|index| {
                    let mut found = self.element(index)?;
                    found.elements.push(index);
                    Some(found)
                })
                .collect(),
            Token::Where(choice) => self.chosen(choice),
            Token::EachWhere(choice) => {
                let mut chosen = self.chosen(choice);
                for (index, found) in chosen.iter_mut().enumerate() {
                    found.elements.push(index);
                }
                chosen
            }
        }
    }

    fn chosen(&self, choice: &Choice) -> Vec<Self> {
        (0..self.len())
            .filter_map(|index| {
                let mut found = self.element(index)?;
                let keys = choice.0.iter();
                let keys = keys.map(|(key, _)| format!("{}/{}", found.pointer, escaped(key)));
                found.keys.extend(keys);
                choice.fits(found.value).then_some(found)
            })
            .collect()
    }

    fn len(&self) -> usize {
        self.value.as_array().map_or(0, Vec::len)
    }

    fn at(&self, value: &'v Value, step: &str) -> Self {
        Self {
            value,
            pointer: format!("{}/{step}", self.pointer),
            elements: self.elements.clone(),
            keys: self.keys.clone(),
        }
    }

    fn member(&self, name: &str) -> Option<Self> {
        let value = self.value.as_object()?.get(name)?;
        Some(self.at(value, &escaped(name)))
    }

    fn element(&self, index: usize) -> Option<Self> {
        let value = self.value.as_array()?.get(index)?;
        Some(self.at(value, &index.to_string()))
    }
}

fn members(at: &mut Value) -> Result<&mut Map<String, Value>, String> {
    if at.is_null() {
        *at = Value::Object(Map::new());
    }
    at.as_object_mut().ok_or_else(|| OTHER_KIND.to_owned())
}

fn elements(at: &mut Value) -> Result<&mut Vec<Value>, String> {
    if at.is_null() {
        *at = Value::Array(Vec::new());
    }
    at.as_array_mut().ok_or_else(|| OTHER_KIND.to_owned())
}

const OTHER_KIND: &str = "its place is taken by a value of another kind";

fn element(at: &mut Value, index: usize) -> Result<&mut Value, String> {
    if index >= MOST_ELEMENTS {
        return Err(format!("a list has at most {MOST_ELEMENTS} elements"));
    }
    let list = elements(at)?;
    while list.len() <= index {
        list.push(Value::Null);
    }
    list.get_mut(index)
        .ok_or_else(|| "an element that cannot be there".to_owned())
}

impl Choice {
    fn fits(&self, element: &Value) -> bool {
        self.0.iter().all(|(key, is)| match (element.get(key), is) {
            (Some(Value::Number(found)), Value::Number(is)) => found.as_f64() == is.as_f64(),
            (found, is) => found == Some(is),
        })
    }

    /// The element that is the `nth` of those chosen, made where it is not there.
    fn place<'v>(&self, at: &'v mut Value, nth: usize) -> Result<&'v mut Value, String> {
        if nth >= MOST_ELEMENTS {
            return Err(format!("a list has at most {MOST_ELEMENTS} elements"));
        }
        let list = elements(at)?;
        let mut there = list.iter().filter(|one| self.fits(one)).count();
        while there <= nth {
            let element = self.0.iter().cloned().collect();
            list.push(Value::Object(element));
            there += 1;
        }
        list.iter_mut()
            .filter(|one| self.fits(one))
            .nth(nth)
            .ok_or_else(|| "an element that cannot be there".to_owned())
    }
}

/// Takes away the elements that a list never got, and what is empty for it.
pub(crate) fn tidy(value: &mut Value) {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    };
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(tidy);
            members.retain(|_, value| !empty(value));
        }
        Value::Array(elements) => {
            elements.iter_mut().for_each(tidy);
            elements.retain(|value| !empty(value));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(text: &str) -> Path {
        Path::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_path_leads_to_every_place_it_names() {
        let document = json!({"A": [{"k": "x", "B": 1}, {"k": "y", "B": 2}, {"k": "x"}]});
        let found = |text: &str| -> Vec<String> {
            let found = path(text).find(&document);
            found.into_iter().map(|one| one.pointer).collect()
        };
        assert_eq!(found("/A/*/B"), ["/A/0/B", "/A/1/B"]);
        assert_eq!(found("/A/[k=x]/B"), ["/A/0/B"]);
        assert_eq!(found("/A/1/k"), ["/A/1/k"]);
        assert_eq!(found("/A/7"), Vec::<String>::new());
        assert_eq!(found("/A/*[k=x]"), ["/A/0", "/A/2"]);
        assert_eq!(found("/A/[k=x&B=1]"), ["/A/0"]);
        for written in ["/A/*[k=x&B=1]/C", "/A~1~0/[unit=kg ~1 kWh]/~1"] {
            assert_eq!(path(written).to_string(), written);
        }
        let slashes = json!({"a/b": [{"unit": "kg / kWh", "x~y": 1}]});
        let found = path("/a~1b/[unit=kg ~1 kWh]/x~0y").find(&slashes);
        assert_eq!(found[0].pointer, "/a~1b/0/x~0y");
        let found = path("/A/[k=y]/B").find(&document);
        assert_eq!(found[0].keys, ["/A/1/k"]);
        assert_eq!(path("/A/*/B").find(&document)[1].elements, [1]);
    }

    #[test]
    fn a_place_is_made_as_its_path_says() {
        let mut document = Value::Null;
        *path("/A/*/B").place(&mut document, &[1]).unwrap() = json!(2);
        *path("/C/[k=x]/D").place(&mut document, &[]).unwrap() = json!(3);
        *path("/C/[k=x]/E").place(&mut document, &[]).unwrap() = json!(4);
        tidy(&mut document);
        assert_eq!(
            document,
            json!({"A": [{"B": 2}], "C": [{"k": "x", "D": 3, "E": 4}]})
        );
        assert!(path("/A/B").place(&mut document, &[]).is_err());
    }
}
