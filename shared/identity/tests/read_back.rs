//! Printed labels, read by decoders we did not write: zbar and ZXing-C++. Where a tool is absent the test says so.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that fails says so"
)]

use std::path::Path;
use std::process::Command;

use identity::{Carrier, ErrorCorrection, Host, Label, LabelId, UnitId};

fn labels() -> Vec<Label> {
    let mut labels = Vec::new();
    for (number, level) in [ErrorCorrection::M, ErrorCorrection::Q, ErrorCorrection::H]
        .into_iter()
        .enumerate()
    {
        for market in [true, false] {
            let seed = u8::try_from(number * 2 + usize::from(market)).unwrap();
            let random: [u8; 18] = std::array::from_fn(|index| {
                seed.wrapping_mul(37)
                    .wrapping_add(u8::try_from(index).unwrap() * 11)
            });
            labels.push(Label {
                carrier: Carrier::plain(
                    Host::parse("id.example.eu").unwrap(),
                    true,
                    UnitId::from_random(random),
                    Some(LabelId::from_random([seed; 8])),
                ),
                market,
                module_mm: 0.4,
                error_correction: level,
            });
        }
    }
    labels
}

/// Every picture of a label: PNG, and SVG and PDF turned into PNG where there is a tool for it.
fn pictures(label: &Label, folder: &Path) -> Vec<String> {
    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    std::fs::write(file("label.png"), label.png(8).unwrap()).unwrap();
    std::fs::write(file("label.svg"), label.svg().unwrap()).unwrap();
    std::fs::write(file("label.pdf"), label.pdf().unwrap()).unwrap();
    let mut pictures = vec![file("label.png")];
    if ran(
        "rsvg-convert",
        &["-z", "6", &file("label.svg"), "-o", &file("svg.png")],
    ) {
        pictures.push(file("svg.png"));
    }
    if ran(
        "pdftoppm",
        &[
            "-r",
            "400",
            "-png",
            "-singlefile",
            &file("label.pdf"),
            &file("pdf"),
        ],
    ) {
        pictures.push(file("pdf.png"));
    }
    pictures
}

fn ran(tool: &str, arguments: &[&str]) -> bool {
    match Command::new(tool).args(arguments).status() {
        Ok(status) => {
            assert!(status.success(), "{tool}");
            true
        }
        Err(_) => {
            eprintln!("skipped: `{tool}` is not installed");
            false
        }
    }
}

fn read_back(name: &str, reader: impl Fn(&str) -> Option<String>) {
    for (number, label) in labels().iter().enumerate() {
        let folder =
            std::env::temp_dir().join(format!("label-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for picture in pictures(label, &folder) {
            let Some(text) = reader(&picture) else {
                eprintln!("skipped: {name} is not installed");
                return;
            };
            assert_eq!(text.trim(), label.carrier.url(), "{name} {picture}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn zbar_reads_every_label() {
    read_back("zbar", |picture| {
        let output = Command::new("zbarimg")
            .args(["-q", "--raw", picture])
            .output()
            .ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    });
}

#[test]
fn zxing_reads_every_label() {
    const SCRIPT: &str = "import sys, zxingcpp; from PIL import Image; \
        print(*[r.text for r in zxingcpp.read_barcodes(Image.open(sys.argv[1]).convert('RGB'))])";
    let installed = Command::new("python3")
        .args(["-c", "import zxingcpp, PIL"])
        .status();
    if !installed.is_ok_and(|status| status.success()) {
        eprintln!("skipped: zxing-cpp is not installed");
        return;
    }
    read_back("zxing", |picture| {
        let output = Command::new("python3")
            .args(["-c", SCRIPT, picture])
            .output()
            .ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    });
}
