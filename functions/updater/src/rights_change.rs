//! A change of what somebody may do: it moves no data, and is one event of each record it is written down in.

use access::Role;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;
use storage::{
    Change, CommitError, Direction, Earlier, Facts, OpenRecord, Store, StoreError, Subject,
    SubjectChange,
};
use web::{Caller, Decision, Idempotency, Platform, Problem, Provenance, now, written};

/// A request to change what somebody may do.
pub(crate) struct RightsChange<'a, W, R> {
    pub(crate) platform: &'a Platform,
    pub(crate) caller: &'a Caller,
    pub(crate) provenance: Provenance,
    pub(crate) idempotency: Idempotency,
    /// The records it is written down in. Whether the caller may is decided on the first.
    pub(crate) subjects: Vec<Subject>,
    /// What was read of the lists before: what is decided on it counts only as long as it stands.
    pub(crate) as_read: Listed,
    pub(crate) status: StatusCode,
    /// What becomes of the records, as they are now.
    pub(crate) work: W,
    /// What a repeated request is answered, by the location it was answered with.
    pub(crate) read: R,
}

/// What becomes of the records.
pub(crate) struct Outcome {
    /// What the head of each knows afterwards.
    pub(crate) facts: Vec<Facts>,
    /// What is listed with it.
    pub(crate) listed: Listed,
    /// Where it is read.
    pub(crate) location: String,
    pub(crate) body: Value,
}

/// A row that is written with a change of rights.
pub(crate) enum Listed {
    Nothing,
    /// No request of an organisation for a purpose that waits for a decision.
    NoneOpen {
        organisation: String,
        purpose: &'static str,
    },
    Request(storage::AccessRequest),
    Grant(storage::Given),
    Contribution(Box<storage::Contribution>),
}

impl Listed {
    /// Whether the list says so still.
    async fn stands(&self, store: &Store) -> Result<bool, StoreError> {
        match self {
            Self::Nothing => Ok(true),
            Self::NoneOpen {
                organisation,
                purpose,
            } => {
                let all = store.access_requests(Some(organisation), None, 100).await?;
                let waits =
                    |it: &storage::AccessRequest| it.purpose == *purpose && it.decision.is_none();
                Ok(!all.iter().any(waits))
            }
            Self::Request(request) => {
                let now = store.access_request(request.id).await?;
                Ok(now.as_ref() == Some(request))
            }
            Self::Grant(given) => {
                let (by, id) = (&given.grant.by, given.grant.id);
                let now = store.grant(Direction::Given, by, id).await?;
                Ok(now.as_ref() == Some(given))
            }
            Self::Contribution(contribution) => {
                let now = store.contribution(contribution.id).await?;
                Ok(now.is_some_and(|(now, _)| now == **contribution))
            }
        }
    }

    async fn with(&self, store: &Store, change: Change) -> Result<Change, StoreError> {
        match self {
            Self::Nothing | Self::NoneOpen { .. } => Ok(change),
            Self::Request(request) => change.with_access_request(request),
            Self::Grant(given) => change.with_grant(given),
            Self::Contribution(contribution) => store.with_contribution(change, contribution).await,
        }
    }
}

impl<W, R, F> RightsChange<'_, W, R>
where
    W: Fn(&[OpenRecord]) -> Result<Outcome, Problem> + Sync,
    R: Fn(String) -> F + Sync,
    F: Future<Output = Result<Value, Problem>> + Send,
{
    pub(crate) async fn make(self) -> Result<Response, Problem> {
        self.idempotency.decide(&self.platform.store, &self).await
    }

    /// The records, for whoever may know of the first, and the role that lets the caller raise the event on it.
    async fn records(&self) -> Result<(Vec<OpenRecord>, Role), Problem> {
        let principal = self.caller.partner()?;
        let mut records = Vec::with_capacity(self.subjects.len());
        for subject in &self.subjects {
            let record = self.platform.store.open_for_change(subject).await?;
            records.push(record.ok_or_else(unknown)?);
        }
        let Some(first) = records.first() else {
            return Err(Problem::internal("a change of rights in no record"));
        };
        // Who was asked for data of a draft knows of it by that alone.
        let contributes = matches!(self.as_read, Listed::Contribution(_));
        let is_passport = matches!(first.head.facts, Facts::Passport { .. });
        if is_passport && !contributes && !self.caller.knows(&first.head) {
            return Err(unknown());
        }
        let event_type = self.provenance.event_type;
        let mut standing = first.head.standing();
        if let Listed::Contribution(contribution) = &self.as_read {
            standing.contributed = Some(&contribution.by);
        }
        match access::may_raise(principal, &event_type.id, event_type.permits(), &standing) {
            Ok(role) => Ok((records, role)),
            Err(refused) if self.caller.knows(&first.head) => Err(refused.into()),
            Err(_) => Err(unknown()),
        }
    }
}

pub(crate) fn unknown() -> Problem {
    Problem::not_found("there is no such record for you")
}

impl<W, R, F> Decision for RightsChange<'_, W, R>
where
    W: Fn(&[OpenRecord]) -> Result<Outcome, Problem> + Sync,
    R: Fn(String) -> F + Sync,
    F: Future<Output = Result<Value, Problem>> + Send,
{
    type Done = Response;

    async fn attempt(&self) -> Result<Option<Response>, Problem> {
        let store = &self.platform.store;
        let (records, role) = self.records().await?;
        in_its_state(&self.provenance, &records)?;
        // After the heads were read, of which one changes with every row: nothing comes between from here on.
        if !self.as_read.stands(store).await? {
            return Err(Problem::conflict(
                "it changed at the same moment: read it again and decide again",
            ));
        }
        let outcome = (self.work)(&records)?;
        let principal = self.caller.partner()?;
        let event = self
            .provenance
            .event(store, principal, role, std::iter::empty())
            .await?;
        let subjects = self.subjects.iter().zip(records).zip(outcome.facts);
        let subjects = subjects.map(|((subject, before), facts)| SubjectChange {
            subject: subject.clone(),
            organisation: before.head.organisation.clone(),
            facts,
            before: Some(before),
            document: None,
            event: event.clone(),
            labels: Vec::new(),
        });
        let request = self.idempotency.row(self.status, &outcome.location);
        let change = Change::new(subjects.collect(), request);
        let change = outcome.listed.with(store, change).await?;
        match store.commit(&self.platform.site.log(), change, now()).await {
            Ok(receipts) => {
                let receipt = receipts.first().map(ToString::to_string);
                let Outcome { location, body, .. } = outcome;
                Ok(Some(written(self.status, &location, receipt, body)))
            }
            Err(CommitError::Answered(earlier)) => self.repeat(earlier).await.map(Some),
            Err(CommitError::Stale) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn repeat(&self, earlier: Earlier) -> Result<Response, Problem> {
        let status = StatusCode::from_u16(earlier.status).map_err(Problem::internal)?;
        let body = (self.read)(earlier.location.clone()).await?;
        Ok(written(status, &earlier.location, earlier.receipt, body))
    }
}

/// Refuses an event that cannot happen to a passport as it stands.
pub(crate) fn in_its_state(provenance: &Provenance, records: &[OpenRecord]) -> Result<(), Problem> {
    let event_type = provenance.event_type;
    let Some(Facts::Passport { status, .. }) = records.first().map(|record| &record.head.facts)
    else {
        return Ok(());
    };
    match event_type.allowed_from(status.as_str(), None) {
        true => Ok(()),
        false => Err(Problem::conflict(format!(
            "`{}` cannot happen to a passport that is `{}`",
            event_type.id,
            status.as_str()
        ))),
    }
}

/// The id that a location ends with, or the part before its last `more`.
pub(crate) fn id_in(location: &str, collection: &str) -> Result<uuid::Uuid, Problem> {
    let rest = location.split_once(collection).map(|(_, rest)| rest);
    let id = rest.and_then(|rest| rest.trim_start_matches('/').split('/').next());
    id.and_then(|id| uuid::Uuid::parse_str(id).ok())
        .ok_or_else(|| Problem::internal(format!("`{location}` is in no `{collection}`")))
}
