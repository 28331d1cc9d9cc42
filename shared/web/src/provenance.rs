//! What a change says of itself: event type, reason, evidence.

use axum::http::HeaderMap;
use ledger::{EvidenceReference, Timestamp};
use passport::EventType;
use serde_json::{Map, Value};
use storage::{EvidenceState, Store};
use uuid::Uuid;

use crate::{Problem, required_text};

/// The longest reason or note, in characters.
const TEXT_LIMIT: usize = 2_000;
/// Most pieces of evidence for one event.
const EVIDENCE_COUNT: usize = 20;

/// Event type, reason and evidence of a change, as its caller gave them.
#[derive(Debug, Clone)]
pub struct Provenance {
    /// The event type of the catalogue.
    pub event_type: &'static EventType,
    /// Why.
    pub reason: String,
    /// Anything else.
    pub notes: Option<String>,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    evidence: Vec<Uuid>,
}

impl Provenance {
    /// From the members `type`, `reason`, `notes`, `occurredAt` and `evidence` of a body. A route that stands for one
    /// event type gives it as `only`.
    ///
    /// # Errors
    /// 400 naming what is missing or not understood.
    pub fn of_body(json: &Map<String, Value>, only: Option<&str>) -> Result<Self, Problem> {
        let id = match only {
            Some(id) => id,
            None => required_text(json, "type").map_err(|_| missing("type"))?,
        };
        let reason = required_text(json, "reason").map_err(|_| missing("reason"))?;
        let notes = json.get("notes").and_then(Value::as_str);
        let occurred_at = json.get("occurredAt").and_then(Value::as_str);
        let evidence = match json.get("evidence") {
            None => Vec::new(),
            Some(Value::Array(ids)) => ids
                .iter()
                .map(Value::as_str)
                .collect::<Option<_>>()
                .ok_or_else(|| {
                    Problem::malformed("expected a list of evidence ids in `evidence`")
                })?,
            Some(_) => {
                return Err(Problem::malformed(
                    "expected a list of evidence ids in `evidence`",
                ));
            }
        };
        Self::checked(id, reason, notes, occurred_at, &evidence)
    }

    /// From the headers `DPP-Event-Type`, `DPP-Reason` (percent-encoded UTF-8) and `DPP-Evidence` (ids, comma-separated),
    /// for EN 18222 bodies, which are pure payload.
    ///
    /// # Errors
    /// 400 naming what is missing or not understood.
    pub fn of_headers(headers: &HeaderMap, only: Option<&str>) -> Result<Self, Problem> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let id = only
            .or_else(|| text("dpp-event-type"))
            .ok_or_else(|| missing("DPP-Event-Type"))?;
        let reason = text("dpp-reason").ok_or_else(|| missing("DPP-Reason"))?;
        let reason = percent_encoding::percent_decode_str(reason)
            .decode_utf8()
            .map_err(|_| Problem::malformed("`DPP-Reason` is not percent-encoded UTF-8"))?;
        let evidence: Vec<&str> = text("dpp-evidence")
            .into_iter()
            .flat_map(|ids| ids.split(','))
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .collect();
        Self::checked(id, &reason, None, text("dpp-occurred-at"), &evidence)
    }

    fn checked(
        id: &str,
        reason: &str,
        notes: Option<&str>,
        occurred_at: Option<&str>,
        evidence: &[&str],
    ) -> Result<Self, Problem> {
        let event_type = passport::catalogue().event_type(id).ok_or_else(|| {
            Problem::malformed(format!("`{id}` is not an event type of the catalogue"))
        })?;
        if reason.trim().is_empty() {
            return Err(missing("reason"));
        }
        for (name, text) in [("reason", Some(reason)), ("notes", notes)] {
            if let Some(text) = text
                && (text.chars().count() > TEXT_LIMIT || !passport::is_plain_text(text))
            {
                return Err(Problem::malformed(format!(
                    "`{name}` has at most {TEXT_LIMIT} characters and no control or invisible ones"
                )));
            }
        }
        if evidence.len() > EVIDENCE_COUNT {
            return Err(Problem::malformed(format!(
                "{} pieces of evidence, {EVIDENCE_COUNT} are the most",
                evidence.len()
            )));
        }
        let occurred_at = occurred_at
            .map(|text| {
                text.parse::<Timestamp>().map_err(|_| {
                    Problem::malformed(format!("`occurredAt` is not an RFC 3339 time: `{text}`"))
                })
            })
            .transpose()?;
        if occurred_at.is_some_and(|at| at > crate::now()) {
            return Err(Problem::malformed("`occurredAt` is in the future"));
        }
        let evidence = evidence
            .iter()
            .map(|id| {
                Uuid::parse_str(id).map_err(|_| {
                    Problem::malformed(format!("`{id}` is not an evidence id (a UUID)"))
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        if event_type.needs_evidence() && evidence.is_empty() {
            return Err(Problem::missing_provenance(format!(
                "`{id}` needs evidence: upload it with POST /v1/evidence and name its id"
            )));
        }
        Ok(Self {
            event_type,
            reason: reason.trim().to_owned(),
            notes: notes.map(str::to_owned),
            occurred_at,
            evidence,
        })
    }

    /// Looks up the evidence: confirmed, and brought by the calling organisation.
    ///
    /// # Errors
    /// 409 naming the first piece that is not there for this caller.
    pub async fn evidence(
        &self,
        store: &Store,
        organisation: &str,
    ) -> Result<Vec<EvidenceReference>, Problem> {
        let mut references = Vec::with_capacity(self.evidence.len());
        for id in &self.evidence {
            let evidence = store
                .evidence(*id)
                .await?
                .filter(|evidence| {
                    evidence.organisation == organisation
                        && evidence.state == EvidenceState::Confirmed
                })
                .ok_or_else(|| {
                    Problem::conflict(format!(
                        "evidence `{id}` is not confirmed, or not your organisation's"
                    ))
                })?;
            references.push(EvidenceReference {
                id: id.to_string(),
                sha256: evidence.sha256,
                media_type: evidence.media_type,
                version: evidence.version,
            });
        }
        Ok(references)
    }
}

fn missing(what: &str) -> Problem {
    Problem::missing_provenance(format!(
        "`{what}` is missing: every change names its event type and the reason for it"
    ))
}
