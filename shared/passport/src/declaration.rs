//! Declarations: why a data point has no value.

use serde_json::{Map, Value};

use crate::fault::excerpt;
use crate::{Attribute, Category, Declares, Fault, Guidance, Obligation, catalogue};

/// The attributes (by pointer) that a document declares not to apply, or to be gaps, as far as the document is valid.
pub fn declared(document: &Map<String, Value>, what: Declares) -> impl Iterator<Item = &str> {
    declaring(document)
        .filter(move |declaration| declaration.by.declares == Some(what))
        .filter_map(|declaration| declaration.of.as_str())
}

/// The rule that nothing is declared to have no value that has one.
pub const DECLARED_AND_GIVEN: &str = "declared-and-given";

/// One entry of a declaring list.
struct Declaration<'d> {
    by: &'static Attribute,
    index: usize,
    of: &'d Value,
}

fn declaring(document: &Map<String, Value>) -> impl Iterator<Item = Declaration<'_>> {
    catalogue()
        .attributes()
        .filter(|attribute| attribute.declares.is_some())
        .filter_map(|by| {
            let entries = document.get(&by.group)?.get(&by.id)?.as_array()?;
            Some((by, entries))
        })
        .flat_map(|(by, entries)| {
            entries
                .iter()
                .enumerate()
                .filter_map(move |(index, entry)| {
                    let of = entry.get("attribute")?;
                    Some(Declaration { by, index, of })
                })
        })
}

/// A data point may be declared not to apply only where the guidance makes it conditional, and a gap only where it is
/// mandatory; at its own level, once, and not beside a value.
pub(crate) fn check(
    category: Category,
    guidance: &Guidance,
    document: &Map<String, Value>,
    faults: &mut Vec<Fault>,
) {
    let mut seen = Vec::new();
    for declaration in declaring(document) {
        let Some(pointer) = declaration.of.as_str() else {
            continue;
        };
        let by = declaration.by;
        let mut fault = |rule: &str, expected: String| {
            faults.push(Fault {
                pointer: format!("{}/{}/attribute", by.pointer(), declaration.index),
                rule: rule.to_owned(),
                expected,
                found: excerpt(declaration.of),
                source: Some(by.source.clone()),
            });
        };
        let Some(attribute) = catalogue().by_pointer(pointer) else {
            fault(
                "unknown-attribute",
                "the pointer of an attribute, as /group/attribute".to_owned(),
            );
            continue;
        };
        let asked = attribute.obligation(guidance, category);
        match (by.declares, asked) {
            (Some(Declares::NotApplicable), Some(Obligation::Conditional { .. }))
            | (Some(Declares::Gap), Some(Obligation::Mandatory)) => {}
            (Some(Declares::Gap), _) => fault(
                "not-mandatory",
                format!("a data point that is mandatory for the category `{category}`"),
            ),
            _ => fault(
                "not-conditional",
                format!("a data point that is conditional for the category `{category}`"),
            ),
        }
        // A gap is declared for one battery, whatever the level of what it lacks.
        if by.declares == Some(Declares::NotApplicable) && !attribute.allows(by.level) {
            fault("wrong-level", format!("an attribute of the {}", by.level));
        }
        if attribute.value_in(document).is_some() {
            fault(
                DECLARED_AND_GIVEN,
                "an attribute without a value: the value counts, and the declaration can be taken out".to_owned(),
            );
        }
        if seen.contains(&pointer) {
            fault("twice", "each attribute once".to_owned());
        }
        seen.push(pointer);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{Level, validate};

    fn rules(level: Level, document: Value) -> Vec<(String, String)> {
        let guidance = catalogue().guidance("1.0").unwrap();
        validate(level, Category::Ev, guidance, document.as_object().unwrap())
            .into_iter()
            .map(|fault| (fault.pointer, fault.rule))
            .collect()
    }

    fn entry(attribute: &str) -> Value {
        json!({"attribute": attribute, "justification": "no commercial warranty is given"})
    }

    #[test]
    fn a_conditional_data_point_may_be_declared_not_to_apply() {
        let document = json!({"declarations": {"notApplicableToModel": [entry("/identification/commercialWarranty")]}});
        assert_eq!(rules(Level::Model, document.clone()), []);
        let declared: Vec<&str> =
            declared(document.as_object().unwrap(), Declares::NotApplicable).collect();
        assert_eq!(declared, ["/identification/commercialWarranty"]);
    }

    #[test]
    fn a_gap_is_declared_of_what_is_mandatory() {
        let gaps = |attribute| json!({"declarations": {"gaps": [entry(attribute)]}});
        assert_eq!(rules(Level::Item, gaps("/identification/mass")), []);
        for wrong in [
            "/identification/commercialWarranty",
            "/condition/remainingCapacity",
            "/internal/note",
        ] {
            let found = rules(Level::Item, gaps(wrong));
            let expected = (
                "/declarations/gaps/0/attribute".to_owned(),
                "not-mandatory".to_owned(),
            );
            assert_eq!(found, [expected], "{wrong}");
        }
    }

    #[test]
    fn nothing_else_may_be_declared_away() {
        let place = "/declarations/notApplicableToModel/0/attribute";
        for (attribute, rule) in [
            ("/identification/mass", "not-conditional"),
            ("/carbonFootprint/declaration", "not-conditional"),
            ("/identification/none", "unknown-attribute"),
            ("identification", "unknown-attribute"),
            ("/condition/cycleCount", "wrong-level"),
        ] {
            let document = json!({"declarations": {"notApplicableToModel": [entry(attribute)]}});
            assert_eq!(
                rules(Level::Model, document),
                [(place.to_owned(), rule.to_owned())],
                "{attribute}"
            );
        }
        let document = json!({
            "identification": {"commercialWarranty": {"value": 24, "unit": "mo"}},
            "declarations": {"notApplicableToModel": [entry("/identification/commercialWarranty"), entry("/identification/commercialWarranty")]},
        });
        let found: Vec<String> = rules(Level::Model, document)
            .into_iter()
            .map(|(_, rule)| rule)
            .collect();
        assert_eq!(found, ["declared-and-given", "declared-and-given", "twice"]);
    }
}
