//! Audit events, and the public Merkle log whose leaves they are (ledger.md).
//!
//! A leaf is canonical JSON that says in the clear only `v`, `log`, `eventId`, `at` and `_sd`, the sorted digests of its
//! disclosures. Everything else is a disclosure: `base64url(JCS([salt, name, value]))`, after RFC 9901. Leaves will be
//! public for ever; disclosures can be deleted.
//!
//! The log is that of C2SP: RFC 6962 hashes in tiles, entries in bundles, checkpoints as signed notes, proofs as files.
//! Beside the log stand the signatures of operators under what everybody sees ([`ViewStatement`], [`ViewKey`]): detached JWS.
//!
//! Nothing here reads, writes or signs. Whoever appends or proves asks which tiles to read ([`right_edge`],
//! [`ProofPlan::tiles`]), hands them in as [`Tiles`] and gets files to write ([`append`]) or a proof
//! ([`ProofPlan::prove`]). Whoever signs is given bytes: a note's text, or a [`Cosignature::message`].

mod add_checkpoint;
mod append;
mod canonical;
mod chain;
mod checkpoint;
mod commitment;
mod disclosure;
mod event;
mod id;
mod key;
mod note;
mod open;
mod policy;
mod prove;
mod tile;
mod tlog_proof;
mod tree;
mod view;
mod view_key;

pub use add_checkpoint::{AddCheckpoint, AddCheckpointError, Answer, Cosigned, Refusal, Submitted};
pub use append::{Appended, append, frontier, right_edge};
pub use canonical::{NotCanonical, canonical};
pub use chain::{ChainFault, ChainHead, verify_chain};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use commitment::{CommitmentError, PartSalts, commitment, commitment_of, digests};
pub use disclosure::{
    Audience, NotAnAudience, Salt, digest as disclosure_digest, read as read_disclosure,
};
pub use event::{
    Actor, AttributeChange, CommitmentChange, Erased, EventDraft, EvidenceReference,
    PublicReadsDraft, ReadEventDraft, ReadingsCommitment, SealError, SealedEvent, StateDigests,
};
pub use id::{EventId, NotAHash, NotATime, NotAnEventId, Sha256, Timestamp};
pub use key::{KeyError, KeyId, SignatureType, VerifierKey};
pub use note::{Cosignature, Note, NoteError, NoteSignature, SignatureError, Signed};
pub use open::{ChainLink, OpenError, OpenedEvent, open};
pub use policy::{Policy, PolicyError, PolicyFault, Trusted, Witness};
pub use prove::ProofPlan;
pub use tile::{
    BundleError, LONGEST_ENTRY, Level, NotATile, TILE_WIDTH, Tile, TileError, Tiles,
    decode_entries, encode_entries,
};
pub use tlog_proof::{TlogProof, TlogProofError};
pub use tree::{
    Frontier, LARGEST_SIZE, NotAFrontier, ProofError, verify_consistency, verify_inclusion,
};
pub use view::{ToSign, ViewFault, ViewStatement};
pub use view_key::{NotAViewKey, ViewKey};

/// A number as C2SP texts hold it: digits alone, none of them a leading zero.
fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| canonical)
}
