use serde_json::{Value, json};

use super::*;

const BYTES: [u8; 32] = [7; 32];

fn ed() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "ed", "x": URL_SAFE_NO_PAD.encode(BYTES)})
}

fn ec() -> Value {
    let coordinate = URL_SAFE_NO_PAD.encode(BYTES);
    json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "ec", "x": coordinate, "y": coordinate})
}

fn rsa(modulus: &[u8]) -> Value {
    json!({"kty": "RSA", "alg": "RS256", "kid": "rsa", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode(modulus)})
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

fn configured(keys: &[Value]) -> Result<KeySet, KeySetFault> {
    KeySet::configured(&json!({ "keys": keys }))
}

fn served(keys: &[Value]) -> Result<KeySet, KeySetFault> {
    KeySet::served(json!({ "keys": keys }).to_string().as_bytes())
}

fn ids(set: &KeySet) -> Vec<&str> {
    set.0.iter().map(|(id, _)| id.as_str()).collect()
}

/// Keys that are public, and good for nothing here.
fn unusable() -> Vec<Value> {
    let mut padded = vec![0; 128];
    padded.extend([255; 128]);
    let mut longer = vec![0];
    longer.extend([255; 256]);
    let mut even = vec![255; 255];
    even.push(254);
    vec![
        with(ed(), "alg", json!("ES256")),
        with(ed(), "alg", json!("HS256")),
        with(ed(), "alg", json!("none")),
        with(ed(), "kty", json!("EC")),
        with(ed(), "crv", json!("X25519")),
        with(ed(), "crv", json!("Ed448")),
        with(ed(), "use", json!("enc")),
        with(ed(), "key_ops", json!(["sign", "verify"])),
        with(ed(), "key_ops", json!([])),
        with(ed(), "key_ops", json!("verify")),
        with(ed(), "x", json!(URL_SAFE_NO_PAD.encode([7; 31]))),
        with(
            ed(),
            "x",
            json!(format!("{}=", URL_SAFE_NO_PAD.encode(BYTES))),
        ),
        with(ed(), "x", json!("")),
        with(ed(), "kid", json!("")),
        with(ed(), "kid", json!(7)),
        without(ed(), "kid"),
        with(ec(), "crv", json!("P-384")),
        with(ec(), "crv", json!("secp256k1")),
        with(ec(), "y", json!(URL_SAFE_NO_PAD.encode([7; 33]))),
        with(ec(), "y", json!(null)),
        with(ec(), "alg", json!("RS256")),
        with(ec(), "alg", json!("ECDH-ES")),
        rsa(&[255; 128]),
        rsa(&[255; 255]),
        rsa(&[127; 256]),
        rsa(&padded),
        rsa(&longer),
        rsa(&even),
        with(rsa(&[255; 256]), "alg", json!("PS256")),
        with(rsa(&[255; 256]), "alg", json!("RSA-OAEP")),
        with(rsa(&[255; 256]), "e", json!("Aw")),
        with(rsa(&[255; 256]), "e", json!("AQ")),
    ]
}

/// Keys that nobody else may know.
fn secret() -> Vec<Value> {
    let mut keys: Vec<Value> = SECRETS
        .iter()
        .map(|name| with(rsa(&[255; 256]), name, json!("AQ")))
        .collect();
    keys.push(with(ed(), "d", json!("c2VjcmV0")));
    keys.push(with(ec(), "d", json!(null)));
    keys.push(json!({"kty": "oct", "alg": "HS256", "kid": "secret", "k": "c2VjcmV0"}));
    keys.push(json!({"kty": "oct", "kid": "secret"}));
    keys.push(json!({"kty": "oct", "k": "c2VjcmV0"}));
    keys
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
    assert_eq!(configured(&keys).unwrap().0.len(), 5);
    assert_eq!(served(&keys).unwrap().0.len(), 5);
}

/// Some providers leave `alg` away; a token still cannot choose.
#[test]
fn a_key_that_names_no_algorithm_has_the_one_of_its_type() {
    for (key, algorithm) in [
        (ed(), "EdDSA"),
        (ec(), "ES256"),
        (rsa(&[255; 256]), "RS256"),
    ] {
        let id = key["kid"].as_str().unwrap().to_owned();
        let set = served(&[without(key, "alg")]).unwrap();
        for other in ["EdDSA", "ES256", "RS256", "PS256", "HS256", "none", ""] {
            let found = set.key(&id, other).is_some();
            assert_eq!(found, other == algorithm, "{id} {other}");
        }
        assert!(set.key("other", algorithm).is_none());
    }
}

#[test]
fn a_key_that_cannot_be_used_refuses_a_configuration_and_is_left_out_of_what_is_served() {
    for key in unusable() {
        let last = with(ec(), "kid", json!("last"));
        let keys = [key.clone(), last];
        let id = key["kid"].as_str().unwrap_or_default().to_owned();
        assert_eq!(configured(&keys).unwrap_err(), KeySetFault::Unusable(id));
        assert_eq!(ids(&served(&keys).unwrap()), ["last"], "{key}");
        assert_eq!(served(&[key]).unwrap_err(), KeySetFault::Empty);
    }
}

#[test]
fn a_secret_refuses_the_whole_set() {
    for key in secret() {
        let id = key["kid"].as_str().unwrap_or_default().to_owned();
        let keys = [with(ed(), "kid", json!("first")), key];
        let fault = KeySetFault::Secret(id);
        assert_eq!(configured(&keys).unwrap_err(), fault);
        assert_eq!(served(&keys).unwrap_err(), fault);
    }
}

/// Whether or not both can be used: which one was meant would be for whoever signs to choose.
#[test]
fn key_ids_come_once() {
    let same = with(ec(), "kid", json!("ed"));
    for other in [same.clone(), with(same, "use", json!("enc")), ed()] {
        let keys = [ed(), other];
        assert_eq!(
            served(&keys).unwrap_err(),
            KeySetFault::Twice("ed".to_owned())
        );
        assert_eq!(
            configured(&keys).unwrap_err(),
            KeySetFault::Twice("ed".to_owned())
        );
    }
    let nameless = [without(ed(), "kid"), without(ec(), "kid"), ec()];
    assert_eq!(ids(&served(&nameless).unwrap()), ["ec"]);
}

#[test]
fn what_is_no_set_is_refused() {
    let twice = json!({ "keys": [ed()] })
        .to_string()
        .replace(r#""kid""#, r#""kid":"a","kid""#);
    for text in [
        "",
        "{}",
        "[]",
        "null",
        "<html>",
        r#"{"keys": {}}"#,
        r#"{"keys": ["a"]}"#,
        r#"{"keys": [null]}"#,
        &twice,
        &format!("{}x", json!({ "keys": [ed()] })),
    ] {
        let fault = KeySet::served(text.as_bytes()).unwrap_err();
        assert_eq!(fault, KeySetFault::NotAKeySet, "{text}");
    }
    let empty = KeySet::served(br#"{"keys": []}"#).unwrap_err();
    assert_eq!(empty, KeySetFault::Empty);
}

#[test]
fn keys_are_not_printed() {
    let printed = format!("{:?}", served(&[ed()]).unwrap());
    assert_eq!(printed, r#"{"ed"}"#);
}

/// RFC 8037 appendix A.3, and RFC 9449 §6.1 with the key of its §4.1.
#[test]
fn thumbprints_are_those_of_the_standards() {
    let ed = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "x"});
    let known = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    assert_eq!(thumbprint(&ed).as_deref(), Some(known));
    let ec = json!({
        "kty": "EC", "crv": "P-256", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    });
    let known = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    assert_eq!(thumbprint(&ec).as_deref(), Some(known));
    for none in [
        rsa(&[255; 256]),
        with(ed.clone(), "d", json!("c2VjcmV0")),
        with(ed, "crv", json!("X25519")),
        json!({}),
        json!("OKP"),
    ] {
        assert_eq!(thumbprint(&none), None, "{none}");
    }
}
