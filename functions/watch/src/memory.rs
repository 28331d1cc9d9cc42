//! What is remembered of a host from one examination to the next.

use std::collections::BTreeSet;

use ledger::Timestamp;
use serde::{Deserialize, Serialize};

use crate::judge::Finding;
use crate::rules::{Code, Rules};
use crate::seen::{Presented, Registration, Seen, Zones};

/// In milliseconds.
pub(crate) const DAY: i64 = 24 * 60 * 60 * 1000;

/// What is remembered of a host from one examination to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// What was found the last time.
    pub(crate) codes: BTreeSet<Code>,
    /// The zones.
    pub(crate) zones: Option<Usual<Zones>>,
    /// Who issues its certificates.
    pub(crate) issuer: Option<Usual<String>>,
    /// The certificate's key.
    pub(crate) key: Option<Usual<String>>,
    /// The domain, and since when it is registered.
    pub(crate) registered: Option<Usual<(String, Option<Timestamp>)>>,
    /// Its registrar.
    pub(crate) registrar: Option<Usual<String>>,
    /// Its name servers, as the registry has them.
    pub(crate) name_servers: Option<Usual<BTreeSet<String>>>,
    /// What the registry said, and when.
    pub(crate) registration: Option<(Registration, Timestamp)>,
}

/// A value that seldom changes. Another one is told until it has stayed for some days; then it is the usual one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Usual<T> {
    /// The usual value.
    pub(crate) value: T,
    /// Another one that is there instead, and since when.
    pub(crate) instead: Option<(T, Timestamp)>,
}

impl<T: PartialEq + Clone> Usual<T> {
    /// What is known once `seen` was seen, or nothing.
    pub(crate) fn next(
        known: Option<Self>,
        seen: Option<&T>,
        now: Timestamp,
        settled: Timestamp,
    ) -> Option<Self> {
        let (Some(seen), known) = (seen, &known) else {
            return known;
        };
        let usual = |value: &T| Self {
            value: value.clone(),
            instead: None,
        };
        let Some(known) = known else {
            return Some(usual(seen));
        };
        if known.value == *seen {
            return Some(usual(seen));
        }
        let since = match &known.instead {
            Some((other, since)) if other == seen => *since,
            _ => now,
        };
        match since <= settled {
            true => Some(usual(seen)),
            false => Some(Self {
                value: known.value.clone(),
                instead: Some((seen.clone(), since)),
            }),
        }
    }
}

/// What is known from now on.
pub(crate) fn remember(
    rules: &Rules,
    known: Known,
    seen: &Seen,
    findings: &[Finding],
    now: Timestamp,
) -> Known {
    let settled = Timestamp::from_millisecond(now.as_millisecond() - rules.settle_days * DAY);
    let certificate = match &seen.certificate {
        Presented::Valid(certificate) => Some(certificate),
        _ => None,
    };
    let registered = match &seen.registration {
        Registration::Registered(registered) => Some(registered),
        _ => None,
    };
    let identity = registered.map(|one| (one.domain.clone(), one.since));
    let registrar = registered.and_then(|one| one.registrar.as_ref());
    // What a registry left away this time is not another value.
    let name_servers = registered
        .map(|one| &one.name_servers)
        .filter(|servers| !servers.is_empty());
    let asked = match known.registration {
        Some((before, at)) if before == seen.registration && !due(rules, at, now) => at,
        _ => now,
    };
    Known {
        codes: findings.iter().map(|(code, _)| *code).collect(),
        zones: Usual::next(known.zones, seen.zones.as_ref(), now, settled),
        issuer: Usual::next(
            known.issuer,
            certificate.map(|one| &one.issuer),
            now,
            settled,
        ),
        key: Usual::next(known.key, certificate.map(|one| &one.key), now, settled),
        registered: Usual::next(known.registered, identity.as_ref(), now, settled),
        registrar: Usual::next(known.registrar, registrar, now, settled),
        name_servers: Usual::next(known.name_servers, name_servers, now, settled),
        registration: Some((seen.registration.clone(), asked)),
    }
}

/// What the registry said before, where it need not be asked again yet.
pub(crate) fn still(rules: &Rules, known: &Known, now: Timestamp) -> Option<Registration> {
    let (registration, at) = known.registration.as_ref()?;
    let answered = !matches!(registration, Registration::Unanswered(_));
    (answered && !due(rules, *at, now)).then(|| registration.clone())
}

/// A minute of grace: an hourly run is not to the second.
const fn due(rules: &Rules, asked: Timestamp, now: Timestamp) -> bool {
    now.as_millisecond() - asked.as_millisecond()
        >= rules.registration_every_hours * (DAY / 24) - 60_000
}
