//! What an event erases: former values, and what was said of events.

use passport::{Erases, Fault, catalogue};
use storage::{Eraser, Erasing, OpenRecord};
use web::{Caller, Named, Platform, Problem, Provenance, now};

use crate::validation::refuse;

/// What it takes to erase what an event erases, as far as the caller sees it; `None` where it erases nothing. Where there is more than
/// one event takes, a warning says so.
pub(crate) async fn erasing(
    platform: &Platform,
    caller: &Caller,
    provenance: &Provenance,
    record: &OpenRecord,
    warnings: &mut Vec<Fault>,
) -> Result<Option<Erasing>, Problem> {
    let store = &platform.store;
    let named = match (provenance.event_type.erases, &provenance.erases) {
        (Some(Erases::Everything), _) => {
            let facts = &record.head.facts;
            if !facts.is_withdrawn() && !store.has_ceased(facts, now()).await? {
                return Err(Problem::conflict(
                    "a record is erased once its passport has ceased to exist: its battery was recycled, for good and in every later life; or once a draft is withdrawn",
                ));
            }
            return Ok(Some(store.erasing_everything(record).await?));
        }
        (Some(Erases::Values), Some(named)) => named,
        _ => return Ok(None),
    };
    refuse(faults(named, record.head.seq))?;
    let eraser = Eraser {
        sight: caller.sight(&record.head),
        organisation: &caller.partner()?.organisation,
    };
    let erasing = store.erasing(record, eraser, &named.values, &named.events);
    let erasing = erasing.await?;
    let others: Vec<String> = named
        .events
        .iter()
        .filter(|event| !erasing.events().contains(event))
        .map(u64::to_string)
        .collect();
    if !others.is_empty() {
        return Err(Problem::conflict(format!(
            "what was said of events {} stays: another organisation raised them, or they erased something; nothing was erased",
            others.join(", ")
        )));
    }
    match erasing.count() {
        0 => Err(Problem::conflict(
            "there is nothing to erase: what you name has no former value that you may see; a value that the record has now is changed or removed first",
        )),
        _ => {
            warnings.extend(more(erasing.left()));
            Ok(Some(erasing))
        }
    }
}

fn more(items: usize) -> Option<Fault> {
    (items > 0).then(|| Fault {
        pointer: "/erases".to_owned(),
        rule: "more-to-erase".to_owned(),
        expected: "the same event once more, until there is nothing to erase".to_owned(),
        found: format!("{items} items more that hold what you name"),
        source: None,
    })
}

fn faults(named: &Named, events: u64) -> Vec<Fault> {
    let values = named.values.iter().filter_map(|pointer| {
        let expected = match catalogue().by_pointer(pointer) {
            None => "the JSON Pointer of an attribute, such as `/identification/modelName`",
            Some(attribute) if attribute.dynamic => {
                "an attribute that is not measured: readings are erased with the whole record, and a wrong one is put right by a correction"
            }
            Some(_) => return None,
        };
        Some(("/erases/values".to_owned(), expected.to_owned(), pointer.clone()))
    });
    let unknown = |event: &&u64| !(1..=events).contains(*event);
    let events = named.events.iter().filter(unknown).map(|event| {
        let expected = format!("the number of one of its {events} events");
        ("/erases/events".to_owned(), expected, event.to_string())
    });
    let faults = values
        .chain(events)
        .map(|(pointer, expected, found)| Fault {
            pointer,
            rule: "erasable".to_owned(),
            expected,
            found,
            source: None,
        });
    faults.collect()
}
