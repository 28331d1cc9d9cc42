//! Public parts of models and batches, kept in memory for a second: they change rarely and serve a million units.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use storage::{PublicPart, Store, StoreError, Subject};

/// How old a part may be.
const FRESH: Duration = Duration::from_secs(1);
/// Parts kept; past that all are dropped and read again.
const MOST: usize = 4_096;

/// The cache.
#[derive(Default)]
pub(crate) struct Products(Mutex<HashMap<Subject, (Instant, Arc<PublicPart>)>>);

impl Products {
    /// The parts of these subjects, in their order; `None` for one that has no public part.
    pub(crate) async fn get(
        &self,
        store: &Store,
        subjects: &[Subject],
    ) -> Result<Vec<Option<Arc<PublicPart>>>, StoreError> {
        let mut found = self.cached(subjects);
        let missing: Vec<Subject> = subjects
            .iter()
            .zip(&found)
            .filter(|(_, part)| part.is_none())
            .map(|(subject, _)| subject.clone())
            .collect();
        if missing.is_empty() {
            return Ok(found);
        }
        for (subject, part) in store.public_parts(&missing).await? {
            let part = Arc::new(part);
            self.keep(subject.clone(), Arc::clone(&part));
            for (wanted, slot) in subjects.iter().zip(&mut found) {
                if *wanted == subject {
                    *slot = Some(Arc::clone(&part));
                }
            }
        }
        Ok(found)
    }

    fn cached(&self, subjects: &[Subject]) -> Vec<Option<Arc<PublicPart>>> {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        subjects
            .iter()
            .map(|subject| {
                parts
                    .get(subject)
                    .filter(|(since, _)| since.elapsed() < FRESH)
                    .map(|(_, part)| Arc::clone(part))
            })
            .collect()
    }

    fn keep(&self, subject: Subject, part: Arc<PublicPart>) {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if parts.len() >= MOST {
            parts.clear();
        }
        parts.insert(subject, (Instant::now(), part));
    }
}
