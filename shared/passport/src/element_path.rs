//! Paths to data elements (EN 18222 `elementIdPath`): RFC 9535 JSONPath, within limits.

use serde_json::{Map, Value};
use serde_json_path::{JsonPath, PathElement};

use crate::document::merged;

/// The longest path, in bytes.
const LENGTH: usize = 500;
/// How deep brackets and parentheses may be nested.
const DEPTH: usize = 8;
/// The most elements one path may find.
const MATCHES: usize = 1_000;
/// What makes a path cost more than the document is long, and how often it may stand in one.
const BUDGET: [(&str, usize); 6] = [("..", 1), ("?", 2), ("*", 6), (":", 4), (",", 8), ("$", 1)];

/// One step of a path that leads to one element at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To a member.
    Name(String),
    /// To an element of a list; a negative one counts from its end.
    Index(i64),
}

/// A path, read and within the limits. Regular expressions (`match`, `search`) are not part of it, since what they cost has
/// no bound, and a filter looks at its element (`@`), never at the whole passport.
#[derive(Debug, Clone)]
pub struct ElementPath {
    path: JsonPath,
    steps: Option<Vec<Step>>,
}

/// Why a path is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// It is no JSONPath.
    #[error("at position {position}: {expected}")]
    Malformed {
        /// Where the part begins that does not fit, from 1.
        position: usize,
        /// What was expected there.
        expected: String,
    },
    /// It asks for too much.
    #[error("{0}")]
    TooMuch(String),
}

impl ElementPath {
    /// Reads a path.
    ///
    /// # Errors
    /// [`PathFault`] where it is not RFC 9535, or beyond a limit.
    pub fn parse(text: &str) -> Result<Self, PathFault> {
        within_limits(text)?;
        let path = JsonPath::parse(text).map_err(|error| PathFault::Malformed {
            // The crate counts from 0, whatever its documentation says.
            position: error.position() + 1,
            expected: error.message().to_owned(),
        })?;
        Ok(Self {
            path,
            steps: singular(text),
        })
    }

    /// The steps, where the path leads to one element at most (an RFC 9535 singular query).
    #[must_use]
    pub fn steps(&self) -> Option<&[Step]> {
        self.steps.as_deref()
    }

    /// What the path finds, each with the steps that lead to it, in document order.
    ///
    /// # Errors
    /// [`PathFault::TooMuch`] where it finds more than one answer may hold.
    pub fn find<'v>(&self, value: &'v Value) -> Result<Vec<(Vec<Step>, &'v Value)>, PathFault> {
        let found = self.path.query_located(value);
        if found.len() > MATCHES {
            return Err(PathFault::TooMuch(format!(
                "the path finds {} elements, {MATCHES} are the most; narrow it",
                found.len()
            )));
        }
        Ok(found
            .iter()
            .map(|located| {
                let steps = located.location().iter().map(|element| match element {
                    PathElement::Name(name) => Step::Name((*name).to_owned()),
                    PathElement::Index(index) => {
                        Step::Index(i64::try_from(*index).unwrap_or(i64::MAX))
                    }
                });
                (steps.collect(), located.node())
            })
            .collect())
    }
}

/// The merge patch (RFC 7396) of a document that changes the element at `steps` by `change`, itself a merge patch. A list is
/// replaced whole, with that one element of it changed, or gone where the change is `null`. `None` where there is no such
/// element of a list.
#[must_use]
pub fn element_patch(
    document: &Map<String, Value>,
    steps: &[Step],
    change: &Value,
) -> Option<Map<String, Value>> {
    match steps.split_first()? {
        (Step::Name(name), []) => Some(Map::from_iter([(name.clone(), change.clone())])),
        (Step::Name(name), rest @ [Step::Index(_), ..]) => {
            let list = changed(document.get(name)?, rest, change)?;
            Some(Map::from_iter([(name.clone(), list)]))
        }
        (Step::Name(name), rest) => {
            let empty = Map::new();
            let inner = document.get(name).and_then(Value::as_object);
            let inner = element_patch(inner.unwrap_or(&empty), rest, change)?;
            Some(Map::from_iter([(name.clone(), Value::Object(inner))]))
        }
        (Step::Index(_), _) => None,
    }
}

/// A value with one element inside it changed.
fn changed(value: &Value, steps: &[Step], change: &Value) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(merged(value, change));
    };
    let removed = rest.is_empty() && change.is_null();
    match (step, value) {
        (Step::Name(name), Value::Object(members)) => {
            let mut members = members.clone();
            if removed {
                members.shift_remove(name);
            } else {
                let inner = changed(members.get(name).unwrap_or(&Value::Null), rest, change)?;
                members.insert(name.clone(), inner);
            }
            Some(Value::Object(members))
        }
        (Step::Index(index), Value::Array(list)) => {
            let mut list = list.clone();
            let index = match usize::try_from(*index) {
                Ok(index) => index,
                Err(_) => list
                    .len()
                    .checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
            };
            if removed {
                (index < list.len()).then(|| list.remove(index))?;
            } else {
                let place = list.get_mut(index)?;
                *place = changed(place, rest, change)?;
            }
            Some(Value::Array(list))
        }
        _ => None,
    }
}

/// Holds the limits against the text, outside of quoted names.
fn within_limits(text: &str) -> Result<(), PathFault> {
    if text.len() > LENGTH {
        return Err(PathFault::TooMuch(format!(
            "the path has {} bytes, {LENGTH} are the most",
            text.len()
        )));
    }
    let bare = unquoted(text);
    let mut depth = 0_usize;
    for character in bare.chars() {
        match character {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return Err(PathFault::TooMuch(format!(
                "brackets are nested at most {DEPTH} deep"
            )));
        }
    }
    for (what, most) in BUDGET {
        if bare.matches(what).count() > most {
            return Err(PathFault::TooMuch(format!(
                "`{what}` stands at most {most} times in a path: ask for less at a time"
            )));
        }
    }
    Ok(())
}

/// The path without what stands in quotes.
fn unquoted(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match quote {
            None => {
                bare.push(character);
                if matches!(character, '\'' | '"') {
                    quote = Some(character);
                }
            }
            Some(_) if character == '\\' => {
                characters.next();
            }
            Some(open) if character == open => quote = None,
            Some(_) => {}
        }
    }
    bare
}

const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];

/// The steps of a path that is known to be well formed; `None` where it may lead to several elements.
fn singular(text: &str) -> Option<Vec<Step>> {
    let mut rest = text.strip_prefix('$')?;
    let mut steps = Vec::new();
    loop {
        rest = rest.trim_start_matches(BLANK);
        if rest.is_empty() {
            return Some(steps);
        }
        let (step, after) = match rest.strip_prefix('.') {
            Some(named) => shorthand(named)?,
            None => bracketed(rest.strip_prefix('[')?)?,
        };
        steps.push(step);
        rest = after;
    }
}

fn shorthand(text: &str) -> Option<(Step, &str)> {
    let end = text
        .find(|character| matches!(character, '.' | '[') || BLANK.contains(&character))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    (!name.is_empty() && name != "*").then(|| (Step::Name(name.to_owned()), rest))
}

fn bracketed(text: &str) -> Option<(Step, &str)> {
    let text = text.trim_start_matches(BLANK);
    let (step, rest) = match text.chars().next()? {
        quote @ ('\'' | '"') => {
            let inner = text.get(1..)?;
            let end = closing(inner, quote)?;
            let name = unescaped(inner.get(..end)?, quote)?;
            (Step::Name(name), inner.get(end + 1..)?)
        }
        _ => {
            let end = text.find(|character: char| !matches!(character, '-' | '0'..='9'))?;
            let (digits, rest) = text.split_at_checked(end)?;
            (Step::Index(digits.parse().ok()?), rest)
        }
    };
    let rest = rest.trim_start_matches(BLANK).strip_prefix(']')?;
    Some((step, rest))
}

/// Where a quoted name ends.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let closes = character == quote && !escaped;
        escaped = character == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// A quoted name as RFC 9535 §2.3.1 escapes it: as JSON does, but for the quote itself.
fn unescaped(name: &str, quote: char) -> Option<String> {
    let json = match quote {
        '\'' => name.replace("\\'", "'").replace('"', "\\\""),
        _ => name.to_owned(),
    };
    serde_json::from_str(&format!("\"{json}\"")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn name(name: &str) -> Step {
        Step::Name(name.to_owned())
    }

    #[test]
    fn a_path_to_one_element_is_known_by_its_steps() {
        let steps = |text: &str| ElementPath::parse(text).unwrap().steps().map(<[_]>::to_vec);
        let place = vec![name("materials"), name("list"), Step::Index(2), name("cas")];
        assert_eq!(steps("$.materials.list[2].cas"), Some(place.clone()));
        assert_eq!(steps("$['materials'] [\"list\"][ 2 ]['cas']"), Some(place));
        assert_eq!(
            steps("$['it\\'s \"one\" \\u00e9']"),
            Some(vec![name("it's \"one\" é")])
        );
        assert_eq!(steps("$.a[-1]"), Some(vec![name("a"), Step::Index(-1)]));
        assert_eq!(steps("$"), Some(Vec::new()));
        for many in [
            "$.*",
            "$..a",
            "$.a[*]",
            "$.a[0:2]",
            "$['a','b']",
            "$.a[?@.b]",
        ] {
            assert_eq!(steps(many), None, "{many}");
        }
    }

    #[test]
    fn a_bad_path_is_told_where() {
        for (text, position) in [("", 1), ("performance", 1), ("$.a[", 4), ("$.a b", 4)] {
            match ElementPath::parse(text) {
                Err(PathFault::Malformed {
                    position: found, ..
                }) => {
                    assert_eq!(found, position, "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_path_that_could_cost_much_is_refused() {
        let nested = format!("$[?{}@.a{}]", "(".repeat(300), ")".repeat(300));
        let long = format!("$.{}", "a".repeat(600));
        for text in [
            "$..a..b",
            "$[?$..a]",
            "$[?match(@.a, '(a+)+')]",
            "$[?@.a[?@.b[?@.c]]]",
            "$.*.*.*.*.*.*.*",
            "$.a[0,0,0,0,0,0,0,0,0,0]",
            nested.as_str(),
            long.as_str(),
        ] {
            assert!(ElementPath::parse(text).is_err(), "{text}");
        }
        // What stands in quotes is a name.
        assert!(ElementPath::parse("$['..?..$$[[[[[[[[[[[']").is_ok());
    }

    #[test]
    fn a_path_that_finds_too_much_is_refused() {
        let value = json!({"list": vec![0; 1_001]});
        let path = ElementPath::parse("$.list[*]").unwrap();
        assert!(matches!(path.find(&value), Err(PathFault::TooMuch(_))));
        assert_eq!(
            ElementPath::parse("$.list")
                .unwrap()
                .find(&value)
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn what_is_found_is_told_by_its_place() {
        let value = json!({"a": [{"b": 1}, {"b": 2}]});
        let path = ElementPath::parse("$..b").unwrap();
        let found = path.find(&value).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].0, [name("a"), Step::Index(1), name("b")]);
        assert_eq!(found[1].1, 2);
    }

    #[test]
    fn a_change_of_one_element_is_a_patch_of_the_document() {
        let document = json!({"materials": {"list": [{"cas": "1", "share": 3}, {"cas": "2"}]}});
        let document = document.as_object().unwrap();
        let patch = |text: &str, change: Value| {
            let path = ElementPath::parse(text).unwrap();
            element_patch(document, path.steps().unwrap(), &change).map(Value::Object)
        };
        assert_eq!(
            patch("$.identification.mass", json!({"value": 3})),
            Some(json!({"identification": {"mass": {"value": 3}}}))
        );
        assert_eq!(
            patch("$.materials.list[0].share", json!(4)),
            Some(json!({"materials": {"list": [{"cas": "1", "share": 4}, {"cas": "2"}]}}))
        );
        assert_eq!(
            patch("$.materials.list[0]", json!({"share": null})),
            Some(json!({"materials": {"list": [{"cas": "1"}, {"cas": "2"}]}}))
        );
        assert_eq!(
            patch("$.materials.list[-1]", Value::Null),
            Some(json!({"materials": {"list": [{"cas": "1", "share": 3}]}}))
        );
        assert_eq!(
            patch("$.materials", Value::Null),
            Some(json!({"materials": null}))
        );
        for nowhere in [
            "$.materials.list[2]",
            "$.materials.list[-3]",
            "$.nothing[0]",
            "$[0]",
            "$",
        ] {
            assert_eq!(patch(nowhere, json!(1)), None, "{nowhere}");
        }
    }
}
