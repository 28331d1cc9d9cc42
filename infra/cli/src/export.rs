//! `passport export`.

use std::fmt::Write;

use reqwest::{Client, Method, Url};
use serde_json::Value;

use crate::token::Token;

/// Reads a passport in a format, as far as the token may see it. Answers the document, and the report of its losses.
pub(crate) async fn run(
    origin: &str,
    token: Option<&Token>,
    passport: &str,
    format: &str,
) -> Result<(String, String), String> {
    let mut address = Url::parse(origin).map_err(|error| format!("`{origin}`: {error}"))?;
    address
        .path_segments_mut()
        .map_err(|()| format!("`{origin}` is no address of a platform"))?
        .extend(["v1", "dpps", passport, "exports", format]);
    let client = Client::new();
    let request = Token::request(token, &client, Method::GET, address.as_str());
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    if !status.is_success() {
        return Err(format!("the platform answered {status}: {text}"));
    }
    let body: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let document = body.get("document").ok_or("an answer without a document")?;
    let document = serde_json::to_string_pretty(document).map_err(|error| error.to_string())?;
    Ok((document + "\n", report(&body)))
}

fn report(body: &Value) -> String {
    let losses = body.get("losses").and_then(Value::as_array);
    let losses = losses.map_or(&[][..], Vec::as_slice);
    let mut report = format!("lost: {}\n", losses.len());
    for loss in losses {
        let text = |name: &str| loss.get(name).and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(
            report,
            "  {} ({}): {}",
            text("pointer"),
            text("what"),
            text("reason")
        );
    }
    report
}
