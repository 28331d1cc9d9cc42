//! What a change has to be before it is written: allowed by its event type, valid, complete where the market asks for it.

use access::Role;
use ledger::Timestamp;
use passport::{Category, Class, Classes, EventType, Fault, Level, Op, Touched, catalogue};
use serde_json::{Map, Value, json};
use storage::{Facts, Head, OpenRecord, Recall, RecordStatus, Subject};
use web::{Platform, Problem, Provenance};

/// Every fault of a document at once.
pub(crate) fn valid(facts: &Facts, document: &Map<String, Value>) -> Result<(), Problem> {
    refuse(faults(facts, document))
}

pub(crate) fn faults(facts: &Facts, document: &Map<String, Value>) -> Vec<Fault> {
    let (level, category) = level_and_category(facts);
    passport::validate(level, category, catalogue().active_guidance(), document)
}

pub(crate) fn refuse(faults: Vec<Fault>) -> Result<(), Problem> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::not_valid(faults))
    }
}

/// Refuses the whole patch where it names one attribute that this event type may not change, or that the caller may not
/// see, naming each. Decided on the patch alone: whether an attribute has a value, and which, is told by no refusal.
pub(crate) fn may_write(
    event_type: &EventType,
    classes: Classes,
    patch: &Map<String, Value>,
) -> Result<(), Problem> {
    let touched = passport::touched(patch);
    let named = |refused: &dyn Fn(&Touched) -> bool| {
        let refused = touched.iter().filter(|one| refused(one));
        let pointers: Vec<String> = refused.map(|one| one.attribute.pointer()).collect();
        (!pointers.is_empty()).then(|| pointers.join(", "))
    };
    let reasons = [
        named(&|one| !one.attribute.written_by(&event_type.id))
            .map(|pointers| format!("`{}` may not change {pointers}", event_type.id)),
        named(&|one| one.removed && !event_type.may_remove)
            .map(|pointers| format!("`{}` may not remove {pointers}", event_type.id)),
        named(&|one| !classes.contains(one.attribute.class))
            .map(|pointers| format!("you may not change what you may not read: {pointers}")),
    ];
    let reasons: Vec<String> = reasons.into_iter().flatten().collect();
    if reasons.is_empty() {
        return Ok(());
    }
    Err(Problem::forbidden(format!(
        "{}; nothing was changed",
        reasons.join("; ")
    )))
}

pub(crate) fn changed_classes(
    before: &Map<String, Value>,
    after: Option<&Map<String, Value>>,
) -> Vec<Class> {
    after.map_or_else(Vec::new, |after| {
        passport::delta(before, after)
            .into_iter()
            .map(|change| change.class)
            .collect()
    })
}

/// A battery may be placed on the market only with every mandatory data point of the active guidance, and keeps them
/// afterwards: a change that takes values away is held against them too.
pub(crate) async fn complete_enough(
    platform: &Platform,
    before: &OpenRecord,
    after: &Facts,
    document: &Map<String, Value>,
) -> Result<(), Problem> {
    let Facts::Passport {
        model,
        batch,
        category,
        status: RecordStatus::Active,
        ..
    } = after
    else {
        return Ok(());
    };
    let placed = !matches!(
        before.head.facts,
        Facts::Passport {
            status: RecordStatus::Active,
            ..
        }
    );
    let removed = || {
        passport::delta(&before.document, document)
            .iter()
            .any(|change| change.op == Op::Remove)
    };
    if !placed && !removed() {
        return Ok(());
    }
    let mut levels = Vec::new();
    for subject in [Some(Subject::Model(*model)), batch.map(Subject::Batch)]
        .into_iter()
        .flatten()
    {
        let record = platform.store.open_for_change(&subject).await?;
        levels.push(record.map(|record| record.document).unwrap_or_default());
    }
    let empty = Map::new();
    let composed = passport::compose(
        levels.first().unwrap_or(&empty),
        levels.get(1).unwrap_or(&empty),
        &before.with_kept(document),
    );
    let faults: Vec<Fault> =
        passport::completeness(&composed, *category, catalogue().active_guidance())
            .into_iter()
            .filter(passport::Missing::is_mandatory)
            .map(Into::into)
            .collect();
    refuse(faults)
}

/// A recall is ended by whoever began it, or by market surveillance.
pub(crate) fn may_end_recall(
    event_type: &EventType,
    facts: &Facts,
    organisation: &str,
    role: Role,
) -> Result<(), Problem> {
    let (Some(false), Facts::Passport { recall, .. }) = (event_type.sets_recall(), facts) else {
        return Ok(());
    };
    match recall {
        None => Err(Problem::conflict("this battery is under no recall")),
        Some(recall) if recall.by == organisation || role.as_str() == MARKET_SURVEILLANCE => Ok(()),
        Some(_) => Err(Problem::forbidden(
            "a recall is ended by the organisation that began it, or by market surveillance",
        )),
    }
}

const MARKET_SURVEILLANCE: &str = "market-surveillance";

pub(crate) fn facts_after(
    provenance: &Provenance,
    organisation: &str,
    before: &Head,
    at: Timestamp,
) -> Facts {
    let mut after = before.facts.clone();
    if let Facts::Passport {
        status,
        placed_on_market_at,
        operator,
        recall,
        ..
    } = &mut after
    {
        let happened = provenance.occurred_at.unwrap_or(at);
        match provenance.event_type.sets_recall() {
            Some(true) => {
                *recall = Some(Recall {
                    at: happened,
                    by: organisation.to_owned(),
                });
            }
            Some(false) => *recall = None,
            None => {}
        }
        match provenance.event_type.sets_record_status() {
            Some("active") => {
                *status = RecordStatus::Active;
                placed_on_market_at.get_or_insert(happened);
                operator.get_or_insert_with(|| before.organisation.clone());
            }
            Some("archived") => *status = RecordStatus::Archived,
            Some("recycled") => *status = RecordStatus::Recycled,
            _ => {}
        }
    }
    after
}

const STATUS_GROUP: &str = "condition";
const STATUS_ATTRIBUTE: &str = "batteryStatus";

pub(crate) fn battery_status(document: &Map<String, Value>) -> Option<&str> {
    document
        .get(STATUS_GROUP)?
        .get(STATUS_ATTRIBUTE)?
        .get("value")?
        .as_str()
}

pub(crate) fn set_battery_status(document: &mut Map<String, Value>, status: &str, at: Timestamp) {
    let group = document
        .entry(STATUS_GROUP)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(group) = group.as_object_mut() {
        group.insert(
            STATUS_ATTRIBUTE.to_owned(),
            json!({"value": status, "measuredAt": at}),
        );
    }
}

pub(crate) fn level_and_category(facts: &Facts) -> (Level, Category) {
    match facts {
        Facts::Model { category } => (Level::Model, *category),
        Facts::Batch { category, .. } => (Level::Batch, *category),
        Facts::Passport { category, .. } => (Level::Item, *category),
        Facts::Unit { .. } | Facts::Organisation => (Level::Item, Category::Ev),
    }
}
