//! How large a module is printed, and on which printer.

use std::fmt;

/// Smallest module that common readers resolve, in mm.
const SMALLEST_MM: f64 = 0.25;
const LARGEST_MM: f64 = 10.0;
/// Modules of GS1's symbols, in mm (GS1 General Specifications, X-dimension of a QR code with a Digital Link).
const GS1_MM: std::ops::RangeInclusive<f64> = 0.396..=0.990;
/// Decoders were measured to need 2.5 pixels a module; a printer has whole dots only.
const FEWEST_DOTS: u32 = 3;
/// Pixels of one module where no printer is named.
const PIXELS: std::ops::RangeInclusive<u32> = FEWEST_DOTS..=40;
/// Resolutions of printers, in dots to the inch.
const RESOLUTIONS: std::ops::RangeInclusive<u32> = 100..=2400;
/// A module that is smaller than asked by no more than this counts as what was asked.
const TOLERANCE: f64 = 0.02;
const MM_PER_INCH: f64 = 25.4;

/// The size of a module that can be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Module {
    mm: f64,
    dots: Option<u32>,
}

/// A module that cannot be printed, or not be read.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ModuleError {
    /// Too small to be read, or absurdly large.
    #[error(
        "a module is {SMALLEST_MM} to {LARGEST_MM} mm wide, found {found} mm: below that, common readers fail; the next size \
         that works is {next} mm"
    )]
    Size {
        /// What was asked.
        found: f64,
        /// The nearest that works, in mm.
        next: Millimetres,
    },
    /// The printer cannot draw it finely enough.
    #[error(
        "a module has at least {FEWEST_DOTS} dots of the printer (readers need 2.5), found {found} at {dpi} dpi; the next size \
         that works is {next} mm"
    )]
    Dots {
        /// Dots that were found.
        found: u32,
        /// The printer's resolution.
        dpi: u32,
        /// The smallest that works with this printer, in mm.
        next: Millimetres,
    },
    /// Not a printer's resolution.
    #[error(
        "a printer has 100 to 2400 dots to the inch, found {0}; label printers have 203, 300 or 600"
    )]
    Resolution(u32),
    /// Too few or too many pixels.
    #[error("a module has 3 to 40 pixels (readers need 2.5), found {0}; the next that works is {next}", next = (*.0).clamp(*PIXELS.start(), *PIXELS.end()))]
    Pixels(u32),
    /// Outside of what GS1 allows.
    #[error(
        "a module of a GS1 carrier is 0.396 to 0.990 mm wide (GS1 General Specifications), found {found}; the next size that \
         works is {next} mm"
    )]
    Gs1 {
        /// What would be printed.
        found: Millimetres,
        /// The nearest that works.
        next: Millimetres,
    },
}

/// A length, written to the micrometre, so that it can be asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Millimetres(pub f64);

impl fmt::Display for Millimetres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.3}", self.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Module {
    /// Of this width, for a printer that is not named.
    ///
    /// # Errors
    /// [`ModuleError::Size`].
    pub fn new(mm: f64) -> Result<Self, ModuleError> {
        in_range(mm, SMALLEST_MM)?;
        Ok(Self { mm, dots: None })
    }

    /// Of this width in a picture with that many pixels a module.
    ///
    /// # Errors
    /// [`ModuleError`] where it is too small, or has too few or too many pixels.
    pub fn in_pixels(mm: f64, pixels: u32) -> Result<Self, ModuleError> {
        in_range(mm, SMALLEST_MM)?;
        if !PIXELS.contains(&pixels) {
            return Err(ModuleError::Pixels(pixels));
        }
        Ok(Self {
            mm,
            dots: Some(pixels),
        })
    }

    /// The fewest whole dots of a printer that are not narrower than asked: modules of unequal width are the first thing
    /// that a reader stumbles over.
    ///
    /// # Errors
    /// [`ModuleError`] with the next size that works.
    pub fn on_printer(mm: f64, dpi: u32) -> Result<Self, ModuleError> {
        if !RESOLUTIONS.contains(&dpi) {
            return Err(ModuleError::Resolution(dpi));
        }
        let dot = MM_PER_INCH / f64::from(dpi);
        let readable = whole(SMALLEST_MM / dot, 0.0);
        let smallest = f64::from(readable.max(FEWEST_DOTS)) * dot;
        in_range(mm, smallest)?;
        let dots = whole(mm / dot, TOLERANCE).max(readable);
        if dots < FEWEST_DOTS {
            return Err(ModuleError::Dots {
                found: dots,
                dpi,
                next: Millimetres(smallest),
            });
        }
        Ok(Self {
            mm: f64::from(dots) * dot,
            dots: Some(dots),
        })
    }

    /// Its width in mm.
    #[must_use]
    pub const fn mm(&self) -> f64 {
        self.mm
    }

    /// Its width in dots of the printer or picture, where one was named.
    #[must_use]
    pub const fn dots(&self) -> Option<u32> {
        self.dots
    }

    /// As GS1 allows it.
    pub(crate) fn for_gs1(self) -> Result<Self, ModuleError> {
        match GS1_MM.contains(&self.mm) {
            true => Ok(self),
            false => Err(ModuleError::Gs1 {
                found: Millimetres(self.mm),
                next: Millimetres(self.mm.clamp(*GS1_MM.start(), *GS1_MM.end())),
            }),
        }
    }
}

fn in_range(mm: f64, smallest: f64) -> Result<(), ModuleError> {
    match (SMALLEST_MM..=LARGEST_MM).contains(&mm) {
        true => Ok(()),
        false => Err(ModuleError::Size {
            found: mm,
            next: Millimetres(if mm > LARGEST_MM {
                LARGEST_MM
            } else {
                smallest
            }),
        }),
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most 10 mm at 2400 dpi"
)]
fn whole(dots: f64, tolerance: f64) -> u32 {
    (dots * (1.0 - tolerance)).ceil() as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn modules_are_whole_dots_of_the_printer() {
        for (mm, dpi, dots) in [
            (0.4, 203, 4),
            (0.375, 203, 3),
            (0.4, 300, 5),
            (0.4, 600, 10),
            (0.25, 300, 3),
        ] {
            let module = Module::on_printer(mm, dpi).unwrap();
            assert_eq!(module.dots(), Some(dots), "{mm} mm at {dpi} dpi");
        }
    }

    #[test]
    fn what_a_printer_cannot_draw_is_refused_with_what_it_can() {
        let refused = Module::on_printer(0.25, 203).unwrap_err().to_string();
        assert_eq!(
            refused,
            "a module has at least 3 dots of the printer (readers need 2.5), found 2 at 203 dpi; the next size that works is 0.375 mm"
        );
        assert!(Module::on_printer(0.4, 72).is_err());
        assert!(
            Module::in_pixels(0.4, 2)
                .unwrap_err()
                .to_string()
                .ends_with("the next that works is 3")
        );
        assert!(
            Module::in_pixels(0.4, 41)
                .unwrap_err()
                .to_string()
                .ends_with("the next that works is 40")
        );
        for mm in [0.0, 0.2, f64::NAN, -1.0, 11.0] {
            assert!(
                matches!(Module::new(mm), Err(ModuleError::Size { .. })),
                "{mm}"
            );
        }
        assert!(
            Module::new(0.3)
                .unwrap()
                .for_gs1()
                .unwrap_err()
                .to_string()
                .contains("0.396 mm")
        );
    }

    proptest! {
        /// What a refusal offers is taken, and nothing is printed that is smaller than asked or than can be read.
        #[test]
        fn the_next_size_that_works_works(mm in 0.0_f64..12.0, dpi in 100_u32..2400) {
            match Module::on_printer(mm, dpi) {
                Ok(module) => {
                    prop_assert!(module.mm() >= (mm * 0.98).max(SMALLEST_MM), "{module:?}");
                    prop_assert!(module.dots() >= Some(FEWEST_DOTS));
                    prop_assert!(module.mm() <= mm + MM_PER_INCH / f64::from(dpi) + 1e-9);
                }
                Err(ModuleError::Size { next, .. } | ModuleError::Dots { next, .. }) => {
                    let asked: f64 = next.to_string().parse().unwrap();
                    prop_assert!(Module::on_printer(asked, dpi).is_ok(), "{next} at {dpi}");
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }
}
