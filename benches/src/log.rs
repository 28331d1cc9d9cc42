//! How fast events become entries of the log, what that asks of the stores, how long a change waits until a signed checkpoint covers
//! it, and what a proof costs.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt};
use ledger::{ProofPlan, Tiles};
use reqwest::Client;
use serde_json::{Value, json};
use storage::{Log, LogNote, StoreError};
use tests::{Count, Stage};
use tokio::sync::Mutex;

use crate::load::cpu_seconds;
use crate::server::Server;
use crate::{Outcome, server, text};

/// Batteries that change: so many that two changes of one hardly meet.
const BATTERIES: usize = 128;
/// Changes under way at once.
const AT_ONCE: usize = 64;
/// Events of a batch, and how often one is measured.
const BATCHES: [(usize, usize); 3] = [(1, 100), (100, 20), (4_000, 3)];
/// Changes offered in a second.
const RATES: [u32; 3] = [1, 100, 1_000];
const LENGTH: Duration = Duration::from_secs(15);
/// How often it is looked what the checkpoint covers.
const LOOK: Duration = Duration::from_millis(10);
/// Entries of the log whose proofs are measured in memory.
const ENTRIES: u64 = 70_000;

pub(crate) async fn measure() -> Outcome<()> {
    println!(
        "| events in a batch | events/s | CPU µs/event | calls/event | bytes sent/event | S3 puts/event | $ per million events |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    sequencing().await?;
    println!("\n| changes offered/s | made/s | until a signed checkpoint covers them, p50 | p99 |");
    println!("|---:|---:|---:|---:|");
    for rate in RATES {
        lag(rate).await?;
    }
    println!("\n| proof | |");
    println!("|---|---:|");
    proofs().await
}

/// A platform with batteries on the market.
struct Changing {
    stage: Stage,
    token: String,
    passports: Vec<String>,
    client: Client,
}

impl Changing {
    async fn start() -> Outcome<Self> {
        let stage = Stage::bare().await;
        let seeded = stage.seeded().await;
        let battery = seeded.batteries.first().ok_or("nothing was seeded")?;
        let maker = stage.partner("economic-operator", &battery.organisation);
        let token = maker.token.clone().unwrap_or_default();
        let unit = format!("{}/v1/units/{}", stage.origin, battery.unit);
        let unit = server::get_json(&unit, &token).await?;
        let batteries = server::on_market(&stage.origin, &token, &unit["batch"], BATTERIES).await?;
        Ok(Self {
            stage,
            token,
            passports: batteries
                .into_iter()
                .map(|(_, passport)| passport)
                .collect(),
            client: Client::new(),
        })
    }

    /// One audited change.
    async fn change(&self, number: usize) -> Outcome<()> {
        let passport = &self.passports[number % self.passports.len()];
        let (hour, minute, second) = (number / 3_600 % 24, number / 60 % 60, number % 60);
        let day = 1 + number / 86_400;
        let reading = json!({
            "pointer": "/condition/stateOfCharge", "value": number % 100, "unit": "%",
            "measuredAt": format!("2026-10-{day:02}T{hour:02}:{minute:02}:{second:02}Z"),
        });
        let answer = self
            .client
            .post(format!("{}/v1/dpps/{passport}/readings", self.stage.origin))
            .bearer_auth(&self.token)
            .header("idempotency-key", uuid::Uuid::new_v4().to_string())
            .json(&json!({"reason": "benchmark", "readings": [reading]}))
            .send()
            .await?;
        answer.error_for_status()?;
        Ok(())
    }

    async fn changes(&self, numbers: std::ops::Range<usize>) -> Outcome<()> {
        futures_util::stream::iter(numbers)
            .map(|number| self.change(number))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn covered(&self) -> Result<u64, StoreError> {
        let served = self
            .stage
            .running
            .store
            .served(Log::Changes, LogNote::Checkpoint);
        let size = served
            .await?
            .and_then(|note| note.text.lines().nth(1)?.parse().ok());
        Ok(size.unwrap_or_default())
    }
}

async fn sequencing() -> Outcome<()> {
    let changing = Changing::start().await?;
    let (sequencer, calls) = changing.stage.counted_sequencer();
    sequencer.run(Log::Changes).await?;
    let mut next = 0;
    for (batch, rounds) in BATCHES {
        let (mut took, mut cpu) = (Duration::ZERO, 0.0);
        let mut counts: BTreeMap<String, Count> = BTreeMap::new();
        for _ in 0..rounds {
            changing.changes(next..next + batch).await?;
            next += batch;
            let _ = calls.take();
            let (before, began) = (cpu_seconds(std::process::id())?, Instant::now());
            let round = sequencer.run(Log::Changes).await?;
            took += began.elapsed();
            cpu += cpu_seconds(std::process::id())? - before;
            if usize::try_from(round.taken)? != batch {
                return Err(
                    format!("{} events were taken in, {batch} were made", round.taken).into(),
                );
            }
            for (operation, count) in calls.take() {
                let sum = counts.entry(operation).or_default();
                sum.calls += count.calls;
                sum.sent += count.sent;
            }
        }
        let events = (batch * rounds) as f64;
        let sum = |of: fn(&Count) -> usize| counts.values().map(of).sum::<usize>() as f64;
        let puts = counts.get("PUT").map_or(0, |count| count.calls) as f64;
        println!(
            "| {batch} | {:.0} | {:.0} | {:.2} | {:.0} | {:.3} | {:.2} |",
            events / took.as_secs_f64(),
            cpu * 1e6 / events,
            sum(|count| count.calls) / events,
            sum(|count| count.sent) / events,
            puts / events,
            dollars(&counts, events) * 1e6 / events,
        );
    }
    Ok(())
}

/// What the calls cost on AWS (us-east-1, on demand): a written item of up to 1 KB a unit, in a transaction two, $0.625 a million; a
/// strongly consistent read of up to 4 KB a unit, $0.125 a million; S3 $5 a million puts and lists, $0.4 a million gets. An event is
/// read twice and found once among what is pending, and has two items written and deleted beside it.
fn dollars(counts: &BTreeMap<String, Count>, events: f64) -> f64 {
    let calls = |operation: &str| counts.get(operation).map_or(0, |count| count.calls) as f64;
    let transactions = counts
        .get("TransactWriteItems")
        .map_or(0, |count| count.sent) as f64;
    let writes = 2.0 * events + 2.0 * (transactions / 1024.0).ceil();
    let reads = 3.0 * events + calls("Query") + calls("GetItem");
    writes * 0.625e-6
        + reads * 0.125e-6
        + calls("PUT") * 5e-6
        + (calls("GET") + calls("HEAD")) * 0.4e-6
}

/// Changes come at a rate, and each waits for the checkpoint that covers it.
async fn lag(rate: u32) -> Outcome<()> {
    let changing = Arc::new(Changing::start().await?);
    let covers_all = async |changing: &Changing| -> Outcome<u64> {
        loop {
            let size = changing.covered().await?;
            if changing
                .stage
                .running
                .store
                .pending(Log::Changes, 1)
                .await?
                .is_empty()
            {
                return Ok(size);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::sleep(Duration::from_secs(3)).await;
    let first = covers_all(&changing).await?;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let looking = tokio::spawn({
        let (changing, seen) = (Arc::clone(&changing), Arc::clone(&seen));
        async move {
            loop {
                if let Ok(size) = changing.covered().await {
                    seen.lock().await.push((Instant::now(), size));
                }
                tokio::time::sleep(LOOK).await;
            }
        }
    });
    let began = Instant::now();
    let count = rate as usize * usize::try_from(LENGTH.as_secs())?;
    let mut answered: Vec<Instant> = futures_util::stream::iter(0..count)
        .map(async |number| {
            let due = began + Duration::from_secs_f64(number as f64 / f64::from(rate));
            tokio::time::sleep_until(due.into()).await;
            changing.change(number).await?;
            Ok::<_, Box<dyn std::error::Error>>(Instant::now())
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let made_in = began.elapsed();
    let last = first + count as u64;
    while changing.covered().await? < last {
        tokio::time::sleep(LOOK).await;
    }
    tokio::time::sleep(10 * LOOK).await;
    looking.abort();
    answered.sort_unstable();
    let seen = seen.lock().await;
    let mut lags: Vec<Duration> = (first + 1..)
        .zip(answered)
        .filter_map(|(size, answered)| {
            let covered = seen.iter().find(|(_, covered)| *covered >= size)?;
            Some(covered.0.saturating_duration_since(answered))
        })
        .collect();
    lags.sort_unstable();
    let at = |share: f64| {
        lags.get((lags.len() as f64 * share) as usize)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "| {rate} | {:.0} | {:.2} s | {:.2} s |",
        count as f64 / made_in.as_secs_f64(),
        at(0.5).as_secs_f64(),
        at(0.99).as_secs_f64(),
    );
    Ok(())
}

async fn proofs() -> Outcome<()> {
    let entries: Vec<Vec<u8>> = (0..ENTRIES).map(|it| it.to_be_bytes().repeat(50)).collect();
    let written = ledger::append(0, &Tiles::new(), &entries)?.written;
    const PROOFS: u64 = 2_000;
    let began = Instant::now();
    for turn in 0..PROOFS {
        let plan = ProofPlan::inclusion(turn * 33 % ENTRIES, ENTRIES)?;
        let tiles: Tiles = plan
            .tiles()
            .into_iter()
            .filter_map(|tile| Some((tile, written.get(&tile)?.clone())))
            .collect();
        black_box(plan.prove(&tiles)?);
    }
    println!(
        "| made from tiles, log of 70,000 entries in memory | {:.0} µs |",
        began.elapsed().as_secs_f64() * 1e6 / PROOFS as f64
    );
    let platform = Server::start("serve-platform")?;
    let passports: Vec<String> = serde_json::from_value(platform.ready["passports"].clone())?;
    let passport = passports.first().ok_or("no passport")?;
    let token = text(&platform.ready, "token");
    let events = format!("{}/v1/dpps/{passport}/events", platform.origin);
    let listed: Value = server::get_json(&events, &token).await?;
    let event = text(&listed["events"][0], "eventId");
    // Until it is in the log.
    let proof = format!("{events}/{event}/proof");
    while server::get_json(&proof, &token).await.is_err() {
        tokio::time::sleep(LOOK).await;
    }
    for (name, path) in [
        ("the history of a passport, for comparison", &events),
        (
            "a proof of one of its events, with its leaf and what is disclosed",
            &proof,
        ),
    ] {
        let served = crate::run(&platform, path, "*/*").await?;
        println!(
            "| {name}, over HTTP, anybody | {:.3} ms CPU |",
            served.cpu_ms
        );
    }
    Ok(())
}
