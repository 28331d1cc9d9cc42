//! A part of a version with its salts: what `passport verify version` holds against the event that brought it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use ledger::Salt;
use passport::{Class, attributes};
use serde::Serialize;
use serde_json::{Map, Value};
use storage::{PartReference, Subject, VersionEntry, VersionValues};
use utoipa::ToSchema;
use web::{Caller, Partner, Path, Platform, Problem, Query};

use crate::products::own_product;
use crate::versions::{History, OfLevel, find, record};

/// What the file is, for whoever opens it.
const FORMAT: &str = "battery-passport-version/1";

/// The values of one access class, each with the salt that its digest was made with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionPart {
    /// `battery-passport-version/1`.
    format: &'static str,
    /// The access class.
    class: u8,
    /// Its attributes by group.
    #[schema(value_type = Object)]
    data: Map<String, Value>,
    /// The salt of each, by its pointer.
    #[schema(value_type = BTreeMap<String, String>)]
    salts: BTreeMap<String, Salt>,
    /// The digests of those that the guidance in force lets nobody be shown.
    digests: BTreeMap<String, String>,
}

/// Export a part of a version.
///
/// A file for `passport verify version`: all values of one access class, each with the salt of its digest, so that they can be held,
/// offline, against the commitment of the event that brought them. `Link` leads to the proof of that event.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/versions/{n}/parts/{class}", operation_id = "exportVersionPart", tag = "reader", security((), ("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport"), ("n" = u64, Path, description = "The version's number, as `/versions` counts"), ("class" = u8, Path, description = "The access class, 0 to 4"), ("level" = Option<String>, Query, description = "`item` (the default), `model` or `batch`, as for the versions")),
    responses((status = 200, description = "The part as it was in that version; `Link` with `rel=\"related\"` leads to the proof of the event that brought it", body = VersionPart), (status = "default", response = Problem))
)]
pub(crate) async fn of_passport(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, number, class)): Path<(String, u64, u8)>,
    Query(of): Query<OfLevel>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let record = record(&platform, &caller, &id, of.level).await?;
    let events = format!("/v1/dpps/{}/events", platform.passport_id(&id)?);
    let level = format!("?level={}", of.level);
    let history = History::of(&platform, &caller, &headers, record);
    history.part(number, class, (&events, &level)).await
}

/// Export a part of a version of a model.
#[utoipa::path(
    get, path = "/v1/models/{id}/versions/{n}/parts/{class}", operation_id = "exportModelVersionPart", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The model"), ("n" = u64, Path, description = "The version's number, as `/versions` counts"), ("class" = u8, Path, description = "The access class, 0 to 4")),
    responses((status = 200, description = "The part as it was in that version; `Link` with `rel=\"related\"` leads to the proof of the event that brought it", body = VersionPart), (status = "default", response = Problem))
)]
pub(crate) async fn of_model(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, number, class)): Path<(String, u64, u8)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, record) = own_product(&platform, &caller, &id, Subject::Model).await?;
    let events = format!("/v1/models/{id}/events");
    let history = History::of(&platform, &caller, &headers, record);
    history.part(number, class, (&events, "")).await
}

/// Export a part of a version of a batch.
#[utoipa::path(
    get, path = "/v1/batches/{id}/versions/{n}/parts/{class}", operation_id = "exportBatchVersionPart", tag = "reader", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The batch"), ("n" = u64, Path, description = "The version's number, as `/versions` counts"), ("class" = u8, Path, description = "The access class, 0 to 4")),
    responses((status = 200, description = "The part as it was in that version; `Link` with `rel=\"related\"` leads to the proof of the event that brought it", body = VersionPart), (status = "default", response = Problem))
)]
pub(crate) async fn of_batch(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, number, class)): Path<(String, u64, u8)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, record) = own_product(&platform, &caller, &id, Subject::Batch).await?;
    let events = format!("/v1/batches/{id}/events");
    let history = History::of(&platform, &caller, &headers, record);
    history.part(number, class, (&events, "")).await
}

impl History<'_> {
    async fn part(
        &self,
        number: u64,
        class: u8,
        (events, level): (&str, &str),
    ) -> Result<Response, Problem> {
        let malformed = || Problem::malformed("expected an access class, 0 to 4, in the path");
        let class = Class::from_number(class).ok_or_else(malformed)?;
        if !self
            .caller
            .reading(&self.record.head)
            .shown()
            .contains(class)
        {
            // Said of the class, not of the record: who may not read it is not told whether there is any of it.
            return Err(Problem::forbidden(format!(
                "what is of access class {} is not for you",
                class.number()
            )));
        }
        let versions = self.visible().await?;
        let entry = find(&versions, number)?;
        let missing = || Problem::not_found("the version has nothing of this access class for you");
        let part = self.part_of(entry, class).ok_or_else(missing)?;
        self.record_part_read(part).await?;
        let store = &self.platform.store;
        let opened = store.version_part(&self.record, part, self.sight()).await?;
        let values = opened.ok_or_else(missing)?;
        let shown = self.shown(values.document.clone())?;
        let file = VersionPart::of(class, shown, &values)?;
        let mut response = Json(file).into_response();
        let headers = response.headers_mut();
        let cache = match class {
            Class::Public => self.cache(),
            _ => "private, no-store",
        };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        headers.insert(header::VARY, HeaderValue::from_static("Authorization"));
        let brought = versions.iter().find(|entry| entry.version == part.version);
        if let Some(brought) = brought
            && self.knows(brought).await?
        {
            let id = brought.event_id;
            let proof = format!("<{events}/{id}/proof{level}>; rel=\"related\"");
            let proof = proof.parse().map_err(Problem::internal)?;
            headers.insert(header::LINK, proof);
        }
        Ok(response)
    }

    /// The newest part of a class in a version that the caller sees: what an owner kept is another's than its successor's.
    fn part_of<'e>(&self, entry: &'e VersionEntry, class: Class) -> Option<&'e PartReference> {
        let head = &self.record.head;
        let parts = entry.parts.iter();
        let seen = parts.filter(|part| part.class == class && head.shows(part, self.sight()));
        seen.max_by_key(|part| part.revision)
    }

    /// Whether the caller may know of the event that brought a version.
    async fn knows(&self, brought: &VersionEntry) -> Result<bool, Problem> {
        let chain = self.caller.reading(&self.record.head).chain;
        let only = brought.seq..=brought.seq;
        let store = &self.platform.store;
        let event = store.events_within(&self.record, self.sight(), chain, only);
        Ok(!event.await?.is_empty())
    }
}

impl VersionPart {
    /// A part of which this is shown: what is shown to nobody keeps its value and salt to itself, and of what was erased only the digest
    /// is left.
    pub(crate) fn of(
        class: Class,
        data: Map<String, Value>,
        whole: &VersionValues,
    ) -> Result<Self, Problem> {
        let open = attributes(&data);
        let salts = whole.salts.salts();
        let digests = ledger::digests(&attributes(&whole.document), salts);
        let mut digests = digests.map_err(Problem::internal)?;
        digests.extend(whole.erased.clone());
        digests.retain(|pointer, _| !open.contains_key(pointer));
        let salts = salts
            .iter()
            .filter(|(pointer, _)| open.contains_key(*pointer));
        Ok(Self {
            format: FORMAT,
            class: class.number(),
            salts: salts
                .map(|(pointer, salt)| (pointer.clone(), *salt))
                .collect(),
            data,
            digests,
        })
    }
}

#[cfg(test)]
mod tests {
    use ledger::PartSalts;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_shown_to_nobody_is_committed_to_and_stays_closed() {
        let object = |value: Value| match value {
            Value::Object(members) => members,
            other => panic!("`{other}` is no object"),
        };
        let open = object(json!({"identification": {"modelName": "Tour 60"}}));
        let mut whole = open.clone();
        let closed = json!({"supplyChainIndices": "not in force yet"});
        let _ = whole.insert("dueDiligence".to_owned(), closed);
        let all = attributes(&whole);
        let pointers = all.keys().map(String::as_str);
        let salts = PartSalts::default().renew(pointers, |_| true, &mut |bytes| bytes.fill(7));
        let values = VersionValues {
            document: whole,
            salts: salts.clone(),
            erased: BTreeMap::new(),
        };
        let part = VersionPart::of(Class::Public, open.clone(), &values).unwrap();
        let mut digests = ledger::digests(&all, salts.salts()).unwrap();
        digests.retain(|pointer, _| pointer == "/dueDiligence/supplyChainIndices");
        assert_eq!((part.digests.len(), &part.digests), (1, &digests));
        assert_eq!(part.data, open);
        assert!(part.salts.keys().eq(["/identification/modelName"]));
    }
}
