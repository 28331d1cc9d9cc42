//! The caller's view of a passport: what every route of this function shows comes from here.

use std::collections::BTreeSet;

use access::{Principal, Reading};
use axum::http::HeaderMap;
use ledger::Timestamp;
use passport::{Category, Class, Classes, Edition, Header, Level, catalogue};
use serde_json::{Map, Value, json};
use storage::{Facts, Log, ReadRecord, Record, RecordStatus, Subject};
use uuid::Uuid;
use web::{Caller, ETag, Platform, Problem, now};

/// What a header says of a record at some time.
pub(crate) struct Stood<'a> {
    pub(crate) status: RecordStatus,
    pub(crate) updated_at: Timestamp,
    pub(crate) operator: &'a str,
    /// In whose form the values are.
    pub(crate) catalogue: &'a Edition,
}

/// A document of model, batch and passport each.
pub(crate) type Documents = [Map<String, Value>; 3];

/// A passport with the model and batch beneath it.
pub(crate) struct Loaded {
    pub(crate) id: Uuid,
    pub(crate) passport: Record,
    pub(crate) model: Record,
    pub(crate) batch: Option<Record>,
    pub(crate) category: Category,
    pub(crate) status: RecordStatus,
    pub(crate) unit: identity::UnitId,
}

impl Loaded {
    /// Loads a passport that this caller may know of.
    pub(crate) async fn find(
        platform: &Platform,
        caller: &Caller,
        id: Uuid,
    ) -> Result<Self, Problem> {
        let store = &platform.store;
        let passport = known(platform, caller, id).await?;
        let Facts::Passport {
            unit,
            model,
            batch,
            category,
            status,
            ..
        } = passport.head.facts
        else {
            return Err(Problem::internal("a passport without a passport's facts"));
        };
        let missing = |what: &str| Problem::internal(format!("passport {id} lacks its {what}"));
        let model = store
            .record(&Subject::Model(model))
            .await?
            .ok_or_else(|| missing("model"))?;
        let batch = match batch {
            Some(batch) => Some(
                store
                    .record(&Subject::Batch(batch))
                    .await?
                    .ok_or_else(|| missing("batch"))?,
            ),
            None => None,
        };
        Ok(Self {
            id,
            passport,
            model,
            batch,
            category,
            status,
            unit,
        })
    }

    /// The tag of this caller's view. Rights follow the owner of each subject.
    pub(crate) fn tag(&self, caller: &Caller) -> ETag {
        let revision = |record: &Record| record.head.revision(caller.sight(&record.head));
        ETag {
            model: revision(&self.model),
            batch: self.batch.as_ref().map_or(0, revision),
            passport: revision(&self.passport),
            view: web::view_name(self.reading(caller).view, &self.passport.head.facts),
        }
    }

    /// Whether two persons stand behind the gaps the passport declares.
    pub(crate) fn gaps_approved(&self) -> bool {
        matches!(&self.passport.head.facts, Facts::Passport { life, .. } if life.gaps_approved)
    }

    pub(crate) fn reading(&self, caller: &Caller) -> Reading {
        caller.reading(&self.passport.head)
    }

    /// The values this caller may see, composed of model, batch and passport, and recorded as read where any of them is
    /// restricted.
    pub(crate) async fn document(
        &self,
        platform: &Platform,
        caller: &Caller,
        headers: &HeaderMap,
    ) -> Result<Map<String, Value>, Problem> {
        let document = self.unrecorded(platform, caller).await?;
        self.record_read(platform, caller, headers, Vec::new())
            .await?;
        Ok(document)
    }

    /// The same values, of which somebody else records that they are read.
    pub(crate) async fn unrecorded(
        &self,
        platform: &Platform,
        caller: &Caller,
    ) -> Result<Map<String, Value>, Problem> {
        let mut documents = Documents::default();
        for (document, record) in documents.iter_mut().zip(self.levels()) {
            if let Some(record) = record {
                *document = opened(platform, caller, record, self.category).await?;
            }
        }
        Ok(self.composed(documents))
    }

    /// Leaves one read event of the passport, with what is read of model and batch in it.
    pub(crate) async fn record_read(
        &self,
        platform: &Platform,
        caller: &Caller,
        headers: &HeaderMap,
        pointers: Vec<String>,
    ) -> Result<(), Problem> {
        if self.only_public(caller) {
            return Ok(());
        }
        let levels = self.levels().into_iter().rev().flatten();
        let levels: Vec<&Record> = levels.collect();
        record_sight(platform, caller, headers, &levels, pointers).await
    }

    /// Whether this caller sees no more than everybody, of passport, batch and model.
    pub(crate) fn only_public(&self, caller: &Caller) -> bool {
        let mut levels = self.levels().into_iter().flatten();
        levels.all(|record| caller.reading(&record.head).only_public())
    }

    /// Model, batch if there is one, and passport.
    pub(crate) fn levels(&self) -> [Option<&Record>; 3] {
        [Some(&self.model), self.batch.as_ref(), Some(&self.passport)]
    }

    /// The documents of its levels as one.
    pub(crate) fn composed(&self, documents: Documents) -> Map<String, Value> {
        let follows = |record: Option<&Record>| {
            let record = record.unwrap_or(&self.passport);
            record.head.facts.catalogue().id.as_str()
        };
        let [model, batch, item] = self.levels().map(follows);
        let [of_model, of_batch, of_item] = documents;
        passport::compose_editions([(model, of_model), (batch, of_batch), (item, of_item)])
    }

    /// Every value of every level but what an owner keeps for itself, whoever may read it. For judgement, never for show.
    pub(crate) async fn everything(
        &self,
        platform: &Platform,
    ) -> Result<Map<String, Value>, Problem> {
        let classes = [
            Class::LegitimateInterest,
            Class::Authority,
            Class::Individual,
        ]
        .into_iter()
        .fold(Classes::PUBLIC, Classes::with);
        let mut documents = Documents::default();
        for (document, record) in documents.iter_mut().zip(self.levels()) {
            if let Some(record) = record {
                *document = platform.store.document(record, classes).await?;
            }
        }
        Ok(self.composed(documents))
    }

    /// When anything last changed that this caller may see, in model and batch too.
    pub(crate) fn updated_at(&self, caller: &Caller) -> Timestamp {
        let own = self.own_updated_at(caller);
        let products = [Some(&self.model), self.batch.as_ref()]
            .into_iter()
            .flatten();
        let changed =
            products.filter_map(|record| record.values_changed_at(caller.sight(&record.head)));
        changed.max().map_or(own, |products| products.max(own))
    }

    /// When the record itself last changed: by its last event for who sees its chain, else in what everybody is told of it or in
    /// values that the caller may see, since more would tell of others.
    pub(crate) fn own_updated_at(&self, caller: &Caller) -> Timestamp {
        match self.reading(caller).chain {
            true => self.passport.head.last_at,
            false => {
                let seen = caller.sight(&self.passport.head);
                let public = self.passport.head.public_at();
                let values = self.passport.values_changed_at(seen);
                values.map_or(public, |values| values.max(public))
            }
        }
    }

    /// What is to be said of the record beside its header: that its battery was recycled, and until when that can be taken back.
    pub(crate) fn notices(&self) -> Option<Value> {
        let Facts::Passport {
            status: RecordStatus::Recycled,
            life,
            ..
        } = &self.passport.head.facts
        else {
            return None;
        };
        let ceased = self.passport.head.facts.has_ceased(now());
        Some(json!({
            "record": if ceased { "recycled" } else { "recycling-recorded" },
            "finalAt": life.recycling.as_ref().map(|recycling| recycling.final_at),
        }))
    }

    /// The derived EN 18223 header, of the record as it stands or stood.
    pub(crate) fn header(&self, platform: &Platform, standing: &Stood<'_>) -> Header {
        let status = match standing.status {
            RecordStatus::Draft => "inactive",
            RecordStatus::Active => "active",
            RecordStatus::Archived | RecordStatus::Recycled => "archived",
        };
        Header::item(
            platform.site.passport_identifier(self.id),
            platform
                .site
                .product_identifier(self.passport.head.facts.carrier_host(), self.unit),
            status,
            standing.updated_at.to_string(),
            standing.operator.to_owned(),
            platform.site.catalogue_identifier(&standing.catalogue.id),
        )
    }

    /// The record of one of its levels, where this caller may know how it came about: the passport itself; model and batch for
    /// their owner and for who reads more of them than everybody.
    pub(crate) fn of_level(self, caller: &Caller, level: Level) -> Result<Record, Problem> {
        let record = match level {
            Level::Item => return Ok(self.passport),
            Level::Batch => self
                .batch
                .ok_or_else(|| Problem::not_found("the battery is of no batch"))?,
            Level::Model => self.model,
        };
        let reading = caller.reading(&record.head);
        match reading.chain || !reading.only_public() {
            true => Ok(record),
            false => Err(Problem::forbidden(format!(
                "the history of a {level} is for its owner and for those who read more of it than everybody"
            ))),
        }
    }

    /// The version of the catalogue in whose form the values are shown: the latest that model, batch or passport follows.
    pub(crate) fn catalogue(&self) -> &'static Edition {
        let records = self.levels().into_iter().flatten();
        passport::latest_edition(records.map(|record| record.head.facts.catalogue().id.as_str()))
    }
}

/// A passport's record, where this caller may know of it.
///
/// # Errors
/// 404 where it may not, 410 where the passport has ceased to exist for it.
pub(crate) async fn known(
    platform: &Platform,
    caller: &Caller,
    id: Uuid,
) -> Result<Record, Problem> {
    let unknown = || Problem::not_found("there is no such passport for you");
    let record = platform
        .store
        .record(&Subject::Passport(id))
        .await?
        .ok_or_else(unknown)?;
    if !caller.knows(&record.head) {
        return Err(unknown());
    }
    let facts = &record.head.facts;
    if caller.reading(&record.head).only_public() && platform.store.has_ceased(facts, now()).await?
    {
        return Err(Problem::gone(
            "this battery was recycled; its passport has ceased to exist",
        ));
    }
    Ok(record)
}

/// A record's values in this caller's classes, without what the active guidance shows nowhere.
pub(crate) async fn opened(
    platform: &Platform,
    caller: &Caller,
    record: &Record,
    category: Category,
) -> Result<Map<String, Value>, Problem> {
    let sight = caller.sight(&record.head);
    let document = platform.store.document(record, sight).await?;
    let shown_classes = caller.reading(&record.head).shown();
    Ok(shown(document, shown_classes, category))
}

/// What of a document may be shown.
pub(crate) fn shown(
    document: Map<String, Value>,
    classes: Classes,
    category: Category,
) -> Map<String, Value> {
    passport::view(document, classes, catalogue().active_guidance(), category)
}

/// What the caller says it reads for.
pub(crate) fn purpose(headers: &HeaderMap) -> Option<&str> {
    const LONGEST: usize = 200;
    let purpose = headers.get("dpp-purpose")?.to_str().ok();
    purpose.filter(|purpose| purpose.len() <= LONGEST)
}

/// Leaves a read event before restricted data leave. Public views leave none.
pub(crate) async fn record_read(
    platform: &Platform,
    caller: &Caller,
    headers: &HeaderMap,
    record: &Record,
) -> Result<(), Problem> {
    match caller.reading(&record.head).only_public() {
        true => Ok(()),
        false => record_sight(platform, caller, headers, &[record], Vec::new()).await,
    }
}

/// The same for events: whoever is shown their places in the chain sees more than everybody.
pub(crate) async fn record_events_read(
    platform: &Platform,
    caller: &Caller,
    headers: &HeaderMap,
    record: &Record,
) -> Result<(), Problem> {
    let reading = caller.reading(&record.head);
    match reading.only_public() && !reading.chain {
        true => Ok(()),
        false => record_sight(platform, caller, headers, &[record], Vec::new()).await,
    }
}

/// Leaves one event of the first record for what is seen of all of them.
async fn record_sight(
    platform: &Platform,
    caller: &Caller,
    headers: &HeaderMap,
    records: &[&Record],
    pointers: Vec<String>,
) -> Result<(), Problem> {
    let (Caller::Partner(principal), Some(first)) = (caller, records.first()) else {
        return Ok(());
    };
    let mut classes = Classes::default();
    let mut commitments = Vec::new();
    for record in records {
        let sight = caller.sight(&record.head);
        let shown = caller.reading(&record.head).shown();
        classes = shown.iter().fold(classes, Classes::with);
        let parts = record.head.parts.iter();
        let seen = parts
            .filter(|part| part.class != Class::Public && record.head.shows(part, sight))
            .map(|part| part.commitment);
        commitments.extend(seen);
    }
    let view = caller.reading(&first.head).view;
    let read = Read {
        subject: first.subject.clone(),
        standings: records.iter().map(|it| it.head.standing()).collect(),
        purpose: purpose(headers).unwrap_or(view),
        classes,
        pointers,
        commitments,
    };
    leave_read_event(platform, principal, read).await
}

/// What leaves with one restricted read (ledger.md §1.5).
pub(crate) struct Read<'a> {
    /// Whose.
    pub(crate) subject: Subject,
    /// How organisations stand to it, and to what else is read with it.
    pub(crate) standings: Vec<access::Standing<'a>>,
    /// What for.
    pub(crate) purpose: &'a str,
    /// The classes.
    pub(crate) classes: Classes,
    /// The attributes, where not all of the classes.
    pub(crate) pointers: Vec<String>,
    /// Commitments of the parts.
    pub(crate) commitments: Vec<ledger::Sha256>,
}

/// Writes the event of one restricted read. Where it cannot be written nothing may leave.
pub(crate) async fn leave_read_event(
    platform: &Platform,
    principal: &Principal,
    read: Read<'_>,
) -> Result<(), Problem> {
    let roles: Vec<String> = principal.roles.iter().map(ToString::to_string).collect();
    let standings = read.standings.iter();
    let basis: BTreeSet<&str> = standings
        .flat_map(|standing| access::basis(principal, standing, read.classes))
        .collect();
    let read = ReadRecord {
        subject: read.subject,
        role: roles.join(","),
        organisation: principal.organisation.clone(),
        person: principal.subject.clone(),
        purpose: read.purpose.to_owned(),
        basis: basis.into_iter().map(str::to_owned).collect(),
        classes: read.classes,
        pointers: read.pointers,
        commitments: read.commitments,
        request_id: Uuid::now_v7().to_string(),
    };
    platform
        .store
        .record_read(&platform.site.log_origin(Log::Reads), read, now())
        .await
        .map_err(|error| {
            Problem::unavailable(format!("a restricted read could not be recorded: {error}"))
        })
}
