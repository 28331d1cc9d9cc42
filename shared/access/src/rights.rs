//! What a caller may read and write.

use passport::{Class, Classes, Permit, Relation};

use crate::{AccessFault, Principal, Role};

/// What may leave to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The classes.
    pub classes: Classes,
    /// Whether an event's place in its chain may be seen.
    pub chain: bool,
    /// A short name of the view, for entity tags and the read log.
    pub view: &'static str,
}

/// What a caller may read of a record that `owner` is responsible for.
#[must_use]
pub fn readable(principal: Option<&Principal>, owner: Option<&str>) -> Reading {
    let Some(principal) = principal else {
        return Reading {
            classes: Classes::PUBLIC,
            chain: false,
            view: "public",
        };
    };
    let operates = |role: &Role| matches!(role.as_str(), "economic-operator" | "repurposer");
    if owner == Some(principal.organisation.as_str()) && principal.roles.iter().any(operates) {
        return Reading {
            classes: Class::ALL.into_iter().collect(),
            chain: true,
            view: "owner",
        };
    }
    let classes: Classes = principal
        .roles
        .iter()
        .flat_map(|role| role.classes().iter())
        .chain([Class::Public])
        .collect();
    Reading {
        classes,
        chain: principal.roles.iter().any(|role| role.chain()),
        view: view_name(classes),
    }
}

fn view_name(classes: Classes) -> &'static str {
    let (authority, individual) = (
        classes.contains(Class::Authority),
        classes.contains(Class::Individual),
    );
    match (authority, individual) {
        _ if classes.only_public() => "public",
        (true, true) => "authority-and-legitimate-interest",
        (true, false) => "authority",
        _ => "legitimate-interest",
    }
}

/// Which of the caller's roles lets it raise an event on a record that `owner` is responsible for.
///
/// # Errors
/// [`AccessFault::NotPermitted`] naming the roles that would.
pub fn may_raise(
    principal: &Principal,
    permits: &[Permit],
    owner: Option<&str>,
) -> Result<Role, AccessFault> {
    let responsible = owner == Some(principal.organisation.as_str());
    permits
        .iter()
        .filter(|permit| permit.relation == Relation::Any || responsible)
        .find_map(|permit| {
            principal
                .roles
                .iter()
                .find(|role| role.as_str() == permit.role)
        })
        .copied()
        .ok_or_else(|| {
            let needed: Vec<String> = permits
                .iter()
                .map(|permit| match permit.relation {
                    Relation::Any => format!("`{}`", permit.role),
                    Relation::Responsible => {
                        format!("`{}` responsible for the record", permit.role)
                    }
                })
                .collect();
            AccessFault::NotPermitted(needed.join(", or "))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        }];
        let maker = somebody("maker", &["economic-operator"]);
        assert!(may_raise(&maker, &permits, Some("maker")).is_ok());
        assert!(may_raise(&maker, &permits, Some("other")).is_err());
        let workshop = somebody("maker", &["service-provider"]);
        assert!(may_raise(&workshop, &permits, Some("maker")).is_err());
    }
}
