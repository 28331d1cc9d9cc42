//! What the policies come to: every role, in every standing to a record, in every state of it.
//!
//! `matrix.txt` is the reviewed print of it: where a policy, a role or an event type changes, a cell changes there.

use std::fmt::{self, Display, Formatter};

use passport::{Class, Classes, EventType, Permit, catalogue};

use crate::{Principal, Reading, Role, Standing, knows, may_raise, reading, writable};

/// Who asks, in the matrix, and who else there is.
const ASKS: &str = "asks";
const OTHER: &str = "other";

/// How an organisation can stand to a record, by name.
pub const STANDINGS: [&str; 6] = [
    "none",
    "responsible",
    "former",
    "offered",
    "accepted-waste",
    "ordered",
];
/// The states of a record that rights depend on.
pub const STATES: [&str; 3] = ["draft", "published", "recycled"];

/// A caller with one role, or everybody, that stands so to a record in this state.
#[derive(Debug, Clone)]
pub struct Case {
    /// Who asks; `None` for everybody.
    pub role: Option<Role>,
    /// One of [`STANDINGS`].
    pub standing: &'static str,
    /// One of [`STATES`].
    pub state: &'static str,
}

impl Case {
    /// Every case: nobody without a token stands to a record.
    pub fn all() -> impl Iterator<Item = Self> {
        let roles = Role::all().map(Some);
        let callers = std::iter::once(None).chain(roles);
        callers.flat_map(|role| {
            let standings = match role {
                Some(_) => STANDINGS.as_slice(),
                None => STANDINGS.get(..1).unwrap_or_default(),
            };
            standings.iter().flat_map(move |standing| {
                STATES.map(|state| Self {
                    role,
                    standing,
                    state,
                })
            })
        })
    }

    fn principal(&self) -> Option<Principal> {
        self.role.map(|role| Principal {
            subject: ASKS.to_owned(),
            client: ASKS.to_owned(),
            organisation: ASKS.to_owned(),
            roles: vec![role],
        })
    }

    fn record(&self) -> Standing<'static> {
        let mut standing = Standing {
            responsible: Some(OTHER),
            published: self.state != "draft",
            recycled: self.state == "recycled",
            ..Standing::default()
        };
        match self.standing {
            "responsible" => standing.responsible = Some(ASKS),
            "former" => standing.former.push(ASKS),
            "offered" => standing.offered = Some(ASKS),
            "accepted-waste" => standing.accepted_waste = Some(ASKS),
            "ordered" => standing.ordered = Some(ASKS),
            _ => {}
        }
        standing
    }

    /// What it reads.
    #[must_use]
    pub fn reads(&self) -> Reading {
        reading(self.principal().as_ref(), &self.record())
    }

    /// Whether it may raise an event of the type.
    #[must_use]
    pub fn raises(&self, event_type: &EventType) -> bool {
        let permits: &[Permit] = event_type.permits();
        self.principal().is_some_and(|principal| {
            may_raise(&principal, &event_type.id, permits, &self.record()).is_ok()
        })
    }
}

fn cells(classes: Classes) -> String {
    let cell = |number: u8| {
        let class = Class::from_number(number);
        let there = class.is_some_and(|class| classes.contains(class));
        if there {
            char::from(b'0' + number)
        } else {
            '-'
        }
    };
    (0..=4).map(cell).collect()
}

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (principal, record) = (self.principal(), self.record());
        let principal = principal.as_ref();
        let reading = self.reads();
        let writes = principal.map_or(Classes::NONE, |principal| writable(principal, &record));
        let mark = |holds: bool, mark: &'static str| if holds { mark } else { "" };
        let line = format!(
            "{:20}{:16}{:11}{:7}{:7}{:7}{:7}{}",
            self.role.map_or("(no token)", Role::as_str),
            self.standing,
            self.state,
            mark(knows(principal, &record), "knows"),
            cells(reading.classes),
            mark(reading.chain, "chain"),
            mark(reading.formerly, "former"),
            cells(writes),
        );
        f.write_str(line.trim_end())
    }
}

/// Every cell, as `matrix.txt` has it.
#[must_use]
pub fn matrix() -> String {
    let mut lines = vec![format!(
        "{:20}{:16}{:11}{:7}{:7}{:7}{:7}{}",
        "role", "standing", "record", "", "reads", "", "", "writes"
    )];
    lines.extend(Case::all().map(|case| case.to_string()));
    lines.push("\nevents, by who may raise them".to_owned());
    for event_type in catalogue().event_types() {
        for state in STATES {
            let cases = Case::all().filter(|case| case.state == state && case.raises(event_type));
            let by: Vec<String> = cases
                .map(|case| {
                    let role = case.role.map_or("(no token)", Role::as_str);
                    format!("{role}/{}", case.standing)
                })
                .collect();
            let by = if by.is_empty() {
                "nobody".to_owned()
            } else {
                by.join(" ")
            };
            lines.push(format!("{:30}{state:11}{by}", event_type.id));
        }
    }
    lines.join("\n") + "\n"
}
