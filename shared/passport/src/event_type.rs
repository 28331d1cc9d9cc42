//! Event types: what can happen to a battery or its record, who may say so, and what it does.

use serde::{Deserialize, Serialize};

use crate::life::{FIRST_STATUS, WASTE};
use crate::{Class, Translated, catalogue};

/// How the one who raises an event stands to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// It is responsible for the record.
    Responsible,
    /// It need not be.
    Any,
    /// The responsible organisation has offered it the responsibility.
    Offered,
    /// It is responsible because it accepted responsibility for the battery as waste (Article 77(7)).
    AcceptedWaste,
    /// It asked for the label.
    Ordered,
    /// It showed that it bought the battery.
    Claimed,
    /// Whoever is responsible asked it for data, or it brought those that the event is about.
    Contributor,
}

impl Relation {
    /// Its name in the catalogue, for example `accepted-waste`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Responsible => "responsible",
            Self::Any => "any",
            Self::Offered => "offered",
            Self::AcceptedWaste => "accepted-waste",
            Self::Ordered => "ordered",
            Self::Claimed => "claimed",
            Self::Contributor => "contributor",
        }
    }
}

/// One row of who may raise an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permit {
    /// The role, for example `service-provider`.
    pub role: String,
    /// How it must stand to the record.
    pub relation: Relation,
    /// The kinds of evidence it needs, each.
    #[serde(default)]
    pub proof: Vec<String>,
    /// Whether the responsible organisation has to approve: until then it is only asked for.
    #[serde(default)]
    pub approval: bool,
}

/// Whether an event needs evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceRule {
    /// At least one piece.
    Required,
    /// May be given.
    Optional,
    /// Has none.
    None,
}

/// Who sees an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Whoever may see this class.
    Fixed(Class),
    /// Whoever may see the most restrictive class among the changes, but no less restrictive than this.
    OfChanges {
        /// The least restrictive it can be.
        at_least: Class,
    },
}

/// What an event does beside changing data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// The record status it sets: `draft`, `active`, `archived` or `recycled`.
    #[serde(default)]
    pub record: Option<String>,
    /// The battery status it sets (Annex XIII 4(c)).
    #[serde(default)]
    pub battery: Option<String>,
    /// Whether who raises it becomes responsible for the record (Article 77(7)).
    #[serde(default)]
    pub responsibility: bool,
    /// Whether a recall of the battery begins or ends.
    #[serde(default)]
    pub recall: Option<bool>,
    /// Whether the declared gaps of the passport count as approved from now on, or no longer.
    #[serde(default)]
    pub gaps_approved: Option<bool>,
    /// The battery status in the passport that follows, where one does (Article 77(7), first subparagraph).
    #[serde(default)]
    pub successor: Option<String>,
}

/// How changed data may move the battery status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct States {
    /// In records of these statuses.
    pub record: Vec<String>,
    /// From these battery statuses.
    pub from: Vec<String>,
    /// To these.
    pub to: Vec<String>,
}

/// What an event erases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Erases {
    /// Former values of attributes, and what was said of events: those that it names.
    Values,
    /// Whatever not everybody may read, of a passport that has ceased to exist.
    Everything,
}

/// One type of event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventType {
    /// Its name on the wire, for example `repair`.
    pub id: String,
    /// The kinds of subject it can happen to: `unit`, `model`, `batch`, `passport`, `organisation`.
    pub subjects: Vec<String>,
    /// Who may raise it; any one row is enough.
    pub by: Vec<Permit>,
    /// The record statuses a passport may be in. Empty where the event itself starts the record.
    #[serde(default)]
    pub from: Vec<String>,
    /// The battery statuses it may happen in; empty for every one.
    #[serde(default)]
    pub from_battery: Vec<String>,
    /// The event type that must have come before, where the battery is waste.
    #[serde(default)]
    pub out_of_waste_after: Option<String>,
    /// What it sets.
    #[serde(default)]
    pub sets: Effect,
    /// How its changes may move the battery status.
    #[serde(default)]
    pub states: States,
    /// The operation that raises it, where it has one of its own: then no other does.
    #[serde(default)]
    pub operation: Option<String>,
    /// Whether it needs evidence.
    pub evidence: EvidenceRule,
    /// Who sees it.
    pub audience: Audience,
    /// Whether it may bring changed data.
    pub may_change: bool,
    /// Whether it may take values away, beside setting them.
    #[serde(default)]
    pub may_remove: bool,
    /// Whether it says nothing beside the data it changes, so that without a change there is no event.
    #[serde(default)]
    pub only_data: bool,
    /// Whether the values of Article 10(1) as of it are kept as a named set (Annex XIII 4(a)).
    #[serde(default)]
    pub value_set: bool,
    /// The event type that has to come before it, raised by another person of the same organisation: what two must want.
    #[serde(default)]
    pub second_to: Option<String>,
    /// Whether it puts right what was wrong: a counter may fall with it, a value be older than the present one.
    #[serde(default)]
    pub corrects: bool,
    /// Whether a new counter epoch begins: the counters it brings no value of have none until they are measured again.
    #[serde(default)]
    pub restarts_counters: bool,
    /// Whether the record follows the newest version of the catalogue from then on: the platform moves its values.
    #[serde(default)]
    pub migrates: bool,
    /// What it erases.
    #[serde(default)]
    pub erases: Option<Erases>,
    /// What people call it.
    pub label: Translated,
}

impl EventType {
    /// Whether it can happen to this kind of subject.
    #[must_use]
    pub fn concerns(&self, kind: &str) -> bool {
        self.subjects.iter().any(|subject| subject == kind)
    }

    /// Who may raise it.
    #[must_use]
    pub fn permits(&self) -> &[Permit] {
        &self.by
    }

    /// Whether it may happen to a passport in this record status, and to a battery in this status. A battery whose status
    /// was not recorded is in its first life.
    #[must_use]
    pub fn allowed_from(&self, record: &str, battery: Option<&str>) -> bool {
        let battery = battery.unwrap_or(FIRST_STATUS);
        self.from.iter().any(|status| status == record)
            && (self.from_battery.is_empty() || self.from_battery.iter().any(|one| one == battery))
    }

    /// Where its changes may take the status of a battery in this one, in a record of this status. Staying is always allowed.
    pub fn may_state<'a>(
        &'a self,
        record: &str,
        battery: Option<&str>,
    ) -> impl Iterator<Item = &'a str> {
        let battery = battery.unwrap_or(FIRST_STATUS);
        let moves = self.states.record.iter().any(|status| status == record)
            && self.states.from.iter().any(|status| status == battery);
        let to = self.states.to.iter().map(String::as_str);
        to.filter(move |_| moves)
    }

    /// The one status of the record in which its changes may move the battery status, where it can happen in others too.
    #[must_use]
    pub fn states_only_in(&self) -> Option<&str> {
        match self.states.record.as_slice() {
            [only] if self.from.len() > 1 => Some(only),
            _ => None,
        }
    }

    /// Whether it starts a record, and so can never happen to one that is there.
    #[must_use]
    pub fn starts_record(&self) -> bool {
        self.from.is_empty()
    }

    /// Whether it cannot be recorded without evidence.
    #[must_use]
    pub fn needs_evidence(&self) -> bool {
        self.evidence == EvidenceRule::Required
    }

    /// Whether it takes none.
    #[must_use]
    pub fn takes_no_evidence(&self) -> bool {
        self.evidence == EvidenceRule::None
    }

    /// The record status it sets.
    #[must_use]
    pub fn sets_record_status(&self) -> Option<&str> {
        self.sets.record.as_deref()
    }

    /// The battery status it sets.
    #[must_use]
    pub fn sets_battery_status(&self) -> Option<&str> {
        self.sets.battery.as_deref()
    }

    /// Whether a recall begins with it, or ends.
    #[must_use]
    pub fn sets_recall(&self) -> Option<bool> {
        self.sets.recall
    }

    /// Whether who raises it becomes responsible for the record.
    #[must_use]
    pub fn takes_responsibility(&self) -> bool {
        self.sets.responsibility
    }

    /// The battery status in the passport that follows, where it starts one.
    #[must_use]
    pub fn starts_successor(&self) -> Option<&str> {
        self.sets.successor.as_deref()
    }

    /// What has to be recorded first for a battery in this status, after this was the last preparation.
    #[must_use]
    pub fn missing_preparation(&self, battery: Option<&str>, last: Option<&str>) -> Option<&str> {
        let needed = self.out_of_waste_after.as_deref();
        needed.filter(|needed| battery == Some(WASTE) && last != Some(needed))
    }

    /// Whether whoever raises it accepts responsibility for the battery as waste.
    #[must_use]
    pub fn accepts_waste(&self) -> bool {
        self.sets.responsibility && self.sets.battery.as_deref() == Some(WASTE)
    }

    /// The event type that another person of the same organisation has to raise before it.
    #[must_use]
    pub fn second_to(&self) -> Option<&str> {
        self.second_to.as_deref()
    }

    /// Whether it only asks: another person has to confirm it with an event of another type.
    #[must_use]
    pub fn asks_for_second(&self) -> bool {
        catalogue()
            .event_types()
            .any(|other| other.second_to() == Some(&self.id))
    }

    /// Whether declared gaps count as approved from it on, or no longer.
    #[must_use]
    pub fn sets_gaps_approved(&self) -> Option<bool> {
        self.sets.gaps_approved
    }

    /// Whether it says nothing beside the data it changes.
    #[must_use]
    pub fn only_data(&self) -> bool {
        self.only_data
    }

    /// Whether it puts right what was recorded before: then what it replaces was never so.
    #[must_use]
    pub fn corrects(&self) -> bool {
        self.corrects
    }

    /// Who sees an event of this type that changes attributes of these classes.
    #[must_use]
    pub fn audience(&self, changed: impl IntoIterator<Item = Class>) -> Class {
        match self.audience {
            Audience::Fixed(class) => class,
            Audience::OfChanges { at_least } => changed.into_iter().fold(at_least, Class::join),
        }
    }
}

/// `event-types.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventTypeFile {
    pub(crate) event_type: Vec<EventType>,
    pub(crate) purpose: Vec<Purpose>,
}

/// What responsibility for a battery is offered for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// Its name on the wire, for example `waste`.
    pub id: String,
    /// The event type that accepting raises.
    pub accepted_by: String,
    /// Whether whoever accepts takes the place of the economic operator that everybody is told of.
    #[serde(default)]
    pub names_operator: bool,
    /// What people call it.
    pub label: Translated,
}

#[cfg(test)]
mod tests {
    use crate::{Class, Relation, catalogue};

    fn permits(id: &str, role: &str, relation: Relation) -> bool {
        catalogue()
            .event_type(id)
            .unwrap()
            .permits()
            .iter()
            .any(|permit| permit.role == role && permit.relation == relation)
    }

    #[test]
    fn service_providers_record_work_on_any_battery_on_the_market() {
        for id in ["maintenance", "repair", "measurement", "negative-event"] {
            assert!(permits(id, "service-provider", Relation::Any), "{id}");
            let event_type = catalogue().event_type(id).unwrap();
            assert!(event_type.allowed_from("active", None), "{id}");
            for status in ["draft", "archived", "recycled"] {
                assert!(!event_type.allowed_from(status, None), "{id} from {status}");
            }
        }
        assert!(!permits("correction", "service-provider", Relation::Any));
    }

    #[test]
    fn only_who_accepted_responsibility_for_waste_records_recycling() {
        let recycled = catalogue().event_type("recycled").unwrap();
        assert!(recycled.permits().iter().all(|permit| {
            permit.relation == Relation::AcceptedWaste
                && ["waste-operator", "recycler"].contains(&permit.role.as_str())
        }));
        assert!(recycled.allowed_from("active", Some("waste")));
        for battery in [None, Some("original"), Some("re-used")] {
            assert!(!recycled.allowed_from("active", battery), "{battery:?}");
        }
        assert_eq!(recycled.sets_record_status(), Some("recycled"));
        let collected = catalogue().event_type("collected").unwrap();
        assert!(collected.accepts_waste());
        let offered = |permit: &crate::Permit| permit.relation == Relation::Offered;
        assert!(collected.permits().iter().all(offered));
        assert!(collected.needs_evidence());
        assert_eq!(collected.sets_battery_status(), Some("waste"));
    }

    #[test]
    fn a_battery_becomes_waste_once() {
        let waste = catalogue().event_type("became-waste").unwrap();
        assert!(waste.allowed_from("active", None));
        assert!(waste.allowed_from("active", Some("repurposed")));
        assert!(!waste.allowed_from("active", Some("waste")));
    }

    #[test]
    fn what_starts_a_record_never_happens_to_one() {
        let created = catalogue().event_type("passport-created").unwrap();
        assert!(created.starts_record());
        for status in ["draft", "active", "archived", "recycled"] {
            assert!(!created.allowed_from(status, None));
        }
    }

    #[test]
    fn out_of_waste_leads_only_what_was_prepared_for() {
        let reused = catalogue().event_type("reused").unwrap();
        let prepared = Some("prepared-for-reuse");
        assert_eq!(reused.missing_preparation(Some("waste"), None), prepared);
        let other = Some("prepared-for-repurposing");
        assert_eq!(reused.missing_preparation(Some("waste"), other), prepared);
        assert_eq!(reused.missing_preparation(Some("waste"), prepared), None);
        assert_eq!(reused.missing_preparation(Some("original"), None), None);
        let remanufactured = catalogue().event_type("remanufactured").unwrap();
        assert!(!remanufactured.allowed_from("active", Some("waste")));
    }

    #[test]
    fn a_correction_is_for_who_may_see_all_it_changes() {
        let correction = catalogue().event_type("correction").unwrap();
        assert_eq!(correction.audience([]), Class::Public);
        assert_eq!(
            correction.audience([Class::Public, Class::Authority]),
            Class::Authority
        );
        assert_eq!(
            correction.audience([Class::Internal, Class::Individual]),
            Class::Internal
        );
        assert_eq!(
            correction.audience([Class::Authority, Class::Individual]),
            Class::Internal
        );
        let repair = catalogue().event_type("repair").unwrap();
        assert_eq!(repair.audience([Class::Public]), Class::Individual);
    }

    #[test]
    fn nothing_public_gives_the_battery_status_away() {
        for event_type in catalogue().event_types() {
            let starts_first_life = event_type.sets_battery_status() == Some("original");
            let sets = event_type.sets_battery_status().is_some();
            if (sets && !starts_first_life) || event_type.starts_successor().is_some() {
                assert_eq!(
                    event_type.audience([]),
                    Class::Individual,
                    "{}",
                    event_type.id
                );
            }
        }
    }
}
