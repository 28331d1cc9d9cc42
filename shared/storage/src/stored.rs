//! Everything as it stands: items and objects as a backup takes them and brings them back, without a look at what they mean.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::record::HeadItem;
use crate::sealing;
use crate::store::{Item, decode};
use crate::{Head, Store, StoreError, Table};

/// The attributes that hold what is sealed.
const SEALED: [&str; 2] = ["body", "salts"];

/// An item of a table. Its text is DynamoDB JSON, as an export to S3 has it: `{"pk": {"S": "U#…"}, …}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Value", try_from = "Value")]
pub struct StoredItem(Item);

/// The text is not DynamoDB JSON of the kinds that are written here.
#[derive(Debug, thiserror::Error)]
#[error("no item: expected DynamoDB JSON such as `{{\"pk\": {{\"S\": \"…\"}}}}`")]
pub struct NotAnItem;

impl StoredItem {
    pub(crate) const fn new(item: Item) -> Self {
        Self(item)
    }

    pub(crate) fn into_item(self) -> Item {
        self.0
    }

    /// The head that it is.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where it is none.
    pub fn head(self) -> Result<Head, StoreError> {
        Ok(decode::<HeadItem>(self.0)?.head)
    }

    /// The same without what it holds sealed.
    #[must_use]
    pub fn emptied(self) -> Self {
        self.with_sealed(|_| Some(sealing::gone()))
    }

    /// The same as the next key would have sealed it, after the key with this number.
    #[must_use]
    pub fn for_the_key_after(self, number: u32) -> Self {
        self.with_sealed(|sealed| sealing::renumbered(sealed, number))
    }

    fn with_sealed(mut self, make: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Self {
        for attribute in SEALED {
            if let Some(AttributeValue::B(sealed)) = self.0.get_mut(attribute)
                && let Some(made) = make(sealed.as_ref())
            {
                *sealed = Blob::new(made);
            }
        }
        self
    }

    /// The same with a text in this attribute.
    #[must_use]
    pub fn with_text(mut self, attribute: &str, text: &str) -> Self {
        let text = AttributeValue::S(text.to_owned());
        self.0.insert(attribute.to_owned(), text);
        self
    }

    /// An attribute that is a text.
    #[must_use]
    pub fn text(&self, attribute: &str) -> Option<&str> {
        self.0.get(attribute)?.as_s().ok().map(String::as_str)
    }

    /// An attribute that is a number without fraction.
    #[must_use]
    pub fn number(&self, attribute: &str) -> Option<u64> {
        self.0.get(attribute)?.as_n().ok()?.parse().ok()
    }

    /// Its place in its table: partition key and, where the table has them, sort key.
    #[must_use]
    pub fn place(&self) -> (&str, &str) {
        let text = |name| self.text(name).unwrap_or_default();
        (text("pk"), text("sk"))
    }
}

impl From<StoredItem> for Value {
    fn from(item: StoredItem) -> Self {
        members(&item.0)
    }
}

impl TryFrom<Value> for StoredItem {
    type Error = NotAnItem;

    fn try_from(value: Value) -> Result<Self, NotAnItem> {
        let Value::Object(members) = value else {
            return Err(NotAnItem);
        };
        read_members(members).map(Self)
    }
}

fn members(item: &Item) -> Value {
    let members = item.iter();
    Value::Object(
        members
            .map(|(name, value)| (name.clone(), written(value)))
            .collect(),
    )
}

/// Sets are not among what is written.
fn written(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::Bool(flag) => json!({"BOOL": flag}),
        AttributeValue::B(bytes) => json!({"B": BASE64.encode(bytes)}),
        AttributeValue::L(list) => json!({"L": list.iter().map(written).collect::<Vec<_>>()}),
        AttributeValue::M(map) => json!({"M": members(map)}),
        _ => json!({"NULL": true}),
    }
}

fn read_members(members: Map<String, Value>) -> Result<Item, NotAnItem> {
    members
        .into_iter()
        .map(|(name, value)| Ok((name, read(value)?)))
        .collect()
}

fn read(value: Value) -> Result<AttributeValue, NotAnItem> {
    let Value::Object(tagged) = value else {
        return Err(NotAnItem);
    };
    let mut tagged = tagged.into_iter();
    let (Some((tag, value)), None) = (tagged.next(), tagged.next()) else {
        return Err(NotAnItem);
    };
    Ok(match (tag.as_str(), value) {
        ("S", Value::String(text)) => AttributeValue::S(text),
        ("N", Value::String(number)) => AttributeValue::N(number),
        ("BOOL", Value::Bool(flag)) => AttributeValue::Bool(flag),
        ("NULL", Value::Bool(true)) => AttributeValue::Null(true),
        ("B", Value::String(text)) => {
            let bytes = BASE64.decode(text).map_err(|_| NotAnItem)?;
            AttributeValue::B(Blob::new(bytes))
        }
        ("L", Value::Array(list)) => {
            AttributeValue::L(list.into_iter().map(read).collect::<Result<_, _>>()?)
        }
        ("M", Value::Object(map)) => AttributeValue::M(read_members(map)?),
        _ => return Err(NotAnItem),
    })
}

/// A bucket whose objects are to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bucket {
    /// Confirmed evidence.
    Evidence,
    /// Full tiles and every checkpoint.
    Archive,
    /// What everybody may read.
    Public,
}

impl Bucket {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Evidence, Self::Archive, Self::Public];
}

/// What an object is served with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectHeaders {
    /// `Content-Type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `Content-Language`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    /// `Cache-Control`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// Further ones of our own, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// An object, with what it is served with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its headers.
    pub headers: ObjectHeaders,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Where the next page of a table begins.
#[derive(Debug)]
pub struct NextPage(Item);

impl Store {
    /// A page of everything in a table, in no order, and where the next begins; strongly consistent, item by item.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn items(
        &self,
        table: Table,
        from: Option<NextPage>,
    ) -> Result<(Vec<StoredItem>, Option<NextPage>), StoreError> {
        let page = self
            .dynamodb()
            .scan()
            .table_name(self.table(table))
            .consistent_read(true)
            .set_exclusive_start_key(from.map(|from| from.0))
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        let items = page.items.unwrap_or_default().into_iter();
        Ok((
            items.map(StoredItem).collect(),
            page.last_evaluated_key.map(NextPage),
        ))
    }

    /// Everything in a partition, in order, strongly consistent.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn items_of(
        &self,
        table: Table,
        partition: &str,
    ) -> Result<Vec<StoredItem>, StoreError> {
        let items = self.query(table, partition, "", true).await?;
        Ok(items.into_iter().map(StoredItem).collect())
    }

    /// Puts items as they are. Over and over is as good as once.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer; some may be there.
    pub async fn put_items(&self, table: Table, items: Vec<StoredItem>) -> Result<(), StoreError> {
        let writes = items.into_iter().map(|item| {
            let put = PutRequest::builder().set_item(Some(item.0)).build();
            let put = put.map_err(StoreError::unavailable)?;
            Ok(WriteRequest::builder().put_request(put).build())
        });
        let writes = writes.collect::<Result<_, StoreError>>()?;
        self.write_all(table, writes).await
    }

    fn bucket(&self, bucket: Bucket) -> &str {
        match bucket {
            Bucket::Evidence => &self.buckets().evidence,
            Bucket::Archive => &self.buckets().archive,
            Bucket::Public => &self.buckets().public,
        }
    }

    /// The names of everything in a bucket that begins with a prefix.
    ///
    /// # Errors
    /// [`StoreError`] where the bucket does not answer.
    pub async fn object_names(
        &self,
        bucket: Bucket,
        prefix: &str,
    ) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        let mut from = None;
        loop {
            let request = self.s3().list_objects_v2().bucket(self.bucket(bucket));
            let request = request.prefix(prefix);
            let page = request.set_start_after(from.clone()).send().await;
            let page = page.map_err(StoreError::unavailable)?;
            let found = page.contents().iter();
            names.extend(found.filter_map(|object| object.key().map(str::to_owned)));
            if !page.is_truncated().unwrap_or_default() {
                return Ok(names);
            }
            from = names.last().cloned();
        }
    }

    /// An object; `None` where it is not there.
    ///
    /// # Errors
    /// [`StoreError`] where the bucket does not answer.
    pub async fn stored_object(
        &self,
        bucket: Bucket,
        name: &str,
    ) -> Result<Option<StoredObject>, StoreError> {
        let found = self.fetched(self.bucket(bucket), name, None).await?;
        Ok(found.map(|(object, bytes)| StoredObject {
            headers: ObjectHeaders {
                content_type: object.content_type,
                content_language: object.content_language,
                cache_control: object.cache_control,
                metadata: object.metadata.unwrap_or_default().into_iter().collect(),
            },
            bytes,
        }))
    }

    /// An object, its bytes not read yet; of that version where one is named. `None` where it is not there.
    pub(crate) async fn found(
        &self,
        bucket: &str,
        name: &str,
        version: Option<String>,
    ) -> Result<Option<GetObjectOutput>, StoreError> {
        let request = self.s3().get_object().bucket(bucket).key(name);
        match request.set_version_id(version).send().await {
            Ok(object) => Ok(Some(object)),
            Err(error) => {
                let error = error.into_service_error();
                match error.is_no_such_key() {
                    true => Ok(None),
                    false => Err(StoreError::unavailable(error)),
                }
            }
        }
    }

    /// The same with its bytes.
    pub(crate) async fn fetched(
        &self,
        bucket: &str,
        name: &str,
        version: Option<String>,
    ) -> Result<Option<(GetObjectOutput, Vec<u8>)>, StoreError> {
        let Some(mut object) = self.found(bucket, name, version).await? else {
            return Ok(None);
        };
        let body = std::mem::take(&mut object.body).collect().await;
        let bytes = body.map_err(StoreError::unavailable)?.to_vec();
        Ok(Some((object, bytes)))
    }

    /// Puts an object as it is.
    ///
    /// # Errors
    /// [`StoreError`] where the bucket does not answer.
    pub async fn put_object(
        &self,
        bucket: Bucket,
        name: &str,
        StoredObject { headers, bytes }: StoredObject,
    ) -> Result<(), StoreError> {
        self.s3()
            .put_object()
            .bucket(self.bucket(bucket))
            .key(name)
            .set_content_type(headers.content_type)
            .set_content_language(headers.content_language)
            .set_cache_control(headers.cache_control)
            .set_metadata(Some(headers.metadata.into_iter().collect()))
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map(drop)
            .map_err(StoreError::unavailable)
    }
}
