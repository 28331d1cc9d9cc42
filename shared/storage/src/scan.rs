//! What a scanned label leads to: one query, nothing sealed, no keys.

use std::collections::BTreeMap;

use identity::UnitId;
use ledger::Timestamp;
use passport::{Category, Class};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::change::{Guard, Row};
use crate::compression::{compress, expand};
use crate::record::{HEAD, HeadItem, PartItem, current_part_key, sort_key};
use crate::store::decode;
use crate::unit::{LABEL, Label};
use crate::{Facts, Head, RecordStatus, Store, StoreError, Subject, Table};

/// A unit has a public part for each of its passports; the head says which one is in force.
const PUBLIC: &str = "0#PUBLIC#";

fn public_key(passport: Uuid) -> String {
    format!("{PUBLIC}{passport}")
}

/// A unit as the public meets it.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The unit's head.
    pub head: Head,
    /// Every label it ever had.
    pub labels: Vec<Label>,
    /// The public part of the passport in force; `None` where there is none yet.
    pub passport: Option<PublicPart>,
}

/// The public part of a passport, model or batch.
#[derive(Debug, Clone)]
pub struct PublicPart {
    /// The passport; nil for a model or batch.
    pub passport: Uuid,
    /// The economic operator ([`Head::operator`]); empty for a model or batch.
    pub organisation: String,
    /// How often the public part changed.
    pub revision: u64,
    /// Where the record stands; `active` for a model or batch.
    pub status: RecordStatus,
    /// When the battery was placed on the market.
    pub placed_on_market_at: Option<Timestamp>,
    /// Since when the battery is recalled.
    pub recalled_at: Option<Timestamp>,
    /// Until when it can be taken back that the battery was recycled.
    pub recycling_final_at: Option<Timestamp>,
    /// When the public part last changed; a model's or batch's may not say.
    pub updated_at: Option<Timestamp>,
    /// The category; absent for a model or batch read by its part alone.
    pub category: Option<Category>,
    /// The values.
    pub document: Map<String, Value>,
}

/// What units share.
#[derive(Debug, Clone)]
pub struct Shared {
    /// Who is responsible for it.
    pub organisation: String,
    /// What its head knows of it.
    pub facts: Facts,
    /// The public part of a model or batch that has one.
    pub part: Option<PublicPart>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublicItem {
    pk: String,
    sk: String,
    v: u8,
    passport: Uuid,
    organisation: String,
    revision: u64,
    status: RecordStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    placed_on_market_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recalled_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recycling_final_at: Option<Timestamp>,
    updated_at: Timestamp,
    category: Category,
    #[serde(with = "serde_bytes")]
    body: Vec<u8>,
}

/// What of a passport's head everybody is told.
fn public_face(head: &Head) -> impl PartialEq + '_ {
    let Facts::Passport {
        category,
        status,
        placed_on_market_at,
        life,
        ..
    } = &head.facts
    else {
        return None;
    };
    let recycling = life.recycling.as_ref();
    Some((
        head.operator(),
        *category,
        *status,
        *placed_on_market_at,
        head.facts.recalled_at(),
        recycling.map(|recycling| recycling.final_at),
    ))
}

/// Whether nobody can tell two heads of a record apart: then the public part is left as it is, its time too.
pub(crate) fn same_to_the_public(before: &Head, after: &Head) -> bool {
    public_face(before) == public_face(after)
}

/// The row that copies a passport's public part beside its unit, so that a scan is one query; `None` for any other subject.
pub(crate) fn public_row(
    subject: &Subject,
    head: &Head,
    document: Map<String, Value>,
) -> Result<Option<Row>, StoreError> {
    let Subject::Passport(passport) = subject else {
        return Ok(None);
    };
    let Facts::Passport {
        unit,
        category,
        status,
        placed_on_market_at,
        life,
        ..
    } = &head.facts
    else {
        return Err(StoreError::damaged("a passport without a passport's facts"));
    };
    let body = ledger::canonical(&Value::Object(document)).map_err(StoreError::damaged)?;
    let item = PublicItem {
        pk: Subject::Unit(*unit).to_string(),
        sk: public_key(*passport),
        v: 1,
        passport: *passport,
        organisation: head.operator().to_owned(),
        revision: head.part(Class::Public).map_or(0, |part| part.revision),
        status: *status,
        placed_on_market_at: *placed_on_market_at,
        recalled_at: head.facts.recalled_at(),
        recycling_final_at: life.recycling.as_ref().map(|recycling| recycling.final_at),
        updated_at: head.public_at(),
        category: *category,
        body: compress(&body)?,
    };
    Row::put(Table::Records, &item, Guard::Covered).map(Some)
}

impl Store {
    /// The unit behind a label, in one query; `None` where no such unit was ever allocated.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn scan(&self, unit: UnitId) -> Result<Option<Scan>, StoreError> {
        let partition = Subject::Unit(unit).to_string();
        let consistent = self.is_consistent();
        let items = self.query(Table::Records, &partition, "0#", consistent);
        let items = items.await?;
        let mut head: Option<Head> = None;
        let mut in_force = None;
        let mut labels = Vec::new();
        let mut passport = None;
        // The head comes first: it sorts before everything else. Heads and labels are read without the keys they are kept under.
        for item in items {
            match sort_key(&item) {
                HEAD => {
                    let found: Head = decode(item)?;
                    if let Facts::Unit { passport, .. } = &found.facts {
                        in_force = passport.map(public_key);
                    }
                    head = Some(found);
                }
                key if Some(key) == in_force.as_deref() => {
                    passport = Some(decode::<PublicItem>(item)?.open()?);
                }
                key if key.starts_with(LABEL) => labels.push(decode(item)?),
                _ => {}
            }
        }
        Ok(head.map(|head| Scan {
            head,
            labels,
            passport,
        }))
    }

    /// What units share, of models, batches and organisations, in one `BatchGetItem`: what their heads know and, of models and
    /// batches, the public part. One that does not exist is left out.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer or an item is damaged.
    pub async fn shared(&self, subjects: &[Subject]) -> Result<Vec<(Subject, Shared)>, StoreError> {
        let part = current_part_key(Class::Public);
        let keys = subjects.iter().flat_map(|subject| {
            let has_data = !matches!(subject, Subject::Organisation(_));
            let sort_keys = [Some(HEAD), Some(part.as_str()).filter(|_| has_data)];
            let pk = subject.to_string();
            sort_keys
                .into_iter()
                .flatten()
                .map(move |sk| crate::store::key(&pk, Some(sk)))
        });
        let items = self
            .batch(Table::Records, keys.collect(), self.is_consistent())
            .await?;
        let (mut heads, mut parts) = (Vec::new(), BTreeMap::new());
        for item in items {
            if sort_key(&item) == HEAD {
                heads.push(decode::<HeadItem>(item)?);
            } else {
                let part: PartItem = decode(item)?;
                parts.insert(part.pk.clone(), part.public()?);
            }
        }
        heads
            .into_iter()
            .map(|item| {
                let subject = item.pk.parse().map_err(StoreError::damaged)?;
                let part = parts.remove(&item.pk);
                let shared = Shared {
                    organisation: item.head.organisation,
                    facts: item.head.facts,
                    part,
                };
                Ok((subject, shared))
            })
            .collect()
    }
}

impl PublicPart {
    /// Who may know of an event of whoever is responsible for the battery: an organisation that took it over while everybody takes
    /// it for another's is not given away.
    #[must_use]
    pub fn owners_audience(&self, responsible: &str, audience: Class) -> Class {
        match self.organisation == responsible {
            true => audience,
            false => audience.join(Class::Individual),
        }
    }
}

impl PublicItem {
    fn open(self) -> Result<PublicPart, StoreError> {
        Ok(PublicPart {
            passport: self.passport,
            organisation: self.organisation,
            revision: self.revision,
            status: self.status,
            placed_on_market_at: self.placed_on_market_at,
            recalled_at: self.recalled_at,
            recycling_final_at: self.recycling_final_at,
            updated_at: Some(self.updated_at),
            category: Some(self.category),
            document: expand(&self.body)?,
        })
    }
}

impl PartItem {
    fn public(self) -> Result<PublicPart, StoreError> {
        Ok(PublicPart {
            passport: Uuid::nil(),
            organisation: String::new(),
            revision: self.revision,
            status: RecordStatus::Active,
            placed_on_market_at: None,
            recalled_at: None,
            recycling_final_at: None,
            updated_at: self.at,
            category: None,
            document: expand(&self.body)?,
        })
    }
}
