//! What changed for the public, to static snapshots: what the edge answers from where resolver and tables fail.
//!
//! The life of a change: (1) its transaction leaves a row that says whose public view may have changed; (2) the ledger's stream
//! rings, or else the sweep looks; (3) what its operator stands for is signed; (4) what stands in the bucket is looked at, then what is public now is read, consistently, and
//! rendered by the resolver's own library; (5) it is put over exactly what was seen, so that whoever read earlier cannot put
//! later; (6) the row goes. A change of what many units share becomes one row per shard of the index of its units, worked off page
//! by page from wherever it stopped.

mod products;
mod signing;
mod stream;
mod sweep;
mod units;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use resolver::Resolver;
use storage::{OperatorKeys, Store, StoreError};
use web::{Language, Problem, Site};

pub use stream::{BatchItemFailure, Outcome, StreamEvent};
pub use sweep::Swept;

/// The languages that pages are published in, where nothing else is configured.
pub const LANGUAGES: &str = "en,de,fr";

/// Takes what carries these tags out of the edge's cache.
pub type Invalidate =
    Box<dyn Fn(Vec<String>) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// Publishes. Cheap to clone.
#[derive(Clone)]
pub struct Publisher {
    store: Store,
    site: Arc<Site>,
    languages: Arc<[Language]>,
    invalidate: Arc<Invalidate>,
    keys: OperatorKeys,
    alone: bool,
}

/// Something could not be published; it stays due.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Tables or bucket.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is public could not be found out or rendered.
    #[error("what is public could not be read ({0}): the log has the cause")]
    Resolver(u16),
    /// The edge did not take an invalidation.
    #[error("the edge was not invalidated: {0}")]
    Edge(String),
    /// Others publish the same all the time.
    #[error("`{0}` is being published by others")]
    Busy(String),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Resolver(problem.status().as_u16())
    }
}

/// The languages of a list such as `en,de,fr`. English is always among them: the others fall back to it.
///
/// # Errors
/// A sentence naming what is no language of the pages.
pub fn languages(list: &str) -> Result<Vec<Language>, String> {
    let mut languages = vec![Language::EN];
    for code in list.split(',').map(str::trim) {
        let language = Language::ALL
            .into_iter()
            .find(|language| language.code() == code)
            .ok_or_else(|| format!("`{code}` is no language of the pages"))?;
        if !languages.contains(&language) {
            languages.push(language);
        }
    }
    Ok(languages)
}

impl Publisher {
    /// A publisher over a store, in these languages, before an edge, with the keys that sign for operators.
    #[must_use]
    pub fn new(
        store: &Store,
        site: Arc<Site>,
        languages: Vec<Language>,
        invalidate: Invalidate,
        keys: OperatorKeys,
    ) -> Self {
        Self {
            store: store.consistent(),
            site,
            languages: languages.into(),
            invalidate: Arc::new(invalidate),
            keys,
            alone: false,
        }
    }

    /// The same where nobody else publishes: whatever somebody holds was left by a run that ended.
    #[must_use]
    pub fn alone(self) -> Self {
        Self {
            alone: true,
            ..self
        }
    }

    /// As the environment of a Lambda function describes it: the store's variables, those of [`OperatorKeys::from_env`],
    /// `CARRIER_ORIGIN` and, where others than
    /// [`LANGUAGES`] are wanted, `SNAPSHOT_LANGUAGES`.
    ///
    /// # Errors
    /// A sentence naming what is missing or wrong.
    pub async fn from_env(invalidate: Invalidate) -> Result<Self, String> {
        let site = Site::from_env()?;
        let list = std::env::var("SNAPSHOT_LANGUAGES").unwrap_or_else(|_| LANGUAGES.to_owned());
        let store = Store::from_env().await.map_err(|error| error.to_string())?;
        store.warm_up().await.map_err(|error| error.to_string())?;
        Ok(Self::new(
            &store,
            Arc::new(site),
            languages(&list)?,
            invalidate,
            OperatorKeys::from_env()
                .await
                .map_err(|error| error.to_string())?,
        ))
    }

    /// A resolver that remembers nothing: what it has in memory may be older than what stands in the bucket.
    fn resolver(&self) -> Resolver {
        Resolver::new(self.store.clone(), Arc::clone(&self.site))
    }

    async fn invalidate(&self, tags: Vec<String>) -> Result<(), Failure> {
        if tags.is_empty() {
            return Ok(());
        }
        (self.invalidate)(tags).await.map_err(Failure::Edge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_is_always_published() {
        let codes = |list| {
            languages(list).map(|found| found.iter().map(|one| one.code()).collect::<Vec<_>>())
        };
        assert_eq!(codes(LANGUAGES).unwrap(), ["en", "de", "fr"]);
        assert_eq!(codes("de, en,de").unwrap(), ["en", "de"]);
        assert!(codes("de,xx").is_err());
    }
}
