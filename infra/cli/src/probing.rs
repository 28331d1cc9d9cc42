//! `passport access probe`: the platform's checks of who sees what, set up and run by hand.

use std::fmt::Write;
use std::path::Path;

use probe::{Batteries, Door, Probe, Tokens};
use storage::{Registrar, SigningKey, Store};
use web::Site;

pub(crate) async fn probe(
    at: &str,
    data: Option<&Path>,
    batteries: Option<&str>,
) -> Result<String, String> {
    let key = match data {
        Some(data) => SigningKey::file(&local::probe_key(data)),
        None => SigningKey::from_env("PROBE_KEY").await,
    };
    let tokens = Tokens::new(key.map_err(|error| error.to_string())?);
    let door = Door::http(at).map_err(|error| error.to_string())?;
    let mut report = String::new();
    let batteries: Batteries = match batteries {
        Some(batteries) => {
            serde_json::from_str(batteries).map_err(|error| format!("`--batteries`: {error}"))?
        }
        None => {
            let _ = writeln!(report, "issuer     {}", tokens.issuer());
            register(data).await?;
            let made = probe::make(&door, &tokens).await.map_err(|failure| {
                format!("{failure}\nwhere the platform does not trust them yet, add to `TokenIssuers`, deploy, and try again:\n{}", tokens.issuer())
            })?;
            let text = serde_json::to_string(&made).map_err(|error| error.to_string())?;
            let _ = writeln!(report, "batteries  {text}");
            made
        }
    };
    let probe = Probe {
        door: &door,
        tokens: &tokens,
        batteries: &batteries,
    };
    let probed = probe.reads_and_writes().await;
    let probed = probed.map_err(|failure| failure.to_string())?;
    let (requests, findings) = (probed.requests, probed.findings.len());
    let _ = writeln!(
        report,
        "probed     {requests} requests, {findings} findings"
    );
    if probed.findings.is_empty() {
        return Ok(report);
    }
    for finding in &probed.findings {
        let _ = writeln!(report, "{finding}");
    }
    Err(format!("somebody sees too little or too much\n{report}"))
}

/// Registers the organisations of the checks, or renews their records.
async fn register(data: Option<&Path>) -> Result<(), String> {
    let registrar = Registrar {
        organisation: "platform".to_owned(),
        person: "whoever sets the checks up".to_owned(),
        reason: "organisations that the platform checks itself with".to_owned(),
    };
    if let Some(data) = data {
        let registered = local::register(data, probe::organisations(), &registrar).await;
        return registered.map_err(|failure| failure.to_string());
    }
    let log = Site::from_env()?.log();
    let store = Store::from_env().await.map_err(|error| error.to_string())?;
    for organisation in probe::organisations() {
        let registered = store.register_organisation(&log, organisation, &registrar, web::now());
        let _ = registered.await.map_err(|error| error.to_string())?;
    }
    Ok(())
}
