//! What the platform's own writer writes: events of one subject, their versions, and the log of them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    reason = "helpers of tests and of measurements, each of which uses some"
)]

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use ledger::{
    Actor, AttributeChange, Checkpoint, CommitmentChange, Cosignature, EventDraft, EventId, Note,
    NoteSignature, PartSalts, ProofPlan, SealedEvent, Sha256, SignatureType, Tiles, Timestamp,
    TlogProof, ViewKey, ViewStatement, append, commitment,
};
use serde_json::{Value, json};
use verify::{CHAIN_FORMAT, PROOF_FORMAT, Report, Trust, VERSION_FORMAT, VIEWS_FORMAT};

pub(crate) const LOG: &str = "id.example.eu/log";
const SUBJECT: &str = "P#1b4e28ba-2fa1-41d2-883f-0016d3cca427";

pub(crate) fn key(name: &str, signs: SignatureType) -> (SigningKey, ledger::VerifierKey) {
    let secret = SigningKey::from_bytes(Sha256::of(name.as_bytes()).as_bytes());
    let key = ledger::VerifierKey::new(name, signs, secret.verifying_key().as_bytes()).unwrap();
    (secret, key)
}

/// The key of the operator `voltwerk`.
pub(crate) fn operator_key() -> (SigningKey, ViewKey) {
    let secret = SigningKey::from_bytes(Sha256::of(b"voltwerk").as_bytes());
    let key = ViewKey::ed25519(secret.verifying_key().as_bytes()).unwrap();
    (secret, key)
}

/// The public keys of that operator, as a set.
pub(crate) fn operator_keys() -> String {
    json!({"keys": [operator_key().1.to_json()]}).to_string()
}

/// A policy that asks for the witness `w1`.
pub(crate) fn trust() -> Trust {
    let (log, witness) = (
        key(LOG, SignatureType::Ed25519).1,
        key("w1.example", SignatureType::CosignatureV1).1,
    );
    Trust::policy(&format!("log {log}\nwitness w1 {witness}\nquorum w1\n")).unwrap()
}

/// What the writer wrote: events of one subject, and the log of them.
pub(crate) struct Written {
    pub(crate) events: Vec<SealedEvent>,
    pub(crate) parts: Vec<(BTreeMap<String, Value>, PartSalts)>,
    pub(crate) tiles: Tiles,
    /// The checkpoint after each batch.
    pub(crate) checkpoints: Vec<Note>,
}

impl Written {
    pub(crate) fn new(batches: &[usize]) -> Self {
        let mut written = Self {
            events: Vec::new(),
            parts: Vec::new(),
            tiles: Tiles::new(),
            checkpoints: Vec::new(),
        };
        for batch in batches {
            written.batch(*batch);
        }
        written
    }

    fn batch(&mut self, count: usize) {
        let before = u64::try_from(self.events.len()).unwrap();
        let new: Vec<SealedEvent> = (0..count).map(|_| self.event()).collect();
        let leaves: Vec<&[u8]> = new.iter().map(|event| event.bytes.as_slice()).collect();
        let appended = append(before, &self.tiles, &leaves).unwrap();
        self.tiles.extend(appended.written);
        self.checkpoints
            .push(signed(self.events.len(), appended.after.root()));
    }

    fn event(&mut self) -> SealedEvent {
        let seq = u64::try_from(self.events.len()).unwrap() + 1;
        let at = Timestamp::from_millisecond(1_800_000_000_000 + i64::try_from(seq).unwrap());
        let pointer = "/condition/count";
        let part = BTreeMap::from([
            (pointer.to_owned(), json!(seq)),
            ("/identification/serialNumber".to_owned(), json!("T-7")),
        ]);
        let mut random = random(seq);
        let known = self
            .parts
            .last()
            .map(|(_, salts)| salts.clone())
            .unwrap_or_default();
        let salts = known.renew(
            part.keys().map(String::as_str),
            |changed| changed == pointer,
            &mut random,
        );
        let committed = |(part, salts): &(BTreeMap<String, Value>, PartSalts)| {
            commitment(part, salts.salts()).unwrap()
        };
        let before = self.parts.last().map(committed);
        self.parts.push((part, salts));
        let draft = EventDraft {
            log: LOG.to_owned(),
            event_id: EventId::new(at, &[7; 10]),
            at,
            subject: SUBJECT.to_owned(),
            seq,
            prev: self.events.last().map(|event| event.hash),
            event_type: "repair".to_owned(),
            actor: Actor {
                role: "service-provider".to_owned(),
                organisation: "garage".to_owned(),
                reference: "00ff".to_owned(),
            },
            reason: "counted".to_owned(),
            notes: None,
            occurred_at: Some(at),
            evidence: Vec::new(),
            audience: 1,
            commitments: vec![CommitmentChange {
                class: 1,
                before,
                after: self.parts.last().map(committed),
            }],
            changes: vec![AttributeChange {
                pointer: pointer.to_owned(),
                class: 1,
                op: if seq == 1 { "add" } else { "replace" }.to_owned(),
                before: (seq > 1).then(|| json!(seq - 1)),
                after: Some(json!(seq)),
            }],
            readings: Vec::new(),
            state: None,
            erased: None,
        };
        let event = draft.seal(&mut random).unwrap();
        self.events.push(event.clone());
        event
    }

    pub(crate) fn proof(&self, index: usize) -> TlogProof {
        let (index, size) = (
            u64::try_from(index).unwrap(),
            u64::try_from(self.events.len()).unwrap(),
        );
        TlogProof {
            extra: None,
            index,
            hashes: ProofPlan::inclusion(index, size)
                .unwrap()
                .prove(&self.tiles)
                .unwrap(),
            checkpoint: self.checkpoints.last().unwrap().clone(),
        }
    }

    fn disclosures(&self, index: usize) -> Vec<&String> {
        self.events[index].disclosures.values().flatten().collect()
    }

    pub(crate) fn proof_file(&self, index: usize) -> String {
        let event = &self.events[index];
        json!({
            "format": PROOF_FORMAT, "proof": self.proof(index).to_string(), "leaf": STANDARD.encode(&event.bytes),
            "disclosures": self.disclosures(index),
        })
        .to_string()
    }

    /// As a function over the files that were published.
    pub(crate) fn log(&self, older: Option<&str>) -> Report {
        let files: BTreeMap<String, &Vec<u8>> = self
            .tiles
            .iter()
            .map(|(tile, bytes)| (tile.to_string(), bytes))
            .collect();
        let checkpoint = self.checkpoints.last().unwrap().to_string();
        let mut read = |path: &str| match path {
            "checkpoint" => Ok(Some(checkpoint.clone().into_bytes())),
            path => Ok(files.get(path).map(|bytes| (*bytes).clone())),
        };
        verify::log(&mut read, older, &trust())
    }

    pub(crate) fn chain_file(&self, proved: &[usize]) -> String {
        let links = (0..self.events.len()).map(|event| {
            let leaf = STANDARD.encode(&self.events[event].bytes);
            let mut link = json!({"leaf": leaf, "disclosures": self.disclosures(event)});
            if proved.contains(&event) {
                link["proof"] = json!(self.proof(event).to_string());
            }
            link
        });
        let links: Vec<Value> = links.collect();
        json!({"format": CHAIN_FORMAT, "subject": SUBJECT, "events": links}).to_string()
    }

    /// The newest checkpoint with the proof that it only adds to that one: what a witness is handed.
    pub(crate) fn grown(&self, checkpoint: usize) -> String {
        let size = |note: &Note| note.text().parse::<Checkpoint>().unwrap().size();
        let newest = self.checkpoints.last().unwrap();
        let (older, newer) = (size(&self.checkpoints[checkpoint]), size(newest));
        let hashes = ProofPlan::consistency(older, newer)
            .unwrap()
            .prove(&self.tiles)
            .unwrap();
        let lines: String = hashes.iter().map(|hash| hash.to_base64() + "\n").collect();
        format!("old {older}\n{lines}\n{newest}")
    }

    /// A version as its operator signs it, with the proof of its event.
    pub(crate) fn views_file(&self, version: usize) -> String {
        let (event, (part, salts)) = (&self.events[version], &self.parts[version]);
        let statement = ViewStatement {
            subject: SUBJECT.to_owned(),
            class: 1,
            version: u64::try_from(version).unwrap() + 1,
            commitment: commitment(part, salts.salts()).unwrap(),
            event_id: event.event_id,
            event_hash: event.hash,
            operator: "voltwerk".to_owned(),
            at: event.at,
        };
        let (secret, key) = operator_key();
        let to_sign = statement.to_sign(&key).unwrap();
        let signature = to_sign.signed(&secret.sign(to_sign.message()).to_bytes());
        let read = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        let view = json!({
            "statement": statement.to_json(), "signature": signature,
            "values": read(self.version_file(version)), "proof": read(self.proof_file(version)),
        });
        json!({"format": VIEWS_FORMAT, "views": [view]}).to_string()
    }

    pub(crate) fn version_file(&self, version: usize) -> String {
        let (part, salts) = &self.parts[version];
        let data = json!({
            "condition": {"count": part["/condition/count"]},
            "identification": {"serialNumber": part["/identification/serialNumber"]},
        });
        json!({"format": VERSION_FORMAT, "class": 1, "data": data, "salts": salts}).to_string()
    }
}

/// Signed by the log, and by its witness.
fn signed(size: usize, root: Sha256) -> Note {
    let checkpoint = Checkpoint::new(LOG, u64::try_from(size).unwrap(), root).unwrap();
    let note = Note::new(checkpoint.to_string()).unwrap();
    let (secret, log) = key(LOG, SignatureType::Ed25519);
    let own = secret.sign(note.text().as_bytes()).to_bytes();
    let (secret, witness) = key("w1.example", SignatureType::CosignatureV1);
    let timestamp = 1_800_000_100;
    let signature = secret
        .sign(&Cosignature::message(timestamp, note.text()))
        .to_bytes();
    note.with_signature(NoteSignature::ed25519(&log, &own))
        .with_signature(NoteSignature::cosignature(
            &witness,
            &Cosignature {
                timestamp,
                signature,
            },
        ))
}

fn random(seed: u64) -> impl FnMut(&mut [u8]) {
    let mut next = seed << 32;
    move |buffer| {
        next += 1;
        let bytes = Sha256::of(&next.to_be_bytes());
        buffer.copy_from_slice(&bytes.as_bytes()[..buffer.len()]);
    }
}
