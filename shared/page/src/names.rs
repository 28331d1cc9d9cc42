//! What countries and languages are called in the reader's language.

use passport::{Translated, Words, words};
use web::Language;

/// A country by its code (ISO 3166-1); the code itself where there is no such country.
pub(crate) fn country(code: &str, language: Language) -> &str {
    name(passport::country(code), Words::country, code, language)
}

/// A language by its code (ISO 639-1); the code itself where there is no such language.
pub(crate) fn language(code: &str, language: Language) -> &str {
    name(passport::language(code), Words::language, code, language)
}

fn name<'a>(
    name: Option<&'static Translated>,
    in_words: fn(&Words, &str) -> Option<&'static str>,
    code: &'a str,
    language: Language,
) -> &'a str {
    let own = words(language.code()).and_then(|words| in_words(words, code));
    own.or_else(|| Some(name?.get(language.code())))
        .unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_and_languages_have_names_or_stay_codes() {
        assert_eq!(country("DE", Language::FR), "Allemagne");
        assert_eq!(country("DE", Language::of("fi").unwrap()), "Saksa");
        assert_eq!(country("XK", Language::FR), "XK");
        assert_eq!(language("pl", Language::DE), "Polnisch");
        assert_eq!(language("pl", Language::of("hu").unwrap()), "lengyel");
        assert_eq!(language("xx", Language::DE), "xx");
        for own in Language::ALL {
            assert_ne!(language(own.code(), Language::EN), own.code());
        }
    }
}
