//! Which version of policies, roles and purposes decides.

use std::sync::LazyLock;

use ledger::Sha256;
use serde::Deserialize;

use crate::{FILES, SCHEMA};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    digest: String,
}

static FILE: LazyLock<File> = LazyLock::new(|| {
    // A file that does not parse has no version, and a test says so.
    toml::from_str(include_str!("../edition.toml")).unwrap_or_default()
});

/// The version, for the record of a decision.
#[must_use]
pub fn edition() -> &'static str {
    &FILE.version
}

/// Whether the version is of what is there: nothing was changed since it was given.
pub(crate) fn is_current() -> bool {
    FILE.digest == digest().to_string()
}

/// Of the text of everything that the version is of.
fn digest() -> Sha256 {
    let policies = FILES.iter().map(|(_, text)| *text);
    let beside = [
        SCHEMA,
        include_str!("../roles.toml"),
        include_str!("../purposes.toml"),
    ];
    let texts: Vec<&str> = policies.chain(beside).collect();
    Sha256::of(texts.join("\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_has_a_version_of_its_own() {
        assert!(!edition().is_empty());
        assert!(
            is_current(),
            "policies, roles or purposes were changed: give them a version in `edition.toml`, with the digest `{}`",
            digest()
        );
    }
}
