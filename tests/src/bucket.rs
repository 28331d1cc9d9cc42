//! The public bucket: what was published, and a bucket that misbehaves on its way there.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use publisher::{Invalidate, LANGUAGES, Publisher};
use serde_json::Value;
use storage::OperatorKeys;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};

use crate::{Stage, clients, faults};

/// How long a test waits for what comes within two seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// A snapshot, read.
#[derive(Debug, Clone)]
pub struct Published {
    /// Body.
    pub text: String,
    /// `Content-Type`.
    pub media_type: String,
    /// `Content-Language`.
    pub language: String,
    /// `Cache-Control`.
    pub cache_control: String,
    /// User metadata.
    pub metadata: BTreeMap<String, String>,
}

impl Published {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// A member of the metadata, or nothing.
    #[must_use]
    pub fn meta(&self, name: &str) -> &str {
        self.metadata.get(name).map_or("", String::as_str)
    }
}

impl Stage {
    /// What stands under a key of the public bucket.
    pub async fn published(&self, key: &str) -> Option<Published> {
        let sent = self.s3().get_object().bucket("public").key(key).send();
        let object = sent.await.ok()?;
        let text = |text: Option<String>| text.unwrap_or_default();
        Some(Published {
            media_type: text(object.content_type),
            language: text(object.content_language),
            cache_control: text(object.cache_control),
            metadata: object.metadata.unwrap_or_default().into_iter().collect(),
            // The embedded store may be writing it at this moment.
            text: String::from_utf8(object.body.collect().await.ok()?.to_vec()).unwrap(),
        })
    }

    /// Waits until what stands under a key is as wanted.
    pub async fn until_published(
        &self,
        key: &str,
        wanted: impl Fn(&Published) -> bool,
    ) -> Published {
        let mut found = None;
        for _ in 0..PATIENCE.as_millis() / 100 {
            found = self.published(key).await;
            if let Some(found) = found.take_if(|found| wanted(found)) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("`{key}` was not published as wanted: {found:#?}");
    }

    /// The key of every snapshot; the logs' files are in the same bucket ([`Self::whole_log`]).
    pub async fn published_keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        let mut pages = self
            .s3()
            .list_objects_v2()
            .bucket("public")
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let objects = page.unwrap().contents.unwrap_or_default();
            let found = objects.into_iter().filter_map(|object| object.key);
            keys.extend(found.filter(|key| !key.starts_with("v1/")));
        }
        keys
    }

    /// Sets a text in an item of the records, past the platform; `path` is where in the item.
    pub async fn set_record(&self, pk: &str, sk: &str, path: &str, value: &str) {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        self.dynamodb()
            .update_item()
            .table_name(format!("{}-records", local::PREFIX))
            .key("pk", text(pk))
            .key("sk", text(sk))
            .update_expression(format!("SET {path} = :value"))
            .condition_expression(format!("attribute_exists({path})"))
            .expression_attribute_values(":value", text(value))
            .send()
            .await
            .unwrap();
    }

    /// An edge before a platform that is gone, tables and all: its address.
    pub async fn edge_over_the_bucket_alone(&self) -> String {
        let store = self.store_at("http://127.0.0.1:1", self.s3());
        let gone = Router::new().fallback(async || StatusCode::SERVICE_UNAVAILABLE);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let edge = edge::Edge::new(gone, store.clone(), None);
        tokio::spawn(local::serve_edge(listener, edge, store));
        origin
    }

    /// A publisher of one's own, instead of the platform's, with the tags it invalidated.
    #[must_use]
    pub fn own_publisher(&self) -> (Publisher, Arc<Mutex<Vec<String>>>) {
        self.running.stop_publishing();
        self.publisher_over(&self.running.s3_endpoint)
    }

    /// The same over a bucket that misbehaves.
    pub async fn publisher_over_faulty_bucket(&self) -> (Publisher, FaultyBucket) {
        self.running.stop_publishing();
        let bucket = FaultyBucket(Arc::new(Inner {
            endpoint: self.running.s3_endpoint.clone(),
            client: reqwest::Client::new(),
            faults: Mutex::default(),
            held: Notify::new(),
            released: Semaphore::new(0),
        }));
        let router = Router::new()
            .fallback(pass)
            .with_state(Arc::clone(&bucket.0));
        let endpoint = faults::listen(router).await;
        (self.publisher_over(&endpoint).0, bucket)
    }

    fn publisher_over(&self, s3: &str) -> (Publisher, Arc<Mutex<Vec<String>>>) {
        let tags = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&tags);
        let invalidate: Invalidate = Box::new(move |tags| {
            heard.lock().unwrap().extend(tags);
            Box::pin(async { Ok(()) })
        });
        let store = self.store_at(&self.running.dynamodb_endpoint, clients::s3(s3));
        let languages = publisher::languages(LANGUAGES).unwrap();
        let site = Arc::new(self.site());
        let keys = OperatorKeys::Folder(local::operator_keys(self.data()));
        (
            Publisher::new(&store, site, languages, invalidate, keys).alone(),
            tags,
        )
    }
}

/// What happens to one put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutFault {
    /// It goes through.
    None,
    /// It fails inside the service; nothing is written.
    Fails,
    /// It waits until it is released.
    Held,
}

struct Inner {
    endpoint: String,
    client: reqwest::Client,
    faults: Mutex<VecDeque<PutFault>>,
    held: Notify,
    released: Semaphore,
}

/// Puts to come.
#[derive(Clone)]
pub struct FaultyBucket(Arc<Inner>);

impl FaultyBucket {
    /// These are next; those after the last go through.
    pub fn next(&self, faults: impl IntoIterator<Item = PutFault>) {
        self.0.faults.lock().unwrap().extend(faults);
    }

    /// Waits until a put is held.
    pub async fn holds(&self) {
        self.0.held.notified().await;
    }

    /// Lets go of one that is held.
    pub fn release(&self) {
        self.0.released.add_permits(1);
    }
}

async fn pass(
    State(bucket): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fault = match method == Method::PUT {
        true => bucket.faults.lock().unwrap().pop_front(),
        false => None,
    };
    match fault {
        Some(PutFault::Fails) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(PutFault::Held) => {
            bucket.held.notify_one();
            bucket.released.acquire().await.unwrap().forget();
        }
        Some(PutFault::None) | None => {}
    }
    let mut headers = headers;
    headers.remove("content-length");
    let answer = bucket
        .client
        .request(method.clone(), format!("{}{uri}", bucket.endpoint))
        // The signature names the host that was meant.
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
