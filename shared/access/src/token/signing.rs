//! Tokens good and bad, signed without the crate that verifies them.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Claims, TokenFault, verify};
use crate::{Issuer, Issuers, KeySet};

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://login.example.eu";
pub(crate) const OTHER_ISSUER: &str = "https://login.example.it";
pub(crate) const AUDIENCE: &str = "https://passport.example.eu";

/// An issuer's private keys. Tokens are signed here without the crate that verifies them.
pub(crate) struct Keys {
    pub(crate) ed: Ed25519KeyPair,
    pub(crate) ec: EcdsaKeyPair,
    pub(crate) rsa: RsaKeyPair,
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self {
            ed: Ed25519KeyPair::generate().unwrap(),
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        }
    }

    pub(crate) fn sign(&self, kid: &str, message: &[u8]) -> Vec<u8> {
        match kid {
            "ed" => self.ed.sign(message).as_ref().to_vec(),
            "ec" => {
                let signature = self.ec.sign(&SystemRandom::new(), message).unwrap();
                signature.as_ref().to_vec()
            }
            _ => self.rsa(&RSA_PKCS1_SHA256, message),
        }
    }

    pub(crate) fn rsa(&self, padding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        let random = SystemRandom::new();
        self.rsa
            .sign(padding, &random, message, &mut signature)
            .unwrap();
        signature
    }

    pub(crate) fn public(&self) -> Value {
        let point = self.ec.public_key().as_ref();
        let rsa = self.rsa.public_key();
        json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "ed",
             "x": encoded(self.ed.public_key().as_ref())},
            {"kty": "EC", "crv": "P-256", "alg": "ES256", "key_ops": ["verify"], "kid": "ec",
             "x": encoded(&point[1..33]), "y": encoded(&point[33..])},
            {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "rsa", "e": "AQAB",
             "n": encoded(rsa.modulus().big_endian_without_leading_zero())},
        ]})
    }
}

pub(crate) static KEYS: LazyLock<Keys> = LazyLock::new(Keys::new);
pub(crate) static OTHER_KEYS: LazyLock<Keys> = LazyLock::new(Keys::new);

pub(crate) static ISSUERS: LazyLock<Issuers> = LazyLock::new(|| {
    let entry = |issuer: &str, keys: &Keys| json!({"issuer": issuer, "audience": AUDIENCE, "maxLifetimeSeconds": 900, "jwks": keys.public()});
    let entries = json!([entry(ISSUER, &KEYS), entry(OTHER_ISSUER, &OTHER_KEYS)]);
    Issuers::from_json(&entries.to_string()).unwrap()
});

pub(crate) fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn header(kid: &str) -> Value {
    let algorithm = match kid {
        "ed" => "EdDSA",
        "ec" => "ES256",
        _ => "RS256",
    };
    json!({"typ": "at+jwt", "alg": algorithm, "kid": kid})
}

pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "person-1", "client_id": "client-1",
        "org": "garage", "roles": ["service-provider"], "jti": "token-1",
        "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 600,
    })
}

pub(crate) fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

pub(crate) fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

/// A token of exactly these texts, signed by the issuer's key `kid`.
pub(crate) fn signed_text(header: &str, claims: &str, kid: &str) -> String {
    let message = format!(
        "{}.{}",
        encoded(header.as_bytes()),
        encoded(claims.as_bytes())
    );
    let signature = KEYS.sign(kid, message.as_bytes());
    format!("{message}.{}", encoded(&signature))
}

pub(crate) fn signed(header: &Value, claims: &Value) -> String {
    let kid = header["kid"].as_str().unwrap_or("ed");
    signed_text(&header.to_string(), &claims.to_string(), kid)
}

pub(crate) fn good() -> String {
    signed(&header("ed"), &claims())
}

/// The issuer that a token names, and the keys that it is configured with.
pub(crate) fn issuer_of<'i>(
    token: &str,
    issuers: &'i Issuers,
) -> Result<(&'i Issuer, &'i KeySet), TokenFault> {
    let issuer = issuers.of(token)?;
    match issuer.keys() {
        crate::Keys::Given(keys) => Ok((issuer, keys)),
        crate::Keys::Served(address) => panic!("{address} is asked by nobody here"),
    }
}

pub(crate) fn check_at(token: &str, now: i64) -> Result<Claims, TokenFault> {
    let (issuer, keys) = issuer_of(token, &ISSUERS)?;
    verify(token, issuer, keys, now)
}

pub(crate) fn check(token: &str) -> Result<Claims, TokenFault> {
    check_at(token, NOW)
}

pub(crate) fn fault(token: &str) -> TokenFault {
    check(token).unwrap_err()
}

/// The fault of a well-signed token with these claims.
pub(crate) fn claims_fault(claims: &Value) -> TokenFault {
    fault(&signed(&header("ed"), claims))
}

/// Fails unless every text that differs in one bit is refused.
pub(crate) fn every_changed_bit(text: &str, is_refused: impl Fn(&str) -> bool) {
    for place in 0..text.len() {
        // With the eighth bit it would be no text.
        for bit in 0..7 {
            let mut changed = text.as_bytes().to_vec();
            changed[place] ^= 1 << bit;
            let changed = String::from_utf8(changed).unwrap();
            assert!(is_refused(&changed), "{changed}");
        }
    }
}
