//! What matters how much: `rules.toml`, read into types.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use storage::Severity;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Code {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// As in `rules.toml`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }
        }
    };
}

codes! {
    /// NXDOMAIN.
    NoSuchName = "no-such-name",
    /// The name leads to no address.
    Dangling = "dangling",
    /// Its CNAMEs do not lead to the distribution.
    PointsElsewhere = "points-elsewhere",
    /// Without a CNAME, it has no address of the distribution's.
    OtherAddresses = "other-addresses",
    /// A zone from the host up to below the top-level domain has other name servers.
    OtherNameServers = "other-name-servers",
    /// No name server answered.
    DnsUnanswered = "dns-unanswered",
    /// No CAA record on the way up (RFC 8659): any authority may issue.
    NoCaa = "no-caa",
    /// Nothing speaks TLS there.
    Unreachable = "unreachable",
    /// The certificate's time is over.
    CertificateExpired = "certificate-expired",
    /// The certificate is for other names.
    CertificateWrongName = "certificate-wrong-name",
    /// No trusted authority vouches for the certificate.
    CertificateUntrusted = "certificate-untrusted",
    /// The certificate's time is over soon.
    CertificateEnds = "certificate-ends",
    /// Another organisation issued the certificate.
    OtherIssuer = "other-issuer",
    /// Another key, by the same issuer.
    NewKey = "new-key",
    /// The registry does not know the domain.
    NotRegistered = "not-registered",
    /// The domain was registered again, or another one is.
    RegisteredAnew = "registered-anew",
    /// The registration's time is over soon, or is over.
    RegistrationEnds = "registration-ends",
    /// A status that tells of trouble.
    RegistrationStatus = "registration-status",
    /// The domain is with another registrar.
    OtherRegistrar = "other-registrar",
    /// Nothing keeps the domain from being transferred.
    NoTransferLock = "no-transfer-lock",
    /// The registry does not tell until when.
    ExpiryNotTold = "expiry-not-told",
    /// The registry did not answer.
    RegistrationUnanswered = "registration-unanswered",
    /// There is no registry to ask.
    RegistrationNotWatched = "registration-not-watched",
    /// Somebody else answers at the name.
    ForeignAnswer = "foreign-answer",
    /// Nobody answers at the name, or with a fault.
    NoAnswer = "no-answer",
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Weight {
    severity: Severity,
    first: Option<Severity>,
}

/// Days left, below which something is told.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Days {
    warning: i64,
    alarm: i64,
}

impl Days {
    /// What so many days weigh; nothing where there are enough.
    pub(crate) const fn weigh(self, days: i64) -> Option<Severity> {
        match days {
            days if days < self.alarm => Some(Severity::Alarm),
            days if days < self.warning => Some(Severity::Warning),
            _ => None,
        }
    }

    /// From how many days on nothing is told.
    pub(crate) const fn enough(self) -> i64 {
        self.warning
    }
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Rules {
    /// For how many days a change is told.
    pub(crate) settle_days: i64,
    /// How often a registry is asked.
    pub(crate) registration_every_hours: i64,
    /// Statuses of which a domain should have one.
    pub(crate) transfer_locks: Vec<String>,
    /// How long a certificate has to last.
    pub(crate) certificate_ends: Days,
    /// How long a registration has to last.
    pub(crate) registration_ends: Days,
    /// Statuses that tell of trouble.
    pub(crate) registration_status: BTreeMap<String, Severity>,
    findings: BTreeMap<Code, Weight>,
}

static RULES: LazyLock<Rules> = LazyLock::new(load);

#[allow(
    clippy::panic,
    reason = "the file is part of the program, and a test loads it"
)]
fn load() -> Rules {
    toml::from_str(include_str!("../rules.toml"))
        .unwrap_or_else(|error| panic!("the rules of the watch: {error}"))
}

impl Rules {
    /// Those of `rules.toml`.
    pub(crate) fn get() -> &'static Self {
        &RULES
    }

    /// What a finding weighs that was, or was not, found the last time too. What has no row weighs most.
    pub(crate) fn weigh(&self, code: Code, again: bool) -> Severity {
        match self.findings.get(&code) {
            Some(weight) => weight.first.filter(|_| !again).unwrap_or(weight.severity),
            None => Severity::Alarm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each code weighs by its row, by the days left or by the status: nothing is forgotten, and nothing else stands there.
    #[test]
    fn every_finding_has_its_weight() {
        let by_other_means = [
            Code::CertificateEnds,
            Code::RegistrationEnds,
            Code::RegistrationStatus,
        ];
        for code in Code::ALL {
            let row = Rules::get().findings.contains_key(code);
            assert_eq!(row, !by_other_means.contains(code), "{}", code.as_str());
        }
    }

    #[test]
    fn one_lost_packet_wakes_nobody() {
        for code in [Code::Unreachable, Code::NoAnswer, Code::DnsUnanswered] {
            assert_eq!(Rules::get().weigh(code, false), Severity::Warning);
            assert_eq!(Rules::get().weigh(code, true), Severity::Alarm);
        }
    }

    #[test]
    fn the_playbook_has_a_row_for_every_finding() {
        let playbook = include_str!("../../../infra/playbooks/host-name-lapsed-or-stolen.md");
        for code in Code::ALL {
            assert!(
                playbook.contains(&format!("`{}`", code.as_str())),
                "{}",
                code.as_str()
            );
        }
    }

    #[test]
    fn fewer_days_weigh_more() {
        let days = Rules::get().certificate_ends;
        let told = [
            (6, Some(Severity::Alarm)),
            (7, Some(Severity::Warning)),
            (20, Some(Severity::Warning)),
            (21, None),
        ];
        for (left, severity) in told {
            assert_eq!(days.weigh(left), severity, "{left}");
        }
    }
}
