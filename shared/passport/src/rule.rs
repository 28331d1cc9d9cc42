//! Rules across attributes, read from `rules.toml`. They hold where the values are there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Attribute, AttributeChange, Classes, Fault, Level, catalogue};

/// A rule across values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rule {
    #[serde(flatten)]
    check: Check,
    #[serde(default, skip_serializing_if = "Severity::is_fault")]
    severity: Severity,
    source: String,
}

/// What follows where a rule is broken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// The change is refused.
    #[default]
    Fault,
    /// The change is made, and whoever makes it is told.
    Warning,
}

impl Severity {
    fn is_fault(&self) -> bool {
        *self == Self::Fault
    }
}

/// What is asked. Pointers reach into the document; no name in the catalogue needs escaping.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Check {
    /// The quantities at these pointers do not fall.
    Ascending { pointers: Vec<String> },
    /// The quantities in `field` of a list add up to at most `max`, for each value of `per` if there is one.
    SumAtMost {
        list: String,
        field: String,
        per: Option<String>,
        max: f64,
    },
    /// The quantities at these pointers add up to at most `max`.
    TotalAtMost { pointers: Vec<String>, max: f64 },
    /// The quantities at these pointers, where all are there, add up to `sum`, give or take `within` for rounding.
    Total {
        pointers: Vec<String>,
        sum: f64,
        within: f64,
    },
    /// The quantity at this pointer is at most the limit.
    AtMost { pointer: String, limit: Limit },
}

/// A number, or the quantity at a pointer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Limit {
    Number(f64),
    Pointer(String),
}

/// `rules.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    pub(crate) dates: Dates,
    pub(crate) rule: Vec<Rule>,
}

/// Where the dates of a battery's life stand in a document; see [`crate::validate_change`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dates {
    pub(crate) manufactured: String,
    pub(crate) put_into_service: String,
}

/// Tolerance for sums of decimal shares: rounding in binary is not a fault of the document.
const TOLERANCE: f64 = 1e-9;

/// Whether these changes of a record's data can only be judged beside the data of the levels above it: where a rule ties
/// them to a value that may stand there, or where the date of manufacture does.
#[must_use]
pub fn asks_other_levels(
    level: Level,
    document: &Map<String, Value>,
    changes: &[AttributeChange],
) -> bool {
    let above = |attribute: &Attribute| {
        [Level::Model, Level::Batch]
            .into_iter()
            .any(|other| other < level && attribute.allows(other))
    };
    let tied = || {
        let concerned = catalogue()
            .rules()
            .iter()
            .filter(|rule| rule.concerns(changes));
        concerned.flat_map(Rule::attributes).any(above)
    };
    let dated = || {
        let manufactured = &catalogue().dates().manufactured;
        at(document, manufactured).is_none()
            && catalogue().by_pointer(manufactured).is_some_and(above)
            && changes
                .iter()
                .filter_map(|change| catalogue().by_pointer(&change.pointer))
                .any(|attribute| attribute.dynamic)
    };
    level != Level::Model && (tied() || dated())
}

/// The faults of what all levels say together: every rule that names a changed attribute is held against it.
#[must_use]
pub fn validate_together(composed: &Map<String, Value>, changes: &[AttributeChange]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for rule in catalogue().rules() {
        if rule.severity == Severity::Fault && rule.concerns(changes) {
            rule.check(composed, &mut faults);
        }
    }
    faults
}

/// What is odd about changed values beside the others of all levels, and yet may be so. Whoever reads only these classes is
/// told nothing of a rule that names an attribute of another.
#[must_use]
pub fn warnings(
    composed: &Map<String, Value>,
    changes: &[AttributeChange],
    classes: Classes,
) -> Vec<Fault> {
    let mut warnings = Vec::new();
    for rule in catalogue().rules() {
        if rule.severity == Severity::Warning
            && rule.concerns(changes)
            && rule
                .attributes()
                .all(|attribute| classes.contains(attribute.class))
        {
            rule.check(composed, &mut warnings);
        }
    }
    warnings
}

impl Rule {
    /// Holds the rule against one level's data, where breaking it is a fault.
    pub(crate) fn refuses(&self, document: &Map<String, Value>, faults: &mut Vec<Fault>) {
        if self.severity == Severity::Fault {
            self.check(document, faults);
        }
    }

    /// The places it names.
    pub(crate) fn pointers(&self) -> impl Iterator<Item = &str> {
        let (many, one): (&[String], [Option<&String>; 2]) = match &self.check {
            Check::Ascending { pointers }
            | Check::TotalAtMost { pointers, .. }
            | Check::Total { pointers, .. } => (pointers, [None, None]),
            Check::SumAtMost { list, .. } => (&[], [Some(list), None]),
            Check::AtMost { pointer, limit } => {
                let other = match limit {
                    Limit::Number(_) => None,
                    Limit::Pointer(pointer) => Some(pointer),
                };
                (&[], [Some(pointer), other])
            }
        };
        many.iter()
            .chain(one.into_iter().flatten())
            .map(String::as_str)
    }

    /// The attributes it is about.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &'static Attribute> {
        self.pointers()
            .filter_map(|pointer| catalogue().by_pointer(attribute_of(pointer)))
    }

    fn concerns(&self, changes: &[AttributeChange]) -> bool {
        self.pointers()
            .map(attribute_of)
            .any(|pointer| changes.iter().any(|change| change.pointer == pointer))
    }

    fn check(&self, document: &Map<String, Value>, broken: &mut Vec<Fault>) {
        let fault = |pointer: &str, rule: &str, expected: String, found: f64| Fault {
            pointer: pointer.to_owned(),
            rule: rule.to_owned(),
            expected,
            found: found.to_string(),
            source: Some(self.source.clone()),
        };
        match &self.check {
            Check::Ascending { pointers } => {
                let present = present(document, pointers);
                for ((lower, least), (upper, value)) in present.iter().zip(present.iter().skip(1)) {
                    if value < least {
                        let expected = format!("at least {least}, the value of `{lower}`");
                        broken.push(fault(upper, "out-of-order", expected, *value));
                    }
                }
            }
            Check::SumAtMost {
                list,
                field,
                per,
                max,
            } => {
                for (of, sum) in sums(document, list, field, per.as_deref()) {
                    if sum > max + TOLERANCE {
                        let of = of.map_or(String::new(), |of| format!(" for `{of}`"));
                        let expected = format!("`{field}` adding up to at most {max}{of}");
                        broken.push(fault(list, "sum-too-large", expected, sum));
                    }
                }
            }
            Check::TotalAtMost { pointers, max } => {
                let present = present(document, pointers);
                let sum: f64 = present.iter().map(|(_, value)| value).sum();
                if sum > max + TOLERANCE {
                    let expected = format!("at most {max} in all of {}", listed(&present));
                    broken.extend(present.iter().map(|(pointer, _)| {
                        fault(pointer, "sum-too-large", expected.clone(), sum)
                    }));
                }
            }
            Check::Total {
                pointers,
                sum: wanted,
                within,
            } => {
                let present = present(document, pointers);
                let sum: f64 = present.iter().map(|(_, value)| value).sum();
                if present.len() == pointers.len() && (sum - wanted).abs() > within + TOLERANCE {
                    let expected = format!("{wanted} in all of {}", listed(&present));
                    broken.extend(
                        present
                            .iter()
                            .map(|(pointer, _)| fault(pointer, "other-sum", expected.clone(), sum)),
                    );
                }
            }
            Check::AtMost { pointer, limit } => {
                let (most, whose) = match limit {
                    Limit::Number(number) => (Some(*number), String::new()),
                    Limit::Pointer(pointer) => (
                        at(document, pointer).and_then(quantity),
                        format!(", the value of `{pointer}`"),
                    ),
                };
                if let (Some(most), Some(value)) = (most, at(document, pointer).and_then(quantity))
                    && value > most + TOLERANCE
                {
                    let expected = format!("at most {most}{whose}");
                    broken.push(fault(pointer, "above-limit", expected, value));
                }
            }
        }
    }
}

/// `/group/attribute` of a pointer that may reach into its value.
fn attribute_of(pointer: &str) -> &str {
    let end = pointer.match_indices('/').nth(2).map(|(end, _)| end);
    end.and_then(|end| pointer.get(..end)).unwrap_or(pointer)
}

fn present<'p>(document: &Map<String, Value>, pointers: &'p [String]) -> Vec<(&'p str, f64)> {
    pointers
        .iter()
        .filter_map(|pointer| Some((pointer.as_str(), quantity(at(document, pointer)?)?)))
        .collect()
}

fn listed(present: &[(&str, f64)]) -> String {
    let names: Vec<String> = present
        .iter()
        .map(|(pointer, _)| format!("`{pointer}`"))
        .collect();
    names.join(", ")
}

fn sums<'a>(
    document: &'a Map<String, Value>,
    list: &str,
    field: &str,
    per: Option<&str>,
) -> BTreeMap<Option<&'a str>, f64> {
    let mut sums = BTreeMap::new();
    let elements = at(document, list).and_then(Value::as_array);
    for element in elements.into_iter().flatten() {
        let of = per.and_then(|per| element.get(per)?.as_str());
        if let Some(value) = element.get(field).and_then(quantity) {
            *sums.entry(of).or_insert(0.0) += value;
        }
    }
    sums
}

pub(crate) fn at<'a>(document: &'a Map<String, Value>, pointer: &str) -> Option<&'a Value> {
    let within = pointer.strip_prefix('/')?;
    let group = within.split('/').next()?;
    document.get(group)?.pointer(within.strip_prefix(group)?)
}

/// The number of a quantity, a whole number, or either as measured.
pub(crate) fn quantity(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.get("value")?.as_f64())
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{Check, Limit, Rule, Severity, attribute_of, quantity};
    use crate::{Class, Fault, Type, catalogue};

    fn broken(check: Value, document: Value) -> Vec<Fault> {
        let check: Check = serde_json::from_value(check).unwrap();
        let rule = Rule {
            check,
            severity: Severity::Fault,
            source: "a law".to_owned(),
        };
        let document: Map<String, Value> = document.as_object().unwrap().clone();
        let mut faults = Vec::new();
        rule.check(&document, &mut faults);
        faults
    }

    fn pointers(faults: &[Fault]) -> Vec<&str> {
        faults.iter().map(|fault| fault.pointer.as_str()).collect()
    }

    fn shares(shares: &[(&str, f64)]) -> Value {
        let members = shares.iter().map(|(id, share)| {
            let value = json!({"value": share, "unit": "%"});
            ((*id).to_owned(), value)
        });
        json!({"g": members.collect::<Map<String, Value>>()})
    }

    #[test]
    fn a_total_is_at_most() {
        let check = json!({"kind": "total-at-most", "pointers": ["/g/a", "/g/b"], "max": 100.0});
        assert_eq!(
            broken(check.clone(), shares(&[("a", 60.0), ("b", 40.0)])),
            []
        );
        assert_eq!(broken(check.clone(), shares(&[("a", 60.0)])), []);
        let faults = broken(check, shares(&[("a", 60.0), ("b", 40.5)]));
        assert_eq!(pointers(&faults), ["/g/a", "/g/b"]);
        assert_eq!(
            (faults[0].rule.as_str(), faults[0].found.as_str()),
            ("sum-too-large", "100.5")
        );
        assert!(faults[0].expected.contains("`/g/a`, `/g/b`"));
    }

    #[test]
    fn a_total_is_met_where_all_its_parts_are_there() {
        let check =
            json!({"kind": "total", "pointers": ["/g/a", "/g/b"], "sum": 100.0, "within": 0.5});
        for fine in [
            &[("a", 60.0), ("b", 40.5)][..],
            &[("a", 60.0), ("b", 39.5)],
            &[("a", 20.0)],
            &[],
        ] {
            assert_eq!(broken(check.clone(), shares(fine)), []);
        }
        for wrong in [&[("a", 60.0), ("b", 40.6)][..], &[("a", 60.0), ("b", 39.4)]] {
            let faults = broken(check.clone(), shares(wrong));
            assert_eq!(pointers(&faults), ["/g/a", "/g/b"]);
            assert_eq!(faults[0].rule, "other-sum");
        }
    }

    #[test]
    fn every_rule_names_attributes_and_tells_nobody_what_is_not_theirs() {
        for rule in catalogue().rules() {
            let attributes: Vec<_> = rule.attributes().collect();
            assert_eq!(attributes.len(), rule.pointers().count(), "{rule:?}");
            assert!(!rule.source.is_empty());
            // A refusal speaks of every value of its rule: whoever may write one has to be one who may read the others.
            if rule.severity == Severity::Fault {
                let classes: Vec<Class> = attributes.iter().map(|one| one.class).collect();
                let readable = |class: &Class| *class == Class::Public || *class == classes[0];
                assert!(classes.iter().all(readable), "{rule:?}");
            }
            if let Check::SumAtMost { list, .. } = &rule.check {
                let attribute = catalogue().by_pointer(list).unwrap();
                assert!(matches!(attribute.ty, Type::List { .. }));
            }
            if let Check::AtMost {
                limit: Limit::Number(number),
                ..
            } = &rule.check
            {
                assert!(number.is_finite());
            }
        }
    }

    #[test]
    fn a_pointer_into_a_value_is_its_attributes() {
        assert_eq!(attribute_of("/g/a"), "/g/a");
        assert_eq!(attribute_of("/g/a/b/c"), "/g/a");
        assert_eq!(quantity(&json!(3)), Some(3.0));
        assert_eq!(quantity(&json!({"value": 4, "measuredAt": ""})), Some(4.0));
        assert_eq!(quantity(&json!({"value": {}})), None);
    }
}
