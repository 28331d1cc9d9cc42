//! Algorithms, keys and issuers: a token chooses none of them.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{KeyPair, RSA_PSS_SHA256};
use serde_json::json;

use super::signing::*;
use super::*;
use crate::Issuers;

#[test]
fn good_tokens_pass_with_each_algorithm() {
    for kid in ["ed", "ec", "rsa"] {
        let claims = check(&signed(&header(kid), &claims())).unwrap();
        assert_eq!(claims.issuer, ISSUER);
        assert_eq!(
            (claims.subject, claims.client),
            ("person-1".to_owned(), "client-1".to_owned())
        );
        assert_eq!(claims.organisation, "garage");
        assert_eq!(claims.roles, ["service-provider"]);
    }
    let long_type = with(header("ed"), "typ", json!("application/AT+JWT"));
    assert!(check(&signed(&long_type, &claims())).is_ok());
    let several = with(claims(), "aud", json!(["https://else.example", AUDIENCE]));
    assert!(check(&signed(&header("ed"), &several)).is_ok());
    assert!(check(&signed(&header("ed"), &without(claims(), "nbf"))).is_ok());
}

#[test]
fn no_algorithm_is_no_signature() {
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = with(header("ed"), "alg", json!(none));
        assert_eq!(
            fault(&signed(&header, &claims())),
            TokenFault::UnknownKey,
            "{none}"
        );
    }
    let token = good();
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(fault(&format!("{signed}.")), TokenFault::Malformed);
    assert_eq!(fault(signed), TokenFault::Malformed);
    assert_eq!(fault(&format!("{signed}.AAAA")), TokenFault::BadSignature);
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let secrets = [
        KEYS.rsa.public_key().as_ref().to_vec(),
        KEYS.ed.public_key().as_ref().to_vec(),
        KEYS.public().to_string().into_bytes(),
        Vec::new(),
    ];
    for kid in ["ed", "ec", "rsa"] {
        for secret in &secrets {
            let header = with(header(kid), "alg", json!("HS256")).to_string();
            let message = format!(
                "{}.{}",
                encoded(header.as_bytes()),
                encoded(claims().to_string().as_bytes())
            );
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            let tag = hmac::sign(&key, message.as_bytes());
            let token = format!("{message}.{}", encoded(tag.as_ref()));
            assert_eq!(fault(&token), TokenFault::UnknownKey, "{kid}");
        }
    }
}

#[test]
fn a_key_verifies_one_algorithm_only() {
    for (kid, algorithm) in [
        ("rsa", "PS256"),
        ("rsa", "RS384"),
        ("rsa", "RS512"),
        ("ec", "ES384"),
        ("ec", "EdDSA"),
        ("ed", "ES256"),
        ("ed", "Ed25519"),
        ("ed", "eddsa"),
    ] {
        let header = with(header(kid), "alg", json!(algorithm));
        assert_eq!(
            fault(&signed(&header, &claims())),
            TokenFault::UnknownKey,
            "{kid} {algorithm}"
        );
    }
    let message = format!(
        "{}.{}",
        encoded(header("rsa").to_string().as_bytes()),
        encoded(claims().to_string().as_bytes())
    );
    let padded_otherwise = KEYS.rsa(&RSA_PSS_SHA256, message.as_bytes());
    let token = format!("{message}.{}", encoded(&padded_otherwise));
    assert_eq!(fault(&token), TokenFault::BadSignature);
}

#[test]
fn an_unknown_or_injected_key_id_finds_no_key() {
    for kid in [
        "",
        "ED",
        "ed ",
        "../../dev/null",
        "ed' OR '1'='1",
        "ed\u{0}",
        "*",
        "https://evil.example/key",
    ] {
        let token = signed_text(
            &with(header("ed"), "kid", json!(kid)).to_string(),
            &claims().to_string(),
            "ed",
        );
        assert_eq!(fault(&token), TokenFault::UnknownKey, "{kid}");
    }
    for kid in [json!(null), json!(0), json!(["ed"]), json!({"kid": "ed"})] {
        assert_eq!(
            fault(&signed(&with(header("ed"), "kid", kid), &claims())),
            TokenFault::UnknownKey
        );
    }
    assert_eq!(
        fault(&signed(&without(header("ed"), "kid"), &claims())),
        TokenFault::UnknownKey
    );
}

#[test]
fn a_token_brings_no_key_and_no_rules_of_its_own() {
    let jwk = KEYS.public()["keys"][0].clone();
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("jku", json!(null)),
    ] {
        let header = with(header("ed"), name, value);
        assert_eq!(
            fault(&signed(&header, &claims())),
            TokenFault::Malformed,
            "{name}"
        );
    }
}

#[test]
fn an_issuer_is_known_by_its_exact_name() {
    for issuer in [
        "https://login.example.eu/",
        "https://LOGIN.example.eu",
        "http://login.example.eu",
        "https://login.example.eu.evil.example",
        " https://login.example.eu",
    ] {
        assert_eq!(
            claims_fault(&with(claims(), "iss", json!(issuer))),
            TokenFault::UnknownIssuer
        );
    }
    for issuer in [
        json!(""),
        json!(null),
        json!([ISSUER]),
        json!({"iss": ISSUER}),
    ] {
        assert_eq!(
            claims_fault(&with(claims(), "iss", issuer)),
            TokenFault::MissingClaim
        );
    }
}

#[test]
fn one_issuers_key_does_not_sign_for_another() {
    assert_eq!(
        claims_fault(&with(claims(), "iss", json!(OTHER_ISSUER))),
        TokenFault::BadSignature
    );
}

#[test]
fn nobody_is_trusted_where_nobody_is_configured() {
    let nobody = Issuers::default();
    assert_eq!(nobody.of(&good()).unwrap_err(), TokenFault::UnknownIssuer);
}

/// RFC 7518 §3.4: `r || s` of 64 bytes, and neither of them zero (CVE-2022-21449).
#[test]
fn an_ecdsa_signature_is_two_numbers_that_are_none_of_zero() {
    let token = signed(&header("ec"), &claims());
    let (message, _) = token.rsplit_once('.').unwrap();
    let signature = KEYS.sign("ec", message.as_bytes());
    let (r, s) = signature.split_at(32);
    let zero = [0; 32];
    // The order of the group (SEC 2 §2.4.2): the same as zero.
    let order: Vec<u8> = [
        [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        [0xff; 8],
        [0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84],
        [0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51],
    ]
    .concat();
    let integer = |number: &[u8]| [&[2, 33, 0], number].concat();
    let der = [&[0x30, 70][..], &integer(r), &integer(s)].concat();
    for wrong in [
        [zero, zero].concat(),
        [r, &zero].concat(),
        [&zero, s].concat(),
        [&order[..], &order].concat(),
        [&order[..], s].concat(),
        [s, r].concat(),
        [&[0], r, &[0], s].concat(),
        [&signature[..], &[0]].concat(),
        signature[..63].to_vec(),
        der,
    ] {
        let token = format!("{message}.{}", encoded(&wrong));
        assert_eq!(fault(&token), TokenFault::BadSignature, "{wrong:02x?}");
    }
    assert!(check(&format!("{message}.{}", encoded(&signature))).is_ok());
}

#[test]
fn a_long_key_id_finds_no_key() {
    let token = signed_text(
        &with(header("ed"), "kid", json!("ed".repeat(2_000))).to_string(),
        &claims().to_string(),
        "ed",
    );
    assert_eq!(fault(&token), TokenFault::UnknownKey);
}
