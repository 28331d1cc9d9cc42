//! What scans tell whoever is responsible for a battery, and nobody else.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use identity::LabelId;
use local::Battery;
use serde_json::{Value, json};
use tests::{Death, Function, Partner, Stage, text};

async fn scan(stage: &Stage, unit: &str, label: &str, country: &str, times: usize) {
    let headers = [("cloudfront-viewer-country", country)];
    for _ in 0..times {
        let path = format!("/{unit}/{label}");
        let answer = stage.public().call("GET", &path, &headers, None).await;
        assert!([200, 410].contains(&answer.status), "{}", answer.text);
    }
}

fn total(signals: &Value) -> u64 {
    let scans = signals["scans"].as_array().unwrap().iter();
    scans.map(|one| one["scans"].as_u64().unwrap()).sum()
}

/// The unit's signals, once so many scans are counted.
async fn counted(operator: &Partner<'_>, unit: &str, scans: u64) -> Value {
    let path = format!("/v1/units/{unit}/signals");
    for _ in 0..100 {
        let signals = operator.get(&path).await.expect(200).json();
        if total(&signals) >= scans {
            assert_eq!(total(&signals), scans);
            return signals;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{scans} scans were not counted in time");
}

fn kinds(signals: &Value) -> Vec<(String, bool)> {
    let signals = signals["signals"].as_array().unwrap().iter();
    let told = signals.map(|one| (text(one, "kind"), one["alarm"].as_bool().unwrap()));
    told.collect()
}

async fn example(stage: &Stage) -> Battery {
    stage.seeded().await.batteries[0].clone()
}

/// Each kind of potential suspect, from scans alone.
#[tokio::test]
async fn what_should_not_be_scanned_is_a_signal_for_the_operator() {
    let stage = Stage::start().await;
    let battery = example(&stage).await;
    let operator = stage.partner("economic-operator", &battery.organisation);
    let labels = format!("/v1/units/{}/labels", battery.unit);
    let (unit, label) = (battery.unit.as_str(), battery.label.as_str());
    scan(&stage, unit, label, "DE", 1).await;
    let signals = counted(&operator, unit, 1).await;
    assert_eq!(kinds(&signals), []);
    assert_eq!(signals["scans"][0]["known"], "in-force");
    // An old label leads to its battery: counted, and no suspect.
    scan(&stage, unit, &battery.first_label, "DE", 1).await;
    assert_eq!(kinds(&counted(&operator, unit, 2).await), []);
    let made_up = LabelId::from_random([9; 8]).to_string();
    scan(&stage, unit, &made_up, "PL", 1).await;
    let signals = counted(&operator, unit, 3).await;
    assert_eq!(kinds(&signals), [("never-issued".to_owned(), false)]);
    // Whoever makes ids up fills no table.
    assert_eq!(signals["signals"][0]["label"], json!(null));
    assert_eq!(signals["signals"][0]["countries"], json!({"PL": 1}));
    let revocation = format!("{labels}/{label}/revocation");
    let _ = operator
        .post(&revocation, &json!({"reason": "stolen"}))
        .await
        .expect(200);
    scan(&stage, unit, label, "DE", 4).await;
    let signals = counted(&operator, unit, 7).await;
    assert!(
        kinds(&signals).contains(&("revoked".to_owned(), true)),
        "{signals}"
    );
    // Not on the market yet: noticed, and no alarm however often.
    let draft = operator.unit().await;
    scan(&stage, &draft.unit, &draft.label, "DE", 20).await;
    let signals = counted(&operator, &draft.unit, 20).await;
    assert_eq!(
        kinds(&signals),
        [("not-yet-on-the-market".to_owned(), false)]
    );
    // No page ever tells of any of this.
    let page = stage
        .public()
        .browse(&format!("/{unit}/{label}?lang=en"))
        .await
        .text;
    for word in ["suspect", "alarm", "signal"] {
        assert!(!page.to_lowercase().contains(word), "{word}");
    }
}

/// Past the threshold, and not before, there is an alarm that its operator finds.
#[tokio::test]
async fn too_many_scans_on_one_day_raise_one_alarm() {
    let stage = Stage::start().await;
    let battery = example(&stage).await;
    let operator = stage.partner("economic-operator", &battery.organisation);
    let (unit, label) = (battery.unit.as_str(), battery.label.as_str());
    let none = json!({"alarms": []});
    scan(&stage, unit, label, "DE", 4).await;
    let signals = counted(&operator, unit, 4).await;
    assert_eq!(signals["alarmFrom"], 5);
    assert_eq!(operator.get("/v1/signals").await.expect(200).json(), none);
    scan(&stage, unit, label, "FR", 1).await;
    let signals = counted(&operator, unit, 5).await;
    let expected = [
        ("too-often".to_owned(), true),
        ("many-places".to_owned(), false),
    ];
    assert_eq!(kinds(&signals), expected);
    scan(&stage, unit, label, "FR", 3).await;
    let _ = counted(&operator, unit, 8).await;
    let alarms = operator.get("/v1/signals").await.expect(200).json();
    let alarm = &alarms["alarms"][0];
    assert_eq!(alarms["alarms"].as_array().unwrap().len(), 1, "{alarms}");
    assert_eq!(
        (
            &alarm["unit"],
            &alarm["label"],
            &alarm["kind"],
            &alarm["threshold"]
        ),
        (&json!(unit), &json!(label), &json!("too-often"), &json!(5))
    );
    for (role, organisation) in [
        ("economic-operator", "hausspeicher"),
        ("market-surveillance", "authority"),
    ] {
        let other = stage.partner(role, organisation);
        assert_eq!(other.get("/v1/signals").await.expect(200).json(), none);
    }
}

#[tokio::test]
async fn a_drill_asks_for_every_label_and_is_no_scan_of_any() {
    let stage = Stage::start().await;
    let battery = example(&stage).await;
    let drill = local::drill(stage.data(), None).await.unwrap();
    let findings = &drill.restored.audit.findings;
    assert!(drill.succeeded(), "{:?} {findings:?}", drill.different);
    scan(&stage, &battery.unit, &battery.label, "DE", 1).await;
    let operator = stage.partner("economic-operator", &battery.organisation);
    let _ = counted(&operator, &battery.unit, 1).await;
}

/// Counts go to the operator alone: for anybody else there is no such unit, whether there is or not.
#[tokio::test]
async fn nobody_else_learns_of_counts() {
    let stage = Stage::start().await;
    let battery = example(&stage).await;
    scan(&stage, &battery.unit, &battery.label, "DE", 6).await;
    for (role, organisation) in [
        ("economic-operator", "hausspeicher"),
        ("market-surveillance", "authority"),
        ("service-provider", "garage-nord"),
        ("auditor", "auditors"),
    ] {
        let stranger = stage.partner(role, organisation);
        let ask = async |unit: &str| {
            let path = format!("/v1/units/{unit}/signals");
            let mut body = stranger.get(&path).await.expect(404).json();
            body["message"] = json!(null);
            body
        };
        assert_eq!(
            ask(&battery.unit).await,
            ask("32XZAJ4P21M1MZ0N3RQA").await,
            "{role}"
        );
    }
    let path = format!("/v1/units/{}/signals", battery.unit);
    let _ = stage.public().get(&path).await.expect(401);
    let _ = stage.public().get("/v1/signals").await.expect(401);
}

/// Whatever a scan sends along, only label, day, country and counts are kept.
#[tokio::test]
async fn nothing_of_a_person_or_device_is_kept() {
    let stage = Stage::start().await;
    let battery = example(&stage).await;
    let operator = stage.partner("economic-operator", &battery.organisation);
    let path = format!("/{}/{}?from=newsletter-4711", battery.unit, battery.label);
    let headers = [
        ("user-agent", "OddPhone/17 (serial 4711)"),
        ("cookie", "id=4711"),
        ("x-forwarded-for", "198.51.100.47"),
        ("referer", "https://4711.example/"),
        ("cloudfront-viewer-country", "198.51.100.47"),
    ];
    let _ = stage
        .public()
        .call("GET", &path, &headers, None)
        .await
        .expect(200);
    let signals = counted(&operator, &battery.unit, 1).await;
    let names: Vec<&String> = signals["scans"][0].as_object().unwrap().keys().collect();
    assert_eq!(names, ["day", "label", "known", "country", "scans"]);
    assert_eq!(signals["scans"][0]["country"], "ZZ");
    let kept = format!("{:?}", stage.table("signals").await);
    for sent in ["4711", "198.51", "OddPhone", "newsletter"] {
        assert!(!kept.contains(sent), "{sent}: {kept}");
    }
    // Thirteen months.
    let day = web::now().as_millisecond() / 86_400_000;
    let expires = (day + 396) * 86_400;
    assert!(kept.contains(&expires.to_string()), "{expires}: {kept}");
}

/// The cloud's way in: a CloudFront log in its bucket, counted once however often it is announced.
#[tokio::test(flavor = "multi_thread")]
async fn a_cloudfront_log_is_counted_once() {
    let binaries = tests::built(&["signals"]).await;
    let stage = Stage::start().await;
    let battery = example(&stage).await;
    let operator = stage.partner("economic-operator", &battery.organisation);
    let today = &web::now().to_string()[..10];
    let line = |path: &str, status: &str, country: &str| {
        json!({
            "date": today, "cs-method": "GET", "cs-uri-stem": path, "cs-uri-query": "-",
            "sc-status": status, "c-country": country,
        })
        .to_string()
    };
    let sound = format!("/{}/{}", battery.unit, battery.label);
    let mut lines = vec![line(&sound, "200", "DE"); 5];
    lines.push(line(&sound, "304", "PL"));
    lines.push(line("/32XZAJ4P21M1MZ0N3RQA/8V4K2M0XQ7", "404", "DE"));
    lines.push(line("/docs", "200", "DE"));
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(lines.join("\n").as_bytes()).unwrap();
    let name = "E2EXAMPLE/2027/02/18/09/scans.json.gz";
    stage
        .put_into("scan-logs", name, packer.finish().unwrap())
        .await;
    let event = include_str!("../../events/signals-scan-log.json").replace("${KEY}", name);
    let event: Value = serde_json::from_str(&event).unwrap();
    let environment = stage.function_environment();
    let mut function = Function::start(&binaries.join("signals"), &environment).await;
    let first = function.invoke(event.clone()).await;
    assert_eq!(first, json!({"scans": 6, "again": 0, "alarms": 1}));
    let again = function.invoke(event).await;
    assert_eq!(again, json!({"scans": 0, "again": 6, "alarms": 0}));
    let signals = counted(&operator, &battery.unit, 6).await;
    assert_eq!(kinds(&signals)[0], ("too-often".to_owned(), true));
    let alarms = operator.get("/v1/signals").await.expect(200).json();
    assert_eq!(alarms["alarms"][0]["scans"], 6);
}

/// A moment so many days from now.
fn in_days(days: i64) -> ledger::Timestamp {
    let milliseconds = web::now().as_millisecond() + days * 24 * 60 * 60 * 1000;
    ledger::Timestamp::from_millisecond(milliseconds)
}

/// Public reads are told once a day for each unit, without a word of who read: in the log of reads, once, wherever it ends.
#[tokio::test]
async fn a_day_of_scans_is_one_event_of_the_log_of_reads_wherever_its_telling_ends() {
    let stage = Stage::start().await;
    let battery = example(&stage).await;
    let operator = stage.partner("economic-operator", &battery.organisation);
    let other = operator.unit().await;
    let log = format!("{}/access", stage.running.log_host);
    scan(&stage, &battery.unit, &battery.label, "DE", 3).await;
    scan(&stage, &battery.unit, &battery.first_label, "FR", 2).await;
    scan(&stage, &other.unit, &other.label, "DE", 1).await;
    let _ = counted(&operator, &battery.unit, 5).await;
    let _ = counted(&operator, &other.unit, 1).await;
    let store = &stage.running.store;
    let told = async |unit: &str| stage.ledger_items(&format!("A#U#{unit}")).await;
    // As long as a log of the day may still come, nothing is told.
    for days in [0, 1, 4] {
        let round = signals::tell_days(store, &log, in_days(days))
            .await
            .unwrap();
        assert_eq!((round.days, round.failed), (0, 0));
    }
    assert_eq!(told(&battery.unit).await, 0);
    for death in Death::ALL {
        for last in 0..30 {
            let (mortal, _) = stage.mortal_store(last, death).await;
            let _ = signals::tell_days(&mortal, &log, in_days(5)).await;
            assert!(told(&battery.unit).await <= 1 && told(&other.unit).await <= 1);
        }
    }
    for _ in 0..2 {
        let round = signals::tell_days(store, &log, in_days(5)).await.unwrap();
        assert_eq!((round.days, round.failed), (0, 0));
        assert_eq!((told(&battery.unit).await, told(&other.unit).await), (1, 1));
    }
    let asked = stage.table("signals").await;
    let asked = asked.iter().map(|item| item["pk"].as_s().unwrap().clone());
    assert_eq!(asked.filter(|pk| pk.starts_with("SCANNED#")).count(), 0);
    stage.hold_together(storage::Log::Reads).await;
    // A count that came late all the same is told of nobody twice.
    scan(&stage, &other.unit, &other.label, "DE", 1).await;
    let _ = counted(&operator, &other.unit, 2).await;
    let round = signals::tell_days(store, &log, in_days(5)).await.unwrap();
    assert_eq!((round.days, round.failed), (0, 0));
    assert_eq!(told(&other.unit).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_tells_of_days_on_its_schedule() {
    let binaries = tests::built(&["signals"]).await;
    let stage = Stage::start().await;
    let environment = stage.function_environment();
    let mut function = Function::start(&binaries.join("signals"), &environment).await;
    let event = include_str!("../../events/signals-scheduled.json");
    let answer = function.invoke(serde_json::from_str(event).unwrap()).await;
    assert_eq!(answer, json!({"days": 0, "failed": 0}));
}
