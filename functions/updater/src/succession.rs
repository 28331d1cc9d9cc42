//! What a further life changes: the passports before it, the new ones and their units, in one transaction.

use access::{Principal, Role, Standing};
use identity::{LabelId, UnitId};
use ledger::Timestamp;
use passport::{Category, Class, Fault, LabelState, Level, battery_status, catalogue};
use serde_json::{Map, Value};
use storage::{
    Change, EventInput, Facts, Label, LabelChange, Life, Next as Coming, OpenRecord, RecordStatus,
    Subject, SubjectChange,
};
use uuid::Uuid;
use web::{Caller, Platform, Problem, Provenance};

use crate::change::visible_record;
use crate::rules::{changed_classes, may_write, set_battery_status};
use crate::successors::random;
use crate::validation::Proposal;

/// A further life that is to begin.
pub(crate) struct Succession<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) caller: &'a Caller,
    pub(crate) provenance: Provenance,
    pub(crate) public_reason: String,
    pub(crate) product: Product,
    pub(crate) predecessors: Vec<Uuid>,
    pub(crate) next: Vec<Next>,
}

/// Which model the new passports are of.
pub(crate) enum Product {
    /// That of the passports before.
    Carried,
    /// A model of the caller's.
    Model(Uuid),
    /// A batch of the caller's.
    Batch(Uuid),
}

/// A passport that is to be.
pub(crate) struct Next {
    id: Uuid,
    /// A new unit; `None` where the battery stays what it was.
    unit: Option<UnitId>,
    label: LabelId,
    document: Map<String, Value>,
}

impl Next {
    pub(crate) fn new(unit: Option<UnitId>, document: Map<String, Value>) -> Result<Self, Problem> {
        Ok(Self {
            id: Uuid::new_v4(),
            unit,
            label: LabelId::from_random(random()?),
            document,
        })
    }
}

impl Next {
    /// The id of the passport.
    pub(crate) fn name(&self) -> String {
        self.id.to_string()
    }
}

/// What the new passports are of, and what the caller's role is.
struct Origin {
    model: Uuid,
    batch: Option<Uuid>,
    category: Category,
}

impl Succession<'_> {
    /// How many subjects change.
    pub(crate) const fn subjects(&self) -> usize {
        self.predecessors.len() + 2 * self.next.len()
    }

    /// What is split or merged is another battery than before, which its model does not describe.
    pub(crate) fn other_battery(&self) -> Option<Fault> {
        let other = self.predecessors.len() > 1 || self.next.len() > 1;
        (other && matches!(self.product, Product::Carried)).then(|| Fault {
            pointer: "/model".to_owned(),
            rule: "another-battery".to_owned(),
            expected: "a `model` or `batch` of yours that says what it is now: mass and capacity among others".to_owned(),
            found: "the model of the battery before".to_owned(),
            source: Some("Article 77(7)".to_owned()),
        })
    }

    /// The whole change, decided on what is there now.
    pub(crate) async fn change(
        &self,
        request: Option<storage::Request>,
        at: Timestamp,
    ) -> Result<Change, Problem> {
        let principal = self.caller.partner()?;
        let mut before = Vec::with_capacity(self.predecessors.len());
        let mut role = None;
        for id in &self.predecessors {
            let subject = Subject::Passport(*id);
            let record = visible_record(self.platform, self.caller, &subject).await?;
            role = Some(self.may_succeed(principal, &record).await?);
            before.push(record);
        }
        let role = role.ok_or_else(|| Problem::internal("a further life of nothing"))?;
        let origin = self.origin(&before).await?;
        let event = self
            .provenance
            .event(&self.platform.store, principal, role, std::iter::empty())
            .await?;
        let mut subjects = Vec::with_capacity(self.subjects());
        for next in &self.next {
            let public = self.public_event(principal, role);
            let unit = self.unit(next, &before, &origin, &public, at).await?;
            let passport = self.passport(next, &unit, &origin, public, at).await?;
            subjects.push(passport);
            subjects.push(unit);
        }
        for record in before {
            let mut facts = record.head.facts.clone();
            if let Facts::Passport { life, .. } = &mut facts {
                life.successors = self.next.iter().map(|next| next.id).collect();
            }
            subjects.push(SubjectChange {
                subject: record.subject.clone(),
                organisation: record.head.organisation.clone(),
                facts,
                before: Some(record),
                document: None,
                event: event.clone(),
                labels: Vec::new(),
            });
        }
        Ok(Change::new(subjects, request))
    }

    /// Whether the caller may begin a further life of this battery now, and by which role.
    async fn may_succeed(
        &self,
        principal: &Principal,
        record: &OpenRecord,
    ) -> Result<Role, Problem> {
        let event_type = self.provenance.event_type;
        let role = access::may_raise(
            principal,
            &event_type.id,
            event_type.permits(),
            &record.head.standing(),
        )?;
        let (Subject::Passport(id), Facts::Passport { status, life, .. }) =
            (&record.subject, &record.head.facts)
        else {
            return Err(Problem::internal("a further life of what is no passport"));
        };
        let battery = battery_status(&record.document);
        if !event_type.allowed_from(status.as_str(), battery) {
            return Err(Problem::conflict(format!(
                "`{}` cannot happen to passport {id}, which is `{}`, or to its battery in its present status",
                event_type.id,
                status.as_str()
            )));
        }
        if let Some(preparation) = event_type.missing_preparation(battery, life.prepared.as_deref())
        {
            return Err(Problem::conflict(format!(
                "the battery of passport {id} is waste: `{preparation}` comes first"
            )));
        }
        if life.offer.is_some() {
            return Err(Problem::conflict(format!(
                "responsibility for passport {id} is offered to somebody: withdraw that offer first"
            )));
        }
        if let Some(successor) = live_successor(self.platform, life).await? {
            return Err(Problem::conflict(format!(
                "passport {id} has a successor already: {}",
                self.platform.site.passport_identifier(successor)
            )));
        }
        Ok(role)
    }

    async fn origin(&self, before: &[OpenRecord]) -> Result<Origin, Problem> {
        let own = match self.product {
            Product::Carried => return carried(before),
            Product::Model(id) => Subject::Model(id),
            Product::Batch(id) => Subject::Batch(id),
        };
        let record = visible_record(self.platform, self.caller, &own).await?;
        match (&own, &record.head.facts) {
            (Subject::Model(model), Facts::Model { category, .. }) => Ok(Origin {
                model: *model,
                batch: None,
                category: *category,
            }),
            (
                Subject::Batch(batch),
                Facts::Batch {
                    model, category, ..
                },
            ) => Ok(Origin {
                model: *model,
                batch: Some(*batch),
                category: *category,
            }),
            _ => Err(Problem::internal("a product without a product's facts")),
        }
    }

    async fn passport(
        &self,
        next: &Next,
        unit: &SubjectChange,
        origin: &Origin,
        public: EventInput,
        at: Timestamp,
    ) -> Result<SubjectChange, Problem> {
        let Subject::Unit(id) = unit.subject else {
            return Err(Problem::internal("a passport of what is no unit"));
        };
        let facts = Facts::Passport {
            unit: id,
            carrier_host: unit.facts.carrier_host().cloned(),
            model: origin.model,
            batch: origin.batch,
            category: origin.category,
            status: RecordStatus::Draft,
            placed_on_market_at: None,
            operator: None,
            recalls: Vec::new(),
            life: Box::new(Life {
                predecessors: self.predecessors.clone(),
                ..Life::default()
            }),
            catalogue: catalogue().newest().id.clone(),
        };
        let principal = self.caller.partner()?;
        let own = Standing::from(&public.organisation);
        may_write(
            self.provenance.event_type,
            Level::Item,
            access::writable(principal, &own),
            &next.document,
        )?;
        let mut document = next.document.clone();
        if let Some(status) = self.provenance.event_type.starts_successor() {
            set_battery_status(
                &mut document,
                status,
                self.provenance.occurred_at.unwrap_or(at),
            );
        }
        Proposal {
            platform: self.platform,
            caller: self.caller,
            classes: access::reading(Some(principal), &own).classes,
            contributor: None,
            event_type: self.provenance.event_type,
            at,
            earlier: None,
            facts: &facts,
            before: &Map::new(),
            after: &document,
        }
        .checked()
        .await?;
        Ok(SubjectChange {
            subject: Subject::Passport(next.id),
            organisation: public.organisation.clone(),
            before: None,
            facts,
            event: of_type(
                "passport-created",
                public,
                changed_classes(&Map::new(), Some(&document)),
            ),
            document: Some(document),
            labels: Vec::new(),
        })
    }

    async fn unit(
        &self,
        next: &Next,
        before: &[OpenRecord],
        origin: &Origin,
        public: &EventInput,
        at: Timestamp,
    ) -> Result<SubjectChange, Problem> {
        let label = Label::issued(next.label, at, self.platform.site.market);
        let Some(unit) = next.unit else {
            return self.same_unit(next, before, public, label).await;
        };
        Ok(SubjectChange {
            subject: Subject::Unit(unit),
            before: None,
            organisation: public.organisation.clone(),
            facts: Facts::Unit {
                carrier_host: self.platform.carrier_host(&public.organisation).await?,
                model: origin.model,
                batch: origin.batch,
                order: None,
                allocated_at: at,
                passport: Some(next.id),
                next: None,
                custody: None,
            },
            document: None,
            event: of_type("unit-allocated", public.clone(), []),
            labels: vec![LabelChange::new(label)],
        })
    }

    /// The battery stays what it was: its passport stays in force until the next one is, and a label is there to be printed.
    async fn same_unit(
        &self,
        next: &Next,
        before: &[OpenRecord],
        public: &EventInput,
        label: Label,
    ) -> Result<SubjectChange, Problem> {
        let [predecessor] = before else {
            return Err(Problem::internal("several batteries cannot stay one unit"));
        };
        let (Subject::Passport(id), Facts::Passport { unit, .. }) =
            (&predecessor.subject, &predecessor.head.facts)
        else {
            return Err(Problem::internal("a passport without a passport's facts"));
        };
        let store = &self.platform.store;
        let subject = Subject::Unit(*unit);
        let record = store
            .open_for_change(&subject)
            .await?
            .filter(|record| record.head.organisation == predecessor.head.organisation)
            .ok_or_else(|| Problem::internal("a passport in force without its unit"))?;
        let mut facts = record.head.facts.clone();
        let Facts::Unit {
            passport,
            next: coming,
            ..
        } = &mut facts
        else {
            return Err(Problem::internal("a unit without a unit's facts"));
        };
        if *passport != Some(*id) {
            return Err(Problem::conflict(
                "another passport of this battery is in force",
            ));
        }
        // The label of a draft that was withdrawn serves the next one.
        let labels = store.labels(*unit).await?;
        let unused = coming
            .as_ref()
            .and_then(|coming| in_force(&labels, coming.label));
        let event_type = "label-issued";
        *coming = Some(Coming {
            passport: next.id,
            label: unused.unwrap_or(label.label),
        });
        Ok(SubjectChange {
            subject,
            organisation: record.head.organisation.clone(),
            before: Some(record),
            facts,
            document: None,
            event: of_type(event_type, public.clone(), []),
            labels: match unused {
                Some(_) => Vec::new(),
                None => vec![LabelChange::new(label)],
            },
        })
    }

    /// What everybody may read of it: as of any passport that is begun.
    fn public_event(&self, principal: &Principal, role: Role) -> EventInput {
        EventInput {
            event_type: String::new(),
            role: role.told_as().to_owned(),
            organisation: principal.organisation.clone(),
            person: principal.subject.clone(),
            reason: self.public_reason.clone(),
            notes: None,
            occurred_at: None,
            evidence: Vec::new(),
            readings: None,
            erases: None,
            audience: Class::Public,
        }
    }
}

/// Model and batch of the passports before, where they agree.
fn carried(before: &[OpenRecord]) -> Result<Origin, Problem> {
    let mut carried: Option<Origin> = None;
    for record in before {
        let Facts::Passport {
            model,
            batch,
            category,
            ..
        } = &record.head.facts
        else {
            return Err(Problem::internal("a passport without a passport's facts"));
        };
        let this = Origin {
            model: *model,
            batch: *batch,
            category: *category,
        };
        carried = Some(match carried {
            None => this,
            Some(first) if first.model == this.model => Origin {
                batch: first.batch.filter(|batch| Some(*batch) == this.batch),
                ..first
            },
            Some(_) => {
                return Err(Problem::malformed(
                    "the batteries are of several models: name a `model` or `batch` of yours for the new one",
                ));
            }
        });
    }
    carried.ok_or_else(|| Problem::internal("a further life of nothing"))
}

pub(crate) fn of_type(
    id: &str,
    event: EventInput,
    classes: impl IntoIterator<Item = Class>,
) -> EventInput {
    let event_type = catalogue().event_type(id);
    EventInput {
        event_type: id.to_owned(),
        audience: event_type.map_or(Class::Internal, |event_type| event_type.audience(classes)),
        ..event
    }
}

/// A successor that was not withdrawn before it reached the market.
pub(crate) async fn live_successor(
    platform: &Platform,
    life: &Life,
) -> Result<Option<Uuid>, Problem> {
    for id in &life.successors {
        let record = platform.store.record(&Subject::Passport(*id)).await?;
        if record.is_some_and(|record| !record.head.facts.is_withdrawn()) {
            return Ok(Some(*id));
        }
    }
    Ok(None)
}

/// The label, or the one that took its place since.
pub(crate) fn in_force(labels: &[Label], mut wanted: LabelId) -> Option<LabelId> {
    for _ in labels {
        let label = labels.iter().find(|label| label.label == wanted)?;
        match (label.state, label.replaced_by) {
            (state, _) if state.is_in_force() => return Some(wanted),
            (LabelState::Replaced, Some(by)) => wanted = by,
            _ => return None,
        }
    }
    None
}

/// The label in force that was issued last.
pub(crate) fn newest_label(labels: &[Label]) -> Option<LabelId> {
    let issued = labels.iter().filter(|label| label.state.is_in_force());
    issued
        .max_by_key(|label| label.issued_at)
        .map(|label| label.label)
}
