//! Signed views: whoever is responsible stands for every public value with its key, and a stranger checks that without us.

mod keys;

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local::Battery;
use publisher::Publisher;
use serde_json::{Value, json};
use storage::Log;
use tests::{Answer, Partner, Stage, text};
use verify::{Report, Trust, Verdict};

async fn swept(publisher: &Publisher) -> publisher::Swept {
    let until = Instant::now() + Duration::from_secs(60);
    publisher.sweep(until).await.unwrap()
}

/// A battery on the market, all of it signed and in the log.
async fn signed(stage: &Stage) -> (Battery, Publisher) {
    let (publisher, _) = stage.own_publisher();
    let battery = stage.seeded().await.batteries.remove(0);
    assert_eq!(swept(&publisher).await.failed, 0);
    let _ = stage.sequenced(Log::Changes).await;
    (battery, publisher)
}

async fn signatures(stage: &Stage, passport: &str) -> Answer {
    let path = format!("/v1/dpps/{passport}/signatures");
    stage.public().get(&path).await.expect(200)
}

/// The part that is the passport's own.
fn own(views: &Value) -> &Value {
    let mut views = views["views"].as_array().unwrap().iter();
    let of_passport = |view: &&Value| text(&view["statement"], "subject").starts_with("P#");
    views.find(of_passport).unwrap()
}

async fn keys_of(stage: &Stage, operator: &str) -> String {
    let path = format!("/v1/operators/{operator}/keys");
    stage.public().get(&path).await.expect(200).text
}

/// As a stranger verifies it: with the operators' keys as they are served, and a key of the log.
async fn verified(stage: &Stage, views: &Value, operators: &[&str]) -> Report {
    let mut keys = Vec::new();
    for operator in operators {
        keys.push(keys_of(stage, operator).await);
    }
    let keys: Vec<&[u8]> = keys.iter().map(String::as_bytes).collect();
    let log = stage.verifier_key(Log::Changes).await.to_string();
    let trust = Trust::keys([log.parse::<verify::VerifierKey>().unwrap()]);
    verify::views(views.to_string().as_bytes(), &keys, &trust)
}

async fn correct(maker: &Partner<'_>, passport: &str, changes: Value) {
    let event = json!({"type": "correction", "reason": "misread", "changes": changes});
    let _ = maker.event(passport, &event).await.expect(201);
}

fn serial(number: &str) -> Value {
    json!({"identification": {"serialNumber": number}})
}

#[tokio::test]
async fn a_stranger_checks_every_public_value_against_its_operators_key_and_the_log() {
    let stage = Stage::start().await;
    let (battery, _) = signed(&stage).await;
    let answer = signatures(&stage, &battery.passport).await;
    assert_eq!(answer.header("cache-control"), "public, max-age=60");
    let views = answer.json();
    let report = verified(&stage, &views, &[&battery.organisation]).await;
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    let subjects: Vec<String> = views["views"]
        .as_array()
        .unwrap()
        .iter()
        .map(|view| text(&view["statement"], "subject")[..2].to_owned())
        .collect();
    assert_eq!(subjects, ["M#", "B#", "P#"]);

    // Each value that everybody is shown is one of those.
    let path = format!("/v1/dpps/{}", battery.passport);
    let shown = stage.public().get(&path).await.expect(200);
    let text = report.to_string();
    let mut values = 0;
    for (group, attributes) in shown.json().as_object().unwrap() {
        for (name, value) in attributes.as_object().into_iter().flatten() {
            if passport::catalogue().attribute(group, name).is_some() {
                let sentence = format!("`/{group}/{name}` was {value}.");
                assert!(text.contains(&sentence), "{sentence}: {text}");
                values += 1;
            }
        }
    }
    assert!(values > 20, "{values}");
    // Who sees more gets no more here.
    let maker = stage.partner("economic-operator", &battery.organisation);
    let own = maker.get(&format!("{path}/signatures")).await.expect(200);
    assert_eq!(own.json(), views);
}

/// With a JOSE library of others, and nothing of ours: the payload is the statement with its members in their order (RFC 8785).
#[tokio::test]
async fn any_jose_library_checks_the_signature() {
    let stage = Stage::start().await;
    let (battery, _) = signed(&stage).await;
    let keys = keys_of(&stage, &battery.organisation).await;
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&keys).unwrap();
    let views = signatures(&stage, &battery.passport).await.json();
    for view in views["views"].as_array().unwrap() {
        let mut statement = view["statement"].clone();
        statement.as_object_mut().unwrap().sort_keys();
        let jws = text(view, "signature");
        let (header, signature) = jws.split_once("..").unwrap();
        let message = |statement: &Value| {
            let payload = URL_SAFE_NO_PAD.encode(statement.to_string());
            format!("{header}.{payload}").into_bytes()
        };
        let said = jsonwebtoken::decode_header(format!("{header}.e30.{signature}")).unwrap();
        let key = keys.find(&said.kid.unwrap()).unwrap();
        let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
        let fits = |message: &[u8]| {
            jsonwebtoken::crypto::verify(signature, message, &key, said.alg).unwrap()
        };
        assert!(fits(&message(&statement)));
        statement["operator"] = json!("hausspeicher");
        assert!(!fits(&message(&statement)));
    }
}

#[tokio::test]
async fn every_public_answer_says_where_its_signatures_are() {
    let stage = Stage::start().await;
    let (battery, _) = signed(&stage).await;
    let place = format!("{}/v1/dpps/{}/signatures", stage.origin, battery.passport);
    let link = format!("<{place}>; rel=\"describedby\"");
    let scan = format!("/{}/{}", battery.unit, battery.label);
    for path in [&scan, &format!("/v1/dpps/{}", battery.passport)] {
        let answer = stage.public().get(path).await.expect(200);
        assert!(answer.header("link").contains(&link), "{path}");
    }
    let page = stage.public().browse(&scan).await.expect(200).text;
    assert!(page.contains(&format!(
        "<a href=\"{place}\">Signed by: {}</a>",
        battery.organisation
    )));
    let copy = stage.published(&format!("json/en/{}", battery.unit)).await;
    assert!(copy.unwrap().meta("snapshot-link").contains(&link));
    let origin = stage.edge_over_the_bucket_alone().await;
    let path = format!("/json/en/{}", battery.unit);
    let copy = stage.get_from(&origin, &path, &[]).await.expect(200);
    assert!(copy.header("link").contains(&link));
}

#[tokio::test]
async fn a_changed_value_commitment_signature_or_event_is_named() {
    let stage = Stage::start().await;
    let (battery, _) = signed(&stage).await;
    let views = signatures(&stage, &battery.passport).await.json();
    let keys = &[battery.organisation.as_str()];
    let place = views["views"].as_array().unwrap().len() - 1;
    let one = format!("view {}", place + 1);
    let flipped = |text: &str| match text.strip_suffix('A') {
        Some(rest) => format!("{rest}Q"),
        None => format!("{}A", &text[..text.len() - 1]),
    };
    let signature = text(&views["views"][place], "signature");
    for (pointer, value, named) in [
        (
            "values/data/identification/serialNumber",
            json!("X"),
            "its values: these are not the values",
        ),
        (
            "values/salts/~1identification~1serialNumber",
            json!("AAAAAAAAAAAAAAAAAAAAAA"),
            "its values: these are not the values",
        ),
        (
            "statement/commitment",
            json!("ab".repeat(32)),
            "its signature: the key did not sign this",
        ),
        (
            "statement/operator",
            json!("hausspeicher"),
            "its signature: the key did not sign this",
        ),
        (
            "signature",
            json!(flipped(&signature)),
            "its signature: the key did not sign this",
        ),
    ] {
        let mut lie = views.clone();
        *lie.pointer_mut(&format!("/views/{place}/{pointer}"))
            .unwrap() = value;
        let report = verified(&stage, &lie, keys).await;
        assert_eq!(report.verdict(), Verdict::Refuted, "{pointer}: {report}");
        let fault = report.fault.unwrap().to_string();
        assert!(fault.starts_with(&format!("{one}, {named}")), "{fault}");
    }
    // The proof of another event of the same log.
    let mut lie = views.clone();
    lie["views"][place]["proof"] = views["views"][0]["proof"].clone();
    let report = verified(&stage, &lie, keys).await;
    let fault = report.fault.unwrap().to_string();
    assert!(
        fault.contains("its id is not the one that was signed"),
        "{fault}"
    );
}

#[tokio::test]
async fn a_restricted_change_moves_no_signature_and_a_public_one_makes_the_next() {
    let stage = Stage::start().await;
    let (battery, publisher) = signed(&stage).await;
    let maker = stage.partner("economic-operator", &battery.organisation);
    let views = signatures(&stage, &battery.passport).await.json();
    let first = own(&views)["statement"]["version"].as_u64().unwrap();
    let restricted =
        json!({"condition": {"batteryStatus": {"value": "original", "measuredAt": web::now()}}});
    correct(&maker, &battery.passport, restricted).await;
    let _ = swept(&publisher).await;
    let after = signatures(&stage, &battery.passport).await.json();
    assert_eq!(own(&after)["statement"], own(&views)["statement"]);
    assert_eq!(own(&after)["signature"], own(&views)["signature"]);

    correct(&maker, &battery.passport, serial("EV-CORRECTED")).await;
    let _ = swept(&publisher).await;
    // Signed at once, in the log some seconds later: until then nobody may keep the answer.
    let answer = signatures(&stage, &battery.passport).await;
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert!(own(&answer.json())["proof"].is_null());
    let _ = stage.sequenced(Log::Changes).await;
    let after = signatures(&stage, &battery.passport).await.json();
    assert_eq!(own(&after)["statement"]["version"], first + 1);
    let report = verified(&stage, &after, &[&battery.organisation]).await;
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    assert!(report.to_string().contains("was \"EV-CORRECTED\""));
    // The one before stays as it was.
    let path = format!("/v1/dpps/{}/versions/{first}/signature", battery.passport);
    let kept = stage.public().get(&path).await.expect(200);
    assert_eq!(kept.header("cache-control"), "public, max-age=86400");
    let kept = kept.json();
    assert_eq!(kept["views"][0]["signature"], own(&views)["signature"]);
    let report = verified(&stage, &kept, &[&battery.organisation]).await;
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    for (version, status) in [("0", 404), ("99", 404), ("x", 400)] {
        let path = format!("/v1/dpps/{}/versions/{version}/signature", battery.passport);
        let _ = stage.public().get(&path).await.expect(status);
    }
}

#[tokio::test]
async fn a_draft_is_nobodys_to_stand_for_and_is_signed_as_it_is_placed_on_the_market() {
    let stage = Stage::start().await;
    let (publisher, _) = stage.own_publisher();
    let maker = stage.maker();
    let (_, draft) = maker.draft().await;
    let _ = swept(&publisher).await;
    let path = format!("/v1/dpps/{draft}/signatures");
    let _ = stage.public().get(&path).await.expect(404);
    let one = format!("/v1/dpps/{draft}/versions/1/signature");
    let answer = maker.get(&one).await.expect(404);
    assert!(answer.text.contains("not signed yet"), "{}", answer.text);
    let battery = stage.seeded().await.batteries.remove(0);
    let _ = swept(&publisher).await;
    let first = format!("/v1/dpps/{}/versions/1/signature", battery.passport);
    let _ = stage.public().get(&first).await.expect(200);
}

#[tokio::test]
async fn a_new_responsible_operator_signs_with_its_key_and_older_versions_keep_theirs() {
    let stage = Stage::start().await;
    let (battery, publisher) = signed(&stage).await;
    let maker = stage.partner("economic-operator", &battery.organisation);
    let before = signatures(&stage, &battery.passport).await.json();
    let offer = maker
        .offer(&battery.passport, "hausspeicher", "takeover")
        .await;
    let next = stage.partner("economic-operator", "hausspeicher");
    let _ = next.accept(&offer).await.expect(200);
    // Responsibility alone changes no value.
    let _ = swept(&publisher).await;
    let same = signatures(&stage, &battery.passport).await.json();
    assert_eq!(own(&same)["signature"], own(&before)["signature"]);
    correct(&next, &battery.passport, serial("EV-TAKEN-OVER")).await;
    let _ = swept(&publisher).await;
    let _ = stage.sequenced(Log::Changes).await;
    let after = signatures(&stage, &battery.passport).await.json();
    assert_eq!(own(&after)["statement"]["operator"], "hausspeicher");
    // Model and batch are the maker's still: it takes both operators' keys.
    let alone = verified(&stage, &after, &["hausspeicher"]).await;
    assert_eq!(alone.verdict(), Verdict::Unchecked, "{alone}");
    let both = ["hausspeicher", battery.organisation.as_str()];
    let report = verified(&stage, &after, &both).await;
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    let first = format!("/v1/dpps/{}/versions/1/signature", battery.passport);
    let first = stage.public().get(&first).await.expect(200).json();
    let report = verified(&stage, &first, &[&battery.organisation]).await;
    assert_eq!(report.verdict(), Verdict::Proved, "{report}");
}

#[tokio::test]
async fn two_publishers_at_once_sign_a_version_once() {
    let stage = Stage::start().await;
    let (one, _) = stage.own_publisher();
    let (two, _) = stage.own_publisher();
    let batteries = stage.seeded().await.batteries;
    let (first, second) = tokio::join!(swept(&one), swept(&two));
    assert_eq!(first.failed + second.failed, 0);
    let _ = stage.sequenced(Log::Changes).await;
    for battery in batteries {
        let views = signatures(&stage, &battery.passport).await.json();
        let report = verified(&stage, &views, &[&battery.organisation]).await;
        assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    }
}

#[tokio::test]
async fn where_the_key_is_out_of_reach_the_view_goes_out_and_its_signature_follows() {
    let stage = Stage::start().await;
    let (battery, publisher) = signed(&stage).await;
    let maker = stage.partner("economic-operator", &battery.organisation);
    let folder = local::operator_keys(stage.data());
    let away = folder.with_extension("away");
    std::fs::rename(&folder, &away).unwrap();
    std::fs::write(&folder, "no folder").unwrap();
    for number in ["EV-1", "EV-2"] {
        correct(&maker, &battery.passport, serial(number)).await;
        let swept = swept(&publisher).await;
        assert_eq!(swept.failed, 1);
        let copy = stage.published(&format!("json/en/{}", battery.unit)).await;
        assert!(copy.unwrap().text.contains(number));
    }
    let versions = async || {
        let views = signatures(&stage, &battery.passport).await;
        views.json()["views"].as_array().unwrap().len()
    };
    // Model and batch, and of the passport nothing that is newer than its signatures.
    assert_eq!(versions().await, 2);
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&away, &folder).unwrap();
    assert_eq!(swept(&publisher).await.failed, 0);
    let _ = stage.sequenced(Log::Changes).await;
    for version in 1..=3 {
        let path = format!("/v1/dpps/{}/versions/{version}/signature", battery.passport);
        let views = stage.public().get(&path).await.expect(200).json();
        let report = verified(&stage, &views, &[&battery.organisation]).await;
        assert_eq!(report.verdict(), Verdict::Proved, "{report}");
    }
}
