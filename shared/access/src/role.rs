//! Roles, as data.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;

/// A role of `roles.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(&'static str);

#[derive(Deserialize)]
struct File {
    role: BTreeMap<String, Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    note: String,
    told_as: Option<String>,
    #[serde(default)]
    alone: bool,
}

static ROLES: LazyLock<BTreeMap<String, Row>> = LazyLock::new(|| {
    // A file that does not parse gives no role.
    toml::from_str(include_str!("../roles.toml"))
        .map_or_else(|_| BTreeMap::new(), |file: File| file.role)
});

impl Role {
    /// The role of that name; `None` for what the file does not have.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ROLES.get_key_value(name).map(|(name, _)| Self(name))
    }

    /// Every role, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        ROLES.keys().map(|name| Self(name))
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    fn row(self) -> Option<&'static Row> {
        ROLES.get(self.0)
    }

    /// Whether no token and no organisation has it beside another role.
    #[must_use]
    pub fn is_alone(self) -> bool {
        self.row().is_some_and(|row| row.alone)
    }

    /// The role that everybody is told of, where its own name would tell more than they may know.
    #[must_use]
    pub fn told_as(self) -> &'static str {
        self.row()
            .and_then(|row| row.told_as.as_deref())
            .unwrap_or(self.0)
    }

    /// What the role is, for people.
    #[must_use]
    pub fn note(self) -> &'static str {
        self.row().map_or("", |row| row.note.as_str())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_roles_are_there_and_no_others() {
        let names: Vec<&str> = Role::all().map(Role::as_str).collect();
        assert_eq!(
            names,
            [
                "auditor",
                "commission",
                "customs",
                "economic-operator",
                "market-surveillance",
                "notified-body",
                "platform-operator",
                "purchaser",
                "recycler",
                "repurposer",
                "service-provider",
                "supplier",
                "waste-operator",
            ]
        );
        for unknown in ["administrator", "", "Auditor", "auditor "] {
            assert_eq!(Role::named(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_role_says_what_it_is() {
        for (name, row) in ROLES.iter() {
            assert!(!row.note.is_empty(), "{name}");
            let told = row.told_as.as_deref();
            assert!(
                told.is_none_or(|role| Role::named(role).is_some()),
                "{name}"
            );
        }
    }
}
