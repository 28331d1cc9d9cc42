//! The life of a battery: responsibility passes by offer and acceptance, and no status moves but along its ways.

use serde_json::{Value, json};
use tests::{Answer, Partner, Stage, text};

/// What anybody sees of a battery, byte for byte: the scan as page and data, the passport, its versions and events, and every
/// tag.
async fn public_face(stage: &Stage, battery: &local::Battery) -> Vec<String> {
    let scan = format!("/{}/{}", battery.unit, battery.label);
    let read = format!("/v1/dpps/{}", battery.passport);
    let mut face = Vec::new();
    for path in [
        scan.clone(),
        read.clone(),
        format!("{read}/versions"),
        format!("{read}/events"),
        format!("{read}/transfers"),
        format!("/v1/dppsByProductId/{}", battery.unit),
    ] {
        let answer = stage.public().get(&path).await;
        face.extend([answer.header("etag").to_owned(), answer.status.to_string()]);
        face.push(without_correlation(&answer));
    }
    let page = stage.public().browse(&scan).await;
    face.extend([page.header("etag").to_owned(), page.text]);
    face
}

/// An answer's text without what is random in it.
fn without_correlation(answer: &Answer) -> String {
    let mut body: Value = answer.json();
    body.as_object_mut().unwrap().remove("message");
    body.to_string()
}

fn owner<'a>(stage: &'a Stage, battery: &local::Battery) -> Partner<'a> {
    stage.partner("economic-operator", &battery.organisation)
}

async fn status(reader: &Partner<'_>, passport: &str) -> String {
    let read = reader
        .get(&format!("/v1/dpps/{passport}"))
        .await
        .expect(200);
    text(&read.json()["condition"]["batteryStatus"], "value")
}

#[tokio::test]
async fn a_status_moves_only_along_its_ways() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let maker = owner(&stage, battery);
    let stated = |kind: &str, status: Value| json!({"type": kind, "reason": "x", "changes": {"condition": {"batteryStatus": status}}});
    let at = "2026-06-01T08:00:00Z";
    for to in ["re-used", "repurposed", "remanufactured", "waste"] {
        let event = stated("status-change", json!({"value": to, "measuredAt": at}));
        let refused = maker
            .event(&battery.passport, &event)
            .await
            .expect(422)
            .json();
        let fault = &refused["faults"][0];
        assert_eq!(fault["pointer"], "/condition/batteryStatus");
        assert_eq!(fault["rule"], "status-transition");
        assert_eq!(fault["found"], to);
        assert!(text(fault, "expected").contains("`original`"), "{fault}");
    }
    // Nor by an event that is about something else, nor to waste by correction, nor by leaving it out.
    let measured = stated("measurement", json!({"value": "waste", "measuredAt": at}));
    let _ = maker.event(&battery.passport, &measured).await.expect(403);
    let corrected = stated("correction", json!({"value": "waste", "measuredAt": at}));
    let _ = maker.event(&battery.passport, &corrected).await.expect(422);
    let waste = json!({"type": "became-waste", "reason": "returned"});
    let _ = maker.event(&battery.passport, &waste).await.expect(201);
    assert_eq!(status(&maker, &battery.passport).await, "waste");
    let _ = maker.event(&battery.passport, &waste).await.expect(409);
    // Back only by correction, which has its reason.
    let back = stated(
        "status-change",
        json!({"value": "original", "measuredAt": at}),
    );
    let _ = maker.event(&battery.passport, &back).await.expect(422);
    let back = json!({"value": "original", "measuredAt": at});
    let silent =
        json!({"type": "correction", "changes": {"condition": {"batteryStatus": back.clone()}}});
    let _ = maker.event(&battery.passport, &silent).await.expect(400);
    let corrected = stated("correction", back);
    let _ = maker.event(&battery.passport, &corrected).await.expect(201);
    assert_eq!(status(&maker, &battery.passport).await, "original");
}

#[tokio::test]
async fn whoever_drafts_a_battery_that_had_a_life_before_says_so() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let stated = |status: &str| {
        json!({"type": "status-change", "reason": "bought used, from before there were passports",
            "changes": {"condition": {"batteryStatus": {"value": status, "measuredAt": "2026-06-01T08:00:00Z"}}}})
    };
    let _ = maker
        .event(&passport, &stated("repurposed"))
        .await
        .expect(201);
    assert_eq!(status(&maker, &passport).await, "repurposed");
    let _ = maker
        .event(&passport, &stated("original"))
        .await
        .expect(422);
    let _ = maker.event(&passport, &stated("waste")).await.expect(422);
}

/// One of each kind: a record that is not there yet, is withdrawn, or a battery in another status.
#[tokio::test]
async fn what_cannot_happen_now_is_refused() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let maker = stage.maker();
    let (_, draft) = maker.draft().await;
    let photo = maker.evidence(b"photo", 4).await;
    let event = |kind: &str| json!({"type": kind, "reason": "x", "evidence": [photo]});
    for kind in [
        "put-into-service",
        "repair",
        "recall",
        "became-waste",
        "prepared-for-reuse",
    ] {
        let _ = maker.event(&draft, &event(kind)).await.expect(409);
    }
    let battery = &seeded.batteries[0];
    let (passport, maker) = (battery.passport.as_str(), owner(&stage, battery));
    for kind in [
        "placed-on-market",
        "prepared-for-reuse",
        "prepared-for-repurposing",
        "passport-created",
        "collected",
        "responsibility-transferred",
    ] {
        let answer = maker.event(passport, &event(kind)).await.expect(409);
        assert!(
            text(&answer.json(), "detail").contains(kind),
            "{}",
            answer.text
        );
    }
    let _ = maker
        .event(passport, &event("passport-archived"))
        .await
        .expect(201);
    for kind in [
        "became-waste",
        "repair",
        "passport-archived",
        "placed-on-market",
    ] {
        let _ = maker.event(passport, &event(kind)).await.expect(409);
    }
}

#[tokio::test]
async fn responsibility_passes_when_it_is_accepted_and_not_before() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let (passport, maker) = (battery.passport.as_str(), owner(&stage, battery));
    let second_life = stage.partner("repurposer", "second-life");
    let offer = maker.offer(passport, "second-life", "further-life").await;
    // Nothing is changed by an offer, and one is open at a time.
    let archive = json!({"type": "passport-archived", "reason": "x"});
    let _ = second_life.event(passport, &archive).await.expect(403);
    let body = json!({"to": "recyclo", "purpose": "waste", "reason": "x"});
    let path = format!("/v1/dpps/{passport}/transfers");
    let second = maker.post(&path, &body).await.expect(409);
    assert!(second.text.contains("second-life"), "{}", second.text);
    // Only whom it is made to accepts it, in a role that may.
    let consent = json!({"reason": "x"});
    for stranger in [
        &maker,
        &stage.partner("recycler", "recyclo"),
        &stage.partner("economic-operator", "hausspeicher"),
    ] {
        let refused = stranger
            .post(&format!("{offer}/acceptance"), &consent)
            .await;
        assert!([403, 404].contains(&refused.status), "{}", refused.text);
        assert_eq!(refused.status == 403, stranger.token == maker.token);
    }
    let _ = stage
        .public()
        .post(&format!("{offer}/acceptance"), &consent)
        .await
        .expect(401);
    // A retry is the same acceptance.
    let headers = [("idempotency-key", "accept-1")];
    let accept = async || {
        second_life
            .call(
                "POST",
                &format!("{offer}/acceptance"),
                &headers,
                Some(&consent),
            )
            .await
            .expect(200)
    };
    let first = accept().await;
    let again = accept().await;
    assert_eq!(first.header("audit-receipt"), again.header("audit-receipt"));
    let _ = second_life
        .post(&format!("{offer}/acceptance"), &consent)
        .await
        .expect(404);
    // It is the one that acts now, for the unit too.
    let _ = maker.event(passport, &archive).await.expect(403);
    let labels = format!("/v1/units/{}/labels", battery.unit);
    let label = json!({"reason": "ours"});
    let _ = maker.post(&labels, &label).await.expect(404);
    let _ = second_life.post(&labels, &label).await.expect(201);
    let history = second_life
        .get(&format!("/v1/dpps/{passport}/events?verify=true"))
        .await
        .expect(200)
        .json();
    assert_eq!(history["chain"]["holds"], true, "{}", history["chain"]);
    let kinds: Vec<&str> = history["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["type"].as_str())
        .collect();
    assert!(
        kinds.ends_with(&["responsibility-offered", "responsibility-transferred"]),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn an_offer_opens_what_it_takes_to_decide_and_nothing_that_the_first_keeps() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let (passport, maker) = (battery.passport.as_str(), owner(&stage, battery));
    let offer = maker.offer(passport, "hausspeicher", "takeover").await;
    let other = stage.partner("economic-operator", "hausspeicher");
    let list = format!("/v1/dpps/{passport}/transfers");
    let listed = other.get(&list).await.expect(200).json();
    let offered = &listed["transfers"][0];
    assert_eq!(offered["reason"], "agreed between us");
    assert_eq!(offered["from"], battery.organisation);
    assert!(
        offered["data"]["condition"]["batteryStatus"].is_object(),
        "{offered}"
    );
    let whole = maker
        .get(&format!("/v1/dpps/{passport}"))
        .await
        .expect(200)
        .json();
    assert!(whole["internal"].is_object(), "{whole}");
    assert!(offered["data"]["internal"].is_null(), "{offered}");
    assert!(!offered.to_string().contains("testReports"), "{offered}");
    assert_eq!(
        other.get(&offer).await.expect(200).json()["transferId"],
        offered["transferId"]
    );
    // For anybody else there is none.
    for stranger in [
        stage.partner("service-provider", "garage-nord"),
        stage.partner("market-surveillance", "authority"),
    ] {
        assert_eq!(
            stranger.get(&list).await.expect(200).json(),
            json!({"transfers": []})
        );
        let _ = stranger.get(&offer).await.expect(404);
    }
    let _ = stage.public().get(&list).await.expect(401);
    // Once rejected it opens nothing more.
    let reason = json!({"reason": "not our business"});
    let _ = other
        .post(&format!("{offer}/rejection"), &reason)
        .await
        .expect(200);
    assert_eq!(
        other.get(&list).await.expect(200).json(),
        json!({"transfers": []})
    );
    let _ = other
        .post(&format!("{offer}/acceptance"), &reason)
        .await
        .expect(404);
    let offer = maker.offer(passport, "hausspeicher", "takeover").await;
    let _ = other
        .post(&format!("{offer}/withdrawal"), &reason)
        .await
        .expect(403);
    let _ = maker
        .post(&format!("{offer}/withdrawal"), &reason)
        .await
        .expect(200);
    let _ = other
        .post(&format!("{offer}/acceptance"), &reason)
        .await
        .expect(404);
}

#[tokio::test]
async fn responsibility_is_offered_to_who_could_accept_it() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let maker = owner(&stage, battery);
    let path = format!("/v1/dpps/{}/transfers", battery.passport);
    for (to, purpose, status) in [
        ("nobody-at-all", "waste", 409),
        ("garage-nord", "waste", 409),
        ("recyclo", "takeover", 409),
        (battery.organisation.as_str(), "takeover", 409),
        ("recyclo", "a-gift", 400),
    ] {
        let body = json!({"to": to, "purpose": purpose, "reason": "x"});
        let _ = maker.post(&path, &body).await.expect(status);
    }
    let body = json!({"to": "recyclo", "purpose": "waste", "reason": "x"});
    let _ = stage
        .partner("recycler", "recyclo")
        .post(&path, &body)
        .await
        .expect(403);
    let (_, draft) = stage.maker().draft().await;
    let _ = stage
        .maker()
        .post(&format!("/v1/dpps/{draft}/transfers"), &body)
        .await
        .expect(409);
}

/// Rights follow the owner: what the first kept in classes 0 and 3 stays its own, and what the second writes is the second's.
#[tokio::test]
async fn the_next_owner_does_not_inherit_what_the_first_kept() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let (passport, maker) = (battery.passport.as_str(), owner(&stage, battery));
    let note = |text: &str| json!({"type": "correction", "reason": "noted", "changes": {"internal": {"note": text}}});
    let _ = maker
        .event(passport, &note("secret of the first"))
        .await
        .expect(201);
    let offer = maker.offer(passport, "second-life", "further-life").await;
    let second_life = stage.partner("repurposer", "second-life");
    let _ = second_life.accept(&offer).await.expect(200);
    let read = format!("/v1/dpps/{passport}");
    let texts = async |reader: &Partner<'_>| {
        let mut all = String::new();
        for path in [
            "",
            "/versions",
            "/events?verify=true",
            "/versions/1",
            "/versions/2",
            "/versions/3",
            "/versions/4",
        ] {
            all += &reader.get(&format!("{read}{path}")).await.text;
        }
        all
    };
    let next = texts(&second_life).await;
    assert!(
        next.contains("batteryStatus"),
        "it reads the battery's own values"
    );
    assert!(!next.contains("secret of the first"), "{next}");
    assert!(!next.contains("/internal/note"), "{next}");
    assert!(texts(&maker).await.contains("secret of the first"));
    assert!(!texts(&stage.public()).await.contains("secret"));
    // It writes its own beside, and removes nothing that it cannot see.
    let _ = second_life
        .event(passport, &note("secret of the second"))
        .await
        .expect(201);
    let _ = second_life
        .event(passport, &note("second thought"))
        .await
        .expect(201);
    let next = texts(&second_life).await;
    assert!(next.contains("secret of the second") && next.contains("second thought"));
    assert!(!next.contains("secret of the first"));
    let first = texts(&maker).await;
    assert!(first.contains("secret of the first"));
    assert!(
        !first.contains("of the second") && !first.contains("thought"),
        "{first}"
    );
    let shown = maker.get(&read).await.expect(200);
    assert_eq!(shown.json()["internal"]["note"], "secret of the first");
    assert_eq!(shown.header("cache-control"), "private, no-store");
    assert!(
        shown.json()["condition"].is_null(),
        "the battery's own values are the next owner's"
    );
    // Responsibility comes back: each sees its own again.
    let offer = second_life
        .offer(passport, &battery.organisation, "takeover")
        .await;
    let _ = maker.accept(&offer).await.expect(200);
    let first = texts(&maker).await;
    assert!(
        first.contains("secret of the first") && !first.contains("thought"),
        "{first}"
    );
    assert!(texts(&second_life).await.contains("second thought"));
    let history = maker
        .get(&format!("{read}/events?verify=true"))
        .await
        .expect(200)
        .json();
    assert_eq!(history["chain"]["holds"], true, "{}", history["chain"]);
}

#[tokio::test]
async fn nothing_public_tells_that_a_battery_is_offered_passed_on_or_waste() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let (passport, maker) = (battery.passport.as_str(), owner(&stage, battery));
    let before = public_face(&stage, battery).await;
    let offer = maker.offer(passport, "second-life", "further-life").await;
    assert_eq!(public_face(&stage, battery).await, before);
    let second_life = stage.partner("repurposer", "second-life");
    let _ = second_life.accept(&offer).await.expect(200);
    assert_eq!(public_face(&stage, battery).await, before);
    let waste = json!({"type": "became-waste", "reason": "beyond use"});
    let _ = second_life.event(passport, &waste).await.expect(201);
    let offer = second_life.offer(passport, "recyclo", "waste").await;
    let _ = stage
        .partner("recycler", "recyclo")
        .accept(&offer)
        .await
        .expect(200);
    assert_eq!(public_face(&stage, battery).await, before);
    let back = stage
        .partner("recycler", "recyclo")
        .offer(passport, "second-life", "takeover")
        .await;
    let _ = second_life.accept(&back).await.expect(200);
    assert_eq!(public_face(&stage, battery).await, before);
}

#[tokio::test]
async fn who_takes_a_business_over_is_the_operator_that_everybody_is_told_of() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let (passport, maker) = (battery.passport.as_str(), owner(&stage, battery));
    let path = format!("/v1/dpps/{passport}");
    let tag = stage
        .public()
        .get(&path)
        .await
        .expect(200)
        .header("etag")
        .to_owned();
    let offer = maker.offer(passport, "hausspeicher", "takeover").await;
    let other = stage.partner("economic-operator", "hausspeicher");
    let _ = other.accept(&offer).await.expect(200);
    let headers = [("if-none-match", tag.as_str())];
    let read = stage
        .public()
        .call("GET", &path, &headers, None)
        .await
        .expect(200);
    assert_eq!(read.json()["economicOperatorId"], "hausspeicher");
    let scan = format!("/{}/{}", battery.unit, battery.label);
    assert!(
        stage
            .public()
            .get(&scan)
            .await
            .text
            .contains("hausspeicher")
    );
}

#[tokio::test]
async fn only_who_accepted_a_battery_as_waste_recycles_it() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let (passport, maker) = (battery.passport.as_str(), owner(&stage, battery));
    let recycler = stage.partner("recycler", "recyclo");
    let proof = recycler.evidence(b"weighing note", 4).await;
    let event = |kind: &str| json!({"type": kind, "reason": "x", "evidence": [proof]});
    // A stranger declares nothing waste, and takes nothing over.
    let _ = recycler
        .event(passport, &event("became-waste"))
        .await
        .expect(403);
    let _ = recycler
        .event(passport, &event("collected"))
        .await
        .expect(409);
    let waste = json!({"type": "became-waste", "reason": "returned"});
    let _ = maker.event(passport, &waste).await.expect(201);
    let _ = recycler
        .event(passport, &event("recycled"))
        .await
        .expect(403);
    let offer = maker.offer(passport, "recyclo", "waste").await;
    let bare = json!({"reason": "collected"});
    let _ = recycler
        .post(&format!("{offer}/acceptance"), &bare)
        .await
        .expect(400);
    let _ = recycler.accept(&offer).await.expect(200);
    let _ = recycler
        .event(passport, &event("recycled"))
        .await
        .expect(201);
    for kind in ["correction", "became-waste", "placed-on-market", "recall"] {
        let answer = recycler.event(passport, &event(kind)).await;
        assert!(
            [403, 409].contains(&answer.status),
            "{kind}: {}",
            answer.text
        );
    }
}
