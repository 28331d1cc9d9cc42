//! What everybody may read without a function: objects of the public bucket.

use crate::{Store, StoreError};

/// An object of the public bucket.
#[derive(Debug, Clone)]
pub struct Published {
    /// Its bytes.
    pub body: Vec<u8>,
    /// `Content-Type`.
    pub media_type: Option<String>,
    /// `Content-Language`.
    pub language: Option<String>,
    /// `ETag`, quoted.
    pub etag: Option<String>,
}

impl Store {
    /// What was published under a key; `None` where nothing was.
    ///
    /// # Errors
    /// [`StoreError`] where the bucket does not answer.
    pub async fn published(&self, key: &str) -> Result<Option<Published>, StoreError> {
        let sent = self
            .s3()
            .get_object()
            .bucket(&self.buckets().public)
            .key(key)
            .send()
            .await;
        let object = match sent {
            Ok(object) => object,
            Err(error) => {
                let error = error.into_service_error();
                return match error.is_no_such_key() {
                    true => Ok(None),
                    false => Err(StoreError::unavailable(error)),
                };
            }
        };
        let body = object.body.collect().await;
        Ok(Some(Published {
            body: body.map_err(StoreError::unavailable)?.to_vec(),
            media_type: object.content_type,
            language: object.content_language,
            etag: object.e_tag,
        }))
    }
}
