//! What a document comes in as: a format of others, or our own form as linked data.

use passport::{Category, Guidance};
use serde_json::{Map, Value};

use crate::format::{Format, detect, format};
use crate::import::{ImportFault, Imported, import, import_json_ld};

/// The name of our own form as linked data, among those of the formats.
pub const JSON_LD: &str = "json-ld";

/// What a document comes in as.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    /// A format of others.
    Format(&'static Format),
    /// What [`json_ld`](crate::json_ld) writes.
    JsonLd,
}

impl Source {
    /// By its id; that of a format's variant names the format.
    #[must_use]
    pub fn named(id: &str) -> Option<Self> {
        match id {
            JSON_LD => Some(Self::JsonLd),
            id => format(id).map(|(format, _)| Self::Format(format)),
        }
    }

    /// What a document is in, by its looks.
    #[must_use]
    pub fn of(document: &Map<String, Value>) -> Option<Self> {
        match document.contains_key("@context") {
            true => Some(Self::JsonLd),
            false => detect(document).map(Self::Format),
        }
    }

    /// Its name in addresses and on the command line.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Format(format) => &format.id,
            Self::JsonLd => JSON_LD,
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Format(format) => &format.name,
            Self::JsonLd => "JSON-LD",
        }
    }

    /// Reads a document: see [`import`].
    ///
    /// # Errors
    /// [`ImportFault`] where nothing of it can be taken.
    pub fn import(
        self,
        foreign: &Value,
        category: Option<Category>,
        guidance: &Guidance,
    ) -> Result<Imported, ImportFault> {
        match self {
            Self::Format(format) => import(format, foreign, category, guidance),
            Self::JsonLd => import_json_ld(foreign, category, guidance),
        }
    }
}
