//! A label as DXF for lasers that engrave: closed polylines in mm, y upwards, on one layer for each kind of thing.
//!
//! AutoCAD R12's ASCII form, which every laser's software reads: `POLYLINE` and `VERTEX`, no handles, no objects. The `dxf`
//! crate writes it too, but with every table and header of a drawing program, and it brings an image decoder.

use std::fmt::Write;

use crate::label::{Layout, as_f64};
use crate::lettering::Font;
use crate::outline::{Outline, Point};
use crate::symbol::QUIET_ZONE;

/// What a laser does with each is its operator's choice; no two shapes of one layer overlap, so that each can be hatched.
/// The layers, with their colours in AutoCAD's index.
const LAYERS: [(&str, u8); 6] = [
    ("SYMBOL", 7),
    ("TEXT", 7),
    ("COLLECTION", 7),
    ("CROSS", 7),
    ("TEST", 1),
    ("OUTLINE", 8),
];

pub(crate) fn drawing(layout: &Layout, font: &Font, module_mm: f64) -> String {
    let mut dxf = String::from("999\nmillimetres\n0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1009\n");
    let _ = write!(
        dxf,
        "9\n$EXTMIN\n10\n0.0\n20\n0.0\n9\n$EXTMAX\n10\n{:.4}\n20\n{:.4}\n0\nENDSEC\n",
        layout.width * module_mm,
        layout.height * module_mm,
    );
    let _ = write!(
        dxf,
        "0\nSECTION\n2\nTABLES\n0\nTABLE\n2\nLAYER\n70\n{}\n",
        LAYERS.len()
    );
    for (name, colour) in LAYERS {
        let _ = write!(
            dxf,
            "0\nLAYER\n2\n{name}\n70\n0\n62\n{colour}\n6\nCONTINUOUS\n"
        );
    }
    dxf.push_str("0\nENDTAB\n0\nENDSEC\n0\nSECTION\n2\nENTITIES\n");
    let mut add = |layer: &str, outline: &Outline| {
        for polygon in outline.polygons() {
            polyline(&mut dxf, layer, &polygon, |Point(x, y)| {
                (x * module_mm, (layout.height - y) * module_mm)
            });
        }
    };
    add(
        "OUTLINE",
        &Outline::rectangle(0.0, 0.0, layout.width, layout.height),
    );
    let at = |modules: usize| as_f64(modules + QUIET_ZONE);
    for one in layout.symbol.rectangles() {
        let (width, height) = (as_f64(one.width), as_f64(one.height));
        add(
            "SYMBOL",
            &Outline::rectangle(at(one.column), at(one.row), width, height),
        );
    }
    for line in &layout.lines {
        add("TEXT", &line.outline(font));
    }
    for (index, mark) in layout.collection.iter().enumerate() {
        // The cross lies over the bin.
        add(if index == 1 { "CROSS" } else { "COLLECTION" }, mark);
    }
    if let Some(test) = &layout.test {
        add("TEST", test);
    }
    dxf.push_str("0\nENDSEC\n0\nEOF\n");
    dxf
}

fn polyline(dxf: &mut String, layer: &str, polygon: &[Point], place: impl Fn(Point) -> (f64, f64)) {
    let _ = write!(
        dxf,
        "0\nPOLYLINE\n8\n{layer}\n66\n1\n70\n1\n10\n0.0\n20\n0.0\n30\n0.0\n"
    );
    for point in polygon {
        let (x, y) = place(*point);
        let _ = write!(dxf, "0\nVERTEX\n8\n{layer}\n10\n{x:.4}\n20\n{y:.4}\n");
    }
    let _ = write!(dxf, "0\nSEQEND\n8\n{layer}\n");
}
