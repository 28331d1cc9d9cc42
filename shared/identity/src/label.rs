//! A printed label: one drawing, as SVG, PNG and PDF.
//!
//! Text is drawn as outlines of OCR-B (ISO 1073-2, as EN 18220 asks for human-readable text), so that no viewer needs the
//! font.

use std::fmt::Write;

use resvg::{tiny_skia, usvg};
use ttf_parser::Face;

use crate::Carrier;
use crate::lettering::{self, Lettering};
use crate::symbol::{ErrorCorrection, QUIET_ZONE, Symbol, SymbolError};

const FONT: &[u8] = include_bytes!("../fonts/OCRB.otf");
/// Smallest module that common readers resolve, in mm.
const SMALLEST_MODULE_MM: f64 = 0.25;
const LARGEST_MODULE_MM: f64 = 10.0;
/// Pixels of one module in a PNG.
const PIXELS: std::ops::RangeInclusive<u32> = 1..=40;
/// Least height of the letters that a person types, in mm: what is read at arm's length without a lens.
const UNIT_LETTERS_MM: f64 = 1.8;
/// Least height of the letters of the label id, which a person only compares.
const LABEL_LETTERS_MM: f64 = 1.2;
/// In modules: size of the letters where nothing asks for larger ones, between the two ids, and beneath them.
const LINE: f64 = 3.4;
const GAP: f64 = 1.5;
const BOTTOM: f64 = 2.0;
const MM_PER_M: f64 = 1000.0;

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
        let letters = |grouped: &str, least_mm: f64, usual: f64| {
            Lettering::fitting(grouped, side, least_mm / self.module_mm, usual)
        };
        let lines = letters(&unit, UNIT_LETTERS_MM, LINE);
        let label = self
            .carrier
            .label
            .map(|label| letters(&label.grouped(), LABEL_LETTERS_MM, LINE * 0.75));
        let below = side + lines.height() + GAP;
        let height = label
            .as_ref()
            .map_or(side + lines.height(), |label| below + label.height())
            + BOTTOM;
        let mm = |modules: f64| modules * self.module_mm;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.3}mm\" height=\"{:.3}mm\" viewBox=\"0 0 {side} {height:.3}\" role=\"img\" aria-labelledby=\"t\">\
             <title id=\"t\">Battery {unit}</title><rect width=\"{side}\" height=\"{height:.3}\" fill=\"#fff\"/>",
            mm(side),
            mm(height),
        );
        let mut path = |outline: &str, attributes: &str| {
            let _ = write!(svg, "<path d=\"{outline}\" {attributes}/>");
        };
        path(
            &modules(&symbol),
            "fill=\"#000\" shape-rendering=\"crispEdges\"",
        );
        let face = Face::parse(FONT, 0).map_err(|error| LabelError::Drawing(error.to_string()))?;
        if !self.market {
            // Translucent: light modules stay light and dark ones dark, so that the symbol can still be read.
            path(
                &lettering::across(&face, "TEST", side),
                "fill=\"#d00\" fill-opacity=\"0.4\"",
            );
        }
        path(&lines.outline(&face, side, side), "fill=\"#000\"");
        if let Some(label) = &label {
            path(&label.outline(&face, side, below), "fill=\"#000\"");
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
        let height = to_u32(f64::from((tree.size().height() * scale).ceil()));
        let mut picture = tiny_skia::Pixmap::new(to_u32(f64::from(pixels)), height)
            .ok_or_else(|| LabelError::Drawing("too large".to_owned()))?;
        picture.fill(tiny_skia::Color::WHITE);
        resvg::render(
            &tree,
            tiny_skia::Transform::from_scale(scale, scale),
            &mut picture.as_mut(),
        );
        encoded(
            &picture,
            f64::from(pixels_per_module) * MM_PER_M / self.module_mm,
        )
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

/// As PNG that says how large it is, so that it is printed with modules of the asked size.
fn encoded(
    picture: &tiny_skia::Pixmap,
    pixels_per_metre: f64,
) -> Result<Vec<u8>, png::EncodingError> {
    let density = to_u32(pixels_per_metre.round());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: density,
        yppu: density,
        unit: png::Unit::Meter,
    }));
    // The ground is opaque.
    let colours: Vec<u8> = picture
        .pixels()
        .iter()
        .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
        .collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&colours)?;
    writer.finish()?;
    Ok(bytes)
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
const fn to_u32(pixels: f64) -> u32 {
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

    #[test]
    fn a_png_is_printed_with_modules_of_the_asked_size() {
        for (module_mm, pixels) in [(0.4, 8), (0.25, 3), (1.0, 20)] {
            let bytes = label(module_mm).png(pixels).unwrap();
            let reader = png::Decoder::new(bytes.as_slice()).read_info().unwrap();
            let density = reader.info().pixel_dims.unwrap();
            assert!(matches!(density.unit, png::Unit::Meter));
            assert_eq!(density.xppu, density.yppu);
            let printed = f64::from(pixels) * MM_PER_M / f64::from(density.xppu);
            assert!((printed - module_mm).abs() < 0.001, "{printed}");
        }
    }
}
