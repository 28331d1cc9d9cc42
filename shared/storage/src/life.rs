//! What a passport's head knows of the battery's life beside its status, which is sealed. None of it is public.

use ledger::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What was offered, accepted, asked for and approved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Life {
    /// The offer that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// Who accepted responsibility for the battery as waste, and has it still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_waste: Option<String>,
    /// What one person asked for and a second one has not confirmed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// Whether two persons stand behind the gaps the passport declares.
    #[serde(default)]
    pub gaps_approved: bool,
}

/// What needs two persons, once the first has asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// The event that asked.
    pub event_type: String,
    /// Who: a keyed reference that names nobody ([`crate::Store::person_reference`]).
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// An offer of responsibility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id.
    pub id: Uuid,
    /// The organisation it is made to.
    pub to: String,
    /// A purpose of the catalogue.
    pub purpose: String,
    /// Since when.
    pub at: Timestamp,
}
