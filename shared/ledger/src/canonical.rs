//! RFC 8785 canonical JSON, without the numbers it would change.

use serde_json::Value;

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
    serde_json_canonicalizer::to_vec(value).map_err(|error| NotCanonical(error.to_string()))
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

    proptest! {
        #[test]
        fn canonical_bytes_read_back_to_the_same_bytes(number in -9e15..9e15_f64, small in -1.0..1.0_f64) {
            let bytes = canonical(&json!([number, small])).unwrap();
            let read: Value = serde_json::from_slice(&bytes).unwrap();
            prop_assert_eq!(canonical(&read).unwrap(), bytes);
        }
    }
}
