//! A change of a unit's labels: who asks, on what proof, where the table of moves leads, and what waits for an approval.

use access::{Principal, Role};
use axum::http::StatusCode;
use axum::response::Response;
use identity::{LabelId, UnitId};
use ledger::Timestamp;
use passport::{Class, EventType, LabelMove, LabelState, Permit, catalogue};
use serde_json::json;
use storage::{
    Awaiting, Change, CommitError, Earlier, EventInput, Label, LabelChange, OpenRecord, PublicPart,
    RecordStatus, Subject, SubjectChange,
};
use web::{Caller, Decision, Idempotency, Platform, Problem, Provenance, now, written};

use crate::label_read::ReadOff;
use crate::labels::label_id;

/// Labels a unit may have in all: each scan reads them.
const MOST_LABELS: usize = 200;
/// Changes that may wait for the responsible organisation at once.
const MOST_AWAITING: usize = 8;
const ISSUED: &str = "label-issued";
const APPLIED: &str = "label-applied";
const REPLACED: &str = "label-replaced";
const REQUESTED: &str = "label-requested";
const REFUSED: &str = "label-refused";

/// What is asked for.
pub(crate) enum Asked {
    /// A label; where another is named, to take its place.
    New { replaces: Option<LabelId> },
    /// What the event type says.
    Move,
    /// That the label is on the battery, as was read there.
    Applied(ReadOff),
    /// That what waits is carried out, or dropped.
    Decided { approved: bool },
}

/// A request to change a label of a unit.
pub(crate) struct LabelRequest<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) caller: &'a Caller,
    pub(crate) unit: UnitId,
    pub(crate) label: LabelId,
    pub(crate) asked: Asked,
    pub(crate) provenance: Provenance,
    pub(crate) idempotency: Idempotency,
}

/// A unit with its labels, as it was read.
struct Situation {
    record: OpenRecord,
    labels: Vec<Label>,
    passport: Option<PublicPart>,
    /// Whether the caller's organisation is responsible for the unit.
    responsible: bool,
}

impl LabelRequest<'_> {
    pub(crate) async fn make(self) -> Result<Response, Problem> {
        self.idempotency.decide(&self.platform.store, &self).await
    }

    fn location(&self) -> String {
        format!("/v1/units/{}/labels/{}", self.unit, self.label)
    }

    async fn situation(&self) -> Result<Situation, Problem> {
        let store = &self.platform.store;
        let record = store.open_for_change(&Subject::Unit(self.unit)).await?;
        let record = record.ok_or_else(no_such_unit)?;
        let scan = store.scan(self.unit).await?;
        Ok(Situation {
            responsible: self.caller.answers_for(&record.head),
            labels: store.labels(self.unit).await?,
            passport: scan.and_then(|scan| scan.passport),
            record,
        })
    }

    /// The event type that what is asked for comes to.
    fn wanted(&self, here: &Situation) -> Result<&'static EventType, Problem> {
        let id = match &self.asked {
            Asked::New { .. } => ISSUED,
            Asked::Move => return Ok(self.provenance.event_type),
            Asked::Applied(_) => match here.in_its_place(self.label) {
                Some(_) => REPLACED,
                None => APPLIED,
            },
            // What waits is told to who decides.
            Asked::Decided { .. } if !here.responsible => return Err(no_such_unit()),
            Asked::Decided { .. } => {
                let label = here.label(self.label)?;
                let awaiting = label.awaiting.as_ref().ok_or_else(|| {
                    Problem::conflict("nothing that concerns this label waits for a decision")
                })?;
                &awaiting.event
            }
        };
        event_type(id)
    }

    /// The row of the event type that lets the caller raise it, and in which role.
    fn permit(
        &self,
        principal: &Principal,
        here: &Situation,
        wanted: &'static EventType,
    ) -> Result<(Role, Permit), Problem> {
        let label = here.labels.iter().find(|label| label.label == self.label);
        let standing = access::Standing {
            ordered: label.and_then(|label| label.ordered_by.as_deref()),
            ..here.record.head.standing()
        };
        // Whoever is responsible asks nobody, and nobody else decides.
        let decides = here.responsible || matches!(self.asked, Asked::Decided { .. });
        let permits = wanted.permits().iter();
        let permits: Vec<Permit> = permits
            .filter(|permit| !(decides && permit.approval))
            .cloned()
            .collect();
        match access::permitted(principal, &wanted.id, &permits, &standing) {
            Ok((role, permit)) if here.responsible || here.is_on_market() => {
                Ok((role, permit.clone()))
            }
            Err(fault) if here.responsible => Err(fault.into()),
            _ => Err(no_such_unit()),
        }
    }

    /// The event, as the caller raises it: what needs an approval is only asked for.
    async fn event(
        &self,
        principal: &Principal,
        (role, permit): &(Role, Permit),
        wanted: &'static EventType,
    ) -> Result<EventInput, Problem> {
        let raised = match &self.asked {
            Asked::Decided { approved: false } => event_type(REFUSED)?,
            _ if permit.approval => event_type(REQUESTED)?,
            _ => wanted,
        };
        let mut provenance = self.provenance.clone();
        provenance.event_type = raised;
        let store = &self.platform.store;
        let event = provenance
            .event(store, principal, *role, std::iter::empty())
            .await?;
        let shown = |kind: &&String| {
            let mut evidence = event.evidence.iter();
            evidence.any(|one| one.kind.as_ref() == Some(kind))
        };
        let missing: Vec<String> = permit
            .proof
            .iter()
            .filter(|kind| !shown(kind))
            .map(|kind| format!("`{kind}`"))
            .collect();
        match missing.is_empty() {
            true => Ok(event),
            false => Err(Problem::missing_provenance(format!(
                "as `{role}` you prove it: the evidence lacks {}; upload it with POST /v1/evidence, its `kind` named",
                missing.join(" and ")
            ))),
        }
    }

    /// What becomes of the labels.
    fn changes(
        &self,
        here: &Situation,
        wanted: &EventType,
        event: &EventInput,
        approval: bool,
    ) -> Result<Vec<LabelChange>, Problem> {
        let at = now();
        if approval {
            return self.asked_for(here, wanted, event, at);
        }
        let label = match &self.asked {
            Asked::New { replaces } => {
                return Ok(vec![LabelChange::new(self.new_label(here, *replaces, at)?)]);
            }
            _ => here.label(self.label)?,
        };
        match &self.asked {
            Asked::Applied(read) => {
                let applied = label.becomes(leads(label, APPLIED)?, at);
                let own = here.record.head.facts.carrier_host();
                let carrier = self
                    .platform
                    .site
                    .carrier(own, self.unit, Some(label.label));
                read.fits(&carrier, label, here.passport.as_ref())?;
                let old = here.in_its_place(self.label);
                let old = old.map(|old| old.replaced_by(self.label, at));
                Ok([applied].into_iter().chain(old).collect())
            }
            Asked::Decided { approved: false } => Ok(vec![match label.state {
                LabelState::Requested => label.becomes(leads(label, REFUSED)?, at),
                _ => label.changed_to(Label {
                    awaiting: None,
                    ..label.clone()
                }),
            }]),
            _ => Ok(vec![label.becomes(leads(label, &wanted.id)?, at)]),
        }
    }

    /// What is asked for waits with the label, and moves nothing.
    fn asked_for(
        &self,
        here: &Situation,
        wanted: &EventType,
        event: &EventInput,
        at: Timestamp,
    ) -> Result<Vec<LabelChange>, Problem> {
        let waiting = here.labels.iter().filter(|label| label.awaiting.is_some());
        if waiting.count() >= MOST_AWAITING {
            return Err(Problem::conflict(
                "too much waits for the responsible organisation's decision already",
            ));
        }
        let awaiting = Some(Awaiting {
            event: wanted.id.clone(),
            organisation: event.organisation.clone(),
            at,
            reason: event.reason.clone(),
            evidence: event.evidence.iter().map(|one| one.id.clone()).collect(),
        });
        if let Asked::New { replaces } = &self.asked {
            return Ok(vec![LabelChange::new(Label {
                state: LabelState::Requested,
                ordered_by: Some(event.organisation.clone()),
                awaiting,
                ..self.new_label(here, *replaces, at)?
            })]);
        }
        let label = here.label(self.label)?;
        if !label.state.was_issued() {
            return Err(never_issued());
        }
        leads(label, &wanted.id)?;
        if label.awaiting.is_some() {
            return Err(Problem::conflict(
                "another change of this label waits for a decision: ask again after that",
            ));
        }
        Ok(vec![label.changed_to(Label {
            awaiting,
            ..label.clone()
        })])
    }

    fn new_label(
        &self,
        here: &Situation,
        replaces: Option<LabelId>,
        at: Timestamp,
    ) -> Result<Label, Problem> {
        if here.labels.len() >= MOST_LABELS {
            return Err(Problem::conflict(format!(
                "this unit has {MOST_LABELS} labels, more are not kept"
            )));
        }
        if let Some(replaced) = replaces {
            leads(here.label(replaced)?, REPLACED)?;
        }
        Ok(Label {
            replaces,
            ..Label::issued(self.label, at, self.platform.site.market)
        })
    }

    /// The label as it is now, to whoever may see it.
    async fn answer(&self, status: u16, receipt: Option<String>) -> Result<Response, Problem> {
        let here = self.situation().await?;
        let organisation = &self.caller.partner()?.organisation;
        let label = here.label(self.label)?.clone();
        let label = label.shown_to(Some(organisation), here.responsible);
        let mut body =
            serde_json::to_value(label.ok_or_else(never_issued)?).map_err(Problem::internal)?;
        if let Some(body) = body.as_object_mut() {
            let own = here.record.head.facts.carrier_host();
            let carrier = self.platform.site.carrier(own, self.unit, Some(self.label));
            body.insert("carrier".to_owned(), json!(carrier.url()));
        }
        let status = StatusCode::from_u16(status).map_err(Problem::internal)?;
        Ok(written(status, &self.location(), receipt, body))
    }
}

impl Decision for LabelRequest<'_> {
    type Done = Response;

    async fn attempt(&self) -> Result<Option<Response>, Problem> {
        let principal = self.caller.partner()?;
        let store = &self.platform.store;
        let here = self.situation().await?;
        if !(here.responsible || here.is_on_market()) {
            return Err(no_such_unit());
        }
        let wanted = self.wanted(&here)?;
        let permit = self.permit(principal, &here, wanted)?;
        let approval = permit.1.approval;
        here.is_not_recycled()?;
        let event = self.event(principal, &permit, wanted).await?;
        let labels = self.changes(&here, wanted, &event, approval)?;
        let status = match &self.asked {
            _ if approval => StatusCode::ACCEPTED,
            Asked::New { .. } => StatusCode::CREATED,
            _ => StatusCode::OK,
        };
        let operator = here.record.head.organisation.clone();
        let cited: Vec<String> = event.evidence.iter().map(|one| one.id.clone()).collect();
        let mut change = Change::new(
            vec![SubjectChange {
                subject: Subject::Unit(self.unit),
                organisation: operator.clone(),
                facts: here.record.head.facts.clone(),
                document: None,
                event: EventInput {
                    audience: here.audience(event.audience),
                    ..event
                },
                before: Some(here.record),
                labels,
            }],
            self.idempotency.row(status, &self.location()),
        );
        for id in cited.iter().filter(|_| approval) {
            change.open_evidence(id, &operator)?;
        }
        match store.commit(&self.platform.site.log(), change, now()).await {
            Ok(receipts) => {
                let receipt = receipts.first().map(ToString::to_string);
                self.answer(status.as_u16(), receipt).await.map(Some)
            }
            Err(CommitError::Answered(earlier)) => self.repeat(earlier).await.map(Some),
            Err(CommitError::Stale) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn repeat(&self, earlier: Earlier) -> Result<Response, Problem> {
        // A label that was made in answer to the request then, not the one that would be now.
        let label = label_id(earlier.location.rsplit('/').next().unwrap_or_default())?;
        LabelRequest {
            label,
            asked: Asked::Move,
            provenance: self.provenance.clone(),
            idempotency: self.idempotency.clone(),
            ..*self
        }
        .answer(earlier.status, earlier.receipt)
        .await
    }
}

impl Situation {
    fn label(&self, wanted: LabelId) -> Result<&Label, Problem> {
        let mut labels = self.labels.iter();
        labels
            .find(|label| label.label == wanted)
            .ok_or_else(never_issued)
    }

    /// The label whose place a new one takes once it is on the battery, where there still is something to replace.
    fn in_its_place(&self, new: LabelId) -> Option<&Label> {
        let replaced = self.label(new).ok()?.replaces?;
        let old = self.label(replaced).ok()?;
        leads(old, REPLACED).is_ok().then_some(old)
    }

    fn is_on_market(&self) -> bool {
        let passport = self.passport.as_ref();
        passport.is_some_and(|passport| passport.placed_on_market_at.is_some())
    }

    fn is_not_recycled(&self) -> Result<(), Problem> {
        let passport = self.passport.as_ref();
        match passport.is_some_and(|passport| passport.status == RecordStatus::Recycled) {
            false => Ok(()),
            true => Err(Problem::conflict(
                "this battery was recycled: its labels stay as they are",
            )),
        }
    }

    /// Who took a battery over that everybody takes for another's is not given away by its labels.
    fn audience(&self, audience: Class) -> Class {
        let responsible = &self.record.head.organisation;
        self.passport.as_ref().map_or(audience, |passport| {
            passport.owners_audience(responsible, audience)
        })
    }
}

/// Where an event type leads a label; 409 with what became of it where it leads nowhere.
fn leads(label: &Label, event: &str) -> Result<LabelState, Problem> {
    let way = catalogue()
        .label_move(event)
        .ok_or_else(|| Problem::internal(format!("`{event}` moves no label")))?;
    way.leads(label.state, label.before)
        .ok_or_else(|| Problem::conflict(stays(label, way)))
}

fn stays(label: &Label, way: &LabelMove) -> String {
    let from: Vec<&str> = way.from.iter().map(|state| state.as_str()).collect();
    format!(
        "{}; `{}` happens to a label that is {}",
        what_became(label),
        way.event,
        from.join(" or ")
    )
}

/// What became of a label, and what to use instead.
pub(crate) fn what_became(label: &Label) -> String {
    let instead = match (label.state, label.replaced_by) {
        (LabelState::Replaced, Some(new)) => format!(" by `{new}`: use that one"),
        _ => String::new(),
    };
    format!(
        "this label was {} on {}{instead}",
        label.state, label.changed_at
    )
}

fn event_type(id: &str) -> Result<&'static EventType, Problem> {
    catalogue()
        .event_type(id)
        .ok_or_else(|| Problem::internal(format!("no event type `{id}`")))
}

pub(crate) fn no_such_unit() -> Problem {
    Problem::not_found("no such unit of your organisation")
}

pub(crate) fn never_issued() -> Problem {
    Problem::not_found("this label was never issued for the unit")
}
