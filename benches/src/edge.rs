//! What is answered from the edge's cache, beside a bare hyper server in the same run.

use edge::{Engine, Request, Switches};
use reqwest::Client;

use crate::load::{Load, Measured, cpu_seconds};
use crate::server::Server;
use crate::{CONNECTIONS, LENGTH, Outcome, text};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const CALLS: u32 = 50_000;

/// One call of the edge function.
struct Call {
    cpu_ms: f64,
    /// Calls of functions and turns of loops, as QuickJS counts them for its interrupt handler.
    polled: f64,
}

pub(crate) async fn measure() -> Outcome<()> {
    println!(
        "| from the edge's cache | requests/s | p50 ms | p99 ms | CPU ms/request | beside bare hyper | one call of the edge function, CPU ms |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let hyper = Server::start("serve-hyper")?;
    let bare = run(&hyper, "/", &[]).await?;
    row("bare hyper \"hello\"", &bare, 0.0, &bare);
    drop(hyper);
    let edge = Server::start("serve-edge")?;
    let (scan, gone) = (text(&edge.ready, "scan"), text(&edge.ready, "gone"));
    let linked = format!("{scan}?linkType=gs1:safetyInfo");
    let mut polled = Vec::new();
    for (name, path, accept, more) in [
        ("JSON", &scan, "application/json", None),
        ("JSON-LD", &scan, "application/ld+json", None),
        ("HTML", &scan, BROWSER, None),
        (
            "HTML, gzip",
            &scan,
            BROWSER,
            Some(("accept-encoding", "gzip")),
        ),
        ("linkset", &scan, "application/linkset+json", None),
        ("link of one type, 307", &linked, "*/*", None),
        (
            "unknown id, JSON, 404",
            &"/32XZAJ4P21M1MZ0N3RQA".to_owned(),
            "application/json",
            None,
        ),
        ("recycled, JSON, 410", &gone, "application/json", None),
        (
            "malformed id, JSON, 400, by the function itself",
            &"/32XZAJ4P21M1MZ0N3RQB".to_owned(),
            "application/json",
            None,
        ),
    ] {
        let headers: Vec<(&str, &str)> = [Some(("accept", accept)), more]
            .into_iter()
            .flatten()
            .collect();
        let measured = run(&edge, path, &headers).await?;
        let call = call(path, &headers)?;
        row(name, &measured, call.cpu_ms, &bare);
        polled.push(format!("{name} {:.0}", call.polled));
    }
    println!();
    println!(
        "Calls of functions and turns of loops in one call of the edge function (QuickJS's own count): {}.",
        polled.join("; ")
    );
    Ok(())
}

async fn run(server: &Server, path: &str, headers: &[(&str, &str)]) -> Outcome<Measured> {
    let load = Load {
        connections: CONNECTIONS,
        length: LENGTH,
    };
    let url = format!("{}{path}", server.origin);
    let request = |client: &Client| {
        let request = client.get(&url);
        headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        })
    };
    load.run(server.process(), request).await
}

/// The function alone, in this process. The edge calls it once for requests that are equal.
fn call(path: &str, headers: &[(&str, &str)]) -> Outcome<Call> {
    let engine = Engine::new()?;
    let headers = [&[("host", "127.0.0.1:9000")][..], headers].concat();
    let (path, query) = path
        .split_once('?')
        .map_or((path, None), |(path, query)| (path, Some(query)));
    let request = Request {
        method: "GET",
        path,
        query,
        headers: &headers,
        id: "bench",
    };
    let switches = Switches::default();
    let before = cpu_seconds(std::process::id())?;
    for _ in 0..CALLS {
        engine.fold(&request, &switches)?;
    }
    let cpu = cpu_seconds(std::process::id())? - before;
    Ok(Call {
        cpu_ms: cpu * 1e3 / f64::from(CALLS),
        polled: (engine.polls() * Engine::POLL) as f64 / f64::from(CALLS),
    })
}

fn row(name: &str, measured: &Measured, function_ms: f64, bare: &Measured) {
    println!(
        "| {name} | {:.0} | {:.2} | {:.2} | {:.3} | {:.1} × CPU | {function_ms:.3} |",
        measured.per_second,
        measured.p50.as_secs_f64() * 1e3,
        measured.p99.as_secs_f64() * 1e3,
        measured.cpu_ms,
        measured.cpu_ms / bare.cpu_ms,
    );
}
