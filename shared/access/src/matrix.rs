//! What the policies come to: every role, in every standing to a record, in every state of it.
//!
//! `matrix.txt` is the reviewed print of it: where a policy, a role or an event type changes, a cell changes there.

use std::fmt::{self, Display, Formatter};

use passport::{Class, Classes, EventType, Permit, catalogue};
use uuid::Uuid;

use crate::{
    Claim, Grant, Principal, Purpose, Reading, Right, Role, Scope, Standing, knows, may_raise,
    reading, sees_accesses, writable,
};

/// Who asks, in the matrix, and who else there is.
const ASKS: &str = "asks";
const OTHER: &str = "other";

/// How an organisation can stand to a record, by name.
/// `granted-0` stands for every class that was opened.
pub const STANDINGS: [&str; 10] = [
    "none",
    "responsible",
    "delegate",
    "former",
    "offered",
    "accepted-waste",
    "ordered",
    "claimed",
    "contributor",
    "granted-0",
];
/// The states of a record that rights depend on.
pub const STATES: [&str; 3] = ["draft", "published", "recycled"];

/// A caller with one role, or everybody, that stands so to a record in this state.
#[derive(Debug, Clone)]
pub struct Case {
    /// Who asks; `None` for everybody.
    pub role: Option<Role>,
    /// Its legitimate interest, where one is recognised.
    pub interest: Option<Purpose>,
    /// One of [`STANDINGS`].
    pub standing: &'static str,
    /// One of [`STATES`].
    pub state: &'static str,
}

impl Case {
    /// Every case: nobody without a token stands to a record.
    pub fn all() -> impl Iterator<Item = Self> {
        let roles = Role::all().flat_map(|role| {
            let interests = Purpose::all().filter(move |purpose| purpose.is_for(&[role]));
            let interests = std::iter::once(None).chain(interests.map(Some));
            interests.map(move |interest| (Some(role), interest))
        });
        let callers = std::iter::once((None, None)).chain(roles);
        callers.flat_map(|(role, interest)| {
            let standings = match (role, interest) {
                (Some(_), None) => STANDINGS.as_slice(),
                // What a recognised interest adds is the same in every standing.
                _ => STANDINGS.get(..1).unwrap_or_default(),
            };
            standings.iter().flat_map(move |standing| {
                STATES.map(|state| Self {
                    role,
                    interest,
                    standing,
                    state,
                })
            })
        })
    }

    fn principal(&self) -> Option<Principal> {
        let interest = self.interest.iter().map(|purpose| Grant {
            of: Scope::Everything,
            ..granted(Right::Interest(purpose.name.to_owned()))
        });
        let given = match self.standing {
            "delegate" => Some(granted(Right::Delegation)),
            "contributor" => Some(granted(Right::Contribution)),
            "granted-0" => Some(granted(Right::Reading(
                [Class::Internal].into_iter().collect(),
            ))),
            _ => None,
        };
        let grants = interest.chain(given).collect();
        self.role.map(|role| Principal {
            subject: ASKS.to_owned(),
            client: ASKS.to_owned(),
            organisation: ASKS.to_owned(),
            roles: vec![role],
            grants,
            at: 0,
        })
    }

    fn caller(&self) -> String {
        let role = self.role.map_or("(no token)", Role::as_str);
        match self.interest {
            Some(purpose) => format!("{role} as {}", purpose.name),
            None => role.to_owned(),
        }
    }

    fn record<'c>(&self, claim: &'c Claim) -> Standing<'c> {
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
            "claimed" => standing.claim = Some(claim),
            _ => {}
        }
        standing
    }

    /// Whether it may know of the record.
    #[must_use]
    pub fn knows(&self) -> bool {
        knows(self.principal().as_ref(), &self.record(&claim()))
    }

    /// What it reads.
    #[must_use]
    pub fn reads(&self) -> Reading {
        reading(self.principal().as_ref(), &self.record(&claim()))
    }

    /// Whether it may raise an event of the type.
    #[must_use]
    pub fn raises(&self, event_type: &EventType) -> bool {
        let permits: &[Permit] = event_type.permits();
        self.principal().is_some_and(|principal| {
            may_raise(&principal, &event_type.id, permits, &self.record(&claim())).is_ok()
        })
    }
}

fn granted(right: Right) -> Grant {
    Grant {
        id: Uuid::nil(),
        to: ASKS.to_owned(),
        by: OTHER.to_owned(),
        of: Scope::Organisation(OTHER.to_owned()),
        right,
        purpose: String::new(),
        until: i64::MAX,
    }
}

fn claim() -> Claim {
    Claim {
        id: Uuid::nil(),
        organisation: ASKS.to_owned(),
        person: None,
        since: 0,
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
        let (principal, claim) = (self.principal(), claim());
        let record = self.record(&claim);
        let principal = principal.as_ref();
        let reading = self.reads();
        let writes = principal.map_or(Classes::NONE, |principal| writable(principal, &record));
        let accesses = principal.is_some_and(|principal| sees_accesses(principal, &record));
        let mark = |holds: bool, mark: &'static str| if holds { mark } else { "" };
        let line = format!(
            "{:36}{:16}{:11}{:7}{:7}{:7}{:8}{:11}{}",
            self.caller(),
            self.standing,
            self.state,
            mark(knows(principal, &record), "knows"),
            cells(reading.classes),
            mark(reading.chain, "chain"),
            mark(reading.formerly, "former"),
            mark(accesses, "reads-log"),
            cells(writes),
        );
        f.write_str(line.trim_end())
    }
}

/// Every cell, as `matrix.txt` has it.
#[must_use]
pub fn matrix() -> String {
    let mut lines = vec![format!(
        "{:36}{:16}{:11}{:7}{:7}{:7}{:8}{:11}{}",
        "role", "standing", "record", "", "reads", "", "", "", "writes"
    )];
    lines.extend(Case::all().map(|case| case.to_string()));
    lines.push("\nevents, by who may raise them".to_owned());
    for event_type in catalogue().event_types() {
        for state in STATES {
            let cases = Case::all().filter(|case| case.state == state && case.raises(event_type));
            let by: Vec<String> = cases
                .filter(|case| case.interest.is_none())
                .map(|case| format!("{}/{}", case.caller(), case.standing))
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
