//! Opening what a leaf's disclosures say, trusting none of them unchecked.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::disclosure::{digest, read};
use crate::event::{
    Actor, AttributeChange, CHAIN, COMMITMENT, CommitmentChange, EvidenceReference,
    MOST_DISCLOSURES, VERSION,
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
    /// Anything else.
    pub notes: Option<String>,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    /// What proves it.
    pub evidence: Vec<EvidenceReference>,
    /// Commitments of classes that changed.
    pub commitments: Vec<CommitmentChange>,
    /// Attributes that changed.
    pub changes: Vec<AttributeChange>,
    /// What a restricted read says beside these.
    pub other: Map<String, Value>,
}

/// An event's place in its chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        other: Map::new(),
    };
    let mut seen = BTreeSet::new();
    for (index, disclosure) in disclosures.iter().enumerate() {
        let digest = digest(disclosure);
        if !digests.contains(digest.as_str()) {
            return Err(OpenError::Foreign(index));
        }
        if !seen.insert(digest) {
            return Err(OpenError::Repeated(index));
        }
        let (name, value) = read(disclosure).ok_or(OpenError::Malformed(index))?;
        event
            .take(name, value)
            .map_err(|_| OpenError::Malformed(index))?;
    }
    event
        .changes
        .sort_by(|one, other| one.pointer.cmp(&other.pointer));
    event.commitments.sort_by_key(|change| change.class);
    Ok(event)
}

impl OpenedEvent {
    fn take(&mut self, name: String, value: Value) -> Result<(), serde_json::Error> {
        match name.as_str() {
            CHAIN => self.chain = serde_json::from_value(value)?,
            "type" => self.event_type = serde_json::from_value(value)?,
            "actor" => self.actor = serde_json::from_value(value)?,
            "reason" => self.reason = serde_json::from_value(value)?,
            "notes" => self.notes = serde_json::from_value(value)?,
            "occurredAt" => self.occurred_at = serde_json::from_value(value)?,
            "evidence" => self.evidence = serde_json::from_value(value)?,
            COMMITMENT => self.commitments.push(serde_json::from_value(value)?),
            pointer if pointer.starts_with('/') => {
                let mut value = value;
                if let Some(value) = value.as_object_mut() {
                    value.insert("pointer".to_owned(), Value::String(name));
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
pub(crate) mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Audience, EventDraft, SealedEvent};

    pub(crate) fn draft(seq: u64, prev: Option<Sha256>) -> EventDraft {
        let at = Timestamp::from_millisecond(1_800_000_000_000 + i64::try_from(seq).unwrap());
        EventDraft {
            log: "id.example.eu/log".to_owned(),
            event_id: EventId::new(at, &[7; 10]),
            at,
            subject: "P#1b4e28ba-2fa1-41d2-883f-0016d3cca427".to_owned(),
            seq,
            prev,
            event_type: "repair".to_owned(),
            actor: Actor {
                role: "service-provider".to_owned(),
                organisation: "garage-canary".to_owned(),
                reference: "00ff".to_owned(),
            },
            reason: "contactor-canary exchanged".to_owned(),
            notes: Some("note-canary".to_owned()),
            occurred_at: Some(at),
            evidence: vec![EvidenceReference {
                id: "evidence-canary".to_owned(),
                sha256: Sha256::of(b"photo"),
                media_type: "image/png".to_owned(),
                version: None,
            }],
            audience: 4,
            commitments: vec![CommitmentChange {
                class: 4,
                before: None,
                after: Some(Sha256::of(b"part")),
            }],
            changes: vec![AttributeChange {
                pointer: "/condition/stateOfHealth".to_owned(),
                class: 4,
                op: "replace".to_owned(),
                before: Some(json!("97-canary")),
                after: Some(json!("96-canary")),
            }],
        }
    }

    pub(crate) fn sealed(seq: u64, prev: Option<Sha256>) -> SealedEvent {
        let mut next = 0_u8;
        draft(seq, prev)
            .seal(&mut |buffer| {
                for byte in buffer {
                    next = next.wrapping_mul(31).wrapping_add(17);
                    *byte = next;
                }
            })
            .unwrap()
    }

    fn all(event: &SealedEvent) -> Vec<String> {
        event.disclosures.values().flatten().cloned().collect()
    }

    #[test]
    fn opening_everything_gives_the_draft_back() {
        let event = sealed(3, Some(Sha256::of(b"before")));
        let opened = open(&event.bytes, &all(&event)).unwrap();
        let draft = draft(3, Some(Sha256::of(b"before")));
        let link = opened.chain.unwrap();
        assert_eq!(
            (link.seq, link.prev, link.subject),
            (3, draft.prev, draft.subject)
        );
        assert_eq!(opened.event_type, Some(draft.event_type));
        assert_eq!(opened.actor, Some(draft.actor));
        assert_eq!(opened.reason, Some(draft.reason));
        assert_eq!(opened.notes, draft.notes);
        assert_eq!(opened.occurred_at, draft.occurred_at);
        assert_eq!(opened.evidence, draft.evidence);
        assert_eq!(opened.commitments, draft.commitments);
        assert_eq!(opened.changes.len(), 1);
        assert_eq!(opened.changes[0].after, draft.changes[0].after);
        assert_eq!(opened.hash, event.hash);
    }

    #[test]
    fn a_leaf_says_nothing_but_time_and_digests() {
        let event = sealed(3, None);
        let leaf: Value = serde_json::from_slice(&event.bytes).unwrap();
        let mut members: Vec<&String> = leaf.as_object().unwrap().keys().collect();
        members.sort();
        assert_eq!(members, ["_sd", "at", "eventId", "log", "v"]);
        assert!(!String::from_utf8(event.bytes).unwrap().contains("canary"));
        let count = leaf["_sd"].as_array().unwrap().len();
        assert!(count.is_power_of_two() && count >= 8, "{count}");
    }

    #[test]
    fn each_disclosure_goes_to_its_audience() {
        let event = sealed(3, None);
        assert_eq!(event.disclosures[&Audience::Chain].len(), 1);
        let opened = open(&event.bytes, &event.disclosures[&Audience::Class(4)]).unwrap();
        assert!(opened.chain.is_none());
        assert_eq!(opened.changes.len(), 1);
    }

    #[test]
    fn foreign_repeated_and_malformed_disclosures_are_refused() {
        let (event, other) = (sealed(3, None), sealed(4, None));
        let mut texts = all(&event);
        texts.push(all(&other).pop().unwrap());
        assert_eq!(
            open(&event.bytes, &texts).unwrap_err(),
            OpenError::Foreign(texts.len() - 1)
        );
        let twice = vec![texts[0].clone(), texts[0].clone()];
        assert_eq!(
            open(&event.bytes, &twice).unwrap_err(),
            OpenError::Repeated(1)
        );
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let event = sealed(3, None);
        let texts = all(&event);
        for (index, text) in texts.iter().enumerate() {
            for position in 0..text.len() {
                let mut bytes = text.clone().into_bytes();
                bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
                let mut changed = texts.clone();
                changed[index] = String::from_utf8(bytes).unwrap();
                assert!(open(&event.bytes, &changed).is_err(), "{index} {position}");
            }
        }
        for position in 0..event.bytes.len() {
            let mut changed = event.bytes.clone();
            changed[position] ^= 1;
            assert_ne!(Sha256::of_leaf(&changed), event.hash);
        }
    }
}
