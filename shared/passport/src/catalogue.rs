//! The catalogue: attributes, event types, guidance and units, read once from the data in `catalogue/` (as JSON: `build.rs`).

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::attribute::GroupFile;
use crate::edition::EditionFile;
use crate::event_type::EventTypeFile;
use crate::freshness::FreshnessFile;
use crate::guidance::GuidanceFile;
use crate::label::LabelFile;
use crate::rule::{Dates, Rule, RuleFile};
use crate::{
    Attribute, Category, Edition, EventType, EvidenceKind, Freshness, Guidance, LabelMove, Purpose,
    Translated, Unit,
};

/// Everything that is data about the data.
#[derive(Debug)]
pub struct Catalogue {
    editions: Vec<Edition>,
    /// Those of the newest version.
    attributes: Vec<Attribute>,
    /// Those that earlier versions had, or had otherwise.
    retired: Vec<Attribute>,
    places: HashMap<String, HashMap<String, usize>>,
    groups: Vec<Group>,
    event_types: Vec<EventType>,
    purposes: Vec<Purpose>,
    label_moves: Vec<LabelMove>,
    evidence_kinds: Vec<EvidenceKind>,
    guidance: Vec<Guidance>,
    active: usize,
    units: BTreeMap<String, Unit>,
    categories: BTreeMap<Category, Translated>,
    rules: Vec<Rule>,
    freshness: Vec<Freshness>,
    markets: BTreeMap<String, Vec<String>>,
    dates: Dates,
}

/// A group, and which of the attributes are its own.
#[derive(Debug)]
struct Group {
    id: String,
    attributes: Range<usize>,
}

const GROUPS: [&str; 10] = [
    include_str!(concat!(env!("OUT_DIR"), "/identification.json")),
    include_str!(concat!(env!("OUT_DIR"), "/performance.json")),
    include_str!(concat!(env!("OUT_DIR"), "/materials.json")),
    include_str!(concat!(env!("OUT_DIR"), "/circularity.json")),
    include_str!(concat!(env!("OUT_DIR"), "/carbon-footprint.json")),
    include_str!(concat!(env!("OUT_DIR"), "/due-diligence.json")),
    include_str!(concat!(env!("OUT_DIR"), "/conformity.json")),
    include_str!(concat!(env!("OUT_DIR"), "/condition.json")),
    include_str!(concat!(env!("OUT_DIR"), "/declarations.json")),
    include_str!(concat!(env!("OUT_DIR"), "/internal.json")),
];

#[allow(
    clippy::panic,
    reason = "the files are part of the program, and a test loads them"
)]
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| match Catalogue::read() {
    Ok(catalogue) => catalogue,
    Err(error) => panic!("the attribute catalogue: {error}"),
});

/// The catalogue.
#[must_use]
pub fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

/// `units.toml` and `categories.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitFile {
    units: BTreeMap<String, Unit>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryFile {
    categories: BTreeMap<Category, Translated>,
}

/// `markets.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MarketFile {
    markets: BTreeMap<String, Vec<String>>,
}

impl Catalogue {
    fn read() -> Result<Self, serde_json::Error> {
        let guidance: GuidanceFile =
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/guidance.json")))?;
        let event_types: EventTypeFile =
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/event-types.json")))?;
        let labels: LabelFile =
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/labels.json")))?;
        let units: UnitFile =
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/units.json")))?;
        let categories: CategoryFile =
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/categories.json")))?;
        let rules: RuleFile =
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/rules.json")))?;
        let freshness: FreshnessFile =
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/freshness.json")))?;
        let markets: MarketFile =
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/markets.json")))?;
        let editions: EditionFile =
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/versions.json")))?;
        let first = editions.version.first().map_or("", |first| &first.id);
        let (mut attributes, mut retired) = (Vec::new(), Vec::new());
        for text in GROUPS {
            let file: GroupFile = serde_json::from_str(text)?;
            for attribute in file.attributes(&guidance.guidance, first) {
                match attribute.until {
                    None => attributes.push(attribute),
                    Some(_) => retired.push(attribute),
                }
            }
        }
        if editions.version.is_empty() {
            return Err(serde::de::Error::custom("the catalogue has no version"));
        }
        Ok(Self {
            editions: editions.version,
            retired,
            places: places(&attributes),
            groups: groups(&attributes),
            attributes,
            event_types: event_types.event_type,
            purposes: event_types.purpose,
            label_moves: labels.r#move,
            evidence_kinds: labels.evidence_kind,
            active: active(&guidance)?,
            guidance: guidance.guidance,
            units: units.units,
            categories: categories.categories,
            rules: rules.rule,
            freshness: freshness.freshness,
            markets: markets.markets,
            dates: rules.dates,
        })
    }

    /// Every attribute of the newest version, group by group, in the order they are shown.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter()
    }

    /// The groups, in the order they are shown.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(|group| group.id.as_str())
    }

    /// The attributes of a group, in the order they are shown.
    pub fn group<'a>(&'a self, group: &str) -> impl Iterator<Item = &'a Attribute> {
        let known = self.groups.iter().find(|known| known.id == group);
        let own = known.and_then(|known| self.attributes.get(known.attributes.clone()));
        own.into_iter().flatten()
    }

    /// Whether there is such a group.
    #[must_use]
    pub fn has_group(&self, group: &str) -> bool {
        self.places.contains_key(group)
    }

    /// An attribute by its group and name: as the newest version has it, else as the last one that did.
    #[must_use]
    pub fn attribute(&self, group: &str, id: &str) -> Option<&Attribute> {
        self.present(group, id).or_else(|| {
            let mut retired = self.retired.iter().rev();
            retired.find(|one| one.group == group && one.id == id)
        })
    }

    fn present(&self, group: &str, id: &str) -> Option<&Attribute> {
        self.attributes.get(*self.places.get(group)?.get(id)?)
    }

    /// An attribute as a version of the catalogue has it.
    #[must_use]
    pub fn attribute_of(&self, edition: &Edition, group: &str, id: &str) -> Option<&Attribute> {
        let has = |attribute: &&Attribute| self.has(edition, attribute);
        self.present(group, id).filter(has).or_else(|| {
            let mut retired = self.retired.iter();
            retired.find(|one| one.group == group && one.id == id && has(one))
        })
    }

    /// Every attribute that a version of the catalogue has.
    pub fn attributes_of<'a>(
        &'a self,
        edition: &'a Edition,
    ) -> impl Iterator<Item = &'a Attribute> {
        let all = self.attributes.iter().chain(&self.retired);
        all.filter(|attribute| self.has(edition, attribute))
    }

    fn has(&self, edition: &Edition, attribute: &Attribute) -> bool {
        let place = |version: &str| self.editions.iter().position(|one| one.id == version);
        let (asked, since) = (place(&edition.id), place(&attribute.since));
        let until = attribute.until.as_deref();
        since <= asked && until.is_none_or(|until| asked < place(until))
    }

    /// What earlier versions had, or had otherwise.
    pub fn retired(&self) -> impl Iterator<Item = &Attribute> {
        self.retired.iter()
    }

    /// The versions of the catalogue, oldest first.
    pub fn editions(&self) -> impl Iterator<Item = &Edition> {
        self.editions.iter()
    }

    /// A version of the catalogue by its number.
    #[must_use]
    pub fn edition(&self, id: &str) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.id == id)
    }

    /// The version that new records follow.
    #[must_use]
    #[allow(
        clippy::indexing_slicing,
        reason = "`read` refuses a catalogue without a version"
    )]
    pub fn newest(&self) -> &Edition {
        &self.editions[self.editions.len() - 1]
    }

    /// The version that records follow which name none.
    #[must_use]
    #[allow(
        clippy::indexing_slicing,
        reason = "`read` refuses a catalogue without a version"
    )]
    pub fn first(&self) -> &Edition {
        &self.editions[0]
    }

    /// An attribute by its pointer `/group/id`.
    #[must_use]
    pub fn by_pointer(&self, pointer: &str) -> Option<&Attribute> {
        let (group, id) = pointer.strip_prefix('/')?.split_once('/')?;
        self.attribute(group, id)
    }

    /// Every event type.
    pub fn event_types(&self) -> impl Iterator<Item = &EventType> {
        self.event_types.iter()
    }

    /// An event type by its name.
    #[must_use]
    pub fn event_type(&self, id: &str) -> Option<&EventType> {
        self.event_types
            .iter()
            .find(|event_type| event_type.id == id)
    }

    /// Whether an event type prepares a battery that is waste for a further life.
    #[must_use]
    pub fn is_preparation(&self, event_type: &str) -> bool {
        let mut types = self.event_types.iter();
        types.any(|one| one.out_of_waste_after.as_deref() == Some(event_type))
    }

    /// What responsibility for a battery can be offered for.
    pub fn purposes(&self) -> impl Iterator<Item = &Purpose> {
        self.purposes.iter()
    }

    /// Every way a label moves.
    pub fn label_moves(&self) -> impl Iterator<Item = &LabelMove> {
        self.label_moves.iter()
    }

    /// How an event type moves a label; `None` for one that moves none.
    #[must_use]
    pub fn label_move(&self, event_type: &str) -> Option<&LabelMove> {
        self.label_moves().find(|one| one.event == event_type)
    }

    /// What a piece of evidence can show.
    pub fn evidence_kinds(&self) -> impl Iterator<Item = &EvidenceKind> {
        self.evidence_kinds.iter()
    }

    /// What a piece of evidence of that kind shows.
    #[must_use]
    pub fn evidence_kind(&self, id: &str) -> Option<&EvidenceKind> {
        self.evidence_kinds().find(|kind| kind.id == id)
    }

    /// The versions of the guidance, oldest first.
    pub fn guidances(&self) -> impl Iterator<Item = &Guidance> {
        self.guidance.iter()
    }

    /// The guidance of a version.
    #[must_use]
    pub fn guidance(&self, version: &str) -> Option<&Guidance> {
        self.guidance
            .iter()
            .find(|guidance| guidance.version == version)
    }

    /// The guidance in force on this platform.
    #[must_use]
    #[allow(
        clippy::indexing_slicing,
        reason = "`read` takes the index from this very list"
    )]
    pub fn active_guidance(&self) -> &Guidance {
        &self.guidance[self.active]
    }

    /// How a unit (UCUM) is written for people: `A.h` is `Ah`. `None` for a unit that no attribute has.
    #[must_use]
    pub fn unit(&self, code: &str) -> Option<&Unit> {
        self.units.get(code)
    }

    /// Every unit with how it is written for people.
    pub fn units(&self) -> impl Iterator<Item = (&str, &Unit)> {
        self.units.iter().map(|(code, unit)| (code.as_str(), unit))
    }

    /// How old values of different attributes may be before they count as stale.
    pub fn freshnesses(&self) -> impl Iterator<Item = &Freshness> {
        self.freshness.iter()
    }

    /// How old a value of this attribute may be in a battery of this category; `None` where age does not count.
    #[must_use]
    pub fn freshness(&self, attribute: &Attribute, category: Category) -> Option<&Freshness> {
        crate::freshness::of(&self.freshness, attribute, category)
    }

    pub(crate) fn category_names(&self, category: Category) -> Option<&Translated> {
        self.categories.get(&category)
    }

    /// The languages people in a country are told of products in (ISO 639-1); `None` for a country that is no market of this
    /// platform (ISO 3166-1 alpha-2).
    #[must_use]
    pub fn market(&self, country: &str) -> Option<impl Iterator<Item = &str>> {
        let languages = self.markets.get(country)?;
        Some(languages.iter().map(String::as_str))
    }

    /// The countries that are markets of this platform.
    pub fn markets(&self) -> impl Iterator<Item = &str> {
        self.markets.keys().map(String::as_str)
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub(crate) fn dates(&self) -> &Dates {
        &self.dates
    }
}

fn active(file: &GuidanceFile) -> Result<usize, serde_json::Error> {
    file.guidance
        .iter()
        .position(|guidance| guidance.version == file.active)
        .ok_or_else(|| serde::de::Error::custom("the active guidance is not among the versions"))
}

fn places(attributes: &[Attribute]) -> HashMap<String, HashMap<String, usize>> {
    let mut places: HashMap<String, HashMap<String, usize>> = HashMap::new();
    for (index, attribute) in attributes.iter().enumerate() {
        places
            .entry(attribute.group.clone())
            .or_default()
            .insert(attribute.id.clone(), index);
    }
    places
}

/// The groups, each of which was read from one file.
fn groups(attributes: &[Attribute]) -> Vec<Group> {
    let of_each = attributes.chunk_by(|one, next| one.group == next.group);
    let mut from = 0;
    of_each
        .filter_map(|own| {
            let attributes = from..from + own.len();
            from = attributes.end;
            let id = own.first()?.group.clone();
            Some(Group { id, attributes })
        })
        .collect()
}
