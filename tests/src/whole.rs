//! That nothing that was written is lost, doubled or reordered, whatever happened to whoever wrote it.

use std::collections::BTreeMap;

use ledger::Sha256;
use storage::Log;

use crate::Stage;

impl Stage {
    /// Takes everything that is pending into its log, and holds log and tables against each other: every event is an entry, once,
    /// and every entry an event; those of a chain stand in their order; and an independent verifier finds the log whole.
    ///
    /// # Panics
    /// Where anything is amiss.
    pub async fn hold_together(&self, log: Log) {
        self.sequenced(log).await;
        let files = self.whole_log(log).await;
        let key = self.verifier_key(log).await.to_string();
        let trust = verify::Trust::keys([key.parse().unwrap()]);
        let mut read = |path: &str| Ok(files.files.get(path).cloned());
        let report = verify::log(&mut read, None, &trust);
        assert_eq!(report.verdict(), verify::Verdict::Proved, "{report}");

        let places = files.entries.iter().map(|leaf| Sha256::of_leaf(leaf));
        let places: BTreeMap<String, usize> =
            places.map(|hash| hash.to_string()).zip(0..).collect();
        assert_eq!(places.len(), files.entries.len(), "an entry stands twice");
        let mut chains: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
        let mut events = 0;
        for item in self.table("ledger").await {
            let text = |name: &str| item[name].as_s().unwrap().clone();
            let (chain, place) = (text("pk"), text("sk"));
            if chain.starts_with("A#") != (log == Log::Reads) {
                continue;
            }
            let entry = places.get(&text("hash"));
            let entry = entry.unwrap_or_else(|| panic!("`{place}` of `{chain}` is no entry"));
            chains.entry(chain).or_default().push((place, *entry));
            events += 1;
        }
        assert_eq!(events, files.entries.len(), "an entry is no event");
        if log == Log::Changes {
            for (chain, mut events) in chains {
                events.sort();
                assert!(events.is_sorted_by_key(|(_, entry)| *entry), "{chain}");
                let numbers = events
                    .iter()
                    .map(|(place, _)| place.parse::<usize>().unwrap());
                assert!(numbers.eq(1..=events.len()), "{chain}: {events:?}");
            }
        }
        let pending = format!("PENDING#{}#", log.name());
        for item in self.table("log").await {
            assert!(
                !item["pk"].as_s().unwrap().starts_with(&pending),
                "{item:?}"
            );
        }
    }
}
