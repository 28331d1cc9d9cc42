//! Units and their labels.

use std::collections::HashMap;

use identity::{LabelId, UnitId};
use ledger::Timestamp;
use passport::LabelState;
use serde::{Deserialize, Serialize};

use crate::change::{Guard, Row};
use crate::store::{decode, key};
use crate::{Store, StoreError, Subject, Table};

pub(crate) const LABEL: &str = "0#LABEL#";
/// What one `BatchGetItem` takes.
const LABELS_PER_READ: usize = 100;

/// One printed data carrier of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Label {
    /// Its id, unique within the unit.
    pub label: LabelId,
    /// What became of it.
    pub state: LabelState,
    /// When it was issued, or asked for.
    pub issued_at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
    /// The label whose place it is to take, or took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<LabelId>,
    /// The label that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<LabelId>,
    /// Whether it may be put on a battery for sale; other stages print `TEST` across theirs.
    pub market: bool,
    /// The state it was in before it came under suspicion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<LabelState>,
    /// Who asked for it, where that was not the responsible organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered_by: Option<String>,
    /// What the responsible organisation has to decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaiting: Option<Awaiting>,
}

/// A change of a label that somebody asked for who is not responsible for the unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Awaiting {
    /// The event type that an approval raises.
    pub event: String,
    /// Who asked.
    pub organisation: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// On what evidence.
    pub evidence: Vec<String>,
}

/// What a change makes of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelChange {
    /// Its state before; `None` for a new one.
    pub before: Option<LabelState>,
    /// The label afterwards.
    pub after: Label,
}

impl Label {
    /// A new label in force.
    #[must_use]
    pub const fn issued(label: LabelId, at: Timestamp, market: bool) -> Self {
        Self {
            label,
            state: LabelState::Issued,
            issued_at: at,
            changed_at: at,
            replaces: None,
            replaced_by: None,
            market,
            before: None,
            ordered_by: None,
            awaiting: None,
        }
    }

    /// The same label in another state. Whatever was asked for is decided by that.
    #[must_use]
    pub fn becomes(&self, state: LabelState, at: Timestamp) -> LabelChange {
        let suspected = state == LabelState::Suspected;
        self.changed_to(Self {
            state,
            changed_at: at,
            before: suspected.then_some(self.state),
            awaiting: None,
            ..self.clone()
        })
    }

    /// The same label with something else said of it.
    #[must_use]
    pub const fn changed_to(&self, after: Self) -> LabelChange {
        LabelChange {
            before: Some(self.state),
            after,
        }
    }

    /// Another label takes its place.
    #[must_use]
    pub fn replaced_by(&self, new: LabelId, at: Timestamp) -> LabelChange {
        let mut change = self.becomes(LabelState::Replaced, at);
        change.after.replaced_by = Some(new);
        change
    }

    /// The label as somebody may see it: `None` where it is not theirs to know of. What was asked for, and by whom, is told to
    /// the responsible organisation and to whoever asked.
    #[must_use]
    pub fn shown_to(self, organisation: Option<&str>, responsible: bool) -> Option<Self> {
        let own = |of: &Option<String>| of.is_some() && of.as_deref() == organisation;
        let asked = |awaiting: &Awaiting| Some(awaiting.organisation.as_str()) == organisation;
        if responsible {
            return Some(self);
        }
        let ordered = own(&self.ordered_by);
        (ordered || self.state.was_issued()).then(|| Self {
            before: None,
            ordered_by: self.ordered_by.filter(|_| ordered),
            awaiting: self.awaiting.filter(asked),
            ..self
        })
    }
}

impl LabelChange {
    /// A label that begins.
    #[must_use]
    pub const fn new(after: Label) -> Self {
        Self {
            before: None,
            after,
        }
    }

    /// How the event tells of it.
    pub(crate) fn logged(&self, audience: u8) -> ledger::AttributeChange {
        let mut after = serde_json::Map::new();
        let mut tell = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                after.insert(name.to_owned(), value.into());
            }
        };
        tell("state", Some(self.after.state.to_string()));
        tell("replaces", self.after.replaces.map(|id| id.to_string()));
        let replaced_by = self.after.replaced_by.map(|id| id.to_string());
        tell("replacedBy", replaced_by);
        let asked = self.after.awaiting.as_ref();
        tell("awaiting", asked.map(|asked| asked.event.clone()));
        let op = match self.before {
            None => "add",
            Some(_) => "replace",
        };
        ledger::AttributeChange {
            pointer: format!("/labels/{}", self.after.label),
            class: audience,
            op: op.to_owned(),
            before: self
                .before
                .map(|state| serde_json::json!({"state": state.as_str()})),
            after: Some(after.into()),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct LabelItem {
    pub(crate) pk: String,
    pub(crate) sk: String,
    pub(crate) v: u8,
    #[serde(flatten)]
    pub(crate) label: Label,
}

impl Label {
    pub(crate) fn item(&self, subject: &Subject) -> LabelItem {
        LabelItem {
            pk: subject.to_string(),
            sk: format!("{LABEL}{}", self.label),
            v: 1,
            label: self.clone(),
        }
    }

    pub(crate) fn row(&self, subject: &Subject) -> Result<Row, StoreError> {
        Row::put(Table::Records, &self.item(subject), Guard::Covered)
    }
}

impl Store {
    /// Every label of a unit, strongly consistent: what a change of labels starts from.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn labels(&self, unit: UnitId) -> Result<Vec<Label>, StoreError> {
        let partition = Subject::Unit(unit).to_string();
        self.query(Table::Records, &partition, LABEL, true)
            .await?
            .into_iter()
            .map(|item| decode::<LabelItem>(item).map(|item| item.label))
            .collect()
    }

    /// Labels by unit and label, strongly consistent, as far as they exist: for printing many.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn labels_of(
        &self,
        wanted: &[(UnitId, LabelId)],
    ) -> Result<HashMap<(UnitId, LabelId), Label>, StoreError> {
        let mut labels = HashMap::with_capacity(wanted.len());
        for some in wanted.chunks(LABELS_PER_READ) {
            let keys = some.iter().map(|(unit, label)| {
                let partition = Subject::Unit(*unit).to_string();
                key(&partition, Some(&format!("{LABEL}{label}")))
            });
            for item in self.batch(Table::Records, keys.collect(), true).await? {
                let item: LabelItem = decode(item)?;
                match item.pk.parse().map_err(StoreError::damaged)? {
                    Subject::Unit(unit) => labels.insert((unit, item.label.label), item.label),
                    _ => return Err(StoreError::damaged("a label of what is no unit")),
                };
            }
        }
        Ok(labels)
    }
}
