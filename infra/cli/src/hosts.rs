//! `passport hosts`: the host names that labels carry, and what the watch found of them last. Works on the tables, with the
//! operator's own AWS rights.

use std::collections::BTreeMap;
use std::fmt::Write;

use passport::counted;
use serde::de::IgnoredAny;
use storage::{HostFinding, HostWatch, Severity, Store, StoreError};

/// An examination that is older tells of a watch that stopped: it runs every hour.
const FRESH_HOURS: i64 = 3;

/// The list; an error where there is an alarm in it.
pub(crate) async fn list() -> Result<String, String> {
    let store = Store::from_env().await.map_err(told)?;
    let reserved = store.carrier_hosts().await.map_err(told)?;
    let watches = store.host_watches().await.map_err(told)?;
    let watches = watches.into_iter().map(|watch| (watch.host.clone(), watch));
    let mut watches: BTreeMap<String, Watch> = watches.collect();
    let alarms = watches.values().filter(|watch| is_alarm(watch)).count();
    let mut list = String::new();
    for reserved in reserved {
        let (host, whose) = (reserved.host.as_str(), &reserved.organisation);
        match watches.remove(host) {
            Some(watch) => tell(&mut list, &watch, whose),
            None => {
                let _ = writeln!(list, "{host} ({whose}): not examined yet");
            }
        }
    }
    for watch in watches.values() {
        tell(&mut list, watch, "the platform's own");
    }
    match alarms {
        _ if list.is_empty() => Ok("no host is reserved, and none was examined\n".to_owned()),
        0 => Ok(list),
        alarms => Err(format!("{} with an alarm\n{list}", counted(alarms, "host"))),
    }
}

/// Takes what is seen of a host from now on as usual.
pub(crate) async fn take_as_usual(host: &str) -> Result<String, String> {
    let store = Store::from_env().await.map_err(told)?;
    match store.forget_host_watch(host).await.map_err(told)? {
        true => Ok(format!(
            "what the next examination sees of `{host}` is what is usual\n"
        )),
        false => Err(format!("`{host}` was not examined")),
    }
}

type Watch = HostWatch<IgnoredAny>;

fn told(error: StoreError) -> String {
    error.to_string()
}

fn is_alarm(watch: &Watch) -> bool {
    let mut findings = watch.findings.iter();
    hours_ago(watch) > FRESH_HOURS || findings.any(|one| one.severity == Severity::Alarm)
}

fn hours_ago(watch: &Watch) -> i64 {
    (web::now().as_millisecond() - watch.at.as_millisecond()) / (60 * 60 * 1000)
}

fn tell(list: &mut String, watch: &Watch, whose: &str) {
    let HostWatch {
        host, at, findings, ..
    } = watch;
    let found = match findings.is_empty() {
        true => "in order".to_owned(),
        false => counted(findings.len(), "finding"),
    };
    let _ = writeln!(list, "{host} ({whose}), {at}: {found}");
    if hours_ago(watch) > FRESH_HOURS {
        let _ = writeln!(list, "  alarm: not examined for {} hours", hours_ago(watch));
    }
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
