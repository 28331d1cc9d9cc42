//! What was read a moment ago.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How old a value may be: a change of it shows within this time everywhere.
const FRESH: Duration = Duration::from_secs(1);
/// Values kept; past that all are dropped and read again.
const MOST: usize = 4_096;

/// Values kept in memory for a second, for what changes rarely and is asked for at every request.
#[derive(Debug)]
pub struct Recent<K, V>(Mutex<HashMap<K, (Instant, V)>>);

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// The value, if it was kept less than a second ago.
    pub fn get(&self, key: &K) -> Option<V> {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, value) = values.get(key)?;
        (since.elapsed() < FRESH).then(|| value.clone())
    }

    /// Keeps a value that was just read.
    pub fn keep(&self, key: K, value: V) {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if values.len() >= MOST {
            values.clear();
        }
        values.insert(key, (Instant::now(), value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_kept_for_a_second_and_a_full_cache_starts_anew() {
        let recent = Recent::default();
        recent.keep(1, "one");
        assert_eq!(recent.get(&1), Some("one"));
        std::thread::sleep(FRESH);
        assert_eq!(recent.get(&1), None);
        (0..=MOST).for_each(|key| recent.keep(key, "many"));
        assert_eq!(recent.get(&(MOST - 1)), None);
        assert_eq!(recent.get(&MOST), Some("many"));
    }
}
