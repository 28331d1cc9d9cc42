//! `Idempotency-Key`: the same request twice is one change and one answer.

use access::Principal;
use axum::http::{HeaderMap, StatusCode};
use ledger::Sha256;
use storage::{CommitError, Earlier, Request, Store};

use crate::Problem;
use crate::extract::header;
use crate::provenance::HEADERS;

/// How often a change is decided anew when others come between.
const ATTEMPTS: u32 = 8;
/// The longest key.
const KEY_LIMIT: usize = 255;

/// The hash of what was asked: the body and, where provenance comes in headers, these too.
fn with_provenance(headers: &HeaderMap, body: Sha256) -> Sha256 {
    let named = HEADERS.into_iter().filter_map(|name| {
        let value = headers.get(name)?;
        Some(format!("{name}: {}", Sha256::of(value.as_bytes())))
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() {
        return body;
    }
    Sha256::of(format!("{body}\n{}", named.join("\n")).as_bytes())
}

/// A change that may have to be decided more than once.
pub trait Decision: Sync {
    /// What comes of it.
    type Done;

    /// Reads, decides and writes; `None` where what it had read was changed meanwhile.
    fn attempt(&self) -> impl Future<Output = Result<Option<Self::Done>, Problem>> + Send;

    /// What the request was answered before, under the caller's present rights.
    fn repeat(&self, earlier: Earlier) -> impl Future<Output = Result<Self::Done, Problem>> + Send;
}

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
        let Some(key) = header(headers, "Idempotency-Key")? else {
            return Ok(Self { row: None, body });
        };
        if key.is_empty() || key.len() > KEY_LIMIT {
            return Err(Problem::malformed(format!(
                "`Idempotency-Key` has 1 to {KEY_LIMIT} visible characters"
            )));
        }
        let body = with_provenance(headers, body);
        // A hash, so that no separator inside a part can make one caller's row another's.
        let parts = [&caller.organisation, &caller.subject, route, key]
            .map(|part| Sha256::of(part.as_bytes()).to_string());
        Ok(Self {
            row: Some(Sha256::of(parts.concat().as_bytes()).to_string()),
            body,
        })
    }

    /// A name of the request that no other has: of its caller, its route and its key.
    #[must_use]
    pub fn name(&self) -> &str {
        self.row.as_deref().unwrap_or_default()
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

    /// Makes a change that is decided anew where others come between. Whether the request was answered before is asked only
    /// where it cannot be done (again): the transaction holds a new request's row, so that a repeated one never takes effect
    /// twice.
    ///
    /// # Errors
    /// What an attempt refuses, 422 where the key came with another body, 409 where others never cease to come between.
    pub async fn decide<D: Decision>(
        &self,
        store: &Store,
        decision: &D,
    ) -> Result<D::Done, Problem> {
        for _ in 0..ATTEMPTS {
            match decision.attempt().await {
                Ok(Some(done)) => return Ok(done),
                Ok(None) => {}
                Err(problem) => {
                    return match self.earlier(store).await? {
                        Some(earlier) => decision.repeat(earlier).await,
                        None => Err(problem),
                    };
                }
            }
        }
        Err(CommitError::Busy.into())
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
