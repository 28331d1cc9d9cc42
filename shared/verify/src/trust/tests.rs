use super::*;
use crate::hash::Hash;
use crate::report::Verdict;
use crate::testing::{LOG, checkpoint, key_text, line};

fn key(name: &str, kind: u8) -> String {
    key_text(name, kind)
}

/// Two of three of one group, and any of the other.
fn policy() -> String {
    let witness = |name: &str| format!("witness {name} {} https://{name}.example/\n", key(name, 4));
    let witnesses: String = ["X1", "X2", "X3", "Y1", "Y2"].map(witness).concat();
    format!(
        "# A policy\n\nlog {}\n{witnesses}group X 2 X1 X2 X3\n group\tY any Y1 Y2\ngroup both all X Y\nquorum both\n",
        key(LOG, 1)
    )
}

fn check(trust: &Trust, text: &str) -> Result<Vec<String>, Fault> {
    let head = trust.check("here", text)?;
    Ok(head.witnesses.into_iter().map(|(name, _)| name).collect())
}

fn signed(witnesses: &[&str]) -> String {
    checkpoint(LOG, 7, &Hash::of(b"root"), witnesses)
}

#[test]
fn a_quorum_is_reached_by_enough_of_each_group_and_by_nothing_less() {
    let trust = Trust::policy(&policy()).unwrap();
    for (witnesses, reached) in [
        (&["X1", "X2", "Y2"][..], true),
        (&["X1", "X2", "X3", "Y1", "Y2"], true),
        (&["X1", "X2"], false),
        (&["X3", "Y1", "Y2"], false),
        (&["X1", "X1", "Y1"], false),
        (&["X1", "stranger", "Y1"], false),
        (&[], false),
    ] {
        let checked = check(&trust, &signed(witnesses));
        match reached {
            true => assert_eq!(checked.unwrap(), witnesses),
            false => assert_eq!(
                checked.unwrap_err().verdict,
                Verdict::Unchecked,
                "{witnesses:?}"
            ),
        }
    }
    let fault = check(&trust, &signed(&["X1", "Y1"]))
        .unwrap_err()
        .to_string();
    assert_eq!(
        fault,
        "here: too few witnesses signed this checkpoint; expected the quorum `both`; found X1, Y1"
    );
}

#[test]
fn a_false_cosignature_is_a_lie_even_where_others_are_enough() {
    let trust = Trust::policy(&policy()).unwrap();
    let text = signed(&["X1", "X2", "Y1"]) + &line("X3", 4, &[7; 72]);
    let fault = check(&trust, &text).unwrap_err();
    assert_eq!(fault.verdict, Verdict::Refuted);
    assert_eq!(
        fault.what,
        "the cosignature of the witness `X3` does not hold"
    );
}

#[test]
fn a_cosignature_of_another_time_does_not_hold() {
    let trust = Trust::policy(&policy()).unwrap();
    let text = signed(&["X1", "X2", "Y1"]);
    let own = text.lines().find(|line| line.contains(" X1 ")).unwrap();
    let mut bytes = {
        use base64::Engine;
        let encoded = own.rsplit(' ').next().unwrap();
        base64::engine::general_purpose::STANDARD
            .decode(encoded)
            .unwrap()
    };
    bytes[11] ^= 1;
    let other = line("X1", 4, &bytes[4..]);
    let fault = check(&trust, &text.replace(&format!("{own}\n"), &other)).unwrap_err();
    assert_eq!(fault.verdict, Verdict::Refuted);
}

#[test]
fn only_a_key_that_is_trusted_and_is_that_of_the_log_counts() {
    let own: VerifierKey = key(LOG, 1).parse().unwrap();
    let other: VerifierKey = key("other.example/log", 1).parse().unwrap();
    let text = signed(&[]);
    assert!(check(&Trust::keys([own.clone()]), &text).is_ok());
    assert!(check(&Trust::keys([other.clone(), own.clone()]), &text).is_ok());
    let fault = check(&Trust::keys([other.clone()]), &text).unwrap_err();
    assert_eq!(fault.verdict, Verdict::Unchecked);
    let fault = check(&Trust::default(), &text).unwrap_err().to_string();
    assert!(
        fault.ends_with("expected the key of a log, none was given"),
        "{fault}"
    );

    // The key of another log, signing in the name of this one.
    let foreign = {
        use ed25519_dalek::Signer;
        let (body, _) = text.rsplit_once("\n\n").unwrap();
        let signature =
            crate::testing::signing_key("other.example/log").sign(format!("{body}\n").as_bytes());
        format!(
            "{body}\n\n{}",
            line("other.example/log", 1, &signature.to_bytes())
        )
    };
    let fault = check(&Trust::keys([other]), &foreign).unwrap_err();
    assert_eq!(
        (fault.verdict, fault.what.as_str()),
        (Verdict::Refuted, "the key is that of another log")
    );

    let grown = text.replace("\n7\n", "\n8\n");
    let fault = check(&Trust::keys([own]), &grown).unwrap_err();
    assert_eq!(fault.verdict, Verdict::Refuted);
}

/// A log whose key was changed signs with both for a while.
#[test]
fn a_second_signature_by_a_key_that_is_not_known_is_no_matter() {
    let own: VerifierKey = key(LOG, 1).parse().unwrap();
    let text = signed(&[]) + &line("stranger", 1, &[7; 64]);
    assert!(check(&Trust::keys([own]), &text).is_ok());
}

#[test]
fn a_policy_is_followed_as_a_whole_or_not_at_all() {
    let good = policy();
    for (from, to, line, why) in [
        (
            "quorum both\n",
            "",
            12,
            "it has no line `quorum`; `quorum none` asks for no witness",
        ),
        (
            "quorum both",
            "quorum none\nquorum both",
            13,
            "a second line `quorum`",
        ),
        ("quorum both", "quorum Z", 12, "`Z` is not defined above"),
        (
            "group X 2 X1 X2 X3",
            "group X 4 X1 X2 X3",
            9,
            "4 of 3 members cannot be asked for",
        ),
        (
            "group X 2 X1 X2 X3",
            "group X 0 X1 X2 X3",
            9,
            "0 of 3 members cannot be asked for",
        ),
        (
            "group X 2 X1 X2 X3",
            "group X 02 X1 X2 X3",
            9,
            "`02` is neither `any`, `all` nor a number",
        ),
        (
            "group X 2 X1 X2 X3",
            "group X any",
            9,
            "1 of 0 members cannot be asked for",
        ),
        (
            "group X 2 X1 X2 X3",
            "group X 2 X1 X1 X3",
            9,
            "`X1` is a member already",
        ),
        ("any Y1 Y2", "any Y1 X1", 10, "`X1` is a member already"),
        (
            "any Y1 Y2",
            "any Y1 both",
            10,
            "`both` is not defined above",
        ),
        ("group X 2", "group X1 2", 9, "the name `X1` is taken"),
        ("group X 2", "group none 2", 9, "the name `none` is taken"),
        (
            "# A policy",
            "A policy\r",
            1,
            "it holds a control character",
        ),
    ] {
        let fault = Trust::policy(&good.replace(from, to)).unwrap_err();
        assert_eq!((fault.line, fault.why.as_str()), (line, why), "{to}");
    }
    for (from, to) in [
        ("# A policy", "A policy"),
        ("quorum both", "quorum"),
        (&key("X1", 4), &key("X1", 1)),
        (&key("X1", 4), &key("X2", 4)),
        (&key("X1", 4), "key"),
    ] {
        assert!(Trust::policy(&good.replace(from, to)).is_err(), "{to}");
    }
    let twice = format!("log {0}\nlog {0}\nquorum none\n", key(LOG, 1));
    assert!(Trust::policy(&twice).is_err());
    let none = format!("log {}\nquorum none", key(LOG, 1));
    assert_eq!(
        check(&Trust::policy(&none).unwrap(), &signed(&["X1"])).unwrap(),
        Vec::<String>::new()
    );
}
