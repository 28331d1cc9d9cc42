//! What a passport's head knows of the battery's life beside its status, which is sealed. None of it is public.

use ledger::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Responsibility, as it was offered and accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Life {
    /// The offer that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// Who accepted responsibility for the battery as waste, and has it still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_waste: Option<String>,
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
