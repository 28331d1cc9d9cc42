//! What the core of a change costs, on a complete EV passport with every attribute there is: `cargo bench -p benches --bench passport`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use passport::{Category, Form, Header, Level, catalogue, compose, delta, schema, validate};
use serde_json::{Map, Value, json};

#[path = "../../shared/passport/tests/generated/mod.rs"]
mod generated;

use generated::{LEVELS, document, guidance};

type Document = Map<String, Value>;

fn levels() -> [(Level, Document); 3] {
    LEVELS.map(|level| (level, document(Category::Ev, level)))
}

fn composed([(_, model), (_, batch), (_, item)]: &[(Level, Document); 3]) -> Document {
    compose(model, batch, item)
}

fn header() -> Header {
    Header::item(
        "https://id.example.eu/p/0b0e8d2c-4a0f-4c8a-9a51-5e0a4c1f7c11".to_owned(),
        "https://id.example.eu/32XZAJ4P21M1MZ0N3RQA".to_owned(),
        "active",
        "2026-06-01T08:00:00.123Z".to_owned(),
        "voltwerk".to_owned(),
        "https://id.example.eu/v1/catalogue/1.1".to_owned(),
    )
}

fn valid(levels: &[(Level, Document); 3]) -> bool {
    levels
        .iter()
        .all(|(level, document)| validate(*level, Category::Ev, guidance(), document).is_empty())
}

fn validation(criterion: &mut Criterion) {
    let levels = levels();
    assert!(valid(&levels));
    criterion.bench_function("validate", |bench| bench.iter(|| valid(black_box(&levels))));
    let validators = LEVELS.map(|level| {
        let schema = schema(
            catalogue(),
            Category::Ev,
            guidance(),
            Form::Data(level),
            "urn:x",
        );
        jsonschema::validator_for(&schema).unwrap()
    });
    let values = levels.clone().map(|(_, document)| Value::Object(document));
    criterion.bench_function("validate, by the jsonschema crate on our schema", |bench| {
        bench.iter(|| {
            let mut pairs = validators.iter().zip(black_box(&values));
            pairs.all(|(validator, value)| validator.is_valid(value))
        });
    });
}

fn composition(criterion: &mut Criterion) {
    let levels = levels();
    criterion.bench_function("compose", |bench| {
        bench.iter(|| composed(black_box(&levels)))
    });
    let before = composed(&levels);
    let mut after = before.clone();
    // As a service changes a battery: every measured value, and nothing else.
    for values in after.values_mut().filter_map(Value::as_object_mut) {
        for value in values
            .values_mut()
            .filter(|value| value.get("measuredAt").is_some())
        {
            value["measuredAt"] = json!("2026-07-01T08:00:00Z");
        }
    }
    assert!(delta(&before, &after).len() > 20);
    criterion.bench_function("delta", |bench| {
        bench.iter(|| delta(black_box(&before), black_box(&after)))
    });
    let value = Value::Object(before);
    let bytes = ledger::canonical(&value).unwrap().len();
    println!("a complete EV passport has {bytes} bytes of canonical JSON");
    criterion.bench_function("canonicalise", |bench| {
        bench.iter(|| ledger::canonical(black_box(&value)))
    });
    criterion.bench_function("validate + compose + canonicalise", |bench| {
        bench.iter(|| {
            let levels = black_box(&levels);
            let is_valid = valid(levels);
            (
                is_valid,
                ledger::canonical(&Value::Object(composed(levels))),
            )
        });
    });
}

fn exchange_formats(criterion: &mut Criterion) {
    let (header, view) = (header(), composed(&levels()));
    criterion.bench_function("export, JSON-LD", |bench| {
        let site = "https://id.example.eu";
        bench.iter(|| exchange::json_ld(site, &header, black_box(&view).clone()));
    });
    for format in exchange::formats() {
        let variant = format
            .variants
            .iter()
            .find(|variant| variant.category == Category::Ev);
        criterion.bench_function(&format!("export, {}", format.name), |bench| {
            bench.iter(|| exchange::export(format, variant, &header, black_box(&view)));
        });
        let foreign = exchange::export(format, variant, &header, &view).document;
        criterion.bench_function(&format!("import, {}", format.name), |bench| {
            bench.iter(|| {
                exchange::import(format, black_box(&foreign), Some(Category::Ev), guidance())
            });
        });
    }
}

criterion_group!(passport_benches, validation, composition, exchange_formats);
criterion_main!(passport_benches);
