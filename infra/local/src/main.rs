//! `cargo run`: the whole platform on this machine.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use local::{Issuer, Options, TokenRequest};
use tracing_subscriber::EnvFilter;

/// The battery passport platform on this machine.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where to listen. Port 0 picks a free one; 0.0.0.0 lets a phone on the same network scan the code.
    #[arg(long, default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// Where everything is kept.
    #[arg(long, default_value = local::DEFAULT_DATA)]
    data: PathBuf,
    /// Add the example batteries again, beside what is there. An empty store gets them anyway.
    #[arg(long)]
    seed: bool,
    /// For how many days it can be taken back that a battery was recycled.
    #[arg(long, default_value_t = web::RECYCLING_REVERSAL_DAYS)]
    recycling_reversal_days: u16,
    /// Answer without an edge in front: nothing is cached, and the resolver folds what is scanned itself.
    #[arg(long)]
    no_edge: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Print a token of the local issuer, good for an hour.
    Token {
        /// A role the organisation is registered for.
        #[arg(long)]
        role: String,
        /// A registered organisation.
        #[arg(long)]
        org: String,
        /// Who acts; stored only as a keyed reference.
        #[arg(long)]
        person: Option<String>,
        /// Where everything is kept.
        #[arg(long, default_value = local::DEFAULT_DATA)]
        data: PathBuf,
    },
    /// Print the OpenAPI document as the code has it.
    Openapi,
    /// Put the edge function into `template.yaml`, as it is deployed.
    Template,
}

/// Tables that exist already are no news.
const QUIET: &str = "warn,dynoxide=error";

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(QUIET)),
        )
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    match arguments.command {
        Some(Command::Token {
            role,
            org,
            person,
            data,
        }) => {
            let issuer = Issuer::open(&data).map_err(|failure| failure.to_string())?;
            let request = TokenRequest {
                role,
                organisation: org,
                person,
            };
            println!(
                "{}",
                issuer
                    .token(&request)
                    .map_err(|failure| failure.to_string())?
            );
            Ok(())
        }
        Some(Command::Openapi) => {
            let document = local::documentation().to_pretty_json();
            println!("{}", document.map_err(|error| error.to_string())?);
            Ok(())
        }
        Some(Command::Template) => local::write_template().map_err(|failure| failure.to_string()),
        None => serve(arguments).await,
    }
}

async fn serve(arguments: Arguments) -> Result<(), String> {
    let options = Options {
        listen: arguments.listen,
        data: arguments.data,
        recycling_reversal_days: arguments.recycling_reversal_days,
        edge: !arguments.no_edge,
    };
    let running = local::start(&options)
        .await
        .map_err(|failure| failure.to_string())?;
    let seeded = local::seed(&running, &options.data, arguments.seed)
        .await
        .map_err(|failure| failure.to_string())?;
    print!("{}", local::welcome(&running, &seeded));
    tokio::select! {
        () = running.serve() => Err("the listener ended".to_owned()),
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}
