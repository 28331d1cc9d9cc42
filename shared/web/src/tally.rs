//! What one principal asked for: counted here, and as far as is known in every process.
//!
//! A process counts for itself and tells the others from time to time ([`storage::Told`]): the first time in a window, whenever it
//! has a twentieth of a budget to tell, and every five seconds. With `n` processes no more than the budget and `n` twentieths of it
//! are let through, and nothing is asked of the tables in between.

use storage::{Sums, Told};

use crate::limits::{Budgets, Limits};

/// The part of a budget that a process counts before it tells of it.
const SHARE: u64 = 20;
/// How long it keeps less to itself, in milliseconds.
const PATIENCE: i64 = 5_000;
/// When it tries again where it could not tell.
const RETRY: i64 = 1_000;

/// The windows of a moment, by when they began, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) requests: i64,
    pub(crate) results: i64,
}

impl Windows {
    /// `now` in milliseconds since 1970.
    pub(crate) fn at(now: i64, limits: &Limits) -> Self {
        let since = |seconds: i64| now.div_euclid(seconds * 1000) * seconds;
        Self {
            requests: since(limits.request_seconds),
            results: since(limits.result_seconds),
        }
    }
}

/// Which budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    Requests,
    Results,
}

/// What is left of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) requests: u64,
    pub(crate) results: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    /// What every process told of.
    known: u64,
    /// What is being told.
    underway: u64,
    /// What was not told yet.
    own: u64,
}

impl Counter {
    const fn used(self) -> u64 {
        self.known
            .saturating_add(self.underway)
            .saturating_add(self.own)
    }

    const fn begin(&mut self) -> u64 {
        let told = self.own;
        self.own = 0;
        self.underway += told;
        told
    }

    fn end(&mut self, told: u64, sum: Option<u64>) {
        self.underway = self.underway.saturating_sub(told);
        match sum {
            Some(sum) => self.known = self.known.max(sum),
            None => self.own += told,
        }
    }
}

/// The counts of one principal.
#[derive(Debug)]
pub(crate) struct Tally {
    windows: Windows,
    requests: Counter,
    results: Counter,
    /// Whether it is known what others counted in this window.
    is_told: bool,
    /// The window that is being told of.
    telling: Option<Windows>,
    /// Not before then, in milliseconds since 1970.
    next: i64,
}

impl Tally {
    pub(crate) fn new(windows: Windows) -> Self {
        Self {
            windows,
            requests: Counter::default(),
            results: Counter::default(),
            is_told: false,
            telling: None,
            next: 0,
        }
    }

    /// Goes on to the windows of a moment; what was counted in others no longer counts.
    pub(crate) fn turn(&mut self, windows: Windows) {
        if windows.results != self.windows.results {
            *self = Self::new(windows);
        } else if windows.requests != self.windows.requests {
            self.windows = windows;
            self.requests = Counter::default();
            self.is_told = false;
        }
    }

    /// Whether it counted anything in these windows.
    pub(crate) fn is_of(&self, windows: Windows) -> bool {
        self.windows.results == windows.results
    }

    /// What is to be told now, if anything is.
    pub(crate) fn due(
        &mut self,
        key: &str,
        budgets: Budgets,
        limits: &Limits,
        now: i64,
    ) -> Option<Told> {
        let is_much = |own: u64, budget: u64| own >= (budget / SHARE).max(1);
        let much = is_much(self.requests.own, budgets.requests)
            || is_much(self.results.own, budgets.results);
        let has_any = self.requests.own + self.results.own > 0;
        let rested = now >= self.next;
        let due = match self.is_told {
            true => much || (has_any && rested),
            false => rested,
        };
        if !due || self.telling == Some(self.windows) {
            return None;
        }
        self.telling = Some(self.windows);
        Some(Told {
            key: key.to_owned(),
            results_since: self.windows.results,
            results_until: self.windows.results + limits.result_seconds,
            requests_since: self.windows.requests,
            requests: self.requests.begin(),
            results: self.results.begin(),
        })
    }

    /// Takes in what came of telling; `None` where the tables did not answer.
    pub(crate) fn told(&mut self, told: &Told, sums: Option<Sums>, now: i64) {
        let windows = Windows {
            requests: told.requests_since,
            results: told.results_since,
        };
        if self.telling == Some(windows) {
            self.telling = None;
        }
        if windows.results == self.windows.results {
            self.results
                .end(told.results, sums.map(|sums| sums.results));
        }
        if windows == self.windows {
            self.requests
                .end(told.requests, sums.map(|sums| sums.requests));
            self.is_told = sums.is_some();
            self.next = now + sums.map_or(RETRY, |_| PATIENCE);
        }
    }

    /// Counts a request, where budgets allow it: a change needs none of the results.
    pub(crate) fn admit(&mut self, budgets: Budgets, reads: bool) -> Result<(), Policy> {
        if self.requests.used() >= budgets.requests {
            return Err(Policy::Requests);
        }
        if reads && self.results.used() >= budgets.results {
            return Err(Policy::Results);
        }
        self.requests.own += 1;
        Ok(())
    }

    /// Counts what an answer holds: the answer that takes the last of the budget goes out whole.
    pub(crate) const fn hand_over(&mut self, results: u64) {
        self.results.own += results;
    }

    /// What is left.
    pub(crate) fn left(&self, budgets: Budgets) -> Left {
        Left {
            requests: budgets.requests.saturating_sub(self.requests.used()),
            results: budgets.results.saturating_sub(self.results.used()),
        }
    }
}

#[cfg(test)]
mod tests;
