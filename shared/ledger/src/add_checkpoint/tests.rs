use proptest::prelude::*;

use super::*;
use crate::append::append;
use crate::note::tests::{LOG, cosignature, log_key, signed, witness_key};
use crate::prove::ProofPlan;
use crate::tile::Tiles;

const NOW: u64 = 1_700_000_000;

/// A log of `size` entries that say the same up to the entry `forked`, and others from there on.
struct Log {
    tiles: Tiles,
    checkpoint: Note,
    cosigned: Cosigned,
}

fn log(size: u64, forked: u64) -> Log {
    let entry = |it: u64| format!("{it}{}", if it < forked { "" } else { "?" }).into_bytes();
    let entries: Vec<Vec<u8>> = (0..size).map(entry).collect();
    let appended = append(0, &Tiles::new(), &entries).unwrap();
    let root = appended.after.root();
    let checkpoint = Checkpoint::new(LOG, size, root).unwrap();
    Log {
        tiles: appended.written,
        checkpoint: signed(&checkpoint.to_string()),
        cosigned: Cosigned { size, root },
    }
}

/// The request of a log to a witness that stands at `old`.
fn request(old: u64, log: &Log) -> AddCheckpoint {
    let plan = ProofPlan::consistency(old, log.cosigned.size).unwrap();
    AddCheckpoint {
        old,
        proof: plan.prove(&log.tiles).unwrap(),
        checkpoint: log.checkpoint.clone(),
    }
}

/// What a witness does that knows the one log.
fn witness(request: AddCheckpoint, last: &Cosigned) -> Result<Cosigned, Refusal> {
    request.open(&[log_key()])?.after(last)
}

fn answered(asked: &AddCheckpoint, status: u16, media_type: &str, body: &str) -> Answer {
    Answer::read(asked, &witness_key(1), (status, Some(media_type), body))
}

/// The example of C2SP tlog-witness; its keys are not published.
#[test]
fn the_example_of_the_specification_is_read() {
    let text = "old 20852014\n\
        PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
        jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
        5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
        /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n\
        example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
        \u{2014} example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";
    let request: AddCheckpoint = text.parse().unwrap();
    assert_eq!((request.old, request.proof.len()), (20_852_014, 4));
    assert_eq!(request.to_string(), text);
}

#[test]
fn each_line_that_is_wrong_is_named() {
    let note = log(3, 3).checkpoint;
    let hash = Sha256::of(b"").to_base64();
    let line = |head: String| match format!("{head}\n\n{note}").parse::<AddCheckpoint>() {
        Err(AddCheckpointError::Line { line, .. }) => line,
        other => panic!("{other:?}"),
    };
    for head in [
        "", "old", "old ", "old  1", "old 01", "old -1", "old +1", "new 1", "old 1 ",
    ] {
        assert_eq!(line(head.to_owned()), 1, "{head}");
    }
    assert_eq!(line(format!("old 1\n{hash}\n{hash} ")), 3);
    assert_eq!(
        line(format!("old 1\n{}", [hash.as_str(); 64].join("\n"))),
        65
    );
    assert_eq!(line(format!("\nold 1\n{hash}")), 1);
    let most = format!("old 1\n{}\n\n{note}", [hash.as_str(); 63].join("\n"));
    assert_eq!(most.parse::<AddCheckpoint>().unwrap().proof.len(), 63);
    let unsigned = "old 0\n\nledger.example.eu/log\n0\n";
    assert!(matches!(
        unsigned.parse::<AddCheckpoint>(),
        Err(AddCheckpointError::Note(_))
    ));
}

#[test]
fn only_what_a_known_log_signed_about_itself_is_looked_at() {
    let of_three = log(3, 3);
    let status =
        |request: AddCheckpoint, keys: &[VerifierKey]| request.open(keys).map_err(|it| it.status());
    assert!(status(request(0, &of_three), &[log_key()]).is_ok());
    assert_eq!(status(request(0, &of_three), &[]), Err(404));
    assert_eq!(status(request(0, &of_three), &[witness_key(1)]), Err(404));
    // A key of this log that signed nothing; the other did.
    let public = witness_key(2);
    let other = VerifierKey::new(LOG, crate::SignatureType::Ed25519, public.public_key()).unwrap();
    assert_eq!(
        status(request(0, &of_three), std::slice::from_ref(&other)),
        Err(403)
    );
    assert!(status(request(0, &of_three), &[other.clone(), log_key()]).is_ok());
    assert!(status(request(0, &of_three), &[log_key(), other]).is_ok());
    // The log's signature is of something else.
    let edited = of_three.checkpoint.to_string().replace("\n3\n", "\n4\n");
    let mut edited = AddCheckpoint {
        checkpoint: edited.parse().unwrap(),
        ..request(0, &of_three)
    };
    assert_eq!(status(edited.clone(), &[log_key()]), Err(403));
    edited.checkpoint = signed("no checkpoint\n");
    assert_eq!(status(edited, &[log_key()]), Err(400));
    let shrunk = AddCheckpoint {
        old: 4,
        ..request(0, &of_three)
    };
    assert_eq!(status(shrunk, &[log_key()]), Err(400));
}

#[test]
fn whoever_begins_elsewhere_is_told_where_the_witness_stands() {
    let (of_three, of_five) = (log(3, 9), log(5, 9));
    for old in [0, 2, 4, 5] {
        let refusal = witness(request(old, &of_five), &of_three.cosigned).unwrap_err();
        assert_eq!((refusal.status(), refusal.is_fork()), (409, false));
        assert_eq!(refusal.size_line().as_deref(), Some("3\n"));
        let body = refusal.size_line().unwrap();
        let answer = answered(&request(old, &of_five), 409, Refusal::SIZE_TYPE, &body);
        assert_eq!(answer, Answer::StandsAt(3));
    }
    assert_eq!(
        witness(request(3, &of_five), &of_three.cosigned),
        Ok(of_five.cosigned)
    );
    // A log that was put back: what it was is known here.
    let back = witness(request(3, &of_three), &of_five.cosigned).unwrap_err();
    assert_eq!(back, Refusal::Elsewhere { size: 5 });
    // Asked again, nothing changes.
    assert_eq!(
        witness(request(5, &of_five), &of_five.cosigned),
        Ok(of_five.cosigned)
    );
}

#[test]
fn two_roots_of_one_size_are_refused() {
    let (one, other) = (log(5, 9), log(5, 3));
    let refusal = witness(request(5, &other), &one.cosigned).unwrap_err();
    assert_eq!((refusal.status(), refusal.is_fork()), (409, true));
    assert_eq!(refusal.size_line(), None);
    let (asked, said) = (request(5, &other), refusal.to_string());
    assert_eq!(answered(&asked, 409, "text/plain", &said), Answer::Fork);
    // Some witnesses say where they stand here, too: it is where they were asked from.
    assert_eq!(
        answered(&asked, 409, Refusal::SIZE_TYPE, "5\n"),
        Answer::Fork
    );
    // An empty log has one root.
    let text = Checkpoint::new(LOG, 0, Sha256::of(b"x"))
        .unwrap()
        .to_string();
    let none = AddCheckpoint {
        old: 0,
        proof: Vec::new(),
        checkpoint: signed(&text),
    };
    assert_eq!(
        witness(none, &Cosigned::default()).unwrap_err().status(),
        409
    );
}

#[test]
fn a_first_checkpoint_has_no_proof() {
    let of_three = log(3, 3);
    let mut first = request(0, &of_three);
    assert_eq!(
        witness(first.clone(), &Cosigned::default()),
        Ok(of_three.cosigned)
    );
    first.proof.push(Sha256::of(b""));
    assert_eq!(
        witness(first, &Cosigned::default()).unwrap_err().status(),
        422
    );
}

#[test]
fn only_the_cosignature_of_the_witness_that_was_asked_is_taken_over() {
    let asked = request(0, &log(3, 3));
    let text = asked.checkpoint.text();
    let line = cosignature(1, NOW, text);
    let cosigned = Answer::Cosigned(line.clone());
    assert_eq!(
        answered(&asked, 200, "text/plain", &format!("{line}\n")),
        cosigned
    );
    let both = format!("{}\n{line}\n", cosignature(2, NOW, text));
    assert_eq!(answered(&asked, 200, "text/plain", &both), cosigned);
    for body in [
        String::new(),
        "\u{2014}\n".to_owned(),
        format!("{}\n", cosignature(2, NOW, text)),
        format!("{}\n", cosignature(1, NOW, "other\n")),
        // The log's own line again.
        format!("{}\n", asked.checkpoint.signatures()[0]),
    ] {
        assert!(
            matches!(
                answered(&asked, 200, "text/plain", &body),
                Answer::Nothing(_)
            ),
            "{body}"
        );
    }
    for (status, body) in [
        (409, ""),
        (409, "3"),
        (409, "03\n"),
        (409, "-3\n"),
        (500, ""),
        (403, "3\n"),
    ] {
        let answer = answered(&asked, status, Refusal::SIZE_TYPE, body);
        assert!(matches!(answer, Answer::Nothing(_)), "{status} {body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the sizes: a log that only grew is cosigned, and one that says something else of what was cosigned never is.
    #[test]
    fn a_fork_is_never_cosigned(old in 1_u64..300, more in 1_u64..300, at in any::<prop::sample::Index>()) {
        let known = log(old, u64::MAX);
        let grown = log(old + more, u64::MAX);
        prop_assert_eq!(witness(request(old, &grown), &known.cosigned), Ok(grown.cosigned));
        let forked_at = at.index(usize::try_from(old).unwrap()) as u64;
        let fork = log(old + more, forked_at);
        let refusal = witness(request(old, &fork), &known.cosigned).unwrap_err();
        prop_assert_eq!((refusal.status(), refusal.is_fork()), (422, true));
        prop_assert_eq!(answered(&request(old, &fork), 422, "text/plain", ""), Answer::Fork);
        // Nor with the proof of the log that is known, nor after the fork was signed at the size that was cosigned.
        let stolen = AddCheckpoint { proof: request(old, &grown).proof, ..request(old, &fork) };
        prop_assert_eq!(witness(stolen, &known.cosigned).unwrap_err().status(), 422);
        let same_size = witness(request(old, &log(old, forked_at)), &known.cosigned).unwrap_err();
        prop_assert!(same_size.is_fork());
    }

    #[test]
    fn a_proof_that_was_touched_proves_nothing(old in 1_u64..99, more in 1_u64..99, at in any::<prop::sample::Index>()) {
        let (known, grown) = (log(old, u64::MAX), log(old + more, u64::MAX));
        let whole = request(old, &grown);
        let mut longer = whole.clone();
        longer.proof.push(Sha256::of(b""));
        let mut touched = vec![longer];
        if !whole.proof.is_empty() {
            let place = at.index(whole.proof.len());
            touched.extend([whole.clone(), whole]);
            touched[1].proof.remove(place);
            touched[2].proof[place] = Sha256::of(b"");
        }
        for request in touched {
            prop_assert_eq!(witness(request, &known.cosigned).unwrap_err().status(), 422);
        }
    }

    #[test]
    fn no_text_makes_it_panic_and_what_is_read_has_that_text(
        head in "(old [0-9]{1,21}\n)?([A-Za-z0-9+/=]{43,44}\n){0,2}",
        tail in "\\PC{0,8}\n?",
    ) {
        let note = log(3, 3).checkpoint;
        for text in [format!("{head}\n{note}"), format!("{head}{tail}"), format!("{head}\n{tail}{note}")] {
            if let Ok(request) = text.parse::<AddCheckpoint>() {
                prop_assert_eq!(request.to_string(), text);
                let _ = witness(request, &Cosigned::default());
            }
        }
        let _ = answered(&request(0, &log(3, 3)), 200, "text/plain", &tail);
    }
}
