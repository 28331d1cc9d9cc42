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
    let operates = |role: &Role| role.own_source().is_some();
    if owner == Some(principal.organisation.as_str()) && principal.roles.iter().any(operates) {
        return Reading {
            classes: Classes::ALL,
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
/// [`AccessFault::NotPermitted`] naming the roles that would, [`AccessFault::NobodyMay`] where there is none.
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
            if permits.is_empty() {
                return AccessFault::NobodyMay;
            }
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
mod tests;
