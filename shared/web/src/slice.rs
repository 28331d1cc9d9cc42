//! Pages of lists that only grow at their end.

use crate::Problem;

/// Entries of a page, where nothing else is asked for.
const USUAL: usize = 100;
/// The most entries of a page.
const MOST: usize = 1_000;

/// Which part of a list is asked for: `limit` and `cursor` of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    from: usize,
    limit: usize,
}

impl Slice {
    /// What `limit` is, for the OpenAPI document.
    pub const LIMIT: &str = "Most entries of one page, 1 to 1,000; 100 without it";
    /// What `cursor` is.
    pub const CURSOR: &str = "`next` of the page before, with the same other parameters";

    /// # Errors
    /// 400 where they are none that were answered or described.
    pub fn of(limit: Option<&str>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = limit.map_or(Some(USUAL), |text| text.parse().ok());
        let limit = limit.filter(|limit| (1..=MOST).contains(limit));
        let from = cursor.map_or(Some(0), |text| text.parse().ok());
        Ok(Self {
            limit: limit.ok_or_else(|| {
                Problem::malformed(format!("expected a number from 1 to {MOST} in `limit`"))
            })?,
            from: from.ok_or_else(|| {
                Problem::malformed("`cursor` is no `next` of a page: leave it out to begin anew")
            })?,
        })
    }

    /// The page of a list, and the cursor of the next one where there is one.
    #[must_use]
    pub fn cut<T>(self, mut list: Vec<T>) -> (Vec<T>, Option<String>) {
        let end = self.from.saturating_add(self.limit);
        let next = (list.len() > end).then(|| end.to_string());
        list.truncate(end);
        (list.split_off(self.from.min(list.len())), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let list: Vec<u32> = (0..250).collect();
        let (mut cursor, mut read) = (None, Vec::new());
        loop {
            let slice = Slice::of(None, cursor.as_deref()).unwrap();
            let (page, next) = slice.cut(list.clone());
            assert!(page.len() <= USUAL);
            read.extend(page);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(read, list);
        let beyond = Slice::of(Some("7"), Some("9999")).unwrap();
        assert_eq!(beyond.cut(list), (Vec::new(), None));
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for (limit, cursor) in [
            (Some("0"), None),
            (Some("1001"), None),
            (Some("many"), None),
            (None, Some("-1")),
            (None, Some("x")),
        ] {
            assert!(Slice::of(limit, cursor).is_err(), "{limit:?} {cursor:?}");
        }
    }
}
