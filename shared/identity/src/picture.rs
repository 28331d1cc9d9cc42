//! A label in pixels: as PNG, and as the black and white that label printers burn.

use tiny_skia::{Color, FillRule, Paint, Pixmap, Rect, Transform};

use crate::label::{LabelError, Layout, TEST_OPACITY, TEST_RED, as_f64};
use crate::lettering::Font;
use crate::outline::{Outline, Point, as_f32};
use crate::symbol::QUIET_ZONE;

/// Most pixels of a picture: what a label of 40 × 40 mm has at 2400 dpi.
const MOST_PIXELS: u64 = 16_000_000;
const MM_PER_M: f64 = 1000.0;
/// Height of the band that says `TEST` in black and white, in modules.
const BAND: f64 = 6.0;

/// Rows of dots, eight to a byte, the leftmost in the highest bit, 1 for black.
pub(crate) struct Bitmap {
    pub(crate) width: usize,
    pub(crate) rows: Vec<Vec<u8>>,
}

/// As PNG that says how large it is, so that it is printed with modules of the asked size.
pub(crate) fn png(
    layout: &Layout,
    font: &Font,
    dots: u32,
    module_mm: f64,
) -> Result<Vec<u8>, LabelError> {
    let mut picture = drawn(layout, font, dots, 0.0)?;
    if let Some(test) = &layout.test {
        let (red, green, blue) = TEST_RED;
        let mut paint = Paint::default();
        paint.set_color_rgba8(red, green, blue, to_u8(TEST_OPACITY * 255.0));
        fill(&mut picture, test, dots, &paint);
    }
    encoded(
        &picture,
        layout.test.is_some(),
        f64::from(dots) * MM_PER_M / module_mm,
    )
    .map_err(|error| LabelError::Drawing(error.to_string()))
}

/// In black and white. Where `TEST` stands across, two edges of each module are dark: readers look at its middle. That is
/// easily overlooked, so a band with the word stands beneath.
pub(crate) fn bitmap(layout: &Layout, font: &Font, dots: u32) -> Result<Bitmap, LabelError> {
    let band = layout.test.as_ref().map_or(0.0, |_| BAND);
    let mut picture = drawn(layout, font, dots, band)?;
    let (width, height) = (picture.width(), picture.height());
    let screen = match &layout.test {
        Some(test) => {
            draw_band(&mut picture, layout, font, dots);
            let mut screen = blank(width, height)?;
            fill(&mut screen, test, dots, &Paint::default());
            Some(screen)
        }
        None => None,
    };
    let edge = (dots / 3).max(1);
    let black = |x: u32, y: u32| {
        let dark = |picture: &Pixmap| picture.pixel(x, y).is_some_and(|pixel| pixel.green() < 128);
        let at_edge = x % dots < edge || y % dots < edge;
        dark(&picture) || (at_edge && screen.as_ref().is_some_and(dark))
    };
    let rows = (0..height).map(|y| {
        let byte = |from: u32| {
            (0..8).fold(0, |byte, bit| {
                let x = from + bit;
                byte << 1 | u8::from(x < width && black(x, y))
            })
        };
        (0..width.div_ceil(8))
            .map(|index| byte(index * 8))
            .collect()
    });
    Ok(Bitmap {
        width: usize::try_from(width).unwrap_or_default(),
        rows: rows.collect(),
    })
}

/// White letters on a black band beneath everything else.
fn draw_band(picture: &mut Pixmap, layout: &Layout, font: &Font, dots: u32) {
    const LETTERS: f64 = BAND * 0.7;
    let word = font.word("TEST", 1.0);
    let (least, most) = word.bounds();
    let scale = LETTERS / (most.1 - least.1);
    let left = (layout.width - (most.0 - least.0) * scale) / 2.0;
    let top = layout.height + (BAND - LETTERS) / 2.0;
    let word =
        word.placed(|Point(x, y)| Point(left + (x - least.0) * scale, top + (y - least.1) * scale));
    let band = Outline::rectangle(0.0, layout.height, layout.width, BAND);
    fill(picture, &band, dots, &Paint::default());
    let mut white = Paint::default();
    white.set_color(Color::WHITE);
    fill(picture, &word, dots, &white);
}

/// Everything but `TEST`, black on white, with so many modules of white beneath.
fn drawn(layout: &Layout, font: &Font, dots: u32, beneath: f64) -> Result<Pixmap, LabelError> {
    let pixels = |modules: f64| (modules * f64::from(dots)).ceil();
    let width = to_u32(pixels(layout.width));
    let height = to_u32(pixels(layout.height + beneath));
    let mut picture = blank(width, height)?;
    let black = Paint::default();
    let at = |modules: usize| as_f32(as_f64(modules) * f64::from(dots));
    for one in layout.symbol.rectangles() {
        let (x, y) = (at(one.column + QUIET_ZONE), at(one.row + QUIET_ZONE));
        if let Some(modules) = Rect::from_xywh(x, y, at(one.width), at(one.height)) {
            picture.fill_rect(modules, &black, Transform::identity(), None);
        }
    }
    for mark in &layout.collection {
        fill(&mut picture, mark, dots, &black);
    }
    for line in &layout.lines {
        fill(&mut picture, &line.outline(font), dots, &black);
    }
    Ok(picture)
}

fn blank(width: u32, height: u32) -> Result<Pixmap, LabelError> {
    let found = u64::from(width) * u64::from(height);
    let mut picture = Some(found)
        .filter(|found| *found <= MOST_PIXELS)
        .and_then(|_| Pixmap::new(width, height))
        .ok_or(LabelError::Pixels {
            found,
            most: MOST_PIXELS,
        })?;
    picture.fill(Color::WHITE);
    Ok(picture)
}

fn fill(picture: &mut Pixmap, outline: &Outline, dots: u32, paint: &Paint<'_>) {
    if let Some(path) = outline.in_pixels(f64::from(dots)) {
        picture.fill_path(&path, paint, FillRule::Winding, Transform::identity(), None);
    }
}

fn encoded(
    picture: &Pixmap,
    coloured: bool,
    pixels_per_metre: f64,
) -> Result<Vec<u8>, png::EncodingError> {
    let density = to_u32(pixels_per_metre.round());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width(), picture.height());
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: density,
        yppu: density,
        unit: png::Unit::Meter,
    }));
    // The ground is opaque.
    let pixels = picture.pixels().iter();
    let colours: Vec<u8> = match coloured {
        true => {
            encoder.set_color(png::ColorType::Rgb);
            pixels
                .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
                .collect()
        }
        false => {
            encoder.set_color(png::ColorType::Grayscale);
            pixels.map(|pixel| pixel.green()).collect()
        }
    };
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&colours)?;
    writer.finish()?;
    Ok(bytes)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and saturating: what is too large is refused"
)]
const fn to_u32(pixels: f64) -> u32 {
    pixels as u32
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most 255"
)]
const fn to_u8(value: f32) -> u8 {
    value as u8
}
