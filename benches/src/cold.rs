//! Cold starts: from spawning a function's binary to its first answer, through a Runtime API.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Function, Stage};

use crate::Outcome;

const STARTS: usize = 15;

/// Size of a binary and median time to its first answer.
pub(crate) struct Cold {
    pub(crate) bytes: u64,
    pub(crate) first_answer: Duration,
}

/// A hello-world function, one that reads an item through the SDK, and the resolver answering a scan; the binaries stand
/// beside this one.
pub(crate) async fn measure() -> Outcome<[Cold; 3]> {
    let folder = std::env::current_exe()?;
    let folder = folder.parent().ok_or("this binary has no folder")?;
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = seeded.batteries.first().ok_or("nothing was seeded")?;
    let path = format!("/{}/{}", battery.unit, battery.label);
    Ok([
        start(&folder.join("hello-lambda"), &stage, &path).await?,
        start(&folder.join("hello-lambda-sdk"), &stage, &path).await?,
        start(&folder.join("resolver"), &stage, &path).await?,
    ])
}

async fn start(binary: &Path, stage: &Stage, path: &str) -> Outcome<Cold> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let mut function = Function::start(binary, &stage.function_environment()).await;
        let answer = function.invoke(scan(path)).await;
        times.push(started.elapsed());
        if answer["statusCode"] != 200 {
            return Err(format!("{} answered {answer}", binary.display()).into());
        }
    }
    times.sort_unstable();
    Ok(Cold {
        bytes: std::fs::metadata(binary)?.len(),
        first_answer: times.get(STARTS / 2).copied().unwrap_or_default(),
    })
}

fn scan(path: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": {"accept": "application/json", "host": "bench"}, "isBase64Encoded": false,
        "requestContext": {
            "accountId": "anonymous", "apiId": "url", "domainName": "bench", "domainPrefix": "url", "requestId": "1",
            "routeKey": "$default", "stage": "$default", "time": "18/Feb/2027:09:00:00 +0000", "timeEpoch": 1_802_941_200_000_u64,
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "bench"},
        },
    })
}
