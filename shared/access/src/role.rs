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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    reads: Vec<u8>,
    #[serde(default)]
    chain: bool,
    /// The rule it comes from; for the reader of the file.
    #[serde(rename = "source")]
    _source: String,
}

struct Rights {
    classes: Classes,
    chain: bool,
}

static ROLES: LazyLock<BTreeMap<String, Rights>> = LazyLock::new(|| {
    // A file that does not parse gives no role any right, and a test says so.
    let file: File = toml::from_str(include_str!("../roles.toml")).unwrap_or(File {
        role: BTreeMap::new(),
    });
    file.role
        .into_iter()
        .map(|(name, row)| {
            let rights = Rights {
                classes: row
                    .reads
                    .into_iter()
                    .filter_map(Class::from_number)
                    .collect(),
                chain: row.chain,
            };
            (name, rights)
        })
        .collect()
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

    /// The classes it reads of records that others are responsible for.
    #[must_use]
    pub fn classes(self) -> Classes {
        ROLES
            .get(self.0)
            .map_or(Classes::PUBLIC, |rights| rights.classes)
    }

    /// Whether it sees an event's place in its chain.
    #[must_use]
    pub fn chain(self) -> bool {
        ROLES.get(self.0).is_some_and(|rights| rights.chain)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    /// The reviewed matrix: a changed right shows as a changed line.
    #[test]
    fn matrix_is_as_reviewed() {
        let mut matrix = String::new();
        for role in Role::all() {
            let classes: Vec<u8> = role.classes().iter().map(Class::number).collect();
            writeln!(
                matrix,
                "{role}: {classes:?}{}",
                if role.chain() { " chain" } else { "" }
            )
            .unwrap();
        }
        assert_eq!(matrix, include_str!("../matrix.txt"));
    }

    #[test]
    fn unknown_roles_do_not_exist() {
        assert_eq!(Role::named("administrator"), None);
        assert_eq!(Role::all().count(), 13);
    }
}
