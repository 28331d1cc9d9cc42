//! Offers of responsibility, for who makes them and to whom they are made.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use ledger::Timestamp;
use passport::{Class, Classes, Translated, catalogue};
use serde::Serialize;
use serde_json::{Map, Value};
use storage::{Facts, Offer, Record, Sight};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Caller, Partner, Path, Platform, Problem};

use crate::view::{Documents, Loaded, Read, leave_read_event, opened, purpose, shown};

/// The offers of responsibility that are open: one at most.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Transfers {
    /// The open offers that this caller made or is made.
    transfers: Vec<Transfer>,
}

/// An offer of responsibility.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transfer {
    /// Its id.
    transfer_id: Uuid,
    /// The passport.
    dpp_id: Uuid,
    /// Who is responsible and offers.
    from: String,
    /// To whom.
    to: String,
    /// What for: a purpose of the catalogue.
    purpose: String,
    /// What people call the purpose, by language.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    label: Option<Translated>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    offered_at: Timestamp,
    /// Why.
    #[schema(required = true)]
    reason: Option<String>,
    /// What of the passport the offer opens to whom it is made, so that it can decide; class 0 and 3 are not in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    data: Option<Map<String, Value>>,
}

/// List the open offers of responsibility.
///
/// For who made them and to whom they are made; for anybody else there is none.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/transfers", operation_id = "listTransfers", tag = "reader", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport")),
    responses((status = 200, description = "The offers", body = Transfers), (status = "default", response = Problem))
)]
pub(crate) async fn list(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Transfers>, Problem> {
    let id = platform.passport_id(&id)?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let mut transfers = Vec::new();
    if let Some(offer) = open_offer(&loaded, &caller) {
        transfers.push(transfer(&platform, &caller, &loaded, offer, &headers).await?);
    }
    Ok(Json(Transfers { transfers }))
}

/// Read an open offer of responsibility.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/transfers/{transferId}", operation_id = "readTransfer", tag = "reader", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport"), ("transferId" = Uuid, Path, description = "The offer")),
    responses((status = 200, description = "The offer", body = Transfer), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, transfer_id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Transfer>, Problem> {
    let id = platform.passport_id(&id)?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let offer = open_offer(&loaded, &caller)
        .filter(|offer| Uuid::parse_str(&transfer_id) == Ok(offer.id))
        .ok_or_else(|| {
            Problem::not_found("there is no such open offer of responsibility for you")
        })?;
    transfer(&platform, &caller, &loaded, offer, &headers)
        .await
        .map(Json)
}

fn open_offer<'a>(loaded: &'a Loaded, caller: &Caller) -> Option<&'a Offer> {
    let Facts::Passport { life, .. } = &loaded.passport.head.facts else {
        return None;
    };
    let offer = life.offer.as_ref()?;
    let concerned =
        caller.acts_for(&offer.to) || caller.acts_for(&loaded.passport.head.organisation);
    concerned.then_some(offer)
}

async fn transfer(
    platform: &Platform,
    caller: &Caller,
    loaded: &Loaded,
    offer: &Offer,
    headers: &HeaderMap,
) -> Result<Transfer, Problem> {
    let mut purposes = catalogue().purposes();
    let purpose = purposes.find(|purpose| purpose.id == offer.purpose);
    let data = match caller.acts_for(&offer.to) {
        true => Some(opened_by_offer(platform, caller, loaded, headers).await?),
        false => None,
    };
    Ok(Transfer {
        transfer_id: offer.id,
        dpp_id: loaded.id,
        from: loaded.passport.head.organisation.clone(),
        to: offer.to.clone(),
        purpose: offer.purpose.clone(),
        label: purpose.map(|purpose| purpose.label.clone()),
        offered_at: offer.at,
        reason: reason(platform, &loaded.passport).await?,
        data,
    })
}

/// What an organisation reads of a record it is offered, as long as the offer is open.
async fn opened_by_offer(
    platform: &Platform,
    caller: &Caller,
    loaded: &Loaded,
    headers: &HeaderMap,
) -> Result<Map<String, Value>, Problem> {
    let principal = caller.partner()?;
    let classes = caller.reading(&loaded.passport.head).classes;
    let purpose = purpose(headers).unwrap_or("responsibility-offered");
    let head = &loaded.passport.head;
    let sight = Sight::from(classes);
    let restricted = head.parts.iter().filter(|part| part.class != Class::Public);
    let commitments = restricted
        .filter(|part| head.shows(part, sight))
        .map(|part| part.commitment)
        .collect();
    let read = Read {
        subject: loaded.passport.subject.clone(),
        standings: vec![head.standing()],
        purpose,
        classes,
        pointers: Vec::new(),
        commitments,
    };
    leave_read_event(platform, principal, read).await?;
    let mut documents = Documents::default();
    for (document, record) in documents.iter_mut().zip(loaded.levels()) {
        match record {
            // Whoever offers opens what is its own, and nothing of another's model.
            Some(record) if record.head.organisation == head.organisation => {
                let values = platform.store.document(record, classes).await?;
                *document = shown(values, classes, loaded.category);
            }
            Some(record) => *document = opened(platform, caller, record, loaded.category).await?,
            None => {}
        }
    }
    Ok(loaded.composed(documents))
}

/// Why it was offered: the offer's event says so.
async fn reason(platform: &Platform, record: &Record) -> Result<Option<String>, Problem> {
    let classes = Classes::PUBLIC.with(Class::Individual);
    let events = platform.store.events(record, classes, false, 1).await?;
    let reasons = events.iter().rev().filter_map(|event| {
        let opened = ledger::open(&event.bytes, &event.disclosures).ok()?;
        let offered = opened.event_type.as_deref() == Some("responsibility-offered");
        offered.then_some(opened.reason)
    });
    Ok(reasons.flatten().next())
}
