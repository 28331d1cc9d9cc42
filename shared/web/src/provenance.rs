//! What a change says of itself: event type, reason, evidence.

use std::borrow::Cow;
use std::collections::BTreeSet;

use access::{Principal, Role};
use axum::http::HeaderMap;
use ledger::{EvidenceReference, Timestamp};
use passport::{Class, Erases, EventType};
use serde_json::{Map, Value};
use storage::{EventInput, EvidenceState, Store};
use uuid::Uuid;

use crate::Problem;
use crate::extract::header;

/// The longest reason or note, in characters.
const TEXT_LIMIT: usize = 2_000;
/// Most pieces of evidence for one event.
const EVIDENCE_COUNT: usize = 20;
/// Most unknown members that are named one by one.
const MOST_NAMED: usize = 20;
/// The members of a body that every change may have.
const MEMBERS: [&str; 4] = ["reason", "notes", "occurredAt", "evidence"];
/// The member that names what is erased.
const ERASES: &str = "erases";
/// Most values, and events, that one event names to be erased.
const MOST_ERASED: usize = 100;
/// Where the provenance of an EN 18222 request stands: type, reason, evidence, time.
pub(crate) const HEADERS: [&str; 4] = [
    "DPP-Event-Type",
    "DPP-Reason",
    "DPP-Evidence",
    "DPP-Occurred-At",
];

/// A time as a caller wrote it: RFC 3339, and nothing else of what the parser would take.
#[must_use]
pub fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().filter(|_| passport::is_time(text))
}

/// Event type, reason and evidence of a change, as its caller gave them.
#[derive(Debug, Clone)]
pub struct Provenance {
    /// The event type of the catalogue.
    pub event_type: &'static EventType,
    reason: String,
    notes: Option<String>,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    evidence: Vec<Uuid>,
    /// What it names to be erased.
    pub erases: Option<Named>,
}

/// What an event names to be erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// JSON Pointers of attributes: their former values.
    pub values: BTreeSet<String>,
    /// Numbers of events: their reason and notes.
    pub events: BTreeSet<u64>,
}

impl Provenance {
    /// From the members `type`, `reason`, `notes`, `occurredAt` and `evidence` of a body. A route that stands for one
    /// event type gives it as `only`; `others` are the members the route itself reads.
    ///
    /// # Errors
    /// 400 naming everything that is missing or not understood.
    pub fn of_body(
        json: &Map<String, Value>,
        only: Option<&str>,
        others: &[&str],
    ) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        let known = |name: &str| {
            others.contains(&name)
                || MEMBERS.contains(&name)
                || name == ERASES
                || (name == "type"
                    && (only.is_none() || json.get(name).and_then(Value::as_str) == only))
        };
        for name in json.keys().filter(|name| !known(name)).take(MOST_NAMED) {
            let name: String = name.chars().take(64).collect();
            faults.say(format!("`{name}` is no member of this request"));
        }
        let mut text = |name: &str| match json.get(name) {
            None => None,
            Some(Value::String(text)) => Some(text.as_str()),
            Some(_) => {
                faults.say(format!("expected a text in `{name}`"));
                None
            }
        };
        let given = Given {
            id: only.or_else(|| text("type")),
            reason: text("reason").map(Cow::Borrowed),
            notes: text("notes"),
            occurred_at: text("occurredAt"),
            evidence: match json.get("evidence") {
                None => Vec::new(),
                Some(Value::Array(ids)) if ids.iter().all(Value::is_string) => {
                    ids.iter().filter_map(Value::as_str).collect()
                }
                Some(_) => {
                    faults.say("expected a list of evidence ids in `evidence`");
                    Vec::new()
                }
            },
            erases: json.get(ERASES),
        };
        given.checked(["type", "reason"], faults)
    }

    /// From the headers `DPP-Event-Type`, `DPP-Reason` (percent-encoded UTF-8), `DPP-Evidence` (ids, comma-separated) and
    /// `DPP-Occurred-At`, for EN 18222 bodies, which are pure payload.
    ///
    /// # Errors
    /// 400 naming everything that is missing or not understood.
    pub fn of_headers(headers: &HeaderMap, only: Option<&str>) -> Result<Self, Problem> {
        let [id, reason, evidence, occurred_at] = HEADERS;
        let mut faults = Faults::default();
        let reason = header(headers, reason)?.and_then(|reason| {
            let decoded = percent_encoding::percent_decode_str(reason).decode_utf8();
            if decoded.is_err() {
                faults.say("`DPP-Reason` is not percent-encoded UTF-8");
            }
            decoded.ok()
        });
        let given = Given {
            id: match only {
                Some(id) => Some(id),
                None => header(headers, id)?,
            },
            reason,
            notes: None,
            occurred_at: header(headers, occurred_at)?,
            evidence: header(headers, evidence)?
                .into_iter()
                .flat_map(|ids| ids.split(','))
                .map(str::trim)
                .filter(|id| !id.is_empty())
                .collect(),
            erases: None,
        };
        given.checked(["DPP-Event-Type", "DPP-Reason"], faults)
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The evidence it names, unchecked.
    #[must_use]
    pub fn evidence(&self) -> &[Uuid] {
        &self.evidence
    }

    /// The same with something more among its notes.
    #[must_use]
    pub fn noting(self, more: &str) -> Self {
        let notes = self.notes.iter().map(String::as_str).chain([more]);
        let notes: Vec<&str> = notes.collect();
        Self {
            notes: Some(notes.join("\n")),
            ..self
        }
    }

    /// The event, as raised by this caller in that role, changing attributes of these classes. Its evidence is looked up:
    /// confirmed, and brought by the calling organisation.
    ///
    /// # Errors
    /// 409 naming the first piece of evidence that is not there for this caller.
    pub async fn event(
        &self,
        store: &Store,
        principal: &Principal,
        role: Role,
        changed: impl IntoIterator<Item = Class>,
    ) -> Result<EventInput, Problem> {
        let audience = self.event_type.audience(changed);
        let role = match audience {
            Class::Public => role.told_as(),
            _ => role.as_str(),
        };
        Ok(EventInput {
            event_type: self.event_type.id.clone(),
            role: role.to_owned(),
            organisation: principal.organisation.clone(),
            person: principal.subject.clone(),
            reason: self.reason.clone(),
            notes: self.notes.clone(),
            occurred_at: self.occurred_at,
            audience,
            evidence: self.cited(store, &principal.organisation).await?,
            readings: None,
            erases: None,
        })
    }

    async fn cited(
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
                kind: evidence.kind,
                version: evidence.version,
                class: evidence.class.number(),
            });
        }
        Ok(references)
    }
}

/// What a request says of itself, unchecked.
struct Given<'a> {
    id: Option<&'a str>,
    reason: Option<Cow<'a, str>>,
    notes: Option<&'a str>,
    occurred_at: Option<&'a str>,
    evidence: Vec<&'a str>,
    erases: Option<&'a Value>,
}

impl Given<'_> {
    /// `names` are what type and reason are called where they were looked for.
    fn checked(self, names: [&str; 2], mut faults: Faults) -> Result<Provenance, Problem> {
        let [type_name, reason_name] = names;
        let event_type = match self.id {
            None => {
                faults.miss(type_name);
                None
            }
            Some(id) => {
                let found = passport::catalogue().event_type(id);
                if found.is_none() {
                    let id: String = id.chars().take(64).collect();
                    faults.say(format!("`{id}` is not an event type: /docs lists them"));
                }
                found
            }
        };
        let reason = self.reason.as_deref().map(str::trim).unwrap_or_default();
        if reason.is_empty() {
            faults.miss(reason_name);
        }
        for (name, text) in [
            (reason_name, reason),
            ("notes", self.notes.unwrap_or_default()),
        ] {
            if text.chars().count() > TEXT_LIMIT || !passport::is_plain_text(text) {
                faults.say(format!(
                    "`{name}` has at most {TEXT_LIMIT} characters and no control or invisible ones"
                ));
            }
        }
        let occurred_at = self.occurred_at.and_then(|text| {
            let at = time(text);
            match at {
                None => {
                    let text: String = text.chars().take(64).collect();
                    faults.say(format!("`occurredAt` is not an RFC 3339 time: `{text}`"));
                }
                Some(at) if at > crate::now() => faults.say("`occurredAt` is in the future"),
                Some(_) => {}
            }
            at
        });
        if self.evidence.len() > EVIDENCE_COUNT {
            faults.say(format!(
                "{} pieces of evidence, {EVIDENCE_COUNT} are the most",
                self.evidence.len()
            ));
        }
        let mut evidence = Vec::new();
        for id in self.evidence.iter().take(EVIDENCE_COUNT) {
            match Uuid::parse_str(id) {
                Ok(id) if evidence.contains(&id) => {
                    faults.say(format!("evidence `{id}` comes twice"))
                }
                Ok(id) => evidence.push(id),
                Err(_) => faults.say(format!("`{id}` is not an evidence id (a UUID)")),
            }
        }
        if event_type.is_some_and(EventType::needs_evidence) && self.evidence.is_empty() {
            faults.missing = true;
            faults
                .say("this event needs evidence: upload it with POST /v1/evidence and name its id");
        }
        if event_type.is_some_and(EventType::takes_no_evidence) && !self.evidence.is_empty() {
            faults.say("this event takes no evidence");
        }
        let takes_names = event_type.and_then(|it| it.erases) == Some(Erases::Values);
        let erases = match (takes_names, self.erases) {
            (true, named) => {
                let named = named.and_then(named_to_erase);
                if named.is_none() {
                    faults.say(
                        "expected in `erases` what is erased: `values`, JSON Pointers of attributes, or `events`, numbers of events, 100 of each at most",
                    );
                }
                named
            }
            (false, Some(_)) => {
                faults.say("this event names nothing that is erased: `erases` is not for it");
                None
            }
            (false, None) => None,
        };
        match event_type.filter(|_| faults.said.is_empty()) {
            Some(event_type) => Ok(Provenance {
                event_type,
                reason: reason.to_owned(),
                notes: self.notes.map(str::to_owned),
                occurred_at,
                evidence,
                erases,
            }),
            None => Err(faults.problem()),
        }
    }
}

/// What is named in `erases`; `None` where it is not what is expected, or names nothing.
fn named_to_erase(erases: &Value) -> Option<Named> {
    let mut named = Named::default();
    for (name, list) in erases.as_object()? {
        let list = list.as_array().filter(|list| list.len() <= MOST_ERASED)?;
        for one in list {
            match name.as_str() {
                "values" => named.values.insert(one.as_str()?.to_owned()),
                "events" => named.events.insert(one.as_u64()?),
                _ => return None,
            };
        }
    }
    (named != Named::default()).then_some(named)
}

/// What is wrong, all of it.
#[derive(Default)]
struct Faults {
    said: Vec<String>,
    /// Whether anything was not given at all.
    missing: bool,
}

impl Faults {
    fn say(&mut self, fault: impl Into<String>) {
        self.said.push(fault.into());
    }

    fn miss(&mut self, name: &str) {
        self.missing = true;
        self.say(format!(
            "`{name}` is missing: every change names its event type and the reason for it"
        ));
    }

    fn problem(self) -> Problem {
        let detail = self.said.join("; ");
        match self.missing {
            true => Problem::missing_provenance(detail),
            false => Problem::malformed(detail),
        }
    }
}
