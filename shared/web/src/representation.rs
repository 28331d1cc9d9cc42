//! The two forms of a passport (EN 18222 §8.1): `representation=compressed` or `full`.

use passport::Full;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Problem, Site};

/// The form a passport is read and written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Representation {
    /// Members by their names (EN 18223 §5.2).
    #[default]
    Compressed,
    /// Elements that say what they are (EN 18223 Annex A).
    Full,
}

/// A query that may name the form.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Represented {
    /// The form.
    #[serde(default)]
    pub representation: Representation,
}

impl Representation {
    /// A document that was sent in this form, or a merge patch of one, in the compressed form; the header's members stay.
    ///
    /// # Errors
    /// 400 where the full form was announced and `elements` is no list of elements.
    pub fn compressed(
        self,
        site: &Site,
        mut sent: Map<String, Value>,
    ) -> Result<Map<String, Value>, Problem> {
        if self == Self::Compressed {
            return Ok(sent);
        }
        let elements = sent.shift_remove("elements").unwrap_or_default();
        let origin = site.origin();
        let groups = Full { site: &origin }
            .compressed(&elements)
            .map_err(|fault| {
                Problem::malformed(format!(
                    "at `/elements{}`: expected {}",
                    fault.pointer, fault.expected
                ))
            })?;
        for (group, values) in groups {
            if sent.insert(group.clone(), values).is_some() {
                return Err(Problem::malformed(format!(
                    "`{group}` stands beside `elements` and in it"
                )));
            }
        }
        Ok(sent)
    }

    /// The value of one element that was sent in this form.
    ///
    /// # Errors
    /// 400 where the full form was announced and the value is no element.
    pub fn value(self, site: &Site, sent: Value) -> Result<Value, Problem> {
        if self == Self::Compressed {
            return Ok(sent);
        }
        let origin = site.origin();
        let read = Full { site: &origin }.value(&sent);
        read.map(|(_, value)| value)
            .map_err(|fault| Problem::malformed(fault.to_string()))
    }
}
