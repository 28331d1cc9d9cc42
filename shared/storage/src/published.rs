//! What everybody may read without a function: objects of the public bucket.

use crate::snapshot::{AS_OF, LINK, LOCATION, STATUS};
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
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// The status it is to be answered with: 200 of whatever is no snapshot.
    pub status: u16,
    /// `Location`, where custody moved.
    pub location: Option<String>,
    /// `Link` to what operators signed of it.
    pub link: Option<String>,
    /// When it was so.
    pub as_of: Option<String>,
}

impl Store {
    /// What was published under a key; `None` where nothing was.
    ///
    /// # Errors
    /// [`StoreError`] where the bucket does not answer.
    pub async fn published(&self, key: &str) -> Result<Option<Published>, StoreError> {
        let found = self.fetched(&self.buckets().public, key, None).await?;
        let Some((object, body)) = found else {
            return Ok(None);
        };
        let meta = |name: &str| object.metadata.as_ref()?.get(name).cloned();
        let status = meta(STATUS).and_then(|status| status.parse().ok());
        let (location, link, as_of) = (meta(LOCATION), meta(LINK), meta(AS_OF));
        Ok(Some(Published {
            body,
            media_type: object.content_type,
            language: object.content_language,
            etag: object.e_tag,
            cache_control: object.cache_control,
            status: status.unwrap_or(200),
            location,
            link,
            as_of,
        }))
    }
}
