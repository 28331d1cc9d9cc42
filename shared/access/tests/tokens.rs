//! Good tokens open the door; every classic attack does not (RFC 8725).

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that fails says so"
)]

use access::{Claims, Issuers, TokenFault, verify};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use aws_lc_rs::{hmac, signature::RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://issuer.example";

struct Keys {
    ed25519: Ed25519KeyPair,
    p256: EcdsaKeyPair,
    rsa: RsaKeyPair,
}

impl Keys {
    fn new() -> Self {
        Self {
            ed25519: Ed25519KeyPair::generate().unwrap(),
            p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        }
    }

    fn jwks(&self) -> Value {
        let point = self.p256.public_key().as_ref();
        let rsa: RsaPublicKeyComponents<Vec<u8>> = self.rsa.public_key().into();
        json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "ed", "use": "sig", "x": BASE64.encode(self.ed25519.public_key())},
            {"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "p256", "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..])},
            {"kty": "RSA", "alg": "RS256", "kid": "rsa", "n": BASE64.encode(&rsa.n), "e": BASE64.encode(&rsa.e)},
        ]})
    }

    fn issuers(&self) -> Issuers {
        issuers(&self.jwks()).unwrap()
    }

    fn sign(&self, kid: &str, input: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match kid {
            "p256" => self
                .p256
                .sign(&random, input.as_bytes())
                .unwrap()
                .as_ref()
                .to_vec(),
            "rsa" => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                self.rsa
                    .sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature)
                    .unwrap();
                signature
            }
            _ => self.ed25519.sign(input.as_bytes()).as_ref().to_vec(),
        }
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let kid = header["kid"].as_str().unwrap_or("ed").to_owned();
        self.raw(&kid, &header.to_string(), &claims.to_string())
    }

    fn raw(&self, kid: &str, header: &str, claims: &str) -> String {
        let input = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        format!("{input}.{}", BASE64.encode(self.sign(kid, &input)))
    }
}

fn issuers(jwks: &Value) -> Result<Issuers, access::ConfigurationFault> {
    let configuration = json!([{"issuer": ISSUER, "audience": "platform", "maxLifetimeSeconds": 3600, "jwks": jwks}]);
    Issuers::from_json(&configuration.to_string())
}

fn header(algorithm: &str, kid: &str) -> Value {
    json!({"typ": "at+jwt", "alg": algorithm, "kid": kid})
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "platform", "sub": "client-1", "client_id": "client-1", "org": "garage",
        "roles": ["service-provider"], "iat": NOW - 10, "exp": NOW + 600, "jti": "1",
    })
}

fn changed(member: &str, value: Value) -> Value {
    let mut claims = claims();
    match value {
        Value::Null => claims.as_object_mut().unwrap().remove(member),
        value => claims
            .as_object_mut()
            .unwrap()
            .insert(member.to_owned(), value),
    };
    claims
}

#[test]
fn good_tokens_of_every_algorithm_are_taken() {
    let keys = Keys::new();
    let issuers = keys.issuers();
    for (algorithm, kid) in [("EdDSA", "ed"), ("ES256", "p256"), ("RS256", "rsa")] {
        let token = keys.token(&header(algorithm, kid), &claims());
        let expected = Claims {
            issuer: ISSUER.to_owned(),
            subject: "client-1".to_owned(),
            client: "client-1".to_owned(),
            organisation: "garage".to_owned(),
            roles: vec!["service-provider".to_owned()],
        };
        assert_eq!(verify(&token, &issuers, NOW), Ok(expected), "{algorithm}");
    }
    let several = changed("aud", json!(["other", "platform"]));
    assert!(verify(&keys.token(&header("EdDSA", "ed"), &several), &issuers, NOW).is_ok());
}

#[test]
fn a_token_cannot_choose_its_own_key_or_rules() {
    let keys = Keys::new();
    let issuers = keys.issuers();
    let refused = |header: Value, fault: TokenFault| {
        assert_eq!(
            verify(&keys.token(&header, &claims()), &issuers, NOW),
            Err(fault),
            "{header}"
        );
    };
    for name in ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"] {
        let mut with = header("EdDSA", "ed");
        with[name] = json!("https://attacker.example/keys");
        refused(with, TokenFault::Malformed);
    }
    for algorithm in ["none", "None", "HS256", "ES256", "RS256", "PS256", ""] {
        refused(header(algorithm, "ed"), TokenFault::UnknownKey);
    }
    for kid in ["", "other", "../ed", "ed' OR 1=1", "ED"] {
        refused(header("EdDSA", kid), TokenFault::UnknownKey);
    }
    for typ in ["JWT", "jwt", "dpop+jwt", ""] {
        refused(
            json!({"typ": typ, "alg": "EdDSA", "kid": "ed"}),
            TokenFault::WrongType,
        );
    }
    refused(json!({"alg": "EdDSA", "kid": "ed"}), TokenFault::WrongType);
}

#[test]
fn a_public_key_is_no_secret_to_sign_with() {
    let keys = Keys::new();
    let rsa: RsaPublicKeyComponents<Vec<u8>> = keys.rsa.public_key().into();
    let input = format!(
        "{}.{}",
        BASE64.encode(header("HS256", "rsa").to_string()),
        BASE64.encode(claims().to_string())
    );
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &rsa.n), input.as_bytes());
    let token = format!("{input}.{}", BASE64.encode(tag));
    assert_eq!(
        verify(&token, &keys.issuers(), NOW),
        Err(TokenFault::UnknownKey)
    );
}

#[test]
fn times_audience_and_required_claims_are_checked() {
    let keys = Keys::new();
    let issuers = keys.issuers();
    for (member, value, fault) in [
        ("exp", json!(NOW - 31), TokenFault::Expired),
        ("nbf", json!(NOW + 31), TokenFault::NotYetValid),
        ("iat", json!(NOW + 31), TokenFault::NotYetValid),
        ("exp", json!(NOW + 4_000), TokenFault::TooLongLived),
        ("exp", json!("never"), TokenFault::MissingClaim),
        ("exp", json!(1e300), TokenFault::TooLongLived),
        ("aud", json!("other"), TokenFault::WrongAudience),
        ("aud", json!([]), TokenFault::WrongAudience),
        ("aud", json!(7), TokenFault::MissingClaim),
        (
            "iss",
            json!("https://issuer.example/"),
            TokenFault::UnknownIssuer,
        ),
        ("roles", json!([]), TokenFault::MissingClaim),
        ("roles", json!("service-provider"), TokenFault::MissingClaim),
        ("roles", json!(["a", 1]), TokenFault::MissingClaim),
    ] {
        let token = keys.token(&header("EdDSA", "ed"), &changed(member, value.clone()));
        let found = verify(&token, &issuers, NOW);
        let either =
            member == "exp" && value == json!(1e300) && found == Err(TokenFault::Malformed);
        assert!(found == Err(fault) || either, "{member} {value}: {found:?}");
    }
    for member in [
        "iss",
        "aud",
        "sub",
        "client_id",
        "org",
        "roles",
        "exp",
        "iat",
        "jti",
    ] {
        let token = keys.token(&header("EdDSA", "ed"), &changed(member, Value::Null));
        assert_eq!(
            verify(&token, &issuers, NOW),
            Err(TokenFault::MissingClaim),
            "{member}"
        );
    }
    for at in [NOW + 629, NOW - 40] {
        assert!(
            verify(&keys.token(&header("EdDSA", "ed"), &claims()), &issuers, at).is_ok(),
            "{at}"
        );
    }
}

#[test]
fn the_form_is_strict() {
    let keys = Keys::new();
    let issuers = keys.issuers();
    let good = keys.token(&header("EdDSA", "ed"), &claims());
    let twice = claims()
        .to_string()
        .replacen('{', "{\"org\":\"voltwerk\",", 1);
    let mut last = good.clone();
    let end = last.pop().unwrap();
    last.push(if end == 'B' { 'C' } else { 'B' });
    for token in [
        String::new(),
        "..".to_owned(),
        format!("{good}="),
        format!("{good}."),
        format!("{good}.{good}"),
        format!(" {good}"),
        good.replace('.', ".\n"),
        good.rsplit_once('.').unwrap().0.to_owned() + ".",
        keys.raw("ed", &header("EdDSA", "ed").to_string(), &twice),
        keys.raw("ed", "[]", &claims().to_string()),
        keys.raw("ed", &header("EdDSA", "ed").to_string(), "not json"),
        "A".repeat(10 << 20),
        last,
    ] {
        let found = verify(&token, &issuers, NOW);
        assert!(
            matches!(found, Err(TokenFault::Malformed | TokenFault::BadSignature)),
            "{} {found:?}",
            token.chars().take(60).collect::<String>()
        );
    }
    let foreign = Keys::new().token(&header("EdDSA", "ed"), &claims());
    assert_eq!(
        verify(&foreign, &issuers, NOW),
        Err(TokenFault::BadSignature)
    );
}

#[test]
fn keys_that_do_not_agree_with_themselves_are_not_configured() {
    let keys = Keys::new();
    let jwks = keys.jwks();
    let key = |index: usize, member: &str, value: Value| {
        let mut key = jwks["keys"][index].clone();
        key[member] = value;
        json!({"keys": [key]})
    };
    for jwks in [
        key(0, "alg", json!("HS256")),
        key(0, "use", json!("enc")),
        key(0, "key_ops", json!(["encrypt"])),
        key(0, "crv", json!("P-256")),
        key(1, "alg", json!("RS256")),
        key(2, "n", json!(BASE64.encode([255; 128]))),
        key(2, "e", json!("Aw")),
        json!({"keys": [{"kty": "oct", "alg": "HS256", "kid": "x", "k": "c2VjcmV0"}]}),
        json!({"keys": [jwks["keys"][0], jwks["keys"][0]]}),
    ] {
        assert!(issuers(&jwks).is_err(), "{jwks}");
    }
}
