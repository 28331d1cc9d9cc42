//! Passports as they were.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ledger::Timestamp;
use passport::{Classes, EventType, Header, catalogue};
use serde::Deserialize;
use serde_json::{Map, Value};
use storage::{Facts, PartReference, Record, RecordStatus, VersionEntry};
use web::{Caller, Path, Platform, Problem, Query, Representation};

use crate::passports::{answered, represented};
use crate::view::{Loaded, Stood, record_read, shown};

/// Which time, and in which form.
#[derive(Debug, Deserialize)]
pub(crate) struct AsOfQuery {
    date: Option<String>,
    #[serde(default)]
    representation: Representation,
}

/// Read a passport as it was (EN 18222 `ReadDPPVersionByIdAndDate`).
///
/// What was current then, to the millisecond, of the battery, its batch and its model, composed. The caller's rights of
/// today apply. A time to come is answered with what is current.
#[utoipa::path(
    get, path = "/v1/dppsByIdAndDate/{dppId}", operation_id = "readDPPVersionByIdAndDate", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("date" = String, Query, description = "RFC 3339, for example `2027-06-01T08:00:00.000Z`"), ("representation" = Option<String>, Query, description = "`compressed` (the default) or `full`")),
    responses((status = 200, description = "The passport at that time, as far as the caller may see it", body = web::described::ReadPassport), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<AsOfQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = platform.passport_id(&id)?;
    let at = query
        .date
        .as_deref()
        .and_then(web::time)
        .ok_or_else(|| {
            Problem::malformed(
                "expected an RFC 3339 time in `date`, for example `2027-06-01T08:00:00.000Z`; `+` is written `%2B`",
            )
        })?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let (header, view) = loaded.at(&platform, &caller, &headers, at).await?;
    let public = loaded.only_public(&caller);
    let body = represented(&platform, query.representation, &header, view);
    Ok(answered(body, None, public))
}

impl Loaded {
    /// The header and the values this caller may see, as they were.
    async fn at(
        &self,
        platform: &Platform,
        caller: &Caller,
        headers: &HeaderMap,
        at: Timestamp,
    ) -> Result<(Header, Map<String, Value>), Problem> {
        let versions = versions_until(platform, &self.passport, at).await?;
        let Some(version) = versions.last() else {
            return Err(Problem::not_found(format!(
                "this passport had no version at {at}"
            )));
        };
        let item = self
            .values(platform, caller, &self.passport, version)
            .await?;
        let own = version.facts.catalogue().id.as_str();
        let mut levels = [(own, Map::new()), (own, Map::new()), (own, item)];
        let mut products_changed = None;
        for (level, product) in levels
            .iter_mut()
            .zip([Some(&self.model), self.batch.as_ref()])
        {
            let Some(record) = product else { continue };
            let versions = versions_until(platform, record, at).await?;
            if let Some(version) = versions.last() {
                let values = self.values(platform, caller, record, version).await?;
                *level = (version.facts.catalogue().id.as_str(), values);
            }
            let sight = caller.sight(&record.head);
            products_changed = products_changed.max(last_change(&versions, |part| {
                record.head.shows(part, sight)
            }));
        }
        let catalogue = passport::latest_edition(levels.iter().map(|level| level.0));
        let mut read = self.passport.clone();
        read.head.parts.clone_from(&version.parts);
        record_read(platform, caller, headers, &read).await?;
        let standing = self.standing_at(platform, caller, &versions, at).await?;
        let own = standing.updated_at;
        let standing = Stood {
            catalogue,
            updated_at: products_changed.map_or(own, |products| products.max(own)),
            ..standing
        };
        let header = self.header(platform, &standing);
        Ok((header, passport::compose_editions(levels)))
    }

    async fn values(
        &self,
        platform: &Platform,
        caller: &Caller,
        record: &Record,
        version: &VersionEntry,
    ) -> Result<Map<String, Value>, Problem> {
        let sight = caller.sight(&record.head);
        let store = &platform.store;
        let (document, _) = store.version_document(record, version, sight).await?;
        let classes = caller.reading(&record.head).shown();
        Ok(shown(document, classes, self.category))
    }

    /// Where the record stood after its last version until then, and when it had last changed in what a caller may see: for
    /// whoever sees its chain by any event, else by values that it may see or by what everybody is told of it.
    async fn standing_at(
        &self,
        platform: &Platform,
        caller: &Caller,
        versions: &[VersionEntry],
        at: Timestamp,
    ) -> Result<Stood<'_>, Problem> {
        let head = &self.passport.head;
        let chain = self.reading(caller).chain;
        let Some((version, Facts::Passport { status, .. })) =
            versions.last().map(|version| (version, &version.facts))
        else {
            return Err(Problem::internal("a passport without a passport's facts"));
        };
        let sight = caller.sight(head);
        let seen = last_change(versions, |part| head.shows(part, sight));
        let mut standing = Stood {
            status: *status,
            updated_at: match chain {
                true => version.at,
                false => seen.map_or(version.public_at(), |seen| seen.max(version.public_at())),
            },
            operator: head.operator_after(version.seq),
            catalogue: self.catalogue(),
        };
        let store = &platform.store;
        for event in store
            .events(&self.passport, Classes::ALL, true, version.seq + 1)
            .await?
        {
            let opened =
                ledger::open(&event.bytes, &event.disclosures).map_err(Problem::internal)?;
            if opened.at > at {
                break;
            }
            let event_type = opened.event_type.and_then(|id| catalogue().event_type(&id));
            let moved = event_type
                .and_then(EventType::sets_record_status)
                .and_then(RecordStatus::named);
            let operator = head.operator_after(event.seq);
            let told = moved.is_some()
                || operator != standing.operator
                || event_type.is_some_and(|one| one.sets_recall().is_some());
            standing.status = moved.unwrap_or(standing.status);
            standing.operator = operator;
            if chain || told {
                standing.updated_at = opened.at;
            }
        }
        Ok(standing)
    }
}

/// The time of the last of some versions that changed a part of this kind.
fn last_change(
    versions: &[VersionEntry],
    of: impl Fn(&PartReference) -> bool,
) -> Option<Timestamp> {
    let changed = |version: &&VersionEntry| {
        let mut parts = version.parts.iter();
        parts.any(|part| part.version == version.version && of(part))
    };
    versions
        .iter()
        .rev()
        .find(changed)
        .map(|version| version.at)
}

/// The versions of a record until then, oldest first.
async fn versions_until(
    platform: &Platform,
    record: &Record,
    at: Timestamp,
) -> Result<Vec<VersionEntry>, Problem> {
    let mut versions = platform.store.versions(&record.subject).await?;
    versions.retain(|version| version.at <= at);
    Ok(versions)
}
