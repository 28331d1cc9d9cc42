//! Who is asking, and what they may see and change.
//!
//! A token is checked strictly ([`verify`]), whether its sender may use it ([`proof`], [`Issuers::held`]), its organisation and roles against the organisation's record
//! ([`principal`]), and only then decides [`readable`] what leaves and [`may_raise`] what may be written. Whatever is
//! unknown reads what everybody reads and writes nothing.

mod address;
mod identity_token;
mod issuer;
mod jws;
mod key_set;
mod principal;
mod proof;
mod rights;
mod role;
mod token;

pub use address::is_safe;
pub use identity_token::{Expected, identify};
pub use issuer::{ConfigurationFault, Issuer, Issuers, Keys};
pub use key_set::{KeySet, KeySetFault, thumbprint};
pub use principal::{AccessFault, Organisation, Principal, principal};
pub use proof::{Asked, PROOF_ALGORITHMS, Proof, ProofFault, proof};
pub use rights::{Reading, Standing, basis, may_raise, permitted, readable, sees_its_former};
pub use role::Role;
pub use token::{CLAIMS, Claims, TokenFault, verify};
