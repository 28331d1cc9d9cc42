//! Decoders we did not write, zbar and ZXing-C++, and what turns our formats into pictures for them.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use identity::{
    Carrier, Collection, ErrorCorrection, Host, Label, LabelId, Module, QUIET_ZONE, Style, UnitId,
};

pub(crate) const LEVELS: [ErrorCorrection; 3] =
    [ErrorCorrection::M, ErrorCorrection::Q, ErrorCorrection::H];

/// A label with ids of its own.
pub(crate) fn label(
    seed: u64,
    market: bool,
    module: Module,
    error_correction: ErrorCorrection,
    collection: Option<Collection>,
) -> Label {
    let mut random = Random(seed);
    let unit = UnitId::from_random(std::array::from_fn(|_| random.byte()));
    let label = LabelId::from_random(std::array::from_fn(|_| random.byte()));
    Label {
        carrier: Carrier::plain(
            Host::parse("id.example.eu").unwrap(),
            true,
            unit,
            Some(label),
        ),
        market,
        style: Style {
            module,
            error_correction,
            collection,
        },
    }
}

/// The same numbers in every run (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        u8::try_from(self.next() & 0xFF).unwrap()
    }

    /// From 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap()) / f64::from(u32::MAX)
    }

    /// Of a normal distribution.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// A grey picture.
#[derive(Clone)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) grey: Vec<u8>,
}

impl Picture {
    pub(crate) fn white(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            grey: vec![255; width * height],
        }
    }

    /// The module matrix with its quiet zone, as a laser's software draws it from our rows.
    pub(crate) fn of_rows(rows: &[String], pixels: usize) -> Self {
        let side = (rows.len() + 2 * QUIET_ZONE) * pixels;
        let mut picture = Self::white(side, side);
        for y in 0..rows.len() * pixels {
            for x in 0..rows.len() * pixels {
                if rows[y / pixels].as_bytes()[x / pixels] == b'1' {
                    picture.grey[(y + QUIET_ZONE * pixels) * side + x + QUIET_ZONE * pixels] = 0;
                }
            }
        }
        picture
    }

    /// What a label printer burns: the graphic of a `^GFA` command.
    pub(crate) fn of_zpl(zpl: &str) -> Self {
        let parameter = |name: &str| -> usize {
            let rest = zpl.split(name).nth(1).unwrap();
            rest.split('^').next().unwrap().parse().unwrap()
        };
        let (width, height) = (parameter("^PW"), parameter("^LL"));
        let graphic = zpl
            .split("^GFA,")
            .nth(1)
            .unwrap()
            .split('^')
            .next()
            .unwrap();
        let mut fields = graphic.splitn(4, ',');
        let [total, same, row_bytes] =
            [0; 3].map(|_: usize| fields.next().unwrap().parse::<usize>().unwrap());
        assert_eq!((total, row_bytes), (same, width.div_ceil(8)));
        let digits_of_row = row_bytes * 2;
        let mut rows: Vec<Vec<u8>> = Vec::new();
        let mut row: Vec<u8> = Vec::new();
        let mut count = 0;
        for character in fields.next().unwrap().chars() {
            match character {
                'G'..='Y' => count += character as usize - 'F' as usize,
                'g'..='z' => count += 20 * (character as usize - 'f' as usize),
                ',' => row.resize(digits_of_row, 0),
                '!' => row.resize(digits_of_row, 15),
                ':' => row = rows.last().unwrap().clone(),
                digit => {
                    let digit = u8::try_from(digit.to_digit(16).unwrap()).unwrap();
                    row.extend(std::iter::repeat_n(digit, count.max(1)));
                    count = 0;
                }
            }
            assert!(row.len() <= digits_of_row);
            if row.len() == digits_of_row {
                rows.push(std::mem::take(&mut row));
            }
        }
        assert_eq!((rows.len(), rows.len() * row_bytes), (height, total));
        let mut picture = Self::white(width, height);
        for (y, row) in rows.iter().enumerate() {
            for x in 0..width {
                if row[x / 4] >> (3 - x % 4) & 1 == 1 {
                    picture.grey[y * width + x] = 0;
                }
            }
        }
        picture
    }

    /// What a laser engraves: the closed polylines of a DXF, each layer hatched; `TEST` and the outline as fine lines are left
    /// out, since a hatch is what engraves.
    pub(crate) fn of_dxf(dxf: &str, pixels_per_mm: f64) -> Self {
        let lines: Vec<&str> = dxf.lines().collect();
        let mut polygons: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
        let (mut layer, mut entity, mut x) = ("", "", 0.0);
        for pair in lines.chunks(2) {
            match (pair[0], pair[1]) {
                ("0", name) => {
                    entity = name;
                    if entity == "POLYLINE" {
                        polygons.push((String::new(), Vec::new()));
                    }
                }
                ("8", name) => layer = name,
                ("10", value) => x = value.parse().unwrap(),
                ("20", value) if entity == "VERTEX" => {
                    let (of, points) = polygons.last_mut().unwrap();
                    layer.clone_into(of);
                    points.push((x, value.parse().unwrap()));
                }
                _ => {}
            }
        }
        let outline = polygons
            .iter()
            .find(|(layer, _)| layer == "OUTLINE")
            .unwrap();
        // Its upper right corner.
        let (mm_wide, mm_high) = outline.1[1];
        let pixel = |mm: f64| mm * pixels_per_mm;
        let (width, height) = (whole(pixel(mm_wide)), whole(pixel(mm_high)));
        let mut picture = Self::white(width, height);
        for hatched in ["SYMBOL", "TEXT", "COLLECTION", "CROSS"] {
            for y in 0..height {
                let level = mm_high - (as_f64(y) + 0.5) / pixels_per_mm;
                let mut crossings: Vec<f64> = Vec::new();
                for (_, points) in polygons.iter().filter(|(layer, _)| layer == hatched) {
                    for (index, from) in points.iter().enumerate() {
                        let to = points[(index + 1) % points.len()];
                        if (from.1 > level) != (to.1 > level) {
                            crossings.push(
                                from.0 + (level - from.1) / (to.1 - from.1) * (to.0 - from.0),
                            );
                        }
                    }
                }
                crossings.sort_by(f64::total_cmp);
                for span in crossings.chunks_exact(2) {
                    for x in whole(pixel(span[0]) + 0.5)..whole(pixel(span[1]) + 0.5).min(width) {
                        picture.grey[y * width + x] = 0;
                    }
                }
            }
        }
        picture
    }

    pub(crate) fn save(&self, path: &Path) {
        let mut bytes = format!("P5\n{} {}\n255\n", self.width, self.height).into_bytes();
        bytes.extend(&self.grey);
        std::fs::write(path, bytes).unwrap();
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a picture's coordinate"
)]
pub(crate) fn whole(value: f64) -> usize {
    value.max(0.0) as usize
}

#[allow(clippy::cast_precision_loss, reason = "a picture's coordinate")]
pub(crate) fn as_f64(value: usize) -> f64 {
    value as f64
}

/// A folder that goes with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs a tool that may be absent; then it says that something is skipped.
pub(crate) fn ran(tool: &str, arguments: &[&str]) -> bool {
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

/// What a decoder reads in each picture.
pub(crate) type Texts = BTreeMap<PathBuf, Vec<String>>;

/// Every picture in a folder, read by zbar; `None` where it is not installed.
pub(crate) fn zbar(pictures: &[PathBuf]) -> Option<Texts> {
    let mut texts = Texts::new();
    for some in pictures.chunks(500) {
        let output = match Command::new("zbarimg")
            .args(["-q", "--xml", "-Sdisable", "-Sqrcode.enable"])
            .args(some)
            .output()
        {
            Ok(output) => output,
            Err(_) => {
                eprintln!("skipped: zbar is not installed");
                return None;
            }
        };
        let xml = String::from_utf8_lossy(&output.stdout).into_owned();
        for source in xml.split("<source href='").skip(1) {
            let (path, rest) = source.split_once('\'').unwrap();
            let data = rest.split("<![CDATA[").skip(1);
            let found = data.map(|data| data.split("]]>").next().unwrap().to_owned());
            texts.insert(PathBuf::from(path), found.collect());
        }
    }
    Some(texts)
}

/// Every picture in a folder, read by ZXing-C++; `None` where it is not installed.
pub(crate) fn zxing(folder: &Folder, pictures: &[PathBuf]) -> Option<Texts> {
    const SCRIPT: &str = "import sys, zxingcpp\nfrom PIL import Image\n\
        for path in open(sys.argv[1]).read().splitlines():\n\
        \x20   print(path, *[one.text for one in zxingcpp.read_barcodes(Image.open(path).convert('L'), formats=zxingcpp.BarcodeFormat.QRCode) if one.text], sep='\\t')";
    let installed = Command::new("python3")
        .args(["-c", "import zxingcpp, PIL"])
        .output();
    if !installed.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: zxing-cpp is not installed");
        return None;
    }
    let list = folder.file("pictures.txt");
    let paths: Vec<String> = pictures
        .iter()
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    std::fs::write(&list, paths.join("\n")).unwrap();
    let output = Command::new("python3")
        .args(["-c", SCRIPT])
        .arg(&list)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    let read = lines.lines().map(|line| {
        let mut fields = line.split('\t').map(str::to_owned);
        (PathBuf::from(fields.next().unwrap()), fields.collect())
    });
    Some(read.collect())
}
