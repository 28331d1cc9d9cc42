//! The page that AWS WAF answers a person with whose network scans too much: it cannot tell languages apart, so each has its line.

use web::Language;

/// What WAF takes at most, in bytes.
#[cfg(test)]
const MOST: usize = 4_096;

/// The page, a line for each language. Nothing on it asks who reads it.
#[must_use]
pub fn refused_page() -> String {
    let mut page = concat!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>429</title>",
        "<style>body{font:1.1rem/1.5 system-ui;max-width:40rem;margin:2rem auto;padding:0 1rem}</style>"
    )
    .to_owned();
    for language in Language::ALL {
        let (code, sentence) = (language.code(), &page::texts(language).too_many);
        page.push_str(&format!("\n<p lang=\"{code}\">{sentence}"));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fits_and_needs_no_escaping() {
        let page = refused_page();
        assert!(page.len() < MOST, "{}", page.len());
        for language in Language::ALL {
            let sentence = &page::texts(language).too_many;
            assert!(!sentence.contains(['<', '&']), "{sentence}");
        }
    }
}
