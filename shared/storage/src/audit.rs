//! Everything that is stored of a subject, held against its chain of events.

mod subject;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use ledger::{Audience, EvidenceReference, OpenedEvent, Sha256, read_disclosure};
use serde::de::DeserializeOwned;

use crate::journal::{DisclosureItem, EventItem, disclosure_partition, place};
use crate::log::READS;
use crate::record::sort_key;
use crate::sealing::DataKey;
use crate::store::{Item, decode};
use crate::view::{ViewItem, signed};
use crate::{LogEntry, Store, StoreError, Subject, Table};
use subject::Stored;

/// Something that is not as it was written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which item: table, partition and sort key.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
}

/// What was found of a chain.
#[derive(Debug, Default)]
pub struct Audited {
    /// What is not as it was written.
    pub findings: Vec<Finding>,
    /// Its events, with the hashes of their leaves as they are.
    pub events: Vec<LogEntry>,
    /// The pieces of evidence that they name.
    pub evidence: Vec<EvidenceReference>,
    /// How many versions it has.
    pub versions: usize,
    /// What no event of its own erased and yet is not there: where, and what [`crate::Erasure::explains`] it.
    pub unexplained: Vec<(String, String)>,
}

impl Audited {
    fn finds(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.findings.push(Finding {
            place: place.into(),
            what: what.into(),
        });
    }

    /// The item as what it has to be.
    fn read<T: DeserializeOwned>(&mut self, place: &str, item: Item) -> Option<T> {
        match decode(item) {
            Ok(read) => Some(read),
            Err(_) => {
                self.finds(place, "it cannot be read");
                None
            }
        }
    }
}

/// An event, as far as it could be opened.
struct Event {
    hash: Sha256,
    opened: Option<OpenedEvent>,
    /// Whether what it disclosed was erased with its key.
    erased: bool,
}

impl Store {
    /// Holds everything stored of a subject against its events: the chain itself, what the events disclose, every version, the
    /// head and what stands beside it.
    ///
    /// # Errors
    /// [`StoreError`] where the store or the key service does not answer.
    pub async fn audit(&self, subject: &Subject) -> Result<Audited, StoreError> {
        let partition = subject.to_string();
        let mut audited = Audited::default();
        let key = self.data_key(subject).await?;
        let events = self
            .audit_chain(&mut audited, &partition, key.as_ref())
            .await?;
        let erased_by = erased_by(&mut audited, &partition, &events, key.as_deref());
        let mut stored = Stored {
            subject,
            audited: &mut audited,
            items: BTreeMap::new(),
            events: &events,
            key: key.as_deref(),
            erased_by,
        };
        for item in self.query(Table::Records, &partition, "", true).await? {
            stored.items.insert(sort_key(&item).to_owned(), item);
        }
        let head = stored.head();
        if let Some(head) = &head {
            stored.versions(head);
            stored.current(head);
            stored.labels();
            stored.registered();
        }
        let partition = signed(subject);
        for item in self.query(Table::Records, &partition, "", true).await? {
            let name = format!("records `{partition}` `{}`", sort_key(&item));
            let Some(item) = stored.audited.read::<ViewItem>(&name, item) else {
                continue;
            };
            let keys = match self.operator_keys(&item.view.statement.operator).await {
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                // One that cannot be read verifies nothing.
                keys => keys.unwrap_or_default(),
            };
            stored.signed(&name, &item, &keys);
        }
        if let Some((unit, row)) = head.and_then(|head| stored.shown(&head)) {
            let sk = sort_key(&row);
            let name = format!("records `{unit}` `{sk}`");
            let there = self.query(Table::Records, &unit, sk, true).await?;
            if there.first() != Some(&row) {
                audited.finds(name, "what everybody is shown is not what the record says");
            }
        }
        Ok(audited)
    }

    /// Holds the restricted reads of a subject's data against themselves: they stand in no chain.
    ///
    /// # Errors
    /// [`StoreError`] where the store or the key service does not answer.
    pub async fn audit_reads(&self, subject: &Subject) -> Result<Audited, StoreError> {
        let mut audited = Audited::default();
        let key = self.data_key(subject).await?;
        let chain = format!("{READS}{subject}");
        self.audit_chain(&mut audited, &chain, key.as_ref()).await?;
        Ok(audited)
    }

    /// The events of a chain, each opened as far as it goes.
    async fn audit_chain(
        &self,
        audited: &mut Audited,
        chain: &str,
        key: Option<&Arc<DataKey>>,
    ) -> Result<Vec<Event>, StoreError> {
        let said = self.audit_disclosures(audited, chain, key).await?;
        let numbered = !chain.starts_with(READS);
        let mut events: Vec<Event> = Vec::new();
        for item in self.query(Table::Ledger, chain, "", true).await? {
            let sk = sort_key(&item).to_owned();
            let name = format!("ledger `{chain}` `{sk}`");
            let Some(item) = audited.read::<EventItem>(&name, item) else {
                continue;
            };
            if numbered && sk != place(events.len() as u64 + 1) {
                let missing = place(events.len() as u64 + 1);
                audited.finds(format!("ledger `{chain}` `{missing}`"), "it is missing");
                return Ok(events);
            }
            let hash = Sha256::of_leaf(&item.leaf);
            audited.events.push(LogEntry {
                event_id: item.event_id,
                hash,
                chain: chain.to_owned(),
                place: sk.clone(),
            });
            if hash != item.hash {
                audited.finds(&name, "its leaf is not the one that was hashed");
            }
            let opens = item.opens.iter().map(|audience| format!("{sk}#{audience}"));
            let opens: BTreeSet<String> = opens.collect();
            let of_event = format!("{sk}#");
            let items = said.items.iter().filter(|sk| sk.starts_with(&of_event));
            let items: BTreeSet<String> = items.cloned().collect();
            for sk in opens.difference(&items) {
                let place = format!("records `{}` `{sk}`", disclosure_partition(chain));
                audited.finds(place, "it is missing");
            }
            if !items.is_subset(&opens) {
                audited.finds(&name, "there is more to open of it than it says");
            }
            let mut texts = said.texts.get(&sk).cloned().unwrap_or_default();
            texts.extend(item.lasting.iter().map(|(_, text)| text.clone()));
            let opened = match ledger::open(&item.leaf, &texts) {
                Ok(opened) => Some(opened),
                Err(error) => {
                    audited.finds(&name, format!("what it discloses: {error}"));
                    None
                }
            };
            if said
                .types
                .get(&sk)
                .is_some_and(|own| *own != Audience::Class(item.audience.number()))
            {
                audited.finds(&name, "another class than its own may know of it");
            }
            if let Some(opened) = &opened {
                audited.evidence.extend(opened.evidence.clone());
                if !said.erased.contains(&sk) && opened.erased != item.erased {
                    audited.finds(&name, "it erased something else than it says");
                }
                if opened.event_id != item.event_id {
                    audited.finds(&name, "its id is not that of its leaf");
                }
                if numbered {
                    link(audited, &name, chain, &events, opened);
                }
            }
            let erased = said.erased.contains(&sk);
            events.push(Event {
                hash,
                opened,
                erased,
            });
        }
        Ok(events)
    }

    async fn audit_disclosures(
        &self,
        audited: &mut Audited,
        chain: &str,
        key: Option<&Arc<DataKey>>,
    ) -> Result<Said, StoreError> {
        let pk = disclosure_partition(chain);
        let mut said = Said::default();
        for item in self.query(Table::Records, &pk, "", true).await? {
            let sk = sort_key(&item).to_owned();
            let name = format!("records `{pk}` `{sk}`");
            said.items.insert(sk.clone());
            let Some(item) = audited.read::<DisclosureItem>(&name, item) else {
                continue;
            };
            if !sk.ends_with(&format!("#{}", item.audience)) {
                audited.finds(&name, "it is for others than its place says");
            }
            let Some(key) = key else {
                audited.finds(&name, "the key that it is sealed with is missing");
                continue;
            };
            let event = sk.split('#').next().unwrap_or_default().to_owned();
            match item.texts(key) {
                Ok(None) => {
                    said.erased.insert(event);
                }
                Ok(Some(texts)) => {
                    let mut said_here = texts.iter().filter_map(|text| read_disclosure(text));
                    if said_here.any(|(name, _)| name == "type") {
                        said.types.insert(event.clone(), item.audience);
                    }
                    said.texts.entry(event).or_default().extend(texts);
                }
                Err(_) => audited.finds(name, "what is sealed in it does not open"),
            }
        }
        Ok(said)
    }
}

/// What is disclosed of a chain's events.
#[derive(Default)]
struct Said {
    items: BTreeSet<String>,
    texts: HashMap<String, Vec<String>>,
    /// For whom an event's type is.
    types: HashMap<String, Audience>,
    /// The events of which something was erased with the key.
    erased: BTreeSet<String>,
}

/// The number of the event that put the present key in the place of another, after which nothing counts as erased with that. Where
/// only the archive knows of it, that cannot be told.
fn erased_by(
    audited: &mut Audited,
    subject: &str,
    events: &[Event],
    key: Option<&DataKey>,
) -> Option<u64> {
    let before = key?.number.checked_sub(1).filter(|before| *before > 0)?;
    let said = |event: &Event| {
        let erased = event.opened.as_ref().and_then(|it| it.erased.as_ref());
        erased.is_some_and(|erased| erased.key == Some(before))
    };
    let Some(index) = events.iter().position(said) else {
        let what = crate::Erasure::of_key(subject, before);
        let place = format!("keys `{subject}`");
        audited.unexplained.push((place, what));
        return None;
    };
    for (event, seq) in events.iter().zip(1..) {
        if event.erased && seq > index as u64 {
            let place = format!("ledger `{subject}` `{}`", place(seq));
            audited.finds(place, "what it discloses was erased before it was written");
        }
    }
    Some(index as u64 + 1)
}

/// Whether an event says that it stands where it stands.
fn link(audited: &mut Audited, name: &str, chain: &str, before: &[Event], event: &OpenedEvent) {
    let Some(link) = &event.chain else {
        audited.finds(name, "its place in the chain is not told");
        return;
    };
    let seq = before.len() as u64 + 1;
    if link.subject != chain || link.seq != seq {
        let what = format!("it is event {} of `{}`", link.seq, link.subject);
        audited.finds(name, what);
    }
    // The first event of a unit follows that of its order.
    if before
        .last()
        .is_some_and(|before| link.prev != Some(before.hash))
    {
        audited.finds(name, "it does not follow the event before it");
    }
}
