//! All events of one subject.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::hash::Hash;
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
            seq: 0,
            before: None,
            ids: BTreeSet::new(),
            entry: None,
            heads: BTreeMap::new(),
            proved: None,
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

struct Walk<'c> {
    subject: &'c str,
    trust: &'c Trust,
    /// Number of the event last seen.
    seq: u64,
    before: Option<Event>,
    ids: BTreeSet<u128>,
    /// The log's entry that the last event with a proof is.
    entry: Option<u64>,
    /// Roots of the checkpoints seen, by log and size.
    heads: BTreeMap<(String, u64), Hash>,
    /// The last event with a proof, and the checkpoint it was held against.
    proved: Option<(u64, Head<'c>)>,
}

impl<'c> Walk<'c> {
    /// Takes the next event, and says what it is.
    fn step(&mut self, link: &'c Link) -> Result<String, Fault> {
        self.seq = self.seq.saturating_add(1);
        let place = format!("event {}", self.seq);
        let bytes = leaf_bytes(&place, &link.leaf)?;
        let event = Event::read(&place, &bytes, &link.disclosures)?;
        self.follows(&place, &event)?;
        let logged = match &link.proof {
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
            let fault = lie("it names another log than the event before it");
            return Err(fault.expected(&before.leaf.log).found(&event.leaf.log));
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
        self.proved = Some((self.seq, logged.head));
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
        match &self.proved {
            // A script that names a key wants it used.
            None if self.trust.knows_a_log() => {
                let what = "no event came with a proof, so no key could be held against it";
                return Err(Fault::unchecked(PLACE, what));
            }
            None => report.leaves_open(
                "That any of it is in a log: no event came with a proof. Whoever wrote the file may have written all of it.",
            ),
            Some((to, head)) => {
                report.proves(format!(
                    "Event {to} is in the log `{}`, signed by a key that you trust, and every event before it with it, \
                     bound by its hash.",
                    last.leaf.log
                ));
                head.tell(report);
                if self.heads.len() > 1 {
                    report.leaves_open(
                        "That its checkpoints are of one growing log: that is not looked at here.",
                    );
                }
                if *to < self.seq {
                    report.leaves_open(format!(
                        "That the events after event {to} are in the log: they came without a proof."
                    ));
                }
            }
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
