//! Disclosures: what an event says beside its leaf (RFC 9901), and how it is told.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::hash::Hash;
use crate::leaf::{Leaf, canonical};
use crate::report::Fault;

/// A disclosure as it reads: `base64url(JCS([salt, name, value]))`.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) name: String,
    pub(crate) value: Value,
}

/// What was opened of an event.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    pub(crate) said: Vec<Said>,
    /// Its place in a chain.
    pub(crate) link: Option<Link>,
    /// The parts that changed with it.
    pub(crate) commitments: Vec<Commitment>,
    /// How many digests nothing was shown for.
    pub(crate) closed: usize,
}

/// An event's place in the chain of its subject.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) subject: String,
    /// From 1.
    pub(crate) seq: u64,
    /// Hash of the event before.
    pub(crate) prev: Option<Hash>,
}

/// The part of an access class, before and after an event.
#[derive(Debug)]
pub(crate) struct Commitment {
    pub(crate) class: u64,
    pub(crate) before: Option<Hash>,
    pub(crate) after: Option<Hash>,
}

impl Opened {
    /// Holds every disclosure against the digests of the leaf, and reads it.
    pub(crate) fn read(place: &str, leaf: &Leaf, disclosures: &[String]) -> Result<Self, Fault> {
        let mut opened = Self::default();
        let (mut shown, mut told) = (BTreeSet::new(), BTreeSet::new());
        for (number, disclosure) in (1_usize..).zip(disclosures) {
            let lie = |what: &str| Fault::lie(format!("{place}, disclosure {number}"), what);
            let digest = Hash::digest(disclosure);
            if leaf.digests.binary_search(&digest).is_err() {
                let fault = lie("it does not belong to this event: its digest is not in the leaf");
                return Err(fault.found(digest));
            }
            if !shown.insert(digest) {
                return Err(lie("it stands there twice"));
            }
            let said = read(disclosure)
                .ok_or_else(|| lie("the event holds it, but it is no disclosure"))?;
            if !told.insert(said.of()) {
                return Err(lie("it says again what another disclosure says"));
            }
            let taken = opened.take(&said);
            taken.ok_or_else(|| {
                lie(&format!(
                    "its `{}` has another form than is known",
                    said.name
                ))
            })?;
            opened.said.push(said);
        }
        opened.closed = leaf.digests.len().saturating_sub(shown.len());
        Ok(opened)
    }

    fn take(&mut self, said: &Said) -> Option<()> {
        let members = || said.value.as_object();
        match said.name.as_str() {
            "chain" => {
                let members = members().filter(|members| members.len() == 3)?;
                self.link = Some(Link {
                    subject: members.get("subject")?.as_str()?.to_owned(),
                    seq: members.get("seq")?.as_u64().filter(|seq| *seq > 0)?,
                    prev: hash(members, "prev")?,
                });
            }
            "commitment" => {
                let members = members().filter(|members| members.len() == 3)?;
                self.commitments.push(Commitment {
                    class: members.get("class")?.as_u64()?,
                    before: hash(members, "before")?,
                    after: hash(members, "after")?,
                });
            }
            name if name.starts_with('/') => {
                let members = members()?;
                let known = |name: &String| matches!(name.as_str(), "op" | "before" | "after");
                let fits = match members.get("op")?.as_str()? {
                    "add" => members.contains_key("after") && !members.contains_key("before"),
                    "remove" => members.contains_key("before") && !members.contains_key("after"),
                    "replace" => members.contains_key("before") && members.contains_key("after"),
                    _ => false,
                };
                return (fits && members.keys().all(known)).then_some(());
            }
            _ => {}
        }
        Some(())
    }

    /// What happened, where that was opened.
    pub(crate) fn event_type(&self) -> Option<&str> {
        let of_type = self.said.iter().find(|said| said.name == "type");
        of_type.and_then(|said| said.value.as_str())
    }
}

/// A hash that may be absent, as `null`.
fn hash(members: &Map<String, Value>, name: &str) -> Option<Option<Hash>> {
    match members.get(name)? {
        Value::Null => Some(None),
        Value::String(text) => Hash::from_hex(text).map(Some),
        _ => None,
    }
}

/// Only the canonical form counts: a member that stands there twice would read differently elsewhere.
pub(crate) fn read(disclosure: &str) -> Option<Said> {
    let bytes = URL_SAFE_NO_PAD.decode(disclosure).ok()?;
    let parts: Value = serde_json::from_slice(&bytes).ok()?;
    if canonical(&parts)? != bytes {
        return None;
    }
    let Value::Array(parts) = parts else {
        return None;
    };
    let [Value::String(salt), Value::String(name), value] = parts.as_slice() else {
        return None;
    };
    is_salt(salt).then(|| Said {
        name: name.clone(),
        value: value.clone(),
    })
}

/// The disclosure of a value with its salt; `None` where it cannot be written canonically.
pub(crate) fn disclose(salt: &str, name: &str, value: &Value) -> Option<String> {
    let bytes = canonical(&json!([salt, name, value]))?;
    (is_salt(salt) && is_exact(value)).then(|| URL_SAFE_NO_PAD.encode(bytes))
}

/// Beyond 2^53 canonical JSON no longer tells neighbouring numbers apart (RFC 7493 §2.2): two values would have one digest.
fn is_exact(value: &Value) -> bool {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.unsigned_abs() <= 1 << 53,
            None => number
                .as_f64()
                .is_some_and(|number| number.abs() <= LARGEST),
        },
        Value::Array(elements) => elements.iter().all(is_exact),
        Value::Object(members) => members.values().all(is_exact),
        _ => true,
    }
}

/// Sixteen bytes in base64url.
fn is_salt(text: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|salt| salt.len() == 16)
}

impl Said {
    /// What it is about: nothing may be told of it twice.
    fn of(&self) -> String {
        let member = match self.name.as_str() {
            "commitment" | "readings" => "class",
            "evidence" => "id",
            name => return name.to_owned(),
        };
        let member = self.value.get(member).unwrap_or(&Value::Null);
        format!("{} {member}", self.name)
    }

    /// In plain words.
    pub(crate) fn sentence(&self) -> String {
        let value = &self.value;
        let member = |name: &str| value.get(name).unwrap_or(&Value::Null);
        match self.name.as_str() {
            "type" => format!("It says what happened: {value}."),
            "reason" => format!("It says why: {value}."),
            "notes" => format!("It notes: {value}."),
            "occurredAt" => format!("It says when it happened: {value}."),
            "actor" => format!(
                "It says who acted: the organisation {} as {} (person or client {}).",
                member("organisation"),
                member("role"),
                member("reference")
            ),
            "chain" => match member("prev") {
                Value::Null => format!(
                    "It is event {} of {}, and follows none.",
                    member("seq"),
                    member("subject")
                ),
                prev => format!(
                    "It is event {} of {}, and follows the event with the hash {prev}.",
                    member("seq"),
                    member("subject")
                ),
            },
            "commitment" => format!(
                "It says that the values of access class {} were those with the commitment {} before and {} after.",
                member("class"),
                or_none(member("before")),
                or_none(member("after"))
            ),
            "evidence" if value.is_object() => format!(
                "It names as evidence the file {} ({}) with the SHA-256 {}.",
                member("id"),
                member("mediaType"),
                member("sha256")
            ),
            name if name.starts_with('/') => match (value.get("before"), value.get("after")) {
                (None, Some(after)) => format!("It says that `{name}` came to be {after}."),
                (Some(before), None) => {
                    format!("It says that `{name}`, which was {before}, was removed.")
                }
                _ => format!(
                    "It says that `{name}`, which was {}, became {}.",
                    member("before"),
                    member("after")
                ),
            },
            name => format!("It says of `{name}`: {value}."),
        }
    }
}

fn or_none(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
