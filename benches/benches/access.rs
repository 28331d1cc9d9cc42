//! What it costs to decide who may do what: `cargo bench -p benches --bench access`.

use std::hint::black_box;

use access::{
    Grant, Issuers, Keys, Organisation, Principal, Right, Rights, Role, Scope, Standing, explain,
    may_raise, principal, reading, verify, writable,
};
use criterion::{Criterion, criterion_group, criterion_main};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use passport::Class;
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

/// Callers and records of which no two that come within 40,000 are of the same kind: more than are remembered.
fn kinds() -> impl Iterator<Item = (Vec<Role>, Vec<Grant>, Standing<'static>)> {
    let roles: Vec<Role> = Role::all().filter(|role| !role.is_alone()).collect();
    (0_u64..).map(move |number| {
        let mut rest = number;
        let mut next = |of: u64| {
            let this = rest % of;
            rest /= of;
            this
        };
        let mut is = || next(2) == 1;
        let (published, recycled, offered, former) = (is(), is(), is(), is());
        let classes = next(32);
        let pair = next(roles.len() as u64 * roles.len() as u64);
        let one = roles[usize::try_from(pair).unwrap() / roles.len()];
        let other = roles[usize::try_from(pair).unwrap() % roles.len()];
        let classes = (0..5_u8).filter(|class| classes & (1 << class) != 0);
        let granted = Grant {
            id: uuid::Uuid::nil(),
            to: "garage".to_owned(),
            by: "maker".to_owned(),
            of: Scope::Organisation("maker".to_owned()),
            right: Right::Reading(classes.filter_map(Class::from_number).collect()),
            purpose: String::new(),
            until: i64::MAX,
        };
        let standing = Standing {
            published,
            recycled,
            offered: offered.then_some("garage"),
            former: former.then_some("garage").into_iter().collect(),
            ..Standing::from("maker")
        };
        (vec![one, other], vec![granted], standing)
    })
}

fn decisions(criterion: &mut Criterion) {
    let (token, issuers, record) = (token(), issuers(), garage());
    let rights = Rights {
        grants: vec![Grant {
            id: uuid::Uuid::nil(),
            to: "garage".to_owned(),
            by: "authority".to_owned(),
            of: Scope::Everything,
            right: Right::Interest("repairer".to_owned()),
            purpose: "repairer".to_owned(),
            until: NOW + 1_000,
        }],
        ..Rights::default()
    };
    let caller = || -> Principal {
        let issuer = issuers.of(black_box(&token)).unwrap();
        let Keys::Given(keys) = issuer.keys() else {
            unreachable!("they stand in the configuration");
        };
        let claims = verify(&token, issuer, keys, NOW).unwrap();
        principal(&claims, Some(&record), &rights, NOW).unwrap()
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
    let mut kinds = kinds();
    criterion.bench_function(
        "read all classes, token and policies, never asked before",
        |bench| {
            bench.iter(|| {
                let (roles, grants, standing) = kinds.next().unwrap();
                let asked = Principal {
                    roles,
                    grants,
                    ..caller()
                };
                reading(Some(&asked), black_box(&standing))
            });
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
