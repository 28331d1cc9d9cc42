//! What people call things in the languages beyond English, German and French, which stand in the catalogue itself:
//! `catalogue/words` (attributes, their members, the words of closed lists) and `catalogue/names` (countries, languages,
//! units). A language is read at its first use, so that nobody pays for one that is not spoken.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

include!(concat!(env!("OUT_DIR"), "/words.rs"));

type Names = HashMap<&'static str, &'static str>;

/// The words of a language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct Words {
    /// By the English label.
    labels: Names,
    countries: Names,
    languages: Names,
    /// By their UCUM code, then by the plural category of the number beside them.
    units: HashMap<&'static str, Names>,
}

static WORDS: [OnceLock<Words>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

/// The words of a language of the Union by its code; `None` for English, German and French, and for any other.
#[must_use]
pub fn words(language: &str) -> Option<&'static Words> {
    let mut known = FILES.iter().zip(&WORDS);
    let ((_, file), words) = known.find(|((code, _), _)| *code == language)?;
    Some(words.get_or_init(|| read(file)))
}

#[allow(
    clippy::panic,
    reason = "the files are part of the program, and a test loads them"
)]
fn read(file: &'static str) -> Words {
    serde_json::from_str(file).unwrap_or_else(|error| panic!("the words of a language: {error}"))
}

impl Words {
    /// What people call what has this English label.
    #[must_use]
    pub fn label(&self, english: &str) -> Option<&'static str> {
        self.labels.get(english).copied()
    }

    /// A country by its code (ISO 3166-1 alpha-2).
    #[must_use]
    pub fn country(&self, code: &str) -> Option<&'static str> {
        self.countries.get(code).copied()
    }

    /// A language by its two-letter code (ISO 639-1).
    #[must_use]
    pub fn language(&self, code: &str) -> Option<&'static str> {
        self.languages.get(code).copied()
    }

    /// A unit that is written with words, by its UCUM code, beside a number of that plural category (`one`, `few`, …).
    #[must_use]
    pub fn unit(&self, code: &str, plural: &str) -> Option<&'static str> {
        let forms = self.units.get(code)?;
        forms.get(plural).or_else(|| forms.get("other")).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::{Attribute, LANGUAGES, Translated, Type, Unit, catalogue};

    use super::*;

    /// The catalogue itself has these.
    const IN_THE_CATALOGUE: [&str; 3] = ["de", "en", "fr"];
    /// So many explanations are not yet there in each of the other languages; a page shows them in English and says so. Add
    /// translations and lower it; a new attribute that comes without them is no reason to raise it above its number.
    const EXPLANATIONS_MISSING: usize = 119;

    fn others() -> impl Iterator<Item = (&'static str, &'static Words)> {
        let languages = LANGUAGES.into_iter();
        languages
            .filter(|language| !IN_THE_CATALOGUE.contains(language))
            .map(|language| (language, words(language).unwrap()))
    }

    fn attributes() -> impl Iterator<Item = &'static Attribute> {
        catalogue().attributes().chain(catalogue().retired())
    }

    fn labels_of(ty: &'static Type) -> Vec<&'static Translated> {
        match ty {
            Type::Code { values } => values.iter().map(|value| &value.label).collect(),
            Type::List { of, .. } => labels_of(of),
            Type::Record { fields } => fields
                .iter()
                .flat_map(|field| [vec![&field.label], labels_of(&field.ty)].concat())
                .collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_label_is_there_in_every_language_and_nothing_is_left_over() {
        let happenings = catalogue()
            .event_types()
            .map(|event_type| &event_type.label);
        let labels: BTreeSet<&str> = attributes()
            .flat_map(|attribute| [vec![&attribute.label], labels_of(&attribute.ty)].concat())
            .chain(happenings)
            .map(|label| label.en.as_str())
            .collect();
        for (language, words) in others() {
            let translated: BTreeSet<&str> = words.labels.keys().copied().collect();
            let missing: Vec<_> = labels.difference(&translated).collect();
            let left_over: Vec<_> = translated.difference(&labels).collect();
            assert!(missing.is_empty(), "{language} lacks {missing:?}");
            assert!(left_over.is_empty(), "{language} has {left_over:?}");
            for (english, text) in &words.labels {
                assert!(
                    !text.is_empty() && crate::is_plain_text(text),
                    "{language}: {english}"
                );
            }
        }
        assert_eq!(others().count() + IN_THE_CATALOGUE.len(), LANGUAGES.len());
        assert!(words("en").is_none() && words("xx").is_none());
    }

    #[test]
    fn missing_explanations_are_counted() {
        for (language, _) in others() {
            let missing = attributes()
                .filter(|attribute| attribute.explanation.known_in(language).is_none())
                .count();
            assert!(
                missing <= EXPLANATIONS_MISSING,
                "{language} lacks {missing} explanations"
            );
        }
    }

    #[test]
    fn countries_languages_and_units_are_there_in_every_language() {
        for (language, words) in others() {
            for code in crate::names::countries() {
                // The Maltese of the British Indian Ocean Territory is not settled.
                let settled = (language, code) != ("mt", "IO");
                assert_eq!(words.country(code).is_some(), settled, "{language}: {code}");
            }
            for code in crate::names::languages() {
                assert!(words.language(code).is_some(), "{language}: {code}");
            }
            for (code, unit) in catalogue().units() {
                if matches!(unit, Unit::Words { .. }) {
                    assert!(words.unit(code, "few").is_some(), "{language}: {code}");
                }
            }
        }
        let polish = words("pl").unwrap();
        assert_eq!(polish.unit("mo", "few"), Some("miesiące"));
        assert_eq!(polish.unit("mo", "two"), Some("miesiąca"));
    }
}
