//! Snapshots in the public bucket: written over exactly what was seen there before.

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::ByteStream;
use ledger::{Sha256, Timestamp};

use crate::{Store, StoreError};

/// What a shared cache may keep of it: hardly anything, since it stands in for what answers otherwise.
const CACHED: &str = "public, max-age=0, s-maxage=10";
/// Names of the metadata of an object. `AS_OF` marks it as a snapshot.
pub(crate) const AS_OF: &str = "snapshot-as-of";
pub(crate) const STATUS: &str = "snapshot-status";
pub(crate) const LOCATION: &str = "snapshot-location";
pub(crate) const LINK: &str = "snapshot-link";
const DIGEST: &str = "snapshot-digest";
const STATE: &str = "snapshot-state";

/// A snapshot to be written.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Where: the canonical path without its first slash.
    pub key: String,
    /// The status it is answered with; the bucket itself knows but 200.
    pub status: u16,
    /// `Content-Type`.
    pub media_type: &'static str,
    /// `Content-Language`.
    pub language: &'static str,
    /// Where it leads, for a status that leads elsewhere.
    pub location: Option<String>,
    /// `Link` to what operators signed of it.
    pub link: Option<String>,
    /// When it was so.
    pub as_of: Timestamp,
    /// The same for the same content, whenever it is written.
    pub digest: Sha256,
    /// The same for the same notices.
    pub state: Sha256,
    /// The content.
    pub body: String,
}

/// What stands where a snapshot goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    etag: String,
    /// [`Snapshot::digest`].
    pub digest: Option<Sha256>,
    /// [`Snapshot::state`].
    pub state: Option<Sha256>,
}

impl Store {
    /// What stands under a key; `None` where nothing does.
    ///
    /// # Errors
    /// [`StoreError`] where the bucket does not answer.
    pub async fn placed(&self, key: &str) -> Result<Option<Placed>, StoreError> {
        let sent = self
            .s3()
            .head_object()
            .bucket(&self.buckets().public)
            .key(key)
            .send()
            .await;
        let object = match sent {
            Ok(object) => object,
            Err(error) if status(&error) == Some(404) => return Ok(None),
            Err(error) => return Err(StoreError::unavailable(error.into_service_error())),
        };
        let hash = |name: &str| object.metadata()?.get(name)?.parse().ok();
        Ok(Some(Placed {
            digest: hash(DIGEST),
            state: hash(STATE),
            etag: object
                .e_tag
                .ok_or_else(|| StoreError::damaged("an object without its ETag"))?,
        }))
    }

    /// Puts a snapshot over what was seen there; `false` where something else stands there by now.
    ///
    /// # Errors
    /// [`StoreError`] where the bucket does not answer.
    pub async fn place(
        &self,
        snapshot: Snapshot,
        over: Option<&Placed>,
    ) -> Result<bool, StoreError> {
        let put = self
            .s3()
            .put_object()
            .bucket(&self.buckets().public)
            .key(&snapshot.key)
            .content_type(snapshot.media_type)
            .content_language(snapshot.language)
            .cache_control(CACHED)
            .metadata(AS_OF, snapshot.as_of.to_string())
            .metadata(STATUS, snapshot.status.to_string())
            .metadata(DIGEST, snapshot.digest.to_string())
            .metadata(STATE, snapshot.state.to_string())
            .body(ByteStream::from(snapshot.body.into_bytes()));
        let put = match snapshot.location {
            Some(location) => put.metadata(LOCATION, location),
            None => put,
        };
        let put = match snapshot.link {
            Some(link) => put.metadata(LINK, link),
            None => put,
        };
        let put = match over {
            Some(placed) => put.if_match(&placed.etag),
            None => put.if_none_match("*"),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            // 409: somebody puts it at this moment.
            Err(error) if matches!(status(&error), Some(404 | 409 | 412)) => Ok(false),
            Err(error) => Err(StoreError::unavailable(error.into_service_error())),
        }
    }
}

pub(crate) fn status<E>(
    error: &SdkError<E, aws_sdk_s3::config::http::HttpResponse>,
) -> Option<u16> {
    error.raw_response().map(|answer| answer.status().as_u16())
}
