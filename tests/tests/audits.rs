//! What is audited is signed, and stamped by a clock that is nobody's here; whoever verifies that needs nothing of ours.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use auditor::{Auditor, Authority};
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use ledger::Timestamp;
use storage::{Bucket, Log, SigningKey};
use tempfile::TempDir;
use tests::{Function, Stage, found};

/// The auditor of a platform.
async fn auditor(stage: &Stage) -> Auditor {
    let mut logs = Vec::new();
    for log in Log::ALL {
        logs.push(stage.verifier_key(log).await);
    }
    let site = web::Site {
        log_host: stage.running.log_host.clone(),
        host: stage.running.log_host.clone(),
        https: false,
        market: false,
        recycling_reversal_days: web::RECYCLING_REVERSAL_DAYS,
    };
    let key = SigningKey::file(&stage.data().join("audit-key")).unwrap();
    Auditor::new(stage.running.store.clone(), &site, logs, key).unwrap()
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_millisecond(web::now().as_millisecond() + seconds * 1_000)
}

/// What the auditor found whole it cosigns, and a policy can ask for that; what it did not, it does not.
#[tokio::test(flavor = "multi_thread")]
async fn an_audit_is_signed_and_only_of_what_is_whole() {
    let binaries = tests::built(&["auditor"]).await;
    let stage = Stage::with_a_past().await.0;
    let environment = stage.function_environment();
    let mut function = Function::start(&binaries.join("auditor"), &environment).await;
    let event = include_str!("../../events/auditor-scheduled.json");
    let audited = function.invoke(serde_json::from_str(event).unwrap()).await;
    let counted = local::audit(stage.data()).await.unwrap();
    assert_eq!(audited["events"], counted.events);
    assert_eq!(audited["entries"]["log"], counted.entries["log"]);

    for log in Log::ALL {
        let file = async |path: &str| {
            let file = stage.log_file(log, path).await.unwrap();
            String::from_utf8(file).unwrap()
        };
        let note = file("audits/newest").await;
        let auditor = file("audits/key").await;
        let key = stage.verifier_key(log).await;
        let policy = format!(
            "log {key}\nwitness auditor {}\nquorum auditor\n",
            auditor.trim()
        );
        let trust = verify::Trust::policy(&policy).unwrap();
        let report = verify::checkpoint(&note, &trust);
        assert_eq!(report.fault, None, "{report}");
        // What is served is not what was audited, until it was.
        let served = file("checkpoint").await;
        assert_ne!(verify::checkpoint(&served, &trust).fault, None);
    }

    let store = &stage.running.store;
    let auditor = auditor(&stage).await;
    let before = stage.log_file(Log::Changes, "audits/newest").await;
    let kept = store
        .object_names(Bucket::Archive, "log/audits/")
        .await
        .unwrap();
    let (_, passport) = stage.maker().draft().await;
    stage.sequenced(Log::Changes).await;
    stage
        .set_record(
            &format!("P#{passport}"),
            "0#HEAD",
            "organisation",
            "somebody",
        )
        .await;
    let later = later(5);
    let audit = auditor.audit(later).await.unwrap();
    assert!(found(&audit).contains(&passport), "{}", found(&audit));
    assert_eq!(stage.log_file(Log::Changes, "audits/newest").await, before);
    assert_eq!(
        store
            .object_names(Bucket::Archive, "log/audits/")
            .await
            .unwrap(),
        kept
    );
    stage
        .set_record(
            &format!("P#{passport}"),
            "0#HEAD",
            "organisation",
            "voltwerk",
        )
        .await;
    let audit = auditor.audit(later).await.unwrap();
    assert_eq!(found(&audit), "");
    assert_ne!(stage.log_file(Log::Changes, "audits/newest").await, before);
}

/// What an authority of one's own stamps with: OpenSSL.
struct OpenSsl {
    folder: TempDir,
}

impl OpenSsl {
    fn run(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let mut openssl = Command::new("openssl");
        let ran = openssl.current_dir(folder).args(arguments).output();
        let ran = ran.map_err(|error| error.to_string())?;
        match ran.status.success() {
            true => Ok(ran.stdout),
            false => Err(String::from_utf8_lossy(&ran.stderr).into_owned()),
        }
    }

    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let usage = "extendedKeyUsage=critical,timeStamping";
        let new = [
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "key",
            "-out",
            "certificate",
            "-days",
            "2",
            "-subj",
            "/CN=authority",
            "-addext",
            usage,
        ];
        Self::run(folder.path(), &new).unwrap();
        let configuration = "[tsa]\ndefault_tsa = own\n[own]\nserial = serial\nsigner_cert = certificate\nsigner_key = key\n\
             signer_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\ness_cert_id_alg = sha256\n";
        std::fs::write(folder.path().join("configuration"), configuration).unwrap();
        Self { folder }
    }

    fn stamp(&self, request: &[u8]) -> Vec<u8> {
        std::fs::write(self.folder.path().join("request"), request).unwrap();
        let reply = [
            "ts",
            "-reply",
            "-config",
            "configuration",
            "-queryfile",
            "request",
            "-out",
            "reply",
        ];
        Self::run(self.folder.path(), &reply).unwrap();
        std::fs::read(self.folder.path().join("reply")).unwrap()
    }

    fn verify(&self, text: &[u8], stamp: &[u8]) -> Result<Vec<u8>, String> {
        std::fs::write(self.folder.path().join("text"), text).unwrap();
        std::fs::write(self.folder.path().join("stamp"), stamp).unwrap();
        let verify = [
            "ts",
            "-verify",
            "-data",
            "text",
            "-in",
            "stamp",
            "-CAfile",
            "certificate",
        ];
        Self::run(self.folder.path(), &verify)
    }
}

/// What an authority answers.
#[derive(Clone, Copy, PartialEq)]
enum Answers {
    Stamps,
    WithTheFirst,
    Nothing,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_audited_is_stamped_by_another_clock() {
    let stage = Stage::with_a_past().await.0;
    let openssl = Arc::new(OpenSsl::new());
    let answers = Arc::new(Mutex::new(Answers::Stamps));
    let first: Arc<Mutex<Option<Vec<u8>>>> = Arc::default();
    let app = {
        let (openssl, answers) = (Arc::clone(&openssl), Arc::clone(&answers));
        post(async move |request: Bytes| {
            let stamp = openssl.stamp(&request);
            let first = first
                .lock()
                .unwrap()
                .get_or_insert_with(|| stamp.clone())
                .clone();
            match *answers.lock().unwrap() {
                Answers::Stamps => Ok(stamp),
                Answers::WithTheFirst => Ok(first),
                Answers::Nothing => Err(StatusCode::SERVICE_UNAVAILABLE),
            }
        })
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", app)).await });
    let auditor = auditor(&stage).await;
    let auditor = auditor.with_authority(Authority::at(&address).unwrap());

    let now = later(0);
    let audit = auditor.audit(now).await.unwrap();
    assert_eq!(found(&audit), "");
    for log in Log::ALL {
        let audited = format!("audits/{}", now.as_second());
        let note = stage.log_file(log, &audited).await.unwrap();
        let stamp = stage
            .log_file(log, &format!("{audited}.tsr"))
            .await
            .unwrap();
        openssl.verify(&note, &stamp).unwrap();
        let mut other = note.clone();
        other[0] ^= 1;
        assert!(openssl.verify(&other, &stamp).is_err());
        let kept = format!("{log}/{audited}.tsr");
        let kept = stage
            .running
            .store
            .stored_object(Bucket::Archive, &kept)
            .await;
        assert_eq!(kept.unwrap().unwrap().bytes, stamp);
        assert_eq!(Some(note), stage.log_file(log, "audits/newest").await);
    }
    // A stamp of something else, or none: what was found whole is signed all the same.
    for (seconds, answer) in [(5, Answers::WithTheFirst), (10, Answers::Nothing)] {
        *answers.lock().unwrap() = answer;
        let now = later(seconds);
        let audit = auditor.audit(now).await.unwrap();
        assert_eq!(found(&audit), "");
        let audited = format!("audits/{}", now.as_second());
        assert!(stage.log_file(Log::Changes, &audited).await.is_some());
        let stamp = stage
            .log_file(Log::Changes, &format!("{audited}.tsr"))
            .await;
        assert_eq!(stamp, None);
    }
}
