//! The full representation says the same as the compressed one: for every type of the catalogue, and for any value at all.

use passport::{ElementPath, Field, Full, Type, catalogue, element_patch, merge_patch};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const SITE: Full<'_> = Full {
    site: "https://id.example.eu",
};

fn text() -> BoxedStrategy<Value> {
    "[a-zA-Zäß \\[\\]0-9]{0,12}".prop_map(Value::from).boxed()
}

/// Values as a type has them on the wire, or nearly.
fn value(ty: &Type) -> BoxedStrategy<Value> {
    match ty {
        Type::LocalizedText { .. } => {
            let language = prop::sample::select(vec!["en", "de", "fr", "it"]);
            prop::collection::btree_map(language, text(), 0..3)
                .prop_map(|texts| json!(texts))
                .boxed()
        }
        Type::Quantity { unit, .. } => {
            let unit = unit.clone();
            (-1000.0..1000.0)
                .prop_map(move |value: f64| json!({"value": value, "unit": unit}))
                .boxed()
        }
        Type::Integer { .. } => any::<i32>().prop_map(Value::from).boxed(),
        Type::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Type::Document => (text(), text(), any::<u128>(), any::<bool>())
            .prop_map(|(title, media_type, id, stored)| match stored {
                true => json!({"title": title, "evidence": uuid(id), "mediaType": media_type}),
                false => json!({"title": title, "url": format!("https://a.example/{id}")}),
            })
            .boxed(),
        Type::Record { fields } => record(fields),
        Type::List { of, .. } => prop::collection::vec(value(of), 1..4)
            .prop_map(Value::from)
            .boxed(),
        _ => text(),
    }
}

fn uuid(id: u128) -> String {
    format!("{id:032x}")
}

fn record(fields: &[Field]) -> BoxedStrategy<Value> {
    let members: Vec<_> = fields
        .iter()
        .map(|field| (Just(field.id.clone()), prop::option::of(value(&field.ty))))
        .collect();
    members
        .prop_map(|members| {
            members
                .into_iter()
                .filter_map(|(id, value)| Some((id, value?)))
                .collect()
        })
        .prop_map(Value::Object)
        .boxed()
}

/// Any value, as a document that no catalogue describes may have it.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text(),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z~/.]{1,4}", inner, 0..4)
                .prop_map(|members| json!(members)),
        ]
    })
}

/// A document of one to twelve attributes of the catalogue, each of its type or not.
fn document() -> impl Strategy<Value = Map<String, Value>> {
    let known: Vec<_> = catalogue().attributes().collect();
    let entry = prop::sample::select(known).prop_flat_map(|attribute| {
        let plain = match (attribute.dynamic, value(&attribute.ty)) {
            (false, value) => value,
            (true, value) => value
                .prop_map(|value| match value {
                    Value::Object(mut members) if members.contains_key("unit") => {
                        members.insert("measuredAt".to_owned(), json!("2027-06-01T08:00:00Z"));
                        Value::Object(members)
                    }
                    value => json!({"value": value, "measuredAt": "2027-06-01T08:00:00Z"}),
                })
                .boxed(),
        };
        let value = prop_oneof![8 => plain, 1 => anything()];
        (Just((attribute.group.clone(), attribute.id.clone())), value)
    });
    prop::collection::vec(entry, 1..12).prop_map(|entries| {
        let mut document = Map::new();
        for ((group, id), value) in entries {
            if let Value::Object(group) = document.entry(group).or_insert_with(|| json!({})) {
                group.insert(id, value);
            }
        }
        document
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_full_form_reads_back_as_the_compressed_one(document in document()) {
        let full = Value::Array(SITE.elements(&document));
        prop_assert_eq!(SITE.compressed(&full), Ok(document));
    }

    #[test]
    fn any_document_has_a_full_form(groups in prop::collection::btree_map("[a-z]{1,6}", anything(), 0..4)) {
        let Value::Object(document) = json!(groups) else { unreachable!() };
        let full = Value::Array(SITE.elements(&document));
        prop_assert_eq!(SITE.compressed(&full), Ok(document));
    }

    /// What `$..*` finds, each element on its own, is what the path to it finds.
    #[test]
    fn every_element_is_found_by_its_own_path(document in document()) {
        let document = Value::Object(document);
        for (steps, value) in ElementPath::parse("$..*").unwrap().find(&document).unwrap() {
            let element = SITE.element(&steps, value);
            let (_, read) = SITE.value(&element).unwrap();
            prop_assert_eq!(&read, value, "{:?}", steps);
        }
    }

    /// A patch of one element changes that one and no other.
    #[test]
    fn a_patch_of_an_element_leaves_every_other_as_it_was(document in document(), at in any::<prop::sample::Index>()) {
        let whole = Value::Object(document.clone());
        let path = ElementPath::parse("$.*.*").unwrap();
        let found = path.find(&whole).unwrap();
        let (steps, old) = &found[at.index(found.len())];
        let patch = element_patch(&document, steps, &json!("new")).unwrap();
        let after = Value::Object(merge_patch(&document, &patch));
        for (other, value) in &found {
            let (_, now) = path.find(&after).unwrap().into_iter().find(|(place, _)| place == other).unwrap();
            prop_assert_eq!(now, if other == steps { &json!("new") } else { *value });
        }
        let _ = old;
    }

    #[test]
    fn no_text_makes_a_path_panic(path in "[$.*\\[\\]'\"?@a-c0-9(), :=&|!<>\\\\-]{0,40}") {
        if let Ok(path) = ElementPath::parse(&path) {
            let _ = path.find(&json!({"a": [{"b": 1}, {"b": [2, 3]}]}));
        }
    }

    /// A path known by its steps finds what the steps lead to, and only that.
    #[test]
    fn steps_lead_where_the_path_does(path in "\\$([.][abc]|\\[[0-2]\\]|\\['[abc]'\\]){1,4}") {
        let value = json!({"a": [{"b": 1}, {"b": [2, 3]}], "b": {"c": {"a": [0]}}});
        let path = ElementPath::parse(&path).unwrap();
        let steps = path.steps().unwrap();
        if let [(found, _)] = path.find(&value).unwrap().as_slice() {
            prop_assert_eq!(found.as_slice(), steps);
        }
    }
}
