//! Along which ways a battery goes through its life: those of the catalogue, in their order, and no others.

use access::Role;
use ledger::Timestamp;
use passport::{EventType, FIRST_STATUS, Fault, battery_status, catalogue};
use serde_json::{Map, Value};
use storage::{Facts, OpenRecord, RecordStatus, Recycling};
use web::{Platform, Problem, Provenance};

use crate::validation::refuse;

/// What becomes of the recycling of a battery: recorded, for some days to be taken back, then final (Article 77(8)).
pub(crate) fn recycling(
    platform: &Platform,
    event_type: &EventType,
    before: &Facts,
    facts: &mut Facts,
    at: Timestamp,
) -> Result<(), Problem> {
    if before.has_ceased(at) && event_type.erases.is_none() {
        return Err(Problem::conflict(
            "that this battery was recycled can no longer be taken back: its passport has ceased to exist",
        ));
    }
    if let Facts::Passport { status, life, .. } = facts {
        if *status != RecordStatus::Recycled {
            life.recycling = None;
        } else if life.recycling.is_none() {
            let days = platform.site.recycling_reversal_days;
            life.recycling = Some(Recycling {
                final_at: days_after(at, days),
            });
        }
    }
    Ok(())
}

fn days_after(at: Timestamp, days: u16) -> Timestamp {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    Timestamp::from_millisecond(at.as_millisecond() + i64::from(days) * DAY)
}

/// What a battery that is waste was last prepared for: nothing, when it becomes waste.
pub(crate) fn prepared(event_type: &EventType, facts: &mut Facts) {
    if let Facts::Passport { life, .. } = facts {
        if catalogue().is_preparation(&event_type.id) {
            life.prepared = Some(event_type.id.clone());
        } else if event_type.sets_battery_status() == Some(passport::WASTE) {
            life.prepared = None;
        }
    }
}

/// An organisation recalls a battery once, and ends its own recall; market surveillance ends them all.
pub(crate) fn may_recall(
    event_type: &EventType,
    facts: &Facts,
    organisation: &str,
    role: Role,
) -> Result<(), Problem> {
    let Facts::Passport { recalls, .. } = facts else {
        return Ok(());
    };
    let own = recalls.iter().find(|recall| recall.by == organisation);
    match (event_type.sets_recall(), own) {
        (Some(true), Some(own)) => Err(Problem::conflict(format!(
            "your organisation recalls this battery already, since {}",
            own.at
        ))),
        (Some(false), _) if recalls.is_empty() => {
            Err(Problem::conflict("this battery is under no recall"))
        }
        (Some(false), None) if role.as_str() != MARKET_SURVEILLANCE => Err(Problem::forbidden(
            "a recall is ended by the organisation that began it, or by market surveillance",
        )),
        _ => Ok(()),
    }
}

/// What can only happen to a battery on the market did not happen before it was placed there, what its status decides not before
/// it had that status, and no recall ends before it began.
pub(crate) fn in_time(
    provenance: &Provenance,
    record: &OpenRecord,
    organisation: &str,
) -> Result<(), Problem> {
    let (
        Some(occurred),
        Facts::Passport {
            placed_on_market_at,
            recalls,
            ..
        },
    ) = (provenance.occurred_at, &record.head.facts)
    else {
        return Ok(());
    };
    let event_type = provenance.event_type;
    let after_placing = !event_type.from.iter().any(|from| from == "draft");
    let by_status =
        !event_type.from_battery.is_empty() || event_type.sets_battery_status().is_some();
    let ends = event_type.sets_recall() == Some(false);
    let own = recalls.iter().find(|recall| recall.by == organisation);
    let bounds = [
        (
            placed_on_market_at.filter(|_| after_placing),
            "when the battery was placed on the market",
        ),
        (
            passport::battery_status_since(&record.document)
                .map(Timestamp::from)
                // The first one it has had all along.
                .filter(|_| by_status && battery_status(&record.document) != Some(FIRST_STATUS)),
            "since when the battery has its status",
        ),
        (
            own.map(|recall| recall.at).filter(|_| ends),
            "when your recall began",
        ),
    ];
    let early = bounds.into_iter().filter_map(|(bound, what)| {
        let bound = bound.filter(|bound| occurred < *bound)?;
        Some(Fault {
            pointer: "/occurredAt".to_owned(),
            rule: "out-of-order".to_owned(),
            expected: format!("not before {bound}, {what}"),
            found: occurred.to_string(),
            source: None,
        })
    });
    refuse(early.collect())
}

const MARKET_SURVEILLANCE: &str = "market-surveillance";

/// The fault of a change that moves the battery's status where its event type does not lead.
pub(crate) fn status_fault(
    event_type: &EventType,
    facts: &Facts,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Option<Fault> {
    let from = battery_status(before).unwrap_or(FIRST_STATUS);
    let to = battery_status(after).unwrap_or(FIRST_STATUS);
    let record = match facts {
        Facts::Passport { status, .. } => *status,
        _ => RecordStatus::Draft,
    };
    let possible: Vec<&str> = event_type.may_state(record.as_str(), Some(from)).collect();
    if from == to || possible.contains(&to) {
        return None;
    }
    let staying = std::iter::once(from).chain(possible);
    let expected: Vec<String> = staying.map(|status| format!("`{status}`")).collect();
    let expected = format!("{} by `{}`", expected.join(" or "), event_type.id);
    Some(Fault {
        pointer: "/condition/batteryStatus".to_owned(),
        rule: "status-transition".to_owned(),
        expected: match succession(record, from, to) {
            Some(operation) => format!(
                "{expected}; in a passport on the market `{to}` by a successor: {operation}"
            ),
            None => expected,
        },
        found: to.to_owned(),
        source: Some("Annex XIII 4(c), Article 77(7)".to_owned()),
    })
}

/// The operation by which a battery on the market comes to this status: in the passport that follows.
fn succession(record: RecordStatus, from: &str, to: &str) -> Option<&'static str> {
    let mut types = catalogue().event_types();
    let leads_there = |one: &&EventType| {
        one.starts_successor() == Some(to) && one.allowed_from(record.as_str(), Some(from))
    };
    types.find(leads_there)?.operation.as_deref()
}
