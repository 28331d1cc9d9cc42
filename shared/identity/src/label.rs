//! A printed label: one drawing, as SVG, PNG and PDF.
//!
//! Text is drawn as outlines of OCR-B (ISO 1073-2, as EN 18220 asks for human-readable text), so that no viewer needs the
//! font.

use std::fmt::Write;

use resvg::{tiny_skia, usvg};
use ttf_parser::{Face, OutlineBuilder};

use crate::symbol::{ErrorCorrection, QUIET_ZONE, Symbol, SymbolError};
use crate::{Carrier, LabelId};

const FONT: &[u8] = include_bytes!("../fonts/OCRB.otf");
/// Smallest module that common readers resolve, in mm.
const SMALLEST_MODULE_MM: f64 = 0.25;
const LARGEST_MODULE_MM: f64 = 10.0;
/// Pixels of one module in a PNG.
const PIXELS: std::ops::RangeInclusive<u32> = 1..=40;
/// Modules between the quiet zone and the lines beneath, and the height of those lines.
const LINE: f64 = 3.4;
const BOTTOM: f64 = 2.5;

/// A label to print.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// What it leads to.
    pub carrier: Carrier,
    /// Whether it may go on a battery for sale; otherwise `TEST` stands across it.
    pub market: bool,
    /// Width of a module in mm.
    pub module_mm: f64,
    /// Error correction.
    pub error_correction: ErrorCorrection,
}

/// A label that cannot be printed.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// The symbol cannot be made.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// Too small to be read, or absurdly large.
    #[error(
        "a module is {SMALLEST_MODULE_MM} to {LARGEST_MODULE_MM} mm wide, found {0} mm: below that, common readers fail"
    )]
    Module(f64),
    /// Too few or too many pixels.
    #[error("a module has 1 to 40 pixels, found {0}")]
    Pixels(u32),
    /// The drawing cannot be turned into this format.
    #[error("the label cannot be drawn: {0}")]
    Drawing(String),
}

impl Label {
    /// The drawing, sized in mm. No script, no font, nothing from elsewhere.
    ///
    /// # Errors
    /// [`LabelError`].
    pub fn svg(&self) -> Result<String, LabelError> {
        if !(SMALLEST_MODULE_MM..=LARGEST_MODULE_MM).contains(&self.module_mm) {
            return Err(LabelError::Module(self.module_mm));
        }
        let symbol = Symbol::new(&self.carrier, self.error_correction)?;
        let side = as_f64(symbol.width() + 2 * QUIET_ZONE);
        let unit = self.carrier.unit.grouped();
        let label = self.carrier.label.as_ref().map(LabelId::grouped);
        let lines = 1.0 + if label.is_some() { 0.85 } else { 0.0 };
        let height = side + LINE * lines + BOTTOM;
        let mm = |modules: f64| modules * self.module_mm;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.3}mm\" height=\"{:.3}mm\" viewBox=\"0 0 {side} {height}\" role=\"img\" aria-labelledby=\"t\">\
             <title id=\"t\">Battery {unit}</title><rect width=\"{side}\" height=\"{height}\" fill=\"#fff\"/>",
            mm(side),
            mm(height),
        );
        let _ = write!(
            svg,
            "<path d=\"{}\" fill=\"#000\" shape-rendering=\"crispEdges\"/>",
            modules(&symbol)
        );
        if !self.market {
            // Translucent: light modules stay light and dark ones dark, so that the symbol can still be read.
            let _ = write!(
                svg,
                "<path d=\"{}\" fill=\"#d00\" fill-opacity=\"0.4\"/>",
                across(side)
            );
        }
        let face = Face::parse(FONT, 0).map_err(|error| LabelError::Drawing(error.to_string()))?;
        let width = side - 2.0;
        let first = Line::fitting(&face, &unit, width, LINE);
        let _ = write!(
            svg,
            "<path d=\"{}\" fill=\"#000\"/>",
            first.centred(side, side + LINE * 0.75)
        );
        if let Some(label) = &label {
            let second = Line::fitting(&face, label, width * 0.5, LINE * 0.75);
            let _ = write!(
                svg,
                "<path d=\"{}\" fill=\"#000\"/>",
                second.centred(side, side + LINE * 1.65)
            );
        }
        svg.push_str("</svg>");
        Ok(svg)
    }

    /// The drawing in whole pixels a module.
    ///
    /// # Errors
    /// [`LabelError`].
    pub fn png(&self, pixels_per_module: u32) -> Result<Vec<u8>, LabelError> {
        if !PIXELS.contains(&pixels_per_module) {
            return Err(LabelError::Pixels(pixels_per_module));
        }
        let tree = usvg::Tree::from_str(&self.svg()?, &usvg::Options::default())
            .map_err(|error| LabelError::Drawing(error.to_string()))?;
        let symbol = Symbol::new(&self.carrier, self.error_correction)?;
        let pixels = as_f32(
            u32::try_from(symbol.width() + 2 * QUIET_ZONE).unwrap_or_default() * pixels_per_module,
        );
        let scale = pixels / tree.size().width();
        let height = to_u32((tree.size().height() * scale).ceil());
        let mut picture = tiny_skia::Pixmap::new(to_u32(pixels), height)
            .ok_or_else(|| LabelError::Drawing("too large".to_owned()))?;
        resvg::render(
            &tree,
            tiny_skia::Transform::from_scale(scale, scale),
            &mut picture.as_mut(),
        );
        picture
            .encode_png()
            .map_err(|error| LabelError::Drawing(error.to_string()))
    }

    /// The drawing as a page of its own size.
    ///
    /// # Errors
    /// [`LabelError`].
    pub fn pdf(&self) -> Result<Vec<u8>, LabelError> {
        let tree = svg2pdf::usvg::Tree::from_str(&self.svg()?, &svg2pdf::usvg::Options::default())
            .map_err(|error| LabelError::Drawing(error.to_string()))?;
        // An SVG's millimetres are CSS's: 96 to the inch.
        let page = svg2pdf::PageOptions { dpi: 96.0 };
        svg2pdf::to_pdf(&tree, svg2pdf::ConversionOptions::default(), page)
            .map_err(|error| LabelError::Drawing(error.to_string()))
    }
}

/// Every run of dark modules as one rectangle.
fn modules(symbol: &Symbol) -> String {
    let mut path = String::new();
    for row in 0..symbol.width() {
        let mut column = 0;
        while column < symbol.width() {
            let start = column;
            while symbol.is_dark(row, column) {
                column += 1;
            }
            if column > start {
                let length = column - start;
                let _ = write!(
                    path,
                    "M{} {}h{length}v1h-{length}z",
                    start + QUIET_ZONE,
                    row + QUIET_ZONE
                );
            }
            column = column.max(start + 1);
        }
    }
    path
}

/// `TEST`, large, from the lower left to the upper right.
fn across(side: f64) -> String {
    let Ok(face) = Face::parse(FONT, 0) else {
        return String::new();
    };
    let line = Line::fitting(&face, "TEST", side * 0.9, side);
    line.rotated(side)
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
    /// The text, as large as fits both width and height.
    fn fitting(face: &Face<'_>, text: &str, width: f64, height: f64) -> Self {
        let mut segments = Vec::new();
        let mut offset = 0.0;
        for character in text.chars() {
            let Some(glyph) = face.glyph_index(character) else {
                continue;
            };
            let mut pen = Pen {
                segments: &mut segments,
                offset,
            };
            face.outline_glyph(glyph, &mut pen);
            offset += f64::from(face.glyph_hor_advance(glyph).unwrap_or_default());
        }
        let em = f64::from(face.units_per_em());
        let scale = (width / offset.max(1.0)).min(height / em);
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

#[allow(
    clippy::cast_precision_loss,
    reason = "a symbol has at most 185 modules"
)]
const fn as_f64(modules: usize) -> f64 {
    modules as f64
}

#[allow(
    clippy::cast_precision_loss,
    reason = "at most 185 modules of 40 pixels"
)]
const fn as_f32(pixels: u32) -> f32 {
    pixels as f32
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a picture's size: small and positive"
)]
const fn to_u32(pixels: f32) -> u32 {
    pixels as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(module_mm: f64) -> Label {
        Label {
            carrier: Carrier::parse("https://ID.EXAMPLE.EU/32XZAJ4P21M1MZ0N3RQA").unwrap(),
            market: false,
            module_mm,
            error_correction: ErrorCorrection::Q,
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_printed() {
        for module_mm in [0.0, 0.2, f64::NAN, -1.0, 11.0] {
            assert!(
                matches!(label(module_mm).svg(), Err(LabelError::Module(_))),
                "{module_mm}"
            );
        }
        assert!(label(0.4).png(0).is_err());
        assert!(label(0.4).png(41).is_err());
    }

    #[test]
    fn a_test_label_is_marked_and_a_market_label_is_not() {
        let test = label(0.4);
        let market = Label {
            market: true,
            ..test.clone()
        };
        assert!(test.svg().unwrap().contains("#d00"));
        assert!(!market.svg().unwrap().contains("#d00"));
    }
}
