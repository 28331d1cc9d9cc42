//! Exactly the fields a caller may see, exactly the changes it may make; every restricted read leaves its event.

use serde_json::{Value, json};
use tests::{Stage, text};

/// Roles with an organisation that holds them, and the restricted attributes of the EV example each may read.
const ROLES: [(&str, &str, &[u8]); 7] = [
    ("economic-operator", "hausspeicher", &[1]),
    ("supplier", "cellmaker", &[1]),
    ("service-provider", "garage-nord", &[1, 2, 4]),
    ("recycler", "recyclo", &[1, 2, 4]),
    ("market-surveillance", "authority", &[1, 2, 3]),
    ("notified-body", "certlab", &[1, 2, 3]),
    ("auditor", "auditors", &[1]),
];

fn classes(document: &Value) -> std::collections::BTreeSet<u8> {
    let mut found = std::collections::BTreeSet::new();
    for (group, values) in document.as_object().unwrap() {
        let Some(values) = values.as_object() else {
            continue;
        };
        for name in values.keys() {
            let pointer = format!("/{group}/{name}");
            if let Some(attribute) = passport::catalogue().by_pointer(&pointer) {
                found.insert(attribute.class.number());
            }
        }
    }
    found
}

#[tokio::test]
async fn each_role_sees_its_classes_and_no_other() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let path = format!("/v1/dpps/{}", battery.passport);
    let public = stage.public().get(&path).await.expect(200).json();
    assert_eq!(classes(&public), [1].into());
    let owner = stage.partner("economic-operator", &battery.organisation);
    let whole = classes(&owner.get(&path).await.expect(200).json());
    assert!(whole.is_superset(&[1, 2, 4].into()), "{whole:?}");
    for (role, organisation, allowed) in ROLES {
        if organisation == battery.organisation {
            continue;
        }
        let answer = stage
            .partner(role, organisation)
            .get(&path)
            .await
            .expect(200)
            .json();
        let allowed: std::collections::BTreeSet<u8> = allowed.iter().copied().collect();
        let seen = classes(&answer);
        assert!(seen.is_subset(&allowed), "{role} saw {seen:?}");
        let there: std::collections::BTreeSet<u8> = whole.intersection(&allowed).copied().collect();
        assert_eq!(seen, there, "{role}");
    }
}

#[tokio::test]
async fn a_restricted_read_leaves_an_event_and_a_public_one_none() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let passport = &seeded.batteries[0].passport;
    let path = format!("/v1/dpps/{passport}");
    let subject = format!("A#P#{passport}");
    let before = stage.ledger_items(&subject).await;
    let _ = stage.public().get(&path).await.expect(200);
    assert_eq!(stage.ledger_items(&subject).await, before);
    let _ = stage
        .partner("service-provider", "garage-nord")
        .get(&path)
        .await
        .expect(200);
    assert_eq!(stage.ledger_items(&subject).await, before + 1);
}

#[tokio::test]
async fn a_draft_does_not_exist_for_others() {
    let stage = Stage::start().await;
    let (_, passport) = stage.maker().draft().await;
    let never = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
    let detail = |answer: &Value| text(answer, "detail");
    for suffix in ["", "/versions", "/events"] {
        for (role, organisation, _) in ROLES {
            let partner = stage.partner(role, organisation);
            let draft = partner
                .get(&format!("/v1/dpps/{passport}{suffix}"))
                .await
                .expect(404)
                .json();
            let nothing = partner
                .get(&format!("/v1/dpps/{never}{suffix}"))
                .await
                .expect(404)
                .json();
            assert_eq!(detail(&draft), detail(&nothing));
        }
        let _ = stage
            .public()
            .get(&format!("/v1/dpps/{passport}{suffix}"))
            .await
            .expect(404);
    }
}

#[tokio::test]
async fn a_workshop_records_a_repair_and_nothing_else() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let passport = &seeded.batteries[0].passport;
    let workshop = stage.partner("service-provider", "garage-nord");
    let photo = workshop.evidence(b"photo of the repair", 4).await;
    let repair = json!({"type": "repair", "reason": "contactor exchanged", "evidence": [photo]});
    let _ = workshop.event(passport, &repair).await.expect(201);
    for (kind, changes) in [
        (
            "correction",
            json!({"identification": {"serialNumber": "STOLEN"}}),
        ),
        ("placed-on-market", json!({})),
        ("recycled", json!({})),
    ] {
        let event = json!({"type": kind, "reason": "x", "changes": changes, "evidence": [photo]});
        let _ = workshop.event(passport, &event).await.expect(403);
    }
    let sneaky = json!({
        "type": "repair", "reason": "x", "evidence": [photo],
        "changes": {"identification": {"serialNumber": "STOLEN"}},
    });
    let refused = workshop.event(passport, &sneaky).await.expect(403).json();
    assert!(text(&refused, "detail").contains("/identification/serialNumber"));
}

#[tokio::test]
async fn restricted_events_are_unknown_to_the_public() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let path = format!("/v1/dpps/{}/events", battery.passport);
    let public = stage.public().get(&path).await.expect(200);
    for event in public.json()["events"].as_array().unwrap() {
        assert_eq!(event["class"], 1);
        assert_eq!(event["seq"], Value::Null);
    }
    for hidden in [
        "repair",
        "measurement",
        "contactor",
        "stateOf",
        "batteryStatus",
    ] {
        assert!(!public.text.contains(hidden), "{hidden}");
    }
    let owner = stage.partner("economic-operator", &battery.organisation);
    let all = owner.get(&path).await.expect(200).json();
    let events = all["events"].as_array().unwrap();
    assert!(events.len() > public.json()["events"].as_array().unwrap().len());
    assert!(
        events
            .iter()
            .any(|event| event["type"] == "repair" && event["evidence"][0]["sha256"].is_string())
    );
}

#[tokio::test]
async fn a_restricted_change_moves_nothing_public() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let scan = format!("/{}/{}", battery.unit, battery.label);
    let read = format!("/v1/dpps/{}", battery.passport);
    let before = (
        stage.public().get(&scan).await,
        stage.public().get(&read).await,
    );
    let versions = stage
        .public()
        .get(&format!("{read}/versions"))
        .await
        .expect(200)
        .text;
    let owner = stage.partner("economic-operator", &battery.organisation);
    let event = json!({
        "type": "measurement", "reason": "daily reading",
        "changes": {"condition": {"stateOfCharge": {"value": 41, "unit": "%", "measuredAt": "2026-11-02T08:00:00Z"}}},
    });
    let _ = owner.event(&battery.passport, &event).await.expect(201);
    let after = (
        stage.public().get(&scan).await,
        stage.public().get(&read).await,
    );
    assert_eq!(before.0.text, after.0.text);
    assert_eq!(before.0.header("etag"), after.0.header("etag"));
    assert_eq!(before.1.text, after.1.text);
    assert_eq!(before.1.header("etag"), after.1.header("etag"));
    assert_eq!(
        stage
            .public()
            .get(&format!("{read}/versions"))
            .await
            .expect(200)
            .text,
        versions
    );
}

#[tokio::test]
async fn tokens_that_are_not_ours_open_nothing() {
    let stage = Stage::start().await;
    let good = stage.maker().token.unwrap();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let flipped = format!(
        "{signed}.{}{}",
        if signature.starts_with('A') { 'B' } else { 'A' },
        &signature[1..]
    );
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5sb2NhbC5pbnZhbGlkIn0.";
    let other = Stage::start().await;
    let foreign = other.maker().token.unwrap();
    for token in [
        flipped.as_str(),
        none,
        foreign.as_str(),
        "",
        "a.b.c",
        "Bearer",
        &format!("{good}="),
        &format!("{signed}."),
    ] {
        let mut caller = stage.public();
        caller.token = Some(token.to_owned());
        let refused = caller
            .get("/v1/units/32XZAJ4P21M1MZ0N3RQA")
            .await
            .expect(401);
        let challenge = refused.header("www-authenticate");
        assert_eq!(challenge, "Bearer error=\"invalid_token\"");
        let _ = caller.post("/v1/models", &json!({})).await.expect(401);
    }
    let _ = stage
        .public()
        .get("/v1/units/32XZAJ4P21M1MZ0N3RQA")
        .await
        .expect(401);
}

/// Whether an attribute has a value, and which, is told by no refusal: the answer depends on what is named alone.
#[tokio::test]
async fn a_refused_change_tells_nothing_of_what_is_there() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let workshop = stage.partner("service-provider", "garage-nord");
    let owner = stage.partner("economic-operator", &battery.organisation);
    let whole = owner
        .get(&format!("/v1/dpps/{}", battery.passport))
        .await
        .expect(200)
        .json();
    let status = &whole["condition"]["batteryStatus"]["value"];
    assert_eq!(status, "original");
    let event = |changes: Value| json!({"type": "measurement", "reason": "x", "changes": changes});
    let mut answers = std::collections::BTreeSet::new();
    for guess in [json!("original"), json!("waste"), Value::Null] {
        let changes = json!({"condition": {"batteryStatus": {"value": guess}}});
        let refused = workshop
            .event(&battery.passport, &event(changes))
            .await
            .expect(403);
        answers.insert(text(&refused.json(), "detail"));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    // The same pointers, whether the group has values (condition) or not (an internal note).
    for group in ["internal", "condition", "conformity"] {
        let refused = workshop
            .event(&battery.passport, &event(json!({group: null})))
            .await
            .expect(403);
        let detail = text(&refused.json(), "detail");
        for attribute in passport::catalogue().group(group) {
            if !attribute.written_by("measurement") {
                assert!(detail.contains(&attribute.pointer()), "{detail}");
            }
        }
    }
    let erase = json!({"type": "maintenance", "reason": "x", "changes": {"condition": {"negativeEvents": null}}});
    let refused = workshop.event(&battery.passport, &erase).await.expect(403);
    assert!(text(&refused.json(), "detail").contains("may not remove"));
}

#[tokio::test]
async fn a_public_event_says_nothing_of_restricted_evidence() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    let (open, closed) = (
        owner.evidence(b"a declaration", 1).await,
        owner.evidence(b"an internal memo", 0).await,
    );
    let path = format!("/v1/dpps/{}/events", battery.passport);
    let seen = async |caller: &tests::Partner<'_>| {
        let events = caller.get(&path).await.expect(200);
        let json = events.json();
        let recall = json["events"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(recall["type"], "recall");
        (recall["evidence"].as_array().unwrap().len(), events.text)
    };
    // Nobody but the owner reads both points 3 and 4.
    let report = owner.evidence(b"a test report", 3).await;
    let event = json!({"type": "negative-event", "reason": "overheated", "evidence": [report]});
    let _ = owner.event(&battery.passport, &event).await.expect(201);
    for (role, organisation) in [
        ("service-provider", "garage-nord"),
        ("market-surveillance", "authority"),
    ] {
        let history = stage
            .partner(role, organisation)
            .get(&path)
            .await
            .expect(200)
            .text;
        assert!(!history.contains(&report), "{role}");
    }
    let history = owner.get(&path).await.expect(200).text;
    assert!(history.contains(&report));
    let event = json!({"type": "recall", "reason": "fan may fail", "evidence": [open, closed]});
    let _ = owner.event(&battery.passport, &event).await.expect(201);
    let (count, public) = seen(&stage.public()).await;
    assert_eq!(count, 1);
    let hash = ledger::Sha256::of(b"an internal memo").to_string();
    assert!(!public.contains(&closed) && !public.contains(&hash));
    assert_eq!(seen(&owner).await.0, 2);
}

#[tokio::test]
async fn who_took_a_battery_as_waste_is_not_public_and_may_not_write_what_it_may_not_read() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let scan = format!("/{}/{}", battery.unit, battery.label);
    let read = format!("/v1/dpps/{}", battery.passport);
    let public = async || {
        let (scan, read) = (
            stage.public().get(&scan).await,
            stage.public().get(&read).await,
        );
        let tags = (
            scan.header("etag").to_owned(),
            read.header("etag").to_owned(),
        );
        (scan.text, read.text, tags)
    };
    let before = public().await;
    assert!(before.0.contains(&battery.organisation));
    let recycler = stage.partner("recycler", "recyclo");
    let owner = stage.partner("economic-operator", &battery.organisation);
    let offer = owner.offer(&battery.passport, "recyclo", "waste").await;
    assert_eq!(public().await, before);
    let answer = recycler.accept(&offer).await.expect(200);
    let body = answer.json();
    for hidden in ["version", "events", "updatedAt"] {
        assert!(body.get(hidden).is_none(), "{body}");
    }
    assert_eq!(public().await, before);
    // What it corrects of the public part is seen, and not that a recycler did.
    let correction = json!({
        "type": "correction", "reason": "read off the housing",
        "changes": {"identification": {"serialNumber": "EV-000143"}},
    });
    let _ = recycler
        .event(&battery.passport, &correction)
        .await
        .expect(201);
    let events = stage
        .public()
        .get(&format!("{read}/events"))
        .await
        .expect(200)
        .text;
    assert!(!events.contains("recycl"), "{events}");
    assert!(stage.public().get(&read).await.text.contains("EV-000143"));
    for changes in [
        json!({"internal": {"note": "overwritten"}}),
        json!({"conformity": {"testReports": []}}),
        json!({"internal": null}),
    ] {
        let event = json!({"type": "correction", "reason": "x", "changes": changes});
        let refused = recycler.event(&battery.passport, &event).await.expect(403);
        assert!(refused.text.contains("may not read"), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_status_is_never_answered_with_unchanged() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    let path = format!("/v1/dpps/{}", battery.passport);
    let tag = stage
        .public()
        .get(&path)
        .await
        .expect(200)
        .header("etag")
        .to_owned();
    let _ = owner
        .call("DELETE", &path, &[("dpp-reason", "withdrawn")], None)
        .await
        .expect(200);
    let headers = [("if-none-match", tag.as_str())];
    let archived = stage
        .public()
        .call("GET", &path, &headers, None)
        .await
        .expect(200);
    assert_eq!(archived.json()["dppStatus"], "archived");
}

/// Labels have a history with reasons, for those who are responsible and those who supervise.
#[tokio::test]
async fn the_history_of_a_unit_is_for_its_keeper_and_its_supervisors() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let path = format!("/v1/units/{}/events?verify=true", battery.unit);
    let owner = stage.partner("economic-operator", &battery.organisation);
    let history = owner.get(&path).await.expect(200).json();
    let replaced = history["events"].as_array().unwrap().last().unwrap();
    assert_eq!(replaced["type"], "label-replaced");
    assert_eq!(replaced["reason"], "label scratched during the repair");
    assert_eq!(history["chain"]["holds"], true);
    let _ = stage
        .partner("market-surveillance", "authority")
        .get(&path)
        .await
        .expect(200);
    let _ = stage
        .partner("service-provider", "garage-nord")
        .get(&path)
        .await
        .expect(404);
    let _ = stage.public().get(&path).await.expect(401);
    let unit = owner
        .get(&format!("/v1/units/{}", battery.unit))
        .await
        .expect(200)
        .json();
    for product in [
        format!("/v1/models/{}", text(&unit, "model")),
        format!("/v1/batches/{}", text(&unit, "batch")),
    ] {
        let events = owner
            .get(&format!("{product}/events?verify=true"))
            .await
            .expect(200)
            .json();
        assert_eq!(events["chain"]["holds"], true);
        assert!(
            events["events"][0]["type"]
                .as_str()
                .unwrap()
                .ends_with("-created")
        );
        let versions = owner
            .get(&format!("{product}/versions"))
            .await
            .expect(200)
            .json();
        assert_eq!(versions["versions"].as_array().unwrap().len(), 1);
        let other = stage.partner("economic-operator", "hausspeicher");
        for suffix in ["/events", "/versions"] {
            let _ = other.get(&format!("{product}{suffix}")).await.expect(404);
        }
    }
}

/// A well-signed token is refused for what it says, and told why.
#[tokio::test]
async fn a_token_that_does_not_hold_is_told_why() {
    let stage = Stage::start().await;
    let key = std::fs::read(stage.data().join("issuer-key")).unwrap();
    let key = jsonwebtoken::EncodingKey::from_ed_der(&key);
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some("local-1".to_owned());
    let now = web::now().as_millisecond() / 1_000;
    let good = json!({
        "iss": "https://issuer.local.invalid", "aud": "battery-passport", "sub": "somebody", "client_id": "test",
        "org": "voltwerk", "roles": ["economic-operator"], "jti": "1", "iat": now - 60, "nbf": now - 60, "exp": now + 600,
    });
    let body = json!({"category": "ev", "reason": "x", "data": {}});
    for (changed, status, why) in [
        (json!({}), 201, ""),
        (
            json!({"iat": now - 900, "nbf": now - 900, "exp": now - 60}),
            401,
            "expired",
        ),
        (json!({"nbf": now + 300}), 401, "not valid yet"),
        (json!({"exp": now + 7_200}), 401, "lifetime"),
        (json!({"aud": "elsewhere"}), 401, "`aud`"),
        (json!({"iss": "https://elsewhere.invalid"}), 401, "issuer"),
        (json!({"jti": ""}), 401, "lacks a claim"),
        (json!({"org": "nobody"}), 403, "not registered"),
        (json!({"org": "garage-nord"}), 403, "`economic-operator`"),
        (
            json!({"roles": ["economic-operator", "commission"]}),
            403,
            "`commission`",
        ),
    ] {
        let mut claims = good.clone();
        for (name, value) in changed.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let mut caller = stage.public();
        caller.token = Some(jsonwebtoken::encode(&header, &claims, &key).unwrap());
        let answer = caller.post("/v1/models", &body).await.expect(status);
        let detail = answer.json()["detail"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(detail.contains(why), "{changed}: {detail}");
    }
}

/// Most of what a battery says comes from its model: who supervises sees how it came about there too.
#[tokio::test]
async fn the_history_of_model_and_batch_is_read_through_the_passport() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let path = format!("/v1/dpps/{}", battery.passport);
    let model = maker.beneath(&battery.passport, "model").await;
    let correction = json!({"type": "correction", "reason": "data sheet", "changes": {
        "performance": {"ratedCapacity": {"value": 201.5, "unit": "A.h"}},
    }});
    let note = json!({"type": "correction", "reason": "secret", "changes": {"internal": {"note": "secret of the maker"}}});
    for change in [correction, note] {
        let _ = maker.change_product(&model, &change).await.expect(200);
    }
    for (role, organisation) in [
        ("market-surveillance", "authority"),
        ("auditor", "auditors"),
        ("service-provider", "garage-nord"),
    ] {
        let reader = stage.partner(role, organisation);
        let events = reader
            .get(&format!("{path}/events?level=model&verify=true"))
            .await
            .expect(200);
        assert!(
            events.text.contains("data sheet"),
            "{role}: {}",
            events.text
        );
        assert!(!events.text.contains("secret"), "{role}: {}", events.text);
        assert_eq!(events.json()["chain"]["holds"], true);
        let delta = reader
            .get(&format!("{path}/versions/1..2?level=model"))
            .await
            .expect(200);
        assert!(delta.text.contains("201.5"), "{role}: {}", delta.text);
        let _ = reader
            .get(&format!("{path}/versions?level=batch"))
            .await
            .expect(200);
        // Its own address is its owner's.
        let _ = reader.get(&model).await.expect(404);
    }
    for stranger in [
        stage.public(),
        stage.partner("economic-operator", "hausspeicher"),
    ] {
        let _ = stranger
            .get(&format!("{path}/events?level=model"))
            .await
            .expect(403);
        let _ = stranger
            .get(&format!("{path}/versions?level=batch"))
            .await
            .expect(403);
        let _ = stranger
            .get(&format!("{path}/versions/1?level=model"))
            .await
            .expect(403);
    }
    let _ = maker
        .get(&format!("{path}/events?level=pack"))
        .await
        .expect(400);
    // How much is made, and for whom, is the maker's own.
    let order = json!({"model": model.rsplit('/').next(), "count": 3, "reason": "order 4711 for a customer"});
    let _ = maker.post("/v1/units", &order).await.expect(201);
    let garage = stage.partner("service-provider", "garage-nord");
    let events = format!("{path}/events?level=model");
    assert!(maker.get(&events).await.expect(200).text.contains("4711"));
    assert!(!garage.get(&events).await.expect(200).text.contains("4711"));
}

#[tokio::test]
async fn notes_are_for_whoever_is_responsible_and_a_refused_correction_says_who_corrects() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let recall =
        json!({"type": "recall", "reason": "fan may fail", "notes": "supplier to be told"});
    let _ = maker.event(&battery.passport, &recall).await.expect(201);
    let path = format!("/v1/dpps/{}/events", battery.passport);
    let own = maker.get(&path).await.expect(200).text;
    assert!(own.contains("supplier to be told"));
    for reader in [
        stage.public(),
        stage.partner("market-surveillance", "authority"),
        stage.partner("service-provider", "garage-nord"),
    ] {
        let told = reader.get(&path).await.expect(200).text;
        assert!(
            told.contains("fan may fail") && !told.contains("supplier"),
            "{told}"
        );
    }
    let garage = stage.partner("service-provider", "garage-nord");
    let correction = json!({"type": "correction", "reason": "misread", "changes": {"condition": {
        "cycleCount": {"value": 251, "measuredAt": web::now()},
    }}});
    let refused = garage
        .event(&battery.passport, &correction)
        .await
        .expect(403);
    assert!(refused.text.contains("ask there"), "{}", refused.text);
}

#[tokio::test]
async fn who_reads_more_of_the_model_alone_is_answered_what_nobody_keeps_and_leaves_its_record() {
    let stage = Stage::start().await;
    let seeded = stage.lived_in().await;
    let battery = &seeded.batteries[0];
    let maker = stage.partner("economic-operator", &battery.organisation);
    let recycler = stage.partner("recycler", "recyclo");
    let offer = maker.offer(&battery.passport, "recyclo", "waste").await;
    let _ = recycler.accept(&offer).await.expect(200);
    // The passport is another's from now on, the model still its own.
    let path = format!("/v1/dpps/{}", battery.passport);
    for path in [path.clone(), format!("{path}/elements/$.identification")] {
        let seen = maker.get(&path).await.expect(200);
        assert_eq!(seen.header("cache-control"), "private, no-store", "{path}");
        let known = [("if-none-match", seen.header("etag"))];
        let again = maker.call("GET", &path, &known, None).await;
        let _ = again.expect(200);
        let public = stage.public().get(&path).await.expect(200);
        assert!(public.header("cache-control").starts_with("public"));
    }
}
