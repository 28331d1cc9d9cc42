//! The policies (Cedar), and how a question is put to them.
//!
//! They are files of this crate, validated strictly against the schema when it is built (`build.rs`) and again when a function
//! starts ([`check`]). Where they could not be read nothing is permitted.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use std::sync::LazyLock;

use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName,
    EntityUid, Policy, PolicyId, PolicySet, Request, RestrictedExpression, Schema, ValidationMode,
    Validator,
};

use crate::rights::Asked;
use crate::standing::Relations;

/// The schema, and every file of policies.
pub const SCHEMA: &str = include_str!("../policies/schema.cedarschema");
/// The files of policies, by what they are about.
pub const FILES: [(&str, &str); 3] = [
    ("reading", include_str!("../policies/reading.cedar")),
    ("writing", include_str!("../policies/writing.cedar")),
    ("never", include_str!("../policies/never.cedar")),
];

/// The policies cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyFault(String);

impl PolicyFault {
    fn new(fault: impl Display) -> Self {
        Self(fault.to_string())
    }
}

/// Policies that can be asked, and the names of the schema's types.
struct Loaded {
    policies: PolicySet,
    /// The policies that can say something to an action, by its name: a question is put to no other.
    of_action: HashMap<&'static str, PolicySet>,
    authorizer: Authorizer,
    partner: EntityTypeName,
    everybody: EntityTypeName,
    role: EntityTypeName,
    record: EntityTypeName,
    action: EntityTypeName,
}

static LOADED: LazyLock<Result<Loaded, PolicyFault>> = LazyLock::new(|| {
    let name = |name: &str| {
        EntityTypeName::from_str(&format!("BatteryPassport::{name}")).map_err(PolicyFault::new)
    };
    let policies = named(&FILES.map(|(_, text)| text).join("\n"))?;
    let mut of_action = HashMap::new();
    for action in Action::NAMES {
        let of = policies
            .policies()
            .filter(|policy| concerns(policy, action));
        let of = PolicySet::from_policies(of.cloned()).map_err(PolicyFault::new)?;
        let _ = of_action.insert(action, of);
    }
    Ok(Loaded {
        of_action,
        policies,
        authorizer: Authorizer::new(),
        partner: name("Partner")?,
        everybody: name("Everybody")?,
        role: name("Role")?,
        record: name("Record")?,
        action: name("Action")?,
    })
});

impl Loaded {
    fn get() -> Option<&'static Self> {
        LOADED.as_ref().ok()
    }

    fn role(&self, name: &str) -> EntityUid {
        uid(&self.role, name)
    }
}

/// Whether a policy can say something to an action: its head names it, or none.
fn concerns(policy: &Policy, action: &str) -> bool {
    let is = |uid: &EntityUid| uid.id().unescaped() == action;
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(one) => is(&one),
        ActionConstraint::In(several) => several.iter().any(is),
    }
}

fn uid(of: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
}

/// The policies of a text, each under the name of its `@id`.
fn named(text: &str) -> Result<PolicySet, PolicyFault> {
    let read = PolicySet::from_str(text).map_err(PolicyFault::new)?;
    let mut policies = PolicySet::new();
    for policy in read.policies() {
        let id = policy
            .annotation("id")
            .ok_or_else(|| PolicyFault::new(format!("a policy has no `@id`: {policy}")))?;
        let policy = policy.new_id(PolicyId::new(id));
        policies.add(policy).map_err(PolicyFault::new)?;
    }
    Ok(policies)
}

/// Holds the policies against their schema, strictly: every warning counts. For a function to call before it serves.
///
/// # Errors
/// [`PolicyFault`] naming every fault.
pub fn check() -> Result<(), PolicyFault> {
    let loaded = LOADED.as_ref().map_err(Clone::clone)?;
    let (schema, warnings) = Schema::from_cedarschema_str(SCHEMA).map_err(PolicyFault::new)?;
    let mut faults: Vec<String> = warnings.map(|warning| warning.to_string()).collect();
    let result = Validator::new(schema).validate(&loaded.policies, ValidationMode::Strict);
    faults.extend(result.validation_errors().map(ToString::to_string));
    faults.extend(result.validation_warnings().map(ToString::to_string));
    if !crate::edition::is_current() {
        faults.push(
            "they were changed and have no version of their own in `edition.toml`".to_owned(),
        );
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(PolicyFault::new(faults.join("; "))),
    }
}

/// A policy, for people.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// Its name, as decisions tell it.
    pub id: &'static str,
    /// The rule it comes from.
    pub basis: &'static str,
    /// What it says, in Cedar.
    pub text: &'static str,
}

/// Every policy, in the order of the files.
pub fn policies() -> impl Iterator<Item = Described> {
    let mut named: Vec<Described> = Vec::new();
    if let Some(loaded) = Loaded::get() {
        let policies = loaded.policies.policies().filter_map(|policy| {
            let id: &'static str = policy.annotation("id")?;
            let basis = policy.annotation("basis").unwrap_or_default();
            FILES.iter().find_map(|(_, file)| {
                let from = file.find(&format!("@id(\"{id}\")"))?;
                let text = file.get(from..)?.split("\n\n").next()?;
                Some(Described { id, basis, text })
            })
        });
        named.extend(policies);
    }
    named.into_iter()
}

/// What is to be done with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action<'a> {
    /// To know that it exists.
    Know,
    /// To read the values of a class.
    Read(u8),
    /// To read what its own organisation wrote while it was responsible.
    ReadFormer,
    /// To see the places of events in its chain.
    ReadChain,
    /// To see who read it.
    ReadAccesses,
    /// To see every request for access.
    Oversee,
    /// To write values of a class.
    Write(u8),
    /// To raise an event of a type, by the row for a role in a relation.
    Raise {
        event: &'a str,
        role: &'a str,
        relation: &'a str,
    },
}

impl Action<'_> {
    /// The names of all, as in the schema.
    const NAMES: [&'static str; 8] = [
        "know",
        "read",
        "readFormer",
        "readChain",
        "readAccesses",
        "oversee",
        "write",
        "raise",
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Know => "know",
            Self::Read(_) => "read",
            Self::ReadFormer => "readFormer",
            Self::ReadChain => "readChain",
            Self::ReadAccesses => "readAccesses",
            Self::Oversee => "oversee",
            Self::Write(_) => "write",
            Self::Raise { .. } => "raise",
        }
    }

    fn context(self, loaded: &Loaded) -> Option<Context> {
        let string = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let pairs = match self {
            Self::Know
            | Self::ReadFormer
            | Self::ReadChain
            | Self::ReadAccesses
            | Self::Oversee => return Some(Context::empty()),
            Self::Read(class) | Self::Write(class) => {
                vec![("class", RestrictedExpression::new_long(class.into()))]
            }
            Self::Raise {
                event,
                role,
                relation,
            } => {
                let role = RestrictedExpression::new_entity_uid(loaded.role(role));
                vec![
                    ("event", string(event)),
                    ("role", role),
                    ("relation", string(relation)),
                ]
            }
        };
        let pairs = pairs.into_iter();
        Context::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value))).ok()
    }
}

impl Display for Action<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(class) | Self::Write(class) => write!(f, "{} {class}", self.name()),
            Self::Raise {
                event,
                role,
                relation,
            } => write!(f, "raise {event} as {role} ({relation})"),
            _ => f.write_str(self.name()),
        }
    }
}

/// What the policies say to one action.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    /// Whether it is permitted.
    pub(crate) permitted: bool,
    /// The policies that decided.
    pub(crate) by: Vec<&'static Policy>,
}

/// One who asks, of one record.
pub(crate) struct Question {
    loaded: &'static Loaded,
    principal: EntityUid,
    record: EntityUid,
    entities: Entities,
}

impl Question {
    /// Of whoever has these roles, or of everybody; `None` where it cannot be put, which permits nothing.
    pub(crate) fn new(asked: &Asked) -> Option<Self> {
        let Asked {
            roles,
            interests,
            synthetic,
            relations,
        } = asked;
        let loaded = Loaded::get()?;
        let (of, own) = match roles {
            Some(_) => (
                &loaded.partner,
                HashMap::from([
                    ("interests".to_owned(), texts(interests)),
                    flag(("synthetic", *synthetic)),
                ]),
            ),
            None => (&loaded.everybody, HashMap::new()),
        };
        let principal = uid(of, "caller");
        let parents = roles.iter().flatten();
        let parents = parents.map(|role| loaded.role(role.as_str())).collect();
        let record = uid(&loaded.record, "record");
        let entities = [
            Entity::new(principal.clone(), own, parents).ok()?,
            Entity::new(record.clone(), attributes(relations)?, HashSet::new()).ok()?,
        ];
        Some(Self {
            loaded,
            principal,
            record,
            entities: Entities::from_entities(entities, None).ok()?,
        })
    }

    /// What the policies say.
    pub(crate) fn may(&self, action: Action<'_>) -> Said {
        self.asked(action).unwrap_or_default()
    }

    fn asked(&self, action: Action<'_>) -> Option<Said> {
        let Loaded {
            of_action,
            authorizer,
            ..
        } = self.loaded;
        let policies = of_action.get(action.name())?;
        let request = Request::new(
            self.principal.clone(),
            uid(&self.loaded.action, action.name()),
            self.record.clone(),
            action.context(self.loaded)?,
            None,
        );
        let answer = authorizer.is_authorized(&request.ok()?, policies, &self.entities);
        let diagnostics = answer.diagnostics();
        // A policy that could not be evaluated might have been one that forbids.
        if diagnostics.errors().next().is_some() {
            return None;
        }
        let by = diagnostics.reason();
        Some(Said {
            permitted: answer.decision() == Decision::Allow,
            by: by.filter_map(|id| policies.policy(id)).collect(),
        })
    }
}

fn flag((name, holds): (&str, bool)) -> (String, RestrictedExpression) {
    (name.to_owned(), RestrictedExpression::new_bool(holds))
}

fn attributes(relations: &Relations) -> Option<HashMap<String, RestrictedExpression>> {
    let relation = RestrictedExpression::new_record(relations.named().map(flag)).ok()?;
    let own = [
        ("published", relations.published),
        ("recycled", relations.recycled),
        ("synthetic", relations.synthetic),
    ];
    let category = relations.category.iter().map(|category| {
        let category = RestrictedExpression::new_string(category.as_str().to_owned());
        ("category".to_owned(), category)
    });
    let own = own.map(flag).into_iter().chain(category);
    let granted = relations.granted.iter().map(|class| class.number().into());
    let granted = RestrictedExpression::new_set(granted.map(RestrictedExpression::new_long));
    let others = [
        ("relation".to_owned(), relation),
        ("granted".to_owned(), granted),
    ];
    Some(own.chain(others).collect())
}

fn texts(texts: &BTreeSet<&str>) -> RestrictedExpression {
    let texts = texts.iter().map(|text| (*text).to_owned());
    RestrictedExpression::new_set(texts.map(RestrictedExpression::new_string))
}
