//! Days that are over, told to the log of reads.

use futures_util::future::join_all;
use ledger::Timestamp;
use storage::{Store, StoreError};

use crate::log::LATE_DAYS;

/// How many days pass before one is told: as late as a log may come, and one for what is under way then.
const PATIENCE: i32 = LATE_DAYS + 1;
/// Days that are told at once.
const AT_ONCE: usize = 16;

/// What was told.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Units with a day of theirs.
    pub days: usize,
    /// Those that could not be told; the next run goes on with them.
    pub failed: usize,
}

/// Tells of every day that is over, once for each unit that was scanned on it, however often this runs and wherever it ends: how often,
/// and nothing of who scanned. `log` is the name of the log of reads.
///
/// # Errors
/// [`StoreError`] where the days cannot be listed.
pub async fn tell_days(store: &Store, log: &str, now: Timestamp) -> Result<Told, StoreError> {
    let today = passport::day_at(now.as_millisecond());
    let due = store.scanned_days(today - PATIENCE).await?;
    let mut told = Told::default();
    for some in due.chunks(AT_ONCE) {
        let telling = some
            .iter()
            .map(|day| store.tell_public_reads(log, day, now));
        for (day, outcome) in some.iter().zip(join_all(telling).await) {
            match outcome {
                Ok(now) => told.days += usize::from(now),
                Err(error) => {
                    tracing::error!(unit = %day.unit, %error, "a day of scans was not told");
                    told.failed += 1;
                }
            }
        }
    }
    Ok(told)
}
