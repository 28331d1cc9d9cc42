//! What was invalidated, and when: one mark per tag, whatever number of answers carry it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the resolver may go on with a model or batch that it read before (it keeps them for a second).
const SETTLED: Duration = Duration::from_millis(1_200);
/// So many marks, and those that no answer carries and that are old are dropped.
const MOST: usize = 1 << 16;
/// Longer than any request takes.
const OLD: Duration = Duration::from_secs(60);

/// A moment on the edge's own clock, in microseconds; never 0.
pub(crate) type Moment = u64;

/// When a tag was last invalidated; 0 for never.
type Mark = Arc<AtomicU64>;

/// The marks by tag.
#[derive(Debug)]
pub(crate) struct Tags {
    started: Instant,
    marks: Mutex<HashMap<String, Mark>>,
}

/// The marks of one answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks(Box<[Mark]>);

impl Tags {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            marks: Mutex::default(),
        }
    }

    /// Now.
    pub(crate) fn now(&self) -> Moment {
        u64::try_from(self.started.elapsed().as_micros())
            .unwrap_or(u64::MAX)
            .saturating_add(1)
    }

    fn marks(&self) -> MutexGuard<'_, HashMap<String, Mark>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whatever carries one of these tags and was asked for before now is no longer served. A tag that nothing carries is
    /// marked too: its answer may be under way.
    pub(crate) fn invalidate<'a>(&self, tags: impl IntoIterator<Item = &'a str>) {
        let mut marks = self.marks();
        let now = self.now();
        for tag in tags {
            match marks.get(tag) {
                Some(mark) => mark.store(now, Ordering::Release),
                None => drop(marks.insert(tag.to_owned(), Arc::new(AtomicU64::new(now)))),
            }
        }
        self.forget(&mut marks, now);
    }

    /// The marks of an answer with these tags.
    pub(crate) fn of<'a>(&self, tags: impl IntoIterator<Item = &'a str>) -> Marks {
        let mut marks = self.marks();
        let found = tags
            .into_iter()
            .map(|tag| match marks.get(tag) {
                Some(mark) => Arc::clone(mark),
                None => Arc::clone(marks.entry(tag.to_owned()).or_default()),
            })
            .collect();
        let now = self.now();
        self.forget(&mut marks, now);
        Marks(found)
    }

    fn forget(&self, marks: &mut HashMap<String, Mark>, now: Moment) {
        if marks.len() > MOST {
            let old = now.saturating_sub(micros(OLD));
            marks.retain(|_, mark| {
                Arc::strong_count(mark) > 1 || mark.load(Ordering::Acquire) > old
            });
        }
    }
}

impl Marks {
    /// Whether nothing was invalidated since an answer was asked for.
    pub(crate) fn hold_since(&self, asked: Moment) -> bool {
        self.latest() < asked
    }

    /// Whether everything was invalidated so long before that the answer cannot be from before.
    pub(crate) fn had_settled_at(&self, asked: Moment) -> bool {
        let latest = self.latest();
        latest == 0 || latest.saturating_add(micros(SETTLED)) < asked
    }

    fn latest(&self) -> Moment {
        self.0
            .iter()
            .map(|mark| mark.load(Ordering::Acquire))
            .max()
            .unwrap_or(0)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalidation_reaches_what_was_asked_for_before_it_and_nothing_after() {
        let tags = Tags::new();
        let before = tags.now();
        let marks = tags.of(["model:1", "unit:A"]);
        assert!(marks.hold_since(before));
        tags.invalidate(["unit:B"]);
        assert!(marks.hold_since(before));
        tags.invalidate(["model:1"]);
        assert!(!marks.hold_since(before));
        std::thread::sleep(Duration::from_millis(1));
        let after = tags.now();
        let marks = tags.of(["model:1", "unit:A"]);
        assert!(marks.hold_since(after));
        assert!(!marks.had_settled_at(after));
        assert!(marks.had_settled_at(after + micros(SETTLED)));
    }

    #[test]
    fn a_tag_that_nothing_carries_yet_is_marked_for_what_is_under_way() {
        let tags = Tags::new();
        let asked = tags.now();
        tags.invalidate(["model:1"]);
        assert!(!tags.of(["model:1"]).hold_since(asked));
    }

    #[test]
    fn marks_that_nothing_carries_are_forgotten_in_time() {
        let tags = Tags::new();
        let kept = tags.of(["kept"]);
        for number in 0..=MOST {
            drop(tags.of([number.to_string().as_str()]));
        }
        assert!(tags.marks().len() < 10);
        tags.invalidate(["kept"]);
        assert!(!kept.hold_since(1));
    }
}
