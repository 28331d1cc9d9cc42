//! The six tables, declared once: created from here locally and in tests, compared with `template.yaml` by a test.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType, TableStatus,
};

use crate::StoreError;

/// The table of a kind of item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Heads, parts, versions, labels, orders, evidence, disclosures.
    Records,
    /// One item per audit event, put once.
    Ledger,
    /// Pending rows of the Merkle log.
    Log,
    /// Wrapped data keys, one per subject.
    Keys,
    /// Idempotency rows, which expire after seven days, and tallies of requests, after an hour.
    Requests,
    /// Counts of scans and the alarms they raised; expire after 13 months.
    Signals,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 6] = [
        Self::Records,
        Self::Ledger,
        Self::Log,
        Self::Keys,
        Self::Requests,
        Self::Signals,
    ];

    /// The name after the stage's prefix: `<prefix>-records`.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Ledger => "ledger",
            Self::Log => "log",
            Self::Keys => "keys",
            Self::Requests => "requests",
            Self::Signals => "signals",
        }
    }

    /// Partition key `pk`, and `sk` where the table has a sort key. All are strings.
    #[must_use]
    pub const fn key_attributes(self) -> &'static [&'static str] {
        match self {
            Self::Records | Self::Ledger | Self::Log | Self::Signals => &["pk", "sk"],
            Self::Keys | Self::Requests => &["pk"],
        }
    }

    /// The attribute DynamoDB reads the expiry from (seconds since 1970).
    #[must_use]
    pub const fn expiry_attribute(self) -> Option<&'static str> {
        match self {
            Self::Requests | Self::Signals => Some("expires"),
            _ => None,
        }
    }

    /// Whether changes stream to a watcher: tampering with the ledger, pending rows as the sequencer's doorbell.
    #[must_use]
    pub const fn streams(self) -> bool {
        matches!(self, Self::Ledger | Self::Log)
    }
}

/// Creates what is missing of the six tables and waits until they can be used; without `streams` where nobody reads them.
///
/// # Errors
/// [`StoreError::Unavailable`] where the endpoint refuses or does not answer.
pub async fn create_tables(client: &Client, prefix: &str, streams: bool) -> Result<(), StoreError> {
    for table in Table::ALL {
        let name = format!("{prefix}-{}", table.suffix());
        create(client, table, &name, streams && table.streams()).await?;
    }
    Ok(())
}

async fn create(
    client: &Client,
    table: Table,
    name: &str,
    streams: bool,
) -> Result<(), StoreError> {
    let mut request = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest);
    for (attribute, key_type) in table
        .key_attributes()
        .iter()
        .zip([KeyType::Hash, KeyType::Range])
    {
        request = request
            .key_schema(
                KeySchemaElement::builder()
                    .attribute_name(*attribute)
                    .key_type(key_type)
                    .build()
                    .map_err(StoreError::unavailable)?,
            )
            .attribute_definitions(
                AttributeDefinition::builder()
                    .attribute_name(*attribute)
                    .attribute_type(ScalarAttributeType::S)
                    .build()
                    .map_err(StoreError::unavailable)?,
            );
    }
    if streams {
        request = request.stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()
                .map_err(StoreError::unavailable)?,
        );
    }
    if let Err(error) = request.send().await {
        let error = error.into_service_error();
        if !error.is_resource_in_use_exception() {
            return Err(StoreError::unavailable(error));
        }
    }
    wait_until_active(client, name).await
}

async fn wait_until_active(client: &Client, name: &str) -> Result<(), StoreError> {
    const ATTEMPTS: u32 = 120;
    for _ in 0..ATTEMPTS {
        let described = client
            .describe_table()
            .table_name(name)
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        let status = described.table().and_then(|table| table.table_status());
        if status == Some(&TableStatus::Active) {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    Err(StoreError::Unavailable(format!(
        "table `{name}` did not become active"
    )))
}
