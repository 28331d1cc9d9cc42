//! Public values with the signature of who is responsible for them, held against its key, and against the log.

use serde::Deserialize;
use serde_json::Value;

use crate::hash::Hash;
use crate::jws::{Keys, Signed};
use crate::leaf::canonical;
use crate::proof::{PROOF_FORMAT, ProofFile, document};
use crate::report::{Fault, Report};
use crate::trust::Trust;
use crate::version::{Part, VERSION_FORMAT, VersionFile};

/// Format of signed views: what the public sees of a battery, each part with its signature.
///
/// ```json
/// {"format": "battery-passport-views/1", "views": [
///   {"statement": {"format": "battery-passport-view/1", "…": "…"}, "signature": "<header>..<signature>",
///    "values": {"format": "battery-passport-version/1", "…": "…"}, "proof": {"format": "battery-passport-proof/1", "…": "…"}}]}
/// ```
/// `values` are as in [`VERSION_FORMAT`], `proof` as in [`PROOF_FORMAT`]; either may be missing.
pub const VIEWS_FORMAT: &str = "battery-passport-views/1";

/// Format of what is signed, as canonical JSON (RFC 8785).
///
/// ```json
/// {"format": "battery-passport-view/1", "subject": "P#<uuid>", "class": 1, "version": 3, "commitment": "<hex>",
///  "eventId": "<uuid>", "eventHash": "<hex>", "operator": "voltwerk", "at": "2027-02-18T09:00:00.000Z"}
/// ```
pub const STATEMENT_FORMAT: &str = "battery-passport-view/1";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewsFile {
    #[serde(rename = "format")]
    _format: String,
    views: Vec<View>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct View {
    statement: Value,
    signature: Option<String>,
    #[serde(default)]
    values: Option<Value>,
    #[serde(default)]
    proof: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "format")]
    _format: String,
    subject: String,
    class: u64,
    version: u64,
    commitment: String,
    event_id: String,
    event_hash: String,
    operator: String,
    at: String,
}

/// Verifies signed views against the keys of who signs (each file a JWK or a set of them), and those that come with a proof against
/// a log that is trusted.
#[must_use]
pub fn views(file: &[u8], keys: &[&[u8]], trust: &Trust) -> Report {
    Report::of(|report| {
        let file: ViewsFile = document("the views", VIEWS_FORMAT, file)?;
        let keys = Keys::read(keys)?;
        if file.views.is_empty() {
            return Err(Fault::unchecked("the views", "there is none"));
        }
        let mut left = Left::default();
        for (number, view) in (1_usize..).zip(&file.views) {
            view.check(&format!("view {number}"), &keys, trust, report, &mut left)?;
        }
        left.tell(report);
        Ok(())
    })
}

/// What was not proved of some of them.
#[derive(Default)]
struct Left {
    certified: bool,
    closed: usize,
    valueless: bool,
    unlogged: bool,
}

impl View {
    fn check(
        &self,
        place: &str,
        keys: &Keys,
        trust: &Trust,
        report: &mut Report,
        left: &mut Left,
    ) -> Result<(), Fault> {
        let bytes = canonical(&self.statement).unwrap_or_default();
        let said: Statement =
            document(&format!("{place}, its statement"), STATEMENT_FORMAT, &bytes)?;
        let Some(jws) = &self.signature else {
            let what = format!("`{}` has not signed it yet", said.operator);
            return Err(Fault::unchecked(place, what));
        };
        let signed = keys.check(&format!("{place}, its signature"), jws, &bytes)?;
        said.tell(&signed, report);
        left.certified |= signed.certified;
        match &self.values {
            Some(values) => {
                let part = said.values(&format!("{place}, its values"), values)?;
                report.proves(format!(
                    "These are exactly the values that were signed, {} in all.",
                    part.digests.len()
                ));
                for (pointer, value) in &part.values {
                    report.proves(format!("`{pointer}` was {value}."));
                }
                left.closed += part.closed();
            }
            None => left.valueless = true,
        }
        match &self.proof {
            Some(proof) if trust.knows_a_log() => {
                said.logged(&format!("{place}, its event"), proof, trust, report)?
            }
            _ => left.unlogged = true,
        }
        Ok(())
    }
}

impl Statement {
    fn tell(&self, signed: &Signed, report: &mut Report) {
        let Signed {
            algorithm,
            thumbprint,
            ..
        } = signed;
        report.proves(format!(
            "For `{}`, its key {thumbprint} signed ({algorithm}) version {} of the values of access class {} of {}, as of {}.",
            self.operator, self.version, self.class, self.subject, self.at
        ));
    }

    /// The values, where they are those that were signed.
    fn values(&self, place: &str, values: &Value) -> Result<Part, Fault> {
        let file: VersionFile = document(place, VERSION_FORMAT, values.to_string().as_bytes())?;
        if file.class != self.class {
            let fault = Fault::lie(place, "they are of another access class than was signed");
            return Err(fault.expected(self.class).found(file.class));
        }
        let part = Part::read(place, file)?;
        let found = part.commitment(place)?;
        if Hash::from_hex(&self.commitment) != Some(found) {
            let what = "these are not the values that were signed, or not all of them";
            let fault = Fault::lie(place, what);
            return Err(fault.expected(&self.commitment).found(found));
        }
        Ok(part)
    }

    /// Whether an event in a log that is trusted committed to what was signed.
    fn logged(
        &self,
        place: &str,
        proof: &Value,
        trust: &Trust,
        report: &mut Report,
    ) -> Result<(), Fault> {
        let proof: ProofFile = document(place, PROOF_FORMAT, proof.to_string().as_bytes())?;
        let (logged, event) = proof.held(trust)?;
        let committed = event.opened.commitments.iter();
        let mut committed = committed.filter(|one| one.class == self.class);
        let committed = committed.next().ok_or_else(|| {
            let what = format!(
                "it shows no commitment to the values of access class {}",
                self.class
            );
            Fault::unchecked(place, what)
        })?;
        let after = committed
            .after
            .map_or("none".to_owned(), |hash| hash.to_string());
        let (leaf, hash) = (&event.leaf, event.leaf.hash.to_string());
        for (what, signed, found) in [
            ("id", &self.event_id, &leaf.event_id),
            ("hash", &self.event_hash, &hash),
            ("time", &self.at, &leaf.at),
            ("commitment", &self.commitment, &after),
        ] {
            if signed != found {
                let what = format!("its {what} is not the one that was signed");
                return Err(Fault::lie(place, what).expected(signed).found(found));
            }
        }
        report.proves(format!(
            "They came to be with event {} (entry {} of the log `{}`, written at {}).",
            leaf.event_id, logged.index, leaf.log, leaf.at
        ));
        let mut head = Report::default();
        logged.head.tell(&mut head);
        // One checkpoint mostly proves all of them.
        head.proved
            .retain(|sentence| !report.proved.contains(sentence));
        report.proved.append(&mut head.proved);
        head.not_proved
            .retain(|sentence| !report.not_proved.contains(sentence));
        report.not_proved.append(&mut head.not_proved);
        Ok(())
    }
}

impl Left {
    fn tell(&self, report: &mut Report) {
        if self.valueless {
            report.leaves_open("What was signed: the values were not shown.");
        }
        if self.closed > 0 {
            report.leaves_open(format!(
                "What {} of the values are: only their digests were shown.",
                self.closed
            ));
        }
        if self.unlogged {
            report.leaves_open(
                "That a log holds what was signed: there was no proof of its event, or no key of the log.",
            );
        }
        report.leaves_open(
            "That the keys are those of the operators named: whoever handed them to you says so.",
        );
        if self.certified {
            report.leaves_open(
                "That the certificate beside a signature is of the same key, was valid, and makes it a qualified seal: it was not \
                 looked at. A validator of qualified seals (Regulation (EU) 910/2014, Article 40) tells.",
            );
        }
        report.leaves_open("That these are the values today: a later event may have changed them.");
        report.leaves_open(
            "That the values are true: only that they were signed, and not changed since.",
        );
    }
}

#[cfg(test)]
mod tests;
