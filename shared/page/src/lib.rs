//! The page a person sees: its words in every language of the Union, how values are written and drawn, and the frame around
//! them. No script, nothing from elsewhere.

mod chart;
mod document;
mod frame;
mod names;
mod notation;
mod plural;
mod summary;
mod text;
mod value;

pub use document::{at_once, groups};
pub use frame::{POLICY, footer, frame};
pub use notation::Notation;
pub use summary::{Drawn, Section, sections};
pub use text::{Texts, texts};
pub use value::{Writing, time};
