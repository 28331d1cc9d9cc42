//! An independent verifier: what a stranger needs to check a change of a battery passport, offline, in ten years.
//!
//! It shares no code with the writer; both follow the same texts: RFC 6962 (Merkle trees), RFC 8785 (canonical JSON),
//! RFC 9901 (salted disclosures), RFC 7515, 7517, 7638 and 8037 (signatures of operators and their keys) and the C2SP specifications signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles,
//! tlog-proof, tlog-witness and tlog-policy. No file, no network, no clock: what is read is handed in.
//!
//! | verb | what it is given | what holds afterwards |
//! |---|---|---|
//! | [`proof`] | one event with its proof | it is in the log, and says what was opened of it |
//! | [`version`] | the values of one access class | an event committed to exactly them |
//! | [`views`] | public values with the signatures of who is responsible for them | its key signed exactly them, and an event of a log committed to them |
//! | [`chain`] | all events of one subject | none is missing, changed, doubled or out of order |
//! | [`checkpoint`] | one checkpoint of a log | its log signed it, and as many witnesses as are asked for |
//! | [`consistency`] | two checkpoints of a log, and a proof | the log only grew between them |
//! | [`grown`] | the same, with the log's files for a proof | the same |
//! | [`log`] | a whole log as static files | every entry, tile and hash adds up to the signed root |
//!
//! Every answer is a [`Report`]: what was proved, what was not, and the first lie with its place.

mod chain;
mod checkpoint;
mod consistency;
mod disclosure;
mod grown;
mod hash;
mod jws;
mod leaf;
mod log;
mod merkle;
mod note;
mod proof;
mod report;
mod signed;
mod tiles;
mod trust;
mod version;
mod view;

#[cfg(test)]
mod testing;

pub use chain::{CHAIN_FORMAT, chain};
pub use consistency::consistency;
pub use grown::grown;
pub use log::log;
pub use note::{NotAKey, VerifierKey};
pub use proof::{PROOF_FORMAT, bare_proof, proof};
pub use report::{Fault, Report, Verdict};
pub use signed::checkpoint;
pub use tiles::Files;
pub use trust::{NotAPolicy, Trust};
pub use version::{VERSION_FORMAT, version};
pub use view::{STATEMENT_FORMAT, VIEWS_FORMAT, views};
