//! The life of a battery and of its record: what every event type leads from and to, read from `event-types.toml`.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::reading::measured_at;
use crate::{Catalogue, EventType, LabelState};

/// The battery status every battery begins with (Annex XIII 4(c)).
pub const FIRST_STATUS: &str = "original";
/// The one that moves responsibility within the same passport (Article 77(7), second subparagraph).
pub const WASTE: &str = "waste";
/// Where the battery's status stands: group and attribute.
pub const STATUS_PLACE: (&str, &str) = ("condition", "batteryStatus");

/// Since when the battery has its status, where a document says so.
#[must_use]
pub fn battery_status_since(document: &Map<String, Value>) -> Option<Timestamp> {
    let (group, attribute) = STATUS_PLACE;
    measured_at(document.get(group)?.get(attribute)?)
}

/// The battery's status, where a document has it.
#[must_use]
pub fn battery_status(document: &Map<String, Value>) -> Option<&str> {
    let (group, attribute) = STATUS_PLACE;
    document.get(group)?.get(attribute)?.get("value")?.as_str()
}

/// The closed list of Annex XIII 4(c), in the order of a life.
pub const BATTERY_STATUSES: [&str; 5] = [
    FIRST_STATUS,
    "re-used",
    "repurposed",
    "remanufactured",
    WASTE,
];

/// Where a record can stand, in the order of a life.
pub const RECORD_STATUSES: [&str; 4] = ["draft", "active", "archived", "recycled"];

/// One way a status can move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Move<'a> {
    /// From which status.
    pub from: &'a str,
    /// To which.
    pub to: &'a str,
    /// By which event type.
    pub by: &'a str,
    /// Whether in the passport that follows, and not in the same.
    pub next: bool,
    /// The one status of the record in which it moves, where the event type can happen in others too.
    pub only_in: Option<&'a str>,
}

/// Every way a record's status moves.
#[must_use]
pub fn record_moves(catalogue: &Catalogue) -> Vec<Move<'_>> {
    let mut moves = Vec::new();
    for (event_type, record, _) in possible(catalogue) {
        if let Some(to) = event_type.sets_record_status() {
            moves.push(Move {
                from: record,
                to,
                by: &event_type.id,
                next: false,
                only_in: None,
            });
        }
    }
    told_once(moves)
}

/// Every way a battery's status moves, within one passport or into the next.
#[must_use]
pub fn battery_moves(catalogue: &Catalogue) -> Vec<Move<'_>> {
    let mut moves = Vec::new();
    for (event_type, record, battery) in possible(catalogue) {
        let stated = event_type.may_state(record, Some(battery));
        let only_in = event_type.states_only_in();
        let within = stated.map(|to| (to, false, only_in));
        let set = event_type.sets_battery_status().into_iter();
        let beyond = event_type.starts_successor().into_iter();
        for (to, next, only_in) in within
            .chain(set.map(|to| (to, false, None)))
            .chain(beyond.map(|to| (to, true, None)))
        {
            moves.push(Move {
                from: battery,
                to,
                by: &event_type.id,
                next,
                only_in,
            });
        }
    }
    told_once(moves)
}

/// Every event type with every pair of statuses that it can happen in.
fn possible(
    catalogue: &Catalogue,
) -> impl Iterator<Item = (&EventType, &'static str, &'static str)> {
    catalogue
        .event_types()
        .filter(|event_type| event_type.concerns("passport"))
        .flat_map(|event_type| {
            let pairs = RECORD_STATUSES
                .into_iter()
                .flat_map(|record| BATTERY_STATUSES.map(|battery| (record, battery)));
            pairs
                .filter(|(record, battery)| event_type.allowed_from(record, Some(battery)))
                .map(move |(record, battery)| (event_type, record, battery))
        })
}

fn told_once(mut moves: Vec<Move<'_>>) -> Vec<Move<'_>> {
    moves.retain(|one| one.next || one.from != one.to);
    moves.sort_by_key(|one| (place(one.from), place(one.to), one.by));
    moves.dedup();
    moves
}

fn place(status: &str) -> Option<usize> {
    let all = RECORD_STATUSES.iter().chain(&BATTERY_STATUSES);
    all.into_iter().position(|one| *one == status)
}

/// `LIFE.md`: both state machines as diagrams, and in which statuses each event type can happen.
#[must_use]
pub fn life(catalogue: &Catalogue) -> String {
    let mut page = String::from(INTRODUCTION);
    let mut diagram = |title: &str, first: &str, last: Option<&str>, moves: &[Move<'_>]| {
        let _ = write!(page, "\n## {title}\n\n```mermaid\nstateDiagram-v2\n");
        let _ = writeln!(page, "    [*] --> {}", name(first));
        for one in moves {
            let place = match (one.next, one.only_in) {
                (true, _) => " (next passport)".to_owned(),
                (false, Some(record)) => format!(" ({record} only)"),
                (false, None) => String::new(),
            };
            let (from, to, by) = (name(one.from), name(one.to), one.by);
            let _ = writeln!(page, "    {from} --> {to}: {by}{place}");
        }
        if let Some(last) = last {
            let _ = writeln!(page, "    {} --> [*]", name(last));
        }
        page.push_str("```\n");
    };
    diagram(
        "The record",
        "draft",
        Some("recycled"),
        &record_moves(catalogue),
    );
    diagram("The battery", FIRST_STATUS, None, &battery_moves(catalogue));
    page.push_str(LABELS);
    for one in catalogue.label_moves() {
        for from in &one.from {
            let to = one.to.map_or("issued or applied", LabelState::as_str);
            let _ = writeln!(page, "| {from} | `{}` | {to} |", one.event);
        }
    }
    page.push_str(MATRIX);
    for event_type in catalogue.event_types() {
        if event_type.concerns("passport") && !event_type.starts_record() {
            let _ = write!(page, "| `{}` |", event_type.id);
            for record in RECORD_STATUSES {
                let _ = write!(page, " {} |", cell(event_type, record));
            }
            page.push('\n');
        }
    }
    page
}

/// Mermaid reads a hyphen as part of an arrow.
fn name(status: &str) -> String {
    status.replace('-', "")
}

/// The battery statuses an event type can happen in, in a record of this status.
fn cell(event_type: &EventType, record: &str) -> String {
    let possible: Vec<&str> = BATTERY_STATUSES
        .into_iter()
        .filter(|battery| event_type.allowed_from(record, Some(battery)))
        .collect();
    match possible.len() {
        0 => "–".to_owned(),
        all if all == BATTERY_STATUSES.len() => "any".to_owned(),
        _ => possible.join(", "),
    }
}

const INTRODUCTION: &str = "# The life of a battery

Made from `catalogue/event-types.toml` by `cargo run -q -p passport --example life > shared/passport/LIFE.md`; a test holds the
two together. A status moves along these arrows and in no other way; against them only by `correction`, which gives its reason.
";

const LABELS: &str = "
## A label

From `catalogue/labels.toml`. A label begins as `issued`, or as `requested` where somebody asks for it who is not responsible for
the battery. What was replaced, destroyed or refused stays so.

| from | by | to |
|---|---|---|
";

const MATRIX: &str = "
## What can happen when

The battery statuses in which an event type can happen, by the status of the record. What is not here is refused. That it can
happen does not say that it moves the status: only the arrows do.

| event type | draft | active | archived | recycled |
|---|---|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn the_committed_page_is_what_the_data_say() {
        assert!(
            include_str!("../LIFE.md") == life(catalogue()),
            "make it anew: cargo run -q -p passport --example life > shared/passport/LIFE.md"
        );
    }

    /// Every event type in every pair of statuses: whatever it leads to obeys the law, and whatever is not listed is refused.
    #[test]
    fn no_event_leads_where_the_law_does_not() {
        let mut refused = 0;
        for event_type in catalogue().event_types() {
            for record in RECORD_STATUSES {
                for battery in BATTERY_STATUSES {
                    let id = event_type.id.as_str();
                    let stated: Vec<&str> = event_type.may_state(record, Some(battery)).collect();
                    if !event_type.allowed_from(record, Some(battery)) {
                        refused += 1;
                        continue;
                    }
                    let context = format!("{id} from {record}, {battery}");
                    let record_after = event_type.sets_record_status().unwrap_or(record);
                    // A record goes on, and nothing but a reversal brings one back from its end (Article 77(8)).
                    let goes_on = place(record) <= place(record_after);
                    assert!(goes_on || id == "recycling-reversed", "{context}");
                    if record == "recycled" {
                        let erases = event_type.erases.is_some();
                        // Rights end at any time.
                        let ends = ["grant-withdrawn", "claim-ended"].contains(&id);
                        let allowed = id.starts_with("recycling-") || erases || ends;
                        assert!(allowed, "{context}");
                    }
                    if record_after == "recycled" && record != record_after {
                        assert_eq!((record, battery, id), ("active", "waste", "recycled"));
                    }
                    for after in stated
                        .iter()
                        .copied()
                        .chain(event_type.sets_battery_status())
                    {
                        // Within one passport a battery becomes waste and nothing else; the rest is for whoever drafts, or
                        // corrects.
                        let drafted = record == "draft" && battery == FIRST_STATUS;
                        assert!(
                            after == "waste"
                                || id == "correction"
                                || (id == "status-change" && drafted),
                            "{context}: {after}"
                        );
                        // By correction nothing becomes waste: that moves responsibility (Article 77(7)).
                        assert!(!(after == "waste" && id == "correction"), "{context}");
                    }
                }
            }
        }
        assert!(refused > 500, "{refused}");
    }

    /// Whoever drafts says what a battery was before; on the market a further life is a passport of its own (Article 77(7)).
    #[test]
    fn a_change_of_status_is_stated_in_a_draft_only_and_the_page_says_so() {
        let moves = battery_moves(catalogue());
        let stated: Vec<&Move> = moves
            .iter()
            .filter(|one| one.by == "status-change")
            .collect();
        assert_eq!(stated.len(), 3);
        let page = life(catalogue());
        for one in stated {
            let event_type = catalogue().event_type(one.by).unwrap();
            assert_eq!(one.only_in, Some("draft"));
            for record in ["active", "archived"] {
                assert_eq!(event_type.may_state(record, Some(one.from)).count(), 0);
            }
            let arrow = format!(
                "{} --> {}: status-change (draft only)\n",
                one.from,
                name(one.to)
            );
            assert!(page.contains(&arrow), "{arrow}");
        }
        let others = moves.iter().filter(|one| one.by != "status-change");
        assert!(others.into_iter().all(|one| one.only_in.is_none()));
    }

    #[test]
    fn a_status_that_was_not_recorded_is_that_of_a_first_life() {
        for event_type in catalogue().event_types() {
            for record in RECORD_STATUSES {
                assert_eq!(
                    event_type.allowed_from(record, None),
                    event_type.allowed_from(record, Some(FIRST_STATUS)),
                );
            }
        }
    }

    /// A refusal that follows from the battery's status is for those who may read it (class 4): each role that may raise such an
    /// event reads it of others' records, or is responsible.
    #[test]
    fn events_that_ask_for_a_battery_status_are_not_for_everybody() {
        for event_type in catalogue().event_types() {
            if !event_type.from_battery.is_empty() {
                for permit in event_type.permits() {
                    assert_ne!(permit.relation, crate::Relation::Any, "{}", event_type.id);
                }
            }
        }
    }
}
