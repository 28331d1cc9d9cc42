//! What it costs to print: `cargo bench -p benches --bench labels`. A label of level Q with a symbol of version 4 at 300 dpi, and
//! a thousand of them as sheets.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use identity::{
    Carrier, Collection, ErrorCorrection, Host, Label, LabelId, Module, Page, Sheet, Style,
    Surface, Symbol, UnitId,
};

const SHEET: u16 = 1_000;

fn label(number: u16, collection: Option<Collection>) -> Label {
    let [high, low] = number.to_be_bytes();
    let unit = std::array::from_fn(|index| {
        [high, low, 7].map(|byte| byte ^ (index as u8 * 37))[index % 3]
    });
    Label {
        carrier: Carrier::plain(
            Host::parse("id.example.eu").unwrap(),
            true,
            UnitId::from_random(unit),
            Some(LabelId::from_random([high, low, 1, 2, 3, 4, 5, 6])),
        ),
        market: true,
        style: Style {
            module: Module::on_printer(0.4, 300).unwrap(),
            error_correction: ErrorCorrection::Q,
            collection,
        },
    }
}

fn one(criterion: &mut Criterion) {
    let mark = Collection::new(Surface::LargestSide(300.0, 200.0), false, true).unwrap();
    let (plain, marked) = (label(1, None), label(1, Some(mark)));
    criterion.bench_function("symbol", |bench| {
        bench.iter(|| Symbol::new(black_box(&plain.carrier), ErrorCorrection::Q));
    });
    for (name, label) in [
        ("", &plain),
        (", with the symbol for separate collection", &marked),
    ] {
        let mut output = |format: &str, draw: &dyn Fn(&Label) -> usize| {
            println!("{format}{name}: {} bytes", draw(label));
            criterion.bench_function(&format!("{format}{name}"), |bench| {
                bench.iter(|| draw(black_box(label)));
            });
        };
        output("SVG", &|label| label.svg().unwrap().len());
        output("PNG", &|label| label.png().unwrap().len());
        output("PDF", &|label| label.pdf().unwrap().len());
        output("ZPL", &|label| label.zpl().unwrap().len());
        output("DXF", &|label| label.dxf().unwrap().len());
    }
}

fn sheets(criterion: &mut Criterion) {
    let labels: Vec<Label> = (0..SHEET).map(|number| label(number, None)).collect();
    let mut group = criterion.benchmark_group("1,000 labels");
    group.sample_size(10);
    for (name, page) in [("sheets of A4", Page::A4), ("a roll", Page::Label)] {
        let draw = || Sheet::on(page).pdf(black_box(&labels)).unwrap().len();
        println!("1,000 labels, {name}: {} bytes", draw());
        group.bench_function(name, |bench| bench.iter(draw));
    }
}

criterion_group!(label_benches, one, sheets);
criterion_main!(label_benches);
