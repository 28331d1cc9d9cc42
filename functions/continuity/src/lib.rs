//! Backup, restore and audit: how what is stored outlives what it is stored in.

mod audit;
mod backup;
mod belongings;
mod everything;
mod folder;
mod labels;
mod moving;
mod restore;

pub use audit::{Audit, audit};
pub use backup::{Backup, Beside, backup};
pub use folder::{FORMAT, Lines, Manifest, Secret};
pub use labels::{labels, labels_of};
pub use moving::{Departure, move_out};
pub use restore::{Verified, erase_again};

use ledger::Timestamp;
use storage::{EvidenceError, NotASubject, StoreError};

/// Why a backup was not taken, or not brought back.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be read or written.
    #[error("`{0}`: {1}")]
    File(String, String),
    /// A file is not what it was when the backup was taken.
    #[error("`{0}` is not what it was when the backup was taken: its SHA-256 is another")]
    Changed(String),
    /// Nobody takes that into a backup of this kind.
    #[error("`{0}` does not belong in this backup")]
    DoesNotBelong(String),
    /// It is no backup, or a newer one than this can read.
    #[error("the format is `{0}`, `{FORMAT}` was expected")]
    Format(String),
    /// The keys are of another backup.
    #[error("the keys are those of the backup of {0}, this one is of {1}")]
    OtherKeys(Timestamp, Timestamp),
    /// Something is there already.
    #[error("{0} is not empty: a backup is brought back, and taken, where nothing is")]
    NotEmpty(String),
    /// A key of a log that is none.
    #[error("a key of a log: {0}")]
    Key(#[from] verify::NotAKey),
    /// A piece of evidence does not open.
    #[error("evidence: {0}")]
    Evidence(#[from] EvidenceError),
    /// A key names no subject.
    #[error(transparent)]
    NotASubject(#[from] NotASubject),
    /// What is served of a log is none.
    #[error("the log `{0}`: {1}")]
    Log(String, String),
    /// Nobody has this name here.
    #[error("`{0}` is no organisation of this platform")]
    Nobody(String),
    /// Events are pending, and nobody took them in.
    #[error("something of it is in no log yet: let the platform run until it is")]
    NotLogged,
    /// There was no quiet moment.
    #[error("something changed during every one of five attempts: try again when less happens")]
    Unquiet,
}
