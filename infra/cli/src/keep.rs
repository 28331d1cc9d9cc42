//! `passport backup`, `restore`, `audit` and `drill`, of a platform on this machine.

use std::fmt::Write;
use std::path::Path;

use local::{Failure, Restoring};

/// Where the keys of a backup lie, where nothing else is said: beside it, never in it.
fn keys_of(backup: &Path, keys: Option<&Path>) -> std::path::PathBuf {
    keys.map_or_else(|| backup.with_extension("keys"), Path::to_owned)
}

pub(crate) async fn backup(
    data: &Path,
    to: &Path,
    keys: Option<&Path>,
    organisation: Option<&str>,
) -> Result<String, String> {
    let keys = keys_of(to, keys);
    let taken = match organisation {
        None => local::backup(data, to, &keys).await,
        Some(organisation) => local::move_out(data, organisation, to, &keys).await,
    };
    let taken = taken.map_err(words)?;
    let manifest = &taken.manifest;
    let mut report = format!("Taken at {}:\n", manifest.taken_at);
    for (file, lines) in &manifest.files {
        let _ = writeln!(
            report,
            "{:>9} lines  {}",
            lines.lines,
            to.join(file).display()
        );
    }
    for (log, size) in &manifest.logs {
        let _ = writeln!(report, "{size:>9} entries of the log `{log}`");
    }
    let _ = writeln!(
        report,
        "Its keys lie apart, in {}: keep them where it is not.",
        keys.display()
    );
    let _ = writeln!(
        report,
        "Note down elsewhere, to tell it from any other: {}",
        taken.digest
    );
    Ok(report)
}

pub(crate) async fn restore(
    from: &Path,
    keys: Option<&Path>,
    data: &Path,
    restoring: Restoring<'_>,
) -> Result<String, String> {
    let keys = keys_of(from, keys);
    let restored = local::restore(from, &keys, data, restoring);
    let restored = restored.await.map_err(words)?;
    let findings = findings(&restored.audit.findings);
    let report = format!(
        "Brought back in {:.1} s and verified in {:.1} s: {}\n",
        restored.took.as_secs_f64(),
        restored.verified_in.as_secs_f64(),
        counted(&restored.audit)
    ) + &erased_again(restored.erased);
    match findings {
        Some(findings) => Err(format!("{report}{findings}")),
        None => Ok(format!(
            "{report}Its codes name {host}. Start it with --data {data} --host {host}\n",
            host = restored.host,
            data = data.display()
        )),
    }
}

pub(crate) async fn audit(data: &Path) -> Result<String, String> {
    let audit = local::audit(data).await.map_err(words)?;
    match findings(&audit.findings) {
        Some(findings) => Err(findings),
        None => Ok(format!(
            "Everything is as it was written: {}\n",
            counted(&audit)
        )),
    }
}

pub(crate) async fn drill(data: &Path, organisation: Option<&str>) -> Result<String, String> {
    let drill = local::drill(data, organisation).await.map_err(words)?;
    let mut report = format!(
        "Taken in {:.1} s, brought back in {:.1} s, verified in {:.1} s; the first label resolved {:.1} s after nothing was there.\n",
        drill.taken_in.as_secs_f64(),
        drill.restored.took.as_secs_f64(),
        drill.restored.verified_in.as_secs_f64(),
        drill.first_answer_after.as_secs_f64(),
    );
    let _ = writeln!(report, "Verified: {}", counted(&drill.restored.audit));
    let same = drill.answers - drill.different.len();
    let _ = writeln!(
        report,
        "{same} of {} answers are the same, byte for byte.",
        drill.answers
    );
    for different in &drill.different {
        let _ = writeln!(report, "  {different} is not");
    }
    if drill.succeeded() {
        return Ok(report);
    }
    Err(report + &findings(&drill.restored.audit.findings).unwrap_or_default())
}

fn erased_again(erased: usize) -> String {
    match erased {
        0 => String::new(),
        erased => format!("{erased} erasures after it were done again.\n"),
    }
}

fn counted(audit: &continuity::Audit) -> String {
    let entries: Vec<String> = audit
        .entries
        .iter()
        .map(|(log, size)| format!("{size} entries of the log `{log}`"))
        .collect();
    let brought_along = match audit.brought_along {
        0 => String::new(),
        events => format!("{events} proved by logs of the platform before, "),
    };
    format!(
        "{} subjects, {} events ({brought_along}{} not in a log yet), {} versions, {} pieces of evidence, {}",
        audit.subjects,
        audit.events,
        audit.pending,
        audit.versions,
        audit.evidence,
        entries.join(", ")
    )
}

/// What is not as it was written; nothing where all is.
fn findings(findings: &[storage::Finding]) -> Option<String> {
    let lines: String = findings
        .iter()
        .map(|finding| format!("  {}: {}\n", finding.place, finding.what))
        .collect();
    let many = findings.len();
    (many > 0).then(|| format!("{many} findings, what is not as it was written:\n{lines}"))
}

fn words(failure: Failure) -> String {
    failure.to_string()
}
