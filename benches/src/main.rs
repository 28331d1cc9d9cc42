//! `cargo build --release -p benches -p resolver && cargo run --release -p benches`: requests per second, latencies and server CPU per request, as a Markdown table.
//!
//! The servers are processes of their own (this binary, started again), so that the CPU counted is theirs and not the
//! load generator's. Every row is measured in the same run as the bare server it is compared with.

mod cold;
mod edge;
mod load;
mod log;
mod refresh;
mod server;

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use load::{Load, Measured};
use reqwest::Client;
use serde_json::{Value, json};
use server::Server;

const CONNECTIONS: usize = 16;
const LENGTH: Duration = Duration::from_secs(5);
/// More than are scanned in a second.
const COLD_BATTERIES: usize = 3_000;

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        Some("serve-hello") => server::hello().await,
        Some("serve-hyper") => server::bare_hyper().await,
        Some("serve-edge") => server::edge().await,
        Some("serve-platform") => server::platform().await,
        Some("edge") => edge::measure().await,
        Some("log") => log::measure().await,
        _ => measure().await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

async fn measure() -> Outcome<()> {
    println!(
        "| path | requests/s | p50 ms | p99 ms | CPU ms/request | beside bare axum | beyond bare axum and the query, µs |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let hello = Server::start("serve-hello")?;
    let bare = run(&hello, &hello.origin, "*/*").await?;
    row("bare axum \"hello\"", &bare, &bare);
    drop(hello);

    let platform = Server::start("serve-platform")?;
    let first = platform.ready.clone();
    scans(&platform, &bare).await?;
    let changes = record(&platform, &first, 1).await?;
    row("audited change (measurement)", &changes, &bare);
    let changes = record(&platform, &first, 100).await?;
    row("audited change (100 readings)", &changes, &bare);
    let cold = cold_scans(&platform).await?;
    row("scan, JSON, model and batch not in memory", &cold, &bare);
    println!();
    edge::measure().await?;
    println!();
    println!("| once | took |");
    println!("|---|---:|");
    println!(
        "| start and seed of three batteries, empty folder | {:.2} s |",
        first["seconds"].as_f64().unwrap_or_default()
    );
    let [hello, sdk, resolver] = cold::measure().await?;
    for (name, cold) in [
        ("hello-world function", &hello),
        ("hello-world function that reads one item", &sdk),
        ("resolver", &resolver),
    ] {
        println!(
            "| {name}: spawn to first answer, median of 15; binary {:.1} MB | {:.1} ms |",
            cold.bytes as f64 / 1e6,
            cold.first_answer.as_secs_f64() * 1e3,
        );
    }
    println!(
        "| order of 10,000 unit ids, until all resolve | {:.2} s |",
        allocate(&platform, &first).await?.as_secs_f64()
    );
    drop(platform);
    println!(
        "| {} batteries published anew after a correction of their batch, every view: each | {:.1} ms |",
        refresh::BATTERIES,
        refresh::measure().await?.as_secs_f64() * 1e3
    );
    println!();
    log::measure().await
}

/// Every representation of a scan, the answers where there is none, and each time the store's share: the same query of the same
/// partition by itself.
async fn scans(platform: &Server, bare: &Measured) -> Outcome<()> {
    let first = &platform.ready;
    let (unit, gone) = (text(first, "unit"), text(first, "gone"));
    let scan = format!("{unit}/{}", text(first, "label"));
    let linked = format!("{scan}?linkType=gs1:safetyInfo");
    let unknown = "32XZAJ4P21M1MZ0N3RQA".to_owned();
    let of = async |path: &str, accept: &str| {
        let url = format!("{}/{path}", platform.origin);
        run(platform, &url, accept).await
    };
    for (what, unit, paths) in [
        (
            "of a battery",
            &unit,
            [
                ("scan, JSON", &scan, "application/json"),
                ("scan, JSON-LD", &scan, "application/ld+json"),
                ("scan, HTML", &scan, "text/html"),
                ("scan, linkset", &scan, "application/linkset+json"),
                ("scan, link of one type, 307", &linked, "*/*"),
            ]
            .as_slice(),
        ),
        (
            "of an unknown id",
            &unknown,
            &[
                ("unknown id, JSON, 404", &unknown, "application/json"),
                ("unknown id, HTML, 404", &unknown, "text/html"),
            ],
        ),
        (
            "of a recycled battery",
            &gone,
            &[
                ("recycled, JSON, 410", &gone, "application/json"),
                ("recycled, HTML, 410", &gone, "text/html"),
            ],
        ),
    ] {
        let url = format!("{}/{unit}", text(first, "query"));
        let query = run(platform, &url, "*/*").await?;
        row(&format!("bare axum and the query {what}"), &query, bare);
        for (name, path, accept) in paths {
            let measured = of(path, accept).await?;
            let beyond = (measured.cpu_ms - query.cpu_ms) * 1e3;
            println!("{} {beyond:.0} |", cells(name, &measured, bare));
        }
    }
    Ok(())
}

async fn run(server: &Server, url: &str, accept: &str) -> Outcome<Measured> {
    let load = Load {
        connections: CONNECTIONS,
        length: LENGTH,
    };
    let request = |client: &Client| client.get(url).header("accept", accept);
    load.run(server.process(), request).await
}

/// Scans of batteries of which no two share a model, at a pace at which none is met again within the second that the
/// resolver remembers it.
async fn cold_scans(server: &Server) -> Outcome<Measured> {
    let load = Load {
        connections: CONNECTIONS,
        length: LENGTH,
    };
    let paths = server.batteries_of_their_own(COLD_BATTERIES).await?;
    let next = AtomicUsize::new(0);
    let measured = load
        .run(server.process(), |client: &Client| {
            let path = &paths[next.fetch_add(1, Ordering::Relaxed) % paths.len()];
            client.get(format!("{}{path}", server.origin))
        })
        .await?;
    if measured.per_second >= paths.len() as f64 {
        return Err("too few batteries: their models were still in memory".into());
    }
    Ok(measured)
}

/// Readings of a battery, `count` in each request.
async fn record(server: &Server, first: &Value, count: usize) -> Outcome<Measured> {
    let load = Load {
        connections: CONNECTIONS,
        length: LENGTH,
    };
    // Changes of one battery are serial by design.
    let passports: Vec<String> = serde_json::from_value(first["passports"].clone())?;
    let next = AtomicUsize::new(0);
    let token = text(first, "token");
    let day = if count == 1 { 1 } else { 2 };
    load.run(server.process(), |client: &Client| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let passport = &passports[number % passports.len()];
        let reading = |turn: usize| {
            let (second, millisecond) = (number % 86_400, turn);
            let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
            json!({
                "pointer": "/condition/stateOfCharge", "value": (number + turn) % 100, "unit": "%",
                "measuredAt": format!("2026-11-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z"),
            })
        };
        let readings: Vec<Value> = (0..count).map(reading).collect();
        client
            .post(format!("{}/v1/dpps/{passport}/readings", server.origin))
            .bearer_auth(&token)
            .header("idempotency-key", uuid::Uuid::new_v4().to_string())
            .json(&json!({"reason": "daily upload", "readings": readings}))
    })
    .await
}

async fn allocate(server: &Server, first: &Value) -> Outcome<Duration> {
    let started = Instant::now();
    let answer = Client::new()
        .post(format!("{}/v1/units", server.origin))
        .bearer_auth(text(first, "token"))
        .header("idempotency-key", uuid::Uuid::new_v4().to_string())
        .json(&json!({"model": first["model"], "count": 10_000, "reason": "benchmark"}))
        .send()
        .await?;
    if answer.status() != 201 {
        return Err(format!("the order was answered {}", answer.status()).into());
    }
    Ok(started.elapsed())
}

fn row(name: &str, measured: &Measured, bare: &Measured) {
    println!("{} |", cells(name, measured, bare));
}

fn cells(name: &str, measured: &Measured, bare: &Measured) -> String {
    format!(
        "| {name} | {:.0} | {:.2} | {:.2} | {:.3} | {:.1} × CPU |",
        measured.per_second,
        measured.p50.as_secs_f64() * 1e3,
        measured.p99.as_secs_f64() * 1e3,
        measured.cpu_ms,
        measured.cpu_ms / bare.cpu_ms,
    )
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
