//! `passport replay`: what the events tell, folded from nothing, held against what is served.

use std::collections::{BTreeMap, BTreeSet};

use passport::{Category, Class, Erases, Op, Replay, catalogue, compose, counted};
use reqwest::{Client, Method};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::token::Token;

/// What the platform tells of the events.
#[derive(Deserialize)]
struct Events {
    events: Vec<Event>,
    chain: Option<Chain>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    event_id: String,
    at: String,
    hash: String,
    #[serde(rename = "type")]
    event_type: Option<String>,
    #[serde(default)]
    changes: Vec<Change>,
    #[serde(default)]
    commitments: Vec<Commitment>,
    erased: Option<Erased>,
    seq: Option<u64>,
    prev: Option<String>,
}

#[derive(Deserialize)]
struct Erased {
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Deserialize)]
struct Change {
    pointer: String,
    op: Op,
    #[serde(default, deserialize_with = "present")]
    before: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    after: Option<Value>,
}

/// A `null` that is there is a value; only an absent member is none.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct Commitment {
    class: u8,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Deserialize)]
struct Chain {
    holds: bool,
    events: Option<u64>,
    head: Option<String>,
    fault: Option<String>,
}

#[derive(Deserialize)]
struct Versions {
    versions: Vec<Version>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    version: u64,
    event_id: String,
    event_hash: String,
    commitments: BTreeMap<String, String>,
    data: Option<Map<String, Value>>,
    #[serde(default)]
    erased: BTreeSet<String>,
}

/// The platform, as this caller sees it.
struct Source<'a> {
    client: Client,
    origin: &'a str,
    token: Option<&'a Token>,
}

impl Source<'_> {
    /// A list whole, whatever pages it comes in.
    async fn list<T: DeserializeOwned>(&self, path: &str, name: &str) -> Result<T, String> {
        let mut whole: Value = self.get(&format!("{path}limit=1000")).await?;
        let mut next = whole.get("next").cloned();
        while let Some(Value::String(cursor)) = next {
            let path = format!("{path}limit=1000&cursor={cursor}");
            let mut page: Value = self.get(&path).await?;
            let more = page.get_mut(name).and_then(Value::as_array_mut);
            let all = whole.get_mut(name).and_then(Value::as_array_mut);
            if let (Some(all), Some(more)) = (all, more) {
                all.append(more);
            }
            next = page.get("next").cloned();
        }
        serde_json::from_value(whole).map_err(|error| format!("the answer of `{path}`: {error}"))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, String> {
        let url = format!("{}/v1/{path}", self.origin);
        let request = Token::request(self.token, &self.client, Method::GET, &url);
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        if !status.is_success() {
            return Err(format!("`{path}` was answered {status}: {text}"));
        }
        serde_json::from_str(&text).map_err(|error| format!("the answer of `{path}`: {error}"))
    }
}

/// Replays one subject. Answers the report where everything fits, and every difference where not.
pub(crate) async fn run(
    subject: &str,
    origin: &str,
    token: Option<&Token>,
) -> Result<String, String> {
    let subject = subject.trim_matches('/');
    let kind = subject.split_once('/').map(|(kind, _)| kind);
    let Some(kind @ ("dpps" | "models" | "batches")) = kind else {
        return Err("expected `dpps/<id>`, `models/<id>` or `batches/<id>`".to_owned());
    };
    let source = Source {
        client: Client::new(),
        origin,
        token,
    };
    let versions: Versions = source
        .list(&format!("{subject}/versions?"), "versions")
        .await?;
    let newest = versions.versions.len();
    let last: Version = source.get(&format!("{subject}/versions/{newest}")).await?;
    let served: Map<String, Value> = source.get(subject).await?;
    let events: Events = source
        .list(&format!("{subject}/events?verify=true&"), "events")
        .await?;

    let whole = |event: &Event| {
        let event_type = event.event_type.as_deref();
        let event_type = event_type.and_then(|id| catalogue().event_type(id));
        event_type.is_some_and(|it| it.erases == Some(Erases::Everything))
    };
    if events.events.iter().any(whole) {
        return Err(format!(
            "{subject} cannot be replayed: what its events told was erased with its key"
        ));
    }
    let replay = Replayed {
        kind,
        events: &events,
        versions: &versions.versions,
        last: &last,
        served: &served,
    };
    let erased = events
        .events
        .iter()
        .filter_map(|event| event.erased.as_ref());
    let named = erased.flat_map(|it| it.values.iter().cloned());
    let mut check = replay.check(named.collect())?;
    if !check.differences.is_empty() {
        // Who may not know of the event that erased something is told so by the versions that had it.
        let mut of_versions = check.erased.clone();
        for number in 1..newest {
            let version: Version = source.get(&format!("{subject}/versions/{number}")).await?;
            of_versions.extend(version.erased);
        }
        check = replay.check(of_versions)?;
    }
    check.report(subject, &events, newest)
}

/// What is held against each other.
struct Replayed<'a> {
    kind: &'a str,
    events: &'a Events,
    versions: &'a [Version],
    last: &'a Version,
    served: &'a Map<String, Value>,
}

impl Replayed<'_> {
    fn check(&self, erased: BTreeSet<String>) -> Result<Check, String> {
        let seen = self.last.commitments.keys();
        let mut check = Check {
            seen: seen.filter_map(|class| class.parse().ok()).collect(),
            erased,
            ..Check::default()
        };
        check.chain(self.events);
        check.fold(&self.events.events, self.versions);
        check.values(
            "its newest version",
            self.last.data.clone().unwrap_or_default(),
        );
        match self.kind {
            // Above its own values a passport shows those of its model and batch.
            "dpps" => check.shown(self.served),
            _ => check.values("what is served", member(self.served.clone(), "data")?),
        }
        Ok(check)
    }
}

fn member(mut answer: Map<String, Value>, name: &str) -> Result<Map<String, Value>, String> {
    match answer.remove(name) {
        Some(Value::Object(member)) => Ok(member),
        _ => Err(format!("the answer has no object in `{name}`")),
    }
}

/// What was found.
#[derive(Default)]
struct Check {
    replay: Replay,
    /// What stays of earlier times of responsibility: whoever follows begins classes 0 and 3 anew beside it.
    kept: Map<String, Value>,
    /// The newest commitment of each class.
    commitments: BTreeMap<u8, String>,
    /// The classes of which this caller sees what is there now.
    seen: BTreeSet<u8>,
    /// Attributes whose former values were erased: what their events told is gone.
    erased: BTreeSet<String>,
    differences: Vec<String>,
}

impl Check {
    fn differs(&mut self, what: impl Into<String>) {
        self.differences.push(what.into());
    }

    /// The links between the events, where this caller may see them, and the platform's own word.
    fn chain(&mut self, events: &Events) {
        let mut before: Option<&Event> = None;
        for (number, event) in (1_u64..).zip(&events.events) {
            if event.seq.is_some_and(|seq| seq != number) {
                self.differs(format!("event {} is not number {number}", event.event_id));
            }
            if let Some(before) = before {
                if event.seq.is_some() && event.prev.as_ref() != Some(&before.hash) {
                    self.differs(format!(
                        "event {} does not follow event {}",
                        event.event_id, before.event_id
                    ));
                }
                if event.at <= before.at {
                    self.differs(format!(
                        "event {} is not later than event {}",
                        event.event_id, before.event_id
                    ));
                }
            }
            before = Some(event);
        }
        let Some(chain) = &events.chain else {
            return self.differs("the platform does not say whether the chain holds");
        };
        if !chain.holds {
            let fault = chain.fault.as_deref().unwrap_or("no fault is named");
            self.differs(format!(
                "the platform says that the chain does not hold: {fault}"
            ));
        }
        let count = u64::try_from(events.events.len()).ok();
        if chain.events.is_some() && chain.events != count {
            self.differs("the chain has another number of events than were told");
        }
        if chain.head.is_some() && chain.head.as_ref() != before.map(|event| &event.hash) {
            self.differs("the chain ends at another event than the last one told");
        }
    }

    /// The changes of each event, one after the other; and that each version was made by one of them.
    fn fold(&mut self, events: &[Event], versions: &[Version]) {
        for event in events {
            for commitment in &event.commitments {
                self.commitment(event, commitment);
            }
            for change in &event.changes {
                let op = match (&change.before, &change.after) {
                    (None, Some(_)) => Some(Op::Add),
                    (Some(_), None) => Some(Op::Remove),
                    (Some(_), Some(_)) => Some(Op::Replace),
                    (None, None) => None,
                };
                if op != Some(change.op) {
                    self.differs(format!(
                        "event {}: `{}` was not changed as its operation says",
                        event.event_id, change.pointer
                    ));
                }
                let (before, after) = (change.before.as_ref(), change.after.as_ref());
                let step = self.replay.step(&change.pointer, before, after);
                if let Err(fault) = step
                    && !self.erased.contains(&change.pointer)
                {
                    self.differs(format!("event {}: {fault}", event.event_id));
                }
            }
            for version in versions.iter().filter(|one| one.event_id == event.event_id) {
                self.version(event, version);
            }
        }
        let unmade = versions.iter().filter(|version| {
            !events
                .iter()
                .any(|event| event.event_id == version.event_id)
        });
        for version in unmade {
            self.differs(format!("version {} was made by no event", version.version));
        }
    }

    fn commitment(&mut self, event: &Event, commitment: &Commitment) {
        let stays = Class::from_number(commitment.class)
            .filter(|class| matches!(class, Class::Internal | Class::Authority));
        if let (Some(class), None) = (stays, &commitment.before)
            && self.commitments.remove(&commitment.class).is_some()
        {
            let earlier = self.replay.take(class);
            self.kept = compose(&self.kept, &earlier, &Map::new());
        }
        if self.commitments.get(&commitment.class) != commitment.before.as_ref() {
            self.differs(format!(
                "event {}: the values of class {} were committed to otherwise before",
                event.event_id, commitment.class
            ));
        }
        match &commitment.after {
            Some(after) => self.commitments.insert(commitment.class, after.clone()),
            None => self.commitments.remove(&commitment.class),
        };
    }

    fn version(&mut self, event: &Event, version: &Version) {
        if version.event_hash != event.hash {
            self.differs(format!(
                "version {} names another hash than its event has",
                version.version
            ));
        }
        for (class, told) in &version.commitments {
            let replayed = class
                .parse()
                .ok()
                .and_then(|class: u8| self.commitments.get(&class));
            if replayed.is_some_and(|replayed| replayed != told) {
                self.differs(format!(
                    "version {} commits to other values of class {class} than its event",
                    version.version
                ));
            }
        }
    }

    /// What the events come to: the newest values, and beside them those that stay from before.
    fn replayed(&self) -> Map<String, Value> {
        compose(&self.kept, self.replay.document(), &Map::new())
    }

    /// Values that must be exactly the replayed ones, as far as this caller sees their class.
    fn values(&mut self, which: &str, values: Map<String, Value>) {
        for change in passport::delta(&self.replayed(), &values) {
            let seen = self.seen.contains(&change.class.number());
            if change.op == Op::Remove && (!seen || may_be_closed(&change.pointer)) {
                continue;
            }
            if self.erased.contains(&change.pointer) {
                continue;
            }
            let told = |value: &Option<Value>| {
                value
                    .as_ref()
                    .map_or("absent".to_owned(), |value| format!("`{value}`"))
            };
            self.differs(format!(
                "`{}` is {} by its events and {} in {which}",
                change.pointer,
                told(&change.before),
                told(&change.after)
            ));
        }
    }

    /// A passport as it is shown: every replayed value is in it.
    fn shown(&mut self, passport: &Map<String, Value>) {
        let mut own = self.replayed();
        for (group, values) in &mut own {
            if let Value::Object(attributes) = values {
                for (id, value) in attributes {
                    let shown = passport.get(group).and_then(|group| group.get(id));
                    *value = shown.cloned().unwrap_or_default();
                }
            }
        }
        for group in own.values_mut().filter_map(Value::as_object_mut) {
            group.retain(|_, value| !value.is_null());
        }
        self.values("what is served", own);
    }

    fn report(self, subject: &str, events: &Events, versions: usize) -> Result<String, String> {
        let attributes = passport::attributes(&self.replayed());
        let attributes = attributes
            .keys()
            .filter(|pointer| !self.erased.contains(*pointer))
            .filter_map(|pointer| catalogue().by_pointer(pointer))
            .filter(|attribute| self.seen.contains(&attribute.class.number()))
            .count();
        if self.differences.is_empty() {
            let erased = match self.erased.len() {
                0 => String::new(),
                erased => format!(
                    ", but {} whose history was erased",
                    counted(erased, "value")
                ),
            };
            return Ok(format!(
                "{subject}: {} and {}; replayed from nothing they come to what is served: {}{erased}\n",
                counted(events.events.len(), "event"),
                counted(versions, "version"),
                counted(attributes, "value"),
            ));
        }
        Err(format!(
            "{subject} does not fit its events:\n  {}",
            self.differences.join("\n  ")
        ))
    }
}

/// Whether an attribute may be one that the guidance lets nobody be shown: then its absence says nothing.
fn may_be_closed(pointer: &str) -> bool {
    let guidance = catalogue().active_guidance();
    catalogue().by_pointer(pointer).is_some_and(|attribute| {
        let mut categories = Category::ALL.into_iter();
        categories.any(|category| !passport::visible(attribute, guidance, category))
    })
}
