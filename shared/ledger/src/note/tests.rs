use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;

use super::*;
use crate::key::KeyError;

pub(crate) const LOG: &str = "ledger.example.eu/log";
/// The note and key of the documentation of Go's `sumdb/note`.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn secret(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn log_key() -> VerifierKey {
    VerifierKey::new(
        LOG,
        SignatureType::Ed25519,
        secret(0).verifying_key().as_bytes(),
    )
    .unwrap()
}

pub(crate) fn witness_key(seed: u8) -> VerifierKey {
    let name = format!("witness.example/{seed}");
    let key = secret(seed).verifying_key();
    VerifierKey::new(&name, SignatureType::CosignatureV1, key.as_bytes()).unwrap()
}

/// A note signed by [`log_key`].
pub(crate) fn signed(text: &str) -> Note {
    let signature = secret(0).sign(text.as_bytes()).to_bytes();
    let note = Note::new(text.to_owned()).unwrap();
    note.with_signature(NoteSignature::ed25519(&log_key(), &signature))
}

/// What the witness of [`witness_key`] adds to a note.
pub(crate) fn cosignature(seed: u8, timestamp: u64, text: &str) -> NoteSignature {
    let signature = secret(seed)
        .sign(&Cosignature::message(timestamp, text))
        .to_bytes();
    let cosignature = Cosignature {
        timestamp,
        signature,
    };
    NoteSignature::cosignature(&witness_key(seed), &cosignature)
}

#[test]
fn the_note_of_go_is_read_and_verified() {
    let key: VerifierKey = GO_KEY.parse().unwrap();
    assert_eq!(key.to_string(), GO_KEY);
    assert_eq!(key.id().to_string(), "c74f20a3");
    let note: Note = GO_NOTE.parse().unwrap();
    assert_eq!(note.to_string(), GO_NOTE);
    let once = Some(Signed { timestamp: None });
    assert_eq!(note.signed_by(&key), Ok(once));
    assert_eq!(note.signed_by(&log_key()), Ok(None));
}

/// Both signatures of the example of C2SP tlog-cosignature; their keys are not published.
#[test]
fn the_example_of_the_specification_is_read() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
        \u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    let note: Note = text.parse().unwrap();
    assert_eq!(note.to_string(), text);
    let [_, witness] = note.signatures() else {
        panic!()
    };
    assert_eq!(witness.key_id().to_string(), "8d66cf3f");
    let time = Cosignature::from_bytes(&witness.bytes).unwrap().timestamp;
    assert_eq!(time, 1_679_315_147);
    let message = Cosignature::message(time, note.text());
    assert!(message.starts_with(b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n"));
}

#[test]
fn a_known_key_whose_signature_is_false_has_the_note_refused() {
    let note = signed("one\n");
    let edited: Note = note.to_string().replace("one", "two").parse().unwrap();
    assert!(edited.signed_by(&log_key()).is_err());
    // One good signature does not excuse a false one of the same key.
    let mut both = note;
    both.signatures.extend(edited.signatures);
    both.signatures.extend(signed("two\n").signatures);
    assert!(both.signed_by(&log_key()).is_err());
}

#[test]
fn a_name_or_an_id_alone_is_not_the_key() {
    let mut note = signed("one\n");
    note.signatures[0].name = "other".to_owned();
    assert_eq!(note.signed_by(&log_key()), Ok(None));
    let mut note = signed("one\n");
    note.signatures[0].key_id = KeyId([0; 4]);
    assert_eq!(note.signed_by(&log_key()), Ok(None));
}

#[test]
fn a_cosignature_vouches_for_its_time_and_text() {
    let text = "a\n1\nx\n";
    let note = signed(text).with_signature(cosignature(1, 1_700_000_000, text));
    let timestamp = Some(1_700_000_000);
    assert_eq!(
        note.signed_by(&witness_key(1)),
        Ok(Some(Signed { timestamp }))
    );
    let mut later = note.clone();
    later.signatures[1].bytes[7] ^= 1;
    assert!(later.signed_by(&witness_key(1)).is_err());
    let mut beyond = note.clone();
    beyond.signatures[1].bytes[0] = 0x80;
    assert!(beyond.signed_by(&witness_key(1)).is_err());
    // Of several the latest counts; cosigning again replaces.
    let mut both = note.clone();
    both.signatures.push(cosignature(1, 1_700_000_009, text));
    assert_eq!(
        both.signed_by(&witness_key(1)).unwrap().unwrap().timestamp,
        Some(1_700_000_009)
    );
    let again = note.with_signature(cosignature(1, 1_700_000_005, text));
    assert_eq!(again.signatures().len(), 2);
    assert_eq!(
        again.signed_by(&witness_key(1)).unwrap().unwrap().timestamp,
        Some(1_700_000_005)
    );
}

#[test]
fn texts_that_are_no_notes_are_refused() {
    let line = signed("a\n").signatures[0].to_string();
    for wrong in [
        String::new(),
        "a\n".to_owned(),
        "a\n\n".to_owned(),
        format!("a\n{line}\n"),
        format!("a\n\n{line}"),
        format!("a\n\n{line}\nb\n"),
        format!("a\r\n\n{line}\n"),
        format!("a\n\n{}\n", line.replace('\u{2014}', "-")),
        format!("a\n\n{}\n", line.replace("example", "exam ple")),
        format!("a\n\n{}=\n", line),
        "a\n\n\u{2014} name AAAAAA==\n".to_owned(),
        format!("a\n\n{}", format!("{line}\n").repeat(101)),
    ] {
        assert!(wrong.parse::<Note>().is_err(), "{wrong:?}");
    }
    assert!(
        format!("a\n\n{}", format!("{line}\n").repeat(100))
            .parse::<Note>()
            .is_ok()
    );
    assert_eq!(Note::new("a".to_owned()), Err(NoteError::Text));
    assert_eq!(
        Note::new("a\tb\n".to_owned()),
        Err(NoteError::Control('\t'))
    );
}

#[test]
fn blank_lines_belong_to_the_text() {
    let note = signed("one\n\n\ntwo\n\n");
    assert_eq!(note.to_string().parse::<Note>().unwrap(), note);
}

#[test]
fn texts_that_are_no_keys_are_refused() {
    let read = |text: &str| text.parse::<VerifierKey>().unwrap_err();
    assert_eq!(read("a+b"), KeyError::Form);
    assert_eq!(read(&GO_KEY.replace("TW", "T")), KeyError::Form);
    assert!(matches!(
        read(&GO_KEY.replace("c74f20a3", "c74f20a4")),
        KeyError::Id { .. }
    ));
    assert!(matches!(
        read(&GO_KEY.replace("c74f20a3", "C74F20A3")),
        KeyError::Id { .. }
    ));
    assert!(matches!(
        read(&GO_KEY.replace("Peter", "Pete")),
        KeyError::Id { .. }
    ));
    assert!(matches!(
        read(&GO_KEY.replace("Peter", "Peter ")),
        KeyError::Name(_)
    ));
    assert_eq!(read(&GO_KEY.replace("+AR", "+Ah")), KeyError::Type(2));
    assert_eq!(read("a+00000000+AQ=="), KeyError::Point);
    // A point of small order: signatures of anything would verify.
    let mut weak = [0; 32];
    weak[0] = 1;
    assert_eq!(
        VerifierKey::new("a", SignatureType::Ed25519, &weak),
        Err(KeyError::Point)
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_what_is_read_has_that_text(
        text in "(\\PC{0,4}\n{0,2}){0,3}",
        name in "[a-z .+é]{0,4}",
        signature in "[A-Za-z0-9+/]{0,12}={0,2}",
    ) {
        for note in [text.clone(), format!("{text}\n\u{2014} {name} {signature}\n")] {
            if let Ok(read) = note.parse::<Note>() {
                prop_assert_eq!(read.to_string(), note);
            }
        }
    }

    #[test]
    fn a_note_reads_back(text in "(\\PC{0,9}\n){0,4}", times in prop::collection::btree_map(1_u8..9, 0..1_u64 << 63, 0..4)) {
        let text = format!("{text}\n");
        let note = times.iter().fold(signed(&text), |note, (seed, time)| {
            note.with_signature(cosignature(*seed, *time, &text))
        });
        let read: Note = note.to_string().parse().unwrap();
        prop_assert_eq!(&read, &note);
        for (seed, time) in times {
            let timestamp = Some(time);
            prop_assert_eq!(read.signed_by(&witness_key(seed)), Ok(Some(Signed { timestamp })));
        }
    }

    #[test]
    fn a_key_reads_back(name in "[^\\s+\\p{Cc}]{1,9}", seed: [u8; 32], cosigner: bool) {
        let signs = if cosigner { SignatureType::CosignatureV1 } else { SignatureType::Ed25519 };
        let public = SigningKey::from_bytes(&seed).verifying_key();
        let key = VerifierKey::new(&name, signs, public.as_bytes()).unwrap();
        prop_assert_eq!(key.to_string().parse(), Ok(key));
    }

    #[test]
    fn no_text_of_a_key_makes_it_panic(text in "\\PC{0,5}(\\+[0-9a-f]{8})?\\+?[A-Za-z0-9+/=]{0,48}") {
        if let Ok(key) = text.parse::<VerifierKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }
}
