//! A scanned label leads to the right battery, and says what became of the label.

use serde_json::json;
use tests::{Stage, text};

#[tokio::test]
async fn a_unit_that_is_not_on_the_market_says_so_and_shows_nothing() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    let path = format!("/{}/{}", unit.unit, unit.label);
    for draft in [false, true] {
        if draft {
            let _ = maker
                .passport(&unit.unit, &tests::sample_item())
                .await
                .expect(201);
        }
        let answer = stage.public().get(&path).await.expect(200).json();
        assert_eq!(answer["notices"]["record"], "not-yet-on-the-market");
        assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
        let page = stage.public().browse(&path).await.expect(200).text;
        assert!(page.contains("not on the market yet"), "{page}");
    }
}

#[tokio::test]
async fn a_draft_that_was_withdrawn_is_as_little_public_as_before() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (unit, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}");
    let _ = maker
        .call("DELETE", &path, &[("dpp-reason", "withdrawn")], None)
        .await
        .expect(200);
    let scan = stage
        .public()
        .get(&format!("/{}/{}/", unit.unit, unit.label))
        .await
        .expect(200)
        .json();
    assert_eq!(scan["notices"]["record"], "not-yet-on-the-market");
    assert_eq!(scan.as_object().unwrap().len(), 2, "{scan}");
    let _ = stage.public().get(&path).await.expect(404);
    let workshop = stage.partner("service-provider", "garage-nord");
    let _ = workshop.get(&path).await.expect(404);
    let record = workshop
        .get(&format!("/v1/units/{}", unit.unit))
        .await
        .expect(200)
        .json();
    assert!(record["passport"].is_null(), "{record}");
}

#[tokio::test]
async fn every_printed_code_leads_to_its_own_battery() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    for battery in &seeded.batteries {
        let path = format!("/{}/{}", battery.unit, battery.label);
        let answer = stage.public().get(&path).await.expect(200).json();
        let product = text(&answer, "uniqueProductIdentifier");
        assert!(product.ends_with(&battery.unit), "{product}");
        assert!(text(&answer, "digitalProductPassportId").ends_with(&battery.passport));
        assert_eq!(answer["notices"]["label"], "current");
        assert_eq!(answer["dppStatus"], "active");
        assert_eq!(answer["granularity"], "item");
        let tags = stage
            .public()
            .get(&path)
            .await
            .header("cache-tag")
            .to_owned();
        assert!(
            tags.contains(&format!("unit:{}", battery.unit)) && tags.contains("model:"),
            "{tags}"
        );
    }
}

#[tokio::test]
async fn a_replaced_label_still_resolves_to_the_unit_and_says_when() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let replaced = seeded
        .batteries
        .iter()
        .find(|battery| battery.label != battery.first_label)
        .expect("an example with a replaced label");
    let path = format!("/{}/{}", replaced.unit, replaced.first_label);
    let answer = stage.public().get(&path).await.expect(200).json();
    assert_eq!(answer["notices"]["label"], "replaced");
    assert!(text(&answer, "digitalProductPassportId").ends_with(&replaced.passport));
    let day = text(&answer["notices"], "labelChanged");
    let page = stage.public().browse(&path).await.expect(200).text;
    assert!(
        page.contains(&format!("replaced on <time datetime=\"{day}\">")),
        "{page}"
    );
}

#[tokio::test]
async fn a_revoked_and_a_never_issued_label_say_so() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (one, other) = (maker.unit().await, maker.unit().await);
    let path = format!("/v1/units/{}/labels/{}/revocation", one.unit, one.label);
    let _ = maker
        .post(&path, &json!({"reason": "roll lost"}))
        .await
        .expect(200);
    let answer = stage
        .public()
        .get(&format!("/{}/{}", one.unit, one.label))
        .await
        .expect(200)
        .json();
    assert_eq!(answer["notices"]["label"], "revoked");
    let answer = stage
        .public()
        .get(&format!("/{}/{}", one.unit, other.label))
        .await
        .expect(200)
        .json();
    assert_eq!(answer["notices"]["label"], "never-issued-for-this-unit");
}

#[tokio::test]
async fn a_label_that_is_no_longer_in_force_is_not_printed() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    let labels = format!("/v1/units/{}/labels", unit.unit);
    let first = format!("{labels}/{}", unit.label);
    let _ = maker.get(&first).await.expect(200);
    let replacement = json!({"replaces": unit.label, "reason": "scratched"});
    let second = maker.post(&labels, &replacement).await.expect(201).json();
    let carrier = text(&second, "carrier");
    let second = text(&second, "label");
    // The old one is in force until the new one is on the battery.
    let _ = maker.get(&first).await.expect(200);
    let applied = json!({"carrier": carrier, "reason": "put on"});
    let _ = maker
        .post(&format!("{labels}/{second}/application"), &applied)
        .await
        .expect(200);
    for format in ["svg", "png", "pdf"] {
        let refused = maker
            .get(&format!("{first}?format={format}"))
            .await
            .expect(409);
        let detail = text(&refused.json(), "detail");
        assert!(
            detail.contains("replaced") && detail.contains(&second),
            "{detail}"
        );
    }
    let second = format!("{labels}/{second}");
    let _ = maker.get(&second).await.expect(200);
    let _ = maker
        .post(
            &format!("{second}/revocation"),
            &json!({"reason": "roll lost"}),
        )
        .await
        .expect(200);
    let refused = maker.get(&second).await.expect(409).json();
    assert!(text(&refused, "detail").contains("revoked"), "{refused}");
}

#[tokio::test]
async fn a_label_that_cannot_be_read_does_not_hide_the_battery() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let sound = format!("/{}/{}", battery.unit, battery.label);
    let sound = stage.public().get(&sound).await.expect(200);
    for label in ["8V4K2M0XQ8", "8V4K", "%3Cb%3E", "index.html"] {
        let path = format!("/{}/{label}", battery.unit);
        let answer = stage.public().get(&path).await.expect(200);
        assert_eq!(answer.json()["notices"]["label"], "unreadable");
        assert_ne!(answer.header("etag"), sound.header("etag"));
        let passport = text(&answer.json(), "digitalProductPassportId");
        assert_eq!(passport, text(&sound.json(), "digitalProductPassportId"));
        let page = stage.public().browse(&path).await.expect(200).text;
        assert!(page.contains("label part of this address"), "{page}");
    }
}

#[tokio::test]
async fn unknown_and_malformed_codes_are_answered_for_people_and_programs() {
    let stage = Stage::start().await;
    let public = stage.public();
    let unknown = public.get("/32XZAJ4P21M1MZ0N3RQA").await.expect(404);
    assert_eq!(unknown.header("content-type"), "application/problem+json");
    let page = public.browse("/32XZAJ4P21M1MZ0N3RQA").await.expect(404);
    assert!(page.header("content-type").starts_with("text/html"));
    let malformed = public.get("/32XZAJ4P21M1MZ0N3RQB").await.expect(400);
    assert_eq!(malformed.json()["statusCode"], "ClientErrorBadRequest");
    let _ = public.browse("/%3Cscript%3E/x").await.expect(400);
    let image = public
        .call(
            "GET",
            "/32XZAJ4P21M1MZ0N3RQA",
            &[("accept", "image/png")],
            None,
        )
        .await;
    assert_eq!(image.status, 406);
}

#[tokio::test]
async fn a_mistyped_code_is_explained_and_the_probable_one_offered() {
    let stage = Stage::start().await;
    let public = stage.public();
    // The edge leads on to where it is explained.
    let found = "/find?id=32XZAJ4P21M1MZ0N3RQB&amp;lang=en";
    let led = public
        .browse("/32XZAJ4P21M1MZ0N3RQB")
        .await
        .expect(400)
        .text;
    assert!(led.contains(found), "{led}");
    let wrong = public
        .browse("/find?id=32XZAJ4P21M1MZ0N3RQB&lang=en")
        .await
        .expect(400)
        .text;
    assert!(wrong.contains("at least one of them is wrong"), "{wrong}");
    assert!(wrong.contains("href=\"/32XZAJ4P21M1MZ0N3RQA"), "{wrong}");
    assert!(wrong.contains("guess"), "{wrong}");
    let short = public.browse("/find?id=32XZ-AJ4P").await.expect(400).text;
    assert!(short.contains("this one has 8"), "{short}");
    for page in [wrong, short] {
        assert!(
            page.contains("<form action=\"/find\" method=\"get\">"),
            "{page}"
        );
        assert!(!page.contains("<script"), "{page}");
    }
}

#[tokio::test]
async fn a_person_without_the_symbol_types_the_code() {
    let stage = Stage::start().await;
    let public = stage.public();
    let start = public.browse("/").await.expect(200);
    assert!(start.text.contains("name=\"id\""), "{}", start.text);
    let policy = start.header("content-security-policy");
    assert!(policy.contains("form-action 'self'"), "{policy}");
    let unit = stage.maker().unit().await;
    let typed = format!("/find?id={}&lang=de", unit.unit.to_lowercase());
    let found = public.browse(&typed).await.expect(303);
    let page = public.browse(found.header("location")).await.expect(200);
    assert_eq!(page.header("content-language"), "de");
    let pasted = format!(
        "/find?id=https%3A%2F%2Fid.example%2F{}%2F{}",
        unit.unit, unit.label
    );
    let found = public.browse(&pasted).await.expect(303);
    assert_eq!(
        found.header("location"),
        format!("/{}/{}?lang=en", unit.unit, unit.label)
    );
    for elsewhere in [
        "%2F%2Fevil.example",
        "https%3A%2F%2Fevil.example",
        "%5C%5Cevil",
    ] {
        let answer = public
            .browse(&format!("/find?id={elsewhere}"))
            .await
            .expect(400);
        assert_eq!(answer.header("location"), "");
    }
    let program = public.get("/").await.expect(404);
    assert_eq!(program.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn the_page_is_small_has_no_script_and_loads_nothing() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let path = format!("/{}/{}", battery.unit, battery.label);
    let compressed = stage
        .public()
        .call(
            "GET",
            &path,
            &[("accept", "text/html"), ("accept-encoding", "gzip")],
            None,
        )
        .await
        .expect(200);
    assert_eq!(compressed.header("content-encoding"), "gzip");
    assert!(compressed.length < 14 << 10, "{} bytes", compressed.length);
    let page = stage.public().browse(&path).await.expect(200);
    for forbidden in [
        "<script",
        "<img",
        "<link",
        "src=",
        "http-equiv",
        "set-cookie",
    ] {
        assert!(!page.text.to_lowercase().contains(forbidden), "{forbidden}");
    }
    assert_eq!(page.header("set-cookie"), "");
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'")
    );
}

#[tokio::test]
async fn a_known_version_is_answered_with_304() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let path = format!("/{}/{}", battery.unit, battery.label);
    let tag = stage
        .public()
        .get(&path)
        .await
        .expect(200)
        .header("etag")
        .to_owned();
    let again = stage
        .public()
        .call("GET", &path, &[("if-none-match", &tag)], None)
        .await;
    assert_eq!(again.status, 304);
    let html = stage
        .public()
        .browse(&path)
        .await
        .expect(200)
        .header("etag")
        .to_owned();
    assert_ne!(tag, html);
}

#[tokio::test]
async fn the_page_speaks_the_readers_language() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let path = format!("/{}/{}", battery.unit, battery.label);
    let headers = [
        ("accept", "text/html"),
        ("accept-language", "de-AT,de;q=0.9"),
    ];
    let page = stage
        .public()
        .call("GET", &path, &headers, None)
        .await
        .expect(200);
    assert!(page.text.contains("Batteriepass"));
    assert_eq!(page.header("content-language"), "de");
    let french = stage
        .public()
        .browse(&format!("{path}?lang=fr"))
        .await
        .expect(200);
    assert!(french.text.contains("Passeport de batterie"));
    for (language, effort, power, made) in [
        ("en", "94.5", "210\u{a0}kW", "September 2026"),
        ("de", "94,5", "210\u{a0}kW", "September 2026"),
        ("fr", "94,5", "210\u{a0}kW", "septembre 2026"),
    ] {
        let page = stage
            .public()
            .browse(&format!("{path}?lang={language}"))
            .await;
        for written in [effort, power, made] {
            assert!(page.text.contains(written), "{language} {written}");
        }
    }
}

#[tokio::test]
async fn what_is_needed_at_once_stands_first_and_once() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let path = format!("/{}/{}", battery.unit, battery.label);
    let page = stage.public().browse(&path).await.expect(200).text;
    let first = page.find("<details class=\"group\"").unwrap();
    for fact in [
        "nickel manganese cobalt",
        "366\u{a0}V",
        "486\u{a0}kg",
        "EV-000142",
        "In case of fire",
    ] {
        assert!(page.find(fact).unwrap() < first, "{fact}");
        assert_eq!(page.matches(fact).count(), 1, "{fact}");
    }
    let address = format!("{}/v1/dpps/{}", stage.origin, battery.passport);
    assert!(page.contains(&address), "{page}");
    assert!(page.contains("href=\"mailto:"), "{page}");
    assert!(page.contains("Germany"), "{page}");
}

#[tokio::test]
async fn a_recycled_battery_is_gone_and_only_its_keeper_may_say_so() {
    let stage = Stage::without_reversal().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[1];
    let path = format!("/{}/{}", battery.unit, battery.label);
    let maker = stage.partner("economic-operator", &battery.organisation);
    let recycler = stage.partner("recycler", "recyclo");
    let proof = recycler.evidence(b"weighing note", 4).await;
    let event = |kind: &str| json!({"type": kind, "reason": "end of life", "evidence": [proof]});
    let _ = recycler
        .event(&battery.passport, &event("recycled"))
        .await
        .expect(403);
    let waste = json!({"type": "became-waste", "reason": "returned by its owner"});
    let _ = maker.event(&battery.passport, &waste).await.expect(201);
    let shown = stage.public().get(&path).await.expect(200);
    assert!(
        !shown.text.contains("batteryStatus"),
        "the status is not public: {}",
        shown.text
    );
    let offer = maker.offer(&battery.passport, "recyclo", "waste").await;
    let _ = recycler.accept(&offer).await.expect(200);
    let _ = recycler
        .event(&battery.passport, &event("recycled"))
        .await
        .expect(201);
    let gone = stage.public().get(&path).await.expect(410).json();
    assert_eq!(gone["notices"]["record"], "recycled");
    assert_eq!(gone.as_object().unwrap().len(), 2, "{gone}");
    let page = stage.public().browse(&path).await.expect(410).text;
    assert!(page.contains("recycled"), "{page}");
    let _ = stage
        .public()
        .get(&format!("/v1/dpps/{}", battery.passport))
        .await
        .expect(410);
}

/// Who scans a recalled battery learns of it first, in every representation, until the recall ends.
#[tokio::test]
async fn a_recall_is_shown_to_whoever_scans() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let path = format!("/{}/{}", battery.unit, battery.label);
    let before = stage.public().get(&path).await.expect(200);
    assert!(before.json()["notices"]["recalled"].is_null());
    let authority = stage.partner("market-surveillance", "authority");
    let recall = json!({"type": "recall", "reason": "contactors may weld", "occurredAt": "2026-11-20T08:00:00Z"});
    let _ = authority
        .event(&battery.passport, &recall)
        .await
        .expect(201);
    let headers = [("if-none-match", before.header("etag"))];
    let recalled = stage
        .public()
        .call("GET", &path, &headers, None)
        .await
        .expect(200);
    assert_eq!(recalled.json()["notices"]["recalled"], "2026-11-20");
    let page = stage.public().browse(&path).await.expect(200).text;
    assert!(
        page.contains("recalled since <time datetime=\"2026-11-20\">20 November 2026</time>"),
        "{page}"
    );
    // The maker cannot end what an authority began.
    let owner = stage.partner("economic-operator", &battery.organisation);
    let paper = owner.evidence(b"all is well", 1).await;
    let ended = json!({"type": "recall-ended", "reason": "no fault found", "evidence": [paper]});
    let _ = owner.event(&battery.passport, &ended).await.expect(403);
    let proof = authority.evidence(b"repair confirmed", 1).await;
    let ended =
        json!({"type": "recall-ended", "reason": "contactors exchanged", "evidence": [proof]});
    let _ = authority.event(&battery.passport, &ended).await.expect(201);
    let after = stage.public().get(&path).await.expect(200);
    assert!(after.json()["notices"]["recalled"].is_null());
    assert_ne!(after.header("etag"), before.header("etag"));
    let _ = authority.event(&battery.passport, &ended).await.expect(409);
}
