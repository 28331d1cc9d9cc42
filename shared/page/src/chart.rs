//! Shares as drawings. What a drawing shows always stands beside it in words.

use std::f64::consts::TAU;

use maud::{Markup, html};
use passport::{Attribute, Field, Type};
use serde_json::{Value, json};

use crate::Writing;

/// So many shares have a colour of their own (`.s1` and so on in the style sheet); all further ones have that of the rest.
const COLOURS: usize = 7;
/// A part of so many percent has room for its number.
const ROOM: f64 = 6.0;
/// Radius of a circle whose circumference is 100: a share in percent is a length on it.
const RADIUS: f64 = 15.915_5;
/// Where the centre stands.
const CENTRE: f64 = 21.0;
/// Left free between two parts.
const GAP: f64 = 0.6;

/// A share of a hundred as a bar beneath its value; `None` for what is no share.
pub(crate) fn bar(attribute: &Attribute, value: &Value, writing: Writing) -> Option<Markup> {
    let share = share(value)?;
    let written = writing.value(&attribute.ty, value);
    let label = attribute.label.known_in(writing.language.code());
    let label = label.unwrap_or(&attribute.label.en);
    Some(html! {
        (written)
        svg.bar role="img" viewBox="0 0 100 6" preserveAspectRatio="none" {
            title { (label) (writing.texts.notation.colon) (writing.value(&attribute.ty, value)) }
            rect.track width="100" height="6" {}
            rect.s1 width=(share) height="6" {}
        }
    })
}

/// Materials by their shares of the whole as a donut with its legend; `None` where not every one has its share, or where
/// together they are more than the whole.
pub(crate) fn donut(attribute: &Attribute, value: &Value, writing: Writing) -> Option<Markup> {
    let Type::List { of, .. } = &attribute.ty else {
        return None;
    };
    let (Type::Record { fields }, Value::Array(items)) = (&**of, value) else {
        return None;
    };
    let shares: Vec<f64> = items
        .iter()
        .map(|item| share(item.get("share")?))
        .collect::<Option<_>>()?;
    let sum: f64 = shares.iter().sum();
    if shares.is_empty() || sum > 100.0 {
        return None;
    }
    let name = |item: &Value| {
        item.get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let names: Vec<String> = items.iter().map(name).collect();
    let further: Vec<&Field> = fields
        .iter()
        .filter(|field| field.id != "name" && field.id != "share")
        .collect();
    let share_of = fields.iter().find(|field| field.id == "share")?;
    Some(html! {
        figure {
            svg.donut role="img" viewBox="0 0 42 42" {
                title { (names.join(", ")) }
                circle.track cx=(CENTRE) cy=(CENTRE) r=(RADIUS) {}
                @for (place, (share, before)) in shares.iter().zip(starts(&shares)).enumerate() { (part(place, *share, before)) }
            }
            ol.legend {
                @for (place, item) in items.iter().enumerate() {
                    li.(colour(place)) {
                        b { (names.get(place).map_or("", String::as_str)) } " "
                        @if let Some(share) = item.get("share") { (writing.value(&share_of.ty, share)) }
                        (writing.fields(further.iter().copied(), item))
                    }
                }
                @if sum < 100.0 { li.rest { (writing.texts.rest) " " (writing.value(&share_of.ty, &rest(sum))) } }
            }
        }
    })
}

/// One part, clockwise from the top, with its number where there is room for it.
fn part(place: usize, share: f64, before: f64) -> Markup {
    let middle = TAU * (before + share / 2.0) / 100.0;
    // Drawn and left out together make one round: the pattern begins anew where it began.
    let drawn = (share - GAP).max(0.2);
    let at = |offset: f64| format!("{:.1}", CENTRE + offset);
    html! {
        circle.(colour(place)) cx=(CENTRE) cy=(CENTRE) r=(RADIUS)
            stroke-dasharray=(format!("{drawn:.2} {:.2}", 100.0 - drawn)) stroke-dashoffset=(format!("{:.2}", 25.0 - before)) {}
        @if share >= ROOM {
            text x=(at(RADIUS * middle.sin())) y=(at(1.4 - RADIUS * middle.cos())) { (place + 1) }
        }
    }
}

/// What stands before each share.
fn starts(shares: &[f64]) -> impl Iterator<Item = f64> {
    shares.iter().scan(0.0, |sum, share| {
        let before = *sum;
        *sum += share;
        Some(before)
    })
}

/// What is left of the whole, to a hundredth: a sum of decimals is not exact.
fn rest(sum: f64) -> Value {
    json!({"value": ((100.0 - sum) * 100.0).round() / 100.0, "unit": "%"})
}

fn colour(place: usize) -> String {
    match place < COLOURS {
        true => format!("s{}", place + 1),
        false => "rest".to_owned(),
    }
}

/// A share in percent.
fn share(value: &Value) -> Option<f64> {
    let percent = value.get("unit")?.as_str()? == "%";
    let share = value.get("value")?.as_f64()?;
    (percent && (0.0..=100.0).contains(&share)).then_some(share)
}

#[cfg(test)]
mod tests {
    use passport::catalogue;
    use web::Language;

    use super::*;

    fn drawn(
        draw: impl Fn(&Attribute, &Value, Writing) -> Option<Markup>,
        pointer: &str,
        value: &Value,
    ) -> Option<String> {
        let attribute = catalogue().by_pointer(pointer).unwrap();
        draw(attribute, value, Writing::of(Language::EN)).map(Markup::into_string)
    }

    fn percent(value: f64) -> Value {
        json!({"value": value, "unit": "%"})
    }

    #[test]
    fn a_bar_is_as_long_as_its_share_and_says_so_in_words() {
        let bar = drawn(bar, "/circularity/recoveredNickel", &percent(12.5)).unwrap();
        assert!(bar.starts_with("12.5\u{a0}%<svg"), "{bar}");
        assert!(
            bar.contains("<title>Recovered nickel: 12.5\u{a0}%</title>"),
            "{bar}"
        );
        assert!(bar.contains("width=\"12.5\""), "{bar}");
    }

    #[test]
    fn what_is_no_share_is_not_drawn() {
        for value in [
            percent(101.0),
            percent(-1.0),
            json!({"value": 5, "unit": "kg"}),
            json!(5),
        ] {
            assert_eq!(drawn(bar, "/circularity/recoveredNickel", &value), None);
        }
    }

    #[test]
    fn a_donut_has_every_material_and_the_rest_and_its_legend_says_the_same() {
        let materials = json!([
            {"name": "Cobalt", "cas": "7440-48-4", "share": percent(6.0)},
            {"name": "<Nickel>", "share": percent(30.0)},
        ]);
        let donut = drawn(donut, "/materials/criticalRawMaterials", &materials).unwrap();
        for part in [
            "stroke-dasharray=\"5.40 94.60\" stroke-dashoffset=\"25.00\"",
            "stroke-dasharray=\"29.40 70.60\" stroke-dashoffset=\"19.00\"",
            "<title>Cobalt, &lt;Nickel&gt;</title>",
            "<b>Cobalt</b> 6\u{a0}%",
            "7440-48-4",
            "<b>&lt;Nickel&gt;</b> 30\u{a0}%",
            "Everything else 64\u{a0}%",
        ] {
            assert!(donut.contains(part), "{part} in {donut}");
        }
    }

    #[test]
    fn a_donut_is_drawn_of_all_or_not_at_all() {
        let pointer = "/materials/criticalRawMaterials";
        for materials in [
            json!([]),
            json!([{"name": "Cobalt", "share": percent(6.0)}, {"name": "Nickel"}]),
            json!([{"name": "Cobalt", "share": percent(60.0)}, {"name": "Nickel", "share": percent(60.0)}]),
            json!("Cobalt"),
        ] {
            assert_eq!(drawn(donut, pointer, &materials), None, "{materials}");
        }
        let whole = drawn(
            donut,
            pointer,
            &json!([{"name": "A", "share": percent(100.0)}]),
        );
        assert!(!whole.unwrap().contains("Everything else"));
    }
}
