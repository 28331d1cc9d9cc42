//! Attributes: what may stand in a passport, of which type, at which level, for whom.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Category, Cell, Class, EventType, Guidance, Obligation, Translated};

/// The product level a record or a value belongs to (EN 18223 `granularity`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The same for every battery of a model.
    Model,
    /// The same for every battery of a production batch.
    Batch,
    /// One battery.
    Item,
}

impl Level {
    /// The word it goes by on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Batch => "batch",
            Self::Item => "item",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The type of a value and its form on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Type {
    /// A text.
    Text {
        /// Most characters.
        max: usize,
        /// What it names, where a page may write it better than letter by letter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        names: Option<Named>,
    },
    /// A text per language: `{"en": "…", "de": "…"}`, keyed by two-letter language codes.
    LocalizedText {
        /// Most characters of each.
        max: usize,
    },
    /// One of a closed list of words.
    Code {
        /// The words.
        values: Vec<CodeValue>,
    },
    /// `{"value": 94, "unit": "A.h"}`.
    Quantity {
        /// The only unit it is given in (UCUM, case-sensitive).
        unit: String,
        /// Least value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<f64>,
        /// Greatest value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
    },
    /// A whole number.
    Integer {
        /// Least value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<i64>,
        /// Greatest value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<i64>,
    },
    /// `true` or `false`.
    Boolean,
    /// `2027-02-18`.
    Date,
    /// `2027-02`.
    YearMonth,
    /// An absolute `https` URL of at most 2,000 characters, without user name or password.
    Url,
    /// `{"title": "…", "url": "https://…"}` or `{"title": "…", "evidence": "<UUID>"}`, either with `mediaType` if known.
    Document,
    /// An object of these members.
    Record {
        /// The members, in the order they are shown.
        fields: Vec<Field>,
    },
    /// A list.
    List {
        /// The type of each element.
        of: Box<Type>,
        /// Most elements.
        max: usize,
        /// Whether it may be empty: where that says that there is none. Elsewhere it would only pretend to say something.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        empty: bool,
    },
}

/// What a text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Named {
    /// A country, by its code (ISO 3166-1 alpha-2).
    Country,
    /// An e-mail address.
    Email,
    /// A substance, by its CAS registry number.
    Cas,
    /// An operator, plant or product, by an identifier that may say of which kind it is: an LEI, a GLN, a GTIN.
    Identifier,
}

impl Named {
    /// What has to stand there, for people.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Country => "a country (ISO 3166-1 alpha-2) as `DE`",
            Self::Email => "an e-mail address as `name@example.eu`",
            Self::Cas => "a CAS registry number whose check digit fits, as `7440-48-4`",
            Self::Identifier => {
                "an identifier, where it has a scheme with it: `lei:…`, `gln:…`, `gtin:…` or a GS1 Digital Link, whose check digits fit"
            }
        }
    }
}

impl Type {
    /// What it is in a word, for messages: `text`, `quantity`, …
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::LocalizedText { .. } => "localized-text",
            Self::Code { .. } => "code",
            Self::Quantity { .. } => "quantity",
            Self::Integer { .. } => "integer",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::YearMonth => "year-month",
            Self::Url => "url",
            Self::Document => "document",
            Self::Record { .. } => "record",
            Self::List { .. } => "list",
        }
    }
}

/// One word of a closed list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeValue {
    /// The word on the wire.
    pub id: String,
    /// What people call it.
    pub label: Translated,
}

/// One member of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name on the wire.
    pub id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: Type,
    /// Whether it must be there.
    #[serde(default)]
    pub required: bool,
    /// What people call it.
    pub label: Translated,
}

/// What a list of `{"attribute": "/group/id", "justification": "…"}` declares of the attributes it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Declares {
    /// The condition of a conditional data point does not hold.
    NotApplicable,
    /// A mandatory data point cannot be given.
    Gap,
}

/// One attribute of a battery passport: the only place where it is described.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// Its name within the group, for example `ratedCapacity`.
    pub id: String,
    /// Its group, for example `performance`.
    pub group: String,
    /// The version of the catalogue it came with.
    pub since: String,
    /// The version that replaced it; `None` for what the newest one has.
    pub until: Option<String>,
    /// The Commission's number for it, 1 to 71; `None` for what the guidance does not list.
    pub point: Option<u8>,
    /// The data point that it is a part of: closed while that is closed, and never asked for by itself.
    pub part_of: Option<u8>,
    /// The clauses of DIN DKE SPEC 99100:2025-02 that describe it.
    pub din: Vec<String>,
    /// The level where it is established.
    pub level: Level,
    /// Other levels where it may be given; a finer level wins over a coarser one.
    pub also: Vec<Level>,
    /// Whom it is for.
    pub class: Class,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: Type,
    /// Whether it changes with use: the value on the wire then says when it was measured.
    pub dynamic: bool,
    /// Whether it only ever grows while one battery management system counts it.
    pub counter: bool,
    /// The member of the EN 18223 header that the platform fills it into. Such an attribute is never written.
    pub derived: Option<String>,
    /// What each version of the guidance asks, by category; only known cells.
    pub obligations: BTreeMap<String, BTreeMap<Category, Obligation>>,
    /// What it declares of other attributes, where it does.
    pub declares: Option<Declares>,
    /// The event types that may write it.
    pub written_by: Vec<String>,
    /// The law it comes from, for example `Annex XIII 1(g)`.
    pub source: String,
    /// What people call it.
    pub label: Translated,
    /// What it says, in a sentence.
    pub explanation: Translated,
}

impl Attribute {
    /// Where it stands in a document: `/group/id`.
    #[must_use]
    pub fn pointer(&self) -> String {
        format!("/{}/{}", self.group, self.id)
    }

    /// Its value in a document, where it has one.
    #[must_use]
    pub fn value_in<'d>(&self, document: &'d Map<String, Value>) -> Option<&'d Value> {
        document.get(&self.group)?.get(&self.id)
    }

    /// Whether it may be given at this level.
    #[must_use]
    pub fn allows(&self, level: Level) -> bool {
        self.level == level || self.also.contains(&level)
    }

    /// Whether an event of this type may write it.
    #[must_use]
    pub fn written_by(&self, event_type: &str) -> bool {
        self.written_by.iter().any(|id| id == event_type)
    }

    /// Whether an event of this type sets it itself, from the time it happened.
    pub(crate) fn set_by(&self, event_type: &EventType) -> bool {
        self.point == Some(STATUS_POINT) && event_type.sets_battery_status().is_some()
    }

    /// What the guidance says of it.
    #[must_use]
    pub fn cell(&self, guidance: &Guidance, category: Category) -> Cell<'_> {
        let cells = self.obligations.get(&guidance.version);
        match cells.and_then(|cells| cells.get(&category)) {
            Some(obligation) => Cell::Known(obligation),
            None if self.point.or(self.part_of).is_some() => Cell::Unverified,
            None => Cell::Unlisted,
        }
    }

    /// What the guidance asks; `None` where it says nothing or where that cell is not known.
    #[must_use]
    pub fn obligation(&self, guidance: &Guidance, category: Category) -> Option<&Obligation> {
        self.cell(guidance, category).known()
    }
}

/// The Commission's number for the battery status.
const STATUS_POINT: u8 = 67;

/// One file of `attributes/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupFile {
    group: String,
    written_by: Vec<String>,
    #[serde(default)]
    attribute: Vec<AttributeEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AttributeEntry {
    id: String,
    since: Option<String>,
    until: Option<String>,
    point: Option<u8>,
    part_of: Option<u8>,
    #[serde(default)]
    din: Vec<String>,
    level: Level,
    #[serde(default)]
    also: Vec<Level>,
    class: Class,
    #[serde(rename = "type")]
    ty: Type,
    #[serde(default)]
    dynamic: bool,
    #[serde(default)]
    counter: bool,
    derived: Option<String>,
    declares: Option<Declares>,
    written_by: Option<Vec<String>>,
    source: String,
    label: Translated,
    explanation: Translated,
}

impl GroupFile {
    /// The attributes, each with what every version of the guidance says of it.
    pub(crate) fn attributes(self, guidance: &[Guidance], first: &str) -> Vec<Attribute> {
        let Self {
            group,
            written_by,
            attribute,
        } = self;
        attribute
            .into_iter()
            .map(|entry| Attribute {
                obligations: obligations(entry.point, entry.part_of, guidance),
                group: group.clone(),
                written_by: match (&entry.derived, entry.written_by) {
                    (Some(_), _) => Vec::new(),
                    (None, Some(own)) => own,
                    (None, None) => written_by.clone(),
                },
                id: entry.id,
                since: entry.since.unwrap_or_else(|| first.to_owned()),
                until: entry.until,
                point: entry.point,
                part_of: entry.part_of,
                din: entry.din,
                level: entry.level,
                also: entry.also,
                class: entry.class,
                ty: entry.ty,
                dynamic: entry.dynamic,
                counter: entry.counter,
                derived: entry.derived,
                declares: entry.declares,
                source: entry.source,
                label: entry.label,
                explanation: entry.explanation,
            })
            .collect()
    }
}

/// The known cells of a data point. A part of one may be given or left out where its point is open.
fn obligations(
    point: Option<u8>,
    part_of: Option<u8>,
    guidance: &[Guidance],
) -> BTreeMap<String, BTreeMap<Category, Obligation>> {
    let Some(governs) = point.or(part_of) else {
        return BTreeMap::new();
    };
    let asked = |obligation: &Obligation| match obligation.may_be_filled() && point.is_none() {
        true => Obligation::Optional,
        false => obligation.clone(),
    };
    guidance
        .iter()
        .map(|guidance| {
            let cells = Category::ALL
                .into_iter()
                .filter_map(|category| {
                    Some((category, asked(guidance.obligation(governs, category)?)))
                })
                .collect();
            (guidance.version.clone(), cells)
        })
        .collect()
}
