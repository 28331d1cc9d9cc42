//! Project Wycheproof's vectors (github.com/C2SP/wycheproof, Apache-2.0) for the two algorithms whose keys stand in proofs too. Its
//! vectors for JSON Web Signatures are in no crate; what they try is tried in `token` and in [`super::tests`].

use serde_json::{Value, json};
use wycheproof::TestResult;

use super::*;

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Holds one vector; answers whether the signature is good.
fn hold(key: &Value, message: &[u8], signature: &[u8], expected: TestResult, place: usize) -> bool {
    let public = PublicKey::of(key.as_object().unwrap()).unwrap();
    let fits = public.verifies(message, &encoded(signature));
    let expected = match expected {
        TestResult::Valid => true,
        TestResult::Invalid => false,
        TestResult::Acceptable => fits,
    };
    assert_eq!(fits, expected, "test case {place} of {key}");
    fits
}

#[test]
fn ed25519_signatures_are_judged_as_wycheproof_does() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let (mut all, mut good) = (0, 0);
    for group in set.test_groups {
        let key = json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(&group.key.pk)});
        for test in group.tests {
            let fits = hold(&key, &test.msg, &test.sig, test.result, test.tc_id);
            all += 1;
            good += usize::from(fits);
        }
    }
    assert!(all >= 150 && good >= 80, "{good} of {all}");
}

#[test]
fn p256_signatures_are_judged_as_wycheproof_does() {
    use wycheproof::ecdsa::{TestName, TestSet};
    let (mut all, mut good) = (0, 0);
    for group in TestSet::load(TestName::EcdsaSecp256r1Sha256P1363)
        .unwrap()
        .test_groups
    {
        // 0x04, x, y (SEC 1 §2.3.3).
        let point = &group.key.key[1..];
        let (x, y) = point.split_at(CURVE_BYTES);
        let key = json!({"kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y)});
        for test in group.tests {
            let fits = hold(&key, &test.msg, &test.sig, test.result, test.tc_id);
            all += 1;
            good += usize::from(fits);
        }
    }
    assert!(all >= 250 && good >= 150, "{good} of {all}");
}

/// The same signatures in DER: RFC 7518 §3.4 knows `r || s` alone.
#[test]
fn signatures_in_der_are_none() {
    use wycheproof::ecdsa::{TestName, TestSet};
    for group in TestSet::load(TestName::EcdsaSecp256r1Sha256)
        .unwrap()
        .test_groups
    {
        let point = &group.key.key[1..];
        let (x, y) = point.split_at(CURVE_BYTES);
        let key = json!({"kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y)});
        let public = PublicKey::of(key.as_object().unwrap()).unwrap();
        for test in group.tests {
            let fits = public.verifies(&test.msg, &encoded(&test.sig));
            assert!(!fits, "test case {}", test.tc_id);
        }
    }
}
