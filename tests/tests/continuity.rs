//! What is stored outlives what it is stored in: a backup is taken while the platform runs, comes back into an empty one, and is
//! verified there; and whoever changed anything stored is told on.

use local::Restoring;
use storage::{Bucket, Log, ObjectHeaders, StoredObject};
use tests::{Stage, found};

/// A draft of the maker's, in the log.
async fn maker_passport(stage: &Stage) -> String {
    let (_, passport) = stage.maker().draft().await;
    stage.sequenced(Log::Changes).await;
    passport
}

#[tokio::test]
async fn everything_is_as_it_was_written() {
    let stage = Stage::with_a_past().await.0;
    let audit = local::audit(stage.data()).await.unwrap();
    assert_eq!(found(&audit), "");
    assert!(
        audit.subjects > 10 && audit.events > 10 && audit.versions > 5,
        "{audit:?}"
    );
    assert_eq!(audit.pending, 0);
    assert!(audit.entries.values().all(|size| *size > 0), "{audit:?}");
    // What has not been taken in yet is no fault.
    let (_, passport) = stage.maker().draft().await;
    assert!(!passport.is_empty());
    let audit = local::audit(stage.data()).await.unwrap();
    assert_eq!(found(&audit), "");
    assert!(audit.pending > 0);
}

#[tokio::test]
async fn a_drill_shows_that_a_backup_restores() {
    let stage = Stage::with_a_past().await.0;
    let drill = local::drill(stage.data(), None).await.unwrap();
    assert_eq!(found(&drill.restored.audit), "");
    assert_eq!(drill.different, Vec::<String>::new());
    assert!(drill.succeeded() && drill.answers > 10, "{}", drill.answers);
    assert!(!stage.data().join("drill").exists());
}

/// What is being written is neither torn nor taken for tampering.
#[tokio::test]
async fn a_platform_at_work_is_audited_and_backed_up() {
    let stage = Stage::start().await;
    let _ = stage.seeded().await;
    let maker = stage.maker();
    let working = async {
        for _ in 0..20 {
            let _ = maker.draft().await;
        }
    };
    let auditing = async {
        for _ in 0..5 {
            let audit = local::audit(stage.data()).await.unwrap();
            assert_eq!(found(&audit), "");
        }
    };
    tokio::join!(working, auditing);
    let _ = maker.draft().await;
    let drill = local::drill(stage.data(), None).await.unwrap();
    assert_eq!(found(&drill.restored.audit), "");
    assert!(drill.succeeded(), "{:?}", drill.different);
}

#[tokio::test]
async fn a_restored_platform_goes_on_where_the_backup_ended() {
    let stage = Stage::with_a_past().await.0;
    let folder = tempfile::tempdir().unwrap();
    let (to, keys) = (folder.path().join("backup"), folder.path().join("keys"));
    let passport = maker_passport(&stage).await;
    let shown = StoredObject {
        headers: ObjectHeaders {
            content_type: Some("text/html".to_owned()),
            content_language: Some("de".to_owned()),
            cache_control: Some("max-age=60".to_owned()),
            metadata: [("as-of".to_owned(), "then".to_owned())].into(),
        },
        bytes: b"a page".to_vec(),
    };
    let put = stage
        .running
        .store
        .put_object(Bucket::Public, "html/de/page", shown.clone());
    put.await.unwrap();
    let taken = local::backup(stage.data(), &to, &keys).await.unwrap();
    assert!(taken.manifest.logs["log"] > 0);
    let older = stage.log_file(Log::Changes, "checkpoint").await.unwrap();
    let key = stage.verifier_key(Log::Changes).await.to_string();
    drop(stage);

    let data = tempfile::tempdir().unwrap();
    let restored = local::restore(&to, &keys, data.path(), Restoring::default())
        .await
        .unwrap();
    assert_eq!(found(&restored.audit), "");
    let stage = Stage::on(data).await;
    let again = stage
        .running
        .store
        .stored_object(Bucket::Public, "html/de/page")
        .await;
    assert_eq!(again.unwrap(), Some(shown));
    let known = local::seed(&stage.running, stage.data(), false)
        .await
        .unwrap();
    assert!(!known.batteries.is_empty());
    let audit = local::audit(stage.data()).await.unwrap();
    assert_eq!(
        audit.subjects, restored.audit.subjects,
        "nothing was seeded anew"
    );
    let maker = stage.maker();
    let (_, new) = maker.draft().await;
    stage.sequenced(Log::Changes).await;
    // An inspector who trusts the log's key, and kept a checkpoint from before.
    let trust = verify::Trust::keys([key.parse().unwrap()]);
    let files = stage.whole_log(Log::Changes).await.files;
    let mut read = |path: &str| Ok(files.get(path).cloned());
    let report = verify::log(&mut read, Some(str::from_utf8(&older).unwrap()), &trust);
    assert_eq!(report.fault, None);
    for passport in [passport, new] {
        let path = format!("/v1/dpps/{passport}/events/1/proof");
        let proof = maker.get(&path).await.expect(200).text;
        let report = verify::proof(proof.as_bytes(), None, &trust);
        assert_eq!(report.fault, None, "{passport}");
    }
}

#[tokio::test]
async fn what_is_not_the_backup_that_was_taken_is_refused_before_anything_is_written() {
    let stage = Stage::start().await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let take = async |to: &str, keys: &str| {
        local::backup(stage.data(), &at(to), &at(keys))
            .await
            .unwrap();
    };
    take("one", "one.keys").await;
    take("two", "two.keys").await;
    let refused = async |from: &str, keys: &str, data: &str, why: &str| {
        let refused = local::restore(&at(from), &at(keys), &at(data), Restoring::default()).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    };
    refused(
        "one",
        "two.keys",
        "new",
        "the keys are those of the backup of",
    )
    .await;
    assert!(!at("new").join("data-key").exists());
    let table = at("one").join("tables/records.jsonl");
    let whole = std::fs::read_to_string(&table).unwrap();
    std::fs::write(&table, whole.replacen("voltwerk", "voltwerX", 1)).unwrap();
    refused(
        "one",
        "one.keys",
        "new",
        "`tables/records.jsonl` is not what it was",
    )
    .await;
    std::fs::write(&table, whole).unwrap();
    let object = std::fs::read_dir(at("one").join("objects")).unwrap();
    if let Some(object) = object.flatten().next() {
        std::fs::write(object.path(), "other").unwrap();
        refused("one", "one.keys", "new2", "is not what it was").await;
    }
    // Never over anything.
    let restored = local::restore(
        &at("two"),
        &at("two.keys"),
        &at("there"),
        Restoring::default(),
    )
    .await;
    let _ = restored.unwrap();
    refused("two", "two.keys", "there", "").await;
    let again = local::backup(stage.data(), &at("two"), &at("more")).await;
    assert!(again.unwrap_err().to_string().contains("is not empty"));
    // Keys are for their owner's eyes only.
    let secrets = std::fs::metadata(at("two.keys").join("secrets.jsonl")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&secrets.permissions());
    assert_eq!(mode & 0o077, 0);
    // A drill needs no platform that runs.
    let _ = stage.maker().draft().await;
    let data = stage.stop();
    let idle = local::drill(data.path(), None).await.unwrap();
    assert!(idle.succeeded(), "{:?}", idle.different);
}
