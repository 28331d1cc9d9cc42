//! The values of one access class, held against an event that committed to them (ledger.md §1.1).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::disclosure::{Commitment, disclose, read};
use crate::hash::Hash;
use crate::leaf::canonical;
use crate::proof::{ProofFile, document};
use crate::report::{Fault, Report};
use crate::trust::Trust;

/// Format of a version's part: each attribute with its value and salt, as a disclosure, or as a digest that stays closed.
///
/// ```json
/// {"format": "battery-passport-version/1", "class": 1,
///  "data": {"identification": {"serialNumber": "T-7"}}, "salts": {"/identification/serialNumber": "<base64url>"},
///  "disclosures": ["<base64url>"], "digests": {"/condition/stateOfHealth": "<base64url>"}}
/// ```
/// Whatever of `data` with `salts`, `disclosures` and `digests` is there has to add up to all attributes of the part.
pub const VERSION_FORMAT: &str = "battery-passport-version/1";

const PLACE: &str = "the version";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionFile {
    #[serde(rename = "format")]
    _format: String,
    pub(crate) class: u64,
    #[serde(default)]
    data: Map<String, Value>,
    #[serde(default)]
    salts: BTreeMap<String, String>,
    #[serde(default)]
    disclosures: Vec<String>,
    #[serde(default)]
    digests: BTreeMap<String, String>,
}

/// Verifies the values of an access class against the proof of the event that brought them.
#[must_use]
pub fn version(file: &[u8], proof: &[u8], trust: &Trust) -> Report {
    Report::of(|report| {
        let file: VersionFile = document(PLACE, VERSION_FORMAT, file)?;
        let class = file.class;
        let part = Part::read(PLACE, file)?;
        let proof = ProofFile::read(proof)?;
        let (logged, event) = proof.held(trust)?;
        let committed = event
            .opened
            .commitments
            .iter()
            .find(|one| one.class == class);
        let committed = committed.ok_or_else(|| {
            let what = format!("it shows no commitment to the values of access class {class}");
            Fault::unchecked("the event", what)
        })?;
        let when = part.held_by(committed)?;
        report.proves(format!(
            "The values of access class {class}, {} in all, {when} event {} (entry {} of the log `{}`, written at {}).",
            part.digests.len(),
            event.leaf.event_id,
            logged.index,
            event.leaf.log,
            event.leaf.at
        ));
        logged.head.tell(report);
        for (pointer, value) in &part.values {
            report.proves(format!("`{pointer}` was {value}."));
        }
        let closed = part.closed();
        if closed > 0 {
            report.leaves_open(format!(
                "What {closed} of them are: only their digests were shown."
            ));
        }
        report.leaves_open("That these are the values today: a later event may have changed them.");
        report.leaves_open(
            "That the values are true: only that they were committed to, and not changed since.",
        );
        Ok(())
    })
}

/// The attributes of a part.
#[derive(Default)]
pub(crate) struct Part {
    pub(crate) digests: BTreeMap<String, String>,
    /// Of those that are open.
    pub(crate) values: BTreeMap<String, Value>,
}

impl Part {
    pub(crate) fn read(place: &str, file: VersionFile) -> Result<Self, Fault> {
        let mut part = Self::default();
        let mut salts = file.salts;
        for (pointer, value) in attributes(file.data) {
            let of = |what: &str| Fault::unchecked(format!("{place}, `{pointer}`"), what);
            let salt = salts.remove(&pointer).ok_or_else(|| of("it has no salt"))?;
            let disclosure = disclose(&salt, &pointer, &value)
                .ok_or_else(|| of("its salt is none, or a number in it has too many digits"))?;
            part.opens(place, pointer, value, Hash::digest(&disclosure))?;
        }
        if let Some(pointer) = salts.keys().next() {
            return Err(Fault::unchecked(
                format!("{place}, `{pointer}`"),
                "there is a salt, but no value",
            ));
        }
        for (number, disclosure) in (1_usize..).zip(file.disclosures) {
            let said = read(&disclosure).ok_or_else(|| {
                Fault::unchecked(
                    format!("{place}, disclosure {number}"),
                    "it is no disclosure",
                )
            })?;
            part.opens(place, said.name, said.value, Hash::digest(&disclosure))?;
        }
        for (pointer, digest) in file.digests {
            let known = part
                .digests
                .entry(pointer.clone())
                .or_insert_with(|| digest.clone());
            if *known != digest {
                let fault = Fault::lie(
                    format!("{place}, `{pointer}`"),
                    "its value has not the digest that is given",
                );
                return Err(fault.expected(digest).found(known));
            }
        }
        Ok(part)
    }

    fn opens(
        &mut self,
        place: &str,
        pointer: String,
        value: Value,
        digest: String,
    ) -> Result<(), Fault> {
        if self.digests.insert(pointer.clone(), digest).is_some() {
            return Err(Fault::unchecked(
                format!("{place}, `{pointer}`"),
                "it is given twice",
            ));
        }
        self.values.insert(pointer, value);
        Ok(())
    }

    /// How many only a digest was shown of.
    pub(crate) fn closed(&self) -> usize {
        self.digests.len().saturating_sub(self.values.len())
    }

    /// SHA-256(JCS of the part with every value replaced by its digest).
    pub(crate) fn commitment(&self, place: &str) -> Result<Hash, Fault> {
        let unwritable =
            || Fault::unchecked(place, "its attributes cannot be written as canonical JSON");
        Ok(Hash::of(
            &canonical(&json!(self.digests)).ok_or_else(unwritable)?,
        ))
    }

    /// When the event has this part to be in force.
    fn held_by(&self, committed: &Commitment) -> Result<&'static str, Fault> {
        let found = self.commitment(PLACE)?;
        if committed.after == Some(found) {
            return Ok("came to be with");
        }
        if committed.before == Some(found) {
            return Ok("were in force until");
        }
        let expected = committed
            .after
            .map_or("none".to_owned(), |hash| hash.to_string());
        let what = "these are not the values that the event committed to, or not all of them";
        Err(Fault::lie(PLACE, what).expected(expected).found(found))
    }
}

/// The attributes of a document by their JSON Pointers (RFC 6901): the members of its groups, or a member that is no group.
fn attributes(data: Map<String, Value>) -> Vec<(String, Value)> {
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    let mut attributes = Vec::new();
    for (group, value) in data {
        match value {
            Value::Object(members) => {
                attributes.extend(members.into_iter().map(|(name, value)| {
                    (format!("/{}/{}", escaped(&group), escaped(&name)), value)
                }))
            }
            other => attributes.push((format!("/{}", escaped(&group)), other)),
        }
    }
    attributes
}

#[cfg(test)]
mod tests;
