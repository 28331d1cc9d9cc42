//! The verbs of `passport verify`, and of `passport-verify`, which is the same without the platform.
//!
//! Exit codes: 0 proved, 1 a lie was found, 2 it could not be checked.

mod log;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use verify::{Files, Report, Trust, VerifierKey};

/// First line of a C2SP proof, which has no room for the leaf.
const TLOG_PROOF: &[u8] = b"c2sp.org/tlog-proof@v1\n";

/// What is verified.
#[derive(Subcommand)]
pub enum Verb {
    /// One event: that it is in the log, and what it says.
    Proof {
        /// The proof file (`*.proof.json`), or a bare C2SP proof (`*.tlog-proof`) with its leaf.
        file: PathBuf,
        /// The bytes of the leaf, for a bare C2SP proof.
        #[arg(long, value_name = "FILE")]
        leaf: Option<PathBuf>,
        /// The `Audit-Receipt` that answered the write: that it is the receipt of this event.
        #[arg(long)]
        receipt: Option<String>,
        /// Whom to trust, and how to answer.
        #[command(flatten)]
        how: How,
    },
    /// The values of one access class: that an event committed to exactly them.
    Version {
        /// The values with their salts, as disclosures or as digests.
        file: PathBuf,
        /// The proof file of the event that brought them.
        proof: PathBuf,
        /// Whom to trust, and how to answer.
        #[command(flatten)]
        how: How,
    },
    /// Public values with the signatures of who is responsible for them: that its key signed exactly them, and where their event's
    /// proof comes along, that a log holds it.
    View {
        /// What `GET /v1/dpps/{dppId}/signatures` answers.
        file: PathBuf,
        /// The public keys of an operator (`GET /v1/operators/{operatorId}/keys`), a JWK or a set of them; once for each operator.
        #[arg(long, value_name = "FILE", required = true)]
        keys: Vec<PathBuf>,
        /// Whom to trust, and how to answer.
        #[command(flatten)]
        how: How,
    },
    /// All events of a battery, model or batch: that none is missing, changed, doubled or out of order.
    Chain {
        /// The events, the oldest first; a long chain comes in several files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Whom to trust, and how to answer.
        #[command(flatten)]
        how: How,
    },
    /// One checkpoint of a log, such as an audited one (`/v1/log/audits/newest`): who signed it.
    Checkpoint {
        /// The checkpoint.
        file: PathBuf,
        /// Whom to trust, and how to answer.
        #[command(flatten)]
        how: How,
    },
    /// Two checkpoints of a log: that it only grew between them.
    Consistency {
        /// The checkpoint that was kept from before; with `--from` the number of its entries will do.
        older: String,
        /// The proof with the newer checkpoint, as a witness is handed it (C2SP tlog-witness); with `--from` the newer checkpoint
        /// alone, or the number of its entries, or nothing for the newest.
        newer: Option<String>,
        /// The folder with the log's files, or the address they are below: the proof is made of them.
        #[arg(long, value_name = "PLACE")]
        from: Option<String>,
        /// Whom to trust, and how to answer.
        #[command(flatten)]
        how: How,
    },
    /// A whole log: that every entry, tile and hash adds up to the root that was signed.
    Log {
        /// The folder with its files, or the address they are below.
        place: String,
        /// A checkpoint that was kept from before: that the log only grew since.
        #[arg(long, value_name = "FILE")]
        older: Option<PathBuf>,
        /// Whom to trust, and how to answer.
        #[command(flatten)]
        how: How,
    },
}

/// Whom to trust, and how to answer.
#[derive(Args)]
pub struct How {
    /// A verifier key of the log, such as `id.example.eu/log+5e1f0a2b+A…`; several for a log whose key was changed.
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// A policy file (C2SP tlog-policy): keys of logs and of witnesses, and how many of these have to agree.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Answer in JSON: `verdict`, `proved`, `notProved`, `fault`.
    #[arg(long)]
    json: bool,
}

/// What a verb comes to.
pub struct Answer {
    /// For a person, or as JSON.
    pub text: String,
    /// 0 proved, 1 a lie was found, 2 it could not be checked.
    pub exit_code: u8,
}

/// A file that cannot be read, and why.
struct Unreadable {
    place: String,
    why: String,
}

impl Verb {
    /// Verifies. Reads files, and for `log` perhaps from the network; changes nothing.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let (Self::Proof { how, .. }
        | Self::Version { how, .. }
        | Self::View { how, .. }
        | Self::Chain { how, .. }
        | Self::Checkpoint { how, .. }
        | Self::Consistency { how, .. }
        | Self::Log { how, .. }) = self;
        let report = how
            .trust()
            .and_then(|trust| self.report(&trust))
            .unwrap_or_else(|Unreadable { place, why }| Report::unreadable(&place, &why));
        Answer {
            text: match how.json {
                true => format!("{:#}\n", report.to_json()),
                false => report.to_string(),
            },
            exit_code: report.verdict().exit_code(),
        }
    }

    fn report(&self, trust: &Trust) -> Result<Report, Unreadable> {
        match self {
            Self::Proof {
                file,
                leaf,
                receipt,
                ..
            } => proof(file, leaf.as_deref(), receipt.as_deref(), trust),
            Self::Version { file, proof, .. } => {
                Ok(verify::version(&read(file)?, &read(proof)?, trust))
            }
            Self::View { file, keys, .. } => {
                let keys: Vec<Vec<u8>> = keys
                    .iter()
                    .map(|file| read(file))
                    .collect::<Result<_, _>>()?;
                let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
                Ok(verify::views(&read(file)?, &keys, trust))
            }
            Self::Chain { files, .. } => {
                let files: Vec<_> = files.iter().map(|it| read(it)).collect::<Result<_, _>>()?;
                Ok(verify::chain(&files, trust))
            }
            Self::Checkpoint { file, .. } => Ok(verify::checkpoint(&text(file)?, trust)),
            Self::Consistency {
                older,
                newer,
                from: Some(place),
                ..
            } => grown(place, older, newer.as_deref(), trust),
            Self::Consistency { older, newer, .. } => {
                let missing = "give the consistency proof, or `--from` where the log's files are";
                let proof = newer.as_ref().ok_or_else(|| unreadable(older, missing))?;
                let (proof, older) = (text(proof.as_ref())?, text(older.as_ref())?);
                Ok(verify::consistency(&proof, &older, trust))
            }
            Self::Log { place, older, .. } => {
                let older = older.as_deref().map(text).transpose()?;
                let mut files = log::open(place).map_err(|why| unreadable(place, why))?;
                Ok(verify::log(files.as_mut(), older.as_deref(), trust))
            }
        }
    }
}

fn proof(
    file: &Path,
    leaf: Option<&Path>,
    receipt: Option<&str>,
    trust: &Trust,
) -> Result<Report, Unreadable> {
    let bytes = read(file)?;
    match (bytes.starts_with(TLOG_PROOF), leaf) {
        (false, None) => Ok(verify::proof(&bytes, receipt, trust)),
        (true, Some(leaf)) => Ok(verify::bare_proof(
            &text(file)?,
            &read(leaf)?,
            receipt,
            trust,
        )),
        (true, None) => Err(unreadable(
            file.display(),
            "a bare proof needs the event's leaf: give it with `--leaf`",
        )),
        (false, Some(_)) => Err(unreadable(
            file.display(),
            "`--leaf` goes with a bare C2SP proof, and this is none",
        )),
    }
}

/// That a log only grew between two checkpoints, from the log's own files.
fn grown(
    place: &str,
    older: &str,
    newer: Option<&str>,
    trust: &Trust,
) -> Result<Report, Unreadable> {
    let mut files = log::open(place).map_err(|why| unreadable(place, why))?;
    let files = files.as_mut();
    let older = checkpoint(files, older)?;
    let newer = match newer {
        Some(newer) => checkpoint(files, newer)?,
        None => served(files, "checkpoint")?,
    };
    Ok(verify::grown(files, &older, &newer, trust))
}

/// A checkpoint of a file, or the one that the log had with so many entries.
fn checkpoint(files: &mut dyn Files, named: &str) -> Result<String, Unreadable> {
    match named.parse::<u64>() {
        Ok(size) => served(files, &format!("checkpoints/{size}")),
        Err(_) => text(named.as_ref()),
    }
}

fn served(files: &mut dyn Files, path: &str) -> Result<String, Unreadable> {
    let found = files.read(path).map_err(|why| unreadable(path, why))?;
    let found = found.ok_or_else(|| unreadable(path, "it is missing"))?;
    String::from_utf8(found).map_err(|_| unreadable(path, "it is no text in UTF-8"))
}

impl How {
    fn trust(&self) -> Result<Trust, Unreadable> {
        let keys = self.key.iter().map(|key| {
            key.parse::<VerifierKey>()
                .map_err(|error| unreadable("--key", error))
        });
        let keys: Vec<VerifierKey> = keys.collect::<Result<_, _>>()?;
        match &self.policy {
            None => Ok(Trust::keys(keys)),
            Some(file) => Trust::policy(&text(file)?)
                .map(|policy| policy.and_keys(keys))
                .map_err(|error| unreadable(file.display(), error)),
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Unreadable> {
    fs::read(file).map_err(|error| unreadable(file.display(), error))
}

fn text(file: &Path) -> Result<String, Unreadable> {
    String::from_utf8(read(file)?).map_err(|_| unreadable(file.display(), "it is no text in UTF-8"))
}

fn unreadable(place: impl ToString, why: impl ToString) -> Unreadable {
    Unreadable {
        place: place.to_string(),
        why: why.to_string(),
    }
}

#[cfg(test)]
mod tests;
