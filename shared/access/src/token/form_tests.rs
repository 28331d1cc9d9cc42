//! The form of a token: one spelling, read one way only.

use proptest::prelude::*;
use serde_json::json;

use super::signing::*;
use super::*;
use crate::jws::LONGEST;

#[test]
fn members_that_come_twice_are_refused() {
    let (head, body) = (header("ed").to_string(), claims().to_string());
    let twice = |text: &str, more: &str| format!("{},{more}}}", text.strip_suffix('}').unwrap());
    for (head, body) in [
        (twice(&head, r#""alg":"none""#), body.clone()),
        (twice(&head, r#""kid":"ec""#), body.clone()),
        (head.clone(), twice(&body, r#""org":"maker""#)),
        (head.clone(), twice(&body, r#""roles":["commission"]"#)),
        (head.clone(), twice(&body, r#""o\u0072g":"maker""#)),
        (head.clone(), twice(&body, r#""cnf":{"jkt":"a","jkt":"b"}"#)),
    ] {
        assert_eq!(
            fault(&signed_text(&head, &body, "ed")),
            TokenFault::Malformed,
            "{head} {body}"
        );
    }
}

#[test]
fn nothing_may_follow_the_json() {
    let (head, body) = (header("ed").to_string(), claims().to_string());
    for (head, body) in [
        (format!("{head}{{}}"), body.clone()),
        (format!("{head}\0"), body.clone()),
        (head.clone(), format!("{body}x")),
        (head.clone(), format!("{body}{body}")),
        (head.clone(), format!("[{body}]")),
        (head.clone(), String::new()),
        (head.clone(), "null".to_owned()),
        (format!("[{head}]"), body.clone()),
        (String::new(), body.clone()),
    ] {
        assert_eq!(
            fault(&signed_text(&head, &body, "ed")),
            TokenFault::Malformed,
            "{head} {body}"
        );
    }
}

/// RFC 7519 §5.2 and RFC 7515 §7.2: what wraps a token, or says the same in another form, is none.
#[test]
fn a_token_in_another_token_or_another_form_is_refused() {
    let token = good();
    let wrapped = with(header("ed"), "cty", json!("JWT")).to_string();
    assert_eq!(
        fault(&signed_text(&wrapped, &token, "ed")),
        TokenFault::Malformed
    );
    let parts: Vec<&str> = token.split('.').collect();
    let (protected, payload, signature) = (parts[0], parts[1], parts[2]);
    let flat = json!({"protected": protected, "payload": payload, "signature": signature});
    let general = json!({"payload": payload, "signatures": [{"protected": protected, "signature": signature}]});
    for form in [
        flat.to_string(),
        general.to_string(),
        encoded(flat.to_string().as_bytes()),
    ] {
        assert_eq!(fault(&form), TokenFault::Malformed, "{form}");
    }
    // Five parts are encrypted (RFC 7516 §7.1).
    let encrypted = format!("{protected}..{payload}.{payload}.{signature}");
    assert_eq!(fault(&encrypted), TokenFault::Malformed);
}

#[test]
fn a_token_has_three_parts() {
    let token = good();
    let parts: Vec<&str> = token.split('.').collect();
    let (head, body, signature) = (parts[0], parts[1], parts[2]);
    for wrong in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        head.to_owned(),
        format!("{head}.{body}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{signature}"),
        format!("{head}..{signature}"),
        format!(".{body}.{signature}"),
        format!("{head}.{body}.{body}.{body}.{signature}"),
    ] {
        assert_eq!(fault(&wrong), TokenFault::Malformed, "{wrong}");
    }
}

#[test]
fn trailing_bytes_padding_and_other_alphabets_are_refused() {
    let token = good();
    for wrong in [
        format!("{token}="),
        format!("{token}=="),
        format!("{token} "),
        format!("{token}\n"),
        format!(" {token}"),
        token.replacen('.', "=.", 1),
        token.replacen('.', "\n.", 1),
        token.replacen('.', "%2E", 1),
        token.replacen('e', "é", 1),
    ] {
        assert_eq!(fault(&wrong), TokenFault::Malformed, "{wrong}");
    }
    // A longer signature that is proper base64url is another signature.
    for longer in ["A", "AA"] {
        assert_eq!(fault(&format!("{token}{longer}")), TokenFault::BadSignature);
    }
    let (message, _) = token.rsplit_once('.').unwrap();
    for (url, standard) in [("----", "++++"), ("____", "////")] {
        assert_eq!(fault(&format!("{message}.{url}")), TokenFault::BadSignature);
        assert_eq!(
            fault(&format!("{message}.{standard}")),
            TokenFault::Malformed
        );
    }
}

/// 64 bytes leave four unused bits in the last character: fifteen more spellings of the same signature.
#[test]
fn a_signature_has_one_spelling() {
    let token = good();
    let (start, last) = token.split_at(token.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last).unwrap();
    assert_eq!(place % 16, 0);
    for other in alphabet.get(place + 1..place + 16).unwrap().chars() {
        assert_eq!(
            fault(&format!("{start}{other}")),
            TokenFault::Malformed,
            "{other}"
        );
    }
}

#[test]
fn only_access_tokens_are_access_tokens() {
    for typ in [
        json!("JWT"),
        json!("id_token+jwt"),
        json!("dpop+jwt"),
        json!("at+jwt "),
        json!(""),
        json!(null),
        json!(["at+jwt"]),
    ] {
        let token = signed(&with(header("ed"), "typ", typ.clone()), &claims());
        assert_eq!(fault(&token), TokenFault::WrongType, "{typ}");
    }
    assert_eq!(
        fault(&signed(&without(header("ed"), "typ"), &claims())),
        TokenFault::WrongType
    );
}

#[test]
fn a_long_token_is_refused_before_anything_is_read() {
    let long = with(claims(), "pad", json!("x".repeat(LONGEST)));
    assert_eq!(claims_fault(&long), TokenFault::Malformed);
    let huge = "A".repeat(10 << 20);
    assert_eq!(fault(&huge), TokenFault::Malformed);
    assert_eq!(fault(&".".repeat(10 << 20)), TokenFault::Malformed);
    let started = std::time::Instant::now();
    for _ in 0..1_000 {
        assert_eq!(fault(&huge), TokenFault::Malformed);
    }
    assert!(started.elapsed().as_secs() < 1, "{:?}", started.elapsed());
}

#[test]
fn deep_json_is_refused() {
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(2_000), "]".repeat(2_000));
    assert_eq!(
        fault(&signed_text(&header("ed").to_string(), &deep, "ed")),
        TokenFault::Malformed
    );
    assert_eq!(
        fault(&signed_text(&deep, &claims().to_string(), "ed")),
        TokenFault::Malformed
    );
}

proptest! {
    #[test]
    fn any_text_is_refused_without_a_panic(text in ".*", now: i64) {
        prop_assert!(check_at(&text, now).is_err());
    }

    #[test]
    fn any_three_parts_are_refused_without_a_panic(
        head in proptest::collection::vec(any::<u8>(), 0..60),
        body in "\\{\"iss\":\"https://login.example.eu\"[ -~]{0,60}\\}",
        signature in proptest::collection::vec(any::<u8>(), 0..80),
        kid in "ed|ec|rsa",
        proper: bool,
    ) {
        let head = if proper { header(&kid).to_string().into_bytes() } else { head };
        let token = format!("{}.{}.{}", encoded(&head), encoded(body.as_bytes()), encoded(&signature));
        prop_assert!(check(&token).is_err());
    }

    #[test]
    fn any_character_put_in_place_of_another_added_or_lost_is_noticed(
        place: prop::sample::Index, character in any::<char>(), kid in "ed|ec|rsa",
    ) {
        let token = signed(&header(&kid), &claims());
        let (start, end) = token.split_at(place.index(token.len()));
        let (lost, end) = end.split_at(1);
        let added = format!("{start}{character}{lost}{end}");
        prop_assert!(check(&added).is_err());
        let shorter = format!("{start}{end}");
        prop_assert!(check(&shorter).is_err());
        let changed = format!("{start}{character}{end}");
        prop_assert_eq!(check(&changed).is_ok(), changed == token);
    }
}

/// Every single bit of a token matters.
#[test]
fn any_changed_bit_is_noticed() {
    for kid in ["ed", "ec", "rsa"] {
        let token = signed(&header(kid), &claims());
        every_changed_bit(&token, |token| check(token).is_err());
    }
}
