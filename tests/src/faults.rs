//! Tables that misbehave. The embedded store never conflicts and never loses an answer, so this is done between it and the
//! platform.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use identity::Host;
use storage::{Buckets, KeyVault, Store};
use tokio::net::TcpListener;
use web::{Platform, Site};

use crate::{Stage, clients};

/// What happens to one `TransactWriteItems` request; those after the last fault go through.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Cancelled by another transaction; nothing is written.
    Conflict,
    /// Fails inside the service; nothing is written.
    Fails,
    /// Takes effect, and the answer is lost.
    AnswerLost,
}

struct Tables {
    endpoint: String,
    client: reqwest::Client,
    faults: Mutex<VecDeque<Fault>>,
}

/// Faults to come.
#[derive(Clone)]
pub struct Faults(Arc<Tables>);

impl Faults {
    /// These are next.
    pub fn next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.0.faults.lock().unwrap().extend(faults);
    }

    /// How many are still to come.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.faults.lock().unwrap().len()
    }
}

impl Stage {
    /// Goes on over tables that misbehave as the returned handle says.
    pub async fn over_faulty_tables(&mut self) -> Faults {
        let faults = Faults(Arc::new(Tables {
            endpoint: self.running.dynamodb_endpoint.clone(),
            client: reqwest::Client::new(),
            faults: Mutex::default(),
        }));
        let tables = Router::new().fallback(pass).with_state(faults.0.clone());
        let endpoint = listen(tables).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let site = self.site_at(&host);
        let issuers = self.running.issuer.trusted().unwrap();
        let platform = Platform::new(self.store_at(&endpoint, self.s3()), issuers, site);
        tokio::spawn(async move { axum::serve(listener, local::router(platform)).await });
        self.origin = format!("http://{host}");
        faults
    }

    /// The site of the platform.
    pub(crate) fn site(&self) -> Site {
        self.site_at(self.origin.trim_start_matches("http://"))
    }

    fn site_at(&self, host: &str) -> Site {
        Site {
            host: Host::parse(host).unwrap(),
            log_host: self.running.log_host.clone(),
            https: false,
            market: false,
            recycling_reversal_days: web::RECYCLING_REVERSAL_DAYS,
        }
    }

    pub(crate) fn store_at(&self, endpoint: &str, s3: aws_sdk_s3::Client) -> Store {
        self.store_with(clients::dynamodb(endpoint), s3)
    }

    /// The same tables and buckets, asked by these clients.
    pub(crate) fn store_with(
        &self,
        dynamodb: aws_sdk_dynamodb::Client,
        s3: aws_sdk_s3::Client,
    ) -> Store {
        let buckets = Buckets {
            intake: "intake".to_owned(),
            evidence: "evidence".to_owned(),
            archive: "archive".to_owned(),
            public: "public".to_owned(),
            scan_logs: "scan-logs".to_owned(),
        };
        Store::new(
            dynamodb,
            s3,
            local::PREFIX,
            buckets,
            KeyVault::file(&local::data_key(self.data())).unwrap(),
        )
    }
}

pub(crate) async fn listen(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    endpoint
}

async fn pass(State(tables): State<Arc<Tables>>, headers: HeaderMap, body: Bytes) -> Response {
    let operation = headers.get("x-amz-target").unwrap().to_str().unwrap();
    let fault = match operation.ends_with(".TransactWriteItems") {
        true => tables.faults.lock().unwrap().pop_front(),
        false => None,
    };
    match fault {
        Some(Fault::Conflict) => error(
            StatusCode::BAD_REQUEST,
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"cancelled","CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict"}]}"#,
        ),
        Some(Fault::Fails) => internal(),
        Some(Fault::AnswerLost) => {
            assert_eq!(forward(&tables, headers, body).await.status(), 200);
            internal()
        }
        None => forward(&tables, headers, body).await,
    }
}

fn internal() -> Response {
    error(
        StatusCode::INTERNAL_SERVER_ERROR,
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"internal"}"#,
    )
}

fn error(status: StatusCode, body: &'static str) -> Response {
    (
        status,
        [("content-type", "application/x-amz-json-1.0")],
        body,
    )
        .into_response()
}

async fn forward(tables: &Tables, mut headers: HeaderMap, body: Bytes) -> Response {
    headers.remove("host");
    let answer = tables
        .client
        .post(&tables.endpoint)
        .headers(headers)
        .body(body)
        .send()
        .await
        .unwrap();
    let mut response = Response::builder().status(answer.status());
    *response.headers_mut().unwrap() = answer.headers().clone();
    let body = answer.bytes().await.unwrap();
    response.body(Body::from(body)).unwrap()
}
