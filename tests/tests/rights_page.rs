//! The page of a passport shows exactly what the JSON answers show the same caller: values by class, the time line, the course of
//! the state of health.

use std::collections::BTreeSet;

use passport::{Attribute, catalogue};
use serde_json::{Value, json};
use tests::{Answer, Partner, Stage};
use web::Language;

/// The classes that a page has values of.
fn classes(page: &str) -> BTreeSet<u8> {
    let marks = page.split("data-class=\"").skip(1);
    marks.map(|rest| rest[..1].parse().unwrap()).collect()
}

/// How many events a page tells of.
fn events(page: &str) -> usize {
    let list = page
        .split_once("<ol class=\"events\"")
        .map_or("", |(_, rest)| rest);
    list.matches("<h3>").count()
}

/// The attributes of a document.
fn attributes(document: &Value) -> Vec<&'static Attribute> {
    let groups = document.as_object().unwrap().iter();
    groups
        .flat_map(|(group, values)| {
            let names = values.as_object().into_iter().flatten();
            names.filter_map(move |(name, _)| catalogue().attribute(group, name))
        })
        .collect()
}

async fn page(partner: &Partner<'_>, path: &str) -> Answer {
    partner.browse(path).await.expect(200)
}

/// Each role sees on the page the attributes and events that it is told of as JSON, and no other.
#[tokio::test]
async fn each_role_sees_on_the_page_what_it_sees_as_data() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let path = format!("/v1/dpps/{}", seeded.batteries[0].passport);
    let public = stage.public();
    let (owner, recycler) = (stage.maker(), stage.partner("recycler", "recyclo"));
    let (authority, auditor) = (
        stage.partner("market-surveillance", "authority"),
        stage.partner("auditor", "auditors"),
    );
    let whole = owner.get(&path).await.expect(200).json();
    for (reader, expected, is_drawn) in [
        (&public, &[1][..], false),
        (&auditor, &[1], false),
        (&authority, &[1, 2, 3], false),
        (&recycler, &[1, 2, 4], true),
        (&owner, &[0, 1, 2, 3, 4], true),
    ] {
        let data = reader.get(&path).await.expect(200).json();
        let there: BTreeSet<u8> = attributes(&data)
            .iter()
            .map(|one| one.class.number())
            .collect();
        assert!(there.iter().all(|class| expected.contains(class)));
        let shown = page(reader, &path).await.text;
        assert_eq!(classes(&shown), there, "{expected:?}");
        let told: BTreeSet<&str> = attributes(&data)
            .iter()
            .map(|one| one.label.en.as_str())
            .collect();
        for attribute in attributes(&whole) {
            let label = attribute.label.en.as_str();
            // Its explanation stands nowhere but beside its value.
            let explained = maud_escaped(&attribute.explanation.en);
            assert_eq!(
                shown.contains(&explained),
                attributes(&data)
                    .iter()
                    .any(|one| one.explanation.en == attribute.explanation.en),
                "{expected:?}: {label} {told:?}"
            );
        }
        let history = reader
            .get(&format!("{path}/events"))
            .await
            .expect(200)
            .json();
        assert_eq!(
            events(&shown),
            history["events"].as_array().unwrap().len(),
            "{expected:?}"
        );
        assert_eq!(
            shown.contains("<figure class=\"course\">"),
            is_drawn,
            "{expected:?}"
        );
    }
    let shown = page(&public, &path).await.text;
    for secret in ["contactor exchanged", "garage-nord", "monthly reading"] {
        assert!(!shown.contains(secret), "{secret}");
        assert!(page(&owner, &path).await.text.contains(secret), "{secret}");
    }
}

fn maud_escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The auditor learns that something happened, and no more.
#[tokio::test]
async fn what_is_withheld_is_told_as_withheld() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let path = format!("/v1/dpps/{}", seeded.batteries[0].passport);
    let auditor = stage.partner("auditor", "auditors");
    let history = auditor
        .get(&format!("{path}/events"))
        .await
        .expect(200)
        .json();
    let told = history["events"].as_array().unwrap();
    let withheld = told
        .iter()
        .filter(|event| event["withheld"] == true)
        .count();
    let shown = page(&auditor, &path).await.text;
    assert_eq!(shown.matches("<li class=\"withheld\">").count(), withheld);
    assert!(!shown.contains("contactor exchanged"));
}

#[tokio::test]
async fn a_restricted_page_leaves_one_event_of_its_reading_and_a_public_one_none() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let passport = &seeded.batteries[0].passport;
    let path = format!("/v1/dpps/{passport}");
    let subject = format!("A#P#{passport}");
    let before = stage.ledger_items(&subject).await;
    let _ = page(&stage.public(), &path).await;
    assert_eq!(stage.ledger_items(&subject).await, before);
    let _ = page(&stage.partner("service-provider", "garage-nord"), &path).await;
    assert_eq!(stage.ledger_items(&subject).await, before + 1);
}

/// Whoever may not know of a passport gets the same page as where there is none, and a way to sign in.
#[tokio::test]
async fn what_is_not_there_for_somebody_is_said_on_a_page() {
    let stage = Stage::start().await;
    let (_, draft) = stage.maker().draft().await;
    let never = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
    let unknown = async |partner: &Partner<'_>, id: &str| {
        let answer = partner.browse(&format!("/v1/dpps/{id}")).await.expect(404);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-store");
        answer.text.replace(id, "ID")
    };
    let workshop = stage.partner("service-provider", "garage-nord");
    for partner in [&stage.public(), &workshop] {
        assert_eq!(
            unknown(partner, &draft).await,
            unknown(partner, never).await
        );
    }
    let public = unknown(&stage.public(), &draft).await;
    assert!(
        public.contains("/v1/sign-in?return=/v1/dpps/ID%3Flang%3Den"),
        "{public}"
    );
    assert!(!unknown(&workshop, &draft).await.contains("/v1/sign-in"));
    let own = page(&stage.maker(), &format!("/v1/dpps/{draft}"))
        .await
        .text;
    assert!(
        own.contains("This battery is not on the market yet"),
        "{own}"
    );
    let _ = stage.public().browse("/v1/dpps/nonsense").await.expect(400);
    let mut spoilt = stage.maker();
    spoilt.token = Some("nonsense".to_owned());
    let refused = spoilt
        .browse(&format!("/v1/dpps/{draft}"))
        .await
        .expect(401);
    assert!(refused.text.contains("Sign in"), "{}", refused.text);
}

/// Markup in whatever people write into an event is shown letter by letter.
#[tokio::test]
async fn hostile_texts_of_events_do_nothing() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let passport = &seeded.batteries[0].passport;
    let workshop = stage.person("service-provider", "garage-nord", "<b>x</b>");
    let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'&lt;/li>";
    let photo = workshop.evidence(b"photo of the repair", 4).await;
    let repair =
        json!({"type": "repair", "reason": hostile, "notes": hostile, "evidence": [photo]});
    let _ = workshop.event(passport, &repair).await.expect(201);
    let path = format!("/v1/dpps/{passport}");
    for reader in [&workshop, &stage.maker()] {
        let shown = page(reader, &path).await.text;
        assert!(shown.contains(&maud_escaped(hostile)), "{shown}");
        for markup in ["<script", "<img", "onerror=alert(2)>"] {
            assert!(!shown.contains(markup), "{markup}");
        }
        assert!(
            shown.contains(&format!("href=\"/v1/evidence/{photo}\"")),
            "{shown}"
        );
    }
}

/// Evidence that a page links to opens for whoever may have it, and says on a page where it does not.
#[tokio::test]
async fn evidence_opens_from_the_page() {
    let stage = Stage::start().await;
    stage.provide("service-provider", "garage-nord");
    let seeded = stage.seeded().await;
    let passport = &seeded.batteries[0].passport;
    let path = format!("/v1/dpps/{passport}");
    let mut browser = stage.browser();
    let shown = browser.sign_in(&path).await.expect(200).text;
    let link = shown
        .split("href=\"")
        .find(|link| link.starts_with("/v1/evidence/"))
        .unwrap();
    let link = link.split('"').next().unwrap();
    let file = browser.open(link).await.expect(200);
    assert_eq!(file.header("content-disposition"), "attachment");
    assert_eq!(
        browser.send("GET", link, &[("accept", "*/*")]).await.status,
        401
    );
    browser.cookies.clear();
    let refused = browser.open(link).await.expect(401);
    assert!(
        refused.text.contains(&format!("/v1/sign-in?return={link}")),
        "{}",
        refused.text
    );
}

/// Many readings are thinned out, many events are cut, and the page says both.
#[tokio::test]
async fn a_long_life_is_shown_in_short() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let path = format!("/v1/dpps/{}", seeded.batteries[0].passport);
    let workshop = stage.partner("service-provider", "garage-nord");
    for batch in 0..101 {
        let readings: Vec<Value> = (0..5)
            .map(|hour| {
                let at = 1_793_750_400_000_i64 + (batch * 5 + hour) * 600_000;
                let at = ledger::Timestamp::from_millisecond(at).to_string();
                json!({"pointer": "/condition/stateOfCertifiedEnergy", "value": (99_500 - batch * 5 - hour) as f64 / 1_000.0, "unit": "%", "measuredAt": at})
            })
            .collect();
        let body = json!({"reason": "daily upload", "readings": readings});
        let _ = workshop
            .post(&format!("{path}/readings"), &body)
            .await
            .expect(201);
    }
    let shown = page(&workshop, &path).await.text;
    let texts = &page::texts(Language::EN).rights;
    assert!(shown.contains(texts.thinned.as_str()) && shown.contains(texts.older.as_str()));
    assert_eq!(events(&shown), 100);
    assert!(shown.len() < 400_000, "{}", shown.len());
    let again = page(&workshop, &path).await.text;
    let drawing = |page: &str| {
        page.split("<figure class=\"course\">")
            .nth(1)
            .unwrap()
            .split("</figure>")
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(drawing(&shown), drawing(&again));
}

/// The page is whole in every language, and what happened has its name in it.
#[tokio::test]
async fn the_page_speaks_every_language() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let path = format!("/v1/dpps/{}", seeded.batteries[0].passport);
    let owner = stage.maker();
    for language in Language::ALL {
        let code = language.code();
        let answer = page(&owner, &format!("{path}?lang={code}")).await;
        assert_eq!(answer.header("content-language"), code);
        let texts = &page::texts(language).rights;
        for text in [
            &texts.events,
            &texts.health,
            &texts.public,
            &texts.internal,
            &texts.table,
            &texts.signed_in,
            &texts.reason,
        ] {
            assert!(answer.text.contains(&maud_escaped(text)), "{code}: {text}");
        }
        for id in [
            "passport-created",
            "placed-on-market",
            "measurement",
            "repair",
        ] {
            let label = catalogue()
                .event_type(id)
                .unwrap()
                .label
                .known_in(code)
                .unwrap();
            assert!(
                answer
                    .text
                    .contains(&format!("<h3>{}</h3>", maud_escaped(label))),
                "{code}: {label}"
            );
        }
    }
    let by_header = owner
        .call(
            "GET",
            &path,
            &[("accept", "text/html"), ("accept-language", "fi")],
            None,
        )
        .await;
    assert_eq!(by_header.header("content-language"), "fi");
}
