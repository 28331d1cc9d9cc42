use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::note::VerifierKey;
use crate::report::Verdict;
use crate::testing::{LOG, Log, SUBJECT, Written, key_text, proof_file};

fn trust() -> Trust {
    Trust::keys([key_text(LOG, 1).parse::<VerifierKey>().unwrap()])
}

fn salt(byte: u8) -> String {
    URL_SAFE_NO_PAD.encode([byte; 16])
}

fn values() -> Value {
    json!({
        "format": VERSION_FORMAT, "class": 1,
        "data": {"identification": {"serialNumber": "T-7", "mass": 412.5}},
        "salts": {"/identification/serialNumber": salt(1), "/identification/mass": salt(2)},
    })
}

fn committed(values: &Value) -> String {
    let file = document("it", VERSION_FORMAT, values.to_string().as_bytes()).unwrap();
    let part = Part::read("it", file).unwrap();
    part.commitment("it").unwrap().to_string()
}

/// An event that committed to the values, with its proof.
fn event(values: &Value) -> (Written, Value) {
    let commitment = json!({"class": 1, "before": null, "after": committed(values)});
    let event = Written::new(1, &[("type", json!("repair")), ("commitment", commitment)]);
    let proof = proof_file(&Log::of(std::slice::from_ref(&event)), 0, &event);
    (event, proof)
}

fn secret() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

fn jwk() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(secret().verifying_key().as_bytes())})
}

/// RFC 7638, by the members in their order.
fn thumbprint(jwk: &Value) -> String {
    let mut members = jwk.as_object().unwrap().clone();
    members.sort_keys();
    Hash::digest(&Value::Object(members).to_string())
}

fn statement(values: &Value, event: &Written) -> Value {
    json!({
        "format": STATEMENT_FORMAT, "subject": SUBJECT, "class": 1, "version": 3, "commitment": committed(values),
        "eventId": "01a3185c-5000-7707-8707-000001b77401", "eventHash": Hash::leaf(&event.leaf).to_string(),
        "operator": "voltwerk", "at": "2027-01-15T08:00:00.001Z",
    })
}

fn signed(statement: &Value, header: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let protected = URL_SAFE_NO_PAD.encode(header.to_string());
    let payload = URL_SAFE_NO_PAD.encode(canonical(statement).unwrap());
    let signature = sign(format!("{protected}.{payload}").as_bytes());
    format!("{protected}..{}", URL_SAFE_NO_PAD.encode(signature))
}

fn eddsa(statement: &Value, header: &Value) -> String {
    signed(statement, header, |message| {
        secret().sign(message).to_bytes().to_vec()
    })
}

fn header() -> Value {
    json!({"alg": "EdDSA", "kid": thumbprint(&jwk()), "typ": "battery-passport-view+jws"})
}

fn file() -> Value {
    let values = values();
    let (event, proof) = event(&values);
    let statement = statement(&values, &event);
    let signature = eddsa(&statement, &header());
    json!({"format": VIEWS_FORMAT, "views": [
        {"statement": statement, "signature": signature, "values": values, "proof": proof},
    ]})
}

fn check(file: &Value) -> Report {
    views(
        file.to_string().as_bytes(),
        &[jwk().to_string().as_bytes()],
        &trust(),
    )
}

#[track_caller]
fn refuted(file: &Value, beginning: &str) {
    let report = check(file);
    assert_eq!(report.verdict(), Verdict::Refuted, "{report}");
    let fault = report.fault.unwrap().to_string();
    assert!(fault.starts_with(beginning), "{fault}");
}

#[track_caller]
fn unchecked(report: &Report, beginning: &str) {
    assert_eq!(report.verdict(), Verdict::Unchecked, "{report}");
    let fault = report.fault.as_ref().unwrap().to_string();
    assert!(fault.starts_with(beginning), "{fault}");
}

#[test]
fn a_signed_view_is_proved_value_by_value_and_against_the_log() {
    let report = check(&file());
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    let text = report.to_string();
    for sentence in [
        "For `voltwerk`, its key ",
        "These are exactly the values that were signed, 2 in all.",
        "`/identification/serialNumber` was \"T-7\".",
        "They came to be with event 01a3185c-5000-7707-8707-",
        "The checkpoint of the log `id.example.eu/log` with 1 entries",
        "That the keys are those of the operators named",
    ] {
        assert!(text.contains(sentence), "{sentence}: {text}");
    }
    assert!(!text.contains("certificate"), "{text}");
}

#[test]
fn without_values_a_proof_or_a_key_of_the_log_it_says_so() {
    let mut bare = file();
    bare["views"][0]["values"] = Value::Null;
    bare["views"][0]["proof"] = Value::Null;
    let report = check(&bare);
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    let text = report.to_string();
    assert!(text.contains("the values were not shown"), "{text}");
    assert!(text.contains("there was no proof of its event"), "{text}");
    let set = json!({"keys": [{"kty": "RSA", "n": "AQAB"}, jwk()]}).to_string();
    let report = views(
        file().to_string().as_bytes(),
        &[set.as_bytes()],
        &Trust::default(),
    );
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    assert!(report.to_string().contains("or no key of the log"));
}

#[test]
fn a_value_that_is_not_to_be_shown_leaves_its_digest() {
    let mut closed = file();
    let values = &mut closed["views"][0]["values"];
    let mass =
        crate::disclosure::disclose(&salt(2), "/identification/mass", &json!(412.5)).unwrap();
    values["data"]["identification"]
        .as_object_mut()
        .unwrap()
        .remove("mass");
    values["salts"]
        .as_object_mut()
        .unwrap()
        .remove("/identification/mass");
    values["digests"] = json!({"/identification/mass": Hash::digest(&mass)});
    let report = check(&closed);
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    assert!(report.to_string().contains("What 1 of the values are"));
}

#[test]
fn a_changed_value_statement_or_signature_is_named() {
    let mut other = file();
    other["views"][0]["values"]["data"]["identification"]["mass"] = json!(412.6);
    refuted(&other, "view 1, its values: these are not the values");

    let mut less = file();
    let values = &mut less["views"][0]["values"];
    values["data"] = json!({"identification": {"serialNumber": "T-7"}});
    values["salts"] = json!({"/identification/serialNumber": salt(1)});
    refuted(&less, "view 1, its values: these are not the values");

    for (member, value) in [
        ("version", json!(4)),
        ("operator", json!("garage")),
        ("commitment", json!("ab".repeat(32))),
        ("at", json!("2027-01-15T08:00:00.002Z")),
    ] {
        let mut other = file();
        other["views"][0]["statement"][member] = value;
        refuted(&other, "view 1, its signature: the key did not sign this");
    }

    // Signed all the same: then the log says otherwise.
    for (member, value, what) in [
        ("eventHash", json!("ab".repeat(32)), "hash"),
        ("at", json!("2027-01-15T08:00:00.002Z"), "time"),
        (
            "eventId",
            json!("01a3185c-5000-7707-8707-000001b77402"),
            "id",
        ),
    ] {
        let mut other = file();
        let view = &mut other["views"][0];
        view["statement"][member] = value;
        view["signature"] = json!(eddsa(&view["statement"], &header()));
        refuted(&other, &format!("view 1, its event: its {what} is not"));
    }
    let mut other = file();
    let changed = json!({"format": VERSION_FORMAT, "class": 1, "data": {}, "salts": {}});
    let view = &mut other["views"][0];
    view["statement"]["commitment"] = json!(committed(&changed));
    view["signature"] = json!(eddsa(&view["statement"], &header()));
    view["values"] = changed;
    refuted(&other, "view 1, its event: its commitment is not");
}

#[test]
fn what_nobody_signed_or_another_signed_is_not_checked() {
    let mut waiting = file();
    waiting["views"][0]["signature"] = Value::Null;
    unchecked(&check(&waiting), "view 1: `voltwerk` has not signed it yet");
    let stranger = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(SigningKey::from_bytes(&[6; 32]).verifying_key().as_bytes())});
    let report = views(
        file().to_string().as_bytes(),
        &[stranger.to_string().as_bytes()],
        &trust(),
    );
    unchecked(&report, "view 1, its signature: it is of none of the keys");
    let report = views(file().to_string().as_bytes(), &[b"{}"], &trust());
    unchecked(&report, "key file 1: it holds no public key");
    let none = json!({"format": VIEWS_FORMAT, "views": []});
    unchecked(&check(&none), "the views: there is none");
}

#[test]
fn a_header_that_says_more_than_is_known_is_not_checked() {
    for (member, value, why) in [
        ("crit", json!(["x"]), "it asks for extensions"),
        ("b64", json!(false), "it asks for extensions"),
        ("typ", json!("JWT"), "it is a signature of something else"),
        ("alg", json!("ES256"), "its algorithm is not"),
        ("alg", json!("none"), "its algorithm is not"),
    ] {
        let mut other = file();
        let mut header = header();
        header[member] = value;
        let view = &mut other["views"][0];
        view["signature"] = json!(eddsa(&view["statement"], &header));
        unchecked(&check(&other), &format!("view 1, its signature: {why}"));
    }
}

/// An operator's own key, with the certificate of a seal beside it.
#[test]
fn a_seal_is_checked_by_its_key_and_its_certificate_left_to_others() {
    let secret = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
    let point = secret.verifying_key().to_sec1_point(false);
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": text(&point.as_bytes()[1..33]), "y": text(&point.as_bytes()[33..])});
    let header = json!({"alg": "ES256", "kid": thumbprint(&jwk), "typ": "battery-passport-view+jws", "x5c": ["MIIB"]});
    let mut sealed = file();
    let view = &mut sealed["views"][0];
    view["signature"] = json!(signed(&view["statement"], &header, |message| {
        let signature: p256::ecdsa::Signature = secret.sign(message);
        signature.to_bytes().to_vec()
    }));
    let keys = json!({"keys": [jwk]}).to_string();
    let report = views(sealed.to_string().as_bytes(), &[keys.as_bytes()], &trust());
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    assert!(report.to_string().contains("validator of qualified seals"));
    sealed["views"][0]["statement"]["version"] = json!(9);
    let report = views(sealed.to_string().as_bytes(), &[keys.as_bytes()], &trust());
    assert_eq!(report.verdict(), Verdict::Refuted, "{report}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn a_flipped_bit_is_noticed_wherever_it_is(place: prop::sample::Index, bit in 0..8_u8) {
        let mut bytes = file().to_string().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let report = views(&bytes, &[jwk().to_string().as_bytes()], &trust());
        prop_assert_ne!(report.verdict(), Verdict::Proved, "{} at {}", String::from_utf8_lossy(&bytes), place);
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), jws in "[a-zA-Z0-9_.-]{0,40}") {
        let _ = views(&bytes, &[&bytes], &trust());
        let mut other = file();
        other["views"][0]["signature"] = json!(jws);
        prop_assert_ne!(check(&other).verdict(), Verdict::Proved);
    }
}
