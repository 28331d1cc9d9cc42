//! What a log is made of, written a second time and as plainly as the specifications have it, so that tests can lie about it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::hash::Hash;
use crate::{CHAIN_FORMAT, PROOF_FORMAT};

pub(crate) const LOG: &str = "id.example.eu/log";
pub(crate) const SUBJECT: &str = "P#1b4e28ba-2fa1-41d2-883f-0016d3cca427";

/// RFC 6962 §2.1: the root by its definition.
pub(crate) fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(b""),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(half(leaves.len()));
            Hash::node(&root(left), &root(right))
        }
    }
}

/// RFC 6962 §2.1.1: the audit path by its definition.
pub(crate) fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(half(leaves.len()));
    let (mut path, beside) = match index < left.len() {
        true => (path(index, left), root(right)),
        false => (path(index - left.len(), right), root(left)),
    };
    path.push(beside);
    path
}

/// RFC 6962 §2.1.2: the consistency proof by its definition.
pub(crate) fn growth(older: usize, leaves: &[Hash]) -> Vec<Hash> {
    fn part(older: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if older == leaves.len() {
            return if whole {
                Vec::new()
            } else {
                vec![root(leaves)]
            };
        }
        let (left, right) = leaves.split_at(half(leaves.len()));
        let (mut proof, beside) = match older <= left.len() {
            true => (part(older, left, whole), root(right)),
            false => (part(older - left.len(), right, false), root(left)),
        };
        proof.push(beside);
        proof
    }
    part(older, leaves, true)
}

/// The largest power of two below a number.
fn half(size: usize) -> usize {
    size.next_power_of_two() / 2
}

/// A key of its own for each name, and its verifier key.
pub(crate) fn signing_key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(name).into())
}

pub(crate) fn key_text(name: &str, kind: u8) -> String {
    let key = signing_key(name).verifying_key();
    let bytes = [&[kind][..], key.as_bytes()].concat();
    let id = Sha256::digest([name.as_bytes(), b"\n", &bytes].concat());
    format!(
        "{name}+{}+{}",
        hex::encode(&id[..4]),
        STANDARD.encode(bytes)
    )
}

/// A signature line.
pub(crate) fn line(name: &str, kind: u8, signature: &[u8]) -> String {
    let key = key_text(name, kind);
    let id = hex::decode(key.split('+').nth(1).unwrap()).unwrap();
    format!("— {name} {}\n", STANDARD.encode([&id, signature].concat()))
}

/// A checkpoint, signed by its log and by witnesses at a time.
pub(crate) fn checkpoint(origin: &str, size: usize, root: &Hash, witnesses: &[&str]) -> String {
    let hash = STANDARD.encode(hex::decode(root.to_string()).unwrap());
    let text = format!("{origin}\n{size}\n{hash}\n");
    let own = signing_key(origin).sign(text.as_bytes());
    let mut note = format!("{text}\n{}", line(origin, 1, &own.to_bytes()));
    for witness in witnesses {
        let time = 1_800_000_100_u64;
        let message = format!("cosignature/v1\ntime {time}\n{text}");
        let signature = signing_key(witness).sign(message.as_bytes()).to_bytes();
        note += &line(witness, 4, &[&time.to_be_bytes()[..], &signature].concat());
    }
    note
}

/// A disclosure; its salt is made of what it says.
pub(crate) fn disclosure(name: &str, value: &Value) -> String {
    let salt = URL_SAFE_NO_PAD.encode(&Sha256::digest(format!("{name}{value}"))[..16]);
    let text = serde_json_canonicalizer::to_string(&json!([salt, name, value])).unwrap();
    URL_SAFE_NO_PAD.encode(text)
}

/// The leaf of an event some milliseconds after the beginning, with the digests of these texts.
pub(crate) fn leaf(millisecond: u64, disclosures: &[String]) -> Vec<u8> {
    let mut digests: Vec<String> = disclosures.iter().map(|text| Hash::digest(text)).collect();
    digests.sort();
    let (second, millisecond) = (millisecond / 1_000, millisecond % 1_000);
    let (hour, minute, second) = (8 + second / 3_600, second / 60 % 60, second % 60);
    format!(
        "{{\"_sd\":{},\"at\":\"2027-01-15T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z\",\
         \"eventId\":\"01a3185c-5000-7707-8707-{:012x}\",\"log\":\"{LOG}\",\"v\":1}}",
        json!(digests),
        (hour * 3_600 + minute * 60 + second) * 1_000 + millisecond,
    )
    .into_bytes()
}

/// An event of a chain, with its disclosures.
#[derive(Clone)]
pub(crate) struct Written {
    pub(crate) leaf: Vec<u8>,
    pub(crate) disclosures: Vec<String>,
}

impl Written {
    pub(crate) fn new(millisecond: u64, said: &[(&str, Value)]) -> Self {
        let disclosures: Vec<String> = said
            .iter()
            .map(|(name, value)| disclosure(name, value))
            .collect();
        let decoy = disclosure("decoy", &json!(millisecond));
        let leaf = leaf(millisecond, &[disclosures.clone(), vec![decoy]].concat());
        Self { leaf, disclosures }
    }
}

/// A chain of events, one millisecond after the other.
pub(crate) fn events(count: u64) -> Vec<Written> {
    let mut prev: Option<String> = None;
    let event = |seq: u64| {
        let link = json!({"subject": SUBJECT, "seq": seq, "prev": prev});
        let change = json!({"op": "replace", "before": seq, "after": seq + 1});
        let said = [
            ("chain", link),
            ("type", json!("repair")),
            ("/condition/count", change),
        ];
        let event = Written::new(seq, &said);
        prev = Some(Hash::leaf(&event.leaf).to_string());
        event
    };
    (1..=count).map(event).collect()
}

/// A log of leaves.
pub(crate) struct Log {
    pub(crate) origin: &'static str,
    pub(crate) leaves: Vec<Vec<u8>>,
    pub(crate) witnesses: Vec<&'static str>,
}

impl Log {
    pub(crate) fn of(events: &[Written]) -> Self {
        Self {
            origin: LOG,
            leaves: events.iter().map(|event| event.leaf.clone()).collect(),
            witnesses: Vec::new(),
        }
    }

    pub(crate) fn hashes(&self) -> Vec<Hash> {
        self.leaves.iter().map(|leaf| Hash::leaf(leaf)).collect()
    }

    /// The checkpoint when it had so many entries.
    pub(crate) fn checkpoint(&self, size: usize) -> String {
        let root = root(&self.hashes()[..size]);
        checkpoint(self.origin, size, &root, &self.witnesses)
    }

    /// A C2SP proof.
    pub(crate) fn proof(&self, index: usize) -> String {
        let path = path(index, &self.hashes());
        let hash = |hash: &Hash| STANDARD.encode(hex::decode(hash.to_string()).unwrap()) + "\n";
        let path: String = path.iter().map(hash).collect();
        format!(
            "c2sp.org/tlog-proof@v1\nindex {index}\n{path}\n{}",
            self.checkpoint(self.leaves.len())
        )
    }

    /// What a witness is handed: the newest checkpoint, and the proof that it only adds to an older one (C2SP tlog-witness).
    pub(crate) fn grown(&self, older: usize) -> String {
        let hash = |hash: &Hash| STANDARD.encode(hex::decode(hash.to_string()).unwrap()) + "\n";
        let proof: String = match older {
            0 => String::new(),
            older => growth(older, &self.hashes()).iter().map(hash).collect(),
        };
        format!(
            "old {older}\n{proof}\n{}",
            self.checkpoint(self.leaves.len())
        )
    }

    /// The files of C2SP tlog-tiles, by their paths.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        files.insert(
            "checkpoint".to_owned(),
            self.checkpoint(self.leaves.len()).into_bytes(),
        );
        let named = |number: usize, width: usize| match width {
            256 => format!("{number:03}"),
            width => format!("{number:03}.p/{width}"),
        };
        for (number, leaves) in self.leaves.chunks(256).enumerate() {
            let entry = |leaf: &Vec<u8>| {
                [&u16::try_from(leaf.len()).unwrap().to_be_bytes()[..], leaf].concat()
            };
            let bundle = leaves.iter().flat_map(entry).collect();
            files.insert(
                format!("tile/entries/{}", named(number, leaves.len())),
                bundle,
            );
        }
        let mut hashes = self.hashes();
        for level in 0.. {
            if hashes.is_empty() {
                break;
            }
            for (number, tile) in hashes.chunks(256).enumerate() {
                let bytes = tile
                    .iter()
                    .flat_map(|hash| hex::decode(hash.to_string()).unwrap())
                    .collect();
                files.insert(format!("tile/{level}/{}", named(number, tile.len())), bytes);
            }
            hashes = hashes.chunks_exact(256).map(root).collect();
        }
        files
    }
}

/// A proof file.
pub(crate) fn proof_file(log: &Log, index: usize, event: &Written) -> Value {
    json!({
        "format": PROOF_FORMAT, "proof": log.proof(index), "leaf": STANDARD.encode(&event.leaf),
        "disclosures": event.disclosures,
    })
}

/// A chain file in which only some events have a proof.
pub(crate) fn chain_file(log: &Log, events: &[Written], proved: &[usize]) -> Value {
    let links = events.iter().enumerate().map(|(index, event)| {
        let mut link =
            json!({"leaf": STANDARD.encode(&event.leaf), "disclosures": event.disclosures});
        if proved.contains(&index) {
            link["proof"] = json!(log.proof(index));
        }
        link
    });
    json!({"format": CHAIN_FORMAT, "subject": SUBJECT, "events": links.collect::<Vec<_>>()})
}
