//! One event and its proof (C2SP tlog-proof).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::checkpoint::decimal;
use crate::disclosure::Opened;
use crate::hash::Hash;
use crate::leaf::Leaf;
use crate::merkle::root_of_inclusion;
use crate::report::{Fault, Report};
use crate::trust::{Head, Trust};

/// Format of a proof file.
///
/// ```json
/// {"format": "battery-passport-proof/1", "proof": "c2sp.org/tlog-proof@v1\nindex 7\n…",
///  "leaf": "<base64 of the leaf's bytes>", "disclosures": ["<base64url>", "…"]}
/// ```
pub const PROOF_FORMAT: &str = "battery-passport-proof/1";

/// First line of a C2SP proof.
const TLOG_PROOF: &str = "c2sp.org/tlog-proof@v1";
/// No tree of 2^64 entries is higher.
const LONGEST_PATH: usize = 64;

/// A proof file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProofFile {
    #[serde(rename = "format")]
    _format: String,
    proof: String,
    leaf: String,
    #[serde(default)]
    disclosures: Vec<String>,
}

/// Verifies a proof file: that the event is in a log that is trusted, and says what was opened of it; and, where a receipt is
/// given (`Audit-Receipt`: `<eventId>:<hash>`), that it is the event of that receipt.
#[must_use]
pub fn proof(file: &[u8], receipt: Option<&str>, trust: &Trust) -> Report {
    Report::of(|report| {
        let file = ProofFile::read(file)?;
        tell(report, &file.held(trust)?, receipt)
    })
}

/// The same of a bare C2SP proof with the leaf beside it, and nothing opened.
#[must_use]
pub fn bare_proof(proof: &str, leaf: &[u8], receipt: Option<&str>, trust: &Trust) -> Report {
    Report::of(|report| tell(report, &held(proof, leaf, &[], trust)?, receipt))
}

impl ProofFile {
    pub(crate) fn read(file: &[u8]) -> Result<Self, Fault> {
        document("the proof file", PROOF_FORMAT, file)
    }

    /// Its event, where it is in a log that is trusted.
    pub(crate) fn held(&self, trust: &Trust) -> Result<(Logged<'_>, Event), Fault> {
        let leaf = leaf_bytes("the proof file", &self.leaf)?;
        held(&self.proof, &leaf, &self.disclosures, trust)
    }
}

fn held<'p>(
    proof: &'p str,
    leaf: &[u8],
    disclosures: &[String],
    trust: &Trust,
) -> Result<(Logged<'p>, Event), Fault> {
    let logged = Logged::read("the proof", proof, leaf, trust)?;
    let event = Event::read("the event", leaf, disclosures)?;
    logged.holds("the event", &event.leaf)?;
    Ok((logged, event))
}

fn tell(
    report: &mut Report,
    (logged, event): &(Logged<'_>, Event),
    receipt: Option<&str>,
) -> Result<(), Fault> {
    let Event { leaf, opened } = event;
    report.proves(format!(
        "This event is entry {} of the log `{}`: its id is {}, its hash {}.",
        logged.index, leaf.log, leaf.event_id, leaf.hash
    ));
    logged.head.tell(report);
    report.proves(format!(
        "It was written at {}, by the writer's clock.",
        leaf.at
    ));
    for said in &opened.said {
        report.proves(said.sentence());
    }
    match logged.head.seen() {
        Some((name, time)) if time < leaf.millisecond => report.leaves_open(format!(
            "That it was written then: the witness `{name}` saw the log with it in it before that, so one of their clocks is wrong."
        )),
        _ => {}
    }
    if opened.said.is_empty() {
        report.leaves_open("What it says: nothing of it was shown.");
    }
    if opened.closed > 0 {
        report.leaves_open(format!(
            "What else it says: {} stayed closed, which may be of nothing at all.",
            digests(opened.closed)
        ));
    }
    report.leaves_open("That what it says is true: only that it was said, and not changed since.");
    report.leaves_open("That nothing came after it: no later event is looked for here.");
    let Some(receipt) = receipt else {
        return Ok(());
    };
    let own = format!("{}:{}", leaf.event_id, leaf.hash);
    if receipt != own {
        let fault = Fault::lie("the receipt", "it is of another event than the proof");
        return Err(fault.expected(own).found(receipt));
    }
    report.proves("It is the event of the receipt.");
    Ok(())
}

fn digests(count: usize) -> String {
    match count {
        1 => "1 digest".to_owned(),
        count => format!("{count} digests"),
    }
}

/// An event, as far as it was opened.
pub(crate) struct Event {
    pub(crate) leaf: Leaf,
    pub(crate) opened: Opened,
}

impl Event {
    pub(crate) fn read(place: &str, leaf: &[u8], disclosures: &[String]) -> Result<Self, Fault> {
        let leaf = Leaf::read(place, leaf)?;
        let opened = Opened::read(place, &leaf, disclosures)?;
        Ok(Self { leaf, opened })
    }
}

/// Where an entry stands in a log that is trusted.
pub(crate) struct Logged<'p> {
    pub(crate) index: u64,
    pub(crate) head: Head<'p>,
}

impl<'p> Logged<'p> {
    /// Holds a proof against the keys, and the bytes of a leaf against the proof.
    pub(crate) fn read(
        place: &str,
        proof: &'p str,
        leaf: &[u8],
        trust: &Trust,
    ) -> Result<Self, Fault> {
        let (index, path, checkpoint) = parts(proof)
            .map_err(|why| Fault::unchecked(place, format!("this is no proof: {why}")))?;
        let head = trust.check(&format!("{place}, its checkpoint"), checkpoint)?;
        let (size, root) = (head.checkpoint.size, head.checkpoint.root);
        if index >= size {
            let fault = Fault::lie(place, "the log has no such entry");
            return Err(fault
                .expected(format!("an entry below {size}"))
                .found(index));
        }
        let hash = Hash::leaf(leaf);
        match root_of_inclusion(index, size, hash, &path) {
            Some(found) if found == root => Ok(Self { index, head }),
            Some(found) => {
                let what = format!(
                    "the event is not entry {index}: it does not come to the root that was signed"
                );
                Err(Fault::lie(place, what).expected(root).found(found))
            }
            None => {
                let what = format!("its path has not the length for entry {index} of {size}");
                Err(Fault::lie(place, what).found(path.len()))
            }
        }
    }

    /// A leaf names its own log: one log's entry is none of another.
    pub(crate) fn holds(&self, place: &str, leaf: &Leaf) -> Result<(), Fault> {
        let origin = self.head.checkpoint.origin;
        match leaf.log == origin {
            true => Ok(()),
            false => {
                let fault = Fault::lie(place, "it names another log than the one it is in");
                Err(fault.expected(origin).found(&leaf.log))
            }
        }
    }
}

/// Index, audit path and checkpoint of a C2SP proof. Its `extra` line is signed by nobody, and not looked at.
fn parts(proof: &str) -> Result<(u64, Vec<Hash>, &str), &'static str> {
    let (head, checkpoint) = proof.split_once("\n\n").ok_or("it has no empty line")?;
    let mut lines = head.split('\n').peekable();
    if lines.next() != Some(TLOG_PROOF) {
        return Err("its first line is not `c2sp.org/tlog-proof@v1`");
    }
    lines.next_if(|line| line.starts_with("extra "));
    let index = lines
        .next()
        .and_then(|line| line.strip_prefix("index "))
        .and_then(decimal);
    let index = index.ok_or("it has no line `index`")?;
    let path: Option<Vec<Hash>> = lines
        .take(LONGEST_PATH + 1)
        .map(Hash::from_base64)
        .collect();
    let path = path.ok_or("a line of its path is no hash in base64")?;
    match path.len() > LONGEST_PATH {
        true => Err("its path has more than 64 hashes"),
        false => Ok((index, path, checkpoint)),
    }
}

/// Reads a document whose format is named in it.
pub(crate) fn document<T: DeserializeOwned>(
    place: &str,
    format: &str,
    bytes: &[u8],
) -> Result<T, Fault> {
    #[derive(Deserialize)]
    struct Format {
        format: String,
    }
    let not =
        |error: serde_json::Error| Fault::unchecked(place, format!("it cannot be read: {error}"));
    let named: Format = serde_json::from_slice(bytes).map_err(not)?;
    if named.format != format {
        let fault = Fault::unchecked(place, "it is of another format");
        return Err(fault.expected(format).found(named.format));
    }
    serde_json::from_slice(bytes).map_err(not)
}

/// The bytes of a leaf in base64.
pub(crate) fn leaf_bytes(place: &str, text: &str) -> Result<Vec<u8>, Fault> {
    STANDARD
        .decode(text)
        .map_err(|error| Fault::unchecked(place, format!("its `leaf` is no base64: {error}")))
}

#[cfg(test)]
mod tests;
