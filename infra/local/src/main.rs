//! `cargo run`: the whole platform on this machine.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use local::{Failure, Holder, Issuer, Options, Provider, TokenRequest};
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
    /// What its codes name, where that is not where it listens: behind a proxy, or restored elsewhere.
    #[arg(long)]
    host: Option<String>,
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
    /// Where people sign in, for as long as `sign-in` runs.
    #[arg(long, default_value = local::DEFAULT_PROVIDER)]
    provider: SocketAddr,
}

#[derive(Subcommand)]
enum Command {
    /// Print a token of the local issuer, good for an hour.
    Token {
        #[command(flatten)]
        who: Who,
        /// Bind it to the key in this file, which is made where there is none: every request needs a `proof` then.
        #[arg(long, value_name = "FILE")]
        dpop_key: Option<PathBuf>,
    },
    /// Print the proof for one request with a token that is bound to a key, for its header `DPoP`: good once, and for a minute.
    Proof {
        /// The file with the key.
        #[arg(long, value_name = "FILE")]
        dpop_key: PathBuf,
        /// The method of the request.
        #[arg(long, default_value = "GET")]
        method: String,
        /// The address of the request, with the platform's own host.
        #[arg(long)]
        url: String,
        /// The token.
        #[arg(long)]
        token: String,
    },
    /// Let whoever opens a page of this platform sign in, for as long as this runs.
    SignIn {
        #[command(flatten)]
        who: Who,
        /// Where to listen, on this machine only.
        #[arg(long, default_value = local::DEFAULT_PROVIDER)]
        listen: SocketAddr,
        /// The platform that people come from.
        #[arg(long, default_value = local::DEFAULT_ORIGIN)]
        platform: String,
    },
    /// Print the OpenAPI document as the code has it.
    Openapi,
    /// Put the edge function and the page of who is refused into the templates, as they are deployed.
    Template,
}

/// Who acts.
#[derive(Args)]
struct Who {
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
}

impl Who {
    /// The issuer, and what is asked of it.
    fn asks(self) -> Result<(Issuer, TokenRequest), Failure> {
        let issuer = Issuer::open(&self.data)?;
        let request = TokenRequest {
            role: self.role,
            organisation: self.org,
            person: self.person,
        };
        Ok((issuer, request))
    }
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
        Some(Command::Token { who, dpop_key }) => {
            let token = token(who, dpop_key.as_deref());
            println!("{}", token.map_err(|failure| failure.to_string())?);
            Ok(())
        }
        Some(Command::Proof {
            dpop_key,
            method,
            url,
            token,
        }) => {
            let holder = Holder::open(&dpop_key).map_err(|failure| failure.to_string())?;
            println!("{}", holder.proof(&method, &url, &token));
            Ok(())
        }
        Some(Command::SignIn {
            who,
            listen,
            platform,
        }) => {
            let (issuer, request) = who.asks().map_err(|failure| failure.to_string())?;
            sign_in(Provider::new(issuer, request, listen, &platform)).await
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

/// A token, bound to the key in a file where there is one.
fn token(who: Who, key: Option<&Path>) -> Result<String, Failure> {
    let (issuer, request) = who.asks()?;
    match key {
        Some(key) => issuer.bound_token(&request, &Holder::open(key)?),
        None => issuer.token(&request),
    }
}

/// Signs people in until Ctrl-C.
async fn sign_in(provider: Result<Provider, Failure>) -> Result<(), String> {
    let provider = provider.map_err(|failure| failure.to_string())?;
    let listener = tokio::net::TcpListener::bind(provider.address)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", provider.address))?;
    println!(
        "Whoever signs in on {} is {} of {}, until Ctrl-C.",
        provider.platform, provider.who.role, provider.who.organisation
    );
    tokio::select! {
        () = local::serve_provider(listener, provider) => Err("the listener ended".to_owned()),
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

async fn serve(arguments: Arguments) -> Result<(), String> {
    let limits = web::Limits::read()?;
    let options = Options {
        limits: Some((limits, web::Clock::default())),
        listen: arguments.listen,
        host: arguments.host,
        data: arguments.data,
        recycling_reversal_days: arguments.recycling_reversal_days,
        edge: !arguments.no_edge,
        provider: arguments.provider,
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
