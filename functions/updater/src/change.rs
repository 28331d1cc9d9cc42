//! One change of one record, as every route of this function makes it: who, may they, what, is it valid, write, answer.

use access::{Principal, Role};
use axum::http::{StatusCode, header};
use axum::response::Response;
use ledger::Timestamp;
use passport::{Class, Fault, battery_status, catalogue};
use serde::Serialize;
use serde_json::{Map, Value};
use storage::{
    Change, CommitError, Earlier, EventInput, Facts, Head, OpenRecord, Receipt, Subject,
    SubjectChange,
};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    Caller, Decision, ETag, Idempotency, Platform, Precondition, Problem, Provenance, now,
    view_name, written,
};

use crate::acceptance::Acceptance;
use crate::erasing::erasing;
use crate::grants::ended;
use crate::handover::{may_withdraw, recalled_too, takes_force};
use crate::life::{in_time, may_recall, prepared, recycling};
use crate::rules::{
    changed_classes, complete_enough, facts_after, level_and_category, may_remove, may_write,
    second_person, set_battery_status,
};
use crate::transfers::{Transfer, unit_handed_over};
use crate::validation::Proposal;

/// A request to change a record that exists.
#[derive(Clone)]
pub(crate) struct RecordChange<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) caller: &'a Caller,
    pub(crate) subject: Subject,
    pub(crate) provenance: Provenance,
    /// RFC 7396 patch of the document.
    pub(crate) patch: Option<Map<String, Value>>,
    /// What it does to an offer of responsibility.
    pub(crate) transfer: Option<Transfer>,
    /// The contribution that its values come from.
    pub(crate) contribution: Option<Acceptance>,
    pub(crate) precondition: Option<Precondition>,
    pub(crate) idempotency: Idempotency,
    pub(crate) location: String,
    pub(crate) status: StatusCode,
}

impl RecordChange<'_> {
    /// Makes the change. Where another change of the same record came between, and the caller did not tie its own to a
    /// version it had read, everything is decided anew on what is there now.
    pub(crate) async fn make(self) -> Result<Response, Problem> {
        self.idempotency.decide(&self.platform.store, &self).await
    }
}

impl Decision for RecordChange<'_> {
    type Done = Response;

    async fn attempt(&self) -> Result<Option<Response>, Problem> {
        let record = visible_record(self.platform, self.caller, &self.subject).await?;
        self.attempt_on(record).await
    }

    async fn repeat(&self, earlier: Earlier) -> Result<Response, Problem> {
        repeat(self.platform, self.caller, &earlier).await
    }
}

impl RecordChange<'_> {
    /// One attempt to change the record as it was read; `None` where it has moved since.
    pub(crate) async fn attempt_on(&self, record: OpenRecord) -> Result<Option<Response>, Problem> {
        let store = &self.platform.store;
        let principal = self.caller.partner()?;
        if let Some(precondition) = &self.precondition {
            check_precondition(precondition, self.caller, &record)?;
        }
        let role = self.may(principal, &record)?;
        let at = now();
        if let Some(contribution) = &self.contribution {
            contribution.fits(self.platform, &record).await?;
        }
        let document = self.document_after(&record, at)?;
        if self.patch.is_some() && self.changes_nothing(&record, document.as_ref()) {
            return self.unchanged(&record).await.map(Some);
        }
        let by = &principal.organisation;
        may_recall(self.provenance.event_type, &record.head.facts, by, role)?;
        in_time(&self.provenance, &record, by)?;
        let event_type = self.provenance.event_type;
        let person = second_person(self.platform, event_type, &record, &principal.subject).await?;
        let mut facts = facts_after(&self.provenance, by, person, &record.head, at);
        prepared(event_type, &mut facts);
        may_withdraw(self.platform, event_type, &record).await?;
        recycling(
            self.platform,
            event_type,
            &record.head.facts,
            &mut facts,
            at,
        )?;
        if let Some(transfer) = &self.transfer {
            transfer.fits(self.platform, self.caller, &record).await?;
            transfer.apply(self.provenance.event_type, &record, by, &mut facts);
        }
        let after = document.as_ref().unwrap_or(&record.document);
        let mut warnings = self.proposal(&record, &facts, after, at).checked().await?;
        warnings.extend(complete_enough(self.platform, &record, &facts, after).await?);
        let changed = changed_classes(&record.document, document.as_ref());
        let event = self
            .provenance
            .event(store, principal, role, changed)
            .await?;
        let (caller, said) = (self.caller, &self.provenance);
        let erases = erasing(self.platform, caller, said, &record, &mut warnings).await?;
        let event = EventInput {
            audience: self.audience(&record.head, event.audience),
            erases,
            ..event
        };
        let organisation = match self.provenance.event_type.takes_responsibility() {
            true => principal.organisation.clone(),
            false => record.head.organisation.clone(),
        };
        let ended = match self.provenance.event_type.takes_responsibility() {
            true => ended(self.platform, &record.head.facts, at).await?,
            false => Vec::new(),
        };
        let mut subjects = vec![SubjectChange {
            subject: self.subject.clone(),
            organisation,
            facts,
            before: Some(record),
            document,
            event,
            labels: Vec::new(),
        }];
        if self.provenance.event_type.takes_responsibility()
            && let Some(passport) = subjects.first()
        {
            subjects.extend(unit_handed_over(self.platform, passport).await?);
        }
        if self.provenance.event_type.sets_recall() == Some(true)
            && let Some(passport) = subjects.first()
        {
            subjects.extend(recalled_too(self.platform, passport).await?);
        }
        if self.provenance.event_type.sets_record_status() == Some("active")
            && let Some(passport) = subjects.first_mut()
        {
            let others = takes_force(self.platform, passport).await?;
            subjects.extend(others);
        }
        let request = self.idempotency.row(self.status, &self.location);
        let mut change = Change::new(subjects, request);
        for given in &ended {
            change = change.with_grant(given)?;
        }
        if let Some(contribution) = &self.contribution {
            change = store
                .with_contribution(change, &contribution.accepted)
                .await?;
        }
        self.commit(change, at, warnings).await
    }

    /// Writes what was decided; `None` where the record has moved since.
    pub(crate) async fn commit(
        &self,
        change: Change,
        at: Timestamp,
        warnings: Vec<Fault>,
    ) -> Result<Option<Response>, Problem> {
        let store = &self.platform.store;
        match store.commit(&self.platform.site.log(), change, at).await {
            Ok(receipts) => Ok(receipts.first().map(|receipt| self.done(receipt, warnings))),
            Err(CommitError::Answered(earlier)) => self.repeat(earlier).await.map(Some),
            Err(CommitError::Stale) if self.precondition.is_some() => Err(Problem::stale(
                "it changed at the same moment: read it again and decide again",
            )),
            Err(CommitError::Stale) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Who may know of the event. Whoever took the battery over as waste is not told to the public, since that would give its
    /// status away.
    pub(crate) fn audience(&self, head: &Head, audience: Class) -> Class {
        match self.caller.answers_for(head) {
            true => head.owners_audience(audience),
            false => audience,
        }
    }

    /// Whether the caller may raise this event now, and by which role.
    pub(crate) fn may(&self, principal: &Principal, record: &OpenRecord) -> Result<Role, Problem> {
        let event_type = self.provenance.event_type;
        if !event_type.concerns(kind(&self.subject)) || event_type.starts_record() {
            return Err(Problem::conflict(format!(
                "`{}` is no event of a {} that exists",
                event_type.id,
                kind(&self.subject)
            )));
        }
        if event_type.asks_for_second() && event_type.may_change && self.patch.is_none() {
            return Err(Problem::malformed(format!(
                "`{}` needs `changes`: what is declared",
                event_type.id
            )));
        }
        if let (Some(operation), None, None) =
            (&event_type.operation, &self.transfer, &self.contribution)
        {
            return Err(Problem::conflict(format!(
                "`{}` is raised by `{operation}` alone",
                event_type.id
            )));
        }
        let follows = &record.head.facts.catalogue().id;
        if event_type.migrates && *follows == catalogue().newest().id {
            return Err(Problem::conflict(format!(
                "the record follows version {follows} of the catalogue, the newest, already"
            )));
        }
        let role = access::may_raise(principal, &event_type.id, event_type.permits(), &record.head.standing())
            .map_err(|fault| match event_type.corrects {
                true => Problem::forbidden(format!(
                    "{fault}: a correction is made by whoever is responsible for the record, so ask there; a newer measurement is yours to record"
                )),
                false => fault.into(),
            })?;
        if record.head.facts.is_withdrawn() && event_type.erases.is_none() {
            return Err(Problem::conflict(
                "this draft was withdrawn before its battery reached the market: create another",
            ));
        }
        let battery_status = battery_status(&record.document);
        if let Facts::Passport { status, .. } = &record.head.facts
            && !event_type.allowed_from(status.as_str(), battery_status)
        {
            return Err(Problem::conflict(format!(
                "`{}` cannot happen to a passport that is `{}`{}",
                event_type.id,
                status.as_str(),
                battery_status.map_or(String::new(), |_| " or a battery in its present status"
                    .to_owned()),
            )));
        }
        Ok(role)
    }

    /// The document with the patch and the event's own effect; `None` where neither moves data.
    fn document_after(
        &self,
        record: &OpenRecord,
        at: Timestamp,
    ) -> Result<Option<Map<String, Value>>, Problem> {
        let event_type = self.provenance.event_type;
        let mut after = None;
        if let Some(patch) = &self.patch {
            let writable = access::writable(self.caller.partner()?, &record.head.standing());
            let (level, _) = level_and_category(&record.head.facts);
            may_write(event_type, level, writable, patch)?;
            may_remove(record, patch)?;
            after = Some(passport::merge_patch(&record.document, patch));
        }
        let happened = self.provenance.occurred_at.unwrap_or(at);
        if event_type.restarts_counters {
            let document = after.unwrap_or_else(|| record.document.clone());
            after = Some(passport::restart_counters(
                &record.document,
                document,
                happened.into(),
            ));
        }
        if event_type.migrates {
            let document = after.unwrap_or_else(|| record.document.clone());
            let from = &record.head.facts.catalogue().id;
            after = Some(passport::migrate(document, from, &catalogue().newest().id));
        }
        if let Some(status) = event_type.sets_battery_status() {
            let document = after.get_or_insert_with(|| record.document.clone());
            set_battery_status(document, status, happened);
        }
        Ok(after)
    }

    /// The record as it is to be, to be held against the rules.
    pub(crate) fn proposal<'p>(
        &'p self,
        record: &'p OpenRecord,
        facts: &'p Facts,
        document: &'p Map<String, Value>,
        at: Timestamp,
    ) -> Proposal<'p> {
        Proposal {
            platform: self.platform,
            caller: self.caller,
            classes: self.caller.reading(&record.head).classes,
            contributor: self.contribution.as_ref().map(Acceptance::by),
            event_type: self.provenance.event_type,
            at,
            earlier: Some(&record.head.facts),
            facts,
            before: &record.document,
            after: document,
        }
    }

    fn changes_nothing(&self, record: &OpenRecord, after: Option<&Map<String, Value>>) -> bool {
        let same = after.is_none_or(|after| passport::delta(&record.document, after).is_empty());
        same && self.provenance.event_type.only_data()
    }

    /// Nothing to change: only the row of the request is written, so that a retry after somebody else's change is answered
    /// as this is, and undoes nothing.
    pub(crate) async fn unchanged(&self, record: &OpenRecord) -> Result<Response, Problem> {
        if let Some(request) = self.idempotency.row(self.status, &self.location) {
            let change = Change::new(Vec::new(), Some(request));
            match self.platform.store.commit("", change, now()).await {
                Ok(_) => {}
                Err(CommitError::Answered(earlier)) => return self.repeat(earlier).await,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(answer(
            self.platform,
            self.status,
            &self.location,
            &record.head,
            self.caller,
            None,
            Vec::new(),
        ))
    }

    fn done(&self, receipt: &Receipt, warnings: Vec<Fault>) -> Response {
        let proof = Some(receipt.to_string());
        answer(
            self.platform,
            self.status,
            &self.location,
            &receipt.head,
            self.caller,
            proof,
            warnings,
        )
    }
}

/// Answers a request again as it was answered before, under the caller's present rights.
pub(crate) async fn repeat(
    platform: &Platform,
    caller: &Caller,
    earlier: &Earlier,
) -> Result<Response, Problem> {
    let subject = subject_at(&earlier.location)
        .ok_or_else(|| Problem::internal(format!("`{}` is no record", earlier.location)))?;
    let record = visible_record(platform, caller, &subject).await?;
    let status = StatusCode::from_u16(earlier.status).map_err(Problem::internal)?;
    let receipt = earlier.receipt.clone();
    Ok(answer(
        platform,
        status,
        &earlier.location,
        &record.head,
        caller,
        receipt,
        Vec::new(),
    ))
}

/// The record a location names.
fn subject_at(location: &str) -> Option<Subject> {
    let (collection, id) = location.strip_prefix("/v1/")?.split_once('/')?;
    let id = Uuid::parse_str(id.split('/').next()?).ok()?;
    match collection {
        "models" => Some(Subject::Model(id)),
        "batches" => Some(Subject::Batch(id)),
        "dpps" => Some(Subject::Passport(id)),
        _ => None,
    }
}

/// The record a caller wants to change; for one who may not know of it, it does not exist.
pub(crate) async fn visible_record(
    platform: &Platform,
    caller: &Caller,
    subject: &Subject,
) -> Result<OpenRecord, Problem> {
    caller.partner()?;
    platform
        .store
        .open_for_change(subject)
        .await?
        .filter(|record| caller.knows(&record.head))
        .ok_or_else(|| Problem::not_found(format!("there is no such {} for you", kind(subject))))
}

fn kind(subject: &Subject) -> &'static str {
    match subject {
        Subject::Unit(_) => "unit",
        Subject::Passport(_) => "passport",
        Subject::Model(_) => "model",
        Subject::Batch(_) => "batch",
        Subject::Organisation(_) => "organisation",
    }
}

pub(crate) fn check_precondition(
    precondition: &Precondition,
    caller: &Caller,
    record: &OpenRecord,
) -> Result<(), Problem> {
    let present = tag(&record.head, caller);
    precondition.check(&present, |tag| match &record.subject {
        Subject::Model(_) => tag.model,
        Subject::Batch(_) => tag.batch,
        _ => tag.passport,
    })
}

/// The record's tag as its reader would see it. The parts of other subjects are left at 0: only the addressed one counts
/// for `If-Match`.
fn tag(head: &Head, caller: &Caller) -> ETag {
    let reading = caller.reading(head);
    let revision = head.revision(caller.sight(head));
    let mut tag = ETag {
        model: 0,
        batch: 0,
        passport: 0,
        view: view_name(reading.view, &head.facts),
    };
    match head.facts {
        Facts::Model { .. } => tag.model = revision,
        Facts::Batch { .. } => tag.batch = revision,
        _ => tag.passport = revision,
    }
    tag
}

/// A record that was changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Changed {
    /// The record's id.
    id: String,
    /// A passport's identifier (EN 18223).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    digital_product_passport_id: Option<String>,
    /// Where it is read.
    location: String,
    /// When it was last changed, for those who may see its chain of events.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    updated_at: Option<Timestamp>,
    /// How often its data changed, for those.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    version: Option<u64>,
    /// How many events it has, for those.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    events: Option<u64>,
    /// What is odd about the values and yet may be so. A repeated request is answered without it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<web::described::BrokenRule>, required = false)]
    warnings: Vec<Fault>,
}

/// What a change is answered with: where it is, its tag, its receipt, and what is odd about it.
pub(crate) fn answer(
    platform: &Platform,
    status: StatusCode,
    location: &str,
    head: &Head,
    caller: &Caller,
    receipt: Option<String>,
    warnings: Vec<Fault>,
) -> Response {
    // When and how often a record changed in ways a caller may not see is not for it to know.
    let chain = caller.reading(head).chain;
    let passport = match subject_at(location) {
        Some(Subject::Passport(id)) => Some(platform.site.passport_identifier(id)),
        _ => None,
    };
    let body = Changed {
        id: location.rsplit('/').next().unwrap_or_default().to_owned(),
        digital_product_passport_id: passport,
        location: location.to_owned(),
        updated_at: chain.then_some(head.last_at),
        version: chain.then_some(head.version),
        events: chain.then_some(head.seq),
        warnings,
    };
    let mut response = written(status, location, receipt, body);
    if let Ok(tag) = tag(head, caller).to_string().parse() {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
