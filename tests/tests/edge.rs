//! What stands in front answers as the resolver does, from its cache where it may, and in need from what was published.

use std::time::Duration;

use serde_json::json;
use tests::{Answer, Partner, Stage, Unit};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
/// The resolver keeps models in memory for a second; what is answered in that time is not kept in front.
const SETTLED: Duration = Duration::from_millis(1_400);

fn came(answer: &Answer) -> &str {
    answer
        .header("x-cache")
        .strip_suffix(" from edge")
        .unwrap_or_default()
}

/// A battery on the market, settled.
async fn battery(stage: &Stage) -> local::Battery {
    let battery = stage.seeded().await.batteries.remove(0);
    tokio::time::sleep(SETTLED).await;
    battery
}

async fn kept(public: &Partner<'_>, path: &str) -> Answer {
    let first = public.get(path).await;
    assert_ne!(came(&first), "Hit");
    let second = public.get(path).await;
    assert_eq!(came(&second), "Hit", "{}", second.text);
    second
}

#[tokio::test]
async fn every_client_is_answered_as_the_resolver_answers_it() {
    let stage = Stage::start().await;
    let battery = battery(&stage).await;
    stage.maker().link_gtin(&battery.unit).await;
    let origin = stage.without_edge().await;
    let scan = format!("/{}/{}", battery.unit, battery.label);
    for (path, accept, language) in [
        (scan.clone(), "*/*", ""),
        (scan.clone(), BROWSER, "de-AT,de;q=0.9"),
        (scan.to_lowercase(), "application/json", ""),
        (format!("{scan}/"), "application/ld+json", "fr"),
        (scan.clone(), "application/linkset+json", ""),
        (format!("{scan}?linkType=linkset"), BROWSER, ""),
        (format!("{scan}?linkType=gs1:safetyInfo&a=1"), BROWSER, "de"),
        (format!("{scan}?linkType=gs1:nothing"), "*/*", ""),
        (
            format!("/{}?lang=fr&utm_source=x", battery.unit),
            BROWSER,
            "de",
        ),
        (format!("/{}/8V4K", battery.unit), BROWSER, ""),
        (
            format!(
                "/01/09521234000013/21/{}?91={}",
                battery.unit, battery.label
            ),
            "*/*",
            "",
        ),
        (
            format!("/8004/9521234{}", battery.unit.to_lowercase()),
            BROWSER,
            "",
        ),
        ("/32XZAJ4P21M1MZ0N3RQA".to_owned(), BROWSER, "fr"),
        ("/".to_owned(), BROWSER, "de"),
        (format!("/?.S={}", battery.unit), "*/*", ""),
        (format!("/find?id={}", battery.unit), BROWSER, ""),
        (format!("/p/{}", battery.passport), "*/*", ""),
    ] {
        let headers = [
            ("accept", accept),
            ("accept-language", language),
            ("authorization", "Bearer x"),
            ("cookie", "a=b"),
        ];
        let asked = &headers[..if language.is_empty() { 1 } else { 4 }];
        for _ in 0..2 {
            let here = stage.public().call("GET", &path, asked, None).await;
            let there = stage.get_from(&origin, &path, asked).await;
            assert_eq!(
                (here.status, &here.text),
                (there.status, &there.text),
                "{path} {accept}"
            );
            for name in [
                "content-type",
                "content-language",
                "etag",
                "location",
                "link",
                "cache-control",
                "content-security-policy",
            ] {
                assert_eq!(
                    here.header(name),
                    there.header(name),
                    "{path} {accept} {name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn an_answer_is_kept_by_its_canonical_path_and_tells_its_age() {
    let stage = Stage::start().await;
    let battery = battery(&stage).await;
    let public = stage.public();
    let path = format!("/{}/{}", battery.unit, battery.label);
    let miss = public.get(&path).await.expect(200);
    assert_eq!((came(&miss), miss.header("age")), ("Miss", ""));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    for same in [
        path.clone(),
        path.to_lowercase(),
        format!("{path}/?utm_source=x"),
        format!("{path}?lang=de"),
    ] {
        let hit = public.get(&same).await.expect(200);
        assert_eq!((came(&hit), &hit.text), ("Hit", &miss.text), "{same}");
        assert!(
            ["1", "2"].contains(&hit.header("age")),
            "{}",
            hit.header("age")
        );
    }
    for other in [
        format!("/{}", battery.unit),
        format!("{path}?linkType=linkset"),
    ] {
        assert_eq!(
            came(&public.get(&other).await.expect(200)),
            "Miss",
            "{other}"
        );
    }
    let known = [("if-none-match", miss.header("etag"))];
    let unchanged = public.call("GET", &path, &known, None).await.expect(304);
    assert_eq!((came(&unchanged), unchanged.text.as_str()), ("Hit", ""));
    let head = public.call("HEAD", &path, &[], None).await.expect(200);
    assert_eq!((came(&head), head.text.as_str()), ("Hit", ""));
    assert_eq!(head.header("content-length"), miss.length.to_string());
    let packed = stage
        .get_from(&stage.origin, &path, &[("accept-encoding", "gzip")])
        .await
        .expect(200);
    assert_eq!(
        (came(&packed), packed.header("content-encoding")),
        ("Hit", "gzip")
    );
    assert!(packed.length < miss.length);
    assert_eq!(packed.header("etag"), format!("W/{}", miss.header("etag")));
}

#[tokio::test]
async fn a_recall_is_seen_by_the_next_scan() {
    let stage = Stage::start().await;
    let battery = battery(&stage).await;
    let public = stage.public();
    let path = format!("/{}/{}", battery.unit, battery.label);
    assert!(kept(&public, &path).await.json()["notices"]["recalled"].is_null());
    let page = [("accept", BROWSER)];
    let _ = public.call("GET", &path, &page, None).await.expect(200);
    let authority = stage.partner("market-surveillance", "authority");
    let recall = json!({"type": "recall", "reason": "contactors may weld", "occurredAt": "2026-11-20T08:00:00Z"});
    let _ = authority
        .event(&battery.passport, &recall)
        .await
        .expect(201);
    assert_eq!(
        public.get(&path).await.json()["notices"]["recalled"],
        "2026-11-20"
    );
    assert!(
        public
            .call("GET", &path, &page, None)
            .await
            .text
            .contains("recalled since")
    );
}

#[tokio::test]
async fn a_correction_of_the_model_reaches_its_batteries_within_two_seconds() {
    let stage = Stage::start().await;
    let battery = battery(&stage).await;
    let public = stage.public();
    let path = format!("/{}", battery.unit);
    let before = kept(&public, &path).await.json();
    let maker = stage.partner("economic-operator", &battery.organisation);
    let model = maker.beneath(&battery.passport, "model").await;
    let change = json!({"type": "correction", "reason": "misspelt", "changes": {"identification": {"modelName": "Corrected 1"}}});
    let _ = maker.change_product(&model, &change).await.expect(200);
    assert_ne!(came(&public.get(&path).await), "Hit");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = public.get(&path).await.json();
    assert_ne!(before["identification"]["modelName"], "Corrected 1");
    assert_eq!(after["identification"]["modelName"], "Corrected 1");
    let hit = public.get(&path).await;
    assert_eq!((came(&hit), hit.json()), ("Hit", after));
}

#[tokio::test]
async fn a_revoked_label_says_so_at_once() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let Unit { unit, label, .. } = maker.unit().await;
    tokio::time::sleep(SETTLED).await;
    let path = format!("/{unit}/{label}");
    let public = stage.public();
    assert_eq!(
        kept(&public, &path).await.json()["notices"]["label"],
        "current"
    );
    let revocation = format!("/v1/units/{unit}/labels/{label}/revocation");
    let _ = maker
        .post(&revocation, &json!({"reason": "roll lost"}))
        .await
        .expect(200);
    assert_eq!(
        public.get(&path).await.json()["notices"]["label"],
        "revoked"
    );
}

#[tokio::test]
async fn what_is_not_there_is_remembered_for_two_seconds_and_what_is_gone_for_longer() {
    let stage = Stage::without_reversal().await;
    let public = stage.public();
    let unknown = "/32XZAJ4P21M1MZ0N3RQA";
    assert_eq!(came(&public.get(unknown).await.expect(404)), "Miss");
    assert_eq!(came(&public.get(unknown).await.expect(404)), "Hit");
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(came(&public.get(unknown).await.expect(404)), "Miss");
    let battery = battery(&stage).await;
    let maker = stage.partner("economic-operator", &battery.organisation);
    let recycler = stage.partner("recycler", "recyclo");
    let waste = json!({"type": "became-waste", "reason": "returned by its owner"});
    let _ = maker.event(&battery.passport, &waste).await.expect(201);
    let offer = maker.offer(&battery.passport, "recyclo", "waste").await;
    let _ = recycler.accept(&offer).await.expect(200);
    let proof = recycler.evidence(b"weighing note", 4).await;
    let path = format!("/{}", battery.unit);
    let _ = public.get(&path).await.expect(200);
    let recycled = json!({"type": "recycled", "reason": "end of life", "evidence": [proof]});
    let _ = recycler
        .event(&battery.passport, &recycled)
        .await
        .expect(201);
    let _ = public.get(&path).await.expect(410);
    tokio::time::sleep(SETTLED).await;
    let _ = public.get(&path).await.expect(410);
    assert_eq!(came(&public.get(&path).await.expect(410)), "Hit");
}

#[tokio::test]
async fn without_the_resolver_the_cache_answers_and_then_the_snapshot_and_each_says_so() {
    let stage = Stage::start().await;
    stage.running.stop_publishing();
    let battery = battery(&stage).await;
    let (public, edge) = (stage.public(), stage.edge());
    let path = format!("/{}/{}", battery.unit, battery.label);
    let fresh = kept(&public, &path).await;
    edge.reach_resolver(false);
    // What is fresh is served as ever, what was never asked for is not there.
    assert_eq!(came(&public.get(&path).await.expect(200)), "Hit");
    let other = format!("/{}", battery.unit);
    let failed = public.get(&other).await.expect(503);
    assert_eq!(
        (came(&failed), failed.header("cache-control")),
        ("Error", "no-store")
    );
    let body = fresh.text.replace("in-force", "archived");
    stage
        .publish(
            &format!("json/en/{}", battery.unit),
            "application/json",
            &body,
        )
        .await;
    let snapshot = public.get(&other).await.expect(200);
    assert_eq!((came(&snapshot), &snapshot.text), ("Snapshot", &body));
    // Invalidated means gone, however much it is needed: the snapshot answers.
    edge.invalidate([format!("unit:{}", battery.unit).as_str()]);
    let snapshot = public.get(&path).await.expect(200);
    assert_eq!((came(&snapshot), &snapshot.text), ("Snapshot", &body));
    edge.reach_resolver(true);
    let back = public.get(&path).await.expect(200);
    assert_eq!((came(&back), &back.text), ("Miss", &fresh.text));
}

#[tokio::test]
async fn one_switch_answers_every_battery_from_its_snapshot() {
    let stage = Stage::start().await;
    stage.running.stop_publishing();
    let battery = battery(&stage).await;
    let (public, edge) = (stage.public(), stage.edge());
    stage
        .publish(
            &format!("html/de/{}", battery.unit),
            "text/html; charset=utf-8",
            "<!DOCTYPE html>as of",
        )
        .await;
    edge.switches().set("snapshots", Some("en,de,fr"));
    let headers = [("accept", BROWSER), ("accept-language", "de")];
    let page = public
        .call(
            "GET",
            &format!("/{}/{}", battery.unit, battery.label),
            &headers,
            None,
        )
        .await
        .expect(200);
    assert_eq!(
        (came(&page), page.text.as_str()),
        ("Snapshot", "<!DOCTYPE html>as of")
    );
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let _ = public.get(&format!("/{}", battery.unit)).await.expect(503);
    // Partners go on.
    let _ = stage
        .maker()
        .get(&format!("/v1/units/{}", battery.unit))
        .await;
    edge.switches().set("snapshots", None);
    let _ = public.get(&format!("/{}", battery.unit)).await.expect(200);
}

#[tokio::test]
async fn a_host_whose_custody_moved_leads_to_the_other_custodian() {
    let stage = Stage::start().await;
    let host = stage.origin.trim_start_matches("http://").to_owned();
    stage
        .edge()
        .switches()
        .set(&format!("custodian:{host}"), Some("https://backup.example"));
    let path = "/32XZAJ4P21M1MZ0N3RQA/8V4K2M0X0K?linkType=gs1:dpp&a=%20b";
    let moved = stage.public().get(path).await.expect(307);
    assert_eq!(
        moved.header("location"),
        format!("https://backup.example{path}")
    );
    // The partners' interface and the documentation stay.
    let _ = stage.public().get("/docs").await.expect(200);
}

#[tokio::test]
async fn hostile_requests_end_at_the_edge() {
    let stage = Stage::start().await;
    let public = stage.public();
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let refused = public
            .call(method, "/32XZAJ4P21M1MZ0N3RQA", &[], None)
            .await
            .expect(405);
        assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS");
        assert_eq!(came(&refused), "FunctionGeneratedResponse");
    }
    let options = public
        .call(
            "OPTIONS",
            "/32XZAJ4P21M1MZ0N3RQA",
            &[("origin", "https://a.example")],
            None,
        )
        .await
        .expect(204);
    assert_eq!(options.header("access-control-allow-origin"), "*");
    for path in [
        "/32XZAJ4P21M1MZ0N3RQB",
        "/%00",
        "/%FF",
        "/%ZZ",
        "/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/01/09521234000014/21/A",
        "/01/09521234000013/21/%0d%0aSet-Cookie:a",
        "/__proto__",
        "/32XZAJ4P21M1MZ0N3RQA?linkType=%3Cscript%3E",
    ] {
        for accept in ["*/*", BROWSER] {
            let refused = public
                .call("GET", path, &[("accept", accept)], None)
                .await
                .expect(400);
            assert_eq!(
                (came(&refused), refused.header("set-cookie")),
                ("FunctionGeneratedResponse", ""),
                "{path}"
            );
            assert!(!refused.text.contains("<script"), "{}", refused.text);
        }
    }
    let _ = public
        .call(
            "GET",
            "/32XZAJ4P21M1MZ0N3RQA",
            &[("accept", "image/png")],
            None,
        )
        .await
        .expect(406);
    let long = format!("/32XZAJ4P21M1MZ0N3RQA?a={}", "a".repeat(4_000));
    let _ = public.get(&long).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_scans_at_once_ask_the_resolver_once() {
    let stage = Stage::start().await;
    let battery = battery(&stage).await;
    let path = format!("/{}/{}", battery.unit, battery.label);
    let public = stage.public();
    let scans = futures_util::future::join_all((0..50).map(|_| public.get(&path))).await;
    let first = &scans[0].text;
    assert!(
        scans
            .iter()
            .all(|scan| scan.status == 200 && scan.text == *first)
    );
    assert_eq!(came(&public.get(&path).await), "Hit");
}
