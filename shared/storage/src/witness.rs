//! What a witness remembers: of each log the checkpoint it cosigned last, in a table of its own, in an account of its own.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use ledger::{Cosigned, Sha256};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::store::{decode, encode, required};

/// The attribute that is the table's partition key: a log's origin.
const KEY: &str = "pk";

/// A witness's memory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct WitnessMemory {
    dynamodb: aws_sdk_dynamodb::Client,
    table: String,
}

/// A condition names its size: `size` may not be named in one.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CosignedItem {
    pk: String,
    v: u8,
    log_size: u64,
    log_root: Sha256,
}

impl WitnessMemory {
    /// In a table.
    #[must_use]
    pub const fn new(dynamodb: aws_sdk_dynamodb::Client, table: String) -> Self {
        Self { dynamodb, table }
    }

    /// As the environment of a Lambda function describes it: `WITNESS_TABLE`.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] where it is missing.
    pub async fn from_env() -> Result<Self, StoreError> {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        let dynamodb = aws_sdk_dynamodb::Client::new(&config);
        Ok(Self::new(dynamodb, required("WITNESS_TABLE")?))
    }

    /// Makes the table, where there is none: on a developer's machine.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be made.
    pub async fn create(&self) -> Result<(), StoreError> {
        let key = KeySchemaElement::builder()
            .attribute_name(KEY)
            .key_type(KeyType::Hash)
            .build()
            .map_err(StoreError::unavailable)?;
        let attribute = AttributeDefinition::builder()
            .attribute_name(KEY)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .map_err(StoreError::unavailable)?;
        let made = self
            .dynamodb
            .create_table()
            .table_name(&self.table)
            .billing_mode(BillingMode::PayPerRequest)
            .key_schema(key)
            .attribute_definitions(attribute)
            .send()
            .await;
        match made.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error) {
            Err(error) if !error.is_resource_in_use_exception() => {
                Err(StoreError::unavailable(error))
            }
            _ => Ok(()),
        }
    }

    /// What was cosigned last of a log; strongly consistent.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or the item is damaged.
    pub async fn last(&self, origin: &str) -> Result<Cosigned, StoreError> {
        let answer = self
            .dynamodb
            .get_item()
            .table_name(&self.table)
            .key(KEY, AttributeValue::S(origin.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        let Some(item) = answer.item else {
            return Ok(Cosigned::default());
        };
        let item: CosignedItem = decode(item)?;
        Ok(Cosigned {
            size: item.log_size,
            root: item.log_root,
        })
    }

    /// Remembers what is cosigned next, on the condition that `last` is still the last; `false` where another came first.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn remember(
        &self,
        origin: &str,
        last: &Cosigned,
        next: &Cosigned,
    ) -> Result<bool, StoreError> {
        let item = CosignedItem {
            pk: origin.to_owned(),
            v: 1,
            log_size: next.size,
            log_root: next.root,
        };
        let put = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .set_item(Some(encode(&item)?));
        let put = match *last == Cosigned::default() {
            true => put.condition_expression("attribute_not_exists(pk)"),
            false => put
                .condition_expression("logSize = :size")
                .expression_attribute_values(":size", AttributeValue::N(last.size.to_string())),
        };
        match put
            .send()
            .await
            .map_err(aws_sdk_dynamodb::error::SdkError::into_service_error)
        {
            Ok(_) => Ok(true),
            Err(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
            Err(error) => Err(StoreError::unavailable(error)),
        }
    }
}
