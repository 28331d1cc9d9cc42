//! The handlers of a scan.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequest;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use identity::{Host, LabelId, UnitId};
use ledger::Timestamp;
use passport::{Category, LabelState};
use storage::{Label, PublicPart, RecordStatus, Shared};
use web::{Path, Problem};

use crate::Resolver;
use crate::answer::{self, Reader};
use crate::described::{Asking, Passport};
use crate::lookup::{self, Answered};
use crate::request::{self, Request};
use crate::snapshot::Copied;

/// Characters of a time that name its day.
const DAY: usize = 10;

/// What the public learns of a unit.
pub(crate) struct Found {
    /// `None` of a model or batch.
    pub(crate) unit: Option<UnitId>,
    /// The operator's own host in its product identifier.
    pub(crate) carrier_host: Option<Host>,
    pub(crate) label: LabelNotice,
    /// Every label the battery ever had.
    pub(crate) labels: Vec<Label>,
    pub(crate) record: RecordNotice,
    /// Absent where there is nothing to show: before the battery is on the market, after it was recycled.
    pub(crate) category: Option<Category>,
    pub(crate) passport: Option<PublicPart>,
    /// The model, the batch: what of the view is theirs, and the GS1 keys they are known by.
    pub(crate) products: [Option<Arc<Shared>>; 2],
    /// What an invalidation may name this answer by: `unit:<id>`, `model:<uuid>`, `batch:<uuid>`, `operator:<id>`.
    pub(crate) tags: Vec<String>,
    /// Where the answer is a copy, for later.
    pub(crate) copied: Option<Copied>,
}

/// What became of the scanned label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LabelNotice {
    /// The address named no label.
    None,
    /// The label is in force.
    Current,
    /// Another took its place.
    Replaced(String),
    /// It was withdrawn.
    Revoked(String),
    /// It is no longer there to be scanned.
    Destroyed(String),
    /// The responsible organisation warns that it may have been copied.
    Suspected(String),
    /// It was never issued for this unit.
    NeverIssued,
    /// The address has something in its place that no label id is. The unit is right all the same: it has check characters
    /// of its own.
    Unreadable,
}

/// Where the record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordNotice {
    /// On the market: the passport is shown.
    InForce,
    /// Allocated, not on the market yet.
    NotYetOnMarket,
    /// Withdrawn from use.
    Archived,
    /// It was recorded that the battery was recycled, which can still be taken back.
    RecyclingRecorded,
    /// The battery was recycled.
    Recycled,
}

/// Look up a unit.
///
/// As `GET /{unit}/{label}`, where no label is at hand: the answer says nothing about one.
#[utoipa::path(
    get, path = "/{unit}", operation_id = "scanUnit", tag = "resolver",
    params(("unit" = String, Path, description = "The unit: 20 characters, read tolerantly"), Asking),
    responses(Passport)
)]
pub(crate) async fn unit(scan: Scan) -> Response {
    scan.respond().await
}

/// Scan a label.
///
/// The address in the QR code. A browser gets a page, a program the compressed EN 18223 form with `notices`: what became
/// of the label (`current`, `replaced`, `revoked`, `destroyed`, `suspected`, `never-issued-for-this-unit`, `unreadable`), where the record stands
/// (`in-force`, `not-yet-on-the-market`, `archived`, `recycling-recorded` with the day in `finalOn` from which it is final, `recycled`), and since when the battery is recalled.
#[utoipa::path(
    get, path = "/{unit}/{label}", operation_id = "scanLabel", tag = "resolver",
    params(("unit" = String, Path, description = "The unit: 20 characters, read tolerantly"), ("label" = String, Path, description = "The label: 10 characters, read tolerantly"), Asking),
    responses(Passport)
)]
pub(crate) async fn label(scan: Scan) -> Response {
    scan.respond().await
}

/// Follow a GS1 Digital Link to a battery.
///
/// Its GTIN and serial number (AI 01, 21): the unit id, or a serial number that was linked with the unit. The lot (AI 10) may
/// stand between them. As `GET /{unit}/{label}`; the label is in `91`.
#[utoipa::path(
    get, path = "/01/{gtin}/21/{serial}", operation_id = "followSerial", tag = "resolver",
    params(("gtin" = String, Path, description = "GTIN: 14 digits"), ("serial" = String, Path, description = "Serial number, percent-encoded"), ("91" = Option<String>, Query, description = "The label"), Asking),
    responses(Passport)
)]
pub(crate) async fn serial(scan: Scan) -> Response {
    scan.respond().await
}

/// Follow a GS1 Digital Link to a lot.
///
/// What everybody may see of a batch that was linked with this GTIN and lot (AI 01, 10).
#[utoipa::path(
    get, path = "/01/{gtin}/10/{lot}", operation_id = "followLot", tag = "resolver",
    params(("gtin" = String, Path, description = "GTIN: 14 digits"), ("lot" = String, Path, description = "Batch or lot, percent-encoded"), Asking),
    responses(Passport)
)]
pub(crate) async fn lot(scan: Scan) -> Response {
    scan.respond().await
}

/// Follow a GS1 Digital Link to a model.
///
/// What everybody may see of a model that was linked with this GTIN (AI 01).
#[utoipa::path(
    get, path = "/01/{gtin}", operation_id = "followModel", tag = "resolver",
    params(("gtin" = String, Path, description = "GTIN: 14 digits"), Asking),
    responses(Passport)
)]
pub(crate) async fn model(scan: Scan) -> Response {
    scan.respond().await
}

/// Follow a GS1 asset identifier to a battery.
///
/// A GIAI (AI 8004): a GS1 company prefix and the unit id, or an identifier that was linked with the unit.
#[utoipa::path(
    get, path = "/8004/{giai}", operation_id = "followAsset", tag = "resolver",
    params(("giai" = String, Path, description = "GIAI, percent-encoded"), ("91" = Option<String>, Query, description = "The label"), Asking),
    responses(Passport)
)]
pub(crate) async fn asset(scan: Scan) -> Response {
    scan.respond().await
}

/// Follow a passport's own URI.
///
/// It leads to `GET /v1/dpps/{dppId}`, and so to what may be seen of it.
#[utoipa::path(
    get, path = "/p/{passport}", operation_id = "followPassport", tag = "resolver",
    params(("passport" = uuid::Uuid, Path, description = "The passport's UUID")),
    responses((status = 307, description = "`Location` is where the passport is read"), (status = "default", response = Problem))
)]
pub(crate) async fn passport(Path(passport): Path<String>) -> Response {
    use axum::response::{IntoResponse, Redirect};
    match uuid::Uuid::parse_str(&passport) {
        Ok(id) => Redirect::temporary(&format!("/v1/dpps/{id}")).into_response(),
        Err(_) => Problem::malformed("expected a passport's UUID in the path").into_response(),
    }
}

/// A request of the public, as it came.
pub(crate) struct Scan {
    resolver: Resolver,
    uri: Uri,
    headers: HeaderMap,
}

impl FromRequest<Resolver> for Scan {
    type Rejection = Infallible;

    async fn from_request(
        request: axum::extract::Request,
        resolver: &Resolver,
    ) -> Result<Self, Infallible> {
        let (Parts { uri, headers, .. }, _) = request.into_parts();
        Ok(Self {
            resolver: resolver.clone(),
            uri,
            headers,
        })
    }
}

impl Scan {
    pub(crate) async fn respond(self) -> Response {
        let query = self.uri.query();
        let request = match Request::fold(self.uri.path(), query, &self.headers) {
            Ok(request) => request,
            Err(refusal) => {
                let reader = Reader::of(query, &self.headers);
                return answer::problem(&refusal.into(), &reader, &typed(&self.uri));
            }
        };
        match lookup::find(&self.resolver, &request).await {
            Ok(Answered::Here(found)) => {
                answer::found(&self.resolver, *found, &request, &self.headers)
            }
            Ok(Answered::Elsewhere(custody)) => answer::moved(&custody, &request, self.passed_on()),
            Err(problem) => {
                let subject = request.subject.to_string();
                answer::problem(&problem, &Reader::from(&request), &subject)
            }
        }
    }
}

impl Scan {
    /// The query that is passed on where another resolver has custody: the viewer's own, which the edge sends beside a canonical
    /// request.
    fn passed_on(&self) -> Option<&str> {
        match request::is_canonical(self.uri.path()) {
            true => self.headers.get(VIEWER_QUERY)?.to_str().ok(),
            false => self.uri.query(),
        }
    }
}

/// Where the edge sends the viewer's query.
const VIEWER_QUERY: &str = "viewer-query";

/// What stands in the address where a unit id should.
fn typed(uri: &Uri) -> String {
    let path = uri.path().trim_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    let whole = matches!(first, "01" | "8004");
    let text = if whole { path } else { first };
    identity::percent_decoded(text).unwrap_or_else(|| text.to_owned())
}

/// The day of a time.
fn day(at: Timestamp) -> String {
    at.to_string().chars().take(DAY).collect()
}

pub(crate) fn notice(labels: &[Label], scanned: LabelId) -> LabelNotice {
    let Some(label) = labels.iter().find(|label| label.label == scanned) else {
        return LabelNotice::NeverIssued;
    };
    let day = || day(label.changed_at);
    match label.state {
        LabelState::Requested | LabelState::Refused => LabelNotice::NeverIssued,
        LabelState::Issued | LabelState::Applied => LabelNotice::Current,
        LabelState::Replaced => LabelNotice::Replaced(day()),
        LabelState::Revoked => LabelNotice::Revoked(day()),
        LabelState::Destroyed => LabelNotice::Destroyed(day()),
        LabelState::Suspected => LabelNotice::Suspected(day()),
    }
}

pub(crate) fn record_notice(scan: &storage::Scan, now: Timestamp) -> RecordNotice {
    let Some(passport) = &scan.passport else {
        return RecordNotice::NotYetOnMarket;
    };
    match passport.status {
        // A draft that was withdrawn is as little public as it was before.
        _ if passport.placed_on_market_at.is_none() => RecordNotice::NotYetOnMarket,
        RecordStatus::Draft => RecordNotice::NotYetOnMarket,
        RecordStatus::Active => RecordNotice::InForce,
        RecordStatus::Archived => RecordNotice::Archived,
        RecordStatus::Recycled => match passport.recycling_final_at {
            Some(at) if now < at => RecordNotice::RecyclingRecorded,
            _ => RecordNotice::Recycled,
        },
    }
}

impl Found {
    /// What became of each label that was issued, and since when, as whoever scans it is told.
    pub(crate) fn every_label(&self) -> impl Iterator<Item = (LabelId, LabelNotice, String)> {
        let told = self.labels.iter().map(|label| {
            let notice = notice(&self.labels, label.label);
            (label.label, notice, day(label.changed_at))
        });
        told.filter(|(_, notice, _)| *notice != LabelNotice::NeverIssued)
    }

    /// The day since when the battery is recalled, for as long as there is a passport to show.
    pub(crate) fn recalled(&self) -> Option<String> {
        let passport = self.passport.as_ref().filter(|_| self.is_shown())?;
        let at = passport.recalled_at?.to_string();
        Some(at.chars().take(DAY).collect())
    }

    /// The day from which it is final that the battery was recycled.
    pub(crate) fn final_on(&self) -> Option<String> {
        let passport = self
            .passport
            .as_ref()
            .filter(|_| self.record == RecordNotice::RecyclingRecorded)?;
        let at = passport.recycling_final_at?.to_string();
        Some(at.chars().take(DAY).collect())
    }

    /// Whether there is a passport to show.
    pub(crate) fn shown_passport(&self) -> Option<&PublicPart> {
        self.passport.as_ref().filter(|_| self.is_shown())
    }

    /// Whether there is a passport to show.
    pub(crate) fn is_shown(&self) -> bool {
        matches!(
            self.record,
            RecordNotice::InForce | RecordNotice::Archived | RecordNotice::RecyclingRecorded
        )
    }
}
