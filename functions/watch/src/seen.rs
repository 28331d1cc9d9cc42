//! What an examination of a host sees, and what of it is remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ledger::Timestamp;
use serde::{Deserialize, Serialize};

use crate::rules::Code;

/// Zones, each with its name servers.
pub(crate) type Zones = BTreeMap<String, BTreeSet<String>>;

/// One look at a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// What DNS says.
    pub(crate) names: Names,
    /// The zones from the host up to below the top-level domain: whoever takes over one of them has the host. `None` where a name
    /// server did not answer for each.
    pub(crate) zones: Option<Zones>,
    /// Whether a CAA record limits who may issue certificates; `None` where it could not be found out.
    pub(crate) caa: Option<bool>,
    /// Who speaks TLS there.
    pub(crate) certificate: Presented,
    /// Who answers there.
    pub(crate) answer: Answer,
    /// What the registry says.
    pub(crate) registration: Registration,
}

/// Where a name leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Names {
    /// No name server answered: why.
    Unanswered(String),
    /// NXDOMAIN.
    NoSuchName,
    /// It is there.
    Found {
        /// Where its CNAMEs lead, in order.
        aliases: Vec<String>,
        /// The addresses at their end.
        addresses: BTreeSet<IpAddr>,
    },
}

/// What is presented at a name's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Presented {
    /// There was no address to ask.
    NotAsked,
    /// Nothing speaks TLS there: why.
    Unreachable(String),
    /// A certificate that does not count: what kind of fault, and what is wrong.
    Refused(Code, String),
    /// A certificate that is valid for the name by the platform's trust roots.
    Valid(Certificate),
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// The organisation that issued it: the names of its intermediates change too often to mean anything.
    pub(crate) issuer: String,
    /// When its time is over.
    pub(crate) ends: Timestamp,
    /// SHA-256 of its public key.
    pub(crate) key: String,
}

/// Who answers at the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// There was nobody to ask.
    NotAsked,
    /// Nobody answered, or with a fault: why.
    None(String),
    /// Somebody else: what was answered.
    Foreign(String),
    /// This platform's resolver.
    Ours,
}

/// What the registry says of the domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Registration {
    /// There is no registry to ask (RFC 9224).
    NotWatched,
    /// It could not be asked, or its answer not read: why.
    Unanswered(String),
    /// It knows no such domain.
    NotRegistered,
    /// It is registered.
    Registered(Registered),
}

/// A registered domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Registered {
    /// The domain.
    pub(crate) domain: String,
    /// Since when.
    pub(crate) since: Option<Timestamp>,
    /// Until when.
    pub(crate) ends: Option<Timestamp>,
    /// Its statuses, in lower case.
    pub(crate) status: BTreeSet<String>,
    /// Its registrar.
    pub(crate) registrar: Option<String>,
    /// Its name servers.
    pub(crate) name_servers: BTreeSet<String>,
}
