//! Load from this process, CPU counted in another.

use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};

use crate::Outcome;

/// How much load.
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) length: Duration,
}

/// What came of it.
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// Milliseconds of the server's CPU, user and system, per request.
    pub(crate) cpu_ms: f64,
}

impl Load {
    /// Sends requests on every connection for the whole length, after a second of warming up.
    pub(crate) async fn run(
        &self,
        process: u32,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Outcome<Measured> {
        self.burst(Duration::from_secs(1), &request).await?;
        let cpu_before = cpu_seconds(process)?;
        let started = Instant::now();
        let mut times = self.burst(self.length, &request).await?;
        let elapsed = started.elapsed().as_secs_f64();
        let cpu = cpu_seconds(process)? - cpu_before;
        times.sort_unstable();
        let at = |share: f64| {
            let index = (times.len() as f64 * share) as usize;
            times.get(index).copied().unwrap_or_default()
        };
        Ok(Measured {
            per_second: times.len() as f64 / elapsed,
            p50: at(0.5),
            p99: at(0.99),
            cpu_ms: cpu * 1e3 / times.len().max(1) as f64,
        })
    }

    async fn burst(
        &self,
        length: Duration,
        request: &impl Fn(&Client) -> RequestBuilder,
    ) -> Outcome<Vec<Duration>> {
        let end = Instant::now() + length;
        let workers = (0..self.connections).map(|_| async {
            let client = Client::builder()
                .pool_max_idle_per_host(1)
                .redirect(reqwest::redirect::Policy::none())
                .build()?;
            let mut times = Vec::new();
            while Instant::now() < end {
                let started = Instant::now();
                let answer = request(&client).send().await?;
                let status = answer.status();
                answer.bytes().await?;
                times.push(started.elapsed());
                if status.is_server_error() || status == 409 {
                    return Err(format!("answered {status}").into());
                }
            }
            Ok::<_, Box<dyn std::error::Error>>(times)
        });
        let mut all = Vec::new();
        for times in futures_util::future::join_all(workers).await {
            all.extend(times?);
        }
        Ok(all)
    }
}

/// User and system time of a process so far, from `/proc`.
pub(crate) fn cpu_seconds(process: u32) -> Outcome<f64> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().collect())
        .unwrap_or_default();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<f64>().ok())
    };
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => Ok((user + system) / TICKS_PER_SECOND),
        _ => Err("`/proc` does not tell this process's CPU time".into()),
    }
}
