//! A BatteryPass-Ready document is brought in whole, or told what was left and why.
//!
//! The document is not part of this project: where `../shared/reference` is absent these tests say so and end.

use std::path::PathBuf;
use std::process::Command;

use tests::{Stage, text};

fn document() -> Option<PathBuf> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/reference/data/batterypass-ready/samples/ev.gefeg.json");
    if file.exists() {
        return Some(file);
    }
    eprintln!("skipped: `{}` is not there", file.display());
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn a_battery_pass_ready_document_becomes_a_passport() {
    let Some(file) = document() else { return };
    let binaries = tests::built(&["passport"]).await;
    let stage = Stage::start().await;
    let maker = stage.maker();
    let import = |more: &[&str]| {
        let output = Command::new(binaries.join("passport"))
            .arg("import")
            .arg(&file)
            .args(["--to", &stage.origin])
            .args(more)
            .env("PASSPORT_TOKEN", maker.token.as_ref().unwrap())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let report = import(&[]);
    let (_, rest) = report.split_once("imported as unit ").unwrap();
    let (unit, _) = rest.split_once(':').unwrap();
    let passport = maker
        .get(&format!("/v1/dppsByProductId/{unit}"))
        .await
        .expect(200)
        .json();
    assert_eq!(passport["identification"]["serialNumber"], "EV-2025-000142");
    assert_eq!(passport["identification"]["mass"]["value"], 450);
    assert_eq!(passport["performance"]["ratedCapacity"]["value"], 190);
    assert_eq!(passport["performance"]["ratedCapacity"]["unit"], "A.h");
    for part in [
        "taken over: ",
        "lost: ",
        "/Battery_Passport/PerformanceAndDurability/RatedCapacity/amperehourMiliamperehourValue -> /performance/ratedCapacity",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    // A dry run reports the same and brings in nothing.
    let dry = import(&["--dry-run"]);
    assert!(report.ends_with(&dry) && !dry.contains("imported"), "{dry}");
    let scan = stage.public().get(&format!("/{unit}")).await.expect(200);
    assert_eq!(
        text(&scan.json()["notices"], "record"),
        "not-yet-on-the-market"
    );
}
