//! What an examination comes to: pure, from what is expected, what was known, what was seen, and the time.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::IpAddr;

use ledger::Timestamp;
use storage::{HostFinding, Severity};

use crate::memory::{DAY, Known, Usual};
use crate::rules::{Code, Rules};
use crate::seen::{Answer, Certificate, Names, Presented, Registered, Registration, Seen, Zones};

/// Where every host has to lead.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// The distribution's own name.
    pub(crate) distribution: String,
    /// Its addresses now; empty where they could not be found out.
    pub(crate) addresses: BTreeSet<IpAddr>,
}

/// A finding, by its code.
pub(crate) type Finding = (Code, HostFinding);

struct Judge<'a> {
    rules: &'a Rules,
    known: &'a Known,
    now: Timestamp,
    findings: Vec<Finding>,
}

/// Every finding, gravest first.
pub(crate) fn judge(
    rules: &Rules,
    expected: &Expected,
    known: &Known,
    seen: &Seen,
    now: Timestamp,
) -> Vec<Finding> {
    let mut judge = Judge {
        rules,
        known,
        now,
        findings: Vec::new(),
    };
    judge.names(expected, &seen.names);
    judge.zones(seen.zones.as_ref());
    if seen.caa == Some(false) {
        judge.found(
            Code::NoCaa,
            "a CAA record that names who may issue certificates",
            "none",
        );
    }
    judge.presented(&seen.certificate);
    judge.answer(&seen.answer);
    judge.registration(&seen.registration);
    let mut findings = judge.findings;
    findings.sort_by_key(|(_, finding)| Reverse(finding.severity));
    findings
}

impl Judge<'_> {
    fn found(&mut self, code: Code, expected: impl Into<String>, found: impl Into<String>) {
        let severity = self.rules.weigh(code, self.known.codes.contains(&code));
        self.push(code, severity, expected, found);
    }

    fn push(
        &mut self,
        code: Code,
        severity: Severity,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        let finding = HostFinding {
            code: code.as_str().to_owned(),
            severity,
            expected: short(expected.into()),
            found: short(found.into()),
        };
        self.findings.push((code, finding));
    }

    fn names(&mut self, expected: &Expected, names: &Names) {
        let distribution = &expected.distribution;
        match names {
            Names::Unanswered(why) => {
                self.found(Code::DnsUnanswered, "an answer of its name servers", why)
            }
            Names::NoSuchName => self.found(
                Code::NoSuchName,
                format!("a name that leads to {distribution}"),
                "no such name",
            ),
            Names::Found { aliases, addresses } if addresses.is_empty() => {
                let end = aliases.last().map_or("it has no address", String::as_str);
                let found = match aliases.is_empty() {
                    true => end.to_owned(),
                    false => format!("a CNAME to {end}, which has no address"),
                };
                self.found(
                    Code::Dangling,
                    format!("a name that leads to {distribution}"),
                    found,
                );
            }
            Names::Found { aliases, addresses } => {
                let known = |alias: &String| alias.eq_ignore_ascii_case(distribution);
                if !aliases.is_empty() && !aliases.iter().any(known) {
                    let found = format!("a CNAME to {}", aliases.join(", on to "));
                    self.found(
                        Code::PointsElsewhere,
                        format!("a CNAME to {distribution}"),
                        found,
                    );
                } else if aliases.is_empty()
                    && !expected.addresses.is_empty()
                    && addresses.is_disjoint(&expected.addresses)
                {
                    let wanted = format!(
                        "an address of {distribution}: {}",
                        listed(&expected.addresses)
                    );
                    self.found(Code::OtherAddresses, wanted, listed(addresses));
                }
            }
        }
    }

    fn zones(&mut self, seen: Option<&Zones>) {
        let told = |zones: &Zones| {
            let zones = zones
                .iter()
                .map(|(zone, servers)| format!("{zone} by {}", listed(servers)));
            zones.collect::<Vec<_>>().join("; ")
        };
        self.changed(
            Code::OtherNameServers,
            self.known.zones.as_ref(),
            seen,
            told,
        );
    }

    fn presented(&mut self, presented: &Presented) {
        match presented {
            Presented::NotAsked => {}
            Presented::Unreachable(why) => self.found(Code::Unreachable, "TLS on port 443", why),
            Presented::Refused(code, why) => {
                self.found(*code, "a certificate that is valid for the name", why)
            }
            Presented::Valid(certificate) => self.certificate(certificate),
        }
    }

    fn certificate(&mut self, certificate: &Certificate) {
        let Certificate { issuer, ends, key } = certificate;
        self.ends(
            Code::CertificateEnds,
            self.rules.certificate_ends.weigh(self.left(*ends)),
            self.rules.certificate_ends.enough(),
            *ends,
        );
        let known = self.known;
        let same = known
            .issuer
            .as_ref()
            .is_none_or(|usual| usual.value == *issuer);
        if same {
            self.changed(Code::NewKey, known.key.as_ref(), Some(key), |key| {
                format!("the key {key}")
            });
        }
        self.changed(
            Code::OtherIssuer,
            known.issuer.as_ref(),
            Some(issuer),
            |issuer| format!("issued by {issuer}"),
        );
    }

    fn answer(&mut self, answer: &Answer) {
        let expected = "this platform's resolver description at /.well-known/gs1resolver";
        match answer {
            Answer::NotAsked | Answer::Ours => {}
            Answer::None(why) => self.found(Code::NoAnswer, expected, why),
            Answer::Foreign(what) => self.found(Code::ForeignAnswer, expected, what),
        }
    }

    fn registration(&mut self, registration: &Registration) {
        match registration {
            Registration::NotWatched => {
                let expected = "a registry that can be asked by RDAP";
                self.found(
                    Code::RegistrationNotWatched,
                    expected,
                    "its top-level domain has none: not watched by registration",
                );
            }
            Registration::Unanswered(why) => self.found(
                Code::RegistrationUnanswered,
                "an answer of the registry",
                why,
            ),
            Registration::NotRegistered => {
                let domain = self
                    .known
                    .registered
                    .as_ref()
                    .map(|usual| usual.value.0.clone());
                let expected = domain.map_or("a registered domain".to_owned(), |domain| {
                    format!("{domain} is registered")
                });
                self.found(
                    Code::NotRegistered,
                    expected,
                    "the registry knows no such domain",
                );
            }
            Registration::Registered(registered) => self.registered(registered),
        }
    }

    fn registered(&mut self, registered: &Registered) {
        let Registered {
            domain,
            since,
            ends,
            status,
            registrar,
            name_servers,
        } = registered;
        match ends {
            Some(ends) => {
                let enough = self.rules.registration_ends;
                self.ends(
                    Code::RegistrationEnds,
                    enough.weigh(self.left(*ends)),
                    enough.enough(),
                    *ends,
                );
            }
            None => self.found(
                Code::ExpiryNotTold,
                "until when the domain is registered",
                "the registry does not say",
            ),
        }
        for status in status {
            if let Some(severity) = self.rules.registration_status.get(status) {
                self.push(
                    Code::RegistrationStatus,
                    *severity,
                    format!("no trouble with {domain}"),
                    format!("status `{status}`"),
                );
            }
        }
        if !self
            .rules
            .transfer_locks
            .iter()
            .any(|lock| status.contains(lock))
        {
            let expected = format!(
                "{domain} has one of the statuses {}",
                listed(&self.rules.transfer_locks)
            );
            let found = match status.is_empty() {
                true => "no status".to_owned(),
                false => listed(status),
            };
            self.found(Code::NoTransferLock, expected, found);
        }
        let known = self.known;
        let identity = (domain.clone(), *since);
        self.changed(
            Code::RegisteredAnew,
            known.registered.as_ref(),
            Some(&identity),
            |(domain, since)| match since {
                Some(since) => format!("{domain} registered on {since}"),
                None => format!("{domain} registered on a day that the registry does not tell"),
            },
        );
        self.changed(
            Code::OtherRegistrar,
            known.registrar.as_ref(),
            registrar.as_ref(),
            |registrar| format!("{domain} with {registrar}"),
        );
        if !name_servers.is_empty() {
            let told = |servers: &BTreeSet<String>| format!("{} by the registry", listed(servers));
            self.changed(
                Code::OtherNameServers,
                known.name_servers.as_ref(),
                Some(name_servers),
                told,
            );
        }
    }

    fn left(&self, ends: Timestamp) -> i64 {
        (ends.as_millisecond() - self.now.as_millisecond()).div_euclid(DAY)
    }

    fn ends(&mut self, code: Code, severity: Option<Severity>, enough: i64, ends: Timestamp) {
        let Some(severity) = severity else {
            return;
        };
        let found = match self.left(ends) {
            days if days < 0 => format!("it ended on {ends}"),
            days => format!("it ends on {ends}, in {days} days"),
        };
        self.push(
            code,
            severity,
            format!("at least {enough} days left"),
            found,
        );
    }

    /// A value that is not the usual one.
    fn changed<T: PartialEq>(
        &mut self,
        code: Code,
        known: Option<&Usual<T>>,
        seen: Option<&T>,
        told: impl Fn(&T) -> String,
    ) {
        let (Some(usual), Some(seen)) = (known, seen) else {
            return;
        };
        if usual.value == *seen {
            return;
        }
        let found = match &usual.instead {
            Some((other, since)) if other == seen => format!("{}, since {since}", told(seen)),
            _ => format!("{}, first seen now", told(seen)),
        };
        self.found(code, told(&usual.value), found);
    }
}

fn listed<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    values.join(", ")
}

/// What others sent is quoted as far as it helps.
fn short(text: String) -> String {
    const LONGEST: usize = 500;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests;
