//! The claims of a well-signed token.

use serde_json::json;

use super::signing::*;
use super::*;

#[test]
fn a_token_is_for_this_audience() {
    for audience in [
        json!("https://passport.example.eu/"),
        json!(["https://else.example"]),
        json!([]),
        json!(""),
    ] {
        assert_eq!(
            claims_fault(&with(claims(), "aud", audience)),
            TokenFault::WrongAudience
        );
    }
    for audience in [
        json!(null),
        json!({"aud": AUDIENCE}),
        json!([AUDIENCE, 7]),
        json!([[AUDIENCE]]),
    ] {
        assert_eq!(
            claims_fault(&with(claims(), "aud", audience)),
            TokenFault::MissingClaim
        );
    }
}

#[test]
fn times_hold_to_the_second_with_thirty_of_leeway() {
    let at = |now: i64| check_at(&good(), now).map(|_| ());
    let (from, to) = (NOW - 60, NOW + 600);
    assert_eq!(at(to + 29), Ok(()));
    assert_eq!(at(to + 30), Err(TokenFault::Expired));
    assert_eq!(at(from - 30), Ok(()));
    assert_eq!(at(from - 31), Err(TokenFault::NotYetValid));
    assert_eq!(at(i64::MAX), Err(TokenFault::Expired));
    assert_eq!(at(i64::MIN), Err(TokenFault::NotYetValid));
}

#[test]
fn not_before_is_honoured_and_issued_in_the_future_is_refused() {
    let later = with(claims(), "nbf", json!(NOW + 31));
    assert_eq!(claims_fault(&later), TokenFault::NotYetValid);
    let future = with(claims(), "iat", json!(NOW + 31));
    assert_eq!(claims_fault(&future), TokenFault::NotYetValid);
    assert_eq!(
        claims_fault(&without(future, "nbf")),
        TokenFault::NotYetValid
    );
    // Before the leeway is over this one would be current otherwise.
    let backwards = with(with(claims(), "iat", json!(NOW)), "exp", json!(NOW - 1));
    assert_eq!(claims_fault(&backwards), TokenFault::Expired);
}

#[test]
fn a_token_lives_no_longer_than_its_issuer_may_let_it() {
    let lasting = |seconds: i64| with(claims(), "exp", json!(NOW - 60 + seconds));
    assert!(check(&signed(&header("ed"), &lasting(900))).is_ok());
    assert_eq!(claims_fault(&lasting(901)), TokenFault::TooLongLived);
    let eternal = with(claims(), "exp", json!(9_007_199_254_740_991_i64));
    assert_eq!(claims_fault(&eternal), TokenFault::TooLongLived);
    let endless = with(claims(), "exp", json!(1e300));
    assert_eq!(claims_fault(&endless), TokenFault::Malformed);
    let ancient = with(eternal, "iat", json!(-9_007_199_254_740_991_i64));
    assert_eq!(claims_fault(&ancient), TokenFault::TooLongLived);
}

#[test]
fn every_claim_that_is_told_to_be_needed_is_and_no_other() {
    for (name, _) in CLAIMS {
        assert_eq!(
            claims_fault(&without(claims(), name)),
            TokenFault::MissingClaim,
            "{name}"
        );
    }
    let told = |name: &String| CLAIMS.iter().any(|(claim, _)| claim == name);
    let mut fewest = claims();
    fewest.as_object_mut().unwrap().retain(|name, _| told(name));
    assert!(check(&signed(&header("ed"), &fewest)).is_ok());
}

#[test]
fn every_claim_that_is_needed_is_needed() {
    for name in [
        "iss",
        "aud",
        "sub",
        "client_id",
        "org",
        "roles",
        "jti",
        "iat",
        "exp",
    ] {
        assert_eq!(
            claims_fault(&without(claims(), name)),
            TokenFault::MissingClaim,
            "{name}"
        );
        for wrong in [json!(null), json!(true), json!({})] {
            assert_eq!(
                claims_fault(&with(claims(), name, wrong)),
                TokenFault::MissingClaim,
                "{name}"
            );
        }
    }
    for name in ["exp", "iat", "nbf"] {
        let text = with(claims(), name, json!((NOW + 10).to_string()));
        assert_eq!(claims_fault(&text), TokenFault::MissingClaim, "{name}");
    }
    for name in ["sub", "client_id", "org", "jti"] {
        assert_eq!(
            claims_fault(&with(claims(), name, json!(""))),
            TokenFault::MissingClaim,
            "{name}"
        );
        assert_eq!(
            claims_fault(&with(claims(), name, json!(7))),
            TokenFault::MissingClaim,
            "{name}"
        );
    }
    for roles in [
        json!("commission"),
        json!([]),
        json!([7]),
        json!(["recycler", null]),
    ] {
        assert_eq!(
            claims_fault(&with(claims(), "roles", roles)),
            TokenFault::MissingClaim
        );
    }
}

/// RFC 9449 §6.1, RFC 7800 §3.1: whoever cannot check a binding does not take the token for unbound.
#[test]
fn a_token_is_bound_to_a_key_in_one_way() {
    let bound = |cnf: serde_json::Value| check(&signed(&header("ed"), &with(claims(), "cnf", cnf)));
    assert_eq!(check(&good()).unwrap().bound_to, None);
    let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let claims = bound(json!({"jkt": thumbprint})).unwrap();
    assert_eq!(claims.bound_to.as_deref(), Some(thumbprint));
    for unknown in [
        json!(null),
        json!({}),
        json!([]),
        json!(thumbprint),
        json!({"jkt": null}),
        json!({"jkt": ""}),
        json!({"jkt": [thumbprint]}),
        json!({"jkt": "short"}),
        json!({"x5t#S256": thumbprint}),
        json!({"jkt": thumbprint, "x5t#S256": thumbprint}),
        json!({"jwk": {"kty": "OKP"}}),
    ] {
        let fault = bound(unknown.clone()).unwrap_err();
        assert_eq!(fault, TokenFault::UnknownBinding, "{unknown}");
    }
}

/// What looks the same is another: nothing is folded, trimmed or normalised before it is compared.
#[test]
fn letters_that_look_the_same_are_others() {
    for organisation in [
        "g\u{430}rage",
        "garage\u{200b}",
        "GARAGE",
        "garage ",
        "\u{ff47}arage",
        "garage\u{0}",
    ] {
        let token = signed(&header("ed"), &with(claims(), "org", json!(organisation)));
        assert_eq!(check(&token).unwrap().organisation, organisation);
        assert_ne!(organisation, "garage");
    }
    for audience in [
        format!("{AUDIENCE}\u{200b}"),
        AUDIENCE.replace('a', "\u{430}"),
    ] {
        let claims = with(claims(), "aud", json!(audience));
        assert_eq!(claims_fault(&claims), TokenFault::WrongAudience);
    }
    let issuer = with(claims(), "iss", json!(ISSUER.replace('e', "\u{435}")));
    assert_eq!(claims_fault(&issuer), TokenFault::UnknownIssuer);
}

#[test]
fn faults_say_nothing_of_the_token() {
    let secret = with(claims(), "org", json!("canary"));
    let token = signed(&header("ed"), &with(secret, "exp", json!(NOW - 50)));
    assert!(!fault(&token).to_string().contains("canary"));
}
