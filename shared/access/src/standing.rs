//! How an organisation stands to a record.

use passport::Relation;

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
    /// How this organisation stands to it; `None` for everybody.
    pub(crate) fn relations(&self, organisation: Option<&str>) -> Relations {
        let is = |one: Option<&str>| one.is_some() && one == organisation;
        Relations {
            responsible: is(self.responsible),
            former: self.former.iter().any(|former| is(Some(former))),
            offered: is(self.offered),
            accepted_waste: is(self.accepted_waste),
            ordered: is(self.ordered),
            published: self.published,
            recycled: self.recycled,
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
    pub(crate) former: bool,
    pub(crate) offered: bool,
    pub(crate) accepted_waste: bool,
    pub(crate) ordered: bool,
    pub(crate) published: bool,
    pub(crate) recycled: bool,
}

impl Relations {
    /// The relations by their names in the schema.
    pub(crate) const fn named(&self) -> [(&'static str, bool); 5] {
        [
            ("responsible", self.responsible),
            ("former", self.former),
            ("offered", self.offered),
            ("acceptedWaste", self.accepted_waste),
            ("ordered", self.ordered),
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
    }
}
