//! What a change has to be before it is written: allowed by its event type, complete where the market asks for it.

use ledger::Timestamp;
use passport::{
    Category, Class, Classes, Declares, EventType, Fault, Level, Op, STATUS_PLACE, State, Touched,
    catalogue,
};
use serde_json::{Map, Value, json};
use storage::{Asked, Facts, Head, OpenRecord, Recall, RecordStatus};
use web::{Platform, Problem, Provenance};

use crate::validation::{Products, products, refuse, together};

/// Refuses the whole patch where it names one attribute that this event type may not change, or that the caller may not
/// see, naming each. Decided on the patch alone: whether an attribute has a value, and which, is told by no refusal. What
/// belongs to another level is left to be named among the faults.
pub(crate) fn may_write(
    event_type: &EventType,
    level: Level,
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
        named(&|one| one.attribute.allows(level) && !one.attribute.written_by(&event_type.id))
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

/// What an organisation wrote in an earlier time of its responsibility stays (decision 007): another value takes its place,
/// nothing takes it away.
pub(crate) fn may_remove(record: &OpenRecord, patch: &Map<String, Value>) -> Result<(), Problem> {
    let kept = passport::attributes(&record.own_kept);
    let removed = passport::touched(patch)
        .into_iter()
        .filter(|one| one.removed);
    let pointers: Vec<String> = removed
        .map(|one| one.attribute.pointer())
        .filter(|pointer| kept.contains_key(pointer))
        .collect();
    match pointers.is_empty() {
        true => Ok(()),
        false => Err(Problem::conflict(format!(
            "your organisation wrote {} when it was responsible before, and that stays on record: write another value instead",
            pointers.join(", ")
        ))),
    }
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

/// A battery may be placed on the market only with every data point that the active guidance asks of it, or a gap that two
/// persons stand behind; then what nobody has decided yet is answered. Afterwards it keeps every value and every declaration
/// of why there is none. A model or batch keeps what it has of them: units may be on the market.
pub(crate) async fn complete_enough(
    platform: &Platform,
    before: &OpenRecord,
    after: &Facts,
    document: &Map<String, Value>,
) -> Result<Vec<Fault>, Problem> {
    let removed = passport::delta(&before.document, document)
        .into_iter()
        .filter(|change| change.op == Op::Remove)
        .map(|change| change.pointer);
    let whole = before.with_kept(document);
    let whole_before = before.with_kept(&before.document);
    let reopened = [Declares::Gap, Declares::NotApplicable]
        .into_iter()
        .flat_map(|what| {
            let still: Vec<&str> = passport::declared(&whole, what).collect();
            let gone = passport::declared(&whole_before, what);
            gone.filter(|pointer| !still.contains(pointer))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
    let lost: Vec<String> = removed.chain(reopened).collect();
    let placed = is_active(after) && !before.head.facts.is_known_to_others();
    let held_to = match after {
        Facts::Passport { .. } => is_active(after),
        Facts::Model { .. } | Facts::Batch { .. } => true,
        Facts::Unit { .. } | Facts::Organisation { .. } => false,
    };
    if !held_to || (!placed && lost.is_empty()) {
        return Ok(Vec::new());
    }
    let (_, category) = level_and_category(after);
    let products = products(platform, after).await?;
    let composed = together(&products, after, &whole);
    let approved = matches!(after, Facts::Passport { life, .. } if life.gaps_approved);
    let assessed = passport::assess(&composed, category, catalogue().active_guidance());
    let mut faults = Vec::new();
    let mut undecided = Vec::new();
    for one in &assessed {
        match one.state(&composed, approved) {
            state if state.blocks() && (placed || lost.contains(&one.pointer)) => {
                faults.push(Fault::from(one));
            }
            State::Undecided if placed => undecided.push(Fault {
                rule: State::Undecided.as_str().to_owned(),
                ..Fault::from(one)
            }),
            _ => {}
        }
    }
    if placed {
        faults.extend(of_another_operator(
            &before.head.organisation,
            &products,
            &whole,
        ));
    }
    refuse(faults)?;
    Ok(undecided)
}

/// A battery that begins a further life under another operator than its model's says itself who answers for it.
fn of_another_operator(
    organisation: &str,
    [model, batch]: &Products,
    document: &Map<String, Value>,
) -> Option<Fault> {
    let attribute = catalogue().by_pointer(RESPONSIBLE_OPERATOR)?;
    if attribute.value_in(document).is_some() {
        return None;
    }
    let mut products = [batch, model].into_iter().flatten();
    let says_it = products.find(|record| attribute.value_in(&record.document).is_some())?;
    (says_it.head.organisation != organisation).then(|| Fault {
        pointer: attribute.pointer(),
        rule: "of-another-operator".to_owned(),
        expected: "your organisation, in the data of this passport: the model names another"
            .to_owned(),
        found: "nothing".to_owned(),
        source: Some(attribute.source.clone()),
    })
}

/// Who answers for the passport: data point 2.
const RESPONSIBLE_OPERATOR: &str = "/identification/responsibleOperator";

fn is_active(facts: &Facts) -> bool {
    matches!(
        facts,
        Facts::Passport {
            status: RecordStatus::Active,
            ..
        }
    )
}

/// What two persons must want: for an event that confirms, another person of the same organisation asked before.
///
/// Answers the reference of the person, where the event asks or confirms.
pub(crate) async fn second_person(
    platform: &Platform,
    event_type: &EventType,
    record: &OpenRecord,
    person: &str,
) -> Result<Option<String>, Problem> {
    if event_type.second_to().is_none() && !event_type.asks_for_second() {
        return Ok(None);
    }
    let store = &platform.store;
    let reference = store.person_reference(&record.subject, person).await?;
    let Some(first) = event_type.second_to() else {
        return Ok(reference);
    };
    match &record.head.facts {
        Facts::Passport { life, .. }
            if let Some(asked) = &life.asked
                && asked.event_type == first =>
        {
            // Without the subject's key nobody can tell one person from another.
            if reference.as_ref().is_none_or(|by| asked.by.contains(by)) {
                return Err(Problem::forbidden(format!(
                    "you raised `{first}` yourself: `{}` is for another person of your organisation",
                    event_type.id
                )));
            }
            Ok(reference)
        }
        _ => Err(Problem::conflict(format!(
            "`{}` confirms `{first}`, which nobody has raised",
            event_type.id
        ))),
    }
}

/// What the record is afterwards. `person` is the reference of who asks for a second person, or confirms.
pub(crate) fn facts_after(
    provenance: &Provenance,
    organisation: &str,
    person: Option<String>,
    before: &Head,
    at: Timestamp,
) -> Facts {
    let mut after = before.facts.clone();
    if provenance.event_type.migrates {
        after.follow(catalogue().newest());
    }
    if let Facts::Passport {
        status,
        placed_on_market_at,
        operator,
        recalls,
        life,
        ..
    } = &mut after
    {
        let happened = provenance.occurred_at.unwrap_or(at);
        if let Some(by) = person {
            let event_type = &provenance.event_type.id;
            let earlier = life
                .asked
                .take()
                .filter(|asked| asked.event_type == *event_type);
            let mut all = earlier.map(|asked| asked.by).unwrap_or_default();
            all.push(by);
            life.asked = provenance.event_type.asks_for_second().then(|| Asked {
                event_type: event_type.clone(),
                by: all,
                at,
            });
        }
        if let Some(approved) = provenance.event_type.sets_gaps_approved() {
            life.gaps_approved = approved;
        }
        if provenance.event_type.restarts_counters {
            // One that is entered late does not move the epoch back.
            life.counters_since = life.counters_since.max(Some(happened));
        }
        match provenance.event_type.sets_recall() {
            Some(true) => recalls.push(Recall {
                at: happened,
                by: organisation.to_owned(),
            }),
            // Who ends none of its own is market surveillance, which ends all.
            Some(false) => match recalls.iter().any(|recall| recall.by == organisation) {
                true => recalls.retain(|recall| recall.by != organisation),
                false => recalls.clear(),
            },
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
        // What has come to its end is offered to nobody.
        if *status == RecordStatus::Recycled {
            life.offer = None;
        }
    }
    after
}

pub(crate) fn set_battery_status(document: &mut Map<String, Value>, status: &str, at: Timestamp) {
    let (group, attribute) = STATUS_PLACE;
    let group = document
        .entry(group)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(group) = group.as_object_mut() {
        group.insert(
            attribute.to_owned(),
            json!({"value": status, "measuredAt": at}),
        );
    }
}

pub(crate) fn level_and_category(facts: &Facts) -> (Level, Category) {
    match facts {
        Facts::Model { category, .. } => (Level::Model, *category),
        Facts::Batch { category, .. } => (Level::Batch, *category),
        Facts::Passport { category, .. } => (Level::Item, *category),
        Facts::Unit { .. } | Facts::Organisation { .. } => (Level::Item, Category::Ev),
    }
}
