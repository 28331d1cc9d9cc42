//! `passport-verify`: the independent verifier, for whoever wants nothing else of the platform.

use std::process::ExitCode;

use clap::Parser;
use inspector::Verb;

/// Verify an event, a version, a chain or a whole log of a battery passport platform, offline.
///
/// Ends with exit code 0 where it is proved, 1 where a lie was found, 2 where it could not be checked.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

fn main() -> ExitCode {
    let answer = Arguments::parse().verb.answer();
    print!("{}", answer.text);
    ExitCode::from(answer.exit_code)
}
