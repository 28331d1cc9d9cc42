//! What the routes of this function answer with, where that has one form.

use std::collections::BTreeSet;

use identity::UnitId;
use ledger::ReadingsCommitment;
use ledger::{Actor, AttributeChange, CommitmentChange, Erased, EventId, EvidenceReference};
use ledger::{Sha256, Timestamp};
use passport::{Category, Translated};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// Whose history it is: one of these.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Whose {
    /// A passport.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) dpp_id: Option<Uuid>,
    /// A unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub(crate) unit: Option<UnitId>,
    /// A model or batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
}

impl Whose {
    pub(crate) fn passport(id: Uuid) -> Self {
        Self {
            dpp_id: Some(id),
            ..Self::default()
        }
    }

    pub(crate) fn unit(unit: UnitId) -> Self {
        Self {
            unit: Some(unit),
            ..Self::default()
        }
    }

    pub(crate) fn product(id: Uuid) -> Self {
        Self {
            id: Some(id),
            ..Self::default()
        }
    }
}

/// The versions of a passport, model or batch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Versions {
    /// Whose.
    #[serde(flatten)]
    pub(crate) whose: Whose,
    /// Oldest first.
    pub(crate) versions: Vec<Version>,
    /// Sent as `cursor` it asks for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) next: Option<String>,
}

/// A version.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    /// Its number, from 1, as this caller can see them.
    pub(crate) version: u64,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    /// The event that made it.
    #[schema(value_type = Uuid)]
    pub(crate) event_id: EventId,
    /// That event's hash.
    #[schema(value_type = String)]
    pub(crate) event_hash: Sha256,
    /// The version of the attribute catalogue that its values follow.
    pub(crate) catalogue: String,
    /// Its tag: the same for as long as its reader sees the same.
    pub(crate) etag: String,
    /// The commitment to the part of each access class, by the number of the class.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub(crate) commitments: Map<String, Value>,
    /// The values by group, where one version was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub(crate) data: Option<Map<String, Value>>,
    /// JSON Pointers of the values that it had and that were erased.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<String>, required = false)]
    pub(crate) erased: BTreeSet<String>,
}

/// What changed between two versions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delta {
    /// Whose.
    #[serde(flatten)]
    pub(crate) whose: Whose,
    /// From which version.
    pub(crate) from: Version,
    /// To which.
    pub(crate) to: Version,
    /// Each attribute that has another value, where neither was erased: its pointer and class, what was done (`add`, `replace`, `remove`), before and
    /// after.
    #[schema(value_type = Vec<web::described::ChangedAttribute>)]
    pub(crate) changes: Vec<passport::AttributeChange>,
}

/// A version with its values, or what changed between two.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[allow(
    dead_code,
    reason = "describes an answer whose two forms are made where they are known"
)]
pub(crate) enum VersionOrDelta {
    /// One was asked for.
    Version(Box<Version>),
    /// Two were asked for.
    Delta(Box<Delta>),
}

/// The events of a passport, unit, model or batch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Events {
    /// Whose.
    #[serde(flatten)]
    pub(crate) whose: Whose,
    /// Oldest first.
    pub(crate) events: Vec<Event>,
    /// Sent as `cursor` it asks for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) next: Option<String>,
    /// Where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) chain: Option<Chain>,
}

/// An event, as far as this caller may know.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub(crate) event_id: EventId,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    /// Its hash.
    #[schema(value_type = String)]
    pub(crate) hash: Sha256,
    /// The access class of those who may know of it.
    pub(crate) class: u8,
    /// The event type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) event_type: Option<String>,
    /// What people call the event type, by language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = std::collections::BTreeMap<String, String>, required = false)]
    pub(crate) label: Option<Translated>,
    /// Who acted: the role that permitted it, the organisation, a reference to the person that names nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = web::described::ActingPerson, required = false)]
    pub(crate) actor: Option<Actor>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) reason: Option<String>,
    /// Anything else, for whoever is responsible for the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) notes: Option<String>,
    /// When it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    pub(crate) occurred_at: Option<Timestamp>,
    /// What proves it: id, hash and media type of each piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<web::described::CitedEvidence>, required = false)]
    pub(crate) evidence: Option<Vec<EvidenceReference>>,
    /// Each attribute that changed: its pointer, what was done (`add`, `replace`, `remove`), before and after.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<web::described::ChangedAttribute>, required = false)]
    pub(crate) changes: Option<Vec<AttributeChange>>,
    /// The commitments of the access classes that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<web::described::ChangedCommitment>, required = false)]
    pub(crate) commitments: Option<Vec<CommitmentChange>>,
    /// The readings it brought: how many, from when to when, and the SHA-256 of their canonical form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<web::described::CommittedReadings>, required = false)]
    pub(crate) readings: Option<Vec<ReadingsCommitment>>,
    /// What it erased: pointers of attributes, numbers of events, and the digests that stay; or the number of the key that went, and
    /// with it whatever not everybody might read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = web::described::ErasedValues, required = false)]
    pub(crate) erased: Option<Erased>,
    /// True where this caller may know that it happened and not what: then nothing of it is told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) withheld: bool,
    /// Its place in the chain, for those who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) seq: Option<u64>,
    /// The hash of the event before, for those who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub(crate) prev: Option<Sha256>,
}

/// Whether the chain of events holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Chain {
    /// Whether every link holds, up to the record.
    pub(crate) holds: bool,
    /// How many events there are, for those who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) events: Option<u64>,
    /// The hash of the last event, for those who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub(crate) head: Option<Sha256>,
    /// What does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) fault: Option<String>,
}

/// A model or a batch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Product {
    /// Its id.
    pub(crate) id: Uuid,
    /// The model: a model's own id, or that of the batch's model.
    pub(crate) model: Uuid,
    /// The battery category.
    #[schema(value_type = String)]
    pub(crate) category: Category,
    /// The version of the attribute catalogue that it follows.
    pub(crate) catalogue: &'static str,
    /// How often its data changed.
    pub(crate) version: u64,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) updated_at: Timestamp,
    /// Its attributes by group.
    #[schema(value_type = web::described::ProductData)]
    pub(crate) data: Map<String, Value>,
}
