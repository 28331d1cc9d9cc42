use passport::Relation;
use uuid::Uuid;

use super::*;
use crate::{Claim, Grant, Person, Right, Scope};

#[test]
fn a_read_has_the_rules_it_is_permitted_by_as_its_basis() {
    let principal = |organisation: &str, role: &str| somebody(organisation, &[role]);
    let classes = Classes::PUBLIC.with(Class::Individual);
    let named = |principal: &Principal, owner: &str, classes| {
        let basis = basis(principal, &Standing::from(owner), classes);
        basis.into_iter().collect::<Vec<_>>().join("; ")
    };
    let maker = principal("maker", "economic-operator");
    assert!(named(&maker, "maker", Classes::ALL).starts_with("Art. 77(4) and (7)"));
    let right = Right::Interest("repairer".to_owned());
    let garage = given(
        &["service-provider"],
        vec![grant(Scope::Everything, right, 1)],
    );
    assert_eq!(
        named(&garage, "maker", classes),
        "Art. 77(2)(c), Annex XIII points 2 and 4"
    );
    let auditor = principal("auditors", "auditor");
    assert!(named(&auditor, "maker", Classes::PUBLIC).starts_with("rule of the platform"));
    let offered = Standing {
        offered: Some("maker"),
        ..Standing::from("another")
    };
    assert!(
        basis(&maker, &offered, classes)
            .iter()
            .all(|rule| rule.starts_with("Art. 77(7)"))
    );
}

fn somebody(organisation: &str, roles: &[&str]) -> Principal {
    Principal {
        subject: "client-1".to_owned(),
        client: "client-1".to_owned(),
        organisation: organisation.to_owned(),
        roles: roles.iter().filter_map(|role| Role::named(role)).collect(),
        grants: Vec::new(),
        at: 0,
    }
}

fn numbers(reading: Reading) -> Vec<u8> {
    reading.classes.iter().map(Class::number).collect()
}

#[test]
fn the_responsible_operator_reads_its_own_wholly_and_of_others_the_public_part() {
    let maker = somebody("maker", &["economic-operator"]);
    assert_eq!(
        numbers(reading(Some(&maker), &Standing::from("maker"))),
        [1, 2, 3, 4, 0]
    );
    assert_eq!(
        numbers(reading(Some(&maker), &Standing::from("other"))),
        [1]
    );
    assert_eq!(numbers(reading(Some(&maker), &Standing::default())), [1]);
}

#[test]
fn a_role_that_does_not_operate_reads_no_more_of_its_own_organisation() {
    let auditor = somebody("maker", &["auditor"]);
    assert_eq!(
        numbers(reading(Some(&auditor), &Standing::from("maker"))),
        [1]
    );
}

#[test]
fn losing_a_role_never_opens_a_class() {
    // A role that stands alone comes beside no other.
    let names = Role::all().filter(|role| !role.is_alone());
    let names: Vec<&str> = names.map(Role::as_str).collect();
    for one in &names {
        for other in &names {
            let both = reading(Some(&somebody("x", &[one, other])), &Standing::from("y")).classes;
            let single = reading(Some(&somebody("x", &[one])), &Standing::from("y")).classes;
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
    assert!(may_raise(&maker, "repair", &permits, &Standing::from("maker")).is_ok());
    assert!(may_raise(&maker, "repair", &permits, &Standing::from("other")).is_err());
    let workshop = somebody("maker", &["service-provider"]);
    assert!(may_raise(&workshop, "repair", &permits, &Standing::from("maker")).is_err());
}

/// The reviewed matrix: a changed right shows as changed cells.
#[test]
fn matrix_is_as_reviewed() {
    let matrix = crate::matrix();
    if std::env::var_os("MATRIX").is_some() {
        std::fs::write("matrix.txt", &matrix).unwrap();
    }
    assert!(
        matrix == include_str!("../../matrix.txt"),
        "the policies come to other cells than `matrix.txt` has: look at the difference after `MATRIX=1 cargo test -p access`"
    );
}

#[test]
fn whoever_is_unknown_reads_what_everybody_reads() {
    let everybody = reading(None, &Standing::from("maker"));
    assert_eq!(
        (numbers(everybody), everybody.chain, everybody.view),
        (vec![1], false, "public")
    );
    assert_eq!(reading(None, &Standing::default()), everybody);
    assert_eq!(
        reading(Some(&somebody("x", &[])), &Standing::from("maker")),
        everybody
    );
    assert_eq!(
        reading(Some(&somebody("maker", &[])), &Standing::from("maker")),
        everybody
    );
}

/// Entity tags tell views apart by name, so two sets of classes may not share one.
#[test]
fn different_classes_have_different_views() {
    let names: Vec<&str> = Role::all().map(Role::as_str).collect();
    let mut seen: Vec<Reading> = vec![reading(None, &Standing::default())];
    for one in &names {
        for other in &names {
            for owner in ["x", "y"] {
                seen.push(reading(
                    Some(&somebody("x", &[one, other])),
                    &Standing::from(owner),
                ));
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
        may_raise(&auditor, "repair", &permits, &Standing::from("maker"))
            .unwrap_err()
            .to_string(),
        "this needs the role `economic-operator` responsible for the record, or `market-surveillance`"
    );
    assert_eq!(
        may_raise(&auditor, "repair", &[], &Standing::default()),
        Err(AccessFault::NobodyMay)
    );
    let authority = somebody("authority", &["auditor", "market-surveillance"]);
    assert_eq!(
        may_raise(&authority, "repair", &permits, &Standing::from("maker")),
        Ok(Role::named("market-surveillance").unwrap())
    );
}

#[test]
fn a_record_without_owner_has_no_responsible_operator() {
    let permits = [permit("economic-operator", Relation::Responsible)];
    let maker = somebody("maker", &["economic-operator"]);
    assert!(may_raise(&maker, "repair", &permits, &Standing::default()).is_err());
}

#[test]
fn offered_and_accepted_are_relations_of_one_organisation_each() {
    let standing = Standing {
        responsible: Some("maker"),
        offered: Some("recyclo"),
        ..Standing::default()
    };
    let may = |organisation: &str, relation, standing: &Standing<'_>| {
        let caller = somebody(organisation, &["recycler"]);
        may_raise(&caller, "repair", &[permit("recycler", relation)], standing).is_ok()
    };
    assert!(may("recyclo", Relation::Offered, &standing));
    assert!(!may("maker", Relation::Offered, &standing));
    assert!(!may("recyclo", Relation::Responsible, &standing));
    let accepted = Standing {
        responsible: Some("recyclo"),
        accepted_waste: Some("recyclo"),
        ordered: Some("garage"),
        ..Standing::default()
    };
    assert!(may("recyclo", Relation::AcceptedWaste, &accepted));
    assert!(may("garage", Relation::Ordered, &accepted));
    assert!(!may("recyclo", Relation::Ordered, &accepted));
    assert!(!may("recyclo", Relation::Offered, &accepted));
    assert!(!may("maker", Relation::AcceptedWaste, &standing));
    assert!(!may("other", Relation::AcceptedWaste, &accepted));
}

#[test]
fn who_was_responsible_reads_more_than_the_public_and_no_class_by_it() {
    let everybody = reading(None, &Standing::from("maker"));
    let standing = Standing {
        former: vec!["x"],
        ..Standing::from("maker")
    };
    let former = reading(Some(&somebody("x", &["economic-operator"])), &standing);
    assert!(everybody.only_public() && !former.only_public());
    assert_eq!(former.classes, everybody.classes);
    assert_ne!(former.view, everybody.view);
    for class in [Class::LegitimateInterest, Class::Individual] {
        assert!(!former.shown().contains(class));
    }
    let right = Right::Interest("remanufacturer".to_owned());
    let second_life = given(&["repurposer"], vec![grant(Scope::Everything, right, 1)]);
    let second_life = reading(Some(&second_life), &standing);
    assert_ne!(second_life.view, former.view);
    let garage = reading(Some(&somebody("x", &["service-provider"])), &standing);
    assert!(!garage.formerly);
}

#[test]
fn the_policies_hold_against_their_schema() {
    crate::check().unwrap();
}

#[test]
fn a_recycled_battery_is_altered_by_nothing_but_a_reversal_or_by_erasing() {
    let standing = Standing {
        accepted_waste: Some("recyclo"),
        published: true,
        recycled: true,
        ..Standing::from("recyclo")
    };
    let caller = somebody("recyclo", &["recycler"]);
    let permits = [permit("recycler", Relation::AcceptedWaste)];
    assert_eq!(writable(&caller, &standing), Classes::NONE);
    for (event, possible) in [("repair", false), ("recycling-reversed", true)] {
        let raised = may_raise(&caller, event, &permits, &standing);
        assert_eq!(raised.is_ok(), possible, "{event} {raised:?}");
    }
    let never = may_raise(&caller, "repair", &permits, &standing).unwrap_err();
    assert!(matches!(never, AccessFault::NoLonger(says) if says.contains("recycled")));
}

/// A grant by `maker` to `x`.
fn grant(of: Scope, right: Right, until: i64) -> Grant {
    Grant {
        id: Uuid::nil(),
        to: "x".to_owned(),
        by: "maker".to_owned(),
        of,
        right,
        purpose: "test".to_owned(),
        until,
    }
}

fn given(roles: &[&str], grants: Vec<Grant>) -> Principal {
    Principal {
        grants,
        ..somebody("x", roles)
    }
}

#[test]
fn a_role_alone_reads_point_1_and_a_recognised_purpose_opens_its_points() {
    let published = Standing {
        published: true,
        ..Standing::from("maker")
    };
    for (role, purpose, opens) in [
        ("service-provider", "repairer", true),
        ("repurposer", "remanufacturer", true),
        ("repurposer", "second-life-operator", true),
        ("recycler", "recycler", true),
        ("waste-operator", "recycler", true),
        ("service-provider", "recycler", false),
        ("recycler", "repairer", false),
        ("supplier", "repairer", false),
    ] {
        let interest = |until| {
            let right = Right::Interest(purpose.to_owned());
            given(&[role], vec![grant(Scope::Everything, right, until)])
        };
        let alone = reading(Some(&somebody("x", &[role])), &published);
        assert!(alone.only_public(), "{role}");
        let recognised = numbers(reading(Some(&interest(1)), &published));
        let expected = if opens { vec![1, 2, 4] } else { vec![1] };
        assert_eq!(recognised, expected, "{role} {purpose}");
        // It ends at its time.
        assert!(reading(Some(&interest(0)), &published).only_public());
    }
}

#[test]
fn a_grant_is_of_what_it_names_and_of_nothing_its_giver_is_not_responsible_for() {
    let [model, batch, passport, other] = [1, 2, 3, 4].map(Uuid::from_u128);
    let record = |owner| Standing {
        model: Some(model),
        batch: Some(batch),
        published: true,
        ..Standing::from(owner)
    };
    let internal = || Right::Reading([Class::Internal].into_iter().collect());
    for (of, reaches) in [
        (Scope::Organisation("maker".to_owned()), true),
        (Scope::Model(model), true),
        (Scope::Batch(batch), true),
        (Scope::Model(other), false),
        (Scope::Batch(other), false),
        // It stands with the passport itself.
        (Scope::Passport(passport), false),
        (Scope::Everything, false),
    ] {
        let caller = given(&["supplier"], vec![grant(of.clone(), internal(), 1)]);
        let sees = |owner| {
            reading(Some(&caller), &record(owner))
                .classes
                .contains(Class::Internal)
        };
        assert_eq!(sees("maker"), reaches, "{of:?}");
        assert!(!sees("another"), "{of:?}");
    }
    // What stands with the passport itself is only for whom it names.
    let own = [grant(Scope::Passport(passport), internal(), 1)];
    let with = Standing {
        grants: &own,
        ..record("maker")
    };
    let sees = |organisation, standing: &Standing<'_>| {
        let caller = somebody(organisation, &["supplier"]);
        reading(Some(&caller), standing)
            .classes
            .contains(Class::Internal)
    };
    assert!(sees("x", &with) && !sees("y", &with));
    // It ends with the responsibility of who gave it.
    let taken_over = Standing {
        responsible: Some("another"),
        ..with
    };
    assert!(!sees("x", &taken_over));
}

#[test]
fn nobody_opens_what_an_earlier_owner_kept() {
    let standing = Standing::from("maker");
    let class_3 = || Right::Reading([Class::Authority].into_iter().collect());
    let of = Scope::Organisation("maker".to_owned());
    let opened = given(&["supplier"], vec![grant(of.clone(), class_3(), 1)]);
    let reads = |caller: &Principal| {
        let reading = reading(Some(caller), &standing);
        (reading.classes.contains(Class::Authority), reading.whoever)
    };
    assert_eq!(reads(&opened), (true, false));
    assert_eq!(
        reads(&somebody("maker", &["economic-operator"])),
        (true, false)
    );
    // An authority reads it whoever wrote it, and loses nothing by what is opened to it beside.
    assert_eq!(
        reads(&somebody("x", &["market-surveillance"])),
        (true, true)
    );
    let both = given(&["market-surveillance"], vec![grant(of, class_3(), 1)]);
    assert_eq!(reads(&both), (true, true));
}

#[test]
fn a_delegate_acts_for_who_is_responsible_but_passes_nothing_on() {
    let of = Scope::Organisation("maker".to_owned());
    let delegate = given(
        &["economic-operator"],
        vec![grant(of, Right::Delegation, 1)],
    );
    let standing = Standing::from("maker");
    assert_eq!(reading(Some(&delegate), &standing).classes, Classes::ALL);
    assert!(knows(Some(&delegate), &standing) && !knows(Some(&delegate), &Standing::from("y")));
    let permits = [permit("economic-operator", Relation::Responsible)];
    assert!(may_raise(&delegate, "correction", &permits, &standing).is_ok());
    for event in ["grant-given", "responsibility-offered", "record-erased"] {
        let refused = may_raise(&delegate, event, &permits, &standing);
        assert!(
            matches!(refused, Err(AccessFault::Never(_))),
            "{event} {refused:?}"
        );
    }
    // In a role that could not be responsible it reads no more than that role.
    let workshop = given(&["service-provider"], delegate.grants.clone());
    assert!(reading(Some(&workshop), &standing).only_public());
}

#[test]
fn whoever_may_contribute_raises_that_and_reads_and_writes_no_more() {
    let of = Scope::Organisation("maker".to_owned());
    let right = vec![grant(of, Right::Contribution, 1)];
    let supplier = given(&["supplier"], right.clone());
    let draft = Standing::from("maker");
    let permits = [permit("supplier", Relation::Contributor)];
    let raises = |caller: &Principal, standing: &Standing<'_>| {
        may_raise(caller, "contribution-submitted", &permits, standing).is_ok()
    };
    assert!(contributes(&supplier, &draft) && raises(&supplier, &draft));
    assert!(!knows(Some(&supplier), &draft) && writable(&supplier, &draft) == Classes::NONE);
    assert!(reading(Some(&supplier), &draft).only_public());
    // In no other role, of nobody else's records, not when it is over, and nothing once the battery is recycled.
    assert!(!raises(&given(&["recycler"], right), &draft));
    assert!(!contributes(&supplier, &Standing::from("another")));
    let over = Principal {
        at: 1,
        ..supplier.clone()
    };
    assert!(!raises(&over, &draft));
    let recycled = Standing {
        recycled: true,
        ..draft.clone()
    };
    assert!(!raises(&supplier, &recycled));
    // What it brought it can take back even then.
    let brought = Standing {
        contributed: Some("x"),
        ..draft
    };
    assert!(raises(&over, &brought));
}

#[test]
fn a_claim_is_of_one_person_or_of_its_whole_organisation() {
    let claim = |person| Claim {
        id: Uuid::nil(),
        organisation: "x".to_owned(),
        person,
        since: 0,
    };
    let reads = |claim: &Claim, organisation: &str, subject: &str| {
        let caller = Principal {
            subject: subject.to_owned(),
            ..somebody(organisation, &["purchaser"])
        };
        let standing = Standing {
            claim: Some(claim),
            published: true,
            ..Standing::from("maker")
        };
        numbers(reading(Some(&caller), &standing)) == [1, 2, 4]
    };
    let one = claim(Some(Person::new("x", "anna", [7; 32])));
    let all = claim(None);
    assert!(reads(&one, "x", "anna") && !reads(&one, "x", "ben") && !reads(&one, "y", "anna"));
    assert!(reads(&all, "x", "anna") && reads(&all, "x", "ben") && !reads(&all, "y", "anna"));
}
