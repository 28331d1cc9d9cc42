//! Labels: issue or replace, revoke.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use identity::{LabelId, UnitId};
use passport::Class;
use serde_json::json;
use storage::{
    Change, CommitError, Earlier, EventInput, Label, LabelState, OpenRecord, RecordStatus, Subject,
    SubjectChange, fill_random,
};
use web::{
    Body, Caller, Decision, Idempotency, Partner, Path, Platform, Problem, Provenance, now, written,
};

use crate::units::unit_id;

/// Issue a label.
///
/// A further label of the unit or, with `replaces`, one in place of a damaged one: the old label then still leads to the
/// unit and says that it was replaced.
#[utoipa::path(
    post, path = "/v1/units/{unitId}/labels", operation_id = "issueLabel", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::NewLabel, example = json!({"replaces": "8V4K2M0XQ7", "reason": "label scratched in a repair"})),
    responses((status = 201, description = "The new label, with the address to print", body = web::described::ChangedLabel), (status = "default", response = Problem))
)]
pub(crate) async fn issue(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(unit): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let unit = unit_id(&unit)?;
    let replaces = match body.json.get("replaces") {
        Some(text) => Some(label_id(text.as_str().unwrap_or_default())?),
        None => None,
    };
    let route = format!("POST /v1/units/{unit}/labels");
    let event_type = match replaces {
        Some(_) => "label-replaced",
        None => "label-issued",
    };
    let mut random = [0; 8];
    fill_random(&mut random)?;
    let fresh = LabelId::from_random(random);
    let work = |labels: &[Label]| {
        let at = now();
        let new = Label {
            label: fresh,
            state: LabelState::Issued,
            issued_at: at,
            changed_at: at,
            replaced_by: None,
            market: platform.site.market,
        };
        let Some(replaced) = replaces else {
            return Ok(vec![new]);
        };
        let old = in_force(labels, replaced)?;
        Ok(vec![
            Label {
                state: LabelState::Replaced,
                changed_at: at,
                replaced_by: Some(fresh),
                ..old.clone()
            },
            new,
        ])
    };
    LabelRequest {
        platform: &platform,
        caller: &caller,
        unit,
        provenance: Provenance::of_body(&body.json, Some(event_type), &["replaces"])?,
        idempotency: Idempotency::required(&headers, &route, caller.partner()?, body.hash)?,
        location: format!("/v1/units/{unit}/labels/{fresh}"),
        status: StatusCode::CREATED,
        work,
    }
    .make()
    .await
}

/// Revoke a label.
///
/// For a label that was lost before use, misprinted or stolen. It still leads to the unit, and says that it was revoked.
#[utoipa::path(
    post, path = "/v1/units/{unitId}/labels/{labelId}/revocation", operation_id = "revokeLabel", tag = "allocator", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit"), ("labelId" = String, Path, description = "The label"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "roll of labels lost in transport"})),
    responses((status = 200, description = "The label as it is now", body = web::described::ChangedLabel), (status = "default", response = Problem))
)]
pub(crate) async fn revoke(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((unit, label)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let unit = unit_id(&unit)?;
    let label = label_id(&label)?;
    let route = format!("POST /v1/units/{unit}/labels/{label}/revocation");
    LabelRequest {
        platform: &platform,
        caller: &caller,
        unit,
        provenance: Provenance::of_body(&body.json, Some("label-revoked"), &[])?,
        idempotency: Idempotency::required(&headers, &route, caller.partner()?, body.hash)?,
        location: format!("/v1/units/{unit}/labels/{label}"),
        status: StatusCode::OK,
        work: |labels: &[Label]| {
            let old = in_force(labels, label)?;
            Ok(vec![Label {
                state: LabelState::Revoked,
                changed_at: now(),
                ..old.clone()
            }])
        },
    }
    .make()
    .await
}

/// A change of a unit's labels.
struct LabelRequest<'a, W> {
    platform: &'a Platform,
    caller: &'a Caller,
    unit: UnitId,
    provenance: Provenance,
    idempotency: Idempotency,
    location: String,
    status: StatusCode,
    /// The labels that change, from all there are.
    work: W,
}

impl<W: Fn(&[Label]) -> Result<Vec<Label>, Problem> + Sync> LabelRequest<'_, W> {
    async fn make(self) -> Result<Response, Problem> {
        self.idempotency.decide(&self.platform.store, &self).await
    }
}

impl<W: Fn(&[Label]) -> Result<Vec<Label>, Problem> + Sync> Decision for LabelRequest<'_, W> {
    type Done = Response;

    async fn attempt(&self) -> Result<Option<Response>, Problem> {
        let principal = self.caller.partner()?;
        let provenance = &self.provenance;
        let store = &self.platform.store;
        let record = own_unit(self.platform, self.caller, self.unit).await?;
        let role = access::may_raise(
            principal,
            provenance.event_type.permits(),
            Some(&record.head.organisation),
        )?;
        let event = provenance
            .event(store, principal, role, std::iter::empty())
            .await?;
        let passport = store.scan(self.unit).await?.and_then(|scan| scan.passport);
        let told = passport.as_ref().map(|passport| &passport.organisation);
        if passport
            .as_ref()
            .is_some_and(|passport| passport.status == RecordStatus::Recycled)
        {
            return Err(Problem::conflict(
                "this battery was recycled: its labels stay as they are",
            ));
        }
        // Who took a battery over that everybody takes for another's is not given away by its labels.
        let audience = match told.is_none_or(|operator| *operator == record.head.organisation) {
            true => event.audience,
            false => event.audience.join(Class::Individual),
        };
        let event = EventInput { audience, ..event };
        let labels = (self.work)(&store.labels(self.unit).await?)?;
        let change = Change::new(
            vec![SubjectChange {
                subject: Subject::Unit(self.unit),
                organisation: record.head.organisation.clone(),
                facts: record.head.facts.clone(),
                before: Some(record),
                document: None,
                event,
                labels,
            }],
            self.idempotency.row(self.status, &self.location),
        );
        match store.commit(&self.platform.site.log(), change, now()).await {
            Ok(receipts) => {
                let receipt = receipts.first().map(ToString::to_string);
                self.answer(self.status.as_u16(), &self.location, receipt)
                    .await
                    .map(Some)
            }
            Err(CommitError::Answered(earlier)) => self.repeat(earlier).await.map(Some),
            Err(CommitError::Stale) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn repeat(&self, earlier: Earlier) -> Result<Response, Problem> {
        own_unit(self.platform, self.caller, self.unit).await?;
        self.answer(earlier.status, &earlier.location, earlier.receipt)
            .await
    }
}

impl<W> LabelRequest<'_, W> {
    /// The label at `location` as it is now.
    async fn answer(
        &self,
        status: u16,
        location: &str,
        receipt: Option<String>,
    ) -> Result<Response, Problem> {
        let label = label_id(location.rsplit('/').next().unwrap_or_default())?;
        let labels = self.platform.store.labels(self.unit).await?;
        let found = labels
            .iter()
            .find(|known| known.label == label)
            .ok_or_else(|| Problem::internal("a label that was just written is not there"))?;
        let mut body = serde_json::to_value(found).map_err(Problem::internal)?;
        if let Some(body) = body.as_object_mut() {
            let carrier = self.platform.site.carrier(self.unit, Some(label));
            body.insert("carrier".to_owned(), json!(carrier.url()));
        }
        let status = StatusCode::from_u16(status).map_err(Problem::internal)?;
        Ok(written(status, location, receipt, body))
    }
}

pub(crate) fn label_id(text: &str) -> Result<LabelId, Problem> {
    LabelId::parse(text)
        .map_err(|error| Problem::malformed(format!("this is not a label id: {error}")))
}

/// A unit of the calling organisation; for anybody else it does not exist.
pub(crate) async fn own_unit(
    platform: &Platform,
    caller: &Caller,
    unit: UnitId,
) -> Result<OpenRecord, Problem> {
    caller.partner()?;
    platform
        .store
        .open_for_change(&Subject::Unit(unit))
        .await?
        .filter(|record| caller.acts_for(&record.head.organisation))
        .ok_or_else(|| Problem::not_found("no such unit of your organisation"))
}

/// A label that may be printed, replaced or revoked; of any other, what became of it and what to do.
pub(crate) fn in_force(labels: &[Label], wanted: LabelId) -> Result<&Label, Problem> {
    let label = labels
        .iter()
        .find(|label| label.label == wanted)
        .ok_or_else(|| Problem::not_found("this label was never issued for the unit"))?;
    let at = label.changed_at;
    match label.state {
        LabelState::Issued => Ok(label),
        LabelState::Replaced => Err(Problem::conflict(match label.replaced_by {
            Some(new) => format!("this label was replaced on {at} by `{new}`: use that one"),
            None => format!("this label was replaced on {at}: use a label in force"),
        })),
        LabelState::Revoked => Err(Problem::conflict(format!(
            "this label was revoked on {at}: issue another with `POST /v1/units/{{unitId}}/labels`"
        ))),
    }
}
