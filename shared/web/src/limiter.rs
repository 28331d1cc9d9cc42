//! Keeps the budgets of principals and addresses.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use access::Principal;
use ledger::Sha256;
use storage::{Store, Told};

use crate::Clock;
use crate::addresses::Addresses;
use crate::limits::{Budgets, Limits};
use crate::tally::{Left, Policy, Tally, Windows};

/// How long a request waits for what others counted; told it is all the same.
const PATIENCE: Duration = Duration::from_millis(300);
/// Principals that are kept; past that those of earlier windows are forgotten, and where that is not enough all.
const MOST: usize = 4_096;

/// Keeps the budgets. Cheap to clone.
#[derive(Clone)]
pub struct Limiter(Arc<Inner>);

struct Inner {
    limits: Limits,
    store: Store,
    clock: Clock,
    proof: Option<Sha256>,
    principals: Mutex<HashMap<Sha256, Tally>>,
    requests: Addresses,
    results: Addresses,
    strangers: Addresses,
}

/// Whom a request was counted for, and what came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Admitted {
    pub(crate) who: Who,
    pub(crate) budgets: Budgets,
    pub(crate) refused: Option<Policy>,
}

/// Whom a request is counted for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who {
    /// By the hash of its names.
    Principal(Sha256),
    Address(IpAddr),
}

impl std::fmt::Debug for Limiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Limiter").field(&self.0.limits).finish()
    }
}

impl Limiter {
    /// A limiter over the tallies of a store. `proof` is what the edge sends so that it is believed where a request comes from.
    #[must_use]
    pub fn new(limits: Limits, store: Store, clock: Clock, proof: Option<&str>) -> Self {
        Self(Arc::new(Inner {
            limits,
            store,
            clock,
            proof: proof.map(|proof| Sha256::of(proof.as_bytes())),
            principals: Mutex::default(),
            requests: Addresses::default(),
            results: Addresses::default(),
            strangers: Addresses::default(),
        }))
    }

    /// With the platform's own limits and the machine's clock.
    ///
    /// # Errors
    /// A sentence naming what is wrong with `limits.toml`.
    pub fn of_platform(store: Store) -> Result<Self, String> {
        let proof = std::env::var("EDGE_PROOF").ok();
        Ok(Self::new(
            Limits::read()?,
            store,
            Clock::default(),
            proof.as_deref(),
        ))
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn proof(&self) -> Option<&Sha256> {
        self.0.proof.as_ref()
    }

    /// In milliseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.0.clock.now()
    }

    fn windows(&self) -> Windows {
        Windows::at(self.now(), &self.0.limits)
    }

    /// Counts a request of an address, where its budgets allow it.
    pub(crate) fn admit_address(&self, address: IpAddr, reads: bool) -> Admitted {
        let (windows, budgets) = (self.windows(), self.0.limits.address);
        let refused = if reads && self.0.results.count(address, windows.results) >= budgets.results
        {
            Some(Policy::Results)
        } else if self.0.requests.add(address, windows.requests, 1) >= budgets.requests {
            Some(Policy::Requests)
        } else {
            None
        };
        Admitted {
            who: Who::Address(address),
            budgets,
            refused,
        }
    }

    /// Whether an address may send a token once more: not where too many of its tokens were nobody's, so that nobody makes us verify
    /// them without end.
    pub(crate) fn admit_token(&self, address: IpAddr) -> Admitted {
        let budgets = self.0.limits.address;
        let strangers = self.0.strangers.count(address, self.windows().requests);
        Admitted {
            who: Who::Address(address),
            budgets,
            refused: (strangers >= budgets.requests).then_some(Policy::Requests),
        }
    }

    /// Counts a request whose token nobody was known by.
    pub(crate) fn stranger(&self, address: IpAddr) {
        let _ = self.0.strangers.add(address, self.windows().requests, 1);
    }

    /// Counts a request of a principal, where its budgets allow it. What others counted is asked for when it is due; where the tables do
    /// not answer, what was counted here decides.
    pub(crate) async fn admit(&self, principal: &Principal, reads: bool) -> Admitted {
        let budgets = self.0.limits.of(principal);
        // Hashes, so that no separator inside a name can make one principal another.
        let names = [
            &principal.organisation,
            &principal.subject,
            &principal.client,
        ];
        let names = names.map(|name| Sha256::of(name.as_bytes()).to_string());
        let key = Sha256::of(names.concat().as_bytes());
        let due = self.with(key, |tally| {
            tally.due(&key.to_string(), budgets, &self.0.limits, self.now())
        });
        if let Some(told) = due {
            // Not given up with the request, so that nothing is counted twice or lost.
            let telling = tokio::spawn(self.clone().tell(key, told));
            let _ = tokio::time::timeout(PATIENCE, telling).await;
        }
        let admitted = self.with(key, |tally| tally.admit(budgets, reads));
        Admitted {
            who: Who::Principal(key),
            budgets,
            refused: admitted.err(),
        }
    }

    async fn tell(self, key: Sha256, told: Told) {
        let sums = self.0.store.tell(&told).await;
        if let Err(error) = &sums {
            tracing::warn!(principal = %key, %error, "tally not told");
        }
        let now = self.now();
        self.with(key, |tally| tally.told(&told, sums.ok(), now));
    }

    /// Counts the results of an answer.
    pub(crate) fn hand_over(&self, admitted: &Admitted, results: u64) {
        match admitted.who {
            Who::Principal(key) => self.with(key, |tally| tally.hand_over(results)),
            Who::Address(address) => {
                let _ = self.0.results.add(address, self.windows().results, results);
            }
        }
    }

    /// What is left of the budgets.
    pub(crate) fn left(&self, admitted: &Admitted) -> Left {
        let budgets = admitted.budgets;
        match admitted.who {
            Who::Principal(key) => self.with(key, |tally| tally.left(budgets)),
            Who::Address(address) => {
                let windows = self.windows();
                let requests = self.0.requests.count(address, windows.requests);
                let results = self.0.results.count(address, windows.results);
                Left {
                    requests: budgets.requests.saturating_sub(requests),
                    results: budgets.results.saturating_sub(results),
                }
            }
        }
    }

    /// The tally of a principal in the windows of this moment.
    fn with<T>(&self, key: Sha256, work: impl FnOnce(&mut Tally) -> T) -> T {
        let windows = self.windows();
        let mut principals = self.principals();
        if principals.len() >= MOST && !principals.contains_key(&key) {
            principals.retain(|_, tally| tally.is_of(windows));
            if principals.len() >= MOST {
                principals.clear();
            }
        }
        let tally = principals.entry(key).or_insert_with(|| Tally::new(windows));
        tally.turn(windows);
        work(tally)
    }

    fn principals(&self) -> MutexGuard<'_, HashMap<Sha256, Tally>> {
        self.0
            .principals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
