//! What came before: the same request twice is one change and the same answer, and the same proof twice is none.

use access::Proof;
use ledger::{Sha256, Timestamp};
use serde::{Deserialize, Serialize};

use crate::change::{Guard, Receipt, Row};
use crate::commit::CommitError;
use crate::store::{decode, encode};
use crate::{Store, StoreError, Table};

/// How long a key is remembered.
const LIFETIME_SECONDS: i64 = 7 * 24 * 60 * 60;

/// A request that may be repeated.
#[derive(Debug, Clone)]
pub struct Request {
    /// Organisation, client, route and key, so that no caller can meet another's.
    pub key: String,
    /// SHA-256 of the body.
    pub body: Sha256,
    /// The status it is answered with.
    pub status: u16,
    /// Where the thing it makes can be read.
    pub location: String,
}

/// What an earlier identical request was answered with. The body is computed anew under the caller's present rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// The status.
    pub status: u16,
    /// The location.
    pub location: String,
    /// The `Audit-Receipt` header.
    pub receipt: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct RequestItem {
    pk: String,
    v: u8,
    body: Sha256,
    status: u16,
    location: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    expires: i64,
}

impl Request {
    pub(crate) fn row(self, receipt: Option<&Receipt>, now: Timestamp) -> Result<Row, StoreError> {
        let item = RequestItem {
            pk: self.key,
            v: 1,
            body: self.body,
            status: self.status,
            location: self.location,
            receipt: receipt.map(Receipt::to_string),
            expires: now.as_millisecond() / 1000 + LIFETIME_SECONDS,
        };
        Row::put(Table::Requests, &item, Guard::Request)
    }
}

impl Store {
    /// What this request was answered with before, if it was.
    ///
    /// # Errors
    /// [`CommitError::KeyReused`] where the key belongs to another body; [`CommitError::Store`] where the store fails.
    pub async fn answered_before(
        &self,
        key: &str,
        body: &Sha256,
    ) -> Result<Option<Earlier>, CommitError> {
        let stored: Option<RequestItem> = self.get(Table::Requests, key, None).await?;
        stored.map(|stored| stored.matching(body)).transpose()
    }

    /// The error for a request whose row stands already.
    pub(crate) async fn answered(&self, row: &Row) -> Result<CommitError, StoreError> {
        let ours: RequestItem = decode(row.item.clone())?;
        Ok(match self.answered_before(&ours.pk, &ours.body).await {
            Ok(Some(earlier)) => CommitError::Answered(earlier),
            Ok(None) => CommitError::Busy,
            Err(error) => error,
        })
    }
}

/// A proof that came, kept for as long as it would count.
#[derive(Serialize)]
struct ProofItem {
    pk: String,
    v: u8,
    expires: i64,
}

impl Store {
    /// Whether a proof comes for the first time (RFC 9449 §11.1); from now on it does not.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn first_use(&self, proof: &Proof) -> Result<bool, StoreError> {
        let item = ProofItem {
            pk: format!("DPOP#{}#{}", proof.thumbprint, proof.id),
            v: 1,
            expires: proof.expires,
        };
        self.put_new(Table::Requests, encode(&item)?).await
    }
}

impl RequestItem {
    fn matching(self, body: &Sha256) -> Result<Earlier, CommitError> {
        if self.body != *body {
            return Err(CommitError::KeyReused);
        }
        Ok(Earlier {
            status: self.status,
            location: self.location,
            receipt: self.receipt,
        })
    }
}
