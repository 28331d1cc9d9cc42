//! Restricted reads: recorded before the data leave (ledger.md §1.5).

use ledger::{Actor, EventId, ReadEventDraft, Sha256, Timestamp};
use passport::{Class, Classes};

use crate::change::random;
use crate::commit::CommitError;
use crate::journal::chain_rows;
use crate::sealing::with_random;
use crate::{Store, StoreError, Subject};

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
    /// By which rules it reads the restricted classes.
    pub basis: Vec<String>,
    /// The classes that leave.
    pub classes: Classes,
    /// The attributes that leave, where not all of the classes.
    pub pointers: Vec<String>,
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
            basis: read.basis,
            classes: read.classes.iter().map(Class::number).collect(),
            pointers: read.pointers,
            commitments: read.commitments,
            request_id: read.request_id,
        };
        let sealed = with_random(|random| draft.seal(random))?.map_err(StoreError::damaged)?;
        let chain = format!("{}{}", crate::log::READS, read.subject);
        let mut rows = chain_rows(
            &chain,
            &sealed.event_id.to_string(),
            &sealed,
            (Class::Internal, None),
            &key.key,
        )?;
        rows.extend(key.row());
        match self.write(rows).await {
            Ok(()) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
            Err(error) => Err(StoreError::unavailable(error)),
        }
    }
}
