//! What countries and languages are called in the reader's language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use passport::Translated;
use web::Language;

type Names = BTreeMap<String, Translated>;

static COUNTRIES: LazyLock<Names> = LazyLock::new(|| load(include_str!("../text/countries.toml")));
static LANGUAGES: LazyLock<Names> = LazyLock::new(|| load(include_str!("../text/languages.toml")));

#[allow(
    clippy::panic,
    reason = "the files are part of the program, and a test loads them"
)]
fn load(file: &str) -> Names {
    toml::from_str(file).unwrap_or_else(|error| panic!("a list of names: {error}"))
}

/// A country by its code (ISO 3166-1); the code itself where it is not listed.
pub(crate) fn country(code: &str, language: Language) -> &str {
    name(&COUNTRIES, code, language)
}

/// A language by its code (ISO 639-1); the code itself where it is not listed.
pub(crate) fn language(code: &str, language: Language) -> &str {
    name(&LANGUAGES, code, language)
}

fn name<'a>(names: &'static Names, code: &'a str, language: Language) -> &'a str {
    names
        .get(code)
        .map_or(code, |name| name.get(language.code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_and_languages_have_names_or_stay_codes() {
        assert_eq!(country("DE", Language::Fr), "Allemagne");
        assert_eq!(country("XK", Language::Fr), "XK");
        assert_eq!(language("pl", Language::De), "Polnisch");
        assert_eq!(language("xx", Language::De), "xx");
        for own in Language::ALL {
            assert_ne!(language(own.code(), Language::En), own.code());
        }
    }
}
