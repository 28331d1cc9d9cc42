//! Whether a document keeps the rules of the catalogue.

use serde_json::{Map, Value};

use crate::declaration;
use crate::fault::excerpt;
use crate::parse::escaped;
use crate::value::Checked;
use crate::view::closed_by;
use crate::{Attribute, Category, Edition, Fault, Guidance, Level, Obligation, catalogue};

/// Every fault of the data of one model, batch or battery: unknown groups and attributes, another level's attributes, what
/// the guidance closes, wrong types, units, ranges and words, text that cannot be seen, and rules across attributes.
/// Nothing is asked to be there: for that see [`crate::assess`].
#[must_use]
pub fn validate(
    level: Level,
    category: Category,
    guidance: &Guidance,
    document: &Map<String, Value>,
) -> Vec<Fault> {
    validate_under(catalogue().newest(), level, category, guidance, document)
}

/// As [`validate`], for a record that follows this version of the catalogue.
#[must_use]
pub fn validate_under(
    edition: &Edition,
    level: Level,
    category: Category,
    guidance: &Guidance,
    document: &Map<String, Value>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (group, values) in document {
        let pointer = format!("/{}", escaped(group));
        if !catalogue().has_group(group) {
            let groups: Vec<&str> = catalogue().groups().collect();
            faults.push(Fault {
                pointer,
                rule: "unknown-group".to_owned(),
                expected: format!("one of {}", groups.join(", ")),
                found: excerpt(&Value::from(group.as_str())),
                source: None,
            });
            continue;
        }
        let Value::Object(attributes) = values else {
            faults.push(Fault {
                pointer,
                rule: "wrong-type".to_owned(),
                expected: "an object of attributes".to_owned(),
                found: excerpt(values),
                source: None,
            });
            continue;
        };
        for (id, value) in attributes {
            let pointer = format!("{pointer}/{}", escaped(id));
            match catalogue().attribute_of(edition, group, id) {
                Some(attribute) => {
                    let asked = Asked {
                        level,
                        category,
                        guidance,
                    };
                    asked.check(attribute, value, &pointer, &mut faults);
                }
                None => faults.push(Fault {
                    pointer,
                    rule: "unknown-attribute".to_owned(),
                    expected: format!(
                        "an attribute of `{group}` in version {} of the catalogue",
                        edition.id
                    ),
                    found: excerpt(&Value::from(id.as_str())),
                    source: None,
                }),
            }
        }
    }
    declaration::check(category, guidance, document, &mut faults);
    for rule in catalogue().rules() {
        rule.refuses(document, &mut faults);
    }
    faults
}

/// Whose data it is.
struct Asked<'g> {
    level: Level,
    category: Category,
    guidance: &'g Guidance,
}

impl Asked<'_> {
    fn check(&self, attribute: &Attribute, value: &Value, pointer: &str, faults: &mut Vec<Fault>) {
        let refused = |rule: &str, expected: String, found: String| Fault {
            pointer: pointer.to_owned(),
            rule: rule.to_owned(),
            expected,
            found,
            source: Some(attribute.source.clone()),
        };
        if let Some(member) = &attribute.derived {
            faults.push(refused(
                "derived",
                format!("no value: the platform fills `{member}`"),
                excerpt(value),
            ));
            return;
        }
        if let Some((version, obligation)) = closed_by(attribute, self.guidance, self.category) {
            let why = match obligation {
                Obligation::Pending => "pending until the act that says how to fill it",
                _ => "not to be filled",
            };
            faults.push(refused(
                obligation.as_str(),
                format!(
                    "no value: {why}, by guidance {version} for `{}`",
                    self.category
                ),
                excerpt(value),
            ));
            return;
        }
        if !attribute.allows(self.level) {
            faults.push(refused(
                "wrong-level",
                format!("this attribute in the data of the {}", attribute.level),
                format!("in the data of the {}", self.level),
            ));
        }
        Checked::new(&attribute.source, faults).attribute(attribute, value, pointer);
        self.check_category(attribute, value, pointer, faults);
    }

    /// The category that a record was opened for and the one its data name are one.
    fn check_category(
        &self,
        attribute: &Attribute,
        value: &Value,
        pointer: &str,
        faults: &mut Vec<Fault>,
    ) {
        if attribute.point == Some(CATEGORY_POINT)
            && value
                .as_str()
                .and_then(|named| named.parse::<Category>().ok())
                .is_some_and(|named| named != self.category)
        {
            faults.push(Fault {
                pointer: pointer.to_owned(),
                rule: "other-category".to_owned(),
                expected: format!("`{}`, which the record was opened for", self.category),
                found: excerpt(value),
                source: Some(attribute.source.clone()),
            });
        }
    }
}

/// The Commission's number for the battery category.
pub(crate) const CATEGORY_POINT: u8 = 6;

#[cfg(test)]
mod tests;
