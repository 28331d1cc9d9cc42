//! The page's own words, one file per language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use web::Language;

use crate::notation::Notation;

/// Every sentence of the page. A file that lacks one does not load, and a test loads them all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Texts {
    pub(crate) title: String,
    pub(crate) not_yet_on_market: String,
    pub(crate) archived: String,
    pub(crate) recycled: String,
    pub(crate) recycling_recorded: String,
    pub(crate) recalled: String,
    pub(crate) label_replaced: String,
    pub(crate) label_revoked: String,
    pub(crate) label_destroyed: String,
    pub(crate) label_suspected: String,
    pub(crate) label_never_issued: String,
    pub(crate) label_unreadable: String,
    pub(crate) restricted_title: String,
    pub(crate) restricted: String,
    pub(crate) unit: String,
    pub(crate) updated: String,
    pub(crate) language: String,
    pub(crate) unknown_title: String,
    pub(crate) unknown: String,
    pub(crate) malformed_title: String,
    pub(crate) malformed: String,
    pub(crate) malformed_length: String,
    pub(crate) malformed_character: String,
    pub(crate) suggestion: String,
    pub(crate) find_title: String,
    pub(crate) find: String,
    pub(crate) find_label: String,
    pub(crate) find_button: String,
    pub(crate) choice_title: String,
    pub(crate) failed_title: String,
    pub(crate) failed: String,
    pub(crate) yes: String,
    pub(crate) no: String,
    pub(crate) notation: Notation,
    /// Headings of the sections of the summary.
    pub(crate) summary: BTreeMap<String, String>,
    /// Headings of the catalogue's groups.
    pub(crate) groups: BTreeMap<String, String>,
}

static TEXTS: LazyLock<[Texts; 3]> = LazyLock::new(|| {
    [
        load(include_str!("../text/en.toml")),
        load(include_str!("../text/de.toml")),
        load(include_str!("../text/fr.toml")),
    ]
});

#[allow(
    clippy::panic,
    reason = "the files are part of the program, and a test loads them"
)]
fn load(file: &str) -> Texts {
    toml::from_str(file).unwrap_or_else(|error| panic!("a text file of the page: {error}"))
}

/// The texts of a language.
pub(crate) fn texts(language: Language) -> &'static Texts {
    let [en, de, fr] = &*TEXTS;
    match language {
        Language::En => en,
        Language::De => de,
        Language::Fr => fr,
    }
}

#[cfg(test)]
mod tests {
    use passport::catalogue;

    use super::*;

    #[test]
    fn no_french_line_begins_with_a_colon() {
        let explained = catalogue()
            .attributes()
            .map(|attribute| attribute.explanation.fr.as_str());
        for text in explained.chain([include_str!("../text/fr.toml")]) {
            for sign in [" :", " ;", " ?", " !"] {
                assert!(!text.contains(sign), "{text}");
            }
        }
    }

    #[test]
    fn every_language_has_every_sentence() {
        for language in Language::ALL {
            let texts = texts(language);
            assert!(texts.label_replaced.contains("{day}"), "{language:?}");
            assert!(texts.recycling_recorded.contains("{day}"), "{language:?}");
            assert!(texts.label_revoked.contains("{day}"), "{language:?}");
            assert!(texts.label_destroyed.contains("{day}"), "{language:?}");
            assert!(texts.label_suspected.contains("{day}"), "{language:?}");
            assert!(texts.malformed_length.contains("{found}"), "{language:?}");
            assert_eq!(
                texts.groups.keys().collect::<Vec<_>>(),
                super::texts(Language::En).groups.keys().collect::<Vec<_>>(),
            );
        }
    }
}
