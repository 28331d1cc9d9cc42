//! A catalogue that changed still reads what was written under its earlier versions.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

use std::collections::BTreeSet;

use passport::{
    Attribute, Category, Edition, Level, Named, Type, assess, attributes, catalogue, compose,
    compose_editions, migrate, newest_form, split, validate, validate_under, visible,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

type Document = Map<String, Value>;

fn first() -> &'static Edition {
    catalogue().first()
}

/// Every attribute of the first version that may be given for this battery at its own level.
fn of_the_first(level: Level, category: Category) -> Vec<&'static Attribute> {
    let all = catalogue().attributes().chain(catalogue().retired());
    all.filter(|one| one.since == first().id)
        .filter(|one| one.derived.is_none() && one.allows(level))
        .filter(|one| visible(one, catalogue().active_guidance(), category))
        .filter(|one| catalogue().attribute_of(first(), &one.group, &one.id) == Some(*one))
        .collect()
}

fn value(ty: &Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Text { names, .. } => Just(json!(match names {
            Some(Named::Country) => "SE",
            Some(Named::Email) => "a@b.example",
            Some(Named::Cas) => "7440-48-4",
            _ => "text",
        }))
        .boxed(),
        Type::LocalizedText { .. } => Just(json!({"en": "text"})).boxed(),
        Type::Code { values } => {
            let words: Vec<Value> = values.iter().map(|one| json!(one.id)).collect();
            prop::sample::select(words).boxed()
        }
        Type::Quantity { unit, min, max } => {
            let unit = unit.clone();
            let (least, most) = (min.unwrap_or(-100.0), max.unwrap_or(100.0));
            (least..=most)
                .prop_map(move |value| json!({"value": value, "unit": unit}))
                .boxed()
        }
        Type::Integer { min, max } => (min.unwrap_or(0)..=max.unwrap_or(1000))
            .prop_map(Value::from)
            .boxed(),
        Type::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Type::Date => Just(json!("2027-02-18")).boxed(),
        Type::YearMonth => Just(json!("2027-02")).boxed(),
        Type::Url => Just(json!("https://cells.example/a")).boxed(),
        Type::Document => Just(json!({"title": "text", "url": "https://cells.example/a"})).boxed(),
        Type::Record { fields } => fields
            .iter()
            .map(|field| {
                let id = field.id.clone();
                value(&field.ty).prop_map(move |value| (id.clone(), value))
            })
            .collect::<Vec<_>>()
            .prop_map(|members| Value::Object(members.into_iter().collect()))
            .boxed(),
        Type::List { of, .. } => prop::collection::vec(value(of), 1..3)
            .prop_map(Value::from)
            .boxed(),
    }
}

fn on_the_wire(attribute: &'static Attribute) -> impl Strategy<Value = Document> {
    value(&attribute.ty).prop_map(|mut value| {
        if attribute.dynamic {
            let at = json!("2027-06-01T08:00:00Z");
            match &attribute.ty {
                Type::Quantity { .. } => value["measuredAt"] = at,
                _ => value = json!({"value": value, "measuredAt": at}),
            }
        }
        let group = Document::from_iter([(attribute.id.clone(), value)]);
        Document::from_iter([(attribute.group.clone(), Value::Object(group))])
    })
}

/// A battery's own data under the first version; those that moved later are often among them.
fn battery(category: Category) -> impl Strategy<Value = Document> {
    let all = of_the_first(Level::Item, category);
    let moved: Vec<_> = all
        .iter()
        .copied()
        .filter(|one| one.until.is_some())
        .collect();
    let any_of = prop::collection::vec(prop::sample::select(all), 0..5);
    let moved = prop::sample::subsequence(moved.clone(), 0..=moved.len());
    (any_of, moved).prop_flat_map(|(some, moved)| {
        let parts: Vec<_> = some.into_iter().chain(moved).map(on_the_wire).collect();
        parts.prop_map(|parts| {
            let empty = Document::new();
            parts
                .iter()
                .fold(Document::new(), |whole, part| compose(&whole, part, &empty))
        })
    })
}

fn lmt() -> impl Strategy<Value = Document> {
    battery(Category::Lmt).prop_map(|mut document| {
        // What the record was opened for.
        if let Some(Value::Object(group)) = document.get_mut("identification") {
            group.remove("batteryCategory");
        }
        document
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_was_valid_is_valid_in_the_next_version(document in lmt()) {
        let guidance = catalogue().active_guidance();
        let under = |edition: &Edition, document: &Document| {
            validate_under(edition, Level::Item, Category::Lmt, guidance, document)
        };
        prop_assume!(under(first(), &document).is_empty());
        let mut before = first();
        let mut migrated = document.clone();
        for edition in catalogue().editions().skip(1) {
            migrated = migrate(migrated, &before.id, &edition.id);
            prop_assert_eq!(under(edition, &migrated), []);
            before = edition;
        }
        prop_assert_eq!(&newest_form(document.clone()), &migrated);
        prop_assert_eq!(&newest_form(migrated.clone()), &migrated, "a second time changes nothing");
        prop_assert_eq!(attributes(&migrated).len(), attributes(&document).len(), "nothing is lost");
        // Whoever could read a value still can, and nobody else.
        let classes = |document: &Document| -> Vec<_> {
            split(document).into_iter().map(|(class, part)| (class, attributes(&part).len())).collect()
        };
        prop_assert_eq!(classes(&migrated), classes(&document));
    }
}

#[test]
fn versions_follow_each_other_and_name_what_they_changed() {
    let ids: Vec<&str> = catalogue().editions().map(|one| one.id.as_str()).collect();
    let once: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), once.len());
    assert!(ids.len() >= 2);
    assert!(
        catalogue()
            .editions()
            .is_sorted_by_key(|edition| &edition.date)
    );
    let known = |id: &str| once.contains(id);
    for attribute in catalogue().attributes().chain(catalogue().retired()) {
        assert!(known(&attribute.since), "{}", attribute.pointer());
        assert!(
            attribute.until.as_deref().is_none_or(known),
            "{}",
            attribute.pointer()
        );
    }
}

#[test]
fn what_a_version_took_away_it_moved_elsewhere_for_the_same_people() {
    let editions: Vec<&Edition> = catalogue().editions().collect();
    let mut moved = BTreeSet::new();
    for pair in editions.windows(2) {
        for migration in &pair[1].migrations {
            let of = |edition: &Edition, pointer: &str| {
                let (group, id) = pointer[1..].split_once('/').unwrap();
                catalogue().attribute_of(edition, group, id).unwrap()
            };
            let (old, new) = (of(pair[0], &migration.from), of(pair[1], &migration.to));
            assert_eq!(old.until.as_ref(), Some(&pair[1].id), "{}", migration.from);
            assert_eq!(new.since, pair[1].id, "{}", migration.to);
            assert_eq!(
                (
                    old.class,
                    old.level,
                    &old.also,
                    old.dynamic,
                    old.point,
                    &old.written_by
                ),
                (
                    new.class,
                    new.level,
                    &new.also,
                    new.dynamic,
                    new.point,
                    &new.written_by
                )
            );
            moved.insert((pair[1].id.clone(), migration.from.clone()));
        }
    }
    for attribute in catalogue().retired() {
        let until = attribute.until.clone().unwrap();
        assert!(
            moved.contains(&(until, attribute.pointer())),
            "{}",
            attribute.pointer()
        );
    }
}

fn resistance_and_rate() -> (Document, Document) {
    let at = "2027-06-01T08:00:00Z";
    let rate = json!({"value": 2.1, "unit": "%/mo", "measuredAt": at});
    let old = json!({"condition": {
        "internalResistance": {"value": 0.11, "unit": "Ohm", "measuredAt": at},
        "selfDischargeRate": rate,
    }});
    let new = json!({"condition": {
        "internalResistance": {"value": {"pack": {"value": 0.11, "unit": "Ohm"}}, "measuredAt": at},
        "currentSelfDischargeRate": rate,
    }});
    let object = |value: Value| value.as_object().unwrap().clone();
    (object(old), object(new))
}

#[test]
fn each_version_knows_its_own_form_only() {
    let (old, new) = resistance_and_rate();
    let guidance = catalogue().active_guidance();
    let rules = |edition: &Edition, document: &Document| -> Vec<(String, String)> {
        let faults = validate_under(edition, Level::Item, Category::Lmt, guidance, document);
        faults
            .into_iter()
            .map(|fault| (fault.pointer, fault.rule))
            .collect()
    };
    assert_eq!(rules(first(), &old), []);
    assert_eq!(rules(catalogue().edition("1.1").unwrap(), &new), []);
    assert_eq!(migrate(old.clone(), "1.0", "1.1"), new);
    assert_eq!(migrate(new.clone(), "1.1", "1.0"), new, "nothing goes back");
    assert_eq!(migrate(old.clone(), "1.0", "1.0"), old);
    let refused = rules(first(), &new);
    assert!(refused.contains(&(
        "/condition/currentSelfDischargeRate".to_owned(),
        "unknown-attribute".to_owned()
    )));
    let faults = validate(Level::Item, Category::Lmt, guidance, &old);
    let unknown = faults
        .iter()
        .find(|fault| fault.rule == "unknown-attribute")
        .unwrap();
    assert!(
        unknown.expected.contains("in version 1.1 of the catalogue"),
        "{unknown:?}"
    );
}

#[test]
fn records_of_different_versions_compose_in_the_latest_of_them() {
    let (old, new) = resistance_and_rate();
    let empty = Document::new;
    let of_one = compose_editions([("1.0", empty()), ("1.0", empty()), ("1.0", old.clone())]);
    assert_eq!(of_one, old);
    let mixed = compose_editions([("1.1", empty()), ("1.0", empty()), ("1.0", old.clone())]);
    assert_eq!(mixed, new);
    let one_ahead = compose_editions([("1.0", old), ("1.0", empty()), ("1.1", empty())]);
    assert_eq!(one_ahead, new);
}

#[test]
fn how_complete_an_old_document_is_is_told_in_the_newest_form() {
    let (old, new) = resistance_and_rate();
    let guidance = catalogue().active_guidance();
    assert_eq!(
        assess(&old, Category::Lmt, guidance),
        assess(&new, Category::Lmt, guidance)
    );
}
