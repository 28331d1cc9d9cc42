//! Inverses and invariants, over documents nobody wrote.

use passport::{
    Category, Class, Classes, Level, Limits, apply, assess, attributes, catalogue, compose, delta,
    merge_patch, parse_json, split, validate, view, visible,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

type Document = Map<String, Value>;

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        (-1000_i64..1000).prop_map(Value::from),
        "[a-zé~/\u{202e}]{0,6}".prop_map(Value::from),
        (0_i64..100, prop_oneof![Just("A.h"), Just("%"), Just("V")])
            .prop_map(|(value, unit)| json!({"value": value, "unit": unit})),
    ]
}

/// A value without `null`, which a merge patch cannot say.
fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c~/]{1,2}", inner, 1..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Mostly known attributes, some that nobody knows.
fn place() -> impl Strategy<Value = (String, String)> {
    let known: Vec<(String, String)> = catalogue()
        .attributes()
        .map(|attribute| (attribute.group.clone(), attribute.id.clone()))
        .collect();
    prop_oneof![
        6 => prop::sample::select(known),
        1 => ("[a-c~/]{1,2}", "[a-c~/]{1,2}"),
        1 => Just(("performance".to_owned(), "unheardOf".to_owned())),
    ]
}

fn document() -> impl Strategy<Value = Document> {
    prop::collection::vec((place(), value()), 0..8).prop_map(|entries| {
        let mut document = Document::new();
        for ((group, id), value) in entries {
            let one = Document::from_iter([(id, value)]);
            let patch = Document::from_iter([(group, Value::Object(one))]);
            document = compose(&document, &patch, &Document::new());
        }
        document
    })
}

fn classes() -> impl Strategy<Value = Classes> {
    prop::collection::vec(prop::sample::select(Class::ALL.to_vec()), 0..5)
        .prop_map(|classes| classes.into_iter().collect())
}

fn category() -> impl Strategy<Value = Category> {
    prop::sample::select(Category::ALL.to_vec())
}

/// The merge patch that turns one object into another.
fn patch_between(before: &Document, after: &Document) -> Document {
    let mut patch = Document::new();
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    for (name, new) in after {
        match (before.get(name), new) {
            (Some(Value::Object(old)), Value::Object(new)) => {
                patch.insert(name.clone(), Value::Object(patch_between(old, new)));
            }
            (old, new) if old != Some(new) => {
                patch.insert(name.clone(), new.clone());
            }
            _ => {}
        }
    }
    patch
}

/// Numbers without a fraction as whole numbers, as the parser gives them.
fn whole(value: Value) -> Value {
    match value {
        Value::Array(elements) => elements.into_iter().map(whole).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            Value::Object(members.map(|(name, value)| (name, whole(value))).collect())
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 => Value::from(float as i64),
            _ => Value::Number(number),
        },
        other => other,
    }
}

fn json_text() -> impl Strategy<Value = String> {
    value().prop_map(|value| value.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn applying_a_delta_gives_what_came_after(before in document(), after in document()) {
        let changes = delta(&before, &after);
        prop_assert_eq!(apply(&before, &changes), after.clone());
        prop_assert_eq!(changes.is_empty(), before == after);
        let (old, new) = (attributes(&before), attributes(&after));
        for change in &changes {
            prop_assert_ne!(&change.before, &change.after);
            prop_assert_eq!(old.get(&change.pointer), change.before.as_ref());
            prop_assert_eq!(new.get(&change.pointer), change.after.as_ref());
        }
    }

    #[test]
    fn parts_together_are_the_document(document in document()) {
        let parts = split(&document);
        let mut together = Document::new();
        for (class, part) in &parts {
            prop_assert!(!part.is_empty());
            for pointer in attributes(part).keys() {
                let described = catalogue().by_pointer(pointer).map(|attribute| attribute.class);
                prop_assert_eq!(described.unwrap_or(Class::Internal), *class);
            }
            together = compose(&together, part, &Document::new());
        }
        prop_assert_eq!(&together, &document);
        let counted: usize = parts.values().map(|part| attributes(part).len()).sum();
        prop_assert_eq!(counted, attributes(&document).len());
    }

    #[test]
    fn a_merge_patch_reaches_every_document(before in document(), after in document()) {
        let patch = patch_between(&before, &after);
        prop_assert_eq!(&merge_patch(&before, &patch), &after);
        prop_assert_eq!(merge_patch(&after, &patch), after.clone(), "again changes nothing");
        prop_assert_eq!(merge_patch(&after, &Document::new()), after);
    }

    #[test]
    fn a_view_never_has_what_was_not_asked_for(
        document in document(), classes in classes(), category in category(), version in prop::sample::select(vec!["1.0", "2.0"])
    ) {
        let guidance = catalogue().guidance(version).unwrap();
        let view = view(document.clone(), classes, guidance, category);
        let all = attributes(&document);
        for (pointer, value) in attributes(&view) {
            prop_assert_eq!(all.get(&pointer), Some(&value));
            match catalogue().by_pointer(&pointer) {
                Some(attribute) => {
                    prop_assert!(classes.contains(attribute.class));
                    prop_assert!(visible(attribute, guidance, category));
                }
                None => prop_assert!(classes.contains(Class::Internal)),
            }
        }
        for pointer in all.keys() {
            if let Some(attribute) = catalogue().by_pointer(pointer)
                && classes.contains(attribute.class) && visible(attribute, guidance, category)
            {
                prop_assert!(attributes(&view).contains_key(pointer));
            }
        }
    }

    #[test]
    fn validation_answers_for_every_document(document in document(), category in category()) {
        for level in [Level::Model, Level::Batch, Level::Item] {
            for fault in validate(level, category, catalogue().active_guidance(), &document) {
                prop_assert!(fault.pointer.starts_with('/'));
                prop_assert!(!fault.expected.is_empty() && !fault.rule.is_empty());
            }
        }
    }

    #[test]
    fn what_is_missing_is_what_is_asked_and_not_there(document in document(), category in category()) {
        let guidance = catalogue().active_guidance();
        let assessed = assess(&document, category, guidance);
        let there = attributes(&document);
        let mut places = assessed.iter();
        for attribute in catalogue().attributes().filter(|one| one.derived.is_none()) {
            let one = places.next().unwrap();
            prop_assert_eq!(&one.pointer, &attribute.pointer());
            prop_assert_eq!(one.present, there.contains_key(&one.pointer));
            prop_assert_eq!(one.is_missing(), one.is_asked() && !one.present);
            let mandatory = attribute.obligation(guidance, category) == Some(&passport::Obligation::Mandatory);
            prop_assert!(one.is_asked() || !mandatory);
        }
        prop_assert!(places.next().is_none());
    }

    #[test]
    fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_json(&bytes, &Limits::default());
    }

    #[test]
    fn broken_json_never_panics(text in json_text(), at in any::<prop::sample::Index>(), with in any::<char>()) {
        let mut characters: Vec<char> = text.chars().collect();
        let index = at.index(characters.len());
        characters[index] = with;
        let broken: String = characters.into_iter().collect();
        if let Ok(value) = parse_json(broken.as_bytes(), &Limits::default()) {
            prop_assert_eq!(Some(value), serde_json::from_str(&broken).ok().map(whole));
        }
    }

    #[test]
    fn parsing_reads_what_was_written(value in value()) {
        prop_assert_eq!(parse_json(value.to_string().as_bytes(), &Limits::default()), Ok(value));
    }

    #[test]
    fn a_decimal_survives_to_the_last_bit(number in any::<f64>()) {
        prop_assume!(number.is_finite() && number.abs() < 9e15);
        let read = parse_json(serde_json::to_string(&number).unwrap().as_bytes(), &Limits::default()).unwrap();
        prop_assert_eq!(read.as_f64(), Some(number));
        let again = parse_json(read.to_string().as_bytes(), &Limits::default()).unwrap();
        prop_assert_eq!(again, read);
    }

    #[test]
    fn a_name_twice_is_refused_wherever_it_is(value in value(), depth in 0_usize..20, name in "[a-z]{1,4}") {
        let twice = format!("{{\"{name}\": {value}, \"{name}\": {value}}}");
        let text = (0..depth).fold(twice, |inner, level| match level % 2 {
            0 => format!("[{inner}]"),
            _ => format!("{{\"in\": {inner}}}"),
        });
        let refused = matches!(
            parse_json(text.as_bytes(), &Limits::default()),
            Err(passport::ParseFault::Duplicate { pointer }) if pointer.ends_with(&format!("/{name}"))
        );
        prop_assert!(refused, "{}", text);
    }
}
