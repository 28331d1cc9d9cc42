//! What did not survive, member by member.

use serde::Serialize;

/// Why something was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Export: the format has no place for this value, or not for all of it.
    NotCarried,
    /// Export and import: it was carried, and reads as more or less exact than it was.
    Approximated,
    /// Export: the format asks for this member, and nothing that the reader may see fills it.
    RequiredMissing,
    /// Import: the platform derives it, so it is never typed in.
    Derived,
    /// Import: it was understood and has no place here.
    NotTaken,
    /// Import: it was understood, and the catalogue refuses the value.
    NotValid,
    /// Import: nothing is known of this member.
    NotUnderstood,
}

impl What {
    /// The word it goes by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotCarried => "not-carried",
            Self::Approximated => "approximated",
            Self::RequiredMissing => "required-missing",
            Self::Derived => "derived",
            Self::NotTaken => "not-taken",
            Self::NotValid => "not-valid",
            Self::NotUnderstood => "not-understood",
        }
    }
}

/// One thing that did not survive.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Loss {
    /// Where it stands (RFC 6901): in our document for what was not carried or was approximated by an export, else in the
    /// other's.
    pub pointer: String,
    /// What became of it.
    pub what: What,
    /// Why.
    pub reason: String,
}

impl Loss {
    pub(crate) fn new(pointer: impl Into<String>, what: What, reason: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            what,
            reason: reason.into(),
        }
    }
}

/// One member that was taken over.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Taken {
    /// Where it stood in the other's document (RFC 6901).
    pub from: String,
    /// Where it stands in ours.
    pub to: String,
}
