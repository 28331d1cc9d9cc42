//! Unit and label identities, their carrier URL, QR symbols and printed labels.
//!
//! The format is frozen and published: `CARRIER.md` beside this crate, with test vectors in `vectors/`.

mod alias;
mod carrier;
mod code;
mod digital_link;
mod gs1;
mod id;
mod label;
mod lettering;
mod reading;
mod symbol;

pub use alias::{Alias, AliasError, LONGEST_ALIAS};
pub use carrier::{Carrier, CarrierError, Host, NotAHost};
pub use digital_link::{DigitalLink, DigitalLinkError, Element, percent_decoded};
pub use gs1::{Giai, Gs1Error, Gtin};
pub use id::{IdError, LabelId, UnitId};
pub use label::{Label, LabelError};
pub use reading::{Reading, ReadingKind};
pub use symbol::{ErrorCorrection, QUIET_ZONE, Symbol, SymbolError};
