//! Rules across attributes, read from `rules.toml`. They hold where the values are there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Fault;

/// A rule across values. Its pointers reach into the document; no name in the catalogue needs escaping.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Rule {
    /// The quantities at these pointers do not fall.
    Ascending {
        pointers: Vec<String>,
        source: String,
    },
    /// The quantities in `field` of a list add up to at most `max`, for each value of `per` if there is one.
    SumAtMost {
        list: String,
        field: String,
        per: Option<String>,
        max: f64,
        source: String,
    },
}

/// `rules.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    pub(crate) rule: Vec<Rule>,
}

/// Tolerance for sums of decimal shares: rounding in binary is not a fault of the document.
const TOLERANCE: f64 = 1e-9;

impl Rule {
    pub(crate) fn check(&self, document: &Map<String, Value>, faults: &mut Vec<Fault>) {
        match self {
            Self::Ascending { pointers, source } => ascending(pointers, source, document, faults),
            Self::SumAtMost {
                list,
                field,
                per,
                max,
                source,
            } => {
                for (of, sum) in sums(document, list, field, per.as_deref()) {
                    if sum > max + TOLERANCE {
                        let of = of.map_or(String::new(), |of| format!(" for `{of}`"));
                        faults.push(Fault {
                            pointer: list.clone(),
                            rule: "sum-too-large".to_owned(),
                            expected: format!("`{field}` adding up to at most {max}{of}"),
                            found: sum.to_string(),
                            source: Some(source.clone()),
                        });
                    }
                }
            }
        }
    }
}

fn ascending(
    pointers: &[String],
    source: &str,
    document: &Map<String, Value>,
    faults: &mut Vec<Fault>,
) {
    let present: Vec<(&str, f64)> = pointers
        .iter()
        .filter_map(|pointer| Some((pointer.as_str(), quantity(at(document, pointer)?)?)))
        .collect();
    for ((lower, least), (upper, value)) in present.iter().zip(present.iter().skip(1)) {
        if value < least {
            faults.push(Fault {
                pointer: (*upper).to_owned(),
                rule: "out-of-order".to_owned(),
                expected: format!("at least {least}, the value of `{lower}`"),
                found: value.to_string(),
                source: Some(source.to_owned()),
            });
        }
    }
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

fn at<'a>(document: &'a Map<String, Value>, pointer: &str) -> Option<&'a Value> {
    let within = pointer.strip_prefix('/')?;
    let group = within.split('/').next()?;
    document.get(group)?.pointer(within.strip_prefix(group)?)
}

fn quantity(value: &Value) -> Option<f64> {
    value.get("value")?.as_f64()
}
