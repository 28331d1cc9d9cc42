//! Where everything is kept: the clients, the names of tables and buckets, and the keys.

use std::sync::{Arc, LazyLock, OnceLock};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sealing::KeyVault;
use crate::{StoreError, Subject, Table};

/// One item as DynamoDB holds it.
pub(crate) type Item = std::collections::HashMap<String, AttributeValue>;

/// Names of the buckets (architecture.md §4).
#[derive(Debug, Clone)]
pub struct Buckets {
    /// Unlocked; takes presigned uploads, emptied after a day.
    pub intake: String,
    /// Object Lock; written once.
    pub evidence: String,
    /// Object Lock; written once: full tiles and every checkpoint of the Merkle logs.
    pub archive: String,
    /// Everybody may read it: what the edge answers from where the resolver fails.
    pub public: String,
    /// Where CloudFront's logs of scans are delivered; emptied after three days.
    pub scan_logs: String,
}

/// The clients and names every function works with. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>, Reads);

/// How a scan reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// Cheaper: what was written a moment ago may be missing.
    Eventually,
    /// Whatever was written before.
    Consistently,
}

struct Inner {
    dynamodb: aws_sdk_dynamodb::Client,
    /// Made when it is first needed: a scan never is.
    s3: LazyLock<aws_sdk_s3::Client, MakeS3>,
    prefix: String,
    buckets: Buckets,
    vault: KeyVault,
    watcher: OnceLock<Watcher>,
}

/// Told of subjects whose items were written, as soon as they are.
pub type Watcher = Box<dyn Fn(&[Subject]) + Send + Sync>;

type MakeS3 = Box<dyn FnOnce() -> aws_sdk_s3::Client + Send>;

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("prefix", &self.0.prefix)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// A store over ready-made clients; `prefix` stands before every table's name.
    #[must_use]
    pub fn new(
        dynamodb: aws_sdk_dynamodb::Client,
        s3: aws_sdk_s3::Client,
        prefix: impl Into<String>,
        buckets: Buckets,
        vault: KeyVault,
    ) -> Self {
        Self::over(
            dynamodb,
            Box::new(move || s3),
            prefix.into(),
            buckets,
            vault,
        )
    }

    fn over(
        dynamodb: aws_sdk_dynamodb::Client,
        s3: MakeS3,
        prefix: String,
        buckets: Buckets,
        vault: KeyVault,
    ) -> Self {
        let inner = Inner {
            dynamodb,
            s3: LazyLock::new(s3),
            prefix,
            buckets,
            vault,
            watcher: OnceLock::new(),
        };
        Self(Arc::new(inner), Reads::Eventually)
    }

    /// The same store, whose scans see whatever was written before them.
    #[must_use]
    pub fn consistent(&self) -> Self {
        Self(Arc::clone(&self.0), Reads::Consistently)
    }

    pub(crate) fn is_consistent(&self) -> bool {
        self.1 == Reads::Consistently
    }

    /// Has a watcher told of every change that goes through this store, before whoever made it is answered. Only the first
    /// watcher is.
    pub fn watch(&self, watcher: Watcher) {
        let _ = self.0.watcher.set(watcher);
    }

    pub(crate) fn tell_watcher(&self, subjects: impl FnOnce() -> Vec<Subject>) {
        if let Some(watcher) = self.0.watcher.get() {
            watcher(&subjects());
        }
    }

    /// A store as the environment of a Lambda function describes it: `TABLE_PREFIX`, `INTAKE_BUCKET`, `EVIDENCE_BUCKET`,
    /// `ARCHIVE_BUCKET`, `PUBLIC_BUCKET`, `SCAN_LOG_BUCKET` and `DATA_KEY_ID` (the KMS key that wraps data keys; a function without it reads public parts only). Honours
    /// `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_DYNAMODB` and `AWS_ENDPOINT_URL_S3`.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] naming the variable that is missing.
    pub async fn from_env() -> Result<Self, StoreError> {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        let prefix = required("TABLE_PREFIX")?;
        let buckets = Buckets {
            intake: std::env::var("INTAKE_BUCKET").unwrap_or_default(),
            evidence: std::env::var("EVIDENCE_BUCKET").unwrap_or_default(),
            archive: std::env::var("ARCHIVE_BUCKET").unwrap_or_default(),
            public: std::env::var("PUBLIC_BUCKET").unwrap_or_default(),
            scan_logs: std::env::var("SCAN_LOG_BUCKET").unwrap_or_default(),
        };
        let vault = match (std::env::var("DATA_KEY_ID"), std::env::var("DATA_KEY_FILE")) {
            (Ok(key), _) => KeyVault::kms(aws_sdk_kms::Client::new(&config), key),
            (_, Ok(file)) => KeyVault::file(file.as_ref())?,
            _ => KeyVault::none(),
        };
        let dynamodb = aws_sdk_dynamodb::Client::new(&config);
        let s3 = move || {
            let local = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"]
                .iter()
                .any(|name| std::env::var_os(name).is_some());
            let config = aws_sdk_s3::config::Builder::from(&config)
                .force_path_style(local)
                .build();
            aws_sdk_s3::Client::from_conf(config)
        };
        Ok(Self::over(dynamodb, Box::new(s3), prefix, buckets, vault))
    }

    /// Opens the connection to DynamoDB, so that the first request does not pay for the handshake.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the endpoint does not answer.
    pub async fn warm_up(&self) -> Result<(), StoreError> {
        self.get::<serde::de::IgnoredAny>(Table::Records, "warm-up", Some("0"))
            .await
            .map(drop)
    }

    pub(crate) fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        &self.0.dynamodb
    }

    pub(crate) fn s3(&self) -> &aws_sdk_s3::Client {
        &self.0.s3
    }

    pub(crate) fn buckets(&self) -> &Buckets {
        &self.0.buckets
    }

    pub(crate) fn vault(&self) -> &KeyVault {
        &self.0.vault
    }

    pub(crate) fn table(&self, table: Table) -> String {
        format!("{}-{}", self.0.prefix, table.suffix())
    }

    /// One item by key, strongly consistent.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        table: Table,
        pk: &str,
        sk: Option<&str>,
    ) -> Result<Option<T>, StoreError> {
        let answer = self
            .dynamodb()
            .get_item()
            .table_name(self.table(table))
            .set_key(Some(key(pk, sk)))
            .consistent_read(true)
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        answer.item.map(decode).transpose()
    }

    /// Every item of a partition whose sort key begins with `begins`, in order, strongly consistent where `consistent`.
    pub(crate) async fn query(
        &self,
        table: Table,
        pk: &str,
        begins: &str,
        consistent: bool,
    ) -> Result<Vec<Item>, StoreError> {
        match begins {
            "" => self.queried(table, pk, None, consistent).await,
            _ => {
                let keys = ("begins_with(sk, :sk)", vec![(":sk", begins)]);
                self.queried(table, pk, Some(keys), consistent).await
            }
        }
    }

    /// Every item of a partition from one sort key to another, in order, strongly consistent.
    pub(crate) async fn query_between(
        &self,
        table: Table,
        pk: &str,
        (from, to): (&str, &str),
    ) -> Result<Vec<Item>, StoreError> {
        let keys = ("sk BETWEEN :sk AND :to", vec![(":sk", from), (":to", to)]);
        self.queried(table, pk, Some(keys), true).await
    }

    /// The last items of a partition, in reverse order, strongly consistent: at most `limit`, those before one sort key.
    pub(crate) async fn newest_items(
        &self,
        table: Table,
        pk: &str,
        before: Option<&str>,
        limit: u16,
    ) -> Result<Vec<Item>, StoreError> {
        let request = self
            .dynamodb()
            .query()
            .table_name(self.table(table))
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(limit.into())
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
        let request = match before {
            None => request.key_condition_expression("pk = :pk"),
            Some(key) => request
                .key_condition_expression("pk = :pk AND sk < :sk")
                .expression_attribute_values(":sk", AttributeValue::S(key.to_owned())),
        };
        let page = request.send().await.map_err(StoreError::unavailable)?;
        Ok(page.items.unwrap_or_default())
    }

    async fn queried(
        &self,
        table: Table,
        pk: &str,
        keys: Option<(&str, Vec<(&str, &str)>)>,
        consistent: bool,
    ) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let request = self
                .dynamodb()
                .query()
                .table_name(self.table(table))
                .consistent_read(consistent)
                .set_exclusive_start_key(start)
                .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
            let request = match &keys {
                None => request.key_condition_expression("pk = :pk"),
                Some((condition, keys)) => keys.iter().fold(
                    request.key_condition_expression(format!("pk = :pk AND {condition}")),
                    |request, (name, key)| {
                        let key = AttributeValue::S((*key).to_owned());
                        request.expression_attribute_values(*name, key)
                    },
                ),
            };
            let page = request.send().await.map_err(StoreError::unavailable)?;
            items.append(&mut page.items.unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// The items with these keys that exist, at most 100 keys, in no order, in one `BatchGetItem`.
    pub(crate) async fn batch(
        &self,
        table: Table,
        keys: Vec<Item>,
        consistent: bool,
    ) -> Result<Vec<Item>, StoreError> {
        let name = self.table(table);
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(consistent)
            .build()
            .map_err(StoreError::unavailable)?;
        let answer = self
            .dynamodb()
            .batch_get_item()
            .request_items(&name, wanted)
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        if answer.unprocessed_keys.is_some_and(|left| !left.is_empty()) {
            return Err(StoreError::Unavailable("the table is throttled".to_owned()));
        }
        let found = answer.responses.and_then(|mut tables| tables.remove(&name));
        Ok(found.unwrap_or_default())
    }

    /// Puts an item that must not exist yet; `false` where it does.
    pub(crate) async fn put_new(&self, table: Table, item: Item) -> Result<bool, StoreError> {
        let sent = self
            .dynamodb()
            .put_item()
            .table_name(self.table(table))
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) => {
                let error = error.into_service_error();
                if error.is_conditional_check_failed_exception() {
                    Ok(false)
                } else {
                    Err(StoreError::unavailable(error))
                }
            }
        }
    }
}

pub(crate) fn required(name: &'static str) -> Result<String, StoreError> {
    std::env::var(name).map_err(|_| StoreError::Misconfigured(format!("`{name}` is not set")))
}

pub(crate) fn key(pk: &str, sk: Option<&str>) -> Item {
    let mut key = Item::from([("pk".to_owned(), AttributeValue::S(pk.to_owned()))]);
    if let Some(sk) = sk {
        key.insert("sk".to_owned(), AttributeValue::S(sk.to_owned()));
    }
    key
}

pub(crate) fn decode<T: DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(StoreError::damaged)
}

pub(crate) fn encode<T: Serialize>(item: &T) -> Result<Item, StoreError> {
    serde_dynamo::to_item(item).map_err(StoreError::damaged)
}

/// Over which of `shards` partitions a name falls.
pub(crate) fn shard(name: &str, shards: u8) -> u8 {
    let hash = |sum: u8, byte: u8| sum.wrapping_mul(31).wrapping_add(byte);
    name.bytes().fold(0, hash) % shards
}
