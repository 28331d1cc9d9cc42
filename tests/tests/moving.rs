//! An operator moves to another platform: its batteries, their history, evidence and proofs go along, and nothing of anybody else.

use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::AttributeValue;
use local::{Battery, Restored, Restoring};
use serde_json::json;
use storage::{Bucket, Log, Table};
use tempfile::TempDir;
use tests::{Partner, Stage, found};
use verify::{Trust, Verdict, VerifierKey};

const OPERATOR: &str = "voltwerk";

/// A platform where two operators have batteries, and both logs took everything in.
async fn two_operators() -> (Stage, Vec<Battery>, Vec<Battery>) {
    let (stage, seeded) = Stage::with_a_past().await;
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
        Self::of(stage, OPERATOR, log_host).await
    }

    async fn of(stage: &Stage, organisation: &str, log_host: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (to, keys) = (folder.path().join("moved"), folder.path().join("keys"));
        let moved = local::move_out(stage.data(), organisation, &to, &keys).await;
        let moved = moved.unwrap();
        assert_eq!(moved.manifest.organisation.as_deref(), Some(organisation));
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
    let (stage, own, _) = two_operators().await;
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
    assert_eq!(found(&moved.restored.audit), "");
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
    for group in ["identification", "condition", "performance"] {
        assert!(before[group].is_object(), "{before}");
        assert_eq!(before[group], after[group]);
    }
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
    assert_eq!(found(&audit), "");
}

#[tokio::test]
async fn a_drill_shows_that_an_operator_could_move() {
    let (stage, own, _) = two_operators().await;
    let whole = local::drill(stage.data(), None).await.unwrap();
    let drill = local::drill(stage.data(), Some(OPERATOR)).await.unwrap();
    assert_eq!(found(&drill.restored.audit), "");
    assert!(drill.succeeded(), "{:?}", drill.different);
    assert!(drill.answers >= 3 * own.len() && drill.answers < whole.answers);
    let nobody = local::drill(stage.data(), Some("nobody")).await;
    let nobody = nobody.unwrap_err().to_string();
    assert!(nobody.contains("`nobody` is no organisation"), "{nobody}");
}

#[tokio::test]
async fn nothing_of_anybody_else_goes_along() {
    let (stage, own, others) = two_operators().await;
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
    let (stage, ..) = two_operators().await;
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

/// What was another's goes with whoever has it now, its model too; what was handed on does not, nor what another keeps for itself.
/// What a supplier brings of a battery, when its owner asks for it: where it is.
async fn contributed(stage: &Stage, owner: &Partner<'_>, battery: &Battery) -> String {
    let of = json!({"passport": battery.passport});
    let given = json!({
        "to": "cellmaker", "of": of, "right": "contribution", "purpose": "cell data",
        "until": "2027-12-31T00:00:00Z", "reason": "agreed",
    });
    let _ = owner.post("/v1/grants", &given).await.expect(201);
    let brought = json!({
        "subject": of, "reason": "asked for", "changes": {"internal": {"note": "a supplier's word"}},
    });
    let supplier = stage.partner("supplier", "cellmaker");
    let sent = supplier.post("/v1/contributions", &brought).await;
    sent.expect(201).header("location").to_owned()
}

#[tokio::test]
async fn a_battery_goes_with_whoever_is_responsible_for_it_now() {
    let (stage, own, others) = two_operators().await;
    let (buyer, handed) = (&others[0].organisation, &own[1]);
    let maker = stage.maker();
    let passport = format!("/v1/dpps/{}", handed.passport);
    let note = |text: &str| {
        json!({
            "type": "correction", "reason": "for our own files", "notes": format!("{text} too"),
            "changes": {"internal": {"note": text}},
        })
    };
    let _ = maker
        .event(&handed.passport, &note("the maker's own"))
        .await
        .expect(201);
    let model = maker.beneath(&handed.passport, "model").await;
    let _ = maker
        .change_product(&model, &note("the model's own"))
        .await
        .expect(200);
    let to_maker = contributed(&stage, &maker, handed).await;
    let offer = maker.offer(&handed.passport, buyer, "takeover").await;
    let new_owner = stage.partner("economic-operator", buyer);
    let _ = new_owner.accept(&offer).await.expect(200);
    let to_buyer = contributed(&stage, &new_owner, handed).await;
    let _ = new_owner
        .event(&handed.passport, &note("the buyer's own"))
        .await
        .expect(201);
    for log in Log::ALL {
        stage.sequenced(log).await;
    }
    let store = &stage.running.store;
    let path = format!("/{}/{}", handed.unit, handed.label);
    for (organisation, has) in [(buyer.as_str(), true), (OPERATOR, false)] {
        let labels = continuity::labels_of(store, organisation).await.unwrap();
        assert_eq!(labels.contains(&path), has, "{organisation}: {labels:?}");
    }
    let drill = local::drill(stage.data(), Some(buyer)).await.unwrap();
    assert_eq!(found(&drill.restored.audit), "");
    assert!(drill.succeeded(), "{:?}", drill.different);
    let kept = maker.get(&passport).await.expect(200).text;
    assert!(kept.contains("the maker's own"), "{kept}");
    let signed = stage
        .public()
        .get(&format!("{passport}/signatures"))
        .await
        .expect(200);

    stage.sequenced(Log::Reads).await;
    let moved = Moved::of(&stage, buyer, "logs.new.example").await;
    assert_eq!(found(&moved.restored.audit), "");
    drop(stage);
    let stage = Stage::on(moved.data).await;
    let (maker, new_owner) = (stage.maker(), stage.partner("economic-operator", buyer));
    let kept = new_owner.get(&passport).await.expect(200).text;
    assert!(kept.contains("the buyer's own"), "{kept}");
    let sent = new_owner.get(&to_buyer).await.expect(200).text;
    assert!(sent.contains("a supplier's word"), "{sent}");
    let _ = maker.get(&to_maker).await.expect(404);
    for path in [
        passport.clone(),
        format!("{passport}/events"),
        format!("{passport}/versions/2"),
        model.clone(),
        format!("{model}/events"),
    ] {
        let told = maker.get(&path).await;
        assert!(
            told.status == 200 || told.status == 404,
            "{path}: {}",
            told.text
        );
        assert!(!told.text.contains("'s own"), "{path}: {}", told.text);
    }
    // What the public and the law's readers are shown of it is whole.
    let authority = stage.partner("market-surveillance", "authority");
    let shown = authority.get(&passport).await.expect(200).json();
    for group in ["identification", "circularity", "performance"] {
        assert!(shown[group].is_object(), "{shown}");
    }
    let again = stage
        .public()
        .get(&format!("{passport}/signatures"))
        .await
        .expect(200);
    assert_eq!(again.json()["views"], signed.json()["views"]);
    let keys = format!("/v1/operators/{OPERATOR}/keys");
    let _ = stage.public().get(&keys).await.expect(200);
}

/// Nobody else's work keeps an operator from moving.
#[tokio::test]
async fn others_at_work_disturb_no_move() {
    let (stage, _, others) = two_operators().await;
    let other = stage.partner("economic-operator", &others[0].organisation);
    let folder = tempfile::tempdir().unwrap();
    let (to, keys) = (folder.path().join("moved"), folder.path().join("keys"));
    let moving = local::move_out(stage.data(), OPERATOR, &to, &keys);
    let working = async {
        loop {
            let _ = other.unit().await;
        }
    };
    tokio::select! {
        moved = moving => { let _ = moved.unwrap(); }
        () = working => {}
    }
    // What was not taken leaves nothing behind.
    let _ = stage.maker().draft().await;
    let (to, keys) = (
        folder.path().join("again"),
        folder.path().join("again.keys"),
    );
    let waiting = local::move_out(stage.data(), OPERATOR, &to, &keys).await;
    assert!(
        waiting
            .unwrap_err()
            .to_string()
            .contains("is in no log yet")
    );
    assert_eq!((files(&to), files(&keys)), (Vec::new(), Vec::new()));
    stage.sequenced(Log::Changes).await;
    let _ = local::move_out(stage.data(), OPERATOR, &to, &keys)
        .await
        .unwrap();
}

/// Work that was begun is gone on with there, and a day of scans told; what is somebody else's work stays.
#[tokio::test]
async fn what_is_still_to_be_done_goes_along() {
    let (stage, own, others) = two_operators().await;
    let order = async |battery: &Battery| {
        let organisation = &battery.organisation;
        let operator = stage.partner("economic-operator", organisation);
        let path = format!("/v1/units/{}", battery.unit);
        let unit = operator.get(&path).await.expect(200).json();
        unit["order"].as_str().unwrap().to_owned()
    };
    let orders = [order(&own[0]).await, order(&others[0]).await];
    stage.sequenced(Log::Reads).await;
    let text = |text: String| AttributeValue::S(text);
    let put = async |table: Table, pk: &str, sk: String| {
        let name = format!("{}-{}", local::PREFIX, table.suffix());
        let put = stage.dynamodb().put_item().table_name(name);
        let put = put.item("pk", text(pk.to_owned())).item("sk", text(sk));
        let put = put.item("v", AttributeValue::N("1".to_owned()));
        put.send().await.unwrap();
    };
    for (order, battery) in orders.iter().zip([&own[0], &others[0]]) {
        put(Table::Records, "ORDERS#PENDING", order.clone()).await;
        let day = format!("2027-02-18#{}", battery.unit);
        put(Table::Signals, "SCANNED#4", day).await;
    }
    let moved = Moved::out_of(&stage, "logs.new.example").await;
    let table = |table: Table| {
        let file = format!("moved/tables/{}.jsonl", table.suffix());
        let lines = std::fs::read_to_string(moved.folder.path().join(file)).unwrap();
        let begun = |line: &&str| line.contains("ORDERS#PENDING") || line.contains("SCANNED#");
        lines
            .lines()
            .filter(begun)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (pending, scanned) = (table(Table::Records), table(Table::Signals));
    assert_eq!(
        (pending.len(), scanned.len()),
        (1, 1),
        "{pending:?} {scanned:?}"
    );
    assert!(pending[0].contains(&orders[0]) && scanned[0].contains(&own[0].unit));
}

/// A share has nothing of the logs but what proofs need, and no name leads out of a bucket.
#[tokio::test]
async fn what_does_not_belong_in_a_share_is_refused() {
    let (stage, ..) = two_operators().await;
    let moved = Moved::out_of(&stage, "logs.new.example").await;
    let share = moved.folder.path().join("moved");
    let objects = share.join("objects.jsonl");
    let (index, manifest) = (
        std::fs::read_to_string(&objects).unwrap(),
        std::fs::read_to_string(share.join("manifest.json")).unwrap(),
    );
    let log_host = stage.running.log_host.to_string();
    let page = index.lines().find(|line| line.contains("\"html/")).unwrap();
    let name = page
        .split("\"name\":\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    for other in [
        "v1/log/checkpoint",
        "v1/log/former/../checkpoint",
        "../page",
        "/page",
    ] {
        let changed = index.replacen(name, other, 1);
        std::fs::write(&objects, &changed).unwrap();
        let hash = |text: &str| ledger::Sha256::of(text.as_bytes()).to_string();
        let manifest = manifest.replacen(&hash(&index), &hash(&changed), 1);
        std::fs::write(share.join("manifest.json"), manifest).unwrap();
        let nowhere = moved.folder.path().join("nowhere");
        let refused = brought(moved.folder.path(), &nowhere, Some("logs.other.example")).await;
        let refused = refused.unwrap_err();
        assert!(
            refused.contains("does not belong in this backup"),
            "{other}: {refused}"
        );
        assert!(!nowhere.exists());
    }
    // The name of the log that proofs are of is the name of the log.
    let changed = index.replace(&format!("former/{log_host}"), "former/other.example");
    std::fs::write(&objects, &changed).unwrap();
    let rows = share.join("tables/log.jsonl");
    let log = std::fs::read_to_string(&rows).unwrap();
    let renamed = log.replace(&format!("\"{log_host}\""), "\"other.example\"");
    assert_ne!((&changed, &renamed), (&index, &log));
    std::fs::write(&rows, &renamed).unwrap();
    let hash = |text: &str| ledger::Sha256::of(text.as_bytes()).to_string();
    let manifest = manifest
        .replacen(&hash(&index), &hash(&changed), 1)
        .replacen(&hash(&log), &hash(&renamed), 1);
    std::fs::write(share.join("manifest.json"), manifest).unwrap();
    let data = moved.folder.path().join("renamed");
    let restored = brought(moved.folder.path(), &data, Some("logs.other.example")).await;
    let told = found(&restored.unwrap().audit);
    assert!(
        told.contains("`log/former/other.example` checkpoint"),
        "{told}"
    );
}

/// From there to a third, and its proofs with it.
#[tokio::test]
async fn who_moved_can_move_again() {
    let (stage, own, _) = two_operators().await;
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
    assert_eq!(found(&again.restored.audit), "");
    // And from a backup of the whole.
    let (to, backup_keys) = (again.folder.path().join("b"), again.folder.path().join("k"));
    local::backup(stage.data(), &to, &backup_keys)
        .await
        .unwrap();
    let data = tempfile::tempdir().unwrap();
    let restored = local::restore(&to, &backup_keys, data.path(), Restoring::default()).await;
    assert_eq!(found(&restored.unwrap().audit), "");
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
    let (stage, own, _) = two_operators().await;
    let log_host = stage.running.log_host.to_string();
    let moved = Moved::out_of(&stage, "logs.new.example").await;
    drop(stage);
    let stage = Stage::on(moved.data).await;
    let store = &stage.running.store;
    let named = async |place: &str| {
        let audit = local::audit(stage.data()).await.unwrap();
        let named = audit.findings.iter().any(|it| it.place.contains(place));
        assert!(named, "{place}: {}", found(&audit));
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
        let place = if name.ends_with("checkpoint") || name.ends_with("keys") {
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
    assert_eq!(found(&audit), "");
}
