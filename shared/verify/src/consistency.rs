//! That a log only grew between two checkpoints (RFC 6962 §2.1.2), for whoever kept the older one.

use crate::checkpoint::{Checkpoint, decimal};
use crate::hash::Hash;
use crate::merkle::roots_of_consistency;
use crate::report::{Fault, Report};
use crate::trust::{Head, Trust};

pub(crate) const OLDER: &str = "the older checkpoint";
pub(crate) const NEWER: &str = "the newer checkpoint";
const PROOF: &str = "the consistency proof";
/// No tree of 2^64 entries asks for more.
const LONGEST: usize = 64;

/// Verifies that the log whose newer checkpoint comes with `proof` only added to what `older` was signed for.
///
/// The proof is a text as witnesses are handed it (C2SP tlog-witness, `add-checkpoint`): `old <size>`, the hashes in base64, an
/// empty line, the newer checkpoint.
#[must_use]
pub fn consistency(proof: &str, older: &str, trust: &Trust) -> Report {
    Report::of(|report| {
        let (from, hashes, newer) =
            parts(proof).map_err(|why| Fault::unchecked(PROOF, format!("this is none: {why}")))?;
        let older = trust.check(OLDER, older)?;
        let newer = trust.check(&format!("{PROOF}, its checkpoint"), newer)?;
        let (was, is) = (&older.checkpoint, &newer.checkpoint);
        same_log(was, is)?;
        if from != was.size {
            let fault = Fault::unchecked(PROOF, "it begins at another checkpoint");
            return Err(fault.expected(was.size).found(from));
        }
        grew((was.size, was.root), (is.size, is.root), &hashes)?;
        tell(report, was, &newer);
        Ok(())
    })
}

/// Whether the one can have become the other.
pub(crate) fn same_log(was: &Checkpoint<'_>, is: &Checkpoint<'_>) -> Result<(), Fault> {
    if was.origin != is.origin {
        let fault = Fault::unchecked(NEWER, "it is of another log");
        return Err(fault.expected(was.origin).found(is.origin));
    }
    if is.size < was.size {
        let fault = Fault::lie(NEWER, "the log has fewer entries than it had");
        return Err(fault
            .expected(format!("{} or more", was.size))
            .found(is.size));
    }
    Ok(())
}

pub(crate) fn tell(report: &mut Report, was: &Checkpoint<'_>, newer: &Head<'_>) {
    let is = &newer.checkpoint;
    report.proves(format!(
        "From {} entries to {} the log `{}` only grew: nothing was changed, removed or put between.",
        was.size, is.size, is.origin
    ));
    newer.tell(report);
    report.leaves_open("What the entries are: only that the first ones are still the same.");
}

pub(crate) fn grew(was: (u64, Hash), is: (u64, Hash), hashes: &[Hash]) -> Result<(), Fault> {
    // Every tree holds an empty one, and each holds itself.
    let nothing_to_prove = was.0 == 0 || was.0 == is.0;
    if nothing_to_prove && !hashes.is_empty() {
        let fault = Fault::lie(PROOF, "there is nothing to prove, and yet it has hashes");
        return Err(fault.expected(0).found(hashes.len()));
    }
    if was.0 == is.0 && was.1 != is.1 {
        let what = "the log signed two roots for one number of entries: it tells two stories";
        return Err(Fault::lie(PROOF, what).expected(was.1).found(is.1));
    }
    if nothing_to_prove {
        return Ok(());
    }
    match roots_of_consistency(was, is.0, hashes) {
        None => {
            let what = format!("it has not the length for {} entries after {}", is.0, was.0);
            Err(Fault::lie(PROOF, what).found(hashes.len()))
        }
        Some((older, _)) if older != was.1 => {
            let what = "it does not begin at the root of the older checkpoint";
            Err(Fault::lie(PROOF, what).expected(was.1).found(older))
        }
        Some((_, newer)) if newer != is.1 => {
            let what = "it does not come to the root of the newer checkpoint";
            Err(Fault::lie(PROOF, what).expected(is.1).found(newer))
        }
        Some(_) => Ok(()),
    }
}

/// Size of the older tree, hashes, newer checkpoint.
fn parts(proof: &str) -> Result<(u64, Vec<Hash>, &str), &'static str> {
    let (head, checkpoint) = proof.split_once("\n\n").ok_or("it has no empty line")?;
    let mut lines = head.split('\n');
    let older = lines
        .next()
        .and_then(|line| line.strip_prefix("old "))
        .and_then(decimal);
    let older = older.ok_or("its first line is not `old` with the number of entries")?;
    let hashes: Option<Vec<Hash>> = lines.take(LONGEST + 1).map(Hash::from_base64).collect();
    let hashes = hashes.ok_or("a line of it is no hash in base64")?;
    match hashes.len() > LONGEST {
        true => Err("it has more than 64 hashes"),
        false => Ok((older, hashes, checkpoint)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::note::VerifierKey;
    use crate::report::Verdict;
    use crate::testing::{LOG, Log, events, key_text, leaf};

    fn check(proof: &str, older: &str) -> Report {
        let key: VerifierKey = key_text(LOG, 1).parse().unwrap();
        consistency(proof, older, &Trust::keys([key]))
    }

    fn fault(proof: &str, older: &str) -> (Verdict, String) {
        let fault = check(proof, older).fault.unwrap();
        (fault.verdict, fault.to_string())
    }

    #[test]
    fn a_log_that_only_grew_is_proved_from_every_size() {
        let log = Log::of(&events(13));
        for older in 0..=13 {
            let report = check(&log.grown(older), &log.checkpoint(older));
            assert_eq!(report.verdict(), Verdict::Proved, "{older}: {report}");
        }
    }

    #[test]
    fn a_log_that_was_written_anew_or_shrank_is_refuted() {
        let log = Log::of(&events(13));
        let mut anew = Log::of(&events(13));
        anew.leaves[3] = leaf(999, &[]);
        for older in 4..=13 {
            let (verdict, _) = fault(&log.grown(older), &anew.checkpoint(older));
            assert_eq!(verdict, Verdict::Refuted, "{older}");
        }
        let (_, told) = fault(&log.grown(13), &anew.checkpoint(13));
        assert!(told.contains("it tells two stories"), "{told}");
        let (verdict, told) = fault(&Log::of(&events(5)).grown(5), &log.checkpoint(7));
        assert_eq!(verdict, Verdict::Refuted);
        assert_eq!(
            told,
            "the newer checkpoint: the log has fewer entries than it had; expected 7 or more; found 5"
        );
    }

    #[test]
    fn what_is_no_proof_of_this_is_told() {
        let log = Log::of(&events(13));
        let (good, older) = (log.grown(6), log.checkpoint(6));
        let first = good.lines().nth(1).unwrap();
        for (proof, verdict, told) in [
            (
                good.replace("old 6", "old 06"),
                Verdict::Unchecked,
                "this is none: its first line",
            ),
            (
                good.replace(first, "AAAA"),
                Verdict::Unchecked,
                "this is none: a line of it is no hash",
            ),
            (
                log.grown(5),
                Verdict::Unchecked,
                "it begins at another checkpoint; expected 6; found 5",
            ),
            (
                good.replacen(&format!("{first}\n"), "", 1),
                Verdict::Refuted,
                "it has not the length for 13 entries after 6",
            ),
            (
                good.replace("\n13\n", "\n14\n"),
                Verdict::Refuted,
                "its checkpoint: the signature of",
            ),
        ] {
            let (found, fault) = fault(&proof, &older);
            assert!(found == verdict && fault.contains(told), "{fault}");
        }
        let (verdict, told) = fault(
            &log.grown(0)
                .replace("old 0\n", &format!("old 0\n{first}\n")),
            &log.checkpoint(0),
        );
        assert!(
            verdict == Verdict::Refuted && told.contains("there is nothing to prove"),
            "{told}"
        );
    }

    proptest! {
        #[test]
        fn no_flipped_bit_is_proved(older in 0..=9_usize, place: prop::sample::Index, bit in 0..8_u32) {
            let log = Log::of(&events(9));
            let mut bytes = log.grown(older).into_bytes();
            let at = place.index(bytes.len());
            bytes[at] ^= 1 << bit;
            if let Ok(proof) = String::from_utf8(bytes) {
                prop_assert_ne!(check(&proof, &log.checkpoint(older)).verdict(), Verdict::Proved);
            }
        }
    }
}
