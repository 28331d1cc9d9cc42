//! How an organisation stands to a record.

use passport::{Category, Classes, Relation};
use uuid::Uuid;

use crate::synthetic::is_synthetic;
use crate::{Claim, Grant, Principal, Right, Scope};

/// What a record knows of organisations and of itself, as far as rights depend on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Who is responsible for it.
    pub responsible: Option<&'a str>,
    /// Who was, and wrote into it.
    pub former: Vec<&'a str>,
    /// To whom responsibility is offered.
    pub offered: Option<&'a str>,
    /// Who is responsible because it accepted the battery as waste.
    pub accepted_waste: Option<&'a str>,
    /// Who asked for the label that it is about.
    pub ordered: Option<&'a str>,
    /// Who brought the data that it is about.
    pub contributed: Option<&'a str>,
    /// Who bought the battery.
    pub claim: Option<&'a Claim>,
    /// What was given of it itself.
    pub grants: &'a [Grant],
    /// The model that it is of, where that is another record: what was given of that is given of this too.
    pub model: Option<Uuid>,
    /// The batch that it is of, likewise.
    pub batch: Option<Uuid>,
    /// The category of its battery, or of those of its model.
    pub category: Option<Category>,
    /// Whether its battery was placed on the market.
    pub published: bool,
    /// Whether its battery was recycled.
    pub recycled: bool,
}

impl<'a, S: AsRef<str> + ?Sized> From<&'a S> for Standing<'a> {
    /// Of a record that knows of nobody but who is responsible for it.
    fn from(responsible: &'a S) -> Self {
        Self {
            responsible: Some(responsible.as_ref()),
            ..Self::default()
        }
    }
}

impl Standing<'_> {
    /// How whoever asks stands to it; `None` for everybody.
    pub(crate) fn relations(&self, principal: Option<&Principal>) -> Relations {
        let recorded = Relations {
            category: self.category,
            published: self.published,
            recycled: self.recycled,
            synthetic: self.responsible.is_some_and(is_synthetic),
            ..Relations::default()
        };
        let Some(principal) = principal else {
            return recorded;
        };
        let organisation = principal.organisation.as_str();
        let is = |one: Option<&str>| one == Some(organisation);
        let mut relations = Relations {
            responsible: is(self.responsible),
            former: self.former.contains(&organisation),
            offered: is(self.offered),
            accepted_waste: is(self.accepted_waste),
            ordered: is(self.ordered),
            contributor: is(self.contributed),
            claimed: self.claim.is_some_and(|claim| {
                let mut persons = claim.person.iter();
                is(Some(&claim.organisation))
                    && persons.all(|person| person.is(organisation, &principal.subject))
            }),
            ..recorded
        };
        let own = self.grants.iter().filter(|grant| is(Some(&grant.to)));
        let others = principal
            .grants
            .iter()
            .filter(|grant| self.is_within(grant));
        // Nobody opens what it is not, or no longer, responsible for.
        let counts = |grant: &&Grant| {
            grant.in_force(principal.at) && self.responsible == Some(grant.by.as_str())
        };
        for grant in own.chain(others).filter(counts) {
            match &grant.right {
                Right::Delegation => relations.delegate = true,
                Right::Reading(classes) => relations.granted = relations.granted.union(*classes),
                Right::Contribution => relations.contributor = true,
                Right::Interest(_) => {}
            }
        }
        relations
    }

    /// Whether the record is one of those that a grant is of.
    fn is_within(&self, grant: &Grant) -> bool {
        match &grant.of {
            Scope::Everything | Scope::Passport(_) => false,
            Scope::Organisation(owner) => self.responsible == Some(owner.as_str()),
            Scope::Model(id) => self.model == Some(*id),
            Scope::Batch(id) => self.batch == Some(*id),
        }
    }
}

/// A standing, as one organisation has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an input of its own to the policies"
)]
pub(crate) struct Relations {
    pub(crate) responsible: bool,
    pub(crate) delegate: bool,
    pub(crate) former: bool,
    pub(crate) offered: bool,
    pub(crate) accepted_waste: bool,
    pub(crate) ordered: bool,
    pub(crate) claimed: bool,
    pub(crate) contributor: bool,
    pub(crate) granted: Classes,
    pub(crate) category: Option<Category>,
    pub(crate) published: bool,
    pub(crate) recycled: bool,
    pub(crate) synthetic: bool,
}

impl Relations {
    /// The relations by their names in the schema.
    pub(crate) const fn named(&self) -> [(&'static str, bool); 8] {
        [
            ("responsible", self.responsible),
            ("delegate", self.delegate),
            ("former", self.former),
            ("offered", self.offered),
            ("acceptedWaste", self.accepted_waste),
            ("ordered", self.ordered),
            ("claimed", self.claimed),
            ("contributor", self.contributor),
        ]
    }
}

/// What a row of the catalogue asks of whoever raises an event, for people.
pub(crate) const fn asked(relation: Relation) -> &'static str {
    match relation {
        Relation::Any => "",
        Relation::Responsible => " responsible for the record",
        Relation::Offered => " to whom responsibility is offered",
        Relation::AcceptedWaste => " that accepted the battery as waste",
        Relation::Ordered => " that asked for the label",
        Relation::Claimed => " that showed it bought the battery",
        Relation::Contributor => " that whoever is responsible asked for data",
    }
}
