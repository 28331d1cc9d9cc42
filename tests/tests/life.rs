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

/// The JSON texts of a public face, without when they last changed.
fn without_times(face: &[String]) -> Vec<Value> {
    let texts = face
        .iter()
        .filter_map(|text| serde_json::from_str(text).ok());
    texts
        .filter(Value::is_object)
        .map(|mut body: Value| {
            body.as_object_mut().unwrap().remove("lastUpdated");
            body
        })
        .collect()
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
    let at = web::now().to_string();
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
        let expected = text(fault, "expected");
        assert!(
            expected.starts_with("`original` by `status-change`"),
            "{fault}"
        );
        // A further life is told where it begins; waste is taken over.
        let told = expected.ends_with(&format!(
            "`{to}` by a successor: POST /v1/dpps/{{dppId}}/successors"
        ));
        assert_eq!(told, to != "waste", "{fault}");
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
            "changes": {"condition": {"batteryStatus": {"value": status, "measuredAt": web::now()}}}})
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

/// Accepts an offer of a battery for a further life; answers who has it now.
async fn second_life<'a>(stage: &'a Stage, battery: &local::Battery) -> Partner<'a> {
    let offer = owner(stage, battery)
        .offer(&battery.passport, "second-life", "further-life")
        .await;
    let partner = stage.partner("repurposer", "second-life");
    let _ = partner.accept(&offer).await.expect(200);
    partner
}

/// A complete battery that Second Life answers for.
fn second_item() -> Value {
    let mut item = tests::sample_item();
    item["identification"]["responsibleOperator"] = json!({"name": "Second Life"});
    item
}

async fn succeed(partner: &Partner<'_>, passport: &str, body: &Value) -> Answer {
    partner
        .post(&format!("/v1/dpps/{passport}/successors"), body)
        .await
}

async fn lineage(partner: &Partner<'_>, passport: &str) -> Value {
    let path = format!("/v1/dpps/{passport}/lineage");
    partner.get(&path).await.expect(200).json()
}

/// The entry of one passport in a lineage.
fn of(lineage: &Value, passport: &str) -> Value {
    let all = lineage["passports"].as_array().unwrap();
    let found = all.iter().find(|one| one["dppId"] == passport);
    found
        .unwrap_or_else(|| panic!("{passport} is not in {lineage}"))
        .clone()
}

#[tokio::test]
async fn a_further_life_keeps_the_unit_and_is_never_without_a_passport() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let (old, maker) = (battery.passport.as_str(), owner(&stage, battery));
    let note = json!({"type": "correction", "reason": "x", "changes": {"internal": {"note": "secret of the first"}}});
    let _ = maker.event(old, &note).await.expect(201);
    let partner = second_life(&stage, battery).await;
    let before = public_face(&stage, battery).await;
    let body = partner
        .further_life("repurposed", json!({"data": second_item()}))
        .await;
    let started = succeed(&partner, old, &body).await.expect(201).json();
    let (new, label) = (
        text(&started["successors"][0], "id"),
        text(&started["successors"][0], "label"),
    );
    assert_eq!(started["successors"][0]["unit"], battery.unit);
    // The draft changes nothing that anybody sees.
    assert_eq!(public_face(&stage, battery).await, before);
    assert_eq!(status(&partner, &new).await, "repurposed");
    let read = partner.get(&format!("/v1/dpps/{new}")).await.expect(200);
    assert!(!read.text.contains("secret"), "{}", read.text);
    let _ = stage
        .public()
        .get(&format!("/v1/dpps/{new}"))
        .await
        .expect(404);
    // Nor can it be passed on or begun again meanwhile.
    let again = succeed(&partner, old, &body).await.expect(409).json();
    assert!(text(&again, "detail").contains(&new), "{again}");
    let offer = json!({"to": "recyclo", "purpose": "waste", "reason": "x"});
    let _ = partner
        .post(&format!("/v1/dpps/{old}/transfers"), &offer)
        .await
        .expect(409);
    let placed = json!({"type": "placed-on-market", "reason": "delivered"});
    let _ = partner.event(&new, &placed).await.expect(201);
    // Now the old and the new label lead to the new passport, and the old passport is archived.
    for carrier in [&battery.label, &label] {
        let scan = stage
            .public()
            .get(&format!("/{}/{carrier}", battery.unit))
            .await
            .expect(200)
            .json();
        assert!(
            text(&scan, "digitalProductPassportId").ends_with(&new),
            "{scan}"
        );
        assert_eq!(scan["notices"]["record"], "in-force");
        assert_eq!(
            scan["notices"]["label"],
            if *carrier == label {
                "current"
            } else {
                "replaced"
            }
        );
        assert!(!scan.to_string().contains("repurpos"), "{scan}");
    }
    let archived = stage
        .public()
        .get(&format!("/v1/dpps/{old}"))
        .await
        .expect(200)
        .json();
    assert_eq!(archived["dppStatus"], "archived");
    let by_product = stage
        .public()
        .get(&format!("/v1/dppsByProductId/{}", battery.unit))
        .await
        .expect(200)
        .json();
    assert_eq!(by_product["economicOperatorId"], "second-life");
    let chain = lineage(&partner, &new).await;
    assert_eq!(of(&chain, &new)["predecessors"], json!([old]));
    assert_eq!(of(&chain, old)["successors"], json!([new]));
    for passport in [old, new.as_str()] {
        let history = partner
            .get(&format!("/v1/dpps/{passport}/events?verify=true"))
            .await
            .expect(200)
            .json();
        assert_eq!(history["chain"]["holds"], true, "{}", history["chain"]);
    }
    assert!(
        maker
            .get(&format!("/v1/dpps/{old}"))
            .await
            .text
            .contains("secret of the first")
    );
}

/// The public history of a further life reads as that of a first one: which events, by which role, with which words.
#[tokio::test]
async fn the_public_history_of_a_further_life_is_that_of_any_battery() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let partner = second_life(&stage, battery).await;
    let body = partner
        .further_life("repurposed", json!({"data": second_item()}))
        .await;
    let started = succeed(&partner, &battery.passport, &body)
        .await
        .expect(201)
        .json();
    let new = text(&started["successors"][0], "id");
    let placed = json!({"type": "placed-on-market", "reason": "delivered"});
    let _ = partner.event(&new, &placed).await.expect(201);
    let shape = async |passport: &str| {
        let events = stage
            .public()
            .get(&format!("/v1/dpps/{passport}/events"))
            .await
            .expect(200);
        for told in ["repurpos", "second life", "predecessor", "successor"] {
            assert!(!events.text.contains(told), "{told}: {}", events.text);
        }
        let events = events.json()["events"].as_array().unwrap().clone();
        let shape: Vec<String> = events
            .iter()
            .take(2)
            .map(|event| {
                let given = ["occurredAt", "notes"];
                let members = event.as_object().unwrap().keys();
                let members: Vec<&String> = members
                    .filter(|name| !given.contains(&name.as_str()))
                    .collect();
                format!("{} {} {members:?}", event["type"], event["actor"]["role"])
            })
            .collect();
        shape
    };
    let second = shape(&new).await;
    let mut first = Vec::new();
    for seeded in &seeded.batteries {
        first.push(shape(&seeded.passport).await);
    }
    assert!(first.contains(&second), "{second:?} is none of {first:?}");
    // Nor is lineage for anybody but those who may read class 4.
    let path = format!("/v1/dpps/{new}/lineage");
    let _ = stage.public().get(&path).await.expect(401);
    for (role, organisation) in [
        ("economic-operator", "hausspeicher"),
        ("market-surveillance", "authority"),
        ("auditor", "auditors"),
    ] {
        let refused = stage
            .partner(role, organisation)
            .get(&path)
            .await
            .expect(403);
        assert!(
            !refused.text.contains(&battery.passport),
            "{}",
            refused.text
        );
    }
    let _ = stage
        .partner("service-provider", "garage-nord")
        .get(&path)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_battery_is_split_and_merged_with_lineage_both_ways() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let partner = second_life(&stage, battery).await;
    let old = battery.passport.as_str();
    let item = second_item();
    let units = json!({"units": [{"data": {"identification": {"serialNumber": "SL-1"}}}, {}, {}]});
    let split = partner.further_life("repurposed", units).await;
    let headers = [("idempotency-key", "split-1")];
    let path = format!("/v1/dpps/{old}/successors");
    let started = partner
        .call("POST", &path, &headers, Some(&split))
        .await
        .expect(201);
    let again = partner
        .call("POST", &path, &headers, Some(&split))
        .await
        .expect(201);
    assert_eq!(started.json()["successors"], again.json()["successors"]);
    assert_eq!(
        started.header("audit-receipt"),
        again.header("audit-receipt")
    );
    // They are other batteries than their model describes.
    assert_eq!(started.json()["warnings"][0]["rule"], "another-battery");
    let parts: Vec<Value> = started.json()["successors"].as_array().unwrap().clone();
    assert_eq!(parts.len(), 3);
    let ids: Vec<String> = parts.iter().map(|part| text(part, "id")).collect();
    for part in &parts {
        assert_ne!(part["unit"], battery.unit);
        let path = format!("/{}/{}", text(part, "unit"), text(part, "label"));
        let scan = stage.public().get(&path).await.expect(200).json();
        assert_eq!(scan["notices"]["record"], "not-yet-on-the-market");
        assert_eq!(scan["notices"]["label"], "current");
    }
    for id in &ids[..2] {
        let headers = [("dpp-event-type", "correction"), ("dpp-reason", "measured")];
        let path = format!("/v1/dpps/{id}");
        let filled = partner.call("PATCH", &path, &headers, Some(&item)).await;
        let _ = filled.expect(200);
    }
    let placed = json!({"type": "placed-on-market", "reason": "delivered"});
    let _ = partner.event(&ids[2], &placed).await.expect(422);
    assert_eq!(status_of(&stage, old).await, "active");
    let _ = partner.event(&ids[0], &placed).await.expect(201);
    assert_eq!(status_of(&stage, old).await, "archived");
    // Whoever scans the battery that is no more reads what is true of every passport that came to an end.
    for (language, sentence) in [
        ("en", "This passport is closed."),
        ("de", "Dieser Pass ist abgeschlossen."),
        ("fr", "Ce passeport est clos."),
        ("pl", "Ten paszport jest zamknięty."),
    ] {
        let path = format!("/{}?lang={language}", battery.unit);
        let page = stage.public().browse(&path).await.expect(200);
        assert!(page.text.contains(sentence), "{}", page.text);
    }
    let _ = partner.event(&ids[1], &placed).await.expect(201);
    let tree = lineage(&partner, &ids[1]).await;
    assert_eq!(of(&tree, old)["successors"], json!(ids));
    assert_eq!(of(&tree, &ids[0])["predecessors"], json!([old]));
    // Two of the parts become one battery again: a third generation.
    let merge = partner
        .further_life(
            "remanufactured",
            json!({"predecessors": [ids[1]], "data": item}),
        )
        .await;
    let merged = succeed(&partner, &ids[0], &merge).await.expect(201).json();
    let last = text(&merged["successors"][0], "id");
    let _ = partner.event(&last, &placed).await.expect(201);
    for part in &ids[..2] {
        assert_eq!(status_of(&stage, part).await, "archived");
    }
    let tree = lineage(&partner, &last).await;
    assert_eq!(of(&tree, &last)["predecessors"], json!([ids[0], ids[1]]));
    assert_eq!(of(&tree, &ids[1])["successors"], json!([last]));
    assert_eq!(of(&tree, old)["successors"], json!(ids), "{tree}");
    assert_eq!(tree["more"], false);
}

async fn status_of(stage: &Stage, passport: &str) -> String {
    let read = stage
        .public()
        .get(&format!("/v1/dpps/{passport}"))
        .await
        .expect(200);
    text(&read.json(), "dppStatus")
}

#[tokio::test]
async fn a_further_life_that_cannot_begin_changes_nothing() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let (old, maker) = (battery.passport.as_str(), owner(&stage, battery));
    // Only who is responsible, of every one of them, with evidence, for something that starts a life.
    let stranger = stage.partner("repurposer", "second-life");
    let body = stranger.further_life("reused", json!({})).await;
    let _ = succeed(&stranger, old, &body).await.expect(403);
    let body = maker
        .further_life(
            "reused",
            json!({"predecessors": [seeded.batteries[2].passport]}),
        )
        .await;
    let _ = succeed(&maker, old, &body).await.expect(403);
    let bare = json!({"type": "reused", "reason": "x", "publicReason": "x"});
    let _ = succeed(&maker, old, &bare).await.expect(400);
    let repair = maker.further_life("repair", json!({})).await;
    let _ = succeed(&maker, old, &repair).await.expect(400);
    let event = json!({"type": "reused", "reason": "x", "evidence": repair["evidence"]});
    let refused = maker.event(old, &event).await.expect(409);
    assert!(refused.text.contains("/successors"), "{}", refused.text);
    // Twelve subjects are the most.
    let six = maker
        .further_life("reused", json!({"units": [{}, {}, {}, {}, {}, {}]}))
        .await;
    let refused = succeed(&maker, old, &six).await.expect(400);
    assert!(refused.text.contains("12 are the most"), "{}", refused.text);
    for wrong in [
        json!({"units": [{}]}),
        json!({"units": [{}, {"colour": "red"}]}),
        json!({"units": [{}, {}], "data": {}}),
        json!({"predecessors": [old]}),
        json!({"predecessors": "all"}),
        json!({"colour": "red"}),
        json!({"publicReason": ""}),
    ] {
        let body = maker.further_life("reused", wrong.clone()).await;
        let refused = succeed(&maker, old, &body).await;
        assert_eq!(refused.status, 400, "{wrong}: {}", refused.text);
    }
    let faulty = maker
        .further_life(
            "reused",
            json!({"data": {"identification": {"serialNumber": 7}}}),
        )
        .await;
    let _ = succeed(&maker, old, &faulty).await.expect(422);
    // Nothing came of all this.
    assert_eq!(
        of(&lineage(&maker, old).await, old)["successors"],
        json!([])
    );
    // Out of waste only after it was prepared for it.
    let waste = json!({"type": "became-waste", "reason": "returned"});
    let _ = maker.event(old, &waste).await.expect(201);
    let reused = maker.further_life("reused", json!({})).await;
    let refused = succeed(&maker, old, &reused).await.expect(409);
    assert!(
        refused.text.contains("prepared-for-reuse"),
        "{}",
        refused.text
    );
    let remanufactured = maker.further_life("remanufactured", json!({})).await;
    let _ = succeed(&maker, old, &remanufactured).await.expect(409);
    for (kind, status) in [
        ("prepared-for-repurposing", 409),
        ("prepared-for-reuse", 201),
    ] {
        let prepared = json!({"type": kind, "reason": "checked and cleaned"});
        let _ = maker.event(old, &prepared).await.expect(201);
        let _ = succeed(&maker, old, &reused).await.expect(status);
    }
    // A draft that is withdrawn makes room for another.
    let started = lineage(&maker, old).await;
    let draft = text(&json!({"id": of(&started, old)["successors"][0]}), "id");
    let path = format!("/v1/dpps/{draft}");
    let _ = maker
        .call("DELETE", &path, &[("dpp-reason", "wrong data")], None)
        .await
        .expect(200);
    assert_eq!(
        of(&lineage(&maker, old).await, old)["successors"],
        json!([])
    );
    let _ = succeed(&maker, old, &reused).await.expect(201);
}

#[tokio::test]
async fn of_two_further_lives_at_once_one_begins() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let maker = owner(&stage, battery);
    let body = maker.further_life("reused", json!({})).await;
    let old = battery.passport.as_str();
    let answers = tokio::join!(
        succeed(&maker, old, &body),
        succeed(&maker, old, &body),
        succeed(&maker, old, &body),
    );
    let mut statuses = [answers.0.status, answers.1.status, answers.2.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409], "{answers:?}");
    let tree = lineage(&maker, old).await;
    assert_eq!(of(&tree, old)["successors"].as_array().unwrap().len(), 1);
}

/// A battery that Recyclo accepted as waste and recorded as recycled.
async fn recycled(stage: &Stage, battery: &local::Battery) {
    let offer = owner(stage, battery)
        .offer(&battery.passport, "recyclo", "waste")
        .await;
    let recycler = stage.partner("recycler", "recyclo");
    let _ = recycler.accept(&offer).await.expect(200);
    let proof = recycler.evidence(b"weighing note", 4).await;
    let event = json!({"type": "recycled", "reason": "shredded", "evidence": [proof]});
    let _ = recycler.event(&battery.passport, &event).await.expect(201);
}

#[tokio::test]
async fn recycling_is_taken_back_by_two_persons() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let passport = battery.passport.as_str();
    let before = public_face(&stage, battery).await;
    recycled(&stage, battery).await;
    // The public record is there still, and says what was recorded; no event tells more.
    let scan = format!("/{}/{}", battery.unit, battery.label);
    let shown = stage.public().get(&scan).await.expect(200).json();
    assert_eq!(shown["notices"]["record"], "recycling-recorded");
    assert!(
        shown["identification"].is_object() && shown["notices"]["finalOn"].is_string(),
        "{shown}"
    );
    let page = stage.public().browse(&scan).await.expect(200).text;
    assert!(
        page.contains("recycled") && page.contains("Voltwerk Traction 82"),
        "{page}"
    );
    let read = format!("/v1/dpps/{passport}");
    let api = stage.public().get(&read).await.expect(200).json();
    assert_eq!(api["notices"]["record"], "recycling-recorded");
    let events = stage
        .public()
        .get(&format!("{read}/events"))
        .await
        .expect(200)
        .text;
    assert!(!events.contains("recycl"), "{events}");
    // One person asks, another one of the same organisation confirms.
    let event = |kind: &str| json!({"type": kind, "reason": "the wrong battery was scanned"});
    let (first, second) = (
        stage.person("recycler", "recyclo", "person-1"),
        stage.person("recycler", "recyclo", "person-2"),
    );
    let _ = second
        .event(passport, &event("recycling-reversed"))
        .await
        .expect(409);
    let stranger = owner(&stage, battery);
    let _ = stranger
        .event(passport, &event("recycling-reversal-requested"))
        .await
        .expect(403);
    let _ = first
        .event(passport, &event("recycling-reversal-requested"))
        .await
        .expect(201);
    let alone = first
        .event(passport, &event("recycling-reversed"))
        .await
        .expect(403);
    assert!(alone.text.contains("another person"), "{}", alone.text);
    let _ = second
        .event(passport, &event("recycling-reversed"))
        .await
        .expect(201);
    // As if it had never been, but in the history of those who may see it.
    assert_eq!(status(&second, passport).await, "waste");
    let after = public_face(&stage, battery).await;
    assert_eq!(without_times(&after), without_times(&before));
    let again = second
        .event(passport, &event("recycling-reversed"))
        .await
        .expect(409);
    assert!(again.text.contains("active"), "{}", again.text);
    let history = second
        .get(&format!("{read}/events?verify=true"))
        .await
        .expect(200)
        .json();
    assert_eq!(history["chain"]["holds"], true);
}

#[tokio::test]
async fn after_the_period_only_a_tombstone_is_left_for_the_public() {
    let stage = Stage::without_reversal().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let passport = battery.passport.as_str();
    let note =
        json!({"type": "correction", "reason": "x", "changes": {"internal": {"note": "kept"}}});
    let maker = owner(&stage, battery);
    let _ = maker.event(passport, &note).await.expect(201);
    recycled(&stage, battery).await;
    let read = format!("/v1/dpps/{passport}");
    let scan = format!("/{}/{}", battery.unit, battery.label);
    let by_product = format!("/v1/dppsByProductId/{}", battery.unit);
    let versions = format!("{read}/versions");
    let events = format!("{read}/events");
    for caller in [
        stage.public(),
        stage.partner("economic-operator", "hausspeicher"),
    ] {
        for path in [
            &scan,
            &format!("/{}", battery.unit),
            &read,
            &versions,
            &events,
            &by_product,
            &format!("{versions}/1"),
        ] {
            let gone = caller.get(path).await.expect(410);
            for data in [
                "Voltwerk Traction",
                "EV-0001",
                "li-ion",
                "waste",
                "condition",
            ] {
                assert!(!gone.text.contains(data), "{path}: {}", gone.text);
            }
        }
    }
    let page = stage.public().browse(&scan).await.expect(410).text;
    assert!(
        page.contains("recycled") && !page.contains("Traction"),
        "{page}"
    );
    // It is final.
    let event = json!({"type": "recycling-reversal-requested", "reason": "too late"});
    let recycler = stage.partner("recycler", "recyclo");
    let _ = recycler.event(passport, &event).await.expect(409);
    // Who may see more keeps it, and so does the history.
    assert_eq!(status(&recycler, passport).await, "waste");
    assert_eq!(
        maker.get(&read).await.expect(200).json()["internal"]["note"],
        "kept"
    );
    let authority = stage.partner("market-surveillance", "authority");
    let history = authority
        .get(&format!("{events}?verify=true"))
        .await
        .expect(200)
        .json();
    assert_eq!(history["chain"]["holds"], true);
}
