//! All events of one subject.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::hash::Hash;
use crate::leaf::Leaf;
use crate::proof::{Event, Logged, document, leaf_bytes};
use crate::report::{Fault, Report};
use crate::trust::{Head, Trust};

/// Format of a chain file: every event of a subject, the oldest first, each with its `chain` disclosure.
///
/// ```json
/// {"format": "battery-passport-chain/1", "subject": "P#1b4e28ba-…",
///  "events": [{"leaf": "<base64>", "disclosures": ["<base64url>"], "proof": "c2sp.org/tlog-proof@v1\n…"}]}
/// ```
/// `proof` may be absent: the event is then bound to the log through the events that follow it. A long chain comes in several files,
/// each going on where the one before ends.
pub const CHAIN_FORMAT: &str = "battery-passport-chain/1";

const PLACE: &str = "the chain file";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainFile {
    #[serde(rename = "format")]
    _format: String,
    subject: String,
    events: Vec<Link>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    leaf: String,
    disclosures: Vec<String>,
    #[serde(default)]
    proof: Option<String>,
}

/// Verifies a subject's whole chain: events 1 to n, each following the one before, none missing, doubled or changed. It comes in one
/// file, or in several in their order.
#[must_use]
pub fn chain(files: &[impl AsRef<[u8]>], trust: &Trust) -> Report {
    Report::of(|report| {
        let read = |file| document(PLACE, CHAIN_FORMAT, file);
        let files = files.iter().map(|file| read(file.as_ref()));
        let files: Vec<ChainFile> = files.collect::<Result<_, _>>()?;
        let none = || Fault::unchecked(PLACE, "there is none");
        let subject = &files.first().ok_or_else(none)?.subject;
        let mut walk = Walk {
            subject,
            trust,
            present: present(&files)?,
            seq: 0,
            before: None,
            ids: BTreeSet::new(),
            left: Vec::new(),
            entry: None,
            heads: BTreeMap::new(),
            proved: Vec::new(),
        };
        for file in &files {
            if file.subject != *subject {
                let fault = Fault::unchecked(PLACE, "it is of another subject than the first");
                return Err(fault.expected(subject).found(&file.subject));
            }
            for link in &file.events {
                let sentence = walk.step(link)?;
                report.proves(sentence);
            }
        }
        walk.tell(report)
    })
}

/// The log that the last event names; nothing where there is no event.
fn present(files: &[ChainFile]) -> Result<String, Fault> {
    let mut links = files.iter().rev().flat_map(|file| file.events.iter().rev());
    let Some(last) = links.next() else {
        return Ok(String::new());
    };
    let bytes = leaf_bytes("the last event", &last.leaf)?;
    Ok(Leaf::read("the last event", &bytes)?.log)
}

struct Walk<'c> {
    subject: &'c str,
    trust: &'c Trust,
    /// The log that the last event names.
    present: String,
    /// Number of the event last seen.
    seq: u64,
    before: Option<Event>,
    ids: BTreeSet<u128>,
    /// The logs that it was in before, each with the number of its last event there: it moved from one platform to another.
    left: Vec<(String, u64)>,
    /// The log's entry that the last event with a proof is.
    entry: Option<u64>,
    /// Roots of the checkpoints seen, by log and size.
    heads: BTreeMap<(String, u64), Hash>,
    /// The last event of each log with a proof, and the checkpoint it was held against.
    proved: Vec<(u64, Head<'c>)>,
}

impl<'c> Walk<'c> {
    /// Takes the next event, and says what it is.
    fn step(&mut self, link: &'c Link) -> Result<String, Fault> {
        self.seq = self.seq.saturating_add(1);
        let place = format!("event {}", self.seq);
        let bytes = leaf_bytes(&place, &link.leaf)?;
        let event = Event::read(&place, &bytes, &link.disclosures)?;
        self.follows(&place, &event)?;
        let log = &event.leaf.log;
        let logged = match &link.proof {
            // Whoever trusts the log that it is in now need not know those before: each event holds the hash of the one before.
            Some(_) if *log != self.present && !self.trust.knows(log) => String::new(),
            Some(proof) => self.logged(&place, proof, &bytes, &event)?,
            None => String::new(),
        };
        let what = event
            .opened
            .event_type()
            .unwrap_or("of a type that was not shown");
        let sentence = format!("Event {}, {}: {what}{logged}.", self.seq, event.leaf.at);
        self.before = Some(event);
        Ok(sentence)
    }

    /// Whether an event stands where it has to.
    fn follows(&mut self, place: &str, event: &Event) -> Result<(), Fault> {
        let lie = |what: &str| Fault::lie(place, what);
        let link = event.opened.link.as_ref();
        let link = link
            .ok_or_else(|| Fault::unchecked(place, "its place in the chain was not disclosed"))?;
        if link.subject != self.subject {
            let fault = lie("it belongs to another subject");
            return Err(fault.expected(self.subject).found(&link.subject));
        }
        if link.seq != self.seq {
            let fault = lie("it is another event of the chain than its place says");
            return Err(fault
                .expected(format!("number {}", self.seq))
                .found(format!("number {}", link.seq)));
        }
        if !self.ids.insert(event.leaf.id()) {
            return Err(lie("its id is that of an earlier event").found(&event.leaf.event_id));
        }
        let Some(before) = &self.before else {
            return Ok(());
        };
        if link.prev != Some(before.leaf.hash) {
            let found = link.prev.map_or("none".to_owned(), |hash| hash.to_string());
            let fault = lie("it does not follow the event before it, or that one was changed");
            return Err(fault.expected(before.leaf.hash).found(found));
        }
        if event.leaf.log != before.leaf.log {
            let log = &event.leaf.log;
            if self.left.iter().any(|(left, _)| left == log) {
                let fault = lie("it names a log that its chain had left");
                return Err(fault.expected(&before.leaf.log).found(log));
            }
            let left = (before.leaf.log.clone(), self.seq - 1);
            self.left.push(left);
            self.entry = None;
        }
        if event.leaf.millisecond <= before.leaf.millisecond {
            let fault = lie("its time is not after that of the event before it");
            return Err(fault
                .expected(format!("after {}", before.leaf.at))
                .found(&event.leaf.at));
        }
        Ok(())
    }

    /// Holds an event against its proof, and the proof against those before: one log tells one story.
    fn logged(
        &mut self,
        place: &str,
        proof: &'c str,
        bytes: &[u8],
        event: &Event,
    ) -> Result<String, Fault> {
        let logged = Logged::read(&format!("{place}, its proof"), proof, bytes, self.trust)?;
        logged.holds(place, &event.leaf)?;
        if let Some(before) = self.entry.filter(|before| *before >= logged.index) {
            let fault = Fault::lie(place, "the log has it before an earlier event of the chain");
            return Err(fault
                .expected(format!("an entry after {before}"))
                .found(logged.index));
        }
        let checkpoint = &logged.head.checkpoint;
        let head = (checkpoint.origin.to_owned(), checkpoint.size);
        let known = *self.heads.entry(head).or_insert(checkpoint.root);
        if known != checkpoint.root {
            let fault = Fault::lie(
                place,
                "the log signed two roots for one number of entries: it tells two stories",
            );
            return Err(fault.expected(known).found(checkpoint.root));
        }
        self.entry = Some(logged.index);
        self.proved
            .retain(|(_, head)| head.checkpoint.origin != logged.head.checkpoint.origin);
        self.proved.push((self.seq, logged.head));
        Ok(format!(", entry {} of the log", logged.index))
    }

    fn tell(self, report: &mut Report) -> Result<(), Fault> {
        let Some(last) = &self.before else {
            return Err(Fault::unchecked(PLACE, "there is no event in it"));
        };
        report.proved.insert(
            0,
            format!(
                "The chain of `{}` is whole from event 1 to event {}: none is missing, doubled, changed or out of order. \
                 Its head is {}.",
                self.subject, self.seq, last.leaf.hash
            ),
        );
        let last_proved = self.proved.iter().map(|(to, _)| *to).max();
        match last_proved {
            // A script that names a key wants it used.
            None if self.trust.knows_a_log() => {
                let what = "no event came with a proof, so no key could be held against it";
                return Err(Fault::unchecked(PLACE, what));
            }
            None => report.leaves_open(
                "That any of it is in a log: no event came with a proof. Whoever wrote the file may have written all of it.",
            ),
            Some(to) if to < self.seq => report.leaves_open(format!(
                "That the events after event {to} are in the log: they came without a proof."
            )),
            Some(_) => {}
        }
        for (to, head) in &self.proved {
            report.proves(format!(
                "Event {to} is in the log `{}`, signed by a key that you trust, and every event before it with it, bound by its \
                 hash.",
                head.checkpoint.origin
            ));
            head.tell(report);
        }
        let proved = |log: &str| {
            let mut proved = self.proved.iter();
            proved.any(|(_, head)| head.checkpoint.origin == log)
        };
        for (log, to) in &self.left {
            if self.trust.knows(log) && !proved(log) {
                let what = format!(
                    "none of its events up to event {to} came with a proof, so no key of `{log}` could be held against it"
                );
                return Err(Fault::unchecked(PLACE, what));
            }
            if last_proved.is_some_and(|last| last > *to) {
                report.proves(format!(
                    "Up to event {to} it names the log `{log}`, which it left then: it moved to another platform."
                ));
            } else if self.trust.knows_a_log() {
                // Anybody can write an event that names a log of their own.
                let what = format!(
                    "it left the log `{log}` after event {to}, and no later event came with a proof that one of your keys signed"
                );
                return Err(Fault::unchecked(PLACE, what));
            } else {
                report.leaves_open(format!(
                    "That it left the log `{log}` after event {to}: no later event came with a proof."
                ));
            }
            if last_proved.is_some() && !proved(log) {
                report.leaves_open(format!(
                    "That the events up to event {to} were in the log `{log}`: no proof of it came that one of your keys signed."
                ));
            }
        }
        let logs: BTreeSet<&str> = self.heads.keys().map(|(log, _)| log.as_str()).collect();
        if self.heads.len() > logs.len() {
            report.leaves_open(
                "That its checkpoints are of one growing log: that is not looked at here.",
            );
        }
        report.leaves_open("That no event came after the last one.");
        report.leaves_open(
            "Which event of another chain the first one follows: that chain is not looked at.",
        );
        report.leaves_open(
            "That what the events say is true: only that it was said, and not changed since.",
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests;
