//! Content and language negotiation (RFC 9110 §12).

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE};

/// A language the pages and labels are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English: the fallback.
    #[default]
    En,
    /// German.
    De,
    /// French.
    Fr,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::En, Self::De, Self::Fr];

    /// ISO 639-1 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
        }
    }

    /// The language's name in itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
            Self::Fr => "Français",
        }
    }

    fn of(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next()?;
        Self::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(primary))
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
            .unwrap_or_default()
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
    fn language_falls_back_to_english() {
        let german = headers(ACCEPT_LANGUAGE, "pl, de-AT;q=0.9, fr;q=0.8");
        assert_eq!(language(None, &german), Language::De);
        assert_eq!(language(Some("label=X&lang=fr"), &german), Language::Fr);
        for nobody in ["pl", "de;q=0", "de;q=2", "de;q=x", "*"] {
            let headers = headers(ACCEPT_LANGUAGE, nobody);
            assert_eq!(language(None, &headers), Language::En, "{nobody}");
        }
    }
}
