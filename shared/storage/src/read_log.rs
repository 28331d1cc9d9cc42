//! Restricted reads: recorded before the data leave (ledger.md §1.5).

use ledger::{Actor, EventId, ReadEventDraft, Sha256, Timestamp};
use passport::{Class, Classes};

use crate::change::random;
use crate::commit::CommitError;
use crate::journal::chain_rows;
use crate::{Store, StoreError, Subject, fill_random};

/// Who reads what, and what for.
#[derive(Debug, Clone)]
pub struct ReadRecord {
    /// Whose data.
    pub subject: Subject,
    /// The role that permits it.
    pub role: String,
    /// The reading organisation.
    pub organisation: String,
    /// The reading client or person; stored only as a keyed reference.
    pub person: String,
    /// Why: a purpose code.
    pub purpose: String,
    /// The classes that leave.
    pub classes: Classes,
    /// Commitments of what is read.
    pub commitments: Vec<Sha256>,
    /// The request.
    pub request_id: String,
}

impl Store {
    /// Writes the read event and its pending row. Only after this may the data leave; where it fails they must not.
    ///
    /// # Errors
    /// [`StoreError`] where it could not be recorded.
    pub async fn record_read(
        &self,
        log: &str,
        read: ReadRecord,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = self.data_key_for_change(&read.subject).await?;
        let draft = ReadEventDraft {
            log: log.to_owned(),
            event_id: EventId::new(now, &random::<10>()?),
            at: now,
            subject: read.subject.to_string(),
            actor: Actor {
                role: read.role,
                organisation: read.organisation,
                reference: key.key.reference(&read.person),
            },
            purpose: read.purpose,
            classes: read.classes.iter().map(Class::number).collect(),
            pointers: Vec::new(),
            commitments: read.commitments,
            request_id: read.request_id,
        };
        let mut failure = None;
        let sealed = draft
            .seal(&mut |buffer| {
                if let Err(error) = fill_random(buffer) {
                    failure = Some(error);
                }
            })
            .map_err(StoreError::damaged)?;
        if let Some(error) = failure {
            return Err(error);
        }
        let chain = format!("A#{}", read.subject);
        let mut rows = chain_rows(
            &chain,
            &sealed.event_id.to_string(),
            &sealed,
            Class::Internal,
            &key.key,
        )?;
        rows.extend(key.new_item.map(|item| crate::change::Row {
            table: crate::Table::Keys,
            item,
            guard: crate::change::Guard::New,
        }));
        match self.write(rows, &[]).await {
            Ok(()) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
            Err(error) => Err(StoreError::unavailable(error)),
        }
    }
}
