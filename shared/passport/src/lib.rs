//! The attribute catalogue, documents, validation, parts and views of a battery passport.
//!
//! A **document** is `{group: {attribute: value}}`. The **catalogue** (`catalogue/*.toml`) is the only place where an
//! attribute, an event type or a rule is described; everything here reads it: [`validate`], [`split`] into access classes,
//! [`delta`] between versions, the [`view`] somebody is shown, how complete it is ([`assess`]), and the JSON [`schema`] that
//! says the same to other programs.
//!
//! No I/O, no clock, no randomness.

mod assess;
mod attribute;
mod catalogue;
mod change;
mod check_digit;
mod class;
mod composed;
mod counter;
mod declaration;
mod document;
mod edition;
mod element;
mod element_path;
mod event_type;
mod fault;
mod format;
mod freshness;
mod guidance;
mod header;
mod label;
mod life;
mod market;
mod names;
mod parse;
mod reading;
mod replay;
mod rule;
mod schema;
mod signal;
mod text;
mod translated;
mod unit;
mod validate;
mod value;
mod value_set;
mod view;
mod words;

pub use assess::{Assessment, State, assess};
pub use attribute::{Attribute, CodeValue, Declares, Field, Level, Named, Type};
pub use catalogue::{Catalogue, catalogue};
pub use change::{Occasion, before_manufacture, restart_counters, validate_change};
pub use class::{Class, Classes, NotAClass};
pub use composed::{Composed, Group};
pub use counter::falling;
pub use declaration::{DECLARED_AND_GIVEN, declared};
pub use document::{
    AttributeChange, Op, Touched, apply, attributes, compose, delta, evidence_named, merge_patch,
    put, split, touched,
};
pub use edition::{Edition, Migration, compose_editions, latest_edition, migrate, newest_form};
pub use element::{ElementFault, Full, OBJECT_TYPES};
pub use element_path::{ElementPath, PathFault, Step, element_patch};
pub use event_type::{
    Audience, Effect, Erases, EventType, EvidenceRule, Permit, Purpose, Relation, States,
};
pub use fault::Fault;
pub use format::is_time;
pub use freshness::{Freshness, Stale, stale};
pub use guidance::{
    Category, Cell, Cells, Guidance, Obligation, Outcome, Sign, UnknownCategory, When,
};
pub use header::{Compressed, HEADER, Header, SCHEMA_VERSION, compressed};
pub use label::{EvidenceKind, LabelMove, LabelState};
pub use life::{
    BATTERY_STATUSES, FIRST_STATUS, Move, RECORD_STATUSES, STATUS_PLACE, WASTE, battery_moves,
    battery_status, battery_status_since, life, record_moves,
};
pub use market::{Untranslated, untranslated};
pub use names::{country, language};
pub use parse::{Limits, ParseFault, escaped, parse_json};
pub use reading::{Given, Known, Plan, Reading, Received, spans};
pub use replay::{Replay, ReplayFault};
pub use rule::{asks_other_levels, validate_together, warnings};
pub use schema::{Form, UnknownForm, schema};
pub use signal::{
    Count, NOWHERE, Sighting, Signal, SignalKind, date, day_at, day_of, signals, threshold,
    usual_rate,
};
pub use text::{counted, is_plain_text};
pub use translated::{LANGUAGES, Translated};
pub use unit::{Large, Unit};
pub use validate::{validate, validate_under};
pub use value_set::value_set;
pub use view::{view, visible};
pub use words::{Words, words};
