//! What verifying costs: `cargo bench -p verify`.
#![allow(clippy::unwrap_used, reason = "a measurement may fail")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use verify::Verdict;

#[path = "../tests/written/mod.rs"]
mod written;

use written::{Written, trust};

/// The example of C2SP tlog-tiles: three levels of tiles.
const ENTRIES: usize = 70_000;
const CHAIN: usize = 100;

fn verifying(criterion: &mut Criterion) {
    let (trust, whole, short) = (trust(), Written::new(&[ENTRIES]), Written::new(&[CHAIN]));
    let proof = whole.proof_file(ENTRIES / 3);
    criterion.bench_function("a proof", |bench| {
        bench.iter(|| {
            let report = verify::proof(black_box(proof.as_bytes()), None, &trust);
            assert_eq!(report.verdict(), Verdict::Proved);
        });
    });
    let chain = short.chain_file(&[CHAIN - 1]);
    criterion.bench_function("a chain of 100 events", |bench| {
        bench.iter(|| {
            let report = verify::chain(black_box(&[&chain]), &trust);
            assert_eq!(report.verdict(), Verdict::Proved);
        });
    });
    criterion.bench_function("a log of 70,000 entries", |bench| {
        bench.iter(|| assert_eq!(whole.log(None).verdict(), Verdict::Proved));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = verifying
}
criterion_main!(benches);
