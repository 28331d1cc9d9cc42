//! What an event chain belongs to.

use std::fmt;
use std::str::FromStr;

use identity::UnitId;
use uuid::Uuid;

/// One subject: the owner of an event chain and, where it carries data, of versions.
///
/// Its text form is the partition key of everything stored about it: `U#<unit>`, `P#<uuid>`, `M#<uuid>`, `B#<uuid>`,
/// `O#<organisation>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A physical battery.
    Unit(UnitId),
    /// One record of a unit.
    Passport(Uuid),
    /// Product-level data shared by units.
    Model(Uuid),
    /// What the units of one batch share beyond their model.
    Batch(Uuid),
    /// An organisation's own chain: its evidence and its rights.
    Organisation(String),
}

impl Subject {
    /// Its id, as it stands in keys.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Unit(id) => id.to_string(),
            Self::Passport(id) | Self::Model(id) | Self::Batch(id) => id.to_string(),
            Self::Organisation(id) => id.clone(),
        }
    }

    /// The tag by which public answers that depend on it are invalidated (`Cache-Tag`). What the public sees of a passport lies
    /// with its unit.
    #[must_use]
    pub fn cache_tag(&self) -> Option<String> {
        match self {
            Self::Unit(id) => Some(format!("unit:{id}")),
            Self::Model(id) => Some(format!("model:{id}")),
            Self::Batch(id) => Some(format!("batch:{id}")),
            Self::Organisation(id) => Some(format!("operator:{id}")),
            Self::Passport(_) => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(id) => write!(f, "U#{id}"),
            Self::Passport(id) => write!(f, "P#{id}"),
            Self::Model(id) => write!(f, "M#{id}"),
            Self::Batch(id) => write!(f, "B#{id}"),
            Self::Organisation(id) => write!(f, "O#{id}"),
        }
    }
}

/// The text is not a subject.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a subject: expected U#, P#, M#, B# or O# and an id")]
pub struct NotASubject(String);

impl FromStr for Subject {
    type Err = NotASubject;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = || NotASubject(text.to_owned());
        let (kind, id) = text.split_once('#').ok_or_else(fault)?;
        let uuid = || Uuid::parse_str(id).map_err(|_| fault());
        Ok(match kind {
            "U" => Self::Unit(UnitId::parse(id).map_err(|_| fault())?),
            "P" => Self::Passport(uuid()?),
            "M" => Self::Model(uuid()?),
            "B" => Self::Batch(uuid()?),
            "O" if !id.is_empty() => Self::Organisation(id.to_owned()),
            _ => return Err(fault()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_reads_back() {
        for text in [
            "U#32XZAJ4P21M1MZ0N3RQA",
            "P#1b4e28ba-2fa1-41d2-883f-0016d3cca427",
            "M#1b4e28ba-2fa1-41d2-883f-0016d3cca427",
            "B#1b4e28ba-2fa1-41d2-883f-0016d3cca427",
            "O#cells",
        ] {
            assert_eq!(text.parse::<Subject>().unwrap().to_string(), text);
        }
        assert!("X#1".parse::<Subject>().is_err());
        assert!("O#".parse::<Subject>().is_err());
    }
}
