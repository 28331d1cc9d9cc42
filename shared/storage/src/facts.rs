//! What a head knows of its subject: what identifies it, how it relates to others, and where its record stands.

use identity::{Host, UnitId};
use ledger::Timestamp;
use passport::Category;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Life, Next};

/// Identity and relations of a subject, by its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Facts {
    /// A battery model.
    Model {
        /// Category under Article 3 of the regulation.
        category: Category,
        /// The version of the attribute catalogue it follows.
        #[serde(default = "first_catalogue")]
        catalogue: String,
        /// Its trade item numbers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gtins: Vec<String>,
        /// What was given of it and of what is of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        grants: Vec<access::Grant>,
        /// Who resolves the labels of its batteries, where that is not this platform.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        custody: Option<Custody>,
    },
    /// A batch of a model.
    Batch {
        /// The model.
        model: Uuid,
        /// The model's category.
        category: Category,
        /// The version of the attribute catalogue it follows.
        #[serde(default = "first_catalogue")]
        catalogue: String,
        /// Its lot numbers, as GS1 keys: `01/<GTIN>/10/<lot>`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lots: Vec<String>,
        /// What was given of it and of what is of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        grants: Vec<access::Grant>,
    },
    /// A passport of a unit.
    Passport {
        /// The battery.
        unit: UnitId,
        /// The host in the battery's product identifier ([`Facts::carrier_host`]).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        carrier_host: Option<Host>,
        /// Its model.
        model: Uuid,
        /// Its batch.
        batch: Option<Uuid>,
        /// The model's category.
        category: Category,
        /// Where the record stands.
        status: RecordStatus,
        /// When the battery was placed on the market.
        placed_on_market_at: Option<Timestamp>,
        /// The economic operator that placed it there.
        #[serde(default)]
        operator: Option<String>,
        /// The recalls the battery is under, one of an organisation at most.
        #[serde(default)]
        recalls: Vec<Recall>,
        /// Of the battery's life. Not public.
        #[serde(default)]
        life: Box<Life>,
        /// The version of the attribute catalogue it follows.
        #[serde(default = "first_catalogue")]
        catalogue: String,
    },
    /// A battery.
    Unit {
        /// The operator's own host in its carriers and product identifier, from the day its id was allocated and for good; none
        /// for that of the stage.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        carrier_host: Option<Host>,
        /// Its model.
        model: Uuid,
        /// Its batch.
        batch: Option<Uuid>,
        /// The order its id came from; none where it began as a part of other batteries.
        order: Option<Uuid>,
        /// When the id was allocated.
        allocated_at: Timestamp,
        /// The passport in force.
        passport: Option<Uuid>,
        /// The one that takes its place as soon as it is placed on the market. Not public.
        #[serde(default)]
        next: Option<Next>,
        /// Who resolves its labels, where that is not this platform.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        custody: Option<Custody>,
    },
    /// An organisation's own chain.
    Organisation {
        /// Who resolves the labels of all its batteries, where that is not this platform.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        custody: Option<Custody>,
        /// What it was given, and what was taken from it.
        #[serde(default, skip_serializing_if = "access::Rights::is_empty")]
        rights: access::Rights,
    },
}

/// That another resolver has custody: every label leads there, without being touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Custody {
    /// The other resolver's origin: `https://id.backup.example`.
    pub resolver: String,
    /// Since when.
    pub since: Timestamp,
}

/// A recall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    /// Since when.
    pub at: Timestamp,
    /// The organisation that began it.
    pub by: String,
}

/// What records follow that were written before they named it.
fn first_catalogue() -> String {
    passport::catalogue().first().id.clone()
}

impl Facts {
    /// The battery category of a model, batch or passport.
    #[must_use]
    pub const fn category(&self) -> Option<Category> {
        match self {
            Self::Model { category, .. }
            | Self::Batch { category, .. }
            | Self::Passport { category, .. } => Some(*category),
            Self::Unit { .. } | Self::Organisation { .. } => None,
        }
    }

    /// Who resolves its labels, or those of the batteries beneath it, where that is not this platform.
    #[must_use]
    pub const fn custody(&self) -> Option<&Custody> {
        match self {
            Self::Model { custody, .. }
            | Self::Unit { custody, .. }
            | Self::Organisation { custody, .. } => custody.as_ref(),
            Self::Batch { .. } | Self::Passport { .. } => None,
        }
    }

    /// The operator's own host in the carriers and the product identifier of the battery, where they do not name the stage's.
    #[must_use]
    pub const fn carrier_host(&self) -> Option<&Host> {
        match self {
            Self::Unit { carrier_host, .. } | Self::Passport { carrier_host, .. } => {
                carrier_host.as_ref()
            }
            _ => None,
        }
    }

    /// Moves custody; a batch or passport has none of its own.
    #[must_use]
    pub fn in_custody(mut self, moved: Option<Custody>) -> Self {
        match &mut self {
            Self::Model { custody, .. }
            | Self::Unit { custody, .. }
            | Self::Organisation { custody, .. } => *custody = moved,
            Self::Batch { .. } | Self::Passport { .. } => {}
        }
        self
    }

    /// Since when the battery is recalled, by whomever.
    #[must_use]
    pub fn recalled_at(&self) -> Option<Timestamp> {
        match self {
            Self::Passport { recalls, .. } => recalls.iter().map(|recall| recall.at).min(),
            _ => None,
        }
    }

    /// Whether it is a draft that was withdrawn before its battery reached the market.
    #[must_use]
    pub const fn is_withdrawn(&self) -> bool {
        matches!(
            self,
            Self::Passport {
                status: RecordStatus::Archived,
                placed_on_market_at: None,
                ..
            }
        )
    }

    /// Whether the passport has ceased to exist under this very record: its battery was recycled, and that can no longer be taken back.
    #[must_use]
    pub fn has_ceased(&self, now: Timestamp) -> bool {
        let Self::Passport {
            status: RecordStatus::Recycled,
            life,
            ..
        } = self
        else {
            return false;
        };
        let recycling = life.recycling.as_ref();
        recycling.is_none_or(|recycling| recycling.final_at <= now)
    }

    /// Whether others than the responsible organisation may know of the record: a passport is theirs to see from the day
    /// its battery is placed on the market, whatever becomes of the record afterwards.
    #[must_use]
    pub const fn is_known_to_others(&self) -> bool {
        matches!(
            self,
            Self::Passport {
                placed_on_market_at: Some(_),
                ..
            }
        )
    }

    /// The version of the attribute catalogue that the record follows: the newest for what has no attributes.
    #[must_use]
    pub fn catalogue(&self) -> &'static passport::Edition {
        let named = match self {
            Self::Model { catalogue, .. }
            | Self::Batch { catalogue, .. }
            | Self::Passport { catalogue, .. } => passport::catalogue().edition(catalogue),
            Self::Unit { .. } | Self::Organisation { .. } => None,
        };
        named.unwrap_or_else(|| passport::catalogue().newest())
    }

    /// From now on it follows this version.
    pub fn follow(&mut self, edition: &passport::Edition) {
        if let Self::Model { catalogue, .. }
        | Self::Batch { catalogue, .. }
        | Self::Passport { catalogue, .. } = self
        {
            catalogue.clone_from(&edition.id);
        }
    }

    /// When the battery's counters began anew, where they did.
    #[must_use]
    pub const fn counters_since(&self) -> Option<Timestamp> {
        match self {
            Self::Passport { life, .. } => life.counters_since,
            _ => None,
        }
    }
}

/// The life of a record, apart from the battery's own status (which is class 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordStatus {
    /// Being prepared; not public.
    Draft,
    /// The battery is on the market.
    Active,
    /// Withdrawn from use (EN 18222 `DeleteDPPById`); kept.
    Archived,
    /// The battery was recycled (Article 77(8)).
    Recycled,
}

impl RecordStatus {
    /// The status as event types name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Recycled => "recycled",
        }
    }

    /// The status that event types name so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Draft, Self::Active, Self::Archived, Self::Recycled]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}
