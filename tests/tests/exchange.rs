//! Passports go out in the formats of others and come in from them, and nothing is lost silently.
//!
//! Documents of others are not part of this project: where `../shared/reference` is absent the tests that read them say so
//! and end.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tests::{Answer, Partner, Stage, text};

const READY: &str = "batterypass-ready-1.0";
const IDTA: &str = "idta-02035-1.0";

fn profile(stage: &Stage, format: &str) -> String {
    format!(
        "application/json; profile=\"{}/docs/formats#{format}\"",
        stage.origin
    )
}

async fn in_form(stage: &Stage, who: &Partner<'_>, passport: &str, format: &str) -> Answer {
    let accept = profile(stage, format);
    let headers = [("accept", accept.as_str())];
    who.call("GET", &format!("/v1/dpps/{passport}"), &headers, None)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_of_a_passport_in_any_format_what_they_may_see() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    let passport = &battery.passport;
    let capacity =
        "/Battery_Passport/PerformanceAndDurability/RatedCapacity/amperehourMiliamperehourValue";
    let charge = "/Battery_Passport/PerformanceAndDurability/StateOfChargeSoC";
    let public = in_form(&stage, &stage.public(), passport, READY)
        .await
        .expect(200);
    let all = in_form(&stage, &owner, passport, READY).await.expect(200);
    for answer in [&public, &all] {
        assert_eq!(answer.header("content-type"), profile(&stage, READY));
        assert_eq!(answer.header("vary"), "Accept, Authorization");
        assert_eq!(answer.json().pointer(capacity), Some(&json!(224)));
    }
    assert_eq!(
        public.header("cache-control"),
        "public, max-age=0, must-revalidate"
    );
    assert_eq!(all.header("cache-control"), "private, no-store");
    // Class 4 is for the owner, and neither a value nor its loss tells the public of it.
    assert!(all.json().pointer(charge).is_some());
    assert_eq!(public.json().pointer(charge), None);
    let path = format!("/v1/dpps/{passport}/exports/{READY}");
    let report = stage.public().get(&path).await.expect(200).json();
    assert_eq!(report["document"], public.json());
    let losses = report["losses"].as_array().unwrap();
    assert_eq!(
        public.header("interchange-losses"),
        losses.len().to_string()
    );
    let named: Vec<&str> = losses
        .iter()
        .map(|loss| loss["pointer"].as_str().unwrap())
        .collect();
    assert!(
        named
            .iter()
            .all(|pointer| !pointer.starts_with("/condition")),
        "{named:?}"
    );
    assert!(named.contains(&charge), "{named:?}");
    // Each representation has a tag of its own.
    let own = stage
        .public()
        .get(&format!("/v1/dpps/{passport}"))
        .await
        .expect(200);
    let idta = in_form(&stage, &stage.public(), passport, IDTA)
        .await
        .expect(200);
    let tags = [
        own.header("etag"),
        public.header("etag"),
        idta.header("etag"),
    ];
    assert!(
        tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2],
        "{tags:?}"
    );
    let accept = profile(&stage, READY);
    let known = [("accept", accept.as_str()), ("if-none-match", tags[1])];
    let path = format!("/v1/dpps/{passport}");
    let _ = stage
        .public()
        .call("GET", &path, &known, None)
        .await
        .expect(304);
    let other = [("accept", accept.as_str()), ("if-none-match", tags[0])];
    let _ = stage
        .public()
        .call("GET", &path, &other, None)
        .await
        .expect(200);
    let place = "/TechnicalDataBattery/TechnicalPropertyAreas/CapacityEnergyVoltage/RatedCapacity";
    assert_eq!(idta.json().pointer(place), Some(&json!(224)));
}

#[tokio::test(flavor = "multi_thread")]
async fn linked_data_has_a_context_that_knows_every_member() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    let path = format!("/v1/dpps/{}", battery.passport);
    let linked = [("accept", "application/ld+json")];
    let answer = owner.call("GET", &path, &linked, None).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/ld+json");
    let own = owner.get(&path).await.expect(200);
    assert_ne!(answer.header("etag"), own.header("etag"));
    let mut document = answer.json();
    let members = document.as_object_mut().unwrap();
    let address = members.remove("@context").unwrap();
    assert_eq!(
        members.remove("@type"),
        Some(json!("DigitalProductPassport"))
    );
    assert_eq!(document, own.json());
    let address = address
        .as_str()
        .unwrap()
        .strip_prefix(&stage.origin)
        .unwrap();
    let context = stage.public().get(address).await.expect(200);
    assert_eq!(context.header("content-type"), "application/ld+json");
    let context = &context.json()["@context"];
    for (name, values) in document.as_object().unwrap() {
        assert!(!context[name].is_null(), "{name}");
        for id in values
            .as_object()
            .into_iter()
            .flat_map(|values| values.keys())
        {
            assert!(
                context[name]["@context"][id]["@id"].is_string(),
                "{name}/{id}"
            );
        }
    }
}

const LINKED: (&str, &str) = ("accept", "application/ld+json");

#[tokio::test(flavor = "multi_thread")]
async fn what_a_former_owner_sees_beyond_the_public_is_never_cached_and_leaves_its_read_event() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let maker = stage.partner("economic-operator", &battery.organisation);
    let passport = &battery.passport;
    let note = json!({"type": "correction", "reason": "noted", "changes": {"internal": {"note": "our secret"}}});
    let _ = maker.event(passport, &note).await.expect(201);
    let offer = maker.offer(passport, "second-life", "further-life").await;
    let _ = stage
        .partner("repurposer", "second-life")
        .accept(&offer)
        .await
        .expect(200);
    let path = format!("/v1/dpps/{passport}");
    let partition = format!("A#P#{passport}");
    let reads = || stage.ledger_items(&partition);
    let ready = profile(&stage, READY);
    for accept in [LINKED, ("accept", ready.as_str())] {
        let before = reads().await;
        let first = maker.call("GET", &path, &[accept], None).await.expect(200);
        assert_eq!(first.header("cache-control"), "private, no-store");
        let tag = first.header("etag");
        let known = [accept, ("if-none-match", tag)];
        let again = maker.call("GET", &path, &known, None).await.expect(200);
        assert_eq!(again.text, first.text);
        assert_eq!(reads().await, before + 2);
        if accept == LINKED {
            assert_eq!(first.json()["internal"]["note"], "our secret");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn linked_data_that_went_out_comes_in_again() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    for battery in &seeded.batteries {
        let owner = stage.partner("economic-operator", &battery.organisation);
        let path = format!("/v1/dpps/{}", battery.passport);
        let out = owner.call("GET", &path, &[LINKED], None).await.expect(200);
        let out = out.json();
        let declared = [("content-type", "application/ld+json")];
        let model = import(&owner, "/v1/models", &declared, &out)
            .await
            .expect(201);
        assert_eq!(model.json()["import"]["format"], "json-ld");
        let model = text(&model.json(), "id");
        let order = json!({"model": model, "count": 1, "reason": "order 1"});
        let order = owner.post("/v1/units", &order).await.expect(201).json();
        let unit = text(&order["units"][0], "unit");
        let declared = [declared[0], ("dpp-unit", unit.as_str())];
        let created = import(&owner, "/v1/dpps", &declared, &out)
            .await
            .expect(201);
        let losses = created.json()["import"]["losses"].clone();
        let lost: Vec<(&str, &str)> = losses
            .as_array()
            .unwrap()
            .iter()
            .filter(|loss| !loss["reason"].as_str().unwrap().contains("POST /v1/models"))
            .map(|loss| (loss["pointer"].as_str().unwrap(), text_of(loss, "what")))
            .collect();
        // No value is lost but those that only events of their own bring, or that the platform gives.
        for (pointer, what) in &lost {
            let header = pointer.rfind('/') == Some(0);
            let apart = [
                "/identification/uniqueIdentifier",
                "/identification/putIntoServiceDate",
                "/condition/batteryStatus",
            ];
            assert!(
                header && *what == "derived" || apart.contains(pointer),
                "{pointer} ({what})"
            );
        }
        let id = text(&created.json(), "id");
        let back = owner
            .call("GET", &format!("/v1/dpps/{id}"), &[LINKED], None)
            .await
            .expect(200)
            .json();
        let mut compared = 0;
        for (group, values) in out.as_object().unwrap() {
            for (name, value) in values.as_object().into_iter().flatten() {
                let pointer = format!("/{group}/{name}");
                if !lost.iter().any(|(lost, _)| *lost == pointer) {
                    assert_eq!(back[group].get(name), Some(value), "{pointer}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 40, "{compared}");
    }
}

fn text_of<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn linked_data_in_the_terms_of_others_is_refused() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}");
    let out = maker.call("GET", &path, &[LINKED], None).await.expect(200);
    let declared = [("content-type", "application/ld+json")];
    for context in [
        json!("https://schema.org/"),
        json!({"modelName": "https://schema.org/name"}),
        Value::Null,
    ] {
        let mut foreign = out.json();
        foreign["@context"] = context;
        for route in ["/v1/models", "/v1/dpps"] {
            let refused = import(&maker, route, &declared, &foreign).await.expect(400);
            assert!(
                refused.text.contains("/v1/context.jsonld"),
                "{}",
                refused.text
            );
        }
    }
    let _ = maker
        .call(
            "PATCH",
            &path,
            &[
                declared[0],
                ("dpp-reason", "x"),
                ("dpp-event-type", "correction"),
            ],
            Some(&out.json()),
        )
        .await
        .expect(415);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_nobody_knows_is_refused_and_the_known_ones_are_named() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}");
    let unknown = [(
        "accept",
        "application/json; profile=\"https://elsewhere.example/x\"",
    )];
    let refused = maker.call("GET", &path, &unknown, None).await.expect(406);
    assert!(
        refused.text.contains(&format!("#{READY}")),
        "{}",
        refused.text
    );
    // Whoever takes the platform's own form too gets that.
    let either = [(
        "accept",
        "application/json; profile=\"https://elsewhere.example/x\", application/json;q=0.5",
    )];
    let own = maker
        .call("GET", &path, &either, None)
        .await
        .expect(200)
        .json();
    assert!(own["digitalProductPassportId"].is_string());
    let other_category = format!("{READY}-lmt");
    let refused = in_form(&stage, &maker, &passport, &other_category)
        .await
        .expect(406);
    assert!(
        refused.text.contains("`lmt`") && refused.text.contains("`ev`"),
        "{}",
        refused.text
    );
    let _ = maker
        .get(&format!("{path}/exports/nothing"))
        .await
        .expect(404);
    let _ = stage
        .public()
        .get(&format!("{path}/exports/{READY}"))
        .await
        .expect(404);
    for (method, route) in [
        ("POST", "/v1/models"),
        ("POST", "/v1/dpps"),
        ("PATCH", path.as_str()),
    ] {
        let key = uuid::Uuid::new_v4().to_string();
        let headers = [
            (
                "content-type",
                "application/json; profile=\"https://elsewhere.example/x\"",
            ),
            ("idempotency-key", key.as_str()),
            ("dpp-reason", "x"),
            ("dpp-event-type", "correction"),
        ];
        let _ = maker
            .call(method, route, &headers, Some(&json!({})))
            .await
            .expect(415);
    }
}

async fn import(
    maker: &Partner<'_>,
    path: &str,
    headers: &[(&str, &str)],
    document: &Value,
) -> Answer {
    let key = uuid::Uuid::new_v4().to_string();
    let mut all = vec![
        ("idempotency-key", key.as_str()),
        ("dpp-reason", "from%20our%20old%20system"),
    ];
    all.extend(headers);
    maker.call("POST", path, &all, Some(document)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_out_comes_in_again_as_a_model_and_a_draft() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    for (battery, format) in seeded.batteries.iter().zip([READY, IDTA, READY]) {
        let owner = stage.partner("economic-operator", &battery.organisation);
        let path = format!("/v1/dpps/{}", battery.passport);
        let before = owner.get(&path).await.expect(200).json();
        let out = owner
            .get(&format!("{path}/exports/{format}"))
            .await
            .expect(200)
            .json();
        let content_type = profile(&stage, format);
        let declared = [("content-type", content_type.as_str())];
        let model = import(&owner, "/v1/models", &declared, &out["document"])
            .await
            .expect(201);
        let report = &model.json()["import"];
        assert_eq!(report["format"], format);
        let losses = report["losses"].as_array().unwrap();
        assert_eq!(model.header("interchange-losses"), losses.len().to_string());
        assert!(
            losses
                .iter()
                .any(|loss| loss["reason"].as_str().unwrap().contains("POST /v1/dpps"))
        );
        let model = text(&model.json(), "id");
        let order = json!({"model": model, "count": 1, "reason": "order 1"});
        let order = owner.post("/v1/units", &order).await.expect(201).json();
        let unit = text(&order["units"][0], "unit");
        let declared = [
            ("content-type", content_type.as_str()),
            ("dpp-unit", unit.as_str()),
        ];
        let created = import(&owner, "/v1/dpps", &declared, &out["document"])
            .await
            .expect(201);
        let unknown = created.json()["import"]["losses"]
            .as_array()
            .unwrap()
            .iter()
            .any(|loss| loss["what"] == "not-understood");
        assert!(!unknown, "{}", created.text);
        let passport = text(&created.json(), "id");
        let after = owner
            .get(&format!("/v1/dpps/{passport}"))
            .await
            .expect(200)
            .json();
        assert_eq!(after["dppStatus"], "inactive");
        let history = owner
            .get(&format!("/v1/dpps/{passport}/events"))
            .await
            .expect(200)
            .json();
        assert_eq!(history["events"][0]["type"], "passport-created");
        assert_eq!(history["events"][0]["reason"], "from our old system");
        let lost: Vec<&str> = out["losses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|loss| loss["pointer"].as_str().unwrap())
            .collect();
        let mut same = 0;
        for group in [
            "identification",
            "performance",
            "materials",
            "circularity",
            "conformity",
        ] {
            for (id, value) in before[group].as_object().into_iter().flatten() {
                let pointer = format!("/{group}/{id}");
                // What only an event of its own records, and what the platform derives, does not come by an import.
                let apart = [
                    "/identification/uniqueIdentifier",
                    "/identification/putIntoServiceDate",
                ];
                if apart.contains(&pointer.as_str())
                    || lost.iter().any(|lost| lost.starts_with(&pointer))
                {
                    continue;
                }
                assert_eq!(after[group].get(id), Some(value), "{format}: {pointer}");
                same += 1;
            }
        }
        assert!(same > 15, "{format}: {same}");
        // The unit has its passport now.
        let again = import(&owner, "/v1/dpps", &declared, &out["document"]).await;
        assert_eq!(again.status, 409, "{}", again.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_held_to_the_unit_it_goes_to() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    let content_type = profile(&stage, READY);
    let document = json!({"Battery_Passport": {"IdentifiersAndProductData": {
        "BatterySerialNumber": "A-1",
        "BatteryCategory": {"batteryCategoryValue": "LMT battery"},
        "UniqueBatteryIdentifierUniqueProductIdentifier": "https://elsewhere.example/1",
        "Unheard": {"of": 1},
    }}});
    let nowhere = [("content-type", content_type.as_str())];
    let _ = import(&maker, "/v1/dpps", &nowhere, &document)
        .await
        .expect(400);
    let here = [
        ("content-type", content_type.as_str()),
        ("dpp-unit", unit.unit.as_str()),
    ];
    let refused = import(&maker, "/v1/dpps", &here, &document)
        .await
        .expect(409);
    assert!(refused.text.contains("`lmt`"), "{}", refused.text);
    // A document of the right category, with a name and with what nobody knows.
    let mut document = document;
    let place = "/Battery_Passport/IdentifiersAndProductData";
    document.pointer_mut(place).unwrap()["BatteryCategory"]["batteryCategoryValue"] =
        json!("electric vehicle battery");
    let product = format!("{}/{}", stage.origin, unit.unit);
    document.pointer_mut(place).unwrap()["UniqueBatteryIdentifierUniqueProductIdentifier"] =
        json!(product);
    let created = import(&maker, "/v1/dpps", &nowhere, &document)
        .await
        .expect(201)
        .json();
    let losses = created["import"]["losses"].as_array().unwrap();
    let unheard = losses
        .iter()
        .find(|loss| loss["what"] == "not-understood")
        .unwrap();
    assert_eq!(unheard["pointer"], format!("{place}/Unheard"));
    assert_eq!(
        created["import"]["taken"][0]["to"],
        "/identification/serialNumber"
    );
}

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
async fn the_tool_brings_a_document_in_and_takes_it_out() {
    let Some(file) = document() else { return };
    let binaries = tests::built(&["passport"]).await;
    let stage = Stage::start().await;
    let maker = stage.maker();
    let tool = |arguments: &[&str]| {
        let output = Command::new(binaries.join("passport"))
            .args(arguments)
            .env("PASSPORT_TOKEN", maker.token.as_ref().unwrap())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    let name = file.to_str().unwrap();
    let (report, _) = tool(&["import", name, "--to", &stage.origin]);
    let (_, rest) = report.split_once("imported as unit ").unwrap();
    let (unit, _) = rest.split_once(':').unwrap();
    let passport = maker
        .get(&format!("/v1/dppsByProductId/{unit}"))
        .await
        .expect(200)
        .json();
    let (_, ids) = rest.split_once(", passport ").unwrap();
    let (id, model) = ids.lines().next().unwrap().split_once(", model ").unwrap();
    assert_eq!(
        passport["digitalProductPassportId"],
        format!("{}/p/{id}", stage.origin)
    );
    let _ = maker.get(&format!("/v1/models/{model}")).await.expect(200);
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
    let (dry, _) = tool(&["import", name, "--dry-run", "--format", READY]);
    assert!(report.ends_with(&dry) && !dry.contains("imported"), "{dry}");
    let scan = stage.public().get(&format!("/{unit}")).await.expect(200);
    assert_eq!(
        text(&scan.json()["notices"], "record"),
        "not-yet-on-the-market"
    );
    // And out again, into a file that comes in just so.
    let id = text(&passport, "digitalProductPassportId");
    let (document, losses) = tool(&[
        "export",
        &id,
        "--from",
        &stage.origin,
        "--format",
        READY,
        "--losses",
    ]);
    let exported: Value = serde_json::from_str(&document).unwrap();
    let place = "/Battery_Passport/IdentifiersAndProductData/BatterySerialNumber";
    assert_eq!(exported.pointer(place), Some(&json!("EV-2025-000142")));
    assert!(losses.contains("(required-missing)"), "{losses}");
    let again = stage.data().join("again.json");
    std::fs::write(&again, document).unwrap();
    let (again, _) = tool(&["import", again.to_str().unwrap(), "--dry-run"]);
    assert!(!again.contains("(not-understood)"), "{again}");
    // As linked data it loses nothing, and comes in as another battery.
    let (document, losses) = tool(&[
        "export",
        &id,
        "--from",
        &stage.origin,
        "--format",
        "json-ld",
        "--losses",
    ]);
    assert_eq!(losses, "lost: 0\n");
    let linked: Value = serde_json::from_str(&document).unwrap();
    let (_, uuid) = id.rsplit_once('/').unwrap();
    let answer = maker
        .call("GET", &format!("/v1/dpps/{uuid}"), &[LINKED], None)
        .await
        .expect(200);
    assert_eq!(linked, answer.json());
    let file = stage.data().join("battery.jsonld");
    std::fs::write(&file, document).unwrap();
    let (report, _) = tool(&["import", file.to_str().unwrap(), "--to", &stage.origin]);
    let (_, rest) = report.split_once("imported as unit ").unwrap();
    let (unit, _) = rest.split_once(':').unwrap();
    let again = maker
        .get(&format!("/v1/dppsByProductId/{unit}"))
        .await
        .expect(200)
        .json();
    for group in ["performance", "materials", "circularity", "conformity"] {
        assert_eq!(again[group], passport[group], "{group}");
    }
}
