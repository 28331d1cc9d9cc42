//! What units share, kept in memory for a second: models and batches with their public part in the form of the newest catalogue,
//! and their operators. They change rarely and serve a million units.

use std::sync::Arc;

use storage::{Shared, Store, StoreError, Subject};
use web::Recent;

/// The cache. That something does not exist is kept too.
#[derive(Default)]
pub(crate) struct Products(Recent<Subject, Option<Arc<Shared>>>);

impl Products {
    /// What there is to these subjects, in their order; `None` for one that does not exist.
    pub(crate) async fn get(
        &self,
        store: &Store,
        subjects: &[Subject],
    ) -> Result<Vec<Option<Arc<Shared>>>, StoreError> {
        let mut found: Vec<_> = subjects.iter().map(|subject| self.0.get(subject)).collect();
        let missing: Vec<Subject> = subjects
            .iter()
            .zip(&found)
            .filter(|(_, known)| known.is_none())
            .map(|(subject, _)| subject.clone())
            .collect();
        if missing.is_empty() {
            return Ok(found.into_iter().map(Option::flatten).collect());
        }
        let mut read = store.shared(&missing).await?;
        for subject in missing {
            let place = read.iter().position(|(known, _)| *known == subject);
            let shared = place.map(|place| read.swap_remove(place).1).map(newest);
            self.0.keep(subject.clone(), shared.clone());
            for (wanted, slot) in subjects.iter().zip(&mut found) {
                if *wanted == subject {
                    *slot = Some(shared.clone());
                }
            }
        }
        Ok(found.into_iter().map(Option::flatten).collect())
    }
}

fn newest(mut shared: Shared) -> Arc<Shared> {
    if let Some(part) = &mut shared.part {
        part.document = passport::newest_form(std::mem::take(&mut part.document));
    }
    Arc::new(shared)
}
