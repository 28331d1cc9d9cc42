//! Countries and languages: which there are, and what people call them. Read at their first use, apart from the catalogue.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::Translated;

/// `countries.toml` and `languages.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NameFile {
    names: BTreeMap<String, Translated>,
}

static COUNTRIES: LazyLock<NameFile> =
    LazyLock::new(|| read(include_str!(concat!(env!("OUT_DIR"), "/countries.json"))));
static LANGUAGES: LazyLock<NameFile> =
    LazyLock::new(|| read(include_str!(concat!(env!("OUT_DIR"), "/languages.json"))));

#[allow(
    clippy::panic,
    reason = "the files are part of the program, and a test loads them"
)]
fn read(file: &str) -> NameFile {
    serde_json::from_str(file).unwrap_or_else(|error| panic!("a list of names: {error}"))
}

/// A country's name by its code (ISO 3166-1 alpha-2); `None` where there is no such country.
#[must_use]
pub fn country(code: &str) -> Option<&'static Translated> {
    COUNTRIES.names.get(code)
}

/// A language's name by its two-letter code (ISO 639-1); `None` where there is no such language.
#[must_use]
pub fn language(code: &str) -> Option<&'static Translated> {
    LANGUAGES.names.get(code)
}

/// The code of every country.
pub(crate) fn countries() -> Vec<&'static str> {
    COUNTRIES.names.keys().map(String::as_str).collect()
}

/// The code of every language.
pub(crate) fn languages() -> Vec<&'static str> {
    LANGUAGES.names.keys().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_and_language_has_its_names() {
        assert_eq!(COUNTRIES.names.len(), 249);
        assert_eq!(LANGUAGES.names.len(), 183);
        for (code, name) in COUNTRIES.names.iter().chain(&LANGUAGES.names) {
            for text in ["en", "de", "fr"].map(|language| name.get(language)) {
                assert!(!text.is_empty() && crate::is_plain_text(text), "{code}");
            }
        }
        assert_eq!(country("SE").unwrap().get("de"), "Schweden");
        assert!(country("UK").is_none() && language("EN").is_none());
    }
}
