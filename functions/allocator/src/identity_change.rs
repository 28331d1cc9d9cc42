//! A change of what names a subject or where its addresses lead: it moves no data.

use axum::http::StatusCode;
use axum::response::Response;
use identity::Alias;
use serde_json::Value;
use storage::{
    Change, CommitError, Earlier, EventInput, Facts, OpenRecord, Subject, SubjectChange,
};
use web::{Caller, Decision, Idempotency, Platform, Problem, Provenance, now, written};

/// What becomes of the subject.
pub(crate) struct Outcome {
    /// What its head knows of it afterwards.
    pub(crate) facts: Facts,
    /// The identifier that is linked with it.
    pub(crate) alias: Option<Alias>,
}

/// A request for such a change.
pub(crate) struct IdentityChange<'a, W> {
    pub(crate) platform: &'a Platform,
    pub(crate) caller: &'a Caller,
    pub(crate) subject: Subject,
    pub(crate) provenance: Provenance,
    pub(crate) idempotency: Idempotency,
    pub(crate) location: String,
    pub(crate) status: StatusCode,
    /// What is answered.
    pub(crate) body: Value,
    /// What becomes of the subject as it is.
    pub(crate) work: W,
}

impl<W: Fn(&OpenRecord) -> Result<Outcome, Problem> + Sync> IdentityChange<'_, W> {
    pub(crate) async fn make(self) -> Result<Response, Problem> {
        self.idempotency.decide(&self.platform.store, &self).await
    }

    /// The subject, for whoever the event type lets raise it; for anybody else it does not exist.
    async fn record(&self) -> Result<(OpenRecord, access::Role), Problem> {
        let principal = self.caller.partner()?;
        let record = self
            .platform
            .store
            .open_for_change(&self.subject)
            .await?
            .ok_or_else(unknown)?;
        let organisation = &record.head.organisation;
        let event_type = self.provenance.event_type;
        let standing = record.head.standing();
        match access::may_raise(principal, &event_type.id, event_type.permits(), &standing) {
            Ok(role) => Ok((record, role)),
            Err(refused) if self.caller.acts_for(organisation) => Err(refused.into()),
            Err(_) => Err(unknown()),
        }
    }
}

pub(crate) fn unknown() -> Problem {
    Problem::not_found("no such unit, model, batch or organisation of yours")
}

impl<W: Fn(&OpenRecord) -> Result<Outcome, Problem> + Sync> Decision for IdentityChange<'_, W> {
    type Done = Response;

    async fn attempt(&self) -> Result<Option<Response>, Problem> {
        let store = &self.platform.store;
        let (record, role) = self.record().await?;
        let outcome = (self.work)(&record)?;
        let principal = self.caller.partner()?;
        let event = self
            .provenance
            .event(store, principal, role, std::iter::empty())
            .await?;
        let scan = match &self.subject {
            Subject::Unit(unit) => store.scan(*unit).await?,
            _ => None,
        };
        let audience = match scan.and_then(|scan| scan.passport) {
            Some(passport) => passport.owners_audience(&record.head.organisation, event.audience),
            None => event.audience,
        };
        let at = now();
        let change = Change::new(
            vec![SubjectChange {
                subject: self.subject.clone(),
                organisation: record.head.organisation.clone(),
                facts: outcome.facts,
                before: Some(record),
                document: None,
                event: EventInput { audience, ..event },
                labels: Vec::new(),
            }],
            self.idempotency.row(self.status, &self.location),
        );
        let change = match &outcome.alias {
            Some(alias) => change.link(alias, &self.subject, at)?,
            None => change,
        };
        match store.commit(&self.platform.site.log(), change, at).await {
            Ok(receipts) => {
                let receipt = receipts.first().map(ToString::to_string);
                Ok(Some(self.answer(self.status, receipt)))
            }
            Err(CommitError::Answered(earlier)) => self.repeat(earlier).await.map(Some),
            Err(CommitError::Stale) => Ok(None),
            Err(CommitError::Exists) => Err(Problem::conflict(
                "this identifier is linked already: each names one thing, for good",
            )),
            Err(error) => Err(error.into()),
        }
    }

    async fn repeat(&self, earlier: Earlier) -> Result<Response, Problem> {
        self.record().await?;
        let status = StatusCode::from_u16(earlier.status).map_err(Problem::internal)?;
        Ok(self.answer(status, earlier.receipt))
    }
}

impl<W> IdentityChange<'_, W> {
    fn answer(&self, status: StatusCode, receipt: Option<String>) -> Response {
        written(status, &self.location, receipt, self.body.clone())
    }
}
