//! Markets: the languages in which people there are told of a battery.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::parse::escaped;
use crate::{Class, Type, catalogue};

/// A text that lacks languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Untranslated {
    /// Where the text stands (RFC 6901).
    pub pointer: String,
    /// Whom it is for.
    pub class: Class,
    /// The languages it lacks (ISO 639-1).
    pub languages: Vec<String>,
}

/// The texts of a document that lack one of these languages.
#[must_use]
pub fn untranslated(
    document: &Map<String, Value>,
    languages: &BTreeSet<&str>,
) -> Vec<Untranslated> {
    let mut found = Vec::new();
    for attribute in catalogue().attributes() {
        let Some(value) = document
            .get(&attribute.group)
            .and_then(|group| group.get(&attribute.id))
        else {
            continue;
        };
        let (value, pointer) = match value.get("value") {
            Some(value) if attribute.dynamic => (value, format!("{}/value", attribute.pointer())),
            _ => (value, attribute.pointer()),
        };
        texts(&attribute.ty, value, pointer, &mut |pointer, texts| {
            let lacking: Vec<String> = languages
                .iter()
                .filter(|language| !texts.contains_key(**language))
                .map(|language| (*language).to_owned())
                .collect();
            if !lacking.is_empty() {
                found.push(Untranslated {
                    pointer,
                    class: attribute.class,
                    languages: lacking,
                });
            }
        });
    }
    found
}

/// Finds the texts by language within a value.
fn texts(
    ty: &Type,
    value: &Value,
    pointer: String,
    found: &mut impl FnMut(String, &Map<String, Value>),
) {
    match (ty, value) {
        (Type::LocalizedText { .. }, Value::Object(texts)) => found(pointer, texts),
        (Type::Record { fields }, Value::Object(members)) => {
            for field in fields {
                if let Some(value) = members.get(&field.id) {
                    let pointer = format!("{pointer}/{}", escaped(&field.id));
                    texts(&field.ty, value, pointer, found);
                }
            }
        }
        (Type::List { of, .. }, Value::Array(elements)) => {
            for (index, element) in elements.iter().enumerate() {
                texts(of, element, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_lacks_the_languages_it_is_not_in() {
        let document =
            json!({"conformity": {"extinguishingAgent": {"en": "Water", "de": "Wasser"}}});
        let document = document.as_object().unwrap();
        let lacking = |market| {
            let languages = catalogue().market(market).unwrap().collect();
            untranslated(document, &languages)
        };
        assert_eq!(lacking("DE"), []);
        let found = lacking("BE");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].pointer, "/conformity/extinguishingAgent");
        assert_eq!(found[0].languages, ["fr", "nl"]);
    }

    #[test]
    fn every_member_state_is_a_market() {
        // The member states of the European Union on 1 January 2027.
        let union =
            "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";
        assert_eq!(union.split(' ').count(), 27);
        for country in union.split(' ') {
            assert!(
                catalogue()
                    .market(country)
                    .is_some_and(|mut of| of.next().is_some()),
                "{country}"
            );
        }
        assert!(catalogue().market("XX").is_none());
    }
}
