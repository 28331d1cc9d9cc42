//! The platform checks itself: batteries that are made for it are read in every role, as the matrix of rights says, and what somebody
//! does not see who should, or sees who should not, is a fault.
//!
//! It asks as any partner does, with tokens of an issuer of its own, whose organisations ([`organisations`]) touch nothing but these
//! batteries (`checks-touch-nothing-real` in `never.cedar`). Every hour it asks at the front door. Before a release takes traffic it
//! asks the new versions of the functions themselves, and what may be changed as well.

mod door;
mod made;
mod run;
mod tokens;

pub use door::{Door, Failure};
pub use made::{AUTHORITY, Batteries, INTERESTED, MAKER, STRANGER, make, organisations};
pub use run::{Finding, Probe, Probed};
pub use tokens::Tokens;
