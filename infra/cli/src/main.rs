//! `passport`: the operator's and the auditor's tool.

mod import;
mod mapping;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Works with a battery passport platform through its public API.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring in a BatteryPass-Ready v1.0 document as a model, a unit and a draft passport.
    ///
    /// Ends with a report of what was taken over and what was not, and why.
    Import {
        /// The document.
        file: PathBuf,
        /// Where the platform is.
        #[arg(long, default_value = "http://127.0.0.1:9000")]
        to: String,
        /// A token of an economic operator; `PASSPORT_TOKEN` where it is not given.
        #[arg(long)]
        token: Option<String>,
        /// Only report; change nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let Command::Import {
        file,
        to,
        token,
        dry_run,
    } = Arguments::parse().command;
    let token = token.or_else(|| std::env::var("PASSPORT_TOKEN").ok());
    let target = match (dry_run, token) {
        (true, _) => None,
        (false, Some(token)) => Some(import::Target { origin: to, token }),
        (false, None) => {
            eprintln!("error: no token: give --token or set PASSPORT_TOKEN, or try --dry-run");
            return ExitCode::FAILURE;
        }
    };
    match import::run(&file, target.as_ref()).await {
        Ok(report) => {
            print!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
