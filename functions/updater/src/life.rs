//! Along which ways the status of a battery moves: those of the catalogue, and no others.

use ledger::Timestamp;
use passport::{EventType, FIRST_STATUS, Fault, battery_status, catalogue};
use serde_json::{Map, Value};
use storage::{Facts, RecordStatus, Recycling};
use web::{Platform, Problem};

/// What becomes of the recycling of a battery: recorded, for some days to be taken back, then final (Article 77(8)).
pub(crate) fn recycling(
    platform: &Platform,
    before: &Facts,
    facts: &mut Facts,
    at: Timestamp,
) -> Result<(), Problem> {
    if before.has_ceased(at) {
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
