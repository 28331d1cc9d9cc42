//! A restricted value leaves by no side door: each is tried in each role, and every byte of every answer, of what is published and
//! of the log is looked through for values that the role may not read.

mod canaries;
mod doors;
mod rights;
mod scene;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use canaries::{READERS, Reader};
use doors::{Door, doors};
use futures_util::StreamExt;
use scene::Scene;
use storage::Log;
use tests::{Answer, Partner, Stage};
use tracing_subscriber::EnvFilter;

/// What the process logs, as its functions would.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Logged {
    /// From now on: what the deployed functions log, and all that they would with more asked of them.
    fn start() -> Self {
        let logged = Self::default();
        let writer = logged.clone();
        let ours = "info,web=trace,reader=trace,updater=trace,allocator=trace,resolver=trace,storage=trace,access=trace";
        tracing_subscriber::fmt()
            .json()
            .with_env_filter(EnvFilter::new(ours))
            .with_writer(move || writer.clone())
            .init();
        logged
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// A text with what is in it as base64url, where events keep what they disclose.
fn laid_open(text: &str) -> String {
    let is_encoded = |one: char| one.is_ascii_alphanumeric() || "-_".contains(one);
    let mut all = text.to_owned();
    for run in text
        .split(|one| !is_encoded(one))
        .filter(|run| run.len() >= 24)
    {
        if let Ok(bytes) = URL_SAFE_NO_PAD.decode(run) {
            all.push('\n');
            all.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    all
}

/// Every byte of an answer: its headers, too.
fn everything(answer: &Answer) -> String {
    let headers = answer.headers.iter();
    let headers = headers
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    laid_open(&(headers.collect::<String>() + &answer.text))
}

fn caller(stage: &Stage, reader: Reader) -> Partner<'_> {
    match reader {
        Reader { role: "", .. } => stage.public(),
        Reader {
            is_another: true, ..
        } => stage.person(reader.role, reader.organisation, "another@fleet"),
        _ => stage.partner(reader.role, reader.organisation),
    }
}

async fn tried(stage: &Stage, token: Option<&str>, door: Door) -> (Door, Answer) {
    let address = format!("{}{}", stage.origin, door.path);
    let mut request = stage.client.request(door.method.parse().unwrap(), address);
    for (name, value) in &door.headers {
        request = request.header(*name, value);
    }
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = &door.body {
        let key = uuid::Uuid::new_v4().to_string();
        request = request.header("idempotency-key", key).json(body);
    }
    let answer = tests::read(request.send().await.unwrap()).await;
    (door, answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_comes_across_what_it_may_read_and_nothing_else() {
    let logged = Logged::start();
    let scene = Scene::set().await;
    let (stage, planted) = (&scene.stage, &scene.planted.0);
    let (mut leaks, mut seen, mut statuses) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
    let mut tokens = Vec::new();
    let began = std::time::Instant::now();
    for reader in READERS {
        let token = caller(stage, reader).token;
        let doors = doors(reader, &scene.ids).into_iter();
        let answers = doors.map(|door| tried(stage, token.as_deref(), door));
        let mut answers = futures_util::stream::iter(answers).buffer_unordered(8);
        while let Some((door, answer)) = answers.next().await {
            *statuses.entry(answer.status).or_insert(0) += 1;
            let all = everything(&answer);
            for canary in planted.iter().filter(|canary| all.contains(&canary.text)) {
                match reader.may_see(canary) {
                    true => drop(seen.insert(&canary.text)),
                    false => leaks.push(format!("{reader:?} sees {canary:?}: {door:?}")),
                }
            }
            if token.as_ref().is_some_and(|token| all.contains(token)) {
                leaks.push(format!("{reader:?} is sent its token: {door:?}"));
            }
        }
        eprintln!("{reader:?} {statuses:?} {:?}", began.elapsed());
        tokens.extend(token.clone());
    }
    assert!(leaks.is_empty(), "{}:\n{}", leaks.len(), leaks.join("\n"));
    // What was found nowhere was looked for in vain.
    let told = planted.iter().filter(|canary| canary.is_told);
    let unseen: Vec<_> = told.filter(|canary| !seen.contains(&canary.text)).collect();
    assert!(unseen.is_empty(), "{unseen:#?}");
    // A door that nothing comes out of proves little.
    assert!(
        statuses[&200] > 1_000 && statuses[&403] > 500,
        "{statuses:?}"
    );
    assert!(!statuses.contains_key(&500), "{statuses:?}");

    for (place, bytes) in published(stage).await {
        let text = laid_open(&String::from_utf8_lossy(&bytes));
        let found = planted.iter().find(|canary| text.contains(&canary.text));
        assert!(found.is_none(), "{place} has {found:?}");
    }
    let logged = laid_open(&logged.text());
    let found = planted.iter().find(|canary| logged.contains(&canary.text));
    assert!(found.is_none(), "the log has {found:?}");
    for token in tokens {
        let signature = token.rsplit('.').next().unwrap();
        assert!(!logged.contains(signature), "the log has a token");
    }
}

/// Everything that is published: copies of what is public, pages, and both logs.
async fn published(stage: &Stage) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for key in stage.published_keys().await {
        let object = stage.s3().get_object().bucket("public").key(&key);
        let object = object.send().await.unwrap().body.collect().await.unwrap();
        all.push((key, object.to_vec()));
    }
    assert!(!all.is_empty());
    for log in [Log::Changes, Log::Reads] {
        let _ = stage.sequenced(log).await;
        let files = stage.whole_log(log).await;
        assert!(!files.entries.is_empty());
        all.extend(files.files);
    }
    all
}
