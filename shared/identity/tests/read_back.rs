//! Every output of labels, read by decoders we did not write. Where a tool is absent the test says so.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that fails says so"
)]

mod decoders;

use std::collections::BTreeSet;
use std::path::PathBuf;

use decoders::{Folder, LEVELS, Picture, ran};
use identity::{Collection, Label, Module, Page, Sheet, Surface};

fn labels() -> Vec<Label> {
    let mark = Collection::new(Surface::LargestSide(120.0, 80.0), true, true).unwrap();
    let modules = [
        Module::new(0.4).unwrap(),
        Module::on_printer(0.375, 203).unwrap(),
        Module::on_printer(0.4, 300).unwrap(),
        Module::on_printer(0.25, 600).unwrap(),
    ];
    let mut labels = Vec::new();
    for level in LEVELS {
        for market in [true, false] {
            for module in modules {
                let seed = labels.len() as u64;
                let collection = seed.is_multiple_of(2).then_some(mark);
                labels.push(decoders::label(seed, market, module, level, collection));
            }
        }
    }
    labels
}

/// Every format of a label as a picture: what is no picture is drawn here or by other tools.
fn pictures(folder: &Folder, number: usize, label: &Label) -> Vec<PathBuf> {
    let file = |kind: &str| folder.file(&format!("{number}-{kind}"));
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    let mut pictures = vec![file("png.png"), file("dxf.pgm"), file("matrix.pgm")];
    std::fs::write(&pictures[0], label.png().unwrap()).unwrap();
    Picture::of_dxf(&label.dxf().unwrap(), 15.0).save(&pictures[1]);
    Picture::of_rows(&label.symbol().unwrap().rows(), 4).save(&pictures[2]);
    if label.style.module.dots().is_some() {
        let picture = file("zpl.pgm");
        Picture::of_zpl(&label.zpl().unwrap()).save(&picture);
        pictures.push(picture);
    }
    let (svg, pdf) = (text(&file("label.svg")), text(&file("label.pdf")));
    std::fs::write(&svg, label.svg().unwrap()).unwrap();
    std::fs::write(&pdf, label.pdf().unwrap()).unwrap();
    let (of_svg, of_pdf) = (file("svg.png"), file("pdf.png"));
    if ran("rsvg-convert", &["-z", "6", &svg, "-o", &text(&of_svg)]) {
        pictures.push(of_svg);
    }
    let stem = text(&of_pdf).replace(".png", "");
    if ran(
        "pdftoppm",
        &["-r", "400", "-png", "-singlefile", &pdf, &stem],
    ) {
        pictures.push(of_pdf);
    }
    pictures
}

#[test]
fn both_decoders_read_every_output() {
    let folder = Folder::new("read-back");
    let mut wanted = Vec::new();
    for (number, label) in labels().iter().enumerate() {
        for picture in pictures(&folder, number, label) {
            wanted.push((picture, label.carrier.url()));
        }
    }
    let paths: Vec<PathBuf> = wanted.iter().map(|(path, _)| path.clone()).collect();
    for (name, read) in [
        ("zbar", decoders::zbar(&paths)),
        ("ZXing", decoders::zxing(&folder, &paths)),
    ] {
        let Some(read) = read else { continue };
        let missed: Vec<&PathBuf> = wanted
            .iter()
            .filter(|(path, url)| read.get(path) != Some(&vec![url.clone()]))
            .map(|(path, _)| path)
            .collect();
        assert!(
            missed.is_empty(),
            "{name} misses {missed:?} of {}",
            wanted.len()
        );
    }
}

#[test]
fn every_label_of_a_sheet_and_of_a_roll_is_read() {
    let folder = Folder::new("sheet");
    let module = Module::on_printer(0.4, 300).unwrap();
    let labels: Vec<Label> = (0..150)
        .map(|seed| decoders::label(seed, true, module, LEVELS[1], None))
        .collect();
    let wanted: BTreeSet<String> = labels.iter().map(|label| label.carrier.url()).collect();
    let sheet = pages(&folder, "sheet", &Sheet::on(Page::A4), &labels);
    let roll = pages(&folder, "roll", &Sheet::on(Page::Label), &labels);
    let (Some(sheet), Some(roll)) = (sheet, roll) else {
        return;
    };
    assert_eq!((sheet.len(), roll.len()), (2, 150));
    // zbar is made for one symbol a picture and finds a few of a page's hundred.
    for (name, read) in [
        ("zbar, of the roll", decoders::zbar(&roll)),
        ("ZXing, of the roll", decoders::zxing(&folder, &roll)),
        ("ZXing, of the sheet", decoders::zxing(&folder, &sheet)),
    ] {
        let Some(read) = read else { continue };
        let read: BTreeSet<String> = read.into_values().flatten().collect();
        let missed = wanted.difference(&read).count();
        assert!(
            missed == 0 && read.len() == wanted.len(),
            "{name} misses {missed}"
        );
    }
}

/// The pages of a PDF as pictures of 300 dpi; `None` where there is no tool for it.
fn pages(folder: &Folder, name: &str, sheet: &Sheet, labels: &[Label]) -> Option<Vec<PathBuf>> {
    let pdf = folder.file(&format!("{name}.pdf"));
    std::fs::write(&pdf, sheet.pdf(labels).unwrap()).unwrap();
    let stem = folder.file(name).to_string_lossy().into_owned();
    let pdf = pdf.to_string_lossy().into_owned();
    if !ran("pdftoppm", &["-r", "300", "-gray", &pdf, &stem]) {
        return None;
    }
    let files = std::fs::read_dir(&folder.0).unwrap();
    let is_page = |path: &PathBuf| {
        let file = path.file_name().unwrap().to_string_lossy();
        file.starts_with(name) && file.ends_with(".pgm")
    };
    Some(
        files
            .map(|entry| entry.unwrap().path())
            .filter(is_page)
            .collect(),
    )
}
