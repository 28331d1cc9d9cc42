//! The program in the page: reads one request from standard input, writes one report to standard output.
//!
//! Built for WASI, it needs neither unsafe code nor generated glue: the page hands it the two streams.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use verify::{
    CHAIN_FORMAT, PROOF_FORMAT, Report, Trust, VERSION_FORMAT, VIEWS_FORMAT, VerifierKey,
};

/// What the page asks.
#[derive(Deserialize)]
struct Request {
    /// Verifier keys, one a line, or a policy.
    trust: String,
    /// The files that were chosen, in base64, by their names.
    files: BTreeMap<String, String>,
}

fn main() -> std::io::Result<()> {
    let mut request = String::new();
    let _ = std::io::stdin().read_to_string(&mut request)?;
    let answer = answer(&request).to_json().to_string();
    std::io::stdout().write_all(answer.as_bytes())
}

fn answer(request: &str) -> Report {
    let request: Request = match serde_json::from_str(request) {
        Ok(request) => request,
        Err(error) => return Report::unreadable("the request", &error.to_string()),
    };
    let trust = match trust(&request.trust) {
        Ok(trust) => trust,
        Err(why) => return Report::unreadable("the key or policy", &why),
    };
    let mut files = BTreeMap::new();
    for (name, text) in request.files {
        match STANDARD.decode(text) {
            Ok(bytes) => files.insert(name, bytes),
            Err(error) => return Report::unreadable(&name, &error.to_string()),
        };
    }
    report(files, &trust)
}

/// A policy has lines that begin with its words; a key has no space.
fn trust(text: &str) -> Result<Trust, String> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines().any(|line| line.contains([' ', '\t'])) {
        return Trust::policy(&text.replace("\r\n", "\n")).map_err(|error| error.to_string());
    }
    let keys: Result<Vec<VerifierKey>, _> = lines().map(str::parse).collect();
    keys.map(Trust::keys).map_err(|error| error.to_string())
}

/// What a file is, by what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Views,
    Keys,
    Version,
    Proof,
    Chain,
    BareProof,
    Other,
}

fn kind(bytes: &[u8]) -> Kind {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Format {
        Named { format: String },
        Keys { keys: IgnoredAny },
        Key { kty: IgnoredAny },
    }
    if bytes.starts_with(b"c2sp.org/tlog-proof@v1\n") {
        return Kind::BareProof;
    }
    match serde_json::from_slice::<Format>(bytes) {
        Ok(Format::Keys { keys: IgnoredAny } | Format::Key { kty: IgnoredAny }) => Kind::Keys,
        Ok(Format::Named { format }) => match format.as_str() {
            PROOF_FORMAT => Kind::Proof,
            VERSION_FORMAT => Kind::Version,
            CHAIN_FORMAT => Kind::Chain,
            VIEWS_FORMAT => Kind::Views,
            _ => Kind::Other,
        },
        Err(_) => Kind::Other,
    }
}

fn report(mut files: BTreeMap<String, Vec<u8>>, trust: &Trust) -> Report {
    let folder = files.keys().find_map(|name| {
        let folder = name.strip_suffix("checkpoint")?;
        (folder.is_empty() || folder.ends_with('/')).then_some(folder)
    });
    if let Some(folder) = folder.map(str::to_owned) {
        let mut read = |path: &str| Ok(files.remove(&format!("{folder}{path}")));
        return verify::log(&mut read, None, trust);
    }
    let mut files: Vec<(Kind, &[u8])> = files
        .values()
        .map(|bytes| (kind(bytes), bytes.as_slice()))
        .collect();
    files.sort_by_key(|(kind, _)| *kind);
    match files.as_slice() {
        [(Kind::Proof, proof)] => verify::proof(proof, None, trust),
        [(Kind::Views, _)] => {
            Report::unreadable("the views", "choose the public keys of their operators too")
        }
        [(Kind::Views, views), keys @ ..] if keys.iter().all(|(kind, _)| *kind == Kind::Keys) => {
            let keys: Vec<&[u8]> = keys.iter().map(|(_, keys)| *keys).collect();
            verify::views(views, &keys, trust)
        }
        chain @ [(Kind::Chain, _), .., (Kind::Chain, _)] | chain @ [(Kind::Chain, _)] => {
            let files: Vec<&[u8]> = chain.iter().map(|(_, bytes)| *bytes).collect();
            verify::chain(&files, trust)
        }
        [(Kind::Version, version), (Kind::Proof, proof)] => verify::version(version, proof, trust),
        [(Kind::Version, _)] => {
            let what = "choose the proof file of the event that brought it too";
            Report::unreadable("the version", what)
        }
        [(Kind::BareProof, proof), (Kind::Other, leaf)] => match str::from_utf8(proof) {
            Ok(proof) => verify::bare_proof(proof, leaf, None, trust),
            Err(_) => Report::unreadable("the proof", "it is no text in UTF-8"),
        },
        [(Kind::BareProof, _)] => Report::unreadable(
            "the proof",
            "a bare proof needs the event's leaf: choose it too",
        ),
        _ => Report::unreadable(
            "the files",
            "expected a proof file, a chain file, signed views with the keys of their operators, a version with the proof file \
             of its event, a `.tlog-proof` with its leaf, or the folder of a log",
        ),
    }
}

#[cfg(test)]
mod tests;
