//! Public parts of models and batches, in the form of the newest catalogue, kept in memory for a second: they change rarely
//! and serve a million units.

use std::sync::Arc;

use storage::{PublicPart, Store, StoreError, Subject};
use web::Recent;

/// The cache.
#[derive(Default)]
pub(crate) struct Products(Recent<Subject, Arc<PublicPart>>);

impl Products {
    /// The parts of these subjects, in their order; `None` for one that has no public part.
    pub(crate) async fn get(
        &self,
        store: &Store,
        subjects: &[Subject],
    ) -> Result<Vec<Option<Arc<PublicPart>>>, StoreError> {
        let mut found: Vec<_> = subjects.iter().map(|subject| self.0.get(subject)).collect();
        let missing: Vec<Subject> = subjects
            .iter()
            .zip(&found)
            .filter(|(_, part)| part.is_none())
            .map(|(subject, _)| subject.clone())
            .collect();
        if missing.is_empty() {
            return Ok(found);
        }
        for (subject, mut part) in store.public_parts(&missing).await? {
            part.document = passport::newest_form(part.document);
            let part = Arc::new(part);
            self.0.keep(subject.clone(), Arc::clone(&part));
            for (wanted, slot) in subjects.iter().zip(&mut found) {
                if *wanted == subject {
                    *slot = Some(Arc::clone(&part));
                }
            }
        }
        Ok(found)
    }
}
