//! A printed label: one drawing, as SVG, PNG, PDF, ZPL and DXF.

use std::fmt::Write;

use crate::collection::Collection;
use crate::lettering::{self, Font, Lettering, Line};
use crate::module::{Module, ModuleError};
use crate::outline::{Outline, Point};
use crate::sheet::{Page, Sheet, SheetError};
use crate::symbol::{ErrorCorrection, QUIET_ZONE, Symbol, SymbolError};
use crate::{Carrier, dxf, picture, zpl};

/// Least height of the letters that a person types, in mm: what is read at arm's length without a lens.
const UNIT_LETTERS_MM: f64 = 1.8;
/// Least height of the letters of the label id, which a person only compares.
const LABEL_LETTERS_MM: f64 = 1.2;
/// In modules: size of the letters where nothing asks for larger ones, between the two ids, and beneath them.
const LINE: f64 = 3.4;
const GAP: f64 = 1.5;
const BOTTOM: f64 = 2.0;
/// Pixels of a module in a PNG where nothing else is asked.
const PIXELS: u32 = 8;
/// How `TEST` is printed across: light modules stay light and dark ones dark, so that the symbol can still be read.
pub(crate) const TEST_RED: (u8, u8, u8) = (221, 0, 0);
pub(crate) const TEST_OPACITY: f32 = 0.4;

/// How labels are printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Size of a module.
    pub module: Module,
    /// Error correction.
    pub error_correction: ErrorCorrection,
    /// The symbol for separate collection, beside the code.
    pub collection: Option<Collection>,
}

/// A label to print.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// What it leads to.
    pub carrier: Carrier,
    /// Whether it may go on a battery for sale; otherwise `TEST` stands across it.
    pub market: bool,
    /// How it is printed.
    pub style: Style,
}

/// A label that cannot be printed.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// The symbol cannot be made.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// Modules of this size cannot be read.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// The labels do not fit the page.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// The printer has to be known.
    #[error(
        "graphics for a printer need its resolution in dots to the inch, such as 203, 300 or 600; found none"
    )]
    Resolution,
    /// Too many pixels.
    #[error(
        "a label has at most {most} pixels, found {found}: choose a smaller resolution, module or collection symbol"
    )]
    Pixels {
        /// Pixels it would have.
        found: u64,
        /// Most it may have.
        most: u64,
    },
    /// The drawing cannot be turned into this format.
    #[error("the label cannot be drawn: {0}")]
    Drawing(String),
}

/// Where everything on a label stands, in modules from its upper left corner.
pub(crate) struct Layout {
    pub(crate) symbol: Symbol,
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// The ids beneath the symbol.
    pub(crate) lines: Vec<Line>,
    /// The symbol for separate collection and the chemical symbols; shapes of one outline do not overlap.
    pub(crate) collection: Vec<Outline>,
    /// `TEST`, on what is not for sale.
    pub(crate) test: Option<Outline>,
}

impl Label {
    /// The symbol alone: for lasers, which draw it themselves.
    ///
    /// # Errors
    /// [`LabelError`].
    pub fn symbol(&self) -> Result<Symbol, LabelError> {
        if self.carrier.is_gs1() {
            self.style.module.for_gs1()?;
        }
        Ok(Symbol::new(&self.carrier, self.style.error_correction)?)
    }

    pub(crate) fn layout(&self, font: &Font) -> Result<Layout, LabelError> {
        let symbol = self.symbol()?;
        let module_mm = self.style.module.mm();
        let side = as_f64(symbol.width() + 2 * QUIET_ZONE);
        let letters = |grouped: &str, least_mm: f64, usual: f64| {
            Lettering::fitting(grouped, side, least_mm / module_mm, usual)
        };
        let unit = letters(&self.carrier.unit.grouped(), UNIT_LETTERS_MM, LINE);
        let mut lines: Vec<Line> = unit.placed(side, side).collect();
        let mut bottom = side + unit.height();
        if let Some(label) = &self.carrier.label {
            let label = letters(&label.grouped(), LABEL_LETTERS_MM, LINE * 0.75);
            lines.extend(label.placed(side, bottom + GAP));
            bottom += GAP + label.height();
        }
        let mut width = side;
        let mut collection = Vec::new();
        if let Some(mark) = &self.style.collection {
            let quiet = as_f64(QUIET_ZONE);
            let (outlines, reach) = mark.outlines(font, module_mm, Point(side, quiet));
            collection = outlines;
            width += mark.side_mm() / module_mm + quiet;
            bottom = bottom.max(reach + quiet - BOTTOM);
        }
        let test = (!self.market).then(|| lettering::across(font, "TEST", side));
        Ok(Layout {
            symbol,
            width,
            height: bottom + BOTTOM,
            lines,
            collection,
            test,
        })
    }

    /// The drawing, sized in mm. No script, no font, nothing from elsewhere.
    ///
    /// # Errors
    /// [`LabelError`].
    pub fn svg(&self) -> Result<String, LabelError> {
        let font = font()?;
        let layout = self.layout(&font)?;
        let (width, height) = (layout.width, layout.height);
        let mm = |modules: f64| modules * self.style.module.mm();
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.3}mm\" height=\"{:.3}mm\" viewBox=\"0 0 {width:.3} {height:.3}\" role=\"img\" aria-labelledby=\"t\">\
             <title id=\"t\">Battery {}</title><rect width=\"{width:.3}\" height=\"{height:.3}\" fill=\"#fff\"/>",
            mm(width),
            mm(height),
            self.carrier.unit.grouped(),
        );
        let mut path = |outline: &str, attributes: &str| {
            let _ = write!(svg, "<path d=\"{outline}\"{attributes}/>");
        };
        path(&modules(&layout.symbol), " shape-rendering=\"crispEdges\"");
        for mark in &layout.collection {
            path(&mark.svg(), "");
        }
        for line in &layout.lines {
            path(&line.outline(&font).svg(), "");
        }
        if let Some(test) = &layout.test {
            let (red, green, blue) = TEST_RED;
            path(
                &test.svg(),
                &format!(" fill=\"rgb({red},{green},{blue})\" fill-opacity=\"{TEST_OPACITY}\""),
            );
        }
        svg.push_str("</svg>");
        Ok(svg)
    }

    /// The drawing in whole pixels a module: the printer's dots, or 8 where no printer is named.
    ///
    /// # Errors
    /// [`LabelError`].
    pub fn png(&self) -> Result<Vec<u8>, LabelError> {
        let font = font()?;
        let layout = self.layout(&font)?;
        let dots = self.style.module.dots().unwrap_or(PIXELS);
        picture::png(&layout, &font, dots, self.style.module.mm())
    }

    /// The drawing as a page of its own size.
    ///
    /// # Errors
    /// [`LabelError`].
    pub fn pdf(&self) -> Result<Vec<u8>, LabelError> {
        Sheet::on(Page::Label).pdf(std::slice::from_ref(self))
    }

    /// The drawing as commands for a label printer.
    ///
    /// # Errors
    /// [`LabelError`]; also where no printer is named.
    pub fn zpl(&self) -> Result<String, LabelError> {
        let font = font()?;
        let layout = self.layout(&font)?;
        let dots = self.style.module.dots().ok_or(LabelError::Resolution)?;
        let bitmap = picture::bitmap(&layout, &font, dots)?;
        Ok(zpl::label(&self.carrier.unit.grouped(), &bitmap))
    }

    /// The drawing as closed polylines in mm, for lasers that engrave.
    ///
    /// # Errors
    /// [`LabelError`].
    pub fn dxf(&self) -> Result<String, LabelError> {
        let font = font()?;
        let layout = self.layout(&font)?;
        Ok(dxf::drawing(&layout, &font, self.style.module.mm()))
    }
}

pub(crate) fn font() -> Result<Font, LabelError> {
    Font::new().map_err(|error| LabelError::Drawing(error.to_string()))
}

/// The dark modules as one path.
fn modules(symbol: &Symbol) -> String {
    let mut path = String::new();
    for one in symbol.rectangles() {
        let (x, y, width, height) = (
            one.column + QUIET_ZONE,
            one.row + QUIET_ZONE,
            one.width,
            one.height,
        );
        let _ = write!(path, "M{x} {y}h{width}v{height}h-{width}z");
    }
    path
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a symbol has at most 185 modules"
)]
pub(crate) const fn as_f64(modules: usize) -> f64 {
    modules as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Surface;

    fn label(module: Module) -> Label {
        Label {
            carrier: Carrier::parse("https://ID.EXAMPLE.EU/32XZAJ4P21M1MZ0N3RQA").unwrap(),
            market: false,
            style: Style {
                module,
                error_correction: ErrorCorrection::Q,
                collection: None,
            },
        }
    }

    #[test]
    fn a_test_label_is_marked_and_a_market_label_is_not() {
        let test = label(Module::on_printer(0.4, 300).unwrap());
        let market = Label {
            market: true,
            ..test.clone()
        };
        assert!(test.svg().unwrap().contains("rgb(221,0,0)"));
        assert!(!market.svg().unwrap().contains("rgb("));
        assert!(test.dxf().unwrap().contains("\n8\nTEST\n"));
        assert!(!market.dxf().unwrap().contains("\n8\nTEST\n"));
        assert_ne!(test.zpl().unwrap(), market.zpl().unwrap());
        assert_ne!(test.png().unwrap(), market.png().unwrap());
        assert_ne!(test.pdf().unwrap(), market.pdf().unwrap());
    }

    #[test]
    fn a_png_is_printed_with_modules_of_the_asked_size() {
        for (mm, pixels) in [(0.4, 8), (0.25, 3), (1.0, 20)] {
            let bytes = label(Module::in_pixels(mm, pixels).unwrap()).png().unwrap();
            let reader = png::Decoder::new(bytes.as_slice()).read_info().unwrap();
            let density = reader.info().pixel_dims.unwrap();
            assert!(matches!(density.unit, png::Unit::Meter));
            assert_eq!(density.xppu, density.yppu);
            let printed = f64::from(pixels) * 1000.0 / f64::from(density.xppu);
            assert!((printed - mm).abs() < 0.001, "{printed}");
        }
    }

    #[test]
    fn a_picture_that_is_too_large_is_refused() {
        let large = Label {
            style: Style {
                collection: Some(
                    Collection::new(Surface::LargestSide(900.0, 900.0), true, true).unwrap(),
                ),
                ..label(Module::on_printer(0.4, 2400).unwrap()).style
            },
            ..label(Module::new(0.4).unwrap())
        };
        assert!(matches!(large.png(), Err(LabelError::Pixels { .. })));
        assert!(matches!(large.zpl(), Err(LabelError::Pixels { .. })));
        assert!(matches!(
            label(Module::new(0.4).unwrap()).zpl(),
            Err(LabelError::Resolution)
        ));
    }

    #[test]
    fn a_gs1_carrier_has_modules_as_gs1_allows() {
        let carrier =
            Carrier::parse("https://ID.EXAMPLE.EU/01/09521234000013/21/32XZAJ4P21M1MZ0N3RQA")
                .unwrap();
        for (mm, fits) in [(0.3, false), (0.4, true), (0.99, true), (1.2, false)] {
            let label = Label {
                carrier: carrier.clone(),
                ..label(Module::new(mm).unwrap())
            };
            assert_eq!(label.svg().is_ok(), fits, "{mm}");
        }
    }
}
