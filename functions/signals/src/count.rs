//! The aggregator.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use identity::UnitId;
use ledger::Timestamp;
use passport::Sighting;
use storage::{Alarm, COUNTERS_AT_ONCE, Counter, Label, RecordStatus, Scan, Store, StoreError};

use crate::seen::Seen;

/// Units that are looked up at once.
const AT_ONCE: usize = 16;

/// What became of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Scans that were added.
    pub scans: u64,
    /// Scans of a part that was counted before.
    pub again: u64,
    /// Alarms that were raised.
    pub alarms: u64,
}

/// What is known of a unit.
struct Known {
    organisation: String,
    labels: Vec<Label>,
    on_market: bool,
    recycled: bool,
}

/// Counts a batch, once however often it is delivered: its name and what it holds are the same each time.
///
/// # Errors
/// [`StoreError`]: deliver it again, what was counted is not counted twice.
pub async fn count(
    store: &Store,
    batch: &str,
    seen: impl IntoIterator<Item = Seen>,
    now: Timestamp,
) -> Result<Counted, StoreError> {
    let mut scans: BTreeMap<Seen, u64> = BTreeMap::new();
    for one in seen {
        *scans.entry(one).or_default() += 1;
    }
    let known = look_up(store, scans.keys().map(|seen| seen.unit).collect()).await?;
    let mut counted = Counted::default();
    // Parts are made of what was sent, not of what is known: they are the same when the batch comes again.
    let scans: Vec<(Seen, u64)> = scans.into_iter().collect();
    for (part, scans) in scans.chunks(COUNTERS_AT_ONCE).enumerate() {
        let counters = counters(scans, &known);
        let sum: u64 = counters.iter().map(|(_, scans)| scans).sum();
        match store.add_sightings(batch, part, &counters, now).await? {
            true => counted.scans += sum,
            false => counted.again += sum,
        }
    }
    for (unit, known) in &known {
        let days = scans.iter().filter(|(seen, _)| seen.unit == *unit);
        let days = days.map(|(seen, _)| seen.day).collect();
        counted.alarms += raise(store, *unit, &known.organisation, days).await?;
    }
    Ok(counted)
}

async fn look_up(
    store: &Store,
    units: BTreeSet<UnitId>,
) -> Result<BTreeMap<UnitId, Known>, StoreError> {
    let units: Vec<UnitId> = units.into_iter().collect();
    let mut known = BTreeMap::new();
    for units in units.chunks(AT_ONCE) {
        let scans = join_all(units.iter().map(|unit| store.scan(*unit))).await;
        for (unit, scan) in units.iter().zip(scans) {
            known.extend(scan?.map(|scan| (*unit, Known::of(scan))));
        }
    }
    Ok(known)
}

impl Known {
    fn of(scan: Scan) -> Self {
        let passport = scan.passport.as_ref();
        Self {
            on_market: passport.is_some_and(|one| one.placed_on_market_at.is_some()),
            recycled: passport.is_some_and(|one| one.status == RecordStatus::Recycled),
            organisation: scan.head.organisation,
            labels: scan.labels,
        }
    }
}

/// What a part adds to. A unit that was never allocated has nobody to tell, and a label that was never issued no row of its own:
/// whoever makes ids up fills no table.
fn counters(scans: &[(Seen, u64)], known: &BTreeMap<UnitId, Known>) -> Vec<(Counter, u64)> {
    let mut counters: BTreeMap<Counter, u64> = BTreeMap::new();
    for (seen, scans) in scans {
        let Some(known) = known.get(&seen.unit) else {
            continue;
        };
        let mut labels = known.labels.iter();
        let label = labels.find(|label| label.label == seen.label);
        let state = label.map(|label| label.state);
        let sighting = Sighting::of(state, known.on_market, known.recycled);
        let counter = Counter {
            unit: seen.unit,
            day: seen.day,
            sighting,
            label: Some(seen.label).filter(|_| sighting != Sighting::NeverIssued),
            country: seen.country.clone(),
        };
        *counters.entry(counter).or_default() += scans;
    }
    counters.into_iter().collect()
}

/// Raises what the days of the batch came to. Looked at even where nothing was added: an earlier delivery may have got no further.
async fn raise(
    store: &Store,
    unit: UnitId,
    organisation: &str,
    days: BTreeSet<i32>,
) -> Result<u64, StoreError> {
    let counts = store.sightings(unit).await?;
    let mut raised = 0;
    for signal in passport::signals(&counts) {
        let Some(threshold) = signal.threshold.filter(|_| signal.is_alarm()) else {
            continue;
        };
        if !days.contains(&signal.day) {
            continue;
        }
        let alarm = Alarm {
            unit,
            kind: signal.kind,
            label: signal.label.clone(),
            day: signal.day,
            scans: signal.scans(),
            threshold,
        };
        if store.raise_alarm(organisation, &alarm).await? {
            raised += 1;
            // CloudWatch counts this line (`template.yaml`).
            tracing::warn!(
                %unit,
                label = alarm.label.as_deref().unwrap_or("-"),
                kind = alarm.kind.as_str(),
                day = passport::date(alarm.day),
                scans = alarm.scans,
                threshold,
                "scan alarm"
            );
        }
    }
    Ok(raised)
}
