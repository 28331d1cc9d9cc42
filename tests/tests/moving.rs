//! An operator moves to another platform: its batteries, their history, evidence and proofs go along, and nothing of anybody else.

use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::AttributeValue;
use local::{Battery, Restored, Restoring};
use serde_json::json;
use storage::{Bucket, Log, Table};
use tempfile::TempDir;
use tests::{Partner, Stage};
use verify::{Trust, Verdict, VerifierKey};

const OPERATOR: &str = "voltwerk";

/// A platform where two operators have batteries, and both logs took everything in.
async fn lived_in() -> (Stage, Vec<Battery>, Vec<Battery>) {
    let stage = Stage::start().await;
    let seeded = stage.lived_in().await;
    for log in Log::ALL {
        stage.sequenced(log).await;
    }
    let of = seeded.batteries.into_iter();
    let (own, others): (Vec<_>, Vec<_>) = of.partition(|it| it.organisation == OPERATOR);
    assert!(own.len() > 1 && !others.is_empty());
    (stage, own, others)
}

struct Moved {
    folder: TempDir,
    data: TempDir,
    restored: Restored,
}

impl Moved {
    /// From one platform to another whose logs are named for this host.
    async fn out_of(stage: &Stage, log_host: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (to, keys) = (folder.path().join("moved"), folder.path().join("keys"));
        let moved = local::move_out(stage.data(), OPERATOR, &to, &keys).await;
        let moved = moved.unwrap();
        assert_eq!(moved.manifest.organisation.as_deref(), Some(OPERATOR));
        let data = tempfile::tempdir().unwrap();
        let restored = brought(folder.path(), data.path(), Some(log_host)).await;
        Self {
            folder,
            data,
            restored: restored.unwrap(),
        }
    }
}

async fn brought(folder: &Path, data: &Path, log_host: Option<&str>) -> Result<Restored, String> {
    let (from, keys) = (folder.join("moved"), folder.join("keys"));
    let restoring = Restoring {
        log_host,
        ..Restoring::default()
    };
    let restored = local::restore(&from, &keys, data, restoring).await;
    restored.map_err(|failure| failure.to_string())
}

fn findings(audit: &continuity::Audit) -> String {
    let lines = audit.findings.iter();
    lines
        .map(|it| format!("{}: {}\n", it.place, it.what))
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries
        .flat_map(|entry| match entry.path().is_dir() {
            true => files(&entry.path()),
            false => vec![entry.path()],
        })
        .collect()
}

async fn keys(stage: &Stage) -> Vec<VerifierKey> {
    let key = stage.verifier_key(Log::Changes).await.to_string();
    vec![key.parse().unwrap()]
}

async fn proof(partner: &Partner<'_>, event: &str, trust: &Trust) -> Verdict {
    let proof = partner
        .get(&format!("{event}/proof"))
        .await
        .expect(200)
        .text;
    verify::proof(proof.as_bytes(), None, trust).verdict()
}

#[tokio::test]
async fn everything_of_an_operator_goes_on_at_another_platform() {
    let (stage, own, _) = lived_in().await;
    let old_key = stage.verifier_key(Log::Changes).await.to_string();
    let old_host = stage.running.log_host.to_string();
    let old = Trust::keys(keys(&stage).await);
    let passport = format!("/v1/dpps/{}", own[0].passport);
    let before = stage.maker().get(&passport).await.expect(200).json();
    let happened = stage
        .maker()
        .get(&format!("{passport}/events"))
        .await
        .json();
    // What is in no log yet has no proof to take along.
    let folder = tempfile::tempdir().unwrap();
    let (to, keys_to) = (folder.path().join("moved"), folder.path().join("keys"));
    let early = local::move_out(stage.data(), OPERATOR, &to, &keys_to).await;
    let early = early.unwrap_err().to_string();
    assert!(early.contains("is in no log yet"), "{early}");
    assert!(!to.join("manifest.json").exists());
    stage.sequenced(Log::Reads).await;
    let moved = Moved::out_of(&stage, "logs.new.example").await;
    assert_eq!(findings(&moved.restored.audit), "");
    let counted = &moved.restored.audit;
    assert!(
        counted.subjects >= 8 && counted.versions > 5 && counted.evidence > 0,
        "{counted:?}"
    );
    assert_eq!(counted.pending, 0);
    drop(stage);

    let stage = Stage::on(moved.data).await;
    let maker = stage.maker();
    let after = maker.get(&passport).await.expect(200).json();
    assert_eq!(before["data"], after["data"]);
    let told = maker
        .get(&format!("{passport}/events"))
        .await
        .expect(200)
        .json();
    assert_eq!(told["events"], happened["events"]);
    let cited = told["events"].as_array().unwrap().iter();
    let cited: Vec<&str> = cited
        .filter_map(|event| event["evidence"].as_array())
        .flatten()
        .filter_map(|piece| piece["id"].as_str())
        .collect();
    assert!(!cited.is_empty());
    let garage = stage.partner("service-provider", "garage-nord");
    for piece in cited {
        let _ = garage
            .get(&format!("/v1/evidence/{piece}"))
            .await
            .expect(200);
    }
    // What the old log proved, it proves for good; nothing of it is signed anew.
    assert_eq!(
        proof(&maker, &format!("{passport}/events/1"), &old).await,
        Verdict::Proved
    );
    let chain = maker
        .get(&format!("{passport}/chain"))
        .await
        .expect(200)
        .text;
    assert_eq!(verify::chain(&[chain], &old).verdict(), Verdict::Proved);
    // What happens there is in the logs there.
    let corrected = json!({"type": "became-waste", "reason": "worn out"});
    let other = format!("/v1/dpps/{}", own[1].passport);
    let _ = maker.event(&own[1].passport, &corrected).await.expect(201);
    stage.sequenced(Log::Changes).await;
    let new = Trust::keys(keys(&stage).await);
    let events = maker
        .get(&format!("{other}/events"))
        .await
        .expect(200)
        .json();
    let newest = events["events"].as_array().unwrap().iter();
    let newest = newest
        .filter_map(|event| event["seq"].as_u64())
        .max()
        .unwrap();
    let newest = format!("{other}/events/{newest}");
    assert_eq!(proof(&maker, &newest, &new).await, Verdict::Proved);
    assert_ne!(proof(&maker, &newest, &old).await, Verdict::Proved);
    assert_eq!(
        proof(&maker, &format!("{other}/events/1"), &old).await,
        Verdict::Proved
    );
    let chain = maker.get(&format!("{other}/chain")).await.expect(200).text;
    assert_eq!(verify::chain(&[chain], &new).verdict(), Verdict::Proved);
    // Its keys are told by the new platform too.
    let told = stage
        .log_file(Log::Changes, &format!("former/{old_host}/keys"))
        .await;
    assert_eq!(String::from_utf8(told.unwrap()).unwrap().trim(), old_key);
    assert_eq!(
        stage
            .log_file(Log::Changes, &format!("former/{old_host}/x"))
            .await,
        None
    );
    let audit = local::audit(stage.data()).await.unwrap();
    assert_eq!(findings(&audit), "");
}

#[tokio::test]
async fn a_drill_shows_that_an_operator_could_move() {
    let (stage, own, _) = lived_in().await;
    let whole = local::drill(stage.data(), None).await.unwrap();
    let drill = local::drill(stage.data(), Some(OPERATOR)).await.unwrap();
    assert_eq!(findings(&drill.restored.audit), "");
    assert!(drill.succeeded(), "{:?}", drill.different);
    assert!(drill.answers >= 3 * own.len() && drill.answers < whole.answers);
    let nobody = local::drill(stage.data(), Some("nobody")).await;
    let nobody = nobody.unwrap_err().to_string();
    assert!(nobody.contains("`nobody` is no organisation"), "{nobody}");
}

#[tokio::test]
async fn nothing_of_anybody_else_goes_along() {
    let (stage, own, others) = lived_in().await;
    let data_key = std::fs::read(local::data_key(stage.data())).unwrap();
    let log_key = std::fs::read(stage.data().join("log-key")).unwrap();
    let moved = Moved::out_of(&stage, "logs.new.example").await;
    let mut seen = 0;
    for file in files(moved.folder.path()) {
        let bytes = std::fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let name = file.display();
        seen += usize::from(text.contains(&own[0].unit));
        for other in &others {
            for id in [
                &other.unit,
                &other.passport,
                &other.label,
                &other.organisation,
            ] {
                assert!(!text.contains(id.as_str()), "`{id}` in {name}");
            }
        }
        for key in [&data_key, &log_key] {
            assert!(!text.contains(&hex::encode(key)), "{name}");
        }
        // Whoever brought evidence brought other pieces too: its key stays.
        assert!(
            !text.contains("HEAD#log") && !text.contains("BATCH#"),
            "{name}"
        );
    }
    assert!(seen > 3);
    let stage = Stage::on(moved.data).await;
    let path = format!("/{}/{}", others[0].unit, others[0].label);
    let _ = stage.public().get(&path).await.expect(404);
}

#[tokio::test]
async fn a_name_of_a_log_is_one_logs_for_good() {
    let (stage, ..) = lived_in().await;
    let log_host = stage.running.log_host.to_string();
    let moved = Moved::out_of(&stage, "logs.new.example").await;
    let nowhere = moved.folder.path().join("nowhere");
    for (host, why) in [
        (
            Some(log_host.as_str()),
            "expected a host that names none yet",
        ),
        (None, "expected the host that the logs there are named for"),
        (Some("no host"), "no host"),
    ] {
        let refused = brought(moved.folder.path(), &nowhere, host).await;
        let refused = refused.unwrap_err();
        assert!(refused.contains(why), "{refused}");
        assert!(!nowhere.exists());
    }
    // A whole platform's logs go on.
    let (to, keys) = (nowhere.join("moved"), nowhere.join("keys"));
    local::backup(stage.data(), &to, &keys).await.unwrap();
    let new = moved.folder.path().join("new");
    let refused = brought(&nowhere, &new, Some("logs.example")).await;
    let refused = refused.unwrap_err();
    assert!(refused.contains("no host for new ones"), "{refused}");
}

/// From there to a third, and its proofs with it.
#[tokio::test]
async fn who_moved_can_move_again() {
    let (stage, own, _) = lived_in().await;
    let first = Trust::keys(keys(&stage).await);
    let moved = Moved::out_of(&stage, "logs.second.example").await;
    let stage = Stage::on(moved.data).await;
    let waste = json!({"type": "became-waste", "reason": "worn out"});
    let _ = stage
        .maker()
        .event(&own[1].passport, &waste)
        .await
        .expect(201);
    stage.sequenced(Log::Changes).await;
    let second = Trust::keys(keys(&stage).await);
    let again = Moved::out_of(&stage, "logs.third.example").await;
    assert_eq!(findings(&again.restored.audit), "");
    // And from a backup of the whole.
    let (to, backup_keys) = (again.folder.path().join("b"), again.folder.path().join("k"));
    local::backup(stage.data(), &to, &backup_keys)
        .await
        .unwrap();
    let data = tempfile::tempdir().unwrap();
    let restored = local::restore(&to, &backup_keys, data.path(), Restoring::default()).await;
    assert_eq!(findings(&restored.unwrap().audit), "");
    drop(stage);

    let stage = Stage::on(again.data).await;
    let maker = stage.maker();
    let events = format!("/v1/dpps/{}/events", own[1].passport);
    assert_eq!(
        proof(&maker, &format!("{events}/1"), &first).await,
        Verdict::Proved
    );
    let told = maker.get(&events).await.expect(200).json();
    let newest = told["events"].as_array().unwrap().iter();
    let newest = newest
        .filter_map(|event| event["seq"].as_u64())
        .max()
        .unwrap();
    assert_eq!(
        proof(&maker, &format!("{events}/{newest}"), &second).await,
        Verdict::Proved
    );
}

/// What was brought along is held against the log that it is from.
#[tokio::test]
async fn whoever_tampers_with_what_was_brought_along_is_told_on() {
    let (stage, own, _) = lived_in().await;
    let log_host = stage.running.log_host.to_string();
    let moved = Moved::out_of(&stage, "logs.new.example").await;
    drop(stage);
    let stage = Stage::on(moved.data).await;
    let store = &stage.running.store;
    let named = async |place: &str| {
        let audit = local::audit(stage.data()).await.unwrap();
        let named = audit.findings.iter().any(|it| it.place.contains(place));
        assert!(named, "{place}: {}", findings(&audit));
    };
    let passport = format!("P#{}", own[0].passport);
    let rows = stage.table(Table::Log.suffix()).await;
    let row = rows
        .iter()
        .find(|row| row["pk"] == AttributeValue::S(format!("LEAF#{passport}")));
    let row = row.unwrap().clone();
    let put = async |row| {
        let name = format!("{}-{}", local::PREFIX, Table::Log.suffix());
        let put = stage.dynamodb().put_item().table_name(name);
        put.set_item(Some(row)).send().await.unwrap();
    };
    let mut other = row.clone();
    let index: u64 = row["index"].as_n().unwrap().parse().unwrap();
    other.insert(
        "index".to_owned(),
        AttributeValue::N((index + 1).to_string()),
    );
    put(other).await;
    named(&passport).await;
    put(row).await;
    let folder = format!("v1/log/former/{log_host}/");
    for name in store.object_names(Bucket::Public, &folder).await.unwrap() {
        if name.ends_with("/keys") {
            continue;
        }
        let object = store
            .stored_object(Bucket::Public, &name)
            .await
            .unwrap()
            .unwrap();
        let mut changed = object.clone();
        let last = changed.bytes.len() / 2;
        changed.bytes[last] ^= 1;
        store
            .put_object(Bucket::Public, &name, changed)
            .await
            .unwrap();
        let place = if name.ends_with("checkpoint") {
            "former/"
        } else {
            "ledger `"
        };
        named(place).await;
        store
            .put_object(Bucket::Public, &name, object)
            .await
            .unwrap();
    }
    let audit = local::audit(stage.data()).await.unwrap();
    assert_eq!(findings(&audit), "");
}
