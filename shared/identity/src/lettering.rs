//! Ids as lines of text, and text as outlines: no viewer needs the font.
//!
//! Letters are OCR-B (ISO 1073-2), as EN 18220 asks for human-readable text.

use ttf_parser::{Face, FaceParsingError};

use crate::outline::{Outline, Pen, Point};

const FONT: &[u8] = include_bytes!("../fonts/OCRB.otf");
/// In em: letters without descenders, from letter to letter, and from line to line. The font's own pitch (0.723) is for
/// machines; a person reads letters that stand closer, and they can be larger for it.
const LETTER: f64 = 0.713;
pub(crate) const PITCH: f64 = 0.58;
const LEADING: f64 = 1.08;
/// Of the first base line beneath the upper edge: digits are a little taller than letters.
const ASCENT: f64 = 0.79;

/// The font.
pub(crate) struct Font(Face<'static>);

impl Font {
    pub(crate) fn new() -> Result<Self, FaceParsingError> {
        Face::parse(FONT, 0).map(Self)
    }

    /// A letter in the middle of its pitch, on the base line y = 0, in em.
    pub(crate) fn letter(&self, letter: char, pitch: f64) -> Outline {
        let Some(glyph) = self.0.glyph_index(letter) else {
            return Outline::default();
        };
        let units = f64::from(self.0.units_per_em());
        let own = f64::from(self.0.glyph_hor_advance(glyph).unwrap_or_default()) / units;
        let mut pen = Pen::default();
        self.0.outline_glyph(glyph, &mut pen);
        let left = (pitch - own) / 2.0;
        pen.finish()
            .placed(|Point(x, y)| Point(left + x / units, y / units))
    }

    /// A word that begins at x = 0 on the base line y = 0, in em.
    pub(crate) fn word(&self, word: &str, pitch: f64) -> Outline {
        let letters = word.chars().enumerate().map(|(index, letter)| {
            let left = as_f64(index) * pitch;
            self.letter(letter, pitch)
                .placed(|Point(x, y)| Point(left + x, y))
        });
        letters.fold(Outline::default(), Outline::and)
    }
}

/// A line of text where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// Where the first letter's pitch begins.
    pub(crate) x: f64,
    /// The base line.
    pub(crate) y: f64,
    pub(crate) em: f64,
}

impl Line {
    pub(crate) fn outline(&self, font: &Font) -> Outline {
        font.word(&self.text, PITCH)
            .placed(|Point(x, y)| Point(self.x + x * self.em, self.y + y * self.em))
    }
}

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
    pub(crate) fn placed(&self, side: f64, top: f64) -> impl Iterator<Item = Line> + '_ {
        self.lines
            .iter()
            .enumerate()
            .map(move |(index, text)| Line {
                text: text.clone(),
                x: (side - as_f64(text.len()) * PITCH * self.em) / 2.0,
                y: top + (as_f64(index) * LEADING + ASCENT) * self.em,
                em: self.em,
            })
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
pub(crate) fn across(font: &Font, text: &str, side: f64) -> Outline {
    const PITCH: f64 = 0.723;
    let width = as_f64(text.len()) * PITCH;
    let em = side * 0.9 / width;
    let (sin, cos) = std::f64::consts::FRAC_PI_4.sin_cos();
    font.word(text, PITCH).placed(|Point(x, y)| {
        let (x, y) = ((x - width / 2.0) * em, (y + width / 12.0) * em);
        Point(
            side / 2.0 + x * cos + y * sin,
            side / 2.0 - x * sin + y * cos,
        )
    })
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
