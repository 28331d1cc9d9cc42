//! What may be shown to whom.

use serde_json::{Map, Value};

use crate::{Attribute, Category, Class, Classes, Guidance, Obligation, catalogue};

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
    attribute.point.or(attribute.part_of)?;
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
}
