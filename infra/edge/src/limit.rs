//! How often one address may scan, ask for codes that are no battery's, and for batteries by identifiers that are not ours and so may
//! be sequential. Whoever is refused waits; nobody is asked who they are.

use std::net::IpAddr;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use identity::UnitId;
use web::{Addresses, Clock, Language, Limits, Problem, Scans, language, prefers_page};

/// The limits of the local edge, which are those of `infra/edge/us-east-1.yaml`, and one more: AWS WAF does not see that a code of the
/// right form is no battery's.
#[derive(Debug)]
pub struct Limit {
    scans: Scans,
    seconds: i64,
    clock: Clock,
    all: Addresses,
    missed: Addresses,
    aliases: Addresses,
}

impl Limit {
    /// As `limits.toml` has it.
    #[must_use]
    pub fn new(limits: &Limits, clock: Clock) -> Self {
        Self {
            scans: limits.scans,
            seconds: limits.request_seconds,
            clock,
            all: Addresses::default(),
            missed: Addresses::default(),
            aliases: Addresses::default(),
        }
    }

    /// The window of this moment, and the seconds to its end.
    fn window(&self) -> (i64, i64) {
        let seconds = self.clock.now().div_euclid(1000);
        let window = seconds.div_euclid(self.seconds);
        (window, (window + 1) * self.seconds - seconds)
    }

    /// Counts a scan.
    ///
    /// # Errors
    /// The seconds to wait, as everywhere here, where there were too many in this window.
    pub(crate) fn scan(&self, client: IpAddr) -> Result<(), i64> {
        let (window, wait) = self.window();
        within(self.all.add(client, window, 1), self.scans.all, wait)
    }

    /// Counts a look-up by an identifier of others.
    pub(crate) fn alias(&self, client: IpAddr) -> Result<(), i64> {
        let (window, wait) = self.window();
        within(
            self.aliases.add(client, window, 1),
            self.scans.aliases,
            wait,
        )
    }

    /// Counts a code that is no battery's.
    pub(crate) fn missed(&self, client: IpAddr) -> Result<(), i64> {
        let (window, wait) = self.window();
        within(self.missed.add(client, window, 1), self.scans.missed, wait)
    }

    /// Whoever asked for too many of those is told only what is known here already.
    pub(crate) fn unknown(&self, client: IpAddr) -> Result<(), i64> {
        let (window, wait) = self.window();
        within(self.missed.count(client, window), self.scans.missed, wait)
    }
}

const fn within(before: u64, most: u64, wait: i64) -> Result<(), i64> {
    if before < most { Ok(()) } else { Err(wait) }
}

/// Who asks: a person, in which language, or a program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker(Option<Language>);

impl Asker {
    pub(crate) fn of(query: Option<&str>, headers: &HeaderMap) -> Self {
        Self(prefers_page(headers).then(|| language(query, headers)))
    }

    /// A page that says to wait, or a problem document.
    pub(crate) fn refused(self, seconds: i64) -> Response {
        let mut response = match self.0 {
            Some(language) => page::too_many(language),
            None => Problem::too_many(format!(
                "too many scans, or too many codes of no battery, from one address: scan again in {seconds} seconds"
            ))
            .into_response(),
        };
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
        response
    }
}

/// What browsers and crawlers ask every host for by themselves: no code that somebody tries.
const BY_THEMSELVES: [&str; 3] = ["/favicon", "/apple-touch-icon", "/robots.txt"];

/// Whether a path is a code that is no battery's, where it is answered with this status.
pub(crate) fn is_missed(path: &str, status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND)
        && !BY_THEMSELVES.iter().any(|own| path.starts_with(own))
}

/// Whether a canonical path asks by an identifier that is not ours: a GS1 key without a unit id in it.
pub(crate) fn is_alias(path: &str) -> bool {
    let subject = path.split('?').next().unwrap_or_default();
    let key = subject.split('/').nth(3).unwrap_or_default();
    let last = subject.rsplit('/').next().unwrap_or_default();
    let start = last.len().saturating_sub(UnitId::LENGTH);
    matches!(key, "01" | "8004") && UnitId::parse(last.get(start..).unwrap_or(last)).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_asks_too_often_waits_and_no_other() {
        let limits = Limits::read().unwrap();
        let limit = Limit::new(&limits, Clock::new(|| 59_999));
        let (one, other) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        for _ in 0..limits.scans.aliases {
            assert_eq!(limit.alias(one), Ok(()));
        }
        assert_eq!(limit.alias(one), Err(1));
        assert_eq!(limit.alias(other), Ok(()));
        assert_eq!(limit.scan(one), Ok(()), "a scan is counted by itself");
        for _ in 0..limits.scans.missed {
            assert_eq!(limit.unknown(one), Ok(()));
            assert_eq!(limit.missed(one), Ok(()));
        }
        assert_eq!([limit.unknown(one), limit.missed(one)], [Err(1), Err(1)]);
    }

    #[test]
    fn only_identifiers_of_others_are_aliases() {
        for (path, alias) in [
            ("/json/en/32XZAJ4P21M1MZ0N3RQA?label=-", false),
            ("/json/en/01/09521234000013/21/32XZAJ4P21M1MZ0N3RQA", false),
            (
                "/html/de/8004/952123432XZAJ4P21M1MZ0N3RQA?label=8V4K2M0X0K",
                false,
            ),
            ("/json/en/01/09521234000013/21/SN1", true),
            ("/json/en/01/09521234000013/10/32XZ", true),
            ("/link/en/8004/9521234A?linkType=gs1:dpp", true),
        ] {
            assert_eq!(is_alias(path), alias, "{path}");
        }
    }
}
