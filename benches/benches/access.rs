//! What it costs to decide who may do what: `cargo bench -p benches --bench access`.

use std::hint::black_box;

use access::{
    Issuers, Organisation, Principal, Role, Standing, explain, may_raise, principal, reading,
    verify, writable,
};
use criterion::{Criterion, criterion_group, criterion_main};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;

/// RFC 8037 appendix A.1.
const SEED: &str = "302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn token() -> String {
    let claims = json!({
        "iss": "https://issuer.example", "aud": "https://id.example.eu", "sub": "client-1", "client_id": "client-1",
        "org": "garage", "roles": ["service-provider"], "iat": NOW - 5, "exp": NOW + 600, "jti": "1",
    });
    let header = Header {
        typ: Some("at+jwt".to_owned()),
        kid: Some("1".to_owned()),
        ..Header::new(Algorithm::EdDSA)
    };
    let seed: Vec<u8> = (0..SEED.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&SEED[at..at + 2], 16).unwrap())
        .collect();
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(&seed)).unwrap()
}

fn issuers() -> Issuers {
    let issuers = json!([{
        "issuer": "https://issuer.example", "audience": "https://id.example.eu", "maxLifetimeSeconds": 900,
        "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "1", "x": PUBLIC}]},
    }]);
    Issuers::from_json(&issuers.to_string()).unwrap()
}

fn garage() -> Organisation {
    let record: Value = json!({
        "id": "garage", "name": "Garage", "operatorIdentifier": "gln", "roles": ["service-provider"],
        "issuer": "https://issuer.example", "verifiedBy": "registrar", "verifiedUntil": null, "evidence": null,
    });
    serde_json::from_value(record).unwrap()
}

fn decisions(criterion: &mut Criterion) {
    let (token, issuers, record) = (token(), issuers(), garage());
    let caller = || -> Principal {
        let claims = verify(black_box(&token), &issuers, NOW).unwrap();
        principal(&claims, Some(&record), NOW).unwrap()
    };
    let standing = Standing {
        published: true,
        ..Standing::from("maker")
    };
    let asked = caller();
    assert_eq!(asked.roles, [Role::named("service-provider").unwrap()]);
    criterion.bench_function("token", |bench| bench.iter(&caller));
    criterion.bench_function("read all classes, asked before", |bench| {
        bench.iter(|| reading(Some(black_box(&asked)), &standing));
    });
    criterion.bench_function(
        "read all classes, token and policies, asked before",
        |bench| {
            bench.iter(|| reading(Some(&caller()), black_box(&standing)));
        },
    );
    criterion.bench_function(
        "know, read and write all classes, never asked before",
        |bench| {
            bench.iter(|| explain(Some(black_box(&asked)), &standing, []));
        },
    );
    criterion.bench_function("write all classes", |bench| {
        bench.iter(|| writable(black_box(&asked), &standing));
    });
    let repair = passport::catalogue().event_type("repair").unwrap();
    criterion.bench_function("raise an event", |bench| {
        bench.iter(|| may_raise(black_box(&asked), &repair.id, repair.permits(), &standing));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = decisions
}
criterion_main!(benches);
