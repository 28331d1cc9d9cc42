//! The catalogue holds together, and agrees with the regulation's data where they are at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use passport::{Attribute, Category, Class, Field, Level, Translated, Type, Unit, catalogue};
use serde_json::Value;

fn name(attribute: &Attribute) -> String {
    attribute.pointer()
}

fn complete(texts: &Translated, of: &str) {
    for (language, text) in texts.texts() {
        assert!(!text.trim().is_empty(), "{of} in {language}");
        assert!(passport::is_plain_text(text), "{of} in {language}");
        assert_eq!(text.trim(), text, "{of} in {language}");
    }
}

/// Every type within a type, itself first.
fn types(ty: &Type) -> Vec<&Type> {
    let within: Vec<&Type> = match ty {
        Type::Record { fields } => fields.iter().flat_map(|field| types(&field.ty)).collect(),
        Type::List { of, .. } => types(of),
        _ => Vec::new(),
    };
    std::iter::once(ty).chain(within).collect()
}

fn fields(ty: &Type) -> Vec<&Field> {
    types(ty)
        .into_iter()
        .flat_map(|ty| match ty {
            Type::Record { fields } => fields.iter().collect(),
            _ => Vec::new(),
        })
        .collect()
}

#[test]
fn every_data_point_of_the_commission_has_one_attribute() {
    let points: Vec<u8> = catalogue()
        .attributes()
        .filter_map(|attribute| attribute.point)
        .collect();
    let once: BTreeSet<u8> = points.iter().copied().collect();
    assert_eq!(points.len(), once.len());
    assert_eq!(once, (1..=71).collect());
}

#[test]
fn pointers_are_unique_and_lead_back() {
    let mut seen = BTreeSet::new();
    for attribute in catalogue().attributes() {
        assert!(seen.insert(attribute.pointer()), "{}", name(attribute));
        let found = catalogue().by_pointer(&attribute.pointer()).unwrap();
        assert_eq!(found, attribute);
        for part in [&attribute.group, &attribute.id] {
            assert!(
                part.chars()
                    .all(|character| character.is_ascii_alphanumeric()),
                "{part}"
            );
        }
    }
    for nowhere in [
        "",
        "/",
        "performance/ratedCapacity",
        "/performance",
        "/performance/ratedCapacity/value",
    ] {
        assert!(catalogue().by_pointer(nowhere).is_none(), "{nowhere}");
    }
    let groups: Vec<&str> = catalogue().groups().collect();
    let once: BTreeSet<&str> = groups.iter().copied().collect();
    assert_eq!(
        groups.len(),
        once.len(),
        "the attributes of a group stand together"
    );
}

#[test]
fn every_text_is_there_in_three_languages() {
    for attribute in catalogue().attributes() {
        complete(&attribute.label, &name(attribute));
        complete(&attribute.explanation, &name(attribute));
        assert!(!attribute.source.is_empty(), "{}", name(attribute));
        for field in fields(&attribute.ty) {
            complete(&field.label, &format!("{}/{}", name(attribute), field.id));
        }
        for ty in types(&attribute.ty) {
            if let Type::Code { values } = ty {
                assert!(!values.is_empty());
                for value in values {
                    complete(&value.label, &format!("{}/{}", name(attribute), value.id));
                }
            }
        }
    }
    for event_type in catalogue().event_types() {
        complete(&event_type.label, &event_type.id);
    }
    for kind in catalogue().evidence_kinds() {
        complete(&kind.label, &kind.id);
    }
    for category in Category::ALL {
        for language in ["en", "de", "fr"] {
            assert_ne!(category.label(language), category.as_str());
        }
    }
}

#[test]
fn every_unit_is_known_and_every_known_unit_is_used() {
    let used: BTreeSet<&str> = catalogue()
        .attributes()
        .flat_map(|attribute| types(&attribute.ty))
        .filter_map(|ty| match ty {
            Type::Quantity { unit, .. } => Some(unit.as_str()),
            _ => None,
        })
        .collect();
    for unit in &used {
        assert!(catalogue().unit(unit).is_some(), "{unit}");
    }
    let known: BTreeSet<&str> = catalogue().units().map(|(code, _)| code).collect();
    assert_eq!(known, used);
}

#[test]
fn units_that_are_words_are_written_in_every_language() {
    for (code, unit) in catalogue().units() {
        if let Unit::Words { one, many } = unit {
            complete(one, code);
            complete(many, code);
        }
    }
    let name = |code: &str, singular| catalogue().unit(code).unwrap().name("de", singular);
    assert_eq!((name("a", true), name("a", false)), ("Jahr", "Jahre"));
    assert_eq!((name("A.h", true), name("A.h", false)), ("Ah", "Ah"));
    let watt = catalogue().unit("W").unwrap();
    assert!(watt.large(9_999.9).is_none());
    assert_eq!(watt.large(-10_000.0).unwrap().symbol, "kW");
}

#[test]
fn ranges_are_ranges_and_names_are_unique() {
    for attribute in catalogue().attributes() {
        for ty in types(&attribute.ty) {
            let sound = match ty {
                Type::Quantity { min, max, .. } => min.zip(*max).is_none_or(|(min, max)| min < max),
                Type::Integer { min, max } => min.zip(*max).is_none_or(|(min, max)| min < max),
                Type::Text { max, .. } | Type::LocalizedText { max } | Type::List { max, .. } => {
                    *max > 0
                }
                Type::Record { fields } => unique(fields.iter().map(|field| field.id.as_str())),
                Type::Code { values } => unique(values.iter().map(|value| value.id.as_str())),
                _ => true,
            };
            assert!(sound, "{}: {ty:?}", name(attribute));
        }
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let names: Vec<&str> = names.collect();
    names.iter().collect::<BTreeSet<_>>().len() == names.len()
}

#[test]
fn attributes_and_event_types_name_each_other() {
    for attribute in catalogue().attributes() {
        assert_eq!(
            attribute.written_by.is_empty(),
            attribute.derived.is_some(),
            "{}",
            name(attribute)
        );
        for id in &attribute.written_by {
            let event_type = catalogue()
                .event_type(id)
                .unwrap_or_else(|| panic!("{}: {id}", name(attribute)));
            assert!(event_type.may_change, "{}: {id}", name(attribute));
        }
    }
    for event_type in catalogue().event_types().filter(|one| one.may_change) {
        assert!(
            catalogue()
                .attributes()
                .any(|attribute| attribute.written_by(&event_type.id)),
            "{}",
            event_type.id
        );
    }
}

#[test]
fn whatever_is_asked_for_can_be_written_and_put_right() {
    for attribute in catalogue().attributes() {
        let created = attribute.written_by.iter().any(|id| {
            catalogue().event_type(id).is_some_and(|event_type| {
                [attribute.level]
                    .iter()
                    .chain(&attribute.also)
                    .any(|level| event_type.concerns(kind(*level)))
            })
        });
        assert!(
            created || attribute.derived.is_some(),
            "{}",
            name(attribute)
        );
    }
}

fn kind(level: Level) -> &'static str {
    match level {
        Level::Model => "model",
        Level::Batch => "batch",
        Level::Item => "passport",
    }
}

#[test]
fn event_types_speak_of_known_things() {
    let statuses = ["draft", "active", "archived", "recycled"];
    let lives = [
        "original",
        "repurposed",
        "re-used",
        "remanufactured",
        "waste",
    ];
    let subjects = ["unit", "model", "batch", "passport", "organisation"];
    let roles = [
        "economic-operator",
        "supplier",
        "service-provider",
        "repurposer",
        "waste-operator",
        "recycler",
        "purchaser",
        "market-surveillance",
        "notified-body",
        "commission",
        "customs",
        "auditor",
        "platform-operator",
    ];
    let mut seen = BTreeSet::new();
    for event_type in catalogue().event_types() {
        let id = &event_type.id;
        assert!(seen.insert(id.clone()), "{id}");
        assert!(
            !event_type.by.is_empty() && !event_type.subjects.is_empty(),
            "{id}"
        );
        assert!(
            event_type
                .from
                .iter()
                .all(|one| statuses.contains(&one.as_str())),
            "{id}"
        );
        assert!(
            event_type
                .from_battery
                .iter()
                .all(|one| lives.contains(&one.as_str())),
            "{id}"
        );
        assert!(
            event_type
                .subjects
                .iter()
                .all(|one| subjects.contains(&one.as_str())),
            "{id}"
        );
        assert!(
            event_type
                .by
                .iter()
                .all(|one| roles.contains(&one.role.as_str())),
            "{id}"
        );
        assert!(
            event_type
                .sets_record_status()
                .is_none_or(|one| statuses.contains(&one)),
            "{id}"
        );
        assert!(
            event_type
                .sets_battery_status()
                .is_none_or(|one| lives.contains(&one)),
            "{id}"
        );
    }
    let status = catalogue().attribute("condition", "batteryStatus").unwrap();
    let Type::Code { values } = &status.ty else {
        panic!("the battery status is a code");
    };
    assert_eq!(
        values
            .iter()
            .map(|value| value.id.as_str())
            .collect::<Vec<_>>(),
        lives
    );
}

#[test]
fn classes_follow_annex_xiii() {
    for attribute in catalogue().attributes() {
        let expected = match attribute.point {
            Some(1..=44) => Class::Public,
            Some(45..=49) => Class::LegitimateInterest,
            Some(50) => Class::Authority,
            Some(_) => Class::Individual,
            None => continue,
        };
        assert_eq!(attribute.class, expected, "{}", name(attribute));
        assert_eq!(
            attribute.dynamic,
            attribute.point >= Some(51),
            "{}",
            name(attribute)
        );
    }
    for attribute in catalogue().attributes() {
        if attribute.class == Class::Individual {
            assert_eq!(
                (attribute.level, attribute.also.len()),
                (Level::Item, 0),
                "{}",
                name(attribute)
            );
        }
        if attribute.group == "internal" {
            assert_eq!(attribute.class, Class::Internal);
        }
    }
}

#[test]
fn cells_of_the_guidance_are_there_once() {
    for guidance in catalogue().guidances() {
        let mut cells = BTreeSet::new();
        for entry in &guidance.cells {
            for column in &entry.columns {
                for point in &entry.points {
                    assert!((1..=71).contains(point));
                    assert!(
                        cells.insert((column, point)),
                        "{} {column} {point}",
                        guidance.version
                    );
                }
            }
        }
        let columns: BTreeSet<&String> = guidance.columns.values().collect();
        assert_eq!(cells.len(), columns.len() * 71, "{}", guidance.version);
    }
    let first = catalogue().guidance("1.0").unwrap();
    for (category, counts) in [
        (Category::Ev, [51, 8, 1, 4, 7]),
        (Category::Lmt, [54, 8, 1, 4, 4]),
        (Category::Industrial, [36, 26, 1, 4, 4]),
        (Category::Stationary, [36, 26, 1, 4, 4]),
    ] {
        assert_eq!(tally(first, category), counts, "{category}");
    }
    let second = catalogue().guidance("2.0").unwrap();
    assert_eq!(tally(second, Category::Lmt), [50, 8, 1, 0, 12]);
    assert_eq!(
        tally(second, Category::Ev),
        [0; 5],
        "what is not known is not invented"
    );
    assert_eq!(catalogue().active_guidance().version, "1.0");
}

/// How many data points are mandatory, conditional, optional, pending and not to be filled.
fn tally(guidance: &passport::Guidance, category: Category) -> [usize; 5] {
    [
        "mandatory",
        "conditional",
        "optional",
        "pending",
        "not-to-be-filled",
    ]
    .map(|kind| {
        catalogue()
            .attributes()
            .filter(|attribute| attribute.point.is_some())
            .filter_map(|attribute| attribute.obligation(guidance, category))
            .filter(|obligation| obligation.as_str() == kind)
            .count()
    })
}

/// The regulation's data beside the repository, for whoever has them.
fn reference(file: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/reference/data/regulation")
        .join(file);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: {} is not there", path.display());
    }
    text
}

#[test]
fn points_classes_and_obligations_agree_with_the_reference_where_present() {
    let Some(text) = reference("ec-datapoint-applicability.json") else {
        return;
    };
    let data: Value = serde_json::from_str(&text).unwrap();
    let guidance = catalogue().guidance("1.0").unwrap();
    let by_point: BTreeMap<u64, &Attribute> = catalogue()
        .attributes()
        .filter_map(|attribute| Some((u64::from(attribute.point?), attribute)))
        .collect();
    let points = data["dataPoints"].as_array().unwrap();
    assert_eq!(points.len(), 71);
    for point in points {
        let attribute = by_point[&point["nr"].as_u64().unwrap()];
        let classes: &[Class] = match point["accessTier"].as_str().unwrap() {
            "public" => &[Class::Public],
            "notifiedBodiesAndAuthorities" => &[Class::Authority],
            "legitimateInterest" => &[Class::LegitimateInterest, Class::Individual],
            other => panic!("{other}"),
        };
        assert!(classes.contains(&attribute.class), "{}", name(attribute));
        assert_eq!(
            point["lifecycle"] == "dynamic",
            attribute.dynamic,
            "{}",
            name(attribute)
        );
        for (column, category) in [
            ("ev", Category::Ev),
            ("lmt", Category::Lmt),
            ("industrial", Category::Industrial),
            ("industrial", Category::Stationary),
        ] {
            let expected = match point["applicability"][column]["status"].as_str().unwrap() {
                "notToBeFilled" => "not-to-be-filled",
                other => other,
            };
            let ours = attribute.obligation(guidance, category).unwrap().as_str();
            assert_eq!(ours, expected, "{} for {category}", name(attribute));
        }
    }
}

#[test]
fn the_second_guidance_agrees_with_the_reference_where_present() {
    let Some(text) = reference("commission-71-data-points-lmt.csv") else {
        return;
    };
    let guidance = catalogue().guidance("2.0").unwrap();
    let rows: Vec<&str> = text
        .lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(rows.len(), 71);
    for row in rows {
        let (number, rest) = row.split_once(',').unwrap();
        let code = match rest.strip_prefix('"') {
            // A quoted name; quotes within it are doubled.
            Some(quoted) => quoted
                .replace("\"\"", "")
                .split_once("\",")
                .unwrap()
                .1
                .to_owned(),
            None => rest.split_once(',').unwrap().1.to_owned(),
        };
        let expected = match code.split(',').next().unwrap() {
            "M" => "mandatory",
            "IA" => "conditional",
            "O" => "optional",
            "NR" => "not-to-be-filled",
            other => panic!("{row}: {other}"),
        };
        let point = number.parse().unwrap();
        let ours = guidance.obligation(point, Category::Lmt).unwrap().as_str();
        assert_eq!(ours, expected, "{row}");
    }
}

#[test]
fn who_may_turn_back_is_data() {
    let named = |may: fn(&passport::EventType) -> bool| -> Vec<&str> {
        let types = catalogue().event_types().filter(|one| may(one));
        types.map(|one| one.id.as_str()).collect()
    };
    assert_eq!(named(|one| one.corrects), ["correction"]);
    assert_eq!(named(|one| one.restarts_counters), ["bms-replaced"]);
    let replaced = catalogue().event_type("bms-replaced").unwrap();
    assert!(replaced.needs_evidence() && replaced.allowed_from("active", None));
    for attribute in catalogue().attributes().filter(|one| one.counter) {
        assert!(attribute.dynamic, "{}", name(attribute));
        assert!(attribute.written_by("bms-replaced"), "{}", name(attribute));
    }
}

/// The clauses of DIN DKE SPEC 99100:2025-02 that describe an attribute, in their order.
const CLAUSES: [&str; 93] = [
    "6.1.2.1", "6.1.2.2", "6.1.2.3", "6.1.2.4", "6.1.3.1", "6.1.3.2", "6.1.3.3", "6.1.3.4",
    "6.1.3.5", "6.1.3.6", "6.1.3.7", "6.2.2", "6.2.3", "6.2.4", "6.2.5", "6.2.6", "6.2.7", "6.2.8",
    "6.3.2", "6.3.3", "6.3.4", "6.3.5", "6.3.6", "6.3.7", "6.3.8", "6.3.9", "6.3.10", "6.4.2",
    "6.4.3", "6.4.4", "6.5.2", "6.5.3", "6.5.4", "6.5.5", "6.5.6", "6.6.1.2", "6.6.1.3", "6.6.1.4",
    "6.6.1.5", "6.6.2.3", "6.6.2.4", "6.6.2.5", "6.6.2.6", "6.6.2.7", "6.6.2.8", "6.6.2.9",
    "6.6.2.10", "6.6.2.11", "6.6.3.2", "6.6.3.3", "6.6.3.4", "6.7.2.2", "6.7.2.3", "6.7.2.4",
    "6.7.2.5", "6.7.2.6", "6.7.2.7", "6.7.2.8", "6.7.2.9", "6.7.2.10", "6.7.2.11", "6.7.3.2",
    "6.7.3.3", "6.7.3.4", "6.7.3.5", "6.7.3.6", "6.7.4.2", "6.7.4.3", "6.7.4.4", "6.7.4.5",
    "6.7.4.6", "6.7.4.7", "6.7.4.8", "6.7.5.2", "6.7.5.3", "6.7.6.2", "6.7.6.3", "6.7.6.4",
    "6.7.6.5", "6.7.6.6", "6.7.6.7", "6.7.6.8", "6.7.6.9", "6.7.7.2", "6.7.7.3", "6.7.7.4",
    "6.7.7.5", "6.7.7.6", "6.7.7.7", "6.7.7.8", "6.7.8.2", "6.7.8.3", "6.7.8.4",
];

#[test]
fn every_clause_of_the_din_specification_is_an_attributes() {
    let known: BTreeSet<&str> = CLAUSES.into_iter().collect();
    assert_eq!(known.len(), 93);
    let named: BTreeSet<&str> = catalogue()
        .attributes()
        .flat_map(|attribute| attribute.din.iter().map(String::as_str))
        .collect();
    let missing: Vec<&&str> = known.difference(&named).collect();
    assert!(missing.is_empty(), "no attribute for {missing:?}");
    let invented: Vec<&&str> = named.difference(&known).collect();
    assert!(invented.is_empty(), "no such clause {invented:?}");
}

#[test]
fn a_part_is_for_the_same_people_as_its_point_and_no_point_itself() {
    for attribute in catalogue().attributes() {
        let Some(part_of) = attribute.part_of else {
            continue;
        };
        assert_eq!(attribute.point, None, "{}", name(attribute));
        let mut all = catalogue().attributes();
        let whole = all.find(|one| one.point == Some(part_of)).unwrap();
        for guidance in catalogue().guidances() {
            for category in Category::ALL {
                let open = |one: &Attribute| passport::visible(one, guidance, category);
                assert_eq!(open(attribute), open(whole), "{}", name(attribute));
            }
        }
    }
}

#[test]
fn conditions_look_only_at_what_everybody_may_see() {
    let mut checked = 0;
    for guidance in catalogue().guidances() {
        for cells in &guidance.cells {
            let passport::Obligation::Conditional {
                when: Some(when), ..
            } = &cells.obligation
            else {
                continue;
            };
            checked += 1;
            assert!(!when.holds.is_empty() || !when.fails.is_empty());
            for sign in when.holds.iter().chain(&when.fails) {
                let passport::Sign::Value { at, field, is } = sign else {
                    continue;
                };
                let attribute = catalogue().by_pointer(at).unwrap();
                assert_eq!(attribute.class, Class::Public, "{at}");
                match (&attribute.ty, field) {
                    (Type::Code { values }, None) => {
                        assert!(
                            is.iter()
                                .all(|word| values.iter().any(|value| value.id == *word))
                        );
                    }
                    (ty, Some(field)) => assert!(fields(ty).iter().any(|one| one.id == *field)),
                    other => panic!("{at}: {other:?}"),
                }
            }
        }
    }
    assert_eq!(checked, 3);
}
