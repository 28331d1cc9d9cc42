//! RFC 8785 canonical JSON, without the numbers it would change.

use std::cmp::Ordering;
use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use serde_json::ser::Formatter;

/// A number that canonical JSON would silently round: two different events would hash alike.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the number `{0}` would not survive canonical JSON: write it as a text, or with less precision"
)]
pub struct NotCanonical(String);

/// Beyond 2^53 a JSON number no longer tells neighbouring integers apart (RFC 7493 §2.2).
const LARGEST_EXACT: u64 = 1 << 53;
const LARGEST_EXACT_FLOAT: f64 = 9_007_199_254_740_992.0;

/// The canonical bytes of a value. Store and hash these; never canonicalise again to verify.
///
/// # Errors
/// [`NotCanonical`] for numbers beyond 2^53: 1e16 would be written as an integer that must then be refused. A [`Value`]
/// holds no infinity and no NaN.
pub fn canonical(value: &Value) -> Result<Vec<u8>, NotCanonical> {
    check(value)?;
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Numbers);
    match Sorted(value).serialize(&mut serializer) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(NotCanonical(error.to_string())),
    }
}

/// A value whose members are written in the order of RFC 8785 §3.2.3. A test holds this against another implementation.
struct Sorted<'v>(&'v Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let mut members: Vec<(&String, &Value)> = members.iter().collect();
                members.sort_unstable_by(|(one, _), (other, _)| by_utf16(one, other));
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, &Sorted(value))?;
                }
                map.end()
            }
            Value::Array(elements) => serializer.collect_seq(elements.iter().map(Sorted)),
            other => other.serialize(serializer),
        }
    }
}

/// Only characters beyond the basic plane stand otherwise in UTF-16 than in UTF-8.
fn by_utf16(one: &str, other: &str) -> Ordering {
    match one.is_ascii() && other.is_ascii() {
        true => one.cmp(other),
        false => one.encode_utf16().cmp(other.encode_utf16()),
    }
}

/// Numbers as ECMAScript writes them (RFC 8785 §3.2.2.3); all else as `serde_json` does.
struct Numbers;

impl Formatter for Numbers {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(ryu_js::Buffer::new().format_finite(value).as_bytes())
    }
}

fn check(value: &Value) -> Result<(), NotCanonical> {
    match value {
        Value::Number(number) => {
            let exact = match number.as_i64() {
                Some(whole) => whole.unsigned_abs() <= LARGEST_EXACT,
                None => number
                    .as_f64()
                    .is_some_and(|number| number.abs() <= LARGEST_EXACT_FLOAT),
            };
            if exact {
                Ok(())
            } else {
                Err(NotCanonical(number.to_string()))
            }
        }
        Value::Array(items) => items.iter().try_for_each(check),
        Value::Object(members) => members.values().try_for_each(check),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_sorted_and_numbers_shortest() {
        let bytes = canonical(&json!({"b": 1.50, "a": [true, null]})).unwrap();
        assert_eq!(bytes, br#"{"a":[true,null],"b":1.5}"#);
    }

    #[test]
    fn numbers_that_would_be_rounded_are_refused() {
        assert!(canonical(&json!({"n": 9_007_199_254_740_993_u64})).is_err());
        assert!(canonical(&json!([-9_007_199_254_740_993_i64])).is_err());
        assert!(canonical(&json!(9_007_199_254_740_992_u64)).is_ok());
        assert!(canonical(&json!({"deep": [{"n": u64::MAX}]})).is_err());
        assert!(canonical(&json!(i64::MIN)).is_err());
        assert!(canonical(&json!(1e16)).is_err());
    }

    #[test]
    fn infinity_and_nan_never_become_numbers() {
        assert_eq!(json!(f64::INFINITY), Value::Null);
        assert_eq!(json!(f64::NAN), Value::Null);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<Option<bool>>().prop_map(|value| json!(value)),
            any::<f64>().prop_map(|number| json!(number)),
            (-1e3..1e3_f64).prop_map(|number| json!(number)),
            any::<i64>().prop_map(|number| json!(number >> 11)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 8, |inner| {
            let name = prop_oneof![
                "[a-c\\u{0}-\\u{7f}]{0,3}",
                "[\\u{e000}-\\u{ffff}\\u{10000}-\\u{10ffff}é]{0,3}"
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::hash_map(name, inner, 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn another_implementation_writes_the_same(value in value()) {
            if let Ok(bytes) = canonical(&value) {
                prop_assert_eq!(bytes, serde_json_canonicalizer::to_vec(&value).unwrap());
            }
        }

        #[test]
        fn canonical_bytes_read_back_to_the_same_bytes(number in -9e15..9e15_f64, small in -1.0..1.0_f64) {
            let bytes = canonical(&json!([number, small])).unwrap();
            let read: Value = serde_json::from_slice(&bytes).unwrap();
            prop_assert_eq!(canonical(&read).unwrap(), bytes);
        }
    }
}
