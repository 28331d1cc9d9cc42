//! `Idempotency-Key`: the same request twice is one change and one answer.

use access::Principal;
use axum::http::{HeaderMap, StatusCode};
use ledger::Sha256;
use storage::{Earlier, Request, Store};

use crate::Problem;

/// The longest key.
const KEY_LIMIT: usize = 255;

/// A request that may be repeated.
#[derive(Debug, Clone)]
pub struct Idempotency {
    row: Option<String>,
    body: Sha256,
}

impl Idempotency {
    /// Demands the header.
    ///
    /// # Errors
    /// 400 where it is missing, empty or too long.
    pub fn required(
        headers: &HeaderMap,
        route: &str,
        caller: &Principal,
        body: Sha256,
    ) -> Result<Self, Problem> {
        let this = Self::optional(headers, route, caller, body)?;
        if this.row.is_none() {
            return Err(Problem::missing_key());
        }
        Ok(this)
    }

    /// Honours the header where it was sent (EN 18222's own routes).
    ///
    /// # Errors
    /// 400 where it is empty or too long.
    pub fn optional(
        headers: &HeaderMap,
        route: &str,
        caller: &Principal,
        body: Sha256,
    ) -> Result<Self, Problem> {
        let Some(value) = headers.get("idempotency-key") else {
            return Ok(Self { row: None, body });
        };
        let key = value
            .to_str()
            .ok()
            .filter(|key| !key.is_empty() && key.len() <= KEY_LIMIT)
            .ok_or_else(|| {
                Problem::malformed(format!(
                    "`Idempotency-Key` has 1 to {KEY_LIMIT} visible characters"
                ))
            })?;
        // A hash, so that no separator inside a part can make one caller's row another's.
        let parts = [&caller.organisation, &caller.subject, route, key]
            .map(|part| Sha256::of(part.as_bytes()).to_string());
        Ok(Self {
            row: Some(Sha256::of(parts.concat().as_bytes()).to_string()),
            body,
        })
    }

    /// The answer given before, if there was one.
    ///
    /// # Errors
    /// 422 where the key came with another body.
    pub async fn earlier(&self, store: &Store) -> Result<Option<Earlier>, Problem> {
        match &self.row {
            Some(row) => Ok(store.answered_before(row, &self.body).await?),
            None => Ok(None),
        }
    }

    /// The row to be written with the change.
    #[must_use]
    pub fn row(&self, status: StatusCode, location: &str) -> Option<Request> {
        self.row.as_ref().map(|row| Request {
            key: row.clone(),
            body: self.body,
            status: status.as_u16(),
            location: location.to_owned(),
        })
    }
}
