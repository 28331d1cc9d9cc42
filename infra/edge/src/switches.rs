//! The KeyValueStore that the function reads, on this machine.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// What an operator switches at the edge: `snapshots` (the languages of the snapshots, such as `en,de,fr`: every scan is answered from its snapshot), and
/// `custodian:<host>` (the origin of another custodian, without a slash at its end: scans on that host are led there).
#[derive(Debug, Clone, Default)]
pub struct Switches(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    values: RwLock<HashMap<String, String>>,
    changes: AtomicU64,
}

impl Switches {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<String> {
        let values = self.0.values.read().unwrap_or_else(PoisonError::into_inner);
        values.get(key).cloned()
    }

    /// Sets a key, or takes it away.
    pub fn set(&self, key: &str, value: Option<&str>) {
        let mut values = self
            .0
            .values
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        match value {
            Some(value) => values.insert(key.to_owned(), value.to_owned()),
            None => values.remove(key),
        };
        self.0.changes.fetch_add(1, Ordering::Release);
    }

    /// How often anything was switched.
    pub(crate) fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }
}
