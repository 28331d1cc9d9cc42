//! QR symbols (ISO/IEC 18004) of carriers.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode, Version};

use crate::Carrier;

/// How much of a symbol may be damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorCorrection {
    /// About 15 % of the code words.
    M,
    /// About 25 %: the default.
    #[default]
    Q,
    /// About 30 %.
    H,
}

impl ErrorCorrection {
    /// Its letter.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::M => "M",
            Self::Q => "Q",
            Self::H => "H",
        }
    }
}

/// Light modules around a symbol (ISO/IEC 18004 §6.3.8).
pub const QUIET_ZONE: usize = 4;

/// A symbol: a square of dark and light modules, without its quiet zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    version: i16,
    width: usize,
    error_correction: ErrorCorrection,
    dark: Vec<bool>,
}

/// Dark modules of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rectangle {
    /// The uppermost row.
    pub row: usize,
    /// The leftmost column.
    pub column: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// The text does not fit any symbol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the carrier does not fit a QR symbol: {0}")]
pub struct SymbolError(String);

impl Symbol {
    /// The smallest symbol of a carrier, segmented optimally: `https://` in bytes, the rest alphanumeric.
    ///
    /// # Errors
    /// [`SymbolError`] where the URL is too long.
    pub fn new(carrier: &Carrier, error_correction: ErrorCorrection) -> Result<Self, SymbolError> {
        let level = match error_correction {
            ErrorCorrection::M => EcLevel::M,
            ErrorCorrection::Q => EcLevel::Q,
            ErrorCorrection::H => EcLevel::H,
        };
        let code = QrCode::with_error_correction_level(carrier.url(), level)
            .map_err(|error| SymbolError(error.to_string()))?;
        let version = match code.version() {
            Version::Normal(version) | Version::Micro(version) => version,
        };
        Ok(Self {
            version,
            width: code.width(),
            error_correction,
            dark: code
                .to_colors()
                .into_iter()
                .map(|color| color == Color::Dark)
                .collect(),
        })
    }

    /// What it may lose.
    #[must_use]
    pub const fn error_correction(&self) -> ErrorCorrection {
        self.error_correction
    }

    /// QR version, 1 to 40.
    #[must_use]
    pub const fn version(&self) -> i16 {
        self.version
    }

    /// Modules along a side.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Whether the module is dark; what lies outside is light.
    #[must_use]
    pub fn is_dark(&self, row: usize, column: usize) -> bool {
        column < self.width
            && self
                .dark
                .get(row * self.width + column)
                .copied()
                .unwrap_or(false)
    }

    /// Its dark modules as rectangles that do not overlap: runs, each as tall as the same run goes on beneath.
    #[must_use]
    pub fn rectangles(&self) -> Vec<Rectangle> {
        let mut done: Vec<Rectangle> = Vec::new();
        let mut open: Vec<Rectangle> = Vec::new();
        for row in 0..=self.width {
            let runs = self.runs(row);
            let (goes_on, ended) = open.into_iter().partition(|above: &Rectangle| {
                runs.iter()
                    .any(|run| run.column == above.column && run.width == above.width)
            });
            done.extend::<Vec<Rectangle>>(ended);
            open = goes_on;
            for run in runs {
                match open.iter_mut().find(|above| above.column == run.column) {
                    Some(above) => above.height += 1,
                    None => open.push(run),
                }
            }
        }
        done
    }

    /// The runs of dark modules of a row.
    fn runs(&self, row: usize) -> Vec<Rectangle> {
        let mut runs: Vec<Rectangle> = Vec::new();
        for column in (0..self.width).filter(|column| self.is_dark(row, *column)) {
            match runs.last_mut() {
                Some(run) if run.column + run.width == column => run.width += 1,
                _ => runs.push(Rectangle {
                    row,
                    column,
                    width: 1,
                    height: 1,
                }),
            }
        }
        runs
    }

    /// The rows as `0` and `1`, for lasers and test vectors.
    #[must_use]
    pub fn rows(&self) -> Vec<String> {
        (0..self.width)
            .map(|row| {
                (0..self.width)
                    .map(|column| if self.is_dark(row, column) { '1' } else { '0' })
                    .collect()
            })
            .collect()
    }

    /// With its quiet zone, for a terminal: two rows a line, black on white by explicit colours, so that a dark terminal
    /// shows it right.
    #[must_use]
    pub fn terminal(&self) -> String {
        let span = self.width + 2 * QUIET_ZONE;
        let dark = |row: usize, column: usize| match (
            row.checked_sub(QUIET_ZONE),
            column.checked_sub(QUIET_ZONE),
        ) {
            (Some(row), Some(column)) => self.is_dark(row, column),
            _ => false,
        };
        let mut text = String::new();
        for row in (0..span).step_by(2) {
            text.push_str("  \x1b[30;107m");
            for column in 0..span {
                text.push(match (dark(row, column), dark(row + 1, column)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            let _ = writeln!(text, "\x1b[0m");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_21_characters_fits_version_4_at_level_q() {
        let carrier = Carrier::parse("https://PASS.BATTERY-ID24.EU/32XZAJ4P21M1MZ0N3RQA").unwrap();
        assert_eq!(carrier.host.as_str().len(), 20);
        let labelled = |host: &str| {
            let unit = crate::UnitId::parse("32XZAJ4P21M1MZ0N3RQA").unwrap();
            let label = crate::LabelId::from_random([9; 8]);
            let host = crate::Host::parse(host).unwrap();
            Symbol::new(
                &Carrier::plain(host, true, unit, Some(label)),
                ErrorCorrection::Q,
            )
            .unwrap()
        };
        assert_eq!(labelled("pass.battery-id245.eu").version(), 4);
        assert_eq!(labelled("pass.battery-id24567.eu").version(), 5);
    }

    #[test]
    fn rectangles_cover_every_dark_module_once() {
        let carrier = Carrier::parse("https://ID.EXAMPLE.EU/32XZAJ4P21M1MZ0N3RQA").unwrap();
        for level in [ErrorCorrection::M, ErrorCorrection::Q, ErrorCorrection::H] {
            let symbol = Symbol::new(&carrier, level).unwrap();
            let mut covered = vec![0; symbol.width() * symbol.width()];
            for one in symbol.rectangles() {
                for row in one.row..one.row + one.height {
                    for column in one.column..one.column + one.width {
                        covered[row * symbol.width() + column] += 1;
                    }
                }
            }
            let dark: Vec<i32> = symbol.dark.iter().map(|dark| i32::from(*dark)).collect();
            assert_eq!(covered, dark);
        }
    }
}
