//! Unit and label identities, their carrier URL, QR symbols and printed labels.
//!
//! The format is frozen and published: `CARRIER.md` beside this crate, with test vectors in `vectors/`.

mod alias;
mod carrier;
mod code;
mod collection;
mod digital_link;
mod dxf;
mod gs1;
mod id;
mod label;
mod lettering;
mod module;
mod outline;
mod pdf;
mod picture;
mod reading;
mod sheet;
mod symbol;
mod zpl;

pub use alias::{Alias, AliasError, LONGEST_ALIAS};
pub use carrier::{Carrier, CarrierError, Host, NotAHost};
pub use collection::{Collection, CollectionError, Surface};
pub use digital_link::{DigitalLink, DigitalLinkError, Element, percent_decoded};
pub use gs1::{Giai, Gs1Error, Gtin};
pub use id::{IdError, LabelId, UnitId};
pub use label::{Label, LabelError, Style};
pub use module::{Millimetres, Module, ModuleError};
pub use reading::{Reading, ReadingKind};
pub use sheet::{Page, Sheet, SheetError};
pub use symbol::{ErrorCorrection, QUIET_ZONE, Rectangle, Symbol, SymbolError};
