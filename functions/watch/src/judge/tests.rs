use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;
use crate::memory::{remember, still};

const DISTRIBUTION: &str = "d111.cdn.example";
/// Findings that tell of a change.
const CHANGES: [Code; 5] = [
    Code::OtherNameServers,
    Code::OtherIssuer,
    Code::NewKey,
    Code::RegisteredAnew,
    Code::OtherRegistrar,
];

fn at(day: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + day * DAY)
}

fn expected() -> Expected {
    Expected {
        distribution: DISTRIBUTION.to_owned(),
        addresses: [IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1))].into(),
    }
}

fn texts(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn in_order() -> Seen {
    Seen {
        names: Names::Found {
            aliases: vec![DISTRIBUTION.to_owned()],
            addresses: expected().addresses,
        },
        zones: Some(
            [(
                "maker.example".to_owned(),
                texts(&["ns1.example", "ns2.example"]),
            )]
            .into(),
        ),
        caa: Some(true),
        certificate: Presented::Valid(Certificate {
            issuer: "Example Trust".to_owned(),
            ends: at(90),
            key: "k1".to_owned(),
        }),
        answer: Answer::Ours,
        registration: Registration::Registered(domain()),
    }
}

fn domain() -> Registered {
    Registered {
        domain: "maker.example".to_owned(),
        since: Some(at(-1_000)),
        ends: Some(at(400)),
        status: texts(&["active", "client transfer prohibited"]),
        registrar: Some("Example Registrar".to_owned()),
        name_servers: texts(&["ns1.example", "ns2.example"]),
    }
}

fn judged(known: &Known, seen: &Seen, now: Timestamp) -> Vec<Finding> {
    judge(Rules::get(), &expected(), known, seen, now)
}

fn codes(findings: &[Finding]) -> Vec<(&'static str, Severity)> {
    findings
        .iter()
        .map(|(code, finding)| (code.as_str(), finding.severity))
        .collect()
}

/// What is known after one examination on day 0.
fn known(seen: &Seen) -> Known {
    let findings = judged(&Known::default(), seen, at(0));
    remember(Rules::get(), Known::default(), seen, &findings, at(0))
}

/// What is found one day after everything was in order.
fn found(change: impl FnOnce(&mut Seen)) -> Vec<(&'static str, Severity)> {
    let mut seen = in_order();
    change(&mut seen);
    codes(&judged(&known(&in_order()), &seen, at(1)))
}

fn certificate(change: impl FnOnce(&mut Certificate)) -> Vec<(&'static str, Severity)> {
    found(|seen| {
        if let Presented::Valid(certificate) = &mut seen.certificate {
            change(certificate);
        }
    })
}

fn registration(change: impl FnOnce(&mut Registered)) -> Vec<(&'static str, Severity)> {
    found(|seen| {
        if let Registration::Registered(registered) = &mut seen.registration {
            change(registered);
        }
    })
}

use Severity::{Alarm, Note, Warning};

#[test]
fn nothing_is_found_where_all_is_in_order() {
    assert_eq!(codes(&judged(&Known::default(), &in_order(), at(0))), []);
    assert_eq!(found(|_| {}), []);
}

#[test]
fn every_fault_of_a_name_has_its_finding() {
    let names = |aliases: &[&str], addresses: &[u8]| {
        let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        let addresses = addresses
            .iter()
            .map(|last| IpAddr::V4(Ipv4Addr::new(203, 0, 113, *last)))
            .collect();
        found(|seen| seen.names = Names::Found { aliases, addresses })
    };
    assert_eq!(
        found(|seen| seen.names = Names::NoSuchName),
        [("no-such-name", Alarm)]
    );
    assert_eq!(
        found(|seen| seen.names = Names::Unanswered("SERVFAIL".to_owned())),
        [("dns-unanswered", Warning)]
    );
    assert_eq!(names(&[DISTRIBUTION], &[]), [("dangling", Alarm)]);
    assert_eq!(names(&[], &[]), [("dangling", Alarm)]);
    assert_eq!(
        names(&["parking.example"], &[1]),
        [("points-elsewhere", Alarm)]
    );
    assert_eq!(names(&["cdn.maker.example", "D111.cdn.example"], &[9]), []);
    // A name without a CNAME, such as the domain's own.
    assert_eq!(names(&[], &[1, 9]), []);
    assert_eq!(names(&[], &[9]), [("other-addresses", Warning)]);
    let zones = [("maker.example".to_owned(), texts(&["ns1.thief.example"]))];
    assert_eq!(
        found(|seen| seen.zones = Some(zones.into())),
        [("other-name-servers", Alarm)]
    );
    // A zone cut in between takes the host as well.
    assert_eq!(
        found(|seen| {
            seen.zones
                .as_mut()
                .unwrap()
                .insert("dpp.maker.example".to_owned(), texts(&["ns.thief.example"]));
        }),
        [("other-name-servers", Alarm)]
    );
    assert_eq!(found(|seen| seen.zones = None), []);
    assert_eq!(found(|seen| seen.caa = Some(false)), [("no-caa", Note)]);
    assert_eq!(found(|seen| seen.caa = None), []);
}

#[test]
fn every_fault_of_a_certificate_has_its_finding() {
    for (left, severity) in [
        (22, None),
        (21, None),
        (20, Some(Warning)),
        (7, Some(Warning)),
        (6, Some(Alarm)),
        (-1, Some(Alarm)),
    ] {
        let told: Vec<_> = severity
            .map(|severity| ("certificate-ends", severity))
            .into_iter()
            .collect();
        assert_eq!(certificate(|one| one.ends = at(1 + left)), told, "{left}");
    }
    // Renewed by the same issuer, it is routine; by another one it is not.
    assert_eq!(
        certificate(|one| one.key = "k2".to_owned()),
        [("new-key", Note)]
    );
    let other = |one: &mut Certificate| {
        one.issuer = "Other Trust".to_owned();
        one.key = "k2".to_owned();
    };
    assert_eq!(certificate(other), [("other-issuer", Alarm)]);
    for code in [
        Code::CertificateExpired,
        Code::CertificateWrongName,
        Code::CertificateUntrusted,
    ] {
        let refused = found(|seen| seen.certificate = Presented::Refused(code, "x".to_owned()));
        assert_eq!(refused, [(code.as_str(), Alarm)]);
    }
    assert_eq!(
        found(|seen| seen.certificate = Presented::Unreachable("x".to_owned())),
        [("unreachable", Warning)]
    );
}

#[test]
fn every_fault_of_a_registration_has_its_finding() {
    for (left, severity) in [
        (60, None),
        (59, Some(Warning)),
        (21, Some(Warning)),
        (20, Some(Alarm)),
        (-3, Some(Alarm)),
    ] {
        let told: Vec<_> = severity
            .map(|severity| ("registration-ends", severity))
            .into_iter()
            .collect();
        assert_eq!(
            registration(|one| one.ends = Some(at(1 + left))),
            told,
            "{left}"
        );
    }
    for status in [
        "client hold",
        "server hold",
        "pending delete",
        "redemption period",
        "pending transfer",
    ] {
        let troubled = registration(|one| {
            one.status.insert(status.to_owned());
        });
        assert_eq!(troubled, [("registration-status", Alarm)], "{status}");
    }
    assert_eq!(
        registration(|one| one.status = texts(&["active"])),
        [("no-transfer-lock", Warning)]
    );
    assert_eq!(
        registration(|one| one.status = texts(&["server transfer prohibited"])),
        []
    );
    assert_eq!(
        registration(|one| one.registrar = Some("Thief's Registrar".to_owned())),
        [("other-registrar", Alarm)]
    );
    assert_eq!(registration(|one| one.registrar = None), []);
    assert_eq!(
        registration(|one| one.name_servers = texts(&["ns.thief.example"])),
        [("other-name-servers", Alarm)]
    );
    // It lapsed, and somebody has registered it again; or the registry answers with the domain above it.
    assert_eq!(
        registration(|one| one.since = Some(at(0))),
        [("registered-anew", Alarm)]
    );
    assert_eq!(
        registration(|one| one.domain = "example".to_owned()),
        [("registered-anew", Alarm)]
    );
    assert_eq!(
        registration(|one| one.ends = None),
        [("expiry-not-told", Note)]
    );
    let seen = |registration: Registration| found(|seen| seen.registration = registration);
    assert_eq!(
        seen(Registration::NotRegistered),
        [("not-registered", Alarm)]
    );
    assert_eq!(
        seen(Registration::NotWatched),
        [("registration-not-watched", Note)]
    );
    assert_eq!(
        seen(Registration::Unanswered("x".to_owned())),
        [("registration-unanswered", Note)]
    );
}

#[test]
fn a_foreign_answer_is_an_alarm_at_once_and_none_only_twice_in_a_row() {
    assert_eq!(
        found(|seen| seen.answer = Answer::Foreign("x".to_owned())),
        [("foreign-answer", Alarm)]
    );
    let silent = Seen {
        answer: Answer::None("x".to_owned()),
        ..in_order()
    };
    let mut known = Known::default();
    for severity in [Warning, Alarm, Alarm] {
        let findings = judged(&known, &silent, at(0));
        assert_eq!(codes(&findings), [("no-answer", severity)]);
        known = remember(Rules::get(), known, &silent, &findings, at(0));
    }
    let findings = judged(&known, &in_order(), at(0));
    known = remember(Rules::get(), known, &in_order(), &findings, at(0));
    assert_eq!(
        codes(&judged(&known, &silent, at(0))),
        [("no-answer", Warning)]
    );
}

#[test]
fn a_finding_says_what_was_expected_and_what_was_found() {
    let mut seen = in_order();
    seen.zones = Some([("maker.example".to_owned(), texts(&["ns1.thief.example"]))].into());
    let findings = judged(&known(&in_order()), &seen, at(1));
    assert_eq!(
        findings[0].1.expected,
        "maker.example by ns1.example, ns2.example"
    );
    assert_eq!(
        findings[0].1.found,
        "maker.example by ns1.thief.example, first seen now"
    );
    seen.answer = Answer::Foreign("é".repeat(10_000));
    let findings = judged(&known(&in_order()), &seen, at(1));
    assert!(
        findings
            .iter()
            .all(|(_, finding)| finding.found.chars().count() <= 501)
    );
}

#[test]
fn an_outage_is_no_change() {
    let dark = Seen {
        names: Names::NoSuchName,
        zones: None,
        caa: None,
        certificate: Presented::NotAsked,
        answer: Answer::NotAsked,
        registration: Registration::Unanswered("x".to_owned()),
    };
    let before = known(&in_order());
    let after = remember(Rules::get(), before.clone(), &dark, &[], at(1));
    assert_eq!(codes(&judged(&after, &in_order(), at(2))), []);
    let mut stolen = in_order();
    stolen.zones = Some([("maker.example".to_owned(), texts(&["ns1.thief.example"]))].into());
    assert_eq!(
        codes(&judged(&after, &stolen, at(2))),
        [("other-name-servers", Alarm)]
    );
}

#[test]
fn a_registry_is_asked_every_six_hours_and_again_at_once_where_it_did_not_answer() {
    let known = known(&in_order());
    let hour = |hours: i64| Timestamp::from_millisecond(at(0).as_millisecond() + hours * DAY / 24);
    assert_eq!(
        still(Rules::get(), &known, hour(5)),
        Some(in_order().registration)
    );
    assert_eq!(still(Rules::get(), &known, hour(6)), None);
    // What is only repeated grows old.
    let later = remember(Rules::get(), known, &in_order(), &[], hour(5));
    assert_eq!(still(Rules::get(), &later, hour(6)), None);
    let unanswered = Seen {
        registration: Registration::Unanswered("x".to_owned()),
        ..in_order()
    };
    let unanswered = remember(Rules::get(), Known::default(), &unanswered, &[], hour(0));
    assert_eq!(still(Rules::get(), &unanswered, hour(1)), None);
}

fn any_seen() -> impl Strategy<Value = Seen> {
    let servers = || prop::collection::btree_set("[a-c]", 0..3);
    let names = prop_oneof![
        Just(Names::NoSuchName),
        "[a-c]".prop_map(Names::Unanswered),
        (
            prop::collection::vec(prop_oneof![Just(DISTRIBUTION.to_owned()), "[a-c]"], 0..3),
            any::<bool>()
        )
            .prop_map(|(aliases, some)| {
                let addresses = if some {
                    expected().addresses
                } else {
                    BTreeSet::new()
                };
                Names::Found { aliases, addresses }
            }),
    ];
    let certificate = prop_oneof![
        Just(Presented::NotAsked),
        Just(Presented::Unreachable("x".to_owned())),
        ("[a-b]", -50_i64..100, "[a-b]").prop_map(|(issuer, ends, key)| Presented::Valid(
            Certificate {
                issuer,
                ends: at(ends),
                key
            }
        )),
    ];
    let registered = (
        "[a-b]",
        prop::option::of(-9_i64..0),
        prop::option::of(-9_i64..99),
        servers(),
        prop::option::of("[a-b]"),
        servers(),
    );
    let registration = prop_oneof![
        Just(Registration::NotRegistered),
        Just(Registration::NotWatched),
        registered.prop_map(|(domain, since, ends, status, registrar, name_servers)| {
            let (since, ends) = (since.map(at), ends.map(at));
            Registration::Registered(Registered {
                domain,
                since,
                ends,
                status,
                registrar,
                name_servers,
            })
        }),
    ];
    let zones = prop::option::of(prop::collection::btree_map("[a-b]", servers(), 0..3));
    (
        names,
        zones,
        prop::option::of(any::<bool>()),
        certificate,
        registration,
    )
        .prop_map(|(names, zones, caa, certificate, registration)| Seen {
            names,
            zones,
            caa,
            certificate,
            answer: Answer::Ours,
            registration,
        })
}

fn changes(findings: &[Finding]) -> BTreeSet<Code> {
    let codes = findings.iter().map(|(code, _)| *code);
    codes.filter(|code| CHANGES.contains(code)).collect()
}

proptest! {
    #[test]
    fn a_first_sight_is_a_baseline_and_the_same_again_no_change(seen in any_seen(), day in 0_i64..30) {
        prop_assert_eq!(changes(&judged(&Known::default(), &seen, at(day))), BTreeSet::new());
        prop_assert_eq!(changes(&judged(&known(&seen), &seen, at(day))), BTreeSet::new());
    }

    #[test]
    fn a_change_is_told_until_it_has_settled(before in any_seen(), after in any_seen()) {
        let mut known = known(&before);
        let first = changes(&judged(&known, &after, at(1)));
        for day in 1..=Rules::get().settle_days + 1 {
            let findings = judged(&known, &after, at(day));
            prop_assert_eq!(&changes(&findings), &first);
            known = remember(Rules::get(), known, &after, &findings, at(day));
        }
        prop_assert_eq!(changes(&judged(&known, &after, at(30))), BTreeSet::new());
    }

    #[test]
    fn what_was_only_there_for_a_while_is_forgotten(before in any_seen(), between in any_seen()) {
        let known = known(&before);
        let after = remember(Rules::get(), known, &between, &[], at(1));
        prop_assert_eq!(changes(&judged(&after, &before, at(2))), BTreeSet::new());
    }

    #[test]
    fn the_gravest_comes_first(before in any_seen(), after in any_seen()) {
        let findings = judged(&known(&before), &after, at(1));
        prop_assert!(findings.is_sorted_by(|(_, one), (_, other)| one.severity >= other.severity));
    }

    #[test]
    fn time_never_makes_it_lighter(seen in any_seen(), day in 0_i64..200) {
        let weight = |day: i64, code: Code| {
            let findings = judged(&Known::default(), &seen, at(day));
            findings.into_iter().find(|(found, _)| *found == code).map(|(_, finding)| finding.severity)
        };
        for code in [Code::CertificateEnds, Code::RegistrationEnds] {
            prop_assert!(weight(day, code) <= weight(day + 1, code));
        }
    }
}
