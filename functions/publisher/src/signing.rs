//! The signatures of operators under what everybody sees.

use ledger::{ViewKey, ViewStatement};
use storage::{StoreError, Subject};

use crate::{Failure, Publisher};

impl Publisher {
    /// Has every public version of a subject signed that is not yet: by the key that is kept for its operator, or, where the operator
    /// signs itself, laid out for it. Safe to repeat, and by several at once: the first signature of a version counts.
    pub(crate) async fn sign(&self, subject: &Subject) -> Result<(), Failure> {
        let Some(record) = self.store.record(subject).await? else {
            return Ok(());
        };
        // A draft is nobody's to see, so it is nothing to stand for yet.
        let is_passport = matches!(subject, Subject::Passport(_));
        if is_passport && !record.head.facts.is_known_to_others() {
            return Ok(());
        }
        for mut view in self.store.unsigned_views(&record).await? {
            view.signature = self.signature(&view.statement).await?;
            self.store.keep_view(subject, view).await?;
        }
        Ok(())
    }

    /// `None` where the operator signs itself.
    async fn signature(&self, statement: &ViewStatement) -> Result<Option<String>, Failure> {
        let operator = &statement.operator;
        let own = self.store.organisation(operator).await?;
        if own.is_some_and(|organisation| organisation.signing_key.is_some()) {
            return Ok(None);
        }
        let key = self.keys.of(operator).await?;
        let public = ViewKey::ed25519(key.public()).map_err(damaged)?;
        let to_sign = statement.to_sign(&public).map_err(damaged)?;
        let jws = to_sign.signed(&key.sign(to_sign.message()).await?);
        // Whoever gets a signature gets one that holds, and the key to check it with.
        statement.verify(&jws, &public).map_err(damaged)?;
        self.store.keep_operator_key(operator, &public).await?;
        Ok(Some(jws))
    }
}

fn damaged(cause: impl std::fmt::Display) -> Failure {
    Failure::Store(StoreError::Damaged(cause.to_string()))
}
