//! A foreign document, member by member: what is ours, what is not, and what nobody knows.

use std::collections::BTreeSet;

use indexmap::IndexSet;
use passport::escaped;
use serde_json::{Map, Value};

use crate::form::Form;
use crate::format::{Format, Is, Member};
use crate::leaf::{Leaf, Target};
use crate::loss::{Loss, Taken, What};
use crate::path::{Found, tidy};

/// Why the header is not read.
pub(crate) const DERIVED: &str = "derived here, never typed in";

/// What a mapping alone makes of a document.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) document: Map<String, Value>,
    pub(crate) header: Map<String, Value>,
    /// Each once, in the order of the mapping.
    pub(crate) taken: IndexSet<Taken>,
    pub(crate) losses: IndexSet<Loss>,
    /// Places that were looked at (RFC 6901).
    known: BTreeSet<String>,
}

/// Reads a document. Dynamic values that do not say when they were measured get the document's own time.
pub(crate) fn read(format: &Format, foreign: &Value) -> Reading {
    let mut reading = Reading::default();
    let mut ours = Value::Null;
    let (times, values): (Vec<&Member>, Vec<&Member>) = format
        .members
        .iter()
        .partition(|member| matches!(&member.is, Is::Attribute(target) if target.is_time()));
    for member in values.into_iter().chain(times) {
        if let Is::Attribute(target) = &member.is {
            for found in member.at.find(foreign) {
                reading.take(member, target, &found, foreign, &mut ours);
            }
        }
    }
    tidy(&mut ours);
    let time = format.dated_by.find(foreign);
    date(&mut ours, time.first().map(|found| found.value));
    for member in &format.members {
        reading.leave(member, foreign);
    }
    reading.not_understood(foreign);
    if let Value::Object(document) = ours {
        reading.document = document;
    }
    reading
}

impl Reading {
    fn take(
        &mut self,
        member: &Member,
        target: &Target,
        found: &Found<'_>,
        foreign: &Value,
        ours: &mut Value,
    ) {
        let taken = Taken {
            from: found.pointer.clone(),
            to: target.attribute.pointer(),
        };
        if found.value.is_null() || self.taken.contains(&taken) {
            self.known.insert(found.pointer.clone());
            return;
        }
        let unit = beside(member, found, foreign);
        let outcome = member.form.inward(
            target.leaf,
            found.value,
            unit.as_ref().map(|(_, unit)| *unit),
        );
        if target.is_time() && !has_value(target, ours) {
            return;
        }
        self.known.insert(found.pointer.clone());
        self.known.extend(found.keys.iter().cloned());
        self.known.extend(unit.map(|(pointer, _)| pointer));
        let kept = outcome.and_then(|converted| {
            let place = target.path.place(ours, &found.elements)?;
            merge(place, converted.value)?;
            for (target, value) in &member.with {
                merge(target.path.place(ours, &found.elements)?, value.clone())?;
            }
            Ok(converted.note)
        });
        match kept {
            Ok(note) => {
                if let Some(note) = note {
                    self.lose(&found.pointer, What::Approximated, note);
                }
                self.taken.insert(taken);
            }
            Err(why) => self.lose(&found.pointer, What::NotTaken, why),
        }
    }

    /// What is known and has no place here.
    fn leave(&mut self, member: &Member, foreign: &Value) {
        let (what, why) = match &member.is {
            Is::Attribute(target) if target.is_time() => {
                (What::NotTaken, "there is no value that it could date")
            }
            Is::Attribute(_) => return,
            Is::Header(_) | Is::Constant(_) => (What::Derived, DERIVED),
            Is::Nothing => (What::NotTaken, ""),
        };
        let why = member.why.as_deref().unwrap_or(why);
        for found in member.at.find(foreign) {
            if let Is::Header(name) = &member.is {
                self.header
                    .entry(name.clone())
                    .or_insert_with(|| found.value.clone());
            }
            let mut unknown = Vec::new();
            self.unknown(found.value, found.pointer.clone(), &mut unknown);
            if unknown.is_empty() {
                continue;
            }
            self.known.extend(found.keys.iter().cloned());
            self.known
                .extend(beside(member, &found, foreign).map(|(pointer, _)| pointer));
            for pointer in unknown {
                self.lose(&pointer, what, why);
                self.known.insert(pointer);
            }
        }
    }

    /// The rest: every value that no member of the mapping covers.
    fn not_understood(&mut self, foreign: &Value) {
        let mut unknown = Vec::new();
        for (name, value) in foreign.as_object().into_iter().flatten() {
            self.unknown(value, format!("/{}", escaped(name)), &mut unknown);
        }
        for pointer in unknown {
            self.lose(
                &pointer,
                What::NotUnderstood,
                "no member of the format that is known here",
            );
        }
    }

    /// The places at and below a value of which nothing was looked at, the uppermost of each.
    fn unknown(&self, value: &Value, pointer: String, into: &mut Vec<String>) {
        if value.is_null() || self.known.contains(&pointer) {
            return;
        }
        let below = format!("{pointer}/");
        let looked_at = self.known.range(below.clone()..).next();
        if !looked_at.is_some_and(|known| known.starts_with(&below)) {
            into.push(pointer);
            return;
        }
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    self.unknown(value, format!("{pointer}/{}", escaped(name)), into);
                }
            }
            Value::Array(elements) => {
                for (index, value) in elements.iter().enumerate() {
                    self.unknown(value, format!("{pointer}/{index}"), into);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn lose(&mut self, pointer: &str, what: What, why: impl Into<String>) {
        self.losses.insert(Loss::new(pointer, what, why));
    }
}

/// The unit's member beside a number.
fn beside<'v>(
    member: &Member,
    found: &Found<'_>,
    foreign: &'v Value,
) -> Option<(String, &'v Value)> {
    let unit = member.form.unit.as_ref()?;
    let (parent, _) = found.pointer.rsplit_once('/')?;
    let pointer = format!("{parent}/{}", escaped(&unit.member));
    let value = foreign.pointer(&pointer).filter(|unit| unit.is_string())?;
    Some((pointer, value))
}

/// Whether the dynamic attribute that a time belongs to has a value.
fn has_value(target: &Target, ours: &Value) -> bool {
    ours.get(&target.attribute.group)
        .and_then(|group| group.get(&target.attribute.id))
        .is_some()
}

/// Puts a value where there is none, or beside the members there are.
pub(crate) fn merge(place: &mut Value, value: Value) -> Result<(), String> {
    match (&mut *place, value) {
        (Value::Null, value) => *place = value,
        (Value::Object(there), Value::Object(more)) => {
            for (name, value) in more {
                merge(there.entry(name).or_insert(Value::Null), value)?;
            }
        }
        (there, value) if *there == value => {}
        _ => return Err("its place is taken by another value".to_owned()),
    }
    Ok(())
}

/// Dates every dynamic value that is not dated yet.
fn date(ours: &mut Value, time: Option<&Value>) {
    let time = time.and_then(|time| Form::default().inward(Leaf::Time, time, None).ok());
    let Some(time) = time.map(|time| time.value) else {
        return;
    };
    let dynamic = |group: &str, id: &str| {
        passport::catalogue()
            .attribute(group, id)
            .is_some_and(|attribute| attribute.dynamic)
    };
    for (group, values) in ours.as_object_mut().into_iter().flatten() {
        for (id, value) in values.as_object_mut().into_iter().flatten() {
            if let Some(members) = value.as_object_mut().filter(|_| dynamic(group, id)) {
                members.entry("measuredAt").or_insert_with(|| time.clone());
            }
        }
    }
}
