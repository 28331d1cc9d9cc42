use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::note::VerifierKey;
use crate::report::Verdict;
use crate::testing::{LOG, Log, Written, disclosure, key_text, proof_file};

fn salt(byte: u8) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([byte; 16])
}

fn trust() -> Trust {
    Trust::keys([key_text(LOG, 1).parse::<VerifierKey>().unwrap()])
}

/// A part with its values and salts.
fn example() -> Value {
    json!({
        "format": VERSION_FORMAT, "class": 1,
        "data": {"identification": {"serialNumber": "T-7", "mass": 412.5}, "a/b": {"c~d": null}, "loose": 7},
        "salts": {"/identification/serialNumber": salt(1), "/identification/mass": salt(2), "/a~1b/c~0d": salt(3), "/loose": salt(4)},
    })
}

/// The writer's own commitment to it.
fn committed() -> String {
    let attributes = BTreeMap::from([
        ("/identification/serialNumber".to_owned(), json!("T-7")),
        ("/identification/mass".to_owned(), json!(412.5)),
        ("/a~1b/c~0d".to_owned(), json!(null)),
        ("/loose".to_owned(), json!(7)),
    ]);
    let numbers = [
        ("/identification/serialNumber", 1),
        ("/identification/mass", 2),
        ("/a~1b/c~0d", 3),
        ("/loose", 4),
    ];
    let salts = numbers.map(|(pointer, byte)| (pointer.to_owned(), ledger::Salt([byte; 16])));
    ledger::commitment(&attributes, &BTreeMap::from(salts))
        .unwrap()
        .to_string()
}

fn proof_of(commitment: Value) -> Value {
    let event = Written::new(1, &[("type", json!("repair")), ("commitment", commitment)]);
    proof_file(&Log::of(std::slice::from_ref(&event)), 0, &event)
}

fn proof() -> Value {
    proof_of(json!({"class": 1, "before": "ab".repeat(32), "after": committed()}))
}

fn check(file: &Value, proof: &Value) -> Report {
    version(
        file.to_string().as_bytes(),
        proof.to_string().as_bytes(),
        &trust(),
    )
}

#[test]
fn values_are_held_against_what_the_writer_committed_to() {
    let report = check(&example(), &proof());
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    assert!(
        report.proved[0]
            .starts_with("The values of access class 1, 4 in all, came to be with event 01a3185c-")
    );
    assert_eq!(
        report.proved[2..],
        [
            "`/a~1b/c~0d` was null.",
            "`/identification/mass` was 412.5.",
            "`/identification/serialNumber` was \"T-7\".",
            "`/loose` was 7."
        ]
    );
    let before = json!({"class": 1, "before": committed(), "after": null});
    let report = check(&example(), &proof_of(before));
    assert!(report.proved[0].contains("were in force until event"));
}

#[test]
fn one_value_is_proved_while_the_others_stay_closed() {
    let mut file = example();
    let mass = disclose(&salt(2), "/identification/mass", &json!(412.5)).unwrap();
    let closed = |byte: u8, pointer: &str, value: &Value| {
        Hash::digest(&disclose(&salt(byte), pointer, value).unwrap())
    };
    file["data"] = json!({});
    file["salts"] = json!({});
    file["disclosures"] = json!([mass]);
    file["digests"] = json!({
        "/identification/serialNumber": closed(1, "/identification/serialNumber", &json!("T-7")),
        "/a~1b/c~0d": closed(3, "/a~1b/c~0d", &Value::Null),
        "/loose": closed(4, "/loose", &json!(7)),
        "/identification/mass": Hash::digest(&mass),
    });
    let report = check(&file, &proof());
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    assert_eq!(report.proved[2..], ["`/identification/mass` was 412.5."]);
    assert!(
        report
            .not_proved
            .contains(&"What 3 of them are: only their digests were shown.".to_owned())
    );
    file["disclosures"] = json!([disclosure("/identification/mass", &json!(413.5))]);
    let fault = check(&file, &proof()).fault.unwrap();
    assert_eq!(
        (fault.verdict, fault.place.as_str()),
        (Verdict::Refuted, "the version, `/identification/mass`")
    );
}

#[test]
fn each_lie_is_named() {
    let refuted = |spoil: &dyn Fn(&mut Value)| {
        let mut file = example();
        spoil(&mut file);
        let fault = check(&file, &proof()).fault.unwrap();
        assert_eq!(fault.verdict, Verdict::Refuted, "{fault}");
        assert_eq!(
            fault.what,
            "these are not the values that the event committed to, or not all of them"
        );
    };
    refuted(&|file| file["data"]["identification"]["mass"] = json!(412));
    refuted(&|file| file["salts"]["/loose"] = json!(salt(5)));
    refuted(&|file| {
        let _ = file["data"].as_object_mut().unwrap().remove("loose");
        let _ = file["salts"].as_object_mut().unwrap().remove("/loose");
    });
    let unchecked = |spoil: &dyn Fn(&mut Value), told: &str| {
        let mut file = example();
        spoil(&mut file);
        let report = check(&file, &proof());
        assert_eq!(report.verdict(), Verdict::Unchecked, "{report}");
        assert_eq!(report.fault.unwrap().to_string(), told);
    };
    unchecked(
        &|file| file["class"] = json!(2),
        "the event: it shows no commitment to the values of access class 2",
    );
    unchecked(
        &|file| file["salts"]["/more"] = json!(salt(5)),
        "the version, `/more`: there is a salt, but no value",
    );
    unchecked(
        &|file| file["data"]["more"] = json!(1),
        "the version, `/more`: it has no salt",
    );
    unchecked(
        &|file| file["data"]["loose"] = json!(u64::MAX),
        "the version, `/loose`: its salt is none, or a number in it has too many digits",
    );
    unchecked(
        &|file| file["disclosures"] = json!(["~"]),
        "the version, disclosure 1: it is no disclosure",
    );
    unchecked(
        &|file| file["disclosures"] = json!([disclosure("/loose", &json!(7))]),
        "the version, `/loose`: it is given twice",
    );
    let elsewhere = version(
        example().to_string().as_bytes(),
        proof().to_string().as_bytes(),
        &Trust::default(),
    );
    assert_eq!(elsewhere.verdict(), Verdict::Unchecked);
}

proptest! {
    /// Bits of a number or a name may be flipped to nothing that matters only where the JSON is no longer read.
    #[test]
    fn no_flipped_bit_is_proved(place: prop::sample::Index, bit in 0..8_u32) {
        let mut bytes = example().to_string().into_bytes();
        let at = place.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let report = version(&bytes, proof().to_string().as_bytes(), &trust());
        prop_assert_ne!(report.verdict(), Verdict::Proved);
    }
}
