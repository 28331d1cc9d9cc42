//! The scans of the listener, told to the aggregator out of the request's way, as CloudFront's logs are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, Uri};
use signals::Seen;
use storage::Store;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

/// Scans that wait to be counted; more are dropped, so that no scan ever waits for its count.
const WAITING: usize = 4_096;
/// How long scans are gathered.
const PAUSE: Duration = Duration::from_millis(200);

/// Where the listener tells of its scans.
#[derive(Clone)]
pub(crate) struct Scans {
    told: Sender<Seen>,
    dropped: Arc<AtomicU64>,
}

impl Scans {
    /// Starts the aggregator.
    pub(crate) fn start(store: Store) -> (Self, JoinHandle<()>) {
        let (told, waiting) = channel(WAITING);
        let scans = Self {
            told,
            dropped: Arc::default(),
        };
        let dropped = Arc::clone(&scans.dropped);
        (scans, tokio::spawn(count(store, waiting, dropped)))
    }

    /// Tells of a request that was answered, where it scanned a label.
    pub(crate) fn answered(&self, asked: &Asked, status: StatusCode) {
        let country = asked.country.as_ref();
        let country = country.and_then(|country| country.to_str().ok());
        let place = (asked.uri.path(), asked.uri.query().unwrap_or_default());
        let day = passport::day_at(web::now().as_millisecond());
        let (method, status) = (asked.method.as_str(), status.as_u16());
        let Some(seen) = Seen::of(method, place, status, country, day) else {
            return;
        };
        if self.told.try_send(seen).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What of a request its count needs, as CloudFront's log has it.
pub(crate) struct Asked {
    method: Method,
    uri: Uri,
    country: Option<HeaderValue>,
}

impl Asked {
    pub(crate) fn of<B>(request: &http::Request<B>) -> Self {
        let country = request.headers().get("cloudfront-viewer-country");
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            country: country.cloned(),
        }
    }
}

async fn count(store: Store, mut waiting: Receiver<Seen>, dropped: Arc<AtomicU64>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, WAITING).await > 0 {
        tokio::time::sleep(PAUSE).await;
        while let Ok(seen) = waiting.try_recv() {
            batch.push(seen);
        }
        let name = uuid::Uuid::new_v4().to_string();
        if let Err(error) = signals::count(&store, &name, batch.drain(..), web::now()).await {
            tracing::error!(%error, "scans could not be counted");
        }
        match dropped.swap(0, Ordering::Relaxed) {
            0 => {}
            dropped => tracing::warn!(dropped, "scans were not counted: too many at once"),
        }
    }
}

/// Tells of every request, once it is answered.
pub(crate) async fn tell(State(scans): State<Scans>, request: Request, next: Next) -> Response {
    let asked = Asked::of(&request);
    let response = next.run(request).await;
    scans.answered(&asked, response.status());
    response
}
