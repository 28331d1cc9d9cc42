//! Policies of C2SP tlog-policy: which logs, and how many of which witnesses, make a checkpoint one to trust.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::key::{SignatureType, VerifierKey};
use crate::note::{Note, SignatureError};

/// The quorum that asks for no witness.
const NONE: &str = "none";

/// Whom a verifier trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: String,
}

/// A witness, as a policy names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its name in the policy.
    pub name: String,
    /// What it cosigns with.
    pub key: VerifierKey,
    /// Where it takes checkpoints.
    pub url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    name: String,
    threshold: usize,
    members: Vec<String>,
}

/// A checkpoint that a policy trusts, and because of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// What they signed.
    pub checkpoint: Checkpoint,
    /// The log's key.
    pub log: VerifierKey,
    /// The witnesses that cosigned, by their name in the policy, and when: seconds since 1970.
    pub witnesses: Vec<(String, u64)>,
}

/// A line that a policy cannot have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line} of the policy: {what}")]
pub struct PolicyError {
    /// Which, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// Why a policy does not trust a checkpoint.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PolicyFault {
    /// No log of the policy signed it as its own.
    #[error("no log of the policy signed this checkpoint of `{0}`")]
    NoLog(String),
    /// It is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A signature of a log or witness of the policy is of something else.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Too few witnesses.
    #[error("the quorum `{quorum}` was not reached: {}", cosigners(.found))]
    Quorum {
        /// Witness or group that had to cosign.
        quorum: String,
        /// Witnesses that did.
        found: Vec<String>,
    },
}

fn cosigners(names: &[String]) -> String {
    match names {
        [] => "no witness of the policy cosigned".to_owned(),
        names => format!("cosigned by {}", names.join(", ")),
    }
}

impl Policy {
    /// The logs' keys.
    #[must_use]
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether a note is a checkpoint to trust.
    ///
    /// # Errors
    /// [`PolicyFault`] with the first thing that is missing or false.
    pub fn check(&self, note: &Note) -> Result<Trusted, PolicyFault> {
        let checkpoint: Checkpoint = note.text().parse()?;
        let mut log = None;
        for key in self
            .logs
            .iter()
            .filter(|key| key.name() == checkpoint.origin())
        {
            if note.signed_by(key)?.is_some() {
                log.get_or_insert(key);
            }
        }
        let log = log.ok_or_else(|| PolicyFault::NoLog(checkpoint.origin().to_owned()))?;
        let mut witnesses = Vec::new();
        for witness in &self.witnesses {
            let signed = note.signed_by(&witness.key)?;
            if let Some(timestamp) = signed.and_then(|it| it.timestamp) {
                witnesses.push((witness.name.clone(), timestamp));
            }
        }
        let found: Vec<String> = witnesses.iter().map(|(name, _)| name.clone()).collect();
        if !self.is_reached_by(&found) {
            let quorum = self.quorum.clone();
            return Err(PolicyFault::Quorum { quorum, found });
        }
        Ok(Trusted {
            checkpoint,
            log: log.clone(),
            witnesses,
        })
    }

    /// A group is defined after its members, so that one pass decides.
    fn is_reached_by(&self, witnesses: &[String]) -> bool {
        let mut witnessed: BTreeSet<&str> = witnesses.iter().map(String::as_str).collect();
        witnessed.insert(NONE);
        for group in &self.groups {
            let members = group.members.iter();
            let count = members
                .filter(|name| witnessed.contains(name.as_str()))
                .count();
            if count >= group.threshold {
                witnessed.insert(&group.name);
            }
        }
        witnessed.contains(self.quorum.as_str())
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let mut reading = Reading::default();
        let mut last = 0;
        for (line, text) in (1..).zip(text.split('\n')) {
            last = line;
            reading
                .line(text)
                .map_err(|what| PolicyError { line, what })?;
        }
        let quorum = reading.quorum.ok_or_else(|| PolicyError {
            line: last,
            what: "expected a line `quorum <name>` before the end".to_owned(),
        })?;
        Ok(Self {
            logs: reading.logs,
            witnesses: reading.witnesses,
            groups: reading.groups,
            quorum,
        })
    }
}

/// A policy as far as it was read.
#[derive(Default)]
struct Reading {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Option<String>,
    defined: BTreeSet<String>,
    /// Each name is a member once, so that a witness counts in one way.
    members: BTreeSet<String>,
}

impl Reading {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if let Some(control) = line
            .chars()
            .find(|it| (*it < ' ' && *it != '\t') || *it == '\u{7f}')
        {
            return Err(format!("expected no control characters, found {control:?}"));
        }
        let words: Vec<&str> = line
            .split([' ', '\t'])
            .filter(|it| !it.is_empty())
            .collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key] | ["log", key, _] => self.log(key),
            ["witness", name, key] => self.witness(name, key, None),
            ["witness", name, key, url] => self.witness(name, key, Some(url)),
            ["group", name, threshold, members @ ..] => self.group(name, threshold, members),
            ["quorum", name] => self.set_quorum(name),
            _ => Err(
                "expected `log`, `witness`, `group` or `quorum` with what belongs to it".to_owned(),
            ),
        }
    }

    fn log(&mut self, key: &str) -> Result<(), String> {
        let key = typed(key, SignatureType::Ed25519)?;
        if self
            .logs
            .iter()
            .any(|log| log.public_key() == key.public_key())
        {
            return Err("this log's key came before".to_owned());
        }
        self.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, name: &str, key: &str, url: Option<&str>) -> Result<(), String> {
        let key = typed(key, SignatureType::CosignatureV1)?;
        let mut known = self.witnesses.iter();
        if known.any(|witness| witness.key.public_key() == key.public_key()) {
            return Err("this witness's key came before".to_owned());
        }
        self.define(name)?;
        self.witnesses.push(Witness {
            name: name.to_owned(),
            key,
            url: url.map(str::to_owned),
        });
        Ok(())
    }

    fn group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), String> {
        let threshold = match threshold {
            "any" => 1,
            "all" => members.len(),
            number => crate::decimal(number)
                .and_then(|it| usize::try_from(it).ok())
                .ok_or_else(|| format!("expected `any`, `all` or a number, found `{number}`"))?,
        };
        if !(1..=members.len()).contains(&threshold) {
            return Err(format!(
                "{threshold} of {} members cannot be",
                members.len()
            ));
        }
        for member in members {
            self.check_defined(member)?;
            if !self.members.insert((*member).to_owned()) {
                return Err(format!("`{member}` is a member already"));
            }
        }
        self.define(name)?;
        self.groups.push(Group {
            name: name.to_owned(),
            threshold,
            members: members.iter().map(|it| (*it).to_owned()).collect(),
        });
        Ok(())
    }

    fn set_quorum(&mut self, name: &str) -> Result<(), String> {
        if name != NONE {
            self.check_defined(name)?;
        }
        match self.quorum.replace(name.to_owned()) {
            Some(_) => Err("the quorum came before".to_owned()),
            None => Ok(()),
        }
    }

    fn define(&mut self, name: &str) -> Result<(), String> {
        if name == NONE || !self.defined.insert(name.to_owned()) {
            return Err(format!("the name `{name}` is taken"));
        }
        Ok(())
    }

    fn check_defined(&self, name: &str) -> Result<(), String> {
        match self.defined.contains(name) {
            true => Ok(()),
            false => Err(format!("no witness or group `{name}` came before")),
        }
    }
}

fn typed(key: &str, signs: SignatureType) -> Result<VerifierKey, String> {
    let key: VerifierKey = key
        .parse()
        .map_err(|error: crate::KeyError| error.to_string())?;
    if key.signs() == signs {
        return Ok(key);
    }
    Err(format!(
        "expected a key of type {}, found one of type {}",
        signs as u8,
        key.signs() as u8
    ))
}

#[cfg(test)]
mod tests;
