//! Sheets and rolls of labels: where each stands on its page.

use crate::label::{Label, LabelError, Layout, font};
use crate::module::Millimetres;
use crate::pdf;

/// White around what is printed on a sheet, and between labels, in mm, where nothing else is asked.
const MARGIN_MM: f64 = 10.0;
const GAP_MM: f64 = 2.0;
const WHITE_MM: std::ops::RangeInclusive<f64> = 0.0..=100.0;
const PAGES_MM: std::ops::RangeInclusive<f64> = 10.0..=2_000.0;

/// What labels are printed on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Page {
    /// One label a page, as large as the label: a roll.
    Label,
    /// 210 × 297 mm.
    A4,
    /// 8.5 × 11 inches.
    Letter,
    /// Another sheet, width and height in mm.
    Sheet(f64, f64),
}

/// How labels stand on their pages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sheet {
    page: Page,
    margin_mm: f64,
    gap_mm: f64,
    columns: Option<usize>,
}

/// Labels that do not fit their page.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SheetError {
    /// Not even one label fits.
    #[error("a label of {} × {} mm does not fit what the margins leave of the page, {} × {} mm", .label.0, .label.1, .room.0, .room.1)]
    Page {
        /// Width and height of a label.
        label: (Millimetres, Millimetres),
        /// What there is for it.
        room: (Millimetres, Millimetres),
    },
    /// So many columns do not fit.
    #[error("1 to {most} columns of these labels fit the page, found {found}")]
    Columns {
        /// What was asked.
        found: usize,
        /// What fits.
        most: usize,
    },
    /// A margin or gap.
    #[error("a margin or gap is 0 to 100 mm, found {0}")]
    White(f64),
    /// A page's side.
    #[error("a page is 10 to 2000 mm wide and high, found {0}")]
    Side(f64),
}

/// Where labels stand on a page, in mm.
pub(crate) struct Grid {
    pub(crate) page: (f64, f64),
    margin: f64,
    pitch: (f64, f64),
    columns: usize,
    rows: usize,
}

impl Sheet {
    /// With the usual margins, and as many labels as fit.
    #[must_use]
    pub const fn on(page: Page) -> Self {
        let (margin_mm, gap_mm) = match page {
            Page::Label => (0.0, 0.0),
            _ => (MARGIN_MM, GAP_MM),
        };
        Self {
            page,
            margin_mm,
            gap_mm,
            columns: None,
        }
    }

    /// With other margins, gaps or columns, where given.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn with(
        self,
        margin_mm: Option<f64>,
        gap_mm: Option<f64>,
        columns: Option<usize>,
    ) -> Result<Self, SheetError> {
        if let Page::Sheet(width, height) = self.page {
            for side in [width, height] {
                if !PAGES_MM.contains(&side) {
                    return Err(SheetError::Side(side));
                }
            }
        }
        for white in [margin_mm, gap_mm].into_iter().flatten() {
            if !WHITE_MM.contains(&white) {
                return Err(SheetError::White(white));
            }
        }
        Ok(Self {
            margin_mm: margin_mm.unwrap_or(self.margin_mm),
            gap_mm: gap_mm.unwrap_or(self.gap_mm),
            columns,
            ..self
        })
    }

    /// The labels as one PDF. What they share is in it once; symbols are rectangles and ids are text.
    ///
    /// # Errors
    /// [`LabelError`].
    pub fn pdf(&self, labels: &[Label]) -> Result<Vec<u8>, LabelError> {
        let font = font()?;
        let drawn = labels
            .iter()
            .map(|label| Ok((label.style.module.mm(), label.layout(&font)?)))
            .collect::<Result<Vec<(f64, Layout)>, LabelError>>()?;
        let largest = |side: fn(&Layout) -> f64| {
            let sides = drawn.iter().map(|(mm, layout)| side(layout) * mm);
            sides.fold(0.0, f64::max)
        };
        let size = (
            largest(|layout| layout.width),
            largest(|layout| layout.height),
        );
        let dot = labels.first().and_then(|label| {
            let module = &label.style.module;
            module.dots().map(|dots| module.mm() / f64::from(dots))
        });
        let grid = self.grid(size, dot)?;
        Ok(pdf::document(&grid, &drawn, &font))
    }

    /// Labels begin at whole dots of the printer, where it is known.
    fn grid(&self, (width, height): (f64, f64), dot: Option<f64>) -> Result<Grid, SheetError> {
        let whole = |mm: f64| dot.map_or(mm, |dot| (mm / dot - 1e-6).ceil() * dot);
        let margin = whole(self.margin_mm);
        let page = match self.page {
            Page::Label => (width + 2.0 * margin, height + 2.0 * margin),
            Page::A4 => (210.0, 297.0),
            Page::Letter => (215.9, 279.4),
            Page::Sheet(width, height) => (width, height),
        };
        let pitch = (whole(width + self.gap_mm), whole(height + self.gap_mm));
        let fit = |page: f64, label: f64, pitch: f64| {
            whole_number((page - 2.0 * margin - label + 1e-6) / pitch + 1.0)
        };
        let (most, rows) = match self.page {
            Page::Label => (1, 1),
            _ => (fit(page.0, width, pitch.0), fit(page.1, height, pitch.1)),
        };
        if most == 0 || rows == 0 {
            let room = |page: f64| Millimetres((page - 2.0 * margin).max(0.0));
            return Err(SheetError::Page {
                label: (Millimetres(width), Millimetres(height)),
                room: (room(page.0), room(page.1)),
            });
        }
        let columns = self.columns.unwrap_or(most);
        if !(1..=most).contains(&columns) {
            return Err(SheetError::Columns {
                found: columns,
                most,
            });
        }
        Ok(Grid {
            page,
            margin,
            pitch,
            columns,
            rows,
        })
    }
}

impl Grid {
    pub(crate) const fn labels_per_page(&self) -> usize {
        self.columns * self.rows
    }

    /// From the left and from above, of the label with that number on its page.
    pub(crate) fn place(&self, index: usize) -> (f64, f64) {
        let at = |number: usize, pitch: f64| self.margin + crate::label::as_f64(number) * pitch;
        (
            at(index % self.columns, self.pitch.0),
            at(index / self.columns, self.pitch.1),
        )
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of labels on a page; what is negative becomes none"
)]
const fn whole_number(count: f64) -> usize {
    count as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_that_do_not_fit_are_refused_with_what_fits() {
        let sheet = Sheet::on(Page::A4);
        let grid = sheet.grid((16.4, 25.0), None).unwrap();
        assert_eq!((grid.columns, grid.rows), (10, 10));
        assert_eq!(grid.labels_per_page(), 100);
        let columns = sheet.with(None, None, Some(11)).unwrap();
        let refused = columns.grid((16.4, 25.0), None).err().unwrap().to_string();
        assert_eq!(
            refused,
            "1 to 10 columns of these labels fit the page, found 11"
        );
        let refused = sheet.grid((191.0, 25.0), None).err().unwrap().to_string();
        assert_eq!(
            refused,
            "a label of 191 × 25 mm does not fit what the margins leave of the page, 190 × 277 mm"
        );
        for wrong in [-1.0, f64::NAN, 101.0] {
            assert!(sheet.with(Some(wrong), None, None).is_err());
            assert!(
                Sheet::on(Page::Sheet(wrong, wrong))
                    .with(None, None, None)
                    .is_err()
                    == (wrong != 101.0)
            );
        }
    }

    proptest! {
        #[test]
        fn no_label_leaves_the_page_or_touches_another(
            width in 5.0_f64..60.0, height in 5.0_f64..60.0, margin in 0.0_f64..20.0, gap in 0.0_f64..9.0, dpi in 100.0_f64..700.0,
        ) {
            let dot = 25.4 / dpi;
            let sheet = Sheet::on(Page::Letter).with(Some(margin), Some(gap), None).unwrap();
            let grid = sheet.grid((width, height), Some(dot)).unwrap();
            for index in 0..grid.labels_per_page() {
                let (x, y) = grid.place(index);
                prop_assert!(x >= margin - 1e-3 && x + width <= 215.9 - margin + 1e-3, "{x}");
                prop_assert!(y >= margin - 1e-3 && y + height <= 279.4 - margin + 1e-3, "{y}");
                for at in [x, y] {
                    prop_assert!(((at / dot) - (at / dot).round()).abs() < 1e-6);
                }
            }
            prop_assert!(grid.pitch.0 >= width + gap - 1e-6 && grid.pitch.1 >= height + gap - 1e-6);
        }
    }
}
