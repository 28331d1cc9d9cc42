use std::fmt::Write;

use super::*;

#[test]
fn a_read_has_the_rules_it_is_permitted_by_as_its_basis() {
    let principal = |organisation: &str, role: &str| somebody(organisation, &[role]);
    let classes = Classes::PUBLIC.with(Class::Individual);
    let named = |principal: &Principal, owner: &str, classes| {
        let basis = basis(principal, owner, classes);
        basis.into_iter().collect::<Vec<_>>().join("; ")
    };
    let maker = principal("maker", "economic-operator");
    assert!(named(&maker, "maker", Classes::ALL).starts_with("Art. 77(4)"));
    let garage = principal("garage", "service-provider");
    assert_eq!(
        named(&garage, "maker", classes),
        "Art. 77(2)(c), Annex XIII points 2 and 4"
    );
    let auditor = principal("auditors", "auditor");
    assert!(named(&auditor, "maker", Classes::PUBLIC).starts_with("rule of the platform"));
    assert!(named(&maker, "another", classes).starts_with("Art. 77(7)"));
}

fn somebody(organisation: &str, roles: &[&str]) -> Principal {
    Principal {
        subject: "client-1".to_owned(),
        client: "client-1".to_owned(),
        organisation: organisation.to_owned(),
        roles: roles.iter().filter_map(|role| Role::named(role)).collect(),
    }
}

fn numbers(reading: Reading) -> Vec<u8> {
    reading.classes.iter().map(Class::number).collect()
}

#[test]
fn the_responsible_operator_reads_its_own_wholly_and_of_others_the_public_part() {
    let maker = somebody("maker", &["economic-operator"]);
    assert_eq!(
        numbers(readable(Some(&maker), Some("maker"))),
        [1, 2, 3, 4, 0]
    );
    assert_eq!(numbers(readable(Some(&maker), Some("other"))), [1]);
    assert_eq!(numbers(readable(Some(&maker), None)), [1]);
}

#[test]
fn a_role_that_does_not_operate_reads_no_more_of_its_own_organisation() {
    let auditor = somebody("maker", &["auditor"]);
    assert_eq!(numbers(readable(Some(&auditor), Some("maker"))), [1]);
}

#[test]
fn losing_a_role_never_opens_a_class() {
    let names: Vec<&str> = Role::all().map(Role::as_str).collect();
    for one in &names {
        for other in &names {
            let both = readable(Some(&somebody("x", &[one, other])), Some("y")).classes;
            let single = readable(Some(&somebody("x", &[one])), Some("y")).classes;
            assert!(
                single.iter().all(|class| both.contains(class)),
                "{one} {other}"
            );
            assert!(!both.contains(Class::Internal));
        }
    }
}

#[test]
fn a_permit_for_the_responsible_is_for_the_responsible() {
    let permits = [Permit {
        role: "economic-operator".to_owned(),
        relation: Relation::Responsible,
        proof: Vec::new(),
        approval: false,
    }];
    let maker = somebody("maker", &["economic-operator"]);
    assert!(may_raise(&maker, &permits, Some("maker")).is_ok());
    assert!(may_raise(&maker, &permits, Some("other")).is_err());
    let workshop = somebody("maker", &["service-provider"]);
    assert!(may_raise(&workshop, &permits, Some("maker")).is_err());
}

fn line(reading: Reading) -> String {
    let mut line = String::new();
    for class in 0..=4_u8 {
        let read = Class::from_number(class).is_some_and(|class| reading.classes.contains(class));
        line.push(if read { char::from(b'0' + class) } else { '-' });
    }
    line + if reading.chain { " chain" } else { "      " }
}

/// The reviewed matrix: a changed right shows as a changed line.
#[test]
fn matrix_is_as_reviewed() {
    let mut matrix = String::new();
    writeln!(matrix, "{:20}{:14}of its own", "", "of others").unwrap();
    writeln!(
        matrix,
        "{:20}{}",
        "(no token)",
        line(readable(None, Some("x"))).trim_end()
    )
    .unwrap();
    for role in Role::all() {
        let caller = somebody("x", &[role.as_str()]);
        let others = line(readable(Some(&caller), Some("y")));
        let own = line(readable(Some(&caller), Some("x")));
        writeln!(matrix, "{:20}{others:14}{}", role.as_str(), own.trim_end()).unwrap();
    }
    for role in Role::all() {
        writeln!(matrix, "\n{role}: {}", role.note()).unwrap();
        for class in Class::ALL {
            if let Some(source) = role.source(class) {
                writeln!(matrix, "  {}: {source}", class.number()).unwrap();
            }
        }
        if let Some(source) = role.chain_source() {
            writeln!(matrix, "  chain: {source}").unwrap();
        }
        if let Some(source) = role.own_source() {
            writeln!(matrix, "  own: {source}").unwrap();
        }
        for (class, source) in role.offered() {
            writeln!(matrix, "  offered {}: {source}", class.number()).unwrap();
        }
    }
    assert_eq!(matrix, include_str!("../../matrix.txt"), "{matrix}");
}

#[test]
fn whoever_is_unknown_reads_what_everybody_reads() {
    let everybody = readable(None, Some("maker"));
    assert_eq!(
        (numbers(everybody), everybody.chain, everybody.view),
        (vec![1], false, "public")
    );
    assert_eq!(readable(None, None), everybody);
    assert_eq!(
        readable(Some(&somebody("x", &[])), Some("maker")),
        everybody
    );
    assert_eq!(
        readable(Some(&somebody("maker", &[])), Some("maker")),
        everybody
    );
}

/// Entity tags tell views apart by name, so two sets of classes may not share one.
#[test]
fn different_classes_have_different_views() {
    let names: Vec<&str> = Role::all().map(Role::as_str).collect();
    let mut seen: Vec<Reading> = vec![readable(None, None)];
    for one in &names {
        for other in &names {
            for owner in ["x", "y"] {
                seen.push(readable(Some(&somebody("x", &[one, other])), Some(owner)));
            }
        }
    }
    for one in &seen {
        for other in &seen {
            assert_eq!(
                one.view == other.view,
                one.classes == other.classes,
                "{one:?} {other:?}"
            );
        }
    }
}

fn permit(role: &str, relation: Relation) -> Permit {
    Permit {
        role: role.to_owned(),
        relation,
        proof: Vec::new(),
        approval: false,
    }
}

#[test]
fn the_fault_names_the_roles_that_would_do() {
    let permits = [
        permit("economic-operator", Relation::Responsible),
        permit("market-surveillance", Relation::Any),
    ];
    let auditor = somebody("maker", &["auditor"]);
    assert_eq!(
        may_raise(&auditor, &permits, Some("maker"))
            .unwrap_err()
            .to_string(),
        "this needs the role `economic-operator` responsible for the record, or `market-surveillance`"
    );
    assert_eq!(
        may_raise(&auditor, &[], None::<&str>),
        Err(AccessFault::NobodyMay)
    );
    let authority = somebody("authority", &["auditor", "market-surveillance"]);
    assert_eq!(
        may_raise(&authority, &permits, Some("maker")),
        Ok(Role::named("market-surveillance").unwrap())
    );
}

#[test]
fn a_record_without_owner_has_no_responsible_operator() {
    let permits = [permit("economic-operator", Relation::Responsible)];
    let maker = somebody("maker", &["economic-operator"]);
    assert!(may_raise(&maker, &permits, None::<&str>).is_err());
}

#[test]
fn offered_and_accepted_are_relations_of_one_organisation_each() {
    let standing = Standing {
        responsible: Some("maker"),
        offered: Some("recyclo"),
        accepted_waste: None,
        ordered: None,
    };
    let may = |organisation: &str, relation, standing| {
        let caller = somebody(organisation, &["recycler"]);
        may_raise(&caller, &[permit("recycler", relation)], standing).is_ok()
    };
    assert!(may("recyclo", Relation::Offered, standing));
    assert!(!may("maker", Relation::Offered, standing));
    assert!(!may("recyclo", Relation::Responsible, standing));
    let accepted = Standing {
        responsible: Some("recyclo"),
        offered: None,
        accepted_waste: Some("recyclo"),
        ordered: Some("garage"),
    };
    assert!(may("recyclo", Relation::AcceptedWaste, accepted));
    assert!(may("garage", Relation::Ordered, accepted));
    assert!(!may("recyclo", Relation::Ordered, accepted));
    assert!(!may("recyclo", Relation::Offered, accepted));
    assert!(!may("maker", Relation::AcceptedWaste, standing));
    assert!(!may("other", Relation::AcceptedWaste, accepted));
}

#[test]
fn who_was_responsible_reads_more_than_the_public_and_no_class_by_it() {
    let everybody = readable(None, Some("maker"));
    let former = everybody.of_former();
    assert!(everybody.only_public() && !former.only_public());
    assert_eq!(former.classes, everybody.classes);
    assert_ne!(former.view, everybody.view);
    for class in [Class::LegitimateInterest, Class::Individual] {
        assert!(!former.shown().contains(class));
    }
    let second_life = readable(Some(&somebody("x", &["repurposer"])), Some("y"));
    assert_ne!(second_life.of_former().view, former.view);
}
