//! What a caller may read and write.

use std::collections::BTreeSet;

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
    /// Whether its organisation also sees what it wrote itself while it was responsible.
    pub formerly: bool,
}

impl Reading {
    /// Whether it is what everybody sees.
    #[must_use]
    pub fn only_public(&self) -> bool {
        self.classes.only_public() && !self.formerly
    }

    /// The classes that values may be of which it sees.
    #[must_use]
    pub fn shown(&self) -> Classes {
        match self.formerly {
            true => self.classes.with(Class::Internal).with(Class::Authority),
            false => self.classes,
        }
    }

    /// The reading of an organisation that was responsible once.
    #[must_use]
    pub fn of_former(self) -> Self {
        let view = match self.classes.only_public() {
            true => "formerly-responsible",
            false => "formerly-responsible-and-legitimate-interest",
        };
        Self {
            view,
            formerly: true,
            ..self
        }
    }
}

/// Whether a caller sees what its organisation wrote itself into a record that it was responsible for once: as it sees wholly
/// what it is responsible for.
#[must_use]
pub fn sees_its_former(principal: &Principal) -> bool {
    let mut roles = principal.roles.iter();
    roles.any(|role| role.own_source().is_some())
}

/// What a caller may read of a record that `owner` is responsible for.
#[must_use]
pub fn readable(principal: Option<&Principal>, owner: Option<&str>) -> Reading {
    let Some(principal) = principal else {
        return Reading {
            classes: Classes::PUBLIC,
            chain: false,
            view: "public",
            formerly: false,
        };
    };
    if owner == Some(principal.organisation.as_str()) && sees_its_former(principal) {
        return Reading {
            classes: Classes::ALL,
            chain: true,
            view: "owner",
            formerly: false,
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
        formerly: false,
    }
}

/// The rules by which a caller reads these classes of a record that `owner` is responsible for, and its chain: what the record of the
/// read names as its legal basis.
#[must_use]
pub fn basis(principal: &Principal, owner: &str, classes: Classes) -> BTreeSet<&'static str> {
    let roles = || principal.roles.iter();
    let own = || roles().filter_map(|role| role.own_source());
    if owner == principal.organisation && sees_its_former(principal) {
        return own().collect();
    }
    let mut basis = BTreeSet::new();
    for class in classes.iter().filter(|class| *class != Class::Public) {
        let reads = roles().filter_map(|role| role.source(class));
        let offers = roles().flat_map(|role| role.offered());
        let offers = offers.filter(|(offered, _)| *offered == class);
        let before = basis.len();
        basis.extend(reads);
        if basis.len() == before {
            basis.extend(offers.map(|(_, source)| source));
        }
    }
    basis.extend(roles().filter_map(|role| role.chain_source()));
    // What it wrote itself while it was responsible.
    match basis.is_empty() {
        true => own().collect(),
        false => basis,
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

/// Whom a record knows, by how they stand to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Who is responsible for it.
    pub responsible: Option<&'a str>,
    /// To whom responsibility is offered.
    pub offered: Option<&'a str>,
    /// Who is responsible because it accepted the battery as waste.
    pub accepted_waste: Option<&'a str>,
    /// Who asked for the label that it is about.
    pub ordered: Option<&'a str>,
}

impl<'a, S: AsRef<str> + ?Sized> From<Option<&'a S>> for Standing<'a> {
    /// Of a record that knows of nobody but who is responsible for it.
    fn from(responsible: Option<&'a S>) -> Self {
        Self {
            responsible: responsible.map(AsRef::as_ref),
            ..Self::default()
        }
    }
}

impl Standing<'_> {
    fn has(&self, relation: Relation, organisation: &str) -> bool {
        let one = match relation {
            Relation::Any => return true,
            Relation::Responsible => self.responsible,
            Relation::Offered => self.offered,
            Relation::AcceptedWaste => self.accepted_waste,
            Relation::Ordered => self.ordered,
        };
        one == Some(organisation)
    }
}

/// Which of the caller's roles lets it raise an event on a record, as its organisation stands to it.
///
/// # Errors
/// [`AccessFault::NotPermitted`] naming the roles that would, [`AccessFault::NobodyMay`] where there is none.
pub fn may_raise<'a>(
    principal: &Principal,
    permits: &[Permit],
    standing: impl Into<Standing<'a>>,
) -> Result<Role, AccessFault> {
    permitted(principal, permits, standing).map(|(role, _)| role)
}

/// The first row that lets a caller raise an event on a record, as its organisation stands to it, with the role it has for that.
///
/// # Errors
/// As [`may_raise`].
pub fn permitted<'p, 'a>(
    principal: &Principal,
    permits: &'p [Permit],
    standing: impl Into<Standing<'a>>,
) -> Result<(Role, &'p Permit), AccessFault> {
    let standing = standing.into();
    permits
        .iter()
        .filter(|permit| standing.has(permit.relation, &principal.organisation))
        .find_map(|permit| {
            let mut roles = principal.roles.iter();
            let role = roles.find(|role| role.as_str() == permit.role)?;
            Some((*role, permit))
        })
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
                    Relation::Offered => {
                        format!("`{}` to whom responsibility is offered", permit.role)
                    }
                    Relation::AcceptedWaste => {
                        format!("`{}` that accepted the battery as waste", permit.role)
                    }
                    Relation::Ordered => format!("`{}` that asked for the label", permit.role),
                })
                .collect();
            AccessFault::NotPermitted(needed.join(", or "))
        })
}

#[cfg(test)]
mod tests;
