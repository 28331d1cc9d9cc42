//! How often damaged labels are still read, by decoders we did not write: `cargo test -p identity --test damage -- --nocapture`
//! prints the table. Seeds are fixed. Where the decoders are absent the test says so.
//!
//! A picture is what a camera sees of a print: light is averaged over each pixel, pixels do not line up with modules, the label
//! is turned by any angle, and every pixel is off by noise. A blot is one disc of ink or of bare ground anywhere on the symbol
//! that leaves the finder patterns and the format beside them alone, as large as its share of the data area.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that fails says so"
)]

mod decoders;

use std::f64::consts::TAU;
use std::path::PathBuf;

use decoders::{Folder, Picture, Random, Texts, as_f64, whole};
use identity::{ErrorCorrection, Module, QUIET_ZONE, Symbol};

const TRIALS: u64 = 100;
/// zbar takes longer and promises less: it reads one of so many.
const OF_ZBAR: usize = 2;
/// Pixels of a module, as few as decoders were measured to need.
const COARSE: f64 = 2.5;
const FINE: f64 = 5.0;
/// Standard deviation of a pixel, of 255.
const NOISE: f64 = 10.0;
/// Modules of a side of a finder pattern with its separator and the format information.
const FINDER: f64 = 9.0;
/// Samples of a pixel, along a side.
const SAMPLES: usize = 3;

/// What is done to a label.
#[derive(Clone, Copy)]
struct Damage {
    name: &'static str,
    pixels: f64,
    turned: bool,
    noise: f64,
    /// Of the data area.
    blot: f64,
    /// ZXing has to read 99 % of these.
    promised: bool,
}

const fn damage(name: &'static str, pixels: f64, turned: bool, noise: f64, blot: f64) -> Damage {
    Damage {
        name,
        pixels,
        turned,
        noise,
        blot,
        promised: true,
    }
}

fn cells() -> Vec<(ErrorCorrection, Damage)> {
    use ErrorCorrection::{H, M, Q};
    let of_level = |(level, blot)| {
        [
            damage("none", FINE, false, 0.0, 0.0),
            damage("turned", FINE, true, 0.0, 0.0),
            damage("2.5 pixels and noise", COARSE, false, NOISE, 0.0),
            Damage {
                promised: false,
                ..damage("2.5 pixels and noise, turned", COARSE, true, NOISE, 0.0)
            },
            damage("blot", FINE, false, 0.0, blot),
            damage("blot, turned", FINE, true, 0.0, blot),
            Damage {
                promised: false,
                ..damage("all of it at once", COARSE, true, NOISE, blot)
            },
        ]
        .map(|damage| (level, damage))
    };
    [(M, 0.06), (Q, 0.08), (H, 0.14)]
        .into_iter()
        .flat_map(of_level)
        .collect()
}

/// A disc of one tone, in modules.
struct Blot {
    at: (f64, f64),
    radius: f64,
    dark: bool,
}

impl Blot {
    /// Where it touches no finder pattern and covers that share of the data area: all but the finder patterns.
    fn on(symbol: &Symbol, share: f64, random: &mut Random) -> Self {
        let side = as_f64(symbol.width());
        let area = (side * side - 3.0 * FINDER * FINDER) * share;
        let radius = (area / (TAU / 2.0)).sqrt();
        let dark = random.unit() < 0.5;
        loop {
            let mut anywhere = || radius + random.unit() * (side - 2.0 * radius);
            let at = (anywhere(), anywhere());
            let far = side - FINDER;
            let corners = [(0.0, 0.0), (far, 0.0), (0.0, far)];
            let touches = corners.iter().any(|(x, y)| {
                let (dx, dy) = (
                    at.0 - at.0.clamp(*x, x + FINDER),
                    at.1 - at.1.clamp(*y, y + FINDER),
                );
                dx.hypot(dy) < radius
            });
            if !touches {
                return Self { at, radius, dark };
            }
        }
    }
}

/// A symbol as a camera sees it.
fn seen(symbol: &Symbol, damage: Damage, random: &mut Random) -> Picture {
    let width = symbol.width();
    let blot = (damage.blot > 0.0).then(|| Blot::on(symbol, damage.blot, random));
    let angle = if damage.turned {
        random.unit() * TAU
    } else {
        0.0
    };
    let (sin, cos) = angle.sin_cos();
    let half = as_f64(width + 2 * QUIET_ZONE) / 2.0;
    // The turned square and some ground around it; modules begin anywhere within a pixel.
    let reach = half * (sin.abs() + cos.abs()) + 1.0;
    let size = whole(2.0 * reach * damage.pixels);
    let shift = (random.unit(), random.unit());
    let middle = as_f64(width) / 2.0;
    let dark = |x: f64, y: f64| {
        if let Some(blot) = &blot
            && (x - blot.at.0).hypot(y - blot.at.1) < blot.radius
        {
            return blot.dark;
        }
        x >= 0.0 && y >= 0.0 && symbol.is_dark(whole(y), whole(x))
    };
    let mut picture = Picture::white(size, size);
    for row in 0..size {
        for column in 0..size {
            let mut light = 0.0;
            for sample in 0..SAMPLES * SAMPLES {
                let within = |index: usize| (as_f64(index) + 0.5) / as_f64(SAMPLES);
                let x =
                    (as_f64(column) + within(sample % SAMPLES) + shift.0) / damage.pixels - reach;
                let y = (as_f64(row) + within(sample / SAMPLES) + shift.1) / damage.pixels - reach;
                if !dark(x * cos - y * sin + middle, x * sin + y * cos + middle) {
                    light += 1.0;
                }
            }
            let grey = 255.0 * light / as_f64(SAMPLES * SAMPLES)
                + match damage.noise {
                    0.0 => 0.0,
                    noise => random.normal() * noise,
                };
            picture.grey[row * size + column] = u8::try_from(whole(grey.min(255.0))).unwrap();
        }
    }
    picture
}

#[test]
fn damaged_labels_are_read_as_often_as_promised() {
    let folder = Folder::new("damage");
    let mut wanted: Vec<Vec<(PathBuf, String)>> = Vec::new();
    for (cell, (level, damage)) in cells().into_iter().enumerate() {
        let trials = (0..TRIALS).map(|trial| {
            let seed = trial + cell as u64 * TRIALS;
            let label = decoders::label(seed, true, Module::new(0.4).unwrap(), level, None);
            let path = folder.file(&format!("{cell}-{trial}.pgm"));
            seen(&label.symbol().unwrap(), damage, &mut Random(seed)).save(&path);
            (path, label.carrier.url())
        });
        wanted.push(trials.collect());
    }
    let paths: Vec<PathBuf> = wanted
        .iter()
        .flatten()
        .map(|(path, _)| path.clone())
        .collect();
    let (zxing, zbar) = std::thread::scope(|scope| {
        let some: Vec<PathBuf> = paths.iter().step_by(OF_ZBAR).cloned().collect();
        let zbar = scope.spawn(move || decoders::zbar(&some));
        (decoders::zxing(&folder, &paths), zbar.join().unwrap())
    });
    let rate = |read: &Option<Texts>, of: usize, wanted: &[(PathBuf, String)]| {
        let read = read.as_ref()?;
        let wanted: Vec<&(PathBuf, String)> = wanted.iter().step_by(of).collect();
        // A wrong text would be worse than none.
        let right = wanted.iter().filter(|(path, url)| {
            let found = read.get(path).map_or(&[][..], Vec::as_slice);
            assert!(
                found.iter().all(|one| one == url),
                "{path:?} was read as {found:?}"
            );
            !found.is_empty()
        });
        Some(as_f64(right.count()) / as_f64(wanted.len()))
    };
    let mut broken = Vec::new();
    println!("| level | damage | blot | zbar | ZXing |\n|---|---|---:|---:|---:|");
    for ((level, damage), wanted) in cells().iter().zip(&wanted) {
        let (zbar, zxing) = (rate(&zbar, OF_ZBAR, wanted), rate(&zxing, 1, wanted));
        let shown = |rate: Option<f64>| {
            rate.map_or("absent".to_owned(), |rate| format!("{:.1} %", rate * 100.0))
        };
        let line = format!(
            "| {} | {} | {:.0} % | {} | {} |",
            level.letter(),
            damage.name,
            damage.blot * 100.0,
            shown(zbar),
            shown(zxing),
        );
        println!("{line}");
        let undamaged = damage.name == "none";
        let least = |rate: Option<f64>, least: f64| rate.is_none_or(|rate| rate >= least);
        if !least(zxing, if damage.promised { 0.99 } else { 0.0 })
            || (undamaged && !(least(zbar, 1.0) && least(zxing, 1.0)))
        {
            broken.push(line);
        }
    }
    assert!(
        broken.is_empty(),
        "less than promised:\n{}",
        broken.join("\n")
    );
}
