#![no_main]

use verify::{Report, Trust, Verdict, VerifierKey};

const KEY: &str = include_str!("../../shared/verify/vectors/key");
const OLDER: &str = include_str!("../../shared/verify/vectors/older-checkpoint");
const KEYS: &[u8] = include_bytes!("../../shared/verify/vectors/operator-keys.json");
const VIEWS: &[u8] = include_bytes!("../../shared/verify/vectors/views.json");
const PROOF: &[u8] = include_bytes!("../../shared/verify/vectors/event.proof.json");

// Every verb on a stranger's bytes: a fault is told, and nothing is proved without the key.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let key: VerifierKey = KEY.trim().parse().unwrap();
    let trust = Trust::keys([key]);
    let told = |report: Report| {
        assert_eq!(report.fault.is_none(), report.verdict() == Verdict::Proved);
        let text = report.to_string();
        assert!(text.chars().all(|sign| sign == '\n' || !sign.is_control()));
        report.verdict()
    };
    told(verify::proof(bytes, None, &trust));
    told(verify::chain(&[bytes], &trust));
    told(verify::version(bytes, PROOF, &trust));
    told(verify::views(bytes, &[KEYS], &trust));
    told(verify::views(VIEWS, &[bytes], &trust));
    told(verify::log(&mut |_: &str| Ok(Some(bytes.to_vec())), None, &trust));
    assert_ne!(told(verify::proof(bytes, None, &Trust::default())), Verdict::Proved);
    if let Ok(text) = str::from_utf8(bytes) {
        told(verify::bare_proof(text, bytes, None, &trust));
        told(verify::consistency(text, OLDER, &trust));
        let _ = text.parse::<VerifierKey>();
        if let Ok(policy) = Trust::policy(text) {
            told(verify::proof(PROOF, None, &policy));
        }
    }
});
