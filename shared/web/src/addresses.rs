//! How often each address asked in the present window.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// Addresses that are kept; past that all are forgotten, so that nobody fills the memory.
const MOST: usize = 1 << 16;
/// The part of an IPv6 address that is its network: what one subscriber has (RFC 6177).
const NETWORK: u128 = !0 << 64;

/// Counts by address, of IPv6 by network. Addresses are hashed with a key that goes with the process; nothing else is kept of them, and
/// nothing beyond the window.
#[derive(Debug, Default)]
pub struct Addresses {
    hasher: RandomState,
    asked: Mutex<Asked>,
}

#[derive(Debug, Default)]
struct Asked {
    window: i64,
    counts: HashMap<u64, u64>,
}

impl Addresses {
    /// Adds to the count of an address in a window, and answers what it was before. A window other than the last one begins anew.
    pub fn add(&self, address: IpAddr, window: i64, more: u64) -> u64 {
        let network = match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK)),
            address => address,
        };
        let key = self.hasher.hash_one(network);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.window != window || asked.counts.len() >= MOST {
            asked.window = window;
            asked.counts.clear();
        }
        if more == 0 {
            return asked.counts.get(&key).copied().unwrap_or_default();
        }
        let count = asked.counts.entry(key).or_default();
        let before = *count;
        *count = before.saturating_add(more);
        before
    }

    /// The count of an address in a window.
    pub fn count(&self, address: IpAddr, window: i64) -> u64 {
        self.add(address, window, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_counts_for_itself_and_a_network_as_one() {
        let addresses = Addresses::default();
        let add = |text: &str, window| addresses.add(text.parse().unwrap(), window, 1);
        assert_eq!([add("192.0.2.1", 1), add("192.0.2.1", 1)], [0, 1]);
        assert_eq!([add("192.0.2.2", 1), add("::ffff:192.0.2.1", 1)], [0, 2]);
        assert_eq!([add("2001:db8::1", 1), add("2001:db8::ffff", 1)], [0, 1]);
        assert_eq!(add("2001:db8:0:1::1", 1), 0);
        assert_eq!(add("192.0.2.1", 2), 0, "the next window");
    }

    #[test]
    fn memory_has_an_end() {
        let addresses = Addresses::default();
        for number in 0..=u32::try_from(MOST).unwrap() {
            let _ = addresses.add(IpAddr::V4(number.into()), 1, 1);
        }
        assert!(addresses.asked.lock().unwrap().counts.len() <= MOST);
    }
}
