//! One round: every case of the matrix that the batteries stand for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};

use access::Case;
use futures_util::{StreamExt, stream};
use passport::{Class, EventType, catalogue};
use serde_json::json;
use uuid::Uuid;

use crate::door::Asked;
use crate::made::{Batteries, INTERESTED, MAKER, STRANGER, attributes};
use crate::{Door, Failure, Tokens};

/// Requests under way at once.
const AT_ONCE: usize = 8;

/// Checks the platform behind a door.
#[derive(Debug)]
pub struct Probe<'a> {
    /// Where it is asked.
    pub door: &'a Door,
    /// By whom.
    pub tokens: &'a Tokens,
    /// Of what.
    pub batteries: &'a Batteries,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Probed {
    /// Requests that were made.
    pub requests: usize,
    /// What is not as the matrix says.
    pub findings: Vec<Finding>,
}

/// Something that somebody does not see or may not do who should, or sees or may do who should not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Who, standing how to a record in which state.
    pub who: String,
    /// What is wrong.
    pub what: String,
}

impl Display for Finding {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.who, self.what)
    }
}

/// A case, with the battery and the organisation that stand for it.
struct Staged {
    case: Case,
    passport: Uuid,
    token: Option<String>,
}

impl Staged {
    fn who(&self) -> String {
        let role = self.case.role.map_or("(no token)", |role| role.as_str());
        let interest = self.case.interest.map(|it| format!(" as {}", it.name));
        let (standing, state) = (self.case.standing, self.case.state);
        format!(
            "{role}{} ({standing}, {state})",
            interest.unwrap_or_default()
        )
    }

    fn finds(&self, what: impl Into<String>) -> Finding {
        Finding {
            who: self.who(),
            what: what.into(),
        }
    }
}

impl Probe<'_> {
    /// Reads every battery in every role.
    ///
    /// # Errors
    /// [`Failure`] where there was no answer: then nothing was found out.
    pub async fn reads(&self) -> Result<Probed, Failure> {
        self.read_in(&self.staged().await?).await
    }

    async fn read_in(&self, staged: &[Staged]) -> Result<Probed, Failure> {
        let mut probed = Probed::default();
        let whole = self.whole(&mut probed).await?;
        let read = staged.iter().map(|staged| self.read(staged, &whole));
        let read: Vec<_> = stream::iter(read).buffer_unordered(AT_ONCE).collect().await;
        for findings in read {
            probed.requests += 1;
            probed.findings.extend(findings?);
        }
        Ok(probed)
    }

    /// The same, and tries every event in every role, in a way that changes nothing: with evidence that there is none of.
    ///
    /// # Errors
    /// [`Failure`] where there was no answer: then nothing was found out.
    pub async fn reads_and_writes(&self) -> Result<Probed, Failure> {
        let staged = self.staged().await?;
        let mut probed = self.read_in(&staged).await?;
        let staged = staged.iter().filter(|it| {
            it.token.is_some() && it.case.state == "published" && it.case.interest.is_none()
        });
        let tried = staged.flat_map(|staged| {
            let types = catalogue().event_types().filter(|it| is_plain(it));
            types.map(move |event_type| self.raise(staged, event_type))
        });
        let tried: Vec<_> = stream::iter(tried)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for finding in tried {
            probed.requests += 1;
            probed.findings.extend(finding?);
        }
        Ok(probed)
    }

    /// Every case that a battery stands for.
    async fn staged(&self) -> Result<Vec<Staged>, Failure> {
        let Batteries {
            published,
            draft,
            delegate,
            contributor,
            granted,
            ..
        } = self.batteries;
        let mut tokens: BTreeMap<(&str, &str), String> = BTreeMap::new();
        let mut all = Vec::new();
        // Whoever operates the platform is a person, and its role no program's.
        let cases = Case::all().filter(|case| case.role.is_none_or(|role| !role.is_alone()));
        for case in cases {
            let (passport, organisation) = match (case.standing, case.state) {
                ("none", "published") => (published, STRANGER),
                ("none", "draft") => (draft, STRANGER),
                ("responsible", "published") => (published, MAKER),
                ("responsible", "draft") => (draft, MAKER),
                ("delegate", "published") => (delegate, STRANGER),
                ("contributor", "published") => (contributor, STRANGER),
                ("granted-0", "published") => (granted, STRANGER),
                _ => continue,
            };
            let organisation = case.interest.map_or(organisation, |_| INTERESTED);
            let token = match case.role.map(|role| role.as_str()) {
                None => None,
                Some(role) => Some(match tokens.get(&(role, organisation)) {
                    Some(token) => token.clone(),
                    None => {
                        let token = self.tokens.token(role, organisation).await?;
                        let _ = tokens.insert((role, organisation), token.clone());
                        token
                    }
                }),
            };
            all.push(Staged {
                case,
                passport: *passport,
                token,
            });
        }
        Ok(all)
    }

    /// The attributes that there are by their classes, as who wrote them sees them: as many as it wrote.
    async fn whole(&self, probed: &mut Probed) -> Result<Vec<(Class, BTreeSet<String>)>, Failure> {
        let token = self.tokens.token("economic-operator", MAKER).await?;
        let path = format!("/v1/dpps/{}", self.batteries.published);
        let asked = Asked {
            path: &path,
            token: Some(&token),
            ..Asked::default()
        };
        let answer = self.door.ask(&asked).await?;
        probed.requests += 1;
        let mut whole = Vec::new();
        for class in Class::ALL {
            let written = self.batteries.attributes.get(&class.number());
            let written = written.copied().unwrap_or_default();
            let there: BTreeSet<String> = attributes(&answer.body, class).collect();
            if there.len() < written.max(1) {
                probed.findings.push(Finding {
                    who: "economic-operator (its own battery)".to_owned(),
                    what: format!(
                        "{} of {written} attributes of class {} are there (status {})",
                        there.len(),
                        class.number(),
                        answer.status,
                    ),
                });
            }
            whole.push((class, there));
        }
        Ok(whole)
    }

    /// What one who reads a battery misses, and what it sees that is not for it.
    async fn read(
        &self,
        staged: &Staged,
        whole: &[(Class, BTreeSet<String>)],
    ) -> Result<Vec<Finding>, Failure> {
        let path = format!("/v1/dpps/{}", staged.passport);
        let asked = Asked {
            path: &path,
            token: staged.token.as_deref(),
            ..Asked::default()
        };
        let answer = self.door.ask(&asked).await?;
        let expected = if staged.case.knows() { 200 } else { 404 };
        if answer.status != expected {
            let what = format!("is answered {}, expected {expected}", answer.status);
            return Ok(vec![staged.finds(what)]);
        }
        if expected != 200 {
            return Ok(Vec::new());
        }
        let reads = staged.case.reads().classes;
        let judged = whole.iter().filter_map(|(class, there)| {
            let seen: BTreeSet<String> = attributes(&answer.body, *class).collect();
            if !reads.contains(*class) {
                return (!seen.is_empty()).then(|| {
                    staged.finds(format!(
                        "sees {} of class {}",
                        listed(&seen),
                        class.number()
                    ))
                });
            }
            let missing: BTreeSet<String> = there.difference(&seen).cloned().collect();
            (!missing.is_empty()).then(|| {
                staged.finds(format!(
                    "does not see {} of class {}",
                    listed(&missing),
                    class.number()
                ))
            })
        });
        Ok(judged.collect())
    }

    /// Whether one may raise an event, as the matrix says.
    async fn raise(
        &self,
        staged: &Staged,
        event_type: &EventType,
    ) -> Result<Option<Finding>, Failure> {
        let path = format!("/v1/dpps/{}/events", staged.passport);
        let body = json!({"type": event_type.id, "reason": "checks of the platform", "evidence": [Uuid::nil()]});
        let asked = Asked {
            path: &path,
            token: staged.token.as_deref(),
            body: Some(&body),
            ..Asked::default()
        };
        let answer = self.door.ask(&asked).await?;
        let (id, status) = (&event_type.id, answer.status);
        Ok(
            match (staged.case.raises(event_type), answer.is_refused()) {
                (true, Some(true)) => {
                    Some(staged.finds(format!("may not raise `{id}` ({status})")))
                }
                (false, Some(false)) => Some(staged.finds(format!("may raise `{id}` ({status})"))),
                (_, None) => Some(staged.finds(format!("`{id}` is answered {status}"))),
                _ => None,
            },
        )
    }
}

/// Events that are raised by themselves on a passport, and of which nothing is asked before it is asked who raises them.
fn is_plain(event_type: &EventType) -> bool {
    event_type.concerns("passport")
        && event_type.operation.is_none()
        && event_type.erases.is_none()
        && !event_type.starts_record()
        && !event_type.migrates
        && !(event_type.asks_for_second() && event_type.may_change)
}

/// A few of them, for people.
fn listed(pointers: &BTreeSet<String>) -> String {
    let first: Vec<&str> = pointers.iter().take(3).map(String::as_str).collect();
    match pointers.len() {
        0..=3 => first.join(", "),
        more => format!("{} and {} more", first.join(", "), more - 3),
    }
}
