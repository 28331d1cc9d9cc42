//! Outlines: what is drawn, in every format the same.

use std::fmt::Write;

use tiny_skia::PathBuilder;
use ttf_parser::OutlineBuilder;

/// Straight pieces that one curve becomes where a format knows no curves.
const PIECES: u32 = 6;
/// Length of a circle's handles, of its radius.
const CIRCLE: f64 = 0.552_284_75;

/// A place; y grows downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point(pub(crate) f64, pub(crate) f64);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Segment {
    Move(Point),
    Line(Point),
    Cubic(Point, Point, Point),
    Close,
}

/// Closed shapes, filled where they wind (nonzero).
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Outline(pub(crate) Vec<Segment>);

impl Outline {
    pub(crate) fn polygon(points: &[(f64, f64)]) -> Self {
        let lines = points
            .iter()
            .enumerate()
            .map(|(index, &(x, y))| match index {
                0 => Segment::Move(Point(x, y)),
                _ => Segment::Line(Point(x, y)),
            });
        Self(lines.chain([Segment::Close]).collect())
    }

    pub(crate) fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Self {
        let (right, bottom) = (x + width, y + height);
        Self::polygon(&[(x, y), (right, y), (right, bottom), (x, bottom)])
    }

    pub(crate) fn circle(x: f64, y: f64, radius: f64) -> Self {
        let at = |right: f64, down: f64| Point(x + right * radius, y + down * radius);
        let quarter = |(a, b): (f64, f64), (c, d): (f64, f64)| {
            Segment::Cubic(
                at(a + c * CIRCLE, b + d * CIRCLE),
                at(c + a * CIRCLE, d + b * CIRCLE),
                at(c, d),
            )
        };
        Self(vec![
            Segment::Move(at(1.0, 0.0)),
            quarter((1.0, 0.0), (0.0, 1.0)),
            quarter((0.0, 1.0), (-1.0, 0.0)),
            quarter((-1.0, 0.0), (0.0, -1.0)),
            quarter((0.0, -1.0), (1.0, 0.0)),
            Segment::Close,
        ])
    }

    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Every point moved.
    pub(crate) fn placed(&self, place: impl Fn(Point) -> Point) -> Self {
        let segments = self.0.iter().map(|segment| match *segment {
            Segment::Move(to) => Segment::Move(place(to)),
            Segment::Line(to) => Segment::Line(place(to)),
            Segment::Cubic(a, b, to) => Segment::Cubic(place(a), place(b), place(to)),
            Segment::Close => Segment::Close,
        });
        Self(segments.collect())
    }

    /// Its upper left and lower right corner.
    pub(crate) fn bounds(&self) -> (Point, Point) {
        let none = (
            Point(f64::INFINITY, f64::INFINITY),
            Point(f64::NEG_INFINITY, f64::NEG_INFINITY),
        );
        let points = self.polygons().into_iter().flatten();
        points.fold(none, |(least, most), Point(x, y)| {
            (
                Point(least.0.min(x), least.1.min(y)),
                Point(most.0.max(x), most.1.max(y)),
            )
        })
    }

    /// As the `d` of an SVG path.
    pub(crate) fn svg(&self) -> String {
        let mut path = String::new();
        for segment in &self.0 {
            let _ = match *segment {
                Segment::Move(Point(x, y)) => write!(path, "M{x:.3} {y:.3}"),
                Segment::Line(Point(x, y)) => write!(path, "L{x:.3} {y:.3}"),
                Segment::Cubic(a, b, to) => write!(
                    path,
                    "C{:.3} {:.3} {:.3} {:.3} {:.3} {:.3}",
                    a.0, a.1, b.0, b.1, to.0, to.1
                ),
                Segment::Close => write!(path, "Z"),
            };
        }
        path
    }

    /// For a picture of that many pixels a unit.
    pub(crate) fn in_pixels(&self, pixels: f64) -> Option<tiny_skia::Path> {
        let at = |Point(x, y): Point| (as_f32(x * pixels), as_f32(y * pixels));
        let mut path = PathBuilder::new();
        for segment in &self.0 {
            match *segment {
                Segment::Move(to) => {
                    let (x, y) = at(to);
                    path.move_to(x, y);
                }
                Segment::Line(to) => {
                    let (x, y) = at(to);
                    path.line_to(x, y);
                }
                Segment::Cubic(a, b, to) => {
                    let ((a, b), (c, d), (x, y)) = (at(a), at(b), at(to));
                    path.cubic_to(a, b, c, d, x, y);
                }
                Segment::Close => path.close(),
            }
        }
        path.finish()
    }

    /// As closed polygons of straight lines.
    pub(crate) fn polygons(&self) -> Vec<Vec<Point>> {
        let mut polygons: Vec<Vec<Point>> = Vec::new();
        for segment in &self.0 {
            let Some(polygon) = polygons.last_mut() else {
                if let Segment::Move(to) = *segment {
                    polygons.push(vec![to]);
                }
                continue;
            };
            match *segment {
                Segment::Move(to) => polygons.push(vec![to]),
                Segment::Line(to) => polygon.push(to),
                Segment::Cubic(a, b, to) => {
                    let from = polygon.last().copied().unwrap_or(to);
                    polygon.extend((1..=PIECES).map(|piece| {
                        on_curve([from, a, b, to], f64::from(piece) / f64::from(PIECES))
                    }));
                }
                Segment::Close => {}
            }
        }
        polygons
    }
}

fn on_curve(points: [Point; 4], at: f64) -> Point {
    let rest = 1.0 - at;
    let weights = [
        rest * rest * rest,
        3.0 * rest * rest * at,
        3.0 * rest * at * at,
        at * at * at,
    ];
    points
        .into_iter()
        .zip(weights)
        .fold(Point(0.0, 0.0), |sum, (point, weight)| {
            Point(sum.0 + point.0 * weight, sum.1 + point.1 * weight)
        })
}

#[allow(clippy::cast_possible_truncation, reason = "a picture's coordinate")]
pub(crate) const fn as_f32(value: f64) -> f32 {
    value as f32
}

/// Takes a glyph's outline from a font, where y grows upwards.
#[derive(Default)]
pub(crate) struct Pen {
    outline: Outline,
    at: (f32, f32),
}

impl Pen {
    pub(crate) fn finish(self) -> Outline {
        self.outline
    }

    fn point(x: f32, y: f32) -> Point {
        Point(f64::from(x), -f64::from(y))
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.outline.0.push(Segment::Move(Self::point(x, y)));
        self.at = (x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.outline.0.push(Segment::Line(Self::point(x, y)));
        self.at = (x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let towards = |end: f32, handle: f32| end + (handle - end) * 2.0 / 3.0;
        let (from_x, from_y) = self.at;
        self.curve_to(
            towards(from_x, x1),
            towards(from_y, y1),
            towards(x, x1),
            towards(y, y1),
            x,
            y,
        );
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.outline.0.push(Segment::Cubic(
            Self::point(x1, y1),
            Self::point(x2, y2),
            Self::point(x, y),
        ));
        self.at = (x, y);
    }

    fn close(&mut self) {
        self.outline.0.push(Segment::Close);
    }
}
