//! Sealing an event.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::canonical::{NotCanonical, canonical};
use crate::disclosure::{Audience, Salt, digest, disclose};
use crate::id::{EventId, Sha256, Timestamp};

/// Format version of a leaf.
pub(crate) const VERSION: u8 = 1;
/// Most disclosures of one event: one per attribute of the catalogue, never one per JSON value.
pub(crate) const MOST_DISCLOSURES: usize = 1_000;
/// Longest leaf: what a C2SP entry bundle can hold.
pub(crate) const LEAF_LIMIT: usize = 65_535;
/// Fewest digests in a leaf; decoys fill up to this, and beyond it to the next power of two.
const FEWEST_DIGESTS: usize = 8;

pub(crate) const CHAIN: &str = "chain";
pub(crate) const COMMITMENT: &str = "commitment";
pub(crate) const EVIDENCE: &str = "evidence";
pub(crate) const READINGS: &str = "readings";
pub(crate) const STATE: &str = "state";
pub(crate) const ERASED: &str = "erased";

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The role that permitted it.
    pub role: String,
    /// The organisation.
    pub organisation: String,
    /// The person or client, as a keyed reference that names nobody.
    pub reference: String,
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceReference {
    /// Its id.
    pub id: String,
    /// SHA-256 of its bytes.
    pub sha256: Sha256,
    /// Its media type.
    pub media_type: String,
    /// What it shows, where that was said: a kind of evidence, for example `damaged-label-photo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The locked version that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Access class of the evidence. It decides the audience, since the hash of restricted bytes is restricted too, and is
    /// not itself disclosed: 0 in an opened event.
    #[serde(skip)]
    pub class: u8,
}

/// An access class whose part changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitmentChange {
    /// Point of Annex XIII; 0 is internal.
    pub class: u8,
    /// Commitment before; none for a new part.
    pub before: Option<Sha256>,
    /// Commitment after.
    pub after: Option<Sha256>,
}

/// One changed attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeChange {
    /// JSON Pointer of the attribute.
    pub pointer: String,
    /// Its access class. It decides the audience and is not itself disclosed: 0 in an opened event.
    #[serde(skip)]
    pub class: u8,
    /// `add`, `remove` or `replace`.
    pub op: String,
    /// Value before; none where it was added.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub before: Option<Value>,
    /// Value after; none where it was removed.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub after: Option<Value>,
}

/// The readings an event brought, whatever became of them: the event is bound to each, and holds none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingsCommitment {
    /// Access class of the attributes that were read.
    pub class: u8,
    /// How many readings.
    pub count: usize,
    /// The earliest moment.
    pub from: Timestamp,
    /// The latest moment.
    pub to: Timestamp,
    /// SHA-256 of the canonical form (RFC 8785) of `{"conditions", "instrument", "readings": […]}`, the readings by pointer
    /// and time.
    pub sha256: Sha256,
}

/// What stands beside a subject's values after an event, such as its status, which no class's commitment covers: SHA-256 of the
/// canonical forms (RFC 8785).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateDigests {
    /// Identity, status and relations.
    pub facts: Sha256,
    /// Who is responsible, and who was.
    pub owners: Sha256,
}

/// What an event erased: nobody can open it any more, and no proof needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// JSON Pointers of the attributes whose former values are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Numbers of the events whose reason and notes are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<u64>,
    /// The salted digests that stay: of disclosures of events and of values in versions, in base64url.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<String>,
    /// Number of the subject's key that is gone, and with it whatever was ever sealed with that one or one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<u32>,
}

/// A `null` that is there is a value.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Everything an event of a subject's chain says.
#[derive(Clone, Debug)]
pub struct EventDraft {
    /// Name of the log.
    pub log: String,
    /// Its id.
    pub event_id: EventId,
    /// When it is written.
    pub at: Timestamp,
    /// Whose chain.
    pub subject: String,
    /// Its place, from 1.
    pub seq: u64,
    /// Hash of the event before.
    pub prev: Option<Sha256>,
    /// Event type of the catalogue.
    pub event_type: String,
    /// Who.
    pub actor: Actor,
    /// Why.
    pub reason: String,
    /// Anything else; for whoever is responsible for the subject.
    pub notes: Option<String>,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    /// What proves it.
    pub evidence: Vec<EvidenceReference>,
    /// Access class of the event itself.
    pub audience: u8,
    /// Commitments of the classes that changed.
    pub commitments: Vec<CommitmentChange>,
    /// The attributes that changed.
    pub changes: Vec<AttributeChange>,
    /// The readings it brought, by class.
    pub readings: Vec<ReadingsCommitment>,
    /// What stands beside the values from then on; for whoever is responsible for the subject, and for the audit.
    pub state: Option<StateDigests>,
    /// What it erased, if it did; for whoever is responsible for the subject, since it names attributes of every class.
    pub erased: Option<Erased>,
}

/// Everything a restricted read says (ledger.md §1.5).
#[derive(Clone, Debug)]
pub struct ReadEventDraft {
    /// Name of the log.
    pub log: String,
    /// Its id.
    pub event_id: EventId,
    /// When.
    pub at: Timestamp,
    /// Whose data.
    pub subject: String,
    /// Who.
    pub actor: Actor,
    /// What for: a purpose code.
    pub purpose: String,
    /// By which rules the restricted classes are read.
    pub basis: Vec<String>,
    /// The classes read.
    pub classes: Vec<u8>,
    /// The attributes read, where not all of the classes.
    pub pointers: Vec<String>,
    /// Commitments of what was read.
    pub commitments: Vec<Sha256>,
    /// The request.
    pub request_id: String,
}

/// How often everybody's part of a unit was read on a day, by nobody in particular (ledger.md §1.5).
#[derive(Clone, Debug)]
pub struct PublicReadsDraft {
    /// Name of the log.
    pub log: String,
    /// Its id.
    pub event_id: EventId,
    /// When it is written.
    pub at: Timestamp,
    /// Whose.
    pub subject: String,
    /// The day: `2027-02-18`.
    pub day: String,
    /// How often.
    pub count: u64,
}

/// An event as it is stored.
#[derive(Clone, Debug)]
pub struct SealedEvent {
    /// Its id.
    pub event_id: EventId,
    /// When.
    pub at: Timestamp,
    /// The leaf: canonical JSON.
    pub bytes: Vec<u8>,
    /// Its RFC 6962 leaf hash.
    pub hash: Sha256,
    /// What can be opened, by whom.
    pub disclosures: BTreeMap<Audience, Vec<String>>,
}

/// An event cannot be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Too many attributes at once.
    #[error("{0} disclosures, 1000 are the most: change fewer attributes at a time")]
    TooManyDisclosures(usize),
    /// The leaf is too long.
    #[error("a leaf of {0} bytes, 65535 are the most: change fewer attributes at a time")]
    TooLong(usize),
    /// A number would be rounded.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// An attribute whose name could be taken for another disclosure's.
    #[error("`{0}` is no JSON Pointer: expected an attribute such as `/condition/stateOfHealth`")]
    NotAPointer(String),
    /// An attribute, a class's commitment or readings, or a piece of evidence that comes twice.
    #[error("`{0}` comes twice: name each attribute, each class and each piece of evidence once")]
    Repeated(String),
    /// A class that nobody can read.
    #[error("`{0}` is no access class: expected 0 to 4")]
    UnknownClass(u8),
}

/// Class 0: who is responsible for the subject.
const INTERNAL: Audience = Audience::Class(0);

impl EventDraft {
    /// Seals the event with salts and decoys from `random`.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(self, random: &mut dyn FnMut(&mut [u8])) -> Result<SealedEvent, SealError> {
        self.check()?;
        let own = Audience::Class(self.audience);
        let mut said = vec![
            (
                Audience::Chain,
                CHAIN.to_owned(),
                json!({"subject": self.subject, "seq": self.seq, "prev": self.prev}),
            ),
            (own, "type".to_owned(), json!(self.event_type)),
            (own, "actor".to_owned(), json!(self.actor)),
            (own, "reason".to_owned(), json!(self.reason)),
        ];
        if let Some(notes) = &self.notes {
            said.push((INTERNAL, "notes".to_owned(), json!(notes)));
        }
        if let Some(state) = self.state {
            said.push((INTERNAL, STATE.to_owned(), json!(state)));
        }
        if let Some(erased) = self.erased {
            said.push((INTERNAL, ERASED.to_owned(), json!(erased)));
        }
        if let Some(at) = self.occurred_at {
            said.push((own, "occurredAt".to_owned(), json!(at)));
        }
        for evidence in &self.evidence {
            let audience = Audience::Class(evidence.class);
            said.push((audience, EVIDENCE.to_owned(), json!(evidence)));
        }
        for change in &self.commitments {
            let audience = Audience::Class(change.class);
            said.push((audience, COMMITMENT.to_owned(), json!(change)));
        }
        for readings in &self.readings {
            let audience = Audience::Class(readings.class);
            said.push((audience, READINGS.to_owned(), json!(readings)));
        }
        for change in self.changes {
            let mut value = json!(change);
            if let Some(value) = value.as_object_mut() {
                value.shift_remove("pointer");
            }
            said.push((Audience::Class(change.class), change.pointer, value));
        }
        seal(&self.log, self.event_id, self.at, said, random)
    }

    /// What sealed would not open again, or not for whom it is meant.
    fn check(&self) -> Result<(), SealError> {
        let (changes, commitments) = (&self.changes, &self.commitments);
        let classes = changes.iter().map(|change| change.class);
        let classes = classes.chain(commitments.iter().map(|change| change.class));
        let classes = classes.chain(self.evidence.iter().map(|evidence| evidence.class));
        let classes = classes.chain(self.readings.iter().map(|readings| readings.class));
        if let Some(class) = classes.chain([self.audience]).find(|class| *class > 4) {
            return Err(SealError::UnknownClass(class));
        }
        let mut seen = BTreeSet::new();
        for change in changes {
            if !change.pointer.starts_with('/') {
                return Err(SealError::NotAPointer(change.pointer.clone()));
            }
            if !seen.insert(change.pointer.clone()) {
                return Err(SealError::Repeated(change.pointer.clone()));
            }
        }
        let commitments = commitments
            .iter()
            .map(|change| format!("{COMMITMENT} {}", change.class));
        let evidence = self
            .evidence
            .iter()
            .map(|evidence| format!("{EVIDENCE} {}", evidence.id));
        let readings = self
            .readings
            .iter()
            .map(|readings| format!("{READINGS} {}", readings.class));
        for name in commitments.chain(evidence).chain(readings) {
            if !seen.insert(name.clone()) {
                return Err(SealError::Repeated(name));
            }
        }
        Ok(())
    }
}

impl ReadEventDraft {
    /// Seals the read event with salts and decoys from `random`. Only the owner's internal class opens it.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(self, random: &mut dyn FnMut(&mut [u8])) -> Result<SealedEvent, SealError> {
        let said = [
            ("type", json!("restricted-read")),
            ("subject", json!(self.subject)),
            ("actor", json!(self.actor)),
            ("reason", json!(self.purpose)),
            ("basis", json!(self.basis)),
            ("classes", json!(self.classes)),
            ("pointers", json!(self.pointers)),
            ("commitments", json!(self.commitments)),
            ("requestId", json!(self.request_id)),
        ]
        .map(|(name, value)| (INTERNAL, name.to_owned(), value))
        .into();
        seal(&self.log, self.event_id, self.at, said, random)
    }
}

impl PublicReadsDraft {
    /// Seals the event with salts and decoys from `random`. Only the owner's internal class opens it.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(self, random: &mut dyn FnMut(&mut [u8])) -> Result<SealedEvent, SealError> {
        let said = [
            ("type", json!("public-reads")),
            ("subject", json!(self.subject)),
            ("day", json!(self.day)),
            ("count", json!(self.count)),
        ]
        .map(|(name, value)| (INTERNAL, name.to_owned(), value))
        .into();
        seal(&self.log, self.event_id, self.at, said, random)
    }
}

fn seal(
    log: &str,
    event_id: EventId,
    at: Timestamp,
    said: Vec<(Audience, String, Value)>,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<SealedEvent, SealError> {
    if said.len() > MOST_DISCLOSURES {
        return Err(SealError::TooManyDisclosures(said.len()));
    }
    let mut disclosures: BTreeMap<Audience, Vec<String>> = BTreeMap::new();
    let mut digests = Vec::with_capacity(said.len().next_power_of_two());
    for (audience, name, value) in said {
        let mut salt = [0; 16];
        random(&mut salt);
        let disclosed = disclose(&Salt(salt), &name, &value)?;
        digests.push(digest(&disclosed));
        disclosures.entry(audience).or_default().push(disclosed);
    }
    // Decoys, so that the number of digests does not tell how much an event says (RFC 9901 §4.2.5).
    let padded = digests.len().next_power_of_two().max(FEWEST_DIGESTS);
    while digests.len() < padded {
        let mut decoy = [0; 32];
        random(&mut decoy);
        digests.push(URL_SAFE_NO_PAD.encode(decoy));
    }
    digests.sort_unstable();
    let bytes = canonical(&json!({
        "v": VERSION, "log": log, "eventId": event_id, "at": at, "_sd": digests,
    }))?;
    if bytes.len() > LEAF_LIMIT {
        return Err(SealError::TooLong(bytes.len()));
    }
    Ok(SealedEvent {
        event_id,
        at,
        hash: Sha256::of_leaf(&bytes),
        bytes,
        disclosures,
    })
}

#[cfg(test)]
mod tests;
