//! Evidence: uploaded to `intake` with its hash announced, checked, then written once into the locked bucket.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ledger::{Sha256, Timestamp};
use passport::Class;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::change::{Guard, Row};
use crate::sealing::DataKey;
use crate::store::encode;
use crate::stored::StoredItem;
use crate::{Change, CommitError, Request, Store, StoreError, Subject, Table};

/// The largest piece of evidence, in bytes: what a function can hand out, in base64, within Lambda's 6 MB.
pub const EVIDENCE_LIMIT: u64 = 4 << 20;
/// How long an upload address is good for.
const UPLOAD_LIFETIME: Duration = Duration::from_secs(15 * 60);
const EVIDENCE: &str = "0#EVIDENCE";
const OPENED: &str = "0#OPENED#";

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Its id.
    pub id: Uuid,
    /// Who brought it.
    pub organisation: String,
    /// What it is called.
    pub title: String,
    /// SHA-256 of its bytes.
    pub sha256: Sha256,
    /// Their number.
    pub size: u64,
    /// Media type, as announced.
    pub media_type: String,
    /// What it shows, where that was said: a kind of evidence of the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Who may see it.
    pub class: Class,
    /// When it was announced.
    pub announced_at: Timestamp,
    /// How far it is.
    pub state: EvidenceState,
    /// The locked version that holds it, once confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// How far a piece of evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceState {
    /// Its bytes have not been confirmed.
    Announced,
    /// Its bytes fit their hash and are locked.
    Confirmed,
}

/// Where and how to send the bytes.
#[derive(Debug, Clone)]
pub struct Upload {
    /// A `PUT` to this address, within 15 minutes.
    pub url: String,
    /// With these headers, exactly.
    pub headers: Vec<(String, String)>,
}

/// Why evidence was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// Nothing was uploaded, or it has expired.
    #[error("no bytes were uploaded")]
    Missing,
    /// The bytes are not the announced ones.
    #[error("the bytes hash to `{found}`, `{expected}` was announced")]
    OtherBytes {
        /// What was announced.
        expected: Sha256,
        /// What came.
        found: Sha256,
    },
    /// More bytes than announced or allowed.
    #[error("{found} bytes came, {expected} were announced")]
    OtherSize {
        /// What was announced.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct EvidenceItem {
    pk: String,
    sk: String,
    v: u8,
    #[serde(flatten)]
    evidence: Evidence,
}

/// That an organisation may read evidence which another brought to it.
#[derive(Serialize, Deserialize)]
struct OpenedItem {
    pk: String,
    sk: String,
    v: u8,
}

fn partition(id: Uuid) -> String {
    format!("E#{id}")
}

fn opened_to(organisation: &str) -> String {
    format!("{OPENED}{organisation}")
}

impl Change {
    /// With the change, evidence that it cites can be read by the organisation that has to decide on it.
    ///
    /// # Errors
    /// [`StoreError`] where the id is none.
    pub fn open_evidence(&mut self, id: &str, organisation: &str) -> Result<(), StoreError> {
        let item = OpenedItem {
            pk: partition(id.parse().map_err(StoreError::damaged)?),
            sk: opened_to(organisation),
            v: 1,
        };
        self.rows
            .push(Row::put(Table::Records, &item, Guard::Covered)?);
        Ok(())
    }
}

impl Evidence {
    fn intake_key(&self) -> String {
        format!("{}/{}", self.organisation, self.id)
    }

    pub(crate) fn item(&self) -> EvidenceItem {
        EvidenceItem {
            pk: partition(self.id),
            sk: EVIDENCE.to_owned(),
            v: 1,
            evidence: self.clone(),
        }
    }

    /// Where the bytes lie for good. The digest is keyed, so that nobody can probe for another's files;
    /// by class too, since the same bytes are sealed for one and clear for another.
    fn locked_key(&self, organisation: &DataKey) -> String {
        let digest = organisation.reference(&format!("{}|{}", self.sha256, self.class.number()));
        format!("evidence/{}/{digest}", self.organisation)
    }

    /// Where its bytes lie for good, and as what.
    pub(crate) fn locked(
        &self,
        organisation: &DataKey,
        bytes: Vec<u8>,
    ) -> Result<(String, Vec<u8>), StoreError> {
        let name = self.locked_key(organisation);
        let body = match self.class {
            Class::Public => bytes,
            _ => organisation.seal(&bytes, &name)?,
        };
        Ok((name, body))
    }
}

impl Store {
    /// Announces evidence, with the row of its request.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub async fn announce_evidence(
        &self,
        evidence: &Evidence,
        request: Option<Request>,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        let mut change = Change::new(Vec::new(), request);
        change.rows = vec![Row::put(Table::Records, &evidence.item(), Guard::New)?];
        self.commit("", change, now).await.map(drop)
    }

    /// A fresh upload address for announced evidence.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be signed.
    pub async fn upload_address(&self, evidence: &Evidence) -> Result<Upload, StoreError> {
        let lifetime =
            PresigningConfig::expires_in(UPLOAD_LIFETIME).map_err(StoreError::unavailable)?;
        let signed = self
            .s3()
            .put_object()
            .bucket(&self.buckets().intake)
            .key(evidence.intake_key())
            .content_type(&evidence.media_type)
            .content_length(i64::try_from(evidence.size).map_err(StoreError::damaged)?)
            .checksum_sha256(BASE64.encode(evidence.sha256.as_bytes()))
            .presigned(lifetime)
            .await
            .map_err(StoreError::unavailable)?;
        Ok(Upload {
            url: signed.uri().to_owned(),
            headers: signed
                .headers()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        })
    }

    /// The record of a piece of evidence.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer or the item is damaged.
    pub async fn evidence(&self, id: Uuid) -> Result<Option<Evidence>, StoreError> {
        let item: Option<EvidenceItem> = self
            .get(Table::Records, &partition(id), Some(EVIDENCE))
            .await?;
        Ok(item.map(|item| item.evidence))
    }

    /// Whether somebody else's evidence was brought to this organisation.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer.
    pub async fn is_evidence_open(&self, id: Uuid, organisation: &str) -> Result<bool, StoreError> {
        let key = opened_to(organisation);
        let item: Option<OpenedItem> = self.get(Table::Records, &partition(id), Some(&key)).await?;
        Ok(item.is_some())
    }

    /// Checks uploaded bytes against their announcement and locks them. Safe to repeat.
    ///
    /// # Errors
    /// [`EvidenceError`]; the announcement stays as it was.
    pub async fn confirm_evidence(&self, evidence: &Evidence) -> Result<Evidence, EvidenceError> {
        if evidence.state == EvidenceState::Confirmed {
            return Ok(evidence.clone());
        }
        let bytes = self.uploaded_bytes(evidence).await?;
        let owner = Subject::Organisation(evidence.organisation.clone());
        let organisation = self.lasting_key(&owner).await?;
        let (locked, body) = evidence.locked(&organisation, bytes)?;
        let version = self.lock(&locked, &evidence.media_type, body).await?;
        let confirmed = Evidence {
            state: EvidenceState::Confirmed,
            version,
            ..evidence.clone()
        };
        self.dynamodb()
            .put_item()
            .table_name(self.table(Table::Records))
            .set_item(Some(encode(&confirmed.item())?))
            .condition_expression("attribute_exists(pk)")
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        Ok(confirmed)
    }

    /// The bytes of confirmed evidence, opened.
    ///
    /// # Errors
    /// [`EvidenceError::Missing`] where they are gone or not confirmed; [`EvidenceError::OtherBytes`] where they are no
    /// longer what was confirmed.
    pub async fn evidence_bytes(&self, evidence: &Evidence) -> Result<Vec<u8>, EvidenceError> {
        let (organisation, locked) = self.place_of(evidence).await?;
        let version = evidence.version.clone();
        let stored = self
            .object(&self.buckets().evidence, &locked, version)
            .await?
            .ok_or(EvidenceError::Missing)?;
        let bytes = match evidence.class {
            Class::Public => stored,
            _ => organisation.open(&stored, &locked)?,
        };
        check(evidence, &bytes)?;
        Ok(bytes)
    }

    /// Has the record of confirmed evidence name the version that its bytes are in this bucket: after they were brought here from another.
    ///
    /// # Errors
    /// [`EvidenceError::Missing`] where they are not here.
    pub async fn settle_evidence(&self, id: Uuid) -> Result<(), EvidenceError> {
        let Some(evidence) = self.evidence(id).await? else {
            return Ok(());
        };
        if evidence.state != EvidenceState::Confirmed {
            return Ok(());
        }
        let (_, locked) = self.place_of(&evidence).await?;
        let found = self.found(&self.buckets().evidence, &locked, None).await?;
        let version = found.ok_or(EvidenceError::Missing)?.version_id;
        if version == evidence.version {
            return Ok(());
        }
        let settled = Evidence {
            version,
            ..evidence
        };
        let item = StoredItem::new(encode(&settled.item())?);
        Ok(self.put_items(Table::Records, vec![item]).await?)
    }

    /// The key of its owner, and where its bytes lie.
    async fn place_of(&self, evidence: &Evidence) -> Result<(Arc<DataKey>, String), EvidenceError> {
        let owner = Subject::Organisation(evidence.organisation.clone());
        let organisation = self.data_key(&owner).await?.ok_or(EvidenceError::Missing)?;
        let locked = evidence.locked_key(&organisation);
        Ok((organisation, locked))
    }

    async fn uploaded_bytes(&self, evidence: &Evidence) -> Result<Vec<u8>, EvidenceError> {
        let head = self
            .s3()
            .head_object()
            .bucket(&self.buckets().intake)
            .key(evidence.intake_key())
            .send()
            .await;
        let size = match head {
            Ok(head) => head.content_length().unwrap_or_default().unsigned_abs(),
            Err(error) => {
                let error = error.into_service_error();
                return Err(if error.is_not_found() {
                    EvidenceError::Missing
                } else {
                    StoreError::unavailable(error).into()
                });
            }
        };
        if size != evidence.size || size > EVIDENCE_LIMIT {
            return Err(EvidenceError::OtherSize {
                expected: evidence.size,
                found: size,
            });
        }
        let bytes = self
            .object(&self.buckets().intake, &evidence.intake_key(), None)
            .await?
            .ok_or(EvidenceError::Missing)?;
        check(evidence, &bytes)?;
        Ok(bytes)
    }

    /// An object's bytes: of that version where one is named, so that nothing put over it later counts.
    async fn object(
        &self,
        bucket: &str,
        name: &str,
        version: Option<String>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.fetched(bucket, name, version).await?;
        Ok(found.map(|(_, bytes)| bytes))
    }

    /// Writes an object once; answers its version where the bucket keeps versions. Where it stands already (412) it is the
    /// same evidence, stored before.
    async fn lock(
        &self,
        name: &str,
        media_type: &str,
        body: Vec<u8>,
    ) -> Result<Option<String>, StoreError> {
        let sent = self
            .s3()
            .put_object()
            .bucket(&self.buckets().evidence)
            .key(name)
            .content_type(media_type)
            .if_none_match("*")
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .body(ByteStream::from(body))
            .send()
            .await;
        match sent {
            Ok(stored) => Ok(stored.version_id),
            Err(error)
                if error.raw_response().map(|answer| answer.status().as_u16()) == Some(412) =>
            {
                let stored = self
                    .s3()
                    .head_object()
                    .bucket(&self.buckets().evidence)
                    .key(name);
                let stored = stored.send().await.map_err(StoreError::unavailable)?;
                Ok(stored.version_id)
            }
            Err(error) => Err(StoreError::unavailable(error.into_service_error())),
        }
    }

    /// A subject's key, written down at once where it is new.
    async fn lasting_key(&self, subject: &Subject) -> Result<Arc<DataKey>, StoreError> {
        let made = self.data_key_for_change(subject).await?;
        let Some(item) = made.new_item else {
            return Ok(made.key);
        };
        if self.put_new(Table::Keys, item).await? {
            return Ok(made.key);
        }
        self.data_key(subject).await?.ok_or(StoreError::NoKeys)
    }
}

fn check(evidence: &Evidence, bytes: &[u8]) -> Result<(), EvidenceError> {
    let found = Sha256::of(bytes);
    if found == evidence.sha256 {
        Ok(())
    } else {
        Err(EvidenceError::OtherBytes {
            expected: evidence.sha256,
            found,
        })
    }
}
