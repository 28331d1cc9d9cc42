//! Labels as PDF: a few hundred bytes each. The letters are a Type 3 font, so that ids stay text that can be searched and
//! copied; the signs that labels share are drawn once.

use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Settings, Str};

use crate::label::{Layout, TEST_OPACITY, TEST_RED, as_f64};
use crate::lettering::{Font, PITCH};
use crate::outline::{Outline, Point, Segment, as_f32};
use crate::sheet::Grid;
use crate::symbol::QUIET_ZONE;

const POINTS_PER_MM: f64 = 72.0 / 25.4;
/// Of the deflate algorithm: beyond it files hardly shrink.
const LEVEL: u8 = 6;
/// A letter's space, in thousandths of an em.
const EM: f64 = 1000.0;
/// From the first to the last character that ids are written with.
const LETTERS: std::ops::RangeInclusive<u8> = b'-'..=b'Z';
const DIGITS: [&str; 10] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const FONT: Ref = Ref::new(3);
const COLLECTION: Ref = Ref::new(4);
const TEST: Ref = Ref::new(5);
const TRANSLUCENT: Ref = Ref::new(6);
/// The letters' drawings have the numbers from here on, then come the pages, two numbers each.
const FIRST_LETTER: i32 = 7;

/// Layouts with the width of their modules in mm, in order over as many pages as it takes.
pub(crate) fn document(grid: &Grid, labels: &[(f64, Layout)], font: &Font) -> Vec<u8> {
    let mut pdf = Pdf::with_settings(Settings { pretty: false });
    pdf.catalog(CATALOG).pages(PAGES);
    let mut next = write_font(&mut pdf, font);
    let shared = Shared::of(labels);
    shared.write(&mut pdf);
    let mut pages = Vec::new();
    for of_page in labels.chunks(grid.labels_per_page()) {
        let (page, contents) = (next, next.next());
        next = contents.next();
        pages.push(page);
        let (width, height) = grid.page;
        let mut content = content();
        for (index, (module_mm, layout)) in of_page.iter().enumerate() {
            let (left, from_above) = grid.place(index);
            let points = |mm: f64| real(mm * POINTS_PER_MM);
            content.save_state().transform([
                points(*module_mm),
                0.0,
                0.0,
                points(*module_mm),
                points(left),
                points(height - from_above),
            ]);
            shared.draw(&mut content, layout);
            content.restore_state();
        }
        let stream = compress_to_vec_zlib(&content.finish(), LEVEL);
        pdf.stream(contents, &stream).filter(Filter::FlateDecode);
        let points = |mm: f64| as_f32(mm * POINTS_PER_MM);
        pdf.page(page)
            .parent(PAGES)
            .media_box(Rect::new(0.0, 0.0, points(width), points(height)))
            .contents(contents);
    }
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    let mut tree = pdf.pages(PAGES);
    tree.kids(pages).count(count);
    let mut resources = tree.resources();
    resources.fonts().pair(Name(b"F"), FONT);
    resources
        .x_objects()
        .pair(Name(b"C"), COLLECTION)
        .pair(Name(b"T"), TEST);
    resources.ext_g_states().pair(Name(b"A"), TRANSLUCENT);
    resources.finish();
    tree.finish();
    pdf.finish()
}

fn content() -> Content {
    Content::with_settings(Settings { pretty: false })
}

/// What the first label has and the others probably too.
struct Shared<'a> {
    collection: &'a [Outline],
    test: Option<&'a Outline>,
}

impl<'a> Shared<'a> {
    fn of(labels: &'a [(f64, Layout)]) -> Self {
        let first = labels.first().map(|(_, layout)| layout);
        Self {
            collection: first.map_or(&[], |layout| &layout.collection),
            test: labels.iter().find_map(|(_, layout)| layout.test.as_ref()),
        }
    }

    fn write(&self, pdf: &mut Pdf) {
        let mut collection = content();
        for mark in self.collection {
            fill(&mut collection, mark);
        }
        let mut test = content();
        test_across(&mut test, self.test.into_iter());
        for (id, content) in [(COLLECTION, collection), (TEST, test)] {
            let stream = compress_to_vec_zlib(&content.finish(), LEVEL);
            let mut form = pdf.form_xobject(id, &stream);
            form.filter(Filter::FlateDecode);
            // As large as any label in modules.
            form.bbox(Rect::new(0.0, -2000.0, 2000.0, 0.0));
            form.resources()
                .ext_g_states()
                .pair(Name(b"A"), TRANSLUCENT);
        }
        pdf.ext_graphics(TRANSLUCENT)
            .non_stroking_alpha(TEST_OPACITY);
    }

    /// From the label's upper left corner, y upwards, in modules.
    fn draw(&self, content: &mut Content, layout: &Layout) {
        for one in layout.symbol.rectangles() {
            let at = |modules: usize| as_f32(as_f64(modules));
            let below = one.row + one.height + QUIET_ZONE;
            content.rect(
                at(one.column + QUIET_ZONE),
                -at(below),
                at(one.width),
                at(one.height),
            );
        }
        // One path: where rectangles touch there is no seam.
        content.fill_nonzero();
        content.begin_text();
        for line in &layout.lines {
            content
                .set_font(Name(b"F"), real(line.em))
                .set_text_matrix([1.0, 0.0, 0.0, 1.0, real(line.x), real(-line.y)])
                .show(Str(line.text.as_bytes()));
        }
        content.end_text();
        match layout.collection == self.collection {
            true if self.collection.is_empty() => {}
            true => {
                content.x_object(Name(b"C"));
            }
            false => {
                for mark in &layout.collection {
                    fill(content, mark);
                }
            }
        }
        match &layout.test {
            None => {}
            Some(test) if Some(test) == self.test => {
                content.x_object(Name(b"T"));
            }
            Some(test) => test_across(content, std::iter::once(test)),
        }
    }
}

fn test_across<'a>(content: &mut Content, tests: impl Iterator<Item = &'a Outline>) {
    let (red, green, blue) = TEST_RED;
    let part = |value: u8| real(f64::from(value) / 255.0);
    for test in tests {
        content
            .set_parameters(Name(b"A"))
            .set_fill_rgb(part(red), part(green), part(blue));
        fill(content, test);
    }
}

fn fill(content: &mut Content, outline: &Outline) {
    let at = |Point(x, y): Point| (real(x), real(-y));
    for segment in &outline.0 {
        match *segment {
            Segment::Move(to) => {
                let (x, y) = at(to);
                content.move_to(x, y);
            }
            Segment::Line(to) => {
                let (x, y) = at(to);
                content.line_to(x, y);
            }
            Segment::Cubic(a, b, to) => {
                let ((a, b), (c, d), (x, y)) = (at(a), at(b), at(to));
                content.cubic_to(a, b, c, d, x, y);
            }
            Segment::Close => {
                content.close_path();
            }
        }
    }
    content.fill_nonzero();
}

/// The letters of ids as a font; answers the next free number.
fn write_font(pdf: &mut Pdf, font: &Font) -> Ref {
    let mut next = Ref::new(FIRST_LETTER);
    let mut letters = Vec::new();
    let width = as_f32(PITCH * EM);
    for character in LETTERS {
        let Some(name) = name(character) else {
            letters.push((".notdef".to_owned(), None));
            continue;
        };
        let outline = font
            .letter(char::from(character), PITCH)
            .placed(|Point(x, y)| Point((x * EM).round(), (y * EM).round()));
        let (least, most) = outline.bounds();
        let mut drawing = content();
        drawing.start_shape_glyph(
            width,
            as_f32(least.0),
            as_f32(-most.1),
            as_f32(most.0),
            as_f32(-least.1),
        );
        fill(&mut drawing, &outline);
        let stream = compress_to_vec_zlib(&drawing.finish(), LEVEL);
        pdf.stream(next, &stream).filter(Filter::FlateDecode);
        letters.push((name, Some(next)));
        next = next.next();
    }
    let mut type3 = pdf.type3_font(FONT);
    type3
        .bbox(Rect::new(0.0, -250.0, width, 900.0))
        .matrix([0.001, 0.0, 0.0, 0.001, 0.0, 0.0])
        .first_char(*LETTERS.start())
        .last_char(*LETTERS.end())
        .widths(letters.iter().map(|_| width));
    type3.encoding_custom().differences().consecutive(
        *LETTERS.start(),
        letters.iter().map(|(name, _)| Name(name.as_bytes())),
    );
    let mut drawings = type3.char_procs();
    for (name, drawing) in &letters {
        if let Some(drawing) = drawing {
            drawings.pair(Name(name.as_bytes()), *drawing);
        }
    }
    drawings.finish();
    type3.resources();
    type3.finish();
    next
}

/// The name that readers know a letter of ids by, so that what is copied is what is seen.
fn name(character: u8) -> Option<String> {
    match character {
        b'-' => Some("hyphen".to_owned()),
        b'0'..=b'9' => {
            let digit = DIGITS.get(usize::from(character - b'0'));
            digit.map(|name| (*name).to_owned())
        }
        b'A'..=b'Z' => Some(char::from(character).to_string()),
        _ => None,
    }
}

/// Written with three decimals: less than a micrometre of a label.
fn real(value: f64) -> f32 {
    as_f32((value * 1000.0).round() / 1000.0)
}
