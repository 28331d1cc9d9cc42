//! The listener with the edge in front.

use axum::Router;
use edge::{Edge, Limit};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use storage::{Store, Subject};
use tokio::net::TcpListener;

use crate::scans::{Asked, Scans};

/// An edge before a platform. What the platform writes is gone from it before the writer is answered, as the publisher will
/// see to in the cloud.
pub(crate) fn edge(platform: Router, store: &Store, limit: Option<Limit>) -> Edge {
    let edge = Edge::new(platform, store.clone(), limit);
    let told = edge.clone();
    store.watch(Box::new(move |subjects| {
        let tags: Vec<String> = subjects.iter().filter_map(Subject::cache_tag).collect();
        told.invalidate(tags.iter().map(String::as_str));
    }));
    edge
}

/// Serves an edge that stands by itself, over a store for what is counted of its scans.
pub async fn serve_edge(listener: TcpListener, edge: Edge, store: Store) {
    let (scans, _) = Scans::start(store);
    serve(listener, edge, scans).await;
}

/// Serves connections for as long as they come.
pub(crate) async fn serve(listener: TcpListener, edge: Edge, scans: Scans) {
    loop {
        let (stream, client) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: some will be free again.
                tracing::error!(%error, "no connection could be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let (edge, scans) = (edge.clone(), scans.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let (edge, scans) = (edge.clone(), scans.clone());
                async move {
                    let asked = Asked::of(&request);
                    let answer = edge.answer(request, client.ip()).await;
                    scans.answered(&asked, answer.status());
                    Ok::<_, std::convert::Infallible>(answer)
                }
            });
            // A connection that ends badly is the client's matter.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
