//! Puts the program into the page: `assemble program.wasm > verify.html`.

use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("../../page.html");
const STYLE: &str = include_str!("../../page.css");
const SCRIPT: &str = include_str!("../../page.js");

fn main() -> ExitCode {
    let program = std::env::args_os().nth(1).map(std::fs::read);
    match program {
        Some(Ok(program)) => {
            print!("{}", page(&program));
            ExitCode::SUCCESS
        }
        Some(Err(error)) => {
            eprintln!("error: the program cannot be read: {error}");
            ExitCode::FAILURE
        }
        None => {
            eprintln!("error: expected the program's file");
            ExitCode::FAILURE
        }
    }
}

/// The page may run this script and this program, look like this, and ask for nothing.
fn page(program: &[u8]) -> String {
    let policy = format!(
        "default-src 'none'; script-src '{}' 'wasm-unsafe-eval'; style-src '{}'; base-uri 'none'; form-action 'none'",
        source(SCRIPT),
        source(STYLE)
    );
    let hash: String = Sha256::digest(program)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    PAGE.replace("{{policy}}", &policy)
        .replace("{{style}}", STYLE)
        .replace("{{script}}", SCRIPT)
        .replace("{{hash}}", &hash)
        .replace("{{program}}", &STANDARD.encode(program))
}

/// What is inline, as a content security policy names it.
fn source(inline: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(inline)))
}
