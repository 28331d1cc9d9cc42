//! A subject's current state: its head and its parts.

use std::collections::BTreeMap;

use ledger::{PartSalts, Sha256, Timestamp};
use passport::Class;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::compression::expand;
use crate::sealing::DataKey;
use crate::store::{Item, decode};
use crate::tenure::kept;
use crate::{Facts, RecordStatus, Sight, Store, StoreError, Subject, Table, Tenure};

/// Where a subject stands: what the next change is conditional on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Organisation that is responsible for the subject.
    pub organisation: String,
    /// Number of events so far; the last one's sequence number. 0 for a unit that was only allocated.
    pub seq: u64,
    /// Number of versions so far; 0 for a subject without data.
    pub version: u64,
    /// Hash of the last event; a unit's first event follows the one of its order.
    pub event_hash: Sha256,
    /// Time of the last event.
    pub last_at: Timestamp,
    /// The newest part of each access class that has one.
    pub parts: Vec<PartReference>,
    /// What identifies the subject and relates it to others.
    pub facts: Facts,
    /// Number of the subject's key: what an earlier one sealed was erased.
    #[serde(default = "first_key", skip_serializing_if = "is_first_key")]
    pub(crate) key: u32,
    /// When what everybody is told of it last changed; heads from before this was kept do not say.
    #[serde(default)]
    pub(crate) public_at: Option<Timestamp>,
    /// Who was responsible before, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenures: Vec<Tenure>,
}

const fn first_key() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_first_key(number: &u32) -> bool {
    *number == 1
}

impl Head {
    /// When what everybody is told of it last changed.
    #[must_use]
    pub fn public_at(&self) -> Timestamp {
        self.public_at.unwrap_or(self.last_at)
    }

    /// Changes that callers with this sight could have noticed: the number in their ETag. A change of a class they
    /// may not read does not move it.
    #[must_use]
    pub fn revision(&self, sight: Sight<'_>) -> u64 {
        self.parts
            .iter()
            .filter(|part| self.shows(part, sight))
            .map(|part| part.revision)
            .sum()
    }

    /// How often what everybody may read of its values changed; `None` where nobody but its owner reads any.
    #[must_use]
    pub fn public_version(&self) -> Option<u64> {
        self.part(Class::Public).map(|part| part.revision)
    }

    /// The economic operator that everybody is told of: who placed the battery on the market, and until then who is
    /// responsible for the record. Whoever takes it over as waste is not named: that would give its status away.
    #[must_use]
    pub fn operator(&self) -> &str {
        match &self.facts {
            Facts::Passport {
                operator: Some(operator),
                ..
            } => operator,
            _ => &self.organisation,
        }
    }

    /// Who may know of an event of whoever is responsible: where everybody is told of another operator, only those who may know
    /// better.
    #[must_use]
    pub fn owners_audience(&self, audience: Class) -> Class {
        match self.organisation == self.operator() {
            true => audience,
            false => audience.join(Class::Individual),
        }
    }

    /// How organisations stand to it.
    #[must_use]
    pub fn standing(&self) -> access::Standing<'_> {
        let mut standing = access::Standing::from(&self.organisation);
        let former = self.tenures.iter();
        standing.former = former.map(|tenure| tenure.organisation.as_str()).collect();
        standing.category = self.facts.category();
        match &self.facts {
            Facts::Organisation { .. } => {}
            Facts::Model { grants, .. } => standing.grants = grants,
            Facts::Batch { model, grants, .. } => {
                (standing.model, standing.grants) = (Some(*model), grants);
            }
            Facts::Unit { model, batch, .. } | Facts::Passport { model, batch, .. } => {
                (standing.model, standing.batch) = (Some(*model), *batch);
            }
        }
        if let Facts::Passport { status, life, .. } = &self.facts {
            standing.claim = life.claim.as_ref();
            standing.grants = &life.grants;
            standing.offered = life.offer.as_ref().map(|offer| offer.to.as_str());
            standing.accepted_waste = life.accepted_waste.as_deref();
            standing.published = self.facts.is_known_to_others();
            standing.recycled = *status == RecordStatus::Recycled;
        }
        standing
    }

    /// The part of a class that the responsible organisation writes.
    pub(crate) fn part(&self, class: Class) -> Option<&PartReference> {
        let mut parts = self.parts.iter();
        parts.find(|part| part.class == class && !self.is_kept(part))
    }

    pub(crate) fn part_of(&self, item: &PartItem) -> Option<&PartReference> {
        let mut parts = self.parts.iter();
        parts.find(|part| part.class == item.class && part.revision == item.revision)
    }
}

/// One part of a version, by access class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartReference {
    /// Whose eyes it is for.
    pub class: Class,
    /// How often this class changed.
    pub revision: u64,
    /// The version that holds it.
    pub version: u64,
    /// SHA-256 over the part with every value salted (ledger.md §1.1).
    pub commitment: Sha256,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct HeadItem {
    pub(crate) pk: String,
    pub(crate) sk: String,
    pub(crate) v: u8,
    #[serde(flatten)]
    pub(crate) head: Head,
}

/// A part as stored: `body` is the RFC 8785 form of the part's document, `salts` of its attributes' salts, both
/// compressed, and sealed unless the part is public.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PartItem {
    pub(crate) pk: String,
    pub(crate) sk: String,
    pub(crate) v: u8,
    pub(crate) class: Class,
    pub(crate) revision: u64,
    /// When it was written; parts from before this was kept do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Timestamp>,
    #[serde(with = "serde_bytes")]
    pub(crate) body: Vec<u8>,
    #[serde(with = "serde_bytes")]
    pub(crate) salts: Vec<u8>,
    /// The salted digests of values that were erased, by pointer: what is left of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) erased: BTreeMap<String, String>,
}

impl PartItem {
    /// The version that it came with; `None` for the copy that is read every day.
    pub(crate) fn version(&self) -> Option<u64> {
        self.sk.split('#').nth(1)?.parse().ok()
    }
}

pub(crate) const HEAD: &str = "0#HEAD";

pub(crate) fn current_part_key(class: Class) -> String {
    format!("0#PART#{}", class.number())
}

/// Where the responsible organisation's current part of a class is, after so many others were responsible: what they kept
/// stays where it is.
pub(crate) fn own_part_key(class: Class, tenures: usize) -> String {
    match tenures {
        count if count > 0 && kept(class) => format!("{}#{count:04}", current_part_key(class)),
        _ => current_part_key(class),
    }
}

pub(crate) fn version_key(version: u64) -> String {
    format!("V#{version:010}")
}

pub(crate) fn version_part_key(version: u64, class: Class) -> String {
    format!("V#{version:010}#{}", class.number())
}

/// Where a part's content is bound to by its seal; the same for the current copy and the version's.
pub(crate) fn part_place(subject: &Subject, class: Class, revision: u64) -> String {
    format!("{subject}|{}|{revision}", class.number())
}

/// A subject as it stands, its sealed parts closed.
#[derive(Debug, Clone)]
pub struct Record {
    /// Whose record.
    pub subject: Subject,
    /// Where it stands.
    pub head: Head,
    pub(crate) parts: Vec<PartItem>,
}

impl Record {
    /// When values that somebody sees last changed, as far as that is known.
    #[must_use]
    pub fn values_changed_at(&self, sight: Sight<'_>) -> Option<Timestamp> {
        let seen = |part: &&PartItem| {
            let reference = self.head.part_of(part);
            reference.is_some_and(|reference| self.head.shows(reference, sight))
        };
        self.parts
            .iter()
            .filter(seen)
            .filter_map(|part| part.at)
            .max()
    }
}

/// A subject as it stands, wholly open: what a change starts from.
#[derive(Debug, Clone)]
pub struct OpenRecord {
    /// Whose record.
    pub subject: Subject,
    /// Where it stands.
    pub head: Head,
    /// The values of every class that the responsible organisation may change.
    pub document: Map<String, Value>,
    /// Those that were kept from times before, whoever was responsible then.
    pub kept: Map<String, Value>,
    /// Those of them that the responsible organisation kept itself, when it was responsible before.
    pub own_kept: Map<String, Value>,
    pub(crate) salts: BTreeMap<Class, PartSalts>,
}

impl OpenRecord {
    /// Every value of the record, whoever wrote it: what completeness is judged on.
    #[must_use]
    pub fn with_kept(&self, document: &Map<String, Value>) -> Map<String, Value> {
        let mut whole = self.kept.clone();
        merge(&mut whole, document.clone());
        whole
    }
}

impl Store {
    /// A subject's head and parts, in one strongly consistent query; `None` where it does not exist.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn record(&self, subject: &Subject) -> Result<Option<Record>, StoreError> {
        let items = self
            .query(Table::Records, &subject.to_string(), "0#", true)
            .await?;
        let mut head = None;
        let mut parts = Vec::new();
        for item in items {
            match sort_key(&item) {
                HEAD => head = Some(decode::<HeadItem>(item)?.head),
                key if key.starts_with("0#PART#") => parts.push(decode(item)?),
                _ => {}
            }
        }
        if let Some(head) = &head {
            self.vault().forget_before(subject, head.key);
        }
        Ok(head.map(|head| Record {
            subject: subject.clone(),
            head,
            parts,
        }))
    }

    /// The values of a record that somebody sees, as one document; a newer owner's before an earlier one's. Opens sealed parts
    /// with the subject's key; where the key was erased they are absent.
    ///
    /// # Errors
    /// [`StoreError`] where a part does not open or the key service does not answer.
    pub async fn document(
        &self,
        record: &Record,
        sight: impl Into<Sight<'_>>,
    ) -> Result<Map<String, Value>, StoreError> {
        let sight = sight.into();
        let mut document = Map::new();
        for part in &record.parts {
            // A part that is newer than its head is nobody else's yet.
            let seen = match record.head.part_of(part) {
                Some(reference) => record.head.shows(reference, sight),
                None => record.head.tenures.is_empty() && sight.classes.contains(part.class),
            };
            if seen && let Some(opened) = self.open_part(&record.subject, part).await? {
                merge(&mut document, opened.document);
            }
        }
        Ok(document)
    }

    /// A subject with all its values, for a change. Not for reading: it opens every class.
    ///
    /// # Errors
    /// [`StoreError`] where the store or the key service does not answer, or an item is damaged.
    pub async fn open_for_change(
        &self,
        subject: &Subject,
    ) -> Result<Option<OpenRecord>, StoreError> {
        let Some(record) = self.record(subject).await? else {
            return Ok(None);
        };
        let mut document = Map::new();
        let mut kept = Map::new();
        let mut own_kept = Map::new();
        let mut salts = BTreeMap::new();
        for part in &record.parts {
            let Some(opened) = self.open_part(subject, part).await? else {
                continue;
            };
            let reference = record.head.part_of(part);
            if let Some(reference) = reference.filter(|reference| record.head.is_kept(reference)) {
                let former = record.head.former(reference);
                if former.is_some_and(|former| former.organisation == record.head.organisation) {
                    merge(&mut own_kept, opened.document.clone());
                }
                merge(&mut kept, opened.document);
            } else {
                merge(&mut document, opened.document);
                salts.insert(part.class, opened.salts);
            }
        }
        Ok(Some(OpenRecord {
            subject: record.subject,
            head: record.head,
            document,
            kept,
            own_kept,
            salts,
        }))
    }

    pub(crate) async fn open_part(
        &self,
        subject: &Subject,
        part: &PartItem,
    ) -> Result<Option<OpenedPart>, StoreError> {
        if part.class == Class::Public {
            return OpenedPart::read(&part.body, &part.salts).map(Some);
        }
        match self.data_key(subject).await? {
            Some(key) => OpenedPart::unseal(subject, part, &key),
            None => Ok(None),
        }
    }
}

/// A part in the clear.
pub(crate) struct OpenedPart {
    pub(crate) document: Map<String, Value>,
    pub(crate) salts: PartSalts,
}

impl OpenedPart {
    /// `None` where the key that sealed it was erased.
    pub(crate) fn unseal(
        subject: &Subject,
        part: &PartItem,
        key: &DataKey,
    ) -> Result<Option<Self>, StoreError> {
        let place = part_place(subject, part.class, part.revision);
        let open = |sealed: &[u8]| key.open_unless_erased(sealed, &place);
        let (Some(body), Some(salts)) = (open(&part.body)?, open(&part.salts)?) else {
            return Ok(None);
        };
        Self::read(&body, &salts).map(Some)
    }

    pub(crate) fn read(body: &[u8], salts: &[u8]) -> Result<Self, StoreError> {
        Ok(Self {
            document: expand(body)?,
            salts: expand(salts)?,
        })
    }
}

fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (group, attributes) in from {
        match (into.get_mut(&group), attributes) {
            (Some(Value::Object(present)), Value::Object(more)) => present.extend(more),
            (_, attributes) => {
                into.insert(group, attributes);
            }
        }
    }
}

pub(crate) fn sort_key(item: &Item) -> &str {
    item.get("sk")
        .and_then(|value| value.as_s().ok())
        .map_or("", String::as_str)
}
