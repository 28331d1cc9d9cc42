//! What a passport's head knows of the battery's life beside its status, which is sealed. None of it is public.

use identity::LabelId;
use ledger::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What was offered, accepted, asked for and approved, which passports came before and after, and the counters' epoch.
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
    /// The last preparation for a further life: an event type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepared: Option<String>,
    /// The passports of the lives before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predecessors: Vec<Uuid>,
    /// Those of the lives that follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successors: Vec<Uuid>,
    /// That the battery was recycled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recycling: Option<Recycling>,
    /// When the counters began anew, where they did: with a new battery management system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters_since: Option<Timestamp>,
}

/// That the battery was recycled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recycling {
    /// Until when it can be taken back; from then on the passport has ceased to exist (Article 77(8)).
    pub final_at: Timestamp,
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

/// The passport that will take the place of the one in force, and the label that is printed for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// The passport.
    pub passport: Uuid,
    /// The label.
    pub label: LabelId,
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
