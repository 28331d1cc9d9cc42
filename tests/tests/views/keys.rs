//! The keys that sign: kept in a key service, changed, or an operator's own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{KeyPair, PublicKeyData, SigningKey};
use serde_json::{Value, json};
use storage::Log;
use tests::{Function, OwnKey, Partner, Stage, text};
use verify::Verdict;

use super::{correct, keys_of, own, serial, signatures, signed, swept, verified};

/// What AWS KMS answers for Ed25519 keys, as far as it is asked here.
#[derive(Clone, Default)]
struct KeyService(Arc<Mutex<Keys>>);

#[derive(Default)]
struct Keys {
    keys: Vec<KeyPair>,
    aliases: BTreeMap<String, usize>,
    is_down: bool,
    /// Which key each signature was asked of.
    signed: Vec<String>,
}

/// DER before an Ed25519 public key (RFC 8410 §10.1).
const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

fn arn(key: usize) -> String {
    format!("arn:aws:kms:eu-central-1:000000000000:key/{key}")
}

impl KeyService {
    async fn start(&self) -> String {
        let router = Router::new().fallback(asked).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        endpoint
    }

    /// Makes a key, and points an alias to it.
    fn point(&self, alias: &str) {
        let mut keys = self.0.lock().unwrap();
        let key = keys.keys.len();
        let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        keys.keys.push(pair);
        let _ = keys.aliases.insert(alias.to_owned(), key);
    }

    fn is_down(&self, down: bool) {
        self.0.lock().unwrap().is_down = down;
    }

    fn signed(&self) -> Vec<String> {
        self.0.lock().unwrap().signed.clone()
    }
}

async fn asked(
    State(service): State<KeyService>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let mut keys = service.0.lock().unwrap();
    let name = text(&asked, "KeyId");
    let known = keys.aliases.get(&name).copied();
    let known = known.or_else(|| (0..keys.keys.len()).find(|key| arn(*key) == name));
    let Some(known) = known.filter(|_| !keys.is_down) else {
        let fault = json!({"__type": "NotFoundException", "message": "no such key"});
        return (StatusCode::BAD_REQUEST, fault.to_string());
    };
    let pair = &keys.keys[known];
    let answer = match headers["x-amz-target"].to_str().unwrap() {
        "TrentService.GetPublicKey" => {
            let der = [&PREFIX[..], pair.der_bytes()].concat();
            json!({"KeyId": arn(known), "PublicKey": STANDARD.encode(der)})
        }
        "TrentService.Sign" => {
            assert_eq!(asked["SigningAlgorithm"], "ED25519_SHA_512");
            assert_eq!(asked["MessageType"], "RAW");
            let message = STANDARD.decode(text(&asked, "Message")).unwrap();
            let signature = pair.sign(&message).unwrap();
            keys.signed.push(name);
            json!({"KeyId": arn(known), "Signature": STANDARD.encode(signature)})
        }
        other => panic!("`{other}` is not asked of a key service here"),
    };
    (StatusCode::OK, answer.to_string())
}

#[tokio::test]
async fn in_the_cloud_the_key_is_the_one_that_the_operators_alias_leads_to() {
    let binaries = tests::built(&["publisher"]).await;
    let stage = Stage::start().await;
    stage.running.stop_publishing();
    let battery = stage.seeded().await.batteries.remove(0);
    let service = KeyService::default();
    let alias = format!("alias/{}-view-{}", local::PREFIX, battery.organisation);
    service.point(&alias);
    let mut environment = stage.function_environment();
    environment.retain(|(name, _)| *name != "OPERATOR_KEY_FOLDER");
    environment.push(("AWS_ENDPOINT_URL_KMS", service.start().await));
    let mut function = Function::start(&binaries.join("publisher"), &environment).await;
    let maker = stage.partner("economic-operator", &battery.organisation);
    let mut subjects = vec![format!("P#{}", battery.passport)];
    for (level, prefix) in [("model", "M#"), ("batch", "B#")] {
        let product = maker.beneath(&battery.passport, level).await;
        subjects.push(format!("{prefix}{}", product.rsplit('/').next().unwrap()));
    }
    let record = |subject: &String| json!({"dynamodb": {"Keys": {"pk": {"S": subject}}, "SequenceNumber": subject}});
    let stream = json!({"Records": subjects.iter().map(record).collect::<Vec<_>>()});

    // Without the key the view goes out, and Lambda hands the records over again.
    service.is_down(true);
    let heard = function.invoke(stream.clone()).await;
    let failed = heard["batchItemFailures"].as_array().unwrap().iter();
    let failed: Vec<String> = failed.map(|one| text(one, "itemIdentifier")).collect();
    assert_eq!(failed, subjects);
    let copy = format!("json/en/{}", battery.unit);
    assert!(stage.published(&copy).await.is_some());
    let path = format!("/v1/dpps/{}/signatures", battery.passport);
    let _ = stage.public().get(&path).await.expect(404);

    service.is_down(false);
    let none = json!({"batchItemFailures": []});
    assert_eq!(function.invoke(stream.clone()).await, none);
    let _ = stage.sequenced(Log::Changes).await;
    let views = signatures(&stage, &battery.passport).await.json();
    let report = verified(&stage, &views, &[&battery.organisation]).await;
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    let before = service.signed();
    assert!(before.iter().all(|key| *key == arn(0)), "{before:?}");

    // Another key: what the first one signed stays as it is, and verifies.
    service.point(&alias);
    correct(&maker, &battery.passport, serial("EV-LATER")).await;
    assert_eq!(function.invoke(stream.clone()).await, none);
    let after = service.signed();
    assert_eq!(after[before.len()..], [arn(1)]);
    // Nothing is left to sign.
    assert_eq!(function.invoke(stream).await, none);
    assert_eq!(service.signed(), after);
    let _ = stage.sequenced(Log::Changes).await;
    let views = signatures(&stage, &battery.passport).await.json();
    let keys = keys_of(&stage, &battery.organisation).await;
    assert_eq!(keys.matches("\"kid\"").count(), 2);
    let report = verified(&stage, &views, &[&battery.organisation]).await;
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    let _ = stage
        .public()
        .get("/v1/operators/nobody/keys")
        .await
        .expect(404);
}

#[tokio::test]
async fn an_operator_with_a_key_of_its_own_signs_itself_and_nobody_else_for_it() {
    let stage = Stage::start().await;
    let (battery, publisher) = signed(&stage).await;
    let maker = stage.partner("economic-operator", &battery.organisation);
    let key = OwnKey::default();
    stage.signs_itself(&battery.organisation, &key).await;
    correct(&maker, &battery.passport, serial("EV-OWN")).await;
    assert_eq!(swept(&publisher).await.failed, 0);
    let _ = stage.sequenced(Log::Changes).await;
    let answer = signatures(&stage, &battery.passport).await;
    assert_eq!(answer.header("cache-control"), "private, no-store");
    let views = answer.json();
    let view = own(&views);
    assert!(view["signature"].is_null());
    let report = verified(&stage, &views, &[&battery.organisation]).await;
    assert_eq!(report.verdict(), Verdict::Unchecked, "{report}");

    let version = &view["statement"]["version"];
    let path = format!("/v1/dpps/{}/versions/{version}/signature", battery.passport);
    let jws = key.sign(view);
    let put = async |partner: &Partner<'_>, signature: &str| {
        let body = json!({"signature": signature});
        partner.call("PUT", &path, &[], Some(&body)).await
    };
    for (stranger, status) in [
        (stage.public(), 401),
        (stage.partner("economic-operator", "hausspeicher"), 404),
        (stage.partner("market-surveillance", "authority"), 404),
    ] {
        let _ = put(&stranger, &jws).await.expect(status);
    }
    let attached = jws.replacen("..", ".e30.", 1);
    let mut of_another = view.clone();
    of_another["statement"]["version"] = json!(1);
    for (wrong, why) in [
        ("", "signature"),
        ("x..y", "expected a detached JWS"),
        (&attached, "expected a detached JWS"),
        (&OwnKey::default().sign(view), "in the header's `kid`"),
        (&key.sign(&of_another), "does not fit the statement"),
    ] {
        let refused = put(&maker, wrong).await.expect(400);
        assert!(refused.text.contains(why), "{wrong}: {}", refused.text);
    }
    let views = signatures(&stage, &battery.passport).await.json();
    assert!(own(&views)["signature"].is_null());

    let _ = put(&maker, &jws).await.expect(204);
    let _ = put(&maker, &jws).await.expect(204);
    let _ = put(&maker, &key.sign(view)).await.expect(409);
    let views = signatures(&stage, &battery.passport).await.json();
    assert_eq!(own(&views)["signature"], jws);
    let report = verified(&stage, &views, &[&battery.organisation]).await;
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    assert!(report.to_string().contains("(ES256)"));

    // Models too; what the platform signed before stays as it is.
    let model = maker.beneath(&battery.passport, "model").await;
    let first = format!("{model}/versions/1/signature");
    let body = json!({"signature": jws});
    let _ = maker
        .call("PUT", &first, &[], Some(&body))
        .await
        .expect(409);
    let change = json!({"type": "correction", "reason": "misspelt", "changes": {"identification": {"modelName": "Own 60"}}});
    let _ = maker.change_product(&model, &change).await.expect(200);
    let _ = swept(&publisher).await;
    let second = format!("{model}/versions/2/signature");
    let waiting = maker.get(&second).await.expect(200).json();
    let body = json!({"signature": key.sign(&waiting["views"][0])});
    let _ = maker
        .call("PUT", &second, &[], Some(&body))
        .await
        .expect(204);
    let _ = stage.public().get(&second).await.expect(401);
    let path = format!(
        "/v1/dpps/{}/versions/2/signature?level=model",
        battery.passport
    );
    let _ = stage.public().get(&path).await.expect(403);
    let _ = maker.get(&path).await.expect(200);
}
