//! The watch over host names: a label carries its operator's own host for decades, and whoever has the name has every label.
//!
//! The life of an examination: (1) DNS: does the name lead to the distribution, and by whose name servers, from the host up to
//! below the top-level domain; (2) TLS at one of its addresses: is the certificate valid, by whom, until when; (3) over that very
//! connection: is it this platform that answers; (4) RDAP: until when, with whom and in what state is the domain registered. What
//! was seen is held against what is expected and what is usual, the findings are logged, and one row per host remembers both. A
//! first sight is a baseline. No host waits for another, and everything that others send is bounded in time and size.

mod certificate;
mod description;
mod dns;
mod judge;
mod memory;
mod network;
mod rdap;
mod rules;
mod seen;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures_util::stream::{StreamExt, iter};
use identity::Host;
use ledger::Timestamp;
use storage::{HostFinding, HostWatch, Severity, Store, StoreError};
use tokio::time::timeout;
use url::Url;

use crate::judge::{Expected, judge};
use crate::memory::{Known, remember, still};
use crate::rdap::Registries;
use crate::rules::Rules;
use crate::seen::{Answer, Names, Presented, Registration, Seen};

pub use network::Network;
pub use rules::Code;

/// Hosts that are examined at once.
const AT_ONCE: usize = 16;
/// A part of an examination takes no longer: a name server, a server or a registry that says nothing costs its host that part.
const PART: Duration = Duration::from_secs(40);

/// A host that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The host.
    pub host: String,
    /// Whose it is; nobody's but the platform's where there is none.
    pub organisation: Option<String>,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Hosts that were examined.
    pub hosts: usize,
    /// Those of them with an alarm.
    pub alarms: usize,
    /// Those whose findings could not be kept: changes are told against what was known before.
    pub failed: usize,
}

/// The watch.
pub struct Watch {
    /// Where what was seen is kept.
    pub store: Store,
    /// How others are reached.
    pub network: Network,
    /// The stage's own host.
    pub own: String,
    /// The name of the distribution that every host has to lead to.
    pub distribution: String,
    /// IANA's list of registries (RFC 9224).
    pub registries: Url,
}

impl Watch {
    /// Examines hosts and logs each finding. Those that no name server of the Internet knows, such as an address, are left out.
    ///
    /// # Errors
    /// [`StoreError`] where what was seen before cannot be read.
    pub async fn run(&self, hosts: Vec<Watched>, now: Timestamp) -> Result<Outcome, StoreError> {
        let rules = Rules::get();
        let watches = self.store.host_watches::<Known>().await?;
        let mut known: HashMap<String, Known> = watches
            .into_iter()
            .map(|one| (one.host, one.known))
            .collect();
        let hosts: Vec<(Watched, Known)> = hosts
            .into_iter()
            .filter(|watched| is_name(&watched.host))
            .map(|watched| {
                let known = known.remove(&watched.host).unwrap_or_default();
                (watched, known)
            })
            .collect();
        let asked = hosts
            .iter()
            .any(|(_, known)| still(rules, known, now).is_none());
        let registries = match asked {
            true => in_time(Registries::fetch(&self.network, &self.registries))
                .await
                .unwrap_or_else(Err),
            false => Err("nobody asked".to_owned()),
        };
        let addresses = in_time(self.network.dns.addresses(&self.distribution)).await;
        let expected = Expected {
            distribution: self.distribution.clone(),
            addresses: addresses.unwrap_or_default(),
        };
        let examined: Vec<Examined> = iter(hosts)
            .map(|(watched, known)| {
                self.examine(watched, known, (rules, &expected, &registries), now)
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let count =
            |wanted: fn(&Examined) -> bool| examined.iter().filter(|one| wanted(one)).count();
        Ok(Outcome {
            hosts: examined.len(),
            alarms: count(|one| one.alarm),
            failed: count(|one| !one.kept),
        })
    }

    async fn examine(
        &self,
        watched: Watched,
        known: Known,
        (rules, expected, registries): (&Rules, &Expected, &Result<Registries, String>),
        now: Timestamp,
    ) -> Examined {
        let registration = still(rules, &known, now);
        let seen = self.look(&watched.host, registration, registries).await;
        let findings = judge(rules, expected, &known, &seen, now);
        for (_, finding) in &findings {
            tell(&watched, finding);
        }
        let alarm = findings
            .iter()
            .any(|(_, finding)| finding.severity == Severity::Alarm);
        let known = remember(rules, known, &seen, &findings, now);
        let findings = findings.into_iter().map(|(_, finding)| finding).collect();
        let watch = HostWatch {
            host: watched.host,
            at: now,
            findings,
            known,
        };
        let host = watch.host.clone();
        let kept = self.store.keep_host_watch(watch).await;
        if let Err(error) = &kept {
            tracing::error!(host, %error, "what was seen of a host could not be kept");
        }
        Examined {
            alarm,
            kept: kept.is_ok(),
        }
    }

    async fn look(
        &self,
        host: &str,
        registration: Option<Registration>,
        registries: &Result<Registries, String>,
    ) -> Seen {
        let dns = &self.network.dns;
        let registration = async {
            match registration {
                Some(before) => before,
                None => in_time(rdap::registration(&self.network, registries, host))
                    .await
                    .unwrap_or_else(Registration::Unanswered),
            }
        };
        let reached = async {
            let names = in_time(dns.names(host))
                .await
                .unwrap_or_else(Names::Unanswered);
            let (certificate, answer) = match &names {
                Names::Found { addresses, .. } if !addresses.is_empty() => {
                    self.meet(host, addresses).await
                }
                _ => (Presented::NotAsked, Answer::NotAsked),
            };
            (names, certificate, answer)
        };
        let zones = in_time(dns.zones(host));
        let caa = in_time(dns.caa(host));
        let ((names, certificate, answer), zones, caa, registration) =
            tokio::join!(reached, zones, caa, registration);
        Seen {
            names,
            zones: zones.ok().flatten(),
            caa: caa.ok().flatten(),
            certificate,
            answer,
            registration,
        }
    }

    async fn meet(
        &self,
        host: &str,
        addresses: &BTreeSet<std::net::IpAddr>,
    ) -> (Presented, Answer) {
        let (presented, stream) = self.network.meet(host, addresses).await;
        let Some(stream) = stream else {
            return (presented, Answer::NotAsked);
        };
        let got = network::get(
            stream,
            host,
            description::PATH,
            "application/json",
            description::LIMIT,
        )
        .await;
        let answer = match got {
            Ok(got) => description::recognised(&got, host, &self.own),
            Err(why) => Answer::None(why),
        };
        (presented, answer)
    }
}

struct Examined {
    alarm: bool,
    kept: bool,
}

async fn in_time<T>(part: impl Future<Output = T>) -> Result<T, String> {
    timeout(PART, part)
        .await
        .map_err(|_| "nothing came in time".to_owned())
}

/// Whether it is a name that can be looked up: no address, no port, no bare label.
fn is_name(host: &str) -> bool {
    Host::parse(host).is_ok_and(|host| host.is_domain_name())
}

/// CloudWatch counts the alarms among these lines (`template.yaml`).
fn tell(watched: &Watched, finding: &HostFinding) {
    let Watched { host, organisation } = watched;
    let organisation = organisation.as_deref().unwrap_or("-");
    let HostFinding {
        code,
        severity,
        expected,
        found,
    } = finding;
    match severity {
        Severity::Alarm => tracing::error!(host, organisation, code, expected, found, "host alarm"),
        Severity::Warning => {
            tracing::warn!(host, organisation, code, expected, found, "host warning")
        }
        Severity::Note => tracing::info!(host, organisation, code, expected, found, "host note"),
    }
}
