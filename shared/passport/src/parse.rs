//! JSON from strangers: everything a later step would stumble over is refused here, with the place.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};

/// The greatest whole number of I-JSON (RFC 7493 §2.2): 2^53 − 1.
const GREATEST: u64 = (1 << 53) - 1;
#[allow(
    clippy::cast_precision_loss,
    reason = "2^53 − 1 is a whole number that an f64 holds exactly"
)]
const GREATEST_FLOAT: f64 = GREATEST as f64;

/// How much is read at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole text.
    pub bytes: usize,
    /// Arrays and objects within each other.
    pub depth: usize,
    /// Bytes of one string or member name.
    pub string: usize,
    /// Elements of one array, members of one object.
    pub elements: usize,
}

impl Default for Limits {
    /// 256 KiB, 32 deep, strings of 64 KiB, arrays and objects of 10,000.
    fn default() -> Self {
        Self {
            bytes: 256 * 1024,
            depth: 32,
            string: 64 * 1024,
            elements: 10_000,
        }
    }
}

/// Why a JSON text is refused. Places are JSON Pointers (RFC 6901); `` is the whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseFault {
    /// More bytes than the limit; nothing of it was parsed.
    #[error("{found} bytes are too many: send at most {limit}")]
    TooLong {
        /// How many there are.
        found: usize,
        /// The most there may be.
        limit: usize,
    },
    /// No JSON.
    #[error("not JSON at byte {offset}: {reason}")]
    Syntax {
        /// Bytes before the place.
        offset: usize,
        /// What is wrong there.
        reason: String,
    },
    /// Arrays and objects too deep within each other.
    #[error("`{pointer}` is nested too deep: at most {limit} levels")]
    TooDeep {
        /// Where.
        pointer: String,
        /// The most levels.
        limit: usize,
    },
    /// An object has a member twice (RFC 7493 §2.3).
    #[error("`{pointer}` is there twice: name each member once")]
    Duplicate {
        /// The member.
        pointer: String,
    },
    /// A number that canonical JSON (RFC 8785) would change: beyond 2^53 − 1.
    #[error(
        "the number at `{pointer}` is beyond 9007199254740991 and would lose digits: send it as a string"
    )]
    Number {
        /// Where.
        pointer: String,
    },
    /// A string or member name is too long.
    #[error("the string at `{pointer}` is too long: at most {limit} bytes")]
    String {
        /// Where.
        pointer: String,
        /// The most bytes.
        limit: usize,
    },
    /// An array has too many elements, or an object too many members.
    #[error("the list or object at `{pointer}` is too long: at most {limit} entries")]
    Elements {
        /// Where.
        pointer: String,
        /// The most of them.
        limit: usize,
    },
}

/// Reads a JSON text that means one thing only: no member twice, no number that would not survive canonical JSON, nothing
/// larger than the limits. Numbers without a fraction become integers, as reading their canonical form would give.
///
/// # Errors
/// [`ParseFault`], the first there is, with its place.
pub fn parse_json(bytes: &[u8], limits: &Limits) -> Result<Value, ParseFault> {
    if bytes.len() > limits.bytes {
        return Err(ParseFault::TooLong {
            found: bytes.len(),
            limit: limits.bytes,
        });
    }
    let reading = Reading {
        limits,
        refused: RefCell::new(None),
    };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let outcome = Node {
        reading: &reading,
        depth: 0,
    }
    .deserialize(&mut json)
    .and_then(|value| json.end().map(|()| value));
    outcome.map_err(|error| match reading.refused.take() {
        Some(refused) => refused.fault(limits),
        None => ParseFault::Syntax {
            offset: offset(bytes, &error),
            reason: reason(&error),
        },
    })
}

/// What is shared while one text is read.
struct Reading<'l> {
    limits: &'l Limits,
    refused: RefCell<Option<Refused>>,
}

/// Filled from the inside out, so that a good text pays nothing for knowing where it is.
struct Refused {
    why: Why,
    segments: Vec<Segment>,
}

#[derive(Clone, Copy)]
enum Why {
    Deep,
    Twice,
    Number,
    String,
    Elements,
}

enum Segment {
    Name(String),
    Index(usize),
}

impl Refused {
    fn fault(self, limits: &Limits) -> ParseFault {
        let mut pointer = String::new();
        for segment in self.segments.iter().rev() {
            pointer.push('/');
            match segment {
                Segment::Name(name) => pointer.push_str(&shortened(&escaped(name))),
                Segment::Index(index) => pointer.push_str(&index.to_string()),
            }
        }
        match self.why {
            Why::Deep => ParseFault::TooDeep {
                pointer,
                limit: limits.depth,
            },
            Why::Twice => ParseFault::Duplicate { pointer },
            Why::Number => ParseFault::Number { pointer },
            Why::String => ParseFault::String {
                pointer,
                limit: limits.string,
            },
            Why::Elements => ParseFault::Elements {
                pointer,
                limit: limits.elements,
            },
        }
    }
}

/// A member name as a reference token of a JSON Pointer (RFC 6901).
#[must_use]
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn shortened(name: &str) -> String {
    const LONGEST: usize = 100;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

impl Reading<'_> {
    fn refuse<E: serde::de::Error>(&self, why: Why) -> E {
        *self.refused.borrow_mut() = Some(Refused {
            why,
            segments: Vec::new(),
        });
        E::custom("refused")
    }

    fn within(&self, segment: impl FnOnce() -> Segment) {
        if let Some(refused) = self.refused.borrow_mut().as_mut() {
            refused.segments.push(segment());
        }
    }
}

#[derive(Clone, Copy)]
struct Node<'r> {
    reading: &'r Reading<'r>,
    depth: usize,
}

impl Node<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > self.reading.limits.depth {
            return Err(self.reading.refuse(Why::Deep));
        }
        Ok(Self { depth, ..self })
    }

    fn text<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        match text.len() > self.reading.limits.string {
            true => Err(self.reading.refuse(Why::String)),
            false => Ok(()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        match value > GREATEST {
            true => Err(self.reading.refuse(Why::Number)),
            false => Ok(value.into()),
        }
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        match value.unsigned_abs() > GREATEST {
            true => Err(self.reading.refuse(Why::Number)),
            false => Ok(value.into()),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        if !value.is_finite() || value.abs() > GREATEST_FLOAT {
            return Err(self.reading.refuse(Why::Number));
        }
        if value.fract() != 0.0 {
            return Ok(value.into());
        }
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a whole number within ±(2^53 − 1)"
        )]
        let whole = value as i64;
        Ok(whole.into())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.text(value)?;
        Ok(value.into())
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.text(&value)?;
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let node = self.deeper()?;
        let mut list = Vec::new();
        loop {
            let element = elements
                .next_element_seed(node)
                .inspect_err(|_| self.reading.within(|| Segment::Index(list.len())))?;
            let Some(element) = element else {
                return Ok(Value::Array(list));
            };
            if list.len() == self.reading.limits.elements {
                return Err(self.reading.refuse(Why::Elements));
            }
            list.push(element);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let node = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.len() == self.reading.limits.elements {
                return Err(self.reading.refuse(Why::Elements));
            }
            self.text(&name)
                .inspect_err(|_: &A::Error| self.reading.within(|| Segment::Name(name.clone())))?;
            match object.entry(name) {
                Entry::Occupied(entry) => {
                    let refused = A::Error::custom("refused");
                    let _: A::Error = self.reading.refuse(Why::Twice);
                    self.reading.within(|| Segment::Name(entry.key().clone()));
                    return Err(refused);
                }
                Entry::Vacant(entry) => {
                    let value = members.next_value_seed(node).inspect_err(|_| {
                        self.reading.within(|| Segment::Name(entry.key().clone()));
                    })?;
                    entry.insert(value);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

/// Bytes before the place of a syntax error, which is given by line and column.
fn offset(bytes: &[u8], error: &serde_json::Error) -> usize {
    let line_start = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum::<usize>();
    (line_start + error.column().saturating_sub(1)).min(bytes.len())
}

/// The reason without line and column, which the offset replaces.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests;
