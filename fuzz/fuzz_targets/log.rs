//! The texts and bytes of a log: what is read is written as it was, so that nothing has two texts, and what hangs on it is judged.
#![no_main]

use std::fmt::Display;
use std::str::FromStr;

use ledger::{
    AddCheckpoint, Checkpoint, Cosigned, Note, NoteSignature, Policy, Sha256, Tile, TlogProof, VerifierKey, decode_entries, encode_entries,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(entries) = decode_entries(bytes) {
        assert_eq!(encode_entries(&entries).ok().as_deref(), Some(bytes));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    reads_back::<Tile>(text);
    reads_back::<VerifierKey>(text);
    reads_back::<NoteSignature>(text);
    reads_back::<Checkpoint>(text);
    reads_back::<Note>(text);
    reads_back::<TlogProof>(text);
    reads_back::<AddCheckpoint>(text);
    // A policy, and a proof to be held against it.
    let (policy, proof) = text.split_once("---\n").unwrap_or((text, ""));
    if let Ok(policy) = policy.parse::<Policy>() {
        if let Ok(proof) = proof.parse::<TlogProof>() {
            let _ = proof.verify(&Sha256::of_leaf(b"entry"), &policy);
        } else if let Ok(request) = proof.parse::<AddCheckpoint>() {
            let _ = request.open(policy.logs()).map(|it| it.after(&Cosigned::default()));
        }
    }
});

fn reads_back<T: FromStr + Display>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert_eq!(read.to_string(), text);
    }
}
