//! Versions: what a subject was at each change of its values, and what changed between any two. They never change again.
//!
//! Everybody counts only what it can see (decision 002): a change of nothing that a caller may read makes no version for it.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use passport::{Category, Class, Level};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use storage::{Facts, PartReference, Record, Sight, Subject, VersionEntry};
use web::{Caller, Counted, ETag, Partner, Path, Platform, Problem, Query, Slice};

use crate::answer::{Delta, Version, VersionOrDelta, Versions, Whose};
use crate::products::own_product;
use crate::view::{Loaded, Read, leave_read_event, purpose, record_read, shown};

/// What is public never changes; a day, so that what ceases to exist is not kept for long by strangers.
const PUBLIC: &str = "public, max-age=86400, immutable";
const PRIVATE: &str = "private, no-store";

/// List the versions of a passport.
///
/// Numbered as this caller can see them: a change of nothing it may read makes no version for it.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/versions", operation_id = "listVersions", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport"), ("level" = Option<String>, Query, description = "`item` (the default), or `model` or `batch` for what the battery has from there: for its owner and for those who read more than everybody"), ("limit" = Option<u16>, Query, description = Slice::LIMIT), ("cursor" = Option<String>, Query, description = Slice::CURSOR)),
    responses((status = 200, description = "The versions, oldest first", body = Versions), (status = "default", response = Problem))
)]
pub(crate) async fn of_passport(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Counted<Json<Versions>>, Problem> {
    let record = record(&platform, &caller, &id, query.level).await?;
    History::of(&platform, &caller, &headers, record)
        .list(&query)
        .await
}

/// List the versions of a model.
#[utoipa::path(
    get, path = "/v1/models/{id}/versions", operation_id = "listModelVersions", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model"), ("limit" = Option<u16>, Query, description = Slice::LIMIT), ("cursor" = Option<String>, Query, description = Slice::CURSOR)),
    responses((status = 200, description = "Oldest first", body = Versions), (status = "default", response = Problem))
)]
pub(crate) async fn of_model(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Counted<Json<Versions>>, Problem> {
    let (_, record) = own_product(&platform, &caller, &id, Subject::Model).await?;
    History::of(&platform, &caller, &headers, record)
        .list(&query)
        .await
}

/// List the versions of a batch.
#[utoipa::path(
    get, path = "/v1/batches/{id}/versions", operation_id = "listBatchVersions", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch"), ("limit" = Option<u16>, Query, description = Slice::LIMIT), ("cursor" = Option<String>, Query, description = Slice::CURSOR)),
    responses((status = 200, description = "Oldest first", body = Versions), (status = "default", response = Problem))
)]
pub(crate) async fn of_batch(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Counted<Json<Versions>>, Problem> {
    let (_, record) = own_product(&platform, &caller, &id, Subject::Batch).await?;
    History::of(&platform, &caller, &headers, record)
        .list(&query)
        .await
}

/// Read one version of a passport, or what changed between two.
///
/// The values of this battery as they were then; those of its model and batch are read with theirs.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/versions/{n}", operation_id = "readVersion", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport"), ("n" = String, Path, description = "A number from 1, as `/versions` counts; or two of them, in either order, as `1..3`"), ("level" = Option<String>, Query, description = "`item` (the default), or `model` or `batch` for what the battery has from there: for its owner and for those who read more than everybody")),
    responses((status = 200, description = "The version, with its values in `data`; or what changed from the first of the two to the second", body = VersionOrDelta), (status = 304, description = "The caller has this public version"), (status = "default", response = Problem))
)]
pub(crate) async fn one_of_passport(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, which)): Path<(String, String)>,
    Query(of): Query<OfLevel>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let record = record(&platform, &caller, &id, of.level).await?;
    History::of(&platform, &caller, &headers, record)
        .read(&which)
        .await
}

/// Read one version of a model, or what changed between two.
#[utoipa::path(
    get, path = "/v1/models/{id}/versions/{n}", operation_id = "readModelVersion", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model"), ("n" = String, Path, description = "A number from 1, or two of them as `1..3`")),
    responses((status = 200, description = "The version, with its values in `data`; or what changed from the first of the two to the second", body = VersionOrDelta), (status = "default", response = Problem))
)]
pub(crate) async fn one_of_model(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, which)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, record) = own_product(&platform, &caller, &id, Subject::Model).await?;
    History::of(&platform, &caller, &headers, record)
        .read(&which)
        .await
}

/// Read one version of a batch, or what changed between two.
#[utoipa::path(
    get, path = "/v1/batches/{id}/versions/{n}", operation_id = "readBatchVersion", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch"), ("n" = String, Path, description = "A number from 1, or two of them as `1..3`")),
    responses((status = 200, description = "The version, with its values in `data`; or what changed from the first of the two to the second", body = VersionOrDelta), (status = "default", response = Problem))
)]
pub(crate) async fn one_of_batch(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, which)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, record) = own_product(&platform, &caller, &id, Subject::Batch).await?;
    History::of(&platform, &caller, &headers, record)
        .read(&which)
        .await
}

/// Whose versions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfLevel {
    #[serde(default = "crate::history::item")]
    pub(crate) level: Level,
}

/// Whose versions, and which page of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    #[serde(default = "crate::history::item")]
    level: Level,
    limit: Option<String>,
    cursor: Option<String>,
}

pub(crate) async fn record(
    platform: &Platform,
    caller: &Caller,
    id: &str,
    level: Level,
) -> Result<Record, Problem> {
    let id = platform.passport_id(id)?;
    let loaded = Loaded::find(platform, caller, id).await?;
    loaded.of_level(caller, level)
}

/// The versions of one record, as one caller sees them.
pub(crate) struct History<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) caller: &'a Caller,
    headers: &'a HeaderMap,
    pub(crate) record: Record,
}

/// What a path names.
enum Which {
    One(u64),
    Between(u64, u64),
}

impl Which {
    fn parse(text: &str) -> Result<Self, Problem> {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| digits)
        };
        match text.split_once("..") {
            None => number(text).map(Self::One),
            Some((from, to)) => number(from)
                .zip(number(to))
                .map(|(a, b)| Self::Between(a, b)),
        }
        .ok_or_else(|| Problem::malformed("expected a version's number, or two of them as `1..3`"))
    }
}

impl<'a> History<'a> {
    pub(crate) fn of(
        platform: &'a Platform,
        caller: &'a Caller,
        headers: &'a HeaderMap,
        record: Record,
    ) -> Self {
        Self {
            platform,
            caller,
            headers,
            record,
        }
    }

    async fn list(&self, query: &ListQuery) -> Result<Counted<Json<Versions>>, Problem> {
        let slice = Slice::of(query.limit.as_deref(), query.cursor.as_deref())?;
        record_read(self.platform, self.caller, self.headers, &self.record).await?;
        let numbered = self.visible().await?.into_iter().zip(1_u64..);
        let (page, next) = slice.cut(numbered.collect());
        let versions = page.iter();
        let answer = Versions {
            whose: whose(&self.record.subject),
            versions: versions
                .map(|(entry, number)| self.summary(entry, *number))
                .collect(),
            next,
        };
        Ok(Counted::of(page.len(), Json(answer)))
    }

    async fn read(&self, which: &str) -> Result<Response, Problem> {
        let which = Which::parse(which)?;
        let versions = self.visible().await?;
        match which {
            Which::One(number) => self.version(number, find(&versions, number)?).await,
            Which::Between(from, to) => {
                let (before, after) = (find(&versions, from)?, find(&versions, to)?);
                let (old, of_old) = self.values(before).await?;
                let (new, of_new) = self.values(after).await?;
                let mut changes = passport::delta(&old, &new);
                // What an erased value was changed from or to nobody can tell.
                changes.retain(|it| !of_old.contains(&it.pointer) && !of_new.contains(&it.pointer));
                let delta = Delta {
                    whose: whose(&self.record.subject),
                    from: Version {
                        erased: of_old,
                        ..self.summary(before, from)
                    },
                    to: Version {
                        erased: of_new,
                        ..self.summary(after, to)
                    },
                    changes,
                };
                let kept = [
                    (header::CACHE_CONTROL, self.cache()),
                    (header::VARY, "Authorization"),
                ];
                Ok((kept, Json(delta)).into_response())
            }
        }
    }

    async fn version(&self, number: u64, entry: &VersionEntry) -> Result<Response, Problem> {
        let (data, erased) = self.values(entry).await?;
        let mut tag = self.tag(entry);
        // Whoever keeps what was erased since is not told that it is as it was.
        if !erased.is_empty() {
            tag.view = format!("{}-{}", tag.view, erased.len());
        }
        let kept = [
            (header::ETAG, tag.to_string()),
            (header::CACHE_CONTROL, self.cache().to_owned()),
            (header::VARY, "Authorization".to_owned()),
        ];
        // A restricted version is never answered 304: that would be a read without its record.
        if self.is_public() && tag.known_to(self.headers) {
            return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
        }
        let version = Version {
            data: Some(data),
            erased,
            etag: tag.to_string(),
            ..self.summary(entry, number)
        };
        Ok((kept, Json(version)).into_response())
    }

    /// The values of a version that the caller may see, recorded as read, and the pointers of those that were erased.
    async fn values(
        &self,
        entry: &VersionEntry,
    ) -> Result<(Map<String, Value>, BTreeSet<String>), Problem> {
        let mut read = self.record.clone();
        read.head.parts.clone_from(&entry.parts);
        record_read(self.platform, self.caller, self.headers, &read).await?;
        let store = &self.platform.store;
        let (document, erased) = store
            .version_document(&self.record, entry, self.sight())
            .await?;
        Ok((self.shown(document)?, erased))
    }

    /// What of a document the caller may be shown.
    pub(crate) fn shown(
        &self,
        document: Map<String, Value>,
    ) -> Result<Map<String, Value>, Problem> {
        let head = &self.record.head;
        let classes = self.caller.reading(head).shown();
        Ok(shown(document, classes, category(&head.facts)?))
    }

    /// Leaves a read event before a restricted part leaves.
    pub(crate) async fn record_part_read(&self, part: &PartReference) -> Result<(), Problem> {
        let (Caller::Partner(principal), false) = (self.caller, part.class == Class::Public) else {
            return Ok(());
        };
        let head = &self.record.head;
        let read = Read {
            subject: self.record.subject.clone(),
            standings: vec![head.standing()],
            purpose: purpose(self.headers).unwrap_or(self.caller.reading(head).view),
            classes: [part.class].into_iter().collect(),
            pointers: Vec::new(),
            commitments: vec![part.commitment],
        };
        leave_read_event(self.platform, principal, read).await
    }

    /// The versions in which something changed that the caller can see.
    pub(crate) async fn visible(&self) -> Result<Vec<VersionEntry>, Problem> {
        let mut versions = self.platform.store.versions(&self.record.subject).await?;
        let (head, sight) = (&self.record.head, self.sight());
        versions.retain(|entry| {
            let mut parts = entry.parts.iter();
            parts.any(|part| part.version == entry.version && head.shows(part, sight))
        });
        Ok(versions)
    }

    fn summary(&self, entry: &VersionEntry, number: u64) -> Version {
        let parts = entry.parts.iter();
        let commitments = parts
            .filter(|part| self.record.head.shows(part, self.sight()))
            .map(|part| (part.class.number().to_string(), json!(part.commitment)))
            .collect();
        Version {
            version: number,
            at: entry.at,
            event_id: entry.event_id,
            event_hash: entry.event_hash,
            catalogue: entry.facts.catalogue().id.clone(),
            etag: self.tag(entry).to_string(),
            commitments,
            data: None,
            erased: BTreeSet::new(),
        }
    }

    /// The tag of a version of this one subject.
    fn tag(&self, entry: &VersionEntry) -> ETag {
        let parts = entry.parts.iter();
        let revision = parts
            .filter(|part| self.record.head.shows(part, self.sight()))
            .map(|part| part.revision)
            .sum();
        let mut tag = ETag {
            model: 0,
            batch: 0,
            passport: 0,
            view: self.caller.reading(&self.record.head).view.to_owned(),
        };
        match self.record.subject {
            Subject::Model(_) => tag.model = revision,
            Subject::Batch(_) => tag.batch = revision,
            _ => tag.passport = revision,
        }
        tag
    }

    pub(crate) fn sight(&self) -> Sight<'_> {
        self.caller.sight(&self.record.head)
    }

    fn is_public(&self) -> bool {
        self.caller.reading(&self.record.head).only_public()
    }

    pub(crate) fn cache(&self) -> &'static str {
        if self.is_public() { PUBLIC } else { PRIVATE }
    }
}

pub(crate) fn find(versions: &[VersionEntry], number: u64) -> Result<&VersionEntry, Problem> {
    number
        .checked_sub(1)
        .and_then(|index| versions.get(usize::try_from(index).ok()?))
        .ok_or_else(|| {
            Problem::not_found(format!(
                "there are versions 1 to {} for you",
                versions.len()
            ))
        })
}

pub(crate) fn whose(subject: &Subject) -> Whose {
    match subject {
        Subject::Passport(id) => Whose::passport(*id),
        Subject::Model(id) | Subject::Batch(id) => Whose::product(*id),
        Subject::Unit(unit) => Whose::unit(*unit),
        Subject::Organisation(_) => Whose::default(),
    }
}

pub(crate) fn category(facts: &Facts) -> Result<Category, Problem> {
    match facts {
        Facts::Model { category, .. }
        | Facts::Batch { category, .. }
        | Facts::Passport { category, .. } => Ok(*category),
        _ => Err(Problem::internal("versions of what carries no data")),
    }
}
