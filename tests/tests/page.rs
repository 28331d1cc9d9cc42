//! The public page of a full passport: in every language small, in order, and silent about what needs rights.

use passport::{Attribute, Class, Level, Type, catalogue};
use serde_json::{Value, json};
use tests::Stage;
use tests::full::{LEVELS, document, is_valid, on_the_market};
use web::Language;

/// What fits into the first flight of packets of a connection (RFC 6928: ten segments).
const FIRST_FLIGHT: usize = 14 << 10;

/// Puts something that stands nowhere else into every text and number within a value, and notes it as a page would write it.
fn mark(ty: &Type, value: &mut Value, count: &mut usize, marks: &mut Vec<String>) {
    match (ty, value) {
        (Type::Quantity { .. }, Value::Object(quantity)) => {
            *count += 1;
            let number = 41.0 + f64::from(u32::try_from(*count).unwrap()) / 1e4 + 1e-6;
            let _ = quantity.insert("value".to_owned(), json!(number));
            marks.push(number.to_string());
        }
        (Type::Text { .. }, value @ Value::String(_)) => {
            *count += 1;
            let text = format!("canary {count} of a restricted class");
            *value = json!(text);
            marks.push(text);
        }
        (Type::LocalizedText { .. }, Value::Object(texts)) => {
            for text in texts.values_mut() {
                mark(
                    &Type::Text {
                        max: 0,
                        names: None,
                    },
                    text,
                    count,
                    marks,
                );
            }
        }
        (Type::Document, Value::Object(document)) => {
            for member in ["title", "url"] {
                if let Some(text) = document.get_mut(member) {
                    mark(
                        &Type::Text {
                            max: 0,
                            names: None,
                        },
                        text,
                        count,
                        marks,
                    );
                    let canary = marks.pop().unwrap();
                    *text = match member {
                        "url" => json!(format!("https://canary-{count}.example/")),
                        _ => json!(canary),
                    };
                    marks.push(text.as_str().unwrap().to_owned());
                }
            }
        }
        (Type::Record { fields }, Value::Object(members)) => {
            for field in fields {
                if let Some(member) = members.get_mut(&field.id) {
                    mark(&field.ty, member, count, marks);
                }
            }
        }
        (Type::List { of, .. }, Value::Array(items)) => {
            for item in items {
                mark(of, item, count, marks);
            }
        }
        _ => {}
    }
}

/// The data of a level with every restricted value marked that can be, and the marks.
fn marked(level: Level, count: &mut usize) -> (Value, Vec<String>) {
    let mut data = Value::Object(document(level));
    let mut all = Vec::new();
    for attribute in restricted() {
        let pointer = attribute.pointer();
        let Some(value) = data.pointer(&pointer).cloned() else {
            continue;
        };
        let mut marks = Vec::new();
        let mut changed = value.clone();
        let nested = attribute.dynamic && !matches!(attribute.ty, Type::Quantity { .. });
        match nested.then(|| changed.get_mut("value")).flatten() {
            Some(inner) => mark(&attribute.ty, inner, count, &mut marks),
            None => mark(&attribute.ty, &mut changed, count, &mut marks),
        }
        *data.pointer_mut(&pointer).unwrap() = changed;
        match is_valid(level, &data) {
            true => all.extend(marks),
            false => *data.pointer_mut(&pointer).unwrap() = value,
        }
    }
    (data, all)
}

fn restricted() -> impl Iterator<Item = &'static Attribute> {
    catalogue()
        .attributes()
        .filter(|attribute| attribute.class != Class::Public)
}

async fn page(stage: &Stage, unit: &str, language: Language) -> String {
    let path = format!("/{unit}?lang={}", language.code());
    stage.public().browse(&path).await.expect(200).text
}

#[tokio::test]
async fn neither_label_nor_value_of_a_restricted_class_shows() {
    let stage = Stage::start().await;
    let mut count = 0;
    let [(model, on_model), (batch, on_batch), (item, on_item)] =
        LEVELS.map(|level| marked(level, &mut count));
    let marks = [on_model, on_batch, on_item].concat();
    assert!(marks.len() > 40, "{}", marks.len());
    let unit = on_the_market(&stage.maker(), [model, batch, item], "complete").await;
    let public: Vec<&str> = catalogue()
        .attributes()
        .filter(|attribute| attribute.class == Class::Public)
        .map(|attribute| attribute.label.en.as_str())
        .collect();
    for language in Language::ALL {
        let page = page(&stage, &unit, language).await;
        for mark in &marks {
            let written = mark.replace('.', ",");
            assert!(!page.contains(mark.as_str()), "{language:?}: {mark}");
            assert!(!page.contains(&written), "{language:?}: {written}");
        }
        for attribute in restricted().filter(|one| !public.contains(&one.label.en.as_str())) {
            for label in [
                attribute.label.known_in(language.code()).unwrap(),
                &attribute.label.en,
            ] {
                assert!(
                    !page.contains(&format!(">{label}<")),
                    "{language:?}: {label}"
                );
            }
            let explanation = attribute.explanation.get(language.code());
            assert!(!page.contains(explanation), "{language:?}: {explanation}");
        }
        for class in ["2", "3", "4"] {
            let readers = &page::texts(language).readers[class];
            assert!(page.contains(readers.as_str()), "{language:?}: {readers}");
        }
    }
}

#[tokio::test]
async fn a_full_passport_fits_into_the_first_flight_in_every_language() {
    let stage = Stage::start().await;
    let data = LEVELS.map(|level| Value::Object(document(level)));
    let unit = on_the_market(&stage.maker(), data, "complete").await;
    let mut largest = (0, "");
    for language in Language::ALL {
        let path = format!("/{unit}?lang={}", language.code());
        let headers = [("accept", "text/html"), ("accept-encoding", "gzip")];
        let public = stage.public();
        let page = public.call("GET", &path, &headers, None).await.expect(200);
        assert_eq!(page.header("content-encoding"), "gzip");
        assert_eq!(page.header("content-language"), language.code());
        assert!(
            page.length < FIRST_FLIGHT,
            "{language:?}: {} bytes",
            page.length
        );
        largest = largest.max((page.length, language.code()));
    }
    println!("largest: {largest:?}");
}

#[tokio::test]
async fn a_page_leads_to_every_other_language_and_is_in_the_one_asked_for() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let unit = &seeded.batteries[0].unit;
    for language in Language::ALL {
        let page = page(&stage, unit, language).await;
        let texts = page::texts(language);
        for text in [
            &texts.title,
            &texts.restricted,
            &texts.in_force,
            &texts.summary["fire"],
        ] {
            assert!(
                page.contains(&text.replace('"', "&quot;")),
                "{language:?}: {text}"
            );
        }
        assert!(page.contains(&format!("<html lang=\"{}\">", language.code())));
        for other in Language::ALL.into_iter().filter(|other| *other != language) {
            let (code, name) = (other.code(), other.name());
            let link =
                format!("<a href=\"?lang={code}\" hreflang=\"{code}\" lang=\"{code}\">{name}</a>");
            assert!(page.contains(&link), "{language:?}: {link}");
        }
    }
}

#[tokio::test]
async fn the_label_of_a_digital_link_stays_when_the_language_changes() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    stage.maker().link_gtin(&battery.unit).await;
    let label = &battery.label;
    let path = format!("/01/09521234000013/21/{}?91={label}&lang=sl", battery.unit);
    let page = stage.public().browse(&path).await.expect(200).text;
    let valid = &page::texts(Language::of("sl").unwrap()).label_current;
    assert!(page.contains(valid.as_str()), "{page}");
    assert!(
        page.contains(&format!("href=\"?91={label}&amp;lang=hr\"")),
        "{page}"
    );
}

#[tokio::test]
async fn what_stands_first_is_drawn_and_in_order() {
    let stage = Stage::start().await;
    let data = LEVELS.map(|level| Value::Object(document(level)));
    let unit = on_the_market(&stage.maker(), data, "complete").await;
    let page = page(&stage, &unit, Language::EN).await;
    let mut rest = page.as_str();
    for heading in [
        "Passport in force",
        "Not recalled",
        "In case of fire",
        "The battery",
        "What it is made of",
        "<svg class=\"donut\"",
        "Recycled content",
        "<svg class=\"bar\"",
        "Hazardous substances",
        "At the end of its life",
        "Made by",
        "Documents",
        "<details class=\"group\"",
        "More data exist",
    ] {
        let Some((_, after)) = rest.split_once(heading) else {
            panic!("{heading} is not there, or too early: {page}");
        };
        rest = after;
    }
}
