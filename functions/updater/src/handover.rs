//! What a further life takes the place of, when it is placed on the market.

use std::collections::BTreeSet;

use identity::{LabelId, UnitId};
use ledger::Timestamp;
use passport::{EventType, battery_status, catalogue};
use serde_json::{Map, Value};
use storage::{
    EventInput, Facts, Label, LabelChange, Life, MAX_SUBJECTS, OpenRecord, RecordStatus, Subject,
    SubjectChange,
};
use uuid::Uuid;
use web::{Platform, Problem};

use crate::succession::{in_force, of_type};

/// What happens to the labels of an earlier life.
const REPLACED: &str = "label-replaced";

/// What else changes when a passport with predecessors is placed on the market: those that are in force still are archived, and
/// where the battery is the same unit its new passport and label take the place of the old ones. So no unit is ever without a
/// passport to read.
pub(crate) async fn takes_force(
    platform: &Platform,
    placed: &mut SubjectChange,
) -> Result<Vec<SubjectChange>, Problem> {
    let (Subject::Passport(id), Facts::Passport { unit, life, .. }) =
        (&placed.subject, &placed.facts)
    else {
        return Ok(Vec::new());
    };
    let (id, unit, predecessors) = (*id, *unit, life.predecessors.clone());
    // Not where it comes back from its end.
    let drafted = placed
        .before
        .as_ref()
        .is_some_and(|record| !record.head.facts.is_known_to_others());
    if !drafted {
        return Ok(Vec::new());
    }
    let mut changes = Vec::new();
    for predecessor in &predecessors {
        let record = passport(platform, *predecessor).await?;
        inherit_recalls(&record.head.facts, &mut placed.facts);
        changes.extend(closed(*predecessor, record, placed)?);
    }
    if !predecessors.is_empty() {
        changes.extend(label_and_passport(platform, unit, id, placed).await?);
    }
    Ok(changes)
}

/// A draft of a further life is not withdrawn once what it goes on from is closed: a part of that battery would be left
/// without a passport, and without where it came from.
pub(crate) async fn may_withdraw(
    platform: &Platform,
    event_type: &EventType,
    record: &OpenRecord,
) -> Result<(), Problem> {
    let Facts::Passport {
        status: RecordStatus::Draft,
        life,
        ..
    } = &record.head.facts
    else {
        return Ok(());
    };
    if event_type.sets_record_status() != Some(RecordStatus::Archived.as_str()) {
        return Ok(());
    }
    for id in &life.predecessors {
        let predecessor = passport(platform, *id).await?;
        let Facts::Passport { status, .. } = predecessor.head.facts else {
            continue;
        };
        if status != RecordStatus::Active {
            return Err(Problem::conflict(format!(
                "its predecessor {id} is `{}` already, since another part of that battery is on the market: this one needs its passport",
                status.as_str()
            )));
        }
    }
    Ok(())
}

/// A recall that is raised on a passport whose battery has gone on to further lives is of those too.
pub(crate) async fn recalled_too(
    platform: &Platform,
    recalled: &SubjectChange,
) -> Result<Vec<SubjectChange>, Problem> {
    let mut changes: Vec<SubjectChange> = Vec::new();
    let mut queue = successors(&recalled.facts);
    let mut seen = BTreeSet::new();
    while let Some(id) = queue.pop() {
        if !seen.insert(id) {
            continue;
        }
        let record = passport(platform, id).await?;
        let mut facts = record.head.facts.clone();
        inherit_recalls(&recalled.facts, &mut facts);
        queue.extend(successors(&facts));
        if facts.is_withdrawn() || facts == record.head.facts {
            continue;
        }
        if changes.len() + 1 == MAX_SUBJECTS {
            return Err(Problem::conflict(format!(
                "more than {MAX_SUBJECTS} passports followed this one: recall those that are in force, each by itself"
            )));
        }
        changes.push(SubjectChange {
            subject: Subject::Passport(id),
            organisation: record.head.organisation.clone(),
            before: Some(record),
            facts,
            document: None,
            event: without_evidence(&recalled.event),
            labels: Vec::new(),
        });
    }
    Ok(changes)
}

fn successors(facts: &Facts) -> Vec<Uuid> {
    match facts {
        Facts::Passport { life, .. } => life.successors.clone(),
        _ => Vec::new(),
    }
}

async fn passport(platform: &Platform, id: Uuid) -> Result<OpenRecord, Problem> {
    let record = platform
        .store
        .open_for_change(&Subject::Passport(id))
        .await?;
    record.ok_or_else(|| Problem::internal("a predecessor that is not there"))
}

/// A recall is of the battery, whatever life it is in.
fn inherit_recalls(from: &Facts, to: &mut Facts) {
    let (Facts::Passport { recalls: old, .. }, Facts::Passport { recalls, .. }) = (from, to) else {
        return;
    };
    for recall in old {
        if !recalls.iter().any(|known| known.by == recall.by) {
            recalls.push(recall.clone());
        }
    }
}

fn closed(
    id: Uuid,
    record: OpenRecord,
    placed: &SubjectChange,
) -> Result<Option<SubjectChange>, Problem> {
    let mut facts = record.head.facts.clone();
    let (
        Facts::Passport {
            status,
            placed_on_market_at,
            life,
            ..
        },
        Facts::Passport {
            placed_on_market_at: next_placed_at,
            ..
        },
    ) = (&mut facts, &placed.facts)
    else {
        return Err(Problem::internal("a predecessor that is no passport"));
    };
    if record.head.organisation != placed.organisation {
        return Err(Problem::conflict(format!(
            "your organisation is no longer responsible for its predecessor {id}"
        )));
    }
    match status {
        RecordStatus::Archived => return Ok(None),
        RecordStatus::Active if *placed_on_market_at > *next_placed_at => {
            return Err(Problem::conflict(format!(
                "its predecessor {id} was placed on the market later than that"
            )));
        }
        RecordStatus::Active => {
            still_follows(id, &record.document, life, placed)?;
            *status = RecordStatus::Archived;
        }
        RecordStatus::Draft | RecordStatus::Recycled => {
            return Err(Problem::conflict(format!(
                "its predecessor {id} is `{}`: there is nothing to go on with",
                status.as_str()
            )));
        }
    }
    let event = of_type("passport-archived", without_evidence(&placed.event), []);
    let audience = record.head.owners_audience(event.audience);
    Ok(Some(SubjectChange {
        subject: Subject::Passport(id),
        organisation: record.head.organisation.clone(),
        before: Some(record),
        facts,
        document: None,
        event: EventInput { audience, ..event },
        labels: Vec::new(),
    }))
}

/// What the battery has become since the further life was begun still leads there.
fn still_follows(
    id: Uuid,
    document: &Map<String, Value>,
    life: &Life,
    placed: &SubjectChange,
) -> Result<(), Problem> {
    let drafted = placed.before.as_ref().map(|record| &record.document);
    let next = placed
        .document
        .as_ref()
        .or(drafted)
        .and_then(battery_status);
    let mut types = catalogue().event_types();
    let Some(began) = types.find(|one| next.is_some() && one.starts_successor() == next) else {
        return Ok(());
    };
    let battery = battery_status(document);
    let leads = began.allowed_from(RecordStatus::Active.as_str(), battery)
        && began
            .missing_preparation(battery, life.prepared.as_deref())
            .is_none();
    match leads {
        true => Ok(()),
        false => Err(Problem::conflict(format!(
            "the battery of its predecessor {id} has another status by now, from which `{}` does not lead here",
            began.id
        ))),
    }
}

async fn label_and_passport(
    platform: &Platform,
    unit: UnitId,
    placed_id: Uuid,
    placed: &SubjectChange,
) -> Result<Option<SubjectChange>, Problem> {
    let subject = Subject::Unit(unit);
    let record = platform
        .store
        .open_for_change(&subject)
        .await?
        .ok_or_else(|| Problem::internal("a passport without its unit"))?;
    let mut facts = record.head.facts.clone();
    let (
        Facts::Unit {
            model,
            batch,
            passport,
            next,
            ..
        },
        Facts::Passport {
            model: new_model,
            batch: new_batch,
            ..
        },
    ) = (&mut facts, &placed.facts)
    else {
        return Err(Problem::internal("a unit without a unit's facts"));
    };
    let Some(coming) = next.take_if(|coming| coming.passport == placed_id) else {
        return Ok(None);
    };
    (*model, *batch, *passport) = (*new_model, *new_batch, Some(placed_id));
    let labels = platform.store.labels(unit).await?;
    Ok(Some(SubjectChange {
        subject,
        organisation: record.head.organisation.clone(),
        before: Some(record),
        facts,
        document: None,
        event: of_type(REPLACED, without_evidence(&placed.event), []),
        labels: replaced(&labels, coming.label, web::now()),
    }))
}

/// The labels that the new one takes the place of; none where it was revoked meanwhile.
fn replaced(labels: &[Label], new: LabelId, at: Timestamp) -> Vec<LabelChange> {
    let (Some(new), Some(way)) = (in_force(labels, new), catalogue().label_move(REPLACED)) else {
        return Vec::new();
    };
    labels
        .iter()
        .filter(|label| label.label != new && way.leads(label.state, None).is_some())
        .map(|label| label.replaced_by(new, at))
        .collect()
}

fn without_evidence(event: &EventInput) -> EventInput {
    EventInput {
        notes: None,
        evidence: Vec::new(),
        readings: None,
        erases: None,
        ..event.clone()
    }
}
