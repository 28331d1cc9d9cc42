//! Ids as lines of text, and text as outlines: no viewer needs the font.

use std::fmt::Write;

use ttf_parser::{Face, OutlineBuilder};

/// In em: letters without descenders, from letter to letter, and from line to line. The font's own pitch (0.723) is for
/// machines; a person reads letters that stand closer, and they can be larger for it.
const LETTER: f64 = 0.713;
const PITCH: f64 = 0.58;
const LEADING: f64 = 1.08;
/// Of the first base line beneath the upper edge: digits are a little taller than letters.
const ASCENT: f64 = 0.79;

/// An id in groups of four, on as many lines as it takes.
#[derive(Debug)]
pub(crate) struct Lettering {
    lines: Vec<String>,
    em: f64,
}

impl Lettering {
    /// As many groups a line as fit the width with letters of the least height; a line that goes on ends with a hyphen.
    /// Where a line has room to spare, letters are as large as `usual` (an em). All in the same measure.
    pub(crate) fn fitting(grouped: &str, width: f64, least: f64, usual: f64) -> Self {
        let groups: Vec<&str> = grouped.split('-').collect();
        let smallest = least / LETTER;
        let room = |lines: &[String]| {
            let longest = lines.iter().map(String::len).max().unwrap_or_default();
            width / (as_f64(longest.max(1)) * PITCH)
        };
        let lines = (1..=groups.len())
            .rev()
            .map(|per_line| lines(&groups, per_line))
            .find(|lines| room(lines) >= smallest)
            // One group of four fits every symbol.
            .unwrap_or_else(|| lines(&groups, 1));
        let em = usual.max(smallest).min(room(&lines));
        Self { lines, em }
    }

    pub(crate) fn height(&self) -> f64 {
        as_f64(self.lines.len()) * self.em * LEADING
    }

    /// Centred over the width `side`, from `top` downwards.
    pub(crate) fn outline(&self, face: &Face<'_>, side: f64, top: f64) -> String {
        self.lines
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let line = Line::new(face, text, PITCH, self.em);
                line.centred(side, top + (as_f64(index) * LEADING + ASCENT) * self.em)
            })
            .collect()
    }
}

fn lines(groups: &[&str], per_line: usize) -> Vec<String> {
    let mut lines: Vec<String> = groups
        .chunks(per_line)
        .map(|groups| format!("{}-", groups.join("-")))
        .collect();
    if let Some(last) = lines.last_mut() {
        last.pop();
    }
    lines
}

/// A text, large, from the lower left to the upper right of the square of that side.
pub(crate) fn across(face: &Face<'_>, text: &str, side: f64) -> String {
    const PITCH: f64 = 0.723;
    let em = side * 0.9 / (as_f64(text.len()) * PITCH);
    Line::new(face, text, PITCH, em).rotated(side)
}

/// A line of text as outlines.
struct Line {
    segments: Vec<Segment>,
    width: f64,
    scale: f64,
}

enum Segment {
    Move(f64, f64),
    Line(f64, f64),
    Quadratic(f64, f64, f64, f64),
    Cubic(f64, f64, f64, f64, f64, f64),
    Close,
}

/// Collects a glyph's outline, moved along the line.
struct Pen<'a> {
    segments: &'a mut Vec<Segment>,
    offset: f64,
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.segments.push(Segment::Move(self.x(x), f64::from(y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.segments.push(Segment::Line(self.x(x), f64::from(y)));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.segments.push(Segment::Quadratic(
            self.x(x1),
            f64::from(y1),
            self.x(x),
            f64::from(y),
        ));
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let segment = Segment::Cubic(
            self.x(x1),
            f64::from(y1),
            self.x(x2),
            f64::from(y2),
            self.x(x),
            f64::from(y),
        );
        self.segments.push(segment);
    }

    fn close(&mut self) {
        self.segments.push(Segment::Close);
    }
}

impl Pen<'_> {
    fn x(&self, x: f32) -> f64 {
        self.offset + f64::from(x)
    }
}

impl Line {
    /// The text with letters of that pitch and size; each stands in the middle of its pitch.
    fn new(face: &Face<'_>, text: &str, pitch: f64, em: f64) -> Self {
        let units = f64::from(face.units_per_em());
        let mut segments = Vec::new();
        let mut offset = 0.0;
        for character in text.chars() {
            let Some(glyph) = face.glyph_index(character) else {
                continue;
            };
            let own = f64::from(face.glyph_hor_advance(glyph).unwrap_or_default());
            let mut pen = Pen {
                segments: &mut segments,
                offset: offset + (pitch * units - own) / 2.0,
            };
            face.outline_glyph(glyph, &mut pen);
            offset += pitch * units;
        }
        let scale = em / units;
        Self {
            segments,
            width: offset * scale,
            scale,
        }
    }

    /// Centred over the width `side`, on the base line `y`.
    fn centred(&self, side: f64, y: f64) -> String {
        let left = (side - self.width) / 2.0;
        self.path(|x, up| (left + x, y - up))
    }

    /// From the lower left to the upper right of the square of that side.
    fn rotated(&self, side: f64) -> String {
        let (sin, cos) = std::f64::consts::FRAC_PI_4.sin_cos();
        let (left, below) = (-self.width / 2.0, -self.width / 12.0);
        self.path(|x, up| {
            let (x, up) = (left + x, below + up);
            (
                side / 2.0 + x * cos - up * sin,
                side / 2.0 - x * sin - up * cos,
            )
        })
    }

    fn path(&self, place: impl Fn(f64, f64) -> (f64, f64)) -> String {
        let at = |x: f64, y: f64| {
            let (x, y) = place(x * self.scale, y * self.scale);
            format!("{x:.3} {y:.3}")
        };
        let mut path = String::new();
        for segment in &self.segments {
            let _ = match segment {
                Segment::Move(x, y) => write!(path, "M{}", at(*x, *y)),
                Segment::Line(x, y) => write!(path, "L{}", at(*x, *y)),
                Segment::Quadratic(a, b, x, y) => write!(path, "Q{} {}", at(*a, *b), at(*x, *y)),
                Segment::Cubic(a, b, c, d, x, y) => {
                    write!(path, "C{} {} {}", at(*a, *b), at(*c, *d), at(*x, *y))
                }
                Segment::Close => write!(path, "Z"),
            };
        }
        path
    }
}

#[allow(clippy::cast_precision_loss, reason = "a count of characters or lines")]
const fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn letters_are_never_smaller_than_asked_nor_wider_than_the_label(
            module in 0.25_f64..10.0, version in 3_u32..10, height in 1.0_f64..1.8,
        ) {
            let side = f64::from(4 * version + 17 + 8);
            for grouped in ["32XZ-AJ4P-21M1-MZ0N-3RQA", "8V4K-2M0X-Q7"] {
                let lettering = Lettering::fitting(grouped, side, height / module, 3.4);
                prop_assert!(lettering.em * LETTER * module >= height * 0.999, "{lettering:?}");
                for line in &lettering.lines {
                    prop_assert!(as_f64(line.len()) * PITCH * lettering.em <= side * 1.001, "{lettering:?}");
                }
                prop_assert_eq!(lettering.lines.concat(), grouped);
            }
        }
    }

    #[test]
    fn the_default_label_has_two_groups_a_line() {
        let lettering = Lettering::fitting("32XZ-AJ4P-21M1-MZ0N-3RQA", 41.0, 1.8 / 0.4, 3.4);
        assert_eq!(lettering.lines, ["32XZ-AJ4P-", "21M1-MZ0N-", "3RQA"]);
    }
}
