//! `passport`: the operator's and the auditor's tool.

mod explain;
mod export;
mod hosts;
mod import;
mod keep;
mod organisation;
mod probing;
mod replay;
mod token;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use storage::Registrar;

use crate::token::TokenArguments;

/// The operator's and the auditor's tool of a battery passport platform.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring in a document of another format as a model, a unit and a draft passport.
    ///
    /// Ends with a report of what was taken over and what was not, and why. The formats are described at `/docs/formats`;
    /// JSON-LD is taken as this product writes it.
    Import {
        /// The document.
        file: PathBuf,
        /// Where the platform is.
        #[arg(long, default_value = "http://127.0.0.1:9000")]
        to: String,
        /// Of an economic operator.
        #[command(flatten)]
        token: TokenArguments,
        /// Its format; found out where it is not given.
        #[arg(long)]
        format: Option<String>,
        /// Only report; change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Write a passport in another format, as far as the token may see it.
    Export {
        /// The passport's UUID, or its whole URI.
        passport: String,
        /// The format, or one of its forms, described at `/docs/formats`; or `json-ld`.
        #[arg(long)]
        format: String,
        /// Where the platform is.
        #[arg(long, default_value = "http://127.0.0.1:9000")]
        from: String,
        /// Without one it is the public view.
        #[command(flatten)]
        token: TokenArguments,
        /// Tell on standard error what the format could not carry.
        #[arg(long)]
        losses: bool,
    },
    /// Replay the events of a passport, model or batch from nothing, and compare with its current values.
    ///
    /// Checks the chain of events and the commitments as far as this token may see them. Ends with exit code 1 and every
    /// difference where anything does not fit.
    Replay {
        /// `dpps/<id>`, `models/<id>` or `batches/<id>`.
        subject: String,
        /// Where the platform is.
        #[arg(long, default_value = "http://127.0.0.1:9000")]
        from: String,
        /// A passport on the market needs none: its public part is replayed.
        #[command(flatten)]
        token: TokenArguments,
    },
    /// Register an organisation, or renew its record: without one no token of it counts.
    ///
    /// Works on the tables themselves with the AWS rights of who runs it (`TABLE_PREFIX`, `CARRIER_ORIGIN`, `DATA_KEY_ID`),
    /// and leaves an event in the organisation's chain.
    RegisterOrganisation {
        /// Its record: `id`, `name`, `operatorIdentifier`, `roles`, `issuer`, `verifiedBy`, and where there are such
        /// `verifiedUntil` (seconds since 1970) and `evidence`.
        file: PathBuf,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who registers it; stored only as a keyed reference.
        #[arg(long)]
        person: String,
        /// The platform operator's own organisation.
        #[arg(long, default_value = "platform")]
        operator: String,
    },
    /// Who may do what.
    #[command(subcommand)]
    Access(AccessVerb),
    /// List the host names that labels carry, each with its organisation and what the watch found last.
    ///
    /// Works on the tables themselves with the AWS rights of who runs it (`TABLE_PREFIX`). Ends with exit code 1 where there is
    /// an alarm, or where nobody looked for hours.
    Hosts {
        /// A planned change is done: take what is seen of this host from now on as usual.
        #[arg(long, value_name = "HOST")]
        usual: Option<String>,
    },
    /// Take a backup of a platform on this machine, which may run: everything stored, sealed values sealed, and its keys apart.
    Backup {
        /// An empty folder.
        to: PathBuf,
        /// An empty folder for the keys; beside the backup where it is not given.
        #[arg(long)]
        keys: Option<PathBuf>,
        /// Only what is this operator's, for another platform: its batteries with their whole history, evidence and proofs.
        #[arg(long)]
        organisation: Option<String>,
        /// The platform's data folder.
        #[arg(long, default_value = local::DEFAULT_DATA)]
        data: PathBuf,
    },
    /// Bring a backup into a new data folder, and verify all of it: every chain, every version, every entry of the logs.
    ///
    /// Ends with exit code 1 where anything is not as it was written.
    Restore {
        /// The backup.
        from: PathBuf,
        /// Its keys; beside the backup where it is not given.
        #[arg(long)]
        keys: Option<PathBuf>,
        /// The new data folder.
        #[arg(long)]
        data: PathBuf,
        /// The folder `erasures` of the archive that outlived the platform: what was erased after the backup is erased again.
        #[arg(long)]
        erasures: Option<PathBuf>,
        /// For what is one operator's: the host that the logs of this platform are named for, for good.
        #[arg(long)]
        log_host: Option<String>,
    },
    /// Read everything that is stored and name whatever is not as it was written.
    ///
    /// Ends with exit code 1 where there is anything.
    Audit {
        /// The platform's data folder; the platform may run.
        #[arg(long, default_value = local::DEFAULT_DATA)]
        data: PathBuf,
    },
    /// Prove that a backup restores: take one of the platform, which may run, bring it back beside it, verify it, and compare the
    /// answers for every label, byte for byte. These scans are not counted.
    ///
    /// Ends with exit code 1 where anything differs.
    Drill {
        /// Only what is this operator's, as it would go to another platform.
        #[arg(long)]
        organisation: Option<String>,
        /// The platform's data folder.
        #[arg(long, default_value = local::DEFAULT_DATA)]
        data: PathBuf,
    },
    /// Verify an event, a version, a chain or a whole log, offline and without the platform's own code.
    ///
    /// Ends with exit code 0 where it is proved, 1 where a lie was found, 2 where it could not be checked. `passport-verify` is
    /// the same alone.
    #[command(subcommand)]
    Verify(inspector::Verb),
}

#[derive(Subcommand)]
enum AccessVerb {
    /// Tell why the bearer of a token can or cannot: each action on a passport with the policies that decide on it.
    ///
    /// Works on the tables themselves with the AWS rights of who runs it (`TABLE_PREFIX`, `TOKEN_ISSUERS`), or on a platform on
    /// this machine.
    Explain {
        /// The token; `PASSPORT_TOKEN` where it is not given, and everybody where there is none.
        #[arg(long)]
        token: Option<String>,
        /// The passport's UUID, or its whole URI.
        #[arg(long)]
        dpp: String,
        /// Only this event type, beside reading and writing.
        #[arg(long)]
        event: Option<String>,
        /// The data folder of a platform on this machine, which may run.
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Check that everybody sees what is theirs, and nothing else: in every role, on batteries that are made for it.
    ///
    /// Without `--batteries` registers the organisations of these checks and makes the batteries first. Works on a platform that
    /// runs on this machine, or on a stage, with the AWS rights of who runs it (`TABLE_PREFIX`, `CARRIER_ORIGIN`, `DATA_KEY_ID`,
    /// `PROBE_KEY_ID`). Ends with exit code 1 where somebody sees too little or too much.
    Probe {
        /// Where the platform is.
        #[arg(long, default_value = "http://127.0.0.1:9000")]
        at: String,
        /// The data folder of a platform on this machine.
        #[arg(long)]
        data: Option<PathBuf>,
        /// The batteries that were made before, as this command printed them.
        #[arg(long)]
        batteries: Option<String>,
    },
    /// Print what the policies come to: every role in every standing, and who may raise which event.
    Matrix,
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Import {
            file,
            to,
            token,
            format,
            dry_run,
        } => import(&file, format.as_deref(), to, token, dry_run).await,
        Command::Export {
            passport,
            format,
            from,
            token,
            losses,
        } => export(&from, token, &passport, &format, losses).await,
        Command::Replay {
            subject,
            from,
            token,
        } => replay(&subject, &from, token).await,
        Command::RegisterOrganisation {
            file,
            reason,
            person,
            operator,
        } => {
            let registrar = Registrar {
                organisation: operator,
                person,
                reason,
            };
            organisation::register(&file, &registrar).await
        }
        Command::Backup {
            to,
            keys,
            organisation,
            data,
        } => keep::backup(&data, &to, keys.as_deref(), organisation.as_deref()).await,
        Command::Restore {
            from,
            keys,
            data,
            erasures,
            log_host,
        } => {
            let restoring = local::Restoring {
                erasures: erasures.as_deref(),
                log_host: log_host.as_deref(),
            };
            keep::restore(&from, keys.as_deref(), &data, restoring).await
        }
        Command::Audit { data } => keep::audit(&data).await,
        Command::Drill { organisation, data } => keep::drill(&data, organisation.as_deref()).await,
        Command::Verify(verb) => return verify(verb).await,
        Command::Access(AccessVerb::Matrix) => Ok(access::matrix()),
        Command::Access(AccessVerb::Explain {
            token,
            dpp,
            event,
            data,
        }) => {
            let token = token.or_else(|| std::env::var("PASSPORT_TOKEN").ok());
            explain::explain(explain::Asked {
                token: token.as_deref(),
                dpp: &dpp,
                event: event.as_deref(),
                data: data.as_deref(),
            })
            .await
        }
        Command::Access(AccessVerb::Probe {
            at,
            data,
            batteries,
        }) => probing::probe(&at, data.as_deref(), batteries.as_deref()).await,
        Command::Hosts { usual: None } => hosts::list().await,
        Command::Hosts { usual: Some(host) } => hosts::take_as_usual(&host).await,
    };
    match outcome {
        Ok(report) => {
            // Whoever reads no further closes the pipe.
            let _ = std::io::stdout().write_all(harmless(&report).as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {}", harmless(&error));
            ExitCode::FAILURE
        }
    }
}

/// The verifier waits for what it reads, so it has a thread to itself.
async fn verify(verb: inspector::Verb) -> ExitCode {
    match tokio::task::spawn_blocking(move || verb.answer()).await {
        Ok(answer) => {
            print!("{}", answer.text);
            ExitCode::from(answer.exit_code)
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

async fn import(
    file: &Path,
    format: Option<&str>,
    to: String,
    token: TokenArguments,
    dry_run: bool,
) -> Result<String, String> {
    let target = match (dry_run, token.read()?) {
        (true, _) => None,
        (false, Some(token)) => Some(import::Target { origin: to, token }),
        (false, None) => {
            return Err(
                "no token: give --token or set PASSPORT_TOKEN, or try --dry-run".to_owned(),
            );
        }
    };
    import::run(file, format, target.as_ref()).await
}

async fn export(
    from: &str,
    token: TokenArguments,
    passport: &str,
    format: &str,
    losses: bool,
) -> Result<String, String> {
    let token = token.read()?;
    let (document, report) = export::run(from, token.as_ref(), passport, format).await?;
    if losses {
        eprint!("{}", harmless(&report));
    }
    Ok(document)
}

async fn replay(subject: &str, from: &str, token: TokenArguments) -> Result<String, String> {
    replay::run(subject, from, token.read()?.as_ref()).await
}

/// A text for a terminal: what came from elsewhere moves no cursor and paints nothing.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|sign| match sign.is_control() && sign != '\n' {
            true => sign.escape_unicode().to_string(),
            false => sign.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_came_from_elsewhere_moves_no_cursor() {
        let red = super::harmless("`/\u{1b}[31mred\u{7}` is lost\n");
        assert_eq!(red, "`/\\u{1b}[31mred\\u{7}` is lost\n");
    }
}
