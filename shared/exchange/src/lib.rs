//! Passports in the formats of others.
//!
//! Each **format** is a mapping in `formats/*.toml`: which of its members is which attribute of ours, and in what form. One
//! engine runs every mapping both ways, so that a format is data: [`export`] writes what somebody may see of a passport,
//! [`import`] reads a stranger's document into values of a model and of a unit. Either tells, member by member, what was
//! lost and why ([`Loss`]). What an export says was not lost comes back from an import as it was; the export holds itself
//! to that by reading back what it wrote.
//!
//! [`json_ld`] is our own form for whoever reads linked data: it needs no mapping, loses nothing, and comes in again.
//!
//! No I/O, no clock. Read nothing here before it went through [`passport::parse_json`], which limits size and depth.

mod compare;
mod date;
mod decimal;
mod export;
mod form;
mod format;
mod import;
mod jsonld;
mod leaf;
mod linked;
mod loss;
mod parts;
mod path;
mod read;
mod source;

pub use export::{Exported, export};
pub use format::{Format, Place, Variant, detect, format, formats};
pub use import::{ImportFault, Imported, import, limits};
pub use jsonld::{Linked, context, context_address, json_ld};
pub use loss::{Loss, Taken, What};
pub use source::{JSON_LD, Source};
