//! Which events a batch takes, in which order.

use std::collections::HashSet;

use storage::{Log, LogEntry, LogHead};

use crate::{Failure, Sequencer};

/// Most events of each of 16 shards that a batch takes: 4,000 together, whose record stays within DynamoDB's 400 KB.
const OF_EACH_SHARD: usize = 250;

impl Sequencer {
    /// Takes what is pending in after `head`; how many events, none where somebody else was first.
    pub(crate) async fn take(&self, log: Log, head: &LogHead) -> Result<u64, Failure> {
        let pending = self.store.pending(log, OF_EACH_SHARD).await?;
        if pending.is_empty() {
            return Ok(0);
        }
        let entries = self.without_gaps(pending).await?;
        if entries.is_empty() {
            return Ok(0);
        }
        self.none_larger(log, head.frontier.size()).await?;
        // An event that is not the one that was written stops the log here, and is named.
        self.store.leaves(&entries).await?;
        let mut after = head.clone();
        after.batch += 1;
        for entry in &entries {
            after.frontier.push(entry.hash);
        }
        let now = web::now();
        let moved = self.store.assign(log, head, &after, &entries, now).await?;
        Ok(match moved {
            true => after.frontier.size() - head.frontier.size(),
            false => 0,
        })
    }

    /// Without events whose predecessor is neither in the log nor before them: another shard's read may have missed it.
    async fn without_gaps(&self, pending: Vec<LogEntry>) -> Result<Vec<LogEntry>, Failure> {
        let here: HashSet<(String, String)> = pending
            .iter()
            .map(|entry| (entry.chain.clone(), entry.place.clone()))
            .collect();
        let elsewhere: Vec<_> = pending
            .iter()
            .filter_map(LogEntry::predecessor)
            .filter(|before| !here.contains(before))
            .collect();
        let known = self.store.log_indexes(&elsewhere).await?;
        let known = known.into_iter().map(|(place, _)| place).collect();
        Ok(in_order(pending, known))
    }
}

/// Those that can follow what is known, and each other, in this order.
fn in_order(pending: Vec<LogEntry>, mut known: HashSet<(String, String)>) -> Vec<LogEntry> {
    let mut entries = Vec::with_capacity(pending.len());
    for entry in pending {
        let follows = match entry.predecessor() {
            Some(before) => known.contains(&before),
            None => true,
        };
        if follows {
            known.insert((entry.chain.clone(), entry.place.clone()));
            entries.push(entry);
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use ledger::{EventId, Sha256, Timestamp};

    use super::*;

    fn entry(at: i64, chain: &str, place: &str) -> LogEntry {
        LogEntry {
            event_id: EventId::new(Timestamp::from_millisecond(at), &[0; 10]),
            hash: Sha256::of(place.as_bytes()),
            chain: chain.to_owned(),
            place: place.to_owned(),
        }
    }

    fn places(entries: &[LogEntry]) -> Vec<(&str, &str)> {
        let places = entries.iter();
        places
            .map(|entry| (entry.chain.as_str(), entry.place.as_str()))
            .collect()
    }

    #[test]
    fn an_event_waits_for_the_one_before_it() {
        let pending = vec![
            entry(1, "P#a", "0000000002"),
            entry(2, "P#b", "0000000001"),
            entry(3, "P#b", "0000000002"),
            entry(4, "P#c", "0000000007"),
            entry(5, "A#P#a", "0199f0e0-0000-7000-8000-000000000000"),
        ];
        let known = HashSet::from([("P#c".to_owned(), "0000000006".to_owned())]);
        let taken = in_order(pending, known);
        assert_eq!(
            places(&taken),
            [
                ("P#b", "0000000001"),
                ("P#b", "0000000002"),
                ("P#c", "0000000007"),
                ("A#P#a", "0199f0e0-0000-7000-8000-000000000000"),
            ]
        );
    }
}
