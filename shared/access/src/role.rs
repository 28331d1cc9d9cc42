//! Roles, as data.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use passport::{Class, Classes};
use serde::Deserialize;

/// A role of `roles.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Role(&'static str);

#[derive(Deserialize)]
struct File {
    role: BTreeMap<String, Row>,
}

/// Each right is there with the rule it comes from, or not there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    note: String,
    own: Option<String>,
    chain: Option<String>,
    reads: BTreeMap<String, String>,
    #[serde(default)]
    offered: BTreeMap<String, String>,
    told_as: Option<String>,
}

impl Row {
    fn source(&self, class: Class) -> Option<&str> {
        self.reads
            .get(&class.number().to_string())
            .map(String::as_str)
    }
}

static ROLES: LazyLock<BTreeMap<String, Row>> = LazyLock::new(|| {
    // A file that does not parse gives no role any right, and a test says so.
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

    /// The classes it reads of records that others are responsible for.
    #[must_use]
    pub fn classes(self) -> Classes {
        let reads = |class: &Class| self.source(*class).is_some();
        Class::ALL.into_iter().filter(reads).collect()
    }

    /// The rule by which it reads a class of others' records; `None` where it does not.
    #[must_use]
    pub fn source(self, class: Class) -> Option<&'static str> {
        self.row().and_then(|row| row.source(class))
    }

    /// The classes it reads of a record that its organisation is offered responsibility for, each with its rule.
    pub fn offered(self) -> impl Iterator<Item = (Class, &'static str)> {
        let rows = self.row().into_iter().flat_map(|row| &row.offered);
        rows.filter_map(|(class, source)| {
            let class = Class::from_number(class.parse().ok()?)?;
            Some((class, source.as_str()))
        })
    }

    /// Those classes.
    #[must_use]
    pub fn offered_classes(self) -> Classes {
        self.offered().map(|(class, _)| class).collect()
    }

    /// Whether it sees an event's place in its chain.
    #[must_use]
    pub fn chain(self) -> bool {
        self.chain_source().is_some()
    }

    /// The rule by which it sees an event's place in its chain; `None` where it does not.
    #[must_use]
    pub fn chain_source(self) -> Option<&'static str> {
        self.row().and_then(|row| row.chain.as_deref())
    }

    /// The rule by which it reads wholly what its organisation is responsible for; `None` where it does not.
    #[must_use]
    pub fn own_source(self) -> Option<&'static str> {
        self.row().and_then(|row| row.own.as_deref())
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
    fn every_cell_of_the_file_is_a_class_and_has_its_source() {
        for (name, row) in ROLES.iter() {
            assert!(!row.note.is_empty(), "{name}");
            assert!(
                row.told_as
                    .as_deref()
                    .is_none_or(|role| Role::named(role).is_some()),
                "{name}"
            );
            for (class, source) in row.reads.iter().chain(&row.offered) {
                let class: Class = class.parse::<u8>().unwrap().try_into().unwrap();
                assert_ne!(class, Class::Internal, "{name}");
                // What the first owner keeps is opened by no offer.
                let kept = class == Class::Authority && row.offered.contains_key("3");
                assert!(!kept, "{name}");
                assert!(source.contains("Art."), "{name} {source}");
            }
        }
    }
}
