//! A process that is stopped: after so many calls of tables and buckets nothing answers it any more. Or it lives on, and one answer
//! is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use storage::Store;
use web::Platform;

use crate::{Stage, clients, faults};

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Before its last call reached anything.
    Unsent,
    /// After its last call took effect, and before it heard of it.
    Unheard,
    /// Not at all: that call took effect, its answer was lost, and everything after is answered.
    AnswerLost,
}

impl Death {
    /// Each.
    pub const ALL: [Self; 3] = [Self::Unsent, Self::Unheard, Self::AnswerLost];
}

/// A platform whose process may end while it is asked something.
pub struct Mortal {
    /// `http://127.0.0.1:PORT`.
    pub origin: String,
    calls: Arc<AtomicUsize>,
    last: usize,
}

impl Mortal {
    /// Whether it made fewer calls than would have ended it.
    #[must_use]
    pub fn was_spared(&self) -> bool {
        self.calls.load(Ordering::SeqCst) <= self.last
    }
}

/// What stands between it and the stores.
struct Gate {
    endpoint: String,
    client: reqwest::Client,
    calls: Arc<AtomicUsize>,
    last: usize,
    death: Death,
}

impl Stage {
    /// A sequencer that dies at its call with the number `last`, from 0, and how many calls it made.
    pub async fn mortal_sequencer(
        &self,
        last: usize,
        death: Death,
    ) -> (sequencer::Sequencer, Arc<AtomicUsize>) {
        self.running.stop_sequencing();
        let (store, calls) = self.mortal_store(last, death).await;
        let sequencer = local::sequencer(&store, self.site(), self.data()).unwrap();
        let witnesses = self.running.witness.witnesses().unwrap();
        (sequencer.with_witnesses(witnesses), calls)
    }

    /// Every function over the same tables and buckets in a process of its own, whose call with the number `last`, from 0, ends it
    /// or is not heard of.
    pub async fn mortal_platform(&self, last: usize, death: Death) -> Mortal {
        let (store, calls) = self.mortal_store(last, death).await;
        let issuers = self.running.issuer.trusted().unwrap();
        let platform = Platform::new(store, issuers, self.site());
        Mortal {
            origin: faults::listen(local::router(platform)).await,
            calls,
            last,
        }
    }

    /// The same tables and buckets, of which the call with that number is the last or is not heard of; and how many calls there were.
    pub async fn mortal_store(&self, last: usize, death: Death) -> (Store, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let gate = |endpoint: &str| {
            let gate = Arc::new(Gate {
                endpoint: endpoint.to_owned(),
                client: reqwest::Client::new(),
                calls: Arc::clone(&calls),
                last,
                death,
            });
            faults::listen(Router::new().fallback(pass).with_state(gate))
        };
        let tables = gate(&self.running.dynamodb_endpoint).await;
        let buckets = gate(&self.running.s3_endpoint).await;
        (self.store_at(&tables, clients::s3(&buckets)), calls)
    }
}

/// No client tries again what it has no right to.
fn nothing() -> Response {
    let body = r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"gone"}"#;
    (StatusCode::FORBIDDEN, body).into_response()
}

async fn pass(
    State(gate): State<Arc<Gate>>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = gate.calls.fetch_add(1, Ordering::SeqCst);
    let over = match gate.death {
        Death::Unsent => call >= gate.last,
        Death::Unheard => call > gate.last,
        Death::AnswerLost => false,
    };
    if over {
        return nothing();
    }
    headers.remove("content-length");
    let address = format!("{}{uri}", gate.endpoint);
    // The signature names the host that was meant.
    let sent = gate.client.request(method, address).headers(headers);
    let answer = sent.body(body).send().await.unwrap();
    if call == gate.last {
        return match gate.death {
            Death::AnswerLost => StatusCode::BAD_GATEWAY.into_response(),
            Death::Unsent | Death::Unheard => nothing(),
        };
    }
    let mut response = Response::builder().status(answer.status());
    *response.headers_mut().unwrap() = answer.headers().clone();
    let body = answer.bytes().await.unwrap();
    response.body(Body::from(body)).unwrap()
}
