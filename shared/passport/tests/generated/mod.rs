//! A complete valid document of each category, and what breaks one rule at one place: made from the catalogue's types alone.

#![allow(dead_code, reason = "each test that has this module uses a part of it")]

mod sample;
mod twist;

use passport::{
    Attribute, Category, Classes, Declares, Fault, Form, Guidance, Level, catalogue, compose,
    schema, visible,
};
#[allow(
    unused_imports,
    reason = "each test that has this module uses a part of it"
)]
pub(crate) use sample::{document, passport, sample};
use serde_json::{Map, Value, json};
use twist::twists;

pub(crate) const LEVELS: [Level; 3] = [Level::Model, Level::Batch, Level::Item];

pub(crate) fn guidance() -> &'static Guidance {
    catalogue().active_guidance()
}

/// One rule broken at one place.
#[derive(Debug, Clone)]
pub(crate) struct Mutant {
    pub(crate) category: Category,
    pub(crate) level: Level,
    /// What is different from [`document`].
    pub(crate) patch: Map<String, Value>,
    /// Where it must be refused.
    pub(crate) pointer: String,
    /// By which rule.
    pub(crate) rule: String,
}

/// The rules that no JSON Schema can say: they compare values with each other, or compute.
pub(crate) const BEYOND_SCHEMA: [&str; 8] = [
    "bad-check-digit",
    "bad-email",
    "declared-and-given",
    "not-conditional",
    "not-mandatory",
    "out-of-order",
    "sum-too-large",
    "twice",
];

impl Mutant {
    /// A complete document of its category and level, broken at this place only. What declares that others have no value
    /// stands alone.
    pub(crate) fn of(&self, good: &Map<String, Value>) -> Map<String, Value> {
        if self.patch.contains_key("declarations") && self.rule != "unknown-attribute" {
            return self.patch.clone();
        }
        compose(good, &self.patch, &Map::new())
    }

    /// Whether a fault only follows from the one that is meant: a value out of its own bounds may be out of order too, and a
    /// text that is spoilt names no attribute any more.
    pub(crate) fn is_followed_by(&self, fault: &Fault) -> bool {
        let declares =
            fault.pointer.starts_with("/declarations/") && fault.pointer.ends_with("/attribute");
        !self.is_beyond_schema()
            && (BEYOND_SCHEMA.contains(&fault.rule.as_str())
                || (declares && fault.rule == "unknown-attribute" && fault.rule != self.rule))
    }

    /// Whether a JSON Schema can say what is broken.
    pub(crate) fn is_beyond_schema(&self) -> bool {
        BEYOND_SCHEMA.contains(&self.rule.as_str())
    }
}

fn at(group: &str, id: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(group.to_owned(), json!({ id: value }))])
}

/// Every mutant of the data of every level, for a category.
pub(crate) fn mutants(category: Category) -> Vec<Mutant> {
    let mut mutants = unknown(category);
    for attribute in catalogue().attributes() {
        mutants.extend(refused_whole(category, attribute));
        if attribute.derived.is_some() || !visible(attribute, guidance(), category) {
            continue;
        }
        let good = sample(attribute, category);
        mutants.extend(twists(attribute, &good).into_iter().map(|twist| Mutant {
            category,
            level: attribute.level,
            patch: at(&attribute.group, &attribute.id, twist.value),
            pointer: attribute.pointer() + &twist.pointer,
            rule: twist.rule.to_owned(),
        }));
    }
    mutants.extend(across(category));
    mutants.extend(
        catalogue()
            .attributes()
            .flat_map(|by| declarations(category, by)),
    );
    mutants
}

/// Declarations of what may not be declared, of the same twice, and of what has a value.
fn declarations(category: Category, by: &Attribute) -> Vec<Mutant> {
    let Some(declares) = by.declares else {
        return Vec::new();
    };
    let good = sample(by, category);
    let about = |index: usize| format!("{}/{index}/attribute", by.pointer());
    let mutant = |patch: Map<String, Value>, index: usize, rule: &str| Mutant {
        category,
        level: by.level,
        patch,
        pointer: about(index),
        rule: rule.to_owned(),
    };
    let twice = json!([good[0], good[0]]);
    let mut mutants = vec![mutant(at(&by.group, &by.id, twice), 1, "twice")];
    let given = catalogue().by_pointer(good[0]["attribute"].as_str().unwrap());
    if let Some(given) = given.filter(|given| given.allows(by.level) && given.derived.is_none()) {
        let both = at(&given.group, &given.id, sample(given, category));
        let both = compose(&both, &at(&by.group, &by.id, good.clone()), &Map::new());
        mutants.push(mutant(both, 0, "declared-and-given"));
    }
    let rule = match declares {
        Declares::NotApplicable => "not-conditional",
        Declares::Gap => "not-mandatory",
    };
    let others = catalogue().attributes().filter(|one| {
        one.allows(by.level)
            && one.declares.is_none()
            && !sample::may_be_declared(by, one, category)
    });
    mutants.extend(others.map(|other| {
        let mut wrong = good.clone();
        wrong[0]["attribute"] = json!(other.pointer());
        mutant(at(&by.group, &by.id, wrong), 0, rule)
    }));
    mutants
}

/// A good value where it may not stand: at another level, closed by the guidance, derived; and another category's name.
fn refused_whole(category: Category, attribute: &Attribute) -> Vec<Mutant> {
    let mutant = |level: Level, rule: &str, value: Value| Mutant {
        category,
        level,
        patch: at(&attribute.group, &attribute.id, value),
        pointer: attribute.pointer(),
        rule: rule.to_owned(),
    };
    let good = sample(attribute, category);
    if attribute.derived.is_some() {
        return vec![mutant(attribute.level, "derived", good)];
    }
    if !visible(attribute, guidance(), category) {
        // Where this version says nothing of the category, the last one before it that does closes the point.
        let before = catalogue()
            .guidances()
            .take_while(|before| before.version != guidance().version);
        let closing = before
            .chain([guidance()])
            .filter_map(|version| attribute.obligation(version, category))
            .last();
        return vec![mutant(attribute.level, closing.unwrap().as_str(), good)];
    }
    let others = LEVELS.into_iter().filter(|level| !attribute.allows(*level));
    let mut mutants: Vec<Mutant> = others
        .map(|level| mutant(level, "wrong-level", good.clone()))
        .collect();
    if good == json!(category) {
        let other = Category::ALL.into_iter().find(|other| *other != category);
        mutants.push(mutant(attribute.level, "other-category", json!(other)));
    }
    mutants
}

/// Groups and attributes that nobody knows, and groups that are none.
fn unknown(category: Category) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    let mutant = |level: Level, patch: Map<String, Value>, pointer: String, rule: &str| Mutant {
        category,
        level,
        patch,
        pointer,
        rule: rule.to_owned(),
    };
    for level in LEVELS {
        for name in [
            "nowhere",
            "__proto__",
            "constructor",
            "a/b~c",
            "",
            "Performance",
        ] {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            let patch = Map::from_iter([(name.to_owned(), json!({}))]);
            // A group without attributes is not composed.
            let patch = compose(&patch, &at(name, "x", json!(1)), &Map::new());
            mutants.push(mutant(level, patch, pointer, "unknown-group"));
        }
        for group in document(category, level).keys() {
            for name in ["noSuchThing", "__proto__", "toString", "a/b~c"] {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                let patch = at(group, name, json!("x"));
                let pointer = format!("/{group}/{escaped}");
                mutants.push(mutant(level, patch, pointer, "unknown-attribute"));
            }
            for value in [json!("x"), json!([]), json!(7)] {
                let patch = Map::from_iter([(group.clone(), value)]);
                mutants.push(mutant(level, patch, format!("/{group}"), "wrong-type"));
            }
        }
    }
    mutants
}

/// The rules across attributes, as the schema tells them.
fn rules(category: Category, level: Level) -> Vec<Value> {
    let schema = schema(
        catalogue(),
        category,
        guidance(),
        Form::Data(level),
        "urn:x",
    );
    schema["x-rules"].as_array().cloned().unwrap_or_default()
}

/// Every rule across attributes broken once for each pair, or list, it is about.
fn across(category: Category) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for level in LEVELS {
        let good = document(category, level);
        for rule in rules(category, level) {
            if rule["severity"] == "warning" {
                continue;
            }
            let broken = match rule["kind"].as_str().unwrap() {
                "ascending" => ascending(&good, &rule),
                "sum-at-most" => vec![sum(&good, &rule)],
                // Every value of a total is named, so that no mutant has one fault: tested beside the rule.
                "total" | "total-at-most" => Vec::new(),
                other => panic!("no mutant of the rule `{other}`"),
            };
            for (patch, pointer, name) in broken.into_iter().flatten() {
                let rule = name.to_owned();
                mutants.push(Mutant {
                    category,
                    level,
                    patch,
                    pointer,
                    rule,
                });
            }
        }
    }
    mutants
}

type Broken = Option<(Map<String, Value>, String, &'static str)>;

/// Each value just below the one before it.
fn ascending(good: &Map<String, Value>, rule: &Value) -> Vec<Broken> {
    let pointers: Vec<&str> = rule["pointers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pointer| pointer.as_str().unwrap())
        .collect();
    let document = Value::Object(good.clone());
    let break_pair = |pair: &[&str]| -> Broken {
        let (lower, upper) = (pair[0], pair[1]);
        let above = document.pointer(upper)?["value"].as_f64()? + 0.5;
        let mut broken = document.clone();
        *broken.pointer_mut(lower)?.get_mut("value")? = json!(above);
        // What comes before the lower one is in order still, and what comes after the upper one too.
        Some((
            broken.as_object()?.clone(),
            upper.to_owned(),
            "out-of-order",
        ))
    };
    pointers.windows(2).map(break_pair).collect()
}

/// Three elements, together too much.
fn sum(good: &Map<String, Value>, rule: &Value) -> Broken {
    let list = rule["list"].as_str().unwrap();
    let field = rule["field"].as_str().unwrap();
    let mut broken = Value::Object(good.clone());
    let elements = broken.pointer_mut(list)?.as_array_mut()?;
    let mut element = elements.first()?.clone();
    element[field]["value"] = json!(rule["max"].as_f64()? / 2.0 - 1.0);
    *elements = vec![element; 3];
    Some((
        broken.as_object()?.clone(),
        list.to_owned(),
        "sum-too-large",
    ))
}

/// The classes an owner sees.
pub(crate) fn everything(complete: bool) -> Form {
    let classes = Classes::ALL;
    Form::Passport { classes, complete }
}
