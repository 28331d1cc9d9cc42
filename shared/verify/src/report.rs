//! What a verification comes to, in plain words.

use std::fmt;

use serde_json::{Value, json};

/// What a verification comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that is said to be proved is.
    Proved,
    /// A lie was found.
    Refuted,
    /// It could not be checked: something is missing, unreadable, or of a key or format that is not known.
    Unchecked,
}

impl Verdict {
    /// For scripts: 0 proved, 1 refuted, 2 could not be checked.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Proved => 0,
            Self::Refuted => 1,
            Self::Unchecked => 2,
        }
    }
}

/// The first thing that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// [`Verdict::Refuted`] for a lie, [`Verdict::Unchecked`] for what could not be read.
    pub verdict: Verdict,
    /// The file, the event, the entry, the line.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What had to be there.
    pub expected: Option<String>,
    /// What is there.
    pub found: Option<String>,
}

impl Fault {
    /// Something is not as it is said to be.
    pub(crate) fn lie(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Refuted,
            place: place.into(),
            what: what.into(),
            expected: None,
            found: None,
        }
    }

    /// Something could not be checked.
    pub(crate) fn unchecked(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Unchecked,
            ..Self::lie(place, what)
        }
    }

    pub(crate) fn expected(mut self, expected: impl ToString) -> Self {
        self.expected = Some(expected.to_string());
        self
    }

    pub(crate) fn found(mut self, found: impl ToString) -> Self {
        self.found = Some(found.to_string());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        match &self.found {
            Some(found) => write!(f, "; found {found}"),
            None => Ok(()),
        }
    }
}

/// What was proved, what was not, and the first fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Sentences that hold.
    pub proved: Vec<String>,
    /// What these sentences do not say, though a reader might think so.
    pub not_proved: Vec<String>,
    /// Where it stopped.
    pub fault: Option<Fault>,
}

impl Report {
    pub(crate) fn proves(&mut self, sentence: impl Into<String>) {
        self.proved.push(sentence.into());
    }

    pub(crate) fn leaves_open(&mut self, sentence: impl Into<String>) {
        self.not_proved.push(sentence.into());
    }

    /// A report of a verification that may have stopped at a fault.
    pub(crate) fn of(outcome: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Self {
        let mut report = Self::default();
        if let Err(fault) = outcome(&mut report) {
            report.fault = Some(fault);
            // What would follow from the whole was not reached.
            report.not_proved.clear();
        }
        report
    }

    /// A report of something that could not even be begun.
    #[must_use]
    pub fn unreadable(place: &str, what: &str) -> Self {
        Self::of(|_| Err(Fault::unchecked(place, what)))
    }

    /// What it comes to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.fault
            .as_ref()
            .map_or(Verdict::Proved, |fault| fault.verdict)
    }

    /// The report as JSON, to be shown: `verdict`, `proved`, `notProved`, `fault`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let texts = |texts: &[String]| texts.iter().map(|text| harmless(text)).collect::<Value>();
        let fault = self.fault.as_ref().map(|fault| {
            let one = |text: &Option<String>| text.as_deref().map(harmless);
            json!({
                "place": harmless(&fault.place), "what": harmless(&fault.what),
                "expected": one(&fault.expected), "found": one(&fault.found),
            })
        });
        let verdict = match self.verdict() {
            Verdict::Proved => "proved",
            Verdict::Refuted => "refuted",
            Verdict::Unchecked => "unchecked",
        };
        json!({
            "verdict": verdict, "proved": texts(&self.proved), "notProved": texts(&self.not_proved), "fault": fault,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            None => writeln!(f, "PROVED")?,
            Some(fault) if fault.verdict == Verdict::Refuted => {
                writeln!(f, "REFUTED: {}", harmless(&fault.to_string()))?;
            }
            Some(fault) => writeln!(f, "NOT CHECKED: {}", harmless(&fault.to_string()))?,
        }
        list(f, "What was proved", &self.proved)?;
        list(f, "What was not proved", &self.not_proved)
    }
}

fn list(f: &mut fmt::Formatter<'_>, title: &str, sentences: &[String]) -> fmt::Result {
    if sentences.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{title}:")?;
    sentences
        .iter()
        .try_for_each(|sentence| writeln!(f, "  - {}", harmless(sentence)))
}

/// What came from elsewhere moves no cursor, begins no line of its own and turns no text around.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|sign| match sign {
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                sign.escape_unicode().to_string()
            }
            _ if sign.is_control() => sign.escape_default().to_string(),
            _ => sign.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_from_top_to_bottom() {
        let mut report = Report::default();
        report.proves("This holds.");
        report.leaves_open("That is another question.");
        let text = "PROVED\n\nWhat was proved:\n  - This holds.\n\nWhat was not proved:\n  - That is another question.\n";
        assert_eq!(report.to_string(), text);
        assert_eq!(report.verdict().exit_code(), 0);
    }

    #[test]
    fn a_fault_says_where_and_what_and_keeps_what_was_proved_before() {
        let report = Report::of(|report| {
            report.proves("This holds.");
            report.leaves_open("Never reached.");
            Err(Fault::lie("entry 3", "it is another").expected(1).found(2))
        });
        let text = "REFUTED: entry 3: it is another; expected 1; found 2\n\nWhat was proved:\n  - This holds.\n";
        assert_eq!(report.to_string(), text);
        assert_eq!(report.verdict().exit_code(), 1);
        assert_eq!(
            Report::unreadable("a file", "it is empty")
                .verdict()
                .exit_code(),
            2
        );
    }

    #[test]
    fn what_came_from_elsewhere_adds_no_line() {
        let mut report = Report::default();
        report.proves("`a\n\u{1b}[2J\u{202e}`");
        assert_eq!(report.to_json()["proved"][0], "`a\\n\\u{1b}[2J\\u{202e}`");
        assert!(
            report
                .to_string()
                .ends_with("  - `a\\n\\u{1b}[2J\\u{202e}`\n")
        );
    }
}
