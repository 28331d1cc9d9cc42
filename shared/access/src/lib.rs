//! Who is asking, and what they may see and change.
//!
//! A token is checked strictly ([`verify`]), its organisation and roles against the organisation's record
//! ([`principal`]), and only then say the policies (`policies/`) what leaves ([`reading`]) and what may be written
//! ([`may_raise`], [`writable`]). Whatever is unknown reads what everybody reads and writes nothing.

mod identity_token;
mod issuer;
mod matrix;
mod policy;
mod principal;
mod rights;
mod role;
mod standing;
mod token;

pub use identity_token::{Expected, identify};
pub use issuer::{ConfigurationFault, Issuer, Issuers};
pub use matrix::{Case, STANDINGS, STATES, matrix};
pub use policy::{Described, FILES, PolicyFault, SCHEMA, check, policies};
pub use principal::{AccessFault, Organisation, Principal, principal};
pub use rights::{
    Explained, Reading, basis, explain, knows, may_raise, permitted, reading, writable,
};
pub use role::Role;
pub use standing::Standing;
pub use token::{CLAIMS, Claims, TokenFault, verify};
