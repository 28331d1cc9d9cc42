//! The page a person sees: its words in every language of the Union, how values are written and drawn, and the frame around
//! them. No script, nothing from elsewhere.

mod chart;
mod course;
mod document;
mod frame;
mod names;
mod notation;
mod plural;
mod refused;
mod summary;
mod text;
mod value;

pub use course::{Point, course};
pub use document::{at_once, groups, headline};
pub use frame::{POLICY, footer, frame, frame_of_rights, secure};
pub use notation::Notation;
pub use refused::too_many;
pub use summary::{Drawn, Section, health, sections};
pub use text::{Rights, Texts, texts};
pub use value::{Writing, time};
