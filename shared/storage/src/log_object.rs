//! What a log is made of: tiles, bundles and checkpoints, as static files that everybody may read; full tiles and every checkpoint
//! also in the archive, which keeps them from everybody.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use futures_util::future::try_join_all;
use ledger::{Tile, Tiles, Timestamp};

use crate::log::{Log, LogFolder};
use crate::snapshot::status;
use crate::{Erasure, Store, StoreError};

/// A tile or bundle never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// What is followed by a newer one.
const BRIEFLY: &str = "public, max-age=2";
const BYTES: &str = "application/octet-stream";
/// A time-stamp (RFC 3161 §3.4).
const STAMP: &str = "application/timestamp-reply";
const NOTE: &str = "text/plain; charset=utf-8";

/// A file of a log that is followed by a newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogNote {
    /// The newest checkpoint.
    Checkpoint,
    /// The keys that its checkpoints verify with, one a line, the newest first.
    Keys,
    /// The checkpoint that the auditor cosigned last: it found everything behind it as it was written.
    Audit,
    /// The key that the auditor's cosignatures verify with.
    AuditorKey,
}

impl LogNote {
    /// Its name in the public bucket.
    #[must_use]
    pub fn key(self, folder: &LogFolder) -> String {
        let name = match self {
            Self::Checkpoint => "checkpoint",
            Self::Keys => "keys",
            Self::Audit => "audits/newest",
            Self::AuditorKey => "audits/key",
        };
        format!("v1/{folder}/{name}")
    }
}

/// What is served, to be put over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The text.
    pub text: String,
    etag: Option<String>,
}

impl Store {
    /// These tiles of a log; one that is not there is named by whoever misses it.
    ///
    /// # Errors
    /// [`StoreError`] where the bucket does not answer.
    pub async fn log_tiles(
        &self,
        folder: impl Into<LogFolder>,
        tiles: Vec<Tile>,
    ) -> Result<Tiles, StoreError> {
        let folder = folder.into();
        let read = tiles.into_iter().map(async |tile| {
            let found = self.published(&format!("v1/{folder}/{tile}")).await?;
            Ok::<_, StoreError>(found.map(|found| (tile, found.body)))
        });
        Ok(try_join_all(read).await?.into_iter().flatten().collect())
    }

    /// Writes a tile or bundle once, and where it is full also into the archive. That the same stands there already is as good.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where something else stands there.
    pub async fn write_log_file(
        &self,
        log: Log,
        path: &str,
        bytes: &[u8],
        full: bool,
    ) -> Result<(), StoreError> {
        let key = format!("v1/{log}/{path}");
        let served = (self.buckets().public.as_str(), key.as_str());
        self.write_exactly(served, BYTES, bytes).await?;
        if full {
            let key = format!("{log}/{path}");
            let kept = (self.buckets().archive.as_str(), key.as_str());
            self.write_exactly(kept, BYTES, bytes).await?;
        }
        Ok(())
    }

    /// Keeps a checkpoint for ever, and serves it by its size: the one that is kept, which is an earlier one of this size where there
    /// is one.
    ///
    /// # Errors
    /// [`StoreError`] where a bucket does not answer, or something else is served.
    pub async fn archive_checkpoint(
        &self,
        log: Log,
        size: u64,
        note: String,
    ) -> Result<String, StoreError> {
        let key = format!("{log}/checkpoints/{size:020}");
        let kept = (self.buckets().archive.as_str(), key.as_str());
        let note = match self.put_once(kept, NOTE, note.as_bytes()).await? {
            Some(earlier) => String::from_utf8(earlier).map_err(StoreError::damaged)?,
            None => note,
        };
        let key = format!("v1/{log}/checkpoints/{size}");
        let served = (self.buckets().public.as_str(), key.as_str());
        self.write_exactly(served, NOTE, note.as_bytes()).await?;
        Ok(note)
    }

    /// Serves a checkpoint that was audited then, by the second and as the newest, with the key that it was cosigned with and the
    /// time-stamp that it got, a `TimeStampResp` in DER; and keeps both for ever.
    ///
    /// # Errors
    /// [`StoreError`] where a bucket does not answer.
    pub async fn publish_audit(
        &self,
        log: Log,
        at: Timestamp,
        note: String,
        key: &str,
        stamp: Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        let name = format!("{log}/audits/{}", at.as_second());
        self.keep_and_serve(&name, NOTE, note.as_bytes()).await?;
        if let Some(stamp) = stamp {
            let name = format!("{name}.tsr");
            self.keep_and_serve(&name, STAMP, &stamp).await?;
        }
        for (name, text) in [
            (LogNote::AuditorKey, format!("{key}\n")),
            (LogNote::Audit, note),
        ] {
            let before = self.served(log, name).await?;
            // Where another audit ended meanwhile, its word is as new.
            self.serve(log, name, text, before.as_ref()).await?;
        }
        Ok(())
    }

    async fn keep_and_serve(
        &self,
        name: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let kept = (self.buckets().archive.as_str(), name);
        self.write_exactly(kept, media_type, bytes).await?;
        let name = format!("v1/{name}");
        let served = (self.buckets().public.as_str(), name.as_str());
        self.write_exactly(served, media_type, bytes).await
    }

    /// Writes down in the archive what an event erased, once: it outlives every backup of the tables.
    ///
    /// # Errors
    /// [`StoreError`] where the archive does not answer, or something else stands there.
    pub async fn archive_erasure(&self, erasure: &Erasure) -> Result<(), StoreError> {
        let name = erasure.name();
        let kept = (self.buckets().archive.as_str(), name.as_str());
        self.write_exactly(kept, "application/json", &erasure.to_bytes()?)
            .await
    }

    /// The size of a kept checkpoint that is larger than `size`, where there is one: then the log's head was put back.
    ///
    /// # Errors
    /// [`StoreError`] where the archive does not answer.
    pub async fn larger_checkpoint(&self, log: Log, size: u64) -> Result<Option<u64>, StoreError> {
        let prefix = format!("{log}/checkpoints/");
        let listed = self
            .s3()
            .list_objects_v2()
            .bucket(&self.buckets().archive)
            .start_after(format!("{prefix}{size:020}"))
            .prefix(&prefix)
            .max_keys(1)
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        let mut keys = listed.contents().iter().filter_map(|object| object.key());
        let next = keys.next().and_then(|key| key.strip_prefix(&prefix));
        Ok(next.and_then(|size| size.parse().ok()))
    }

    /// What is served; `None` before the first.
    ///
    /// # Errors
    /// [`StoreError`] where the bucket does not answer.
    pub async fn served(
        &self,
        folder: impl Into<LogFolder>,
        note: LogNote,
    ) -> Result<Option<Served>, StoreError> {
        let Some(found) = self.published(&note.key(&folder.into())).await? else {
            return Ok(None);
        };
        Ok(Some(Served {
            text: String::from_utf8(found.body).map_err(StoreError::damaged)?,
            etag: found.etag,
        }))
    }

    /// Serves a text in place of the one that was seen; `false` where another came first.
    ///
    /// # Errors
    /// [`StoreError`] where the bucket does not answer.
    pub async fn serve(
        &self,
        log: Log,
        note: LogNote,
        text: String,
        over: Option<&Served>,
    ) -> Result<bool, StoreError> {
        let put = self
            .s3()
            .put_object()
            .bucket(&self.buckets().public)
            .key(note.key(&log.into()))
            .content_type(NOTE)
            .cache_control(BRIEFLY)
            .body(ByteStream::from(text.into_bytes()));
        let put = match over {
            Some(seen) => put.set_if_match(seen.etag.clone()),
            None => put.if_none_match("*"),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if matches!(status(&error), Some(404 | 409 | 412)) => Ok(false),
            Err(error) => Err(StoreError::unavailable(error.into_service_error())),
        }
    }

    /// Writes what can be nothing else.
    async fn write_exactly(
        &self,
        place: (&str, &str),
        media_type: &str,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        match self.put_once(place, media_type, bytes).await? {
            Some(earlier) if earlier != bytes => {
                let (bucket, key) = place;
                Err(StoreError::Damaged(format!(
                    "`{key}` in `{bucket}` is not what it has to be"
                )))
            }
            _ => Ok(()),
        }
    }

    /// Writes once; what stands there where something does.
    async fn put_once(
        &self,
        (bucket, key): (&str, &str),
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let sent = self
            .s3()
            .put_object()
            .bucket(bucket)
            .key(key)
            .content_type(media_type)
            .cache_control(FOR_EVER)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .if_none_match("*")
            .body(ByteStream::from(bytes.to_vec()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(None),
            Err(error) if status(&error) == Some(412) => {
                let stored = self.s3().get_object().bucket(bucket).key(key).send();
                let stored = stored.await.map_err(StoreError::unavailable)?;
                let bytes = stored.body.collect().await;
                Ok(Some(bytes.map_err(StoreError::unavailable)?.to_vec()))
            }
            Err(error) => Err(StoreError::unavailable(error.into_service_error())),
        }
    }
}
