//! How often one address may ask for batteries by identifiers that are not ours, and so may be sequential.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use identity::UnitId;

/// Requests in a minute from one address, as the rate-based rule in `infra/edge/us-east-1.yaml`.
pub const ALIAS_LOOKUPS: u32 = 100;
/// After so many requests, addresses that have not asked of late are forgotten.
const FORGET: u32 = 1_000;

/// The limit. Addresses are hashed with a key that goes with the process; nothing else is kept of them.
#[derive(Debug)]
pub(crate) struct Limit {
    hasher: RandomState,
    limiter: RateLimiter<u64, HashMapStateStore<u64>, DefaultClock>,
    asked: AtomicU32,
}

impl Limit {
    pub(crate) fn new() -> Self {
        let most = NonZeroU32::new(ALIAS_LOOKUPS).unwrap_or(NonZeroU32::MIN);
        Self {
            hasher: RandomState::new(),
            limiter: RateLimiter::hashmap(Quota::per_minute(most)),
            asked: AtomicU32::new(0),
        }
    }

    /// The seconds after which the address may ask again, where it asked too often.
    pub(crate) fn refuses(&self, client: IpAddr) -> Option<u64> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET == FORGET - 1 {
            self.limiter.retain_recent();
        }
        let early = self
            .limiter
            .check_key(&self.hasher.hash_one(client))
            .err()?;
        let wait = early.wait_time_from(DefaultClock::default().now());
        Some(wait.as_secs() + 1)
    }
}

/// Whether a canonical path asks by an identifier that is not ours: a GS1 key without a unit id in it.
pub(crate) fn is_alias(path: &str) -> bool {
    let subject = path.split('?').next().unwrap_or_default();
    let key = subject.split('/').nth(3).unwrap_or_default();
    let last = subject.rsplit('/').next().unwrap_or_default();
    let start = last.len().saturating_sub(UnitId::LENGTH);
    matches!(key, "01" | "8004") && UnitId::parse(last.get(start..).unwrap_or(last)).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_asks_too_often_waits_and_no_other() {
        let limit = Limit::new();
        let (one, other) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        for _ in 0..ALIAS_LOOKUPS {
            assert_eq!(limit.refuses(one), None);
        }
        assert!(
            limit
                .refuses(one)
                .is_some_and(|seconds| (1..=2).contains(&seconds))
        );
        assert_eq!(limit.refuses(other), None);
    }

    #[test]
    fn only_identifiers_of_others_are_aliases() {
        for (path, alias) in [
            ("/json/en/32XZAJ4P21M1MZ0N3RQA?label=-", false),
            ("/json/en/01/09521234000013/21/32XZAJ4P21M1MZ0N3RQA", false),
            (
                "/html/de/8004/952123432XZAJ4P21M1MZ0N3RQA?label=8V4K2M0X0K",
                false,
            ),
            ("/json/en/01/09521234000013/21/SN1", true),
            ("/json/en/01/09521234000013/10/32XZ", true),
            ("/link/en/8004/9521234A?linkType=gs1:dpp", true),
        ] {
            assert_eq!(is_alias(path), alias, "{path}");
        }
    }
}
