//! Tokens of issuers that serve their keys, and tokens that are bound to a key.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use local::{Holder, TokenRequest};
use serde_json::{Value, json};
use tests::{Answer, Stage, read};
use tokio::sync::RwLock;

/// What only somebody with a token is answered other than 401.
const PARTNERS_ONLY: &str = "/v1/units/32XZAJ4P21M1MZ0N3RQA";

/// What a server of keys answers.
enum Served {
    Keys(Value),
    Text(String),
    Down,
    Elsewhere(String),
    Late,
}

/// A server of an issuer's keys, and how often it was asked.
struct KeyServer {
    address: String,
    served: Arc<RwLock<Served>>,
    asked: Arc<AtomicUsize>,
}

impl KeyServer {
    async fn start(served: Served) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: format!("http://{}/keys", listener.local_addr().unwrap()),
            served: Arc::new(RwLock::new(served)),
            asked: Arc::default(),
        };
        let (served, asked) = (server.served.clone(), server.asked.clone());
        let app = Router::new().fallback(async move || -> Response {
            asked.fetch_add(1, Ordering::Relaxed);
            // So that whoever asks at the same time does.
            tokio::time::sleep(Duration::from_millis(50)).await;
            match &*served.read().await {
                Served::Keys(keys) => json!({ "keys": keys }).to_string().into_response(),
                Served::Text(text) => text.clone().into_response(),
                Served::Down => StatusCode::BAD_GATEWAY.into_response(),
                Served::Elsewhere(address) => Redirect::temporary(address).into_response(),
                Served::Late => {
                    tokio::time::sleep(Duration::from_secs(10)).await;
                    StatusCode::OK.into_response()
                }
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    async fn serves(&self, served: Served) {
        *self.served.write().await = served;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// Two keys of one issuer, and a platform that reads its keys where they are served.
struct Scene {
    stage: Stage,
    keys: [Holder; 2],
    server: KeyServer,
    origin: String,
}

impl Scene {
    async fn start() -> Self {
        let stage = Stage::start().await;
        let keys = ["first-key", "second-key"];
        let keys = keys.map(|name| Holder::open(&stage.data().join(name)).unwrap());
        let server = KeyServer::start(Served::Down).await;
        let origin = platform(&stage, &server.address, &[]).await;
        Self {
            stage,
            keys,
            server,
            origin,
        }
    }

    /// The public keys of these numbers, as a server has them.
    fn served(&self, numbers: &[usize]) -> Served {
        let keys = numbers.iter().map(|number| self.public(*number));
        Served::Keys(keys.collect())
    }

    fn public(&self, number: usize) -> Value {
        let mut key = self.keys[number].key();
        key["kid"] = json!(number.to_string());
        key
    }

    /// The status of a request with a token of a key, which goes by this id.
    async fn status(&self, number: usize, id: &str) -> u16 {
        self.answer(number, id).await.status
    }

    async fn answer(&self, number: usize, id: &str) -> Answer {
        let header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": id});
        let claims = self.stage.running.issuer.claims(&maker()).unwrap();
        let token = self.keys[number].signed(&header, &claims);
        let headers = [("authorization", format!("Bearer {token}"))];
        ask(&self.stage, "GET", &self.origin, &headers).await
    }
}

fn maker() -> TokenRequest {
    TokenRequest {
        role: "economic-operator".to_owned(),
        organisation: "voltwerk".to_owned(),
        person: None,
    }
}

/// The configuration of the local issuer with its keys served, and with roles whose tokens have to be bound.
fn configuration(stage: &Stage, address: Option<&str>, roles: &[&str]) -> Value {
    let mut issuers: Value = serde_json::from_str(&stage.running.issuer.configuration()).unwrap();
    issuers[0]["senderConstrained"] = json!(roles);
    if let Some(address) = address {
        let issuer = issuers[0].as_object_mut().unwrap();
        issuer.remove("jwks");
        issuer.insert("jwksUri".to_owned(), json!(address));
    }
    issuers
}

async fn platform(stage: &Stage, address: &str, roles: &[&str]) -> String {
    let issuers = configuration(stage, Some(address), roles);
    stage.with_providers(&issuers, &json!([])).await
}

async fn ask(stage: &Stage, method: &str, origin: &str, headers: &[(&str, String)]) -> Answer {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = stage
        .client
        .request(method, format!("{origin}{PARTNERS_ONLY}"));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn keys_are_fetched_with_the_first_token_and_rotate_without_a_restart() {
    let scene = Scene::start().await;
    scene.server.serves(scene.served(&[0])).await;
    assert_eq!(scene.server.asked(), 0);
    assert_eq!(scene.status(0, "0").await, 404);
    assert_eq!(scene.status(0, "0").await, 404);
    assert_eq!(scene.server.asked(), 1);
    // A new key beside the old one: the first token of it makes it known.
    scene.server.serves(scene.served(&[0, 1])).await;
    assert_eq!(scene.status(1, "1").await, 404);
    assert_eq!(scene.status(0, "0").await, 404);
    assert_eq!(scene.server.asked(), 2);
    // Whoever makes ids up has the issuer asked no more within the minute.
    for id in ["2", "3", "../../keys", "' OR 1=1 --", ""] {
        assert_eq!(scene.status(1, id).await, 401, "{id}");
    }
    assert_eq!(scene.server.asked(), 2);
    // The right id of the wrong key.
    assert_eq!(scene.status(1, "0").await, 401);
}

#[tokio::test]
async fn many_at_once_ask_the_issuer_once() {
    let scene = Arc::new(Scene::start().await);
    scene.server.serves(scene.served(&[0])).await;
    for (number, id, expected) in [(0, "0", 404), (1, "1", 401)] {
        let before = scene.server.asked();
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let scene = scene.clone();
            asking.spawn(async move { scene.status(number, id).await });
        }
        assert_eq!(asking.join_all().await, [expected; 20]);
        assert_eq!(scene.server.asked(), before + 1, "{id}");
    }
}

#[tokio::test]
async fn the_last_good_keys_count_on_while_their_issuer_is_down() {
    let scene = Scene::start().await;
    scene.server.serves(scene.served(&[0])).await;
    assert_eq!(scene.status(0, "0").await, 404);
    let twice = Served::Keys(json!([scene.public(0), scene.public(0), scene.public(1)]));
    for served in [Served::Down, twice] {
        scene.server.serves(served).await;
        for _ in 0..3 {
            assert_eq!(scene.status(1, "1").await, 401);
            assert_eq!(scene.status(0, "0").await, 404);
        }
    }
    assert_eq!(scene.server.asked(), 2);
}

/// Nobody can tell whether the token is good: that is no fault of who sent it.
#[tokio::test]
async fn without_keys_nobody_is_told_that_a_token_is_bad() {
    let scene = Scene::start().await;
    for _ in 0..3 {
        let answer = scene.answer(0, "0").await.expect(503);
        assert_eq!(answer.header("retry-after"), "1");
    }
    assert_eq!(scene.server.asked(), 1);
}

#[tokio::test]
async fn what_is_no_set_of_public_keys_is_refused_whole() {
    let mut scene = Scene::start().await;
    let good = scene.public(0);
    let also = |key: Value| Served::Keys(json!([good, key]));
    let mut secret = scene.public(1);
    secret["d"] = json!("c2VjcmV0");
    let padding = "x".repeat(64 << 10);
    let other = KeyServer::start(scene.served(&[0])).await;
    for (served, why) in [
        (also(good.clone()), "a key id twice"),
        (also(secret), "a private key"),
        (
            also(json!({"kty": "oct", "kid": "2", "k": "c2VjcmV0"})),
            "a shared key",
        ),
        (Served::Text("<html>".to_owned()), "no JSON"),
        (
            Served::Text(json!({"keys": [good], "padding": padding}).to_string()),
            "more than 64 KiB",
        ),
        (Served::Elsewhere(other.address.clone()), "a redirect"),
        (Served::Late, "too late"),
    ] {
        scene.server.serves(served).await;
        // Another platform, which has not asked yet.
        scene.origin = platform(&scene.stage, &scene.server.address, &[]).await;
        let started = Instant::now();
        assert_eq!(scene.status(0, "0").await, 503, "{why}");
        assert!(started.elapsed() < Duration::from_secs(5), "{why}");
    }
    assert_eq!(other.asked(), 0);
}

/// ID tokens and access tokens of a sign-in are checked with the same keys.
#[tokio::test]
async fn people_sign_in_where_keys_are_served() {
    let stage = Stage::start().await;
    let page = format!("/v1/dpps/{}", stage.seeded().await.batteries[0].passport);
    stage.provide("economic-operator", "voltwerk");
    let given = configuration(&stage, None, &[]);
    let server = KeyServer::start(Served::Keys(given[0]["jwks"]["keys"].clone())).await;
    let providers = local::sign_in_configuration(stage.provider, "");
    let providers: Value = serde_json::from_str(&providers).unwrap();
    for (roles, status) in [(&[][..], 303), (&["economic-operator"], 403)] {
        let issuers = configuration(&stage, Some(&server.address), roles);
        let origin = stage.with_providers(&issuers, &providers).await;
        let mut browser = stage.browser();
        let begin = format!("{origin}/v1/sign-in?return={page}");
        let begun = browser.open(&begin).await.expect(303);
        let back = browser.at_the_provider(begun.header("location")).await;
        let back = back.replace(&stage.origin, &origin);
        let signed_in = browser.open(&back).await.expect(status);
        // What a browser keeps is bound to no key: it does not stand in for a token that has to be.
        assert_eq!(
            signed_in.status == 303,
            browser.cookies.contains_key("session")
        );
    }
    assert_eq!(server.asked(), 2);
}

/// A token that is bound to the key of its holder.
struct Bound {
    stage: Stage,
    holder: Holder,
    token: String,
    url: String,
}

impl Bound {
    async fn start() -> Self {
        let stage = Stage::start().await;
        let holder = Holder::open(&stage.data().join("holder-key")).unwrap();
        let token = stage.running.issuer.bound_token(&maker(), &holder).unwrap();
        let url = format!("{}{PARTNERS_ONLY}", stage.origin);
        Self {
            stage,
            holder,
            token,
            url,
        }
    }

    fn proof(&self) -> String {
        self.holder.proof("GET", &self.url, &self.token)
    }

    /// A proof whose claims are good but for one.
    fn proof_with(&self, name: &str, value: Value) -> String {
        let mut claims = self.holder.proof_claims("GET", &self.url, &self.token);
        claims[name] = value;
        self.holder.signed(&self.holder.proof_header(), &claims)
    }

    async fn get(&self, scheme: &str, token: &str, proofs: &[&str]) -> Answer {
        let mut headers = vec![("authorization", format!("{scheme} {token}"))];
        headers.extend(proofs.iter().map(|proof| ("dpop", (*proof).to_owned())));
        ask(&self.stage, "GET", &self.stage.origin, &headers).await
    }
}

fn challenges(answer: &Answer) -> Vec<&str> {
    let challenges = answer.headers.get_all("www-authenticate").iter();
    challenges.map(|one| one.to_str().unwrap()).collect()
}

const REFUSED_TOKEN: [&str; 2] = [
    "Bearer error=\"invalid_token\"",
    "DPoP error=\"invalid_token\", algs=\"ES256 EdDSA\"",
];
const REFUSED_PROOF: [&str; 1] = ["DPoP error=\"invalid_dpop_proof\", algs=\"ES256 EdDSA\""];

#[tokio::test]
async fn a_bound_token_counts_with_a_proof_and_each_proof_once() {
    let bound = Bound::start().await;
    let (token, proof) = (&bound.token, bound.proof());
    assert_eq!(bound.get("DPoP", token, &[&proof]).await.status, 404);
    let again = bound.get("DPoP", token, &[&proof]).await.expect(401);
    assert_eq!(challenges(&again), REFUSED_PROOF);
    assert!(
        again.text.contains("the proof came before"),
        "{}",
        again.text
    );
    // The same id in another proof, and the scheme in other letters.
    let id = bound.proof_with("jti", json!("one"));
    let later = bound.proof_with("jti", json!("one"));
    assert_eq!(bound.get("dpop", token, &[&id]).await.status, 404);
    assert_eq!(bound.get("dpop", token, &[&later]).await.status, 401);
    // An address in another spelling, with what is asked for.
    let url = bound
        .url
        .replace("http://", "HTTP://")
        .replace("/units", "/%75nits");
    let spelt = bound.proof_with("htu", json!(format!("{url}?more=1#top")));
    assert_eq!(bound.get("DPoP", token, &[&spelt]).await.status, 404);
    let rows = bound.stage.table("requests").await;
    let keys = rows.iter().map(|row| row["pk"].as_s().unwrap());
    let seen = format!("DPOP#{}#", bound.holder.thumbprint());
    assert_eq!(keys.filter(|key| key.starts_with(&seen)).count(), 3);
}

/// Everywhere a bearer token is taken: to write, too.
#[tokio::test]
async fn a_bound_token_writes() {
    let bound = Bound::start().await;
    let url = format!("{}/v1/models", bound.stage.origin);
    let body = json!({"category": "ev", "reason": "type released", "data": tests::sample_model()});
    let headers = [
        ("authorization", format!("DPoP {}", bound.token)),
        ("dpop", bound.holder.proof("POST", &url, &bound.token)),
        ("idempotency-key", uuid::Uuid::new_v4().to_string()),
    ];
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let public = bound.stage.public();
    let made = public
        .call("POST", "/v1/models", &headers, Some(&body))
        .await;
    assert!(
        made.expect(201)
            .header("location")
            .starts_with("/v1/models/")
    );
}

#[tokio::test]
async fn a_proof_is_of_its_request_its_token_and_its_key() {
    let bound = Bound::start().await;
    let issuer = &bound.stage.running.issuer;
    let (token, url) = (&bound.token, &bound.url);
    let other = Holder::open(&bound.stage.data().join("other-key")).unwrap();
    let newer = issuer.bound_token(&maker(), &bound.holder).unwrap();
    let now = web::now().as_second();
    let host = |host: &str| url.replace("127.0.0.1", host);
    for (name, value) in [
        ("htm", json!("POST")),
        ("htu", json!(host("evil.example"))),
        ("htu", json!(format!("{url}/labels"))),
        ("htu", json!(url.replace("http://", "https://"))),
        ("iat", json!(now - 100)),
        ("iat", json!(now + 100)),
        ("ath", json!("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo")),
        ("jti", json!("")),
    ] {
        let proof = bound.proof_with(name, value);
        let answer = bound.get("DPoP", token, &[&proof]).await.expect(401);
        assert_eq!(challenges(&answer), REFUSED_PROOF, "{name}");
        // The fault comes in words, and the problem is described as every other.
        assert!(
            answer.json()["detail"].as_str().unwrap().contains("proof"),
            "{}",
            answer.text
        );
    }
    // A good proof of somebody else, and one of this holder for another token of the same.
    let foreign = other.proof("GET", url, token);
    let answer = bound.get("DPoP", token, &[&foreign]).await.expect(401);
    assert_eq!(challenges(&answer), REFUSED_TOKEN);
    let answer = bound
        .get("DPoP", &newer, &[&bound.proof()])
        .await
        .expect(401);
    assert_eq!(challenges(&answer), REFUSED_PROOF);
    for proofs in [
        &[][..],
        &[""],
        &["a.b.c"],
        &[bound.proof().as_str(), bound.proof().as_str()],
    ] {
        let answer = bound.get("DPoP", token, proofs).await.expect(401);
        assert_eq!(challenges(&answer), REFUSED_PROOF, "{proofs:?}");
    }
    // Nothing of all that is remembered.
    assert!(bound.stage.table("requests").await.is_empty());
}

#[tokio::test]
async fn a_token_is_sent_as_it_is_bound() {
    let bound = Bound::start().await;
    let unbound = bound.stage.running.issuer.token(&maker()).unwrap();
    assert_eq!(bound.get("Bearer", &unbound, &[]).await.status, 404);
    assert_eq!(
        bound
            .get("Bearer", &unbound, &[&bound.proof()])
            .await
            .status,
        404
    );
    let proof = bound.holder.proof("GET", &bound.url, &unbound);
    for (scheme, token, proofs) in [
        ("Bearer", &bound.token, &[][..]),
        ("Bearer", &bound.token, &[bound.proof().as_str()]),
        ("DPoP", &unbound, &[proof.as_str()]),
    ] {
        let answer = bound.get(scheme, token, proofs).await.expect(401);
        assert_eq!(challenges(&answer), REFUSED_TOKEN);
    }
    let nobody = bound.stage.public().get(PARTNERS_ONLY).await.expect(401);
    assert_eq!(challenges(&nobody), ["Bearer", "DPoP algs=\"ES256 EdDSA\""]);
}

/// Where it is configured for a role, its tokens count with a proof only; those of others as they did.
#[tokio::test]
async fn a_role_can_be_told_to_bind_its_tokens() {
    let bound = Bound::start().await;
    let issuers = configuration(&bound.stage, None, &["economic-operator"]);
    let origin = bound.stage.with_providers(&issuers, &json!([])).await;
    let issuer = &bound.stage.running.issuer;
    let bearer = |token: String| [("authorization", format!("Bearer {token}"))];
    let maker = bearer(issuer.token(&maker()).unwrap());
    let answer = ask(&bound.stage, "GET", &origin, &maker).await.expect(401);
    assert_eq!(challenges(&answer), REFUSED_TOKEN);
    assert!(answer.text.contains("get one with DPoP"), "{}", answer.text);
    let headers = [
        ("authorization", format!("DPoP {}", bound.token)),
        ("dpop", bound.proof()),
    ];
    assert_eq!(
        ask(&bound.stage, "GET", &origin, &headers).await.status,
        404
    );
    let workshop = TokenRequest {
        role: "service-provider".to_owned(),
        organisation: "garage-nord".to_owned(),
        person: None,
    };
    let workshop = bearer(issuer.token(&workshop).unwrap());
    assert_ne!(
        ask(&bound.stage, "GET", &origin, &workshop).await.status,
        401
    );
}

/// Of a role whose tokens have to be bound, the operator's tool proves that it holds the key.
#[tokio::test(flavor = "multi_thread")]
async fn the_tool_proves_that_it_holds_the_key() {
    let binaries = tests::built(&["passport"]).await;
    let bound = Bound::start().await;
    let battery = bound.stage.seeded().await.batteries.remove(0);
    let key = bound.stage.data().join("holder-key");
    let export = |arguments: &[&str]| {
        let mut command = std::process::Command::new(binaries.join("passport"));
        let command = command.args(["export", &battery.passport, "--format", "json-ld", "--from"]);
        let command = command.arg(&bound.stage.origin).args(arguments);
        command
            .env("PASSPORT_TOKEN", &bound.token)
            .output()
            .unwrap()
    };
    let refused = export(&[]);
    assert!(!refused.status.success(), "{refused:?}");
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("401"), "{told}");
    let exported = export(&["--dpop-key", key.to_str().unwrap()]);
    assert!(exported.status.success(), "{exported:?}");
    let document: Value = serde_json::from_slice(&exported.stdout).unwrap();
    assert!(document.is_object());
    let absent = export(&["--dpop-key", "nowhere"]);
    let told = String::from_utf8(absent.stderr).unwrap();
    assert!(told.contains("there is no such key"), "{told}");
}
