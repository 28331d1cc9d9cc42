//! `passport hosts`: the host names that labels carry, and what the watch found of them last. Works on the tables, with the
//! operator's own AWS rights.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::de::IgnoredAny;
use storage::{HostFinding, HostWatch, Severity, Store};

/// The list; an error where there is an alarm in it.
pub(crate) async fn list() -> Result<String, String> {
    let store = Store::from_env().await.map_err(|error| error.to_string())?;
    let reserved = store
        .carrier_hosts()
        .await
        .map_err(|error| error.to_string())?;
    let watches = store
        .host_watches()
        .await
        .map_err(|error| error.to_string())?;
    let watches = watches.into_iter().map(|watch| (watch.host.clone(), watch));
    let mut watches: BTreeMap<String, HostWatch<IgnoredAny>> = watches.collect();
    let alarms = watches.values().filter(|watch| {
        watch
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Alarm)
    });
    let alarms = alarms.count();
    let mut list = String::new();
    for reserved in reserved {
        let watch = watches.remove(reserved.host.as_str());
        tell(
            &mut list,
            reserved.host.as_str(),
            &reserved.organisation,
            watch.as_ref(),
        );
    }
    for (host, watch) in &watches {
        tell(&mut list, host, "the platform's own", Some(watch));
    }
    if list.is_empty() {
        list.push_str("no host is reserved, and none was examined\n");
    }
    match alarms {
        0 => Ok(list),
        alarms => Err(format!(
            "{} with an alarm\n{list}",
            passport::counted(alarms, "host")
        )),
    }
}

fn tell(list: &mut String, host: &str, whose: &str, watch: Option<&HostWatch<IgnoredAny>>) {
    let Some(HostWatch { at, findings, .. }) = watch else {
        let _ = writeln!(list, "{host} ({whose}): not examined yet");
        return;
    };
    let found = match findings.is_empty() {
        true => "in order".to_owned(),
        false => passport::counted(findings.len(), "finding"),
    };
    let _ = writeln!(list, "{host} ({whose}), {at}: {found}");
    for HostFinding {
        code,
        severity,
        expected,
        found,
    } in findings
    {
        let severity = severity.as_str();
        let _ = writeln!(
            list,
            "  {severity} {code}: expected {expected}; found {found}"
        );
    }
}
