//! What somebody may see of a passport, in a format of others.

use passport::{Header, compressed, escaped};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::format::{Format, Is, Member, Variant};
use crate::leaf::Target;
use crate::loss::{Loss, What};
use crate::path::{Found, tidy};
use crate::read::{merge, read};

/// An export with what it could not say.
#[derive(Debug, Serialize)]
pub struct Exported {
    /// In the format.
    pub document: Value,
    /// What the format could not carry, and what it asks for in vain.
    pub losses: Vec<Loss>,
}

/// Writes a view of a passport in a format. What was written is read back at once: whatever does not return is named.
#[must_use]
pub fn export(
    format: &Format,
    variant: Option<&Variant>,
    header: &Header,
    view: &Map<String, Value>,
) -> Exported {
    let mut writing = Writing {
        document: Value::Null,
        refused: Vec::new(),
        noted: Vec::new(),
    };
    let header = members(header, view);
    let members = || format.members.iter().filter(|one| one.in_variant(variant));
    for member in members() {
        match &member.is {
            Is::Attribute(_) if member.import_only => {}
            Is::Attribute(target) => {
                let fits = |(with, value): &(Target, Value)| {
                    let found = with.path.find_in(view);
                    found.iter().all(|found| found.value == value)
                };
                for found in target.path.find_in(view) {
                    match member.with.iter().all(fits) {
                        true => writing.value(member, target, &found),
                        false => writing.refused.push((found.pointer, OTHERWISE.to_owned())),
                    }
                }
            }
            Is::Header(name) => writing.header(member, name, &header),
            Is::Constant(value) => {
                let place = member.at.place(&mut writing.document, &[]);
                let _ = place.and_then(|place| merge(place, value.clone()));
            }
            Is::Nothing => {}
        }
    }
    tidy(&mut writing.document);
    if writing.document.is_null() {
        writing.document = Value::Object(Map::new());
    }
    let told: Vec<&str> = members()
        .filter_map(|member| match &member.is {
            Is::Header(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let losses = writing.losses(format, variant, &header, &told, view);
    Exported {
        document: writing.document,
        losses,
    }
}

/// The header as EN 18223 has it, with what the view says of it.
fn members(header: &Header, view: &Map<String, Value>) -> Map<String, Value> {
    match compressed(header, view.clone()) {
        Value::Object(mut members) => {
            members.retain(|name, _| !view.contains_key(name));
            members
        }
        _ => Map::new(),
    }
}

struct Writing {
    document: Value,
    /// Our places whose value the format refused, each with the reason.
    refused: Vec<(String, String)>,
    noted: Vec<Loss>,
}

impl Writing {
    fn value(&mut self, member: &Member, target: &Target, found: &Found<'_>) {
        let outcome = member
            .form
            .outward(target.leaf, found.value)
            .and_then(|converted| {
                if let (Some(unit), Some(name)) = (&member.form.unit, converted.unit) {
                    let place = member.at.beside(&unit.member);
                    let place = place.place(&mut self.document, &found.elements)?;
                    merge(place, Value::from(name))?;
                }
                if member.form.once {
                    let list = member
                        .at
                        .parent()
                        .place(&mut self.document, &found.elements)?;
                    let there = list
                        .as_array()
                        .is_some_and(|list| list.contains(&converted.value));
                    if there {
                        return Err("the format lists each only once".to_owned());
                    }
                }
                let place = member.at.place(&mut self.document, &found.elements)?;
                merge(place, converted.value)?;
                Ok(converted.note)
            });
        match outcome {
            Ok(None) => {}
            Ok(Some(note)) => {
                self.noted
                    .push(Loss::new(found.pointer.clone(), What::Approximated, note))
            }
            Err(why) => self.refused.push((found.pointer.clone(), why)),
        }
    }

    /// A header member, unless an attribute already fills its place.
    fn header(&mut self, member: &Member, name: &str, header: &Map<String, Value>) {
        let Some(value) = header.get(name) else {
            return;
        };
        let written = match value.as_str() {
            Some(text) => member.form.header_out(text),
            None => Ok(value.clone()),
        };
        let outcome = written.and_then(|value| {
            let place = member.at.place(&mut self.document, &[])?;
            merge(place, value)
        });
        if let Err(why) = outcome {
            self.refused.push((format!("/{name}"), why));
        }
    }

    fn losses(
        &mut self,
        format: &Format,
        variant: Option<&Variant>,
        header: &Map<String, Value>,
        told: &[&str],
        view: &Map<String, Value>,
    ) -> Vec<Loss> {
        let back = read(format, &self.document).document;
        let mut losses = Vec::new();
        for name in header.keys() {
            let pointer = format!("/{}", escaped(name));
            if let Some(why) = self.why(&pointer) {
                losses.push(Loss::new(pointer, What::NotCarried, why));
            } else if !told.contains(&name.as_str()) {
                losses.push(Loss::new(pointer, What::NotCarried, NO_MEMBER));
            }
        }
        for (group, values) in view {
            for (id, value) in values.as_object().into_iter().flatten() {
                let pointer = format!("/{}/{}", escaped(group), escaped(id));
                match back.get(group).and_then(|group| group.get(id)) {
                    Some(returned) => self.compare(value, returned, &pointer, &mut losses),
                    None => {
                        let why = self
                            .why(&pointer)
                            .or_else(|| format.without.get(&pointer).cloned());
                        let why = why.unwrap_or_else(|| NO_MEMBER.to_owned());
                        losses.push(Loss::new(pointer, What::NotCarried, why));
                    }
                }
            }
        }
        losses.append(&mut self.noted);
        let required = std::iter::once(&format.required).chain(variant.map(|one| &one.required));
        for pointer in required.flat_map(|required| required.lacking(&self.document)) {
            losses.push(Loss::new(pointer, What::RequiredMissing, NOTHING_FILLS_IT));
        }
        losses
    }

    /// Every part of a value that did not return.
    fn compare(&self, value: &Value, returned: &Value, pointer: &str, losses: &mut Vec<Loss>) {
        let lost = |pointer: String| {
            let why = self.why(&pointer).unwrap_or_else(|| NO_PLACE.to_owned());
            Loss::new(pointer, What::NotCarried, why)
        };
        match (value, returned) {
            (Value::Object(before), Value::Object(after)) => {
                for (name, value) in before {
                    let pointer = format!("{pointer}/{}", escaped(name));
                    match after.get(name) {
                        Some(returned) => self.compare(value, returned, &pointer, losses),
                        None => losses.push(lost(pointer)),
                    }
                }
            }
            (Value::Array(before), Value::Array(after)) => {
                let mut after = after.iter();
                for (index, value) in before.iter().enumerate() {
                    let pointer = format!("{pointer}/{index}");
                    // What the format refused left no gap behind.
                    let refused = self.refused.iter().any(|(place, _)| *place == pointer);
                    match if refused { None } else { after.next() } {
                        Some(returned) => self.compare(value, returned, &pointer, losses),
                        None => losses.push(lost(pointer)),
                    }
                }
            }
            (value, returned) if value == returned => {}
            _ => losses.push(lost(pointer.to_owned())),
        }
    }

    /// Why the format refused a value, or something within it.
    fn why(&self, pointer: &str) -> Option<String> {
        let within = |place: &str| {
            place
                .strip_prefix(pointer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.refused
            .iter()
            .find(|(place, _)| within(place))
            .map(|(_, why)| why.clone())
    }
}

const OTHERWISE: &str = "the format has it only of a battery of which something else is said";
const NO_MEMBER: &str = "the format has no member for it";
const NO_PLACE: &str = "the format's member has no place for it";
const NOTHING_FILLS_IT: &str =
    "the format asks for it, and nothing in what you may see of this passport fills it";
