//! What is taken of a request that scanned a label.

use identity::{Carrier, LabelId, UnitId};
use passport::NOWHERE;

/// Answers that somebody who scans a label gets: its battery, nothing new of it, its tombstone.
const ANSWERS: [u16; 3] = [200, 304, 410];

/// A label that was scanned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// The unit of its address.
    pub unit: UnitId,
    /// The label.
    pub label: LabelId,
    /// The day, from 1970-01-01.
    pub day: i32,
    /// ISO 3166-1, or [`NOWHERE`].
    pub country: String,
}

impl Seen {
    /// From a request and the status it was answered with; `None` for everything that was no scan of a label.
    #[must_use]
    pub fn of(
        method: &str,
        (path, query): (&str, &str),
        status: u16,
        country: Option<&str>,
        day: i32,
    ) -> Option<Self> {
        if method != "GET" || !ANSWERS.contains(&status) {
            return None;
        }
        let (unit, label) = scanned(path, query)?;
        let known = |country: &&str| {
            country.len() == 2 && country.bytes().all(|one| one.is_ascii_uppercase())
        };
        Some(Self {
            unit,
            label,
            day,
            country: country.filter(known).unwrap_or(NOWHERE).to_owned(),
        })
    }
}

/// Unit and label of a carrier's address, or of the one that the edge makes of it: `/<view>/<language>/<UNIT>?label=<LABEL>`.
fn scanned(path: &str, query: &str) -> Option<(UnitId, LabelId)> {
    let url = format!("https://scanned.invalid{path}?{query}");
    if let Ok(carrier) = Carrier::parse(&url) {
        return Some((carrier.unit, carrier.label?));
    }
    let label = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("label="))?;
    let unit = path.rsplit('/').next()?;
    Some((UnitId::parse(unit).ok()?, LabelId::parse(label).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: &str = "32XZAJ4P21M1MZ0N3RQA";

    fn of(method: &str, path: &str, query: &str, status: u16) -> Option<Seen> {
        Seen::of(method, (path, query), status, Some("DE"), 20_000)
    }

    #[test]
    fn a_scan_is_read_in_every_form_of_its_address() {
        let label = LabelId::from_random([7; 8]);
        for (path, query) in [
            (format!("/{UNIT}/{label}"), String::new()),
            (
                format!("/{}/{label}/", UNIT.to_lowercase()),
                "lang=de".to_owned(),
            ),
            (
                format!("/01/09521234000013/21/{UNIT}"),
                format!("91={label}"),
            ),
            (format!("/page/de/{UNIT}"), format!("label={label}")),
        ] {
            let seen = of("GET", &path, &query, 200).expect(&path);
            assert_eq!(
                (seen.unit.to_string().as_str(), seen.label),
                (UNIT, label),
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_no_scan_is_not_counted() {
        let label = LabelId::from_random([7; 8]);
        let path = format!("/{UNIT}/{label}");
        for (method, path, status) in [
            ("HEAD", path.as_str(), 200),
            ("GET", path.as_str(), 404),
            ("GET", path.as_str(), 503),
            ("GET", "/32XZAJ4P21M1MZ0N3RQA", 200),
            ("GET", "/v1/dpps/x", 200),
            ("GET", "/", 200),
            ("GET", "", 200),
        ] {
            assert_eq!(
                of(method, path, "", status),
                None,
                "{method} {path} {status}"
            );
        }
    }

    #[test]
    fn a_country_is_two_letters_or_nowhere() {
        let path = format!("/{UNIT}/{}", LabelId::from_random([7; 8]));
        for (sent, kept) in [
            (Some("PL"), "PL"),
            (Some("pl"), NOWHERE),
            (Some("192.0.2.1"), NOWHERE),
            (Some("-"), NOWHERE),
            (None, NOWHERE),
        ] {
            let seen = Seen::of("GET", (&path, ""), 200, sent, 1).unwrap();
            assert_eq!(seen.country, kept, "{sent:?}");
        }
    }
}
