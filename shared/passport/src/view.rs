//! What may be shown to whom, and what is still missing.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Attribute, Category, Class, Classes, Fault, Guidance, Obligation, catalogue};

/// Whether an attribute may be shown at all: not while the guidance calls it pending or not to be filled. Where a version's
/// cell is not known, the last version whose cell is known decides, so that an unknown cell never opens a closed one.
#[must_use]
pub fn visible(attribute: &Attribute, guidance: &Guidance, category: Category) -> bool {
    closed_by(attribute, guidance, category).is_none()
}

/// The version and cell that close an attribute for a category.
pub(crate) fn closed_by<'a>(
    attribute: &'a Attribute,
    guidance: &Guidance,
    category: Category,
) -> Option<(&'a str, &'a Obligation)> {
    attribute.point?;
    let cell = |version: &str| {
        let (version, cells) = attribute.obligations.get_key_value(version)?;
        Some((version.as_str(), cells.get(&category)?))
    };
    cell(&guidance.version)
        .or_else(|| {
            let mut earlier: Vec<&Guidance> = catalogue()
                .guidances()
                .take_while(|other| other.version != guidance.version)
                .collect();
            earlier.reverse();
            earlier.into_iter().find_map(|other| cell(&other.version))
        })
        .filter(|(_, obligation)| !obligation.may_be_filled())
}

/// What of a document somebody with these classes is shown: known attributes of these classes that the guidance lets be
/// shown. The owner, who has class 0, also sees what no attribute describes.
#[must_use]
pub fn view(
    mut document: Map<String, Value>,
    classes: Classes,
    guidance: &Guidance,
    category: Category,
) -> Map<String, Value> {
    let undescribed = classes.contains(Class::Internal);
    document.retain(|group, values| {
        let Value::Object(attributes) = values else {
            return undescribed;
        };
        attributes.retain(|id, _| match catalogue().attribute(group, id) {
            Some(attribute) => {
                classes.contains(attribute.class) && visible(attribute, guidance, category)
            }
            None => undescribed,
        });
        !attributes.is_empty()
    });
    document
}

/// A data point that the guidance asks for and that the document does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Missing {
    /// Where it would stand.
    pub pointer: String,
    /// The Commission's number for it.
    pub point: u8,
    /// What the guidance asks.
    pub obligation: Obligation,
    /// Whom it is for.
    pub class: Class,
    /// The law that asks for it.
    pub source: String,
}

impl Missing {
    /// Whether it is asked for in every case.
    #[must_use]
    pub fn is_mandatory(&self) -> bool {
        self.obligation == Obligation::Mandatory
    }
}

impl From<Missing> for Fault {
    fn from(missing: Missing) -> Self {
        let attribute = catalogue().by_pointer(&missing.pointer);
        let value = attribute.map_or_else(
            || "a value".to_owned(),
            |attribute| format!("a value in the data of the {}", attribute.level),
        );
        Self {
            pointer: missing.pointer,
            rule: "missing".to_owned(),
            expected: match &missing.obligation {
                Obligation::Conditional { condition } => format!("{value}, {condition}"),
                _ => value,
            },
            found: "nothing".to_owned(),
            source: Some(missing.source),
        }
    }
}

/// What a composed document still lacks: every mandatory, conditional and optional data point without a value. What the
/// platform itself fills into the header is never missing.
#[must_use]
pub fn completeness(
    document: &Map<String, Value>,
    category: Category,
    guidance: &Guidance,
) -> Vec<Missing> {
    catalogue()
        .attributes()
        .filter(|attribute| attribute.derived.is_none())
        .filter_map(|attribute| {
            let obligation = attribute.obligation(guidance, category)?;
            let there = document
                .get(&attribute.group)
                .is_some_and(|group| group.get(&attribute.id).is_some());
            (obligation.may_be_filled() && !there).then(|| Missing {
                pointer: attribute.pointer(),
                point: attribute.point.unwrap_or_default(),
                obligation: obligation.clone(),
                class: attribute.class,
                source: attribute.source.clone(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(pointer: &str, version: &str, category: Category) -> bool {
        let attribute = catalogue().by_pointer(pointer).unwrap();
        visible(attribute, catalogue().guidance(version).unwrap(), category)
    }

    #[test]
    fn what_is_pending_or_not_to_be_filled_is_shown_to_nobody() {
        let document = json!({
            "carbonFootprint": {"declaration": {"title": "x", "url": "https://a.example/"}},
            "performance": {"exhaustionThreshold": {"value": 70, "unit": "%"}},
        });
        let document = document.as_object().unwrap();
        let guidance = catalogue().active_guidance();
        assert!(view(document.clone(), Classes::ALL, guidance, Category::Lmt).is_empty());
        let ev = view(document.clone(), Classes::PUBLIC, guidance, Category::Ev);
        assert_eq!(ev.keys().collect::<Vec<_>>(), ["performance"]);
    }

    #[test]
    fn each_version_of_the_guidance_decides_for_itself() {
        assert!(shown("/circularity/recoveredCobalt", "1.0", Category::Lmt));
        assert!(!shown("/circularity/recoveredCobalt", "2.0", Category::Lmt));
        assert!(shown("/internal/note", "2.0", Category::Lmt));
    }

    #[test]
    fn a_cell_that_is_not_known_opens_nothing() {
        for category in [Category::Ev, Category::Industrial, Category::Stationary] {
            assert!(!shown("/carbonFootprint/declaration", "2.0", category));
            assert!(shown("/circularity/recoveredCobalt", "2.0", category));
        }
    }

    #[test]
    fn battery_status_is_never_in_the_public_view() {
        let document = json!({"condition": {"batteryStatus": {"value": "waste", "measuredAt": "2027-06-01T08:00:00Z"}}});
        let document = document.as_object().unwrap();
        for category in Category::ALL {
            let guidance = catalogue().active_guidance();
            assert!(view(document.clone(), Classes::PUBLIC, guidance, category).is_empty());
        }
    }

    #[test]
    fn what_is_missing_says_what_the_law_asks() {
        let guidance = catalogue().active_guidance();
        let missing = completeness(&Map::new(), Category::Ev, guidance);
        // The unique identifier is mandatory too, and filled by the platform.
        assert_eq!(missing.iter().filter(|one| one.is_mandatory()).count(), 50);
        assert_eq!(missing.len(), 59);
        let warranty = missing.into_iter().find(|one| one.point == 35).unwrap();
        let fault = Fault::from(warranty);
        assert_eq!(fault.pointer, "/identification/commercialWarranty");
        assert_eq!(fault.rule, "missing");
        assert!(
            fault
                .expected
                .starts_with("a value in the data of the model, ")
        );
        assert!(fault.expected.contains("where a commercial warranty"));
        assert_eq!(fault.source.as_deref(), Some("Annex XIII 1(m)"));
    }
}
