//! How much may be asked for: who asks for more waits, everybody else does not notice, and nobody is asked to sign in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::json;
use tests::{Answer, Stage, text};
use web::{Budgets, Clock, Limits, Scans};

const REQUESTS: u64 = 4;
const RESULTS: u64 = 40;

/// A clock that is moved by hand.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn new() -> Self {
        // The beginning of an hour.
        Self(Arc::new(AtomicI64::new(1_800_000_000_000)))
    }

    fn clock(&self) -> Clock {
        let Self(now) = self.clone();
        Clock::new(move || now.load(Ordering::Relaxed))
    }

    fn move_on(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000, Ordering::Relaxed);
    }
}

/// Little for whoever is tested, much for whoever prepares the test.
fn limits() -> Limits {
    let budgets = |requests, results| Budgets { requests, results };
    Limits {
        request_seconds: 60,
        result_seconds: 3_600,
        partner: budgets(10_000, 10_000),
        role: BTreeMap::from([("notified-body".to_owned(), budgets(REQUESTS, RESULTS))]),
        address: budgets(3, 5),
        scans: Scans {
            all: 40,
            missed: 5,
            aliases: 3,
        },
    }
}

async fn stage() -> (Stage, Hand) {
    let hand = Hand::new();
    (Stage::within(limits(), hand.clock()).await, hand)
}

fn is_refused(answer: &Answer, policy: &str) -> i64 {
    assert_eq!(answer.status, 429, "{}", answer.text);
    let problem = answer.json();
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(problem["type"], "/docs#too-many");
    assert!(text(&problem, "detail").contains(policy), "{problem}");
    answer.header("retry-after").parse().unwrap()
}

/// A passport that everybody may read.
async fn on_the_market(stage: &Stage) -> (String, local::Battery) {
    let battery = stage.seeded().await.batteries[0].clone();
    (format!("/v1/dpps/{}", battery.passport), battery)
}

#[tokio::test]
async fn a_principal_that_asks_too_often_waits_and_no_other() {
    let (stage, hand) = stage().await;
    let (passport, _) = on_the_market(&stage).await;
    let lab = stage.partner("notified-body", "certlab");
    for left in (0..REQUESTS).rev() {
        let answer = lab.get(&passport).await.expect(200);
        assert_eq!(
            answer.header("ratelimit-policy"),
            "\"requests\";q=4;w=60, \"results\";q=40;w=3600"
        );
        let told = answer.header("ratelimit");
        assert!(
            told.starts_with(&format!("\"requests\";r={left};t=")),
            "{told}"
        );
    }
    let refused = lab.get(&passport).await;
    let wait = is_refused(&refused, "requests");
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(
        refused
            .header("ratelimit")
            .starts_with("\"requests\";r=0;t=")
    );
    // Another person of the same organisation, and another organisation.
    let colleague = stage.person("notified-body", "certlab", "another person");
    let _ = colleague.get(&passport).await.expect(200);
    let _ = stage.maker().get(&passport).await.expect(200);
    // Whoever waits as long as they were told to is served.
    hand.move_on(wait);
    let _ = lab.get(&passport).await.expect(200);
}

/// A refused change was neither decided nor written, and its key is still unused.
#[tokio::test]
async fn a_refused_change_can_be_sent_again() {
    let mut limits = limits();
    limits.partner.requests = REQUESTS;
    let hand = Hand::new();
    let stage = Stage::within(limits, hand.clock()).await;
    let maker = stage.maker();
    for _ in 0..REQUESTS {
        let _ = maker.get("/v1/signals").await.expect(200);
    }
    let before = stage.table("records").await.len();
    let body = json!({"category": "ev", "reason": "type released", "data": tests::sample_model()});
    let headers = [("idempotency-key", "one and the same")];
    let change = || maker.call("POST", "/v1/models", &headers, Some(&body));
    let wait = is_refused(&change().await, "requests");
    assert_eq!(stage.table("records").await.len(), before);
    hand.move_on(wait);
    let made = change().await.expect(201);
    let again = change().await.expect(201);
    assert_eq!(made.header("location"), again.header("location"));
}

#[tokio::test]
async fn other_processes_count_for_the_same_budget() {
    let (stage, hand) = stage().await;
    let (passport, _) = on_the_market(&stage).await;
    let other = stage.another_process(limits(), hand.clock()).await;
    let lab = stage.partner("notified-body", "certlab");
    let there = lab.at(&other);
    for _ in 0..REQUESTS {
        let _ = lab.get(&passport).await.expect(200);
    }
    // What the first process did not tell of yet is what it keeps to itself: a twentieth, and one at least.
    let mut served = 0;
    while there.get(&passport).await.status == 200 {
        served += 1;
    }
    assert!(served <= 1, "{served}");
    hand.move_on(60);
    let _ = there.get(&passport).await.expect(200);
}

#[tokio::test]
async fn results_have_a_budget_of_their_own() {
    let (stage, hand) = stage().await;
    let (passport, battery) = on_the_market(&stage).await;
    let lab = stage.partner("notified-body", "certlab");
    let events = format!("{passport}/events");
    let whole = lab.get(&events).await.expect(200);
    let count = whole.json()["events"].as_array().unwrap().len();
    assert!(count > 2, "{count}");
    let told = whole.header("ratelimit").to_owned();
    let left = RESULTS - u64::try_from(count).unwrap();
    assert!(told.contains(&format!("\"results\";r={left};t=")), "{told}");
    let page = lab.get(&format!("{events}?limit=2")).await.expect(200);
    let page = page.json();
    assert_eq!(page["events"].as_array().unwrap().len(), 2);
    let next = format!("{events}?limit=2&cursor={}", text(&page, "next"));
    let next = lab.get(&next).await.expect(200).json();
    assert_eq!(next["events"][0], whole.json()["events"][2]);
    let mut wait = 0;
    for _ in 0..20 {
        hand.move_on(60);
        let answer = lab.get(&events).await;
        if answer.status == 429 {
            wait = is_refused(&answer, "results");
            break;
        }
    }
    assert!(wait > 60, "the window of results is an hour: {wait}");
    // A change is no result.
    let event = json!({"type": "correction", "reason": "x", "changes": {}});
    let change = lab.event(&battery.passport, &event).await;
    assert_ne!(change.status, 429, "{}", change.text);
    hand.move_on(wait);
    let _ = lab.get(&events).await.expect(200);
}

#[tokio::test]
async fn without_a_token_an_address_waits_and_nobody_is_asked_to_sign_in() {
    let (stage, hand) = stage().await;
    let (passport, _) = on_the_market(&stage).await;
    let public = stage.public();
    for _ in 0..3 {
        let answer = public.get(&passport).await.expect(200);
        assert_eq!(answer.header("ratelimit"), "", "caches keep it for others");
    }
    // What a client says of itself changes nothing.
    for header in ["x-forwarded-for", "cloudfront-viewer-address", "forwarded"] {
        let answer = public
            .call("GET", &passport, &[(header, "192.0.2.7")], None)
            .await;
        let wait = is_refused(&answer, "requests");
        assert!((1..=60).contains(&wait), "{wait}");
    }
    let headers = [("accept", "text/html"), ("accept-language", "de")];
    let page = public
        .call("GET", &passport, &headers, None)
        .await
        .expect(429);
    assert!(page.text.contains("Zu viele Anfragen"), "{}", page.text);
    assert!(!page.text.contains("sign-in"), "{}", page.text);
    assert_ne!(page.header("retry-after"), "");
    // Partners behind the same address are served.
    let lab = stage.partner("notified-body", "certlab");
    let _ = lab.get(&passport).await.expect(200);
    hand.move_on(60);
    let _ = public.get(&passport).await.expect(200);
    hand.move_on(60);
    let _ = public.get(&passport).await.expect(200);
    hand.move_on(60);
    let _ = is_refused(&public.get(&passport).await, "results");
}

#[tokio::test]
async fn tokens_of_nobody_are_not_verified_without_end() {
    let (stage, _) = stage().await;
    let (passport, _) = on_the_market(&stage).await;
    let mut stranger = stage.public();
    stranger.token = Some("not.a.token".to_owned());
    for _ in 0..3 {
        let _ = stranger.get(&passport).await.expect(401);
    }
    let _ = is_refused(&stranger.get(&passport).await, "requests");
    // Nor do they lead round the limit where no token is asked for.
    let _ = is_refused(
        &stranger.get(&format!("{passport}/signatures")).await,
        "requests",
    );
    let _ = stage.public().get(&passport).await.expect(200);
}

#[tokio::test]
async fn where_the_tallies_fail_everybody_is_served() {
    let (stage, hand) = stage().await;
    let (passport, _) = on_the_market(&stage).await;
    let other = stage.process_without_tallies(limits(), hand.clock()).await;
    let lab = stage.partner("notified-body", "certlab");
    let lab = lab.at(&other);
    for _ in 0..REQUESTS {
        let _ = lab.get(&passport).await.expect(200);
    }
    // What this process counted itself still counts.
    let _ = is_refused(&lab.get(&passport).await, "requests");
}

#[tokio::test]
async fn a_tally_names_nobody_and_ends() {
    let (stage, _) = stage().await;
    let (passport, _) = on_the_market(&stage).await;
    let lab = stage.partner("notified-body", "certlab");
    let _ = lab.get(&passport).await.expect(200);
    let rows = stage.table("requests").await;
    let tallies: Vec<_> = rows
        .iter()
        .filter(|row| row["pk"].as_s().unwrap().starts_with("TALLY#"))
        .collect();
    assert!(!tallies.is_empty());
    for row in tallies {
        assert!(!format!("{row:?}").contains("certlab"));
        let expires: i64 = row["expires"].as_n().unwrap().parse().unwrap();
        assert_eq!(expires, 1_800_000_000 + 3_600 + 60);
    }
}

#[tokio::test]
async fn scans_are_limited_by_what_is_no_battery_and_never_ask_to_sign_in() {
    let (stage, hand) = stage().await;
    let (_, battery) = on_the_market(&stage).await;
    let (unit, public) = (format!("/{}", battery.unit), stage.public());
    // A garage that scans one battery after another.
    for _ in 0..20 {
        let _ = public.browse(&unit).await.expect(200);
    }
    // Whoever tries codes is stopped, whether they have the right form or not.
    let headers = [("accept", "text/html"), ("accept-language", "fr")];
    for (at, path) in ["/32XZAJ4P21M1MZ0N3RQA", "/x", "/y", "/z", "/32XZ"]
        .iter()
        .enumerate()
    {
        let expected = if at == 0 { 404 } else { 400 };
        let _ = public
            .call("GET", path, &headers, None)
            .await
            .expect(expected);
    }
    for path in ["/another", "/32XZAJ4P21M1MZ0N3RQA"] {
        let page = public.call("GET", path, &headers, None).await.expect(429);
        assert!(page.text.contains("Trop de demandes"), "{}", page.text);
        for way in ["sign-in", "<form", "<script", "captcha"] {
            assert!(!page.text.contains(way), "{way}");
        }
        assert_ne!(page.header("retry-after"), "");
    }
    assert_eq!(
        public.get("/another").await.expect(429).json()["status"],
        429
    );
    // A battery that was scanned a moment ago still answers.
    let _ = public.browse(&unit).await.expect(200);
    hand.move_on(60);
    let _ = public.get("/32XZAJ4P21M1MZ0N3RQA").await.expect(404);
    // So many scans in a minute are no garage's, nor a carrier's whole network's.
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(public.get(&unit).await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 1);
}

#[tokio::test]
async fn identifiers_of_others_cannot_be_walked() {
    let (stage, hand) = stage().await;
    let public = stage.public();
    let path = |serial: u32| format!("/01/09521234000013/21/SN{serial}");
    for serial in 0..3 {
        let _ = public.get(&path(serial)).await.expect(404);
    }
    let refused = public.get(&path(3)).await.expect(429);
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert_eq!(refused.json()["statusCode"], "ClientErrorBadRequest");
    // Units are found all the same.
    let _ = public.get("/32XZAJ4P21M1MZ0N3RQA").await.expect(404);
    hand.move_on(wait);
    let _ = public.get(&path(4)).await.expect(404);
}

#[tokio::test]
async fn an_address_and_headers_have_an_end() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let many = vec!["a=1"; 40].join("&");
    let long = "a".repeat(5_000);
    for (path, status) in [
        (format!("/v1/signals?{many}"), 400),
        (format!("/v1/signals?a={long}"), 414),
    ] {
        let _ = maker.get(&path).await.expect(status);
    }
    let names: Vec<String> = (0..70).map(|number| format!("x-{number}")).collect();
    let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let _ = maker
        .call("GET", "/v1/signals", &headers, None)
        .await
        .expect(431);
}

#[tokio::test]
async fn every_list_says_how_long_its_pages_are() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    for path in [
        format!("/v1/models/{}/versions", unit.model),
        format!("/v1/models/{}/events", unit.model),
        format!("/v1/models/{}/aliases", unit.model),
        format!("/v1/units/{}/events", unit.unit),
    ] {
        let _ = maker.get(&format!("{path}?limit=1")).await.expect(200);
        let _ = maker.get(&format!("{path}?limit=1001")).await.expect(400);
        let _ = maker.get(&format!("{path}?cursor=x")).await.expect(400);
    }
}
