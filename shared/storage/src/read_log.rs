//! Restricted reads: recorded before the data leave (ledger.md §1.5).

use std::collections::HashMap;

use ledger::{Actor, Audience, EventId, OpenedEvent, ReadEventDraft, Sha256, Timestamp};
use passport::{Class, Classes};

use crate::change::random;
use crate::commit::CommitError;
use crate::journal::{DisclosureItem, EventItem, chain_rows, disclosure_partition};
use crate::sealing::with_random;
use crate::store::{decode, key};
use crate::{Store, StoreError, Subject, Table};

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

/// Most keys of one request to the table.
const MOST_KEYS: usize = 100;

/// A restricted read, as it was recorded.
#[derive(Debug, Clone)]
pub struct RecordedRead {
    /// The id of its event.
    pub id: EventId,
    /// The leaf that stands in the log of reads, and what opens it; nothing opens it where the key was erased.
    pub opened: OpenedEvent,
}

impl Store {
    /// The restricted reads of a subject, the newest first: at most `limit`, those before the one with the id `before`.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn recorded_reads(
        &self,
        subject: &Subject,
        before: Option<EventId>,
        limit: u16,
    ) -> Result<Vec<RecordedRead>, StoreError> {
        let chain = format!("{}{subject}", crate::log::READS);
        let before = before.map(|id| id.to_string());
        let items = self
            .newest_items(Table::Ledger, &chain, before.as_deref(), limit)
            .await?;
        let items: Vec<EventItem> = items.into_iter().map(decode).collect::<Result<_, _>>()?;
        let pk = disclosure_partition(&chain);
        let audience = Audience::Class(Class::Internal.number());
        let keys = items
            .iter()
            .map(|item| key(&pk, Some(&format!("{}#{audience}", item.sk))));
        let keys: Vec<_> = keys.collect();
        let mut disclosed = HashMap::new();
        if let (Some(key), false) = (self.data_key(subject).await?, keys.is_empty()) {
            for keys in keys.chunks(MOST_KEYS) {
                for item in self.batch(Table::Records, keys.to_vec(), true).await? {
                    let item: DisclosureItem = decode(item)?;
                    let texts = item.texts(&key)?.unwrap_or_default();
                    disclosed.insert(item.sk, texts);
                }
            }
        }
        let read = |item: EventItem| {
            let texts = disclosed.remove(&format!("{}#{audience}", item.sk));
            let opened = ledger::open(&item.leaf, &texts.unwrap_or_default());
            Ok(RecordedRead {
                id: item.event_id,
                opened: opened.map_err(StoreError::damaged)?,
            })
        };
        items.into_iter().map(read).collect()
    }
}
