//! What a schema describes, and its name in the URL.

use std::fmt;
use std::str::FromStr;

use crate::{Category, Class, Classes, Level};

/// What a schema describes. Its name in a URL: `model`, `batch`, `item`, `new-passport`; or the access classes of a passport,
/// as `1-2-4`, with `-complete` where everything mandatory has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The data of one model, batch or battery, as they are written.
    Data(Level),
    /// What EN 18222 `CreateDPP` takes: the unit and its data.
    NewPassport,
    /// The compressed EN 18223 form, as it is read.
    Passport {
        /// What its reader may see.
        classes: Classes,
        /// Whether every mandatory data point of these classes has to be there.
        complete: bool,
    },
}

/// A text that names no form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no form: expected `model`, `batch`, `item`, `new-passport`, or access classes in rising order as `1-2-4`, with `-complete` if wished"
)]
pub struct UnknownForm(String);

const COMPLETE: &str = "-complete";
const NEW_PASSPORT: &str = "new-passport";
const LEVELS: [Level; 3] = [Level::Model, Level::Batch, Level::Item];

impl Form {
    /// The forms that readers and writers meet: each kind of data, each access class, and the views that roles have of a
    /// passport: the public's, legitimate interest's, authorities', the owner's. Any other set of classes has a name too.
    pub fn listed() -> impl Iterator<Item = Self> {
        use Class::{Authority, Individual, Internal, LegitimateInterest, Public};
        let views: [&[Class]; 8] = [
            &[Public],
            &[LegitimateInterest],
            &[Authority],
            &[Individual],
            &[Internal],
            &[Public, LegitimateInterest, Individual],
            &[Public, LegitimateInterest, Authority],
            &Class::ALL,
        ];
        let passports = views.into_iter().flat_map(|classes| {
            let classes = classes.iter().copied().collect();
            [false, true].map(|complete| Self::Passport { classes, complete })
        });
        LEVELS
            .into_iter()
            .map(Self::Data)
            .chain([Self::NewPassport])
            .chain(passports)
    }

    /// What it is, for people.
    #[must_use]
    pub fn title(self, category: Category) -> String {
        let category = category.label("en");
        match self {
            Self::Data(level) => format!("Data of the {level}: {category}"),
            Self::NewPassport => format!("New passport: {category}"),
            Self::Passport { classes, complete } => format!(
                "{} of access classes {}: {category}",
                if complete {
                    "Complete passport"
                } else {
                    "Passport"
                },
                numbers(classes).join(", ")
            ),
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Data(_) => {
                "As they are written, by group. Nothing is asked to be there. A merge patch (RFC 7396) may give parts of it; \
                 what comes of it is held against this."
            }
            Self::NewPassport => {
                "What `CreateDPP` takes: the unit, and the data of this one battery by group."
            }
            Self::Passport {
                complete: false, ..
            } => {
                "The compressed form of EN 18223 as it is read: the header, then the attributes of these access classes by \
                 group, as far as they were given."
            }
            Self::Passport { complete: true, .. } => {
                "The compressed form of EN 18223 with every data point of these access classes that the guidance makes \
                 mandatory."
            }
        }
    }
}

/// In rising order, internal (0) first.
fn numbers(classes: Classes) -> Vec<String> {
    let mut numbers: Vec<u8> = classes.iter().map(Class::number).collect();
    numbers.sort_unstable();
    numbers.iter().map(u8::to_string).collect()
}

impl fmt::Display for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(level) => formatter.write_str(level.as_str()),
            Self::NewPassport => formatter.write_str(NEW_PASSPORT),
            Self::Passport { classes, complete } => {
                formatter.write_str(&numbers(*classes).join("-"))?;
                formatter.write_str(if *complete { COMPLETE } else { "" })
            }
        }
    }
}

impl FromStr for Form {
    type Err = UnknownForm;

    /// Each form has one name only.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownForm(text.chars().take(40).collect());
        if let Some(level) = LEVELS.into_iter().find(|level| level.as_str() == text) {
            return Ok(Self::Data(level));
        }
        if text == NEW_PASSPORT {
            return Ok(Self::NewPassport);
        }
        let (listed, complete) = match text.strip_suffix(COMPLETE) {
            Some(listed) => (listed, true),
            None => (text, false),
        };
        let classes: Option<Classes> = listed
            .split('-')
            .map(|number| Class::from_number(number.parse().ok()?))
            .collect();
        let form = Self::Passport {
            classes: classes.ok_or_else(unknown)?,
            complete,
        };
        match form.to_string() == text {
            true => Ok(form),
            false => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_has_one_name() {
        let mut names: Vec<String> = Form::listed().map(|form| form.to_string()).collect();
        for name in &names {
            assert_eq!(&name.parse::<Form>().unwrap().to_string(), name);
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(names.contains(&"0-1-2-3-4-complete".to_owned()));
        for other in [
            "",
            "-",
            "5",
            "2-1",
            "1-1",
            "01",
            "1-",
            "complete",
            "1-complete-complete",
            "Model",
        ] {
            assert!(other.parse::<Form>().is_err(), "{other}");
        }
    }
}
