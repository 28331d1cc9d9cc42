//! `passport import`.

use std::fmt::Write;
use std::path::Path;

use exchange::{Imported, JSON_LD, Source};
use passport::{catalogue, parse_json};
use reqwest::{Client, Method};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::token::Token;

/// The platform that is imported into.
pub(crate) struct Target {
    pub(crate) origin: String,
    pub(crate) token: Token,
}

/// Reads the file and, where there is a target, brings it in. Answers the report.
pub(crate) async fn run(
    file: &Path,
    format: Option<&str>,
    target: Option<&Target>,
) -> Result<String, String> {
    let document = read(file)?;
    let source = chosen(format, &document)?;
    let guidance = catalogue().active_guidance();
    let imported = source
        .import(&document.into(), None, guidance)
        .map_err(|error| error.to_string())?;
    let mut report = String::new();
    if let Some(target) = target {
        let Brought {
            model,
            unit,
            passport,
        } = bring_in(target, source, &imported).await?;
        let place = &target.origin;
        let _ = writeln!(
            report,
            "imported as unit {unit}: {place}/{unit}, passport {passport}, model {model}"
        );
    }
    let _ = writeln!(report, "\ntaken over: {}", imported.taken.len());
    for one in &imported.taken {
        let _ = writeln!(report, "  {} -> {}", one.from, one.to);
    }
    let _ = writeln!(report, "\nlost: {}", imported.losses.len());
    for loss in &imported.losses {
        let what = loss.what.as_str();
        let _ = writeln!(report, "  {} ({what}): {}", loss.pointer, loss.reason);
    }
    Ok(report)
}

/// The format that was asked for, else the one that the document is in.
fn chosen(id: Option<&str>, document: &Map<String, Value>) -> Result<Source, String> {
    let known = || {
        let formats = exchange::formats().map(|one| one.id.as_str());
        let known: Vec<&str> = formats.chain([JSON_LD]).collect();
        known.join(", ")
    };
    match id {
        Some(id) => Source::named(id)
            .ok_or_else(|| format!("there is no format `{id}`; there are {}", known())),
        None => Source::of(document).ok_or_else(|| {
            format!(
                "this is in none of the formats {}; `--format` names one",
                known()
            )
        }),
    }
}

fn read(file: &Path) -> Result<Map<String, Value>, String> {
    let fault = |what: &dyn std::fmt::Display| format!("`{}`: {what}", file.display());
    let limits = exchange::limits();
    let size = std::fs::metadata(file)
        .map_err(|error| fault(&error))?
        .len();
    if usize::try_from(size).map_or(true, |size| size > limits.bytes) {
        return Err(fault(&format!(
            "{size} bytes, {} are the most",
            limits.bytes
        )));
    }
    let bytes = std::fs::read(file).map_err(|error| fault(&error))?;
    match parse_json(&bytes, &limits).map_err(|error| fault(&error))? {
        Value::Object(document) => Ok(document),
        _ => Err(fault(&"expected a JSON object")),
    }
}

/// The ids that a document was brought in under.
struct Brought {
    model: String,
    unit: String,
    passport: String,
}

async fn bring_in(target: &Target, source: Source, imported: &Imported) -> Result<Brought, String> {
    let reason = format!("imported from {}", source.name());
    let model = json!({"category": imported.category, "reason": reason, "data": imported.model});
    let model = target.post("/v1/models", &model, &reason).await?;
    let order = json!({"model": model.get("id"), "count": 1, "reason": reason});
    let order = target.post("/v1/units", &order, &reason).await?;
    let unit = order
        .pointer("/units/0/unit")
        .and_then(Value::as_str)
        .ok_or("the order came back without a unit")?;
    let mut item = imported.item.clone();
    item.insert("uniqueProductIdentifier".to_owned(), json!(unit));
    let passport = target
        .post("/v1/dpps", &Value::Object(item), &reason)
        .await?;
    Ok(Brought {
        model: id(&model)?,
        unit: unit.to_owned(),
        passport: id(&passport)?,
    })
}

fn id(answer: &Value) -> Result<String, String> {
    let id = answer.get("id").and_then(Value::as_str);
    id.map(str::to_owned)
        .ok_or_else(|| "an answer came back without an id".to_owned())
}

impl Target {
    async fn post(&self, path: &str, body: &Value, reason: &str) -> Result<Value, String> {
        let (client, url) = (Client::new(), format!("{}{path}", self.origin));
        let answer = Token::request(Some(&self.token), &client, Method::POST, &url)
            .header("Idempotency-Key", Uuid::new_v4().to_string())
            .header("DPP-Reason", reason)
            .json(body)
            .send()
            .await
            .map_err(|error| error.to_string())?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        if !status.is_success() {
            return Err(format!("{path} was answered {status}: {text}"));
        }
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }
}
