//! Who signed a checkpoint.

use crate::report::Report;
use crate::trust::Trust;

/// Verifies one checkpoint alone: that a key of its log signed it, and as many witnesses as a policy asks for; an auditor is one of
/// these.
#[must_use]
pub fn checkpoint(note: &str, trust: &Trust) -> Report {
    Report::of(|report| {
        trust.check("the checkpoint", note)?.tell(report);
        report.leaves_open("What its entries are: no file of the log was looked at.");
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::VerifierKey;
    use crate::report::Verdict;
    use crate::testing::{LOG, Log, events, key_text};

    #[test]
    fn a_checkpoint_is_as_good_as_its_signatures() {
        let mut log = Log::of(&events(3));
        log.witnesses = vec!["id.example.eu/auditor"];
        let note = log.checkpoint(3);
        let key: VerifierKey = key_text(LOG, 1).parse().unwrap();
        let report = checkpoint(&note, &Trust::keys([key]));
        assert_eq!(report.verdict(), Verdict::Proved, "{report}");
        let policy = |witness: &str| {
            let text = format!(
                "log {}\nwitness a {}\nquorum a\n",
                key_text(LOG, 1),
                key_text(witness, 4)
            );
            Trust::policy(&text).unwrap()
        };
        let audited = checkpoint(&note, &policy("id.example.eu/auditor"));
        assert_eq!(audited.verdict(), Verdict::Proved, "{audited}");
        assert!(
            audited.to_string().contains("The witness `a` signed"),
            "{audited}"
        );
        let other = checkpoint(&note, &policy("id.example.eu/other"));
        assert_eq!(other.verdict(), Verdict::Unchecked, "{other}");
        let changed = checkpoint(
            &note.replacen("\n3\n", "\n4\n", 1),
            &policy("id.example.eu/auditor"),
        );
        assert_eq!(changed.verdict(), Verdict::Refuted, "{changed}");
    }
}
