//! What every promise is tested with: a platform of its own, and partners that speak HTTP to it.

mod browser;
mod bucket;
mod built;
mod calls;
mod clients;
mod crash;
mod described;
mod faults;
pub mod full;
mod limits;
mod log;
mod registered;
mod runtime;
mod whole;

pub use browser::Browser;
pub use bucket::{FaultyBucket, Published, PutFault};
pub use built::built;
pub use calls::{Calls, Count};
pub use crash::{Death, Mortal};
pub use faults::{Fault, Faults};
use local::{Options, Running};
pub use log::LogFiles;
pub use registered::OwnKey;
use reqwest::{Client, Method, Response};
pub use runtime::Function;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Mutex;
use tempfile::TempDir;
use tokio::net::TcpSocket;

/// A platform on a free port, with a data folder that goes with it.
pub struct Stage {
    /// What is running.
    pub running: Running,
    /// `http://127.0.0.1:PORT`.
    pub origin: String,
    /// Follows no redirects.
    pub client: Client,
    data: TempDir,
    /// Where people sign in, once there is a provider.
    pub provider: SocketAddr,
    free: Mutex<Option<TcpSocket>>,
}

/// What an audit found, a line each; nothing where everything is as it was written.
#[must_use]
pub fn found(audit: &continuity::Audit) -> String {
    let findings = audit.findings.iter();
    findings
        .map(|it| format!("{}: {}\n", it.place, it.what))
        .collect()
}

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
    /// Body, as sent.
    pub text: String,
    /// Its number of bytes, as sent.
    pub length: usize,
    /// Its bytes, as sent.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// A header's text, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Fails the test unless the status is this one.
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

/// A GTIN of the company prefix that the maker is registered with.
pub const GTIN: &str = "09521234000013";

/// A unit with its ids.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Its model.
    pub model: String,
    /// Its id.
    pub unit: String,
    /// Its first label.
    pub label: String,
}

impl Stage {
    /// An empty platform.
    pub async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        Self::on(data).await
    }

    /// A platform over a data folder that was used before.
    pub async fn on(data: TempDir) -> Self {
        Self::with(data, web::RECYCLING_REVERSAL_DAYS, true).await
    }

    /// An empty platform within limits.
    pub async fn within(limits: web::Limits, clock: web::Clock) -> Self {
        let data = tempfile::tempdir().unwrap();
        let limits = Some((limits, clock));
        Self::limited(data, web::RECYCLING_REVERSAL_DAYS, true, limits).await
    }

    /// An empty platform where recycling is final at once.
    pub async fn without_reversal() -> Self {
        Self::with(tempfile::tempdir().unwrap(), 0, true).await
    }

    /// An empty platform with nothing in front: as its functions answer themselves.
    pub async fn bare() -> Self {
        let data = tempfile::tempdir().unwrap();
        Self::with(data, web::RECYCLING_REVERSAL_DAYS, false).await
    }

    /// A platform over a data folder: for so many days it can be taken back that a battery was recycled, and with an edge in front
    /// or not.
    pub async fn with(data: TempDir, recycling_reversal_days: u16, edge: bool) -> Self {
        Self::limited(data, recycling_reversal_days, edge, None).await
    }

    async fn limited(
        data: TempDir,
        recycling_reversal_days: u16,
        edge: bool,
        limits: Option<(web::Limits, web::Clock)>,
    ) -> Self {
        // Taken, and refusing whoever comes until a provider listens there.
        let provider = TcpSocket::new_v4().unwrap();
        provider.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let options = Options {
            provider: provider.local_addr().unwrap(),
            listen: "127.0.0.1:0".parse().unwrap(),
            host: None,
            data: data.path().to_owned(),
            recycling_reversal_days,
            edge,
            limits,
        };
        let running = local::start(&options).await.unwrap();
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            origin: running.origin.clone(),
            running,
            client,
            data,
            provider: provider.local_addr().unwrap(),
            free: Mutex::new(Some(provider)),
        }
    }

    /// Starts the provider that people sign in at; they are this one.
    pub fn provide(&self, role: &str, organisation: &str) {
        let socket = self.free.lock().unwrap().take().unwrap();
        let who = local::TokenRequest {
            role: role.to_owned(),
            organisation: organisation.to_owned(),
            person: None,
        };
        let issuer = local::Issuer::open(self.data()).unwrap();
        let provider = local::Provider::new(issuer, who, self.provider, &self.origin).unwrap();
        tokio::spawn(local::serve_provider(socket.listen(16).unwrap(), provider));
    }

    /// Stops it and leaves its data.
    #[must_use]
    pub fn stop(self) -> TempDir {
        self.running.stop();
        self.data
    }

    /// What stands in front.
    #[must_use]
    pub fn edge(&self) -> &edge::Edge {
        self.running.edge.as_ref().unwrap()
    }

    /// The same platform without what stands in front of it, and without a way to sign in: its address.
    pub async fn without_edge(&self) -> String {
        let issuers = self.running.issuer.trusted().unwrap();
        faults::listen(local::router(self.platform(issuers))).await
    }

    /// The same with these issuers and providers: its address.
    pub async fn with_providers(&self, issuers: &Value, providers: &Value) -> String {
        let issuers = access::Issuers::from_json(&issuers.to_string()).unwrap();
        let seal = storage::CookieSeal::file(&local::data_key(self.data())).unwrap();
        let sign_in = web::SignIn::from_json(&providers.to_string(), &issuers, seal).unwrap();
        let platform = self.platform(issuers).with_sign_in(sign_in);
        faults::listen(local::router(platform)).await
    }

    /// The platform of a further process over the same tables.
    #[must_use]
    pub fn platform(&self, issuers: access::Issuers) -> web::Platform {
        let site = web::Site {
            host: identity::Host::parse(self.origin.trim_start_matches("http://")).unwrap(),
            log_host: self.running.log_host.clone(),
            https: false,
            market: false,
            recycling_reversal_days: web::RECYCLING_REVERSAL_DAYS,
        };
        web::Platform::new(self.running.store.clone(), issuers, site)
    }

    /// `GET` from an address of one's own choice.
    pub async fn get_from(&self, origin: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.client.get(format!("{origin}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send().await.unwrap()).await
    }

    /// Puts an object into the public bucket, as the publisher does.
    pub async fn publish(&self, key: &str, media_type: &str, body: &str) {
        self.s3()
            .put_object()
            .bucket("public")
            .key(key)
            .content_type(media_type)
            .body(body.as_bytes().to_vec().into())
            .send()
            .await
            .unwrap();
    }

    /// Where everything is kept.
    #[must_use]
    pub fn data(&self) -> &std::path::Path {
        self.data.path()
    }

    /// The environment of a function of this stage.
    #[must_use]
    pub fn function_environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local-only".to_owned()),
            (
                "AWS_ENDPOINT_URL_DYNAMODB",
                self.running.dynamodb_endpoint.clone(),
            ),
            ("AWS_ENDPOINT_URL_S3", self.running.s3_endpoint.clone()),
            ("TABLE_PREFIX", local::PREFIX.to_owned()),
            ("CARRIER_ORIGIN", self.origin.clone()),
            ("LOG_HOST", self.running.log_host.to_string()),
            (
                "LOG_KEY_FILE",
                local::log_key(self.data()).to_string_lossy().into_owned(),
            ),
            (
                "AUDIT_KEY_FILE",
                self.data().join("audit-key").to_string_lossy().into_owned(),
            ),
            (
                "OPERATOR_KEY_FOLDER",
                local::operator_keys(self.data())
                    .to_string_lossy()
                    .into_owned(),
            ),
            ("WITNESSES", self.running.witness.named()),
            ("TOKEN_ISSUERS", self.running.issuer.configuration()),
            (
                "SIGN_IN",
                local::sign_in_configuration(self.provider, &self.running.sign_in_command),
            ),
            (
                "DATA_KEY_FILE",
                local::data_key(self.data()).to_string_lossy().into_owned(),
            ),
            ("INTAKE_BUCKET", "intake".to_owned()),
            ("EVIDENCE_BUCKET", "evidence".to_owned()),
            ("ARCHIVE_BUCKET", "archive".to_owned()),
            ("SCAN_LOG_BUCKET", "scan-logs".to_owned()),
            ("PUBLIC_BUCKET", "public".to_owned()),
        ]
    }

    /// The example batteries.
    pub async fn seeded(&self) -> local::Seeded {
        local::seed(&self.running, self.data.path(), true)
            .await
            .unwrap()
    }

    /// The example batteries, of which the first became waste and was read by an authority.
    pub async fn lived_in(&self) -> local::Seeded {
        let seeded = self.seeded().await;
        let battery = &seeded.batteries[0];
        let maker = self.partner("economic-operator", &battery.organisation);
        let waste = json!({"type": "became-waste", "reason": "worn out"});
        let _ = maker.event(&battery.passport, &waste).await.expect(201);
        let authority = self.partner("market-surveillance", "authority");
        let path = format!("/v1/dpps/{}", battery.passport);
        let _ = authority.get(&path).await.expect(200);
        seeded
    }

    /// A platform that has lived: batteries, evidence, a restricted read, and all of it in its logs.
    pub async fn with_a_past() -> (Self, local::Seeded) {
        let stage = Self::start().await;
        let seeded = stage.lived_in().await;
        for log in storage::Log::ALL {
            stage.sequenced(log).await;
        }
        (stage, seeded)
    }

    /// Somebody with a token.
    #[must_use]
    pub fn partner(&self, role: &str, organisation: &str) -> Partner<'_> {
        Partner {
            stage: self,
            origin: &self.origin,
            token: Some(self.running.token(role, organisation).unwrap()),
        }
    }

    /// Another person of an organisation.
    #[must_use]
    pub fn person(&self, role: &str, organisation: &str, person: &str) -> Partner<'_> {
        let request = local::TokenRequest {
            role: role.to_owned(),
            organisation: organisation.to_owned(),
            person: Some(person.to_owned()),
        };
        Partner {
            stage: self,
            origin: &self.origin,
            token: Some(self.running.issuer.token(&request).unwrap()),
        }
    }

    /// The maker of the examples that tests make themselves.
    #[must_use]
    pub fn maker(&self) -> Partner<'_> {
        self.partner("economic-operator", "voltwerk")
    }

    /// Anybody.
    #[must_use]
    pub fn public(&self) -> Partner<'_> {
        Partner {
            stage: self,
            origin: &self.origin,
            token: None,
        }
    }
}

/// A caller.
pub struct Partner<'a> {
    stage: &'a Stage,
    /// Where it asks.
    origin: &'a str,
    /// The token, for tests that spoil it.
    pub token: Option<String>,
}

impl<'a> Partner<'a> {
    /// The same, asking elsewhere.
    #[must_use]
    pub fn at(&self, origin: &'a str) -> Self {
        Self {
            stage: self.stage,
            origin,
            token: self.token.clone(),
        }
    }

    /// A request with headers and, where given, a JSON body.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.stage.client.request(
            Method::from_bytes(method.as_bytes()).unwrap(),
            format!("{}{path}", self.origin),
        );
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = read(request.send().await.unwrap()).await;
        // What is sent in another format is described by that format.
        let is_own = !headers.iter().any(|(name, _)| *name == "content-type");
        described::hold(method, path, body.filter(|_| is_own), &answer);
        answer
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], None).await
    }

    /// `GET` as a browser.
    pub async fn browse(&self, path: &str) -> Answer {
        self.call("GET", path, &[("accept", "text/html")], None)
            .await
    }

    /// `POST` with a fresh `Idempotency-Key`.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let key = uuid::Uuid::new_v4().to_string();
        self.call("POST", path, &[("idempotency-key", &key)], Some(body))
            .await
    }

    /// A model with little in it.
    pub async fn model(&self) -> String {
        let body = json!({"category": "ev", "reason": "type released", "data": sample_model()});
        text(
            &self.post("/v1/models", &body).await.expect(201).json(),
            "id",
        )
    }

    /// A unit of a new model.
    pub async fn unit(&self) -> Unit {
        let model = self.model().await;
        let body = json!({"model": model, "count": 1, "reason": "order 1"});
        let order = self.post("/v1/units", &body).await.expect(201).json();
        Unit {
            model,
            unit: text(&order["units"][0], "unit"),
            label: text(&order["units"][0], "label"),
        }
    }

    /// Links [`GTIN`] with the model of a unit.
    pub async fn link_gtin(&self, unit: &str) {
        let identity = self.get(&format!("/v1/units/{unit}")).await.expect(200);
        let model = text(&identity.json(), "model");
        let body = json!({"alias": format!("/01/{GTIN}"), "reason": "GTIN assigned"});
        let path = format!("/v1/models/{model}/aliases");
        let linked = self.post(&path, &body).await.expect(201);
        assert_eq!(linked.json(), json!({"alias": format!("01/{GTIN}")}));
    }

    /// A draft passport of a new unit.
    pub async fn draft(&self) -> (Unit, String) {
        let unit = self.unit().await;
        let passport = self.passport(&unit.unit, &sample_item()).await.expect(201);
        (unit, text(&passport.json(), "id"))
    }

    /// A passport.
    pub async fn passport(&self, unit: &str, item: &Value) -> Answer {
        let mut body = item.clone();
        body["uniqueProductIdentifier"] = json!(unit);
        let headers = [("dpp-reason", "end-of-line test passed")];
        self.call("POST", "/v1/dpps", &headers, Some(&body)).await
    }

    /// A lifecycle event.
    pub async fn event(&self, passport: &str, event: &Value) -> Answer {
        self.post(&format!("/v1/dpps/{passport}/events"), event)
            .await
    }

    /// Offers responsibility; answers the path of the offer.
    pub async fn offer(&self, passport: &str, to: &str, purpose: &str) -> String {
        let body = json!({"to": to, "purpose": purpose, "reason": "agreed between us"});
        let path = format!("/v1/dpps/{passport}/transfers");
        let offered = self.post(&path, &body).await.expect(201).json();
        text(&offered, "location")
    }

    /// A request for a further life of a battery, with evidence; `more` are further members.
    pub async fn further_life(&self, kind: &str, more: Value) -> Value {
        let proof = self.evidence(b"test report of the second life", 4).await;
        let mut body = json!({
            "type": kind, "reason": "tested for a second life", "publicReason": "type released", "evidence": [proof],
        });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    }

    /// Begins a further life of a battery.
    pub async fn succeed(&self, passport: &str, kind: &str, more: Value) -> Answer {
        let body = self.further_life(kind, more).await;
        self.post(&format!("/v1/dpps/{passport}/successors"), &body)
            .await
    }

    /// Where the model or batch beneath a passport is: `level` is `model` or `batch`.
    pub async fn beneath(&self, passport: &str, level: &str) -> String {
        let path = format!("/v1/dpps/{passport}/versions?level={level}");
        let versions = self.get(&path).await.expect(200).json();
        let collection = if level == "batch" {
            "batches"
        } else {
            "models"
        };
        format!("/v1/{collection}/{}", text(&versions, "id"))
    }

    /// Changes a model or batch as it is now.
    pub async fn change_product(&self, product: &str, change: &Value) -> Answer {
        let read = self.get(product).await.expect(200);
        let headers = [("if-match", read.header("etag"))];
        self.call("PATCH", product, &headers, Some(change)).await
    }

    /// Accepts an offer, with evidence.
    pub async fn accept(&self, offer: &str) -> Answer {
        let proof = self.evidence(b"handover protocol", 4).await;
        let body = json!({"reason": "taken over", "evidence": [proof]});
        self.post(&format!("{offer}/acceptance"), &body).await
    }

    /// Announces, uploads and confirms evidence; answers its id.
    pub async fn evidence(&self, bytes: &'static [u8], class: u8) -> String {
        let announced = self.announce(bytes, class).await.expect(201).json();
        let _ = self.upload(&announced, bytes).await.expect(200);
        let id = text(&announced, "id");
        let _ = self
            .post(&format!("/v1/evidence/{id}/confirmation"), &json!({}))
            .await
            .expect(200);
        id
    }

    /// Evidence that shows what a kind of the catalogue says; answers its id.
    pub async fn proof(&self, kind: &str) -> String {
        let bytes = b"what was photographed";
        let body = json!({
            "title": kind, "mediaType": "image/png", "size": bytes.len(), "kind": kind,
            "sha256": ledger::Sha256::of(bytes), "class": 4,
        });
        let announced = self.post("/v1/evidence", &body).await.expect(201).json();
        let _ = self.upload(&announced, bytes).await.expect(200);
        let id = text(&announced, "id");
        let confirmation = format!("/v1/evidence/{id}/confirmation");
        let _ = self.post(&confirmation, &json!({})).await.expect(200);
        id
    }

    /// Announces evidence.
    pub async fn announce(&self, bytes: &[u8], class: u8) -> Answer {
        let body = json!({
            "title": "photo", "mediaType": "image/png", "size": bytes.len(),
            "sha256": ledger::Sha256::of(bytes), "class": class,
        });
        self.post("/v1/evidence", &body).await
    }

    /// Puts bytes to the address of an announcement.
    pub async fn upload(&self, announced: &Value, bytes: &'static [u8]) -> Answer {
        let mut request = self
            .stage
            .client
            .put(announced["upload"]["url"].as_str().unwrap())
            .body(bytes);
        for (name, value) in announced["upload"]["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        read(request.send().await.unwrap()).await
    }
}

/// Reads an answer to the end.
pub async fn read(response: Response) -> Answer {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let body = response.bytes().await.unwrap();
    Answer {
        status,
        headers,
        text: String::from_utf8_lossy(&body).into_owned(),
        length: body.len(),
        bytes: body.into(),
    }
}

/// A member as a text.
#[must_use]
pub fn text(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no `{name}` in {value}"))
        .to_owned()
}

/// Values of the EV example's model.
#[must_use]
pub fn sample_model() -> Value {
    example()["model"]["data"].clone()
}

/// Values of the EV example's batch.
#[must_use]
pub fn sample_batch() -> Value {
    example()["batch"]["data"].clone()
}

/// Values of the EV example's unit.
#[must_use]
pub fn sample_item() -> Value {
    example()["item"].clone()
}

fn example() -> Value {
    serde_json::from_str(include_str!("../../infra/local/examples/ev.json")).unwrap()
}

impl Stage {
    /// DynamoDB's API of this stage.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        clients::dynamodb(&self.running.dynamodb_endpoint)
    }

    /// How many items the ledger holds in a partition: what a test of the audit log counts.
    pub async fn ledger_items(&self, partition: &str) -> i32 {
        self.dynamodb()
            .query()
            .table_name(format!("{}-ledger", local::PREFIX))
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(
                ":pk",
                aws_sdk_dynamodb::types::AttributeValue::S(partition.to_owned()),
            )
            .send()
            .await
            .unwrap()
            .count()
    }

    /// Everything a table holds.
    pub async fn table(
        &self,
        name: &str,
    ) -> Vec<std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>> {
        let table = format!("{}-{name}", local::PREFIX);
        let pages = self.dynamodb().scan().table_name(table).into_paginator();
        pages.items().send().try_collect().await.unwrap()
    }

    /// The buckets, past the platform.
    #[must_use]
    pub fn s3(&self) -> aws_sdk_s3::Client {
        clients::s3(&self.running.s3_endpoint)
    }

    /// Puts bytes straight into the intake bucket, as nobody with an upload address can.
    pub async fn put_into_intake(&self, key: &str, bytes: Vec<u8>) {
        self.put_into("intake", key, bytes).await;
    }

    /// Puts bytes straight into a bucket.
    pub async fn put_into(&self, bucket: &str, key: &str, bytes: Vec<u8>) {
        let put = self.s3().put_object().bucket(bucket).key(key);
        let _ = put.body(bytes.into()).send().await.unwrap();
    }
}
