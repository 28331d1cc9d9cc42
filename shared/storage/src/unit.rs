//! Units and their labels.

use identity::{LabelId, UnitId};
use ledger::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::{Guard, Row};
use crate::store::decode;
use crate::{Store, StoreError, Subject, Table};

pub(crate) const LABEL: &str = "0#LABEL#";

/// One printed data carrier of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Label {
    /// Its id, unique within the unit.
    pub label: LabelId,
    /// What became of it.
    pub state: LabelState,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
    /// The label that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<LabelId>,
    /// Whether it may be put on a battery for sale; other stages print `TEST` across theirs.
    pub market: bool,
}

/// What became of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelState {
    /// In force.
    Issued,
    /// Another label took its place; it still leads to the unit.
    Replaced,
    /// Withdrawn: lost before use, misprinted, stolen.
    Revoked,
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
}
