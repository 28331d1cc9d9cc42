//! Every operation of the OpenAPI document is tried without a token, in a wrong role, from a wrong organisation and rightly: an
//! operation that is not in the table fails the test, and so does a row of no operation.

mod operations;
mod scene;

use std::collections::{BTreeMap, BTreeSet};

use operations::{Row, Who, rows};
use scene::{BYSTANDER, NOT_FOR_ALL, Names, STRANGER, Scene};
use serde_json::{Value, json};
use tests::{Answer, Partner};

/// An operation as the document has it.
struct Operation {
    method: String,
    path: String,
}

/// Every operation of the document by its id.
fn document() -> BTreeMap<String, Operation> {
    let document = include_str!("../../../functions/reader/openapi.json");
    let document: Value = serde_json::from_str(document).unwrap();
    let mut operations = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if let Some(id) = operation["operationId"].as_str() {
                let (method, path) = (method.to_uppercase(), path.clone());
                let _ = operations.insert(id.to_owned(), Operation { method, path });
            }
        }
    }
    operations
}

impl Operation {
    /// The path with the scene's names: an `id` is that of a `model` in `/v1/models/{id}`.
    fn path(&self, row: &Row) -> String {
        let (before, _) = self.path.split_once("/{id}").unwrap_or_default();
        let of = match before.rsplit('/').next().unwrap_or_default() {
            "batches" => "batch",
            other => other.trim_end_matches('s'),
        };
        let path = self.path.replace("{id}", &format!("{{{of}}}"));
        let rename = |path: String, (name, with): &(&str, &str)| {
            path.replace(&format!("{{{name}}}"), &format!("{{{with}}}"))
        };
        row.at.iter().fold(path, rename) + row.query
    }

    /// The path and the body that are sent.
    fn filled(&self, row: &Row, names: &Names) -> (String, Option<Value>) {
        let path = names.fill(&self.path(row));
        let body = row.body.as_ref().map(|body| {
            let body = names.fill(&body.to_string());
            serde_json::from_str(&body).unwrap()
        });
        (path, body)
    }

    async fn call(&self, row: &Row, caller: &Partner<'_>, names: &Names) -> Answer {
        let (path, body) = self.filled(row, names);
        let key = uuid::Uuid::new_v4().to_string();
        let mut headers = row.headers.clone();
        if self.method == "POST" {
            headers.push(("idempotency-key", &key));
        }
        caller
            .call(&self.method, &path, &headers, body.as_ref())
            .await
    }
}

/// An answer without what differs from one request to the next: the ids that were asked about, moments and correlation ids.
fn told(answer: &Answer, names: &Names) -> (u16, BTreeMap<String, String>, String) {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| !["correlationId", "timestamp"].contains(&name.as_str()));
                members.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            Value::String(text) if text.parse::<ledger::Timestamp>().is_ok() => text.clear(),
            _ => {}
        }
    }
    let mut body = serde_json::from_str(&answer.text).unwrap_or(json!(answer.text));
    strip(&mut body);
    let headers = answer.headers.iter().filter(|(name, _)| *name != "date");
    let headers = headers.map(|(name, value)| {
        let value = value.to_str().unwrap();
        (name.to_string(), names.mask(value))
    });
    (
        answer.status,
        headers.collect(),
        names.mask(&body.to_string()),
    )
}

#[test]
fn the_table_has_every_operation_of_the_document_and_no_other() {
    let described: BTreeSet<String> = document().into_keys().collect();
    let tried: BTreeSet<String> = rows().iter().map(|row| row.operation.to_owned()).collect();
    let untried: Vec<_> = described.difference(&tried).collect();
    let unknown: Vec<_> = tried.difference(&described).collect();
    assert!(untried.is_empty(), "nobody tries {untried:?}");
    assert!(unknown.is_empty(), "there is no {unknown:?}");
}

#[tokio::test]
async fn every_operation_refuses_whoever_may_not_and_does_not_tell_what_nobody_may_know_of() {
    let mut scene = Scene::set().await;
    let operations = document();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for row in rows() {
        let operation = &operations[row.operation];
        let (Who(role, organisation), status) = row.right;
        let stage = &scene.stage;
        // Of whoever is nothing beside its role there is no other.
        let is_alone = access::Role::named(role).unwrap().is_alone();
        let insider = if is_alone {
            "garage-nord"
        } else {
            organisation
        };
        let others = if is_alone { BYSTANDER } else { role };
        let bystander = if role == BYSTANDER {
            "service-provider"
        } else {
            BYSTANDER
        };
        let Who(role_outside, outside) = row.outsider.unwrap_or(Who(others, STRANGER));
        let stranger = stage.partner_as(role_outside, outside);
        for (who, caller, expected) in [
            ("without a token", &stage.public(), row.anonymous),
            (
                "in a wrong role",
                &stage.partner_as(bystander, insider),
                row.wrong_role,
            ),
            (
                "from a wrong organisation",
                &stranger,
                row.wrong_organisation,
            ),
        ] {
            let answer = operation.call(&row, caller, &scene.known).await;
            if answer.status != expected {
                wrong.push(format!(
                    "{} {who}: {} in place of {expected}: {}",
                    row.operation, answer.status, answer.text
                ));
            }
            if answer.text.contains(NOT_FOR_ALL) {
                wrong.push(format!("{} {who}: {}", row.operation, answer.text));
            }
        }
        // What others may not know of is, to the byte, as if there were no such thing.
        let hidden = scene.known.but(&scene.hidden);
        let nothing = match row.tells_issued {
            true => hidden.but(&scene.bare),
            false => scene.known.never(),
        };
        if operation.filled(&row, &hidden) != operation.filled(&row, &nothing) {
            let theirs = operation.call(&row, &stranger, &hidden).await;
            let nobodys = operation.call(&row, &stranger, &nothing).await;
            let (theirs, nobodys) = (told(&theirs, &hidden), told(&nobodys, &nothing));
            if theirs != nobodys {
                let name = row.operation;
                wrong.push(format!(
                    "{name}: {theirs:#?} where nothing is: {nobodys:#?}"
                ));
            }
        }
        let right = stage.partner_as(role, organisation);
        let answer = operation.call(&row, &right, &scene.known).await;
        if answer.status != status {
            wrong.push(format!(
                "{} rightly: {} in place of {status}: {}",
                row.operation, answer.status, answer.text
            ));
            continue;
        }
        seen += usize::from(answer.text.contains(NOT_FOR_ALL));
        for (name, pointer) in &row.kept {
            let kept = answer.json().pointer(pointer).cloned().unwrap_or_default();
            scene.known.set(name, kept.as_str().unwrap_or_default());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 10, "{seen}");
}
