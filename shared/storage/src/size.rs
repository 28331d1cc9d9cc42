//! How large an item is, by DynamoDB's own reckoning: attribute names and values in UTF-8, numbers by their digits.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::StoreError;
use crate::change::Row;
use crate::store::Item;

/// The largest item DynamoDB takes, in bytes.
const ITEM_LIMIT: usize = 400 << 10;
/// The most bytes one transaction takes.
const TRANSACTION_LIMIT: usize = 4 << 20;
/// The most rows one transaction takes.
const ROW_LIMIT: usize = 100;

/// Refuses what DynamoDB would refuse, before it is sent: its own refusal reads like a fault of the store, which a retry
/// could cure.
pub(crate) fn fits(rows: &[Row]) -> Result<(), StoreError> {
    let sizes: Vec<usize> = rows.iter().map(|row| item(&row.item)).collect();
    let largest = sizes.iter().copied().max().unwrap_or_default();
    let total: usize = sizes.iter().sum();
    if largest > ITEM_LIMIT || total > TRANSACTION_LIMIT || rows.len() > ROW_LIMIT {
        return Err(StoreError::TooLarge(format!(
            "it needs {} rows, the largest of {largest} bytes, {total} bytes in all; {ROW_LIMIT} rows of {ITEM_LIMIT} bytes, {TRANSACTION_LIMIT} in all, are the most",
            rows.len()
        )));
    }
    Ok(())
}

fn item(item: &Item) -> usize {
    item.iter()
        .map(|(name, attribute)| name.len() + value(attribute))
        .sum()
}

fn value(attribute: &AttributeValue) -> usize {
    /// A document costs three bytes and one for each of its elements.
    const DOCUMENT: usize = 3;
    match attribute {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::L(values) => {
            DOCUMENT + values.iter().map(|one| value(one) + 1).sum::<usize>()
        }
        AttributeValue::M(members) => {
            DOCUMENT
                + members
                    .iter()
                    .map(|(name, one)| name.len() + value(one) + 1)
                    .sum::<usize>()
        }
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|one| one.len().div_ceil(2) + 1).sum(),
        AttributeValue::Bs(values) => values.iter().map(|one| one.as_ref().len()).sum(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;
    use crate::change::Guard;

    fn row(bytes: usize) -> Row {
        let item = Item::from([
            ("pk".to_owned(), AttributeValue::S("P#1".to_owned())),
            ("body".to_owned(), AttributeValue::B(vec![0; bytes].into())),
        ]);
        Row {
            table: Table::Records,
            item,
            guard: Guard::New,
        }
    }

    /// Names and values beside the body: `pk`, `P#1`, `body`.
    const REST: usize = 9;

    #[test]
    fn what_dynamodb_would_refuse_is_refused_before() {
        assert!(fits(&[row(ITEM_LIMIT - REST)]).is_ok());
        assert!(matches!(
            fits(&[row(ITEM_LIMIT - REST + 1)]),
            Err(StoreError::TooLarge(_))
        ));
        let eleven = vec![row(ITEM_LIMIT - REST); 11];
        assert!(matches!(fits(&eleven), Err(StoreError::TooLarge(_))));
        assert!(fits(&vec![row(1); ROW_LIMIT]).is_ok());
        assert!(fits(&vec![row(1); ROW_LIMIT + 1]).is_err());
    }

    #[test]
    fn every_part_of_an_item_counts() {
        let nested = Item::from([(
            "m".to_owned(),
            AttributeValue::M(
                [(
                    "list".to_owned(),
                    AttributeValue::L(vec![
                        AttributeValue::N("1234".to_owned()),
                        AttributeValue::Bool(true),
                    ]),
                )]
                .into(),
            ),
        )]);
        // m, map, `list` with its member byte, list, number with its element byte, boolean with its own.
        assert_eq!(item(&nested), 1 + 3 + (4 + 1) + 3 + (3 + 1) + (1 + 1));
    }
}
