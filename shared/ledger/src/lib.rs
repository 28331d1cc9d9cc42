//! Audit events: leaves, salted disclosures, commitments and chains (ledger.md §1.1).
//!
//! A leaf is canonical JSON that says in the clear only `v`, `log`, `eventId`, `at` and `_sd`, the sorted digests of its
//! disclosures. Everything else is a disclosure: `base64url(JCS([salt, name, value]))`, after RFC 9901. Leaves will be
//! public for ever; disclosures can be deleted.

mod canonical;
mod chain;
mod commitment;
mod disclosure;
mod event;
mod id;
mod open;

pub use canonical::{NotCanonical, canonical};
pub use chain::{ChainFault, ChainHead, verify_chain};
pub use commitment::{CommitmentError, PartSalts, commitment};
pub use disclosure::{Audience, NotAnAudience, Salt};
pub use event::{
    Actor, AttributeChange, CommitmentChange, EventDraft, EvidenceReference, ReadEventDraft,
    ReadingsCommitment, SealError, SealedEvent,
};
pub use id::{EventId, NotAHash, NotATime, NotAnEventId, Sha256, Timestamp};
pub use open::{ChainLink, OpenError, OpenedEvent, open};
