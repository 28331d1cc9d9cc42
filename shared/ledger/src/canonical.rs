//! RFC 8785 canonical JSON, without the numbers it would change.

use serde_json::Value;

/// A number that canonical JSON would silently round: two different events would hash alike.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the number `{0}` would not survive canonical JSON: write it as a text, or with less precision"
)]
pub struct NotCanonical(String);

/// The largest integer that JSON's numbers hold exactly (I-JSON, RFC 7493 §2.2).
const LARGEST_EXACT: u64 = 1 << 53;

/// The canonical bytes of a value. Store and hash these; never canonicalise again to verify.
///
/// # Errors
/// [`NotCanonical`] for integers beyond 2^53.
pub fn canonical(value: &Value) -> Result<Vec<u8>, NotCanonical> {
    check(value)?;
    serde_json_canonicalizer::to_vec(value).map_err(|error| NotCanonical(error.to_string()))
}

fn check(value: &Value) -> Result<(), NotCanonical> {
    match value {
        Value::Number(number) => {
            let whole = number
                .as_u64()
                .or_else(|| number.as_i64().map(i64::unsigned_abs));
            if whole.is_some_and(|whole| whole > LARGEST_EXACT) {
                return Err(NotCanonical(number.to_string()));
            }
            Ok(())
        }
        Value::Array(items) => items.iter().try_for_each(check),
        Value::Object(members) => members.values().try_for_each(check),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
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
    }
}
