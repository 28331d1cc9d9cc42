//! What stands beside the events of a subject, held against them: head, versions, current values, labels, registration, signatures.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{OpenedEvent, Sha256, ViewKey};
use passport::Class;
use serde::de::DeserializeOwned;

use super::{Audited, Event};
use crate::change::State;
use crate::journal::{VersionItem, place};
use crate::organisation::{ORGANISATION, OrganisationItem, REGISTERED};
use crate::record::{HEAD, HeadItem, OpenedPart, PartItem, version_key, version_part_key};
use crate::sealing::DataKey;
use crate::store::{Item, decode};
use crate::unit::{LABEL, LabelItem};
use crate::view::ViewItem;
use crate::{Head, Subject, VersionEntry};

/// The items of a subject's partition, by sort key.
pub(super) struct Stored<'a> {
    pub(super) subject: &'a Subject,
    pub(super) audited: &'a mut Audited,
    pub(super) items: BTreeMap<String, Item>,
    pub(super) events: &'a [Event],
    pub(super) key: Option<&'a DataKey>,
    /// The event that put that key in the place of another.
    pub(super) erased_by: Option<u64>,
}

impl Stored<'_> {
    fn name(&self, sk: &str) -> String {
        format!("records `{}` `{sk}`", self.subject)
    }

    fn finds(&mut self, sk: &str, what: impl Into<String>) {
        let name = self.name(sk);
        self.audited.finds(name, what);
    }

    fn take<T: DeserializeOwned>(&mut self, sk: &str) -> Option<T> {
        let name = self.name(sk);
        match self.items.get(sk).cloned() {
            Some(item) => self.audited.read(&name, item),
            None => {
                self.audited.finds(name, "it is missing");
                None
            }
        }
    }

    /// The head, where it is that of the last event.
    pub(super) fn head(&mut self) -> Option<Head> {
        let head = self.take::<HeadItem>(HEAD)?.head;
        let Some(last) = self.events.last() else {
            // A unit that was only allocated has a head and no event yet.
            if head.seq > 0 {
                self.finds(
                    HEAD,
                    format!("it counts {} events, there is none", head.seq),
                );
            }
            return Some(head);
        };
        let count = self.events.len() as u64;
        if head.seq != count || head.event_hash != last.hash {
            self.finds(
                HEAD,
                format!(
                    "it is that of event {}, and not of the last, {count}",
                    head.seq
                ),
            );
        }
        let said = last.opened.as_ref().and_then(|event| event.state.clone());
        let state = State {
            organisation: &head.organisation,
            tenures: &head.tenures,
            facts: &head.facts,
        };
        if let (Some(said), Ok(state)) = (said, state.digests())
            && said != state
        {
            let what = "its status, relations or owners are not those of its last event";
            self.finds(HEAD, what);
        }
        Some(head)
    }

    /// Every version, and that it is what its event committed to.
    pub(super) fn versions(&mut self, head: &Head) {
        let mut before: Option<VersionEntry> = None;
        for number in 1..=head.version {
            let sk = version_key(number);
            let Some(item) = self.take::<VersionItem>(&sk) else {
                continue;
            };
            self.version(&sk, &item.entry, before.as_ref());
            self.audited.versions += 1;
            before = Some(item.entry);
        }
        let parts = before.map(|entry| entry.parts).unwrap_or_default();
        if parts != head.parts {
            self.finds(HEAD, "its parts are not those of its last version");
        }
        let beyond = version_key(head.version + 1);
        let beyond = self
            .items
            .range(beyond..)
            .find(|(sk, _)| sk.starts_with("V#"));
        if let Some(sk) = beyond.map(|(sk, _)| sk.clone()) {
            self.finds(&sk, "there is no such version");
        }
    }

    fn version(&mut self, sk: &str, entry: &VersionEntry, before: Option<&VersionEntry>) {
        let index = usize::try_from(entry.seq.saturating_sub(1)).unwrap_or(usize::MAX);
        let event = self.events.get(index);
        if event.is_none_or(|event| event.hash != entry.event_hash) {
            self.finds(sk, "it is not the version that its event made");
        }
        let opened = event.and_then(|event| event.opened.as_ref());
        if opened.is_some_and(|event| event.event_id != entry.event_id) {
            self.finds(sk, "it names another event than the one that made it");
        }
        let facts = opened.and_then(|event| event.state.as_ref());
        if let (Some(said), Ok(facts)) = (facts, crate::change::digest(&entry.facts))
            && said.facts != facts
        {
            self.finds(sk, "its status or relations are not those of its event");
        }
        for part in &entry.parts {
            if part.version != entry.version {
                if !before.is_some_and(|before| before.parts.contains(part)) {
                    self.finds(
                        sk,
                        "it took over a part that the version before does not have",
                    );
                }
                continue;
            }
            let class = part.class.number();
            let public = part.class == Class::Public;
            let whole = event.filter(|event| public || !event.erased);
            let said = whole.and_then(|event| event.opened.as_ref()).map(|event| {
                let mut commitments = event.commitments.iter();
                commitments.any(|one| one.class == class && one.after == Some(part.commitment))
            });
            if said == Some(false) {
                let what = format!("its event did not commit to its values of class {class}");
                self.finds(sk, what);
            }
            let key = version_part_key(part.version, part.class);
            if let Some(item) = self.take::<PartItem>(&key) {
                if item.revision != part.revision || item.class != part.class {
                    self.finds(&key, "it is another part than the version names");
                } else {
                    self.part(&key, &item, part.commitment, entry.seq);
                }
            }
        }
    }

    /// Whether values are those that were committed to.
    fn part(&mut self, sk: &str, item: &PartItem, commitment: Sha256, seq: u64) {
        let opened = match (item.class, self.key) {
            (Class::Public, _) => OpenedPart::read(&item.body, &item.salts).map(Some),
            (_, Some(key)) => OpenedPart::unseal(self.subject, item, key),
            // That the key is missing is said of what is disclosed under it.
            (_, None) => return,
        };
        let opened = match opened {
            Ok(None) => {
                if self.erased_by.is_some_and(|erased_by| seq > erased_by) {
                    self.finds(sk, "it was erased before it was written");
                }
                return;
            }
            Ok(Some(opened)) => Ok(opened),
            Err(error) => Err(error),
        };
        let events = self.events.iter().filter_map(|it| it.opened.as_ref());
        for digest in item.erased.values() {
            let says = |event: &OpenedEvent| {
                let erased = event.erased.as_ref();
                erased.is_some_and(|erased| erased.digests.contains(digest))
            };
            if !events.clone().any(says) {
                let place = self.name(sk);
                self.audited.unexplained.push((place, digest.clone()));
            }
        }
        let found = opened.map(|part| {
            let attributes = passport::attributes(&part.document);
            let mut digests = ledger::digests(&attributes, part.salts.salts()).ok()?;
            digests.extend(item.erased.clone());
            ledger::commitment_of(&digests).ok()
        });
        match found {
            Ok(Some(found)) if found == commitment => {}
            Ok(_) => self.finds(sk, "its values are not those that were committed to"),
            Err(_) => self.finds(sk, "what is sealed in it does not open"),
        }
    }

    /// What is read every day is a copy of the newest version.
    pub(super) fn current(&mut self, head: &Head) {
        let current: Vec<String> = self.items.keys().cloned().collect();
        let mut found = BTreeSet::new();
        for sk in current.iter().filter(|sk| sk.starts_with("0#PART#")) {
            let Some(item) = self.take::<PartItem>(sk) else {
                continue;
            };
            let part = head.part_of(&item).cloned();
            let original = part.as_ref().and_then(|part| {
                let key = version_part_key(part.version, part.class);
                decode::<PartItem>(self.items.get(&key)?.clone()).ok()
            });
            let same = |original: PartItem| {
                (original.body, original.salts, original.erased)
                    == (item.body.clone(), item.salts.clone(), item.erased.clone())
            };
            if original.is_some_and(same) {
                found.extend(part.map(|part| (part.class, part.revision)));
            } else {
                self.finds(sk, "it is not the part of the newest version");
            }
        }
        for part in &head.parts {
            if !found.contains(&(part.class, part.revision)) {
                let what = format!(
                    "the values of class {} that it names are not there",
                    part.class.number()
                );
                self.finds(HEAD, what);
            }
        }
    }

    /// Whether labels are in the state in which the last event left them that named them.
    pub(super) fn labels(&mut self) {
        let mut states: BTreeMap<&str, &str> = BTreeMap::new();
        let opened = self.events.iter().filter_map(|event| event.opened.as_ref());
        for change in opened.flat_map(|event| &event.changes) {
            let state = change
                .after
                .as_ref()
                .and_then(|after| after.get("state")?.as_str());
            if let (Some(label), Some(state)) = (change.pointer.strip_prefix("/labels/"), state) {
                states.insert(label, state);
            }
        }
        let states: BTreeMap<String, String> = states
            .into_iter()
            .map(|(label, state)| (format!("{LABEL}{label}"), state.to_owned()))
            .collect();
        let there = self
            .items
            .keys()
            .filter(|sk| sk.starts_with(LABEL))
            .cloned();
        let all: BTreeSet<String> = there.chain(states.keys().cloned()).collect();
        if all.is_empty() && matches!(self.subject, Subject::Unit(_)) {
            self.finds(LABEL, "it has no label");
        }
        for sk in all {
            let Some(LabelItem { label, .. }) = self.take(&sk) else {
                continue;
            };
            if format!("{LABEL}{}", label.label) != sk {
                self.finds(&sk, "it is another label");
            }
            // One that no event names is as it was issued with its unit.
            let state = states.get(&sk).map_or("issued", String::as_str);
            if label.state.as_str() != state {
                self.finds(
                    &sk,
                    "it is not in the state in which its last event left it",
                );
            }
        }
    }

    /// Whether an organisation's record is the one that was registered last.
    pub(super) fn registered(&mut self) {
        let opened = self.events.iter().filter_map(|event| event.opened.as_ref());
        let registered = opened.filter(|it| it.event_type.as_deref() == Some(REGISTERED));
        let Some(notes) = registered
            .filter_map(|event| event.notes.clone())
            .next_back()
        else {
            return;
        };
        let item: Option<OrganisationItem> = self.take(ORGANISATION);
        let record = item.map(|item| serde_json::to_string(&item.organisation));
        if record.is_some_and(|record| record.ok() != Some(notes)) {
            self.finds(ORGANISATION, "it is not what was registered last");
        }
    }

    /// Whether what was signed of a version is what that version is, and a key of its operator signed it.
    pub(super) fn signed(&mut self, name: &str, item: &ViewItem, keys: &[ViewKey]) {
        let statement = &item.view.statement;
        let entry = self.items.get(&version_key(item.view.version)).cloned();
        let entry = entry.and_then(|item| decode::<VersionItem>(item).ok());
        let of_version = entry.is_some_and(|VersionItem { entry, .. }| {
            let parts = entry
                .parts
                .iter()
                .filter(|part| part.class == Class::Public);
            let part = parts.map(|part| (part.revision, part.commitment)).next();
            part == Some((statement.version, statement.commitment))
                && (entry.event_id, entry.event_hash, entry.at)
                    == (statement.event_id, statement.event_hash, statement.at)
                && (entry.seq, self.subject.to_string())
                    == (item.view.seq(), statement.subject.clone())
        });
        if !of_version || item.sk != place(statement.version) {
            self.audited
                .finds(name, "it is not of the version that it names");
        }
        let verifies = |jws: &String| keys.iter().any(|key| statement.verify(jws, key).is_ok());
        if item
            .view
            .signature
            .as_ref()
            .is_some_and(|jws| !verifies(jws))
        {
            self.audited.finds(name, "no key of its operator signed it");
        }
    }

    /// The row that everybody is shown of a passport, as it has to be, and the partition where it stands.
    pub(super) fn shown(&mut self, head: &Head) -> Option<(String, Item)> {
        let part = head.part(Class::Public)?;
        let item: PartItem = self.take(&version_part_key(part.version, part.class))?;
        let opened = OpenedPart::read(&item.body, &item.salts).ok()?;
        let row = crate::scan::public_row(self.subject, head, opened.document);
        let row = row.ok().flatten()?.item;
        let unit = row.get("pk")?.as_s().ok()?.clone();
        Some((unit, row))
    }
}
