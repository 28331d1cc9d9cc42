//! What a caller may read and write, as the policies say.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use cedar_policy::Policy;
use passport::{Class, Classes, EventType, Permit};
use quick_cache::sync::Cache;

use crate::policy::{Action, Question, Said};
use crate::standing::{Relations, asked};
use crate::synthetic::is_synthetic;
use crate::{AccessFault, Principal, Role, Standing};

/// How many different questions are remembered with their answers: roles times relations, of which few ever come.
const REMEMBERED: usize = 4_096;

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
    /// Whether it sees class 3 whoever wrote it, and not only what who is responsible now wrote itself.
    pub whoever: bool,
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
}

/// Roles, in the order of their names, or none for everybody, recognised interests, and how their organisation stands to a record. The policies know
/// no more, so that two callers of whom this is the same have the same rights.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) roles: Option<Vec<Role>>,
    pub(crate) interests: BTreeSet<&'static str>,
    /// Whether its organisation is one that the platform checks itself with.
    pub(crate) synthetic: bool,
    pub(crate) relations: Relations,
}

/// What the policies say to whoever asks to read.
struct Answer {
    knows: bool,
    reading: Reading,
    /// The policies by which it reads each class, its former values and the chain.
    by: Vec<(Option<Class>, Vec<&'static Policy>)>,
}

static ANSWERS: LazyLock<Cache<Asked, Arc<Answer>>> = LazyLock::new(|| Cache::new(REMEMBERED));

impl Asked {
    fn of(principal: Option<&Principal>, standing: &Standing<'_>) -> Self {
        Self {
            roles: principal.map(|principal| principal.roles.clone()),
            interests: principal.map_or_else(BTreeSet::new, Principal::interests),
            synthetic: principal.is_some_and(|it| is_synthetic(&it.organisation)),
            relations: standing.relations(principal),
        }
    }

    /// The answer, remembered: policies do not change while a process runs.
    fn answered(self) -> Arc<Answer> {
        if let Some(answer) = ANSWERS.get(&self) {
            return answer;
        }
        let answer = Arc::new(self.judged());
        ANSWERS.insert(self, Arc::clone(&answer));
        answer
    }

    fn question(&self) -> Option<Question> {
        Question::new(self)
    }

    fn judged(&self) -> Answer {
        let question = self.question();
        let may = |action: Action<'_>| {
            let said = question.as_ref().map(|question| question.may(action));
            said.filter(|said| said.permitted)
        };
        let mut by = Vec::new();
        let mut classes = Classes::NONE;
        for class in Class::ALL {
            if let Some(said) = may(Action::Read(class.number())) {
                classes = classes.with(class);
                by.push((Some(class), said.by));
            }
        }
        let mut beside = |said: Option<Said>| {
            let permitted = said.is_some();
            by.extend(said.map(|said| (None, said.by)));
            permitted
        };
        let chain = beside(may(Action::ReadChain));
        let formerly = beside(may(Action::ReadFormer));
        // A policy whose values are `@of` the owner opens none that an earlier one kept (decision 007).
        let of_all = |(class, policies): &(Option<Class>, Vec<&'static Policy>)| {
            let mut policies = policies.iter();
            *class == Some(Class::Authority)
                && policies.any(|policy| policy.annotation("of").is_none())
        };
        let whoever = by.iter().any(of_all);
        Answer {
            knows: may(Action::Know).is_some(),
            reading: Reading {
                classes,
                chain,
                view: view_name(classes, formerly),
                formerly,
                whoever,
            },
            by,
        }
    }
}

/// What a caller, or everybody, may read of a record.
#[must_use]
pub fn reading(principal: Option<&Principal>, standing: &Standing<'_>) -> Reading {
    Asked::of(principal, standing).answered().reading
}

/// Whether a caller, or everybody, may know of a record.
#[must_use]
pub fn knows(principal: Option<&Principal>, standing: &Standing<'_>) -> bool {
    Asked::of(principal, standing).answered().knows
}

/// Whether a caller may see who read what is restricted of a record.
#[must_use]
pub fn sees_accesses(principal: &Principal, standing: &Standing<'_>) -> bool {
    let question = Asked::of(Some(principal), standing).question();
    question.is_some_and(|question| question.may(Action::ReadAccesses).permitted)
}

/// Whether a caller sees every request for access.
#[must_use]
pub fn oversees(principal: &Principal) -> bool {
    let question = Asked::of(Some(principal), &Standing::default()).question();
    question.is_some_and(|question| question.may(Action::Oversee).permitted)
}

/// Whether a caller's organisation is responsible for a record, or acts for who is.
#[must_use]
pub fn answers_for(principal: &Principal, standing: &Standing<'_>) -> bool {
    let relations = standing.relations(Some(principal));
    relations.responsible || relations.delegate
}

/// Whether whoever is responsible for a record asked a caller's organisation for data of it.
#[must_use]
pub fn contributes(principal: &Principal, standing: &Standing<'_>) -> bool {
    standing.relations(Some(principal)).contributor
}

/// The classes whose values a caller may write, with an event that may bring them.
#[must_use]
pub fn writable(principal: &Principal, standing: &Standing<'_>) -> Classes {
    let Some(question) = Asked::of(Some(principal), standing).question() else {
        return Classes::NONE;
    };
    let writes = |class: &Class| question.may(Action::Write(class.number())).permitted;
    Class::ALL.into_iter().filter(writes).collect()
}

/// The rules by which a caller reads these classes of a record, what it wrote itself, and its chain: what the record of the read
/// names as its legal basis.
#[must_use]
pub fn basis(
    principal: &Principal,
    standing: &Standing<'_>,
    classes: Classes,
) -> BTreeSet<&'static str> {
    let answer = Asked::of(Some(principal), standing).answered();
    let restricted = |class: Class| class != Class::Public && classes.contains(class);
    let by = answer.by.iter();
    by.filter(|(class, _)| class.is_none_or(restricted))
        .flat_map(|(_, policies)| policies)
        .filter_map(|policy| policy.annotation("basis"))
        .collect()
}

/// What the policies say to one action, and which of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// What is asked for: `know`, `read 4`, `readChain`, `write 2`, `raise repair as service-provider (any)`.
    pub action: String,
    /// Whether it is permitted.
    pub permitted: bool,
    /// The policies that decided; none where it is denied because no policy permits it.
    pub by: Vec<&'static str>,
}

/// Why a caller, or everybody, can or cannot, put to the policies anew: to know of a record, to read and write each class, and to
/// raise events of these types.
#[must_use]
pub fn explain<'e>(
    principal: Option<&Principal>,
    standing: &Standing<'_>,
    event_types: impl IntoIterator<Item = &'e EventType>,
) -> Vec<Explained> {
    let Some(question) = Asked::of(principal, standing).question() else {
        return Vec::new();
    };
    let put = |name: String, action: Action<'_>| {
        let said = question.may(action);
        Explained {
            action: name,
            permitted: said.permitted,
            by: said
                .by
                .iter()
                .filter_map(|policy| policy.annotation("id"))
                .collect(),
        }
    };
    let classes = || Class::ALL.into_iter().map(Class::number);
    let plain = [
        Action::Know,
        Action::ReadChain,
        Action::ReadFormer,
        Action::ReadAccesses,
        Action::Oversee,
    ];
    let mut explained: Vec<Explained> = plain
        .into_iter()
        .chain(classes().map(Action::Read))
        .chain(
            principal
                .into_iter()
                .flat_map(|_| classes().map(Action::Write)),
        )
        .map(|action| put(action.to_string(), action))
        .collect();
    let roles = principal.map_or(&[][..], |principal| &principal.roles);
    for event_type in event_types {
        let rows = event_type.permits().iter();
        let own = rows.filter(|permit| roles.iter().any(|role| role.as_str() == permit.role));
        explained.extend(own.map(|permit| {
            let action = Action::Raise {
                event: &event_type.id,
                role: &permit.role,
                relation: permit.relation.as_str(),
            };
            put(action.to_string(), action)
        }));
    }
    explained
}

/// Which of the caller's roles lets it raise an event on a record, as its organisation stands to it.
///
/// # Errors
/// [`AccessFault::NotPermitted`] naming the roles that would, [`AccessFault::NobodyMay`] where there is none,
/// [`AccessFault::Never`] and [`AccessFault::NoLonger`] where a policy forbids it.
pub fn may_raise(
    principal: &Principal,
    event_type: &str,
    permits: &[Permit],
    standing: &Standing<'_>,
) -> Result<Role, AccessFault> {
    permitted(principal, event_type, permits, standing).map(|(role, _)| role)
}

/// The first row that lets a caller raise an event on a record, as its organisation stands to it, with the role it has for that.
///
/// # Errors
/// As [`may_raise`].
pub fn permitted<'p>(
    principal: &Principal,
    event_type: &str,
    permits: &'p [Permit],
    standing: &Standing<'_>,
) -> Result<(Role, &'p Permit), AccessFault> {
    if permits.is_empty() {
        return Err(AccessFault::NobodyMay);
    }
    let question = Asked::of(Some(principal), standing).question();
    let mut never = None;
    for permit in permits {
        let mut roles = principal.roles.iter();
        let (Some(role), Some(question)) = (
            roles.find(|role| role.as_str() == permit.role),
            question.as_ref(),
        ) else {
            continue;
        };
        let said = question.may(Action::Raise {
            event: event_type,
            role: &permit.role,
            relation: permit.relation.as_str(),
        });
        if said.permitted {
            return Ok((*role, permit));
        }
        never = never.or_else(|| said.by.first().copied());
    }
    let says = |policy: &'static Policy| policy.annotation("says").unwrap_or_default();
    Err(match never {
        Some(policy) if policy.annotation("state").is_some() => AccessFault::NoLonger(says(policy)),
        Some(policy) => AccessFault::Never(says(policy)),
        None => {
            let needed = permits
                .iter()
                .map(|permit| format!("`{}`{}", permit.role, asked(permit.relation)));
            AccessFault::NotPermitted(needed.collect::<Vec<_>>().join(", or "))
        }
    })
}

/// Different classes have different names: entity tags tell views apart by them.
fn view_name(classes: Classes, formerly: bool) -> &'static str {
    static NAMES: LazyLock<Vec<(Classes, bool, String)>> = LazyLock::new(|| {
        let mut names = Vec::new();
        for bits in 0..1_u8 << Class::ALL.len() {
            let chosen = Class::ALL.into_iter();
            let chosen = chosen.filter(|class| bits & (1 << class.number()) != 0);
            let classes: Classes = chosen.collect();
            names.extend(
                [false, true].map(|formerly| (classes, formerly, named(classes, formerly))),
            );
        }
        names
    });
    let mut names = NAMES.iter();
    let name = names.find(|(known, was, _)| (*known, *was) == (classes, formerly));
    name.map_or("none", |(_, _, name)| name)
}

fn named(classes: Classes, formerly: bool) -> String {
    let numbers: Vec<String> = classes
        .iter()
        .map(|class| class.number().to_string())
        .collect();
    let name = match numbers.join("").as_str() {
        "1" => "public".to_owned(),
        "124" => "legitimate-interest".to_owned(),
        "123" => "authority".to_owned(),
        "1234" => "authority-and-legitimate-interest".to_owned(),
        "12340" => "owner".to_owned(),
        other => format!("points-{other}"),
    };
    match formerly {
        true => format!("formerly-responsible-{name}"),
        false => name,
    }
}

#[cfg(test)]
mod tests;
