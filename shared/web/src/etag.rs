//! Entity tags: `"<model>.<batch>.<passport>.<view>"`, each number a count of changes the view could notice.

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use storage::Facts;

use crate::Problem;

/// The name of a view in a tag: what a reader may see and, of a passport, where its record stands, since the header says
/// that without any value having changed.
#[must_use]
pub fn view_name(view: &str, facts: &Facts) -> String {
    match facts {
        Facts::Passport {
            status, operator, ..
        } => {
            let recalled = facts.recalled_at().map_or("", |_| "-recalled");
            let operator = operator.as_deref().unwrap_or_default();
            format!("{view}-{}{recalled}-{operator}", status.as_str())
        }
        _ => view.to_owned(),
    }
}

/// The tag of one view of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag {
    /// Revision of the model's part.
    pub model: u64,
    /// Revision of the batch's part; 0 without a batch.
    pub batch: u64,
    /// Revision of the passport's part; 0 for a model or batch read alone.
    pub passport: u64,
    /// Name of the view.
    pub view: String,
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\"{}.{}.{}.{}\"",
            self.model, self.batch, self.passport, self.view
        )
    }
}

impl ETag {
    /// Whether `If-None-Match` says that the caller has this already.
    #[must_use]
    pub fn known_to(&self, headers: &HeaderMap) -> bool {
        known(headers, &self.to_string())
    }
}

/// Whether `If-None-Match` says that the caller has what this tag stands for.
#[must_use]
pub fn known(headers: &HeaderMap, tag: &str) -> bool {
    values(headers, &IF_NONE_MATCH).any(|sent| sent == "*" || sent.trim_start_matches("W/") == tag)
}

/// What `If-Match` demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Precondition(Vec<String>);

impl Precondition {
    /// `If-Match`, where it was sent.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let tags: Vec<String> = values(headers, &IF_MATCH).map(str::to_owned).collect();
        (!tags.is_empty()).then_some(Self(tags))
    }

    /// Holds it against the present tag; only the part of the addressed subject is compared, since the others are changed
    /// by others.
    ///
    /// # Errors
    /// 412 telling the present tag.
    pub fn check(&self, present: &ETag, part: impl Fn(&ETag) -> u64) -> Result<(), Problem> {
        let fits = self.0.iter().any(|tag| {
            tag == "*"
                || parse(tag)
                    .is_some_and(|tag| part(&tag) == part(present) && tag.view == present.view)
        });
        if fits {
            return Ok(());
        }
        Err(Problem::stale(format!(
            "`If-Match` was {}, the present `ETag` is {present}: read it again and decide again",
            self.0.join(", ")
        )))
    }
}

fn values<'a>(
    headers: &'a HeaderMap,
    name: &axum::http::HeaderName,
) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn parse(tag: &str) -> Option<ETag> {
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    let mut fields = inner.splitn(4, '.');
    let mut number = || fields.next()?.parse().ok();
    Some(ETag {
        model: number()?,
        batch: number()?,
        passport: number()?,
        view: fields.next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(passport: u64) -> ETag {
        ETag {
            model: 3,
            batch: 0,
            passport,
            view: "owner".to_owned(),
        }
    }

    #[test]
    fn tag_reads_back() {
        assert_eq!(parse(&tag(7).to_string()), Some(tag(7)));
        assert_eq!(parse("\"1.2\""), None);
        assert_eq!(parse("7"), None);
    }

    #[test]
    fn only_the_addressed_part_is_compared() {
        let sent = Precondition(vec!["\"1.0.7.owner\"".to_owned()]);
        assert!(sent.check(&tag(7), |tag| tag.passport).is_ok());
        assert!(sent.check(&tag(8), |tag| tag.passport).is_err());
        let other_view = Precondition(vec!["\"3.0.7.public\"".to_owned()]);
        assert!(other_view.check(&tag(7), |tag| tag.passport).is_err());
    }
}
