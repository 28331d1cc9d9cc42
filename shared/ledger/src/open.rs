//! Opening what a leaf's disclosures say, trusting none of them unchecked.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::disclosure::{digest, read};
use crate::event::{
    Actor, AttributeChange, CHAIN, COMMITMENT, CommitmentChange, ERASED, EVIDENCE, Erased,
    EvidenceReference, MOST_DISCLOSURES, READINGS, ReadingsCommitment, STATE, StateDigests,
    VERSION,
};
use crate::id::{EventId, Sha256, Timestamp};

/// An event, as far as it was opened.
#[derive(Clone, Debug)]
pub struct OpenedEvent {
    /// Name of the log.
    pub log: String,
    /// Its id.
    pub event_id: EventId,
    /// When.
    pub at: Timestamp,
    /// The leaf's hash.
    pub hash: Sha256,
    /// Its place in the chain.
    pub chain: Option<ChainLink>,
    /// What happened.
    pub event_type: Option<String>,
    /// Who.
    pub actor: Option<Actor>,
    /// Why.
    pub reason: Option<String>,
    /// Anything else; for whoever is responsible for the subject.
    pub notes: Option<String>,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    /// What proves it.
    pub evidence: Vec<EvidenceReference>,
    /// Commitments of classes that changed.
    pub commitments: Vec<CommitmentChange>,
    /// Attributes that changed.
    pub changes: Vec<AttributeChange>,
    /// The readings it brought, by class.
    pub readings: Vec<ReadingsCommitment>,
    /// What stood beside the values from then on.
    pub state: Option<StateDigests>,
    /// What it erased, if it did.
    pub erased: Option<Erased>,
    /// What a restricted read says beside these.
    pub other: Map<String, Value>,
}

/// An event's place in its chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainLink {
    /// Whose chain.
    pub subject: String,
    /// Its place, from 1.
    pub seq: u64,
    /// Hash of the event before.
    pub prev: Option<Sha256>,
}

/// The bytes and disclosures do not belong together.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OpenError {
    /// The bytes are no leaf.
    #[error("this is no leaf: {0}")]
    NotALeaf(String),
    /// A disclosure whose digest the leaf does not hold.
    #[error("disclosure {0} does not belong to this event")]
    Foreign(usize),
    /// A disclosure that came twice.
    #[error("disclosure {0} came twice")]
    Repeated(usize),
    /// A disclosure that cannot be read.
    #[error("disclosure {0} cannot be read")]
    Malformed(usize),
    /// A disclosure that says again what another one says.
    #[error("disclosure {0} says again what another one says")]
    SaidTwice(usize),
    /// More than an event can have.
    #[error("{0} disclosures, 1000 are the most")]
    TooMany(usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Leaf {
    v: u8,
    log: String,
    event_id: EventId,
    at: Timestamp,
    #[serde(rename = "_sd")]
    digests: Vec<String>,
}

/// Checks that every disclosure stands in the leaf, and reads them.
///
/// # Errors
/// [`OpenError`] naming the first that does not.
pub fn open(bytes: &[u8], disclosures: &[String]) -> Result<OpenedEvent, OpenError> {
    let leaf: Leaf =
        serde_json::from_slice(bytes).map_err(|error| OpenError::NotALeaf(error.to_string()))?;
    if leaf.v != VERSION {
        return Err(OpenError::NotALeaf(format!(
            "format version {} is unknown",
            leaf.v
        )));
    }
    if disclosures.len() > MOST_DISCLOSURES {
        return Err(OpenError::TooMany(disclosures.len()));
    }
    check_digests(&leaf.digests)?;
    let digests: BTreeSet<&str> = leaf.digests.iter().map(String::as_str).collect();
    let mut event = OpenedEvent {
        log: leaf.log,
        event_id: leaf.event_id,
        at: leaf.at,
        hash: Sha256::of_leaf(bytes),
        chain: None,
        event_type: None,
        actor: None,
        reason: None,
        notes: None,
        occurred_at: None,
        evidence: Vec::new(),
        commitments: Vec::new(),
        changes: Vec::new(),
        readings: Vec::new(),
        state: None,
        erased: None,
        other: Map::new(),
    };
    let mut seen = BTreeSet::new();
    let mut said = BTreeSet::new();
    for (index, disclosure) in disclosures.iter().enumerate() {
        let digest = digest(disclosure);
        if !digests.contains(digest.as_str()) {
            return Err(OpenError::Foreign(index));
        }
        if !seen.insert(digest) {
            return Err(OpenError::Repeated(index));
        }
        let (name, value) = read(disclosure).ok_or(OpenError::Malformed(index))?;
        let what = match name.as_str() {
            COMMITMENT | READINGS => {
                format!("{name} {}", value.get("class").unwrap_or(&Value::Null))
            }
            EVIDENCE => format!("{name} {}", value.get("id").unwrap_or(&Value::Null)),
            _ => name.clone(),
        };
        if !said.insert(what) {
            return Err(OpenError::SaidTwice(index));
        }
        event
            .take(name, value)
            .map_err(|_| OpenError::Malformed(index))?;
    }
    event
        .changes
        .sort_by(|one, other| one.pointer.cmp(&other.pointer));
    event.commitments.sort_by_key(|change| change.class);
    event.readings.sort_by_key(|readings| readings.class);
    event.evidence.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(event)
}

/// Sorted, each once, each a SHA-256 in base64url: their order and number may not tell anything.
fn check_digests(digests: &[String]) -> Result<(), OpenError> {
    let refused = |why: &str| Err(OpenError::NotALeaf(why.to_owned()));
    if !digests.is_sorted_by(|one, next| one < next) {
        return refused("its digests are not sorted, each once");
    }
    let is_digest = |text: &String| URL_SAFE_NO_PAD.decode(text).is_ok_and(|it| it.len() == 32);
    if !digests.iter().all(is_digest) {
        return refused("a digest is no SHA-256 in base64url");
    }
    Ok(())
}

impl OpenedEvent {
    /// Whatever was disclosed is there: a `null` is none of these values.
    fn take(&mut self, name: String, value: Value) -> Result<(), serde_json::Error> {
        match name.as_str() {
            CHAIN => self.chain = Some(serde_json::from_value(value)?),
            "type" => self.event_type = Some(serde_json::from_value(value)?),
            "actor" => self.actor = Some(serde_json::from_value(value)?),
            STATE => self.state = Some(serde_json::from_value(value)?),
            ERASED => self.erased = Some(serde_json::from_value(value)?),
            "reason" => self.reason = Some(serde_json::from_value(value)?),
            "notes" => self.notes = Some(serde_json::from_value(value)?),
            "occurredAt" => self.occurred_at = Some(serde_json::from_value(value)?),
            // The first events held all of it in one list, for the event's own audience.
            EVIDENCE if value.is_array() => {
                let list: Vec<EvidenceReference> = serde_json::from_value(value)?;
                self.evidence.extend(list);
            }
            EVIDENCE => self.evidence.push(serde_json::from_value(value)?),
            COMMITMENT => self.commitments.push(serde_json::from_value(value)?),
            READINGS => self.readings.push(serde_json::from_value(value)?),
            pointer if pointer.starts_with('/') => {
                let mut value = value;
                let named = value
                    .as_object_mut()
                    .map(|value| value.insert("pointer".to_owned(), Value::String(name)));
                if !matches!(named, Some(None)) {
                    return Err(serde::de::Error::custom("expected an attribute's change"));
                }
                self.changes.push(serde_json::from_value(value)?);
            }
            _ => {
                self.other.insert(name, value);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
