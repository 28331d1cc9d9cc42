//! The course of the state of health.

use maud::{Markup, html};
use page::{Point, Writing, course, health};
use web::{Caller, Platform, Problem};

use crate::readings;
use crate::view::Loaded;

/// Most readings of one attribute that are looked at: one a day for a quarter of a century.
const MOST: usize = 10_000;

/// The course of each attribute that tells of the state of health, as far as this caller may read it.
pub(super) async fn of(
    platform: &Platform,
    caller: &Caller,
    loaded: &Loaded,
    writing: Writing,
) -> Result<Markup, Problem> {
    let mut drawn = Vec::new();
    for attribute in health() {
        let readings = readings::course(platform, caller, loaded, attribute, MOST).await?;
        let points = readings.into_iter().map(|stored| Point {
            at: stored.at.as_millisecond(),
            time: stored.at.to_string(),
            value: stored.reading.value,
        });
        let points: Vec<Point> = points.collect();
        drawn.extend(course(attribute, &points, writing));
    }
    Ok(html! {
        @if !drawn.is_empty() {
            section #health {
                h2 { (writing.texts.rights.health) }
                @for drawing in &drawn { (drawing) }
            }
        }
    })
}
