//! The Merkle logs' static files (C2SP tlog-tiles), which CloudFront reads from the bucket itself.

use std::str::FromStr;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use identity::Host;
use ledger::Tile;
use storage::{Log, Published, Store};
use web::Problem;

/// Files that are followed by newer ones.
const NOTES: [&str; 4] = ["checkpoint", "keys", "audits/newest", "audits/key"];

pub(crate) fn router(store: Store) -> Router {
    let files = Log::ALL.into_iter().fold(Router::new(), |router, log| {
        let file = async move |State(store): State<Store>, Path(path): Path<String>| {
            file(&store, log, &path).await
        };
        router.route(&format!("/v1/{log}/{{*path}}"), get(file))
    });
    files.with_state(store)
}

async fn file(store: &Store, log: Log, path: &str) -> Result<Response, Problem> {
    let missing = || Problem::not_found("the log has no such file");
    // What was brought along of the log of another platform.
    let of_former = path.strip_prefix("former/").and_then(|path| {
        let (host, path) = path.split_once('/')?;
        Host::parse(host).is_ok().then_some(path)
    });
    if !is_file(of_former.unwrap_or(path)) {
        return Err(missing());
    }
    let found = store.published(&format!("v1/{log}/{path}")).await?;
    found.map(answer).ok_or_else(missing)
}

fn is_file(path: &str) -> bool {
    let number = ["checkpoints/", "audits/"];
    let number = number.iter().find_map(|folder| path.strip_prefix(folder));
    // With the time-stamp of what was audited beside it.
    let number = number.map(|number| number.strip_suffix(".tsr").unwrap_or(number));
    let is_kept = number.is_some_and(|number| number.parse::<u64>().is_ok());
    is_kept || NOTES.contains(&path) || Tile::from_str(path).is_ok()
}

fn answer(file: Published) -> Response {
    let mut response = file.body.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    for (name, value) in [
        (header::CONTENT_TYPE, file.media_type),
        (header::CACHE_CONTROL, file.cache_control),
        (header::ETAG, file.etag),
    ] {
        if let Some(value) = value.and_then(|value| value.parse().ok()) {
            headers.insert(name, value);
        }
    }
    response
}
