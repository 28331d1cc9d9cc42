//! What somebody may see of a passport, in a format of others.

use passport::{Header, compressed, escaped};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::compare::{Comparison, NO_MEMBER};
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
                        false => writing.refused.push((found.pointer, otherwise(member))),
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
    let document = writing.document.clone();
    Exported {
        losses: writing.losses(format, variant, &header, &told, view),
        document,
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
        self.note(member, found.pointer.clone(), outcome);
    }

    /// What came of writing a value: all, less exact than it was, or nothing.
    fn note(&mut self, member: &Member, pointer: String, outcome: Result<Option<String>, String>) {
        match outcome {
            Ok(None) => {}
            Ok(Some(note)) => self
                .noted
                .push(Loss::new(pointer, What::Approximated, note)),
            Err(why) => self
                .refused
                .push((pointer, format!("{why} (`{}`)", member.at))),
        }
    }

    /// A header member, unless an attribute already fills its place.
    fn header(&mut self, member: &Member, name: &str, header: &Map<String, Value>) {
        let Some(value) = header.get(name) else {
            return;
        };
        let written = match value.as_str() {
            Some(text) => member.form.header_out(text),
            None => Ok(value.clone().into()),
        };
        let outcome = written.and_then(|converted| {
            let place = member.at.place(&mut self.document, &[])?;
            merge(place, converted.value)?;
            Ok(converted.note)
        });
        self.note(member, format!("/{name}"), outcome);
    }

    fn losses(
        self,
        format: &Format,
        variant: Option<&Variant>,
        header: &Map<String, Value>,
        told: &[&str],
        view: &Map<String, Value>,
    ) -> Vec<Loss> {
        let mut comparison = Comparison {
            format,
            variant,
            refused: &self.refused,
            losses: Vec::new(),
        };
        for name in header.keys() {
            let pointer = format!("/{}", escaped(name));
            let untold = || (!told.contains(&name.as_str())).then(|| NO_MEMBER.to_owned());
            if let Some(why) = comparison.refusal(&pointer).or_else(untold) {
                let loss = Loss::new(pointer, What::NotCarried, why);
                comparison.losses.push(loss);
            }
        }
        comparison.compare(view, &read(format, &self.document).document);
        let mut losses = comparison.losses;
        losses.extend(self.noted);
        let required = std::iter::once(&format.required).chain(variant.map(|one| &one.required));
        for pointer in required.flat_map(|required| required.lacking(&self.document)) {
            losses.push(Loss::new(pointer, What::RequiredMissing, NOTHING_FILLS_IT));
        }
        losses
    }
}

/// Why a member that depends on other values of ours was not written.
fn otherwise(member: &Member) -> String {
    let with = member.with.iter();
    let with: Vec<String> = with
        .map(|(target, value)| format!("`{}` is {value}", target.path))
        .collect();
    format!("the format has it only where {}", with.join(" and "))
}

const NOTHING_FILLS_IT: &str =
    "the format asks for it, and nothing in what you may see of this passport fills it";
