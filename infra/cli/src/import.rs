//! `passport import`.

use std::fmt::Write;
use std::path::Path;

use passport::{Category, Limits, parse_json};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::mapping::{Mapping, Taken};

/// The platform that is imported into.
pub(crate) struct Target {
    pub(crate) origin: String,
    pub(crate) token: String,
}

/// A document is at most as large as the platform takes.
const FILE_LIMIT: u64 = 4 << 20;

/// Reads the file and, where there is a target, brings it in. Answers the report.
pub(crate) async fn run(file: &Path, target: Option<&Target>) -> Result<String, String> {
    let document = read(file)?;
    let root = document
        .get("Battery_Passport")
        .ok_or("this is no BatteryPass-Ready document: expected the member `Battery_Passport`")?;
    let measured_at = root
        .pointer("/IdentifiersAndProductData/Date-timeOfLatestUpdateOfDPP")
        .and_then(Value::as_str)
        .ok_or("expected the time of the latest update in `Date-timeOfLatestUpdateOfDPP`")?;
    let mapping = Mapping::battery_pass_ready().map_err(|error| error.to_string())?;
    let taken = mapping.apply(root, measured_at);
    let mut report = String::new();
    if let Some(target) = target {
        let unit = bring_in(target, &taken).await?;
        let _ = writeln!(report, "imported as unit {unit}: {}/{unit}", target.origin);
    }
    let _ = writeln!(report, "\ntaken over: {}", taken.over.len());
    for (from, to) in &taken.over {
        let _ = writeln!(report, "  {from} -> {to}");
    }
    let _ = writeln!(report, "\nnot taken over: {}", taken.left.len());
    for (from, why) in &taken.left {
        let _ = writeln!(report, "  {from}: {why}");
    }
    Ok(report)
}

fn read(file: &Path) -> Result<Value, String> {
    let fault = |error: std::io::Error| format!("`{}`: {error}", file.display());
    let size = std::fs::metadata(file).map_err(fault)?.len();
    if size > FILE_LIMIT {
        return Err(format!(
            "`{}` has {size} bytes, {FILE_LIMIT} are the most",
            file.display()
        ));
    }
    let bytes = std::fs::read(file).map_err(fault)?;
    let limits = Limits {
        bytes: bytes.len(),
        ..Limits::default()
    };
    parse_json(&bytes, &limits).map_err(|fault| format!("`{}`: {fault}", file.display()))
}

async fn bring_in(target: &Target, taken: &Taken) -> Result<String, String> {
    let category: Category = taken
        .model
        .get("identification")
        .and_then(|group| group.get("batteryCategory"))
        .and_then(Value::as_str)
        .and_then(|category| category.parse().ok())
        .ok_or("the document does not tell the battery's category")?;
    let reason = "imported from BatteryPass-Ready v1.0";
    let model = json!({"category": category, "reason": reason, "data": taken.model});
    let model = target.post("/v1/models", &model).await?;
    let order = json!({"model": model.get("id"), "count": 1, "reason": reason});
    let order = target.post("/v1/units", &order).await?;
    let unit = order
        .pointer("/units/0/unit")
        .and_then(Value::as_str)
        .ok_or("the order came back without a unit")?;
    let mut item = taken.item.clone();
    item.insert("uniqueProductIdentifier".to_owned(), json!(unit));
    target.post("/v1/dpps", &Value::Object(item)).await?;
    Ok(unit.to_owned())
}

impl Target {
    async fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let answer = Client::new()
            .request(Method::POST, format!("{}{path}", self.origin))
            .bearer_auth(&self.token)
            .header("Idempotency-Key", Uuid::new_v4().to_string())
            .header("DPP-Reason", "imported from BatteryPass-Ready v1.0")
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
