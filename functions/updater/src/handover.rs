//! What a further life takes the place of, when it is placed on the market.

use identity::{LabelId, UnitId};
use ledger::Timestamp;
use passport::Class;
use storage::{EventInput, Facts, Label, LabelState, RecordStatus, Subject, SubjectChange};
use uuid::Uuid;
use web::{Platform, Problem};

use crate::succession::{in_force, of_type};

/// What else changes when a passport with predecessors is placed on the market: those that are in force still are archived, and
/// where the battery is the same unit its new passport and label take the place of the old ones. So no unit is ever without a
/// passport to read.
pub(crate) async fn takes_force(
    platform: &Platform,
    placed: &SubjectChange,
) -> Result<Vec<SubjectChange>, Problem> {
    let (Subject::Passport(id), Facts::Passport { unit, life, .. }) =
        (&placed.subject, &placed.facts)
    else {
        return Ok(Vec::new());
    };
    // Not where it comes back from its end.
    let drafted = placed
        .before
        .as_ref()
        .is_some_and(|record| !record.head.facts.is_known_to_others());
    if !drafted {
        return Ok(Vec::new());
    }
    let mut changes = Vec::new();
    for predecessor in &life.predecessors {
        changes.extend(closed(platform, *predecessor, placed).await?);
    }
    if !life.predecessors.is_empty() {
        changes.extend(label_and_passport(platform, *unit, *id, placed).await?);
    }
    Ok(changes)
}

async fn closed(
    platform: &Platform,
    id: Uuid,
    placed: &SubjectChange,
) -> Result<Option<SubjectChange>, Problem> {
    let subject = Subject::Passport(id);
    let record = platform
        .store
        .open_for_change(&subject)
        .await?
        .ok_or_else(|| Problem::internal("a predecessor that is not there"))?;
    let mut facts = record.head.facts.clone();
    let Facts::Passport { status, .. } = &mut facts else {
        return Err(Problem::internal("a predecessor that is no passport"));
    };
    if record.head.organisation != placed.organisation {
        return Err(Problem::conflict(format!(
            "your organisation is no longer responsible for its predecessor {id}"
        )));
    }
    match status {
        RecordStatus::Archived => return Ok(None),
        RecordStatus::Active => *status = RecordStatus::Archived,
        RecordStatus::Draft | RecordStatus::Recycled => {
            return Err(Problem::conflict(format!(
                "its predecessor {id} is `{}`: there is nothing to go on with",
                status.as_str()
            )));
        }
    }
    let event = of_type("passport-archived", without_evidence(&placed.event), []);
    let audience = match record.head.organisation == record.head.operator() {
        true => event.audience,
        false => event.audience.join(Class::Individual),
    };
    Ok(Some(SubjectChange {
        subject,
        organisation: record.head.organisation.clone(),
        before: Some(record),
        facts,
        document: None,
        event: EventInput { audience, ..event },
        labels: Vec::new(),
    }))
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
        event: of_type("label-replaced", without_evidence(&placed.event), []),
        labels: replaced(&labels, coming.label, web::now()),
    }))
}

/// The labels that the new one takes the place of; none where it was revoked meanwhile.
fn replaced(labels: &[Label], new: LabelId, at: Timestamp) -> Vec<Label> {
    let Some(new) = in_force(labels, new) else {
        return Vec::new();
    };
    labels
        .iter()
        .filter(|label| label.state == LabelState::Issued && label.label != new)
        .map(|label| Label {
            state: LabelState::Replaced,
            changed_at: at,
            replaced_by: Some(new),
            ..label.clone()
        })
        .collect()
}

fn without_evidence(event: &EventInput) -> EventInput {
    EventInput {
        notes: None,
        evidence: Vec::new(),
        readings: None,
        ..event.clone()
    }
}
