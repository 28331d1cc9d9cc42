//! Versions of the catalogue, and how a document of one becomes a document of a later one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::document::set;
use crate::rule::at;
use crate::{Translated, catalogue, compose};

/// A version of the catalogue. A record follows one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edition {
    /// Its number, for example `1.1`.
    pub id: String,
    /// The day it was issued.
    pub date: String,
    /// What changed, in a sentence.
    pub changed: Translated,
    /// What became of attributes of the version before.
    #[serde(default, rename = "migration")]
    pub migrations: Vec<Migration>,
}

/// What became of an attribute: another place, another form, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    /// Its pointer in the version before.
    pub from: String,
    /// Its pointer in this one.
    pub to: String,
    /// The field of a record that the quantity became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into_field: Option<String>,
}

/// `versions.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditionFile {
    pub(crate) version: Vec<Edition>,
}

impl Migration {
    /// Moves the value, if it is there in its old form. A document that has moved already stays as it is.
    fn apply(&self, document: &mut Map<String, Value>) {
        let Some(old) = at(document, &self.from) else {
            return;
        };
        let new = match &self.into_field {
            None => Some(old.clone()),
            Some(field) => within(old, field),
        };
        let (Some(new), Some((from, to))) = (new, place(&self.from).zip(place(&self.to))) else {
            return;
        };
        set(document, from.0, Some(from.1), None);
        if at(document, &self.to).is_none() {
            set(document, to.0, Some(to.1), Some(new));
        }
    }
}

/// A quantity as a field of a record; as measured where it was. `None` for what is no quantity.
fn within(quantity: &Value, field: &str) -> Option<Value> {
    let members = quantity.as_object()?;
    let (value, unit) = (members.get("value")?, members.get("unit")?);
    let record = json!({field: {"value": value, "unit": unit}});
    Some(match members.get("measuredAt") {
        Some(measured_at) => json!({"value": record, "measuredAt": measured_at}),
        None => record,
    })
}

fn place(pointer: &str) -> Option<(&str, &str)> {
    pointer.strip_prefix('/')?.split_once('/')
}

/// A document of version `from` of the catalogue as one of version `to`. Nothing goes back: where `to` is no later one, it
/// stays as it is.
#[must_use]
pub fn migrate(mut document: Map<String, Value>, from: &str, to: &str) -> Map<String, Value> {
    let after = catalogue()
        .editions()
        .skip_while(|edition| edition.id != from);
    let mut reached = from == to;
    for edition in after.skip(1) {
        if reached {
            break;
        }
        for migration in &edition.migrations {
            migration.apply(&mut document);
        }
        reached = edition.id == to;
    }
    document
}

/// A document of any version as one of the newest.
#[must_use]
pub fn newest_form(document: Map<String, Value>) -> Map<String, Value> {
    migrate(document, &catalogue().first().id, &catalogue().newest().id)
}

/// The latest of the versions that some records follow; the newest where none is known.
#[must_use]
pub fn latest_edition<'a>(follow: impl IntoIterator<Item = &'a str>) -> &'static Edition {
    let follow: Vec<&str> = follow.into_iter().collect();
    let followed = |edition: &&Edition| follow.contains(&edition.id.as_str());
    let latest = catalogue().editions().filter(followed).last();
    latest.unwrap_or_else(|| catalogue().newest())
}

/// One document of records that may follow different versions of the catalogue, in that of the latest among them: a value of
/// the battery wins over its batch's, and that over its model's.
#[must_use]
pub fn compose_editions(levels: [(&str, Map<String, Value>); 3]) -> Map<String, Value> {
    let latest = latest_edition(levels.iter().map(|level| level.0));
    let [model, batch, item] =
        levels.map(|(version, document)| migrate(document, version, &latest.id));
    compose(&model, &batch, &item)
}
