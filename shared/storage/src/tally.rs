//! What all processes together counted of one principal: one row for a span of time, added to and read in the same call.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use crate::store::key;
use crate::{Store, StoreError, Table};

/// For how long a row outlives its span, in seconds: clocks differ, and nobody needs it afterwards.
const GRACE: i64 = 60;

/// What one process adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whose row: a hash, which names nobody.
    pub key: String,
    /// Since when results are counted, in seconds since 1970.
    pub results_since: i64,
    /// Until when.
    pub results_until: i64,
    /// Since when requests are counted, in seconds since 1970: a part of the same span.
    pub requests_since: i64,
    /// Requests that were not told of before.
    pub requests: u64,
    /// Results that were not told of before.
    pub results: u64,
}

/// What all processes told of so far, in the windows that [`Told`] names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Requests.
    pub requests: u64,
    /// Results.
    pub results: u64,
}

impl Store {
    /// Adds what was counted here, and answers what was counted everywhere.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer; it may have been added all the same.
    pub async fn tell(&self, told: &Told) -> Result<Sums, StoreError> {
        let number = |value: &str| AttributeValue::N(value.to_owned());
        let requests = format!("requests-{}", told.requests_since);
        let answer = self
            .dynamodb()
            .update_item()
            .table_name(self.table(Table::Requests))
            .set_key(Some(key(
                &format!("TALLY#{}#{}", told.key, told.results_since),
                None,
            )))
            .update_expression(
                "SET v = :v, expires = :expires ADD #requests :requests, results :results",
            )
            .expression_attribute_names("#requests", &requests)
            .expression_attribute_values(":v", number("1"))
            .expression_attribute_values(
                ":expires",
                number(&(told.results_until + GRACE).to_string()),
            )
            .expression_attribute_values(":requests", number(&told.requests.to_string()))
            .expression_attribute_values(":results", number(&told.results.to_string()))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        let sums = answer.attributes.unwrap_or_default();
        let sum = |name: &str| {
            let value = sums.get(name).and_then(|value| value.as_n().ok());
            value
                .and_then(|value| value.parse().ok())
                .ok_or_else(|| StoreError::Damaged(format!("a tally has no number in `{name}`")))
        };
        Ok(Sums {
            requests: sum(&requests)?,
            results: sum("results")?,
        })
    }
}
