//! Whose values are whose: rights follow the owner, and what an owner kept for itself stays its own.

use passport::{Class, Classes};
use serde::{Deserialize, Serialize};

use crate::{Head, PartReference};

/// The time of an organisation that was responsible for a record and is no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenure {
    /// The organisation.
    pub organisation: String,
    /// The last event of its time.
    pub seq: u64,
    /// The last version of its time.
    pub version: u64,
    /// The economic operator that everybody was told of then; where this was not kept, the organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
}

/// What of one record somebody may see.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    /// The classes. With class 0 in them it is the sight of who is responsible now.
    pub classes: Classes,
    /// The organisation that also sees what it wrote itself while it was responsible.
    pub formerly: Option<&'a str>,
    /// Whether class 3 is seen whoever wrote it: by whom it is for. Who is responsible now opens only what it wrote itself.
    pub whoever: bool,
}

impl From<Classes> for Sight<'_> {
    fn from(classes: Classes) -> Self {
        Self {
            classes,
            formerly: None,
            whoever: !classes.contains(Class::Internal),
        }
    }
}

impl Sight<'_> {
    /// Whether something of this class is seen that was written in that time; `None` for the present one.
    ///
    /// Classes 0 and 3 are not handed on with responsibility: those of an earlier time are seen by who was responsible then
    /// and, class 3, by the authorities it is for.
    fn reaches(&self, class: Class, written: Option<&Tenure>) -> bool {
        let Some(tenure) = written.filter(|_| kept(class)) else {
            return self.classes.contains(class);
        };
        self.formerly == Some(tenure.organisation.as_str())
            || (class == Class::Authority && self.whoever && self.classes.contains(class))
    }
}

/// Whether values of the class stay with who wrote them.
pub(crate) const fn kept(class: Class) -> bool {
    matches!(class, Class::Internal | Class::Authority)
}

impl Head {
    /// Whether the organisation was responsible once.
    #[must_use]
    pub fn was_responsible(&self, organisation: &str) -> bool {
        let mut tenures = self.tenures.iter();
        tenures.any(|tenure| tenure.organisation == organisation)
    }

    /// The economic operator that everybody was told of after the event with this number.
    #[must_use]
    pub fn operator_after(&self, seq: u64) -> &str {
        let mut tenures = self.tenures.iter();
        let tenure = tenures.find(|tenure| seq <= tenure.seq);
        match tenure {
            None => self.operator(),
            Some(tenure) => tenure.operator.as_deref().unwrap_or(&tenure.organisation),
        }
    }

    /// Whether anything of the record was ever another organisation's.
    #[must_use]
    pub fn is_shared(&self, organisation: &str) -> bool {
        let mut tenures = self.tenures.iter();
        self.organisation != organisation || tenures.any(|it| it.organisation != organisation)
    }

    /// Who was responsible when the event with this number was written.
    #[must_use]
    pub fn owner_at(&self, seq: u64) -> &str {
        let mut tenures = self.tenures.iter();
        let tenure = tenures.find(|tenure| seq <= tenure.seq);
        tenure.map_or(&self.organisation, |tenure| &tenure.organisation)
    }

    /// Who was responsible when this version was made.
    #[must_use]
    pub fn owner_of(&self, version: u64) -> &str {
        let tenure = self.former_of(version);
        tenure.map_or(&self.organisation, |tenure| &tenure.organisation)
    }

    /// Whether somebody sees this part.
    #[must_use]
    pub fn shows(&self, part: &PartReference, sight: Sight<'_>) -> bool {
        self.shows_of(part.class, part.version, sight)
    }

    /// Whether somebody sees the part of a class that came with this version.
    pub(crate) fn shows_of(&self, class: Class, version: u64, sight: Sight<'_>) -> bool {
        sight.reaches(class, self.former_of(version))
    }

    /// Whether somebody sees what an event says to this class.
    pub(crate) fn shows_event(&self, seq: u64, class: Class, sight: Sight<'_>) -> bool {
        let tenure = self.tenures.iter().find(|tenure| seq <= tenure.seq);
        let own = tenure.is_some_and(|tenure| sight.formerly == Some(&tenure.organisation));
        own || sight.reaches(class, tenure)
    }

    /// The earlier time in which a part was written.
    pub(crate) fn former(&self, part: &PartReference) -> Option<&Tenure> {
        self.former_of(part.version)
    }

    fn former_of(&self, version: u64) -> Option<&Tenure> {
        let mut tenures = self.tenures.iter();
        tenures.find(|tenure| version <= tenure.version)
    }

    /// Whether a part was kept by who was responsible before.
    pub(crate) fn is_kept(&self, part: &PartReference) -> bool {
        kept(part.class) && self.former(part).is_some()
    }

    /// The earlier times, after a change that makes `organisation` responsible.
    pub(crate) fn tenures_after(&self, organisation: &str) -> Vec<Tenure> {
        let mut tenures = self.tenures.clone();
        if self.organisation != organisation {
            tenures.push(Tenure {
                organisation: self.organisation.clone(),
                seq: self.seq,
                version: self.version,
                operator: Some(self.operator().to_owned()),
            });
        }
        tenures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenure() -> Tenure {
        Tenure {
            organisation: "maker".to_owned(),
            seq: 3,
            version: 2,
            operator: None,
        }
    }

    fn sight(classes: Classes, formerly: Option<&str>) -> Sight<'_> {
        Sight {
            formerly,
            ..Sight::from(classes)
        }
    }

    #[test]
    fn what_an_owner_kept_is_not_handed_on() {
        let tenure = tenure();
        let next = sight(Classes::ALL, Some("repurposer"));
        let maker = sight(Classes::PUBLIC, Some("maker"));
        let authority = Classes::PUBLIC
            .with(Class::LegitimateInterest)
            .with(Class::Authority);
        for class in [Class::Internal, Class::Authority] {
            assert!(next.reaches(class, None) && !next.reaches(class, Some(&tenure)));
            assert!(!maker.reaches(class, None) && maker.reaches(class, Some(&tenure)));
        }
        assert!(sight(authority, None).reaches(Class::Authority, Some(&tenure)));
        // Who is responsible now opens class 3 to another as far as it is its own.
        let opened = Sight {
            whoever: false,
            ..sight(authority, None)
        };
        assert!(opened.reaches(Class::Authority, None));
        assert!(!opened.reaches(Class::Authority, Some(&tenure)));
        assert!(!sight(authority, None).reaches(Class::Internal, Some(&tenure)));
        for class in [Class::Public, Class::LegitimateInterest, Class::Individual] {
            assert!(next.reaches(class, Some(&tenure)));
            assert_eq!(maker.reaches(class, Some(&tenure)), class == Class::Public);
        }
    }
}
