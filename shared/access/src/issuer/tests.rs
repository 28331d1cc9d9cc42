use serde_json::{Value, json};

use super::*;

fn ed() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "ed", "x": URL_SAFE_NO_PAD.encode([7; 32])})
}

fn ec() -> Value {
    let coordinate = URL_SAFE_NO_PAD.encode([7; 32]);
    json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "ec", "x": coordinate, "y": coordinate})
}

fn rsa(modulus: &[u8]) -> Value {
    json!({"kty": "RSA", "alg": "RS256", "kid": "rsa", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode(modulus)})
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn entry(keys: &[Value]) -> Value {
    json!({"issuer": "https://login.example.eu", "audience": "passport", "maxLifetimeSeconds": 900,
           "jwks": {"keys": keys}})
}

fn read(entries: &Value) -> Result<Issuers, String> {
    Issuers::from_json(&entries.to_string()).map_err(|fault| fault.to_string())
}

#[test]
fn consistent_public_keys_are_taken() {
    let keys = [
        with(ed(), "use", json!("sig")),
        with(ec(), "key_ops", json!(["verify"])),
        rsa(&[255; 256]),
        with(rsa(&[127; 384]), "kid", json!("long")),
        with(with(ed(), "kid", json!("more")), "x5t#S256", json!("abc")),
    ];
    assert!(read(&json!([entry(&keys)])).is_ok());
}

#[test]
fn inconsistent_weak_and_private_keys_are_refused() {
    let mut padded = vec![0; 128];
    padded.extend([255; 128]);
    let mut longer = vec![0];
    longer.extend([255; 256]);
    let mut even = vec![255; 255];
    even.push(254);
    let wrong = [
        with(ed(), "alg", json!("ES256")),
        with(ed(), "alg", json!("HS256")),
        with(ed(), "alg", json!("none")),
        with(ed(), "kty", json!("EC")),
        with(ed(), "crv", json!("X25519")),
        with(ed(), "crv", json!("Ed448")),
        with(ed(), "use", json!("enc")),
        with(ed(), "key_ops", json!(["sign", "verify"])),
        with(ed(), "key_ops", json!([])),
        with(ed(), "x", json!(URL_SAFE_NO_PAD.encode([7; 31]))),
        with(ed(), "x", json!("")),
        with(ed(), "d", json!("c2VjcmV0")),
        with(ed(), "kid", json!("")),
        with(ec(), "crv", json!("P-384")),
        with(ec(), "y", json!(URL_SAFE_NO_PAD.encode([7; 33]))),
        with(ec(), "y", json!(null)),
        with(ec(), "alg", json!("RS256")),
        rsa(&[255; 128]),
        rsa(&[255; 255]),
        rsa(&[127; 256]),
        rsa(&padded),
        rsa(&longer),
        rsa(&even),
        with(rsa(&[255; 256]), "alg", json!("PS256")),
        with(rsa(&[255; 256]), "e", json!("Aw")),
        with(rsa(&[255; 256]), "e", json!("AQ")),
        with(rsa(&[255; 256]), "p", json!("AQ")),
        json!({"kty": "oct", "alg": "HS256", "kid": "secret", "k": "c2VjcmV0"}),
    ];
    for key in wrong {
        let fault = read(&json!([entry(std::slice::from_ref(&key))])).unwrap_err();
        let named = format!("key `{}` is not one of", key["kid"].as_str().unwrap());
        assert!(fault.starts_with(&named), "{key}: {fault}");
    }
}

#[test]
fn one_bad_key_refuses_the_whole_configuration() {
    let secret = json!({"kty": "oct", "alg": "HS256", "kid": "secret", "k": "c2VjcmV0"});
    assert!(read(&json!([entry(&[ed(), secret])])).is_err());
}

#[test]
fn key_ids_and_issuers_come_once() {
    let fault = read(&json!([entry(&[ed(), with(ec(), "kid", json!("ed"))])])).unwrap_err();
    assert_eq!(fault, "key id `ed` comes twice");
    let fault = read(&json!([entry(&[ed()]), entry(&[ec()])])).unwrap_err();
    assert_eq!(fault, "issuer `https://login.example.eu` comes twice");
}

#[test]
fn an_issuer_needs_name_audience_keys_and_a_short_lifetime() {
    for (name, value) in [
        ("issuer", json!("")),
        ("audience", json!("")),
        ("audience", json!(["passport"])),
        ("maxLifetimeSeconds", json!(0)),
        ("maxLifetimeSeconds", json!(-1)),
        ("maxLifetimeSeconds", json!(3_601)),
        ("maxLifetimeSeconds", json!("900")),
        ("jwks", json!({"keys": []})),
        ("jwksUri", json!("https://login.example.eu/jwks")),
    ] {
        let entry = with(entry(&[ed()]), name, value.clone());
        assert!(read(&json!([entry])).is_err(), "{name} {value}");
    }
    assert!(
        read(&json!([with(
            entry(&[ed()]),
            "maxLifetimeSeconds",
            json!(3_600)
        )]))
        .is_ok()
    );
    assert!(read(&entry(&[ed()])).is_err());
    assert!(read(&json!([])).is_ok());
}

#[test]
fn keys_are_not_printed() {
    let issuers = read(&json!([entry(&[ed()])])).unwrap();
    let printed = format!("{issuers:?}");
    assert!(printed.contains("login.example.eu"), "{printed}");
    assert!(
        !printed.contains("ed\"") && !printed.contains(&URL_SAFE_NO_PAD.encode([7; 32])),
        "{printed}"
    );
}
