//! How much may be asked for, as data.

use std::collections::BTreeMap;

use access::{Principal, Role};
use serde::Deserialize;

/// The file `limits.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// In how many seconds requests are counted.
    pub request_seconds: i64,
    /// In how many seconds results are counted: a multiple of the other.
    pub result_seconds: i64,
    /// What a principal may ask for whose roles have no budgets of their own.
    pub partner: Budgets,
    /// What the principals of a role may.
    #[serde(default)]
    pub role: BTreeMap<String, Budgets>,
    /// What an address may without a token, in one process.
    pub address: Budgets,
    /// How often an address may scan.
    pub scans: Scans,
}

/// What may be asked for in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// Requests, in [`Limits::request_seconds`].
    pub requests: u64,
    /// Results, in [`Limits::result_seconds`].
    pub results: u64,
}

/// Scans of one address, in [`Limits::request_seconds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scans {
    /// Of any code.
    pub all: u64,
    /// Of codes that are no battery's.
    pub missed: u64,
    /// By identifiers of others.
    pub aliases: u64,
}

impl Limits {
    /// The platform's own.
    ///
    /// # Errors
    /// A sentence naming what is wrong with the file.
    pub fn read() -> Result<Self, String> {
        Self::from_toml(include_str!("../limits.toml"))
            .map_err(|fault| format!("`limits.toml`: {fault}"))
    }

    fn from_toml(text: &str) -> Result<Self, String> {
        let limits: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if limits.request_seconds < 1
            || limits.result_seconds < limits.request_seconds
            || limits.result_seconds % limits.request_seconds != 0
        {
            return Err("`result_seconds` is no multiple of `request_seconds`".to_owned());
        }
        let unknown = limits.role.keys().find(|name| Role::named(name).is_none());
        match unknown {
            Some(name) => Err(format!("`{name}` is not a role")),
            None => Ok(limits),
        }
    }

    /// What a principal may: of several roles the largest counts.
    #[must_use]
    pub fn of(&self, principal: &Principal) -> Budgets {
        let own = |role: &Role| {
            self.role
                .get(role.as_str())
                .copied()
                .unwrap_or(self.partner)
        };
        let all = principal.roles.iter().map(own);
        all.reduce(|one, other| Budgets {
            requests: one.requests.max(other.requests),
            results: one.results.max(other.results),
        })
        .unwrap_or(self.partner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_and_the_largest_role_counts() {
        let limits = Limits::read().unwrap();
        let principal = |roles: &[&str]| Principal {
            subject: "s".to_owned(),
            client: "c".to_owned(),
            organisation: "o".to_owned(),
            roles: roles.iter().filter_map(|name| Role::named(name)).collect(),
            grants: Vec::new(),
            at: 0,
        };
        assert_eq!(limits.of(&principal(&["supplier"])), limits.partner);
        let both = limits.of(&principal(&["purchaser", "auditor"]));
        assert_eq!(Some(&both), limits.role.get("auditor"));
        assert_eq!(limits.of(&principal(&[])), limits.partner);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_named() {
        let file = include_str!("../limits.toml");
        for (wrong, fault) in [
            (file.replace("3_600", "100"), "no multiple"),
            (file.replace("role.customs", "role.king"), "`king`"),
            (file.replace("missed", "mist"), "unknown field"),
        ] {
            let found = Limits::from_toml(&wrong).unwrap_err();
            assert!(found.contains(fault), "{found}");
        }
    }
}
