//! Replaying: the changes that a subject's events tell, folded from nothing, are its document.

use serde_json::{Map, Value};

use crate::document::{at_pointer, put};
use crate::{Class, compose, split};

/// A document as it comes about, change by change.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    document: Map<String, Value>,
}

/// A change that does not fit what was there.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{pointer}` is said to have been {said}, and was {was}")]
pub struct ReplayFault {
    /// Which attribute.
    pub pointer: String,
    /// What the change says of the value before.
    pub said: String,
    /// What the changes before it had made of it.
    pub was: String,
}

impl Replay {
    /// Takes in that one attribute changed.
    ///
    /// # Errors
    /// [`ReplayFault`] where it was something else before; the change is taken in nevertheless, so that what follows is held
    /// against what it says.
    pub fn step(
        &mut self,
        pointer: &str,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> Result<(), ReplayFault> {
        let was = at_pointer(&self.document, pointer).cloned();
        put(&mut self.document, pointer, after.cloned());
        if was.as_ref() == before {
            return Ok(());
        }
        Err(ReplayFault {
            pointer: pointer.to_owned(),
            said: told(before),
            was: told(was.as_ref()),
        })
    }

    /// Takes out the values of a class: from here on it begins anew.
    pub fn take(&mut self, class: Class) -> Map<String, Value> {
        split(&std::mem::take(&mut self.document)).into_iter().fold(
            Map::new(),
            |taken, (of, values)| match of == class {
                true => values,
                false => {
                    self.document = compose(&self.document, &values, &Map::new());
                    taken
                }
            },
        )
    }

    /// What it has come to.
    #[must_use]
    pub fn document(&self) -> &Map<String, Value> {
        &self.document
    }
}

fn told(value: Option<&Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), |value| format!("`{value}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_come_to_the_document_and_a_lie_is_told() {
        let mut replay = Replay::default();
        let (old, new) = (json!("T-1"), json!("T-7"));
        let pointer = "/identification/serialNumber";
        assert_eq!(replay.step(pointer, None, Some(&old)), Ok(()));
        assert_eq!(replay.step(pointer, Some(&old), Some(&new)), Ok(()));
        assert_eq!(
            Value::Object(replay.document().clone()),
            json!({"identification": {"serialNumber": "T-7"}})
        );
        let fault = replay.step(pointer, Some(&old), None).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "`/identification/serialNumber` is said to have been `\"T-1\"`, and was `\"T-7\"`"
        );
        assert!(replay.document().is_empty());
    }
}
