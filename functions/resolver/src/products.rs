//! What units share, kept in memory for a second: models and batches with what everybody is shown of them, and their operators.
//! They change rarely and serve a million units.

use std::sync::Arc;

use passport::{Category, Classes, catalogue};
use storage::{Shared, Store, StoreError, Subject};
use web::Recent;

use crate::answer::Document;

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
            let shared = place.map(|place| read.swap_remove(place).1).map(shown);
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

/// Its public part as it is shown.
fn shown(mut product: Shared) -> Arc<Shared> {
    if let (Some(part), Some(category)) = (&mut product.part, product.facts.category()) {
        part.document = public_view(std::mem::take(&mut part.document), category);
    }
    Arc::new(product)
}

/// What everybody is shown of a document: in the form of the newest catalogue, without what the active guidance shows nowhere.
pub(crate) fn public_view(document: Document, category: Category) -> Document {
    let document = passport::newest_form(document);
    let guidance = catalogue().active_guidance();
    passport::view(document, Classes::PUBLIC, guidance, category)
}
