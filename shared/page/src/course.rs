//! The course of a value over time, drawn, with the same values in a table beside it.

use maud::{Markup, html};
use passport::{Attribute, Type};
use serde_json::{Value, json};

use crate::{Writing, time};

/// More values are not drawn: on a phone no more could be told apart.
const MOST: usize = 120;
/// Of more values the line alone is drawn: dots would run into each other.
const DOTS: usize = 40;
/// The drawing's own measures: it is stretched to whatever room there is.
const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 400.0;
/// Lines across, about.
const LINES: f64 = 4.0;

/// A value and when it was measured.
#[derive(Debug, Clone)]
pub struct Point {
    /// In milliseconds since 1970.
    pub at: i64,
    /// The same as RFC 3339 in UTC.
    pub time: String,
    /// The reading: a quantity, or a number beside its time.
    pub value: Value,
}

impl Point {
    fn number(&self) -> Option<f64> {
        self.value.get("value")?.as_f64()
    }
}

/// The course of a number over time, oldest first; `None` where there is nothing to draw. Of many values those are drawn that
/// show the course, always the same ones.
#[must_use]
pub fn course(attribute: &Attribute, points: &[Point], writing: Writing) -> Option<Markup> {
    let numbers: Option<Vec<(i64, f64)>> = points
        .iter()
        .map(|point| Some((point.at, point.number()?)))
        .collect();
    let numbers = numbers?;
    let kept = telling(&numbers, MOST);
    let drawn: Vec<&Point> = kept.iter().filter_map(|place| points.get(*place)).collect();
    let numbers: Vec<(i64, f64)> = kept
        .iter()
        .filter_map(|place| numbers.get(*place).copied())
        .collect();
    let (first, last) = (drawn.first()?, drawn.last()?);
    let scale = Scale::of(numbers.iter().map(|(_, number)| *number))?;
    let texts = &writing.texts.rights;
    let colon = &writing.texts.notation.colon;
    let label = attribute.label.known_in(writing.language.code());
    let label = label.unwrap_or(&attribute.label.en);
    let written = |point: &Point| writing.value(&attribute.ty, &point.value);
    let day = |point: &Point| {
        let day = point.time.get(..10).unwrap_or_default();
        writing.texts.notation.date(day).unwrap_or_default()
    };
    let extreme = |most: fn(&f64, &f64) -> std::cmp::Ordering| {
        let places = numbers.iter().zip(&drawn);
        places
            .max_by(|((_, one), _), ((_, other), _)| most(one, other))
            .map(|(_, point)| *point)
    };
    let (lowest, highest) = (
        extreme(|one, other| other.total_cmp(one))?,
        extreme(f64::total_cmp)?,
    );
    Some(html! {
        figure.course {
            figcaption { (writing.words(&attribute.label)) }
            div.plot {
                ol aria-hidden="true" { @for tick in scale.ticks() { li { (writing.value(&attribute.ty, &scale.value(tick, &attribute.ty))) } } }
                svg role="img" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" {
                    title { (label) (colon) (written(first)) " (" (day(first)) ") – " (written(last)) " (" (day(last)) ")" }
                    desc { (written(lowest)) " – " (written(highest)) }
                    path.grid d=(scale.grid()) {}
                    path.line d=(scale.line(&numbers)) {}
                    @if drawn.len() <= DOTS { path.dots d=(scale.dots(&numbers)) {} }
                }
                p.ends aria-hidden="true" { span { (day(first)) } @if drawn.len() > 1 { span { (day(last)) } } }
            }
            @if drawn.len() < points.len() { p.name { (texts.thinned) } }
            details {
                summary { (texts.table) }
                table {
                    thead { tr { th scope="col" { (texts.measured) } th scope="col" { (label) } } }
                    tbody { @for point in drawn.iter().rev() {
                        tr { th scope="row" { (time(&point.time, writing.texts.notation.time(&point.time))) } td { (written(point)) } }
                    } }
                }
            }
        }
    })
}

/// From where to where the drawing goes, in steps that are easily read.
struct Scale {
    from: f64,
    step: f64,
    steps: u32,
    decimals: usize,
}

impl Scale {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number of steps is small and positive, and of decimals too"
    )]
    fn of(numbers: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let low = numbers.clone().min_by(f64::total_cmp)?;
        let high = numbers.max_by(f64::total_cmp)?;
        // Numbers that hardly differ do not look as if they did.
        let range = (high - low).max(high.abs() / 50.0).max(1e-6);
        let low = low.min(high - range);
        let magnitude = 10_f64.powf((range / LINES).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * magnitude)
            .find(|step| *step >= range / LINES)?;
        let from = (low / step).floor() * step;
        let steps = ((high - from) / step).ceil().max(1.0);
        let decimals = (-step.log10().floor()).max(0.0);
        (from.is_finite() && steps <= 20.0).then_some(Self {
            from,
            step,
            steps: steps as u32,
            decimals: decimals as usize,
        })
    }

    /// From the top down.
    fn ticks(&self) -> impl Iterator<Item = u32> {
        (0..=self.steps).rev()
    }

    fn number(&self, tick: u32) -> f64 {
        self.from + self.step * f64::from(tick)
    }

    /// What stands beside a line, as a value of the attribute.
    fn value(&self, tick: u32, ty: &Type) -> Value {
        let decimals = self.decimals;
        let text = format!("{:.decimals$}", self.number(tick));
        let number = match text.parse::<i64>() {
            Ok(whole) => json!(whole),
            Err(_) => json!(text.parse::<f64>().unwrap_or_default()),
        };
        match ty {
            Type::Quantity { .. } => json!({ "value": number }),
            _ => number,
        }
    }

    fn y(&self, number: f64) -> f64 {
        HEIGHT - (number - self.from) / (self.step * f64::from(self.steps)) * HEIGHT
    }

    fn grid(&self) -> String {
        let heights = (1..=self.steps).map(|tick| self.y(self.number(tick)));
        heights.map(|y| format!("M0 {y:.1}H{WIDTH}")).collect()
    }

    fn line(&self, numbers: &[(i64, f64)]) -> String {
        let places = self.places(numbers).into_iter().enumerate();
        places
            .map(|(place, (x, y))| format!("{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' }))
            .collect()
    }

    /// A line without length with round ends is a dot, round however the drawing is stretched.
    fn dots(&self, numbers: &[(i64, f64)]) -> String {
        let places = self.places(numbers).into_iter();
        places.map(|(x, y)| format!("M{x:.1} {y:.1}h0")).collect()
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 are exact in a double"
    )]
    fn places(&self, numbers: &[(i64, f64)]) -> Vec<(f64, f64)> {
        let (Some((first, _)), Some((last, _))) = (numbers.first(), numbers.last()) else {
            return Vec::new();
        };
        let span = (last - first) as f64;
        let x = |at: i64| match span > 0.0 {
            true => (at - first) as f64 / span * WIDTH,
            false => WIDTH / 2.0,
        };
        let places = numbers.iter().map(|(at, number)| (x(*at), self.y(*number)));
        places.collect()
    }
}

/// The places of those of many points that show the course best: largest triangle, three buckets (S. Steinarsson, 2013). The
/// first and the last are among them.
#[allow(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 are exact in a double"
)]
fn telling(points: &[(i64, f64)], most: usize) -> Vec<usize> {
    if points.len() <= most || most < 3 {
        return (0..points.len()).collect();
    }
    let buckets = most - 2;
    let inner = points.len() - 2;
    let start = |bucket: usize| 1 + bucket * inner / buckets;
    let of = |places: std::ops::Range<usize>| points.get(places).unwrap_or_default();
    let mut kept = vec![0];
    let mut before = points.first().copied().unwrap_or_default();
    for bucket in 0..buckets {
        let next = of(start(bucket + 1)..start(bucket + 2).min(points.len()));
        let next = if next.is_empty() {
            of(points.len() - 1..points.len())
        } else {
            next
        };
        let count = next.len().max(1) as f64;
        let mean_at = next.iter().map(|(at, _)| *at as f64).sum::<f64>() / count;
        let mean = next.iter().map(|(_, number)| number).sum::<f64>() / count;
        let area = |(at, number): (i64, f64)| {
            let (across, along) = ((before.0 - at) as f64, before.0 as f64 - mean_at);
            (along * (number - before.1) + across * (before.1 - mean)).abs()
        };
        let places = start(bucket)..start(bucket + 1);
        let largest = places
            .filter_map(|place| Some((place, *points.get(place)?)))
            .max_by(|(_, one), (_, other)| area(*one).total_cmp(&area(*other)));
        if let Some((place, point)) = largest {
            kept.push(place);
            before = point;
        }
    }
    kept.push(points.len() - 1);
    kept
}

#[cfg(test)]
mod tests {
    use passport::catalogue;
    use proptest::prelude::*;
    use web::Language;

    use super::*;

    const HEALTH: &str = "/condition/stateOfCertifiedEnergy";

    fn drawn(points: &[Point]) -> Option<String> {
        let attribute = catalogue().by_pointer(HEALTH).unwrap();
        let drawn = course(attribute, points, Writing::of(Language::EN));
        drawn.map(Markup::into_string)
    }

    fn point(month: i64, percent: f64) -> Point {
        let at = 1_800_000_000_000 + month * 2_592_000_000;
        let time = jiff(at);
        let value = json!({"value": percent, "unit": "%", "measuredAt": time});
        Point { at, time, value }
    }

    fn jiff(at: i64) -> String {
        ledger::Timestamp::from_millisecond(at).to_string()
    }

    #[test]
    fn a_course_is_drawn_and_says_the_same_in_words() {
        let drawn = drawn(&[point(0, 100.0), point(1, 98.5), point(2, 97.0)]).unwrap();
        for part in [
            "<figcaption>State of certified energy</figcaption>",
            "<title>State of certified energy: 100\u{a0}% (15 January 2027) – 97\u{a0}% (16 March 2027)</title>",
            "<desc>97\u{a0}% – 100\u{a0}%</desc>",
            "<li>100\u{a0}%</li><li>99\u{a0}%</li><li>98\u{a0}%</li><li>97\u{a0}%</li></ol>",
            "<path class=\"line\" d=\"M0.0 0.0L500.0 200.0L1000.0 400.0\">",
            "98.5\u{a0}%</td>",
        ] {
            assert!(drawn.contains(part), "{part} in {drawn}");
        }
        assert!(!drawn.contains(&texts_of_thinned()), "{drawn}");
    }

    fn texts_of_thinned() -> String {
        Writing::of(Language::EN).texts.rights.thinned.clone()
    }

    #[test]
    fn one_value_is_a_dot_and_none_is_nothing() {
        assert_eq!(drawn(&[]), None);
        let one = drawn(&[point(0, 99.0)]).unwrap();
        assert!(one.contains("d=\"M500.0 "), "{one}");
        let mut text = point(0, 99.0);
        text.value = json!({"value": "<b>"});
        assert_eq!(drawn(&[text]), None);
    }

    #[test]
    fn of_many_values_a_fixed_number_is_drawn_and_it_says_so() {
        let many: Vec<Point> = (0..5_000)
            .map(|month| point(month, 100.0 - month as f64 / 100.0))
            .collect();
        let page = drawn(&many).unwrap();
        assert!(page.contains(&texts_of_thinned()) && !page.contains("\"dots\""));
        assert_eq!(page.matches("<tr>").count(), MOST + 1);
    }

    proptest! {
        #[test]
        fn those_that_are_kept_are_in_order_with_both_ends_and_every_peak(
            numbers in proptest::collection::vec(0_i32..1_000, 3..600),
            most in 3_usize..60,
            peak in any::<proptest::sample::Index>(),
        ) {
            let mut points: Vec<(i64, f64)> = numbers.iter().zip(0..).map(|(number, at)| (at, f64::from(*number))).collect();
            let peak = peak.index(points.len());
            points[peak].1 = 1e6;
            let kept = telling(&points, most);
            prop_assert_eq!(kept.len(), points.len().min(most));
            prop_assert!(kept.is_sorted_by(|one, other| one < other));
            prop_assert_eq!(kept.first(), Some(&0));
            prop_assert_eq!(kept.last(), Some(&(points.len() - 1)));
            prop_assert!(kept.contains(&peak));
            prop_assert_eq!(kept, telling(&points, most));
        }

        #[test]
        fn a_scale_holds_every_number(numbers in proptest::collection::vec(-1e9_f64..1e9, 1..50)) {
            let scale = Scale::of(numbers.iter().copied()).unwrap();
            for number in &numbers {
                let y = scale.y(*number);
                prop_assert!((-0.01..=HEIGHT + 0.01).contains(&y), "{}", y);
            }
            prop_assert!(scale.ticks().count() <= 8);
        }
    }
}
