//! Proofs good and bad, made without the crate that verifies them.

use aws_lc_rs::hmac;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::token::signing::{KEYS, NOW, OTHER_KEYS, encoded, good, with, without};

const TARGET: &str = "https://passport.example.eu/v1/dpps/a%2Fb";

fn jwk(kid: &str) -> Value {
    let keys = KEYS.public();
    let mut keys = keys["keys"].as_array().unwrap().iter();
    let key = keys.find(|key| key["kid"] == kid).unwrap();
    let names = ["kty", "crv", "x", "y", "n", "e"].into_iter();
    names
        .filter_map(|name| Some((name.to_owned(), key.get(name)?.clone())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn header(kid: &str) -> Value {
    let algorithm = match kid {
        "ed" => "EdDSA",
        "ec" => "ES256",
        _ => "RS256",
    };
    json!({"typ": "dpop+jwt", "alg": algorithm, "jwk": jwk(kid)})
}

fn hash(token: &str) -> String {
    encoded(Sha256::of(token.as_bytes()).as_bytes())
}

fn claims() -> Value {
    json!({"jti": "1", "htm": "GET", "htu": TARGET, "iat": NOW, "ath": hash("token")})
}

fn made(header: &Value, claims: &Value, kid: &str) -> String {
    let (header, claims) = (header.to_string(), claims.to_string());
    let message = format!(
        "{}.{}",
        encoded(header.as_bytes()),
        encoded(claims.as_bytes())
    );
    let signature = KEYS.sign(kid, message.as_bytes());
    format!("{message}.{}", encoded(&signature))
}

fn checked_at(text: &str, now: i64) -> Result<Proof, ProofFault> {
    let targets = ["https://maker.example/v1/dpps/a%2Fb", TARGET].map(str::to_owned);
    let asked = Asked {
        method: "GET",
        targets: &targets,
        token: "token",
    };
    proof(text, asked, now)
}

fn checked(text: &str) -> Result<Proof, ProofFault> {
    checked_at(text, NOW)
}

/// The fault of a well-signed proof with these claims.
fn fault(claims: &Value) -> ProofFault {
    checked(&made(&header("ed"), claims, "ed")).unwrap_err()
}

/// The same with this header.
fn header_fault(header: &Value) -> ProofFault {
    checked(&made(header, &claims(), "ed")).unwrap_err()
}

#[test]
fn a_proof_of_the_request_counts() {
    for kid in ["ed", "ec"] {
        let proof = checked(&made(&header(kid), &claims(), kid)).unwrap();
        assert_eq!(Some(proof.thumbprint), thumbprint(&jwk(kid)));
        assert_eq!(proof.id, Sha256::of(b"1"));
        assert_eq!(proof.expires, NOW + 120);
    }
    for same in [
        "https://maker.example/v1/dpps/a%2Fb",
        "HTTPS://PASSPORT.example.eu:443/v1/./dpps/%61%2fb?level=model",
    ] {
        let claims = with(claims(), "htu", json!(same));
        assert!(
            checked(&made(&header("ed"), &claims, "ed")).is_ok(),
            "{same}"
        );
    }
}

/// RFC 9449 §7.1, figure 13, whose token is bound to the key of §6.1.
#[test]
fn the_proof_of_the_standard_counts() {
    let text = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
    let asked = Asked {
        method: "GET",
        targets: &["https://resource.example.org/protectedresource".to_owned()],
        token: "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
    };
    let proof = proof(text, asked, 1_562_262_618).unwrap();
    let key = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    assert_eq!(proof.thumbprint, key);
}

#[test]
fn a_proof_of_another_request_or_token_does_not_count() {
    for method in ["POST", "get", "HEAD", "GET "] {
        let claims = with(claims(), "htm", json!(method));
        assert_eq!(fault(&claims), ProofFault::OtherMethod, "{method}");
    }
    for target in [
        "http://passport.example.eu/v1/dpps/a%2Fb",
        "https://passport.example.eu:8443/v1/dpps/a%2Fb",
        "https://passport.example.eu.evil.example/v1/dpps/a%2Fb",
        "https://passport.example.eu@evil.example/v1/dpps/a%2Fb",
        "https://passport.example.eu/v1/dpps/a/b",
        "https://passport.example.eu/v1/dpps/a%252Fb",
        "https://passport.example.eu/",
        "/v1/dpps/a%2Fb",
        "passport",
    ] {
        let claims = with(claims(), "htu", json!(target));
        assert_eq!(fault(&claims), ProofFault::OtherTarget, "{target}");
    }
    for token in [
        hash("other"),
        "token".to_owned(),
        format!("{}=", hash("token")),
    ] {
        let claims = with(claims(), "ath", json!(token));
        assert_eq!(fault(&claims), ProofFault::OtherToken, "{token}");
    }
}

#[test]
fn a_proof_is_good_for_a_minute_with_thirty_seconds_of_leeway() {
    let text = made(&header("ed"), &claims(), "ed");
    let at = |seconds: i64| checked_at(&text, NOW + seconds).map(drop);
    assert_eq!(at(90), Ok(()));
    assert_eq!(at(91), Err(ProofFault::Stale));
    assert_eq!(at(-30), Ok(()));
    assert_eq!(at(-31), Err(ProofFault::NotYetValid));
    for (issued, fits) in [
        (json!(i64::MIN), ProofFault::Malformed),
        (json!(-9_007_199_254_740_991_i64), ProofFault::Stale),
        (json!(9_007_199_254_740_991_i64), ProofFault::NotYetValid),
        (json!(NOW.to_string()), ProofFault::MissingClaim),
        (json!([NOW]), ProofFault::MissingClaim),
    ] {
        assert_eq!(fault(&with(claims(), "iat", issued)), fits);
    }
}

#[test]
fn every_claim_is_needed() {
    for name in ["jti", "htm", "htu", "iat", "ath"] {
        assert_eq!(fault(&without(claims(), name)), ProofFault::MissingClaim);
        for wrong in [json!(null), json!(""), json!(true), json!([]), json!({})] {
            let claims = with(claims(), name, wrong.clone());
            assert_eq!(fault(&claims), ProofFault::MissingClaim, "{name} {wrong}");
        }
    }
}

#[test]
fn a_proof_is_of_its_own_type() {
    for typ in [json!("JWT"), json!("at+jwt"), json!("dpop"), json!(null)] {
        let header = with(header("ed"), "typ", typ);
        assert_eq!(header_fault(&header), ProofFault::WrongType);
    }
    assert_eq!(
        header_fault(&without(header("ed"), "typ")),
        ProofFault::WrongType
    );
    // An access token is none, and a proof is no access token.
    assert_eq!(checked(&good()).unwrap_err(), ProofFault::MissingClaim);
}

#[test]
fn a_proof_brings_a_public_key_that_signs() {
    let secret = with(jwk("ed"), "d", json!("c2VjcmV0"));
    let symmetric = json!({"kty": "oct", "k": "c2VjcmV0"});
    let encryption = with(jwk("ed"), "use", json!("enc"));
    let short = with(jwk("ed"), "x", json!("AAAA"));
    for key in [
        secret,
        symmetric,
        encryption,
        short,
        json!({}),
        json!("ed"),
        json!(null),
        jwk("rsa"),
    ] {
        let header = with(header("ed"), "jwk", key.clone());
        assert_eq!(header_fault(&header), ProofFault::UnusableKey, "{key}");
    }
    assert_eq!(
        header_fault(&without(header("ed"), "jwk")),
        ProofFault::UnusableKey
    );
    for algorithm in ["none", "None", "", "HS256", "ES256", "RS256", "Ed25519"] {
        let header = with(header("ed"), "alg", json!(algorithm));
        assert_eq!(
            header_fault(&header),
            ProofFault::UnusableKey,
            "{algorithm}"
        );
    }
    let rsa = made(&header("rsa"), &claims(), "rsa");
    assert_eq!(checked(&rsa).unwrap_err(), ProofFault::UnusableKey);
}

#[test]
fn somebody_elses_signature_does_not_fit() {
    let text = made(&header("ed"), &claims(), "ed");
    let (message, _) = text.rsplit_once('.').unwrap();
    let foreign = OTHER_KEYS.sign("ed", message.as_bytes());
    let shared = hmac::Key::new(hmac::HMAC_SHA256, jwk("ed").to_string().as_bytes());
    let shared = hmac::sign(&shared, message.as_bytes());
    for signature in [foreign.as_slice(), shared.as_ref(), &[0; 64], &[0; 1]] {
        let text = format!("{message}.{}", encoded(signature));
        assert_eq!(checked(&text).unwrap_err(), ProofFault::BadSignature);
    }
    // A point that is not on the curve.
    let off = with(jwk("ec"), "y", json!(encoded(&[1; 32])));
    let text = made(&with(header("ec"), "jwk", off), &claims(), "ec");
    assert_eq!(checked(&text).unwrap_err(), ProofFault::BadSignature);
}

#[test]
fn a_proof_chooses_no_rules() {
    for (name, value) in [
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!([])),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
    ] {
        let header = with(header("ed"), name, value);
        assert_eq!(header_fault(&header), ProofFault::Malformed, "{name}");
    }
    for text in ["", "a.b.c", "..", "a, b"] {
        assert_eq!(checked(text).unwrap_err(), ProofFault::Malformed, "{text}");
    }
    let text = made(&header("ed"), &claims(), "ed");
    for text in [
        format!("{text}, {text}"),
        format!("{text} "),
        format!("{text}="),
    ] {
        assert_eq!(checked(&text).unwrap_err(), ProofFault::Malformed);
    }
}

proptest! {
    #[test]
    fn any_text_is_refused_without_a_panic(text in ".*", now: i64) {
        prop_assert!(checked_at(&text, now).is_err());
    }

    #[test]
    fn any_target_is_read_without_a_panic(text in ".*") {
        let _ = target(&text);
        let _ = target(&format!("https://id.example.eu/{text}"));
    }
}

/// Every single bit of a proof matters.
#[test]
fn any_changed_bit_is_noticed() {
    crate::token::signing::every_changed_bit(&made(&header("ed"), &claims(), "ed"), |text| {
        checked(text).is_err()
    });
}
