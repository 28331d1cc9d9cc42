//! What a passport's head knows of the battery's life beside its status, which is sealed. None of it is public.

use std::collections::BTreeMap;

use identity::LabelId;
use ledger::{Sha256, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Facts, RecordStatus, Store, StoreError, Subject};

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
    /// What was given of this passport alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<access::Grant>,
    /// Who bought the battery, and showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<access::Claim>,
    /// The code that shows it, as long as nobody used it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_code: Option<ClaimCode>,
}

/// A code that comes with a battery: whoever brings it bought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimCode {
    /// SHA-256 of its 80 random bits, as text without separators.
    pub digest: Sha256,
    /// Until when it counts.
    pub until: Timestamp,
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
    /// Whoever asked for the same since it was last confirmed: keyed references that name nobody
    /// ([`crate::Store::person_reference`]).
    pub by: Vec<String>,
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

/// Most later lives that are looked at for what became of a passport.
const MOST: usize = 100;

impl Store {
    /// Whether the passport with this id has ceased to exist, as [`Store::has_ceased`] says.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn life_is_over(&self, passport: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        match self.record(&Subject::Passport(passport)).await? {
            Some(record) => self.has_ceased(&record.head.facts, now).await,
            None => Ok(false),
        }
    }

    /// Whether a passport has ceased to exist: its battery was recycled for good, under this passport or under every one that
    /// took its place.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn has_ceased(&self, facts: &Facts, now: Timestamp) -> Result<bool, StoreError> {
        let mut queue = vec![facts.clone()];
        let mut seen = BTreeMap::new();
        let mut ended = false;
        while let Some(facts) = queue.pop() {
            if facts.has_ceased(now) {
                ended = true;
                continue;
            }
            let Facts::Passport {
                status: RecordStatus::Archived,
                life,
                ..
            } = &facts
            else {
                return Ok(false);
            };
            let mut goes_on = false;
            for id in &life.successors {
                if let Some(follows) = seen.get(id) {
                    goes_on |= *follows;
                    continue;
                }
                if seen.len() == MOST {
                    return Ok(false);
                }
                let record = self.record(&Subject::Passport(*id)).await?;
                // A draft that was withdrawn took no place.
                let next = record.filter(|record| !record.head.facts.is_withdrawn());
                seen.insert(*id, next.is_some());
                goes_on |= next.is_some();
                queue.extend(next.map(|record| record.head.facts));
            }
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recycled(final_at: i64) -> Facts {
        let category = passport::Category::Ev;
        Facts::Passport {
            carrier_host: None,
            unit: "32XZAJ4P21M1MZ0N3RQA".parse().unwrap(),
            model: Uuid::nil(),
            batch: None,
            category,
            status: RecordStatus::Recycled,
            placed_on_market_at: Some(Timestamp::from_millisecond(0)),
            operator: None,
            recalls: Vec::new(),
            life: Box::new(Life {
                recycling: Some(Recycling {
                    final_at: Timestamp::from_millisecond(final_at),
                }),
                ..Life::default()
            }),
            catalogue: passport::catalogue().newest().id.clone(),
        }
    }

    #[test]
    fn recycling_is_final_from_the_moment_it_names() {
        let facts = recycled(1_000);
        assert!(!facts.has_ceased(Timestamp::from_millisecond(999)));
        assert!(facts.has_ceased(Timestamp::from_millisecond(1_000)));
    }
}
