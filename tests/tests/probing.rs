//! The platform checks itself in every role: what somebody does not see who should, or sees who should not, is found, and a release that
//! comes to that takes no traffic.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::post;
use probe::{AUTHORITY, Batteries, Door, INTERESTED, MAKER, Probe, Probed, STRANGER, Tokens};
use serde_json::{Value, json};
use storage::{Registrar, SigningKey};
use tests::{Function, Partner, Stage, text};
use tokio::sync::Mutex;

/// As long as the function has (`template.yaml`).
const PATIENCE: Duration = Duration::from_secs(900);

/// What a platform is checked with.
struct Checks {
    door: Door,
    tokens: Tokens,
    batteries: Batteries,
}

impl Checks {
    async fn of(stage: &Stage) -> Self {
        let registrar = Registrar {
            organisation: "operations".to_owned(),
            person: "registrar-1".to_owned(),
            reason: "checks of the platform".to_owned(),
        };
        let registered = local::register(stage.data(), probe::organisations(), &registrar);
        registered.await.unwrap();
        let key = SigningKey::file(&local::probe_key(stage.data())).unwrap();
        let (door, tokens) = (Door::http(&stage.origin).unwrap(), Tokens::new(key));
        let batteries = probe::make(&door, &tokens).await.unwrap();
        Self {
            door,
            tokens,
            batteries,
        }
    }

    fn probe(&self) -> Probe<'_> {
        Probe {
            door: &self.door,
            tokens: &self.tokens,
            batteries: &self.batteries,
        }
    }

    async fn partner<'s>(&self, stage: &'s Stage, role: &str, organisation: &str) -> Partner<'s> {
        let token = self.tokens.token(role, organisation).await.unwrap();
        let mut partner = stage.public();
        partner.token = Some(token);
        partner
    }
}

fn findings(probed: &Probed) -> String {
    let findings: Vec<String> = probed.findings.iter().map(ToString::to_string).collect();
    findings.join("\n")
}

#[tokio::test]
async fn who_sees_too_little_or_too_much_is_found() {
    let stage = Stage::start().await;
    let checks = Checks::of(&stage).await;
    let probe = checks.probe();
    let all = probe.reads_and_writes().await.unwrap();
    assert_eq!(findings(&all), "");
    assert!(all.requests > 1_000, "{}", all.requests);

    // An interest that is recognised no more.
    let authority = checks
        .partner(&stage, "market-surveillance", AUTHORITY)
        .await;
    let asking = checks.partner(&stage, "service-provider", INTERESTED).await;
    let requests = asking.get("/v1/access-requests").await.expect(200).json();
    let mut requests = requests["requests"].as_array().unwrap().iter();
    let repairer = requests.find(|it| it["purpose"] == "repairer").unwrap();
    let revocation = format!("/v1/access-requests/{}/revocation", text(repairer, "id"));
    let why = json!({"reason": "to see whether it is found"});
    let _ = authority.post(&revocation, &why).await.expect(200);
    let found = findings(&probe.reads().await.unwrap());
    let who = "service-provider as repairer (none, published): does not see";
    assert!(found.contains(&format!("{who} /circularity")), "{found}");
    assert!(found.contains("of class 4"), "{found}");
    assert_eq!(found.lines().count(), 2, "{found}");

    // A class that is opened to somebody.
    let maker = checks.partner(&stage, "economic-operator", MAKER).await;
    let grant = json!({
        "to": STRANGER, "of": {"organisation": MAKER}, "right": "reading", "classes": [3],
        "purpose": "a mistake", "until": "2027-06-30T00:00:00Z", "reason": "a mistake",
    });
    let _ = maker.post("/v1/grants", &grant).await.expect(201);
    let found = findings(&probe.reads().await.unwrap());
    let who = "supplier (none, published): sees /conformity";
    assert!(found.contains(who), "{found}");

    // Attributes that are there no more.
    let mut fewer = checks.batteries.clone();
    *fewer.attributes.get_mut(&2).unwrap() += 1;
    let fewer = Probe {
        batteries: &fewer,
        ..checks.probe()
    };
    let found = findings(&fewer.reads().await.unwrap());
    assert!(found.contains("attributes of class 2 are there"), "{found}");
}

#[tokio::test]
async fn the_checks_touch_nothing_that_is_anybodys() {
    let stage = Stage::start().await;
    let checks = Checks::of(&stage).await;
    let seeded = stage.seeded().await;
    let passport = format!("/v1/dpps/{}", seeded.batteries[0].passport);
    let authority = checks
        .partner(&stage, "market-surveillance", AUTHORITY)
        .await;
    let public = stage.public().get(&passport).await.expect(200).json();
    let seen = authority.get(&passport).await.expect(200).json();
    assert_eq!(seen, public);
    let real = stage.partner("market-surveillance", "authority");
    assert_ne!(real.get(&passport).await.expect(200).json(), public);

    let recall = json!({"type": "recall", "reason": "a stolen key"});
    let refused = authority.post(&format!("{passport}/events"), &recall).await;
    let refused = refused.expect(403).json();
    assert!(text(&refused, "detail").contains("checks"), "{refused}");
    // Requests of others are neither seen nor decided.
    let garage = stage.partner("service-provider", "garage-nord");
    let theirs = garage.get("/v1/access-requests").await.expect(200).json();
    let theirs = text(&theirs["requests"][0], "id");
    let list = authority.get("/v1/access-requests").await.expect(200).text;
    assert!(!list.contains(&theirs), "{list}");
    let _ = authority
        .get(&format!("/v1/access-requests/{theirs}"))
        .await
        .expect(404);
    let why = json!({"reason": "a stolen key"});
    let revocation = format!("/v1/access-requests/{theirs}/revocation");
    let refused = authority.post(&revocation, &why).await.status;
    assert!([403, 404].contains(&refused), "{refused}");
    // Nor is what a request rests on.
    let proof = garage.evidence(b"entry in the register", 0).await;
    let body = json!({"purpose": "repairer", "reason": "again", "evidence": [proof]});
    let _ = garage.post("/v1/access-requests", &body).await.expect(201);
    let proof = format!("/v1/evidence/{proof}");
    let _ = real.get(&proof).await.expect(200);
    let _ = authority.get(&proof).await.expect(404);
    // Rights and responsibility pass neither to them nor from them.
    let grant = |to: &str, of: &str| {
        json!({
            "to": to, "of": {"organisation": of}, "right": "reading", "classes": [2], "purpose": "a mistake",
            "until": "2027-06-30T00:00:00Z", "reason": "a mistake",
        })
    };
    let maker = stage.partner("economic-operator", "voltwerk");
    let to = grant(STRANGER, "voltwerk");
    let _ = maker.post("/v1/grants", &to).await.expect(403);
    let synthetic = checks.partner(&stage, "economic-operator", MAKER).await;
    let from = grant("garage-nord", MAKER);
    let _ = synthetic.post("/v1/grants", &from).await.expect(403);
    let offer = json!({"to": STRANGER, "purpose": "takeover", "reason": "a mistake"});
    let offered = maker.post(&format!("{passport}/transfers"), &offer).await;
    let _ = offered.expect(403);
    // Nor is there a token of the role that is for persons alone.
    let operating = checks.partner(&stage, "platform-operator", AUTHORITY).await;
    let suspension = "/v1/organisations/garage-nord/suspensions";
    let _ = operating.post(suspension, &why).await.expect(403);
    // An organisation of anybody else asserts nothing of theirs, and their issuer nobody else.
    let foreign = checks
        .partner(&stage, "market-surveillance", "authority")
        .await;
    let _ = foreign.get("/v1/access-requests").await.expect(403);
}

/// Lambda and CodeDeploy, as far as a release needs them.
#[derive(Clone)]
struct Cloud {
    functions: Arc<BTreeMap<&'static str, Mutex<Function>>>,
    told: Arc<Mutex<Vec<Value>>>,
}

async fn invoked(State(cloud): State<Cloud>, Path(function): Path<String>, event: Bytes) -> String {
    let name = if function.contains(":reader:7") {
        "reader"
    } else {
        "updater"
    };
    let event = serde_json::from_slice(&event).unwrap();
    let mut function = cloud.functions[name].lock().await;
    function.invoke(event).await.to_string()
}

async fn deployed(State(cloud): State<Cloud>, headers: HeaderMap, body: Bytes) -> String {
    assert_eq!(
        headers["x-amz-target"],
        "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"
    );
    let told: Value = serde_json::from_slice(&body).unwrap();
    cloud.told.lock().await.push(told.clone());
    json!({"lifecycleEventHookExecutionId": told["lifecycleEventHookExecutionId"]}).to_string()
}

impl Cloud {
    async fn start(&self) -> String {
        let app = Router::new()
            .route(
                "/2015-03-31/functions/{function}/invocations",
                post(invoked),
            )
            .route("/", post(deployed))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_takes_traffic_only_where_everybody_sees_what_is_theirs() {
    let binaries = tests::built(&["probe", "reader", "updater"]).await;
    let stage = Stage::start().await;
    let checks = Checks::of(&stage).await;
    let mut functions = BTreeMap::new();
    for name in ["reader", "updater"] {
        let function = Function::start(&binaries.join(name), &stage.function_environment()).await;
        functions.insert(name, Mutex::new(function));
    }
    let cloud = Cloud {
        functions: Arc::new(functions),
        told: Arc::default(),
    };
    let address = cloud.start().await;
    let key = local::probe_key(stage.data())
        .to_string_lossy()
        .into_owned();
    let batteries = serde_json::to_string(&checks.batteries).unwrap();
    let mut environment = stage.function_environment();
    let arn = |name: &str| format!("arn:aws:lambda:eu-central-1:000000000000:function:{name}:7");
    environment.extend([
        ("AWS_ENDPOINT_URL_LAMBDA", address.clone()),
        ("AWS_ENDPOINT_URL_CODEDEPLOY", address),
        ("READER_VERSION", arn("reader")),
        ("UPDATER_VERSION", arn("updater")),
        ("PROBE_KEY_FILE", key),
        ("PROBE_BATTERIES", batteries),
    ]);
    let release = json!({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "hook-1"});
    let mut function = Function::start(&binaries.join("probe"), &environment).await;
    let passed = function.invoke_within(PATIENCE, release.clone()).await;
    assert_eq!(passed["findings"], 0);
    assert!(passed["requests"].as_u64().unwrap() > 1_000, "{passed}");

    let garage = checks.partner(&stage, "economic-operator", MAKER).await;
    let grant = json!({
        "to": STRANGER, "of": {"organisation": MAKER}, "right": "reading", "classes": [3],
        "purpose": "a mistake", "until": "2027-06-30T00:00:00Z", "reason": "a mistake",
    });
    let _ = garage.post("/v1/grants", &grant).await.expect(201);
    let failed = function.invoke_within(PATIENCE, release.clone()).await;
    assert!(failed["findings"].as_u64().unwrap() > 0, "{failed}");
    // Where nothing was made yet there is nothing to hold a release up with.
    let unmade = |(name, value): (&'static str, String)| match name {
        "PROBE_BATTERIES" => (name, String::new()),
        _ => (name, value),
    };
    let unmade: Vec<_> = environment.clone().into_iter().map(unmade).collect();
    let mut unprepared = Function::start(&binaries.join("probe"), &unmade).await;
    assert_eq!(unprepared.invoke(release).await["requests"], 0);
    let told = cloud.told.lock().await.clone();
    let statuses: Vec<&str> = told
        .iter()
        .map(|it| it["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["Succeeded", "Failed", "Succeeded"]);
    assert_eq!(told[0]["deploymentId"], "d-1");
    assert_eq!(told[0]["lifecycleEventHookExecutionId"], "hook-1");

    // On a schedule, at the front door.
    environment.push(("PROBE_ADDRESS", stage.origin.clone()));
    let mut scheduled = Function::start(&binaries.join("probe"), &environment).await;
    let found = scheduled.invoke(json!({"source": "aws.events"})).await;
    assert!(found["findings"].as_u64().unwrap() > 0, "{found}");
}
