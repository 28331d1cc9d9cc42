//! Whom the reader trusts: keys of logs, and how many witnesses have to agree (C2SP tlog-policy).

use std::fmt;

use crate::checkpoint::{Checkpoint, decimal};
use crate::note::{Kind, Signed, VerifierKey};
use crate::report::{Fault, Report};

/// The logs whose signature counts, and the witnesses without whom it does not.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    logs: Vec<VerifierKey>,
    witnesses: Vec<(String, VerifierKey)>,
    groups: Vec<Group>,
    /// `None` asks for no witness.
    quorum: Option<Member>,
}

#[derive(Clone, Debug)]
struct Group {
    name: String,
    needed: usize,
    members: Vec<Member>,
}

/// A witness or a group by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

/// The text is no policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAPolicy {
    line: usize,
    why: String,
}

impl fmt::Display for NotAPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for NotAPolicy {}

impl Trust {
    /// Trusts these logs, and asks for no witness.
    #[must_use]
    pub fn keys(logs: impl IntoIterator<Item = VerifierKey>) -> Self {
        Self {
            logs: logs.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Trusts as a policy file says.
    ///
    /// # Errors
    /// [`NotAPolicy`] with the first line that cannot be followed: a policy is followed as a whole or not at all.
    pub fn policy(text: &str) -> Result<Self, NotAPolicy> {
        let mut trust = Self::default();
        let mut quorum = None;
        let mut number = 0;
        for line in text.split('\n') {
            number += 1;
            trust
                .take(line, &mut quorum)
                .map_err(|why| NotAPolicy { line: number, why })?;
        }
        match quorum {
            Some(quorum) => trust.quorum = quorum,
            None => {
                let why = "it has no line `quorum`; `quorum none` asks for no witness".to_owned();
                return Err(NotAPolicy { line: number, why });
            }
        }
        Ok(trust)
    }

    /// Trusts these logs too.
    #[must_use]
    pub fn and_keys(mut self, logs: impl IntoIterator<Item = VerifierKey>) -> Self {
        self.logs.extend(logs);
        self
    }

    /// Whether any signature could count.
    pub(crate) const fn knows_a_log(&self) -> bool {
        !self.logs.is_empty()
    }

    /// Whether a signature of this log could count.
    pub(crate) fn knows(&self, origin: &str) -> bool {
        self.logs.iter().any(|key| key.name == origin)
    }

    fn take(&mut self, line: &str, quorum: &mut Option<Option<Member>>) -> Result<(), String> {
        if line
            .chars()
            .any(|sign| sign.is_ascii_control() && sign != '\t')
        {
            return Err("it holds a control character".to_owned());
        }
        let words: Vec<&str> = line
            .split([' ', '\t'])
            .filter(|word| !word.is_empty())
            .collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key] | ["log", key, _] => self.log(key),
            ["witness", name, key] | ["witness", name, key, _] => self.witness(name, key),
            ["group", name, needed, members @ ..] => self.group(name, needed, members),
            ["quorum", _] if quorum.is_some() => Err("a second line `quorum`".to_owned()),
            ["quorum", "none"] => {
                *quorum = Some(None);
                Ok(())
            }
            ["quorum", name] => {
                *quorum = Some(Some(self.member(name)?));
                Ok(())
            }
            _ => Err(format!(
                "`{line}` is none of `log <key>`, `witness <name> <key>`, `group <name> <k> <name>…`, `quorum <name>`"
            )),
        }
    }

    fn log(&mut self, key: &str) -> Result<(), String> {
        let key: VerifierKey = key.parse().map_err(|error| format!("{error}"))?;
        if self.logs.iter().any(|known| known.key == key.key) {
            return Err("the key of this log stands there twice".to_owned());
        }
        self.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, name: &str, key: &str) -> Result<(), String> {
        self.unused(name)?;
        let key: VerifierKey = key.parse().map_err(|error| format!("{error}"))?;
        if key.kind != Kind::Cosignature {
            return Err(
                "a witness's key is of type 4 (tlog-cosignature); this one is not".to_owned(),
            );
        }
        if self.witnesses.iter().any(|(_, known)| known.key == key.key) {
            return Err("the key of this witness stands there twice".to_owned());
        }
        self.witnesses.push((name.to_owned(), key));
        Ok(())
    }

    fn group(&mut self, name: &str, needed: &str, members: &[&str]) -> Result<(), String> {
        self.unused(name)?;
        let mut found = Vec::with_capacity(members.len());
        for member in members {
            let member = self.member(member)?;
            // Else one witness could count twice.
            let elsewhere = self
                .groups
                .iter()
                .any(|group| group.members.contains(&member));
            if elsewhere || found.contains(&member) {
                return Err(format!("`{}` is a member already", self.name(member)));
            }
            found.push(member);
        }
        let needed = match needed {
            "any" => 1,
            "all" => found.len(),
            number => decimal(number)
                .and_then(|number| usize::try_from(number).ok())
                .ok_or_else(|| format!("`{number}` is neither `any`, `all` nor a number"))?,
        };
        if needed == 0 || needed > found.len() {
            return Err(format!(
                "{needed} of {} members cannot be asked for",
                found.len()
            ));
        }
        self.groups.push(Group {
            name: name.to_owned(),
            needed,
            members: found,
        });
        Ok(())
    }

    fn unused(&self, name: &str) -> Result<(), String> {
        match name == "none" || self.member(name).is_ok() {
            true => Err(format!("the name `{name}` is taken")),
            false => Ok(()),
        }
    }

    fn member(&self, name: &str) -> Result<Member, String> {
        let witness = self.witnesses.iter().position(|(known, _)| known == name);
        let group = || self.groups.iter().position(|group| group.name == name);
        witness
            .map(Member::Witness)
            .or_else(|| group().map(Member::Group))
            .ok_or_else(|| format!("`{name}` is not defined above"))
    }

    fn name(&self, member: Member) -> &str {
        match member {
            Member::Witness(number) => self.witnesses.get(number).map(|(name, _)| name.as_str()),
            Member::Group(number) => self.groups.get(number).map(|group| group.name.as_str()),
        }
        .unwrap_or_default()
    }

    /// Whether a witness or enough of a group is among those who signed.
    fn reached(&self, member: Member, signed: &[usize]) -> bool {
        match member {
            Member::Witness(number) => signed.contains(&number),
            // A group has members above it only: this ends.
            Member::Group(number) => self.groups.get(number).is_some_and(|group| {
                let members = group.members.iter();
                members
                    .filter(|member| self.reached(**member, signed))
                    .count()
                    >= group.needed
            }),
        }
    }

    /// Reads a checkpoint, and holds it against the keys.
    pub(crate) fn check<'n>(&self, place: &str, text: &'n str) -> Result<Head<'n>, Fault> {
        let checkpoint = Checkpoint::read(text)
            .map_err(|why| Fault::unchecked(place, format!("this is no checkpoint: {why}")))?;
        let mut keys = Vec::new();
        for key in &self.logs {
            match checkpoint.note.signed_by(key) {
                Signed::Not => {}
                Signed::Falsely => {
                    return Err(Fault::lie(
                        place,
                        format!("the signature of `{key}` does not hold"),
                    ));
                }
                Signed::Truly { .. } if key.name != checkpoint.origin => {
                    let fault = Fault::lie(place, "the key is that of another log");
                    return Err(fault.expected(&key.name).found(checkpoint.origin));
                }
                Signed::Truly { .. } => keys.push(key.to_string()),
            }
        }
        if keys.is_empty() {
            let known: Vec<String> = self.logs.iter().map(ToString::to_string).collect();
            let expected = match known.is_empty() {
                true => "the key of a log, none was given".to_owned(),
                false => known.join(" or "),
            };
            let fault = Fault::unchecked(place, "no key that you trust signed this checkpoint");
            return Err(fault.expected(expected));
        }
        let witnesses = self.witnesses(place, &checkpoint)?;
        Ok(Head {
            checkpoint,
            keys,
            witnesses,
        })
    }

    fn witnesses(
        &self,
        place: &str,
        checkpoint: &Checkpoint<'_>,
    ) -> Result<Vec<(String, u64)>, Fault> {
        let mut signed = Vec::new();
        let mut seen = Vec::new();
        for (number, (name, key)) in self.witnesses.iter().enumerate() {
            match checkpoint.note.signed_by(key) {
                Signed::Not => {}
                Signed::Falsely => {
                    let what = format!("the cosignature of the witness `{name}` does not hold");
                    return Err(Fault::lie(place, what));
                }
                Signed::Truly { time } => {
                    signed.push(number);
                    seen.push((name.clone(), time.unwrap_or_default()));
                }
            }
        }
        match self.quorum {
            Some(quorum) if !self.reached(quorum, &signed) => {
                let names: Vec<&str> = seen.iter().map(|(name, _)| name.as_str()).collect();
                let found = match names.is_empty() {
                    true => "no witness of the policy".to_owned(),
                    false => names.join(", "),
                };
                let fault = Fault::unchecked(place, "too few witnesses signed this checkpoint");
                Err(fault
                    .expected(format!("the quorum `{}`", self.name(quorum)))
                    .found(found))
            }
            _ => Ok(seen),
        }
    }
}

/// A checkpoint that those who are trusted signed.
pub(crate) struct Head<'n> {
    pub(crate) checkpoint: Checkpoint<'n>,
    keys: Vec<String>,
    /// With the second since 1970 at which they signed.
    witnesses: Vec<(String, u64)>,
}

impl Head<'_> {
    /// Who signed, and what that does not say.
    pub(crate) fn tell(&self, report: &mut Report) {
        let Checkpoint {
            origin, size, root, ..
        } = &self.checkpoint;
        report.proves(format!(
            "The checkpoint of the log `{origin}` with {size} entries and the root {root} was signed by {}.",
            self.keys.join(" and ")
        ));
        for (name, time) in &self.witnesses {
            report.proves(format!(
                "The witness `{name}` signed at {} that this checkpoint only adds to all it had seen of this log before.",
                moment(*time)
            ));
        }
        if self.witnesses.is_empty() {
            report.leaves_open(
                "That everybody is shown the same log: no witness of a policy signed this checkpoint.",
            );
        }
        report.leaves_open(
            "Whose key it is: compare it with the one that the log's operator publishes elsewhere.",
        );
    }

    /// The witness who saw it first, and when, in milliseconds since 1970.
    pub(crate) fn seen(&self) -> Option<(&str, i64)> {
        let (name, second) = self.witnesses.iter().min_by_key(|(_, second)| second)?;
        let millisecond = i64::try_from(*second).ok()?.checked_mul(1_000)?;
        // Its clock tells whole seconds.
        Some((name, millisecond.saturating_add(999)))
    }
}

fn moment(second: u64) -> String {
    i64::try_from(second)
        .ok()
        .and_then(|second| jiff::Timestamp::from_second(second).ok())
        .map_or_else(|| format!("second {second}"), |time| time.to_string())
}

#[cfg(test)]
mod tests;
