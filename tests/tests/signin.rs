//! People sign in at their organisation's provider and read a passport's page with its rights; what their browser keeps opens
//! pages and nothing else.

use serde_json::{Value, json};
use tests::{Browser, Stage};

const OWNER: (&str, &str) = ("economic-operator", "voltwerk");

/// A stage with the example batteries, whose provider signs everybody in as this one; and the page of the car's passport.
async fn stage(who: (&str, &str)) -> (Stage, String) {
    let (stage, page, _) = stage_with_unit(who).await;
    (stage, page)
}

/// The same, and the car's unit.
async fn stage_with_unit((role, organisation): (&str, &str)) -> (Stage, String, String) {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    stage.provide(role, organisation);
    let car = &seeded.batteries[0];
    let page = format!("/v1/dpps/{}", car.passport);
    let unit = car.unit.clone();
    (stage, page, unit)
}

/// The classes that a page has values of.
fn classes(page: &str) -> Vec<u8> {
    let mut classes: Vec<u8> = page
        .split("data-class=\"")
        .skip(1)
        .map(|rest| rest[..1].parse().unwrap())
        .collect();
    classes.sort_unstable();
    classes
}

/// A query parameter with another value.
fn with(address: &str, name: &str, value: &str) -> String {
    let mut url = reqwest::Url::parse(address).unwrap();
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(found, _)| found != name)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let _ = url.query_pairs_mut().clear().extend_pairs(pairs);
    if !value.is_empty() {
        let _ = url.query_pairs_mut().append_pair(name, value);
    }
    url.into()
}

fn parameter(address: &str, name: &str) -> String {
    let url = reqwest::Url::parse(address).unwrap();
    let found = url.query_pairs().find(|(found, _)| found == name);
    found.unwrap().1.into_owned()
}

#[tokio::test]
async fn somebody_comes_from_the_scanned_page_signs_in_sees_more_and_signs_out() {
    let (stage, page, unit) = stage_with_unit(OWNER).await;
    let mut browser = stage.browser();
    let scanned = browser.open(&format!("/{unit}")).await.expect(200);
    let link = format!("href=\"{}{page}?lang=en\"", stage.origin);
    assert!(scanned.text.contains(&link), "{}", scanned.text);
    let public = browser.open(&page).await.expect(200);
    assert_eq!(classes(&public.text), [1]);
    assert!(
        public
            .text
            .contains(&format!("href=\"{}/{unit}?lang=en\"", stage.origin))
    );
    let offered = format!(
        "{}/v1/sign-in?return={page}%3Flang%3Den&amp;lang=en",
        stage.origin
    );
    assert!(public.text.contains(&offered), "{}", public.text);
    assert!(browser.cookies.is_empty());

    let own = browser.sign_in(&page).await.expect(200);
    assert!(classes(&own.text).contains(&4), "{}", own.text);
    for part in [
        "Signed in: <b>voltwerk</b> (economic-operator)",
        "State of health over time",
        "What happened",
        "Sign out",
    ] {
        assert!(own.text.contains(part), "{part}: {}", own.text);
    }
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["session"]);

    let out = browser
        .send("POST", &format!("/v1/sign-out?return={page}"), &[])
        .await
        .expect(303);
    assert_eq!(out.header("location"), page);
    assert!(browser.cookies.is_empty());
    assert_eq!(classes(&browser.open(&page).await.expect(200).text), [1]);
}

/// The tokens never reach the browser, and the cookie is out of reach for scripts and other sites.
#[tokio::test]
async fn the_browser_keeps_who_signed_in_and_no_token() {
    let (stage, page) = stage(OWNER).await;
    let mut browser = stage.browser();
    let way = browser.begin(&page).await;
    assert_eq!(parameter(&way, "code_challenge_method"), "S256");
    assert_eq!(
        parameter(&way, "redirect_uri"),
        format!("{}/v1/sign-in/callback", stage.origin)
    );
    let answer = browser.at_the_provider(&way).await;
    let signed_in = browser.open(&answer).await.expect(303);
    let cookies: Vec<&str> = signed_in
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|one| one.to_str().unwrap())
        .collect();
    let session = cookies
        .iter()
        .find(|cookie| cookie.starts_with("session="))
        .unwrap();
    for part in ["; Path=/v1;", "; HttpOnly", "; SameSite=Lax"] {
        assert!(session.contains(part), "{session}");
    }
    let lifetime = session
        .split("Max-Age=")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    assert!(
        (3_500..=3_600).contains(&lifetime.parse::<u32>().unwrap()),
        "{session}"
    );
    // Sealed: neither a token nor a name can be read in it.
    assert!(
        !session.contains("eyJ") && !session.contains("voltwerk"),
        "{session}"
    );
    for answer in [&signed_in, &browser.open(&page).await] {
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.header("vary").contains("Cookie"));
    }
}

#[tokio::test]
async fn an_answer_that_is_not_this_sign_ins_signs_nobody_in() {
    let (stage, page) = stage(OWNER).await;
    let mut browser = stage.browser();
    let refused = async |browser: &mut Browser<'_>, answer: &str, status: u16| {
        let refused = browser.open(answer).await.expect(status);
        assert!(
            refused.text.contains("You are not signed in"),
            "{}",
            refused.text
        );
        assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    };
    // Another state, another issuer, none at all though it is announced, no code, a code that was never given.
    for (name, value) in [
        ("state", "another"),
        ("state", ""),
        ("iss", "https://evil.example"),
        ("iss", ""),
        ("code", ""),
        ("code", "another"),
        ("error", "access_denied"),
    ] {
        let way = browser.begin(&page).await;
        let answer = browser.at_the_provider(&way).await;
        refused(&mut browser, &with(&answer, name, value), 400).await;
    }
    // A parameter that comes twice (RFC 6749 §3.1).
    let way = browser.begin(&page).await;
    let answer = browser.at_the_provider(&way).await;
    refused(&mut browser, &format!("{answer}&code=another"), 400).await;
    // The code of a challenge whose verifier is another's, and an ID token with another's nonce.
    for (name, value, status) in [
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            400,
        ),
        ("nonce", "another", 403),
    ] {
        let way = browser.begin(&page).await;
        let answer = browser.at_the_provider(&with(&way, name, value)).await;
        refused(&mut browser, &answer, status).await;
    }
    // An answer that another browser began: its cookie is not here.
    let mut other = stage.browser();
    let way = other.begin(&page).await;
    let answer = other.at_the_provider(&way).await;
    refused(&mut browser, &answer, 400).await;
    assert_eq!(other.open(&answer).await.status, 303);
}

/// Once it was answered, neither the browser nor the provider take a code again.
#[tokio::test]
async fn a_code_is_good_once() {
    let (stage, page) = stage(OWNER).await;
    let mut browser = stage.browser();
    let way = browser.begin(&page).await;
    let answer = browser.at_the_provider(&way).await;
    let begun = browser.cookies.clone();
    let _ = browser.open(&answer).await.expect(303);
    let mut again = stage.browser();
    let _ = again.open(&answer).await.expect(400);
    again.cookies = begun;
    let _ = again.open(&answer).await.expect(400);
    assert!(again.cookies.is_empty());
}

#[tokio::test]
async fn a_session_opens_pages_and_nothing_else() {
    let (stage, page) = stage(OWNER).await;
    let mut browser = stage.browser();
    let _ = browser.sign_in(&page).await.expect(200);
    let json = [("accept", "application/json")];
    let public = stage.public().get(&page).await.expect(200);
    for headers in [
        &json[..],
        &[("accept", "*/*")],
        &[],
        &[("accept", "application/ld+json;q=0.9, application/json")],
    ] {
        let data = browser.send("GET", &page, headers).await.expect(200);
        assert_eq!(
            data.json()["identification"],
            public.json()["identification"]
        );
        assert!(data.json()["condition"].is_null(), "{}", data.text);
    }
    for path in ["/readings", "/transfers", "/completeness"] {
        let path = format!("{page}{path}");
        assert_eq!(
            browser.send("GET", &path, &json).await.status,
            stage.public().get(&path).await.status,
            "{path}"
        );
        assert_eq!(
            browser.open(&path).await.status,
            stage.public().browse(&path).await.status,
            "{path}"
        );
    }
    let events = browser
        .open(&format!("{page}/events"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        events,
        stage.public().get(&format!("{page}/events")).await.json()
    );
    let html = [
        ("accept", "text/html"),
        ("idempotency-key", "1"),
        ("content-type", "application/json"),
    ];
    for (method, path) in [
        ("POST", format!("{page}/events")),
        ("POST", format!("{page}/readings")),
        ("PATCH", page.clone()),
        ("DELETE", page.clone()),
        ("POST", "/v1/models".to_owned()),
        ("POST", "/v1/evidence".to_owned()),
    ] {
        let refused = browser.send(method, &path, &html).await;
        assert_eq!(refused.status, 401, "{method} {path}: {}", refused.text);
    }
    // What a browser fetches ahead is no read in anybody's name.
    let reads = format!("A#P#{}", page.rsplit('/').next().unwrap());
    let before = stage.ledger_items(&reads).await;
    let ahead = [("accept", "text/html"), ("sec-purpose", "prefetch")];
    let ahead = browser.send("GET", &page, &ahead).await.expect(200);
    assert!(!ahead.text.contains("<b>voltwerk</b>"), "{}", ahead.text);
    assert_eq!(stage.ledger_items(&reads).await, before);
    assert!(before > 0);
    let head = browser
        .send("HEAD", &page, &[("accept", "text/html")])
        .await
        .expect(200);
    assert_eq!(head.header("content-type"), "text/html; charset=utf-8");
}

#[tokio::test]
async fn a_cookie_that_is_spoilt_foreign_or_old_opens_what_everybody_sees() {
    let (stage, page) = stage(OWNER).await;
    let mut browser = stage.browser();
    let _ = browser.sign_in(&page).await.expect(200);
    let good = browser.cookies["session"].clone();
    let sign_in = stage.running.sign_in.clone().unwrap();
    let claims = json!({
        "issuer": "https://issuer.local.invalid", "subject": "p", "client": "local",
        "organisation": "voltwerk", "roles": ["economic-operator"], "expires": i64::MAX,
    });
    let now = web::now().as_second();
    let sealed = async |purpose: &str, claims: &Value, expires: i64| {
        let clear = claims.to_string().into_bytes();
        sign_in
            .seal
            .seal(purpose, &clear, expires, now)
            .await
            .unwrap()
    };
    let mut of_another_issuer = claims.clone();
    of_another_issuer["issuer"] = json!("https://evil.example");
    let other = Stage::start().await;
    let foreign = other.running.sign_in.as_ref().unwrap();
    let foreign = foreign
        .seal
        .seal("session", claims.to_string().as_bytes(), now + 60, now)
        .await
        .unwrap();
    let mut spoilt = good.clone();
    let last = spoilt.pop().unwrap();
    spoilt.push(if last == 'A' { 'Q' } else { 'A' });
    for cookie in [
        spoilt,
        format!("{good}x"),
        good.replacen('.', ".9", 1),
        foreign,
        sealed("session", &claims, now - 1).await,
        sealed("sign-in", &claims, now + 60).await,
        sealed("session", &of_another_issuer, now + 60).await,
        sealed("session", &json!({}), now + 60).await,
        "x".to_owned(),
        String::new(),
    ] {
        let _ = browser.cookies.insert("session".to_owned(), cookie.clone());
        let answer = browser.open(&page).await.expect(200);
        assert_eq!(classes(&answer.text), [1], "{cookie}");
        assert!(answer.text.contains("Your sign-in has ended"), "{cookie}");
    }
    let _ = browser.cookies.insert(
        "session".to_owned(),
        sealed("session", &claims, now + 60).await,
    );
    assert!(classes(&browser.open(&page).await.text).contains(&4));
}

/// Whoever registered the organisation decides at every page, not only when somebody signs in.
#[tokio::test]
async fn an_organisation_that_is_not_registered_for_it_reads_nothing_more() {
    let (stage, page) = stage(("service-provider", "garage-nord")).await;
    let mut browser = stage.browser();
    let seen = browser.sign_in(&page).await.expect(200);
    assert!(classes(&seen.text).contains(&4), "{}", seen.text);
    let mut record = stage
        .running
        .store
        .organisation("garage-nord")
        .await
        .unwrap()
        .unwrap();
    record.roles = vec!["supplier".to_owned()];
    let registrar = storage::Registrar {
        organisation: "platform".to_owned(),
        person: "registrar-1".to_owned(),
        reason: "no longer a workshop".to_owned(),
    };
    stage
        .running
        .store
        .register_organisation("log", record, &registrar, web::now())
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let answer = browser.open(&page).await.expect(200);
    assert_eq!(classes(&answer.text), [1]);
    assert!(
        answer
            .text
            .contains("your organisation is not registered here"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let (stage, page) = stage(OWNER).await;
    let mut browser = stage.browser();
    for back in [
        "https://evil.example/",
        "//evil.example",
        "/%5Cevil.example",
        "/v1/dpps/..%2F..%2Fevil",
        "javascript:alert(1)",
    ] {
        let answer = browser
            .open(&format!("/v1/sign-in?return={back}"))
            .await
            .expect(400);
        assert!(
            !answer.text.contains("evil") && !answer.text.contains("alert"),
            "{}",
            answer.text
        );
        let out = browser
            .send("POST", &format!("/v1/sign-out?return={back}"), &[])
            .await
            .expect(303);
        assert_eq!(out.header("location"), "/");
    }
    assert!(browser.cookies.is_empty());
    // Another site's form comes without the cookie, and takes none away.
    let _ = browser.sign_in(&page).await.expect(200);
    let forged = stage
        .browser()
        .send("POST", "/v1/sign-out", &[])
        .await
        .expect(303);
    assert!(forged.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn a_page_says_where_signing_in_is_not_to_be_had_and_how_to_get_it() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let page = format!("/v1/dpps/{}", seeded.batteries[0].passport);
    let mut browser = stage.browser();
    let away = browser
        .open(&format!("/v1/sign-in?return={page}"))
        .await
        .expect(503);
    for part in [
        "The sign-in service does not answer",
        "cargo run -- sign-in --role economic-operator --org voltwerk",
        &format!("href=\"{page}\""),
    ] {
        assert!(away.text.contains(part), "{part}: {}", away.text);
    }
    assert!(browser.cookies.is_empty());
    let html = [("accept", "text/html")];
    let bare = stage.without_edge().await;
    let not_set_up = stage
        .get_from(&bare, &format!("/v1/sign-in?return={page}"), &html)
        .await
        .expect(404);
    assert!(
        not_set_up.text.contains("Nobody can sign in here yet"),
        "{}",
        not_set_up.text
    );
    let public = stage.get_from(&bare, &page, &html).await.expect(200);
    assert!(
        public.text.contains("knows no sign-in service") && !public.text.contains("/v1/sign-in"),
        "{}",
        public.text
    );
}

/// Of several providers somebody chooses the own one.
#[tokio::test]
async fn of_several_providers_somebody_chooses() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let page = format!("/v1/dpps/{}", seeded.batteries[0].passport);
    let mut issuers: Value = serde_json::from_str(&stage.running.issuer.configuration()).unwrap();
    let mut other = issuers[0].clone();
    other["issuer"] = json!("https://login.example");
    issuers.as_array_mut().unwrap().push(other);
    let mut providers: Value =
        serde_json::from_str(&local::sign_in_configuration(stage.provider, "")).unwrap();
    providers.as_array_mut().unwrap().push(json!({
        "issuer": "https://login.example", "clientId": "passport", "name": "Login <Example>",
        "discovery": "http://127.0.0.1:1/unreachable",
    }));
    let origin = stage.with_providers(&issuers, &providers).await;
    let html = [("accept", "text/html")];
    let choice = stage
        .get_from(
            &origin,
            &format!("/v1/sign-in?return={page}&lang=de"),
            &html,
        )
        .await
        .expect(200);
    for part in [
        "Wo möchten Sie sich anmelden?",
        "Login &lt;Example&gt;",
        "This machine",
        "provider=https%3A%2F%2Flogin.example",
        "return=%2Fv1%2Fdpps%2F",
    ] {
        assert!(choice.text.contains(part), "{part}: {}", choice.text);
    }
    let chosen = format!("/v1/sign-in?return={page}&provider=https%3A%2F%2Flogin.example");
    let _ = stage.get_from(&origin, &chosen, &html).await.expect(503);
    let unknown = format!("/v1/sign-in?return={page}&provider=https%3A%2F%2Felse.example");
    let _ = stage.get_from(&origin, &unknown, &html).await.expect(400);
}
