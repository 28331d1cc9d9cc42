//! Our own form as linked data, brought in again.
//!
//! Only what [`json_ld`](crate::json_ld) writes is read: the form that is compacted with the context of this product. The
//! context is known here and never fetched, so a document with another one is refused, not guessed at.

use passport::{attributes, catalogue, escaped, newest_form};
use serde_json::{Map, Value};

use crate::import::ImportFault;
use passport::HEADER;

use crate::jsonld::{CONTEXT_PATH, TYPE};
use crate::loss::{Taken, What};
use crate::read::{DERIVED, Reading};

/// Reads a document of any site of this product. Values of earlier versions of the catalogue are read as of the newest.
///
/// # Errors
/// [`ImportFault`] where it is not of this form.
pub(crate) fn read_linked(foreign: &Value) -> Result<Reading, ImportFault> {
    let members = foreign.as_object().ok_or(ImportFault::NotLinked)?;
    match members.get("@context") {
        Some(Value::String(address)) if is_ours(address) => {}
        _ => return Err(ImportFault::OtherContext),
    }
    if members.get("@type").and_then(Value::as_str) != Some(TYPE) {
        return Err(ImportFault::NotLinked);
    }
    let mut reading = Reading::default();
    for (name, value) in members {
        let pointer = format!("/{}", escaped(name));
        match value {
            Value::Null => {}
            _ if name == "@context" || name == "@type" => {}
            _ if HEADER.contains(&name.as_str()) => {
                reading.header.insert(name.clone(), value.clone());
                reading.lose(&pointer, What::Derived, DERIVED);
            }
            Value::Object(values) if catalogue().has_group(name) => {
                for (id, value) in values.iter().filter(|(_, value)| !value.is_null()) {
                    reading.take_linked(name, id, value);
                }
            }
            _ => reading.lose(&pointer, What::NotUnderstood, NOT_KNOWN),
        }
    }
    Ok(reading)
}

impl Reading {
    fn take_linked(&mut self, group: &str, id: &str, value: &Value) {
        let from = format!("/{}/{}", escaped(group), escaped(id));
        let one = Map::from_iter([(id.to_owned(), value.clone())]);
        let one = Map::from_iter([(group.to_owned(), Value::Object(one))]);
        for (to, value) in attributes(&newest_form(one)) {
            let Some(attribute) = catalogue().by_pointer(&to) else {
                self.lose(&from, What::NotUnderstood, NOT_KNOWN);
                continue;
            };
            if attribute.derived.is_some() {
                self.lose(&from, What::Derived, DERIVED);
                continue;
            }
            let place = self.document.entry(attribute.group.clone());
            let place = place.or_insert_with(|| Value::Object(Map::new()));
            let Some(group) = place.as_object_mut() else {
                continue;
            };
            if group.contains_key(&attribute.id) {
                self.lose(&from, What::NotTaken, TWICE);
                continue;
            }
            group.insert(attribute.id.clone(), value);
            self.taken.insert(Taken {
                from: from.clone(),
                to,
            });
        }
    }
}

const NOT_KNOWN: &str = "no member that is known here";
const TWICE: &str = "its attribute is there under its name in a later version of the catalogue too";

/// Longest host, with its port.
const HOST: usize = 261;

/// Whether an address is that of the context on some site: `https://HOST/v1/context.jsonld`.
fn is_ours(address: &str) -> bool {
    let site = address.strip_suffix(CONTEXT_PATH).unwrap_or_default();
    let host = site
        .strip_prefix("https://")
        .or(site.strip_prefix("http://"));
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    host.is_some_and(|host| (1..=HOST).contains(&host.len()) && host.bytes().all(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_context_of_a_site_of_this_product_is_ours() {
        for ours in [
            "https://id.example.eu/v1/context.jsonld",
            "http://127.0.0.1:9000/v1/context.jsonld",
        ] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in [
            "/v1/context.jsonld",
            "http://e vil/v1/context.jsonld",
            "https://elsewhere\\x/v1/context.jsonld",
            "https:///v1/context.jsonld",
            "https://elsewhere.example/x?/v1/context.jsonld",
            "https://elsewhere.example/own/v1/context.jsonld",
            "https://schema.org/",
            "file://x/v1/context.jsonld",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
