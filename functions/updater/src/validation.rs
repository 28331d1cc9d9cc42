//! What is to be written, held against the catalogue: its own data, what all levels say together, what it follows, and the
//! evidence it names.

use std::borrow::Cow;

use ledger::Timestamp;
use passport::{AttributeChange, Class, Classes, EventType, Fault, Occasion, catalogue};
use serde_json::{Map, Value};
use storage::{EvidenceState, Facts, OpenRecord, Subject};
use uuid::Uuid;
use web::{Caller, Platform, Problem};

use crate::life::status_fault;
use crate::rules::level_and_category;

/// A document that is to be written.
pub(crate) struct Proposal<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) caller: &'a Caller,
    /// What the caller may read of the record.
    pub(crate) classes: Classes,
    /// Who brought the values, where that is another organisation.
    pub(crate) contributor: Option<&'a str>,
    pub(crate) event_type: &'a EventType,
    pub(crate) at: Timestamp,
    /// What identifies the record, before the change if it was there, and after it.
    pub(crate) earlier: Option<&'a Facts>,
    pub(crate) facts: &'a Facts,
    pub(crate) before: &'a Map<String, Value>,
    pub(crate) after: &'a Map<String, Value>,
}

/// What there is to say of a proposal.
pub(crate) struct Findings {
    /// What is wrong.
    pub(crate) faults: Vec<Fault>,
    /// What is odd about what changes, and yet may be so.
    pub(crate) warnings: Vec<Fault>,
}

impl Proposal<'_> {
    /// Refuses it with every fault at once; else gives the warnings.
    pub(crate) async fn checked(&self) -> Result<Vec<Fault>, Problem> {
        let found = self.findings().await?;
        refuse(found.faults)?;
        Ok(found.warnings)
    }

    /// Everything at once.
    pub(crate) async fn findings(&self) -> Result<Findings, Problem> {
        let (level, category) = level_and_category(self.facts);
        let changes = passport::delta(self.before, self.after);
        let places = self.event_type.sets_record_status() == Some("active");
        let composed = match places || passport::asks_other_levels(level, self.after, &changes) {
            true => Cow::Owned(composed(self.platform, self.facts, self.after).await?),
            false => Cow::Borrowed(self.after),
        };
        let guidance = catalogue().active_guidance();
        let edition = self.facts.catalogue();
        let found = passport::validate_under(edition, level, category, guidance, self.after);
        // What stood so before, and is not touched, keeps nothing else from being recorded; the market meets no fault.
        let stood = match self.earlier.filter(|_| !places && !found.is_empty()) {
            Some(earlier) => {
                let edition = earlier.catalogue();
                passport::validate_under(edition, level, category, guidance, self.before)
            }
            None => Vec::new(),
        };
        let (standing, mut faults): (Vec<Fault>, Vec<Fault>) =
            found.into_iter().partition(|fault| {
                let known = fault.rule == passport::DECLARED_AND_GIVEN || stood.contains(fault);
                known && !is_touched(fault, &changes)
            });
        let together = match places {
            // What changes with it is everything, for whoever meets it on the market.
            true => {
                let everything = passport::delta(&Map::new(), &composed);
                passport::validate_together(&composed, &everything)
            }
            false => passport::validate_together(&composed, &changes),
        };
        faults.extend(self.change_faults(&composed));
        if let Some(earlier) = self.earlier
            && self.event_type.sets_battery_status().is_none()
        {
            faults.extend(status_fault(
                self.event_type,
                earlier,
                self.before,
                self.after,
            ));
        }
        faults.extend(self.unknown_evidence().await?);
        for fault in together {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        let mut warnings = passport::warnings(&composed, &changes, self.classes);
        if self.classes.contains(Class::Authority) {
            warnings.extend(standing);
        }
        Ok(Findings {
            faults: self.told(faults, &changes),
            warnings,
        })
    }

    fn change_faults(&self, composed: &Map<String, Value>) -> Vec<Fault> {
        let placed_on_market_at = match self.facts {
            Facts::Passport {
                placed_on_market_at,
                ..
            } => placed_on_market_at.map(Into::into),
            _ => None,
        };
        let occasion = Occasion {
            event_type: self.event_type,
            now: self.at.into(),
            placed_on_market_at,
            counters_since: self.earlier.and_then(Facts::counters_since).map(Into::into),
            composed,
        };
        // What only moves to another place or form does not change.
        let to = &self.facts.catalogue().id;
        let from = self.earlier.map(|earlier| &earlier.catalogue().id);
        let before = match from.filter(|from| *from != to) {
            Some(from) => Cow::Owned(passport::migrate(self.before.clone(), from, to)),
            None => Cow::Borrowed(self.before),
        };
        passport::validate_change(&before, self.after, &occasion)
    }

    /// What is wrong with values alone, whatever else the record has: for whoever brings them and may read no more of it.
    pub(crate) async fn faults_alone(&self) -> Result<Vec<Fault>, Problem> {
        let (level, category) = level_and_category(self.facts);
        let (edition, guidance) = (self.facts.catalogue(), catalogue().active_guidance());
        let mut faults = passport::validate_under(edition, level, category, guidance, self.after);
        for fault in self.change_faults(self.after) {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        faults.extend(self.unknown_evidence().await?);
        Ok(faults)
    }

    /// Documents that are new here name evidence that is there: confirmed, and of the organisation that names it or that brought them.
    async fn unknown_evidence(&self) -> Result<Vec<Fault>, Problem> {
        let organisations = [
            Some(self.caller.partner()?.organisation.as_str()),
            self.contributor,
        ];
        let known = passport::evidence_named(self.before);
        let mut named = passport::evidence_named(self.after);
        named.retain(|(id, _)| !known.iter().any(|(old, _)| old == id));
        named.sort();
        let mut faults = Vec::new();
        for same in named.chunk_by(|(one, _), (other, _)| one == other) {
            let id = same.first().and_then(|(id, _)| Uuid::parse_str(id).ok());
            let Some(id) = id else {
                continue;
            };
            let evidence = self.platform.store.evidence(id).await?;
            let usable = evidence.is_some_and(|evidence| {
                evidence.state == EvidenceState::Confirmed
                    && organisations.contains(&Some(evidence.organisation.as_str()))
            });
            if !usable {
                faults.extend(same.iter().map(|(id, pointer)| Fault {
                    pointer: pointer.clone(),
                    rule: "unknown-evidence".to_owned(),
                    expected: "the id of confirmed evidence of your organisation".to_owned(),
                    found: (*id).to_owned(),
                    source: None,
                }));
            }
        }
        Ok(faults)
    }

    /// Faults quote values, so whoever may not see all of them is told only of those in what it changes itself.
    fn told(&self, mut faults: Vec<Fault>, changes: &[AttributeChange]) -> Vec<Fault> {
        if !self.classes.contains(Class::Internal) {
            faults.retain(|fault| {
                let within = format!("{}/", fault.pointer);
                is_touched(fault, changes)
                    || changes
                        .iter()
                        .any(|change| change.pointer.starts_with(&within))
            });
        }
        faults
    }
}

/// Whether it is about something that changes.
fn is_touched(fault: &Fault, changes: &[AttributeChange]) -> bool {
    changes.iter().any(|change| {
        let rest = fault.pointer.strip_prefix(&change.pointer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

pub(crate) fn refuse(faults: Vec<Fault>) -> Result<(), Problem> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::not_valid(faults))
    }
}

/// The model and the batch beneath a record, as far as it has them.
pub(crate) type Products = [Option<OpenRecord>; 2];

/// What lies beneath a record.
pub(crate) async fn products(platform: &Platform, facts: &Facts) -> Result<Products, Problem> {
    let (model, batch) = match facts {
        Facts::Passport { model, batch, .. } => (Some(*model), *batch),
        Facts::Batch { model, .. } => (Some(*model), None),
        _ => (None, None),
    };
    let mut products = Products::default();
    let subjects = [model.map(Subject::Model), batch.map(Subject::Batch)];
    for (product, subject) in products.iter_mut().zip(subjects) {
        if let Some(subject) = subject {
            *product = platform.store.open_for_change(&subject).await?;
        }
    }
    Ok(products)
}

/// What model, batch and the record itself say together.
pub(crate) fn together(
    products: &Products,
    facts: &Facts,
    document: &Map<String, Value>,
) -> Map<String, Value> {
    let own = facts.catalogue().id.as_str();
    let level = |product: &Option<OpenRecord>| match product {
        Some(record) => (
            record.head.facts.catalogue().id.as_str(),
            record.document.clone(),
        ),
        None => (own, Map::new()),
    };
    let [model, batch] = products;
    passport::compose_editions([level(model), level(batch), (own, document.clone())])
}

/// The same, with what lies beneath it read for it.
pub(crate) async fn composed(
    platform: &Platform,
    facts: &Facts,
    document: &Map<String, Value>,
) -> Result<Map<String, Value>, Problem> {
    Ok(together(&products(platform, facts).await?, facts, document))
}
