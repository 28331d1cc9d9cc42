//! Every request that could be answered with something that is kept: each operation of the OpenAPI document with every id there is,
//! in every form it is answered in, and with bodies that it refuses.

use serde_json::{Value, json};

use super::canaries::Reader;
use super::scene::Ids;

/// A request.
#[derive(Debug, Clone)]
pub struct Door {
    pub method: String,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Value>,
}

const FAR: &str = "2999-01-01T00:00:00Z";
const LEVELS: [&str; 3] = ["", "?level=model", "?level=batch"];
const ELEMENTS: [&str; 10] = [
    "$.identification",
    "$.internal",
    "$.internal.note",
    "$.circularity",
    "$.circularity.partNumbers",
    "$.conformity.testReports",
    "$.materials.detailedComposition",
    "$.condition",
    "$.condition.negativeEvents",
    "$.condition.stateOfCharge",
];
/// The groups that have restricted attributes.
const GROUPS: [&str; 5] = [
    "internal",
    "circularity",
    "conformity",
    "condition",
    "materials",
];

/// Every value of a parameter, where it does not go with another.
fn values(path: &str, parameter: &str, ids: &Ids) -> Vec<String> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let collection = path.split('/').nth(2).unwrap_or_default();
    match (parameter, collection) {
        ("dppId" | "passport", _) => ids.passports.clone(),
        ("unitId" | "unit" | "productId" | "text" | "serial", _) => ids.units.clone(),
        ("id", "models") => ids.models.clone(),
        ("id", "batches") => ids.batches.clone(),
        ("id", "orders") => ids.orders.clone(),
        ("id", "evidence") => ids.evidence.clone(),
        ("id", "access-requests") => ids.requests.clone(),
        ("id", "grants") => ids.grants.clone(),
        ("id", "contributions") => ids.contributions.clone(),
        ("id", "organisations") => ids.suspensions.clone(),
        ("organisation" | "operatorId", _) => owned(&["voltwerk", "garage-nord"]),
        // What was changed later was changed of the first two.
        ("n", "dpps") if !ids.passports.iter().take(2).any(|id| path.contains(id)) => owned(&["1"]),
        ("n", _) if path.ends_with("{n}") => owned(&["1", "2", "4", "1..4"]),
        ("n", _) => owned(&["1", "2", "4"]),
        ("class", _) => owned(&["0", "1", "2", "3", "4"]),
        ("elementIdPath", _) => owned(&ELEMENTS),
        ("format", _) => owned(&["batterypass-ready-1.0", "idta-02035-1.0"]),
        ("version", _) => owned(&["1.0", "1.1"]),
        ("category", _) => owned(&["ev"]),
        ("form", _) => owned(&["item"]),
        ("gtin", _) => owned(&[tests::GTIN]),
        ("lot" | "giai", _) => owned(&["ANY"]),
        (other, _) => panic!("no value for `{other}` of {path}"),
    }
}

/// Parameters that only go together.
fn pairs(path: &str, ids: &Ids) -> Option<Vec<String>> {
    let with = |first: &str, second: &str, pairs: &[(String, String)]| {
        let pairs = pairs.iter();
        pairs
            .map(|(a, b)| path.replace(first, a).replace(second, b))
            .collect()
    };
    if path.contains("{event}") {
        let (subject, rest) = path.split_once("/events/{event}").unwrap();
        let kind = subject.split("/{").next().unwrap();
        let of_kind = ids.events.iter().filter(|(path, _)| path.starts_with(kind));
        let filled = of_kind.map(|(path, event)| format!("{path}/events/{event}{rest}"));
        return Some(filled.collect());
    }
    match path {
        _ if path.contains("{transferId}") => Some(with("{dppId}", "{transferId}", &ids.transfers)),
        _ if path.contains("{claimId}") => Some(with("{dppId}", "{claimId}", &ids.claims)),
        _ if path.contains("{labelId}") => Some(with("{unitId}", "{labelId}", &ids.labels)),
        _ if path.contains("{label}") => Some(with("{unit}", "{label}", &ids.labels)),
        _ => None,
    }
}

/// The path with every value of each of its parameters.
fn filled(path: &str, ids: &Ids) -> Vec<String> {
    if let Some(filled) = pairs(path, ids) {
        return filled;
    }
    let Some((before, rest)) = path.split_once('{') else {
        return vec![path.to_owned()];
    };
    let (parameter, after) = rest.split_once('}').unwrap();
    let values = values(path, parameter, ids).into_iter();
    values
        .flat_map(|value| filled(&format!("{before}{value}{after}"), ids))
        .collect()
}

/// Queries and `Accept` that an operation is asked with.
fn forms(operation: &str, ids: &Ids) -> (Vec<String>, &'static [&'static str]) {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let queries = match operation {
        "readDPPById" | "readDPPByProductId" => owned(&["", "?representation=full"]),
        "readDPPVersionByIdAndDate" => vec![
            format!("?date={FAR}"),
            format!("?date={}", ids.before),
            format!("?date={FAR}&representation=full"),
        ],
        "listEvents"
        | "listVersions"
        | "readVersion"
        | "exportVersionPart"
        | "exportChain"
        | "proveEvent"
        | "readVersionSignature" => owned(&LEVELS),
        "listGrants" | "listContributions" => owned(&["", "?direction=received"]),
        "readCompleteness" => owned(&["?market=DE"]),
        "listReadings" => owned(&["", "?attribute=/condition/stateOfCharge&limit=1"]),
        "printLabel" => owned(&["?format=svg", "?format=json"]),
        "printOrder" => owned(&["?format=zpl&dpi=300"]),
        _ => owned(&[""]),
    };
    let accepted: &[&str] = match operation {
        "readDPPById" => &["application/json", "application/ld+json", "text/html"],
        "listReadings" => &["application/json", "text/csv"],
        "readEvidence" => &["*/*", "text/html"],
        _ if operation.starts_with("scan") || operation.starts_with("follow") => &[
            "application/json",
            "application/ld+json",
            "application/linkset+json",
            "text/html",
        ],
        _ => &["*/*"],
    };
    (queries, accepted)
}

/// Headers and a body.
type Refused = (Vec<(&'static str, &'static str)>, Option<Value>);

/// Bodies that are refused, with their headers: empty, of another type, of no effect, and against a state that has passed.
fn refused(method: &str, path: &str, reader: Reader) -> Vec<Refused> {
    let of_type = |kind: &str, value: &Value| {
        let changes: serde_json::Map<String, Value> = GROUPS
            .iter()
            .map(|group| ((*group).to_owned(), value.clone()))
            .collect();
        json!({"type": kind, "reason": "x", "changes": changes})
    };
    const STALE: (&str, &str) = ("if-match", "\"0.0.0.0\"");
    const CORRECTION: (&str, &str) = ("dpp-event-type", "correction");
    const REASON: (&str, &str) = ("dpp-reason", "x");
    let wrong = json!({"note": 5, "partNumbers": 5, "testReports": 5, "negativeEvents": 5, "detailedComposition": 5});
    let low = json!({"type": "measurement", "reason": "x", "changes": {"condition": {
        "cycleCount": {"value": 0, "measuredAt": "2026-11-02T08:00:00Z"},
        "remainingEnergy": {"value": -1, "unit": "kW.h", "measuredAt": "2000-01-01T08:00:00Z"},
    }}});
    let mut all = match method {
        "DELETE" if reader.is_owner() => vec![],
        "DELETE" => vec![(vec![], None), (vec![REASON], None)],
        _ => vec![(vec![], Some(json!({})))],
    };
    let is_record = ["/v1/dpps", "/v1/models", "/v1/batches"]
        .iter()
        .any(|it| path.starts_with(it));
    if method == "PATCH" && path.starts_with("/v1/dpps") {
        let changes = of_type("", &wrong)["changes"].clone();
        all.push((vec![CORRECTION, REASON], Some(changes.clone())));
        all.push((vec![CORRECTION, REASON, STALE], Some(changes)));
        if !reader.is_owner() {
            let nothing = of_type("", &Value::Null)["changes"].clone();
            all.push((vec![CORRECTION, REASON], Some(nothing)));
        }
    } else if method == "PATCH" {
        all.push((vec![STALE], Some(of_type("correction", &wrong))));
        all.push((vec![("if-match", "*")], Some(of_type("correction", &wrong))));
    } else if path.ends_with("/events") {
        all.push((vec![], Some(of_type("correction", &wrong))));
        all.push((vec![], Some(of_type("document-added", &wrong))));
        if !reader.is_owner() {
            all.push((vec![], Some(of_type("correction", &Value::Null))));
            all.push((vec![], Some(of_type("measurement", &Value::Null))));
        }
        all.push((vec![], Some(low)));
    } else if path.ends_with("/readings") {
        let reading = json!({"pointer": "/condition/cycleCount", "value": -1, "measuredAt": FAR});
        all.push((vec![], Some(json!({"reason": "x", "readings": [reading]}))));
    } else if is_record && method == "POST" && !path.contains("claim") && !reader.is_owner() {
        all.push((vec![], Some(json!({"reason": "x"}))));
    }
    all
}

/// Every door that a reader tries.
pub fn doors(reader: Reader, ids: &Ids) -> Vec<Door> {
    let document = include_str!("../../../functions/reader/openapi.json");
    let document: Value = serde_json::from_str(document).unwrap();
    let mut doors = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Some(operation) = operation["operationId"].as_str() else {
                continue;
            };
            let method = method.to_uppercase();
            for path in filled(path, ids) {
                if method != "GET" {
                    for (headers, body) in refused(&method, &path, reader) {
                        let headers = headers.into_iter();
                        let headers = headers.map(|(name, value)| (name, value.to_owned()));
                        doors.push(Door {
                            method: method.clone(),
                            path: path.clone(),
                            headers: headers.collect(),
                            body,
                        });
                    }
                    continue;
                }
                let (queries, accepted) = forms(operation, ids);
                for query in &queries {
                    for accept in accepted {
                        doors.push(Door {
                            method: method.clone(),
                            path: format!("{path}{query}"),
                            headers: vec![("accept", (*accept).to_owned())],
                            body: None,
                        });
                    }
                }
            }
        }
    }
    doors
}
