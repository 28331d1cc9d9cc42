//! The symbol for separate collection, and the symbols of cadmium and lead beneath it: Article 13(4) and (5) and Annex VI
//! Part B of Regulation (EU) 2023/1542.

use crate::lettering::Font;
use crate::module::Millimetres;
use crate::outline::{Outline, Point};

/// Of the area of the largest side, and of the surface of a cylindrical cell.
const OF_LARGEST_SIDE: f64 = 0.03;
const OF_CYLINDER: f64 = 0.015;
/// In mm: no larger is asked for; smaller need not be on the battery; at least this on the packaging then.
const LARGEST_MM: f64 = 50.0;
const SMALLEST_MM: f64 = 4.7;
const ON_PACKAGING_MM: f64 = 10.0;
/// Of the symbol's area that a chemical symbol covers.
const OF_SYMBOL: f64 = 0.25;
/// Between the symbol and what stands beneath it, of the symbol's side.
const GAP: f64 = 0.08;
/// Sides of batteries, in mm.
const SIDES_MM: std::ops::RangeInclusive<f64> = 1.0..=10_000.0;

/// What the symbol for separate collection is printed on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Surface {
    /// A battery whose largest side has this width and height in mm.
    LargestSide(f64, f64),
    /// A cylindrical battery with this diameter and length in mm.
    Cylinder(f64, f64),
    /// The packaging of a battery that is too small for it.
    Packaging,
}

/// The symbol for separate collection that is to be printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Collection {
    side_mm: f64,
    cadmium: bool,
    lead: bool,
}

/// A symbol for separate collection that is not printed.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum CollectionError {
    /// Article 13(4), third subparagraph.
    #[error(
        "the separate collection symbol would be {found} mm wide; below 4.7 mm it need not be on the battery, but is printed on \
         the packaging, at least 10 mm wide: ask for `packaging` (Article 13(4))"
    )]
    TooSmall {
        /// Its side.
        found: Millimetres,
    },
    /// No battery has such a side.
    #[error("a side of a battery is 1 to 10000 mm long, found {0}")]
    Side(f64),
}

impl Collection {
    /// As large as the law asks on that surface; with `Cd` beneath where the battery contains more than 0.002 % cadmium, and
    /// `Pb` where it contains more than 0.004 % lead.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub fn new(surface: Surface, cadmium: bool, lead: bool) -> Result<Self, CollectionError> {
        let area = match surface {
            Surface::Packaging => ON_PACKAGING_MM * ON_PACKAGING_MM,
            Surface::LargestSide(width, height) => {
                OF_LARGEST_SIDE * in_range(width)? * in_range(height)?
            }
            Surface::Cylinder(diameter, length) => {
                let (diameter, length) = (in_range(diameter)?, in_range(length)?);
                OF_CYLINDER * std::f64::consts::PI * diameter * (length + diameter / 2.0)
            }
        };
        let side_mm = area.sqrt().min(LARGEST_MM);
        if side_mm < SMALLEST_MM {
            return Err(CollectionError::TooSmall {
                found: Millimetres(side_mm),
            });
        }
        Ok(Self {
            side_mm,
            cadmium,
            lead,
        })
    }

    /// Its side in mm.
    #[must_use]
    pub const fn side_mm(&self) -> f64 {
        self.side_mm
    }

    /// With `at` as its upper left corner and modules of that width: outlines whose own shapes do not overlap, and how far
    /// down they reach.
    pub(crate) fn outlines(&self, font: &Font, module_mm: f64, at: Point) -> (Vec<Outline>, f64) {
        let side = self.side_mm / module_mm;
        let on_label = |Point(x, y): Point| Point(at.0 + x * side, at.1 + y * side);
        let mut outlines = vec![bin().placed(on_label), cross().placed(on_label)];
        let mut bottom = 1.0;
        for symbol in [("Cd", self.cadmium), ("Pb", self.lead)] {
            if let (symbol, true) = symbol {
                let (outline, height) = chemical(font, symbol, bottom + GAP);
                outlines.push(outline.placed(on_label));
                bottom += GAP + height;
            }
        }
        (outlines, at.1 + bottom * side)
    }
}

fn in_range(mm: f64) -> Result<f64, CollectionError> {
    match SIDES_MM.contains(&mm) {
        true => Ok(mm),
        false => Err(CollectionError::Side(mm)),
    }
}

/// A wheeled bin in the square of side 1: lid with its handle, body, foot and wheel.
fn bin() -> Outline {
    let body = Outline::polygon(&[(0.245, 0.265), (0.755, 0.265), (0.70, 0.86), (0.30, 0.86)]);
    // Wound the other way round, so that the body is hollow.
    let hollow = Outline::polygon(&[(0.285, 0.30), (0.334, 0.825), (0.666, 0.825), (0.715, 0.30)]);
    Outline::polygon(&[(0.19, 0.235), (0.23, 0.17), (0.77, 0.17), (0.81, 0.235)])
        .and(Outline::rectangle(0.42, 0.115, 0.16, 0.04))
        .and(body)
        .and(hollow)
        .and(Outline::rectangle(0.315, 0.875, 0.08, 0.05))
        .and(Outline::circle(0.645, 0.92, 0.045))
}

/// From corner to corner of the square of side 1, as one shape.
fn cross() -> Outline {
    const HALF: f64 = 0.036;
    let (near, far) = (0.5 - HALF, 0.5 + HALF);
    Outline::polygon(&[
        (0.0, 0.0),
        (HALF, 0.0),
        (0.5, near),
        (1.0 - HALF, 0.0),
        (1.0, 0.0),
        (1.0, HALF),
        (far, 0.5),
        (1.0, 1.0 - HALF),
        (1.0, 1.0),
        (1.0 - HALF, 1.0),
        (0.5, far),
        (HALF, 1.0),
        (0.0, 1.0),
        (0.0, 1.0 - HALF),
        (near, 0.5),
        (0.0, HALF),
    ])
}

/// A chemical symbol whose letters cover a quarter of the square of side 1, centred beneath it from `top`; and its height.
fn chemical(font: &Font, symbol: &str, top: f64) -> (Outline, f64) {
    let word = font.word(symbol, crate::lettering::PITCH);
    let (least, most) = word.bounds();
    let (width, height) = (most.0 - least.0, most.1 - least.1);
    let scale = (OF_SYMBOL / (width * height)).sqrt();
    let left = (1.0 - width * scale) / 2.0;
    let outline =
        word.placed(|Point(x, y)| Point(left + (x - least.0) * scale, top + (y - least.1) * scale));
    (outline, height * scale)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn side(surface: Surface) -> f64 {
        Collection::new(surface, false, false).unwrap().side_mm()
    }

    #[test]
    fn the_symbol_is_as_large_as_article_13_4_asks() {
        // 3 % of 100 mm × 48 mm are 144 mm², a square of 12 mm.
        assert!((side(Surface::LargestSide(100.0, 48.0)) - 12.0).abs() < 1e-9);
        // A vehicle's battery: no more than 5 × 5 cm.
        assert!((side(Surface::LargestSide(2100.0, 1500.0)) - 50.0).abs() < 1e-9);
        // 1.5 % of the surface of a cell of 18 × 65 mm: π · 18 · 65 + 2 · π · 9² = 4185 mm².
        assert!((side(Surface::Cylinder(18.0, 65.0)) - 7.92).abs() < 0.01);
        assert!((side(Surface::Packaging) - 10.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_too_small_goes_on_the_packaging() {
        let refused = Collection::new(Surface::LargestSide(20.0, 20.0), false, false).unwrap_err();
        assert!(
            refused.to_string().contains("3.464 mm") && refused.to_string().contains("packaging"),
            "{refused}"
        );
        for wrong in [0.0, -3.0, f64::NAN, f64::INFINITY] {
            assert!(Collection::new(Surface::Cylinder(wrong, 65.0), false, false).is_err());
        }
    }

    proptest! {
        /// Within its square, and each chemical symbol a quarter of it, beneath it and beneath the other.
        #[test]
        fn chemical_symbols_stand_beneath_and_cover_a_quarter(width in 40.0_f64..3000.0, cadmium: bool, lead: bool) {
            let font = Font::new().unwrap();
            let mark = Collection::new(Surface::LargestSide(width, 40.0), cadmium, lead).unwrap();
            let side = mark.side_mm();
            let (outlines, bottom) = mark.outlines(&font, 1.0, Point(3.0, 2.0));
            prop_assert_eq!(outlines.len(), 2 + usize::from(cadmium) + usize::from(lead));
            let mut above = 2.0;
            for (index, outline) in outlines.iter().enumerate() {
                let (least, most) = outline.bounds();
                prop_assert!(least.0 >= 3.0 - 1e-9 && most.0 <= 3.0 + side + 1e-9, "{least:?} {most:?}");
                if index == 1 {
                    prop_assert!((most.0 - least.0 - side).abs() < 1e-9 && (most.1 - least.1 - side).abs() < 1e-9);
                    above = most.1;
                }
                if index > 1 {
                    prop_assert!(least.1 > above);
                    let covered = (most.0 - least.0) * (most.1 - least.1);
                    prop_assert!(covered >= side * side / 4.0 - 1e-6, "{covered}");
                    above = most.1;
                }
            }
            prop_assert!((bottom - above).abs() < 1e-6);
        }
    }
}
