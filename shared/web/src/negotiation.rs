//! Content and language negotiation (RFC 9110 §12).

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE};

/// A language that pages are written in: the official ones of the Union (Regulation No 1, Article 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Language {
    code: &'static str,
    name: &'static str,
}

impl Language {
    /// English: the fallback.
    pub const EN: Self = Self::new("en", "English");
    /// German.
    pub const DE: Self = Self::new("de", "Deutsch");
    /// French.
    pub const FR: Self = Self::new("fr", "Français");

    /// Every language, by its code.
    pub const ALL: [Self; 24] = [
        Self::new("bg", "Български"),
        Self::new("cs", "Čeština"),
        Self::new("da", "Dansk"),
        Self::DE,
        Self::new("el", "Ελληνικά"),
        Self::EN,
        Self::new("es", "Español"),
        Self::new("et", "Eesti"),
        Self::new("fi", "Suomi"),
        Self::FR,
        Self::new("ga", "Gaeilge"),
        Self::new("hr", "Hrvatski"),
        Self::new("hu", "Magyar"),
        Self::new("it", "Italiano"),
        Self::new("lt", "Lietuvių"),
        Self::new("lv", "Latviešu"),
        Self::new("mt", "Malti"),
        Self::new("nl", "Nederlands"),
        Self::new("pl", "Polski"),
        Self::new("pt", "Português"),
        Self::new("ro", "Română"),
        Self::new("sk", "Slovenčina"),
        Self::new("sl", "Slovenščina"),
        Self::new("sv", "Svenska"),
    ];

    const fn new(code: &'static str, name: &'static str) -> Self {
        Self { code, name }
    }

    /// ISO 639-1 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// The language's name in itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The language of a tag (RFC 5646), whatever its region or script: `pt-BR` is Portuguese.
    #[must_use]
    pub fn of(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next()?;
        Self::ALL
            .into_iter()
            .find(|language| language.code.eq_ignore_ascii_case(primary))
    }
}

/// The language to answer in: `lang` where the query names one, else the best of `Accept-Language`, else English.
#[must_use]
pub fn language(query: Option<&str>, headers: &HeaderMap) -> Language {
    let asked = query
        .unwrap_or_default()
        .split('&')
        .find_map(|pair| pair.strip_prefix("lang="))
        .and_then(Language::of);
    asked.unwrap_or_else(|| {
        ranked(headers, &ACCEPT_LANGUAGE)
            .into_iter()
            .filter(|(_, weight)| *weight > 0)
            .find_map(|(tag, _)| Language::of(&tag))
            .unwrap_or(Language::EN)
    })
}

/// The first of `offered` media types that `Accept` likes best; the first offered where no `Accept` was sent.
#[must_use]
pub fn best<'a>(headers: &HeaderMap, offered: &[&'a str]) -> Option<&'a str> {
    let ranges = ranked(headers, &ACCEPT);
    if ranges.is_empty() {
        return offered.first().copied();
    }
    // max_by keeps the last of equals, so the server's own preference counts from the back.
    offered
        .iter()
        .rev()
        .map(|media_type| (media_type, weight(&ranges, media_type)))
        .filter(|(_, weight)| *weight > 0)
        .max_by_key(|(_, weight)| *weight)
        .map(|(media_type, _)| *media_type)
}

/// Whether `Accept` names this media type itself.
#[must_use]
pub fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    ranked(headers, &ACCEPT)
        .iter()
        .any(|(range, weight)| range == media_type && *weight > 0)
}

/// Weight (0 to 1000) of the most specific range that covers the media type.
fn weight(ranges: &[(String, u16)], media_type: &str) -> u16 {
    let family = media_type
        .split_once('/')
        .map(|(family, _)| format!("{family}/*"))
        .unwrap_or_default();
    [media_type, family.as_str(), "*/*"]
        .into_iter()
        .find_map(|wanted| ranges.iter().find(|(range, _)| range == wanted))
        .map_or(0, |(_, weight)| *weight)
}

/// The members of a list header with their `q` in thousandths, best first, in order among equals.
fn ranked(headers: &HeaderMap, name: &axum::http::HeaderName) -> Vec<(String, u16)> {
    const MOST: usize = 32;
    let mut members: Vec<(String, u16)> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .take(MOST)
        .filter_map(|member| {
            let mut parts = member.split(';').map(str::trim);
            let range = parts.next().filter(|range| !range.is_empty())?;
            let weight = parts
                .find_map(|part| part.strip_prefix(['q', 'Q'])?.strip_prefix('='))
                .map_or(Some(1_000), thousandths)?;
            Some((range.to_ascii_lowercase(), weight))
        })
        .collect();
    members.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    members
}

/// A weight (RFC 9110 §12.4.2): 0 to 1 with up to three decimals.
fn thousandths(q: &str) -> Option<u16> {
    let (whole, decimals) = q.split_once('.').unwrap_or((q, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    match (whole, format!("{decimals:0<3}").parse().ok()?) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: axum::http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    const OFFERED: [&str; 2] = ["application/json", "text/html"];

    #[test]
    fn a_browser_gets_html_and_a_program_json() {
        let browser = headers(ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8");
        assert_eq!(best(&browser, &OFFERED), Some("text/html"));
        assert_eq!(
            best(&headers(ACCEPT, "*/*"), &OFFERED),
            Some("application/json")
        );
        assert_eq!(best(&HeaderMap::new(), &OFFERED), Some("application/json"));
    }

    #[test]
    fn what_is_refused_or_unknown_is_not_served() {
        assert_eq!(best(&headers(ACCEPT, "image/png"), &OFFERED), None);
        let refusing = headers(ACCEPT, "application/json;q=0, */*;q=0.1");
        assert_eq!(best(&refusing, &OFFERED), Some("text/html"));
    }

    #[test]
    fn the_language_is_the_best_that_is_accepted_else_english() {
        let asked = |query: Option<&str>, header: &str| {
            language(query, &headers(ACCEPT_LANGUAGE, header)).code()
        };
        assert_eq!(asked(None, "de-AT;q=0.9, pt-BR, fr;q=0.8"), "pt");
        assert_eq!(asked(None, "ja, sl-Latn-SI;q=0.2"), "sl");
        assert_eq!(asked(None, "fi;q=0, sv;q=0.1"), "sv");
        for unknown in ["ja", "*", "fi;q=0", "de;q=2", "de;q=x", "", "-", "e"] {
            assert_eq!(asked(None, unknown), "en", "{unknown}");
        }
        assert_eq!(asked(Some("label=X&lang=GA"), "de"), "ga");
        assert_eq!(asked(Some("lang=ja"), "de"), "de");
    }

    #[test]
    fn the_languages_are_those_of_the_union() {
        let codes = Language::ALL.map(Language::code);
        assert_eq!(codes, passport::LANGUAGES);
        assert_eq!(Language::of("de"), Some(Language::DE));
    }
}
