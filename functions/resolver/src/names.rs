//! What countries and languages are called in the reader's language.

use passport::Translated;
use web::Language;

/// A country by its code (ISO 3166-1); the code itself where there is no such country.
pub(crate) fn country(code: &str, language: Language) -> &str {
    name(passport::country(code), code, language)
}

/// A language by its code (ISO 639-1); the code itself where there is no such language.
pub(crate) fn language(code: &str, language: Language) -> &str {
    name(passport::language(code), code, language)
}

fn name<'a>(name: Option<&'static Translated>, code: &'a str, language: Language) -> &'a str {
    name.map_or(code, |name| name.get(language.code()))
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
