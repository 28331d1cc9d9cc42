use serde_json::{Value, json};

use super::*;
use crate::token::signing::{claims, header, issuer_of, signed, with, without};

fn key() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "ed", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
}

fn entry() -> Value {
    json!({"issuer": "https://login.example.eu", "audience": "passport", "maxLifetimeSeconds": 900,
           "jwks": {"keys": [key()]}})
}

fn served(address: &str) -> Value {
    with(without(entry(), "jwks"), "jwksUri", json!(address))
}

fn read(entries: &Value) -> Result<Issuers, String> {
    Issuers::from_json(&entries.to_string()).map_err(|fault| fault.to_string())
}

#[test]
fn keys_are_given_or_served() {
    let issuers = read(&json!([entry()])).unwrap();
    let issuer = issuers.named("https://login.example.eu").unwrap();
    assert!(matches!(issuer.keys(), Keys::Given(_)));
    for address in [
        "https://login.example.eu/keys",
        "http://127.0.0.1:9001/keys",
    ] {
        let issuers = read(&json!([served(address)])).unwrap();
        let issuer = issuers.iter().next().unwrap();
        assert!(matches!(issuer.keys(), Keys::Served(at) if at == address));
    }
    for address in [
        "http://login.example.eu/keys",
        "http://localhost/keys",
        "file:///keys",
        "",
    ] {
        let fault = read(&json!([served(address)])).unwrap_err();
        assert!(fault.contains("expected an `https` address"), "{fault}");
    }
    let both = with(
        served("https://login.example.eu/keys"),
        "jwks",
        json!({"keys": [key()]}),
    );
    for wrong in [both, without(entry(), "jwks")] {
        let fault = read(&json!([wrong])).unwrap_err();
        assert!(
            fault.ends_with("needs one of `jwks` and `jwksUri`"),
            "{fault}"
        );
    }
}

#[test]
fn one_bad_key_refuses_the_whole_configuration() {
    let secret = json!({"kty": "oct", "alg": "HS256", "kid": "secret", "k": "c2VjcmV0"});
    let fault = read(&json!([with(
        entry(),
        "jwks",
        json!({"keys": [key(), secret]})
    )]))
    .unwrap_err();
    assert!(
        fault.contains("`jwks`: key `secret` holds private or shared parts"),
        "{fault}"
    );
    let encryption = with(with(key(), "kid", json!("enc")), "use", json!("enc"));
    let fault = read(&json!([with(
        entry(),
        "jwks",
        json!({"keys": [key(), encryption]})
    )]));
    assert!(fault.unwrap_err().contains("key `enc` is not one of"));
}

#[test]
fn issuers_come_once() {
    let fault = read(&json!([entry(), served("https://login.example.eu/keys")])).unwrap_err();
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
        ("senderConstrained", json!(["king"])),
        ("senderConstrained", json!("recycler")),
        ("more", json!(1)),
    ] {
        let entry = with(entry(), name, value.clone());
        assert!(read(&json!([entry])).is_err(), "{name} {value}");
    }
    let longest = with(entry(), "maxLifetimeSeconds", json!(3_600));
    assert!(read(&json!([longest])).is_ok());
    assert!(read(&entry()).is_err());
    assert!(read(&json!([])).is_ok());
    let twice = json!([entry()])
        .to_string()
        .replace(r#""audience""#, r#""audience":"a","audience""#);
    assert!(Issuers::from_json(&twice).is_err());
}

#[test]
fn a_token_is_used_as_it_is_bound() {
    let strict = with(entry(), "senderConstrained", json!(["recycler"]));
    let issuers = read(&json!([strict])).unwrap();
    let token = |roles: &[&str], bound_to: Option<&str>| Claims {
        issuer: "https://login.example.eu".to_owned(),
        subject: "client-1".to_owned(),
        client: "client-1".to_owned(),
        organisation: "garage".to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        expires: 0,
        bound_to: bound_to.map(str::to_owned),
    };
    for (roles, bound_to, holder, held) in [
        (&["supplier"][..], None, None, Ok(())),
        (&["supplier"], Some("a"), Some("a"), Ok(())),
        (
            &["supplier"],
            Some("a"),
            Some("b"),
            Err(TokenFault::OtherKey),
        ),
        (&["supplier"], Some("a"), None, Err(TokenFault::Bound)),
        (&["supplier"], None, Some("a"), Err(TokenFault::Unbound)),
        (&["recycler"], Some("a"), Some("a"), Ok(())),
        (&["recycler"], None, None, Err(TokenFault::BindingNeeded)),
        (
            &["supplier", "recycler"],
            None,
            None,
            Err(TokenFault::BindingNeeded),
        ),
        (&["recycler"], None, Some("a"), Err(TokenFault::Unbound)),
    ] {
        let claims = token(roles, bound_to);
        assert_eq!(issuers.held(&claims, holder), held, "{claims:?} {holder:?}");
    }
    let nobody = Issuers::default();
    let held = nobody.held(&token(&["supplier"], None), None);
    assert_eq!(held, Err(TokenFault::UnknownIssuer));
}

/// The step before the keys are known: an issuer is found by its exact name, and by nothing else.
#[test]
fn a_token_names_its_issuer() {
    let issuers = &crate::token::signing::ISSUERS;
    let token = signed(&header("ed"), &claims());
    assert_eq!(
        issuer_of(&token, issuers).unwrap().0.name(),
        "https://login.example.eu"
    );
    assert_eq!(issuers.of("a.b.c").unwrap_err(), TokenFault::Malformed);
    let nameless = signed(&header("ed"), &without(claims(), "iss"));
    assert_eq!(issuers.of(&nameless).unwrap_err(), TokenFault::MissingClaim);
    let foreign = signed(
        &header("ed"),
        &with(claims(), "iss", json!("https://evil.example")),
    );
    assert_eq!(issuers.of(&foreign).unwrap_err(), TokenFault::UnknownIssuer);
}

#[test]
fn keys_are_not_printed() {
    let printed = format!("{:?}", read(&json!([entry()])).unwrap());
    assert!(printed.contains("login.example.eu"), "{printed}");
    assert!(!printed.contains("11qYAYKxCrfVS"), "{printed}");
}
