//! What a legitimate interest is in, and who recognises it: versioned rules, as data.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::Role;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct File {
    purpose: BTreeMap<String, Rules>,
}

/// The rules of one purpose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The rule of law it comes from.
    pub source: String,
    /// Whoever is registered for one of these roles may ask.
    pub roles: Vec<String>,
    /// Whether a request has to come with evidence.
    pub evidence: bool,
    /// Whether these rules alone recognise it, at once, as long as it was never revoked.
    #[serde(default)]
    pub at_once: bool,
    /// The roles that decide, and revoke.
    pub decided_by: Vec<String>,
    /// Within how many days it is to be decided.
    pub deadline_days: u16,
    /// For how many days it is recognised at most.
    pub valid_days: u16,
}

/// A purpose of `purposes.toml`.
#[derive(Debug, Clone, Copy)]
pub struct Purpose {
    /// Its name, for example `repairer`.
    pub name: &'static str,
    /// Its rules.
    pub rules: &'static Rules,
}

static FILE: LazyLock<File> = LazyLock::new(|| {
    // A file that does not parse recognises nobody's interest, and a test says so.
    toml::from_str(include_str!("../purposes.toml")).unwrap_or_default()
});

impl Purpose {
    /// The purpose of that name; `None` for what the file does not have.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (name, rules) = FILE.purpose.get_key_value(name)?;
        Some(Self { name, rules })
    }

    /// Every purpose, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        let purposes = FILE.purpose.iter();
        purposes.map(|(name, rules)| Self { name, rules })
    }

    /// Whether somebody with one of these roles may ask.
    #[must_use]
    pub fn is_for(&self, roles: &[Role]) -> bool {
        named(&self.rules.roles, roles)
    }

    /// Whether somebody with one of these roles decides.
    #[must_use]
    pub fn is_decided_by(&self, roles: &[Role]) -> bool {
        named(&self.rules.decided_by, roles)
    }
}

fn named(names: &[String], roles: &[Role]) -> bool {
    names
        .iter()
        .any(|name| roles.iter().any(|role| role.as_str() == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_names_roles_there_are_and_ends() {
        let names: Vec<&str> = Purpose::all().map(|purpose| purpose.name).collect();
        let expected = [
            "recycler",
            "remanufacturer",
            "repairer",
            "second-life-operator",
        ];
        assert_eq!(names, expected);
        for Purpose { name, rules } in Purpose::all() {
            let roles = rules.roles.iter().chain(&rules.decided_by);
            assert!(
                roles.into_iter().all(|role| Role::named(role).is_some()),
                "{name}"
            );
            assert!(!rules.roles.is_empty() && rules.valid_days > 0, "{name}");
            // Who waits for a person waits until a day.
            assert!(
                !rules.decided_by.is_empty() && rules.deadline_days > 0,
                "{name}"
            );
            // Nobody's interest is a favour of who made the battery.
            let makers = ["economic-operator", "supplier"];
            assert!(
                !rules
                    .decided_by
                    .iter()
                    .any(|role| makers.contains(&role.as_str())),
                "{name}"
            );
        }
    }

    /// What the rules name, the policies open: a purpose that opens nothing would be granted in vain.
    #[test]
    fn the_policies_know_every_purpose() {
        let reading = crate::FILES[0].1;
        for Purpose { name, .. } in Purpose::all() {
            assert!(reading.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}
