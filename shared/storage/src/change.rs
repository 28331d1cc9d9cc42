//! A change: what its caller says, and what is written for it.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    Actor, Audience, CommitmentChange, Erased, EventDraft, EventId, EvidenceReference, PartSalts,
    SealedEvent, Sha256, StateDigests, Timestamp,
};
use passport::{AttributeChange, Class};
use serde_json::{Map, Value};

use crate::compression::compress;
use crate::record::{
    HEAD, HeadItem, OpenRecord, PartItem, own_part_key, part_place, version_key, version_part_key,
};
use crate::scan::same_to_the_public;
use crate::sealing::{DataKey, with_random};
use crate::unit::LabelChange;
use crate::{Erasing, Facts, Head, PartReference, StoreError, Subject, Table, fill_random};

/// The longest part of a version, in bytes: its removal, which an event holds whole, still has to fit.
const PART_LIMIT: usize = 1 << 20;
/// How far a writer's clock may be behind the last event before the change is refused.
const CLOCK_TOLERANCE_MS: i64 = 5_000;

/// Everything one request changes: up to 12 subjects, one event each.
#[derive(Debug)]
pub struct Change {
    /// The subjects, each with its event.
    pub(crate) subjects: Vec<SubjectChange>,
    /// The row that makes a retry of the request safe.
    pub(crate) request: Option<crate::Request>,
    pub(crate) rows: Vec<Row>,
}

impl Change {
    /// A change of these subjects, answered to this request.
    #[must_use]
    pub const fn new(subjects: Vec<SubjectChange>, request: Option<crate::Request>) -> Self {
        Self {
            subjects,
            request,
            rows: Vec::new(),
        }
    }
}

/// What happens to one subject.
#[derive(Debug)]
pub struct SubjectChange {
    /// Whose event.
    pub subject: Subject,
    /// Its state before; `None` for a new subject.
    pub before: Option<OpenRecord>,
    /// The responsible organisation afterwards.
    pub organisation: String,
    /// Identity and relations afterwards.
    pub facts: Facts,
    /// All values afterwards; `None` where the change moves no data.
    pub document: Option<Map<String, Value>>,
    /// Who, why, on what evidence.
    pub event: EventInput,
    /// What becomes of labels; only for a unit.
    pub labels: Vec<LabelChange>,
}

/// What an audit event says beside the change itself.
#[derive(Debug, Clone)]
pub struct EventInput {
    /// An event type of the catalogue.
    pub event_type: String,
    /// The role that permits it.
    pub role: String,
    /// The acting organisation.
    pub organisation: String,
    /// The acting client or person; stored only as a keyed reference.
    pub person: String,
    /// Why.
    pub reason: String,
    /// Anything else worth keeping.
    pub notes: Option<String>,
    /// When it happened, where that is not now.
    pub occurred_at: Option<Timestamp>,
    /// What proves it.
    pub evidence: Vec<EvidenceReference>,
    /// The class of the event itself: who may know that it exists.
    pub audience: Class,
    /// Readings of dynamic attributes, beside the values it changes.
    pub readings: Option<crate::Readings>,
    /// What it erases, if it does.
    pub erases: Option<Erasing>,
}

/// What stands beside a subject's values after an event. Its digests are in the event, so that neither a status nor a right can
/// be changed without one.
pub(crate) struct State<'s> {
    pub(crate) organisation: &'s str,
    pub(crate) tenures: &'s [crate::Tenure],
    pub(crate) facts: &'s Facts,
}

impl State<'_> {
    pub(crate) fn digests(&self) -> Result<StateDigests, StoreError> {
        Ok(StateDigests {
            facts: digest(self.facts)?,
            owners: digest(&(self.organisation, self.tenures))?,
        })
    }
}

/// SHA-256 of the canonical form (RFC 8785).
pub(crate) fn digest(value: &impl serde::Serialize) -> Result<Sha256, StoreError> {
    let value = serde_json::to_value(value).map_err(StoreError::damaged)?;
    let bytes = ledger::canonical(&value).map_err(StoreError::damaged)?;
    Ok(Sha256::of(&bytes))
}

/// Proof that a change was taken in: its holder can later demand that the event stands in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The event.
    pub event_id: EventId,
    /// Its leaf hash.
    pub hash: Sha256,
    /// Its place in the subject's chain.
    pub seq: u64,
    /// Where the subject stands afterwards.
    pub head: Head,
}

impl std::fmt::Display for Receipt {
    /// The `Audit-Receipt` header: `<eventId>:<eventHash>`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.event_id, self.hash)
    }
}

/// One put of the transaction, and what it is conditional on.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) table: Table,
    pub(crate) item: crate::store::Item,
    pub(crate) guard: Guard,
}

/// The condition of a put.
#[derive(Debug, Clone)]
pub(crate) enum Guard {
    /// Nothing may stand at this key.
    New,
    /// A head that must not have moved.
    At { seq: u64, event_hash: Sha256 },
    /// The row of this request; where it stands the request was answered before.
    Request,
    /// None: the head's condition covers it.
    Covered,
    /// The row is not put but removed, and has to be there.
    Gone,
}

/// A subject's change, worked out: what will be written.
pub(crate) struct Worked {
    pub(crate) rows: Vec<Row>,
    pub(crate) receipt: Receipt,
}

impl SubjectChange {
    /// The number of the key that takes the place of the subject's, where that one is erased.
    pub(crate) fn next_key(&self) -> Option<u32> {
        let erased = self.event.erases.as_ref()?.erased.key?;
        Some(erased + 1)
    }

    /// The parts that go with the subject's key.
    fn dropped(&self) -> Vec<PartReference> {
        let mut parts = match (&self.before, self.next_key()) {
            (Some(record), Some(_)) => record.head.parts.clone(),
            _ => Vec::new(),
        };
        parts.retain(|part| part.class != Class::Public);
        parts
    }

    /// Works out parts, commitments and the sealed event, all in memory.
    pub(crate) fn work_out(
        &self,
        log: &str,
        key: &DataKey,
        now: Timestamp,
    ) -> Result<Worked, StoreError> {
        let previous = self.before.as_ref().map(|record| &record.head);
        let at = event_time(previous, now)?;
        let parts = match &self.document {
            Some(after) => Some(self.changed_parts(after)?),
            None => None,
        };
        let dropped = self.dropped();
        let moved = !dropped.is_empty()
            || parts
                .as_ref()
                .is_some_and(|parts| !parts.changed.is_empty());
        let version = previous.map_or(0, |head| head.version) + u64::from(moved);
        let seq = previous.map_or(0, |head| head.seq) + 1;
        let parts = parts.unwrap_or_default();
        let tenures = previous
            .map(|head| head.tenures_after(&self.organisation))
            .unwrap_or_default();
        let state = State {
            organisation: &self.organisation,
            tenures: &tenures,
            facts: &self.facts,
        };
        let sealed = self.seal_event(log, key, (at, seq), &parts, &state)?;
        let mut references = previous.map(|head| head.parts.clone()).unwrap_or_default();
        references.retain(|part| !dropped.contains(part));
        let mut rows = Vec::new();
        rows.extend(
            self.event
                .erases
                .iter()
                .flat_map(|erases| erases.rows.clone()),
        );
        for part in &parts.changed {
            let reference = PartReference {
                class: part.class,
                revision: part.revision,
                version,
                commitment: part.after,
            };
            let kept = |old: &PartReference| previous.is_some_and(|head| head.is_kept(old));
            references.retain(|old| old.class != part.class || kept(old));
            references.push(reference);
            rows.extend(self.part_rows(part, (version, at), tenures.len(), key)?);
        }
        references.sort_by_key(|part| part.class.number());
        let mut head = Head {
            organisation: self.organisation.clone(),
            seq,
            version,
            event_hash: sealed.hash,
            last_at: at,
            parts: references,
            facts: self.facts.clone(),
            key: key.number,
            public_at: Some(at),
            tenures,
        };
        let public = parts
            .changed
            .iter()
            .find(|part| part.class == Class::Public);
        let unnoticed =
            previous.filter(|before| public.is_none() && same_to_the_public(before, &head));
        if let Some(before) = unnoticed {
            head.public_at = Some(before.public_at());
        }
        if previous.is_none() {
            rows.extend(crate::index::row(&self.subject, &self.facts)?);
        }
        let unseen = unnoticed.is_some_and(|before| before.facts == self.facts);
        if !(unseen && self.labels.is_empty()) {
            let work = crate::Work::Subject(self.subject.clone());
            rows.push(work.row(sealed.event_id)?);
        }
        let receipt = Receipt {
            event_id: sealed.event_id,
            hash: sealed.hash,
            seq,
            head: head.clone(),
        };
        if moved {
            rows.push(self.version_row(&head, &sealed)?);
        }
        if unnoticed.is_none() {
            let document = self.public_document(public);
            rows.extend(crate::scan::public_row(&self.subject, &head, document)?);
        }
        rows.push(self.head_row(head)?);
        rows.extend(crate::journal::rows(
            &self.subject,
            seq,
            &sealed,
            (self.event.audience, self.erased()),
            key,
        )?);
        rows.extend(crate::series::rows(
            &self.subject,
            &self.event,
            &parts.changes,
            &sealed,
            seq,
            key,
        )?);
        rows.extend(crate::value_set::row(
            &self.subject,
            &self.event,
            &sealed,
            seq,
            version,
            key,
        )?);
        for label in &self.labels {
            rows.push(label.after.row(&self.subject)?);
        }
        Ok(Worked { rows, receipt })
    }

    fn erased(&self) -> Option<Erased> {
        let erases = self.event.erases.as_ref();
        erases.map(|erases| erases.erased.clone())
    }

    fn changed_parts(&self, after: &Map<String, Value>) -> Result<ChangedParts, StoreError> {
        let empty = Map::new();
        let before = self
            .before
            .as_ref()
            .map_or(&empty, |record| &record.document);
        let changes = passport::delta(before, after);
        let classes: BTreeSet<Class> = changes.iter().map(|change| change.class).collect();
        let mut split = passport::split(after);
        let mut changed = Vec::new();
        for class in classes {
            let reference = self
                .before
                .as_ref()
                .and_then(|record| record.head.part(class));
            let old_salts = self
                .before
                .as_ref()
                .and_then(|record| record.salts.get(&class))
                .cloned()
                .unwrap_or_default();
            let document = split.remove(&class).unwrap_or_default();
            let salts = renewed_salts(old_salts, &document, class, &changes)?;
            let after = ledger::commitment(&passport::attributes(&document), salts.salts())
                .map_err(StoreError::damaged)?;
            changed.push(ChangedPart {
                class,
                revision: self.last_revision(class) + 1,
                before: reference.map(|part| part.commitment),
                after,
                document,
                salts,
            });
        }
        Ok(ChangedParts { changes, changed })
    }

    /// How often this class changed, whoever was responsible.
    fn last_revision(&self, class: Class) -> u64 {
        let parts = self.before.iter().flat_map(|record| &record.head.parts);
        let of_class = parts.filter(|part| part.class == class);
        of_class.map(|part| part.revision).max().unwrap_or_default()
    }

    fn seal_event(
        &self,
        log: &str,
        key: &DataKey,
        (at, seq): (Timestamp, u64),
        parts: &ChangedParts,
        state: &State<'_>,
    ) -> Result<SealedEvent, StoreError> {
        let event = &self.event;
        let previous_hash = self.before.as_ref().map(|record| record.head.event_hash);
        let draft = EventDraft {
            log: log.to_owned(),
            event_id: EventId::new(at, &random::<10>()?),
            at,
            subject: self.subject.to_string(),
            seq,
            prev: previous_hash,
            event_type: event.event_type.clone(),
            actor: Actor {
                role: event.role.clone(),
                organisation: event.organisation.clone(),
                reference: key.reference(&event.person),
            },
            reason: event.reason.clone(),
            notes: event.notes.clone(),
            occurred_at: event.occurred_at,
            evidence: self.cited_evidence(),
            audience: event.audience.number(),
            commitments: self.commitments(parts),
            changes: self.logged_changes(&parts.changes),
            readings: match &event.readings {
                Some(readings) => readings.commitments()?,
                None => Vec::new(),
            },
            state: Some(state.digests()?),
            erased: self.erased(),
        };
        with_random(|random| draft.seal(random))?.map_err(StoreError::seal)
    }

    /// Of the classes that changed. Of those that were erased none is left.
    fn commitments(&self, parts: &ChangedParts) -> Vec<CommitmentChange> {
        let changed = parts.changed.iter().map(|part| CommitmentChange {
            class: part.class.number(),
            before: part.before,
            after: Some(part.after),
        });
        let head = self.before.as_ref().map(|record| &record.head);
        let dropped = self.dropped();
        let own = |part: &&PartReference| head.is_some_and(|head| !head.is_kept(part));
        let gone = dropped.iter().filter(own).map(|part| CommitmentChange {
            class: part.class.number(),
            before: Some(part.commitment),
            after: None,
        });
        changed.chain(gone).collect()
    }

    /// Attributes, each for its class, and labels, for whoever may know of the event.
    fn logged_changes(&self, attributes: &[AttributeChange]) -> Vec<ledger::AttributeChange> {
        let audience = self.event.audience.number();
        let labels = self.labels.iter().map(|label| label.logged(audience));
        attributes.iter().map(logged).chain(labels).collect()
    }

    /// Evidence is cited to those who may see both the event and the evidence.
    fn cited_evidence(&self) -> Vec<EvidenceReference> {
        let cited = self.event.evidence.iter().map(|evidence| {
            let own = Class::from_number(evidence.class).unwrap_or(Class::Internal);
            EvidenceReference {
                class: own.join(self.event.audience).number(),
                ..evidence.clone()
            }
        });
        cited.collect()
    }

    fn part_rows(
        &self,
        part: &ChangedPart,
        (version, at): (u64, Timestamp),
        tenures: usize,
        key: &DataKey,
    ) -> Result<[Row; 2], StoreError> {
        let body = ledger::canonical(&Value::Object(part.document.clone()))
            .map_err(StoreError::damaged)?;
        if body.len() > PART_LIMIT {
            return Err(StoreError::TooLarge(format!(
                "the values of access class {} have {} bytes, {PART_LIMIT} are the most",
                part.class.number(),
                body.len()
            )));
        }
        let salts = serde_json::to_vec(&part.salts).map_err(StoreError::damaged)?;
        let (mut body, mut salts) = (compress(&body)?, compress(&salts)?);
        if part.class != Class::Public {
            let place = part_place(&self.subject, part.class, part.revision);
            body = key.seal(&body, &place)?;
            salts = key.seal(&salts, &place)?;
        }
        let row = |sk: String, guard| -> Result<Row, StoreError> {
            let item = PartItem {
                pk: self.subject.to_string(),
                sk,
                v: 1,
                class: part.class,
                revision: part.revision,
                at: Some(at),
                body: body.clone(),
                salts: salts.clone(),
                erased: BTreeMap::new(),
            };
            Row::put(Table::Records, &item, guard)
        };
        Ok([
            row(version_part_key(version, part.class), Guard::New)?,
            row(own_part_key(part.class, tenures), Guard::Covered)?,
        ])
    }

    fn head_row(&self, head: Head) -> Result<Row, StoreError> {
        let guard = self.before.as_ref().map_or(Guard::New, |record| Guard::At {
            seq: record.head.seq,
            event_hash: record.head.event_hash,
        });
        let item = HeadItem {
            pk: self.subject.to_string(),
            sk: HEAD.to_owned(),
            v: 1,
            head,
        };
        Row::put(Table::Records, &item, guard)
    }

    fn version_row(&self, head: &Head, sealed: &SealedEvent) -> Result<Row, StoreError> {
        let item = crate::journal::VersionItem {
            pk: self.subject.to_string(),
            sk: version_key(head.version),
            v: 1,
            entry: crate::VersionEntry {
                version: head.version,
                seq: head.seq,
                event_id: sealed.event_id,
                event_hash: sealed.hash,
                at: head.last_at,
                parts: head.parts.clone(),
                facts: head.facts.clone(),
                public_at: head.public_at,
            },
        };
        Row::put(Table::Records, &item, Guard::New)
    }

    fn public_document(&self, changed: Option<&ChangedPart>) -> Map<String, Value> {
        match (changed, &self.before) {
            (Some(part), _) => part.document.clone(),
            (None, Some(record)) => passport::split(&record.document)
                .remove(&Class::Public)
                .unwrap_or_default(),
            (None, None) => Map::new(),
        }
    }
}

impl Row {
    /// The key of its item.
    pub(crate) fn key(&self) -> crate::store::Item {
        let names = self.table.key_attributes().iter();
        let parts =
            names.filter_map(|name| Some(((*name).to_owned(), self.item.get(*name)?.clone())));
        parts.collect()
    }

    pub(crate) fn put<T: serde::Serialize>(
        table: Table,
        item: &T,
        guard: Guard,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            table,
            item: crate::store::encode(item)?,
            guard,
        })
    }
}

/// The parts that a change touches, and the attributes in them.
#[derive(Default)]
struct ChangedParts {
    changes: Vec<AttributeChange>,
    changed: Vec<ChangedPart>,
}

struct ChangedPart {
    class: Class,
    revision: u64,
    before: Option<Sha256>,
    after: Sha256,
    document: Map<String, Value>,
    salts: PartSalts,
}

/// Times never go back within a chain; a clock far behind is refused rather than papered over.
fn event_time(previous: Option<&Head>, now: Timestamp) -> Result<Timestamp, StoreError> {
    let Some(head) = previous else {
        return Ok(now);
    };
    let behind = head.last_at.as_millisecond() - now.as_millisecond();
    if behind > CLOCK_TOLERANCE_MS {
        return Err(StoreError::Unavailable(format!(
            "this machine's clock is {behind} ms behind the last event"
        )));
    }
    Ok(if behind < 0 { now } else { head.last_at.next() })
}

fn renewed_salts(
    old: PartSalts,
    document: &Map<String, Value>,
    class: Class,
    changes: &[AttributeChange],
) -> Result<PartSalts, StoreError> {
    let changed: BTreeSet<&str> = changes
        .iter()
        .filter(|change| change.class == class)
        .map(|change| change.pointer.as_str())
        .collect();
    let present = passport::attributes(document);
    with_random(|random| {
        let pointers = present.keys().map(String::as_str);
        old.renew(pointers, |pointer| changed.contains(pointer), random)
    })
}

fn logged(change: &AttributeChange) -> ledger::AttributeChange {
    ledger::AttributeChange {
        pointer: change.pointer.clone(),
        class: change.class.number(),
        op: change.op.as_str().to_owned(),
        before: change.before.clone(),
        after: change.after.clone(),
    }
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    fill_random(&mut bytes)?;
    Ok(bytes)
}

/// Disclosures of one event, by who may open them.
pub(crate) type Disclosures = BTreeMap<Audience, Vec<String>>;
