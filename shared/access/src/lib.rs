//! Who is asking, and what they may see and change.
//!
//! A token is checked strictly ([`verify`]), whether its sender may use it ([`proof`], [`Issuers::held`]), its organisation and
//! roles against the organisation's record ([`principal`]), and only then say the policies (`policies/`) what leaves
//! ([`reading`]) and what may be written ([`may_raise`], [`writable`]). Whatever is unknown reads what everybody reads and writes
//! nothing.

mod address;
mod edition;
mod grant;
mod identity_token;
mod issuer;
mod jws;
mod key_set;
mod matrix;
mod policy;
mod principal;
mod proof;
mod purpose;
mod rights;
mod role;
mod standing;
mod synthetic;
mod token;

pub use address::is_safe;
pub use edition::edition;
pub use grant::{
    Claim, Grant, MOST_OF_ONE_GIVER, MOST_RIGHTS, Person, Right, Rights, Scope, Suspension,
};
pub use identity_token::{Expected, identify};
pub use issuer::{ConfigurationFault, Issuer, Issuers, Keys};
pub use key_set::{KeySet, KeySetFault, thumbprint};
pub use matrix::{Case, STANDINGS, STATES, matrix};
pub use policy::{Described, FILES, PolicyFault, SCHEMA, check, policies};
pub use principal::{AccessFault, Organisation, Principal, principal};
pub use proof::{Asked, PROOF_ALGORITHMS, Proof, ProofFault, proof};
pub use purpose::{Purpose, Rules};
pub use rights::{
    Explained, Reading, answers_for, basis, contributes, explain, knows, may_raise, oversees,
    permitted, reading, sees_accesses, writable,
};
pub use role::Role;
pub use standing::Standing;
pub use synthetic::{
    SYNTHETIC, SYNTHETIC_AUDIENCE, SYNTHETIC_ISSUER, SYNTHETIC_KEY, SYNTHETIC_LIFETIME,
    is_synthetic, synthetic_issuer,
};
pub use token::{CLAIMS, Claims, TokenFault, verify};
