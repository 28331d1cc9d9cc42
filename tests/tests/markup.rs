//! Markup in a value is shown, not run: whatever text somebody writes into a passport, a page shows it letter by letter.

use passport::{Class, Level, Type, catalogue};
use serde_json::{Value, json};
use tests::Stage;
use tests::full::{LEVELS, document, is_valid, on_the_market};

/// Markup of every kind that fits, with a number of its own.
fn markup(number: usize, longest: usize) -> String {
    let whole = format!("<script>alert({number})</script><img src=x onerror=alert({number})>\"'&");
    let short = format!("<b>{number}</b>");
    match longest {
        _ if whole.len() <= longest => whole,
        _ if short.len() <= longest => short,
        _ => "<".repeat(longest),
    }
}

/// Puts markup in every text within a value, and notes where.
fn spoil(ty: &Type, value: &mut Value, pointer: &str, places: &mut Vec<(String, usize)>) {
    match (ty, value) {
        (Type::Text { max, .. }, value @ Value::String(_)) => {
            *value = json!("");
            places.push((pointer.to_owned(), *max));
        }
        (Type::LocalizedText { max }, Value::Object(texts)) => {
            places.extend(
                texts
                    .keys()
                    .map(|language| (format!("{pointer}/{language}"), *max)),
            );
        }
        (Type::Document, Value::Object(_)) => places.push((format!("{pointer}/title"), 200)),
        (Type::Record { fields }, Value::Object(members)) => {
            for field in fields {
                if let Some(member) = members.get_mut(&field.id) {
                    spoil(
                        &field.ty,
                        member,
                        &format!("{pointer}/{}", field.id),
                        places,
                    );
                }
            }
        }
        (Type::List { of, .. }, Value::Array(elements)) => {
            for (index, element) in elements.iter_mut().enumerate() {
                spoil(of, element, &format!("{pointer}/{index}"), places);
            }
        }
        _ => {}
    }
}

/// The generated battery with markup in every text that takes any, and what stands where.
fn spoilt(level: Level, numbers: &mut usize) -> (Value, Vec<(String, String)>) {
    let mut document = Value::Object(document(level));
    let mut spoilt = Vec::new();
    let good = document.clone();
    for attribute in catalogue().attributes() {
        let pointer = attribute.pointer();
        let Some(value) = document.pointer(&pointer).cloned() else {
            continue;
        };
        let (inner, within) = match attribute.dynamic && value.get("value").is_some() {
            true => (value["value"].clone(), format!("{pointer}/value")),
            false => (value, pointer),
        };
        let mut places = Vec::new();
        spoil(&attribute.ty, &mut inner.clone(), &within, &mut places);
        for (place, longest) in places {
            *numbers += 1;
            let text = markup(*numbers, longest);
            *document.pointer_mut(&place).unwrap() = json!(text);
            // A text that has to have a form takes no markup: it stays as it was.
            match is_valid(level, &document) {
                true => spoilt.push((place, text)),
                false => {
                    *document.pointer_mut(&place).unwrap() = good.pointer(&place).unwrap().clone()
                }
            }
        }
    }
    (document, spoilt)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[tokio::test]
async fn markup_in_every_text_is_shown_as_text() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let mut numbers = 0;
    let [(model, on_model), (batch, on_batch), (item, on_item)] =
        LEVELS.map(|level| spoilt(level, &mut numbers));
    let places = [on_model, on_batch, on_item].concat();
    assert!(places.len() > 40, "{places:?}");
    let unit = on_the_market(&maker, [model, batch, item], "<script>").await;
    let mut shown = 0;
    for language in ["en", "de", "fr"] {
        let page = stage
            .public()
            .browse(&format!("/{unit}?lang={language}"))
            .await
            .expect(200)
            .text;
        for unescaped in ["<script", "<img", "<b>", "onerror=alert(1)>\""] {
            // The page itself has no script; the names of a legend are bold.
            let own = usize::from(unescaped == "<b>") * page.matches("<li class=\"s").count();
            assert_eq!(
                page.matches(unescaped).count(),
                own,
                "{language}: {unescaped}"
            );
        }
        for (place, text) in &places {
            let mut names = place.split('/').skip(1);
            let attribute = catalogue()
                .attribute(names.next().unwrap(), names.next().unwrap())
                .unwrap();
            let of_another_language = ["/en", "/de", "/fr"]
                .iter()
                .any(|end| place.ends_with(end) && !place.ends_with(language));
            if attribute.class == Class::Public && !of_another_language {
                assert!(page.contains(&escaped(text)), "{language}: {place} {text}");
                shown += 1;
            } else if text.starts_with("<script") {
                assert!(!page.contains(&escaped(text)), "{language}: {place} {text}");
            }
        }
    }
    assert!(shown > 60, "{shown}");
}
