//! `passport register-organisation`: who may act at all. Works on the tables, with the operator's own AWS rights, never over
//! HTTP.

use std::path::Path;

use access::Organisation;
use passport::{Limits, parse_json};
use storage::{Registrar, Store};
use web::Site;

/// A record is at most this long, in bytes.
const FILE_LIMIT: usize = 64 << 10;

/// Registers the organisation of a file, or renews its record. Answers what was done.
pub(crate) async fn register(file: &Path, registrar: &Registrar) -> Result<String, String> {
    let site = Site::from_env()?;
    let organisation = read(file, &site)?;
    let id = organisation.id.clone();
    let store = Store::from_env().await.map_err(|error| error.to_string())?;
    let receipt = store
        .register_organisation(&site.log(), organisation, registrar, web::now())
        .await
        .map_err(|error| error.to_string())?;
    Ok(match receipt {
        Some(receipt) => format!("`{id}` is registered; receipt {receipt}\n"),
        None => format!("`{id}` was registered just so already; nothing was written\n"),
    })
}

fn read(file: &Path, site: &Site) -> Result<Organisation, String> {
    let fault = |what: String| format!("`{}`: {what}", file.display());
    let bytes = std::fs::read(file).map_err(|error| fault(error.to_string()))?;
    let limits = Limits {
        bytes: FILE_LIMIT,
        ..Limits::default()
    };
    let value = parse_json(&bytes, &limits).map_err(|error| fault(error.to_string()))?;
    let organisation: Organisation =
        serde_json::from_value(value).map_err(|error| fault(error.to_string()))?;
    let mut faults = organisation.faults();
    let host = organisation.carrier_host.as_ref();
    faults.extend(
        host.map(|host| site.carrier_host_faults(host))
            .into_iter()
            .flatten(),
    );
    if faults.is_empty() {
        Ok(organisation)
    } else {
        Err(fault(faults.join("; ")))
    }
}
