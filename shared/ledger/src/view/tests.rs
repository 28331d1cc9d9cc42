use ed25519_dalek::{Signer, SigningKey};

use super::*;

fn statement() -> ViewStatement {
    ViewStatement {
        subject: "P#1b4e28ba-2fa1-41d2-883f-0016d3cca427".to_owned(),
        class: 1,
        version: 3,
        commitment: Sha256::of(b"values"),
        event_id: EventId::new(Timestamp::from_millisecond(1_800_000_000_000), &[7; 10]),
        event_hash: Sha256::of(b"event"),
        operator: "voltwerk".to_owned(),
        at: Timestamp::from_millisecond(1_800_000_000_000),
    }
}

fn key(seed: u8) -> (SigningKey, ViewKey) {
    let secret = SigningKey::from_bytes(&[seed; 32]);
    let public = ViewKey::ed25519(secret.verifying_key().as_bytes()).unwrap();
    (secret, public)
}

fn signed(statement: &ViewStatement, header: Option<Value>) -> String {
    let (secret, public) = key(1);
    let mut to_sign = statement.to_sign(&public).unwrap();
    if let Some(header) = header {
        to_sign.protected = URL_SAFE_NO_PAD.encode(header.to_string());
        to_sign.message = format!("{}.{}", to_sign.protected, statement.payload().unwrap());
    }
    to_sign.signed(&secret.sign(to_sign.message()).to_bytes())
}

#[test]
fn a_signature_fits_its_statement_and_key_and_no_other() {
    let statement = statement();
    let jws = signed(&statement, None);
    assert_eq!(statement.verify(&jws, &key(1).1), Ok(()));
    assert!(jws.contains(".."), "{jws}");
    let other = ViewStatement {
        version: 4,
        ..statement.clone()
    };
    assert_eq!(other.verify(&jws, &key(1).1), Err(ViewFault::Signature));
    let foreign = statement.verify(&jws, &key(2).1).unwrap_err();
    assert!(
        matches!(foreign, ViewFault::Header { member: "kid", .. }),
        "{foreign}"
    );
}

#[test]
fn what_is_signed_is_canonical_and_names_its_format() {
    let payload = statement().payload().unwrap();
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert!(
        text.starts_with(r#"{"at":"2027-01-15T08:00:00.000Z","class":1,"commitment":""#),
        "{text}"
    );
    assert!(text.contains(r#""format":"battery-passport-view/1""#));
}

#[test]
fn a_header_that_says_more_than_is_understood_is_refused() {
    let statement = statement();
    let kid = key(1).1.thumbprint();
    let header = |more: Value| {
        let mut header = json!({"alg": "EdDSA", "kid": kid, "typ": TYPE});
        let members = header.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        statement.verify(&signed(&statement, Some(header)), &key(1).1)
    };
    // A seal brings its certificates: passed through.
    assert_eq!(header(json!({"x5c": ["MIIB"]})), Ok(()));
    assert_eq!(
        header(json!({"crit": ["b64"], "b64": false})),
        Err(ViewFault::Extension)
    );
    for member in [json!({"typ": "JWT"}), json!({"alg": "none"})] {
        assert!(matches!(header(member), Err(ViewFault::Header { .. })));
    }
}

#[test]
fn what_is_no_detached_signature_is_refused() {
    let statement = statement();
    let jws = signed(&statement, None);
    let attached = jws.replacen("..", &format!(".{}.", statement.payload().unwrap()), 1);
    let (protected, signature) = jws.split_once("..").unwrap();
    for text in [
        "",
        "..",
        "a.b",
        &attached,
        &format!("{protected}..{signature}="),
        &format!("{jws}{}", "A".repeat(LONGEST)),
    ] {
        assert_eq!(
            statement.verify(text, &key(1).1),
            Err(ViewFault::Form),
            "{text}"
        );
    }
}
