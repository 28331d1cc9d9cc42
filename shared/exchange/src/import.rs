//! A stranger's document as values of a model and of a unit.

use std::collections::BTreeMap;

use passport::{Category, Class, Fault, Guidance, Level, Limits, catalogue, compose, validate};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::format::Format;
use crate::linked::read_linked;
use crate::loss::{Loss, Taken, What};
use crate::read::{Reading, read};

/// What an import made of a document. Whatever the catalogue would refuse is not in it, and is among the losses.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// The battery category.
    pub category: Category,
    /// Values of the model.
    pub model: Map<String, Value>,
    /// Values of the unit.
    pub item: Map<String, Value>,
    /// Members of the header, as the document has them: nothing of it is written, but it may name the unit.
    #[serde(skip)]
    pub header: Map<String, Value>,
    /// What was taken over.
    pub taken: Vec<Taken>,
    /// What was not, or not exactly.
    pub losses: Vec<Loss>,
}

/// Why nothing of a document can be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportFault {
    /// Neither the document nor the caller tells.
    #[error("the document does not tell the battery's category: ev, lmt, industrial or stationary")]
    NoCategory,
    /// JSON-LD in the terms of others.
    #[error(
        "expected `@context` to be the address `https://HOST/v1/context.jsonld`, as this platform writes it; no other context is fetched or read"
    )]
    OtherContext,
    /// JSON-LD that is no passport of ours.
    #[error("expected an object with `@type`: `DigitalProductPassport`")]
    NotLinked,
}

/// Rounds in which the catalogue may refuse values: a rule across two may hold once a third is gone.
const ROUNDS: usize = 8;

/// Reads a document of a format. `category` is that of the record it goes into; where there is none yet, the document has to
/// tell it.
///
/// # Errors
/// [`ImportFault`] where the category is told by nobody.
pub fn import(
    format: &Format,
    foreign: &Value,
    category: Option<Category>,
    guidance: &Guidance,
) -> Result<Imported, ImportFault> {
    accepted(read(format, foreign), category, guidance)
}

/// As [`import`], of what [`json_ld`](crate::json_ld) writes. A context is never fetched.
///
/// # Errors
/// [`ImportFault`] where it is not that, or where the category is told by nobody.
pub(crate) fn import_json_ld(
    foreign: &Value,
    category: Option<Category>,
    guidance: &Guidance,
) -> Result<Imported, ImportFault> {
    accepted(read_linked(foreign)?, category, guidance)
}

/// What of a reading the catalogue lets in.
fn accepted(
    reading: Reading,
    category: Option<Category>,
    guidance: &Guidance,
) -> Result<Imported, ImportFault> {
    let told = reading
        .document
        .get("identification")
        .and_then(|group| group.get("batteryCategory"))
        .and_then(Value::as_str)
        .and_then(|word| word.parse().ok());
    let category = category.or(told).ok_or(ImportFault::NoCategory)?;
    let (model, item) = levels(&reading.document);
    let mut accepting = Accepting {
        category,
        guidance,
        taken: reading.taken.into_iter().collect(),
        losses: reading.losses.into_iter().collect(),
    };
    Ok(Imported {
        category,
        model: accepting.accept(Level::Model, MODEL_CREATED, model),
        item: accepting.accept(Level::Item, PASSPORT_CREATED, item),
        header: reading.header,
        taken: accepting.taken,
        losses: accepting.losses,
    })
}

impl Imported {
    /// Only what goes into the record of one level; the rest is a loss that says where it belongs.
    #[must_use]
    pub fn only(mut self, level: Level) -> Self {
        let (others, belongs) = match level {
            Level::Model => (
                &mut self.item,
                "it belongs to the battery: `POST /v1/dpps` takes it",
            ),
            _ => (
                &mut self.model,
                "it belongs to the model: `POST /v1/models` takes it",
            ),
        };
        let others = std::mem::take(others);
        let (kept, left): (Vec<Taken>, Vec<Taken>) = self
            .taken
            .into_iter()
            .partition(|one| at(&others, &one.to).is_none());
        let left = left.into_iter();
        self.losses
            .extend(left.map(|one| Loss::new(one.from, What::NotTaken, belongs)));
        self.taken = kept;
        self
    }
}

/// The event types that a record begins with.
const MODEL_CREATED: &str = "model-created";
const PASSPORT_CREATED: &str = "passport-created";
const STATUS: &str = "/condition/batteryStatus";

/// What the catalogue lets in.
struct Accepting<'g> {
    category: Category,
    guidance: &'g Guidance,
    taken: Vec<Taken>,
    losses: Vec<Loss>,
}

impl Accepting<'_> {
    /// The values that a record may begin with; the others become losses.
    fn accept(
        &mut self,
        level: Level,
        event_type: &str,
        mut document: Map<String, Value>,
    ) -> Map<String, Value> {
        for pointer in passport::attributes(&document).into_keys() {
            let attribute = catalogue().by_pointer(&pointer);
            let writers = attribute.map_or(&[][..], |attribute| attribute.written_by.as_slice());
            if pointer == STATUS {
                let why = "a new passport begins as `original`; its status changes by events";
                self.refuse(&mut document, &pointer, What::Derived, why);
            } else if !writers.iter().any(|writer| writer == event_type) {
                let why = format!(
                    "a record does not begin with it: it comes by {}",
                    writers.join(", ")
                );
                self.refuse(&mut document, &pointer, What::NotTaken, &why);
            }
        }
        for _ in 0..ROUNDS {
            let faults = validate(level, self.category, self.guidance, &document);
            if faults.is_empty() {
                return document;
            }
            let mut refused: BTreeMap<String, Vec<Fault>> = BTreeMap::new();
            for fault in faults {
                let attribute: Vec<&str> = fault.pointer.splitn(4, '/').take(3).collect();
                refused.entry(attribute.join("/")).or_default().push(fault);
            }
            for (pointer, faults) in refused {
                let what = match faults.iter().all(is_untold) {
                    true => What::NotTaken,
                    false => What::NotValid,
                };
                let why: Vec<String> = faults.iter().map(told).collect();
                self.refuse(&mut document, &pointer, what, &why.join("; "));
            }
        }
        Map::new()
    }

    fn refuse(&mut self, document: &mut Map<String, Value>, pointer: &str, what: What, why: &str) {
        remove(document, pointer);
        let (refused, kept): (Vec<Taken>, Vec<Taken>) = std::mem::take(&mut self.taken)
            .into_iter()
            .partition(|one| one.to == pointer);
        self.taken = kept;
        let refused = refused.into_iter();
        self.losses
            .extend(refused.map(|one| Loss::new(one.from, what, why)));
    }
}

/// Whether only a part is missing that the document did not tell.
fn is_untold(fault: &Fault) -> bool {
    fault.rule == "missing"
}

fn told(fault: &Fault) -> String {
    let Fault {
        pointer,
        rule,
        expected,
        found,
        ..
    } = fault;
    match is_untold(fault) {
        true => format!("the document does not tell `{pointer}`, without which it is not taken"),
        false => format!("`{pointer}`: {rule}: expected {expected}, found {found}"),
    }
}

fn at<'d>(document: &'d Map<String, Value>, pointer: &str) -> Option<&'d Value> {
    let (group, id) = pointer.strip_prefix('/')?.split_once('/')?;
    document.get(group)?.get(id)
}

/// Each value at the level it belongs to: what one battery has of its own, and what its model has.
fn levels(document: &Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let (mut model, mut item) = (Map::new(), Map::new());
    for (group, values) in document {
        for (id, value) in values.as_object().into_iter().flatten() {
            let of_model = catalogue().attribute(group, id).is_some_and(|attribute| {
                attribute.allows(Level::Model) && attribute.class != Class::Individual
            });
            let one = Map::from_iter([(id.clone(), value.clone())]);
            let one = Map::from_iter([(group.clone(), Value::Object(one))]);
            let level = if of_model { &mut model } else { &mut item };
            *level = compose(level, &one, &Map::new());
        }
    }
    (model, item)
}

fn remove(document: &mut Map<String, Value>, pointer: &str) {
    let Some((group, id)) = pointer
        .strip_prefix('/')
        .and_then(|rest| rest.split_once('/'))
    else {
        return;
    };
    if let Some(Value::Object(values)) = document.get_mut(group) {
        values.shift_remove(id);
        if values.is_empty() {
            document.shift_remove(group);
        }
    }
}

/// How much of a stranger's document is read at most: 4 MiB, in the depth that any document has here.
#[must_use]
pub fn limits() -> Limits {
    Limits {
        bytes: 4 << 20,
        ..Limits::default()
    }
}
