//! The servers that are measured, each a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use futures_util::{StreamExt, TryStreamExt};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{CONNECTIONS, Outcome};

/// A server that is up; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) origin: String,
    /// What it said when it was ready.
    pub(crate) ready: Value,
}

impl Server {
    /// Starts this binary again as that server and waits for its line.
    pub(crate) fn start(kind: &str) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(kind)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().ok_or("no output")?;
        BufReader::new(output).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)?;
        Ok(Self {
            child,
            origin: ready["origin"].as_str().unwrap_or_default().to_owned(),
            ready,
        })
    }

    /// Its process id.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A bare axum server.
pub(crate) async fn hello() -> Outcome<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    say(&json!({"origin": format!("http://{}", listener.local_addr()?)}))?;
    axum::serve(
        listener,
        Router::new().route("/", get(|| async { "hello" })),
    )
    .await?;
    Ok(())
}

/// A bare hyper server, as the local edge is one.
pub(crate) async fn bare_hyper() -> Outcome<()> {
    use hyper::server::conn::http1;
    use hyper_util::rt::{TokioIo, TokioTimer};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    say(&json!({"origin": format!("http://{}", listener.local_addr()?)}))?;
    loop {
        let (stream, _) = listener.accept().await?;
        let service = hyper::service::service_fn(async |_| {
            let body = http_body_util::Full::new(hyper::body::Bytes::from_static(b"hello"));
            Ok::<_, std::convert::Infallible>(hyper::Response::new(body))
        });
        tokio::spawn(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}

/// The platform with the edge in front, a battery on the market and one that was recycled, and nothing changing any more.
pub(crate) async fn edge() -> Outcome<()> {
    let stage = tests::Stage::without_reversal().await;
    let seeded = stage.seeded().await;
    let [battery, gone, ..] = seeded.batteries.as_slice() else {
        return Err("nothing was seeded".into());
    };
    recycle(&stage, gone).await;
    // What was just changed is not kept in front yet.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    say(&json!({
        "origin": stage.origin, "scan": format!("/{}/{}", battery.unit, battery.label), "gone": format!("/{}", gone.unit),
    }))?;
    stage.running.serve().await;
    Ok(())
}

async fn recycle(stage: &tests::Stage, battery: &local::Battery) {
    let maker = stage.partner("economic-operator", &battery.organisation);
    let recycler = stage.partner("recycler", "recyclo");
    let waste = json!({"type": "became-waste", "reason": "benchmark"});
    let _ = maker.event(&battery.passport, &waste).await.expect(201);
    let offer = maker.offer(&battery.passport, "recyclo", "waste").await;
    let _ = recycler.accept(&offer).await.expect(200);
    let proof = recycler.evidence(b"weighing note", 4).await;
    let recycled = json!({"type": "recycled", "reason": "benchmark", "evidence": [proof]});
    let recycled = recycler.event(&battery.passport, &recycled).await;
    let _ = recycled.expect(201);
}

/// A bare axum server over the stage's own store that makes the very query of a scan, `/<unit>`, and drops what it finds: what
/// the round trip costs at both ends.
async fn query(stage: &tests::Stage) -> Outcome<String> {
    let dynamodb = stage.dynamodb();
    let found = async move |Path(unit): Path<String>| {
        let query = dynamodb
            .query()
            .table_name(format!("{}-records", local::PREFIX))
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
            .expression_attribute_values(":pk", AttributeValue::S(format!("U#{unit}")))
            .expression_attribute_values(":sk", AttributeValue::S("0#".to_owned()));
        match query.send().await {
            Ok(page) => Ok(page.count().to_string()),
            Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let app = Router::new().route("/{unit}", get(found));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(origin)
}

/// The whole platform over a fresh folder, nothing in front, seeded, one battery recycled, with a passport more for each
/// connection's changes.
pub(crate) async fn platform() -> Outcome<()> {
    let started = Instant::now();
    let stage = tests::Stage::with(tempfile::tempdir()?, 0, false).await;
    let seeded = stage.seeded().await;
    let seconds = started.elapsed().as_secs_f64();
    let [battery, gone, ..] = seeded.batteries.as_slice() else {
        return Err("nothing was seeded".into());
    };
    recycle(&stage, gone).await;
    let query = query(&stage).await?;
    let running = stage.running;
    let token = running
        .token("economic-operator", &battery.organisation)
        .map_err(|failure| failure.to_string())?;
    let unit = get_json(
        &format!("{}/v1/units/{}", running.origin, battery.unit),
        &token,
    )
    .await?;
    // So many more than connections that two changes of one battery hardly meet.
    let count = 8 * CONNECTIONS;
    let batteries = on_market(&running.origin, &token, &unit["batch"], count).await?;
    let passports: Vec<String> = batteries
        .into_iter()
        .map(|(_, passport)| passport)
        .collect();
    say(&json!({
        "origin": running.origin, "query": query, "seconds": seconds, "token": token,
        "gone": gone.unit, "unit": battery.unit, "label": battery.label, "model": unit["model"],
        "passports": passports,
    }))?;
    running.serve().await;
    Ok(())
}

impl Server {
    /// Batteries on the market, each of a model and batch of its own; the paths of their carriers.
    pub(crate) async fn batteries_of_their_own(&self, count: usize) -> Outcome<Vec<String>> {
        let token = self.ready["token"].as_str().unwrap_or_default();
        let example = example()?;
        futures_util::stream::iter(0..count)
            .map(async |_| {
                let mut model = example["model"].clone();
                model["category"] = example["category"].clone();
                let model = post(&self.origin, "/v1/models", token, &model).await?;
                let mut batch = example["batch"].clone();
                batch["model"] = model["id"].clone();
                let batch = post(&self.origin, "/v1/batches", token, &batch).await?;
                let unit = on_market(&self.origin, token, &batch["id"], 1).await?;
                let (unit, _) = unit.first().ok_or("an order without a unit")?;
                Ok(format!("/{unit}"))
            })
            .buffer_unordered(CONNECTIONS)
            .try_collect()
            .await
    }
}

fn example() -> Outcome<Value> {
    Ok(serde_json::from_str(include_str!(
        "../../infra/local/examples/ev.json"
    ))?)
}

/// Batteries of a batch, placed on the market: unit and passport.
pub(crate) async fn on_market(
    origin: &str,
    token: &str,
    batch: &Value,
    count: usize,
) -> Outcome<Vec<(String, String)>> {
    let example = example()?;
    let order = json!({"batch": batch, "count": count, "reason": "benchmark"});
    let order = post(origin, "/v1/units", token, &order).await?;
    let mut batteries = Vec::new();
    for unit in order["units"].as_array().into_iter().flatten() {
        let unit = unit["unit"].as_str().unwrap_or_default();
        let mut body = example["item"].clone();
        body["uniqueProductIdentifier"] = json!(unit);
        let passport = post(origin, "/v1/dpps", token, &body).await?;
        let id = passport["id"].as_str().unwrap_or_default().to_owned();
        let sold = json!({"type": "placed-on-market", "reason": "benchmark"});
        post(origin, &format!("/v1/dpps/{id}/events"), token, &sold).await?;
        batteries.push((unit.to_owned(), id));
    }
    Ok(batteries)
}

pub(crate) async fn get_json(url: &str, token: &str) -> Outcome<Value> {
    Ok(Client::new()
        .get(url)
        .bearer_auth(token)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?)
}

async fn post(origin: &str, path: &str, token: &str, body: &Value) -> Outcome<Value> {
    let answer = Client::new()
        .post(format!("{origin}{path}"))
        .bearer_auth(token)
        .header("idempotency-key", uuid::Uuid::new_v4().to_string())
        .header("dpp-reason", "benchmark")
        .json(body)
        .send()
        .await?;
    Ok(answer.error_for_status()?.json().await?)
}

fn say(ready: &Value) -> Outcome<()> {
    let mut output = std::io::stdout();
    writeln!(output, "{ready}")?;
    output.flush()?;
    Ok(())
}
